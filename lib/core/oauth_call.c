/* The calls themselves: token endpoint, revocation, /me. No database but for evidence. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "core/oauth_int.h"
#include "io/json.h"
#include "store/token.h"

/* Longest piece of an answer kept as evidence, and from which length a word may be a secret. */
enum { EVIDENCE_ANSWER = 400, REDACT_FROM = 20 };
/* What expires_in may be: below, something is wrong; above, we would sleep past a revocation. */
enum { EXPIRES_MIN_S = 1, EXPIRES_MAX_S = 31 * 86400 };

void
oauth_pair_clear(struct oauth_pair *p)
{
	secret_clear(&p->access);
	secret_clear(&p->refresh);
	*p = (struct oauth_pair){0};
}

void
oauth_answer_clear(struct oauth_answer *a)
{
	oauth_pair_clear(&a->pair);
	*a = (struct oauth_answer){0};
}

static int
read_pair(const char *body, size_t n, int64_t started_at, struct oauth_pair *out, struct err *e)
{
	struct json *j = NULL;
	const char *access;
	const char *refresh;
	int64_t expires_in;
	int rc = -1;

	if (json_parse(body, n, LIMIT_TOKEN_BODY, &j, e) == -1 ||
	    json_need_str(j, "access_token", LIMIT_TOKEN, &access, e) == -1 ||
	    json_need_i64(j, "expires_in", EXPIRES_MIN_S, EXPIRES_MAX_S, &expires_in, e) == -1)
		goto out;
	refresh = json_str_or(j, "refresh_token", NULL);
	if (*access == '\0' || (refresh != NULL && strlen(refresh) > LIMIT_TOKEN)) {
		rc = err_set(e, ERR_REMOTE, "the token answer holds an empty or an overlong token");
		goto out;
	}
	secret_set(&out->access, access, strlen(access));
	if (!str_empty(refresh))
		secret_set(&out->refresh, refresh, strlen(refresh));
	out->expires_in_s = expires_in;
	/* Counted from before the call on our own clock: the difference of clocks does not matter. */
	out->expires_at = started_at + expires_in;
	rc = 0;
out:
	json_free(j);
	return rc;
}

static void
note_clock(const struct http_resp *r, struct oauth_answer *out)
{
	out->dated = r->stage == HTTP_DONE && r->date_at != 0;
	out->ahead_s = out->dated ? r->date_at - clk_now() : 0;
}

static void
read_error_code(const struct http_resp *r, struct oauth_answer *out)
{
	struct json *j = NULL;
	struct err ignored = {0};

	if (json_parse(buf_str(&r->body), r->body.len, LIMIT_TOKEN_BODY, &j, &ignored) == 0)
		str_cut(out->code, sizeof out->code, json_str_or(j, "error", ""));
	json_free(j);
}

static int64_t
retry_after(const struct http_resp *r)
{
	char text[32];
	int64_t s = 0;

	if (http_resp_header(r, "retry-after", text, sizeof text) > 0 && num_parse_i64(text, 1, 86400, &s) == 0)
		return s;
	if (http_resp_header(r, "x-rate-limit-reset", text, sizeof text) > 0 &&
	    num_parse_i64(text, 1, INT64_MAX, &s) == 0 && s > clk_now())
		return s - clk_now();
	return 0;
}

static void
read_answer(const struct http_resp *r, int64_t started_at, struct oauth_answer *out)
{
	struct cause_in in = {.call = CAUSE_CALL_TOKEN, .stage = r->stage, .sent = r->sent, .status = r->status,
	    .body = buf_str(&r->body)};
	struct cause_out decided;
	struct err e = {0};

	cause_decide(&in, &decided);
	out->stage = r->stage;
	out->status = r->status;
	out->cause = decided.cause;
	out->retry_after_s = retry_after(r);
	if (r->stage != HTTP_DONE)
		str_cut(out->why, sizeof out->why, r->why);
	else
		str_cut(out->why, sizeof out->why, decided.text);
	if (out->cause == CAUSE_NONE &&
	    read_pair(buf_str(&r->body), r->body.len, started_at, &out->pair, &e) == -1) {
		oauth_pair_clear(&out->pair);
		out->cause = CAUSE_SUSPECT; /* a garbled 200: the old token is spent, the new one unreadable */
		str_cut(out->why, sizeof out->why, "Procore's answer could not be read");
	}
	if (out->cause != CAUSE_NONE && r->stage == HTTP_DONE)
		read_error_code(r, out);
	note_clock(r, out);
}

