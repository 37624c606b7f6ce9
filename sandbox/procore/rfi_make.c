#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* Members with the value they have when nothing is said, as JSON seen at Procore (data
 * recorded in 2025). */
static void
put_blanks(struct json *d)
{
	static const char *const nulls[] = {"cost_code", "location", "location_id",
	    "prefix", "project_stage", "proposed_solution", "responsible_contractor",
	    "sub_job", "time_resolved", NULL};
	static const char *const arrays[] = {
	    "change_events", "coordination_issues", "drawing_ids", NULL};
	static const char *const fields[] = {
	    "custom_textfield_1", "custom_textfield_2", NULL};
	struct json *j;

	for (const char *const *k = nulls; *k != NULL; k++)
		json_put_null(d, *k);
	for (const char *const *k = arrays; *k != NULL; k++)
		json_put_arr(d, *k);
	for (const char *const *k = fields; *k != NULL; k++) {
		j = json_put_obj(d, *k);
		json_put_null(j, "label");
		json_put_str(j, "value", "");
	}
	j = json_put_obj(d, "priority"); /* false, not null: as recorded */
	json_put_bool(j, "name", false);
	json_put_null(j, "value");
	json_put_obj(d, "custom_fields");
	json_put_str(d, "revision", "0");
	json_put_bool(d, "current_revision", true);
	json_put_bool(d, "has_revisions", false);
	json_put_bool(d, "accepted", false);
	json_put_str(d, "reference", "");
	json_put_str(d, "drawing_number", "");
}

static void
put_impact(struct json *d, const char *key, const struct json *spec)
{
	const struct json *given = json_get(spec, key);
	struct json *j = json_put_obj(d, key);

	json_put_str(j, "status",
	    json_str(given) != NULL ? json_str(given)
				    : json_str_or(given, "status", "n_a"));
	if (json_get(given, "value") != NULL)
		json_put(j, "value", json_dup(json_get(given, "value")));
	else
		json_put_null(j, "value");
}

static void
put_status(struct json *d, const char *status)
{
	static const struct {
		const char *status, *shown;
	} words[] = {{"draft", "Draft"}, {"open", "Open"}, {"closed", "Closed"}};

	json_put_str(d, "status", status);
	json_put_bool(d, "draft", str_eq(status, "draft"));
	json_put_bool(d, "accepted", str_eq(status, "closed"));
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (str_eq(words[i].status, status))
			json_put_str(d, "translated_status", words[i].shown);
	}
}

/* assignees[] with response_required, assignee, distribution. */
static int
put_assignees(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	const struct json *required = json_get(spec, "required_assignee_ids");
	struct json *arr = NULL, *dist = NULL, *a;

	if (make_people(c, json_get(spec, "assignee_ids"), true, &arr, e) == -1)
		return -1;
	json_put(d, "assignee",
	    json_len(arr) > 0 ? json_dup(json_item(arr, 0)) : json_new_null());
	for (size_t i = 0; i < json_len(arr); i++) {
		a = data_item(arr, i);
		json_put_bool(a, "response_required",
		    data_has_i64(required, json_i64_or(a, "id", 0)));
	}
	json_put(d, "assignees", arr);
	if (make_people(c, json_get(spec, "distribution_ids"), false, &dist, e) == -1)
		return -1;
	json_put(d, "distribution_list", dist);
	return 0;
}

/* Multipart files stand beside the rfi or in its question; prepared ones come from seed and
 * control. */
