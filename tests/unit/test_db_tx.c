/* test_db_tx.c: transactions, contention, checkpoint, integrity and backup of io/db. */
#include "config.h"

#include "tests/unit/db_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static void
test_commit_and_rollback(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);

	assert_false(db_in_tx(db));
	OK(db_begin(db, &rig_err));
	assert_true(db_in_tx(db));
	OK(rig_add_project(db, "a"));
	FAILS(db_begin(db, &rig_err), ERR_BUG);
	assert_true(db_in_tx(db));
	db_rollback(db);
	assert_false(db_in_tx(db));
	db_rollback(db);
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 0);
	FAILS(db_commit(db, &rig_err), ERR_BUG);
	OK(db_begin(db, &rig_err));
	OK(rig_add_project(db, "b"));
	OK(db_commit(db, &rig_err));
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 1);
}

static void
test_failed_commit_rolls_back(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_SYNC);
	struct stmt *s = NULL;

	OK(db_begin(db, &rig_err));
	OK(rig_add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD, &s, &rig_err));
	db_bind_i64(s, 1, 99); /* no such project; the key is checked at the commit */
	OK(db_exec(s, &rig_err));
	FAILS(db_commit(db, &rig_err), ERR_DB);
	assert_true(db_is_constraint(&rig_err));
	assert_int_equal(rig_err.sys, SQLITE_CONSTRAINT_FOREIGNKEY);
	assert_false(db_in_tx(db));
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 0);
}

static void
test_statements_in_use(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	struct stmt *all = NULL, *add = NULL;
	bool row = false;

	OK(rig_add_project(db, "a"));
	OK(db_query(db, FX_PROJECT_ALL, &all, &rig_err));
	OK(db_step(all, &row, &rig_err));
	FAILS(db_begin(db, &rig_err), ERR_BUG);
	SAYS("PROJECT_ALL");
	db_done(all);

	/* RETURNING within a transaction: to its end before the commit. */
	OK(db_begin(db, &rig_err));
	OK(db_query(db, FX_PROJECT_ADD_RETURNING, &add, &rig_err));
	db_bind_text(add, 1, "b");
	OK(db_step(add, &row, &rig_err));
	assert_true(row);
	assert_int_equal(db_col_i64(add, 0), 2);
	FAILS(db_commit(db, &rig_err), ERR_BUG);
	assert_false(db_in_tx(db));
	db_done(add);
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 1);
	/* db_exec goes to the end by itself. */
	OK(db_query(db, FX_PROJECT_ADD_RETURNING, &add, &rig_err));
	db_bind_text(add, 1, "b");
	OK(db_exec(add, &rig_err));
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 2);
	/* A reader may stay open over a commit. */
	OK(db_begin(db, &rig_err));
	OK(db_query(db, FX_PROJECT_ALL, &all, &rig_err));
	OK(db_step(all, &row, &rig_err));
	OK(rig_add_project(db, "c"));
	OK(db_commit(db, &rig_err));
	db_done(all);
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 3);
}

/* Outside a transaction: left after its first row, it is committed all the same, and if
 * that fails the next call says so. */
static void
test_returning_left_early(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_SYNC), *other = NULL;
	struct stmt *s = NULL;
	bool row = false;

	OK(rig_add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD_RETURNING, &s, &rig_err));
	db_bind_i64(s, 1, 1);
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	db_done(s);
	assert_false(db_in_tx(db));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &other, &rig_err));
	assert_int_equal(rig_number(other, FX_PART_COUNT), 1);
	db_close(other);

	OK(db_query(db, FX_PART_ADD_RETURNING, &s, &rig_err));
	db_bind_i64(s, 1, 99); /* no such project; found out at the commit */
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	db_done(s);
	FAILS(db_begin(db, &rig_err), ERR_DB);
	SAYS("PART_ADD_RETURNING");
	assert_true(db_is_constraint(&rig_err));
	OK(db_begin(db, &rig_err)); /* reported once */
	db_rollback(db);
	assert_int_equal(rig_number(db, FX_PART_COUNT), 1);
}