/* One form POST below the login URL; keeps evidence of what failed when the account is known. */
static int
post_form(struct oauth_ctx *x, const char *path, int64_t account_id, const struct buf *form,
    struct http_resp *r, struct err *e)
{
	static const struct http_header headers[] = {
	    {"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
	struct http_req req = HTTP_REQ_INIT;
	struct buf url = BUF_INIT(LIMIT_URL);
	int rc = -1;

	buf_puts(&url, x->conf->procore_login_url);
	buf_puts(&url, path);
	req.method = "POST";
	req.url = buf_str(&url);
	req.headers = headers;
	req.headers_n = sizeof headers / sizeof headers[0];
	req.body = form->p;
	req.body_len = form->len;
	req.connect_ms = OAUTH_CONNECT_MS;
	req.total_ms = x->total_ms != 0 ? x->total_ms : OAUTH_TOTAL_MS;
	req.max_bytes = LIMIT_TOKEN_BODY;
	req.allow_private = true; /* the address is from the configuration */
	if (buf_check(form, "the token request", e) == -1 || buf_check(&url, "the token URL", e) == -1)
		goto out;
	if (http_call(x->http, &req, r, e) == -1)
		goto out;
	rc = account_id == 0 || (r->stage == HTTP_DONE && r->status < 300)
	    ? 0
	    : oauth_evidence(x, &(struct oauth_called){.account_id = account_id, .method = "POST", .path = path}, r, e);
out:
	buf_clear(&url);
	return rc;
}

static void
add_client(struct oauth_ctx *x, struct buf *form)
{
	http_form_add(form, "client_id", x->conf->procore_client_id);
	http_form_add(form, "client_secret", x->client_secret->p);
}

int
oauth_post_refresh(struct oauth_ctx *x, int64_t account_id, const struct secret *refresh,
    struct oauth_answer *out, struct err *e)
{
	struct buf form = BUF_INIT(LIMIT_TOKEN_BODY);
	struct http_resp r = {0};
	int64_t started_at = clk_now();
	int rc = -1;

	http_form_add(&form, "grant_type", "refresh_token");
	http_form_add(&form, "refresh_token", refresh->p);
	http_form_add(&form, "redirect_uri", x->conf->redirect_uri);
	add_client(x, &form);
	if (post_form(x, "/oauth/token", account_id, &form, &r, e) == 0) {
		read_answer(&r, started_at, out);
		rc = 0;
	}
	http_resp_clear(&r);
	buf_clear(&form);
	return rc;
}

int
oauth_post_code(struct oauth_ctx *x, const char *code, const char *verifier, struct oauth_answer *out,
    struct err *e)
{
	struct buf form = BUF_INIT(LIMIT_TOKEN_BODY);
	struct http_resp r = {0};
	int64_t started_at = clk_now();
	int rc = -1;

	http_form_add(&form, "grant_type", "authorization_code");
	http_form_add(&form, "code", code);
	http_form_add(&form, "redirect_uri", x->conf->redirect_uri);
	if (x->conf->procore_pkce)
		http_form_add(&form, "code_verifier", verifier);
	add_client(x, &form);
	if (post_form(x, "/oauth/token", 0, &form, &r, e) == 0) {
		read_answer(&r, started_at, out);
		rc = 0;
	}
	http_resp_clear(&r);
	buf_clear(&form);
	return rc;
}

int
oauth_post_revoke(struct oauth_ctx *x, const struct secret *token, int *status, char why[256], struct err *e)
{
	struct buf form = BUF_INIT(LIMIT_TOKEN_BODY);
	struct http_resp r = {0};
	int rc = -1;

	http_form_add(&form, "token", token->p);
	add_client(x, &form);
	if (post_form(x, "/oauth/revoke", 0, &form, &r, e) == 0) {
		*status = r.stage == HTTP_DONE ? r.status : 0;
		str_cut(why, 256, r.why);
		rc = 0;
	}
	http_resp_clear(&r);
	buf_clear(&form);
	return rc;
}

static int
read_me(const struct http_resp *r, struct oauth_me *out, struct err *e)
{
	struct json *j = NULL;
	const char *login;
	int rc = -1;

	if (json_parse(buf_str(&r->body), r->body.len, LIMIT_TOKEN_BODY, &j, e) == -1 ||
	    json_need_i64(j, "id", 1, JSON_INT_MAX, &out->id, e) == -1 ||
	    json_need_str(j, "login", LIMIT_LOGIN, &login, e) == -1)
		goto out;
	str_cut(out->login, sizeof out->login, login);
	str_cut(out->name, sizeof out->name, json_str_or(j, "name", ""));
	rc = 0;
out:
	json_free(j);
	return rc;
}

int
oauth_me(struct oauth_ctx *x, const struct secret *access, struct oauth_me *out, int *status, char why[256],
    struct err *e)
{
	struct http_req req = HTTP_REQ_INIT;
	struct buf url = BUF_INIT(LIMIT_URL);
	struct http_resp r = {0};
	struct err bad = {0};
	int rc = -1;

	buf_puts(&url, x->conf->procore_api_url);
	buf_puts(&url, "/rest/v1.0/me");
	req.url = buf_str(&url);
	req.bearer = access;
	req.connect_ms = OAUTH_CONNECT_MS;
	req.total_ms = x->total_ms != 0 ? x->total_ms : OAUTH_TOTAL_MS;
	req.max_bytes = LIMIT_TOKEN_BODY;
	req.allow_private = true;
	if (http_call(x->http, &req, &r, e) == -1)
		goto out;
	why[0] = '\0';
	*status = r.stage == HTTP_DONE ? r.status : 0;
	if (r.stage != HTTP_DONE)
		str_cut(why, 256, r.why);
	else if (r.status == 200 && read_me(&r, out, &bad) == -1) {
		*status = 0;
		str_cut(why, 256, bad.msg);
	}
	rc = 0;
out:
	http_resp_clear(&r);
	buf_clear(&url);
	return rc;
}

/* ---- evidence */

static bool
token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_' || c == '.' || c == '+' || c == '/';
}

/* Any run that is long enough for a token is cut out, whatever it is. */
static void
redact(const char *s, struct buf *out)
{
	while (*s != '\0' && out->len < EVIDENCE_ANSWER) {
		size_t n = 0;

		while (token_char(s[n]))
			n++;
		if (n >= REDACT_FROM)
			buf_puts(out, "[redacted]");
		else if (n > 0)
			buf_add(out, s, n);
		s += n;
		if (n == 0) {
			buf_putc(out, (unsigned char)*s < 0x20 ? ' ' : *s);
			s++;
		}
	}
}

int
oauth_evidence(struct oauth_ctx *x, const struct oauth_called *c, const struct http_resp *r, struct err *e)
{
	struct buf answer = BUF_INIT(LIMIT_FIELD);
	struct buf call = BUF_INIT(LIMIT_URL);
	char request_id[128];
	struct token_call row = {.account_id = c->account_id, .company_id = c->company_id, .project_id = c->project_id,
	    .stage = http_stage_name(r->stage), .status = r->status, .request_id = request_id};
	int rc;

	buf_printf(&call, "%s %.*s", c->method, (int)strcspn(c->path, "?"), c->path);
	if (r->status >= 300 || r->stage != HTTP_DONE)
		redact(r->stage == HTTP_DONE ? buf_str(&r->body) : r->why, &answer);
	http_resp_header(r, "x-request-id", request_id, sizeof request_id);
	row.call = buf_str(&call);
	row.answer = buf_str(&answer);
	/* Only the worker may read the table, so only it trims. */
	rc = token_evidence_add(x->db, &row, x->reader->has_sec ? EVIDENCE_KEPT : 0, e);
	buf_clear(&answer);
	buf_clear(&call);
	return rc;
}
