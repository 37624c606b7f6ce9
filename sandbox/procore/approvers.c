#include "config.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

static const char *
considered(const struct json *approver)
{
	return json_str_or(approver, "response.considered", "pending");
}

static bool
pending(const struct json *approver)
{
	return str_eq(considered(approver), "pending");
}

static int64_t
step_of(const struct json *approver)
{
	return json_i64_or(approver, "workflow_group_number", 1);
}

/* The first step that still waits for a required answer; 0: none does. */
static int64_t
current_step(const struct json *doc)
{
	const struct json *a;
	int64_t step = 0;

	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		if (pending(a) && json_bool_or(a, "response_required", true) &&
		    (step == 0 || step_of(a) < step))
			step = step_of(a);
	}
	return step;
}

/* People in court carry initials and firm. */
static int
add_to_court(struct sim_call *c, struct json *arr, int64_t id, struct err *e)
{
	struct json *p = NULL, *u;

	if (people_by_id(c->sim, id, &p, e) == -1)
		return -1;
	if (p != NULL) {
		u = json_add_obj(arr);
		json_put_i64(u, "id", id);
		json_put_str(u, "initials", json_str_or(p, "initials", ""));
		json_put_str(u, "login", json_str_or(p, "login", ""));
		json_put_str(u, "name", json_str_or(p, "name", ""));
		u = json_put_obj(u, "vendor");
		json_put_i64(u, "id", json_i64_or(p, "vendor_id", 0));
		json_put_str(u, "name", json_str_or(p, "vendor_name", ""));
	}
	json_free(p);
	return 0;
}

/* A person's step begins: dates are set when they are reached. */
static void
reach(struct sim_call *c, struct json *approver)
{
	if (json_str(json_get(approver, "sent_date")) != NULL)
		return;
	data_put_date(approver, "sent_date", c->shown);
	if (json_str(json_get(approver, "due_date")) == NULL)
		data_put_date(approver, "due_date",
		    c->shown + 86400 * json_i64_or(approver, "days_to_respond", 7));
}

/* procore.md 6.5: the unanswered people of the current step; then the manager; nobody once
 * closed. */
int
approvers_court(struct sim_call *c, struct json *doc, struct err *e)
{
	struct json *court = json_arr(), *all = data_at(doc, "approvers"), *a;
	const char *state = json_str_or(doc, "status.status", "Open");
	int64_t step = current_step(doc),
		manager = json_i64_or(doc, "submittal_manager.id", 0);
	int rc = 0;

	if (!str_eq(state, "Open")) {
		json_put(doc, "ball_in_court", court);
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < json_len(all); i++) {
		a = data_item(all, i);
		if (step == 0 || step_of(a) != step ||
		    json_bool_or(doc, "is_rejected", false))
			continue;
		reach(c, a);
		if (pending(a))
			rc = add_to_court(c, court, json_i64_or(a, "user.id", 0), e);
	}
	if (rc == 0 && json_len(court) == 0 && manager != 0)
		rc = add_to_court(c, court, manager, e);
	json_put(doc, "ball_in_court", court);
	return rc;
}

static int
response_row(struct sim_call *c, int64_t id, const char *considered_as, struct json **out,
    struct err *e)
{
	struct json *co = NULL;
	const struct json *r;

	*out = NULL;
	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i",
		json_i64_or(c->project, "company_id", 0)) == -1)
		return -1;
	for (r = json_first(json_get(co, "responses")); r != NULL && *out == NULL;
	     r = json_next(r)) {
		if (id != 0 ? json_i64_or(r, "id", 0) == id
			    : str_eq_ci(json_str_or(r, "considered", ""), considered_as))
			*out = json_dup(r);
	}
	json_free(co);
	return 0;
}

static int
make_one(struct sim_call *c, struct json *doc, const struct json *spec, int64_t step,
    struct err *e)
{
	bool submitter =
	    str_eq(json_str_or(spec, "approver_type", "Approver"), "Submitter");
	struct json *user = NULL, *response = NULL, *a;
	int64_t id;

