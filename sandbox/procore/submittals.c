#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* What only show answers, and what only the list does (procore.md 6.4). */
static const char *const show_only[] = {"attachments", "attachments_count", "open_date",
    "rich_text_description", "source_submittal_log_id", "for_record_only", "is_rejected",
    "rejected_submittal_log_approver_id", "operation_item_errors", "distributed_submittals",
    "location", "cost_code", "sub_job", "custom_textarea_1", "custom_textfield_1", NULL};
static const char *const list_only[] = {"associated_attachments", "linked_drawing_ids",
    "scheduled_task", "last_distributed_submittal", NULL};

/* People in lists come without their login. */
static void
drop_logins(struct json *tree)
{
	static const char *const names[] = {"login", "locale", NULL};
	const struct json *m;

	if (json_type(tree) == JSON_OBJECT)
		data_drop(tree, names);
	if (json_type(tree) != JSON_OBJECT && json_type(tree) != JSON_ARRAY)
		return;
	for (m = json_first(tree); m != NULL; m = json_next(m))
		drop_logins(data_own(m));
}

static void
list_approvers(struct json *j)
{
	static const char *const names[] = {
	    "attachments", "submittal_associated_attachment_ids", "distributed", NULL};
	struct json *arr = data_at(j, "approvers");

	for (size_t i = 0; i < json_len(arr); i++)
		data_drop(data_item(arr, i), names);
}

static void
show_approvers(struct json *j)
{
	static const char *const names[] = {"associated_attachments", "variance", NULL};
	struct json *arr = data_at(j, "approvers");

	for (size_t i = 0; i < json_len(arr); i++)
		data_drop(data_item(arr, i), names);
}

static struct json *
list_item(const struct json *doc)
{
	struct json *j = json_dup(doc);

	data_drop(j, show_only);
	list_approvers(j);
	drop_logins(j);
	return j;
}

static struct json *
show_item(const struct json *doc)
{
	struct json *j = json_dup(doc);

	data_drop(j, list_only);
	show_approvers(j);
	return j;
}

static bool
approver_wanted(const struct sim_call *c, const struct json *d)
{
	const struct json *filters = json_get(c->query, "filters"), *a;

	if (json_get(filters, "approver_id") == NULL &&
	    json_get(filters, "response_id") == NULL)
		return true;
	for (a = json_first(json_get(d, "approvers")); a != NULL; a = json_next(a)) {
		if (list_wants_i64(c, "approver_id", json_i64_or(a, "user.id", 0)) &&
		    list_wants_i64(c, "response_id", json_i64_or(a, "response.id", 0)))
			return true;
	}
	return false;
}

/* filters[status] does not exist: it is ignored, as seen at Procore. */
static bool
wanted(const struct sim_call *c, const struct json *d)
{
	const char *query = json_str_or(c->query, "filters.query", "");

	if (data_bool(c->query, "filters.current_revision", false) &&
	    !json_bool_or(d, "current_revision", true))
		return false;
	if (!str_empty(query) && str_find_ci(json_str_or(d, "title", ""), query) == NULL)
		return false;
	return approver_wanted(c, d) &&
	       list_wants_i64(c, "status_id", json_i64_or(d, "status.id", 0)) &&
	       list_wants(c, "number", json_str_or(d, "number", "")) &&
	       list_wants_any(c, "ball_in_court_id", json_get(d, "ball_in_court")) &&
	       list_wants_i64(
		   c, "submittal_manager_id", json_i64_or(d, "submittal_manager.id", 0)) &&
	       list_wants_i64(
		   c, "received_from_id", json_i64_or(d, "received_from.id", 0)) &&
	       list_wants_i64(c, "specification_section_id",
		   json_i64_or(d, "specification_section.id", 0));
}

static int
answer_list(struct sim_call *c, bool deleted, struct err *e)
{
	const char *by = json_str_or(c->query, "sort", "");
	bool down = by[0] == '-';
	struct json *all = NULL, *kept;
	const struct json *d;
	int rc = items_list(c, "submittal", deleted, &all, e);

	if (rc != 0)
		return rc;
	kept = json_arr();
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		if (wanted(c, d))
			json_add(kept, list_item(d));
	}
	json_free(all);
	if (!str_empty(by))
		kept = list_sort(kept, down ? by + 1 : by, down);
	return sim_reply(
	    c, 200, list_page(c, kept, 100, sim_setting_i64(c, "per_page_max", 100)));
}

