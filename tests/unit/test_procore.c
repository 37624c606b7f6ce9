/* core/procore and core/budget against a scripted Procore: the two meanings of 401, the
 * company's state, limits, lost answers of writes. */
#include <inttypes.h>

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "core/procore.h"
#include "store/account.h"
#include "store/budget_row.h"
#include "store/company.h"
#include "store/token.h"

#define HEAD(status)                                                                       \
	"HTTP/1.1 " status "\r\nConnection: close\r\nContent-Type: application/json\r\n"
#define ANSWER(status, body) HEAD(status) "\r\n" body
#define PAIR                                                                               \
	"{\"access_token\":\"a2\",\"refresh_token\":\"r2\",\"expires_in\":5400,\"token_"   \
	"type\":\"bearer\"}"

enum { COMPANY = 4242 };

struct fixture {
	struct rig rig;
	struct procore p;
	struct procore_at at;
};

static struct fixture fx;

static int
setup(void **state)
{
	(void)state;
	fx = (struct fixture){0};
	rig_open(&fx.rig, NULL);
	fx.at = (struct procore_at){
	    .account_id = rig_account(&fx.rig, "ana@example.com", "ana", "ana@example.com"),
	    .company_id = COMPANY,
	    .project_id = 5};
	rig_sign_in(&fx.rig, fx.at.account_id, "a1", "r1", 86400);
	fx.p = (struct procore){.oauth = &fx.rig.oauth, .priority = BUDGET_BUSY};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_close(&fx.rig);
	return 0;
}

/* One call while Procore follows these steps; the log of what it was asked. */
static struct procore_answer
ask(enum procore_op op, const struct rig_step *steps, int n, struct buf *log)
{
	struct procore_answer a = {0};

	rig_endpoint(&fx.rig, steps, n);
	OK(&fx.rig, procore_one(&fx.p, op, &fx.at, 9, &a, &fx.rig.err));
	rig_endpoint_end(&fx.rig, log);
	return a;
}

static bool
has_state(enum account_state want)
{
	struct account a = {0};
	bool is;

	OK(&fx.rig, account_get(fx.rig.db, fx.at.account_id, &a, &fx.rig.err));
	is = a.state == want;
	account_clear(&a);
	return is;
}

static void
a_call_carries_token_and_company(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, ANSWER("200 OK", "{\"id\":9}")}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, steps, 1, &log);

	(void)state;
	assert_int_equal(a.cause, CAUSE_NONE);
	assert_int_equal(json_i64_or(a.json, "id", 0), 9);
	assert_int_equal(rig_count(&log, "GET /rest/v1.0/projects/5/rfis/9 "), 1);
	procore_answer_clear(&a);
	buf_clear(&log);
}

static void
a_401_costs_one_refresh_and_one_replay(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")},
	    {RIG_ANSWER, ANSWER("200 OK", PAIR)},
	    {RIG_ANSWER, ANSWER("200 OK", "{\"id\":9}")}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, steps, 3, &log);

	(void)state;
	assert_int_equal(a.cause, CAUSE_NONE);
	assert_int_equal(rig_count(&log, "POST /oauth/token"), 1);
	assert_int_equal(rig_count(&log, "GET /rest/v1.0/projects/5/rfis/9"), 2);
	assert_true(has_state(ACCOUNT_OK));
	procore_answer_clear(&a);
	buf_clear(&log);
}

/* A fresh token is refused, /me accepts it: the app is not at this company; nobody's
 * sign-in is at fault. */
static void
a_second_401_may_be_the_company(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")},
	    {RIG_ANSWER, ANSWER("200 OK", PAIR)},
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")},
	    {RIG_ANSWER, ANSWER("200 OK", "{\"id\":1,\"login\":\"ana@example.com\"}")}};
	struct company_state c = {0};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, steps, 4, &log);

	(void)state;
	assert_int_equal(a.cause, CAUSE_APP_NOT_AT_COMPANY);
	assert_int_equal(rig_count(&log, "GET /rest/v1.0/me "), 1);
	assert_true(has_state(ACCOUNT_OK));
	OK(&fx.rig, company_state_get(fx.rig.db, COMPANY, &c, &fx.rig.err));
	assert_true(c.not_connected);
	assert_true(c.next_try_at > clk_now());
	assert_int_equal(a.retry_at, c.next_try_at);
	procore_answer_clear(&a);
	buf_clear(&log);
}

