#include "config.h"

#include "core/npc.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/npc_int.h"

enum {
	CALL_MS = 30000,
	/* A session is renewed this long before its end, so that no call starts with one
	   that ends under way. */
	SESSION_MARGIN_S = 120,
	/* A login that does not say when it ends: the shortest life of AWS's temporary
	   credentials. */
	SESSION_DEFAULT_S = 900,
	ID_BYTES = 64
};

struct npc *
npc_new(const struct conf *c, struct http *http, const struct secret *access_key,
    const struct secret *secret)
{
	struct npc *n = xcalloc(1, sizeof *n);

	n->conf = c;
	n->http = http;
	n->access_key = access_key;
	n->secret = secret;
	return n;
}

static void
drop_session(struct npc *n)
{
	secret_clear(&n->key_id);
	secret_clear(&n->key);
	secret_clear(&n->token);
	n->expires_at = 0;
}

void
npc_free(struct npc *n)
{
	if (n == NULL)
		return;
	drop_session(n);
	free(n);
}

bool
npc_configured(const struct npc *n)
{
	return str_eq(n->conf->npc_adapter, "gateway");
}

void
npc_answer_clear(struct npc_answer *a)
{
	json_free(a->json);
	*a = (struct npc_answer){0};
}

void
npc_fail(struct npc_answer *a, enum cause c, const char *text)
{
	a->cause = c;
	str_cut(a->text, sizeof a->text, text);
}

/* ---- what an answer means */

/* Codes with which the gateway says that our set-up is wrong, whatever the item. */
static bool
is_configuration(const char *code)
{
	static const char *const codes[] = {"login_failed", "signature_missing",
	    "signature_mismatch", "clock_skew", "token_invalid"};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (str_eq(code, codes[i]))
			return true;
	return false;
}

static int64_t
retry_after(const struct http_resp *r)
{
	char v[32];
	int64_t s = 0;

	if (http_resp_header(r, "retry-after", v, sizeof v) > 0 &&
	    num_parse_i64(v, 1, 3600, &s) == 0)
		return clk_now() + s;
	return 0;
}

static void
decide_status(const struct http_resp *r, bool login, struct npc_answer *a)
{
	const char *message = json_str_or(a->json, "error.message", "");

	str_cut(a->code, sizeof a->code, json_str_or(a->json, "error.code", ""));
	a->retry_at = retry_after(r);
	if (r->status >= 200 && r->status < 300 && (a->json != NULL || r->body.len == 0))
		return;
	if (r->status >= 200 && r->status < 300)
		npc_fail(a, CAUSE_UNREACHABLE, "Project Center's answer could not be read");
	else if (r->status == 429 || (r->status == 503 && a->retry_at != 0))
		npc_fail(a, CAUSE_LIMITED, message);
	else if (r->status >= 500 || r->status == 408)
		npc_fail(a, CAUSE_UNREACHABLE, message);
	else if (login || is_configuration(a->code) || r->status == 401 || r->status < 400)
		npc_fail(a, CAUSE_CONFIGURATION, message);
	else
		npc_fail(a, CAUSE_ITEM, message);
	if (a->text[0] == '\0' && str_format(a->text, sizeof a->text,
				      "Project Center answered %d", r->status) == -1)
		a->text[0] = '\0';
}

void
npc_decide(const struct http_resp *r, bool write, bool login, struct npc_answer *a)
{
	struct err ignored = {0};

	a->status = r->status;
	a->date_at = r->date_at != 0 ? r->date_at : clk_now();
	if (r->stage == HTTP_DONE) {
		if (r->body.len > 0 && json_parse(buf_str(&r->body), r->body.len,
					   LIMIT_API_BODY, &a->json, &ignored) == -1)
			a->json = NULL;
		decide_status(r, login, a);
	} else {
		npc_fail(a,
		    r->stage == HTTP_REFUSED   ? CAUSE_CONFIGURATION
		    : r->stage == HTTP_LOCAL   ? CAUSE_LOCAL
		    : r->stage == HTTP_TOO_BIG ? CAUSE_ITEM
					       : CAUSE_UNREACHABLE,
		    r->why);
	}
	/* 429 and 503 say in the contract that nothing was done. */
	a->unknown = write && a->cause == CAUSE_UNREACHABLE && r->sent && r->status != 503;
}

/* ---- session */

static int
take_session(struct npc *n, struct npc_answer *a, struct err *e)
{
	const char *id = NULL, *key = NULL, *token = NULL;
	struct err why = {0};
	int64_t now = clk_now(), until = 0;

	(void)e;
	if (json_need_str(a->json, "accessKeyId", LIMIT_TOKEN, &id, &why) == -1 ||
	    json_need_str(a->json, "secretAccessKey", LIMIT_TOKEN, &key, &why) == -1 ||
	    json_need_str(a->json, "sessionToken", LIMIT_TOKEN, &token, &why) == -1) {
		npc_fail(a, CAUSE_UNREACHABLE,
		    "Project Center's answer to the login could not be read");
		return 0;
	}
	secret_set(&n->key_id, id, strlen(id));
	secret_set(&n->key, key, strlen(key));
	secret_set(&n->token, token, strlen(token));
	n->expires_at = now + SESSION_DEFAULT_S;
	/* expiration is on the gateway's clock: what counts is how far it is from the
	 * answer's Date */
	if (clk_parse_iso(json_str_or(a->json, "expiration", ""), &until) == 0 &&
	    until > a->date_at)
		n->expires_at = now + (until - a->date_at);
	return 0;
}

