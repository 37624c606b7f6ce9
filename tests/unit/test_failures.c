/* test_failures.c: failures of other connectors (docs/failures.md) that no other test
 * stands for: leases of slow and of dead processes, copies of tokens, half a pair,
 * restarts, waits, the first refusal. */
#include "config.h"

#include "core_rig.h"

#include <sys/wait.h>

#include "base/clk.h"
#include "core/oauth_int.h"
#include "store/account.h"
#include "store/catalog.h"

#define HEAD(status)                                                                       \
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define PAIR(access, refresh)                                                              \
	HEAD("200 OK")                                                                     \
	"\r\n{\"access_token\":\"" access "\",\"refresh_token\":\"" refresh                \
	"\",\"token_type\":\"Bearer\",\"expires_in\":5400}"
#define REFUSED HEAD("401 Unauthorized") "\r\n{\"error\":\"invalid_grant\"}"

enum { LIFE_S = 5400 };

static int64_t
signed_in(struct rig *r)
{
	int64_t id = rig_account(r, "Sam@example.com", "sam", "sam@example.com");

	(void)rig_connect(r, "P-1", id);
	rig_sign_in(r, id, "A1", "R1", LIFE_S);
	return id;
}

static void
expect_access(struct rig *r, struct oauth_ctx *x, int64_t id, const char *want)
{
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_NONE;

	OK(r, oauth_access(x, id, &t, &got, &r->err));
	assert_int_equal(got, OAUTH_GOT);
	assert_string_equal(t.access.p, want);
	oauth_token_clear(&t);
}

static enum oauth_got
refresh_as(struct rig *r, struct oauth_ctx *x, int64_t id, int64_t generation)
{
	enum oauth_got got = OAUTH_NONE;

	OK(r, oauth_refresh(x, id, generation, &got, &r->err));
	return got;
}

/* A worker process of its own that refreshes the account and dies right after its nth
 * commit (0: not). */
struct dying {
	struct rig *r;
	int64_t account_id, at_commit;
};

static void
die_at(void *arg, int64_t commit_no)
{
	const struct dying *d = arg;

	if (commit_no == d->at_commit)
		_exit(7);
}

static pid_t
fork_refresh(struct dying *d)
{
	static const struct http_conf h = {.user_agent = "connectorweb/test"};
	enum oauth_got got = OAUTH_NONE;
	struct oauth_ctx x = d->r->oauth;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	x.owner = "2.other";
	if (db_open(d->r->db_path, store_catalog(), DB_ROLE_SYNC, &x.db, NULL) == -1 ||
	    http_new(&h, &x.http, NULL) == -1)
		_exit(1);
	db_set_commit_hook(x.db, die_at, d);
	_exit(oauth_refresh(&x, d->account_id, 1, &got, NULL) == 0 && got == OAUTH_GOT ? 0
										       : 2);
}

/* ---- leases */

/* Takes one call, says so, and never answers. */
static void
hold(int listen_fd, int log_fd, const void *arg)
{
	char head[8192];
	int fd = peer_accept(listen_fd);

	(void)arg;
	(void)peer_read_until(fd, "\r\n\r\n", head, sizeof head);
	peer_note(log_fd, "CALL", 4);
	peer_drain(fd);
	close(fd);
}

static void
test_f2_f5_the_lease_outlives_the_call_and_a_dead_owner(void **state)
{
	struct rig *r = *state;
	struct dying d = {.r = r, .account_id = signed_in(r)};
	struct buf url = BUF_INIT(128);
	struct peer peer;
	char called[4];
	pid_t pid;

	/* F2: by construction, whatever the timeouts are. */
	assert_true(OAUTH_LEASE_S * 1000 >= OAUTH_CONNECT_MS + OAUTH_TOTAL_MS + DB_BUSY_MS);
	peer_start(&peer, hold, NULL);
	buf_printf(&url, "http://127.0.0.1:%d", peer.port);
	free(r->conf.procore_login_url);
	r->conf.procore_login_url = buf_take(&url);
	pid = fork_refresh(&d);
	assert_int_equal(read(peer.log_fd, called, sizeof called), 4);
	/* While Procore does not answer. */
	assert_int_equal(
	    rig_number(r,
		"select until_at - (select intent_at from token_journal) from token_lease"),
	    OAUTH_LEASE_S);
	rig_clock(r, OAUTH_LEASE_S - 5);
	assert_int_equal(refresh_as(r, &r->oauth, d.account_id, 1), OAUTH_LATER);
	/* F5: the owner dies; nobody has to be started again, the lease ends by itself. */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	peer_join(&peer, NULL);
	assert_int_equal(refresh_as(r, &r->oauth, d.account_id, 1), OAUTH_LATER);
	assert_int_equal(
	    rig_number(r, "select count(*) from account where state = 'ok'"), 1);
	rig_clock(r, 10);
	assert_int_equal(refresh_as(r, &r->oauth, d.account_id, 1), OAUTH_LATER);
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	/* What the dead one asked may have been done: suspect, and works on. */
	assert_int_equal(
	    rig_number(r, "select count(*) from account where state = 'suspect'"), 1);
	assert_int_equal(
	    rig_number(r, "select count(*) from token_journal where state = 'unknown'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from token_journal"),
	    1); /* one call left the machine */
	expect_access(r, &r->oauth, d.account_id, "A1");
}