static void
test_busy(void **state)
{
	struct scratch *t = *state;
	struct db *a = rig_fresh(t, DB_ROLE_WEB), *b = NULL;

	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &b, &rig_err));
	db_set_busy_ms(b, 20);
	OK(db_begin(a, &rig_err));
	FAILS(db_begin(b, &rig_err), ERR_BUSY);
	SAYS(t->path);
	SAYS("20 ms");
	assert_false(db_in_tx(b));
	FAILS(rig_add_project(b, "b"), ERR_BUSY);
	assert_int_equal(rig_number(b, FX_PROJECT_COUNT), 0); /* reading goes on */
	OK(rig_add_project(a, "a"));
	OK(db_commit(a, &rig_err));
	OK(rig_add_project(b, "b"));
	assert_int_equal(rig_number(a, FX_PROJECT_COUNT), 2);
	db_close(b);
}

enum { WRITERS = 4, WRITES = 50 };

/* Count up in transactions of two steps, with other processes at it. */
static int
write_many(const char *path)
{
	struct db *db = NULL;
	struct stmt *s = NULL;
	int i, rc;

	rc = db_open(path, &fx_catalog, DB_ROLE_WEB, &db, &rig_err);
	for (i = 0; rc == 0 && i < WRITES; i++) {
		rc = db_begin(db, &rig_err);
		if (rc == 0)
			rc = db_query(db, FX_PROJECT_BUMP, &s, &rig_err);
		if (rc == 0) {
			db_bind_text(s, 1, "a");
			rc = db_exec(s, &rig_err);
		}
		if (rc == 0)
			rc = db_commit(db, &rig_err);
	}
	if (rc == -1)
		(void)fprintf(stderr, "writer: %s\n", rig_err.msg);
	db_close(db);
	return rc == 0 ? 0 : 1;
}

static void
test_processes(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;
	pid_t pids[WRITERS];
	int i;

	OK(rig_add_project(db, "a"));
	db_close(db); /* a connection must not be carried over a fork */
	t->db = NULL;
	for (i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(write_many(t->path));
	}
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(rig_wait(pids[i]), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err));
	OK(db_query(t->db, FX_PROJECT_GET, &s, &rig_err));
	db_bind_text(s, 1, "a");
	OK(db_step(s, &row, &rig_err));
	assert_int_equal(db_col_i64(s, 1), WRITERS * WRITES);
	db_done(s);
}

static void
count_commit(void *arg, int64_t commit_no)
{
	int64_t *last = arg;

	assert_true(commit_no == *last + 1);
	*last = commit_no;
}

static void
test_commit_hook(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	int64_t n = 0;

	OK(rig_add_project(db, "before"));
	db_set_commit_hook(db, count_commit, &n);
	OK(db_begin(db, &rig_err));
	OK(rig_add_project(db, "a"));
	OK(rig_add_project(db, "b"));
	assert_int_equal(n, 0);
	OK(db_commit(db, &rig_err));
	assert_int_equal(n, 1);
	OK(rig_add_project(db, "c"));
	assert_int_equal(n, 2);
	OK(db_begin(db, &rig_err));
	OK(rig_add_project(db, "d"));
	db_rollback(db);
	OK(db_begin(db, &rig_err));
	OK(db_commit(db, &rig_err));
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 4);
	assert_int_equal(n, 2);
	db_set_commit_hook(db, NULL, NULL);
	OK(rig_add_project(db, "e"));
	assert_int_equal(n, 2);
}

/* A process that ends at the second of the commits with which it adds these. */
static void
die_at_second(const char *path, enum db_stop when, const char *const names[3])
{
	struct db *own = NULL;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (db_open(path, &fx_catalog, DB_ROLE_WEB, &own, &rig_err) == -1)
			_exit(1);
		db_stop_at_commit(own, when, 2);
		for (int i = 0; i < 3; i++)
			if (rig_add_project(own, names[i]) == -1)
				_exit(1);
		_exit(2);
	}
	assert_int_equal(rig_wait(pid), DB_STOPPED);
}

static void
test_stop_at_commit(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_WEB);

	die_at_second(t->path, DB_STOP_AFTER, (const char *const[]){"a", "b", "c"});
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 2);
	die_at_second(t->path, DB_STOP_BEFORE, (const char *const[]){"d", "e", "f"});
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 3);
}

/* ---- for one process only */

