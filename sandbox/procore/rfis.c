#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* Members that only show answers (procore.md 5.4). */
static const char *const show_only[] = {"accepted", "draft", "title", "ball_in_court_role",
    "distribution_list", "drawing_number", "drawing_ids", "specification_section",
    "custom_textfield_1", "custom_textfield_2", "change_events", "coordination_issues",
    NULL};

/* Lists never fill answers, not even official ones. */
static struct json *
list_item(const struct json *doc)
{
	struct json *j = json_dup(doc), *questions, *q;
	const struct json *one, *section;

	data_drop(j, show_only);
	questions = json_arr();
	for (one = json_first(json_get(doc, "questions")); one != NULL;
	     one = json_next(one)) {
		q = json_add_obj(questions);
		json_put_i64(q, "id", json_i64_or(one, "id", 0));
		json_put_str(q, "body", json_str_or(one, "rich_text_body", ""));
		json_put_obj(q, "errors"); /* declared as a list, comes as an object */
	}
	json_put(j, "questions", questions);
	section = json_at(doc, "specification_section.id");
	json_put(j, "specification_section_id",
	    section != NULL ? json_dup(section) : json_new_null());
	return j;
}

static bool
text_found(const char *haystack, const char *needle)
{
	return str_empty(needle) || str_find_ci(haystack, needle) != NULL;
}

static bool
wanted(const struct sim_call *c, const struct json *d)
{
	const char *search =
	    json_str_or(c->query, "search", json_str_or(c->query, "q", ""));

	return list_wants(c, "status", json_str_or(d, "status", "")) &&
	       list_wants(c, "number", json_str_or(d, "number", "")) &&
	       list_wants_any(c, "assigned_id", json_get(d, "assignees")) &&
	       list_wants_any(c, "ball_in_court_id", json_get(d, "ball_in_courts")) &&
	       list_wants_i64(c, "rfi_manager_id", json_i64_or(d, "rfi_manager.id", 0)) &&
	       list_wants_i64(c, "received_from_login_information_id",
		   json_i64_or(d, "received_from.id", 0)) &&
	       list_wants_i64(c, "responsible_contractor_id",
		   json_i64_or(d, "responsible_contractor.id", 0)) &&
	       (text_found(json_str_or(d, "subject", ""), search) ||
		   text_found(json_str_or(d, "number", ""), search));
}

/* The newest reference takes a single value, the sandbox of February 2026 answered 400
 * (procore.md 5.2). */
static int
check_brackets(struct sim_call *c)
{
	const struct json *f;

	if (sim_setting_i64(c, "strict_filters", 1) == 0)
		return 0;
	f = json_at(c->query, "filters.status");
	if (json_str(f) != NULL)
		return sim_refuse(c, 400, "filters[status] must be an array");
	return 0;
}

static int
answer_list(struct sim_call *c, bool deleted, struct err *e)
{
	const char *by = json_str_or(c->query, "sort.attribute", "");
	struct json *all = NULL, *kept;
	const struct json *d;
	int rc = check_brackets(c);

	if (rc == 0)
		rc = items_list(c, "rfi", deleted, &all, e);
	if (rc != 0)
		return rc;
	kept = json_arr();
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		if (wanted(c, d))
			json_add(kept, list_item(d));
	}
	json_free(all);
	if (!str_empty(by))
		kept = list_sort(kept, by,
		    str_eq_ci(json_str_or(c->query, "sort.direction", "asc"), "desc"));
	return sim_reply(
	    c, 200, list_page(c, kept, 100, sim_setting_i64(c, "per_page_max", 100)));
}

int
rfis_list(struct sim_call *c, struct err *e)
{
	return answer_list(c, false, e);
}

int
rfis_bin(struct sim_call *c, struct err *e)
{
	return answer_list(c, true, e);
}

/* Load the RFI of the path or refuse. */
static int
load(struct sim_call *c, const char *name, struct json **doc, struct err *e)
{
	if (items_load(c, "rfi", sim_path_id(c, name), false, doc, e) == -1)
		return -1;
	return *doc != NULL ? 0 : sim_refuse(c, 404, "RFI not found");
}

int
rfis_show(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL;
	int rc = load(c, "id", &doc, e);

	return rc == 0 ? sim_reply(c, 200, doc) : rc;
}

/* The live API wants assignees of whatever is not a draft, and words it by field
 * (procore.md 3.8). */
