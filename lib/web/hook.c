#include "config.h"

#include "web/hook.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/job.h"
#include "web/fail.h"

bool
hook_authorized(const struct secret *secret, const char *header)
{
	static const char bearer[] = "Bearer ";

	if (!secret_is_set(secret) || header == NULL)
		return false;
	if (str_starts_ci(header, bearer) &&
	    secret_eq_bytes(
		secret, header + sizeof bearer - 1, strlen(header) - (sizeof bearer - 1)))
		return true;
	return secret_eq_bytes(secret, header, strlen(header));
}

/* An id may be a number (v2, v3) or a text of digits (v4). */
static int
need_id(const struct json *j, const char *key, int64_t *out, struct err *e)
{
	*out = json_i64_or(j, key, 0);
	return *out > 0 ? 0 : err_set(e, ERR_REMOTE, "%s is missing or no id", key);
}

static int
take_dedupe(const struct json *j, char dedupe[64], struct err *e)
{
	const char *text = json_str_or(j, "ulid", json_str(json_get(j, "id")));
	int64_t id = json_i64_or(j, "id", 0);

	if (!str_empty(text) && str_copy(dedupe, 64, text) == 0)
		return 0;
	if (id > 0 && str_format(dedupe, 64, "%" PRId64, id) == 0)
		return 0;
	return err_set(e, ERR_REMOTE, "neither ulid nor id");
}

int
hook_event_of(const struct json *j, char dedupe[64], struct hook_event *out, struct err *e)
{
	struct hook_event h = {.dedupe = dedupe};

	h.resource = json_str_or(j, "resource_name", json_str_or(j, "resource_type", ""));
	h.event = json_str_or(j, "event_type", json_str_or(j, "reason", ""));
	h.application_id = json_str_or(j, "metadata.source_application_id", "");
	h.user_id = json_i64_or(j, "user_id", 0);
	/* Events of a company (a new project) belong to no project. */
	h.project_id = json_i64_or(j, "project_id", 0);
	if (h.resource[0] == '\0' || h.event[0] == '\0')
		return err_set(e, ERR_REMOTE, "the resource or the event is missing");
	if (take_dedupe(j, dedupe, e) == -1 ||
	    need_id(j, "company_id", &h.company_id, e) == -1 ||
	    need_id(j, "resource_id", &h.resource_id, e) == -1)
		return -1;
	*out = h;
	return 0;
}

/* Keep the event and wish for a pass of its connection, in one transaction. */
static int
keep(struct hook *k, const struct hook_event *h, struct err *e)
{
	int64_t connection_id = 0;
	bool fresh = false;

	if (db_begin(k->db, e) == -1)
		return -1;
	if (hook_event_add(k->db, h, &fresh, &connection_id, e) == -1 ||
	    (fresh && connection_id != 0 &&
		job_wish(k->db, JOB_SYNC, connection_id, "", JOB_PRIO_BUSY, clk_now(), e) ==
		    -1)) {
		db_rollback(k->db);
		return -1;
	}
	if (db_commit(k->db, e) == -1)
		return -1;
	if (fresh && connection_id != 0)
		wake_send(k->conf->wake_socket);
	return 0;
}

static int
take(struct hook *k, const struct fcgi_req *in, struct err *e)
{
	struct json *j = NULL;
	struct hook_event h;
	char dedupe[64];
	int rc = -1;

	if (db_check_version(k->db, e) == -1) {
		fcgi_stop();
		return -1;
	}
	if (json_parse(buf_str(&in->body), in->body.len, LIMIT_HOOK_BODY, &j, e) == 0 &&
	    hook_event_of(j, dedupe, &h, e) == 0)
		rc = keep(k, &h, e);
	json_free(j);
	return rc;
}

static bool
is_ours(const struct hook *k, const char *path)
{
	size_t n = strlen(k->conf->public_path);

	return path != NULL && str_starts_ci(path, k->conf->public_path) &&
	       str_eq_ci(path + n, "/hooks/procore");
}

void
hook_handle(void *arg, struct fcgi_req *in, struct fcgi_resp *out)
{
	struct hook *k = arg;
	struct err e = {0};

	log_set_request(in->p.request_id);
	web_security_headers(out);
	fcgi_header(out, "Content-Type", "text/plain; charset=utf-8");
	if (!is_ours(k, in->path) || !secret_is_set(&k->secret)) {
		out->status = 404;
	} else if (in->method != FCGI_POST) {
		out->status = 405;
		fcgi_header(out, "Allow", "POST");
	} else if (!hook_authorized(&k->secret, in->p.http_authorization)) {
		log_event(LOG_WARN, "hook_refused", "from", in->p.remote_addr, NULL);
		out->status = 401;
	} else if (in->body_too_big) {
		out->status = 413;
	} else if (take(k, in, &e) == 0) {
		out->status = 200;
	} else {
		/* 5xx: Procore sends it again; a payload that we cannot read it need not
		 * repeat. */
		log_err("hook", &e);
		out->status = e.code == ERR_REMOTE || e.code == ERR_LIMIT ? 400 : 503;
	}
	buf_puts(&out->body, out->status == 200 ? "ok\n" : "no\n");
	log_set_request(NULL);
}
