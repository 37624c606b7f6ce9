/* test_job.c: store/job: wishes, claims by lease, what a step leaves behind. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/job.h"

enum { NOW = 1000000, LEASE = 60 };

static char *dir, *path;
static struct db *db;
static struct err err;

#define OK(call)                                                                           \
	do {                                                                               \
		if ((call) != 0)                                                           \
			fail_msg("%s: %s", #call, err.msg);                                \
	} while (0)

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	dir = xasprintf("%s/test_job.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		return -1;
	path = xasprintf("%s/x.db", dir);
	OK(db_migrate(path, &cw_catalog, NULL, NULL, &err));
	OK(db_open(path, &cw_catalog, DB_ROLE_SYNC, &db, &err));
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"x.db", "x.db-wal", "x.db-shm"};
	size_t i;

	(void)state;
	db_close(db);
	db = NULL;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *file = xasprintf("%s/%s", dir, names[i]);

		assert_int_equal(unlink(file), 0);
		free(file);
	}
	assert_int_equal(rmdir(dir), 0);
	free(path);
	free(dir);
	return 0;
}

static void
wish(enum job_kind kind, int64_t ref, int priority, int64_t due_at)
{
	OK(job_wish(db, kind, ref, "", priority, due_at, &err));
}

/* Claim as owner at a moment; the result must be of that kind and ref. */
static struct job
claim(const char *owner, int64_t now, enum job_kind kind, int64_t ref)
{
	struct job j = {0};
	bool got = false;
	int64_t next_at = -1;

	OK(job_claim(db, owner, now, LEASE, &j, &got, &next_at, &err));
	assert_true(got);
	assert_string_equal(job_kind_name(j.kind), job_kind_name(kind));
	assert_int_equal(j.ref, ref);
	assert_string_equal(j.owner, owner);
	return j;
}

/* Nothing is due; the next time is as expected. */
static void
expect_none(int64_t now, int64_t next_at)
{
	struct job j = {0};
	bool got = true;
	int64_t at = -1;

	OK(job_claim(db, "1.x", now, LEASE, &j, &got, &at, &err));
	assert_false(got);
	assert_null(j.arg);
	assert_true(at == next_at);
}

static void
finish(struct job *j, int64_t next_at)
{
	OK(job_finish(db, j, next_at, &err));
	job_clear(j);
}

static void
test_order(void **state)
{
	struct job j;

	(void)state;
	expect_none(NOW, 0);
	wish(JOB_CLEAN, 0, JOB_PRIO_HOUSE, NOW - 500);
	wish(JOB_SYNC, 3, JOB_PRIO_QUIET, NOW - 10);
	wish(JOB_SYNC, 2, JOB_PRIO_QUIET, NOW - 20);
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW + 5);
	wish(JOB_CHECK_BIC, 9, JOB_PRIO_PERSON, NOW + 1);
	j = claim("1.x", NOW, JOB_SYNC, 2);
	assert_string_equal(j.arg, "{}");
	assert_int_equal(j.due_at, NOW - 20);
	assert_int_equal(j.tries, 0);
	finish(&j, 0);
	j = claim("1.x", NOW, JOB_SYNC, 3);
	finish(&j, 0);
	j = claim("1.x", NOW, JOB_CLEAN, 0);
	finish(&j, 0);
	expect_none(NOW, NOW + 1);
	j = claim("1.x", NOW + 5, JOB_CHECK_BIC, 9);
	finish(&j, 0);
	j = claim("1.x", NOW + 5, JOB_SYNC, 1);
	finish(&j, 0);
	expect_none(NOW + 5, 0);
}

static void
test_wishes_join(void **state)
{
	struct job j;

	(void)state;
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW + 600);
	wish(JOB_SYNC, 2, JOB_PRIO_BUSY, NOW);
	OK(job_wish(db, JOB_SYNC, 1, "{\"by\":\"sam\"}", JOB_PRIO_PERSON, NOW, &err));
	wish(JOB_SYNC, 2, JOB_PRIO_QUIET, NOW + 600); /* takes nothing back */
	j = claim("1.x", NOW, JOB_SYNC, 1);
	assert_string_equal(j.arg, "{\"by\":\"sam\"}");
	finish(&j, NOW + 600);
	j = claim("1.x", NOW, JOB_SYNC, 2);
	finish(&j, 0);
	/* Back at the kind's own priority: what is busier goes first. */
	wish(JOB_SYNC, 3, JOB_PRIO_BUSY, NOW + 600);
	j = claim("1.x", NOW + 600, JOB_SYNC, 3);
	finish(&j, 0);
	j = claim("1.x", NOW + 600, JOB_SYNC, 1);
	finish(&j, 0);
}

