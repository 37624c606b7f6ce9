#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

int
pages_css(struct sim_call *c, struct err *e)
{
	(void)e;
	c->resp->status = 200;
	fcgi_header(c->resp, "Content-Type", "text/css; charset=utf-8");
	fcgi_header(c->resp, "Cache-Control", "max-age=60");
	buf_add(&c->resp->body, buf_str(&c->sim->css), c->sim->css.len);
	return 0;
}

int
pages_home(struct sim_call *c, struct err *e)
{
	struct json *projects = NULL, *admin = NULL, *m;

	if (c->who == NULL)
		return signin_needed(c);
	if (data_docs(c->sim->db, PQ_PROJECTS_SEEN, &projects, e, "i", sim_who(c)) == -1 ||
	    data_docs(c->sim->db, PQ_COMPANY_ADMIN_OF, &admin, e, "i", sim_who(c)) == -1) {
		json_free(projects);
		return -1;
	}
	m = json_obj();
	json_put(m, "projects", projects);
	json_put(m, "admin", admin);
	return sim_reply_page(c, 200, "procore-home.xhtml", m, e);
}

/* Enter the project of the path as the signed-in person. */
static int
enter(struct sim_call *c, struct err *e)
{
	bool seen = false;

	if (c->who == NULL)
		return sim_refuse(c, 401, "Sign in first.");
	if (people_enter(c, sim_path_id(c, "project"), &seen, e) == -1)
		return -1;
	return seen ? 0
		    : sim_refuse(
			  c, 404, "This project does not exist, or you are not in it.");
}

static char *
names(const struct json *people)
{
	struct buf b = BUF_INIT(4096);
	const struct json *p;

	for (p = json_type(people) == JSON_ARRAY ? json_first(people) : NULL; p != NULL;
	     p = json_next(p))
		buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", json_str_or(p, "name", ""));
	if (b.len == 0)
		buf_puts(&b, "nobody");
	return buf_take(&b);
}

static struct json *
row(const struct json *doc, bool rfi)
{
	struct json *r = json_obj();
	char *who = names(json_get(doc, rfi ? "ball_in_courts" : "ball_in_court"));

	json_put_i64(r, "id", json_i64_or(doc, "id", 0));
	json_put_str(r, "number",
	    json_str_or(doc, "formatted_number", json_str_or(doc, "number", "")));
	json_put_str(r, "revision", json_str_or(doc, "revision", "0"));
	json_put_str(r, "subject", json_str_or(doc, rfi ? "subject" : "title", ""));
	json_put_str(r, "status",
	    rfi ? json_str_or(doc, "status", "") : json_str_or(doc, "status.name", ""));
	json_put_bool(r, "open",
	    str_eq_ci(rfi ? json_str_or(doc, "status", "")
			  : json_str_or(doc, "status.status", ""),
		"open"));
	json_put_str(r, "court", who);
	json_put_str(r, "due", json_str_or(doc, "due_date", "no date"));
	json_put_str(r, "updated", json_str_or(doc, "updated_at", ""));
	json_put_bool(r, "private", json_bool_or(doc, "private", false));
	free(who);
	return r;
}

static int
put_rows(
    struct sim_call *c, struct json *m, const char *key, const char *kind, struct err *e)
{
	struct json *all = NULL, *rows;
	const struct json *d;

	if (items_list(c, kind, false, &all, e) == -1)
		return -1;
	rows = json_put_arr(m, key);
	for (d = json_first(all); d != NULL; d = json_next(d))
		json_add(rows, row(d, str_eq(kind, "rfi")));
	json_free(all);
	return 0;
}

static int
put_people(struct sim_call *c, struct json *m, struct err *e)
{
	struct json *all = NULL;

	if (data_docs(c->sim->db, PQ_PROJECT_USERS, &all, e, "i",
		json_i64_or(c->project, "id", 0)) == -1)
		return -1;
	json_put(m, "people", all);
	return 0;
}

static void
put_project(struct sim_call *c, struct json *m)
{
	json_put_i64(m, "project", json_i64_or(c->project, "id", 0));
	json_put_str(m, "project_name", json_str_or(c->project, "name", ""));
	json_put_str(m, "project_number", json_str_or(c->project, "number", ""));
	json_put_str(m, "company_name", json_str_or(c->project, "company_name", ""));
	json_put_bool(m, "rfi_admin", sim_level(c, TOOL_RFI) == LEVEL_ADMIN);
	json_put_bool(m, "submittal_admin", sim_level(c, TOOL_SUBMITTAL) == LEVEL_ADMIN);
}

int
pages_project(struct sim_call *c, struct err *e)
{
	struct json *m;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = enter(c, e);
	if (rc != 0)
		return rc;
	m = json_obj();
	put_project(c, m);
	json_put_arr(m, "rfis");
	json_put_arr(m, "submittals");
	if ((sim_level(c, TOOL_RFI) >= LEVEL_READ &&
		put_rows(c, m, "rfis", "rfi", e) == -1) ||
	    (sim_level(c, TOOL_SUBMITTAL) >= LEVEL_READ &&
		put_rows(c, m, "submittals", "submittal", e) == -1) ||
	    put_people(c, m, e) == -1) {
		json_free(m);
		return -1;
	}
	return sim_reply_page(c, 200, "procore-project.xhtml", m, e);
}

