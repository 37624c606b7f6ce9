/* Procore's files: download through redirects, direct upload v1.1 (procore.h). Source:
 * procore.md 7.1, 7.2. */
#include "config.h"

#include "core/procore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/spool.h"
#include "io/crypt.h"

enum {
	MAX_HOPS = 5,
	/* 4 GB at 5 MB/s is a quarter of an hour; a stuck transfer is given up after that.
	 */
	FILE_MS = 15 * 60 * 1000,
	FORM_TEXT_BYTES =
	    64 * 1024 /* the fields that storage wants back; a policy is some KB */
};

/* Patterns of hosts that files may come from or go to, NULL at the end; *api is the API's
 * own host. */
static const char **
host_patterns(const struct conf *c, const char *api)
{
	const char **v = xcalloc(c->procore_file_hosts.n + 2, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < c->procore_file_hosts.n; i++)
		v[n++] = c->procore_file_hosts.v[i];
	v[n++] = api;
	v[n] = NULL;
	return v;
}

/* Storage on private addresses is only believed in rehearsals, where the API itself is on
 * loopback. */
static bool
allow_private(const struct procore *p)
{
	return http_url_is_loopback(p->oauth->conf->procore_api_url);
}

/* The bearer goes to Procore's own hosts, never to storage (procore.md 7.1). */
static bool
takes_bearer(const char *host, const char *api)
{
	return str_eq_ci(host, api) || http_host_matches(host, "*.procore.com");
}

static void
fail(struct procore_answer *a, enum cause c, const char *text)
{
	a->cause = c;
	str_cut(a->text, sizeof a->text, text);
}

static void
decide(const struct http_resp *r, struct procore_answer *a)
{
	struct cause_in in = {.call = CAUSE_CALL_ITEM,
	    .stage = r->stage,
	    .sent = r->sent,
	    .status = r->status,
	    .body = buf_str(&r->body),
	    .has_retry_after = budget_retry_after(r, clk_now()) > 0};
	struct cause_out out;

	cause_decide(&in, &out);
	a->cause = out.cause;
	a->status = r->status;
	a->date_at = r->date_at != 0 ? r->date_at : clk_now();
	str_cut(a->text, sizeof a->text, r->stage != HTTP_DONE ? r->why : out.text);
	if (a->cause != CAUSE_NONE && a->text[0] == '\0' &&
	    str_format(a->text, sizeof a->text, "the file's host answered %d", r->status) ==
		-1)
		a->text[0] = '\0';
}

/* The next address of a redirect, absolute; "" when there is none. */
static void
next_url(const struct http_resp *r, const char *from, struct buf *out)
{
	char *to = xmalloc(LIMIT_URL);
	const char *path;

	buf_reset(out);
	if (http_resp_header(r, "location", to, LIMIT_URL) > 0) {
		path = strstr(from, "://");
		path = path == NULL ? NULL : strpbrk(path + 3, "/?#");
		if (to[0] == '/' && to[1] != '/' && strstr(from, "://") != NULL)
			buf_add(
			    out, from, path == NULL ? strlen(from) : (size_t)(path - from));
		buf_puts(out, to);
	}
	free(to);
}

struct fetch {
	struct procore *p;
	const struct procore_at *at;
	const char *api;
	const char **hosts;
	int fd;
	struct oauth_token token;
	bool renewed;
};

/* A 401 from Procore's own host: one fresh token, then the same address again. */
static int
renew(struct fetch *f, bool *done, struct procore_answer *a, struct err *e)
{
	struct oauth_token fresh = {0};
	enum oauth_got got = OAUTH_NONE;
	int rc;

	f->renewed = true;
	rc = oauth_rejected(
	    f->p->oauth, f->at->account_id, f->token.generation, &fresh, &got, e);
	if (rc == 0 && got == OAUTH_GOT) {
		secret_move(&f->token.access, &fresh.access);
		f->token.generation = fresh.generation;
	}
	*done = got != OAUTH_GOT;
	if (*done)
		fail(a, CAUSE_UNREACHABLE, "the sign-in to Procore is needed again");
	oauth_token_clear(&fresh);
	return rc;
}

