/* api_file.c: uploads, attachments, presigned addresses and the bytes behind them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "io/crypt.h"
#include "sandbox/bytes.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

enum { FILE_NAME_MAX = 255, TYPE_MAX = 128 };

/* A row of NQ_FILE_GET. */
enum { F_PROJECT, F_NAME, F_TYPE, F_SIZE, F_HASH, F_STATE, F_N };

static void
row_free(char **row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(row[i]);
}

/* ---- lists with addresses */

static int
add_url(struct npc *n, struct json *file, struct err *e)
{
	char *url = NULL, iso[40];
	int64_t expires = 0;

	if (auth_presign(n, "GET", json_str_or(file, "id", ""), &url, &expires, e) == -1)
		return -1;
	npc_iso_ms(expires, iso);
	json_put_str(file, "url", url);
	json_put_str(file, "urlExpiresAt", iso);
	free(url);
	return 0;
}

int
files_of(
    struct npc *n, int query, const char *id, bool urls, struct json *arr, struct err *e)
{
	struct json *rows = json_arr();
	const struct json *f;
	int rc = nq_rows(n, query, rows, e, "s", id);

	for (f = json_first(rows); rc == 0 && f != NULL; f = json_next(f)) {
		struct json *one = json_dup(f);

		json_add(arr, one);
		if (urls)
			rc = add_url(n, one, e);
	}
	json_free(rows);
	return rc;
}

int
responses_of(struct npc *n, const char *item_id, bool urls, struct json *arr, struct err *e)
{
	struct json *rows = json_arr();
	const struct json *r;
	int rc = nq_rows(n, NQ_RESPONSE_LIST, rows, e, "s", item_id);

	for (r = json_first(rows); rc == 0 && r != NULL; r = json_next(r)) {
		struct json *one = json_dup(r);

		json_add(arr, one);
		rc = files_of(n, NQ_FILE_OF_RESPONSE, json_str_or(r, "id", ""), urls,
		    json_put_arr(one, "files"), e);
	}
	json_free(rows);
	return rc;
}

/* ---- handlers with a signature */

static int
item_exists(struct call *c, bool *there, bool *open, struct err *e)
{
	struct json *j = NULL;

	if (nq_json(c->n, NQ_ITEM_JSON, &j, e, "sss", c->seg[4], c->seg[2], api_kind(c)) ==
	    -1)
		return -1;
	*there = j != NULL;
	*open = str_eq(json_str_or(j, "status", ""), "Open");
	json_free(j);
	return 0;
}

static int
answer_file(struct call *c, int status, const char *id, struct err *e)
{
	struct json *j = NULL;

	if (nq_json(c->n, NQ_FILE_JSON, &j, e, "ss", id, c->seg[2]) == -1)
		return -1;
	if (j == NULL)
		return call_refuse(c, 404, "not_found", "no such file");
	if (add_url(c->n, j, e) == -1) {
		json_free(j);
		return -1;
	}
	return call_json(c, status, j);
}

int
api_file_get(struct call *c, struct err *e)
{
	return answer_file(c, 200, c->seg[4], e);
}

int
api_item_attach(struct call *c, struct err *e)
{
	const char *upload = json_str_or(c->body, "uploadId", "");
	char *row[F_N] = {NULL}, *same = NULL;
	bool there = false, open = false;
	int rc = -1;

	if (item_exists(c, &there, &open, e) == -1 ||
	    nq_row(c->n, NQ_FILE_GET, row, F_N, e, "s", upload) == -1)
		goto out;
	if (!there || row[F_PROJECT] == NULL || !str_eq(row[F_PROJECT], c->seg[2])) {
		rc = call_refuse(
		    c, 404, "not_found", there ? "no such upload" : "no such item");
		goto out;
	}
	if (nq_text(c->n, NQ_ITEM_FILE_SAME, &same, e, "sss", c->seg[4], row[F_NAME],
		row[F_HASH]) == -1)
		goto out;
	if (same != NULL) {
		rc = answer_file(c, 200, same, e);
		goto out;
	}
	if (!open || !str_eq(row[F_STATE], "received")) {
		rc = open ? call_refuse(
				c, 409, "upload_incomplete", "the bytes have not arrived")
			  : call_refuse(c, 409, "item_closed", "the item is closed");
		goto out;
	}
	if (nq_exec(c->n, NQ_ITEM_FILE_PUT, e, "sssi", c->seg[4], upload, NULL,
		c->now_ms) == -1 ||
	    nq_exec(c->n, NQ_ITEM_TOUCH, e, "si", c->seg[4], c->now_ms) == -1)
		goto out;
	rc = answer_file(c, 201, upload, e);
out:
	row_free(row, F_N);
	free(same);
	return rc;
}

