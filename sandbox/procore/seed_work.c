#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "procore/seed.h"
#include "sandbox/procore.gen.h"

/* Recorded payloads keep all they hold, but their ids become 64-bit ones. */
#define RECORDED_SHIFT INT64_C(590000000000)

/* sandbox/data/README.md, "Days": events of an item fall on 8:00 to 16:00 by its id. */
static int64_t
instant(const struct seed *sd, int64_t day, int64_t id)
{
	return sd->today + day * 86400 + 8 * 3600 + (id % 480) * 60;
}

static void
put_due(const struct seed *sd, struct json *spec, const struct json *from)
{
	int64_t day;

	if (json_as_i64(json_get(from, "due_day"), &day))
		data_put_date(spec, "due_date", sd->today + day * 86400);
}

/* A refusal while seeding is a fault of the data. */
static int
must(const struct sim_call *c, int rc, const struct json *item, struct err *e)
{
	if (rc != SIM_REFUSED)
		return rc;
	return err_set(e, ERR_INPUT, "seed: item %lld: %s",
	    (long long)json_i64_or(item, "id", 0), c->refused_text);
}

static int
act_as(struct seed *sd, struct sim_call *c, const char *key, int64_t project, struct err *e)
{
	bool seen = false;

	json_free(c->who);
	c->who = NULL;
	if (people_by_id(sd->s, seed_person(sd, key), &c->who, e) == -1 ||
	    people_enter(c, project, &seen, e) == -1)
		return -1;
	return seen ? 0
		    : err_set(e, ERR_INPUT, "seed: %s is not in project %lld", key,
			  (long long)project);
}

static void
put_ids(const struct seed *sd, struct json *spec, const char *key, const struct json *keys)
{
	struct json *ids = json_put_arr(spec, key);
	const struct json *k;

	for (k = json_first(keys); k != NULL; k = json_next(k))
		json_add_i64(ids, seed_person(sd, json_str(k) != NULL ? json_str(k) : ""));
}

static int
put_files(struct seed *sd, struct sim_call *c, struct json *spec, const struct json *files,
    struct err *e)
{
	struct json *arr = json_put_arr(spec, "_attachments"), *a = NULL;
	const struct json *f;
	char *path, sha[65];
	int rc = 0;

	for (f = json_first(files); rc == 0 && f != NULL; f = json_next(f)) {
		struct buf b = BUF_INIT(LIMIT_API_BODY);

		path = xasprintf("files/%s", json_str_or(f, "file", ""));
		rc = seed_read(sd->s, path, &b, e);
		if (rc == 0)
			rc = store_put(sd->s, buf_str(&b), b.len, sha, e);
		if (rc == 0)
			rc = files_new(c, sha, (int64_t)b.len,
			    json_str_or(f, "name", "file"),
			    json_str_or(f, "type", "application/octet-stream"), &a, e);
		if (rc == 0)
			json_add(arr, a);
		buf_clear(&b);
		free(path);
	}
	return rc;
}

/* ---- RFIs */

static struct json *
rfi_spec(struct seed *sd, struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {"subject", "number", "private",
	    "drawing_number", "cost_impact", "schedule_impact", NULL};
	struct json *spec = json_obj();

	data_copy(spec, in, plain);
	json_put_i64(spec, "_id", json_i64_or(in, "id", 0));
	json_put_str(
	    json_put_obj(spec, "question"), "body", json_str_or(in, "question", ""));
	json_put_i64(
	    spec, "rfi_manager_id", seed_person(sd, json_str_or(in, "rfi_manager", "")));
	json_put_i64(spec, "received_from_login_information_id",
	    seed_person(sd, json_str_or(in, "received_from", "")));
	json_put_bool(spec, "draft", str_eq(json_str_or(in, "status", ""), "draft"));
	json_put_str(spec, "_section", json_str_or(in, "spec_section", ""));
	put_ids(sd, spec, "assignee_ids", json_get(in, "assignees"));
	put_due(sd, spec, in);
	if (put_files(sd, c, spec, json_get(in, "files"), e) == -1) {
		json_free(spec);
		return NULL;
	}
	return spec;
}

static int
add_replies(struct seed *sd, struct sim_call *c, const struct json *in, struct json *doc,
    int64_t project, struct err *e)
{
	struct json *spec, *out;
	const struct json *r;
	int64_t n = 0;
	int rc = 0;

	for (r = json_first(json_get(in, "replies")); rc == 0 && r != NULL;
	     r = json_next(r), n++) {
		spec = json_obj();
		out = NULL;
		json_put_str(spec, "body", json_str_or(r, "text", ""));
		json_put_bool(spec, "official", json_bool_or(r, "official", false));
		c->shown =
		    instant(sd, json_i64_or(r, "day", -1), json_i64_or(in, "id", 0)) +
		    60 * (n + 1);
		rc = act_as(sd, c, json_str_or(r, "by", ""), project, e);
		if (rc == 0)
			rc = put_files(sd, c, spec, json_get(r, "files"), e);
		if (rc == 0)
			rc = must(c, rfi_answer(c, doc, spec, &out, e), in, e);
		json_free(out);
		json_free(spec);
	}
	return rc;
}