/* One hop. *done: the answer is final. */
static int
hop(struct fetch *f, struct buf *url, bool *done, struct procore_answer *a, struct err *e)
{
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};
	char host[256];
	bool bearer;
	int rc = -1;

	*done = true;
	if (!http_url_acceptable(buf_str(url)) ||
	    http_url_host(buf_str(url), host, sizeof host) == -1) {
		fail(a, CAUSE_ITEM, "the file's address is not acceptable");
		return 0;
	}
	bearer = takes_bearer(host, f->api);
	if (ftruncate(f->fd, 0) == -1 || lseek(f->fd, 0, SEEK_SET) == -1)
		return err_set_errno(e, ERR_IO, errno, "file in the spool");
	req.url = buf_str(url);
	req.bearer = bearer ? &f->token.access : NULL;
	req.out_fd = f->fd;
	req.max_bytes = LIMIT_FILE_BYTES;
	req.total_ms = FILE_MS;
	req.host_allow = f->hosts;
	req.allow_private = allow_private(f->p);
	f->p->calls++;
	if (http_call(f->p->oauth->http, &req, &resp, e) == -1)
		goto out;
	rc = 0;
	if (resp.stage == HTTP_DONE && resp.status >= 301 && resp.status <= 308 &&
	    resp.status != 304) {
		next_url(&resp, req.url, url);
		*done = url->len == 0;
		if (*done)
			fail(a, CAUSE_ITEM, "the file's host redirected to nowhere");
	} else if (resp.stage == HTTP_DONE && resp.status == 401 && bearer && !f->renewed) {
		rc = renew(f, done, a, e);
	} else {
		decide(&resp, a);
	}
out:
	http_resp_clear(&resp);
	return rc;
}

int
procore_download(struct procore *p, const struct procore_at *at, const char *url, int fd,
    int64_t *bytes, char sha256[65], struct procore_answer *out, struct err *e)
{
	struct fetch f = {.p = p, .at = at, .fd = fd};
	struct buf to = BUF_INIT(LIMIT_URL);
	enum oauth_got got = OAUTH_NONE;
	char api[256] = "";
	bool done = false;
	int rc = -1;

	*out = (struct procore_answer){.date_at = clk_now()};
	if (http_url_host(p->oauth->conf->procore_api_url, api, sizeof api) == -1)
		return err_set(e, ERR_BUG, "procore_api_url has no host");
	f.api = api;
	f.hosts = host_patterns(p->oauth->conf, api);
	buf_puts(&to, url);
	if (buf_check(&to, "file address", e) == -1 ||
	    oauth_access(p->oauth, at->account_id, &f.token, &got, e) == -1)
		goto out;
	if (got != OAUTH_GOT) {
		fail(out, got == OAUTH_LATER ? CAUSE_UNREACHABLE : CAUSE_SIGN_IN_LOST,
		    "the sign-in to Procore is needed again");
		rc = 0;
		goto out;
	}
	for (int i = 0; !done && i <= MAX_HOPS; i++)
		if (hop(&f, &to, &done, out, e) == -1)
			goto out;
	if (!done)
		fail(out, CAUSE_ITEM, "the file's address redirects more than five times");
	rc = out->cause == CAUSE_NONE ? spool_hash(fd, bytes, sha256, e) : 0;
out:
	oauth_token_clear(&f.token);
	buf_clear(&to);
	free(f.hosts);
	return rc;
}

/* ---- upload */

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

/* The whole form as a file: every field unchanged, the part `file` last (procore.md 7.2).
 */
static int
write_form(int form, const struct json *fields, const char *boundary, const char *name,
    const char *type, int fd, int64_t bytes, int64_t *total, struct err *e)
{
	struct buf head = BUF_INIT(FORM_TEXT_BYTES), tail = BUF_INIT(256);
	int rc = -1;

	for (const struct json *m = json_first(fields); m != NULL; m = json_next(m)) {
		if (json_str(m) == NULL)
			continue;
		part_head(&head, boundary, json_key(m), NULL, NULL);
		buf_puts(&head, json_str(m));
		buf_puts(&head, "\r\n");
	}
	part_head(&head, boundary, "file", name, type);
	buf_printf(&tail, "\r\n--%s--\r\n", boundary);
	if (buf_check(&head, "upload form", e) == -1 ||
	    spool_write(form, head.p, head.len, e) == -1 ||
	    spool_copy(fd, 0, bytes, form, e) == -1 ||
	    spool_write(form, tail.p, tail.len, e) == -1)
		goto out;
	*total = (int64_t)head.len + bytes + (int64_t)tail.len;
	rc = 0;
out:
	buf_clear(&head);
	buf_clear(&tail);
	return rc;
}