static void
a_second_401_may_be_the_sign_in(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")},
	    {RIG_ANSWER, ANSWER("200 OK", PAIR)},
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")},
	    {RIG_ANSWER, ANSWER("401 Unauthorized", "{}")}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, steps, 4, &log);

	(void)state;
	assert_int_equal(a.cause, CAUSE_SIGN_IN_LOST);
	assert_true(has_state(ACCOUNT_LOST));
	procore_answer_clear(&a);
	/* a dead sign-in is not tried again */
	OK(&fx.rig, procore_one(&fx.p, PROCORE_RFI, &fx.at, 9, &a, &fx.rig.err));
	assert_int_equal(a.cause, CAUSE_SIGN_IN_LOST);
	assert_int_equal(a.status, 0);
	procore_answer_clear(&a);
	buf_clear(&log);
}

/* 403 of a disconnected app: one incident, growing gaps, and all is well by itself when it
 * is back. */
static void
a_company_is_left_alone_and_comes_back(void **state)
{
	static const struct rig_step gone[] = {
	    {RIG_ANSWER, ANSWER("403 Forbidden",
			     "{\"errors\":[\"App is not connected to this company.\"]}")}};
	static const struct rig_step back[] = {
	    {RIG_ANSWER, ANSWER("200 OK", "{\"id\":9}")}};
	struct company_state c = {0};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, gone, 1, &log);
	int64_t first;

	(void)state;
	assert_int_equal(a.cause, CAUSE_APP_NOT_AT_COMPANY);
	procore_answer_clear(&a);
	first = fx.p.calls;
	OK(&fx.rig, procore_one(&fx.p, PROCORE_RFI, &fx.at, 9, &a, &fx.rig.err));
	assert_int_equal(a.cause, CAUSE_APP_NOT_AT_COMPANY);
	assert_int_equal(fx.p.calls, first); /* no call left */
	procore_answer_clear(&a);
	assert_int_equal(rig_number(&fx.rig, "SELECT count(*) FROM incident WHERE subject "
					     "= 'company' AND closed_at IS NULL"),
	    1);
	rig_clock(&fx.rig, 3600);
	a = ask(PROCORE_RFI, gone, 1, &log);
	OK(&fx.rig, company_state_get(fx.rig.db, COMPANY, &c, &fx.rig.err));
	assert_true(c.next_try_at >=
		    clk_now() + 3500); /* the gap grows with the time it has lasted */
	procore_answer_clear(&a);
	rig_clock(&fx.rig, 4000);
	a = ask(PROCORE_RFI, back, 1, &log);
	assert_int_equal(a.cause, CAUSE_NONE);
	OK(&fx.rig, company_state_get(fx.rig.db, COMPANY, &c, &fx.rig.err));
	assert_false(c.not_connected);
	/* Each change once. */
	assert_int_equal(rig_number(&fx.rig, "SELECT count(*) FROM audit WHERE actor = 'worker' "
					     "AND action = 'company.app_missing' AND "
					     "detail LIKE '%company %'"),
	    1);
	assert_int_equal(rig_number(&fx.rig, "SELECT count(*) FROM audit WHERE actor = 'worker' "
					     "AND action = 'company.app_connected'"),
	    1);
	assert_int_equal(
	    rig_number(&fx.rig, "SELECT count(*) FROM incident WHERE closed_at IS NULL"),
	    0);
	procore_answer_clear(&a);
	buf_clear(&log);
}

static void
a_429_blocks_until_its_reset(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, HEAD("429 Too Many Requests") "Retry-After: 40\r\n\r\n{}"}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = ask(PROCORE_RFI, steps, 1, &log);
	int64_t calls = fx.p.calls;

	(void)state;
	assert_int_equal(a.cause, CAUSE_LIMITED);
	assert_in_range(a.retry_at, clk_now() + 35, clk_now() + 41);
	procore_answer_clear(&a);
	OK(&fx.rig, procore_one(&fx.p, PROCORE_RFI, &fx.at, 9, &a, &fx.rig.err));
	assert_int_equal(a.cause, CAUSE_LIMITED);
	assert_int_equal(fx.p.calls, calls);
	procore_answer_clear(&a);
	buf_clear(&log);
}