/* ---- copies */

static void
test_f6_the_token_is_read_at_the_moment_of_use(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	struct oauth_ctx other = r->oauth;
	int64_t id = signed_in(r);

	other.owner = "2.other";
	rig_endpoint(r, steps, 1);
	expect_access(r, &r->oauth, id, "A1");
	assert_int_equal(refresh_as(r, &other, id, 1), OAUTH_GOT);
	expect_access(r, &r->oauth, id, "A2");
	/* Nothing that is queued holds a token. */
	assert_true(rig_number(r, "select count(*) from job") > 0);
	assert_int_equal(rig_number(r, "select count(*) from job where arg <> '{}'"), 0);
}

static void
test_f9_never_half_a_pair(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	bool ended = false;

	for (int64_t n = 1; !ended; n++) {
		struct dying d = {.r = r, .account_id = signed_in(r), .at_commit = n};
		struct secret access = {0};
		struct secret refresh = {0};
		int64_t generation;
		int status = 0;
		pid_t pid;

		rig_endpoint(r, steps, 1);
		pid = fork_refresh(&d);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) &&
			    (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7));
		ended = WEXITSTATUS(status) == 0;
		generation = rig_number(r, "select generation from account");
		OK(r, oauth_open(
			  &r->oauth, d.account_id, generation, "access", &access, &r->err));
		OK(r, oauth_open(&r->oauth, d.account_id, generation, "refresh", &refresh,
			  &r->err));
		assert_string_equal(access.p, generation == 1 ? "A1" : "A2");
		assert_string_equal(refresh.p, generation == 1 ? "R1" : "R2");
		assert_true(generation == 2 || !ended);
		secret_clear(&access);
		secret_clear(&refresh);
		rig_close(r);
		rig_open(r, NULL);
	}
}

static void
test_f11_a_restart_goes_on_with_the_newest_pair(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, PAIR("A2", "R2")}, {RIG_ANSWER, PAIR("A3", "R3")}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh_as(r, &r->oauth, id, 1), OAUTH_GOT);
	db_close(r->db);
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_SYNC, &r->db, &r->err));
	r->oauth.db = r->db;
	r->oauth.owner = "3.restarted";
	expect_access(r, &r->oauth, id, "A2");
	assert_int_equal(refresh_as(r, &r->oauth, id, 2), OAUTH_GOT);
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "refresh_token=R1&"), 1);
	assert_int_equal(rig_count(&log, "refresh_token=R2&"), 1);
	buf_clear(&log);
}

static void
test_f17_the_token_is_looked_at_again_after_a_wait(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR("A2", "R2")}};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 1);
	expect_access(r, &r->oauth, id, "A1");
	rig_clock(r, LIFE_S); /* a limit's wait may be longer than the token's life */
	expect_access(r, &r->oauth, id, "A2");
}

/* ---- telling */

static void
test_f39_the_first_refusal_is_told_at_once_and_hiccups_wait(void **state)
{
	static const struct rig_step steps[] = {
	    {RIG_ANSWER, HEAD("503 Service Unavailable") "\r\n"}, {RIG_ANSWER, REFUSED}};
	struct rig *r = *state;
	int64_t id = signed_in(r);

	rig_endpoint(r, steps, 2);
	assert_int_equal(refresh_as(r, &r->oauth, id, 1), OAUTH_LATER);
	assert_int_equal(rig_number(r, "select count(*) from mail"), 0);
	rig_clock(r, LIFE_S);
	assert_int_equal(refresh_as(r, &r->oauth, id, 1), OAUTH_NONE);
	assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'lost'"), 1);
	assert_in_range(
	    rig_number(r, "select next_at from mail"), clk_now() - 5, clk_now());
	assert_in_range(rig_number(r, "select due_at from job where kind = 'mail'"),
	    clk_now() - 5, clk_now());
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_f2_f5_the_lease_outlives_the_call_and_a_dead_owner),
	    T(test_f6_the_token_is_read_at_the_moment_of_use),
	    T(test_f9_never_half_a_pair),
	    T(test_f11_a_restart_goes_on_with_the_newest_pair),
	    T(test_f17_the_token_is_looked_at_again_after_a_wait),
	    T(test_f39_the_first_refusal_is_told_at_once_and_hiccups_wait),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
