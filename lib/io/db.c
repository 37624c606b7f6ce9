/* db.c: open, close, transactions, errors. Sources: DESIGN.md 9; platform.md 6 (measured);
 * https://sqlite.org/c3ref/open.html, /c3ref/c_dbconfig_defensive.html, /rescode.html,
 * /wal.html. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "io/db_priv.h"

/* SQL of transactions is the driver's own; all other SQL comes from the catalogue. */
static const char *const own_sql[OWN_STMT_MAX] = {
    [OWN_BEGIN] = "BEGIN IMMEDIATE",
    [OWN_COMMIT] = "COMMIT",
    [OWN_ROLLBACK] = "ROLLBACK",
    [OWN_VERSION] = "PRAGMA user_version",
};

static bool
disk_full(struct db *db, int rc)
{
	int errnum = sqlite3_system_errno(db->h);

	if ((rc & 0xff) == SQLITE_FULL)
		return true;
	/* A full disk met in fsync or while growing -shm is an I/O error to SQLite. */
	return (rc & 0xff) == SQLITE_IOERR && (errnum == ENOSPC || errnum == EDQUOT);
}

static int
fail_file(struct db *db, int rc, const char *what, struct err *e)
{
	const char *why = sqlite3_errmsg(db->h);
	int errnum = sqlite3_system_errno(db->h);

	if (disk_full(db, rc))
		return err_set_sys(e, ERR_IO, rc,
		    "%s: the disk of %s is full; free space and try again, "
		    "nothing was lost",
		    what, db->path);
	if ((rc & 0xff) == SQLITE_IOERR)
		return err_set_sys(e, ERR_IO, rc, "%s: cannot read or write %s: %s%s%s",
		    what, db->path, why, errnum == 0 ? "" : ": ",
		    errnum == 0 ? "" : strerrordesc_np(errnum));
	return err_set_sys(e, ERR_IO, rc,
	    "%s: cannot open %s for writing (%s); its user or group needs write permission "
	    "on the file and on its folder",
	    what, db->path, why);
}

int
db_fail(struct db *db, int rc, const char *what, struct err *e)
{
	const char *why = sqlite3_errmsg(db->h);

	switch (rc & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return fail_file(db, rc, what, e);
	case SQLITE_BUSY:
	case SQLITE_PROTOCOL: /* lost a race for the WAL's locks again and again */
		return err_set_sys(e, ERR_BUSY, rc,
		    "%s: database %s was locked for over %d ms", what, db->path,
		    db->busy_ms);
	case SQLITE_NOTADB:
		return err_set_sys(e, ERR_DB, rc,
		    "%s is not a database, or no longer; restore the last backup",
		    db->path);
	case SQLITE_CORRUPT:
		return err_set_sys(e, ERR_DB, rc,
		    "%s: database %s is damaged (%s); stop the programs and "
		    "restore the last backup",
		    what, db->path, why);
	case SQLITE_AUTH:
		return err_set_sys(e, ERR_BUG, rc, "%s: %s", what,
		    db->denied[0] != '\0' ? db->denied : why);
	case SQLITE_TOOBIG:
		return err_set_sys(
		    e, ERR_LIMIT, rc, "%s: a value is too big for the database", what);
	case SQLITE_LOCKED: /* within one connection only: two of our own statements */
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return err_set_sys(e, ERR_BUG, rc, "%s: %s", what, why);
	default:
		return err_set_sys(e, ERR_DB, rc, "%s: %s", what, why);
	}
}

bool
db_is_constraint(const struct err *e)
{
	return e != NULL && e->code == ERR_DB && (e->sys & 0xff) == SQLITE_CONSTRAINT;
}

/* SQLite's own handler backs off to 100 ms, by which one process starves the others
 * (measured). */
static int
on_busy(void *arg, int count)
{
	struct db *db = arg;
	int64_t now_ms = clk_mono_ms();
	struct timespec nap = {.tv_sec = 0, .tv_nsec = 1000 * (long)rnd_between(500, 2000)};

	if (count == 0)
		db->busy_since_ms = now_ms;
	if (now_ms - db->busy_since_ms >= db->busy_ms)
		return 0;
	(void)nanosleep(&nap, NULL); /* cut short by a signal: asks again sooner */
	return 1;
}

static int
on_wal_commit(void *arg, sqlite3 *h, const char *schema, int pages)
{
	struct db *db = arg;

	(void)h;
	(void)schema;
	(void)pages;
	db->commits++;
	if (db->on_commit != NULL)
		db->on_commit(db->on_commit_arg, db->commits);
	return SQLITE_OK;
}

void
db_set_commit_hook(struct db *db, void (*fn)(void *arg, int64_t commit_no), void *arg)
{
	db->on_commit = fn;
	db->on_commit_arg = arg;
	db->commits = 0;
}

void
db_set_busy_ms(struct db *db, int ms)
{
	db->busy_ms = ms;
}

