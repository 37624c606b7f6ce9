/* test_db.c: io/db with a catalogue of its own (fixtures/db), made by the product's
 * generator. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/db.h"
#include "io/db_priv.h"
#include "tests/unit/fixtures/db.gen.h"

struct scratch {
	char *dir;
	char *path;
	struct db *db; /* opened by some tests, closed by the teardown */
};

#define OK(call)                                                                           \
	do {                                                                               \
		if ((call) != 0)                                                           \
			fail_msg("%s: %s", #call, err.msg);                                \
	} while (0)
#define FAILS(call, with)                                                                  \
	do {                                                                               \
		assert_int_equal((call), -1);                                              \
		assert_int_equal(err.code, (with));                                        \
	} while (0)
#define SAYS(part)                                                                         \
	do {                                                                               \
		if (strstr(err.msg, (part)) == NULL)                                       \
			fail_msg("`%s` is not in: %s", (part), err.msg);                   \
	} while (0)

static struct err err;

static int
setup(void **state)
{
	struct scratch *t = xcalloc(1, sizeof *t);
	const char *tmp = getenv("TMPDIR");

	t->dir = xasprintf("%s/test_db.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(t->dir) == NULL)
		return -1;
	t->path = xasprintf("%s/x.db", t->dir);
	err_clear(&err);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"x.db", "x.db-wal", "x.db-shm", "copy.db"};
	struct scratch *t = *state;
	size_t i;

	db_close(t->db);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = xasprintf("%s/%s", t->dir, names[i]);

		(void)unlink(path); /* most tests leave only some of them */
		free(path);
	}
	assert_int_equal(rmdir(t->dir), 0);
	free(t->path);
	free(t->dir);
	free(t);
	return 0;
}

/* A migrated database, opened with this role. */
static struct db *
fresh(struct scratch *t, enum db_role role)
{
	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &err));
	OK(db_open(t->path, &fx_catalog, role, &t->db, &err));
	return t->db;
}

static int64_t
one_number(struct db *db, int query)
{
	struct stmt *s = NULL;
	bool row = false;
	int64_t n;

	OK(db_query(db, query, &s, &err));
	OK(db_step(s, &row, &err));
	assert_true(row);
	n = db_col_i64(s, 0);
	db_done(s);
	return n;
}

static int
add_project(struct db *db, const char *name)
{
	struct stmt *s = NULL;

	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_text(s, 1, name);
	db_bind_bool(s, 4, false);
	return db_exec(s, &err);
}

static int64_t
pragma(struct db *db, const char *sql)
{
	sqlite3_stmt *p = NULL;
	int64_t v;

	db->inner = true;
	assert_int_equal(sqlite3_prepare_v2(db->h, sql, -1, &p, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(p), SQLITE_ROW);
	v = sqlite3_column_int64(p, 0);
	sqlite3_finalize(p);
	db->inner = false;
	return v;
}

/* ---- opening */

static void
test_open_missing(void **state)
{
	struct scratch *t = *state;

	FAILS(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err), ERR_NOT_FOUND);
	SAYS(t->path);
	SAYS("`connectorctl init`");
	assert_null(t->db);
	assert_int_equal(access(t->path, F_OK), -1);
}

static void
test_open_other_file(void **state)
{
	struct scratch *t = *state;
	FILE *f = fopen(t->path, "w");
	int i;

	assert_non_null(f);
	for (i = 0; i < 500; i++)
		assert_true(fputs("not a database\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	FAILS(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err), ERR_DB);
	SAYS(t->path);
	SAYS("restore the last backup");
	FAILS(db_migrate(t->path, &fx_catalog, NULL, NULL, &err), ERR_DB);
	SAYS("is not a database");
	FAILS(db_open(t->dir, &fx_catalog, DB_ROLE_WEB, &t->db, &err), ERR_DB);
	SAYS("not a regular file");
}

static void
test_open_settings(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	int on = -1;

	assert_int_equal(pragma(db, "PRAGMA synchronous"), 2);
	assert_int_equal(pragma(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(pragma(db, "PRAGMA trusted_schema"), 0);
	assert_int_equal(pragma(db, "PRAGMA wal_autocheckpoint"), 0);
	assert_int_equal(pragma(db, "PRAGMA temp_store"), 2);
	assert_int_equal(
	    pragma(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, -1, &on);
	assert_int_equal(on, 1);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, -1, &on);
	assert_int_equal(on, 0);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DDL, -1, &on);
	assert_int_equal(on, 0);
	assert_non_null(strchr(db_library_version(), '.'));
}

static void
test_close_leaves_wal(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_WEB);
	char *wal = xasprintf("%s-wal", t->path);
	struct stat st;

	OK(add_project(db, "kept in the log"));
	db_close(db);
	t->db = NULL;
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	free(wal);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err));
	assert_int_equal(one_number(t->db, FX_PROJECT_COUNT), 1);
}

