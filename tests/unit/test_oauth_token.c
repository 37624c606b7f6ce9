/* test_oauth_token.c: the life of a token pair against a scripted Procore (DESIGN.md 7 "Refresh", failures.md F3 to
 * F16). */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "store/account.h"
#include "store/token.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define PAIR(access, refresh)                                                                              \
	HEAD("200 OK") "\r\n{\"access_token\":\"" access "\",\"refresh_token\":\"" refresh                 \
	               "\",\"token_type\":\"Bearer\",\"expires_in\":5400,\"created_at\":1}"
#define REFUSED HEAD("401 Unauthorized") "\r\n{\"error\":\"invalid_grant\",\"error_description\":\"no such grant\"}"

enum { LIFE_S = 5400 };

/* The account of every test, signed in with A1 and R1. */
static int64_t
signed_in(struct rig *r)
{
	int64_t id = rig_account(r, "Sam@example.com", "sam", "sam@example.com");

	(void)rig_connect(r, "P-1", id);
	rig_sign_in(r, id, "A1", "R1", LIFE_S);
	return id;
}

static struct account
account(struct rig *r, int64_t id)
{
	struct account a = {0};

	OK(r, account_get(r->db, id, &a, &r->err));
	return a;
}

static void
expect_state(struct rig *r, int64_t id, enum account_state state, const char *cause)
{
	struct account a = account(r, id);

	assert_string_equal(account_state_word(a.state), account_state_word(state));
	assert_string_equal(a.cause, cause);
	account_clear(&a);
}

/* What oauth_access() hands out: the token as text, or "". */
static const char *
access_now(struct rig *r, int64_t id, enum oauth_got want)
{
	static char text[64];
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_NONE;

	OK(r, oauth_access(&r->oauth, id, &t, &got, &r->err));
	assert_int_equal(got, want);
	str_cut(text, sizeof text, got == OAUTH_GOT ? t.access.p : "");
	oauth_token_clear(&t);
	return text;
}

static enum oauth_got
refresh(struct rig *r, int64_t id)
{
	struct account a = account(r, id);
	enum oauth_got got = OAUTH_NONE;

	OK(r, oauth_refresh(&r->oauth, id, a.generation, &got, &r->err));
	account_clear(&a);
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	return got;
}

static void
expect_calls(struct rig *r, int n)
{
	struct buf log = BUF_INIT(65536);

	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "CALL POST /oauth/token"), n);
	buf_clear(&log);
}

static void
test_rotation(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}, {RIG_ANSWER, PAIR("A3", "R3")}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = signed_in(r);
	struct account a;

	rig_endpoint(r, steps, 2);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A1");
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A3");
	expect_state(r, id, ACCOUNT_OK, "none");
	a = account(r, id);
	assert_int_equal(a.generation, 3);
	assert_in_range(a.access_expires_at, clk_now() + LIFE_S - 10, clk_now() + LIFE_S);
	/* 15 minutes before the end, and up to a quarter of that earlier. */
	assert_in_range(a.refresh_due_at, a.access_expires_at - 900 - 225, a.access_expires_at - 900);
	account_clear(&a);
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "grant_type=refresh_token&refresh_token=R1&"), 1);
	assert_int_equal(rig_count(&log, "grant_type=refresh_token&refresh_token=R2&"), 1);
	assert_int_equal(rig_count(&log, "client_id=client%20id&client_secret=a%20client%20secret"), 2);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'done'"), 2);
	assert_int_equal(rig_number(r, "select count(*) from token"), 1);
	buf_clear(&log);
}

/* F10: absent means keep. */
static void
test_f10_answer_without_refresh_token(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"expires_in\":5400}"},
	    {RIG_ANSWER, PAIR("A3", "R3")}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "refresh_token=R1&"), 2);
	buf_clear(&log);
}