int
submittals_list(struct sim_call *c, struct err *e)
{
	return answer_list(c, false, e);
}

int
submittals_bin(struct sim_call *c, struct err *e)
{
	return answer_list(c, true, e);
}

static int
load(struct sim_call *c, struct json **doc, struct err *e)
{
	if (items_load(c, "submittal", sim_path_id(c, "id"), false, doc, e) == -1)
		return -1;
	return *doc != NULL ? 0 : sim_refuse(c, 404, "Submittal not found");
}

int
submittals_show(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *shown;
	int rc = load(c, &doc, e);

	if (rc != 0)
		return rc;
	shown = show_item(doc);
	json_free(doc);
	return sim_reply(c, 200, shown);
}

int
submittals_create(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "submittal");
	struct json *doc = NULL, *shown;
	int rc;

	if (spec == NULL)
		return sim_refuse(
		    c, 400, "param is missing or the value is empty: submittal");
	rc = submittal_make(c, spec, &doc, e);
	if (rc != 0)
		return rc;
	shown = show_item(doc);
	json_free(doc);
	return sim_reply(c, 201, shown);
}

int
submittals_update(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "submittal");
	struct json *doc = NULL, *shown = NULL;
	int rc = load(c, &doc, e);

	if (rc == 0 && spec == NULL)
		rc =
		    sim_refuse(c, 400, "param is missing or the value is empty: submittal");
	if (rc == 0 && sim_level(c, TOOL_SUBMITTAL) < LEVEL_ADMIN)
		rc = sim_refuse(
		    c, 403, "You do not have permission to change this submittal");
	if (rc == 0)
		rc = submittal_change(c, doc, spec, e);
	if (rc == 0)
		shown = show_item(doc);
	json_free(doc);
	return rc == 0 ? sim_reply(c, 200, shown) : rc;
}

int
submittals_delete(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL;
	int rc = load(c, &doc, e);

	json_free(doc);
	if (rc == 0 && items_bin(c, "submittal", sim_path_id(c, "id"), true, e) == -1)
		rc = -1;
	return rc == 0 ? sim_reply_empty(c, 204) : rc;
}

/* Revisions are separate submittals of equal number. */
int
submittals_revisions(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *all = NULL, *kept;
	const struct json *d;
	int rc = load(c, &doc, e);

	if (rc == 0)
		rc = items_list(c, "submittal", false, &all, e);
	if (rc != 0) {
		json_free(doc);
		return rc;
	}
	kept = json_arr();
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		if (str_eq(json_str_or(d, "number", ""), json_str_or(doc, "number", "")) &&
		    json_i64_or(d, "specification_section.id", 0) ==
			json_i64_or(doc, "specification_section.id", 0))
			json_add(kept, list_item(d));
	}
	json_free(all);
	json_free(doc);
	return sim_reply(c, 200, kept);
}

int
submittals_workflow(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *j, *steps, *approvers, *step = NULL, *row, *ids = NULL;
	const struct json *a;
	int64_t group, last = -1;
	int rc = load(c, &doc, e);

	if (rc != 0)
		return rc;
	j = json_obj();
	steps = json_put_arr(j, "steps");
	approvers = json_put_arr(j, "approvers");
	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		group = json_i64_or(a, "workflow_group_number", 0);
		if (group != last || step == NULL) {
			step = json_add_obj(steps);
			json_put_i64(step, "id", json_i64_or(a, "id", 0));
			json_put_i64(step, "number", group);
			ids = json_put_arr(step, "approver_ids");
			last = group;
		}
		json_add_i64(ids, json_i64_or(a, "id", 0));
		row = json_add_obj(approvers);
		json_put_i64(row, "id", json_i64_or(a, "id", 0));
		json_put_arr(row, "attachment_ids");
		json_put_str(row, "name", json_str_or(a, "user.name", ""));
		json_put_i64(row, "days_to_respond", json_i64_or(a, "days_to_respond", 0));
		json_put_bool(
		    row, "response_required", json_bool_or(a, "response_required", true));
	}
	json_put_arr(j, "attachments");
	json_free(doc);
	return sim_reply(c, 200, j);
}

/* ---- of the company */

static int
answer_company(
    struct sim_call *c, int64_t company, const char *member, bool paged, struct err *e)
{
	struct json *co = NULL, *list;

	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i", company) == -1)
		return -1;
	list = json_get(co, member) != NULL ? json_dup(json_get(co, member)) : json_arr();
	json_free(co);
	return sim_reply(c, 200, paged ? list_page(c, list, 100, 1000) : list);
}

