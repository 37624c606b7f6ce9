#include "config.h"

#include "store/browse.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* A statement whose first three parameters are the key. */
static int
keyed(struct db *db, int query, const struct browse_key *k, struct stmt **q, struct err *e)
{
	if (db_query(db, query, q, e) == -1)
		return -1;
	db_bind_i64(*q, 1, k->account_id);
	db_bind_text(*q, 2, k->kind);
	db_bind_i64(*q, 3, k->parent_id);
	return 0;
}

int
browse_want(struct db *db, const struct browse_key *k, struct err *e)
{
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_WANT, k, &q, e) == -1)
		return -1;
	db_bind_i64(q, 4, clk_now());
	return db_exec(q, e);
}

int
browse_get(
    struct db *db, const struct browse_key *k, struct browse_list *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (keyed(db, Q_BROWSE_GET, k, &q, e) == -1)
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
	bool row = true;
	int rc = 0;

	while (rc == 0 && row) {
		struct browse_row r;

		rc = db_step(q, &row, e);
		if (rc == 0 && row) {
			take_row(q, &r);
			fn(arg, &r);
		}
	}
	db_done(q);
	return rc;
}

static int
number(struct stmt *q, int64_t *n, struct err *e)
{
	bool row = false;
	int rc = db_step(q, &row, e);

	if (rc == 0)
		*n = row ? db_col_i64(q, 0) : 0;
	db_done(q);
	return rc;
}

int
browse_rows(struct db *db, const struct browse_key *k, const char *search, int64_t limit,
    int64_t offset, browse_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_ROWS, k, &q, e) == -1)
		return -1;
	db_bind_text(q, 4, search);
	db_bind_i64(q, 5, limit);
	db_bind_i64(q, 6, offset);
	return walk(q, fn, arg, e);
}

int
browse_count(struct db *db, const struct browse_key *k, const char *search, int64_t *n,
    struct err *e)
{
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_COUNT, k, &q, e) == -1)
		return -1;
	db_bind_text(q, 4, search);
	return number(q, n, e);
}

int
browse_row_get(struct db *db, const struct browse_key *k, const char *remote_id,
    struct browse_row *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc;

	if (keyed(db, Q_BROWSE_ROW, k, &q, e) == -1)
		return -1;
	db_bind_text(q, 4, remote_id);
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

	if (db_query(db, Q_BROWSE_ACCOUNTS, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, search);
	db_bind_i64(q, 2, limit);
	db_bind_i64(q, 3, offset);
	return walk(q, fn, arg, e);
}

int
browse_accounts_count(struct db *db, const char *search, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BROWSE_ACCOUNTS_COUNT, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, search);
	return number(q, n, e);
}

/* ---- the worker's side */

int
browse_next(
    struct db *db, int64_t account_id, struct browse_task *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_BROWSE_NEXT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
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
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_PUT, k, &q, e) == -1)
		return -1;
	db_bind_text(q, 4, r->remote_id);
	db_bind_text(q, 5, r->number);
	db_bind_text(q, 6, r->name);
	db_bind_text(q, 7, r->extra);
	db_bind_i64(q, 8, now);
	return db_exec(q, e);
}

int
browse_drop_old(struct db *db, const struct browse_key *k, int64_t before_at, struct err *e)
{
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_DROP_OLD, k, &q, e) == -1)
		return -1;
	db_bind_i64(q, 4, before_at);
	return db_exec(q, e);
}

int
browse_read(struct db *db, const struct browse_key *k, int64_t now, const char *error,
    struct err *e)
{
	struct stmt *q = NULL;

	if (keyed(db, Q_BROWSE_READ, k, &q, e) == -1)
		return -1;
	db_bind_i64(q, 4, now);
	db_bind_text(q, 5, error);
	return db_exec(q, e);
}
