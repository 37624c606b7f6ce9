/* test_pool.c: worker processes under one parent: their number, their end, the parent's end. */
#include "config.h"

#include "unit.h"

#include <poll.h>
#include <sys/prctl.h>

#include "io/pool.h"

enum { CHILDREN = 3 };

/* What children and parent tell the test. */
struct news {
	char what; /* s started, e ended in good order, d died said the parent, r returned */
	pid_t pid;
	int status;
};

static int news_fd;
static int permit[2]; /* a pipe with one byte: whoever reads it asks for a restart */

static void
tell(char what, pid_t pid, int status)
{
	struct news n = {.what = what, .pid = pid, .status = status};

	assert_int_equal(write(news_fd, &n, sizeof n), (ssize_t)sizeof n);
}

static struct news
next_news(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct news n = {0};

	assert_int_equal(poll(&p, 1, 30000), 1);
	assert_int_equal(read(fd, &n, sizeof n), (ssize_t)sizeof n);
	return n;
}

static void
wait_stop(int stop_fd)
{
	struct pollfd p = {.fd = stop_fd, .events = POLLIN};

	while (poll(&p, 1, -1) != 1)
		;
}

static int
child_waits(void *arg, int stop_fd)
{
	(void)arg;
	tell('s', getpid(), 0);
	wait_stop(stop_fd);
	tell('e', getpid(), 0);
	return 0;
}

/* The one that finds the permit asks for a restart of all. */
static int
child_restarts(void *arg, int stop_fd)
{
	char byte;

	(void)arg;
	if (read(permit[0], &byte, 1) == 1)
		return POOL_EXIT_RESTART;
	wait_stop(stop_fd);
	return 0;
}

static void
died(void *arg, pid_t pid)
{
	(void)arg;
	tell('d', pid, 0);
}

/* Run a pool in a process of its own; its news on *fd. */
static pid_t
start_pool(int (*child)(void *, int), int *fd)
{
	struct pool p = {.n = CHILDREN, .child = child, .died = died};
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = {0};
		int status = -1;
		int rc;

		news_fd = fds[1];
		rc = pool_run(&p, &status, &e);
		tell('r', getpid(), rc == 0 ? status : -1);
		_exit(0);
	}
	close(fds[1]);
	*fd = fds[0];
	return pid;
}

static void
expect_started(int fd, pid_t pids[CHILDREN])
{
	for (int i = 0; i < CHILDREN; i++) {
		struct news n = next_news(fd);

		assert_int_equal(n.what, 's');
		pids[i] = n.pid;
	}
}

static void
end_pool(pid_t pool, int fd, int ends, int status)
{
	struct news n;
	int st = 0;

	for (int i = 0; i < ends; i++)
		assert_int_equal(next_news(fd).what, 'e');
	n = next_news(fd);
	assert_int_equal(n.what, 'r');
	assert_int_equal(n.status, status);
	assert_int_equal(waitpid(pool, &st, 0), pool);
	assert_true(WIFEXITED(st));
	close(fd);
}

static void
test_ends_in_good_order(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};

	(void)state;
	for (size_t i = 0; i < ROWS(signals); i++) {
		pid_t pids[CHILDREN];
		int fd = -1;
		pid_t pool = start_pool(child_waits, &fd);

		expect_started(fd, pids);
		assert_int_equal(kill(pool, signals[i]), 0);
		end_pool(pool, fd, CHILDREN, 0);
	}
}

/* A signal may come at any moment of the start: none of the children may be missed. */
static void
test_ends_while_starting(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = -1;
		pid_t pool = start_pool(child_waits, &fd);
		struct news n = next_news(fd);

		assert_int_equal(n.what, 's');
		assert_int_equal(kill(pool, SIGTERM), 0);
		do {
			n = next_news(fd);
			assert_int_not_equal(n.what, 'd');
		} while (n.what != 'r');
		assert_int_equal(n.status, 0);
		assert_int_equal(waitpid(pool, NULL, 0), pool);
		close(fd);
	}
}

/* One is killed: the parent says so, and there is another in its place. */
static void
test_number_is_kept(void **state)
{
	pid_t pids[CHILDREN];
	struct news n;
	int fd = -1;
	pid_t pool = start_pool(child_waits, &fd);

	(void)state;
	expect_started(fd, pids);
	assert_int_equal(kill(pids[1], SIGKILL), 0);
	n = next_news(fd);
	assert_int_equal(n.what, 'd');
	assert_int_equal(n.pid, pids[1]);
	n = next_news(fd);
	assert_int_equal(n.what, 's');
	assert_int_not_equal(n.pid, pids[1]);
	assert_int_equal(kill(pool, SIGTERM), 0);
	end_pool(pool, fd, CHILDREN, 0);
}

static void
test_restart_is_passed_on(void **state)
{
	int fd = -1;
	pid_t pool;

	(void)state;
	assert_int_equal(pipe2(permit, O_NONBLOCK), 0);
	assert_int_equal(write(permit[1], "x", 1), 1);
	pool = start_pool(child_restarts, &fd);
	end_pool(pool, fd, 0, POOL_EXIT_RESTART);
	close(permit[0]);
	close(permit[1]);
}

/* Children do not outlive a parent that was killed. */
static void
test_killed_parent(void **state)
{
	pid_t pids[CHILDREN];
	int fd = -1;
	pid_t pool;

	(void)state;
	/* The orphans come to this process, which sees them end. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pool = start_pool(child_waits, &fd);
	expect_started(fd, pids);
	assert_int_equal(kill(pool, SIGKILL), 0);
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(next_news(fd).what, 'e');
	for (int i = 0; i <= CHILDREN; i++)
		assert_true(waitpid(-1, NULL, 0) > 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ends_in_good_order),
	    cmocka_unit_test(test_ends_while_starting),
	    cmocka_unit_test(test_number_is_kept),
	    cmocka_unit_test(test_restart_is_passed_on),
	    cmocka_unit_test(test_killed_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