/* Send a file to storage: no bearer, allowed hosts only. etag may be NULL. */
static int
to_storage(struct procore *p, const char *method, const char *url,
    const struct http_header *headers, size_t n, int fd, int64_t bytes, char *etag,
    size_t etag_size, struct procore_answer *a, struct err *e)
{
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};
	const char **hosts;
	char api[256] = "";
	int rc;

	if (!http_url_acceptable(url) ||
	    http_url_host(p->oauth->conf->procore_api_url, api, sizeof api) == -1) {
		fail(a, CAUSE_ITEM, "the upload's address is not acceptable");
		return 0;
	}
	hosts = host_patterns(p->oauth->conf, api);
	req.method = method;
	req.url = url;
	req.headers = headers;
	req.headers_n = n;
	req.body_fd = fd;
	req.body_file_bytes = bytes;
	req.total_ms = FILE_MS;
	req.host_allow = hosts;
	req.allow_private = allow_private(p);
	p->calls++;
	rc = http_call(p->oauth->http, &req, &resp, e);
	if (rc == 0) {
		decide(&resp, a);
		if (etag != NULL)
			(void)http_resp_header(&resp, "etag", etag, etag_size);
	}
	http_resp_clear(&resp);
	free(hosts);
	return rc;
}

/* Copy the uuid out of an answer to POST uploads. False: the answer is not usable. */
static bool
take_uuid(const struct json *j, char uuid[64], struct procore_answer *a)
{
	const char *u = json_str_or(j, "uuid", "");

	if (u[0] != '\0' && str_copy(uuid, 64, u) == 0)
		return true;
	fail(a, CAUSE_UNREACHABLE, "Procore's answer to an upload has no uuid");
	return false;
}

static int
upload_form(struct procore *p, const struct procore_at *at, const char *name,
    const char *type, int fd, int64_t bytes, const char *spool_dir, char uuid[64],
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_UPLOAD, .at = *at};
	struct json *body = json_obj();
	struct procore_answer ready = {0};
	struct http_header h;
	char boundary[40] = "connectorweb-", content[96];
	int form = -1, rc = -1;
	int64_t total = 0;

	rnd_hex(boundary + strlen(boundary), 12);
	json_put_str(body, "response_filename", name);
	json_put_str(body, "response_content_type", type);
	json_put_i64(body, "size", bytes);
	r.body = body;
	if (procore_call(p, &r, &ready, e) == -1)
		goto out;
	if (ready.cause != CAUSE_NONE || !take_uuid(ready.json, uuid, &ready)) {
		*out = ready;
		ready = (struct procore_answer){0};
		rc = 0;
		goto out;
	}
	if (spool_temp(spool_dir, &form, e) == -1 ||
	    write_form(form, json_get(ready.json, "fields"), boundary, name, type, fd,
		bytes, &total, e) == -1 ||
	    str_format(content, sizeof content, "multipart/form-data; boundary=%s",
		boundary) == -1)
		goto out;
	h = (struct http_header){"Content-Type", content};
	rc = to_storage(p, "POST", json_str_or(ready.json, "url", ""), &h, 1, form, total,
	    NULL, 0, out, e);
out:
	if (form >= 0)
		(void)close(form);
	procore_answer_clear(&ready);
	json_free(body);
	return rc;
}

/* The list of segments with size and hash. */
static int
add_segments(struct json *body, int fd, int64_t bytes, int64_t segment, struct err *e)
{
	struct json *list = json_put_arr(body, "segments");
	char sha[65];

	for (int64_t at = 0; at < bytes; at += segment) {
		int64_t n = bytes - at < segment ? bytes - at : segment;
		struct json *s = json_add_obj(list);

		if (spool_hash_part(fd, at, n, sha, e) == -1)
			return -1;
		json_put_i64(s, "size", n);
		json_put_str(s, "sha256", sha);
	}
	return 0;
}