static void
test_wish_while_running(void **state)
{
	struct job j;

	(void)state;
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW);
	j = claim("1.x", NOW, JOB_SYNC, 1);
	expect_none(NOW, NOW + LEASE); /* leased, so not twice */
	wish(JOB_SYNC, 1, JOB_PRIO_PERSON, NOW);
	finish(&j, 0); /* does not remove it */
	j = claim("2.y", NOW, JOB_SYNC, 1);
	finish(&j, 0);
	expect_none(NOW, 0);

	/* Also when the step plans its next time. */
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW);
	j = claim("1.x", NOW, JOB_SYNC, 1);
	wish(JOB_SYNC, 1, JOB_PRIO_PERSON, NOW + 1);
	finish(&j, NOW + 600);
	j = claim("1.x", NOW + 1, JOB_SYNC, 1);
	finish(&j, 0);

	/* A step that wishes itself for later runs then, not at once, and not for ever. */
	wish(JOB_REFRESH, 7, JOB_PRIO_TOKEN, NOW);
	j = claim("1.x", NOW, JOB_REFRESH, 7);
	wish(JOB_REFRESH, 7, JOB_PRIO_TOKEN, NOW + 4000);
	wish(JOB_REFRESH, 7, JOB_PRIO_TOKEN, NOW + 3000);
	finish(&j, 0);
	expect_none(NOW, NOW + 3000);
	j = claim("1.x", NOW + 3000, JOB_REFRESH, 7);
	finish(&j, 0);
	expect_none(NOW + 3000, 0);
}

static void
test_lease_over(void **state)
{
	struct job dead, j;

	(void)state;
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW);
	dead = claim("1.x", NOW, JOB_SYNC, 1);
	wish(
	    JOB_SYNC, 1, JOB_PRIO_QUIET, NOW + 5000); /* must not hide the unfinished run */
	wish(JOB_CHECK_BIC, 1, JOB_PRIO_PERSON, NOW + LEASE);
	j = claim("2.y", NOW + LEASE, JOB_SYNC, 1);
	/* The first owner comes back to life: whatever it says is void. */
	assert_int_equal(job_extend(db, &dead, NOW + 900, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	OK(job_fail(db, &dead, NOW, "late", &err));
	OK(job_finish(db, &dead, 0, &err));
	job_clear(&dead);
	OK(job_extend(db, &j, NOW + 900, &err));
	dead = claim("3.z", NOW + LEASE, JOB_CHECK_BIC, 1);
	finish(&dead, 0);
	expect_none(NOW + 899, NOW + 900);
	finish(&j, 0);
	expect_none(NOW + 900, 0);
}

static void
test_fail_and_retry(void **state)
{
	struct job j;

	(void)state;
	wish(JOB_MAIL, 0, JOB_PRIO_PERSON, NOW);
	j = claim("1.x", NOW, JOB_MAIL, 0);
	OK(job_fail(db, &j, NOW + 30, "the server is away", &err));
	job_clear(&j);
	expect_none(NOW + 29, NOW + 30);
	j = claim("1.x", NOW + 30, JOB_MAIL, 0);
	assert_int_equal(j.tries, 1);
	OK(job_fail(db, &j, NOW + 60, NULL, &err));
	job_clear(&j);
	j = claim("1.x", NOW + 60, JOB_MAIL, 0);
	assert_int_equal(j.tries, 2);
	finish(&j, NOW + 90);
	j = claim("1.x", NOW + 90, JOB_MAIL, 0);
	assert_int_equal(j.tries, 0);
	/* In the caller's transaction: undone with it. */
	OK(db_begin(db, &err));
	OK(job_finish(db, &j, 0, &err));
	db_rollback(db);
	assert_int_equal(j.tries, 0);
	expect_none(NOW + 90, NOW + 90 + LEASE);
	finish(&j, 0);
	expect_none(NOW + 90, 0);
}

static void
test_release(void **state)
{
	struct job a, b, c;
	int64_t now = clk_now();

	(void)state;
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, now - 3);
	wish(JOB_SYNC, 2, JOB_PRIO_QUIET, now - 2);
	a = claim("47.a", now, JOB_SYNC, 1);
	b = claim("471.b", now, JOB_SYNC, 2);
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, now + 5000);
	OK(job_release(db, "47.", &err));
	c = claim("5.c", clk_now(), JOB_SYNC, 1);
	expect_none(now, now + LEASE);
	finish(&c, 0);
	finish(&b, 0);
	job_clear(&a);
	assert_int_equal(job_release(db, "", &err), -1);
	assert_int_equal(err.code, ERR_BUG);
}