/* name and file of each attachment; the link is filled in by files_dress(). */
static void
put_files(struct json *m, const struct json *files)
{
	struct json *arr = json_put_arr(m, "files"), *f;
	const struct json *a;

	for (a = json_type(files) == JSON_ARRAY ? json_first(files) : NULL; a != NULL;
	     a = json_next(a)) {
		f = json_add_obj(arr);
		json_put_str(
		    f, "name", json_str_or(a, "filename", json_str_or(a, "name", "file")));
		json_put_str(f, "url", json_str_or(a, "url", ""));
		if (json_get(a, "_file") != NULL)
			json_put(f, "_file", json_dup(json_get(a, "_file")));
	}
}

static int
load(struct sim_call *c, const char *kind, struct json **doc, struct err *e)
{
	int rc = enter(c, e);

	if (rc != 0)
		return rc;
	if (items_load(c, kind, sim_path_id(c, "id"), false, doc, e) == -1)
		return -1;
	return *doc != NULL
		   ? 0
		   : sim_refuse(c, 404, "This item does not exist, or you may not see it.");
}

static int
show(struct sim_call *c, struct json *m, const struct json *doc, bool rfi, struct err *e)
{
	put_project(c, m);
	json_put(m, "item", row(doc, rfi));
	if (put_people(c, m, e) == -1 || files_dress(c, m, e) == -1) {
		json_free(m);
		return -1;
	}
	return sim_reply_page(
	    c, 200, rfi ? "procore-rfi.xhtml" : "procore-submittal.xhtml", m, e);
}

int
pages_rfi(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *m, *arr, *r;
	const struct json *a;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = load(c, "rfi", &doc, e);
	if (rc != 0)
		return rc;
	m = json_obj();
	json_put_str(m, "text", json_str_or(doc, "questions.0.plain_text_body", ""));
	json_put_str(m, "asked_by", json_str_or(doc, "created_by.name", ""));
	json_put_str(m, "manager", json_str_or(doc, "rfi_manager.name", "nobody"));
	put_files(m, json_at(doc, "questions.0.attachments"));
	arr = json_put_arr(m, "answers");
	for (a = json_first(json_at(doc, "questions.0.answers")); a != NULL;
	     a = json_next(a)) {
		r = json_add_obj(arr);
		json_put_str(r, "by", json_str_or(a, "created_by", ""));
		json_put_str(r, "at", json_str_or(a, "answer_date", ""));
		json_put_str(r, "text", json_str_or(a, "plain_text_body", ""));
		json_put_bool(r, "official", json_bool_or(a, "official", false));
		put_files(r, json_get(a, "attachments"));
	}
	rc = show(c, m, doc, true, e);
	json_free(doc);
	return rc;
}

int
pages_submittal(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *m, *arr, *r;
	const struct json *a;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = load(c, "submittal", &doc, e);
	if (rc != 0)
		return rc;
	m = json_obj();
	json_put_str(m, "text", json_str_or(doc, "description", ""));
	json_put_str(m, "section", json_str_or(doc, "specification_section.label", ""));
	json_put_str(m, "type", json_str_or(doc, "type.name", ""));
	json_put_str(m, "manager", json_str_or(doc, "submittal_manager.name", "nobody"));
	put_files(m, json_get(doc, "attachments"));
	arr = json_put_arr(m, "approvers");
	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		r = json_add_obj(arr);
		json_put_i64(r, "step", json_i64_or(a, "workflow_group_number", 1));
		json_put_str(r, "name", json_str_or(a, "user.name", ""));
		json_put_str(r, "kind", json_str_or(a, "approver_type", ""));
		json_put_str(r, "response", json_str_or(a, "response.name", ""));
		json_put_str(r, "returned", json_str_or(a, "returned_date", ""));
		json_put_str(r, "comment", json_str_or(a, "comment", ""));
		put_files(r, json_get(a, "attachments"));
	}
	rc = show(c, m, doc, false, e);
	json_free(doc);
	return rc;
}

/* ---- forms */

/* Fields of the form as the control verbs take them: empty ones left out, approvers[] as
 * steps in order. */
static struct json *
form_input(struct sim_call *c)
{
	struct json *in = json_obj(), *steps;
	const struct json *m, *a;

	for (m = json_first(c->body); m != NULL; m = json_next(m)) {
		if (json_str(m) == NULL || !str_empty(json_str(m)))
			json_put(in, json_key(m), json_dup(m));
	}
	steps = json_arr();
	for (a = json_first(json_get(c->body, "approvers")); a != NULL; a = json_next(a)) {
		struct json *step = json_arr();

		json_add(step, json_dup(a));
		json_add(steps, step);
	}
	json_put(in, "steps", steps);
	json_put_i64(in, "project", json_i64_or(c->project, "id", 0));
	json_put_str(in, "as", json_str_or(c->who, "login", ""));
	return in;
}

