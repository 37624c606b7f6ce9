#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* A verb gets what was posted and answers the item. */
struct verb {
	const char *name;
	int (*run)(struct sim_call *c, const struct json *in, struct err *e);
};

int
play_as(struct sim_call *c, const char *login, int64_t project_id, struct err *e)
{
	struct json *p = NULL;
	int64_t id = 0;
	bool found = false, seen = false;

	if (!str_empty(login)) {
		if (people_find(c->sim, login, &p, e) == -1)
			return -1;
	} else if (data_i64(c->sim->db, PQ_PROJECT_MANAGER, &id, &found, e, "i",
		       project_id) == -1 ||
		   people_by_id(c->sim, id, &p, e) == -1) {
		return -1;
	}
	if (p == NULL)
		return sim_refuse(c, 404, "no person %s",
		    str_empty(login) ? "who manages the project" : login);
	json_free(c->who);
	c->who = p;
	if (people_enter(c, project_id, &seen, e) == -1)
		return -1;
	return seen ? 0
		    : sim_refuse(
			  c, 404, "%s is not in the project", json_str_or(p, "login", ""));
}

static int
project_of(struct sim_call *c, const struct json *in, int64_t *id, struct err *e)
{
	const struct json *v = json_get(in, "project");
	char text[32];
	bool found = false;

	if (json_type(v) == JSON_NUMBER && json_as_i64(v, id) &&
	    str_format(text, sizeof text, "%lld", (long long)*id) == -1)
		return -1;
	if (data_i64(c->sim->db, PQ_PROJECT_FIND, id, &found, e, "t",
		json_type(v) == JSON_NUMBER ? text : json_str_or(in, "project", "")) == -1)
		return -1;
	return found ? 0 : sim_refuse(c, 404, "no such project");
}

/* Logins or ids to a list of ids under key. */
static int
put_ids(struct sim_call *c, const struct json *people, struct json *obj, const char *key,
    struct err *e)
{
	struct json *ids = json_put_arr(obj, key), *p = NULL;
	const struct json *one;
	int64_t id;

	for (one = json_type(people) == JSON_ARRAY ? json_first(people) : NULL; one != NULL;
	     one = json_next(one)) {
		if (json_type(one) == JSON_NUMBER && json_as_i64(one, &id)) {
			json_add_i64(ids, id);
			continue;
		}
		if (people_find(
			c->sim, json_str(one) != NULL ? json_str(one) : "", &p, e) == -1)
			return -1;
		if (p == NULL)
			return sim_refuse(c, 404, "no person %s",
			    json_str(one) != NULL ? json_str(one) : "");
		json_add_i64(ids, json_i64_or(p, "id", 0));
		json_free(p);
	}
	return 0;
}

/* One person by login or id; the acting one by default. */
static int
put_one(struct sim_call *c, const struct json *in, const char *from, struct json *obj,
    const char *key, struct err *e)
{
	struct json *list = json_arr(), *ids = json_obj();
	int rc = 0;

	if (json_get(in, from) == NULL) {
		json_put_i64(obj, key, sim_who(c));
	} else {
		json_add(list, json_dup(json_get(in, from)));
		rc = put_ids(c, list, ids, "v", e);
		if (rc == 0)
			json_put(obj, key, json_dup(json_at(ids, "v.0")));
	}
	json_free(list);
	json_free(ids);
	return rc;
}

/* Bytes of {name, text}, {name, base64} or {name, size, seed} to the store. */
static int
store_given(
    struct sim_call *c, const struct json *f, char sha[65], int64_t *bytes, struct err *e)
{
	const char *text = json_str_or(f, "text", ""),
		   *coded = json_str_or(f, "base64", NULL);
	size_t n = strlen(text);
	uint8_t *raw = NULL;
	int rc;

