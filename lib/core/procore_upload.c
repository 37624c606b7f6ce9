/* Procore's direct upload v1.1: small files as one form, larger ones in segments, which go on where a cut or a dead
 * process left them (procore.h). Source: procore.md 7.2. */
#include "config.h"

#include "core/procore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/procore_int.h"

#define NOTE ".up"

enum {
	/* The fields that storage wants back; a policy is some KB. */
	FORM_TEXT_BYTES = 64 * 1024,
	/* A piece that breaks on the way is sent again at once, so often. */
	MAX_TRIES = 3,
	/* An upload may be begun within an hour (procore.md 7.2); addresses that are older are not tried. */
	ADDRESS_LIFE_S = 50 * 60,
	MAX_HEADERS = 16
};

struct send {
	struct procore *p;
	const struct procore_at *at;
	const struct procore_file *file;
	int64_t segment; /* bytes of each but the last */
	char *uuid;      /* the caller's 64 bytes */
};

/* A form part's head. Quotes and controls cannot stand in the name: they are replaced. */
static void
part_head(struct buf *b, const char *boundary, const char *name, const char *file_name,
    const char *type)
{
	buf_printf(
	    b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, name);
	if (file_name != NULL) {
		buf_puts(b, "; filename=\"");
		for (const char *s = file_name; *s != '\0'; s++)
			buf_putc(b,
			    *s == '"' || *s == '\\' || (unsigned char)*s < 0x20 ? '_' : *s);
		buf_putc(b, '"');
	}
	buf_puts(b, "\r\n");
	if (type != NULL)
		buf_printf(b, "Content-Type: %s\r\n", type);
	buf_puts(b, "\r\n");
}

/* What stands before the file: every field unchanged, the part `file` last (procore.md 7.2). */
static void
form_head(struct buf *b, const struct json *fields, const char *boundary,
    const struct procore_file *f)
{
	for (const struct json *m = json_first(fields); m != NULL; m = json_next(m)) {
		if (json_str(m) == NULL)
			continue;
		part_head(b, boundary, json_key(m), NULL, NULL);
		buf_puts(b, json_str(m));
		buf_puts(b, "\r\n");
	}
	part_head(b, boundary, "file", f->name, f->type);
}

/* Send to storage: no bearer, allowed hosts only; again when it breaks. etag may be NULL. */
static int
to_storage(struct send *s, struct http_req *req, char *etag, size_t etag_size,
    struct procore_answer *a, struct err *e)
{
	struct http_resp resp = {0};
	const char **hosts;
	char api[256] = "";
	int rc = 0;

	if (!http_url_acceptable(req->url) ||
	    http_url_host(s->p->oauth->conf->procore_api_url, api, sizeof api) == -1) {
		procore_fail(a, CAUSE_ITEM, "the upload's address is not acceptable");
		return 0;
	}
	hosts = procore_hosts(s->p->oauth->conf, api);
	req->repeatable = true; /* the same bytes at the same address */
	req->total_ms = SPOOL_TOTAL_MS;
	req->stall_s = SPOOL_STALL_S;
	req->host_allow = hosts;
	req->allow_private = procore_private_ok(s->p);
	for (int i = 0; rc == 0 && i < MAX_TRIES; i++) {
		http_resp_clear(&resp);
		s->p->calls++;
		rc = http_call(s->p->oauth->http, req, &resp, e);
		if (rc == 0 && resp.stage != HTTP_SEND && resp.stage != HTTP_LOST)
			break;
	}
	if (rc == 0) {
		procore_file_decide(&resp, a);
		if (etag != NULL)
			(void)http_resp_header(&resp, "etag", etag, etag_size);
	}
	http_resp_clear(&resp);
	free(hosts);
	return rc;
}

/* Announce the file. *ready false: out says why not. */
static int
announce(struct send *s, struct json *body, struct procore_answer *out, bool *ready,
    struct err *e)
{
	struct procore_req r = {.op = PROCORE_UPLOAD, .at = *s->at, .body = body};
	const char *u;

