#include "config.h"

#include "store/budget_row.h"

#include "sql/queries.gen.h"

int
budget_row_get(struct db *db, int64_t account_id, int64_t company_id,
    struct budget_row *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_BUDGET_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, company_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct budget_row){0};
	if (row) {
		out->limit_n = db_col_i64(q, 0);
		out->remaining = db_col_i64(q, 1);
		out->reset_at = db_col_i64(q, 2);
		out->seen_at = db_col_i64(q, 3);
		out->blocked_until_at = db_col_i64(q, 4);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
budget_row_put(struct db *db, int64_t account_id, int64_t company_id,
    const struct budget_row *row, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BUDGET_PUT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, company_id);
	db_bind_i64(q, 3, row->limit_n);
	db_bind_i64(q, 4, row->remaining);
	db_bind_i64(q, 5, row->reset_at);
	db_bind_i64(q, 6, row->seen_at);
	return db_exec(q, e);
}

int
budget_row_take(struct db *db, int64_t account_id, int64_t company_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BUDGET_TAKE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, company_id);
	return db_exec(q, e);
}

int
budget_row_block(struct db *db, int64_t account_id, int64_t company_id, int64_t until_at,
    int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BUDGET_BLOCK, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, company_id);
	db_bind_i64(q, 3, until_at);
	db_bind_i64(q, 4, now);
	return db_exec(q, e);
}
