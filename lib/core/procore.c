#include "config.h"

#include "core/procore.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/incident.h"
#include "store/account.h"
#include "store/company.h"
#include "store/token.h"

enum {
	CALL_MS = 30000,
	/* A company without our app is asked again after a quarter of an hour, then at
	 * growing gaps: as long as it has lasted, at most six hours (procore.md 3.6:
	 * hammering it counts as abuse). */
	COMPANY_WAIT_MIN_S = 900,
	COMPANY_WAIT_MAX_S = 6 * 3600,
	/* Somebody else is refreshing, or Procore's login host does not answer: come back
	   soon. */
	LATER_S = 30
};

void
procore_answer_clear(struct procore_answer *a)
{
	json_free(a->json);
	*a = (struct procore_answer){0};
}

static void
set_cause(struct procore_answer *a, enum cause c, int64_t retry_at, const char *text)
{
	a->cause = c;
	a->retry_at = retry_at;
	str_cut(a->text, sizeof a->text, text);
}

/* ---- before the call */

/* The path with its holes filled in order of appearance. */
static int
build_url(
    const struct procore *p, const struct procore_req *r, struct buf *url, struct err *e)
{
	const char *s = procore_path(r->op)->path;

	buf_puts(url, p->oauth->conf->procore_api_url);
	while (*s != '\0') {
		if (*s != '{') {
			buf_putc(url, *s++);
			continue;
		}
		if (str_starts(s, "{project_id}"))
			buf_printf(url, "%" PRId64, r->at.project_id);
		else if (str_starts(s, "{company_id}"))
			buf_printf(url, "%" PRId64, r->at.company_id);
		else if (str_starts(s, "{uuid}"))
			enc_percent(url, r->uuid);
		else if (r->hook != NULL)
			enc_percent(url, r->hook);
		else
			buf_printf(url, "%" PRId64, r->id);
		s = strchr(s, '}') + 1;
	}
	if (!str_empty(r->query)) {
		buf_putc(url, '?');
		buf_puts(url, r->query);
	}
	return buf_check(url, "Procore address", e);
}

/* True when the company has disconnected our app and it is too early to ask again. */
static int
gate_company(struct procore *p, const struct procore_req *r, struct procore_answer *a,
    bool *closed, struct err *e)
{
	struct company_state c = {0};

	*closed = false;
	if (r->at.company_id == 0)
		return 0;
	if (company_state_get(p->oauth->db, r->at.company_id, &c, e) == -1)
		return -1;
	if (c.not_connected && c.next_try_at > clk_now()) {
		set_cause(a, CAUSE_APP_NOT_AT_COMPANY, c.next_try_at,
		    "App is not connected to this company");
		*closed = true;
	}
	return 0;
}

static int
gate_budget(struct procore *p, const struct procore_req *r, struct procore_answer *a,
    bool *closed, struct err *e)
{
	bool may = false;
	int64_t until = 0;

	if (budget_may_call(p->oauth->db, r->at.account_id, r->at.company_id, p->priority,
		clk_now(), &may, &until, e) == -1)
		return -1;
	*closed = !may;
	if (!may)
		set_cause(
		    a, CAUSE_LIMITED, until, "Procore's rate limit is nearly used up");
	return 0;
}

/* No token to be had: say why. */
static int
say_no_token(struct procore *p, int64_t account_id, enum oauth_got got,
    struct procore_answer *a, struct err *e)
{
	struct account acc = {0};
	enum cause c = CAUSE_SIGN_IN_LOST;
	bool elsewhere = false;

	if (got == OAUTH_LATER) {
		/* Waiting for one's own colleague says nothing about Procore. */
		if (token_lease_elsewhere(
			p->oauth->db, account_id, p->oauth->owner, &elsewhere, e) == -1)
			return -1;
		set_cause(a, elsewhere ? CAUSE_LIMITED : CAUSE_UNREACHABLE,
		    clk_now() + LATER_S, "the sign-in is being renewed");
		return 0;
	}
	if (account_get(p->oauth->db, account_id, &acc, e) == -1)
		return -1;
	if (cause_from_word(acc.cause, &c) == -1 || !cause_offers_reconnect(c))
		c = acc.state == ACCOUNT_NEEDED ? CAUSE_SIGN_IN_NEEDED : CAUSE_SIGN_IN_LOST;
	set_cause(a, c, 0, "the sign-in to Procore is needed again");
	account_clear(&acc);
	return 0;
}

