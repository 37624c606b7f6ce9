#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

struct json *
people_ref(const struct json *person, bool with_firm)
{
	struct json *u;
	struct buf name = BUF_INIT(1024);

	if (person == NULL)
		return json_new_null();
	u = json_obj();
	buf_puts(&name, json_str_or(person, "name", ""));
	if (with_firm)
		buf_printf(&name, " (%s)", json_str_or(person, "vendor_name", ""));
	json_put_i64(u, "id", json_i64_or(person, "id", 0));
	json_put_str(u, "login", json_str_or(person, "login", ""));
	json_put_str(u, "name", buf_str(&name));
	if (with_firm)
		json_put_str(u, "locale", "");
	buf_clear(&name);
	return u;
}

int
people_by_id(struct sim *s, int64_t id, struct json **out, struct err *e)
{
	return data_doc(s->db, PQ_PERSON_GET, out, e, "i", id);
}

int
people_find(struct sim *s, const char *id_or_login, struct json **out, struct err *e)
{
	int64_t id;

	if (num_parse_i64(id_or_login, 1, JSON_INT_MAX, &id) == 0)
		return people_by_id(s, id, out, e);
	return data_doc(s->db, PQ_PERSON_FIND, out, e, "t", id_or_login);
}

int
people_enter(struct sim_call *c, int64_t project_id, bool *seen, struct err *e)
{
	json_free(c->project);
	if (data_doc(c->sim->db, PQ_PROJECT_FOR, &c->project, e, "ii", project_id,
		sim_who(c)) == -1)
		return -1;
	*seen = json_i64_or(c->project, "seen", 0) != 0;
	return 0;
}

/* name is filled only when the call names a company or project (procore.md 4). */
int
people_me(struct sim_call *c, struct err *e)
{
	struct json *j = json_obj();

	(void)e;
	json_put_i64(j, "id", sim_who(c));
	json_put_str(j, "login", json_str_or(c->who, "login", ""));
	if (c->company_id != 0 && (json_get(c->query, "company_id") != NULL ||
				      json_get(c->query, "project_id") != NULL))
		json_put_str(j, "name", json_str_or(c->who, "name", ""));
	else
		json_put_null(j, "name");
	return sim_reply(c, 200, j);
}

int
people_companies(struct sim_call *c, struct err *e)
{
	struct json *all = NULL;

	if (data_docs(c->sim->db, PQ_COMPANIES_OF, &all, e, "i", sim_who(c)) == -1)
		return -1;
	return sim_reply(c, 200, list_page(c, all, 100, 1000));
}

int
people_company_me(struct sim_call *c, struct err *e)
{
	struct json *me = NULL;

	if (data_doc(c->sim->db, PQ_COMPANY_ME, &me, e, "ii", c->company_id, sim_who(c)) ==
	    -1)
		return -1;
	return sim_reply(c, 200, me);
}

static bool
project_wanted(const struct sim_call *c, const struct json *p)
{
	const char *status = json_str_or(c->query, "filters.by_status", "");
	const char *name = json_str_or(c->query, "filters.name", "");
	bool active = json_bool_or(p, "active", true);

	if ((str_eq_ci(status, "Active") && !active) ||
	    (str_eq_ci(status, "Inactive") && active))
		return false;
	if (!str_empty(name) && str_find_ci(json_str_or(p, "name", ""), name) == NULL)
		return false;
	return list_wants(c, "project_number", json_str_or(p, "project_number", "")) &&
	       list_wants_i64(c, "id", json_i64_or(p, "id", 0));
}

int
people_projects(struct sim_call *c, struct err *e)
{
	static const char *const compact[] = {"id", "name", "display_name", NULL};
	bool brief = str_eq(json_str_or(c->query, "serializer_view", ""), "compact");
	struct json *all = NULL, *kept;
	const struct json *p;

	if (sim_path_id(c, "company_id") == 0 && json_get(c->query, "company_id") == NULL)
		return sim_refuse(c, 400, "company_id is missing");
	if (data_docs(
		c->sim->db, PQ_PROJECTS_OF, &all, e, "ii", c->company_id, sim_who(c)) == -1)
		return -1;
	kept = json_arr();
	for (p = json_first(all); p != NULL; p = json_next(p)) {
		if (!project_wanted(c, p))
			continue;
		if (brief)
			data_copy(json_add_obj(kept), p, compact);
		else
			json_add(kept, json_dup(p));
	}
	json_free(all);
	return sim_reply(c, 200, list_page(c, kept, 100, 300));
}

int
people_project(struct sim_call *c, struct err *e)
{
	int64_t id = sim_path_id(c, "id");
	struct json *all = NULL, *shown = NULL;
	const struct json *p;
	bool seen = false;

	if (people_enter(c, id, &seen, e) == -1)
		return -1;
	if (!seen || json_i64_or(c->project, "company_id", 0) != c->company_id)
		return sim_refuse(
		    c, (int)sim_setting_i64(c, "hidden_status", 404), "Project not found");
	if (data_docs(
		c->sim->db, PQ_PROJECTS_OF, &all, e, "ii", c->company_id, sim_who(c)) == -1)
		return -1;
	for (p = json_first(all); p != NULL; p = json_next(p)) {
		if (json_i64_or(p, "id", 0) == id)
			shown = json_dup(p);
	}
	json_free(all);
	if (shown == NULL)
		return err_set(e, ERR_BUG, "project is seen but not listed");
	json_put_str(shown, "locale", "en");
	json_put_str(shown, "tz_name", json_str_or(shown, "time_zone", ""));
	json_put_null(shown, "logo_url");
	json_put_bool(shown, "template", false);
	return sim_reply(c, 200, shown);
}

