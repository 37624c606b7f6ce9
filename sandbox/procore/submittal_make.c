#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

static void
put_blanks(struct json *d)
{
	static const char *const nulls[] = {"actual_delivery_date", "closed_at",
	    "confirmed_delivery_date", "cost_code", "cost_code_id", "custom_textarea_1",
	    "custom_textfield_1", "design_team_review_time", "distributed_at", "due_date",
	    "internal_review_time", "issue_date", "last_distributed_submittal", "lead_time",
	    "location", "location_id", "open_date", "received_date",
	    "rejected_submittal_log_approver_id", "required_on_site_date",
	    "responsible_contractor", "scheduled_task", "source_submittal_log_id",
	    "sub_job", "sub_job_id", "submit_by", "submittal_package",
	    "submittal_workflow_template", "submittal_workflow_template_applied_at", NULL};
	static const char *const arrays[] = {"approvers", "ball_in_court",
	    "distributed_submittals", "distribution_members", "drawing_ids",
	    "linked_drawing_ids", "operation_item_errors", NULL};

	for (const char *const *k = nulls; *k != NULL; k++)
		json_put_null(d, *k);
	for (const char *const *k = arrays; *k != NULL; k++)
		json_put_arr(d, *k);
	json_put_obj(d, "custom_fields");
	json_put_bool(d, "current_revision", true);
	json_put_bool(d, "for_record_only", false);
	json_put_bool(d, "is_rejected", false);
	json_put_bool(d, "private", false);
	json_put_str(d, "revision", "0");
	json_put_str(d, "description", "");
	json_put_str(d, "rich_text_description", "");
}

/* A row of one of the company's lists by id, or by the text of a member when id is 0. */
static int
company_row(struct sim_call *c, const char *list, int64_t id, const char *member,
    const char *text, struct json **out, struct err *e)
{
	struct json *co = NULL;
	const struct json *r;

	*out = NULL;
	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i",
		json_i64_or(c->project, "company_id", 0)) == -1)
		return -1;
	for (r = json_first(json_get(co, list)); r != NULL && *out == NULL;
	     r = json_next(r)) {
		if (id != 0 ? json_i64_or(r, "id", 0) == id
			    : str_eq_ci(json_str_or(r, member, ""), text))
			*out = json_dup(r);
	}
	json_free(co);
	return 0;
}

static int
put_status(struct sim_call *c, struct json *d, int64_t id, const char *name, struct err *e)
{
	struct json *s = NULL;
	bool closed;

	if (company_row(c, "statuses", id, "name", name, &s, e) == -1)
		return -1;
	if (s == NULL)
		return sim_refuse(c, 422, "status_id is not a status of this company");
	closed = str_eq(json_str_or(s, "status", ""), "Closed");
	json_put(d, "status", s);
	if (closed)
		data_put_time(d, "closed_at", c->shown);
	else
		json_put_null(d, "closed_at");
	return 0;
}

static int
put_type(struct sim_call *c, struct json *d, const char *name, struct err *e)
{
	struct json *t = NULL;

	if (company_row(c, "types", 0, "name", name, &t, e) == -1)
		return -1;
	json_put(d, "type", t != NULL ? t : json_new_null());
	return 0;
}

/* Lists know a file as associated attachment, show as attachment: one row each of the same
 * file. */