static void
back_to_item(struct sim_call *c, const struct json *in)
{
	int64_t project = json_i64_or(c->project, "id", 0), id;
	const char *verb = params_str(c->body, "verb");
	bool rfi = json_get(in, "rfi") != NULL || str_eq(verb, "create_rfi");
	char *url;

	id = json_i64_or(in, rfi ? "rfi" : "submittal", json_i64_or(c->answer, "id", 0));
	if (str_eq(verb, "delete"))
		url = xasprintf("/%" PRId64 "/project/home", project);
	else if (rfi)
		url = xasprintf("/%" PRId64 "/project/rfi/show/%" PRId64, project, id);
	else
		url =
		    xasprintf("/%" PRId64 "/project/submittal_logs/%" PRId64, project, id);
	json_free(c->answer);
	c->answer = NULL;
	sim_reply_redirect(c, 303, url);
	free(url);
}

/* Only what the buttons of these pages do; reply and respond check the right themselves. */
int
pages_act(struct sim_call *c, struct err *e)
{
	static const char *const admin_verbs[] = {"create_rfi", "create_submittal",
	    "add_file", "close", "reopen", "court", "delete", "edit", NULL};
	const char *verb = params_str(c->body, "verb");
	bool known = str_eq(verb, "reply") || str_eq(verb, "respond"), rfi;
	struct json *in;
	int rc = enter(c, e);

	if (rc != 0)
		return rc;
	rfi = json_get(c->body, "rfi") != NULL || str_eq(verb, "create_rfi");
	for (const char *const *v = admin_verbs; *v != NULL; v++) {
		if (!str_eq(*v, verb))
			continue;
		known = true;
		if (sim_level(c, rfi ? TOOL_RFI : TOOL_SUBMITTAL) < LEVEL_ADMIN)
			return sim_refuse(c, 403, "Only admins of this tool may do that.");
	}
	if (!known)
		return sim_refuse(c, 400, "Unknown button.");
	in = form_input(c);
	rc = control_play(c, verb, in, &known, e);
	if (rc == 0)
		back_to_item(c, in);
	json_free(in);
	return rc;
}

/* ---- apps */

int
pages_apps(struct sim_call *c, struct err *e)
{
	struct json *apps = NULL, *m;

	if (c->who == NULL)
		return signin_needed(c);
	if (data_docs(c->sim->db, PQ_APPS_OF_PERSON, &apps, e, "i", sim_who(c)) == -1)
		return -1;
	m = json_obj();
	json_put(m, "apps", apps);
	return sim_reply_page(c, 200, "procore-apps.xhtml", m, e);
}

int
pages_apps_revoke(struct sim_call *c, struct err *e)
{
	if (c->who == NULL)
		return signin_needed(c);
	if (data_run(c->sim->db, PQ_FAMILIES_END, e, "itt", sim_who(c),
		params_str(c->body, "client_id"), "revoked") == -1)
		return -1;
	return sim_reply_redirect(c, 303, "/connected_apps");
}

/* The company's App Management: only its admins. */
static int
company_of(struct sim_call *c, const struct json *from, int64_t *company, struct err *e)
{
	int64_t admin = 0;
	bool found = false;

	*company = json_i64_or(from, "company", 0);
	if (data_i64(c->sim->db, PQ_COMPANY_MEMBER, &admin, &found, e, "ii", *company,
		sim_who(c)) == -1)
		return -1;
	return admin != 0
		   ? 0
		   : sim_refuse(c, 403, "Only admins of this company may manage its apps.");
}

int
pages_admin_apps(struct sim_call *c, struct err *e)
{
	struct json *apps = NULL, *co = NULL, *m;
	int64_t company;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = company_of(c, c->query, &company, e);
	if (rc != 0)
		return rc;
	if (data_docs(c->sim->db, PQ_APPS_OF_COMPANY, &apps, e, "i", company) == -1)
		return -1;
	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i", company) == -1) {
		json_free(apps);
		return -1;
	}
	m = json_obj();
	json_put(m, "apps", apps);
	json_put_i64(m, "company", company);
	json_put_str(m, "company_name", json_str_or(co, "name", ""));
	json_free(co);
	return sim_reply_page(c, 200, "procore-company-apps.xhtml", m, e);
}

int
pages_admin_apps_set(struct sim_call *c, struct err *e)
{
	int64_t company;
	char *url;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = company_of(c, c->body, &company, e);
	if (rc != 0)
		return rc;
	if (data_run(c->sim->db, PQ_APP_CONNECT, e, "tii", params_str(c->body, "client_id"),
		company, (int64_t)str_eq(params_str(c->body, "do"), "connect")) == -1)
		return -1;
	url = xasprintf("/app_management?company=%" PRId64, company);
	sim_reply_redirect(c, 303, url);
	free(url);
	return 0;
}
