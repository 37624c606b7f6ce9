/* db_priv.h: what the files of io/db share; nobody else includes it. Layer: io. The one place that
 * includes sqlite3.h. Source: https://sqlite.org/c3ref/intro.html */
#ifndef CW_IO_DB_PRIV_H
#define CW_IO_DB_PRIV_H

#include <sqlite3.h>

#include "io/db.h"

struct stmt {
	struct db *db;
	sqlite3_stmt *p; /* NULL until first used */
	int query;       /* its number in the catalogue */
	bool in_use;
	bool stepped;
	bool ended;  /* SQLITE_DONE seen: one more step would run it again */
	int bind_rc; /* first failure of a db_bind_*; bind_i is its parameter */
	int bind_i;
};

/* Statements of io/db itself, kept like those of the catalogue. */
enum own_stmt { OWN_BEGIN, OWN_COMMIT, OWN_ROLLBACK, OWN_VERSION, OWN_STMT_MAX };

struct db {
	sqlite3 *h;
	char *path;
	struct db_catalog cat; /* its tables are borrowed for as long as the handle lives */
	enum db_role role;
	struct stmt *stmts; /* cat->statements_n of them */
	sqlite3_stmt *own[OWN_STMT_MAX];
	int in_use; /* statements between db_query and db_done */
	int busy_ms;
	int64_t busy_since_ms;
	bool inner;       /* a step of io/db itself, which the authorizer lets pass */
	struct err late;  /* failure met in db_done, for the next call that can report one */
	char denied[128]; /* what the authorizer refused last, for the message */
	void (*on_commit)(void *arg, int64_t commit_no);
	void *on_commit_arg;
	int64_t commits;
	int64_t stop_in; /* number of the commit at which db_stop_at_commit() ends the process */
};

/* Fill e from a result code of SQLite. what says what was being done ("statement JOB_CLAIM").
 * errors: always -1 */
int db_fail(struct db *db, int rc, const char *what, struct err *e);

/* Run SQL of io/db itself that returns no rows we want. errors: as db_step */
MUST_USE int db_script(struct db *db, const char *sql, const char *what, struct err *e);
/* Step one of OWN_* once to its end; out, when not NULL, gets the first column. errors: as db_step */
MUST_USE int db_run_own(struct db *db, enum own_stmt which, int64_t *out, struct err *e);

/* Report and forget a failure that db_done met. errors: that one */
MUST_USE int db_late(struct db *db, struct err *e);

/* Install the authorizer of the connection's role, unless it is ADMIN or the catalogue has no grants. */
void db_authorize(struct db *db);
/* "web" for a role; "?" for none. */
const char *db_role_name(enum db_role role);

/* Refuse what can hold no database. errors: ERR_NOT_FOUND, ERR_IO as db_open; ERR_DB not a file */
MUST_USE int db_file_check(const char *path, struct err *e);
/* Make an empty file of this mode, whatever the umask. *made: false when it was there already.
 * errors: ERR_IO */
MUST_USE int db_file_create(const char *path, unsigned mode, bool *made, struct err *e);
/* Sync a file, or a folder's entries, to disk. errors: ERR_IO */
MUST_USE int db_file_sync(const char *path, struct err *e);
/* The name of the network file system with this statfs(2) number, NULL for one that will do; mount_type
 * is its name in mountinfo ("fuse.sshfs"), needed for FUSE only; may be NULL. */
const char *db_file_network(long f_type, const char *mount_type);

#endif