/* The court that the data names wins over what the rules would make of it. */
static int
finish_rfi(struct seed *sd, struct sim_call *c, const struct json *in, struct json *doc,
    struct err *e)
{
	const char *status = json_str_or(in, "status", "");
	struct json *ids = json_obj(), *people = NULL;
	bool manager;
	int rc = 0;

	if (str_eq(status, "closed")) {
		json_put_bool(ids, "accepted", true);
		rc = must(c, rfi_change(c, doc, ids, e), in, e);
	} else if (str_eq(status, "open")) {
		put_ids(sd, ids, "v", json_get(in, "ball_in_court"));
		rc = make_people(c, json_get(ids, "v"), true, &people, e);
		if (rc == 0) {
			manager = json_i64_or(people, "0.id", 0) ==
				  json_i64_or(doc, "rfi_manager.id", 0);
			for (size_t i = 0; i < json_len(people); i++)
				json_put_bool(
				    data_item(people, i), "response_required", false);
			rfi_court(doc, people, manager ? "rfi_manager" : "assignees");
			rc = items_save(c, "rfi", doc, e);
		}
	}
	json_free(ids);
	return rc;
}

static int64_t
project_id(const struct seed *sd, const struct json *in)
{
	return json_i64_or(json_get(sd->projects, json_str_or(in, "project", "")), "id", 0);
}

static int
add_rfi(struct seed *sd, struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t project = project_id(sd, in);
	struct json *spec, *doc = NULL;
	int rc;

	c->shown =
	    instant(sd, json_i64_or(in, "initiated_day", -1), json_i64_or(in, "id", 0));
	if (act_as(sd, c, json_str_or(in, "created_by", ""), project, e) == -1)
		return -1;
	spec = rfi_spec(sd, c, in, e);
	if (spec == NULL)
		return -1;
	rc = must(c, rfi_make(c, spec, &doc, e), in, e);
	json_free(spec);
	if (rc == 0)
		rc = add_replies(sd, c, in, doc, project, e);
	if (rc == 0)
		rc = finish_rfi(sd, c, in, doc, e);
	json_free(doc);
	return rc;
}

/* ---- submittals */

static void
put_steps(const struct seed *sd, struct json *spec, const struct json *approvers)
{
	struct json *flow = json_put_arr(spec, "workflow_data"), *step = NULL, *one;
	const struct json *a;
	int64_t last = 0, n;

	for (a = json_first(approvers); a != NULL; a = json_next(a)) {
		n = json_i64_or(a, "step", 1);
		if (step == NULL || n != last) {
			step = json_arr();
			json_add(flow, step);
			last = n;
		}
		one = json_add_obj(step);
		json_put_i64(one, "login_information_id",
		    seed_person(sd, json_str_or(a, "person", "")));
		json_put_str(one, "approver_type", json_str_or(a, "type", "Approver"));
	}
}

static struct json *
response_named(const struct seed *sd, const struct json *in, const char *word)
{
	const struct json *procore = json_get(sd->projects, json_str_or(in, "project", ""));
	const struct json *co =
			      json_get(sd->companies, json_str_or(procore, "company", "")),
			  *r;

	for (r = json_first(json_get(co, "submittal_responses")); r != NULL;
	     r = json_next(r)) {
		if (str_eq_ci(json_str_or(r, "considered", ""), word))
			return json_dup(r);
	}
	return json_new_null();
}

/* What each approver has done so far, as the data says. */
static int
fill_approvers(struct seed *sd, struct sim_call *c, const struct json *in, struct json *doc,
    struct err *e)
{
	static const struct {
		const char *from, *to;
	} days[] = {{"sent_day", "sent_date"}, {"due_day", "due_date"},
	    {"returned_day", "returned_date"}};
	static const char *const shown[] = {"id", "name", "filename", "_file", NULL};
	struct json *rows = data_at(doc, "approvers"), *row, *files;
	const struct json *a, *f;
	size_t i = 0;
	int64_t day;

