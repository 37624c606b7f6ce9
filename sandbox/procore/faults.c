#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/enc.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* Bytes promised but not sent by a cut body. */
enum { CUT_BYTES = 64 };

static bool
strikes(const struct sim_call *c, const struct json *fault)
{
	const char *what = json_str_or(fault, "what", "");

	if (str_empty(what))
		return true;
	if (!str_starts(c->req->path, "/oauth/token") ||
	    str_starts(c->req->path, "/oauth/token/info"))
		return false;
	return str_eq(what, "token") ||
	       str_eq(params_str(c->body, "grant_type"), "refresh_token");
}

/* Faults can be meant for one person; a token call names nobody but by its refresh token.
 */
static int
who_is_meant(struct sim_call *c, char *login, size_t size, struct err *e)
{
	const char *refresh = params_str(c->body, "refresh_token");
	struct json *token = NULL;
	char hash[65];

	str_cut(login, size, json_str_or(c->who, "login", ""));
	if (c->who != NULL || str_empty(refresh))
		return 0;
	data_hash(refresh, hash);
	if (data_doc(c->sim->db, PQ_TOKEN_BY_REFRESH, &token, e, "t", hash) == -1)
		return -1;
	str_cut(login, size, json_str_or(token, "person.login", ""));
	json_free(token);
	return 0;
}

int
faults_choose(struct sim_call *c, int64_t *wait_ms, struct err *e)
{
	const struct json *f;
	struct json *all = NULL;
	char login[256];
	int rc = -1;

	c->faults = json_arr();
	*wait_ms = 0;
	if (str_starts(c->req->path, "/_control"))
		return 0;
	if (who_is_meant(c, login, sizeof login, e) == -1)
		return -1;
	if (data_docs(c->sim->db, PQ_FAULTS_FOR, &all, e, "ttt", c->req->p.request_method,
		c->req->path, login) == -1)
		return -1;
	for (f = json_first(all); f != NULL; f = json_next(f)) {
		if (!strikes(c, f))
			continue;
		if (data_run(c->sim->db, PQ_FAULT_TAKE, e, "i", json_i64_or(f, "id", 0)) ==
		    -1)
			goto out;
		sim_note(c, json_str_or(f, "kind", ""));
		if (str_eq(json_str_or(f, "kind", ""), "slow"))
			*wait_ms += json_i64_or(f, "spec.ms", 0);
		json_add(c->faults, json_dup(f));
	}
	rc = 0;
out:
	json_free(all);
	return rc;
}

static void
default_headers(struct sim_call *c, int64_t status)
{
	char text[24];

	if (status == 429 || status == 503)
		fcgi_header(c->resp, "Retry-After", "5");
	if (status != 429)
		return;
	fcgi_header(c->resp, "X-Rate-Limit-Limit", "3600");
	fcgi_header(c->resp, "X-Rate-Limit-Remaining", "0");
	if (str_format(text, sizeof text, "%" PRId64, c->shown + 5) == 0)
		fcgi_header(c->resp, "X-Rate-Limit-Reset", text);
}

static void
answer_as(struct sim_call *c, const struct json *spec)
{
	const struct json *body = json_get(spec, "body"),
			  *headers = json_get(spec, "headers"), *h;
	int64_t status = json_i64_or(spec, "status", 500);

	json_free(c->answer);
	c->answer = NULL;
	buf_reset(&c->resp->body);
	buf_reset(&c->resp->headers);
	c->resp->status = (int)status;
	if (json_len(headers) == 0)
		default_headers(c, status);
	for (h = json_first(headers); h != NULL; h = json_next(h)) {
		if (json_str(h) != NULL)
			fcgi_header(c->resp, json_key(h), json_str(h));
	}
	if (json_str(body) != NULL) {
		buf_puts(&c->resp->body, json_str(body));
		fcgi_header(c->resp, "Content-Type", "text/html; charset=utf-8");
	} else if (body != NULL) {
		json_print(body, &c->resp->body);
		fcgi_header(c->resp, "Content-Type", "application/json; charset=utf-8");
	}
}

static bool
status_fault(struct sim_call *c, bool after)
{
	const struct json *f, *spec;

	for (f = json_first(c->faults); f != NULL; f = json_next(f)) {
		spec = json_get(f, "spec");
		if (str_eq(json_str_or(f, "kind", ""), "status") &&
		    data_bool(spec, "after", false) == after) {
			answer_as(c, spec);
			return true;
		}
	}
	return false;
}

bool
faults_answer(struct sim_call *c)
{
	return status_fault(c, false);
}

/* The first bytes of a file, under a length that promises all. */
static void
cut_file(struct fcgi_resp *r, int64_t at)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, r->file_bytes) == 0)
		fcgi_header(r, "Content-Length", text);
	if (at < r->file_bytes)
		r->file_bytes = at;
}

void
faults_after(struct sim_call *c)
{
	const struct json *f;
	const char *kind;
	char text[24];

	(void)status_fault(c, true);
	for (f = json_first(c->faults); f != NULL; f = json_next(f)) {
		kind = json_str_or(f, "kind", "");
		if (str_eq(kind, "lost_answer")) {
			buf_reset(&c->resp->body);
			buf_reset(&c->resp->headers);
			c->resp->status = 200;
			fcgi_header(c->resp, "X-Accel-Redirect", "/_lost");
		} else if (str_eq(kind, "cut_body") && c->resp->file_fd > 0) {
			cut_file(c->resp, json_i64_or(f, "spec.at", c->resp->file_bytes / 2));
		} else if (str_eq(kind, "cut_body") &&
			   str_format(text, sizeof text, "%zu",
			       c->resp->body.len + CUT_BYTES) == 0) {
			fcgi_header(c->resp, "Content-Length", text);
		} else if (str_eq(kind, "garble")) {
			buf_reset(&c->resp->body);
			c->resp->status = 200;
			buf_puts(&c->resp->body, "{\"id\": 12, \"nam");
		}
	}
}