/* ---- the call itself */

static int
send_once(struct procore *p, const struct procore_req *r, const struct secret *access,
    const char *url, const struct buf *body, struct http_resp *out, struct err *e)
{
	struct http_req req = HTTP_REQ_INIT;
	struct http_header h[4];
	char company[24];
	size_t n = 0;

	h[n++] = (struct http_header){"Accept", "application/json"};
	if (r->body != NULL)
		h[n++] = (struct http_header){"Content-Type", "application/json"};
	if (!str_empty(r->idempotency))
		h[n++] = (struct http_header){"Idempotency-Token", r->idempotency};
	if (r->at.company_id != 0) {
		if (str_format(company, sizeof company, "%" PRId64, r->at.company_id) == -1)
			return err_set(e, ERR_BUG, "company %" PRId64, r->at.company_id);
		h[n++] = (struct http_header){"Procore-Company-Id", company};
	}
	req.method = procore_path(r->op)->method;
	req.url = url;
	req.headers = h;
	req.headers_n = n;
	req.bearer = access;
	if (r->body != NULL) {
		req.body = buf_str(body);
		req.body_len = body->len;
	}
	req.max_bytes = LIMIT_API_BODY;
	req.total_ms = CALL_MS;
	req.allow_private = true; /* the host is the configuration's own */
	p->calls++;
	return http_call(p->oauth->http, &req, out, e);
}

/* Does /me accept this token? 0: no verdict. */
static int
ask_me(struct procore *p, int64_t account_id, const struct secret *access, int *status,
    struct err *e)
{
	struct procore_req r = {.op = PROCORE_ME, .at = {.account_id = account_id}};
	struct buf url = BUF_INIT(LIMIT_URL);
	struct http_resp resp = {0};
	int64_t blocked = 0;
	int rc = -1;

	if (build_url(p, &r, &url, e) == -1 ||
	    send_once(p, &r, access, buf_str(&url), NULL, &resp, e) == -1)
		goto out;
	*status = resp.stage == HTTP_DONE ? resp.status : 0;
	if (budget_learn(p->oauth->db, account_id, 0, &resp, clk_now(), &blocked, e) == -1)
		goto out;
	rc = 0;
out:
	http_resp_clear(&resp);
	buf_clear(&url);
	return rc;
}

/* ---- after the call */

static void
read_list_headers(const struct http_resp *resp, struct procore_answer *a)
{
	char v[2048];

	a->total = -1;
	if (http_resp_header(resp, "total", v, sizeof v) == 0 ||
	    num_parse_i64(v, 0, INT64_C(1) << 40, &a->total) == -1)
		a->total = -1;
	a->more =
	    http_resp_header(resp, "link", v, sizeof v) > 0 &&
	    (str_find_ci(v, "rel=\"next\"") != NULL || str_find_ci(v, "rel=next") != NULL);
	(void)http_resp_header(resp, "x-request-id", a->request_id, sizeof a->request_id);
}

/* A write that left and did not come back with a clear no may have had its effect. */
static bool
may_have_worked(const struct http_resp *r)
{
	if (!r->sent)
		return false;
	if (r->stage != HTTP_DONE)
		return r->stage == HTTP_SEND || r->stage == HTTP_LOST ||
		       r->stage == HTTP_TOO_BIG || r->stage == HTTP_LOCAL;
	return r->status >= 500 || r->status == 408 ||
	       (r->status >= 200 && r->status < 300);
}

