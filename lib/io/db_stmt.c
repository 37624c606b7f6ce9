/* db_stmt.c: statements of the catalogue: prepare, bind, step, columns. Sources:
 * https://sqlite.org/c3ref/prepare.html, /c3ref/step.html, /c3ref/column_blob.html. */
#include "config.h"

#include <string.h>

#include "base/str.h"
#include "io/db_priv.h"

enum { WHAT_BYTES = 96 };

/* "statement JOB_CLAIM", cut if need be. */
static const char *
what_of(const struct stmt *s, char dst[WHAT_BYTES])
{
	if (str_format(dst, WHAT_BYTES, "statement %s",
		s->db->cat.statements[s->query].name) == -1)
		str_cut(dst, WHAT_BYTES, s->db->cat.statements[s->query].name);
	return dst;
}

/* Whether anything but blanks, semicolons and comments follows the first statement. */
static bool
has_more(const char *tail)
{
	while (*tail != '\0') {
		if (str_starts(tail, "--"))
			tail += strcspn(tail, "\n");
		else if (strchr(" \t\r\n;", *tail) != NULL)
			tail++;
		else
			return true;
	}
	return false;
}

static int
prepare(struct stmt *s, struct err *e)
{
	struct db *db = s->db;
	char what[WHAT_BYTES];
	const char *tail = "";
	int rc;

	db->denied[0] = '\0';
	rc = sqlite3_prepare_v3(db->h, db->cat.statements[s->query].sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &s->p, &tail);
	if (rc != SQLITE_OK)
		return db_fail(db, rc, what_of(s, what), e);
	if (s->p == NULL || has_more(tail)) {
		sqlite3_finalize(s->p);
		s->p = NULL;
		return err_set(
		    e, ERR_BUG, "%s is not just one SQL statement", what_of(s, what));
	}
	return 0;
}

int
db_query(struct db *db, int query, struct stmt **out, struct err *e)
{
	struct stmt *s;
	char what[WHAT_BYTES];

	if (query < 0 || query >= db->cat.statements_n)
		return err_set(
		    e, ERR_BUG, "statement number %d is not in the catalogue", query);
	if (db_late(db, e) == -1)
		return -1;
	s = &db->stmts[query];
	if ((db->cat.statements[query].roles & (unsigned)db->role) == 0)
		return err_set(e, ERR_BUG, "%s is not for role %s", what_of(s, what),
		    db_role_name(db->role));
	if (s->in_use)
		return err_set(e, ERR_BUG, "%s is in use already", what_of(s, what));
	if (s->p == NULL && prepare(s, e) == -1)
		return -1;
	s->in_use = true;
	s->stepped = false;
	s->ended = false;
	s->bind_rc = SQLITE_OK;
	db->in_use++;
	*out = s;
	return 0;
}

int
db_late(struct db *db, struct err *e)
{
	if (db->late.code == ERR_NONE)
		return 0;
	(void)err_set_sys(e, db->late.code, db->late.sys, "%s", db->late.msg);
	err_clear(&db->late);
	return -1;
}

/* Reset alone would commit a changing statement and drop the outcome. */
static void
finish(struct stmt *s)
{
	char what[WHAT_BYTES];
	int rc = SQLITE_ROW;

	while (rc == SQLITE_ROW)
		rc = sqlite3_step(s->p);
	if (rc != SQLITE_DONE)
		(void)db_fail(s->db, rc, what_of(s, what), &s->db->late);
}

void
db_done(struct stmt *s)
{
	if (s == NULL || !s->in_use)
		return;
	if (s->stepped && !s->ended && sqlite3_stmt_readonly(s->p) == 0 && !db_in_tx(s->db))
		finish(s);
	sqlite3_reset(s->p); /* repeats an error that db_step has reported */
	sqlite3_clear_bindings(s->p);
	s->in_use = false;
	s->db->in_use--;
}

/* ---- parameters */

static void
bound(struct stmt *s, int i, int rc)
{
	if (rc == SQLITE_OK || s->bind_rc != SQLITE_OK)
		return;
	s->bind_rc = rc;
	s->bind_i = i;
}

void
db_bind_i64(struct stmt *s, int i, int64_t v)
{
	bound(s, i, sqlite3_bind_int64(s->p, i, v));
}

void
db_bind_bool(struct stmt *s, int i, bool v)
{
	bound(s, i, sqlite3_bind_int64(s->p, i, v ? 1 : 0));
}

void
db_bind_null(struct stmt *s, int i)
{
	bound(s, i, sqlite3_bind_null(s->p, i));
}

