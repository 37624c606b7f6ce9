/* route.c: one request from its path to its answer. */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/npc/npc.h"

enum {
	CHECKPOINT_WRITES = 500 /* statements; keeps the write-ahead log small */
};

/* Patterns of the contract; * stands for one id. */
static const struct {
	enum fcgi_method method;
	const char *pattern;
	call_handler fn;
} routes[] = {
    {FCGI_GET, "v1/projects", api_projects},
    {FCGI_GET, "v1/projects/*/contacts", api_contacts},
    {FCGI_GET, "v1/projects/*/keywords", api_keywords},
    {FCGI_GET, "v1/projects/*/changes", api_changes},
    {FCGI_POST, "v1/projects/*/uploads", api_upload_create},
    {FCGI_GET, "v1/projects/*/files/*", api_file_get},
    {FCGI_GET, "v1/projects/*/rfis", api_item_list},
    {FCGI_POST, "v1/projects/*/rfis", api_item_create},
    {FCGI_GET, "v1/projects/*/rfis/*", api_item_get},
    {FCGI_PATCH, "v1/projects/*/rfis/*", api_item_update},
    {FCGI_POST, "v1/projects/*/rfis/*/reopen", api_item_reopen},
    {FCGI_GET, "v1/projects/*/rfis/*/responses", api_item_responses},
    {FCGI_POST, "v1/projects/*/rfis/*/files", api_item_attach},
    {FCGI_GET, "v1/projects/*/submittals", api_item_list},
    {FCGI_POST, "v1/projects/*/submittals", api_item_create},
    {FCGI_GET, "v1/projects/*/submittals/*", api_item_get},
    {FCGI_PATCH, "v1/projects/*/submittals/*", api_item_update},
    {FCGI_POST, "v1/projects/*/submittals/*/reopen", api_item_reopen},
    {FCGI_GET, "v1/projects/*/submittals/*/responses", api_item_responses},
    {FCGI_POST, "v1/projects/*/submittals/*/files", api_item_attach},
};

int
call_json(struct call *c, int status, struct json *j)
{
	buf_reset(&c->resp->body);
	json_print(j, &c->resp->body);
	json_free(j);
	c->resp->status = status;
	fcgi_header(c->resp, "Content-Type", "application/json");
	fcgi_header(c->resp, "Cache-Control", "no-store");
	return 0;
}

int
call_refuse(struct call *c, int status, const char *code, const char *fmt, ...)
{
	struct buf text = BUF_INIT(8192);
	struct json *j = json_obj(), *error = json_put_obj(j, "error");
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	json_put_str(error, "code", code);
	json_put_str(error, "message", buf_str(&text));
	json_put_str(
	    error, "requestId", c->req->p.request_id != NULL ? c->req->p.request_id : "");
	c->code = code;
	buf_clear(&text);
	buf_clear(&c->resp->headers);
	return call_json(c, status, j);
}

/* Ids in paths are plain (contract); everything else is refused before it is looked up. */
static bool
plain_segment(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

	return n >= 1 && n <= 64 && s[n] == '\0';
}

static bool
matches(const struct call *c, const char *pattern)
{
	size_t i = 0;

	for (; i < c->segs && *pattern != '\0'; i++) {
		size_t n = strcspn(pattern, "/");

		if (n == 1 && *pattern == '*') {
			if (!plain_segment(c->seg[i]))
				return false;
		} else if (strlen(c->seg[i]) != n || strncmp(c->seg[i], pattern, n) != 0) {
			return false;
		}
		pattern += n;
		if (*pattern == '/')
			pattern++;
	}
	return i == c->segs && *pattern == '\0';
}