	if (sim_new_id(c->sim, &id, e) == -1 ||
	    make_person(c, json_i64_or(spec, "login_information_id", 0), false, &user, e) ==
		-1)
		return -1;
	if (json_type(user) != JSON_OBJECT) {
		json_free(user);
		return sim_refuse(c, 400, "Error Updating Approvers.");
	}
	if (response_row(c, 0, "pending", &response, e) == -1 ||
	    data_run(c->sim->db, PQ_APPROVER_ADD, e, "ii", id, json_i64_or(doc, "id", 0)) ==
		-1) {
		json_free(user);
		json_free(response);
		return -1;
	}
	a = json_add_obj(data_at(doc, "approvers"));
	json_put_i64(a, "id", id);
	json_put_str(a, "approver_type", submitter ? "Submitter" : "Approver");
	json_put_i64(a, "workflow_group_number", step);
	json_put_bool(a, "response_required", data_bool(spec, "response_required", true));
	json_put(a, "user", user);
	json_put(a, "response", response != NULL ? response : json_new_null());
	json_put_null(a, "comment");
	json_put_null(a, "sent_date");
	json_put_str(a, "due_date", json_str_or(spec, "due_date", NULL));
	json_put_null(a, "returned_date");
	json_put_i64(a, "days_to_respond", json_i64_or(spec, "days_to_respond", 7));
	json_put_i64(a, "variance", 0);
	json_put_bool(a, "distributed", false);
	json_put_arr(a, "attachments");
	json_put_arr(a, "associated_attachments");
	json_put_arr(a, "submittal_associated_attachment_ids");
	return 0;
}

/* workflow_data: a list of steps, each a list of people (procore.md 6.7). */
int
approvers_make(
    struct sim_call *c, struct json *doc, const struct json *workflow, struct err *e)
{
	const struct json *step, *one;
	int64_t n = 1;
	int rc = 0;

	if (json_type(workflow) != JSON_ARRAY)
		return sim_refuse(c, 400, "Error Updating Approvers.");
	if (data_run(c->sim->db, PQ_APPROVERS_OF_DROP, e, "i", json_i64_or(doc, "id", 0)) ==
	    -1)
		return -1;
	json_put_arr(doc, "approvers");
	for (step = json_first(workflow); rc == 0 && step != NULL;
	     step = json_next(step), n++) {
		for (one = json_first(step); rc == 0 && one != NULL; one = json_next(one))
			rc = make_one(c, doc, one, n, e);
	}
	return rc;
}

/* ---- a response */

static struct json *
find(struct json *doc, int64_t id)
{
	const struct json *a;

	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		if (json_i64_or(a, "id", 0) == id)
			return data_own(a);
	}
	return NULL;
}

static bool
in_court(const struct json *doc, const struct json *approver)
{
	return data_has_id(
	    json_get(doc, "ball_in_court"), json_i64_or(approver, "user.id", -1));
}

/* Who may, and whether the request itself is right; the texts are those of the reference.
 */
static int
check(struct sim_call *c, const struct json *doc, const struct json *a,
    const struct json *spec)
{
	bool admin = sim_level(c, TOOL_SUBMITTAL) == LEVEL_ADMIN;

	if (json_i64_or(a, "user.id", 0) != sim_who(c) && !admin)
		return sim_refuse(
		    c, 403, "User does not have permission to update Submittal Approver");
	if (!admin && (json_get(spec, "sent_date") != NULL ||
			  json_get(spec, "returned_date") != NULL))
		return sim_refuse(c, 403,
		    "sent_date and returned_date are for those who may answer on behalf");
	if (!str_eq(json_str_or(doc, "status.status", ""), "Open"))
		return sim_refuse(
		    c, 422, "Error updating Submittal Approver: the submittal is not open");
	if (!admin && pending(a) && !in_court(doc, a))
		return sim_refuse(c, 422,
		    "Error updating Submittal Approver: it is not this approver's turn");
	return 0;
}

static bool
fits(const struct json *response, const struct json *approver)
{
	const char *as = json_str_or(response, "considered", "");
	bool submitter = str_eq(json_str_or(approver, "approver_type", ""), "Submitter");

	return response != NULL &&
	       (submitter ? str_eq(as, "submitted") : !str_eq(as, "submitted")) &&
	       !str_eq(as, "pending");
}

static int
add_files(struct sim_call *c, struct json *a, const struct json *spec, struct err *e)
{
	static const char *const shown[] = {"id", "name", "filename", "_file", NULL};
	const struct json *parts = json_get(spec, "attachments_to_upload"), *f;
	struct json *files = NULL, *have = data_at(a, "attachments");
	int rc = 0;

	if (parts == NULL)
		parts = json_get(c->body, "attachments_to_upload");
	if (json_get(spec, "_attachments") != NULL)
		files = json_dup(json_get(spec, "_attachments"));
	else
		rc = files_attach(c, spec, parts, &files, e);
	if (rc == 0 && json_type(have) != JSON_ARRAY)
		have = json_put_arr(a, "attachments");
	for (f = json_first(files); rc == 0 && f != NULL; f = json_next(f))
		data_copy(json_add_obj(have), f, shown);
	json_free(files);
	return rc;
}

