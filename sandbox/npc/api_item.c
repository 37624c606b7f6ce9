/* api_item.c: RFIs and submittals of the contract. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "io/crypt.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

enum { SUBJECT_MAX = 500, BODY_MAX = 1000000, TO_MAX = 50, KEY_MIN = 8, KEY_MAX = 255 };

const char *
api_kind(const struct call *c)
{
	return str_eq(c->seg[3], "rfis") ? "rfi" : "submittal";
}

static int
item_json(struct call *c, const char *id, struct json **out, struct err *e)
{
	return nq_json(c->n, NQ_ITEM_JSON, out, e, "sss", id, c->seg[2], api_kind(c));
}

static int
answer_item(struct call *c, int status, const char *id, struct err *e)
{
	struct json *j = NULL;

	if (item_json(c, id, &j, e) == -1)
		return -1;
	if (j == NULL)
		return call_refuse(c, 404, "not_found", "no such item");
	return call_json(c, status, j);
}

int
api_item_get(struct call *c, struct err *e)
{
	return answer_item(c, 200, c->seg[4], e);
}

/* ---- lists */

/* "MS_ID" */
static int
parse_next(const char *s, int64_t *ms, const char **id)
{
	size_t n = strcspn(s, "_");

	if (s[n] != '_' || num_parse_i64_n(s, n, 0, INT64_MAX, ms) == -1)
		return -1;
	*id = s + n + 1;
	return 0;
}

static void
put_next(struct json *out, struct json *rows, int64_t limit)
{
	const struct json *last;
	struct buf next = BUF_INIT(512);
	int64_t ms = 0;

	if ((int64_t)json_len(rows) < limit) {
		json_put_null(out, "next");
		return;
	}
	last = json_item(rows, json_len(rows) - 1);
	BUG_IF(npc_parse_ms(json_str_or(last, "updatedAt", ""), &ms) == -1);
	buf_printf(&next, "%" PRId64 "_%s", ms, json_str_or(last, "id", ""));
	json_put_str(out, "next", buf_str(&next));
	buf_clear(&next);
}

/* The same query for lists of one kind and for changes of both (kind NULL). */
static int
list(struct call *c, const char *kind, struct json **out, struct err *e)
{
	static const struct fcgi_input inputs[] = {{.name = "externalId",
						       .where = FCGI_QUERY,
						       .check = fcgi_check_line,
						       .max_bytes = 255},
	    {.name = "limit", .where = FCGI_QUERY, .check = fcgi_check_id, .max_bytes = 4},
	    {.name = "next",
		.where = FCGI_QUERY,
		.check = fcgi_check_line,
		.max_bytes = 512},
	    {.name = "number",
		.where = FCGI_QUERY,
		.check = fcgi_check_line,
		.max_bytes = 64},
	    {.name = "updatedSince",
		.where = FCGI_QUERY,
		.check = fcgi_check_line,
		.max_bytes = 64}};
	struct fcgi_inputs *in = NULL;
	const char *next, *since, *after = NULL;
	int64_t limit, since_ms = 0, after_ms = 0;
	struct json *rows = NULL;
	int rc = -1;

	if (fcgi_inputs_read(c->req, inputs, sizeof(inputs) / sizeof(inputs[0]), &in, e) ==
	    -1) {
		call_refuse(c, 400, "bad_request", "%s", e->msg);
		return 0;
	}
	limit = fcgi_input_i64(in, "limit", NPC_PAGE_DEFAULT);
	next = fcgi_input(in, "next");
	since = fcgi_input(in, "updatedSince");
	if (limit > NPC_PAGE_MAX ||
	    (next != NULL && parse_next(next, &after_ms, &after) == -1) ||
	    (since != NULL && npc_parse_ms(since, &since_ms) == -1)) {
		rc = call_refuse(
		    c, 400, "bad_request", "limit, next or updatedSince is not acceptable");
		goto out;
	}
	rows = json_arr();
	if (nq_rows(c->n, NQ_ITEM_LIST, rows, e, "ssssisii", c->seg[2], kind,
		fcgi_input(in, "externalId"), fcgi_input(in, "number"), since_ms, after,
		after_ms, limit) == -1)
		goto out;
	*out = json_obj();
	put_next(*out, rows, limit);
	json_put(*out, "items", rows);
	rows = NULL;
	rc = 0;
out:
	json_free(rows);
	fcgi_inputs_free(in);
	return rc;
}

int
api_item_list(struct call *c, struct err *e)
{
	struct json *out = NULL;

	if (list(c, api_kind(c), &out, e) == -1)
		return -1;
	return out != NULL ? call_json(c, 200, out) : 0;
}