	json_put_str(body, "response_filename", s->file->name);
	json_put_str(body, "response_content_type", s->file->type);
	json_put_i64(body, "size", s->file->part->bytes);
	*ready = false;
	if (procore_call(s->p, &r, out, e) == -1)
		return -1;
	if (out->cause != CAUSE_NONE)
		return 0;
	u = json_str_or(out->json, "uuid", "");
	*ready = u[0] != '\0' && str_copy(s->uuid, 64, u) == 0;
	if (!*ready)
		procore_fail(
		    out, CAUSE_UNREACHABLE, "Procore's answer to an upload has no uuid");
	return 0;
}

static int
upload_form(struct send *s, struct procore_answer *out, struct err *e)
{
	struct buf head = BUF_INIT(FORM_TEXT_BYTES);
	struct json *body = json_obj();
	struct procore_answer ready = {0};
	struct http_req req = HTTP_REQ_INIT;
	struct http_header h;
	char boundary[40] = "connectorweb-", content[96], tail[64];
	bool ok = false;
	int rc = -1;

	rnd_hex(boundary + strlen(boundary), 12);
	if (announce(s, body, &ready, &ok, e) == -1)
		goto out;
	if (!ok) {
		*out = ready;
		ready = (struct procore_answer){0};
		rc = 0;
		goto out;
	}
	form_head(&head, json_get(ready.json, "fields"), boundary, s->file);
	if (buf_check(&head, "upload form", e) == -1 ||
	    str_format(content, sizeof content, "multipart/form-data; boundary=%s",
		boundary) == -1 ||
	    str_format(tail, sizeof tail, "\r\n--%s--\r\n", boundary) == -1)
		goto out;
	h = (struct http_header){"Content-Type", content};
	req.method = "POST";
	req.url = json_str_or(ready.json, "url", "");
	req.headers = &h;
	req.headers_n = 1;
	req.body = buf_str(&head);
	req.body_len = head.len;
	req.body_fd = s->file->part->fd;
	req.body_file_bytes = s->file->part->bytes;
	req.body_tail = tail;
	req.body_tail_len = strlen(tail);
	rc = to_storage(s, &req, NULL, 0, out, e);
out:
	buf_clear(&head);
	procore_answer_clear(&ready);
	json_free(body);
	return rc;
}

/* ---- segments */

/* The list of segments with size and hash. */
static int
add_segments(struct send *s, struct json *body, struct err *e)
{
	struct json *list = json_put_arr(body, "segments");
	int64_t bytes = s->file->part->bytes;
	char sha[65];

	for (int64_t at = 0; at < bytes; at += s->segment) {
		int64_t n = bytes - at < s->segment ? bytes - at : s->segment;
		struct json *one = json_add_obj(list);

		if (spool_hash_part(s->file->part->fd, at, n, sha, e) == -1)
			return -1;
		json_put_i64(one, "size", n);
		json_put_str(one, "sha256", sha);
	}
	return 0;
}

/* An upload under way as it is noted beside the part: whose, of what, since when, and the addresses; each segment
 * that has arrived gets its ETag. */
static struct json *
make_note(const struct send *s, const struct json *answer, const struct json *asked)
{
	struct json *note = json_obj(), *list = json_put_arr(note, "segments");
	const struct json *given = json_first(json_get(answer, "segments"));
	const struct json *ours = json_first(json_get(asked, "segments"));

	json_put_i64(note, "account", s->at->account_id);
	json_put_i64(note, "project", s->at->project_id);
	json_put_i64(note, "started_at", clk_now());
	json_put_str(note, "uuid", s->uuid);
	json_put_str(note, "name", s->file->name);
	json_put_str(note, "sha256", s->file->part->sha256);
	for (; given != NULL && ours != NULL; given = json_next(given), ours = json_next(ours)) {
		struct json *one = json_add_obj(list), *headers = json_put_obj(one, "headers");

		json_put_str(one, "url", json_str_or(given, "url", ""));
		for (const struct json *h = json_first(json_get(given, "headers")); h != NULL;
		     h = json_next(h))
			if (json_str(h) != NULL)
				json_put_str(headers, json_key(h), json_str(h));
		json_put_i64(one, "size", json_i64_or(ours, "size", 0));
		json_put_str(one, "sha256", json_str_or(ours, "sha256", ""));
	}
	return note;
}