/* Forwarding puts a person into the same step, behind the one who forwards. */
static int
forward(struct sim_call *c, struct json *doc, const struct json *a, const struct json *to,
    struct err *e)
{
	struct json *spec = json_obj();
	int64_t step = step_of(a);
	int rc;

	json_put_i64(spec, "login_information_id", json_i64_or(to, "user_id", 0));
	json_put_str(spec, "due_date", json_str_or(to, "due_date", NULL));
	rc = make_one(c, doc, spec, step, e);
	json_free(spec);
	return rc;
}

/* With the project's option for it, a rejecting answer sends the ball back to the manager.
 */
static void
reject(struct sim_call *c, struct json *doc, const struct json *a)
{
	const char *as = considered(a);

	if (json_i64_or(c->project, "reject_workflow", 0) == 0 ||
	    (!str_eq(as, "rejected") && !str_eq(as, "revise and resubmit")))
		return;
	json_put_bool(doc, "is_rejected", true);
	json_put_i64(doc, "rejected_submittal_log_approver_id", json_i64_or(a, "id", 0));
}

static struct json *
answer_of(const struct json *a)
{
	static const char *const names[] = {"id", "attachments", "comment", "returned_date",
	    "sent_date", "days_to_respond", NULL};
	struct json *j = json_obj();

	data_copy(j, a, names);
	json_put_i64(j, "submittal_response_id", json_i64_or(a, "response.id", 0));
	return j;
}

static int
record(struct sim_call *c, struct json *doc, struct json *a, const struct json *spec,
    struct json *response, struct err *e)
{
	static const char *const dates[] = {"comment", "sent_date", "returned_date", NULL};
	const struct json *to = json_get(spec, "forward_to");
	bool forwards =
	    str_eq(json_str_or(response, "considered", ""), "forwarded for review");
	int rc;

	if (to != NULL && !forwards)
		return sim_refuse(
		    c, 400, "forward_to needs a response that forwards for review");
	rc = add_files(c, a, spec, e);
	if (rc != 0)
		return rc;
	json_put(a, "response", json_dup(response));
	data_put_date(a, "returned_date", c->shown);
	data_copy(a, spec, dates);
	if (forwards && to != NULL)
		rc = forward(c, doc, a, to, e);
	reject(c, doc, a);
	if (rc == 0)
		rc = approvers_court(c, doc, e);
	return rc == 0 ? items_save(c, "submittal", doc, e) : rc;
}

int
approver_answer(struct sim_call *c, struct json *doc, int64_t approver_id,
    const struct json *spec, struct json **out, struct err *e)
{
	struct json *a = find(doc, approver_id), *response = NULL;
	int rc;

	if (a == NULL)
		return sim_refuse(c, 404, "Submittal Approver not found");
	rc = check(c, doc, a, spec);
	if (rc != 0)
		return rc;
	if (response_row(
		c, json_i64_or(spec, "submittal_response_id", -1), "", &response, e) == -1)
		return -1;
	if (!fits(response, a))
		rc = sim_refuse(c, 400,
		    "Invalid Submittal Response for the specified Submittal Approver");
	else
		rc = record(c, doc, a, spec, response, e);
	json_free(response);
	if (rc == 0 && out != NULL)
		*out = answer_of(
		    find(doc, approver_id)); /* forwarding may have moved the row */
	return rc;
}

/* Both forms of the answer are documented: a list and a single object (procore.md 6.6). */
int
approvers_update(struct sim_call *c, struct err *e)
{
	const struct json *spec = json_get(c->body, "submittal_approver");
	struct json *doc = NULL, *out = NULL, *arr;
	int rc;

	if (spec == NULL)
		return sim_refuse(
		    c, 400, "param is missing or the value is empty: submittal_approver");
	if (items_load(c, "submittal", json_i64_or(c->query, "submittal_id", 0), false,
		&doc, e) == -1)
		return -1;
	if (doc == NULL)
		return sim_refuse(c, 404, "Submittal Approver not found");
	rc = approver_answer(c, doc, sim_path_id(c, "id"), spec, &out, e);
	json_free(doc);
	if (rc != 0)
		return rc;
	if (sim_setting_i64(c, "approver_array", 1) == 0)
		return sim_reply(c, 200, out);
	arr = json_arr();
	json_add(arr, out);
	return sim_reply(c, 200, arr);
}