/* Drop root's rights for good, so that file modes count; no-op for anybody else. */
static void
become_nobody(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		_exit(90);
}

/* Whether opening as somebody who may not write there gives ERR_IO that names the file. */
static int
open_unprivileged(const char *path)
{
	struct db *db = NULL;
	int rc;

	become_nobody();
	rc = db_open(path, &fx_catalog, DB_ROLE_WEB, &db, &err);
	db_close(db);
	if (rc == -1 && err.code == ERR_IO && strstr(err.msg, path) != NULL &&
	    strstr(err.msg, "permission") != NULL)
		return 0;
	(void)fprintf(stderr, "rc %d code %d: %s\n", rc, (int)err.code, err.msg);
	return 1;
}

static int
wait_for(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
expect_unprivileged_refusal(const char *path)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open_unprivileged(path));
	assert_int_equal(wait_for(pid), 0);
}

static void
test_open_without_permission(void **state)
{
	struct scratch *t = *state;

	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &err));
	/* Readable but not writable. */
	assert_int_equal(chmod(t->dir, 0555), 0);
	assert_int_equal(chmod(t->path, 0444), 0);
	expect_unprivileged_refusal(t->path);
	assert_int_equal(chmod(t->dir, 0755), 0);
}

static int
migrate_unprivileged(const char *path)
{
	int rc;

	become_nobody();
	rc = db_migrate(path, &fx_catalog, NULL, NULL, &err);
	return rc == -1 && err.code == ERR_IO && strstr(err.msg, path) != NULL ? 0 : 1;
}

static void
test_migrate_in_read_only_folder(void **state)
{
	struct scratch *t = *state;
	pid_t pid;

	assert_int_equal(chmod(t->dir, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(migrate_unprivileged(t->path));
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(chmod(t->dir, 0755), 0);
	assert_int_equal(access(t->path, F_OK), -1);
}

static void
test_network_file_systems(void **state)
{
	(void)state;
	assert_string_equal(db_file_network(0x6969, NULL), "NFS");
	/* CIFS as a sign-extended 32-bit number, as some kernels hand it out. */
	assert_string_equal(db_file_network((long)0xffffffffff534d42ULL, NULL), "CIFS");
	assert_string_equal(db_file_network(0xfe534d42, NULL), "SMB2");
	assert_string_equal(db_file_network(0x65735546, "fuse.sshfs"), "fuse.sshfs");
	assert_string_equal(db_file_network(0x65735546, "fuse.s3fs"), "fuse.s3fs");
	assert_null(db_file_network(0x65735546, "fuse.fuse-overlayfs"));
	assert_null(db_file_network(0xef53, NULL));          /* ext4 */
	assert_null(db_file_network(0x01021994, "tmpfs"));   /* tmpfs */
	assert_null(db_file_network(0x58465342, "xfs"));     /* xfs */
	assert_null(db_file_network(0x794c7630, "overlay")); /* overlayfs */
}

/* ---- migrations */

static void
test_migrate_fresh_and_again(void **state)
{
	struct scratch *t = *state;
	mode_t old_mask = umask(0077);
	int from = -1, to = -1;
	struct stat st;

	OK(db_migrate(t->path, &fx_catalog, &from, &to, &err));
	(void)umask(old_mask);
	assert_int_equal(from, 0);
	assert_int_equal(to, 2);
	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	OK(db_migrate(t->path, &fx_catalog, &from, &to, &err));
	assert_int_equal(from, 2);
	assert_int_equal(to, 2);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err));
	OK(db_check_version(t->db, &err));
}

