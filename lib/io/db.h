/* db.h: the one door to SQLite: open with a role, statements by number, transactions, migrations.
 * Layer: io. Source: DESIGN.md 9, STYLE.md 7, platform.md 6 (measured).
 *
 * A catalogue is generated at build time from statement files (sql/gen-queries.awk): the product has one
 * (sql/queries.gen.h), each stand-in its own. Statements are prepared on first use and kept. */
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
	const char *scan; /* why it may scan a whole table; NULL: it may not (checked by a test) */
};
struct db_migration {
	const char *name; /* "0001-init" */
	const char *sql;
};
/* Tables a role may touch: read and write masks per table; a table not named is closed to all but ADMIN.
 * ADMIN may touch everything. Writing a row with a foreign key needs read on the table it points at. */
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

/* Open an existing database on a local disk: WAL, synchronous=FULL, foreign_keys, trusted_schema off, defensive, busy
 * handler with short random sleeps, wal_autocheckpoint=0, no checkpoint on close, authorizer for role.
 * Does not check the schema version: db_check_version() does.
 * cat     copied; the tables it points at must outlive the handle (generated ones are static)
 * out     owned by the caller, db_close()
 * errors  ERR_NOT_FOUND no such file (names it and the remedy); ERR_IO cannot open, may not write, or on a
 *         network file system; ERR_DB not a database; ERR_BUSY locked */
MUST_USE int db_open(const char *path, const struct db_catalog *cat, enum db_role role, struct db **out,
    struct err *e);
/* Create the empty file 0660 if absent (not its folder, which should be setgid), open as ADMIN and run the
 * migrations that are missing, each in one transaction with its user_version. Foreign keys are not
 * enforced meanwhile, so that tables can be rebuilt, but checked before each commit. *from and *to (either
 * may be NULL) are the versions before and after.
 * errors: as db_open; ERR_INPUT the database is newer than the program; nothing of a failed one stays */
MUST_USE int db_migrate(const char *path, const struct db_catalog *cat, int *from, int *to, struct err *e);
void db_close(struct db *db); /* accepts NULL; finalises all statements */

/* errors  ERR_DB another version; the message names both and the command `connectorctl migrate` */
MUST_USE int db_check_version(struct db *db, struct err *e);

/* ---- statements. Between db_query and db_done a statement is in use; one use at a time each. A mistake
 * in a db_bind_* (number out of range, value too big) is reported by the db_step that follows.
 *
 * Outside a transaction a statement that changes rows and returns some (RETURNING) commits only when it has
 * been stepped to its end (*row false): do so before believing it. Left earlier, db_done finishes it, and
 * a failure then comes out of the next db_query or db_begin. */
/* errors  ERR_BUG the role may not run it or it is in use; ERR_DB cannot prepare */
MUST_USE int db_query(struct db *db, int query, struct stmt **out, struct err *e);
void db_bind_i64(struct stmt *s, int i, int64_t v); /* i from 1 */
void db_bind_text(struct stmt *s, int i, const char *v); /* copied; NULL binds NULL */
void db_bind_blob(struct stmt *s, int i, const void *p, size_t n); /* copied; p NULL binds NULL */
void db_bind_null(struct stmt *s, int i);
void db_bind_bool(struct stmt *s, int i, bool v);
/* *row says whether there is a row; after the last one, db_done. errors: ERR_BUSY, ERR_DB (also
 * constraint), ERR_IO disk full or I/O, ERR_LIMIT a value too big */
MUST_USE int db_step(struct stmt *s, bool *row, struct err *e);
/* For statements whose rows are not wanted: step to the end and db_done(), also on failure. */
MUST_USE int db_exec(struct stmt *s, struct err *e);
/* A value for db_run and db_select, made by the DB_* below; bound in order, from 1. What it points at must live
 * until the call returns, which copies it. */
enum db_value_type { DB_VALUE_END, DB_VALUE_NULL, DB_VALUE_I64, DB_VALUE_TEXT, DB_VALUE_BLOB };
struct db_value {
	enum db_value_type type;
	int64_t i64;
	const char *text;
	const void *blob;
	size_t size;
};
#define DB_I64(v) ((struct db_value){.type = DB_VALUE_I64, .i64 = (v)})
#define DB_ID(v) db_id_value(v) /* 0: NULL */
#define DB_BOOL(v) ((struct db_value){.type = DB_VALUE_I64, .i64 = (v) ? 1 : 0})
#define DB_TEXT(v) ((struct db_value){.type = DB_VALUE_TEXT, .text = (v)})
#define DB_BLOB(p, n) ((struct db_value){.type = DB_VALUE_BLOB, .blob = (p), .size = (n)})
#define DB_NONE ((struct db_value){.type = DB_VALUE_END})
#define DB_NULL ((struct db_value){.type = DB_VALUE_NULL})
#define DB_VALUES(...) ((const struct db_value[]){__VA_ARGS__, {.type = DB_VALUE_END}})
static inline struct db_value
db_id_value(int64_t v)
{
	return v == 0 ? DB_NULL : DB_I64(v);
}
/* ---- in one call: db_query, the values, and what follows. errors as db_query and db_step.
 * Statements without values take DB_NONE. */