/* An upload of just this file by just this account, begun lately; NULL: none. */
static struct json *
find_note(struct send *s)
{
	struct json *note = spool_note_get(s->file->part, NOTE);
	int64_t size = json_i64_or(note, "segments.0.size", 0);
	int64_t age = clk_now() - json_i64_or(note, "started_at", 0);

	if (note != NULL && json_i64_or(note, "account", 0) == s->at->account_id &&
	    json_i64_or(note, "project", 0) == s->at->project_id && age >= 0 &&
	    age < ADDRESS_LIFE_S && size == s->segment &&
	    str_eq(json_str_or(note, "name", ""), s->file->name) &&
	    str_eq(json_str_or(note, "sha256", ""), s->file->part->sha256) &&
	    str_copy(s->uuid, 64, json_str_or(note, "uuid", "")) == 0 && s->uuid[0] != '\0')
		return note;
	json_free(note);
	return NULL;
}

/* PUT one segment with the headers that Procore gave for it. */
static int
put_segment(struct send *s, const struct json *one, int64_t at, int64_t n, char etag[256],
    struct procore_answer *a, struct err *e)
{
	struct http_header h[MAX_HEADERS];
	struct http_req req = HTTP_REQ_INIT;
	size_t k = 0;

	for (const struct json *m = json_first(json_get(one, "headers"));
	     m != NULL && k < MAX_HEADERS; m = json_next(m))
		h[k++] = (struct http_header){json_key(m), json_str(m)};
	req.method = "PUT";
	req.url = json_str_or(one, "url", "");
	req.headers = h;
	req.headers_n = k;
	req.body_fd = s->file->part->fd;
	req.body_file_at = at;
	req.body_file_bytes = n;
	if (to_storage(s, &req, etag, 256, a, e) == -1)
		return -1;
	if (a->cause == CAUSE_NONE && etag[0] == '\0')
		procore_fail(a, CAUSE_UNREACHABLE, "storage took a segment without an ETag");
	return 0;
}

static void
etag_key(int64_t n, char out[32])
{
	BUG_IF(str_format(out, 32, "etag_%" PRId64, n) == -1);
}

/* Send what has no ETag yet; note each that arrives; done gets all of them in order. */
static int
put_segments(struct send *s, struct json *note, struct json *done, struct procore_answer *a,
    struct err *e)
{
	const struct json *one = json_first(json_get(note, "segments"));
	struct json *ends = json_put_arr(done, "segments");
	int64_t bytes = s->file->part->bytes;

	for (int64_t i = 0; i * s->segment < bytes; i++, one = json_next(one)) {
		int64_t at = i * s->segment;
		int64_t n = bytes - at < s->segment ? bytes - at : s->segment;
		char etag[256], key[32];
		struct json *end;

		if (one == NULL) {
			procore_fail(a, CAUSE_UNREACHABLE,
			    "Procore's answer to an upload lacks segments");
			return 0;
		}
		etag_key(i, key);
		str_cut(etag, sizeof etag, json_str_or(note, key, ""));
		if (etag[0] == '\0') {
			if (put_segment(s, one, at, n, etag, a, e) == -1)
				return -1;
			if (a->cause != CAUSE_NONE)
				return 0;
			json_put_str(note, key, etag);
			if (spool_note_put(s->file->part, NOTE, note, e) == -1)
				return -1;
		}
		end = json_add_obj(ends);
		json_put_str(end, "etag", etag);
		json_put_i64(end, "size", n);
		json_put_str(end, "sha256", json_str_or(one, "sha256", ""));
	}
	return 0;
}

