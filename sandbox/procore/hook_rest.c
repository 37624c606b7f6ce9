#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

static const char *const resources[] = {
    "RFIs", "RFI Replies", "Submittals", "Submittal Packages", "Projects", NULL};
static const char *const events[] = {"create", "update", "delete", NULL};

static bool
is_v2(const struct sim_call *c)
{
	return str_starts(c->req->path, "/rest/v2");
}

static bool
listed(const char *const *list, const char *s, const char **found)
{
	for (; *list != NULL; list++) {
		if (str_eq_ci(*list, s)) {
			*found = *list;
			return true;
		}
	}
	return false;
}

static int64_t
project_id(const struct sim_call *c)
{
	return json_i64_or(c->project, "id", 0);
}

static void
put_id(struct json *j, const char *key, int64_t id, bool text)
{
	char s[24];

	if (id == 0)
		json_put_null(j, key);
	else if (text && str_format(s, sizeof s, "%" PRId64, id) == 0)
		json_put_str(j, key, s);
	else
		json_put_i64(j, key, id);
}

/* The configured secret is shown masked, with its last five characters. */
static void
put_headers(struct json *j, const char *authorization)
{
	struct json *h = json_put_obj(j, "destination_headers");
	size_t n = strlen(authorization);
	char *masked = xasprintf("*****%s", n > 5 ? authorization + n - 5 : "");

	if (n > 0)
		json_put_str(h, "Authorization", masked);
	free(masked);
}

static struct json *
view(const struct sim_call *c, const struct json *h)
{
	struct json *j = json_obj();
	bool v2 = is_v2(c);

	put_id(j, "id", json_i64_or(h, "id", 0), v2);
	json_put_str(j, v2 ? "payload_version" : "api_version",
	    json_str_or(h, "payload_version", ""));
	json_put_str(j, "namespace", json_str_or(h, "namespace", ""));
	json_put_str(j, "destination_url", json_str_or(h, "destination_url", ""));
	put_headers(j, json_str_or(h, "authorization", ""));
	if (v2) {
		json_put_str(j, "status",
		    json_i64_or(h, "disabled", 0) != 0 ? "disabled" : "active");
		json_put_i64(j, "trigger_count", json_i64_or(h, "trigger_count", 0));
		put_id(j, "company_id", json_i64_or(h, "company_id", 0), true);
		put_id(j, "project_id", json_i64_or(h, "project_id", 0), true);
		data_put_time(j, "created_at", json_i64_or(h, "created_at", 0));
		data_put_time(j, "updated_at", json_i64_or(h, "updated_at", 0));
	} else {
		put_id(j, "owned_by_company_id",
		    project_id(c) == 0 ? json_i64_or(h, "company_id", 0) : 0, false);
		put_id(j, "owned_by_project_id", project_id(c), false);
		put_id(j, "owned_by_user_id", json_i64_or(h, "person_id", 0), false);
	}
	return j;
}

static int
answer(struct sim_call *c, int status, struct json *body)
{
	struct json *j;

	if (!is_v2(c))
		return sim_reply(c, status, body);
	j = json_obj();
	json_put(j, "data", body);
	return sim_reply(c, status, j);
}

int
hooks_list(struct sim_call *c, struct err *e)
{
	struct json *all = NULL, *out;
	const struct json *h;

	if (data_docs(c->sim->db, PQ_HOOKS_OF, &all, e, "iit", c->company_id, project_id(c),
		c->client_id) == -1)
		return -1;
	out = json_arr();
	for (h = json_first(all); h != NULL; h = json_next(h))
		json_add(out, view(c, h));
	json_free(all);
	return answer(c, 200, list_page(c, out, is_v2(c) ? 10 : 100, 100));
}

/* v1 wraps the hook in "hook", v2 is flat. */
static const struct json *
given(const struct sim_call *c)
{
	const struct json *inner = json_get(c->body, "hook");

	return inner != NULL ? inner : c->body;
}