int
api_changes(struct call *c, struct err *e)
{
	static const char *const keep[] = {
	    "kind", "id", "externalId", "status", "updatedAt"};
	struct json *full = NULL, *out, *items;
	const struct json *it;

	if (list(c, NULL, &full, e) == -1)
		return -1;
	if (full == NULL)
		return 0;
	out = json_obj();
	items = json_put_arr(out, "items");
	for (it = json_first(json_get(full, "items")); it != NULL; it = json_next(it)) {
		struct json *row = json_add_obj(items);

		for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
			json_put_str(row, keep[i], json_str(json_get(it, keep[i])));
		json_put_i64(row, "version", json_i64_or(it, "version", 0));
	}
	json_put_str(out, "next", json_str(json_get(full, "next")));
	json_free(full);
	return call_json(c, 200, out);
}

/* ---- idempotency */

int
api_idempotent(struct call *c, char **id, bool *refused, struct err *e)
{
	const char *key = json_str_or(c->body, "idempotencyKey", "");
	char *v[2], hash[CRYPT_HEX256_BYTES], *text = json_text(c->body);

	*id = NULL;
	*refused = false;
	crypt_sha256_hex(text, strlen(text), hash);
	free(text);
	if (strlen(key) < KEY_MIN || strlen(key) > KEY_MAX) {
		*refused = true;
		return call_refuse(
		    c, 400, "bad_request", "idempotencyKey must have 8 to 255 bytes");
	}
	if (nq_row(c->n, NQ_IDEMPOTENCY_GET, v, 2, e, "ss", c->seg[2], key) == -1)
		return -1;
	if (v[0] != NULL && !str_eq(v[0], hash)) {
		*refused = true;
		call_refuse(
		    c, 409, "idempotency_conflict", "this key was used with another body");
		free(v[1]);
	} else {
		*id = v[1];
	}
	free(v[0]);
	return 0;
}

int
api_idempotent_put(struct call *c, const char *id, struct err *e)
{
	char hash[CRYPT_HEX256_BYTES], *text = json_text(c->body);

	crypt_sha256_hex(text, strlen(text), hash);
	free(text);
	return nq_exec(c->n, NQ_IDEMPOTENCY_PUT, e, "ssssi", c->seg[2],
	    json_str_or(c->body, "idempotencyKey", ""), hash, id, c->now_ms);
}

/* ---- fields */

struct fields {
	const char *sender_id, *subject, *body, *due, *received, *item_type;
	char *from, *spec, *source; /* JSON texts, NULL for null */
};

static void
fields_clear(struct fields *f)
{
	free(f->from);
	free(f->spec);
	free(f->source);
}

/* One text member: absent keeps what was; null only where it may be. errors: a fault's
 * text, NULL none */
static const char *
text_field(
    const struct json *j, const char *key, size_t max, bool may_be_null, const char **dst)
{
	const struct json *v = json_get(j, key);
	const char *s = json_str(v);

	if (v == NULL)
		return NULL;
	if (s == NULL && may_be_null && json_type(v) == JSON_NULL) {
		*dst = NULL;
		return NULL;
	}
	if (s == NULL || strlen(s) > max || !str_utf8_valid(s, strlen(s)))
		return key;
	*dst = s;
	return NULL;
}

static const char *
date_field(const struct json *j, const char *key, bool may_be_null, const char **dst)
{
	const char *bad = text_field(j, key, 10, may_be_null, dst);
	int64_t at;

	if (bad != NULL || json_get(j, key) == NULL || *dst == NULL)
		return bad;
	return strlen(*dst) == 10 && clk_parse_iso(*dst, &at) == 0 ? NULL : key;
}

/* An object with a required text member, or null. */
static const char *
object_field(const struct json *j, const char *key, const char *must, char **dst)
{
	const struct json *v = json_get(j, key);

	if (v == NULL)
		return NULL;
	if (json_type(v) != JSON_NULL &&
	    (json_type(v) != JSON_OBJECT || json_str(json_get(v, must)) == NULL))
		return key;
	free(*dst);
	*dst = json_type(v) == JSON_NULL ? NULL : json_text(v);
	return NULL;
}