	*bytes = json_i64_or(f, "size", -1);
	if (*bytes >= 0)
		return store_make(c->sim, *bytes, json_i64_or(f, "seed", 1), sha, e);
	if (coded != NULL) {
		raw = xcalloc(strlen(coded) + 1, 1);
		if (dec_base64(coded, strlen(coded), raw, strlen(coded) + 1, &n) == -1) {
			free(raw);
			return sim_refuse(c, 400, "files: not base64");
		}
	}
	rc = store_put(c->sim, raw != NULL ? (const void *)raw : text, n, sha, e);
	*bytes = (int64_t)n;
	free(raw);
	return rc;
}

/* files: [{name, type, text or base64}], or file parts of a form, to prepared attachments.
 */
static int
put_files(struct sim_call *c, const struct json *in, struct json *spec, struct err *e)
{
	struct json *arr = json_put_arr(spec, "_attachments"), *a = NULL;
	const struct json *f = json_get(in, "files");
	char sha[65];
	int64_t bytes;
	int rc = 0;

	for (f = json_type(f) == JSON_ARRAY ? json_first(f) : NULL; rc == 0 && f != NULL;
	     f = json_next(f)) {
		bytes = json_i64_or(f, "bytes", 0);
		str_cut(sha, sizeof sha, json_str_or(f, "sha256", ""));
		if (!json_bool_or(f, "is_file", false))
			rc = store_given(c, f, sha, &bytes, e);
		if (rc == 0)
			rc = files_new(c, sha, bytes, json_str_or(f, "name", "file.txt"),
			    json_str_or(
				f, "type", json_str_or(f, "content_type", "text/plain")),
			    &a, e);
		if (rc == 0)
			json_add(arr, a);
	}
	return rc;
}

static int
enter(struct sim_call *c, const struct json *in, struct err *e)
{
	int64_t project = 0;
	int rc = project_of(c, in, &project, e);

	return rc == 0 ? play_as(c, json_str_or(in, "as", NULL), project, e) : rc;
}

static int
create_rfi(struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {"subject", "due_date", "draft", "private",
	    "number", "reference", "drawing_number", "cost_impact", "schedule_impact",
	    NULL};
	struct json *spec = json_obj(), *doc = NULL;
	int rc = enter(c, in, e);

	data_copy(spec, in, plain);
	json_put_str(
	    json_put_obj(spec, "question"), "body", json_str_or(in, "question", ""));
	json_put_str(spec, "_section", json_str_or(in, "section", ""));
	if (rc == 0)
		rc = put_ids(c, json_get(in, "assignees"), spec, "assignee_ids", e);
	if (rc == 0)
		rc = put_ids(c, json_get(in, "required"), spec, "required_assignee_ids", e);
	if (rc == 0)
		rc = put_ids(c, json_get(in, "distribution"), spec, "distribution_ids", e);
	if (rc == 0)
		rc = put_one(c, in, "manager", spec, "rfi_manager_id", e);
	if (rc == 0)
		rc = put_one(c, in, "from", spec, "received_from_login_information_id", e);
	if (rc == 0)
		rc = put_files(c, in, spec, e);
	if (rc == 0)
		rc = rfi_make(c, spec, &doc, e);
	json_free(spec);
	return rc == 0 ? sim_reply(c, 200, doc) : rc;
}

/* steps: [[login, ...], ...] to workflow_data; those named in `optional` need not answer. */
static int
put_steps(struct sim_call *c, const struct json *in, struct json *spec, struct err *e)
{
	struct json *flow = json_put_arr(spec, "workflow_data"), *step, *ids, *one;
	struct json *optional = json_obj();
	const struct json *s, *id;
	int64_t n;
	int rc = put_ids(c, json_get(in, "optional"), optional, "v", e);

	for (s = json_first(json_get(in, "steps")); rc == 0 && s != NULL;
	     s = json_next(s)) {
		step = json_arr();
		json_add(flow, step);
		ids = json_obj();
		rc = put_ids(c, s, ids, "v", e);
		for (id = json_first(json_get(ids, "v")); rc == 0 && id != NULL;
		     id = json_next(id)) {
			if (!json_as_i64(id, &n))
				continue;
			one = json_add_obj(step);
			json_put_i64(one, "login_information_id", n);
			json_put_bool(one, "response_required",
			    !data_has_i64(json_get(optional, "v"), n));
		}
		json_free(ids);
	}
	json_free(optional);
	return rc;
}