static void
test_migrate_older(void **state)
{
	struct scratch *t = *state;
	struct db_catalog first = fx_catalog;
	int from = -1, to = -1;

	first.migrations_n = 1;
	OK(db_migrate(t->path, &first, NULL, NULL, &err));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err));
	OK(add_project(t->db, "from before"));
	FAILS(db_check_version(t->db, &err), ERR_DB);
	SAYS("version 1");
	SAYS("needs 2");
	SAYS("`connectorctl migrate`");
	OK(db_migrate(t->path, &fx_catalog, &from, &to, &err));
	assert_int_equal(from, 1);
	assert_int_equal(to, 2);
	OK(db_check_version(t->db, &err)); /* on the connection that was open all along */
	assert_int_equal(one_number(t->db, FX_PROJECT_COUNT), 1);
}

static void
test_migrate_newer(void **state)
{
	struct scratch *t = *state;
	struct db_catalog first = fx_catalog;
	int from = -1;

	first.migrations_n = 1;
	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &err));
	FAILS(db_migrate(t->path, &first, &from, NULL, &err), ERR_INPUT);
	SAYS("version 2");
	SAYS("knows 1");
	assert_int_equal(from, -1);
	OK(db_open(t->path, &first, DB_ROLE_WEB, &t->db, &err));
	FAILS(db_check_version(t->db, &err), ERR_DB);
	SAYS("version 2");
	SAYS("knows 1");
	SAYS("`connectorctl migrate`");
}

/* The fixture's catalogue with one more migration. */
static struct db_catalog
with_third(struct db_migration *three, const char *sql)
{
	struct db_catalog cat = fx_catalog;

	three[0] = fx_catalog.migrations[0];
	three[1] = fx_catalog.migrations[1];
	three[2] = (struct db_migration){.name = "0003-third", .sql = sql};
	cat.migrations = three;
	cat.migrations_n = 3;
	return cat;
}