static int
put_question(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	const struct json *q = json_get(spec, "question"),
			  *parts = json_get(q, "attachments");
	struct json *out, *files = NULL;
	int64_t id;
	int rc;

	if (parts == NULL)
		parts = json_get(c->body, "attachments");
	if (json_get(spec, "_attachments") != NULL)
		files = json_dup(json_get(spec, "_attachments"));
	else if ((rc = files_attach(c, q, parts, &files, e)) != 0)
		return rc;
	out = json_add_obj(json_put_arr(d, "questions"));
	json_put(out, "attachments", files);
	if (sim_new_id(c->sim, &id, e) == -1 ||
	    make_rich(c, json_str_or(q, "body", ""), out, "rich_text_body", e) == -1)
		return -1;
	json_put_i64(out, "id", id);
	json_put_str(out, "created_by", json_str_or(c->who, "name", ""));
	make_plain(json_str_or(out, "rich_text_body", ""), out, "plain_text_body");
	json_put_arr(out, "answers");
	data_put_time(out, "question_date", c->shown);
	return 0;
}

static int
put_people(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	struct json *u = NULL;

	json_put(d, "created_by", people_ref(c->who, false));
	if (make_person(c, json_i64_or(spec, "rfi_manager_id", 0), false, &u, e) == -1)
		return -1;
	json_put(d, "rfi_manager", u);
	if (make_person(c, json_i64_or(spec, "received_from_login_information_id", 0),
		false, &u, e) == -1)
		return -1;
	json_put(d, "received_from", u);
	return put_assignees(c, d, spec, e);
}

static void
put_texts(struct sim_call *c, struct json *d, const struct json *spec)
{
	static const char *const plain[] = {
	    "due_date", "reference", "drawing_number", NULL};
	const char *title = json_str_or(spec, "subject", "");
	char *link;

	link = xasprintf("%s/%lld/project/rfi/show/%lld", c->sim->api_url,
	    (long long)json_i64_or(c->project, "id", 0),
	    (long long)json_i64_or(d, "id", 0));
	json_put_str(d, "link", link);
	free(link);
	json_put_str(d, "subject", title);
	json_put_str(d, "title", title);
	json_put_null(d, "due_date");
	data_copy(d, spec, plain);
	json_put_bool(d, "private", data_bool(spec, "private", false));
	put_impact(d, "cost_impact", spec);
	put_impact(d, "schedule_impact", spec);
	json_put(d, "specification_section",
	    make_section(c, json_i64_or(spec, "specification_section_id", 0),
		json_str_or(spec, "_section", NULL)));
	json_put(d, "full_number", json_dup(json_get(d, "number")));
	json_put_i64(d, "source_rfi_header_id", json_i64_or(d, "id", 0));
}

int
rfi_make(struct sim_call *c, const struct json *spec, struct json **doc, struct err *e)
{
	struct json *d;
	bool draft = data_bool(spec, "draft", false);
	int64_t id = json_i64_or(spec, "_id", 0);
	int rc;

	if (str_empty(json_str_or(spec, "subject", "")) ||
	    json_i64_or(spec, "rfi_manager_id", 0) == 0 ||
	    str_empty(json_str_or(spec, "question.body", "")))
		return sim_refuse(
		    c, 422, "subject, rfi_manager_id and question.body are required");
	if (id == 0 && sim_new_id(c->sim, &id, e) == -1)
		return -1;
	d = json_obj();
	json_put_i64(d, "id", id);
	put_blanks(d);
	rc = make_number(c, "rfi", "000", spec, d, e);
	if (rc == 0)
		rc = put_people(c, d, spec, e);
	if (rc == 0) {
		put_texts(c, d, spec);
		put_status(d, draft ? "draft" : "open");
		data_put_time(d, "created_at", c->shown);
		data_put_time(d, "updated_at", c->shown);
		if (draft)
			json_put_null(d, "initiated_at");
		else
			data_put_time(d, "initiated_at", c->shown);
		rc = put_question(c, d, spec, e);
	}
	if (rc == 0) {
		rfi_court(d, draft ? json_arr() : json_dup(json_get(d, "assignees")),
		    "assignees");
		rc = items_insert(c, "rfi", d, e);
	}
	if (rc != 0)
		json_free(d);
	else
		*doc = d;
	return rc;
}