static void
decide(const struct procore_req *r, const struct http_resp *resp, bool second_401,
    int me_status, struct procore_answer *a)
{
	struct cause_in in = {.call = procore_path(r->op)->call,
	    .stage = resp->stage,
	    .sent = resp->sent,
	    .status = resp->status,
	    .body = buf_str(&resp->body),
	    .second_401 = second_401,
	    .me_status = me_status};
	struct cause_out out;
	struct err ignored = {0};

	in.has_retry_after = budget_retry_after(resp, clk_now()) > 0;
	cause_decide(&in, &out);
	a->cause = out.cause;
	a->status = resp->status;
	a->date_at = resp->date_at != 0 ? resp->date_at : clk_now();
	str_cut(a->text, sizeof a->text, resp->stage != HTTP_DONE ? resp->why : out.text);
	read_list_headers(resp, a);
	if (a->cause == CAUSE_NONE && resp->body.len > 0 &&
	    json_parse(buf_str(&resp->body), resp->body.len, LIMIT_API_BODY, &a->json,
		&ignored) == -1) {
		a->json = NULL;
		set_cause(a, CAUSE_UNREACHABLE, 0, "Procore's answer could not be read");
	}
	if (a->cause != CAUSE_NONE && a->text[0] == '\0' && resp->stage == HTTP_DONE &&
	    str_format(a->text, sizeof a->text, "Procore answered %d", resp->status) == -1)
		a->text[0] = '\0';
	a->unknown = a->cause != CAUSE_NONE &&
		     !str_eq(procore_path(r->op)->method, "GET") && may_have_worked(resp);
}

static int
tell_trail(struct db *db, int64_t company_id, const struct company_state *c, bool gone,
    struct err *e)
{
	struct json *detail = json_obj();
	char id[32] = "";
	int rc = str_format(id, sizeof id, "company %" PRId64, company_id);

	json_put_str(detail, "what", c->name[0] != '\0' ? c->name : id);
	if (rc == 0)
		rc = audit_worker(db, gone ? "company.app_missing" : "company.app_connected",
		    "company", company_id, detail, e);
	json_free(detail);
	return rc;
}

/* The app is gone from the company, or back: remember it, tell, and set the time of the
 * next try. */