static void
a_lost_answer_of_a_write_is_unknown(void **state)
{
	static const struct rig_step lost[] = {{RIG_LOST, NULL}};
	static const struct rig_step no[] = {
	    {RIG_ANSWER, ANSWER("422 Unprocessable Entity", "{\"errors\":\"no\"}")}};
	static const struct rig_step down[] = {
	    {RIG_ANSWER, ANSWER("502 Bad Gateway", "oops")}};
	static const struct rig_step garbled[] = {
	    {RIG_ANSWER, ANSWER("200 OK", "{\"id\":")}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a;

	(void)state;
	a = ask(PROCORE_RFI_ADVANCE, lost, 1, &log);
	assert_true(a.cause == CAUSE_UNREACHABLE && a.unknown);
	procore_answer_clear(&a);
	a = ask(PROCORE_RFI_ADVANCE, no, 1, &log);
	assert_true(a.cause == CAUSE_ITEM && !a.unknown);
	assert_string_equal(a.text, "no");
	procore_answer_clear(&a);
	a = ask(PROCORE_RFI_ADVANCE, down, 1, &log);
	assert_true(a.cause == CAUSE_UNREACHABLE && a.unknown);
	procore_answer_clear(&a);
	a = ask(PROCORE_RFI_ADVANCE, garbled, 1, &log);
	assert_true(a.cause == CAUSE_UNREACHABLE && a.unknown);
	procore_answer_clear(&a);
	a = ask(PROCORE_RFI, lost, 1, &log);
	assert_true(a.cause == CAUSE_UNREACHABLE && !a.unknown); /* reading has no effect */
	procore_answer_clear(&a);
	buf_clear(&log);
	/* nobody listens: nothing left */
	OK(&fx.rig, procore_one(&fx.p, PROCORE_RFI_ADVANCE, &fx.at, 9, &a, &fx.rig.err));
	assert_true(a.cause == CAUSE_UNREACHABLE && !a.unknown);
	procore_answer_clear(&a);
}

/* ---- budget */

static bool
may(enum budget_priority p, int64_t *until)
{
	bool yes = false;

	OK(&fx.rig, budget_may_call(fx.rig.db, fx.at.account_id, COMPANY, p, clk_now(),
			&yes, until, &fx.rig.err));
	return yes;
}

static void
said(int64_t limit, int64_t remaining, int64_t reset_in)
{
	struct budget_window w = {.limit_n = limit,
	    .remaining = remaining,
	    .reset_at = clk_now() + reset_in};

	OK(&fx.rig, budget_row_put(fx.rig.db, fx.at.account_id, COMPANY, false, &w,
			clk_now(), &fx.rig.err));
}

/* An answer with these headers. */
static void
heard(int status, int64_t limit, int64_t remaining, int64_t reset_in)
{
	struct http_resp r = {
	    .stage = HTTP_DONE, .status = status, .date_at = clk_now(), .head = BUF_INIT(1024)};
	int64_t blocked = 0;

	buf_printf(&r.head,
	    "x-rate-limit-limit: %" PRId64 "\nx-rate-limit-remaining: %" PRId64
	    "\nx-rate-limit-reset: %" PRId64 "\n",
	    limit, remaining, clk_now() + reset_in);
	OK(&fx.rig, budget_learn(fx.rig.db, fx.at.account_id, COMPANY, &r, clk_now(),
			&blocked, &fx.rig.err));
	assert_int_equal(blocked, 0);
	buf_clear(&r.head);
}

static struct budget_row
known(void)
{
	struct budget_row b;

	OK(&fx.rig, budget_row_get(
			fx.rig.db, fx.at.account_id, COMPANY, &b, &fx.rig.err));
	return b;
}

/* The headers tell of one window at a time; what they said of the other still holds. */
static void
both_windows_count(void **state)
{
	int64_t until = 0;

	(void)state;
	heard(200, 3600, 100, 1800);
	heard(200, 25, 20, 8); /* the short one is nearer to its end now */
	assert_int_equal(known().hour.remaining, 100);
	assert_int_equal(known().spike.remaining, 20);
	assert_false(may(BUDGET_BUSY, &until)); /* a tenth of the hour is not for it */
	assert_in_range(until, clk_now() + 1798, clk_now() + 1801);
	assert_true(may(BUDGET_ANSWER, &until));
	assert_int_equal(known().hour.remaining, 99);
	heard(200, 25, 0, 8);
	assert_false(may(BUDGET_ANSWER, &until));
	assert_in_range(until, clk_now() + 6, clk_now() + 9);
	rig_clock(&fx.rig, 9);
	assert_true(may(BUDGET_ANSWER, &until)); /* the hour goes on */
	assert_false(may(BUDGET_BUSY, &until));
	heard(200, 3600, 90, 60); /* the end of the hour is no short window */
	assert_int_equal(known().hour.remaining, 90);
	assert_int_equal(known().spike.limit_n, 25);
}

/* A call that fails has been spent all the same. */
static void
failed_calls_count(void **state)
{
	static const int statuses[] = {400, 403, 404, 422, 500};
	int64_t until = 0;

	(void)state;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		heard(statuses[i], 3600, 100 - (int64_t)i, 1800);
		assert_int_equal(known().hour.remaining, 100 - (int64_t)i);
		assert_false(may(BUDGET_BUSY, &until));
	}
}

