#include "config.h"

#include <stdlib.h>

#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

void
rfi_court(struct json *doc, struct json *people, const char *role)
{
	struct json *first = json_new_null();

	if (json_len(people) > 0) {
		json_free(first);
		first = json_dup(json_item(people, 0));
		if (json_get(first, "response_required") != NULL)
			json_remove(first, "response_required");
	}
	json_put(doc, "ball_in_court", first);
	json_put(doc, "ball_in_courts", people);
	json_put_str(doc, "ball_in_court_role", role);
}

static void
to_manager(struct json *doc)
{
	struct json *arr = json_arr(), *u;

	if (json_type(json_get(doc, "rfi_manager")) == JSON_OBJECT) {
		u = json_dup(json_get(doc, "rfi_manager"));
		json_put_bool(u, "response_required", false);
		json_add(arr, u);
	}
	rfi_court(doc, arr, "rfi_manager");
}

/* All required assignees, or when none is required any one of them, have answered since
 * they came in court. */
static bool
enough_answered(const struct json *doc)
{
	const struct json *responded = json_get(doc, "_responded"), *a;
	bool any_required = false, any = false;

	for (a = json_first(json_get(doc, "assignees")); a != NULL; a = json_next(a)) {
		bool did = data_has_i64(responded, json_i64_or(a, "id", 0));

		any = any || did;
		if (!json_bool_or(a, "response_required", false))
			continue;
		any_required = true;
		if (!did)
			return false;
	}
	return any_required || any;
}

/* Whether the ball moves by itself after an answer is a switch: the guide says yes, one
 * sandbox said no. */
static void
move_after_answer(struct sim_call *c, struct json *doc)
{
	struct json *back, *responded = data_at(doc, "_responded");

	if (responded == NULL)
		responded = json_put_arr(doc, "_responded");
	if (!data_has_i64(responded, sim_who(c)))
		json_add_i64(responded, sim_who(c));
	if (sim_setting_i64(c, "bic_auto", 1) == 0 ||
	    !data_has_id(json_get(doc, "ball_in_courts"), sim_who(c)))
		return;
	if (json_get(doc, "_forwarder") != NULL) {
		back = json_arr();
		json_add(back, json_dup(json_get(doc, "_forwarder")));
		json_remove(doc, "_forwarder");
		rfi_court(doc, back, "assignees");
	} else if (str_eq(json_str_or(doc, "ball_in_court_role", ""), "assignees") &&
		   enough_answered(doc)) {
		to_manager(doc);
	}
}

/* Standard and assignee, distribution member, in court or manager; or admin
 * (procore.md 5.6). */
static bool
may_answer(const struct sim_call *c, const struct json *doc)
{
	int64_t who = sim_who(c);

	return sim_level(c, TOOL_RFI) == LEVEL_ADMIN ||
	       data_has_id(json_get(doc, "assignees"), who) ||
	       data_has_id(json_get(doc, "distribution_list"), who) ||
	       data_has_id(json_get(doc, "ball_in_courts"), who) ||
	       json_i64_or(doc, "rfi_manager.id", 0) == who;
}

static int
build_reply(struct sim_call *c, const struct json *reply, struct json *files,
    struct json **out, struct err *e)
{
	struct json *r = json_obj();
	int64_t id;

	json_put(r, "attachments", files);
	if (sim_new_id(c->sim, &id, e) == -1 ||
	    make_rich(c, json_str_or(reply, "body", ""), r, "rich_text_body", e) == -1) {
		json_free(r);
		return -1;
	}
	json_put_i64(r, "id", id);
	json_put_bool(r, "official", data_bool(reply, "official", false));
	data_put_time(r, "answer_date", c->shown);
	make_plain(json_str_or(r, "rich_text_body", ""), r, "plain_text_body");
	json_put_str(r, "created_by", json_str_or(c->who, "name", ""));
	json_put_i64(r, "created_by_id", sim_who(c));
	*out = r;
	return 0;
}

