/* test_oauth_calls.c: exchange, who signed in, revocation, evidence: one call each to a scripted Procore. */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "store/account.h"
#include "store/job.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define PAIR HEAD("200 OK") "\r\n{\"access_token\":\"A1\",\"refresh_token\":\"R1\",\"expires_in\":5400}"

/* callback's context: it writes, it cannot read. */
static struct oauth_ctx
as_callback(struct rig *r, struct crypt_key *public_half)
{
	struct oauth_ctx x = r->oauth;

	*public_half = r->reader;
	memset(public_half->sec, 0, sizeof public_half->sec);
	public_half->has_sec = false;
	x.writer = &r->writer;
	x.reader = public_half;
	return x;
}

struct exchanged {
	enum cause cause;
	char why[256];
	struct oauth_pair pair;
};

static struct exchanged
exchange(struct rig *r, const struct rig_step *step, struct buf *log)
{
	struct crypt_key public_half;
	struct oauth_ctx x = as_callback(r, &public_half);
	struct exchanged out = {.cause = CAUSE_MAX};

	rig_endpoint(r, step, 1);
	OK(r, oauth_exchange(&x, "the code", "the-verifier", &out.pair, &out.cause, out.why, &r->err));
	rig_endpoint_end(r, log);
	return out;
}

static void
test_exchange(void **state)
{
	static const struct rig_step step = {RIG_ANSWER, PAIR};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	struct exchanged x = exchange(r, &step, &log);

	assert_int_equal(x.cause, CAUSE_NONE);
	assert_string_equal(x.pair.access.p, "A1");
	assert_string_equal(x.pair.refresh.p, "R1");
	assert_in_range(x.pair.expires_at, clk_now() + 5390, clk_now() + 5400);
	assert_int_equal(rig_count(&log,
	                     "POST /oauth/token HTTP/1.1 grant_type=authorization_code&code=the%20code&redirect_uri="
	                     "https%3A%2F%2Fportal.example.com%2Fconnectorweb%2Foauth%2Fcallback&code_verifier=the-verifier"
	                     "&client_id=client%20id&client_secret=a%20client%20secret"),
	    1);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where kind = 'exchange' and state = 'done' and "
	                               "account_id is null"), 1);
	oauth_pair_clear(&x.pair);
	buf_clear(&log);
}

static void
test_exchange_without_pkce(void **state)
{
	static const struct rig_step step = {RIG_ANSWER, PAIR};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	struct exchanged x;

	r->conf.procore_pkce = false;
	x = exchange(r, &step, &log);
	assert_int_equal(x.cause, CAUSE_NONE);
	assert_int_equal(rig_count(&log, "code_verifier"), 0);
	oauth_pair_clear(&x.pair);
	buf_clear(&log);
}

static void
test_exchange_refused(void **state)
{
	static const struct {
		struct rig_step step;
		enum cause want;
		const char *journal;
	} rows[] = {
	    {{RIG_ANSWER, HEAD("400 No") "\r\n{\"error\":\"invalid_grant\",\"error_description\":\"used before\"}"},
	        CAUSE_SIGN_IN_LOST, "refused"},
	    {{RIG_ANSWER, HEAD("401 No") "\r\n{\"error\":\"invalid_client\"}"}, CAUSE_CONFIGURATION, "refused"},
	    {{RIG_LOST, NULL}, CAUSE_SUSPECT, "unknown"},
	    {{RIG_ANSWER, HEAD("500 No") "\r\n"}, CAUSE_SUSPECT, "unknown"},
	    {{RIG_ANSWER, HEAD("200 OK") "\r\n{\"access_token\":\"A1\",\"expires_in\":5400}"}, CAUSE_CONFIGURATION,
	        "refused"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct exchanged x = exchange(r, &rows[i].step, NULL);
		char *journal = rig_text(r, "select state from token_journal order by id desc");

		assert_int_equal(x.cause, rows[i].want);
		assert_string_equal(journal, rows[i].journal);
		assert_false(secret_is_set(&x.pair.access));
		if (i == 0)
			assert_string_equal(x.why, "used before");
		free(journal);
		oauth_pair_clear(&x.pair);
	}
}

static int
me(struct rig *r, const char *answer, struct oauth_me *out, char why[256])
{
	struct rig_step step = {RIG_ANSWER, answer};
	struct buf log = BUF_INIT(65536);
	struct secret access = {0};
	int status = -1;

	secret_set(&access, "A1", 2);
	rig_endpoint(r, &step, 1);
	OK(r, oauth_me(&r->oauth, &access, out, &status, why, &r->err));
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "CALL GET /rest/v1.0/me HTTP/1.1"), 1);
	buf_clear(&log);
	secret_clear(&access);
	return status;
}