static void
expect_third_fails(struct scratch *t, const char *sql, enum err_code code, const char *says)
{
	struct db_migration three[3];
	struct db_catalog cat = with_third(three, sql);

	FAILS(db_migrate(t->path, &cat, NULL, NULL, &err), code);
	SAYS("0003-third");
	SAYS(says);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_ADMIN, &t->db, &err));
	OK(db_check_version(t->db, &err)); /* the first two stay */
	assert_int_equal(
	    pragma(t->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'third'"), 0);
	OK(db_integrity(t->db, &err));
	db_close(t->db);
	t->db = NULL;
}

static void
test_migrate_failing(void **state)
{
	struct scratch *t = *state;

	expect_third_fails(t,
	    "CREATE TABLE third (a INTEGER) STRICT; CREATE TABLE nonsense", ERR_DB,
	    "incomplete input");
	expect_third_fails(t,
	    "CREATE TABLE third (a INTEGER) STRICT; INSERT INTO part (project_id) VALUES "
	    "(99);",
	    ERR_DB, "part");
	expect_third_fails(t,
	    "PRAGMA max_page_count = 20; CREATE TABLE third (a BLOB) STRICT;"
	    "INSERT INTO third VALUES (zeroblob(1000000));",
	    ERR_IO, "disk");
	expect_third_fails(t, "COMMIT;", ERR_BUG, "transaction");
}

/* ---- statements */

static void
test_values(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	static const unsigned char bytes[] = {0, 1, 0xff, 0};
	struct stmt *s = NULL;
	bool row = false;
	size_t n = 0;

	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_text(s, 1, "Town \"hall\" \\ ünder");
	db_bind_i64(s, 2, INT64_MIN);
	db_bind_blob(s, 3, bytes, sizeof bytes);
	db_bind_bool(s, 4, true);
	OK(db_exec(s, &err));
	assert_int_equal(db_last_id(db), 1);
	assert_int_equal(db_changes(db), 1);

	OK(db_query(db, FX_PROJECT_GET, &s, &err));
	db_bind_text(s, 1, "Town \"hall\" \\ ünder");
	OK(db_step(s, &row, &err));
	assert_true(row);
	assert_int_equal(db_col_n(s), 5);
	assert_string_equal(db_col_name(s, 0), "name");
	assert_string_equal(db_col_name(s, 4), "the id");
	assert_string_equal(db_col_text(s, 0), "Town \"hall\" \\ ünder");
	assert_true(db_col_i64(s, 1) == INT64_MIN);
	assert_memory_equal(db_col_blob(s, 2, &n), bytes, sizeof bytes);
	assert_int_equal(n, sizeof bytes);
	assert_true(db_col_bool(s, 3));
	OK(db_step(s, &row, &err));
	assert_false(row);
	FAILS(db_step(s, &row, &err), ERR_BUG); /* SQLite would run it again */
	db_done(s);
	db_done(s);
	db_done(NULL);
}

static void
test_null_and_empty(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;
	size_t n = 9;

	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_text(s, 1, "");
	db_bind_null(s, 2);
	db_bind_blob(s, 3, "", 0);
	db_bind_bool(s, 4, false);
	OK(db_exec(s, &err));
	OK(db_query(db, FX_PROJECT_GET, &s, &err));
	db_bind_text(s, 1, "");
	OK(db_step(s, &row, &err));
	assert_true(row);
	assert_string_equal(db_col_text(s, 0), "");
	assert_true(db_col_null(s, 1));
	assert_int_equal(db_col_i64(s, 1), 0);
	assert_null(db_col_text(s, 1));
	assert_false(db_col_null(s, 2));
	assert_non_null(db_col_blob(s, 2, &n));
	assert_int_equal(n, 0);
	db_done(s);
	/* Bindings do not outlive db_done: an unbound name is NULL, which NOT NULL refuses.
	 */
	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_text(s, 1, NULL);
	db_bind_blob(s, 3, NULL, 5);
	FAILS(db_exec(s, &err), ERR_DB);
	assert_true(db_is_constraint(&err));
	assert_int_equal(err.sys, SQLITE_CONSTRAINT_NOTNULL);
}

static void
test_lists(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;

	OK(add_project(db, "a"));
	OK(add_project(db, "b"));
	OK(add_project(db, "c"));
	OK(db_query(db, FX_PROJECT_BY_LIST, &s, &err));
	db_bind_text(s, 1, "[\"c\",\"x\",\"a\"]");
	OK(db_step(s, &row, &err));
	assert_true(row);
	assert_int_equal(db_col_i64(s, 0), 1);
	assert_int_equal(db_col_i64(s, 1), 3);
	OK(db_step(s, &row, &err));
	assert_int_equal(db_col_i64(s, 0), 3);
	OK(db_step(s, &row, &err));
	assert_false(row);
	db_done(s);
	OK(db_query(db, FX_PROJECT_BY_LIST, &s, &err));
	db_bind_text(s, 1, "[broken");
	FAILS(db_step(s, &row, &err), ERR_DB);
	assert_false(db_is_constraint(&err));
	db_done(s);
}

static void
test_misuse(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL, *other = NULL;
	bool row = false;

	OK(db_query(db, FX_PROJECT_GET, &s, &err));
	FAILS(db_query(db, FX_PROJECT_GET, &other, &err), ERR_BUG);
	SAYS("PROJECT_GET");
	assert_null(other);
	db_bind_i64(s, 9, 1);
	db_bind_text(s, 1, "a");
	FAILS(db_step(s, &row, &err), ERR_BUG);
	SAYS("parameter 9");
	db_done(s);
	OK(db_query(db, FX_PROJECT_GET, &s, &err)); /* and is well again */
	OK(db_step(s, &row, &err));
	db_done(s);
	FAILS(db_step(s, &row, &err), ERR_BUG);
	FAILS(db_query(db, FX_MAX, &s, &err), ERR_BUG);
	FAILS(db_query(db, -1, &s, &err), ERR_BUG);
	FAILS(db_query(db, FX_BAD_TWO, &s, &err), ERR_BUG);
	SAYS("BAD_TWO");
	FAILS(db_query(db, FX_BAD_SYNTAX, &s, &err), ERR_DB);
	SAYS("BAD_SYNTAX");
	FAILS(db_query(db, FX_BAD_TABLE, &s, &err), ERR_DB);
	SAYS("no_such_table");
}

static void
test_constraint(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);

	OK(add_project(db, "a"));
	FAILS(add_project(db, "a"), ERR_DB);
	assert_true(db_is_constraint(&err));
	assert_int_equal(err.sys, SQLITE_CONSTRAINT_UNIQUE);
	SAYS("PROJECT_ADD");
	SAYS("project.name");
	OK(add_project(db, "b"));
	err.code = ERR_BUSY;
	assert_false(db_is_constraint(&err));
	assert_false(db_is_constraint(NULL));
}

