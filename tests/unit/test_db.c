/* test_db.c: opening and migrating a database. */
#include "config.h"

#include "tests/unit/db_rig.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static void
test_open_missing(void **state)
{
	struct scratch *t = *state;

	FAILS(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err), ERR_NOT_FOUND);
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
	FAILS(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err), ERR_DB);
	SAYS(t->path);
	SAYS("restore the last backup");
	FAILS(db_migrate(t->path, &fx_catalog, NULL, NULL, &rig_err), ERR_DB);
	SAYS("is not a database");
	FAILS(db_open(t->dir, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err), ERR_DB);
	SAYS("not a regular file");
}

static void
test_f12_open_settings(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	int on = -1;

	assert_int_equal(rig_pragma(db, "PRAGMA synchronous"), 2);
	assert_int_equal(rig_pragma(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(rig_pragma(db, "PRAGMA trusted_schema"), 0);
	assert_int_equal(rig_pragma(db, "PRAGMA wal_autocheckpoint"), 0);
	assert_int_equal(rig_pragma(db, "PRAGMA temp_store"), 2);
	assert_int_equal(
	    rig_pragma(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
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
	struct db *db = rig_fresh(t, DB_ROLE_WEB);
	char *wal = xasprintf("%s-wal", t->path);
	struct stat st;

	OK(rig_add_project(db, "kept in the log"));
	db_close(db);
	t->db = NULL;
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	free(wal);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err));
	assert_int_equal(rig_number(t->db, FX_PROJECT_COUNT), 1);
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
	rc = db_open(path, &fx_catalog, DB_ROLE_WEB, &db, &rig_err);
	db_close(db);
	if (rc == -1 && rig_err.code == ERR_IO && strstr(rig_err.msg, path) != NULL &&
	    strstr(rig_err.msg, "permission") != NULL)
		return 0;
	(void)fprintf(stderr, "rc %d code %d: %s\n", rc, (int)rig_err.code, rig_err.msg);
	return 1;
}

static void
expect_unprivileged_refusal(const char *path)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open_unprivileged(path));
	assert_int_equal(rig_wait(pid), 0);
}

static void
test_open_without_permission(void **state)
{
	struct scratch *t = *state;

	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &rig_err));
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
	rc = db_migrate(path, &fx_catalog, NULL, NULL, &rig_err);
	return rc == -1 && rig_err.code == ERR_IO && strstr(rig_err.msg, path) != NULL ? 0
										       : 1;
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
	assert_int_equal(rig_wait(pid), 0);
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

	OK(db_migrate(t->path, &fx_catalog, &from, &to, &rig_err));
	(void)umask(old_mask);
	assert_int_equal(from, 0);
	assert_int_equal(to, 2);
	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	OK(db_migrate(t->path, &fx_catalog, &from, &to, &rig_err));
	assert_int_equal(from, 2);
	assert_int_equal(to, 2);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err));
	OK(db_check_version(t->db, &rig_err));
}

static void
test_migrate_older(void **state)
{
	struct scratch *t = *state;
	struct db_catalog first = fx_catalog;
	int from = -1, to = -1;

	first.migrations_n = 1;
	OK(db_migrate(t->path, &first, NULL, NULL, &rig_err));
	OK(db_open(t->path, &fx_catalog, DB_ROLE_WEB, &t->db, &rig_err));
	OK(rig_add_project(t->db, "from before"));
	FAILS(db_check_version(t->db, &rig_err), ERR_DB);
	SAYS("version 1");
	SAYS("needs 2");
	SAYS("`connectorctl migrate`");
	OK(db_migrate(t->path, &fx_catalog, &from, &to, &rig_err));
	assert_int_equal(from, 1);
	assert_int_equal(to, 2);
	OK(db_check_version(
	    t->db, &rig_err)); /* on the connection that was open all along */
	assert_int_equal(rig_number(t->db, FX_PROJECT_COUNT), 1);
}

static void
test_migrate_newer(void **state)
{
	struct scratch *t = *state;
	struct db_catalog first = fx_catalog;
	int from = -1;

	first.migrations_n = 1;
	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &rig_err));
	FAILS(db_migrate(t->path, &first, &from, NULL, &rig_err), ERR_INPUT);
	SAYS("version 2");
	SAYS("knows 1");
	assert_int_equal(from, -1);
	OK(db_open(t->path, &first, DB_ROLE_WEB, &t->db, &rig_err));
	FAILS(db_check_version(t->db, &rig_err), ERR_DB);
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

	FAILS(db_migrate(t->path, &cat, NULL, NULL, &rig_err), code);
	SAYS("0003-third");
	SAYS(says);
	OK(db_open(t->path, &fx_catalog, DB_ROLE_ADMIN, &t->db, &rig_err));
	OK(db_check_version(t->db, &rig_err)); /* the first two stay */
	assert_int_equal(
	    rig_pragma(t->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'third'"),
	    0);
	OK(db_integrity(t->db, &rig_err));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_open_missing),
	    T(test_open_other_file),
	    T(test_f12_open_settings),
	    T(test_close_leaves_wal),
	    T(test_open_without_permission),
	    T(test_migrate_in_read_only_folder),
	    T(test_network_file_systems),
	    T(test_migrate_fresh_and_again),
	    T(test_migrate_older),
	    T(test_migrate_newer),
	    T(test_migrate_failing),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
