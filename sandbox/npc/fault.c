/* fault.c: what goes wrong on request, and the log of calls. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

enum { DELAY_MAX_MS = 60 * 1000, CUT_BYTES = 32 };

int
fault_take(struct call *c, struct fault *out, struct err *e)
{
	char *v[5];
	int64_t id = 0;
	int rc = -1;

	*out = (struct fault){.kind = ""};
	if (nq_row(c->n, NQ_FAULT_NEXT, v, 5, e, "ss", c->req->p.request_method,
		c->req->path) == -1)
		return -1;
	if (v[0] == NULL)
		return 0;
	if (num_parse_i64(v[0], 1, INT64_MAX, &id) == -1 ||
	    str_copy(out->kind, sizeof(out->kind), v[1]) == -1 ||
	    num_parse_i64(v[2], 0, 599, &out->status) == -1 ||
	    num_parse_i64(v[3], 0, 86400, &out->retry_s) == -1 ||
	    num_parse_i64(v[4], 0, DELAY_MAX_MS, &out->delay_ms) == -1)
		err_set(e, ERR_DB, "fault %s is not a fault", v[0]);
	else
		rc = nq_exec(c->n, NQ_FAULT_STRUCK, e, "i", id);
	for (size_t i = 0; i < 5; i++)
		free(v[i]);
	return rc;
}

static void
wait_ms(int64_t ms)
{
	int64_t end = clk_mono_ms() + ms;

	for (int64_t left = ms; left > 0; left = end - clk_mono_ms()) {
		struct timespec t = {
		    .tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000};

		/* A signal to end cuts the wait short. */
		if (nanosleep(&t, NULL) == -1 && errno == EINTR)
			return;
	}
}

void
fault_before(struct call *c, const struct fault *f, bool *answered)
{
	*answered = false;
	if (str_eq(f->kind, "slow"))
		wait_ms(f->delay_ms);
	if (!str_eq(f->kind, "status"))
		return;
	call_refuse(c, (int)f->status, f->status == 429 ? "rate_limited" : "unavailable",
	    "told to fail by the control page");
	if (f->retry_s > 0) {
		char text[24];

		BUG_IF(str_format(text, sizeof(text), "%lld", (long long)f->retry_s) == -1);
		fcgi_header(c->resp, "Retry-After", text);
	}
	*answered = true;
}

void
fault_after(struct call *c, const struct fault *f)
{
	char text[24];

	if (str_eq(f->kind, "lost")) {
		/* The demo's nginx closes the connection without an answer. */
		fcgi_header(c->resp, "X-Accel-Redirect", "/_lost");
	} else if (str_eq(f->kind, "cut")) {
		/* Half of the body, under a length that promises all and more. */
		BUG_IF(str_format(text, sizeof(text), "%lld",
			   (long long)(c->resp->file_bytes > 0
					   ? c->resp->file_bytes
					   : (int64_t)c->resp->body.len + CUT_BYTES)) == -1);
		fcgi_header(c->resp, "Content-Length", text);
		buf_truncate(&c->resp->body, c->resp->body.len / 2);
		c->resp->file_bytes /= 2;
	}
}

int
call_log(struct call *c, const struct fault *f, struct err *e)
{
	const char *query =
	    strstr(c->req->query, "X-Amz-Signature") != NULL ? "" : c->req->query;
	const char *path = c->req->path != NULL ? c->req->path : "";

	if (nq_exec(c->n, NQ_CALL_PUT, e, "isssiss", c->now_ms, c->req->p.request_method,
		path, query, (int64_t)c->resp->status, c->code, f->kind) == -1)
		return -1;
	return nq_exec(c->n, NQ_CALL_TRIM, e, "i", db_last_id(c->n->db));
}