static int
put_files(struct sim_call *c, struct json *d, const struct json *files, struct err *e)
{
	struct json *plain = data_at(d, "attachments"),
		    *assoc = data_at(d, "associated_attachments"), *p, *a;
	const struct json *f;
	int64_t id;

	if (plain == NULL || json_type(plain) != JSON_ARRAY)
		plain = json_put_arr(d, "attachments");
	if (assoc == NULL || json_type(assoc) != JSON_ARRAY)
		assoc = json_put_arr(d, "associated_attachments");
	for (f = json_first(files); f != NULL; f = json_next(f)) {
		if (sim_new_id(c->sim, &id, e) == -1)
			return -1;
		p = json_add_obj(plain);
		json_put_i64(p, "id", json_i64_or(f, "id", 0));
		json_put_str(p, "filename", json_str_or(f, "filename", ""));
		json_put_str(p, "_file", json_str_or(f, "_file", ""));
		a = json_add_obj(assoc);
		json_put_i64(a, "id", id);
		json_put_i64(a, "attachment_id", json_i64_or(f, "id", 0));
		json_put_str(a, "filename", json_str_or(f, "filename", ""));
		json_put_str(a, "content_type", "pdf");
		json_put_str(a, "_file", json_str_or(f, "_file", ""));
		json_put_str(a, "state", "current");
		data_put_time(a, "attached_at", c->shown);
		data_put_time(a, "updated_at", c->shown);
		data_put_time(a, "version_timestamp", c->shown);
		json_put_null(a, "document_markup_layer_id");
		json_put_null(a, "markup_updated_at");
		json_put_i64(a, "additional_page_count", 0);
		json_put_bool(a, "file_unavailable", false);
	}
	json_put_i64(d, "attachments_count", (int64_t)json_len(plain));
	return 0;
}

/* The submittal's own files: multipart attachments[]; in JSON they are silently dropped, as
 * seen. */
static int
put_given_files(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	const struct json *parts = json_get(spec, "attachments");
	struct json *files = NULL, *none = json_obj();
	int rc = 0;

	if (parts == NULL)
		parts = json_get(c->body, "attachments");
	if (json_get(spec, "_attachments") != NULL)
		files = json_dup(json_get(spec, "_attachments"));
	else
		rc = files_attach(c, none, parts, &files, e);
	if (rc == 0)
		rc = put_files(c, d, files, e);
	json_free(none);
	json_free(files);
	return rc;
}

static int
put_person(struct sim_call *c, struct json *d, const char *key, const struct json *spec,
    const char *from, struct err *e)
{
	struct json *u = NULL;

	if (json_get(spec, from) == NULL)
		return 0;
	if (make_person(c, json_i64_or(spec, from, 0), false, &u, e) == -1)
		return -1;
	json_put(d, key, u);
	return 0;
}

static void
put_number_form(struct json *d)
{
	const char *section = json_str_or(d, "specification_section.number", "");
	char *text;

	text = str_empty(section)
		   ? xstrdup(json_str_or(d, "number", ""))
		   : xasprintf("%s-%s", section, json_str_or(d, "number", ""));
	json_put_str(d, "formatted_number", text);
	free(text);
}

/* Members that create and update share. */
static int
apply(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	static const char *const plain[] = {"title", "revision", "due_date", "issue_date",
	    "received_date", "submit_by", "required_on_site_date", "lead_time", "number",
	    NULL};
	const char *text = json_str_or(spec, "description", NULL),
		   *type = json_str_or(spec, "type", NULL);
	struct json *members = NULL;
	int rc = 0;

	data_copy(d, spec, plain);
	if (json_get(spec, "private") != NULL)
		json_put_bool(d, "private", data_bool(spec, "private", false));
	if (text != NULL) {
		rc = make_rich(c, text, d, "rich_text_description", e);
		make_plain(json_str_or(d, "rich_text_description", ""), d, "description");
	}
	if (rc == 0 && type != NULL)
		rc = put_type(c, d, type, e);
	if (rc == 0 && (json_get(spec, "specification_section_id") != NULL ||
			   json_get(spec, "_section") != NULL))
		json_put(d, "specification_section",
		    make_section(c, json_i64_or(spec, "specification_section_id", 0),
			json_str_or(spec, "_section", NULL)));
	if (rc == 0)
		rc = put_person(c, d, "submittal_manager", spec, "submittal_manager_id", e);
	if (rc == 0)
		rc = put_person(c, d, "received_from", spec, "received_from_id", e);
	if (rc == 0 && json_get(spec, "distribution_member_ids") != NULL) {
		rc = make_people(
		    c, json_get(spec, "distribution_member_ids"), false, &members, e);
		if (rc == 0)
			json_put(d, "distribution_members", members);
	}
	if (rc == 0)
		rc = put_given_files(c, d, spec, e);
	put_number_form(d);
	return rc;
}