static int
create_submittal(struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {"title", "number", "revision", "description",
	    "type", "due_date", "private", "source_submittal_log_id", NULL};
	struct json *spec = json_obj(), *doc = NULL;
	int rc = enter(c, in, e);

	data_copy(spec, in, plain);
	json_put_bool(spec, "_auto_number", true);
	json_put_str(spec, "_section", json_str_or(in, "section", ""));
	json_put_str(spec, "_status", json_str_or(in, "status", "Open"));
	if (rc == 0)
		rc = put_one(c, in, "manager", spec, "submittal_manager_id", e);
	if (rc == 0)
		rc = put_one(c, in, "from", spec, "received_from_id", e);
	if (rc == 0)
		rc = put_steps(c, in, spec, e);
	if (rc == 0)
		rc = put_files(c, in, spec, e);
	if (rc == 0)
		rc = submittal_make(c, spec, &doc, e);
	json_free(spec);
	return rc == 0 ? sim_reply(c, 200, doc) : rc;
}

int
play_item(struct sim_call *c, const struct json *in, const char **kind, struct json **doc,
    struct err *e)
{
	int64_t id, project = 0;
	bool found = false;
	int rc;

	*kind = json_get(in, "rfi") != NULL ? "rfi" : "submittal";
	id = json_i64_or(in, *kind, 0);
	if (data_i64(c->sim->db, PQ_ITEM_PROJECT, &project, &found, e, "it", id, *kind) ==
	    -1)
		return -1;
	if (!found)
		return sim_refuse(c, 404, "no such %s", *kind);
	rc = play_as(c, json_str_or(in, "as", NULL), project, e);
	if (rc != 0)
		return rc;
	if (items_load(c, *kind, id, false, doc, e) == -1)
		return -1;
	return *doc != NULL ? 0 : sim_refuse(c, 404, "%s is not to be seen", *kind);
}

static int
change(struct sim_call *c, const char *kind, struct json *doc, const struct json *spec,
    struct err *e)
{
	return str_eq(kind, "rfi") ? rfi_change(c, doc, spec, e)
				   : submittal_change(c, doc, spec, e);
}

/* End of a verb: the item as it is now. */
static int
done(struct sim_call *c, int rc, struct json *doc)
{
	if (rc != 0) {
		json_free(doc);
		return rc;
	}
	return sim_reply(c, 200, doc);
}

static int
add_file(struct sim_call *c, const struct json *in, struct err *e)
{
	struct json *doc = NULL, *spec = json_obj();
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	if (rc == 0)
		rc = put_files(c, in, spec, e);
	if (rc == 0)
		rc = change(c, kind, doc, spec, e);
	json_free(spec);
	return done(c, rc, doc);
}

/* The first status of a category; owned by the caller. */
static int
status_of(struct sim_call *c, const char *category, char **name, struct err *e)
{
	struct json *co = NULL;
	const struct json *s;

	*name = NULL;
	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i",
		json_i64_or(c->project, "company_id", 0)) == -1)
		return -1;
	for (s = json_first(json_get(co, "statuses")); s != NULL && *name == NULL;
	     s = json_next(s)) {
		if (str_eq(json_str_or(s, "status", ""), category))
			*name = xstrdup(json_str_or(s, "name", ""));
	}
	json_free(co);
	return 0;
}

int
play_state(struct sim_call *c, const char *kind, struct json *doc, const char *how,
    const char *status, struct err *e)
{
	bool close = str_eq(how, "close");
	struct json *spec = json_obj();
	char *name = NULL;
	int rc = 0;

	if (str_eq(kind, "rfi")) {
		json_put_bool(spec, "accepted", close);
	} else {
		if (str_empty(status))
			rc = status_of(c, close ? "Closed" : "Open", &name, e);
		json_put_str(spec, "_status", name != NULL ? name : status);
	}
	if (rc == 0)
		rc = change(c, kind, doc, spec, e);
	free(name);
	json_free(spec);
	return rc;
}