static int
load(struct sim_call *c, const char *name, struct json **hook, struct err *e)
{
	if (data_doc(c->sim->db, PQ_HOOK_GET, hook, e, "iii", sim_path_id(c, name),
		c->company_id, project_id(c)) == -1)
		return -1;
	return *hook != NULL ? 0 : sim_refuse(c, 404, "Hook not found");
}

static bool
version_known(const char *v)
{
	static const char *const known[] = {"v2", "v2.0", "v3.0", "v4.0", NULL};
	const char *found;

	return listed(known, v, &found);
}

int
hooks_create(struct sim_call *c, struct err *e)
{
	const struct json *in = given(c);
	const char *version =
	    json_str_or(in, is_v2(c) ? "payload_version" : "api_version", "");
	struct json *h = NULL;
	int64_t id;
	int rc;

	if (!version_known(version) || str_empty(json_str_or(in, "namespace", "")))
		return sim_refuse(c, 400, "payload_version and namespace are required");
	if (!str_starts(json_str_or(in, "destination_url", ""), "https://"))
		return sim_refuse(c, 422, "destination_url must be https");
	if (sim_new_id(c->sim, &id, e) == -1 ||
	    data_run(c->sim->db, PQ_HOOK_ADD, e, "iiiittttti", id, c->company_id,
		project_id(c), sim_who(c), c->client_id, version,
		json_str_or(in, "namespace", ""), json_str_or(in, "destination_url", ""),
		json_str_or(in, "destination_headers.Authorization", ""), c->shown) == -1 ||
	    data_doc(c->sim->db, PQ_HOOK_GET, &h, e, "iii", id, c->company_id,
		project_id(c)) == -1)
		return -1;
	rc = answer(c, 201, view(c, h));
	json_free(h);
	return rc;
}

int
hooks_show(struct sim_call *c, struct err *e)
{
	struct json *h = NULL;
	int rc = load(c, "id", &h, e);

	if (rc == 0)
		rc = answer(c, 200, view(c, h));
	json_free(h);
	return rc;
}

int
hooks_update(struct sim_call *c, struct err *e)
{
	const struct json *in = given(c);
	struct json *h = NULL;
	int rc = load(c, "id", &h, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_HOOK_SET, e, "itttti", json_i64_or(h, "id", 0),
		    json_str_or(
			in, "payload_version", json_str_or(h, "payload_version", "")),
		    json_str_or(in, "namespace", json_str_or(h, "namespace", "")),
		    json_str_or(
			in, "destination_url", json_str_or(h, "destination_url", "")),
		    json_str_or(in, "destination_headers.Authorization",
			json_str_or(h, "authorization", "")),
		    c->shown);
	json_free(h);
	return rc == 0 ? hooks_show(c, e) : rc;
}

int
hooks_delete(struct sim_call *c, struct err *e)
{
	struct json *h = NULL;
	int rc = load(c, "id", &h, e);

	if (rc == 0)
		rc = data_run(c->sim->db, PQ_HOOK_DROP, e, "i", json_i64_or(h, "id", 0));
	json_free(h);
	return rc == 0 ? sim_reply_empty(c, 204) : rc;
}

/* ---- triggers */

static struct json *
trigger_view(const struct sim_call *c, const struct json *t, int64_t hook)
{
	struct json *j = json_obj();

	put_id(j, "id", json_i64_or(t, "id", 0), is_v2(c));
	put_id(j, "webhook_hook_id", hook, is_v2(c));
	json_put_str(j, "resource_name", json_str_or(t, "resource_name", ""));
	json_put_str(j, "event_type", json_str_or(t, "event_type", ""));
	put_id(j, "project_id", project_id(c), is_v2(c));
	return j;
}

