#include "config.h"

#include "web/hook.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/hook_payload.h"
#include "io/wake.h"
#include "store/catalog.h"
#include "store/hook_event.h"
#include "store/job.h"

int
hook_open(struct conf *conf, struct hook *out, struct err *e)
{
	struct hook h = {.conf = *conf};

	*conf = (struct conf){0};
	h.path = xasprintf("%s/hooks/procore", h.conf.public_path);
	if ((!str_empty(h.conf.webhook_public_url) &&
		conf_secret(&h.conf, CONF_HOOK, "webhook_secret_file", &h.secret, e) ==
		    -1) ||
	    db_open(h.conf.database, store_catalog(), DB_ROLE_HOOK, &h.db, e) == -1) {
		hook_close(&h);
		return -1;
	}
	*out = h;
	return 0;
}

void
hook_close(struct hook *h)
{
	db_close(h->db);
	secret_clear(&h->secret);
	free(h->path);
	conf_clear(&h->conf);
	*h = (struct hook){0};
}

static void
answer(struct fcgi_resp *resp, int status, const char *text)
{
	resp->status = status;
	fcgi_header(resp, "Content-Type", "text/plain; charset=utf-8");
	fcgi_header(resp, "Cache-Control", "no-store");
	fcgi_header(resp, "X-Content-Type-Options", "nosniff");
	buf_puts(&resp->body, text);
	buf_putc(&resp->body, '\n');
}

/* The secret as our hooks send it, or after "Bearer ", as people set them up by hand. */
static bool
knows_secret(const struct hook *h, const char *given)
{
	static const char bearer[] = "Bearer ";

	if (given == NULL)
		return false;
	if (secret_eq_bytes(&h->secret, given, strlen(given)))
		return true;
	if (!str_starts_ci(given, bearer))
		return false;
	given += sizeof bearer - 1;
	return secret_eq_bytes(&h->secret, given, strlen(given));
}

/* What stands before the payload; 0: go on. */
static int
gate(const struct hook *h, const struct fcgi_req *req, struct fcgi_resp *resp)
{
	if (!secret_is_set(&h->secret) || req->path == NULL ||
	    !str_eq_ci(req->path, h->path)) {
		answer(resp, 404, "not found");
		return -1;
	}
	if (req->method != FCGI_POST) {
		fcgi_header(resp, "Allow", "POST");
		answer(resp, 405, "POST only");
		return -1;
	}
	if (!knows_secret(h, req->p.http_authorization)) {
		log_event(LOG_WARN, "webhook_refused", "why", "wrong secret", "from",
		    req->p.remote_addr, NULL);
		fcgi_header(resp, "WWW-Authenticate", "Bearer");
		answer(resp, 401, "unauthorized");
		return -1;
	}
	if (req->body_too_big) {
		answer(resp, 413, "too large");
		return -1;
	}
	return 0;
}

/* What became of it, for the log. */
enum taken { TAKEN, TAKEN_BEFORE, TAKEN_OWN, TAKEN_NOT_OURS };

static int
store(struct hook *h, const struct hook_payload *p, int64_t connection_id, enum taken *out,
    struct err *e)
{
	struct hook_event ev = {.dedupe = p->dedupe,
	    .resource = p->resource,
	    .event = p->event,
	    .application_id = p->application_id,
	    .company_id = p->company_id,
	    .project_id = p->project_id,
	    .resource_id = p->resource_id,
	    .user_id = p->user_id,
	    .handled = str_eq(p->application_id, h->conf.procore_client_id)};
	int64_t now = clk_now();
	bool fresh = false;

	if (db_begin(h->db, e) == -1)
		return -1;
	if (hook_event_add(h->db, connection_id, &ev, now, &fresh, e) == -1 ||
	    (fresh && !ev.handled &&
		job_wish(h->db, JOB_SYNC, connection_id, "", JOB_PRIO_BUSY,
		    now + HOOK_GATHER_S, e) == -1)) {
		db_rollback(h->db);
		return -1;
	}
	*out = !fresh ? TAKEN_BEFORE : ev.handled ? TAKEN_OWN : TAKEN;
	return db_commit(h->db, e);
}

static int
take(struct hook *h, const struct hook_payload *p, enum taken *out, struct err *e)
{
	int64_t connection_id = 0;

	*out = TAKEN_NOT_OURS;
	if (db_check_version(h->db, e) == -1)
		return -1;
	/* Hooks of projects that are disconnected or paused may speak a while longer. */
	if (hook_event_project(h->db, p->company_id, p->project_id, &connection_id, e) ==
	    -1)
		return -1;
	return connection_id == 0 ? 0 : store(h, p, connection_id, out, e);
}

static void
say_taken(const struct hook_payload *p, enum taken t)
{
	static const char *const words[] = {[TAKEN] = "taken",
	    [TAKEN_BEFORE] = "known",
	    [TAKEN_OWN] = "own",
	    [TAKEN_NOT_OURS] = "not ours"};

	log_event(LOG_INFO, "webhook", "result", words[t], "project",
	    log_num(p->project_id), "resource", p->resource, "event", p->event, "id",
	    log_num(p->resource_id), NULL);
}

void
hook_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp)
{
	struct hook *h = arg;
	struct hook_payload p;
	enum taken t = TAKEN_NOT_OURS;
	struct err e = {0};

	if (gate(h, req, resp) == -1)
		return;
	if (hook_payload_parse(buf_str(&req->body), req->body.len, &p, &e) == -1) {
		log_event(LOG_WARN, "webhook_refused", "why", e.msg, NULL);
		answer(resp, 400, "malformed");
		return;
	}
	if (take(h, &p, &t, &e) == -1) {
		log_err("webhook", &e);
		if (e.code == ERR_DB)
			fcgi_stop(); /* another schema: a restart takes the program that
					fits it */
		fcgi_header(resp, "Retry-After", "10");
		answer(resp, 503, "try again later");
		return;
	}
	say_taken(&p, t);
	if (t == TAKEN)
		wake_send(h->conf.wake_socket);
	answer(resp, 200, "ok");
}