/* Begin an upload in segments; *note NULL: out says why not. */
static int
begin(struct send *s, struct json **note, struct procore_answer *out, struct err *e)
{
	struct json *body = json_obj();
	struct procore_answer ready = {0};
	bool ok = false;
	int rc = -1;

	*note = NULL;
	if (add_segments(s, body, e) == -1 || announce(s, body, &ready, &ok, e) == -1)
		goto out;
	if (ok) {
		*note = make_note(s, ready.json, body);
		rc = spool_note_put(s->file->part, NOTE, *note, e);
	} else {
		*out = ready;
		ready = (struct procore_answer){0};
		rc = 0;
	}
out:
	procore_answer_clear(&ready);
	json_free(body);
	return rc;
}

/* Was an upload completed by a call whose answer was lost? */
static int
is_complete(struct send *s, bool *complete, struct err *e)
{
	struct procore_req r = {.op = PROCORE_UPLOAD_GET, .at = *s->at, .uuid = s->uuid};
	struct procore_answer a = {0};
	int rc = procore_call(s->p, &r, &a, e);

	*complete = rc == 0 && a.cause == CAUSE_NONE &&
		    str_eq(json_str_or(a.json, "status", ""), "complete");
	procore_answer_clear(&a);
	return rc;
}

/* Segments and the end of one upload, new or gone on with. */
static int
finish(struct send *s, struct json *note, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {
	    .op = PROCORE_UPLOAD_PATCH, .at = *s->at, .uuid = s->uuid};
	struct json *end = json_obj();
	int rc = put_segments(s, note, end, out, e);

	if (rc == 0 && out->cause == CAUSE_NONE) {
		r.body = end;
		procore_answer_clear(out);
		rc = procore_call(s->p, &r, out, e);
	}
	json_free(end);
	return rc;
}

/* A clear no to an upload that was begun before: its addresses have expired, or it is gone. */
static bool
is_stale(const struct procore_answer *a)
{
	return a->cause == CAUSE_ITEM || a->cause == CAUSE_PERMISSION_LOST;
}

static int
upload_segments(struct send *s, struct procore_answer *out, struct err *e)
{
	struct json *note = find_note(s);
	bool old = note != NULL, complete = false;
	int rc = 0;

	if (!old)
		rc = begin(s, &note, out, e);
	if (rc == 0 && note != NULL)
		rc = finish(s, note, out, e);
	if (rc == 0 && old && is_stale(out))
		rc = is_complete(s, &complete, e);
	if (rc == 0 && old && is_stale(out)) {
		procore_answer_clear(out);
		out->date_at = clk_now();
		json_free(note);
		note = NULL;
		spool_note_drop(s->file->part, NOTE);
		if (!complete)
			rc = begin(s, &note, out, e);
		if (rc == 0 && note != NULL)
			rc = finish(s, note, out, e);
	}
	/* what was refused when it was new would be refused again */
	if (rc == 0 && is_stale(out))
		spool_note_drop(s->file->part, NOTE);
	json_free(note);
	return rc;
}

int
procore_upload(struct procore *p, const struct procore_at *at,
    const struct procore_file *file, char uuid[64], struct procore_answer *out,
    struct err *e)
{
	struct send s = {.p = p, .at = at, .file = file, .uuid = uuid};

	s.segment = p->segment_bytes > 0 ? p->segment_bytes : PROCORE_SEGMENT_BYTES;
	*out = (struct procore_answer){.date_at = clk_now()};
	BUG_IF(!file->part->whole);
	return file->part->bytes <= s.segment ? upload_form(&s, out, e)
					      : upload_segments(&s, out, e);
}