static int
login(struct npc *n, struct npc_answer *a, struct err *e)
{
	static const struct http_header h[] = {
	    {"Content-Type", "application/json"}, {"Accept", "application/json"}};
	struct buf body = BUF_INIT(LIMIT_TOKEN_BODY), url = BUF_INIT(LIMIT_URL);
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};
	struct json *j = json_obj();
	int rc = -1;

	drop_session(n);
	json_put_str(j, "accessKey", n->access_key->p);
	json_put_str(j, "secret", n->secret->p);
	json_print(j, &body);
	buf_printf(&url, "%s%s", n->conf->npc_login_url, npc_path(NPC_LOGIN)->path);
	req.method = "POST";
	req.url = buf_str(&url);
	req.headers = h;
	req.headers_n = 2;
	req.body = buf_str(&body);
	req.body_len = body.len;
	req.max_bytes = LIMIT_TOKEN_BODY;
	req.total_ms = CALL_MS;
	req.allow_private = true; /* the host is the configuration's own */
	if (http_call(n->http, &req, &resp, e) == -1)
		goto out;
	npc_decide(&resp, false, true, a);
	rc = a->cause == CAUSE_NONE ? take_session(n, a, e) : 0;
	json_free(a->json);
	a->json = NULL;
out:
	http_resp_clear(&resp);
	buf_clear(&body);
	buf_clear(&url);
	json_free(j);
	return rc;
}

/* ---- one signed call */

/* Ids stand in paths as they are: curl cannot sign an escaped path (platform.md 4). */
static bool
is_path_id(const char *s)
{
	size_t n = 0;

	for (; s[n] != '\0'; n++)
		if (!((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'A' && s[n] <= 'Z') ||
			(s[n] >= 'a' && s[n] <= 'z') || s[n] == '-'))
			return false;
	return n >= 1 && n <= ID_BYTES;
}

static bool
build_url(const struct npc *n, const struct npc_req *r, struct buf *url)
{
	const char *s = npc_path(r->op)->path;

	buf_puts(url, n->conf->npc_api_url);
	while (*s != '\0') {
		const char *v;

		if (*s != '{') {
			buf_putc(url, *s++);
			continue;
		}
		v = str_starts(s, "{projectId}") ? r->project : r->id;
		if (v == NULL || !is_path_id(v))
			return false;
		buf_puts(url, v);
		s = strchr(s, '}') + 1;
	}
	if (!str_empty(r->query)) {
		buf_putc(url, '?');
		buf_puts(url, r->query);
	}
	return !url->over;
}

static int
send_signed(struct npc *n, const struct npc_req *r, const char *url, const struct buf *body,
    struct npc_answer *a, struct err *e)
{
	static const struct http_header h[] = {
	    {"Accept", "application/json"}, {"Content-Type", "application/json"}};
	struct http_sigv4 sig = {.region = n->conf->npc_region,
	    .service = "execute-api",
	    .access_key_id = n->key_id.p,
	    .secret_key = &n->key,
	    .session_token = n->token.p};
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};

	req.method = npc_path(r->op)->method;
	req.url = url;
	req.headers = h;
	req.headers_n = r->body != NULL ? 2 : 1;
	if (r->body != NULL) {
		req.body = buf_str(body);
		req.body_len = body->len;
	}
	req.max_bytes = LIMIT_API_BODY;
	req.total_ms = CALL_MS;
	/* Every write carries a key or sets values: the same twice is the same once. */
	req.repeatable = true;
	req.sigv4 = &sig;
	req.allow_private = true;
	if (http_call(n->http, &req, &resp, e) == -1) {
		http_resp_clear(&resp);
		return -1;
	}
	npc_decide(&resp, !str_eq(req.method, "GET"), false, a);
	http_resp_clear(&resp);
	return 0;
}

/* With a living session; once more with a new one when it has ended early. */
static int
call_signed(struct npc *n, const struct npc_req *r, const char *url, const struct buf *body,
    struct npc_answer *a, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		if (n->expires_at - SESSION_MARGIN_S <= clk_now()) {
			if (login(n, a, e) == -1)
				return -1;
			if (a->cause != CAUSE_NONE)
				return 0;
		}
		npc_answer_clear(a);
		if (send_signed(n, r, url, body, a, e) == -1)
			return -1;
		if (!str_eq(a->code, "token_expired"))
			return 0;
		drop_session(n);
		npc_answer_clear(a); /* the refusal itself is not the caller's */
	}
	npc_fail(a, CAUSE_UNREACHABLE, "Project Center ended the session again");
	return 0;
}

int
npc_call(struct npc *n, const struct npc_req *r, struct npc_answer *out, struct err *e)
{
	struct buf url = BUF_INIT(LIMIT_URL), body = BUF_INIT(LIMIT_API_BODY);
	int rc = -1;

	*out = (struct npc_answer){.date_at = clk_now()};
	if (!npc_configured(n)) {
		npc_fail(out, CAUSE_CONFIGURATION, "Project Center not configured");
		return 0;
	}
	if (!build_url(n, r, &url)) {
		npc_fail(
		    out, CAUSE_ITEM, "an id of Project Center cannot stand in an address");
		rc = 0;
		goto out;
	}
	if (r->body != NULL)
		json_print(r->body, &body);
	if (buf_check(&body, "request to Project Center", e) == 0)
		rc = call_signed(n, r, buf_str(&url), &body, out, e);
out:
	buf_clear(&url);
	buf_clear(&body);
	return rc;
}