static void
test_bad_owner_and_kind(void **state)
{
	struct job j = {0};
	struct stmt *q = NULL;
	bool got = false;
	int64_t next_at = 0;
	char *long_name = xasprintf("%064d", 1);

	(void)state;
	assert_int_equal(
	    job_claim(db, long_name, NOW, LEASE, &j, &got, &next_at, &err), -1);
	assert_int_equal(err.code, ERR_BUG);
	assert_int_equal(job_claim(db, "", NOW, LEASE, &j, &got, &next_at, &err), -1);
	free(long_name);
	OK(db_query(db, Q_JOB_WISH, &q, &err));
	db_bind_text(q, 1, "of a later release");
	db_bind_i64(q, 2, 1);
	db_bind_text(q, 3, "{}");
	db_bind_i64(q, 4, JOB_PRIO_PERSON);
	db_bind_i64(q, 5, NOW);
	db_bind_i64(q, 6, NOW);
	OK(db_exec(q, &err));
	assert_int_equal(job_claim(db, "1.x", NOW, LEASE, &j, &got, &next_at, &err), -1);
	assert_int_equal(err.code, ERR_DB);
	assert_non_null(strstr(err.msg, "of a later release"));
	/* It stays leased for a while, so that it does not stop the others. */
	wish(JOB_SYNC, 1, JOB_PRIO_QUIET, NOW);
	j = claim("1.x", NOW, JOB_SYNC, 1);
	finish(&j, 0);
}

static void
test_kind_names(void **state)
{
	(void)state;
	for (int a = 0; a < JOB_KIND_MAX; a++) {
		assert_non_null(job_kind_name((enum job_kind)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(job_kind_name((enum job_kind)a),
			    job_kind_name((enum job_kind)b));
	}
}

enum { WORKERS = 4, JOBS = 100 };

/* Claim and finish until nothing is left; the number done is the exit status. */
static int
work(int number)
{
	struct db *own = NULL;
	struct job j = {0};
	char owner[32];
	bool got = true;
	int64_t next_at = -1;
	int done = 0, rc;

	rc = str_format(owner, sizeof owner, "%d.w", number);
	if (rc == 0)
		rc = db_open(path, &cw_catalog, DB_ROLE_SYNC, &own, &err);
	while (rc == 0 && (got || next_at == NOW)) {
		rc = job_claim(own, owner, NOW, LEASE, &j, &got, &next_at, &err);
		if (rc == 0 && got) {
			rc = job_finish(own, &j, 0, &err);
			job_clear(&j);
			done++;
		}
	}
	if (rc == -1)
		(void)fprintf(stderr, "worker: %s\n", err.msg);
	db_close(own);
	return rc == 0 ? done : 255;
}

static void
test_many_workers(void **state)
{
	pid_t pids[WORKERS];
	int i, status, total = 0;

	(void)state;
	OK(db_begin(db, &err));
	for (i = 1; i <= JOBS; i++)
		wish(JOB_SYNC, i, JOB_PRIO_QUIET, NOW);
	OK(db_commit(db, &err));
	db_close(db); /* a connection must not be carried over a fork */
	db = NULL;
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(work(i));
	}
	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) <= JOBS);
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, JOBS); /* each once */
	OK(db_open(path, &cw_catalog, DB_ROLE_SYNC, &db, &err));
	expect_none(NOW, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_order),
	    T(test_wishes_join),
	    T(test_wish_while_running),
	    T(test_lease_over),
	    T(test_fail_and_retry),
	    T(test_release),
	    T(test_bad_owner_and_kind),
	    T(test_kind_names),
	    T(test_many_workers),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