/* Callers without Directory read access get the compact form only (procore.md 4). */
static struct json *
user_view(const struct sim_call *c, const struct json *u)
{
	static const char *const compact[] = {
	    "id", "first_name", "last_name", "name", "initials", "vendor", NULL};
	bool may = json_i64_or(c->project, "directory", LEVEL_NONE) >= LEVEL_READ;
	struct json *out;

	if (may && !str_eq(json_str_or(c->query, "view", "normal"), "compact"))
		return json_dup(u);
	out = json_obj();
	data_copy(out, u, compact);
	return out;
}

static bool
user_wanted(const struct sim_call *c, const struct json *u)
{
	const char *search = json_str_or(c->query, "filters.search", "");

	if (!str_empty(search) && str_find_ci(json_str_or(u, "name", ""), search) == NULL &&
	    str_find_ci(json_str_or(u, "email_address", ""), search) == NULL)
		return false;
	return list_wants_i64(c, "id", json_i64_or(u, "id", 0)) &&
	       list_wants_i64(c, "vendor_id", json_i64_or(u, "vendor.id", 0));
}

int
people_project_users(struct sim_call *c, struct err *e)
{
	struct json *all = NULL, *kept;
	const struct json *u;

	if (data_docs(c->sim->db, PQ_PROJECT_USERS, &all, e, "i",
		json_i64_or(c->project, "id", 0)) == -1)
		return -1;
	kept = json_arr();
	for (u = json_first(all); u != NULL; u = json_next(u)) {
		if (user_wanted(c, u))
			json_add(kept, user_view(c, u));
	}
	json_free(all);
	return sim_reply(c, 200, list_page(c, kept, 100, 1000));
}

int
people_project_user(struct sim_call *c, struct err *e)
{
	struct json *all = NULL, *out = NULL;
	const struct json *u, *m;

	if (data_docs(c->sim->db, PQ_PROJECT_USERS, &all, e, "i",
		json_i64_or(c->project, "id", 0)) == -1)
		return -1;
	for (u = json_first(all); u != NULL && out == NULL; u = json_next(u)) {
		if (json_i64_or(u, "id", 0) != sim_path_id(c, "id"))
			continue;
		out = json_obj(); /* null members are left out here */
		for (m = json_first(u); m != NULL; m = json_next(m)) {
			if (json_type(m) != JSON_NULL)
				json_put(out, json_key(m), json_dup(m));
		}
	}
	json_free(all);
	return out != NULL ? sim_reply(c, 200, out) : sim_refuse(c, 404, "User not found");
}

/* ---- settings/permissions */

static const struct tool {
	const char *name, *friendly, *url, *level_key, *action;
	int64_t id;
} tools[] = {
    {"rfi", "RFIs", "/project/rfi", "rfi", "act_as_rfi_manager", 28},
    {"submittal_log", "Submittals", "/project/submittal_logs", "submittal",
	"respond_as_approver", 29},
    {"directory", "Directory", "/project/directory", "directory", "view_contacts", 6},
};

static void
add_tool(struct json *arr, const struct tool *t, int64_t level, int64_t project_id)
{
	static const char *const names[] = {"", "None", "Read Only", "Standard", "Admin"};
	struct json *j = json_add_obj(arr), *l, *actions, *a;
	struct buf url = BUF_INIT(256);

	if (level < LEVEL_NONE || level > LEVEL_ADMIN)
		level = LEVEL_NONE;
	buf_printf(&url, "/%lld%s", (long long)project_id, t->url);
	json_put_i64(j, "id", t->id);
	json_put_str(j, "name", t->name);
	json_put_str(j, "friendly_name", t->friendly);
	json_put_i64(j, "domain_id", t->id);
	json_put_str(j, "tab_group", "project");
	json_put_bool(j, "available_for_user", level > LEVEL_NONE);
	json_put_str(j, "url", buf_str(&url));
	l = json_put_obj(j, "user_access_level");
	json_put_i64(l, "id", level);
	json_put_str(l, "name", names[level]);
	actions = json_put_arr(j, "permitted_actions");
	if (level >= LEVEL_STANDARD) {
		a = json_add_obj(actions);
		json_put_i64(a, "id", t->id * 100);
		json_put_str(a, "action_name", t->action);
		json_put_str(a, "label", t->friendly);
		json_put_str(a, "tool_name", t->name);
	}
	json_put_bool(j, "can_create", level >= LEVEL_STANDARD);
	json_put_null(j, "create_url");
	json_put_bool(j, "trial", false);
	buf_clear(&url);
}

int
people_permissions(struct sim_call *c, struct err *e)
{
	struct json *j, *arr;

	(void)e;
	if (c->project == NULL && json_get(c->query, "company_id") == NULL)
		return sim_refuse(c, 400, "project_id or company_id is missing");
	j = json_obj();
	arr = json_put_arr(j, "tools");
	for (size_t i = 0; c->project != NULL && i < sizeof tools / sizeof tools[0]; i++)
		add_tool(arr, &tools[i],
		    json_i64_or(c->project, tools[i].level_key, LEVEL_NONE),
		    json_i64_or(c->project, "id", 0));
	return sim_reply(c, 200, j);
}