/* PUT one segment with the headers that Procore gave for it, and note its ETag for the end.
 */
static int
put_segment(struct procore *p, const struct json *s, int fd, int64_t from, int64_t n,
    const char *spool_dir, struct json *done, struct procore_answer *a, struct err *e)
{
	enum { MAX_HEADERS = 16 };
	struct http_header h[MAX_HEADERS];
	const struct json *given = json_get(s, "headers");
	char etag[256] = "";
	size_t k = 0;
	int part = -1, rc = -1;

	for (const struct json *m = json_first(given); m != NULL && k < MAX_HEADERS;
	     m = json_next(m))
		if (json_str(m) != NULL)
			h[k++] = (struct http_header){json_key(m), json_str(m)};
	if (spool_temp(spool_dir, &part, e) == -1 ||
	    spool_copy(fd, from, n, part, e) == -1 ||
	    to_storage(p, "PUT", json_str_or(s, "url", ""), h, k, part, n, etag,
		sizeof etag, a, e) == -1)
		goto out;
	json_put_str(done, "etag", etag);
	json_put_i64(done, "size", n);
	json_put_str(done, "sha256", json_str_or(s, "sha256", ""));
	rc = 0;
out:
	if (part >= 0)
		(void)close(part);
	return rc;
}

static int
put_segments(struct procore *p, const struct json *ready, int fd, int64_t bytes,
    int64_t segment, const char *spool_dir, struct json *list, struct procore_answer *a,
    struct err *e)
{
	const struct json *s = json_first(json_get(ready, "segments"));

	for (int64_t at = 0; at < bytes; at += segment, s = json_next(s)) {
		int64_t n = bytes - at < segment ? bytes - at : segment;

		if (s == NULL) {
			fail(a, CAUSE_UNREACHABLE,
			    "Procore's answer to an upload lacks segments");
			return 0;
		}
		if (put_segment(p, s, fd, at, n, spool_dir, json_add_obj(list), a, e) == -1)
			return -1;
		if (a->cause != CAUSE_NONE)
			return 0;
	}
	return 0;
}

static int
upload_segments(struct procore *p, const struct procore_at *at, const char *name,
    const char *type, int fd, int64_t bytes, int64_t segment, const char *spool_dir,
    char uuid[64], struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_UPLOAD, .at = *at};
	struct json *body = json_obj(), *end = json_obj();
	struct procore_answer ready = {0};
	int rc = -1;

	json_put_str(body, "response_filename", name);
	json_put_str(body, "response_content_type", type);
	json_put_i64(body, "size", bytes);
	r.body = body;
	if (add_segments(body, fd, bytes, segment, e) == -1 ||
	    procore_call(p, &r, &ready, e) == -1)
		goto out;
	if (ready.cause != CAUSE_NONE || !take_uuid(ready.json, uuid, &ready)) {
		*out = ready;
		ready = (struct procore_answer){0};
		rc = 0;
		goto out;
	}
	if (put_segments(p, ready.json, fd, bytes, segment, spool_dir,
		json_put_arr(end, "segments"), out, e) == -1)
		goto out;
	rc = 0;
	if (out->cause == CAUSE_NONE) {
		r = (struct procore_req){
		    .op = PROCORE_UPLOAD_PATCH, .at = *at, .uuid = uuid, .body = end};
		procore_answer_clear(out);
		rc = procore_call(p, &r, out, e);
	}
out:
	procore_answer_clear(&ready);
	json_free(end);
	json_free(body);
	return rc;
}

int
procore_upload(struct procore *p, const struct procore_at *at, const char *name,
    const char *type, int fd, int64_t bytes, const char *spool_dir, char uuid[64],
    struct procore_answer *out, struct err *e)
{
	int64_t segment = p->segment_bytes > 0 ? p->segment_bytes : PROCORE_SEGMENT_BYTES;

	*out = (struct procore_answer){.date_at = clk_now()};
	if (bytes <= segment)
		return upload_form(p, at, name, type, fd, bytes, spool_dir, uuid, out, e);
	return upload_segments(
	    p, at, name, type, fd, bytes, segment, spool_dir, uuid, out, e);
}