static void
test_full_disk(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_ADMIN);
	struct stmt *s = NULL;

	(void)rig_pragma(db, "PRAGMA max_page_count = 20");
	OK(rig_add_project(db, "kept"));
	OK(db_begin(db, &rig_err));
	OK(rig_add_project(db, "lost"));
	OK(db_query(db, FX_FILLER_ADD, &s, &rig_err));
	db_bind_i64(s, 1, 1000000);
	FAILS(db_exec(s, &rig_err), ERR_IO);
	SAYS("FILLER_ADD");
	SAYS(t->path);
	SAYS("full; free space");
	db_rollback(db);
	assert_int_equal(rig_number(db, FX_PROJECT_COUNT), 1);
	OK(db_integrity(db, &rig_err));
}

static void
test_checkpoint(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_SYNC), *reader = NULL;
	char *wal = xasprintf("%s-wal", t->path);
	struct stmt *s = NULL;
	bool row = false;
	struct stat st;

	OK(rig_add_project(db, "a"));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &reader, &rig_err));
	OK(db_query(reader, FX_PROJECT_ALL, &s, &rig_err));
	OK(db_step(s, &row, &rig_err)); /* holds its snapshot */
	OK(rig_add_project(db, "b"));
	FAILS(db_checkpoint(db, 20, &rig_err), ERR_BUSY);
	SAYS("20 ms");
	db_done(s);
	OK(db_checkpoint(db, 20, &rig_err));
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(db->busy_ms, DB_BUSY_MS);
	OK(db_begin(db, &rig_err));
	FAILS(db_checkpoint(db, 20, &rig_err), ERR_BUG);
	db_rollback(db);
	db_close(reader);
	free(wal);
}

static void
test_integrity(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_WEB);
	char junk[512];
	int fd;

	OK(db_integrity(db, &rig_err));
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	db->inner = true;
	OK(db_script(db, "INSERT INTO part (project_id) VALUES (99)", "test", &rig_err));
	db->inner = false;
	FAILS(db_integrity(db, &rig_err), ERR_DB);
	SAYS("part");
	SAYS(t->path);
	OK(db_checkpoint(db, 100, &rig_err));
	db_close(db);
	t->db = NULL;

	/* Overwrite the middle of the second page on. */
	memset(junk, 0x5a, sizeof junk);
	fd = open(t->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 4096), sizeof junk);
	assert_int_equal(close(fd), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err));
	FAILS(db_integrity(t->db, &rig_err), ERR_DB);
	SAYS("damaged");
	SAYS("restore the last backup");
	assert_int_equal(rig_add_project(t->db, "a"), -1);
	assert_int_equal(rig_err.code, ERR_DB);
}

static void
test_backup(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_SYNC), *copy_db = NULL;
	char *copy = xasprintf("%s/copy.db", t->dir);
	char *nowhere = xasprintf("%s/none/copy.db", t->dir);
	char *wal = xasprintf("%s-wal", t->path);
	struct stat st;

	OK(rig_add_project(db, "a"));
	OK(db_begin(db, &rig_err));
	FAILS(db_backup_into(db, copy, &rig_err), ERR_BUG);
	db_rollback(db);
	OK(db_backup_into(db, copy, &rig_err));
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FAILS(db_backup_into(db, copy, &rig_err), ERR_IO);
	SAYS(copy);
	FAILS(db_backup_into(db, nowhere, &rig_err), ERR_IO);
	SAYS(nowhere);
	db_close(db);
	t->db = NULL;
	/* Restore: the old log must go, or its frames would be laid over the copy. */
	assert_int_equal(unlink(wal), 0);
	assert_int_equal(rename(copy, t->path), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &copy_db, &rig_err));
	t->db = copy_db;
	OK(db_check_version(copy_db, &rig_err));
	assert_int_equal(rig_number(copy_db, FX_PROJECT_COUNT), 1);
	free(wal);
	free(nowhere);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_commit_and_rollback),
	    T(test_failed_commit_rolls_back),
	    T(test_statements_in_use),
	    T(test_returning_left_early),
	    T(test_busy),
	    T(test_processes),
	    T(test_commit_hook),
	    T(test_stop_at_commit),
	    T(test_full_disk),
	    T(test_checkpoint),
	    T(test_integrity),
	    T(test_backup),
	};

	return cmocka_run_group_tests_name("db_tx", tests, NULL, NULL);
}