int
call_body(struct call *c, struct buf *out, struct err *e)
{
	int64_t bytes = 0;
	int fd = fcgi_body_fd(c->req, &bytes);
	char chunk[16384];
	off_t at = 0;
	ssize_t got;

	if (c->req->body_too_big)
		return err_set(e, ERR_LIMIT, "the body is too large");
	if (fd == -1)
		buf_add(out, buf_str(&c->req->body), c->req->body.len);
	while (fd != -1 && !out->over && (got = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		buf_add(out, chunk, (size_t)got);
		at += got;
	}
	return buf_check(out, "body", e);
}

static int
read_json_body(struct call *c, bool *ok)
{
	struct err e = {0};
	struct buf text = BUF_INIT(NPC_JSON_MAX);
	const char *type = c->req->p.content_type;

	*ok = true;
	if (c->req->method != FCGI_POST && c->req->method != FCGI_PATCH)
		return 0;
	*ok = false;
	if (type == NULL || !str_starts_ci(type, "application/json"))
		call_refuse(c, 400, "bad_request", "Content-Type must be application/json");
	else if (call_body(c, &text, &e) == -1)
		call_refuse(c, 413, "too_large", "%s", e.msg);
	else if (json_parse(buf_str(&text), text.len, NPC_JSON_MAX, &c->body, &e) == -1 ||
		 json_type(c->body) != JSON_OBJECT)
		call_refuse(c, 400, "bad_request", "the body is not a JSON object");
	else
		*ok = true;
	buf_clear(&text);
	return 0;
}

/* Run a handler in a transaction; what it refuses leaves no trace. */
static int
run_in_tx(struct call *c, call_handler fn, struct err *e)
{
	if (db_begin(c->n->db, e) == -1)
		return -1;
	if (fn(c, e) == -1) {
		db_rollback(c->n->db);
		return -1;
	}
	if (c->resp->status >= 400) {
		db_rollback(c->n->db);
		return 0;
	}
	return db_commit(c->n->db, e);
}

static int
serve_v1(struct call *c, struct err *e)
{
	bool ok = false, path_known = false;

	if (strchr(c->req->p.request_uri, '%') != NULL && c->req->path != NULL &&
	    strcspn(c->req->p.request_uri, "%") < strcspn(c->req->p.request_uri, "?"))
		return call_refuse(c, 400, "bad_request", "paths hold no percent-escapes");
	if (matches(c, "v1/login")) {
		if (c->req->method != FCGI_POST)
			return call_refuse(c, 405, "method_not_allowed", "POST only");
		if (read_json_body(c, &ok) == -1 || !ok)
			return 0;
		return run_in_tx(c, auth_login, e);
	}
	if (auth_check(c, &ok, e) == -1)
		return -1;
	if (!ok)
		return 0;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!matches(c, routes[i].pattern))
			continue;
		path_known = true;
		if (routes[i].method != c->req->method)
			continue;
		if (read_json_body(c, &ok) == -1 || !ok)
			return 0;
		return run_in_tx(c, routes[i].fn, e);
	}
	if (path_known)
		return call_refuse(c, 405, "method_not_allowed", "not with this method");
	return call_refuse(c, 404, "not_found", "no such path");
}

static int
serve_files(struct call *c, struct err *e)
{
	bool ok = false;

	if (!matches(c, "files/*"))
		return call_refuse(c, 404, "not_found", "no such path");
	if (auth_check_presigned(c, &ok, e) == -1)
		return -1;
	return ok ? api_bytes(c, e) : 0;
}

/* An interface call: faults strike here and nowhere else. */
static int
serve_api(struct call *c, struct err *e)
{
	struct fault f;
	struct err log_e = {0};
	bool answered = false;
	int rc = 0;

	if (fault_take(c, &f, e) == -1)
		return -1;
	c->cut = str_eq(f.kind, "cut");
	fault_before(c, &f, &answered);
	if (!answered)
		rc = str_eq(c->seg[0], "v1") ? serve_v1(c, e) : serve_files(c, e);
	if (rc == -1) {
		log_err("npc-call", e);
		call_refuse(c, err_class(e->code)->http_status,
		    e->code == ERR_NOT_FOUND ? "not_found"
		    : e->code == ERR_BUSY    ? "unavailable"
		    : e->code == ERR_INPUT   ? "bad_request"
					     : "internal",
		    "%s", e->msg);
	}
	if (call_log(c, &f, &log_e) == -1)
		log_err("npc-call-log", &log_e);
	fault_after(c, &f);
	return 0;
}

/* "/a//b" has three segments, one empty: never a route. */
static void
cut_path(struct call *c)
{
	char *s = c->path;

	while (*s == '/' && c->segs < NPC_SEGMENTS) {
		*s++ = '\0';
		c->seg[c->segs++] = s;
		s += strcspn(s, "/");
	}
	if (*s != '\0')
		c->segs = 0; /* deeper than any route */
	if (c->segs == 1 && c->seg[0][0] == '\0')
		c->segs = 0;
}

void
npc_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp)
{
	struct call c = {.n = arg, .req = req, .resp = resp, .code = ""};
	struct err e = {0};
	int rc;

	c.now_ms = npc_now_ms(c.n);
	c.path = xstrdup(req->path != NULL ? req->path : "/");
	cut_path(&c);
	if (req->path == NULL)
		rc = call_refuse(&c, 400, "bad_request", "the path is malformed");
	else if (c.segs > 0 && (str_eq(c.seg[0], "v1") || str_eq(c.seg[0], "files")))
		rc = serve_api(&c, &e);
	else if (c.segs > 0 && str_eq(c.seg[0], "_control"))
		rc = control_handle(&c, &e);
	else
		rc = page_handle(&c, &e);
	if (rc == -1) {
		log_err("npc-request", &e);
		call_refuse(&c, err_class(e.code)->http_status, "internal", "%s", e.msg);
	}
	json_free(c.body);
	free(c.path);
}

void
npc_idle(void *arg)
{
	struct npc *n = arg;
	struct err e = {0};

	if (n->writes < CHECKPOINT_WRITES)
		return;
	n->writes = 0;
	/* Another instance is reading: the next time will do. */
	if (db_checkpoint(n->db, 0, &e) == -1 && e.code != ERR_BUSY)
		log_err("npc-checkpoint", &e);
}