	for (a = json_first(json_get(in, "approvers")); a != NULL; a = json_next(a), i++) {
		row = data_item(rows, i);
		if (row == NULL)
			return err_set(e, ERR_BUG, "seed: approver %zu", i);
		json_put(row, "response",
		    response_named(sd, in, json_str_or(a, "response", "")));
		json_put_str(row, "comment", json_str_or(a, "comment", NULL));
		for (size_t d = 0; d < sizeof days / sizeof days[0]; d++) {
			if (json_as_i64(json_get(a, days[d].from), &day))
				data_put_date(row, days[d].to, sd->today + day * 86400);
			else
				json_put_null(row, days[d].to);
		}
		files = json_obj();
		if (put_files(sd, c, files, json_get(a, "files"), e) == -1) {
			json_free(files);
			return -1;
		}
		for (f = json_first(json_get(files, "_attachments")); f != NULL;
		     f = json_next(f))
			data_copy(json_add_obj(data_at(row, "attachments")), f, shown);
		json_free(files);
	}
	return 0;
}

static struct json *
submittal_spec(struct seed *sd, struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {
	    "title", "number", "revision", "description", "type", "private", NULL};
	struct json *spec = json_obj();

	data_copy(spec, in, plain);
	json_put_i64(spec, "_id", json_i64_or(in, "id", 0));
	json_put_str(spec, "_status", json_str_or(in, "status", "Open"));
	json_put_str(spec, "_section", json_str_or(in, "spec_section", ""));
	json_put_i64(spec, "submittal_manager_id",
	    seed_person(sd, json_str_or(in, "submittal_manager", "")));
	json_put_i64(spec, "received_from_id",
	    seed_person(sd, json_str_or(in, "received_from", "")));
	json_put_i64(spec, "source_submittal_log_id", json_i64_or(in, "previous", 0));
	put_due(sd, spec, in);
	put_steps(sd, spec, json_get(in, "approvers"));
	if (put_files(sd, c, spec, json_get(in, "files"), e) == -1) {
		json_free(spec);
		return NULL;
	}
	return spec;
}

static int
add_submittal(struct seed *sd, struct sim_call *c, const struct json *in, struct err *e)
{
	struct json *spec, *doc = NULL;
	int rc;

	c->shown =
	    instant(sd, json_i64_or(in, "created_day", -1), json_i64_or(in, "id", 0));
	if (act_as(sd, c, json_str_or(in, "created_by", ""), project_id(sd, in), e) == -1)
		return -1;
	spec = submittal_spec(sd, c, in, e);
	if (spec == NULL)
		return -1;
	rc = must(c, submittal_make(c, spec, &doc, e), in, e);
	json_free(spec);
	if (rc == 0)
		rc = fill_approvers(sd, c, in, doc, e);
	if (rc == 0)
		rc = approvers_court(c, doc, e);
	if (rc == 0)
		rc = items_save(c, "submittal", doc, e);
	json_free(doc);
	return rc;
}

/* ---- recorded payloads */

static int
add_recorded(struct seed *sd, struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t project = project_id(sd, in), id, at = 0, gone = 0;
	struct json *doc = NULL;
	int rc = seed_json(sd->s, json_str_or(in, "file", ""), &doc, e);

	(void)c;
	if (rc == 0) {
		id = json_i64_or(doc, "id", 0) + RECORDED_SHIFT;
		json_put_i64(doc, "id", id);
		if (clk_parse_iso(json_str_or(doc, "updated_at", ""), &at) == -1)
			at = sd->today - 86400;
		rc = data_run(sd->s->db, PQ_ITEM_ADD, e, "itiid", id,
		    json_str_or(in, "kind", ""), project, at, doc);
		if (rc == 0 && json_bool_or(doc, "deleted", false) &&
		    clk_parse_iso(json_str_or(doc, "deleted_at", ""), &gone) == 0)
			rc = data_run(sd->s->db, PQ_ITEM_BIN, e, "iii", id, gone, at);
	}
	json_free(doc);
	return rc;
}

static int
each(struct seed *sd, struct sim_call *c, const char *file, const char *list,
    int (*add)(struct seed *, struct sim_call *, const struct json *, struct err *),
    struct err *e)
{
	struct json *all = NULL;
	const struct json *one;
	int rc = seed_json(sd->s, file, &all, e);

	for (one = json_first(json_get(all, list)); rc == 0 && one != NULL;
	     one = json_next(one))
		rc = add(sd, c, one, e);
	json_free(all);
	return rc;
}

int
seed_work(struct seed *sd, struct err *e)
{
	struct sim_call c = {.sim = sd->s, .now = clk_now(), .note = BUF_INIT(64)};
	int rc = data_doc(sd->s->db, PQ_SETTINGS, &c.settings, e, "");

	if (rc == 0)
		rc = each(sd, &c, "rfis.json", "rfis", add_rfi, e);
	if (rc == 0)
		rc = each(sd, &c, "submittals.json", "submittals", add_submittal, e);
	if (rc == 0)
		rc = each(sd, &c, "recorded.json", "items", add_recorded, e);
	sim_call_clear(&c);
	return rc;
}
