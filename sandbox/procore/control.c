#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* A verb: in is the JSON body, or the fields of a form. */
struct verb {
	const char *name;
	int (*run)(struct sim_call *c, const struct json *in, struct err *e);
};

static int
ok(struct sim_call *c)
{
	struct json *j = json_obj();

	json_put_bool(j, "ok", true);
	return sim_reply(c, 200, j);
}

static int
set(struct sim_call *c, const char *name, const char *value, struct err *e)
{
	json_put_str(c->settings, name, value);
	return data_run(c->sim->db, PQ_SETTING_SET, e, "tt", name, value);
}

static int
set_i64(struct sim_call *c, const char *name, int64_t v, struct err *e)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, v) == -1)
		return err_set(e, ERR_BUG, "%s", name);
	return set(c, name, text, e);
}

static const char *
login_of(const struct json *in)
{
	return json_str_or(in, "person", json_str_or(in, "login", ""));
}

/* The person that `person` or `login` names. */
static int
person(struct sim_call *c, const struct json *in, int64_t *id, struct err *e)
{
	const struct json *v = json_get(in, "person");
	struct json *p = NULL;

	if (json_type(v) == JSON_NUMBER) {
		if (people_by_id(c->sim, json_i64_or(in, "person", 0), &p, e) == -1)
			return -1;
	} else if (people_find(c->sim, login_of(in), &p, e) == -1) {
		return -1;
	}
	*id = json_i64_or(p, "id", 0);
	json_free(p);
	return *id != 0 ? 0 : sim_refuse(c, 404, "no person %s", login_of(in));
}

static int
expire(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t id = 0;
	int rc;

	if (str_empty(login_of(in))) {
		rc = data_run(c->sim->db, PQ_TOKENS_EXPIRE_ALL, e, "i", c->now);
	} else {
		rc = person(c, in, &id, e);
		if (rc == 0)
			rc = data_run(c->sim->db, PQ_TOKENS_EXPIRE, e, "ii", id, c->now);
	}
	return rc == 0 ? ok(c) : rc;
}

static int
revoke(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t id = 0;
	int rc = person(c, in, &id, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_FAMILIES_END, e, "itt", id,
		    json_str_or(in, "client_id", ""), "revoked");
	return rc == 0 ? ok(c) : rc;
}

/* Switches that are one setting each. */
static int
settings(struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const known[] = {"token_life", "strict_reuse",
	    "invalid_grant_status", "rate_hour", "rate_spike", "rate_scope", "clock_offset",
	    "bic_auto", "strict_filters", "approver_array", "hidden_status",
	    "disconnected_status", "per_page_max", "segment_min", "hooks_duplicate",
	    "hooks_late", "hooks_drop", NULL};
	const struct json *m;
	int64_t n;
	int rc = 0;

	for (m = json_first(in); rc == 0 && m != NULL; m = json_next(m)) {
		bool found = false;

		for (const char *const *k = known; *k != NULL; k++)
			found = found || str_eq(*k, json_key(m));
		if (!found)
			return sim_refuse(c, 400, "no switch %s", json_key(m));
		if (json_as_i64(m, &n))
			rc = set_i64(c, json_key(m), n, e);
		else if (json_type(m) == JSON_BOOL)
			rc = set_i64(
			    c, json_key(m), json_bool_or(in, json_key(m), false), e);
		else
			rc = set(c, json_key(m), json_str(m) != NULL ? json_str(m) : "", e);
	}
	return rc == 0 ? ok(c) : rc;
}

static int
one_setting(struct sim_call *c, const struct json *in, const char *name, const char *member,
    int64_t dflt, struct err *e)
{
	const struct json *v = json_get(in, member);
	int64_t n;

	if (!json_as_i64(v, &n))
		n = v == NULL ? dflt : data_bool(in, member, false);
	return set_i64(c, name, n, e);
}

static int
token_life(struct sim_call *c, const struct json *in, struct err *e)
{
	return one_setting(c, in, "token_life", "seconds", 5400, e) == 0 ? ok(c) : -1;
}

static int
strict_reuse(struct sim_call *c, const struct json *in, struct err *e)
{
	return one_setting(c, in, "strict_reuse", "on", 1, e) == 0 ? ok(c) : -1;
}

static int
invalid_grant_status(struct sim_call *c, const struct json *in, struct err *e)
{
	return one_setting(c, in, "invalid_grant_status", "status", 401, e) == 0 ? ok(c)
										 : -1;
}

static int
clock_offset(struct sim_call *c, const struct json *in, struct err *e)
{
	return one_setting(c, in, "clock_offset", "seconds", 0, e) == 0 ? ok(c) : -1;
}