static int
change_state(struct sim_call *c, const struct json *in, const char *how, struct err *e)
{
	struct json *doc = NULL;
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	if (rc == 0)
		rc = play_state(c, kind, doc, how, json_str_or(in, "status", ""), e);
	return done(c, rc, doc);
}

static int
close_item(struct sim_call *c, const struct json *in, struct err *e)
{
	return change_state(c, in, "close", e);
}

static int
reopen(struct sim_call *c, const struct json *in, struct err *e)
{
	return change_state(c, in, "reopen", e);
}

static int
edit(struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {"subject", "title", "due_date", "private",
	    "description", "draft", "number", "revision", "is_rejected", NULL};
	struct json *doc = NULL, *spec = json_obj();
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	data_copy(spec, in, plain);
	if (json_get(in, "question") != NULL)
		json_put_str(json_put_obj(spec, "question"), "body",
		    json_str_or(in, "question", ""));
	if (rc == 0 && json_get(in, "assignees") != NULL)
		rc = put_ids(c, json_get(in, "assignees"), spec, "assignee_ids", e);
	if (rc == 0 && json_get(in, "steps") != NULL)
		rc = put_steps(c, in, spec, e);
	json_put_arr(spec, "_attachments");
	if (rc == 0)
		rc = change(c, kind, doc, spec, e);
	json_free(spec);
	return done(c, rc, doc);
}

/* Put people in court: assignees of an RFI, a new single step of a submittal. */
static int
court(struct sim_call *c, const struct json *in, struct err *e)
{
	struct json *doc = NULL, *spec = json_obj(), *one = json_obj(), *steps, *people;
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	json_put_arr(spec, "_attachments");
	if (rc == 0 && str_eq(kind, "rfi")) {
		rc = put_ids(c, json_get(in, "people"), spec, "assignee_ids", e);
		if (rc == 0)
			rc = rfi_change(c, doc, spec, e);
		if (rc == 0 && str_eq(json_str_or(doc, "status", ""), "open")) {
			people = json_dup(json_get(doc, "assignees"));
			if (json_get(doc, "_responded") != NULL)
				json_remove(doc, "_responded");
			rfi_court(doc, people, "assignees");
			rc = items_save(c, "rfi", doc, e);
		}
	} else if (rc == 0) {
		steps = json_put_arr(one, "steps");
		json_add(steps, json_get(in, "people") != NULL
				    ? json_dup(json_get(in, "people"))
				    : json_arr());
		rc = put_steps(c, one, spec, e);
		if (rc == 0)
			rc = submittal_change(c, doc, spec, e);
	}
	json_free(one);
	json_free(spec);
	return done(c, rc, doc);
}

static int
delete_item(struct sim_call *c, const struct json *in, struct err *e)
{
	struct json *doc = NULL;
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	if (rc == 0)
		rc = items_bin(c, kind, json_i64_or(doc, "id", 0), true, e);
	return done(c, rc, doc);
}

static int
restore(struct sim_call *c, const struct json *in, struct err *e)
{
	const char *kind = json_get(in, "rfi") != NULL ? "rfi" : "submittal";
	int64_t id = json_i64_or(in, kind, 0), project = 0;
	bool found = false;
	int rc;

	if (data_i64(c->sim->db, PQ_ITEM_PROJECT, &project, &found, e, "it", id, kind) ==
	    -1)
		return -1;
	if (!found)
		return sim_refuse(c, 404, "no such %s", kind);
	rc = play_as(c, json_str_or(in, "as", NULL), project, e);
	if (rc == 0)
		rc = items_bin(c, kind, id, false, e);
	return rc == 0 ? sim_reply(c, 200, json_obj()) : rc;
}