/* F13: the pair may be spent, so the living access token is used up first and one more try is made at its end. */
static void
test_f13_lost_answer(void **state)
{
	static const struct rig_step steps[] = {{RIG_LOST, NULL}, {RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	expect_state(r, id, ACCOUNT_SUSPECT, "suspect");
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A1");
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	rig_clock(r, LIFE_S - 125);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A1");
	assert_int_equal(rig_number(r, "select count(*) from token_journal"), 1);
	rig_clock(r, 10);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	expect_state(r, id, ACCOUNT_OK, "none");
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	assert_int_equal(rig_number(r, "select count(*) from incident"), 0);
	expect_calls(r, 2);
}

/* When the refusal follows a lost answer, the text says that it was nobody's doing. */
static void
test_f13_lost_answer_then_refused(void **state)
{
	static const struct rig_step steps[] = {{RIG_RESET, NULL}, {RIG_ANSWER, REFUSED}};
	struct rig *r = *state;
	int64_t id = signed_in(r);
	struct account a;

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	rig_clock(r, LIFE_S - 60);
	assert_int_equal(refresh(r, id), OAUTH_NONE);
	a = account(r, id);
	assert_int_equal(a.state, ACCOUNT_LOST);
	assert_non_null(strstr(a.cause_text, "nobody did anything wrong"));
	account_clear(&a);
	expect_calls(r, 2);
}

/* F14: no 5xx, whatever it says and however often, costs a sign-in; the gaps grow. */
static void
test_f14_5xx_never_costs_a_sign_in(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("500 Oops") "\r\n{\"error\":\"invalid_grant\"}"},
	    {RIG_ANSWER, HEAD("502 Bad Gateway") "\r\n<html></html>"}, {RIG_ANSWER, HEAD("503 Busy") "\r\n"},
	    {RIG_ANSWER, HEAD("504 Late") "\r\n{}"}, {RIG_ANSWER, PAIR("A2", "R2")}};
	static const int64_t gaps_s[] = {30, 120, 600, 600};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 5);
	rig_clock(r, LIFE_S - 100);
	for (int i = 0; i < 4; i++) {
		struct account a;

		assert_int_equal(refresh(r, id), OAUTH_LATER);
		expect_state(r, id, ACCOUNT_SUSPECT, "suspect");
		a = account(r, id);
		assert_in_range(a.refresh_due_at, clk_now() + gaps_s[i] - 2, clk_now() + gaps_s[i]);
		account_clear(&a);
		/* Before its time nothing is sent, not even when a caller wants a token. */
		rig_clock(r, gaps_s[i] - 5);
		assert_int_equal(refresh(r, id), OAUTH_LATER);
		rig_clock(r, 5);
	}
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	expect_state(r, id, ACCOUNT_OK, "none");
	expect_calls(r, 5);
}

/* F16: a 200 that cannot be read is no pair; nothing stored is touched. */
static void
test_f16_garbled_200(void **state)
{
	static const char *const bodies[] = {HEAD("200 OK") "\r\n<html>hotel</html>",
	    HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"refresh_token\":\"R2\"",
	    HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"refresh_token\":\"R2\"}",
	    HEAD("200 OK") "\r\n{\"access_token\":\"\",\"expires_in\":5400}",
	    HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"expires_in\":-5}",
	    HEAD("200 OK") "Content-Length: 500\r\n\r\n{\"access_token\":\"A2\"}"};
	struct rig *r = *state;

	for (size_t i = 0; i < ROWS(bodies); i++) {
		struct rig_step step = {RIG_ANSWER, bodies[i]};
		char login[32];
		int64_t id;

		assert_int_equal(str_format(login, sizeof login, "user%zu@example.com", i), 0);
		id = rig_account(r, login, NULL, NULL);
		rig_sign_in(r, id, "A1", "R1", LIFE_S);
		rig_endpoint(r, &step, 1);
		assert_int_equal(refresh(r, id), OAUTH_LATER);
		expect_state(r, id, ACCOUNT_SUSPECT, "suspect");
		assert_string_equal(access_now(r, id, OAUTH_GOT), "A1");
		expect_calls(r, 1);
	}
}