static int
note_company(struct procore *p, int64_t company_id, bool gone, const char *text,
    int64_t *next_try_at, struct err *e)
{
	struct db *db = p->oauth->db;
	struct company_state c = {0};
	int64_t now = clk_now(), wait;

	if (company_id == 0)
		return 0;
	if (company_state_get(db, company_id, &c, e) == -1)
		return -1;
	if (!gone && c.known && !c.not_connected)
		return 0;
	wait = c.not_connected ? now - c.since_at : 0;
	wait = wait < COMPANY_WAIT_MIN_S   ? COMPANY_WAIT_MIN_S
	       : wait > COMPANY_WAIT_MAX_S ? COMPANY_WAIT_MAX_S
					   : wait;
	*next_try_at = gone ? now + wait : 0;
	if (db_begin(db, e) == -1)
		return -1;
	if (company_state_put(db, company_id, gone, *next_try_at, now, e) == -1 ||
	    (gone != c.not_connected && tell_trail(db, company_id, &c, gone, e) == -1) ||
	    (gone ? incident_open_company(db, p->oauth->conf, company_id, text, e)
		  : incident_close_company(db, p->oauth->conf, company_id, e)) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

static int
remember(struct oauth_ctx *x, const struct procore_req *r, const struct http_resp *resp,
    struct err *e)
{
	const struct oauth_called c = {.account_id = r->at.account_id,
	    .company_id = r->at.company_id,
	    .project_id = r->at.project_id,
	    .method = procore_path(r->op)->method,
	    .path = procore_path(r->op)->path};

	return oauth_evidence(x, &c, resp, e);
}

/* What the answer means for the account and the company. */
static int
settle(struct procore *p, const struct procore_req *r, const struct http_resp *resp,
    int64_t generation, struct procore_answer *a, struct err *e)
{
	struct oauth_ctx *x = p->oauth;

	if (a->cause == CAUSE_NONE) {
		if (oauth_proved(x, r->at.account_id, e) == -1)
			return -1;
		return note_company(p, r->at.company_id, false, "", &a->retry_at, e);
	}
	if (remember(x, r, resp, e) == -1)
		return -1;
	if (a->cause == CAUSE_APP_NOT_AT_COMPANY)
		return note_company(p, r->at.company_id, true, a->text, &a->retry_at, e);
	if (a->cause == CAUSE_SIGN_IN_LOST)
		return oauth_mark_lost(
		    x, r->at.account_id, generation, CAUSE_SIGN_IN_LOST, a->text, e);
	return 0;
}

/* A first 401: one refresh, one replay; a second one: /me tells whether it is the sign-in
 * or the company. */
static int
replay(struct procore *p, const struct procore_req *r, const char *url,
    const struct buf *body, struct oauth_token *token, struct http_resp *resp, bool *gone,
    int *me_status, struct procore_answer *a, struct err *e)
{
	struct oauth_ctx *x = p->oauth;
	struct oauth_token fresh = {0};
	enum oauth_got got = OAUTH_NONE;
	int64_t blocked = 0;
	int rc = -1;

	*gone = false;
	if (remember(x, r, resp, e) == -1 ||
	    oauth_rejected(x, r->at.account_id, token->generation, &fresh, &got, e) == -1)
		goto out;
	if (got != OAUTH_GOT) {
		*gone = true;
		rc = say_no_token(p, r->at.account_id, got, a, e);
		goto out;
	}
	secret_move(&token->access, &fresh.access);
	token->generation = fresh.generation;
	http_resp_clear(resp);
	if (send_once(p, r, &token->access, url, body, resp, e) == -1 ||
	    budget_learn(x->db, r->at.account_id, r->at.company_id, resp, clk_now(),
		&blocked, e) == -1)
		goto out;
	a->retry_at = blocked;
	if (resp->stage == HTTP_DONE && resp->status == 401 && r->op != PROCORE_ME &&
	    ask_me(p, r->at.account_id, &token->access, me_status, e) == -1)
		goto out;
	rc = 0;
out:
	oauth_token_clear(&fresh);
	return rc;
}

/* With a token in hand. */
static int
call_with(struct procore *p, const struct procore_req *r, struct oauth_token *token,
    struct procore_answer *a, struct err *e)
{
	struct buf url = BUF_INIT(LIMIT_URL), body = BUF_INIT(LIMIT_API_BODY);
	struct http_resp resp = {0};
	bool replayed = false, gone = false;
	int64_t blocked = 0;
	int me_status = 0, rc = -1;

	if (r->body != NULL)
		json_print(r->body, &body);
	if (build_url(p, r, &url, e) == -1 ||
	    buf_check(&body, "request to Procore", e) == -1 ||
	    send_once(p, r, &token->access, buf_str(&url), &body, &resp, e) == -1 ||
	    budget_learn(p->oauth->db, r->at.account_id, r->at.company_id, &resp, clk_now(),
		&blocked, e) == -1)
		goto out;
	a->retry_at = blocked;
	if (resp.stage == HTTP_DONE && resp.status == 401) {
		replayed = true;
		if (replay(p, r, buf_str(&url), &body, token, &resp, &gone, &me_status, a,
			e) == -1)
			goto out;
	}
	if (!gone) {
		decide(r, &resp, replayed && resp.status == 401, me_status, a);
		if (settle(p, r, &resp, token->generation, a, e) == -1)
			goto out;
	}
	rc = 0;
out:
	http_resp_clear(&resp);
	buf_clear(&body);
	buf_clear(&url);
	return rc;
}

int
procore_call(struct procore *p, const struct procore_req *r, struct procore_answer *out,
    struct err *e)
{
	struct procore_answer a = {.date_at = clk_now(), .total = -1};
	struct oauth_token token = {0};
	enum oauth_got got = OAUTH_NONE;
	bool closed = false;
	int rc = -1;

	*out = (struct procore_answer){0};
	if (gate_company(p, r, &a, &closed, e) == -1 ||
	    (!closed && gate_budget(p, r, &a, &closed, e) == -1))
		goto out;
	if (!closed) {
		if (oauth_access(p->oauth, r->at.account_id, &token, &got, e) == -1)
			goto out;
		if ((got == OAUTH_GOT
			    ? call_with(p, r, &token, &a, e)
			    : say_no_token(p, r->at.account_id, got, &a, e)) == -1)
			goto out;
	}
	*out = a;
	a = (struct procore_answer){0};
	rc = 0;
out:
	oauth_token_clear(&token);
	procore_answer_clear(&a);
	return rc;
}