static void
test_me(void **state)
{
	struct rig *r = *state;
	struct oauth_me who = {0};
	char why[256];

	assert_int_equal(me(r, HEAD("200 OK") "\r\n{\"id\":562949953421312,\"login\":\"Sam@x.example\",\"name\":null}", &who,
	                     why), 200);
	assert_int_equal(who.id, 562949953421312);
	assert_string_equal(who.login, "Sam@x.example");
	assert_string_equal(who.name, "");
	assert_int_equal(me(r, HEAD("401 No") "\r\n{}", &who, why), 401);
	/* A 200 that names nobody proves nothing. */
	assert_int_equal(me(r, HEAD("200 OK") "\r\n{\"login\":\"x\"}", &who, why), 0);
	assert_string_not_equal(why, "");
	assert_int_equal(me(r, HEAD("200 OK") "\r\n<html>", &who, why), 0);
	assert_int_equal(me(r, HEAD("200 OK") "Content-Length: 99\r\n\r\n{\"id\":1}", &who, why), 0);
}

static void
test_store_with_identity(void **state)
{
	struct rig *r = *state;
	struct crypt_key public_half;
	struct oauth_ctx x = as_callback(r, &public_half);
	struct oauth_pair p = {.expires_in_s = 5400, .expires_at = clk_now() + 5400};
	struct oauth_me who = {.id = 77, .login = "Sam.New@x.example", .name = "Sam N"};
	struct account a = {0};
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);

	secret_set(&p.access, "A1", 2);
	secret_set(&p.refresh, "R1", 2);
	OK(r, oauth_store(&x, id, 0, &p, &who, &r->err));
	OK(r, account_by_procore_id(r->db, 77, &a, &r->err));
	assert_int_equal(a.id, id);
	assert_string_equal(a.login, "Sam.New@x.example");
	assert_string_equal(a.login_folded, "sam.new@x.example");
	assert_string_equal(a.name, "Sam N");
	assert_int_equal(a.state, ACCOUNT_OK);
	assert_int_equal(rig_number(r, "select count(*) from job where kind = 'refresh'"), 1);
	/* Neither token is legible in the file. */
	assert_int_equal(rig_number(r, "select instr(access_sealed, 'A1') + instr(refresh_sealed, 'R1') from token"), 0);
	account_clear(&a);
	oauth_pair_clear(&p);
}

/* Revoked at Procore, dropped here, and nothing of it is tried again. */
static void
test_drop(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("200 OK") "\r\n{}"}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);

	rig_sign_in(r, id, "A1", "R1", 5400);
	rig_endpoint(r, steps, 1);
	OK(r, oauth_drop(&r->oauth, id, "removed", &r->err));
	OK(r, oauth_drop(&r->oauth, id, "removed", &r->err)); /* may run twice */
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 1);
	assert_int_equal(rig_count(&log, "POST /oauth/revoke HTTP/1.1 token=A1&client_id="), 1);
	assert_int_equal(rig_number(r, "select count(*) from token"), 0);
	assert_int_equal(rig_number(r, "select count(*) from account where state = 'removed'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where kind = 'revoke' and state = 'done'"), 1);
	buf_clear(&log);
}

/* A grant that Procore did not confirm as revoked is not forgotten: said, and tried again. */
static void
test_drop_is_tried_until_procore_says_yes(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("503 Service Unavailable") "\r\n{}"},
	    {RIG_LOST, NULL}, {RIG_ANSWER, HEAD("200 OK") "\r\n{}"}};
	static const char revoked[] = "select count(*) from audit where actor = 'worker' and action = 'account.revoked'";
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);

	rig_sign_in(r, id, "A1", "R1", 5400);
	assert_int_equal(oauth_drop(&r->oauth, id, "needed", &r->err), -1); /* nobody listens */
	assert_int_equal(r->err.code, ERR_REMOTE);
	err_clear(&r->err);
	rig_endpoint(r, steps, 3);
	assert_int_equal(oauth_drop(&r->oauth, id, "needed", &r->err), -1);
	assert_non_null(strstr(r->err.msg, "HTTP 503"));
	err_clear(&r->err);
	assert_int_equal(oauth_drop(&r->oauth, id, "needed", &r->err), -1);
	err_clear(&r->err);
	assert_int_equal(rig_number(r, "select count(*) from token"), 1);
	assert_int_equal(rig_number(r, "select count(*) from account where state = 'ok'"), 1);
	assert_int_equal(rig_number(r, revoked), 0);
	OK(r, oauth_drop(&r->oauth, id, "needed", &r->err));
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "POST /oauth/revoke HTTP/1.1 token=A1&client_id="), 3);
	assert_int_equal(rig_number(r, "select count(*) from token"), 0);
	assert_int_equal(rig_number(r, "select count(*) from account where state = 'needed' and cause = 'sign_in_needed'"), 1);
	assert_int_equal(rig_number(r, revoked), 1);
	buf_clear(&log);
}