/* While most of a window is left, what is written down may lag a little; never below half. */
static void
plenty_is_not_written_down_each_time(void **state)
{
	(void)state;
	heard(200, 3600, 3500, 1800);
	heard(200, 3600, 3499, 1800);
	assert_int_equal(known().hour.remaining, 3500);
	heard(200, 3600, 3400, 1800);
	assert_int_equal(known().hour.remaining, 3400);
	heard(200, 3600, 1800, 1800);
	heard(200, 3600, 1799, 1800);
	assert_int_equal(known().hour.remaining, 1799);
	heard(200, 3600, 3599, 3600); /* a new window */
	assert_int_equal(known().hour.remaining, 3599);
}

static void
the_last_calls_are_for_what_people_wait_for(void **state)
{
	int64_t until = 0;

	(void)state;
	assert_true(may(BUDGET_QUIET, &until)); /* nothing known yet */
	said(100, 100, 60);
	assert_true(may(BUDGET_QUIET, &until));
	said(100, 25, 60);
	assert_false(may(BUDGET_QUIET, &until));
	assert_in_range(until, clk_now() + 58, clk_now() + 61);
	assert_true(may(BUDGET_BUSY, &until));
	said(100, 10, 60);
	assert_false(may(BUDGET_BUSY, &until));
	assert_true(may(BUDGET_RESUME, &until));
	said(100, 5, 60);
	assert_false(may(BUDGET_RESUME, &until));
	assert_true(may(BUDGET_ANSWER, &until));
	said(100, 0, 60);
	assert_false(may(BUDGET_ANSWER, &until));
	rig_clock(&fx.rig, 61);
	assert_true(may(BUDGET_QUIET, &until)); /* the window is over */
}

/* Processes that run at once count a call before it leaves; late headers never raise the
 * number. */
static void
calls_are_counted_before_they_leave(void **state)
{
	int64_t until = 0;

	(void)state;
	said(100, 2, 60);
	assert_true(may(BUDGET_ANSWER, &until));
	assert_true(may(BUDGET_ANSWER, &until));
	assert_false(may(BUDGET_ANSWER, &until));
	said(100, 2, 60); /* an answer that was under way before */
	assert_false(may(BUDGET_ANSWER, &until));
	said(100, 99, 120); /* a new window */
	assert_true(may(BUDGET_QUIET, &until));
}

/* Another process renews the pair: that is no fault of Procore's, and nobody asks it a second time. When the renewal
 * itself does not get through, it is one. */
static void
waiting_for_a_renewal_blames_nobody(void **state)
{
	static const struct rig_step down[] = {
	    {RIG_ANSWER, ANSWER("503 Service Unavailable", "{}")}};
	struct buf log = BUF_INIT(65536);
	struct procore_answer a = {0};
	bool got = false;

	(void)state;
	rig_clock(&fx.rig, 86400);
	OK(&fx.rig, token_lease_take(fx.rig.db, fx.at.account_id, "9.other", 1,
			clk_now() + OAUTH_LEASE_S, &got, &fx.rig.err));
	OK(&fx.rig, procore_one(&fx.p, PROCORE_RFI, &fx.at, 9, &a, &fx.rig.err));
	assert_int_equal(a.cause, CAUSE_LIMITED);
	assert_string_equal(a.text, "the sign-in is being renewed");
	assert_int_equal(rig_number(&fx.rig, "SELECT count(*) FROM token_journal"), 0);
	procore_answer_clear(&a);
	OK(&fx.rig, token_lease_free(fx.rig.db, fx.at.account_id, "9.other", &fx.rig.err));
	a = ask(PROCORE_RFI, down, 1, &log);
	assert_int_equal(a.cause, CAUSE_UNREACHABLE);
	assert_int_equal(rig_count(&log, "POST /oauth/token"), 1);
	procore_answer_clear(&a);
	buf_clear(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_call_carries_token_and_company, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_401_costs_one_refresh_and_one_replay, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_second_401_may_be_the_company, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_second_401_may_be_the_sign_in, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_company_is_left_alone_and_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_429_blocks_until_its_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_lost_answer_of_a_write_is_unknown, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		the_last_calls_are_for_what_people_wait_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		calls_are_counted_before_they_leave, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		waiting_for_a_renewal_blames_nobody, setup, teardown),
	    cmocka_unit_test_setup_teardown(both_windows_count, setup, teardown),
	    cmocka_unit_test_setup_teardown(failed_calls_count, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		plenty_is_not_written_down_each_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
