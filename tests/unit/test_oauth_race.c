/* test_oauth_race.c: one refresh whatever happens at once: processes that race (failures.md F1), and a disk that
 * is full when the new pair is to be stored (F8). */
#include "config.h"

#include "core_rig.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/catalog.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define PAIR HEAD "{\"access_token\":\"A2\",\"refresh_token\":\"R2\",\"expires_in\":5400}"

enum { RACERS = 8, LIFE_S = 5400 };

/* One racer: its own handle and client, as a worker process has. Waits at the barrier, then wants a token. Exit
 * status: 10 + what it got, 1 on an error. */
static void
race(struct rig *r, int64_t id, int barrier)
{
	static const struct http_conf h = {.user_agent = "connectorweb/test"};
	struct oauth_ctx x = r->oauth;
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_NONE;
	char owner[32], byte;

	x.db = NULL;
	if (db_open(r->db_path, store_catalog(), DB_ROLE_SYNC, &x.db, &r->err) == -1 ||
	    http_new(&h, &x.http, &r->err) == -1 || str_format(owner, sizeof owner, "%d.race", (int)getpid()) == -1)
		_exit(1);
	x.owner = owner;
	if (read(barrier, &byte, 1) != 0)
		_exit(1);
	if (oauth_access(&x, id, &t, &got, &r->err) == -1)
		_exit(1);
	if (got == OAUTH_GOT && !str_eq(t.access.p, "A2"))
		_exit(1);
	oauth_token_clear(&t);
	http_free(x.http);
	db_close(x.db);
	_exit(10 + (int)got);
}

static void
test_f1_one_call_leaves_the_machine(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR}};
	struct rig *r = *state;
	struct buf log = BUF_INIT(65536);
	pid_t pids[RACERS];
	int barrier[2];
	int got = 0;
	int64_t id = rig_account(r, "sam@example.com", NULL, NULL);

	rig_sign_in(r, id, "A1", "R1", LIFE_S);
	rig_clock(r, LIFE_S + 60);
	rig_endpoint(r, steps, 1);
	assert_int_equal(pipe(barrier), 0);
	(void)fflush(NULL);
	for (int i = 0; i < RACERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			close(barrier[1]);
			race(r, id, barrier[0]);
		}
	}
	close(barrier[0]);
	close(barrier[1]); /* the start */
	for (int i = 0; i < RACERS; i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		/* The winner, and whoever came after it, has the token; the others come back later. Nobody has none. */
		assert_true(WEXITSTATUS(status) == 10 + OAUTH_GOT || WEXITSTATUS(status) == 10 + OAUTH_LATER);
		got += WEXITSTATUS(status) == 10 + OAUTH_GOT;
	}
	assert_true(got >= 1);
	rig_endpoint_end(r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 1);
	assert_int_equal(rig_number(r, "select count(*) from token_journal"), 1);
	assert_int_equal(rig_number(r, "select generation from account"), 2);
	assert_int_equal(rig_number(r, "select count(*) from incident"), 0);
	assert_int_equal(rig_number(r, "select count(*) from token_lease"), 0);
	buf_clear(&log);
}

/* ---- a full disk */

/* Refreshes once, with its standard error on a pipe; files may not grow while the parent says so. */
static pid_t
start_refresher(struct rig *r, int64_t id, int listen_fd, int *err_fd)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct db *db = NULL;
		enum oauth_got got = OAUTH_NONE;

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)dup2(fds[1], STDERR_FILENO);
		close(listen_fd);
		if (db_open(r->db_path, store_catalog(), DB_ROLE_SYNC, &db, &r->err) == -1)
			_exit(1);
		r->oauth.db = db;
		_exit(oauth_refresh(&r->oauth, id, 1, &got, &r->err) == 0 && got == OAUTH_GOT ? 0 : 2);
	}
	close(fds[1]);
	*err_fd = fds[0];
	return pid;
}

static void
limit_files(pid_t pid, rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void
wait_for_line(int fd, const char *word)
{
	char line[4096];

	do {
		if (peer_read_until(fd, "\n", line, sizeof line) == 0)
			fail_msg("the refresher ended without %s", word);
	} while (strstr(line, word) == NULL);
}

/* Here the test itself is Procore: it knows the moment between the intent and the answer. */
static void
test_f8_disk_full_while_storing(void **state)
{
	struct rig *r = *state;
	char request[8192];
	int64_t id = rig_account(r, "sam@example.com", NULL, NULL);
	int port = 0;
	int listen_fd = peer_listen(8, &port);
	int err_fd = -1;
	int fd;
	int status = -1;
	pid_t pid;

	rig_sign_in(r, id, "A1", "R1", LIFE_S);
	free(r->conf.procore_login_url);
	r->conf.procore_login_url = xasprintf("http://127.0.0.1:%d", port);
	pid = start_refresher(r, id, listen_fd, &err_fd);
	fd = peer_accept(listen_fd);
	(void)peer_read_until(fd, "redirect_uri=", request, sizeof request);
	limit_files(pid, 4096);
	peer_say(fd, PAIR);
	(void)shutdown(fd, SHUT_WR);
	wait_for_line(err_fd, "token_store_retry");
	/* Not stored, but not lost either. */
	assert_int_equal(rig_number(r, "select generation from account"), 1);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'intent'"), 1);
	limit_files(pid, RLIM_INFINITY);
	peer_drain(fd);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(rig_number(r, "select generation from account"), 2);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'done'"), 1);
	assert_int_equal(rig_number(r, "select count(*) from account where state = 'ok'"), 1);
	close(err_fd);
	close(listen_fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_f1_one_call_leaves_the_machine, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(test_f8_disk_full_while_storing, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
