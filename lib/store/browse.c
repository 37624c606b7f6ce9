#include "config.h"

#include "store/browse.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* The first three parameters of every statement here. */
#define KEY(k) DB_I64((k)->account_id), DB_TEXT((k)->kind), DB_I64((k)->parent_id)

int
browse_want(struct db *db, const struct browse_key *k, struct err *e)
{
	return db_run(db, Q_BROWSE_WANT, e, KEY(k), DB_I64(clk_now()));
}

int
browse_get(
    struct db *db, const struct browse_key *k, struct browse_list *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_BROWSE_GET, &q, e, KEY(k)) == -1)
		return -1;
	if (db_step(q, &row, e) == 0) {
		*out = (struct browse_list){0};
		if (row) {
			out->wanted_at = db_col_i64(q, 0);
			out->read_at = db_col_i64(q, 1);
			str_cut(out->error, sizeof out->error, db_col_text(q, 2));
		}
		rc = 0;
	}
	db_done(q);
	return rc;
}

/* ---- rows */

static void
take_row(struct stmt *q, struct browse_row *r)
{
	str_cut(r->remote_id, sizeof r->remote_id, db_col_text(q, 0));
	str_cut(r->number, sizeof r->number, db_col_text(q, 1));
	str_cut(r->name, sizeof r->name, db_col_text(q, 2));
	str_cut(r->extra, sizeof r->extra, db_col_text(q, 3));
	r->connection_id = db_col_i64(q, 4);
}

/* Hand the rows of a bound statement to fn, which ends it. */
static int
walk(struct stmt *q, browse_fn fn, void *arg, struct err *e)
{
	int rc;

	while ((rc = db_next(q, e)) == 1) {
		struct browse_row r;

		take_row(q, &r);
		fn(arg, &r);
	}
	return rc;
}

int
browse_rows(struct db *db, const struct browse_key *k, const char *search, int64_t limit,
    int64_t offset, browse_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_BROWSE_ROWS, &q, e, KEY(k), DB_TEXT(search), DB_I64(limit), DB_I64(offset)) == -1)
		return -1;
	return walk(q, fn, arg, e);
}

int
browse_count(struct db *db, const struct browse_key *k, const char *search, int64_t *n,
    struct err *e)
{
	return db_number(db, Q_BROWSE_COUNT, n, e, KEY(k), DB_TEXT(search));
}

int
browse_row_get(struct db *db, const struct browse_key *k, const char *remote_id,
    struct browse_row *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc;

	if (db_select(db, Q_BROWSE_ROW, &q, e, KEY(k), DB_TEXT(remote_id)) == -1)
		return -1;
	rc = db_step(q, &row, e);
	if (rc == 0 && row)
		take_row(q, out);
	else if (rc == 0)
		rc = err_set(
		    e, ERR_NOT_FOUND, "%s is not in the list of %ss", remote_id, k->kind);
	db_done(q);
	return rc;
}

int
browse_accounts(struct db *db, const char *search, int64_t limit, int64_t offset,
    browse_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_BROWSE_ACCOUNTS, &q, e, DB_TEXT(search), DB_I64(limit),
	    DB_I64(offset)) == -1)
		return -1;
	return walk(q, fn, arg, e);
}

int
browse_accounts_count(struct db *db, const char *search, int64_t *n, struct err *e)
{
	return db_number(db, Q_BROWSE_ACCOUNTS_COUNT, n, e, DB_TEXT(search));
}

/* ---- the worker's side */

int
browse_next(
    struct db *db, int64_t account_id, struct browse_task *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_BROWSE_NEXT, &q, e, DB_I64(account_id)) == -1)
		return -1;
	rc = db_step(q, found, e);
	if (rc == 0 && *found) {
		str_cut(out->kind, sizeof out->kind, db_col_text(q, 0));
		out->parent_id = db_col_i64(q, 1);
		out->wanted_at = db_col_i64(q, 2);
	}
	db_done(q);
	return rc;
}

int
browse_put(struct db *db, const struct browse_key *k, const struct browse_row *r,
    int64_t now, struct err *e)
{
	return db_run(db, Q_BROWSE_PUT, e, KEY(k), DB_TEXT(r->remote_id),
	    DB_TEXT(r->number), DB_TEXT(r->name), DB_TEXT(r->extra), DB_I64(now));
}

int
browse_drop_old(struct db *db, const struct browse_key *k, int64_t before_at, struct err *e)
{
	return db_run(db, Q_BROWSE_DROP_OLD, e, KEY(k), DB_I64(before_at));
}

int
browse_read(struct db *db, const struct browse_key *k, int64_t now, const char *error,
    struct err *e)
{
	return db_run(db, Q_BROWSE_READ, e, KEY(k), DB_I64(now), DB_TEXT(error));
}
