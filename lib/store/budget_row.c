#include "config.h"

#include "store/budget_row.h"

#include "sql/queries.gen.h"

static struct budget_window
read_window(struct stmt *q, int col)
{
	return (struct budget_window){.limit_n = db_col_i64(q, col),
	    .remaining = db_col_i64(q, col + 1),
	    .reset_at = db_col_i64(q, col + 2)};
}

int
budget_row_get(struct db *db, int64_t account_id, int64_t company_id,
    struct budget_row *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_BUDGET_GET, &q, e, DB_I64(account_id),
	    DB_I64(company_id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct budget_row){0};
	if (row) {
		out->hour = read_window(q, 0);
		out->spike = read_window(q, 3);
		out->seen_at = db_col_i64(q, 6);
		out->blocked_until_at = db_col_i64(q, 7);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
budget_row_put(struct db *db, int64_t account_id, int64_t company_id, bool spike,
    const struct budget_window *w, int64_t seen_at, struct err *e)
{
	return db_run(db, spike ? Q_BUDGET_PUT_SPIKE : Q_BUDGET_PUT, e, DB_I64(account_id),
	    DB_I64(company_id), DB_I64(w->limit_n), DB_I64(w->remaining),
	    DB_I64(w->reset_at), DB_I64(seen_at));
}

int
budget_row_take(struct db *db, int64_t account_id, int64_t company_id, struct err *e)
{
	return db_run(db, Q_BUDGET_TAKE, e, DB_I64(account_id), DB_I64(company_id));
}

int
budget_row_block(struct db *db, int64_t account_id, int64_t company_id, int64_t until_at,
    int64_t now, struct err *e)
{
	return db_run(db, Q_BUDGET_BLOCK, e, DB_I64(account_id), DB_I64(company_id),
	    DB_I64(until_at), DB_I64(now));
}
