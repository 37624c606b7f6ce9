/* db.h: the one door to SQLite: open with a role, statements by number, transactions, migrations.
 * Layer: io. Source: DESIGN.md 9, STYLE.md 7, platform.md 6 (measured).
 *
 * A catalogue is generated at build time from a queries.sql (sql/gen-queries.awk): the product has one
 * (sql/queries.h), each stand-in its own. Statements are prepared on first use and kept. */
#ifndef CW_IO_DB_H
#define CW_IO_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct db;
struct stmt;

enum db_role { DB_ROLE_WEB = 1, DB_ROLE_AUTH = 2, DB_ROLE_SYNC = 4, DB_ROLE_ADMIN = 8, DB_ROLE_HOOK = 16 };

struct db_statement {
	const char *name; /* "PROJECT_GET" */
	const char *sql;
	unsigned roles;   /* or of enum db_role */
};
struct db_migration {
	const char *name; /* "0001-init" */
	const char *sql;
};
/* Tables a role may touch: read and write masks per table; a table not named is closed to all but ADMIN. */
struct db_grant {
	const char *table;
	unsigned read;
	unsigned write;
};
struct db_catalog {
	const struct db_statement *statements;
	int statements_n;
	const struct db_migration *migrations; /* number of migrations = schema version */
	int migrations_n;
	const struct db_grant *grants; /* NULL: no authorizer (stand-ins) */
	int grants_n;
};

/* Longest wait for a lock. Every write here is under 10 ms; 5 s covers a slow disk and eight writers. */
enum { DB_BUSY_MS = 5000 };

/* Open an existing database: WAL, synchronous=FULL, foreign_keys, trusted_schema off, defensive, busy
 * handler with short random sleeps, wal_autocheckpoint=0, no checkpoint on close, authorizer for role.
 * Does not check the schema version: db_check_version() does.
 * out     owned by the caller, db_close()
 * errors  ERR_NOT_FOUND no such file (names it and the remedy); ERR_IO cannot open; ERR_DB not a database */
MUST_USE int db_open(const char *path, const struct db_catalog *cat, enum db_role role, struct db **out,
    struct err *e);
/* Create the empty file 0660 if absent, open as ADMIN and run the migrations that are missing, each in one
 * transaction with its user_version. errors: as db_open; ERR_INPUT the database is newer than the program */
MUST_USE int db_migrate(const char *path, const struct db_catalog *cat, int *from, int *to, struct err *e);
void db_close(struct db *db); /* accepts NULL; finalises all statements */

/* errors  ERR_DB another version; the message names both and the command `connectorctl migrate` */
MUST_USE int db_check_version(struct db *db, struct err *e);

/* ---- statements. Between db_query and db_done a statement is in use; one use at a time each. */
/* errors  ERR_BUG the role may not run it or it is in use; ERR_DB cannot prepare */
MUST_USE int db_query(struct db *db, int query, struct stmt **out, struct err *e);
void db_bind_i64(struct stmt *s, int i, int64_t v); /* i from 1 */
void db_bind_text(struct stmt *s, int i, const char *v); /* copied; NULL binds NULL */
void db_bind_blob(struct stmt *s, int i, const void *p, size_t n); /* copied; p NULL binds NULL */
void db_bind_null(struct stmt *s, int i);
void db_bind_bool(struct stmt *s, int i, bool v);
/* *row says whether there is a row. errors: ERR_BUSY, ERR_DB (also constraint), ERR_IO disk full or I/O */
MUST_USE int db_step(struct stmt *s, bool *row, struct err *e);
/* For statements without rows: step to the end and db_done(), also on failure. */
MUST_USE int db_exec(struct stmt *s, struct err *e);
int64_t db_col_i64(struct stmt *s, int i); /* i from 0; NULL reads as 0 */
const char *db_col_text(struct stmt *s, int i); /* NULL for NULL; borrowed until the next step or done */
const void *db_col_blob(struct stmt *s, int i, size_t *n);
bool db_col_null(struct stmt *s, int i);
bool db_col_bool(struct stmt *s, int i);
int db_col_n(struct stmt *s);
const char *db_col_name(struct stmt *s, int i);
void db_done(struct stmt *s); /* resets and unbinds; accepts NULL */
bool db_is_constraint(const struct err *e); /* e->sys is one of SQLITE_CONSTRAINT_* */

int64_t db_last_id(struct db *db);
int64_t db_changes(struct db *db); /* rows of the last INSERT, UPDATE or DELETE */

/* ---- transactions: BEGIN IMMEDIATE. Nested begin is ERR_BUG. No network call while one is open. */
MUST_USE int db_begin(struct db *db, struct err *e);
MUST_USE int db_commit(struct db *db, struct err *e); /* on failure the transaction is rolled back */
void db_rollback(struct db *db); /* no-op when none is open */
bool db_in_tx(struct db *db);

/* ---- for one process only */
/* TRUNCATE checkpoint with its own busy timeout. errors: ERR_BUSY (readers); ERR_IO */
MUST_USE int db_checkpoint(struct db *db, int busy_ms, struct err *e);
MUST_USE int db_integrity(struct db *db, struct err *e); /* quick_check and foreign_key_check */
MUST_USE int db_backup_into(struct db *db, const char *path, struct err *e); /* VACUUM INTO; path 0600 made first */
const char *db_library_version(void);

/* Tests count commits and fail at one of them (crash and fault campaigns): called after every commit of
 * this process with its number from 1; NULL to stop. */
void db_set_commit_hook(struct db *db, void (*fn)(void *arg, int64_t commit_no), void *arg);

#endif