static void
test_value_too_big(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	static const char big[2000];
	struct stmt *s = NULL;

	sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, 1000);
	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_text(s, 1, "big");
	db_bind_blob(s, 3, big, 600);
	db_bind_bool(s, 4, false);
	OK(db_exec(s, &err));
	OK(db_query(db, FX_PROJECT_ADD, &s, &err));
	db_bind_blob(s, 3, big, sizeof big);
	FAILS(db_exec(s, &err), ERR_LIMIT);
	SAYS("PROJECT_ADD");
}

/* ---- roles */

static void
expect_denied(struct db *db, int query, const char *says)
{
	struct stmt *s = NULL;

	FAILS(db_query(db, query, &s, &err), ERR_BUG);
	SAYS(fx_catalog.statements[query].name);
	SAYS(says);
	assert_null(s);
}

static void
test_roles(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_WEB);
	struct stmt *s = NULL;

	expect_denied(db, FX_FILLER_COUNT, "role web"); /* a statement of sync's */
	expect_denied(db, FX_SECRET_READ, "role web may not read secret.");
	expect_denied(db, FX_SECRET_COUNT, "role web may not read secret");
	expect_denied(db, FX_SECRET_ADD, "role web may not insert into secret");
	expect_denied(db, FX_OUT_DELETE, "role web may not delete from secret");
	expect_denied(db, FX_OUT_ATTACH, "role web");
	expect_denied(db, FX_OUT_PRAGMA, "user_version");
	expect_denied(db, FX_OUT_CREATE, "role web");
	expect_denied(db, FX_OUT_DROP, "role web");
	FAILS(db_query(db, FX_OUT_SCHEMA, &s, &err), ERR_DB); /* by defensive mode */
	SAYS("sqlite_master may not be modified");
	assert_int_equal(pragma(db, "PRAGMA user_version"), 2);
	/* The foreign key to `secret` is looked up with the role's own rights. */
	expect_denied(db, FX_PART_ADD, "secret");
	db_close(db);
	t->db = NULL;

	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &t->db, &err));
	db = t->db;
	OK(db_query(db, FX_SECRET_ADD, &s, &err));
	db_bind_text(s, 1, "w");
	OK(db_exec(s, &err));
	assert_int_equal(one_number(db, FX_SECRET_COUNT), 1);
	/* Listed in the grants for nobody. */
	expect_denied(db, FX_FILLER_COUNT, "role sync may not read filler");
	OK(add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD, &s, &err));
	db_bind_i64(s, 1, 1);
	db_bind_i64(s, 2, 1);
	OK(db_exec(s, &err));
}

static void
test_role_admin(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_ADMIN);
	struct stmt *s = NULL;

	OK(db_query(db, FX_FILLER_ADD, &s, &err));
	db_bind_i64(s, 1, 10);
	OK(db_exec(s, &err));
	OK(db_query(db, FX_OUT_ATTACH, &s, &err));
	OK(db_exec(s, &err));
	FAILS(db_query(db, FX_OUT_SCHEMA, &s, &err), ERR_DB); /* defensive mode */
	SAYS("sqlite_master may not be modified");
}