int
rfi_answer(struct sim_call *c, struct json *doc, const struct json *reply,
    struct json **out, struct err *e)
{
	struct json *r = NULL, *files = NULL, *list;
	int rc;

	if (!may_answer(c, doc))
		return sim_refuse(
		    c, 403, "You do not have permission to respond to this RFI");
	if (str_empty(json_str_or(reply, "body", "")))
		return sim_refuse(c, 400, "param is missing or the value is empty: body");
	if (json_type(json_at(doc, "questions.0")) != JSON_OBJECT)
		return sim_refuse(c, 422, "This RFI has no question");
	if (json_get(reply, "_attachments") != NULL)
		files = json_dup(json_get(reply, "_attachments"));
	else if ((rc = files_attach(
		      c, reply, json_get(c->body, "attachments"), &files, e)) != 0)
		return rc;
	if (build_reply(c, reply, files, &r, e) == -1)
		return -1;
	list = data_at(doc, "questions.0.answers");
	if (list == NULL)
		list = json_put_arr(data_at(doc, "questions.0"), "answers");
	json_add(list, json_dup(r));
	move_after_answer(c, doc);
	if (items_save(c, "rfi", doc, e) == -1 ||
	    webhooks_event(c, "RFI Replies", "create", json_i64_or(r, "id", 0), e) == -1) {
		json_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

static int
load_open(struct sim_call *c, struct json **doc, struct err *e)
{
	if (items_load(c, "rfi", sim_path_id(c, "id"), false, doc, e) == -1)
		return -1;
	if (*doc == NULL)
		return sim_refuse(c, 404, "RFI not found");
	if (!str_eq(json_str_or(*doc, "status", ""), "open")) {
		json_free(*doc);
		*doc = NULL;
		return sim_refuse(c, 400,
		    "The ball in court of this RFI cannot be changed: it is not open");
	}
	return 0;
}

/* Between manager and assignees; an assignee may hand over once they have answered. */
int
rfis_advance(struct sim_call *c, struct err *e)
{
	struct json *doc = NULL;
	bool with_manager;
	int rc = load_open(c, &doc, e);

	if (rc != 0)
		return rc;
	with_manager = str_eq(json_str_or(doc, "ball_in_court_role", ""), "rfi_manager");
	if (sim_level(c, TOOL_RFI) < LEVEL_ADMIN &&
	    json_i64_or(doc, "rfi_manager.id", 0) != sim_who(c) &&
	    (with_manager || !data_has_i64(json_get(doc, "_responded"), sim_who(c)))) {
		json_free(doc);
		return sim_refuse(
		    c, 403, "You do not have permission to shift the ball in court");
	}
	if (with_manager) {
		if (json_get(doc, "_responded") != NULL)
			json_remove(doc, "_responded");
		rfi_court(doc, json_dup(json_get(doc, "assignees")), "assignees");
	} else {
		to_manager(doc);
	}
	if (items_save(c, "rfi", doc, e) == -1) {
		json_free(doc);
		return -1;
	}
	return sim_reply(c, 200, doc);
}

int
rfis_forward(struct sim_call *c, struct err *e)
{
	const struct json *ids = json_at(c->body, "rfi.forwardee_ids");
	struct json *doc = NULL, *people = NULL;
	int rc;

	if (json_len(ids) != 1)
		return sim_refuse(c, 400, "forwardee_ids must hold one id");
	rc = load_open(c, &doc, e);
	if (rc != 0)
		return rc;
	if (!data_has_id(json_get(doc, "ball_in_courts"), sim_who(c)) &&
	    sim_level(c, TOOL_RFI) < LEVEL_ADMIN) {
		json_free(doc);
		return sim_refuse(c, 403, "You do not have permission to forward this RFI");
	}
	if (make_people(c, ids, true, &people, e) == -1) {
		json_free(doc);
		return -1;
	}
	json_put(doc, "_forwarder", people_ref(c->who, true));
	rfi_court(doc, people, "assignees");
	if (items_save(c, "rfi", doc, e) == -1) {
		json_free(doc);
		return -1;
	}
	return sim_reply(c, 200, doc);
}