/* Lay the members of j over f. The name of the first bad one, or NULL. */
static const char *
fields_read(const struct json *j, struct fields *f)
{
	const char *bad;

	if ((bad = text_field(j, "senderId", 255, false, &f->sender_id)) != NULL ||
	    (bad = text_field(j, "subject", SUBJECT_MAX, false, &f->subject)) != NULL ||
	    (bad = text_field(j, "body", BODY_MAX, false, &f->body)) != NULL ||
	    (bad = text_field(j, "itemType", 255, true, &f->item_type)) != NULL ||
	    (bad = date_field(j, "dueDate", true, &f->due)) != NULL ||
	    (bad = date_field(j, "receivedDate", false, &f->received)) != NULL ||
	    (bad = object_field(j, "from", "name", &f->from)) != NULL ||
	    (bad = object_field(j, "specSection", "number", &f->spec)) != NULL)
		return bad;
	return object_field(j, "source", "link", &f->source);
}

/* Check and store the contacts. 1: answered. */
static int
put_to(struct call *c, const char *item_id, struct err *e)
{
	const struct json *to = json_get(c->body, "toContactIds"), *v;
	int64_t position = 0;

	if (json_type(to) != JSON_ARRAY || json_len(to) == 0 || json_len(to) > TO_MAX) {
		call_refuse(
		    c, 400, "bad_request", "toContactIds must have 1 to 50 entries");
		return 1;
	}
	if (nq_exec(c->n, NQ_ITEM_TO_CLEAR, e, "s", item_id) == -1)
		return -1;
	for (v = json_first(to); v != NULL; v = json_next(v)) {
		struct json *contact = NULL;

		if (nq_json(c->n, NQ_CONTACT_JSON, &contact, e, "ss", json_str(v),
			c->seg[2]) == -1)
			return -1;
		if (contact == NULL) {
			call_refuse(c, 409, "unknown_contact",
			    "no contact %s in this project",
			    json_str(v) != NULL ? json_str(v) : "?");
			return 1;
		}
		json_free(contact);
		if (nq_exec(c->n, NQ_ITEM_TO_PUT, e, "sis", item_id, position++,
			json_str(v)) == -1)
			return -1;
	}
	return 0;
}

/* ---- create */

/* What a new item must have besides good fields. 1: answered. */
static int
check_new(struct call *c, const struct fields *f, const char *external, struct err *e)
{
	const char *previous = json_str_or(c->body, "previousId", NULL);
	struct json *old = NULL;
	char *taken = NULL;
	int rc = 1;

	if (str_empty(external) || strlen(external) > 255 || f->sender_id == NULL ||
	    f->subject == NULL || f->body == NULL || f->received == NULL ||
	    f->source == NULL) {
		call_refuse(c, 400, "bad_request",
		    "externalId, senderId, subject, body, receivedDate and source are "
		    "needed");
		return 1;
	}
	if (nq_text(c->n, NQ_ITEM_BY_EXTERNAL, &taken, e, "ss", c->seg[2], external) ==
		-1 ||
	    (previous != NULL && item_json(c, previous, &old, e) == -1))
		rc = -1;
	else if (taken != NULL)
		call_refuse(
		    c, 409, "external_id_taken", "item %s has this externalId", taken);
	else if (previous != NULL && old == NULL)
		call_refuse(
		    c, 404, "not_found", "no item %s to be the previous one", previous);
	else
		rc = 0;
	free(taken);
	json_free(old);
	return rc;
}

static int
insert_item(struct call *c, const struct fields *f, const char *id, struct err *e)
{
	bool rfi = str_eq(api_kind(c), "rfi");
	char number[32];
	int64_t next = 0;

	if (nq_i64(c->n, NQ_ITEM_NEXT_NUMBER, 1, &next, e, "ss", c->seg[2], api_kind(c)) ==
	    -1)
		return -1;
	BUG_IF(str_format(
		   number, sizeof(number), "%s-%04" PRId64, rfi ? "RFI" : "S", next) == -1);
	return nq_exec(c->n, NQ_ITEM_PUT, e, "sssssssssssssssi", id, c->seg[2], api_kind(c),
	    number, json_str_or(c->body, "externalId", NULL), f->sender_id, f->subject,
	    f->body, f->from, f->due, f->received, f->spec, f->item_type, f->source,
	    json_str_or(c->body, "previousId", NULL), c->now_ms);
}