/* F15, F40: one refusal ends it: one incident, one mail, and never another call. */
static void
test_f15_a_dead_token_is_tried_no_more(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, REFUSED}};
	struct rig *r = *state;
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_GOT;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 1);
	assert_int_equal(refresh(r, id), OAUTH_NONE);
	expect_state(r, id, ACCOUNT_LOST, "sign_in_lost");
	assert_int_equal(rig_number(r, "select count(*) from token"), 0);
	assert_int_equal(rig_number(r, "select count(*) from incident where subject = 'account'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'lost' and to_address = 'sam@example.com'"), 1);
	assert_string_equal(access_now(r, id, OAUTH_NONE), "");
	assert_int_equal(refresh(r, id), OAUTH_NONE);
	OK(r, oauth_rejected(&r->oauth, id, 1, &t, &got, &r->err));
	assert_int_equal(got, OAUTH_NONE);
	rig_clock(r, 10 * LIFE_S);
	assert_string_equal(access_now(r, id, OAUTH_NONE), "");
	assert_int_equal(rig_number(r, "select count(*) from incident"), 1);
	assert_int_equal(rig_number(r, "select count(*) from mail"), 1);
	expect_calls(r, 1);
}

/* No byte left: nothing happened to the pair, it is simply tried again. */
static void
test_unsent(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);
	struct account a;

	assert_int_equal(refresh(r, id), OAUTH_LATER);
	expect_state(r, id, ACCOUNT_OK, "none");
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'unsent'"), 1);
	a = account(r, id);
	assert_in_range(a.refresh_due_at, clk_now() + 58, clk_now() + 75);
	account_clear(&a);
	assert_int_equal(rig_number(r, "select count(*) from job where kind = 'refresh'"), 1);
	rig_endpoint(r, steps, 1);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	expect_calls(r, 1);
}

/* F3: waiting out somebody else's lease ends in "later", never in a second call. */
static void
test_f3_lease_elsewhere(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	enum oauth_got got = OAUTH_GOT;
	int64_t id = signed_in(r);
	bool taken = false;

	rig_endpoint(r, steps, 1);
	OK(r, token_lease_take(r->db, id, "2.other", 1, clk_now() + OAUTH_LEASE_S, &taken, &r->err));
	assert_true(taken);
	OK(r, oauth_refresh(&r->oauth, id, 1, &got, &r->err));
	assert_int_equal(got, OAUTH_LATER);
	rig_clock(r, LIFE_S);
	OK(r, token_lease_take(r->db, id, "2.other", 1, clk_now() + OAUTH_LEASE_S, &taken, &r->err));
	assert_string_equal(access_now(r, id, OAUTH_LATER), "");
	assert_int_equal(rig_number(r, "select count(*) from token_journal"), 0);
	rig_clock(r, OAUTH_LEASE_S + 1);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	expect_calls(r, 1);
}

/* What is in flight is all that a crash can cost: at most refresh_parallel. */
static void
test_refresh_parallel(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);
	enum oauth_got got = OAUTH_GOT;
	bool taken = false;

	rig_endpoint(r, steps, 1);
	for (int64_t i = 1; i <= r->conf.refresh_parallel; i++) {
		char login[32];

		assert_int_equal(str_format(login, sizeof login, "busy%d@example.com", (int)i), 0);
		OK(r, token_lease_take(r->db, rig_account(r, login, NULL, NULL), "2.other", 0, clk_now() + OAUTH_LEASE_S,
		       &taken, &r->err));
	}
	OK(r, oauth_refresh(&r->oauth, id, 1, &got, &r->err));
	assert_int_equal(got, OAUTH_LATER);
	assert_int_equal(rig_number(r, "select count(*) from token_lease where owner = '1.test'"), 0);
	assert_int_equal(rig_number(r, "select count(*) from token_journal"), 0);
	rig_clock(r, OAUTH_LEASE_S + 1);
	OK(r, oauth_refresh(&r->oauth, id, 1, &got, &r->err));
	assert_int_equal(got, OAUTH_GOT);
	expect_calls(r, 1);
}