/* An access token that ended long ago cannot be shown to Procore: a fresh one is fetched, and that is revoked. */
static void
test_drop_of_an_idle_account(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"refresh_token\":\"R2\",\"expires_in\":5400}"},
	    {RIG_ANSWER, HEAD("200 OK") "\r\n{}"}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);

	rig_sign_in(r, id, "A1", "R1", 5400);
	rig_clock(r, 2 * 5400);
	rig_endpoint(r, steps, 2);
	OK(r, oauth_drop(&r->oauth, id, "removed", &r->err));
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "POST /oauth/revoke HTTP/1.1 token=A2&client_id="), 1);
	assert_int_equal(rig_number(r, "select count(*) from token"), 0);
	buf_clear(&log);
}

/* What is lost while it waits for its revocation is nobody's incident, but in the trail. */
static void
test_drop_of_a_dead_account(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, HEAD("401 Unauthorized") "\r\n{\"error\":\"invalid_grant\"}"}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);

	rig_sign_in(r, id, "A1", "R1", 5400);
	rig_clock(r, 2 * 5400);
	OK(r, job_wish(r->db, JOB_REVOKE, id, "", JOB_PRIO_TOKEN, 0, &r->err));
	rig_endpoint(r, steps, 1);
	OK(r, oauth_drop(&r->oauth, id, "removed", &r->err));
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 1);
	assert_int_equal(rig_number(r, "select count(*) from account where state = 'removed'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from incident"), 0);
	assert_int_equal(rig_number(r, "select count(*) from audit where action = 'account.lost'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from audit where action = 'account.revoked'"), 0);
	buf_clear(&log);
}

/* F18: what came before a loss is kept, without anything that looks like a token, the last EVIDENCE_KEPT. */
static void
test_f18_evidence(void **state)
{
	struct rig *r = *state;
	struct http_resp resp = {.stage = HTTP_DONE, .status = 401};
	int64_t id = rig_account(r, "sam@x.example", NULL, NULL);
	const struct oauth_called called = {.account_id = id, .method = "GET", .path = "/rest/v1.0/me?secret=1"};
	char *text;

	buf_init(&resp.body, 4096);
	buf_init(&resp.head, 4096);
	buf_puts(&resp.head, "x-request-id: req-1\n");
	buf_puts(&resp.body, "{\"error\":\"invalid\",\"token\":\"eyJhbGciOiJIUzI1NiJ9.abcdefghijklmnop\"}\n");
	for (int i = 0; i < EVIDENCE_KEPT + 5; i++)
		OK(r, oauth_evidence(&r->oauth, &called, &resp, &r->err));
	assert_int_equal(rig_number(r, "select count(*) from call_evidence"), EVIDENCE_KEPT);
	assert_int_equal(rig_number(r, "select min(id) from call_evidence"), 6);
	text = rig_text(r, "select call || '|' || stage || '|' || status || '|' || request_id || '|' || answer from call_evidence");
	assert_string_equal(text, "GET /rest/v1.0/me|done|401|req-1|{\"error\":\"invalid\",\"token\":\"[redacted]\"} ");
	free(text);
	http_resp_clear(&resp);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_exchange),
	    TEST(test_exchange_without_pkce),
	    TEST(test_exchange_refused),
	    TEST(test_me),
	    TEST(test_store_with_identity),
	    TEST(test_drop),
	    TEST(test_drop_is_tried_until_procore_says_yes),
	    TEST(test_drop_of_an_idle_account),
	    TEST(test_drop_of_a_dead_account),
	    TEST(test_f18_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