int
submittals_statuses(struct sim_call *c, struct err *e)
{
	return answer_company(c, c->company_id, "statuses", true, e);
}

int
submittals_types(struct sim_call *c, struct err *e)
{
	return answer_company(c, c->company_id, "types", true, e);
}

int
submittals_responses(struct sim_call *c, struct err *e)
{
	return answer_company(
	    c, json_i64_or(c->project, "company_id", 0), "responses", true, e);
}

static void
add_option(struct json *arr, int64_t key, const char *value)
{
	const struct json *o;
	struct json *j;

	for (o = json_first(arr); o != NULL; o = json_next(o)) {
		if (json_i64_or(o, "key", 0) == key)
			return;
	}
	j = json_add_obj(arr);
	json_put_i64(j, "key", key);
	json_put_str(j, "value", value);
}

int
submittals_options(struct sim_call *c, struct err *e)
{
	static const struct {
		const char *field, *member;
	} one[] = {{"status_id", "status"}, {"type", "type"},
	    {"submittal_manager_id", "submittal_manager"},
	    {"received_from_id", "received_from"},
	    {"specification_section_id", "specification_section"}};
	const char *field = strrchr(c->req->path, '/') + 1;
	struct json *all = NULL, *out;
	const struct json *d, *v;

	if (items_list(c, "submittal", false, &all, e) == -1)
		return -1;
	out = json_arr();
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
			v = json_get(d, one[i].member);
			if (str_eq(field, one[i].field) && json_type(v) == JSON_OBJECT)
				add_option(out, json_i64_or(v, "id", 0),
				    json_str_or(v, "name", json_str_or(v, "label", "")));
		}
		for (v = json_first(json_get(d, "ball_in_court"));
		     str_eq(field, "ball_in_court_id") && v != NULL; v = json_next(v))
			add_option(
			    out, json_i64_or(v, "id", 0), json_str_or(v, "name", ""));
	}
	json_free(all);
	return sim_reply(c, 200, out);
}

/* Attachment records of the project's submittals; view=ids_only gives ids. */
int
submittals_attachments(struct sim_call *c, struct err *e)
{
	bool ids = str_eq(json_str_or(c->query, "view", ""), "ids_only");
	struct json *all = NULL, *out, *row;
	const struct json *d, *a;

	if (items_list(c, "submittal", false, &all, e) == -1)
		return -1;
	out = json_arr();
	for (d = json_first(all); d != NULL; d = json_next(d)) {
		for (a = json_first(json_get(d, "associated_attachments")); a != NULL;
		     a = json_next(a)) {
			if (!list_wants_i64(c, "id", json_i64_or(a, "id", 0)))
				continue;
			row = ids ? json_add_obj(out) : json_dup(a);
			if (ids)
				json_put_i64(row, "id", json_i64_or(a, "id", 0));
			else
				json_add(out, row);
		}
	}
	json_free(all);
	return sim_reply(c, 200, out);
}

/* Close and distribute: a status of category Closed, a message, files for all. */
int
submittals_distribute(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL, *spec = json_obj(), *d;
	int64_t id;
	int rc = load(c, &doc, e);

	if (rc == 0 && sim_level(c, TOOL_SUBMITTAL) < LEVEL_ADMIN)
		rc = sim_refuse(
		    c, 403, "You do not have permission to distribute this submittal");
	if (rc == 0) {
		json_put_i64(spec, "status_id",
		    json_i64_or(c->body, "submittal_log_status_id",
			json_i64_or(c->body, "submittal_log.submittal_log_status_id", 0)));
		rc = sim_new_id(c->sim, &id, e);
	}
	if (rc == 0) {
		if (json_type(json_get(doc, "distributed_submittals")) != JSON_ARRAY)
			json_put_arr(doc, "distributed_submittals");
		d = json_add_obj(data_at(doc, "distributed_submittals"));
		json_put_i64(d, "id", id);
		json_put_str(d, "message", params_str(c->body, "message"));
		data_put_time(d, "sent_at", c->shown);
		json_put(d, "distributed_by", people_ref(c->who, false));
		json_put_arr(d, "distributed_to");
		json_put_arr(d, "final_attachments");
		json_put_arr(d, "selected_approver_ids");
		data_put_time(doc, "distributed_at", c->shown);
		rc = submittal_change(c, doc, spec, e);
	}
	json_free(spec);
	json_free(doc);
	return rc == 0 ? sim_reply(c, 200, json_obj()) : rc;
}
