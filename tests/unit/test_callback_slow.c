/* test_callback_slow.c: `callback` keeps its time, 15 s in all (DESIGN.md 2), whichever of its at most three calls Procore
 * leaves without an answer, and tells the person what to do. */
#include "config.h"

#include "web_rig.h"

#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "store/attempt.h"
#include "store/catalog.h"
#include "web/callback.h"

#define STATE "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define COOKIE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* as web_rig sends it */
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define PAIR HEAD "{\"access_token\":\"A1\",\"refresh_token\":\"R1\",\"expires_in\":5400}"
#define ME(login) HEAD "{\"id\":77,\"login\":\"" login "\"}"

enum {
	LIMIT_MS = 300,
	/* Far more than three such limits on a busy machine, far less than one call of the worker's (OAUTH_TOTAL_MS). */
	SLACK_MS = 8000,
	PROMISED_MS = 15000
};
_Static_assert(3 * OAUTH_CALLBACK_MS <= PROMISED_MS, "the calls of callback take longer than promised");

struct slow {
	struct web_rig web;
	struct oauth_ctx oauth;
};

static int
setup(void **state)
{
	struct slow *s = xcalloc(1, sizeof *s);
	struct attempt a = {.purpose = "reconnect", .user_name = "ana", .return_to = "/Projects"};
	uint8_t sum[ATTEMPT_HASH_BYTES];
	struct rig *r = &s->web.core;

	web_rig_open(&s->web, NULL);
	db_close(s->web.app.db);
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_AUTH, &s->web.app.db, &r->err));
	s->oauth = r->oauth;
	s->oauth.db = s->web.app.db;
	s->oauth.total_ms = LIMIT_MS;
	s->web.app.routes = callback_routes;
	s->web.app.routes_n = callback_routes_n;
	s->web.app.extra = &s->oauth;
	a.account_id = rig_account(r, "ana@example.com", "ana", "ana@example.com");
	a.created_at = clk_now();
	a.expires_at = a.created_at + 900;
	crypt_sha256(COOKIE, strlen(COOKIE), a.cookie_sha256);
	crypt_sha256(STATE, strlen(STATE), sum);
	OK(r, attempt_add(s->web.app.db, sum, &a, &r->err));
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct slow *s = *state;

	web_rig_close(&s->web);
	free(s);
	return 0;
}

/* The way back from Procore while it follows these steps; the log of what it was asked. */
static void
come_back(struct slow *s, const struct rig_step *steps, int n, int status, struct buf *log)
{
	int64_t begun = clk_mono_ms();

	rig_endpoint(&s->web.core, steps, n);
	s->web.app.conf = s->web.core.conf; /* which names the endpoint now */
	assert_int_equal(
	    web_get(&s->web, "ana", "/connectorweb/oauth/callback?code=c&state=" STATE), status);
	assert_in_range(clk_mono_ms() - begun, LIMIT_MS, SLACK_MS);
	rig_endpoint_end(&s->web.core, log);
	assert_int_equal(rig_count(log, "CALL "), n);
	assert_int_equal(rig_number(&s->web.core, "select count(*) from token"), 0);
}

static void
says_try_again(struct slow *s)
{
	web_has(&s->web, "Procore did not answer properly");
	web_has(&s->web, "please try again in a few minutes");
	web_has(&s->web, "action=\"/connectorweb/Projects/reconnect\"");
	web_has(&s->web, "Try again");
}

static void
test_no_answer_to_the_code(void **state)
{
	static const struct rig_step steps[] = {{RIG_SILENT, NULL}};
	struct buf log = BUF_INIT(65536);

	come_back(*state, steps, 1, 502, &log);
	says_try_again(*state);
	buf_clear(&log);
}

static void
test_no_answer_to_who_it_is(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR}, {RIG_SILENT, NULL}};
	struct buf log = BUF_INIT(65536);

	come_back(*state, steps, 2, 502, &log);
	says_try_again(*state);
	buf_clear(&log);
}

/* What it gives back may get no answer; the person is told of the wrong account all the same. */
static void
test_no_answer_to_the_revocation(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, PAIR}, {RIG_ANSWER, ME("bob@example.com")}, {RIG_SILENT, NULL}};
	struct slow *s = *state;
	struct buf log = BUF_INIT(65536);

	come_back(s, steps, 3, 409, &log);
	assert_int_equal(rig_count(&log, "POST /oauth/revoke"), 1);
	web_has(&s->web, "bob@example.com");
	web_has(&s->web, "Try again");
	buf_clear(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_no_answer_to_the_code, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_answer_to_who_it_is, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_answer_to_the_revocation, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