static int
answer_upload(struct call *c, int status, const char *id, struct err *e)
{
	char *state = NULL, *url = NULL, iso[40];
	struct json *out;
	int64_t expires = 0;
	bool waiting;

	if (nq_text(c->n, NQ_FILE_STATE, &state, e, "ss", id, c->seg[2]) == -1)
		return -1;
	if (state == NULL)
		return call_refuse(c, 404, "not_found", "no such upload");
	waiting = str_eq(state, "waiting");
	if (waiting && auth_presign(c->n, "PUT", id, &url, &expires, e) == -1) {
		free(state);
		return -1;
	}
	npc_iso_ms(expires, iso);
	out = json_obj();
	json_put_str(out, "id", id);
	json_put_str(out, "state", state);
	json_put_str(out, "url", url);
	json_put_str(out, "urlExpiresAt", waiting ? iso : NULL);
	free(state);
	free(url);
	return call_json(c, status, out);
}

static bool
file_name_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= FILE_NAME_MAX && str_utf8_valid(s, n) &&
	       str_no_controls(s, n) && strpbrk(s, "/\\") == NULL;
}

static bool
sha256_ok(const char *s)
{
	return strlen(s) == CRYPT_HEX256_BYTES - 1 &&
	       strspn(s, "0123456789abcdef") == CRYPT_HEX256_BYTES - 1;
}

int
api_upload_create(struct call *c, struct err *e)
{
	const char *name = json_str_or(c->body, "name", ""),
		   *hash = json_str_or(c->body, "sha256", "");
	const char *type = json_str_or(c->body, "contentType", "application/octet-stream");
	int64_t size = json_i64_or(c->body, "size", -1);
	char id[NPC_ID_BYTES], *before = NULL;
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
		rc = answer_upload(c, 200, before, e);
		free(before);
		return rc;
	}
	if (!file_name_ok(name) || !sha256_ok(hash) || strlen(type) > TYPE_MAX ||
	    !str_no_controls(type, strlen(type)) || size < 0)
		return call_refuse(c, 400, "bad_request",
		    "name, size, sha256 or contentType is not acceptable");
	if (size > LIMIT_FILE_BYTES)
		return call_refuse(c, 413, "too_large",
		    "files have at most %" PRId64 " bytes", LIMIT_FILE_BYTES);
	npc_new_id("fl", id);
	if (nq_exec(c->n, NQ_FILE_PUT, e, "ssssissi", id, c->seg[2], name, type, size, hash,
		"waiting", c->now_ms) == -1 ||
	    api_idempotent_put(c, id, e) == -1)
		return -1;
	return answer_upload(c, 201, id, e);
}

/* ---- bytes */

/* Copy the body of a request into a file under a passing name, hashing on the way. */
static int
store_body(struct call *c, const char *path, int64_t *bytes, char hash[CRYPT_HEX256_BYTES],
    struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int from = fcgi_body_fd(c->req, NULL), rc = -1;
	struct crypt_sha256 *h = crypt_sha256_new();
	char chunk[65536];
	ssize_t got = 0;

	*bytes = 0;
	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
		goto out;
	}
	if (from == -1) {
		crypt_sha256_add(h, buf_str(&c->req->body), c->req->body.len);
		*bytes = (int64_t)c->req->body.len;
		rc = bytes_write(fd, buf_str(&c->req->body), c->req->body.len, e);
	}
	while (from != -1 && (got = pread(from, chunk, sizeof(chunk), *bytes)) > 0) {
		crypt_sha256_add(h, chunk, (size_t)got);
		*bytes += got;
		if (bytes_write(fd, chunk, (size_t)got, e) == -1)
			goto out;
	}
	if (from != -1)
		rc = got == 0 ? 0 : err_set_errno(e, ERR_IO, errno, "%s", path);
	if (rc == 0)
		rc = bytes_end(fd, e);
out:
	crypt_sha256_end(h, hash);
	if (fd != -1)
		close(fd);
	return rc;
}