static int
rate(struct sim_call *c, const struct json *in, struct err *e)
{
	if (one_setting(c, in, "rate_hour", "hour", 3600, e) == -1 ||
	    one_setting(c, in, "rate_spike", "spike", 100, e) == -1 ||
	    set(c, "rate_scope", json_str_or(in, "scope", "company"), e) == -1 ||
	    data_run(c->sim->db, PQ_RATE_CLEAR, e, "") == -1)
		return -1;
	return ok(c);
}

static int
webhooks(struct sim_call *c, const struct json *in, struct err *e)
{
	if (one_setting(c, in, "hooks_duplicate", "duplicate", 0, e) == -1 ||
	    one_setting(c, in, "hooks_late", "late", 0, e) == -1 ||
	    one_setting(c, in, "hooks_drop", "drop", 0, e) == -1 ||
	    (data_bool(in, "disable", false) &&
		data_run(c->sim->db, PQ_HOOKS_DISABLE, e, "") == -1))
		return -1;
	return ok(c);
}

/* ---- faults */

static bool
headers_clean(const struct json *headers)
{
	const struct json *h;

	for (h = json_first(headers); h != NULL; h = json_next(h)) {
		if (json_str(h) == NULL || strpbrk(json_str(h), "\r\n") != NULL ||
		    str_empty(json_key(h)) || strpbrk(json_key(h), "\r\n: ") != NULL)
			return false;
	}
	return true;
}

static int
add_fault(struct sim_call *c, const char *kind, const char *what, const char *method,
    const char *prefix, const struct json *in, struct err *e)
{
	if (!headers_clean(json_get(in, "headers")))
		return sim_refuse(c, 400, "headers must be texts");
	if (data_run(c->sim->db, PQ_FAULT_ADD, e, "tttttdi", kind, what, method, prefix,
		login_of(in), in, json_i64_or(in, "times", 1)) == -1)
		return -1;
	return ok(c);
}

/* what: "refresh", "token", or "METHOD /path/prefix" */
static int
spoil(struct sim_call *c, const char *kind, const struct json *in, struct err *e)
{
	const char *what = json_str_or(in, "what", ""), *prefix;
	char method[16];

	if (str_eq(what, "refresh") || str_eq(what, "token"))
		return add_fault(c, kind, what, "POST", "", in, e);
	prefix = strchr(what, ' ');
	if (prefix == NULL)
		return add_fault(c, kind, "", json_str_or(in, "method", ""),
		    json_str_or(in, "prefix", what), in, e);
	str_cut(method,
	    (size_t)(prefix - what) + 1 < sizeof method ? (size_t)(prefix - what) + 1
							: sizeof method,
	    what);
	return add_fault(c, kind, "", method, prefix + 1, in, e);
}

static int
lost_answer(struct sim_call *c, const struct json *in, struct err *e)
{
	return spoil(c, "lost_answer", in, e);
}

static int
cut_body(struct sim_call *c, const struct json *in, struct err *e)
{
	return spoil(c, "cut_body", in, e);
}

static int
garble(struct sim_call *c, const struct json *in, struct err *e)
{
	return spoil(c, "garble", in, e);
}

static int
slow(struct sim_call *c, const struct json *in, struct err *e)
{
	return spoil(c, "slow", in, e);
}

static int
status(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t code = json_i64_or(in, "status", 0);

	if (code < 200 || code > 599)
		return sim_refuse(c, 400, "status must be 200 to 599");
	return spoil(c, "status", in, e);
}

static int
clear_faults(struct sim_call *c, const struct json *in, struct err *e)
{
	(void)in;
	return data_run(c->sim->db, PQ_FAULTS_CLEAR, e, "") == 0 ? ok(c) : -1;
}

static int
clear_calls(struct sim_call *c, const struct json *in, struct err *e)
{
	(void)in;
	return data_run(c->sim->db, PQ_CALLS_CLEAR, e, "") == 0 ? ok(c) : -1;
}

/* Switches back to their defaults, faults gone; data stays. */
static int
calm(struct sim_call *c, const struct json *in, struct err *e)
{
	if (data_run(c->sim->db, PQ_SETTINGS_RESET, e, "") == -1 ||
	    data_run(c->sim->db, PQ_RATE_CLEAR, e, "") == -1)
		return -1;
	return clear_faults(c, in, e);
}

/* ---- people, companies, app */

static int
find_company(struct sim_call *c, const struct json *in, int64_t *id, struct err *e)
{
	char text[64];
	bool found = false;

	*id = json_i64_or(in, "company", 0);
	if (*id != 0 && str_format(text, sizeof text, "%" PRId64, *id) == -1)
		return -1;
	if (data_i64(c->sim->db, PQ_COMPANY_FIND, id, &found, e, "t",
		*id != 0 ? text : json_str_or(in, "company", "")) == -1)
		return -1;
	return found ? 0 : sim_refuse(c, 404, "no such company");
}