static void
test_no_grants_no_authorizer(void **state)
{
	struct scratch *t = *state;
	struct db_catalog cat = fx_catalog;
	struct stmt *s = NULL;

	cat.grants = NULL;
	cat.grants_n = 0;
	OK(db_migrate(t->path, &cat, NULL, NULL, &err));
	OK(db_open(t->path, &cat, DB_ROLE_WEB, &t->db, &err));
	OK(db_query(t->db, FX_SECRET_ADD, &s, &err));
	db_bind_text(s, 1, "w");
	OK(db_exec(s, &err));
	assert_string_equal(db_role_name(DB_ROLE_HOOK), "hook");
	assert_string_equal(db_role_name(DB_ROLE_AUTH), "auth");
	assert_string_equal(db_role_name((enum db_role)0), "?");
}

/* ---- transactions */

static void
test_commit_and_rollback(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);

	assert_false(db_in_tx(db));
	OK(db_begin(db, &err));
	assert_true(db_in_tx(db));
	OK(add_project(db, "a"));
	FAILS(db_begin(db, &err), ERR_BUG);
	assert_true(db_in_tx(db));
	db_rollback(db);
	assert_false(db_in_tx(db));
	db_rollback(db);
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 0);
	FAILS(db_commit(db, &err), ERR_BUG);
	OK(db_begin(db, &err));
	OK(add_project(db, "b"));
	OK(db_commit(db, &err));
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 1);
}

static void
test_failed_commit_rolls_back(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_SYNC);
	struct stmt *s = NULL;

	OK(db_begin(db, &err));
	OK(add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD, &s, &err));
	db_bind_i64(s, 1, 99); /* no such project; the key is checked at the commit */
	OK(db_exec(s, &err));
	FAILS(db_commit(db, &err), ERR_DB);
	assert_true(db_is_constraint(&err));
	assert_int_equal(err.sys, SQLITE_CONSTRAINT_FOREIGNKEY);
	assert_false(db_in_tx(db));
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 0);
}

static void
test_statements_in_use(void **state)
{
	struct db *db = fresh(*state, DB_ROLE_WEB);
	struct stmt *all = NULL, *add = NULL;
	bool row = false;

	OK(add_project(db, "a"));
	OK(db_query(db, FX_PROJECT_ALL, &all, &err));
	OK(db_step(all, &row, &err));
	FAILS(db_begin(db, &err), ERR_BUG);
	SAYS("PROJECT_ALL");
	db_done(all);

	/* RETURNING within a transaction: to its end before the commit. */
	OK(db_begin(db, &err));
	OK(db_query(db, FX_PROJECT_ADD_RETURNING, &add, &err));
	db_bind_text(add, 1, "b");
	OK(db_step(add, &row, &err));
	assert_true(row);
	assert_int_equal(db_col_i64(add, 0), 2);
	FAILS(db_commit(db, &err), ERR_BUG);
	assert_false(db_in_tx(db));
	db_done(add);
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 1);
	/* db_exec goes to the end by itself. */
	OK(db_query(db, FX_PROJECT_ADD_RETURNING, &add, &err));
	db_bind_text(add, 1, "b");
	OK(db_exec(add, &err));
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 2);
	/* A reader may stay open over a commit. */
	OK(db_begin(db, &err));
	OK(db_query(db, FX_PROJECT_ALL, &all, &err));
	OK(db_step(all, &row, &err));
	OK(add_project(db, "c"));
	OK(db_commit(db, &err));
	db_done(all);
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 3);
}

/* Outside a transaction: left after its first row, it is committed all the same, and if
 * that fails the next call says so. */