/* journal_mode answers with the mode that came of it. */
static int
set_wal(struct db *db, struct err *e)
{
	sqlite3_stmt *p = NULL;
	bool wal = false;
	int rc;

	rc = sqlite3_prepare_v2(db->h, "PRAGMA journal_mode = WAL", -1, &p, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(p);
	if (rc == SQLITE_ROW) {
		wal = str_eq_ci((const char *)sqlite3_column_text(p, 0), "wal");
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_OK) {
		rc = db_fail(db, rc, "open", e);
	} else if (!wal) {
		rc = err_set(e, ERR_IO,
		    "database %s cannot keep a write-ahead log (WAL) on its file system; "
		    "move it to a local disk",
		    db->path);
	}
	sqlite3_finalize(p);
	return rc;
}

static int
configure(struct db *db, struct err *e)
{
	static const struct {
		int option;
		int value;
	} options[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},
	    {SQLITE_DBCONFIG_DQS_DDL, 0},
	    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof options / sizeof options[0]; i++) {
		rc = sqlite3_db_config(db->h, options[i].option, options[i].value, NULL);
		if (rc != SQLITE_OK)
			return db_fail(db, rc, "open", e);
	}
	sqlite3_busy_handler(db->h, on_busy, db);
	/* Setting autocheckpoint replaces the WAL hook, so it comes first. */
	sqlite3_wal_autocheckpoint(db->h, 0);
	sqlite3_wal_hook(db->h, on_wal_commit, db);
	if (sqlite3_db_readonly(db->h, "main") != 0)
		return db_fail(db, SQLITE_READONLY, "open", e);
	if (set_wal(db, e) == -1)
		return -1;
	/* temp_store: the services may write nowhere but beside the database. */
	return db_script(
	    db, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY", "open", e);
}

int
db_open(const char *path, const struct db_catalog *cat, enum db_role role, struct db **out,
    struct err *e)
{
	struct db *db = NULL;
	int i, rc;

	if (db_file_check(path, e) == -1)
		return -1;
	db = xcalloc(1, sizeof *db);
	db->path = xstrdup(path);
	db->cat = *cat;
	db->role = role;
	db->busy_ms = DB_BUSY_MS;
	db->stmts = xcalloc((size_t)cat->statements_n + 1, sizeof db->stmts[0]);
	for (i = 0; i < cat->statements_n; i++) {
		db->stmts[i].db = db;
		db->stmts[i].query = i;
	}
	rc = sqlite3_open_v2(path, &db->h,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (rc != SQLITE_OK) {
		rc = db_fail(db, rc, "open", e);
		goto out;
	}
	rc = configure(db, e);
	if (rc == -1)
		goto out;
	db_authorize(db);
	*out = db;
	db = NULL;
out:
	db_close(db);
	return rc;
}

void
db_close(struct db *db)
{
	int i;

	if (db == NULL)
		return;
	for (i = 0; i < db->cat.statements_n; i++)
		sqlite3_finalize(db->stmts[i].p);
	for (i = 0; i < OWN_STMT_MAX; i++)
		sqlite3_finalize(db->own[i]);
	sqlite3_close(db->h); /* an open transaction is rolled back */
	free(db->stmts);
	free(db->path);
	free(db);
}

int
db_script(struct db *db, const char *sql, const char *what, struct err *e)
{
	int rc;

	db->denied[0] = '\0';
	rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_fail(db, rc, what, e);
}

int
db_run_own(struct db *db, enum own_stmt which, int64_t *out, struct err *e)
{
	sqlite3_stmt **p = &db->own[which];
	int rc = SQLITE_OK;

	db->inner = true;
	if (*p == NULL)
		rc = sqlite3_prepare_v3(
		    db->h, own_sql[which], -1, SQLITE_PREPARE_PERSISTENT, p, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(*p);
	if (rc == SQLITE_ROW && out != NULL)
		*out = sqlite3_column_int64(*p, 0);
	db->inner = false;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		rc = 0;
	else
		rc = db_fail(db, rc, own_sql[which], e);
	sqlite3_reset(*p); /* repeats the error just reported */
	return rc;
}

bool
db_in_tx(struct db *db)
{
	return sqlite3_get_autocommit(db->h) == 0;
}

/* The name of a statement that is in use, changing ones only if asked so; NULL when there
 * is none. */
static const char *
name_in_use(const struct db *db, bool changing)
{
	int i;

	for (i = 0; db->in_use > 0 && i < db->cat.statements_n; i++) {
		const struct stmt *s = &db->stmts[i];

		if (!s->in_use)
			continue;
		if (!changing ||
		    (s->stepped && !s->ended && sqlite3_stmt_readonly(s->p) == 0))
			return db->cat.statements[i].name;
	}
	return NULL;
}

int
db_begin(struct db *db, struct err *e)
{
	const char *open_name = name_in_use(db, false);

	if (db_in_tx(db))
		return err_set(e, ERR_BUG, "db_begin within a transaction");
	if (open_name != NULL)
		return err_set(
		    e, ERR_BUG, "db_begin while statement %s is in use", open_name);
	if (db_late(db, e) == -1)
		return -1;
	return db_run_own(db, OWN_BEGIN, NULL, e);
}

int
db_commit(struct db *db, struct err *e)
{
	const char *open_name = name_in_use(db, true);
	int rc;

	if (!db_in_tx(db))
		return err_set(e, ERR_BUG, "db_commit without a transaction");
	if (open_name != NULL)
		rc = err_set(
		    e, ERR_BUG, "db_commit while statement %s is in use", open_name);
	else
		rc = db_run_own(db, OWN_COMMIT, NULL, e);
	if (rc == -1)
		db_rollback(db);
	return rc;
}

void
db_rollback(struct db *db)
{
	struct err ignored;

	/* Some failures (disk full, I/O) have rolled back already. If ROLLBACK itself
	 * fails, the transaction is as good as undone: it was not committed, and closing
	 * drops it. */
	if (db_in_tx(db) && db_run_own(db, OWN_ROLLBACK, NULL, &ignored) == -1)
		err_clear(&ignored);
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->h);
}

const char *
db_library_version(void)
{
	return sqlite3_libversion();
}