/* accepted closes and reopens (procore.md 5.5). */
static void
change_state(struct sim_call *c, struct json *d, const struct json *spec)
{
	bool closed = str_eq(json_str_or(d, "status", ""), "closed");

	if (json_get(spec, "accepted") != NULL && data_bool(spec, "accepted", false) &&
	    !closed) {
		put_status(d, "closed");
		data_put_time(d, "time_resolved", c->shown);
		rfi_court(d, json_arr(), NULL);
	} else if (json_get(spec, "accepted") != NULL &&
		   !data_bool(spec, "accepted", true) && closed) {
		put_status(d, "open");
		json_put_null(d, "time_resolved");
		json_remove(d, "_responded");
		rfi_court(d, json_dup(json_get(d, "assignees")), "assignees");
	}
	if (json_get(spec, "draft") != NULL && !data_bool(spec, "draft", true) &&
	    json_bool_or(d, "draft", false)) {
		put_status(d, "open");
		data_put_time(d, "initiated_at", c->shown);
		rfi_court(d, json_dup(json_get(d, "assignees")), "assignees");
	}
}

static int
change_assignees(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	struct json *both = json_obj();
	const struct json *dist = json_get(spec, "distribution_ids"), *u;
	int rc;

	json_put(both, "assignee_ids", json_dup(json_get(spec, "assignee_ids")));
	if (json_get(spec, "required_assignee_ids") != NULL)
		json_put(both, "required_assignee_ids",
		    json_dup(json_get(spec, "required_assignee_ids")));
	if (dist != NULL) {
		json_put(both, "distribution_ids", json_dup(dist));
	} else {
		struct json *ids = json_put_arr(both, "distribution_ids");
		for (u = json_first(json_get(d, "distribution_list")); u != NULL;
		     u = json_next(u))
			json_add_i64(ids, json_i64_or(u, "id", 0));
	}
	rc = put_assignees(c, d, both, e);
	json_free(both);
	if (rc == 0 && str_eq(json_str_or(d, "status", ""), "open") &&
	    str_eq(json_str_or(d, "ball_in_court_role", ""), "assignees"))
		rfi_court(d, json_dup(json_get(d, "assignees")), "assignees");
	return rc;
}

static int
add_files(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	const struct json *q = json_get(spec, "question"), *a;
	struct json *files = NULL, *have = data_at(d, "questions.0.attachments");
	int rc = 0;

	if (json_get(spec, "_attachments") != NULL)
		files = json_dup(json_get(spec, "_attachments"));
	else
		rc = files_attach(c, q, json_get(c->body, "attachments"), &files, e);
	for (a = json_first(files); rc == 0 && have != NULL && a != NULL; a = json_next(a))
		json_add(have, json_dup(a));
	json_free(files);
	return rc;
}

int
rfi_change(struct sim_call *c, struct json *doc, const struct json *spec, struct err *e)
{
	static const char *const plain[] = {
	    "subject", "due_date", "reference", "drawing_number", NULL};
	struct json *u = NULL, *q = data_at(doc, "questions.0");
	const char *body = json_str_or(spec, "question.body", "");
	int rc = 0;

	data_copy(doc, spec, plain);
	json_put(doc, "title", json_dup(json_get(doc, "subject")));
	if (json_get(spec, "private") != NULL)
		json_put_bool(doc, "private", data_bool(spec, "private", false));
	if (json_get(spec, "rfi_manager_id") != NULL) {
		rc = make_person(c, json_i64_or(spec, "rfi_manager_id", 0), false, &u, e);
		if (rc == 0)
			json_put(doc, "rfi_manager", u);
	}
	if (rc == 0 && q != NULL && !str_empty(body)) {
		rc = make_rich(c, body, q, "rich_text_body", e);
		make_plain(json_str_or(q, "rich_text_body", ""), q, "plain_text_body");
	}
	if (rc == 0 && json_get(spec, "assignee_ids") != NULL)
		rc = change_assignees(c, doc, spec, e);
	if (rc == 0)
		rc = add_files(c, doc, spec, e);
	if (rc != 0)
		return rc;
	change_state(c, doc, spec);
	return items_save(c, "rfi", doc, e);
}