static void
test_returning_left_early(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_SYNC), *other = NULL;
	struct stmt *s = NULL;
	bool row = false;

	OK(add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD_RETURNING, &s, &err));
	db_bind_i64(s, 1, 1);
	OK(db_step(s, &row, &err));
	assert_true(row);
	db_done(s);
	assert_false(db_in_tx(db));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &other, &err));
	assert_int_equal(one_number(other, FX_PART_COUNT), 1);
	db_close(other);

	OK(db_query(db, FX_PART_ADD_RETURNING, &s, &err));
	db_bind_i64(s, 1, 99); /* no such project; found out at the commit */
	OK(db_step(s, &row, &err));
	assert_true(row);
	db_done(s);
	FAILS(db_begin(db, &err), ERR_DB);
	SAYS("PART_ADD_RETURNING");
	assert_true(db_is_constraint(&err));
	OK(db_begin(db, &err)); /* reported once */
	db_rollback(db);
	assert_int_equal(one_number(db, FX_PART_COUNT), 1);
}

static void
test_busy(void **state)
{
	struct scratch *t = *state;
	struct db *a = fresh(t, DB_ROLE_WEB), *b = NULL;

	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &b, &err));
	db_set_busy_ms(b, 20);
	OK(db_begin(a, &err));
	FAILS(db_begin(b, &err), ERR_BUSY);
	SAYS(t->path);
	SAYS("20 ms");
	assert_false(db_in_tx(b));
	FAILS(add_project(b, "b"), ERR_BUSY);
	assert_int_equal(one_number(b, FX_PROJECT_COUNT), 0); /* reading goes on */
	OK(add_project(a, "a"));
	OK(db_commit(a, &err));
	OK(add_project(b, "b"));
	assert_int_equal(one_number(a, FX_PROJECT_COUNT), 2);
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

	rc = db_open(path, &fx_catalog, DB_ROLE_WEB, &db, &err);
	for (i = 0; rc == 0 && i < WRITES; i++) {
		rc = db_begin(db, &err);
		if (rc == 0)
			rc = db_query(db, FX_PROJECT_BUMP, &s, &err);
		if (rc == 0) {
			db_bind_text(s, 1, "a");
			rc = db_exec(s, &err);
		}
		if (rc == 0)
			rc = db_commit(db, &err);
	}
	if (rc == -1)
		(void)fprintf(stderr, "writer: %s\n", err.msg);
	db_close(db);
	return rc == 0 ? 0 : 1;
}

static void
test_processes(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;
	pid_t pids[WRITERS];
	int i;

	OK(add_project(db, "a"));
	db_close(db); /* a connection must not be carried over a fork */
	t->db = NULL;
	for (i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(write_many(t->path));
	}
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(wait_for(pids[i]), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err));
	OK(db_query(t->db, FX_PROJECT_GET, &s, &err));
	db_bind_text(s, 1, "a");
	OK(db_step(s, &row, &err));
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
	struct db *db = fresh(*state, DB_ROLE_WEB);
	int64_t n = 0;

	OK(add_project(db, "before"));
	db_set_commit_hook(db, count_commit, &n);
	OK(db_begin(db, &err));
	OK(add_project(db, "a"));
	OK(add_project(db, "b"));
	assert_int_equal(n, 0);
	OK(db_commit(db, &err));
	assert_int_equal(n, 1);
	OK(add_project(db, "c"));
	assert_int_equal(n, 2);
	OK(db_begin(db, &err));
	OK(add_project(db, "d"));
	db_rollback(db);
	OK(db_begin(db, &err));
	OK(db_commit(db, &err));
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 4);
	assert_int_equal(n, 2);
	db_set_commit_hook(db, NULL, NULL);
	OK(add_project(db, "e"));
	assert_int_equal(n, 2);
}

/* ---- for one process only */

static void
test_full_disk(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_ADMIN);
	struct stmt *s = NULL;

	(void)pragma(db, "PRAGMA max_page_count = 20");
	OK(add_project(db, "kept"));
	OK(db_begin(db, &err));
	OK(add_project(db, "lost"));
	OK(db_query(db, FX_FILLER_ADD, &s, &err));
	db_bind_i64(s, 1, 1000000);
	FAILS(db_exec(s, &err), ERR_IO);
	SAYS("FILLER_ADD");
	SAYS(t->path);
	SAYS("full; free space");
	db_rollback(db);
	assert_int_equal(one_number(db, FX_PROJECT_COUNT), 1);
	OK(db_integrity(db, &err));
}