static int
reply(struct sim_call *c, const struct json *in, struct err *e)
{
	static const char *const plain[] = {"body", "official", NULL};
	struct json *doc = NULL, *spec = json_obj(), *out = NULL;
	const char *kind;
	int rc = play_item(c, in, &kind, &doc, e);

	data_copy(spec, in, plain);
	if (rc == 0)
		rc = put_files(c, in, spec, e);
	if (rc == 0)
		rc = rfi_answer(c, doc, spec, &out, e);
	json_free(spec);
	json_free(doc);
	return rc == 0 ? sim_reply(c, 200, out) : rc;
}

/* The approver row of the acting person that still waits. */
static int64_t
own_row(const struct sim_call *c, const struct json *doc)
{
	const struct json *a;

	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		if (json_i64_or(a, "user.id", 0) == sim_who(c) &&
		    str_eq(json_str_or(a, "response.considered", "pending"), "pending"))
			return json_i64_or(a, "id", 0);
	}
	return 0;
}

static int
response_id(struct sim_call *c, const char *word, int64_t *id, struct err *e)
{
	struct json *co = NULL;
	const struct json *r;

	*id = 0;
	if (data_doc(c->sim->db, PQ_COMPANY_GET, &co, e, "i",
		json_i64_or(c->project, "company_id", 0)) == -1)
		return -1;
	for (r = json_first(json_get(co, "responses")); r != NULL && *id == 0;
	     r = json_next(r)) {
		if (str_eq_ci(json_str_or(r, "considered", ""), word) ||
		    str_eq_ci(json_str_or(r, "name", ""), word))
			*id = json_i64_or(r, "id", 0);
	}
	json_free(co);
	return 0;
}

static int
respond(struct sim_call *c, const struct json *in, struct err *e)
{
	struct json *doc = NULL, *spec = json_obj(), *out = NULL;
	const char *kind;
	int64_t id = 0;
	int rc = play_item(c, in, &kind, &doc, e);

	if (rc == 0)
		rc = response_id(c, json_str_or(in, "response", "approved"), &id, e);
	json_put_i64(spec, "submittal_response_id", id);
	json_put_str(spec, "comment", json_str_or(in, "comment", ""));
	if (rc == 0)
		rc = put_files(c, in, spec, e);
	if (rc == 0)
		rc = approver_answer(
		    c, doc, json_i64_or(in, "approver", own_row(c, doc)), spec, &out, e);
	json_free(out);
	json_free(spec);
	return done(c, rc, doc);
}

/* A company's admin adds a submittal response (`considered`), renames one, or without a new
 * name deletes it. */
static int
response_edit(struct sim_call *c, const struct json *in, struct err *e)
{
	const char *from = json_str_or(in, "name", ""), *to = json_str_or(in, "to", "");
	const char *considered = json_str_or(in, "considered", "");
	int64_t project = 0, id = 0;
	int rc = project_of(c, in, &project, e);

	if (rc == 0 && sim_new_id(c->sim, &id, e) == -1)
		return -1;
	if (rc == 0 && (str_empty(considered)
			       ? data_run(c->sim->db, PQ_RESPONSE_EDIT, e, "itt", project,
				     from, to)
			       : data_run(c->sim->db, PQ_RESPONSE_ADD, e, "iitt", project,
				     id, from, considered)) == -1)
		return -1;
	if (rc == 0 && db_changes(c->sim->db) == 0)
		return sim_refuse(c, 404, "no such project");
	return rc == 0 ? sim_reply(c, 200, json_obj()) : rc;
}

static const struct verb verbs[] = {{"add_file", add_file}, {"close", close_item},
    {"court", court}, {"create_rfi", create_rfi}, {"create_submittal", create_submittal},
    {"delete", delete_item}, {"edit", edit}, {"reopen", reopen}, {"reply", reply},
    {"respond", respond}, {"response_edit", response_edit}, {"restore", restore}};

int
control_play(
    struct sim_call *c, const char *verb, const struct json *in, bool *known, struct err *e)
{
	*known = false;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (str_eq(verbs[i].name, verb)) {
			*known = true;
			return verbs[i].run(c, in, e);
		}
	}
	return 0;
}