#define db_select(db, query, out, e, ...) db_select_values(db, query, out, e, DB_VALUES(__VA_ARGS__))
#define db_run(db, query, e, ...) db_run_values(db, query, e, DB_VALUES(__VA_ARGS__))
#define db_change(db, query, changed, e, ...) \
	db_change_values(db, query, changed, e, DB_VALUES(__VA_ARGS__))
#define db_number(db, query, n, e, ...) db_number_values(db, query, n, e, DB_VALUES(__VA_ARGS__))
#define db_yes(db, query, yes, e, ...) db_yes_values(db, query, yes, e, DB_VALUES(__VA_ARGS__))
/* Bound and not yet stepped: db_select(db, Q_ITEM_GET, &q, e, DB_I64(id)). */
MUST_USE int db_select_values(
    struct db *db, int query, struct stmt **out, struct err *e, const struct db_value *v);
/* db_exec: for statements whose rows are not wanted. */
MUST_USE int db_run_values(struct db *db, int query, struct err *e, const struct db_value *v);
/* db_exec that says whether a row was written: for compare-and-set and "insert or ignore". */
MUST_USE int db_change_values(
    struct db *db, int query, bool *changed, struct err *e, const struct db_value *v);
/* The first column of the first row; 0 when there is none or it is NULL. For counts and ids. */
MUST_USE int db_number_values(
    struct db *db, int query, int64_t *n, struct err *e, const struct db_value *v);
/* The same for SELECT EXISTS. */
MUST_USE int db_yes_values(
    struct db *db, int query, bool *yes, struct err *e, const struct db_value *v);
/* A list's next row, for: while ((rc = db_next(q, e)) == 1). 0 at its end; -1 as db_step. The statement is done
 * after both; a loop that is left earlier needs db_done. */
MUST_USE int db_next(struct stmt *s, struct err *e);

int64_t db_col_i64(struct stmt *s, int i); /* i from 0; NULL reads as 0 */
const char *db_col_text(struct stmt *s, int i); /* NULL for NULL; borrowed until the next step or done */
const void *db_col_blob(struct stmt *s, int i, size_t *n);
bool db_col_null(struct stmt *s, int i);
bool db_col_bool(struct stmt *s, int i);
int db_col_n(struct stmt *s);
const char *db_col_name(struct stmt *s, int i);
void db_done(struct stmt *s); /* resets and unbinds; accepts NULL */
bool db_is_constraint(const struct err *e); /* e->sys is one of SQLITE_CONSTRAINT_* */

/* The rowid of the last INSERT on this connection. */
int64_t db_last_id(struct db *db);
int64_t db_changes(struct db *db); /* rows of the last INSERT, UPDATE or DELETE */

/* ---- transactions: BEGIN IMMEDIATE. No network call while one is open.
 * errors  ERR_BUG nested, or a statement is still in use (its rows would be older than the transaction);
 *         ERR_BUSY; ERR_IO */
MUST_USE int db_begin(struct db *db, struct err *e);
/* On failure the transaction is rolled back. Reading statements may still be in use.
 * errors  ERR_BUG none is open, or a changing statement was not stepped to its end; ERR_IO, ERR_DB */
MUST_USE int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db); /* no-op when none is open */
bool db_in_tx(struct db *db);

/* ---- for one process only */
/* TRUNCATE checkpoint with its own busy timeout. errors: ERR_BUSY (readers); ERR_IO; ERR_BUG in a transaction */
MUST_USE int db_checkpoint(struct db *db, int busy_ms, struct err *e);
/* quick_check and foreign_key_check. errors: ERR_DB with the first finding */
MUST_USE int db_integrity(struct db *db, struct err *e);
/* A consistent copy, synced to disk: VACUUM INTO a new file of mode 0600. Removed again on failure.
 * errors  ERR_IO path exists already or cannot be written; ERR_BUG in a transaction */
MUST_USE int db_backup_into(struct db *db, const char *path, struct err *e);
const char *db_library_version(void); /* "3.40.1"; static */
/* The longest wait for a lock from now on, ms, >= 0 (tests that want to lose). */
void db_set_busy_ms(struct db *db, int ms);

/* Tests count commits and fail at one of them (crash and fault campaigns): called after every commit of
 * this handle that changed something, with its number from 1; NULL to stop. */
void db_set_commit_hook(struct db *db, void (*fn)(void *arg, int64_t commit_no), void *arg);

/* For crash tests: end this process with DB_STOPPED and without any tidying at the nth commit of this handle from now.
 * when  DB_STOP_AFTER: it is durable, nothing that follows has begun. DB_STOP_BEFORE: it never happened, but all that
 *       preceded it in the world has (a call whose result it records, say)
 * n     > 0; transactions that changed nothing do not count, but DB_STOP_BEFORE may end in one that stands before
 *       the nth
 * source  https://sqlite.org/c3ref/commit_hook.html */
enum db_stop { DB_STOP_AFTER, DB_STOP_BEFORE };
enum { DB_STOPPED = 99 };
void db_stop_at_commit(struct db *db, enum db_stop when, int64_t n);

#endif