/* A new revision takes the place of the one it names. */
static int
follow(struct sim_call *c, struct json *d, int64_t previous, struct err *e)
{
	struct json *old = NULL;
	int rc;

	if (previous == 0)
		return 0;
	if (items_load(c, "submittal", previous, false, &old, e) == -1)
		return -1;
	if (old == NULL)
		return sim_refuse(
		    c, 422, "source_submittal_log_id is not a submittal of this project");
	json_put_bool(old, "current_revision", false);
	rc = items_save(c, "submittal", old, e);
	json_put_i64(d, "source_submittal_log_id", previous);
	json_free(old);
	return rc;
}

static int
first_values(struct sim_call *c, struct json *d, const struct json *spec, struct err *e)
{
	static const char *const persons[] = {
	    "submittal_manager", "received_from", "specification_section", "type", NULL};
	int64_t status = json_i64_or(spec, "status_id", 0);
	int rc;

	for (const char *const *k = persons; *k != NULL; k++)
		json_put_null(d, *k);
	json_put(d, "created_by", people_ref(c->who, false));
	json_put(d, "submittal_manager", people_ref(c->who, false));
	data_put_time(d, "created_at", c->shown);
	data_put_time(d, "updated_at", c->shown);
	rc = make_number(c, "submittal", "1", spec, d, e);
	if (rc == 0)
		rc = apply(c, d, spec, e);
	if (rc == 0)
		rc = put_status(c, d, status, json_str_or(spec, "_status", "Open"), e);
	if (rc == 0)
		rc = follow(c, d, json_i64_or(spec, "source_submittal_log_id", 0), e);
	return rc;
}

int
submittal_make(
    struct sim_call *c, const struct json *spec, struct json **doc, struct err *e)
{
	const struct json *workflow = json_get(spec, "workflow_data");
	struct json *d;
	int64_t id = json_i64_or(spec, "_id", 0);
	int rc;

	if (str_empty(json_str_or(spec, "number", "")) &&
	    json_get(spec, "_auto_number") == NULL)
		return sim_refuse(c, 422, "number is required");
	if (id == 0 && sim_new_id(c->sim, &id, e) == -1)
		return -1;
	d = json_obj();
	json_put_i64(d, "id", id);
	put_blanks(d);
	rc = first_values(c, d, spec, e);
	if (rc == 0)
		rc = items_insert(c, "submittal", d, e); /* approvers refer to the row */
	if (rc == 0 && workflow != NULL)
		rc = approvers_make(c, d, workflow, e);
	if (rc == 0)
		rc = approvers_court(c, d, e);
	if (rc == 0)
		rc = data_run(c->sim->db, PQ_ITEM_SET, e, "iid", id, c->shown, d);
	if (rc != 0)
		json_free(d);
	else
		*doc = d;
	return rc;
}

int
submittal_change(
    struct sim_call *c, struct json *doc, const struct json *spec, struct err *e)
{
	const struct json *workflow = json_get(spec, "workflow_data");
	int rc = apply(c, doc, spec, e);

	if (rc == 0 &&
	    (json_i64_or(spec, "status_id", 0) != 0 || json_get(spec, "_status") != NULL))
		rc = put_status(c, doc, json_i64_or(spec, "status_id", 0),
		    json_str_or(spec, "_status", ""), e);
	if (rc == 0 && json_get(spec, "is_rejected") != NULL)
		json_put_bool(doc, "is_rejected", data_bool(spec, "is_rejected", false));
	if (rc == 0 && workflow != NULL)
		rc = approvers_make(c, doc, workflow, e);
	if (rc == 0)
		rc = approvers_court(c, doc, e);
	return rc == 0 ? items_save(c, "submittal", doc, e) : rc;
}