static void
test_checkpoint(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_SYNC), *reader = NULL;
	char *wal = xasprintf("%s-wal", t->path);
	struct stmt *s = NULL;
	bool row = false;
	struct stat st;

	OK(add_project(db, "a"));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &reader, &err));
	OK(db_query(reader, FX_PROJECT_ALL, &s, &err));
	OK(db_step(s, &row, &err)); /* holds its snapshot */
	OK(add_project(db, "b"));
	FAILS(db_checkpoint(db, 20, &err), ERR_BUSY);
	SAYS("20 ms");
	db_done(s);
	OK(db_checkpoint(db, 20, &err));
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(db->busy_ms, DB_BUSY_MS);
	OK(db_begin(db, &err));
	FAILS(db_checkpoint(db, 20, &err), ERR_BUG);
	db_rollback(db);
	db_close(reader);
	free(wal);
}

static void
test_integrity(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_WEB);
	char junk[512];
	int fd;

	OK(db_integrity(db, &err));
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	db->inner = true;
	OK(db_run(db, "INSERT INTO part (project_id) VALUES (99)", "test", &err));
	db->inner = false;
	FAILS(db_integrity(db, &err), ERR_DB);
	SAYS("part");
	SAYS(t->path);
	OK(db_checkpoint(db, 100, &err));
	db_close(db);
	t->db = NULL;

	/* Overwrite the middle of the second page on. */
	memset(junk, 0x5a, sizeof junk);
	fd = open(t->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 4096), sizeof junk);
	assert_int_equal(close(fd), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &err));
	FAILS(db_integrity(t->db, &err), ERR_DB);
	SAYS("damaged");
	SAYS("restore the last backup");
	assert_int_equal(add_project(t->db, "a"), -1);
	assert_int_equal(err.code, ERR_DB);
}

static void
test_backup(void **state)
{
	struct scratch *t = *state;
	struct db *db = fresh(t, DB_ROLE_SYNC), *copy_db = NULL;
	char *copy = xasprintf("%s/copy.db", t->dir);
	char *nowhere = xasprintf("%s/none/copy.db", t->dir);
	char *wal = xasprintf("%s-wal", t->path);
	struct stat st;

	OK(add_project(db, "a"));
	OK(db_begin(db, &err));
	FAILS(db_backup_into(db, copy, &err), ERR_BUG);
	db_rollback(db);
	OK(db_backup_into(db, copy, &err));
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FAILS(db_backup_into(db, copy, &err), ERR_IO);
	SAYS(copy);
	FAILS(db_backup_into(db, nowhere, &err), ERR_IO);
	SAYS(nowhere);
	db_close(db);
	t->db = NULL;
	/* Restore: the old log must go, or its frames would be laid over the copy. */
	assert_int_equal(unlink(wal), 0);
	assert_int_equal(rename(copy, t->path), 0);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &copy_db, &err));
	t->db = copy_db;
	OK(db_check_version(copy_db, &err));
	assert_int_equal(one_number(copy_db, FX_PROJECT_COUNT), 1);
	free(wal);
	free(nowhere);
	free(copy);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_open_missing),
	    T(test_open_other_file),
	    T(test_open_settings),
	    T(test_close_leaves_wal),
	    T(test_open_without_permission),
	    T(test_migrate_in_read_only_folder),
	    T(test_network_file_systems),
	    T(test_migrate_fresh_and_again),
	    T(test_migrate_older),
	    T(test_migrate_newer),
	    T(test_migrate_failing),
	    T(test_values),
	    T(test_null_and_empty),
	    T(test_lists),
	    T(test_misuse),
	    T(test_constraint),
	    T(test_value_too_big),
	    T(test_roles),
	    T(test_role_admin),
	    T(test_no_grants_no_authorizer),
	    T(test_commit_and_rollback),
	    T(test_failed_commit_rolls_back),
	    T(test_statements_in_use),
	    T(test_returning_left_early),
	    T(test_busy),
	    T(test_processes),
	    T(test_commit_hook),
	    T(test_full_disk),
	    T(test_checkpoint),
	    T(test_integrity),
	    T(test_backup),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