void
db_bind_text(struct stmt *s, int i, const char *v)
{
	if (v == NULL)
		db_bind_null(s, i);
	else
		bound(s, i,
		    sqlite3_bind_text64(
			s->p, i, v, strlen(v), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
db_bind_blob(struct stmt *s, int i, const void *p, size_t n)
{
	if (p == NULL)
		db_bind_null(s, i);
	else if (n == 0) /* a pointer with no bytes is an empty blob, not NULL */
		bound(s, i, sqlite3_bind_zeroblob(s->p, i, 0));
	else
		bound(s, i, sqlite3_bind_blob64(s->p, i, p, n, SQLITE_TRANSIENT));
}

/* ---- running */

int
db_step(struct stmt *s, bool *row, struct err *e)
{
	char what[WHAT_BYTES];
	int rc;

	if (s->bind_rc != SQLITE_OK) {
		rc = s->bind_rc;
		return err_set_sys(e, (rc & 0xff) == SQLITE_TOOBIG ? ERR_LIMIT : ERR_BUG,
		    rc, "%s: parameter %d: %s", what_of(s, what), s->bind_i,
		    sqlite3_errstr(rc));
	}
	if (s->ended || !s->in_use)
		return err_set(e, ERR_BUG, "%s is at its end", what_of(s, what));
	s->stepped = true;
	s->db->denied[0] =
	    '\0'; /* a changed schema prepares anew, which asks the authorizer again */
	rc = sqlite3_step(s->p);
	if (rc != SQLITE_ROW)
		s->ended = true;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_fail(s->db, rc, what_of(s, what), e);
	*row = rc == SQLITE_ROW;
	return 0;
}

int
db_exec(struct stmt *s, struct err *e)
{
	bool row = true;
	int rc = 0;

	while (rc == 0 && row)
		rc = db_step(s, &row, e);
	db_done(s);
	return rc;
}

static void
bind_value(struct stmt *s, int i, const struct db_value *v)
{
	switch (v->type) {
	case DB_VALUE_I64:
		db_bind_i64(s, i, v->i64);
		break;
	case DB_VALUE_TEXT:
		db_bind_text(s, i, v->text);
		break;
	case DB_VALUE_BLOB:
		db_bind_blob(s, i, v->blob, v->size);
		break;
	case DB_VALUE_NULL:
		db_bind_null(s, i);
		break;
	case DB_VALUE_END:
		break;
	}
}

int
db_select_values(
    struct db *db, int query, struct stmt **out, struct err *e, const struct db_value *v)
{
	if (db_query(db, query, out, e) == -1)
		return -1;
	for (int i = 1; v->type != DB_VALUE_END; v++, i++)
		bind_value(*out, i, v);
	return 0;
}

int
db_run_values(struct db *db, int query, struct err *e, const struct db_value *v)
{
	struct stmt *q = NULL;

	return db_select_values(db, query, &q, e, v) == -1 ? -1 : db_exec(q, e);
}

int
db_number_values(
    struct db *db, int query, int64_t *n, struct err *e, const struct db_value *v)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc;

	if (db_select_values(db, query, &q, e, v) == -1)
		return -1;
	rc = db_step(q, &row, e);
	if (rc == 0)
		*n = row ? db_col_i64(q, 0) : 0;
	db_done(q);
	return rc;
}

int
db_yes_values(
    struct db *db, int query, bool *yes, struct err *e, const struct db_value *v)
{
	int64_t n = 0;
	int rc = db_number_values(db, query, &n, e, v);

	if (rc == 0)
		*yes = n != 0;
	return rc;
}

int
db_change_values(
    struct db *db, int query, bool *changed, struct err *e, const struct db_value *v)
{
	if (db_run_values(db, query, e, v) == -1)
		return -1;
	*changed = db_changes(db) > 0;
	return 0;
}

int
db_next(struct stmt *s, struct err *e)
{
	bool row = false;
	int rc = db_step(s, &row, e);

	if (rc == 0 && row)
		return 1;
	db_done(s);
	return rc;
}

/* ---- columns */

int64_t
db_col_i64(struct stmt *s, int i)
{
	return sqlite3_column_int64(s->p, i);
}

bool
db_col_bool(struct stmt *s, int i)
{
	return sqlite3_column_int64(s->p, i) != 0;
}

bool
db_col_null(struct stmt *s, int i)
{
	return sqlite3_column_type(s->p, i) == SQLITE_NULL;
}

const char *
db_col_text(struct stmt *s, int i)
{
	return (const char *)sqlite3_column_text(s->p, i);
}

const void *
db_col_blob(struct stmt *s, int i, size_t *n)
{
	const void *p = sqlite3_column_blob(s->p, i);

	*n = (size_t)sqlite3_column_bytes(s->p, i);
	return p == NULL && !db_col_null(s, i) ? ""
					       : p; /* SQLite says NULL for an empty blob */
}

int
db_col_n(struct stmt *s)
{
	return sqlite3_column_count(s->p);
}

const char *
db_col_name(struct stmt *s, int i)
{
	return sqlite3_column_name(s->p, i);
}