static int
no_assignees(struct sim_call *c)
{
	struct json *j = json_obj();

	json_add_str(json_put_arr(json_put_obj(j, "errors"), "assignees"), "required");
	return sim_reply(c, 422, j);
}

int
rfis_create(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "rfi");
	struct json *doc = NULL;
	int rc;

	if (spec == NULL)
		return sim_refuse(c, 400, "param is missing or the value is empty: rfi");
	if (json_len(json_get(spec, "assignee_ids")) == 0 &&
	    !data_bool(spec, "draft", false))
		return no_assignees(c);
	rc = rfi_make(c, spec, &doc, e);
	return rc == 0 ? sim_reply(c, 201, doc) : rc;
}

int
rfis_update(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "rfi");
	struct json *doc = NULL;
	int rc = load(c, "id", &doc, e);

	if (rc == 0 && spec == NULL)
		rc = sim_refuse(c, 400, "param is missing or the value is empty: rfi");
	if (rc == 0 && sim_level(c, TOOL_RFI) < LEVEL_ADMIN &&
	    json_i64_or(doc, "rfi_manager.id", 0) != sim_who(c))
		rc = sim_refuse(c, 403, "You do not have permission to change this RFI");
	if (rc == 0)
		rc = rfi_change(c, doc, spec, e);
	if (rc != 0) {
		json_free(doc);
		return rc;
	}
	return sim_reply(c, 200, doc);
}

int
rfis_recycle(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL;
	int rc = load(c, "id", &doc, e);

	if (rc == 0 && items_bin(c, "rfi", sim_path_id(c, "id"), true, e) == -1)
		rc = -1;
	json_free(doc);
	return rc == 0 ? sim_reply_empty(c, 200) : rc;
}

int
rfis_retrieve(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL;

	if (items_load(c, "rfi", sim_path_id(c, "id"), true, &doc, e) == -1)
		return -1;
	if (doc == NULL)
		return sim_refuse(c, 404, "RFI not found");
	json_free(doc);
	return items_bin(c, "rfi", sim_path_id(c, "id"), false, e) == 0
		   ? sim_reply_empty(c, 200)
		   : -1;
}

/* potential_assignees, potential_rfi_managers and default_distribution by the last part of
 * the path. */
int
rfis_people(struct sim_call *c, struct err *e)
{
	int least = str_ends(c->req->path, "managers") ? LEVEL_ADMIN : LEVEL_STANDARD;
	struct json *all = NULL, *kept, *u;
	const struct json *p;

	if (str_ends(c->req->path, "default_distribution"))
		return sim_reply(c, 200, json_arr());
	if (data_docs(c->sim->db, PQ_PROJECT_USERS, &all, e, "i",
		json_i64_or(c->project, "id", 0)) == -1)
		return -1;
	kept = json_arr();
	for (p = json_first(all); p != NULL; p = json_next(p)) {
		if (json_i64_or(p, "_rfi", 0) < least)
			continue;
		u = json_add_obj(kept);
		json_put_i64(u, "id", json_i64_or(p, "id", 0));
		json_put_str(u, "login", json_str_or(p, "login", ""));
		json_put_str(u, "name", json_str_or(p, "name", ""));
	}
	json_free(all);
	return sim_reply(c, 200, list_page(c, kept, 100, 1000));
}

static void
add_option(struct json *arr, int64_t id, const char *key, const char *value)
{
	const struct json *o;
	struct json *j;

	for (o = json_first(arr); o != NULL; o = json_next(o)) {
		if (str_eq(json_str_or(o, "value", ""), value))
			return;
	}
	j = json_add_obj(arr);
	if (key != NULL)
		json_put_str(j, "key", key);
	else
		json_put_i64(j, "key", id);
	json_put_str(j, "value", value);
}

