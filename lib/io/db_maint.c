/* db_maint.c: checkpoint, integrity, backup, a test's end: for one process only. Sources: DESIGN.md 9
 * (one worker alone checkpoints), https://sqlite.org/c3ref/wal_checkpoint_v2.html,
 * /lang_vacuum.html ("VACUUM with an INTO clause"), /pragma.html#pragma_quick_check. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/db_priv.h"

int
db_checkpoint(struct db *db, int busy_ms, struct err *e)
{
	int usual_ms = db->busy_ms;
	int rc;

	if (db_in_tx(db))
		return err_set(e, ERR_BUG, "db_checkpoint within a transaction");
	db->busy_ms = busy_ms;
	rc = sqlite3_wal_checkpoint_v2(
	    db->h, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	rc = rc == SQLITE_OK ? 0 : db_fail(db, rc, "checkpoint", e);
	db->busy_ms = usual_ms;
	return rc;
}

/* Run a checking pragma. A first row whose text (column `text`) is not `good` is the
 * finding. */
static int
check(struct db *db, const char *sql, const char *good, struct err *e)
{
	sqlite3_stmt *p = NULL;
	const char *found;
	int rc;

	db->inner = true;
	rc = sqlite3_prepare_v2(db->h, sql, -1, &p, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(p);
	db->inner = false;
	if (rc == SQLITE_ROW) {
		found = (const char *)sqlite3_column_text(p, 0);
		rc = 0;
		if (!str_eq(found, good))
			rc = err_set(e, ERR_DB,
			    "database %s is damaged: %s: %s; stop the programs and "
			    "restore the last backup",
			    db->path, sql, found == NULL ? "" : found);
	} else {
		rc = rc == SQLITE_DONE ? 0 : db_fail(db, rc, "integrity check", e);
	}
	sqlite3_finalize(p);
	return rc;
}

int
db_integrity(struct db *db, struct err *e)
{
	/* Each row of foreign_key_check is a fault; its first column is the table. */
	if (check(db, "PRAGMA quick_check(1)", "ok", e) == -1)
		return -1;
	return check(db, "PRAGMA foreign_key_check", "", e);
}

static int
vacuum_into(struct db *db, const char *path, struct err *e)
{
	sqlite3_stmt *p = NULL;
	int rc;

	db->inner = true; /* attaches the copy and writes its schema */
	rc = sqlite3_prepare_v2(db->h, "VACUUM INTO ?1", -1, &p, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(p, 1, path, -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(p);
	db->inner = false;
	rc = rc == SQLITE_DONE ? 0 : db_fail(db, rc, "backup", e);
	sqlite3_finalize(p);
	if (rc == -1)
		(void)err_wrap(e, "backup into %s", path);
	return rc;
}

int
db_backup_into(struct db *db, const char *path, struct err *e)
{
	char *folder = NULL, *slash;
	bool made = false;
	int rc = -1;

	if (db_in_tx(db))
		return err_set(e, ERR_BUG, "db_backup_into within a transaction");
	if (db_file_create(path, 0600, &made, e) == -1)
		return -1;
	if (!made)
		return err_set(e, ERR_IO, "backup %s exists already", path);
	if (vacuum_into(db, path, e) == -1)
		goto out;
	/* SQLite does not sync the copy. */
	folder = xstrdup(path);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	if (db_file_sync(path, e) == -1 ||
	    db_file_sync(slash == NULL ? "." : folder, e) == -1)
		goto out;
	rc = 0;
out:
	free(folder);
	if (rc == -1)
		(void)unlink(path); /* the failure that is reported comes first */
	return rc;
}

/* ---- crash tests */

static void
stop_now(void)
{
#ifdef CW_COVERAGE
	extern void __gcov_dump(void);

	__gcov_dump(); /* _exit() alone would lose the counters */
#endif
	_exit(DB_STOPPED);
}

static void
after_commit(void *arg, int64_t commit_no)
{
	const struct db *db = arg;

	if (commit_no >= db->stop_in)
		stop_now();
}

/* SQLite asks before the commit; other than 0 would turn it into a rollback. */
static int
before_commit(void *arg)
{
	const struct db *db = arg;

	if (db->commits + 1 >= db->stop_in)
		stop_now();
	return 0;
}

void
db_stop_at_commit(struct db *db, enum db_stop when, int64_t n)
{
	if (when == DB_STOP_AFTER)
		db_set_commit_hook(db, after_commit, db); /* which counts from 0 again */
	else
		(void)sqlite3_commit_hook(db->h, before_commit, db);
	db->stop_in = db->commits + n;
}