int
api_item_create(struct call *c, struct err *e)
{
	struct fields f = {0};
	char id[NPC_ID_BYTES], *before = NULL;
	const char *bad, *external = json_str_or(c->body, "externalId", NULL);
	struct json *project = NULL;
	bool refused = false;
	int rc;

	if (nq_json(c->n, NQ_PROJECT_JSON, &project, e, "s", c->seg[2]) == -1)
		return -1;
	if (project == NULL)
		return call_refuse(c, 404, "not_found", "no such project");
	json_free(project);
	if (api_idempotent(c, &before, &refused, e) == -1)
		return -1;
	if (refused)
		return 0;
	if (before != NULL) {
		rc = answer_item(c, 200, before, e);
		free(before);
		return rc;
	}
	bad = fields_read(c->body, &f);
	if (bad != NULL) {
		rc = call_refuse(c, 400, "bad_request", "%s is not acceptable", bad);
		goto out;
	}
	npc_new_id("it", id);
	if ((rc = check_new(c, &f, external, e)) != 0 ||
	    (rc = insert_item(c, &f, id, e)) != 0 || (rc = put_to(c, id, e)) != 0 ||
	    (rc = api_idempotent_put(c, id, e)) != 0)
		goto out;
	rc = answer_item(c, 201, id, e);
out:
	fields_clear(&f);
	return rc == -1 ? -1 : 0;
}

/* ---- change */

/* Closed items take nothing but news of the source. */
static bool
only_source(const struct json *body)
{
	const struct json *m;

	for (m = json_first(body); m != NULL; m = json_next(m)) {
		if (!str_eq(json_key(m), "source") && !str_eq(json_key(m), "version"))
			return false;
	}
	return true;
}

/* 1: answered. */
static int
check_change(struct call *c, const struct json *now)
{
	int64_t version = json_i64_or(c->body, "version", json_i64_or(now, "version", 0));

	if (now == NULL)
		call_refuse(c, 404, "not_found", "no such item");
	else if (json_type(json_get(now, "source")) != JSON_OBJECT)
		call_refuse(c, 409, "item_closed",
		    "logged in Project Center itself: not changed from outside");
	else if (version != json_i64_or(now, "version", 0))
		call_refuse(c, 409, "version_conflict", "the item is at version %" PRId64,
		    json_i64_or(now, "version", 0));
	else if (str_eq(json_str_or(now, "status", ""), "Closed") && !only_source(c->body))
		call_refuse(c, 409, "item_closed", "the item is closed");
	else
		return 0;
	return 1;
}

int
api_item_update(struct call *c, struct err *e)
{
	struct fields f = {0};
	struct json *now = NULL;
	const char *bad;
	int rc;

	if (item_json(c, c->seg[4], &now, e) == -1)
		return -1;
	if ((rc = check_change(c, now)) != 0)
		goto out;
	bad = fields_read(now, &f);
	BUG_IF(bad != NULL); /* what is stored was checked when it came */
	bad = fields_read(c->body, &f);
	if (bad != NULL) {
		rc = call_refuse(c, 400, "bad_request", "%s is not acceptable", bad);
		goto out;
	}
	if (json_get(c->body, "toContactIds") != NULL &&
	    (rc = put_to(c, c->seg[4], e)) != 0)
		goto out;
	if ((rc = nq_exec(c->n, NQ_ITEM_UPDATE, e, "ssssssssss", c->seg[4], f.sender_id,
		 f.subject, f.body, f.from, f.due, f.received, f.spec, f.item_type,
		 f.source)) == -1 ||
	    (rc = nq_exec(c->n, NQ_ITEM_TOUCH, e, "si", c->seg[4], c->now_ms)) == -1)
		goto out;
	rc = answer_item(c, 200, c->seg[4], e);
out:
	fields_clear(&f);
	json_free(now);
	return rc == -1 ? -1 : 0;
}

int
api_item_reopen(struct call *c, struct err *e)
{
	struct json *now = NULL;
	const char *reason = json_str_or(c->body, "reason", "");
	bool open;

	if (item_json(c, c->seg[4], &now, e) == -1)
		return -1;
	if (now == NULL)
		return call_refuse(c, 404, "not_found", "no such item");
	open = str_eq(json_str_or(now, "status", ""), "Open");
	json_free(now);
	if (str_empty(reason) || strlen(reason) > 1000)
		return call_refuse(
		    c, 400, "bad_request", "reason is needed, at most 1000 bytes");
	if (open)
		return answer_item(c, 200, c->seg[4], e); /* said twice is done once */
	if (act_reopen(c->n, c->seg[4], e) == -1)
		return -1;
	return answer_item(c, 200, c->seg[4], e);
}

int
api_item_responses(struct call *c, struct err *e)
{
	struct json *now = NULL, *out = NULL;
	int rc;

	if (item_json(c, c->seg[4], &now, e) == -1)
		return -1;
	if (now == NULL)
		return call_refuse(c, 404, "not_found", "no such item");
	json_free(now);
	out = json_obj();
	rc = responses_of(c->n, c->seg[4], true, json_put_arr(out, "items"), e);
	if (rc == -1)
		json_free(out);
	else
		rc = call_json(c, 200, out);
	return rc;
}