/* F4: a process that is late by a generation changes nothing. */
static void
test_f4_generation(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	struct oauth_pair p = {.expires_in_s = LIFE_S, .expires_at = clk_now() + LIFE_S};
	enum oauth_got got = OAUTH_LATER;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 1);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	/* The loser of a race: nothing to do, somebody did it. */
	OK(r, oauth_refresh(&r->oauth, id, 1, &got, &r->err));
	assert_int_equal(got, OAUTH_GOT);
	OK(r, oauth_mark_lost(&r->oauth, id, 1, CAUSE_SIGN_IN_LOST, "late news", &r->err));
	expect_state(r, id, ACCOUNT_OK, "none");
	secret_set(&p.access, "late", 4);
	secret_set(&p.refresh, "late", 4);
	assert_int_equal(oauth_store(&r->oauth, id, 1, &p, NULL, &r->err), -1);
	assert_int_equal(r->err.code, ERR_BUSY);
	oauth_pair_clear(&p);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A2");
	assert_int_equal(rig_number(r, "select count(*) from incident"), 0);
	expect_calls(r, 1);
}

/* The person signs in anew while a renewal waits for its answer: the newer pair stays, nobody waits for a store that
 * can never work, and the news about the old pair concerns nobody. */
static void
test_a_sign_in_overtakes_a_renewal(void **state)
{
	static const char *const answers[] = {PAIR("A2", "R2"), REFUSED};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	for (size_t i = 0; i < ROWS(answers); i++) {
		const struct rig_step steps[] = {
		    {RIG_MEANWHILE, "update account set generation = generation + 1"}, {RIG_ANSWER, answers[i]}};
		enum oauth_got got = OAUTH_LATER;

		rig_sql(r, "update account set generation = 1");
		rig_endpoint(r, steps, 2);
		OK(r, oauth_refresh(&r->oauth, id, 1, &got, &r->err));
		assert_int_equal(got, OAUTH_GOT);
		expect_calls(r, 1);
		expect_state(r, id, ACCOUNT_OK, "none");
	}
	assert_int_equal(rig_number(r, "select generation from account"), 2);
	assert_int_equal(rig_number(r, "select generation from token"), 1);
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	assert_int_equal(rig_number(r, "select count(*) from incident"), 0);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where detail = 'overtaken by a sign-in'"), 2);
}

/* F7: many 401s of one generation cost one call. */
static void
test_f7_many_401s_cost_one_call(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 1);
	for (int i = 0; i < 5; i++) {
		struct oauth_token t = {0};
		enum oauth_got got = OAUTH_NONE;

		OK(r, oauth_rejected(&r->oauth, id, 1, &t, &got, &r->err));
		assert_int_equal(got, OAUTH_GOT);
		assert_string_equal(t.access.p, "A2");
		assert_int_equal(t.generation, 2);
		oauth_token_clear(&t);
	}
	expect_calls(r, 1);
}

/* A dead access token need not be spared: the suspect pair is tried at once. */
static void
test_rejected_while_suspect(void **state)
{
	static const struct rig_step steps[] = {{RIG_LOST, NULL}, {RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_NONE;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	OK(r, oauth_rejected(&r->oauth, id, 1, &t, &got, &r->err));
	assert_int_equal(got, OAUTH_GOT);
	assert_string_equal(t.access.p, "A2");
	oauth_token_clear(&t);
	expect_calls(r, 2);
}

static void
test_limited(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("429 Slow") "Retry-After: 300\r\n\r\n{}"}};
	struct rig *r = *state;
	int64_t id = signed_in(r);
	struct account a;

	rig_endpoint(r, steps, 1);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	expect_state(r, id, ACCOUNT_OK, "none");
	a = account(r, id);
	assert_in_range(a.refresh_due_at, clk_now() + 298, clk_now() + 375);
	account_clear(&a);
	expect_calls(r, 1);
}

