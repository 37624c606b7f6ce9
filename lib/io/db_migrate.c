/* db_migrate.c: schema version and migrations. The version is PRAGMA user_version, the
 * number of migrations run. Source: STYLE.md 7; https://sqlite.org/lang_altertable.html
 * ("Making Other Kinds Of Table Schema Changes": foreign keys off, then foreign_key_check).
 */
#include "config.h"

#include <inttypes.h>

#include "base/str.h"
#include "io/db_priv.h"

int
db_check_version(struct db *db, struct err *e)
{
	int64_t have = 0;

	if (db_run_own(db, OWN_VERSION, &have, e) == -1)
		return -1;
	if (have < db->cat.migrations_n)
		return err_set(e, ERR_DB,
		    "database %s has schema version %" PRId64
		    ", this program needs %d; run `connectorctl migrate`",
		    db->path, have, db->cat.migrations_n);
	if (have > db->cat.migrations_n)
		return err_set(e, ERR_DB,
		    "database %s has schema version %" PRId64
		    ", this program knows %d: `connectorctl migrate` of a newer release "
		    "ran; "
		    "start that release",
		    db->path, have, db->cat.migrations_n);
	return 0;
}

static int
check_foreign_keys(struct db *db, const char *what, struct err *e)
{
	sqlite3_stmt *p = NULL;
	int rc = sqlite3_prepare_v2(db->h, "PRAGMA foreign_key_check", -1, &p, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(p);
	if (rc == SQLITE_ROW)
		rc = err_set(e, ERR_DB, "%s leaves rows of %s that point nowhere", what,
		    (const char *)sqlite3_column_text(p, 0));
	else
		rc = rc == SQLITE_DONE ? 0 : db_fail(db, rc, what, e);
	sqlite3_finalize(p);
	return rc;
}

/* Run migration number i (from 0), unless somebody else did meanwhile. */
static int
migrate_one(struct db *db, int i, struct err *e)
{
	char what[96], set_version[48];
	int64_t have = 0;
	int rc = -1;

	if (str_format(what, sizeof what, "migration %s", db->cat.migrations[i].name) ==
		-1 ||
	    str_format(
		set_version, sizeof set_version, "PRAGMA user_version = %d", i + 1) == -1)
		return err_set(e, ERR_BUG, "the name of migration %d is too long", i + 1);
	if (db_begin(db, e) == -1)
		return err_wrap(e, "%s", what);
	if (db_run_own(db, OWN_VERSION, &have, e) == -1)
		goto out;
	if (have > i) {
		rc = 0;
		goto out;
	}
	if (db_script(db, db->cat.migrations[i].sql, what, e) == -1)
		goto out;
	if (!db_in_tx(db)) {
		rc = err_set(e, ERR_BUG, "%s ended its own transaction", what);
		goto out;
	}
	if (check_foreign_keys(db, what, e) == -1 || db_script(db, set_version, what, e) == -1)
		goto out;
	rc = db_commit(db, e);
out:
	db_rollback(db); /* nothing to do after a commit */
	return rc;
}

static int
migrate_all(struct db *db, int64_t have, struct err *e)
{
	int i, rc;

	/* Cannot be changed within a transaction, so for all of them. */
	rc = sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	if (rc != SQLITE_OK)
		return db_fail(db, rc, "migrate", e);
	for (i = (int)have; i < db->cat.migrations_n; i++) {
		if (migrate_one(db, i, e) == -1)
			return -1;
	}
	return 0;
}

int
db_migrate(
    const char *path, const struct db_catalog *cat, int *from, int *to, struct err *e)
{
	struct db *db = NULL;
	bool made = false;
	int64_t have = 0;
	int rc = -1;

	if (db_file_create(path, 0660, &made, e) == -1)
		return -1;
	if (db_open(path, cat, DB_ROLE_ADMIN, &db, e) == -1)
		goto out;
	if (db_run_own(db, OWN_VERSION, &have, e) == -1)
		goto out;
	if (have > cat->migrations_n || have < 0) {
		rc = err_set(e, ERR_INPUT,
		    "database %s has schema version %" PRId64
		    ", this program knows %d; install the newer release, or "
		    "restore the backup made before its migration",
		    path, have, cat->migrations_n);
		goto out;
	}
	if (migrate_all(db, have, e) == -1)
		goto out;
	if (from != NULL)
		*from = (int)have;
	if (to != NULL)
		*to = cat->migrations_n;
	rc = 0;
out:
	db_close(db);
	return rc;
}