static int
app_disconnected(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t company = 0;
	char *id = NULL;
	int rc = find_company(c, in, &company, e);

	if (rc == 0)
		rc = data_text(c->sim->db, PQ_APP_FIRST, &id, e, "");
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_APP_CONNECT, e, "tii",
		    json_str_or(in, "client_id", id), company,
		    (int64_t)!data_bool(in, "on", true));
	free(id);
	return rc == 0 ? ok(c) : rc;
}

static int64_t
level_number(const char *name)
{
	static const char *const names[] = {"", "None", "Read Only", "Standard", "Admin"};

	for (int64_t i = 1; i < 5; i++) {
		if (str_eq_ci(names[i], name))
			return i;
	}
	return 0;
}

static int
find_project(struct sim_call *c, const struct json *in, int64_t *id, struct err *e)
{
	const struct json *v = json_get(in, "project");
	char text[64];
	bool found = false;

	if (json_as_i64(v, id) && str_format(text, sizeof text, "%" PRId64, *id) == -1)
		return -1;
	if (data_i64(c->sim->db, PQ_PROJECT_FIND, id, &found, e, "t",
		json_type(v) == JSON_NUMBER ? text : json_str_or(in, "project", "")) == -1)
		return -1;
	return found ? 0 : sim_refuse(c, 404, "no such project");
}

/* tool rfis, submittals, directory or "" for all; level removed takes the person out of the
 * project. */
static int
permission(struct sim_call *c, const struct json *in, struct err *e)
{
	const char *tool = json_str_or(in, "tool", ""),
		   *level = json_str_or(in, "level", "");
	struct json *m = NULL;
	int64_t who = 0, project = 0, n = level_number(level);
	int rc = person(c, in, &who, e);

	if (rc == 0)
		rc = find_project(c, in, &project, e);
	if (rc == 0 && str_eq_ci(level, "removed"))
		return data_run(c->sim->db, PQ_MEMBER_DROP, e, "ii", project, who) == 0
			   ? ok(c)
			   : -1;
	if (rc == 0 && n == 0)
		rc = sim_refuse(
		    c, 400, "level is None, Read Only, Standard, Admin or removed");
	if (rc == 0)
		rc = data_doc(c->sim->db, PQ_MEMBER_GET, &m, e, "ii", project, who);
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_MEMBER_SET, e, "iiiii", project, who,
		    str_starts(tool, "rfi") || str_empty(tool) ? n
							       : json_i64_or(m, "rfi", n),
		    str_starts(tool, "submittal") || str_empty(tool)
			? n
			: json_i64_or(m, "submittal", n),
		    str_starts(tool, "directory")
			? n
			: json_i64_or(m, "directory", LEVEL_READ));
	json_free(m);
	return rc == 0 ? ok(c) : rc;
}

static int
deactivate(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t id = 0;
	int rc = person(c, in, &id, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_PERSON_ACTIVE_SET, e, "ii", id,
		    (int64_t)!data_bool(in, "on", true));
	return rc == 0 ? ok(c) : rc;
}

static int
idp(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t id = 0;
	int rc = person(c, in, &id, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_PERSON_IDP_SET, e, "ii", id,
		    (int64_t)data_bool(in, "on", true));
	return rc == 0 ? ok(c) : rc;
}

/* A new client secret: the app's stored one is wrong from now on. `secret` puts a known one
 * back. */
static int
secret_reset(struct sim_call *c, const struct json *in, struct err *e)
{
	char fresh[65], *id = NULL;
	int rc = data_text(c->sim->db, PQ_APP_FIRST, &id, e, "");

	rnd_hex(fresh, 32);
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_APP_SECRET_SET, e, "tt",
		    json_str_or(in, "client_id", id), json_str_or(in, "secret", fresh));
	free(id);
	return rc == 0 ? ok(c) : rc;
}

static int
redirect_uris(struct sim_call *c, const struct json *in, struct err *e)
{
	const struct json *list = json_get(in, "redirect_uris");
	char *id = NULL;
	int rc;

	if (json_type(list) != JSON_ARRAY)
		return sim_refuse(c, 400, "redirect_uris is a list");
	rc = data_text(c->sim->db, PQ_APP_FIRST, &id, e, "");
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_APP_URIS_SET, e, "td",
		    json_str_or(in, "client_id", id), list);
	free(id);
	return rc == 0 ? ok(c) : rc;
}