/* A wrong secret is the installation's trouble, told once to the Global Admins; nobody is signed out. */
static void
test_invalid_client(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("401 No") "\r\n{\"error\":\"invalid_client\"}"},
	    {RIG_ANSWER, HEAD("401 No") "\r\n{\"error\":\"invalid_client\"}"}, {RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 3);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	expect_state(r, id, ACCOUNT_OK, "none");
	assert_int_equal(rig_number(r, "select count(*) from incident where subject_id = 'configuration'"), 1);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 0);
	expect_calls(r, 3);
}

/* The process died between its intent and the answer: whoever comes next treats the answer as lost. */
static void
test_abandoned_intent(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);
	int64_t journal = 0;

	rig_endpoint(r, steps, 1);
	OK(r, token_journal_add(r->db, id, "refresh", 1, "2.dead", &journal, &r->err));
	assert_int_equal(refresh(r, id), OAUTH_LATER);
	expect_state(r, id, ACCOUNT_SUSPECT, "suspect");
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'unknown'"), 1);
	assert_string_equal(access_now(r, id, OAUTH_GOT), "A1");
	rig_clock(r, LIFE_S - 60);
	assert_int_equal(refresh(r, id), OAUTH_GOT);
	expect_calls(r, 1);
}

/* The wrong key: nothing is sent, the lease is given back, the error says what. */
static void
test_wrong_key(void **state)
{
	struct rig *r = *state;
	struct crypt_key other;
	struct oauth_ctx x = r->oauth;
	enum oauth_got got = OAUTH_GOT;
	int64_t id = signed_in(r);

	crypt_key_new(&other);
	x.reader = &other;
	rig_endpoint(r, NULL, 0);
	assert_int_equal(oauth_refresh(&x, id, 1, &got, &r->err), -1);
	assert_int_equal(r->err.code, ERR_IO);
	expect_state(r, id, ACCOUNT_OK, "none"); /* the pair itself may be sound */
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'unsent'"), 1);
	expect_calls(r, 0);
	crypt_key_clear(&other);
}

static void
damage(struct rig *r, int64_t id)
{
	struct token_row t = {0};

	OK(r, token_get(r->db, id, &t, &r->err));
	t.access.p[t.access.len - 1] ^= 1;
	t.refresh.p[t.refresh.len - 1] ^= 1;
	OK(r, token_put(r->db, id, &t, &r->err));
	token_row_clear(&t);
}

/* A seal that the right key does not open: said and told once, never tried for ever in silence. */
static void
test_damaged_seal(void **state)
{
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, NULL, 0);
	damage(r, id);
	(void)access_now(r, id, OAUTH_NONE);
	expect_state(r, id, ACCOUNT_LOST, "sign_in_lost");
	(void)access_now(r, id, OAUTH_NONE);
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 1);
	assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'lost'"), 1);
	expect_calls(r, 0);
}

static void
test_damaged_seal_at_renewal(void **state)
{
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, NULL, 0);
	damage(r, id);
	assert_int_equal(refresh(r, id), OAUTH_NONE);
	expect_state(r, id, ACCOUNT_LOST, "sign_in_lost");
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'unsent'"), 1);
	expect_calls(r, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_rotation),
	    TEST(test_f10_answer_without_refresh_token),
	    TEST(test_f13_lost_answer),
	    TEST(test_f13_lost_answer_then_refused),
	    TEST(test_f14_5xx_never_costs_a_sign_in),
	    TEST(test_f16_garbled_200),
	    TEST(test_f15_a_dead_token_is_tried_no_more),
	    TEST(test_unsent),
	    TEST(test_f3_lease_elsewhere),
	    TEST(test_refresh_parallel),
	    TEST(test_f4_generation),
	    TEST(test_a_sign_in_overtakes_a_renewal),
	    TEST(test_f7_many_401s_cost_one_call),
	    TEST(test_rejected_while_suspect),
	    TEST(test_limited),
	    TEST(test_invalid_client),
	    TEST(test_abandoned_intent),
	    TEST(test_wrong_key),
	    TEST(test_damaged_seal),
	    TEST(test_damaged_seal_at_renewal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