static int
put_bytes(struct call *c, const char *id, char **row, struct err *e)
{
	char hash[CRYPT_HEX256_BYTES], part_id[NPC_ID_BYTES];
	char *part, *path = xasprintf("%s/%s", c->n->files, id);
	int64_t bytes = 0, size = 0;
	int rc = -1;

	npc_new_id("part", part_id);
	part = xasprintf("%s/%s", c->n->files, part_id);
	if (c->req->body_too_big) {
		rc = call_refuse(c, 413, "too_large", "more bytes than are taken here");
		goto out;
	}
	if (num_parse_i64(row[F_SIZE], 0, INT64_MAX, &size) == -1) {
		err_set(e, ERR_DB, "size of file %s", id);
		goto out;
	}
	if (store_body(c, part, &bytes, hash, e) == -1)
		goto out;
	if (bytes != size || !str_eq(hash, row[F_HASH])) {
		rc = call_refuse(c, 409, "upload_mismatch",
		    "%" PRId64 " bytes with hash %s arrived", bytes, hash);
		goto out;
	}
	if (rename(part, path) == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
		goto out;
	}
	rc = nq_exec(c->n, NQ_FILE_RECEIVED, e, "s", id);
	c->resp->status = rc == 0 ? 200 : 0;
out:
	(void)unlink(part); /* gone already when all went well */
	free(part);
	free(path);
	return rc;
}

int
file_send(struct call *c, const char *id, bool inline_view, struct err *e)
{
	char *row[F_N] = {NULL}, *path = xasprintf("%s/%s", c->n->files, id);
	struct buf name = BUF_INIT(4096);
	int fd, rc = -1;

	if (nq_row(c->n, NQ_FILE_GET, row, F_N, e, "s", id) == -1)
		goto out;
	if (row[F_STATE] == NULL || !str_eq(row[F_STATE], "received")) {
		rc = call_refuse(c, 404, "not_found", "no such file");
		goto out;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
		goto out;
	}
	buf_printf(&name, "%s; filename*=UTF-8''", inline_view ? "inline" : "attachment");
	enc_percent(&name, row[F_NAME]);
	fcgi_header(c->resp, "Content-Disposition", buf_str(&name));
	fcgi_header(c->resp, "Content-Type", "application/octet-stream");
	fcgi_header(c->resp, "X-Content-Type-Options", "nosniff");
	rc = bytes_answer(c->req, c->resp, fd, id, inline_view || c->cut, e);
out:
	buf_clear(&name);
	row_free(row, F_N);
	free(path);
	return rc;
}

int
api_bytes(struct call *c, struct err *e)
{
	char *row[F_N] = {NULL};
	const char *id = c->seg[1];
	int rc = -1;

	if (c->req->method == FCGI_GET || c->req->method == FCGI_HEAD)
		return file_send(c, id, false, e);
	if (c->req->method != FCGI_PUT)
		return call_refuse(c, 405, "method_not_allowed", "GET or PUT");
	if (nq_row(c->n, NQ_FILE_GET, row, F_N, e, "s", id) == -1)
		goto out;
	if (row[F_STATE] == NULL)
		rc = call_refuse(c, 404, "not_found", "no such upload");
	else if (str_eq(row[F_STATE], "received")) {
		c->resp->status = 200; /* the same bytes again change nothing */
		rc = 0;
	} else {
		rc = put_bytes(c, id, row, e);
	}
out:
	row_free(row, F_N);
	return rc;
}

int
file_store(struct npc *n, const char *project_id, const struct act_file *f,
    char id[NPC_ID_BYTES], struct err *e)
{
	char hash[CRYPT_HEX256_BYTES], *path;
	int fd, rc = -1;

	if (!file_name_ok(f->name))
		return err_set(e, ERR_INPUT, "file name %.60s is not acceptable", f->name);
	npc_new_id("fl", id);
	path = xasprintf("%s/%s", n->files, id);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
		goto out;
	}
	if (f->p == NULL) {
		if (bytes_make(fd, f->size, f->seed, hash, e) == -1)
			goto out;
	} else {
		if (bytes_write(fd, f->p, (size_t)f->size, e) == -1 || bytes_end(fd, e) == -1)
			goto out;
		crypt_sha256_hex(f->p, (size_t)f->size, hash);
	}
	rc = nq_exec(n, NQ_FILE_PUT, e, "ssssissi", id, project_id, f->name, f->type, f->size,
	    hash, "received", npc_now_ms(n));
out:
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}