/* A token pair as if the person had signed in: for tests that start after that. */
static int
grant(struct sim_call *c, const struct json *in, struct err *e)
{
	char *id = NULL;
	int64_t who = 0;
	int rc = person(c, in, &who, e);

	if (rc == 0)
		rc = data_text(c->sim->db, PQ_APP_FIRST, &id, e, "");
	if (rc == 0)
		rc = oauth_grant(c, json_str_or(in, "client_id", id), who, e);
	free(id);
	return rc;
}

static int
file_state(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t until = c->now + json_i64_or(in, "unavailable", 0);

	if (data_run(c->sim->db, PQ_FILE_AVAILABLE_SET, e, "tii",
		json_str_or(in, "uuid", ""),
		json_i64_or(in, "unavailable", 0) > 0 ? until : 0,
		(int64_t)data_bool(in, "can_be_viewed", true)) == -1)
		return -1;
	return ok(c);
}

static int
reject_workflow(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t project = 0;
	int rc = find_project(c, in, &project, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_PROJECT_REJECT_SET, e, "ii", project,
		    (int64_t)data_bool(in, "on", true));
	return rc == 0 ? ok(c) : rc;
}

static int
reset(struct sim_call *c, const struct json *in, struct err *e)
{
	(void)in;
	return seed_load(c->sim, true, e) == 0 ? ok(c) : -1;
}

static const struct verb verbs[] = {
    {"app_disconnected", app_disconnected},
    {"calm", calm},
    {"clear_calls", clear_calls},
    {"clear_faults", clear_faults},
    {"clock_offset", clock_offset},
    {"cut_body", cut_body},
    {"deactivate", deactivate},
    {"expire", expire},
    {"file_state", file_state},
    {"garble", garble},
    {"grant", grant},
    {"idp", idp},
    {"invalid_grant_status", invalid_grant_status},
    {"lost_answer", lost_answer},
    {"permission", permission},
    {"rate", rate},
    {"redirect_uris", redirect_uris},
    {"reject_workflow", reject_workflow},
    {"reset", reset},
    {"revoke", revoke},
    {"secret_reset", secret_reset},
    {"settings", settings},
    {"slow", slow},
    {"status", status},
    {"strict_reuse", strict_reuse},
    {"token_life", token_life},
    {"webhooks", webhooks},
};

/* nginx hands loopback through as it is; anyone else is turned away. */
bool
control_local(const struct sim_call *c)
{
	const char *a = c->req->p.remote_addr;

	return a == NULL || str_starts(a, "127.") || str_eq(a, "::1");
}

static int
run_verb(struct sim_call *c, const char *name, struct err *e)
{
	bool known = false;
	int rc;

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (str_eq(verbs[i].name, name))
			return verbs[i].run(c, c->body, e);
	}
	rc = control_play(c, name, c->body, &known, e);
	return known ? rc : sim_refuse(c, 404, "no verb %s", name);
}

int
control_post(struct sim_call *c, struct err *e)
{
	bool form = c->req->p.content_type != NULL &&
		    !str_starts_ci(c->req->p.content_type, "application/json");
	int rc;

	if (!control_local(c))
		return sim_refuse(c, 403, "only from this machine");
	if (json_type(c->body) != JSON_OBJECT)
		return sim_refuse(c, 400, "a JSON object is expected");
	rc = run_verb(c, sim_path_text(c, "verb"), e);
	if (rc != 0 || !form)
		return rc;
	json_free(c->answer);
	c->answer = NULL;
	return sim_reply_redirect(c, 303, "/_control");
}

int
control_page(struct sim_call *c, struct err *e)
{
	struct json *m, *part = NULL;

	if (!control_local(c))
		return sim_refuse(c, 403, "only from this machine");
	m = json_obj();
	if (data_docs(c->sim->db, PQ_PEOPLE_ALL, &part, e, "") == -1)
		goto fail;
	json_put(m, "people", part);
	if (data_docs(c->sim->db, PQ_COMPANIES_ALL, &part, e, "") == -1)
		goto fail;
	json_put(m, "companies", part);
	if (data_docs(c->sim->db, PQ_PROJECTS_ALL, &part, e, "") == -1)
		goto fail;
	json_put(m, "projects", part);
	if (data_docs(c->sim->db, PQ_TOKEN_STATE, &part, e, "i", c->now) == -1)
		goto fail;
	json_put(m, "grants", part);
	if (data_docs(c->sim->db, PQ_FAULTS_ALL, &part, e, "") == -1)
		goto fail;
	json_put(m, "faults", part);
	return sim_reply_page(c, 200, "procore-control.xhtml", m, e);
fail:
	json_free(m);
	return -1;
}