/* filter_options[/field]: what occurs in the RFIs that the person sees. */
int
rfis_options(struct sim_call *c, struct err *e)
{
	static const struct {
		const char *field, *member;
	} people[] = {{"rfi_manager_id", "rfi_manager"},
	    {"received_from_login_information_id", "received_from"},
	    {"responsible_contractor_id", "responsible_contractor"},
	    {"ball_in_court_id", "ball_in_court"}, {"assigned_id", "assignee"}};
	static const char *const fields[] = {"status", "ball_in_court_id", "assigned_id",
	    "rfi_manager_id", "received_from_login_information_id",
	    "responsible_contractor_id", "priority"};
	const char *field = strrchr(c->req->path, '/') + 1;
	struct json *all = NULL, *out = json_arr();
	const struct json *d, *u;

	if (str_eq(field, "filter_options")) {
		for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
			add_option(out, 0, fields[i], fields[i]);
		return sim_reply(c, 200, out);
	}
	if (items_list(c, "rfi", false, &all, e) == -1) {
		json_free(out);
		return -1;
	}
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		if (str_eq(field, "status"))
			add_option(out, 0, json_str_or(d, "status", ""),
			    json_str_or(d, "translated_status", ""));
		for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
			u = json_get(d, people[i].member);
			if (str_eq(field, people[i].field) && json_type(u) == JSON_OBJECT)
				add_option(out, json_i64_or(u, "id", 0), NULL,
				    json_str_or(u, "name", ""));
		}
	}
	json_free(all);
	return sim_reply(c, 200, out);
}

/* ---- replies */

static struct json *
answers(struct json *doc)
{
	return data_at(doc, "questions.0.answers");
}

static const struct json *
find_answer(const struct json *doc, int64_t id)
{
	const struct json *a;

	for (a = json_first(json_at(doc, "questions.0.answers")); a != NULL;
	     a = json_next(a)) {
		if (json_i64_or(a, "id", 0) == id)
			return a;
	}
	return NULL;
}

int
rfis_replies(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *list;
	int rc = load(c, "rfi_id", &doc, e);

	if (rc != 0)
		return rc;
	list = answers(doc) != NULL ? json_dup(answers(doc)) : json_arr();
	json_free(doc);
	return sim_reply(c, 200, list);
}

int
rfis_reply(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "reply");
	struct json *doc = NULL, *out = NULL;
	int rc = load(c, "rfi_id", &doc, e);

	if (rc == 0 && spec == NULL)
		rc = sim_refuse(c, 400, "param is missing or the value is empty: reply");
	if (rc == 0)
		rc = rfi_answer(c, doc, spec, &out, e);
	json_free(doc);
	return rc == 0 ? sim_reply(c, 201, out) : rc;
}

int
rfis_reply_show(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *copy = NULL;
	const struct json *a;
	int rc = load(c, "rfi_id", &doc, e);

	if (rc == 0) {
		a = find_answer(doc, sim_path_id(c, "id"));
		if (a == NULL)
			rc = sim_refuse(c, 404, "Reply not found");
		else
			copy = json_dup(a);
	}
	json_free(doc);
	return rc == 0 ? sim_reply(c, 200, copy) : rc;
}

/* Only official can be changed (procore.md 5.6). */
int
rfis_reply_update(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *copy = NULL, *a;
	int rc = load(c, "rfi_id", &doc, e);

	if (rc == 0) {
		a = data_own(find_answer(doc, sim_path_id(c, "id")));
		if (a == NULL) {
			rc = sim_refuse(c, 404, "Reply not found");
		} else if (sim_level(c, TOOL_RFI) < LEVEL_ADMIN) {
			rc = sim_refuse(
			    c, 403, "Only admins may choose the official response");
		} else {
			json_put_bool(
			    a, "official", data_bool(c->body, "reply.official", false));
			copy = json_dup(a);
			rc = items_save(c, "rfi", doc, e);
		}
	}
	json_free(doc);
	if (rc != 0) {
		json_free(copy);
		return rc;
	}
	return sim_reply(c, 200, copy);
}

int
rfis_reply_delete(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *kept;
	const struct json *a;
	int64_t id = sim_path_id(c, "id");
	int rc = load(c, "rfi_id", &doc, e);

	if (rc != 0)
		return rc;
	a = find_answer(doc, id);
	if (a == NULL) {
		rc = sim_refuse(c, 404, "Reply not found");
	} else if (sim_level(c, TOOL_RFI) < LEVEL_ADMIN &&
		   json_i64_or(a, "created_by_id", 0) != sim_who(c)) {
		rc = sim_refuse(c, 403, "You do not have permission to delete this reply");
	} else {
		kept = json_arr();
		for (a = json_first(answers(doc)); a != NULL; a = json_next(a)) {
			if (json_i64_or(a, "id", 0) != id)
				json_add(kept, json_dup(a));
		}
		json_put(data_at(doc, "questions.0"), "answers", kept);
		rc = items_save(c, "rfi", doc, e);
	}
	json_free(doc);
	return rc == 0 ? sim_reply_empty(c, 200) : rc;
}