int
hooks_triggers(struct sim_call *c, struct err *e)
{
	struct json *h = NULL, *all = NULL, *out;
	const struct json *t;
	int rc = load(c, "hook_id", &h, e);

	json_free(h);
	if (rc != 0)
		return rc;
	if (data_docs(
		c->sim->db, PQ_TRIGGERS_OF, &all, e, "i", sim_path_id(c, "hook_id")) == -1)
		return -1;
	out = json_arr();
	for (t = json_first(all); t != NULL; t = json_next(t))
		json_add(out, trigger_view(c, t, sim_path_id(c, "hook_id")));
	json_free(all);
	return answer(c, 200, list_page(c, out, is_v2(c) ? 10 : 100, 100));
}

int
hooks_trigger_create(struct sim_call *c, struct err *e)
{
	const struct json *inner = json_get(c->body, "trigger"),
			  *in = inner != NULL ? inner : c->body;
	const char *resource = NULL, *event = NULL;
	struct json *h = NULL, *t;
	int64_t id;
	int rc = load(c, "hook_id", &h, e);

	json_free(h);
	if (rc != 0)
		return rc;
	if (!listed(resources, json_str_or(in, "resource_name", ""), &resource) ||
	    !listed(events, json_str_or(in, "event_type", ""), &event))
		return sim_refuse(c, 422, "resource_name or event_type is not known");
	if (sim_new_id(c->sim, &id, e) == -1 ||
	    data_run(c->sim->db, PQ_TRIGGER_ADD, e, "iitt", id, sim_path_id(c, "hook_id"),
		resource, event) == -1)
		return -1;
	t = json_obj();
	json_put_i64(t, "id", id);
	json_put_str(t, "resource_name", resource);
	json_put_str(t, "event_type", event);
	rc = answer(c, 201, trigger_view(c, t, sim_path_id(c, "hook_id")));
	json_free(t);
	return rc;
}

int
hooks_trigger_delete(struct sim_call *c, struct err *e)
{
	struct json *h = NULL;
	int rc = load(c, "hook_id", &h, e);

	json_free(h);
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_TRIGGER_DROP, e, "ii", sim_path_id(c, "id"),
		    sim_path_id(c, "hook_id"));
	return rc == 0 ? sim_reply_empty(c, 204) : rc;
}

int
hooks_deliveries(struct sim_call *c, struct err *e)
{
	const char *status = json_str_or(
	    c->query, "filter.status", json_str_or(c->query, "filters.status", ""));
	struct json *h = NULL, *all = NULL;
	int rc = load(c, "hook_id", &h, e);

	json_free(h);
	if (rc != 0)
		return rc;
	if (str_eq(status, "any"))
		status = "";
	if (str_eq(status, "succeeded") || str_eq(status, "successful"))
		status = "delivered";
	if (data_docs(c->sim->db, PQ_DELIVERIES_OF, &all, e, "it",
		sim_path_id(c, "hook_id"), status) == -1)
		return -1;
	return answer(c, 200, list_page(c, all, is_v2(c) ? 10 : 100, 100));
}

int
hooks_resources(struct sim_call *c, struct err *e)
{
	struct json *out = json_arr(), *j, *a;

	(void)e;
	for (const char *const *r = resources; *r != NULL; r++) {
		j = json_add_obj(out);
		if (is_v2(c)) {
			json_put_str(j, "category", "Project Management");
			json_put_str(j, "tool", *r);
			json_put_str(j, "name", *r);
			json_put_str(j, "payload_version",
			    json_str_or(c->query, "payload_version", "v4.0"));
			a = json_put_arr(j, "actions");
			for (const char *const *ev = events; *ev != NULL; ev++)
				json_add_str(a, *ev);
		} else {
			json_put_str(j, "api_version", "v2");
			json_put_str(j, "name", *r);
			for (const char *const *ev = events; *ev != NULL; ev++)
				json_put_str(j, *ev, *ev);
		}
	}
	return answer(c, 200, is_v2(c) ? list_page(c, out, 10, 100) : out);
}
