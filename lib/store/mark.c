#include "config.h"

#include "store/mark.h"

#include "sql/queries.gen.h"

int
mark_get(struct db *db, int64_t connection_id, const char *side, const char *kind,
    int64_t account_id, struct mark *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_MARK_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, side);
	db_bind_text(q, 3, kind);
	db_bind_i64(q, 4, account_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct mark){0};
	if (row)
		*out = (struct mark){
		    .until_at = db_col_i64(q, 0), .pass_at = db_col_i64(q, 1)};
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
mark_set(struct db *db, int64_t connection_id, const char *side, const char *kind,
    int64_t account_id, int64_t until_at, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_MARK_SET, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, side);
	db_bind_text(q, 3, kind);
	db_bind_i64(q, 4, account_id);
	db_bind_i64(q, 5, until_at);
	db_bind_i64(q, 6, now);
	return db_exec(q, e);
}

static int
count_quiet(struct db *db, int64_t connection_id, const struct pass *p, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_PASS_HOUR_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, p->started_at - p->started_at % 3600);
	db_bind_i64(q, 3, p->calls);
	return db_exec(q, e);
}

int
pass_add(struct db *db, int64_t connection_id, const struct pass *p, struct err *e)
{
	struct stmt *q = NULL;

	if (p->found == 0 && p->done == 0 && p->failed == 0)
		return count_quiet(db, connection_id, p, e);
	if (db_query(db, Q_PASS_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	if (p->account_id == 0)
		db_bind_null(q, 2);
	else
		db_bind_i64(q, 2, p->account_id);
	db_bind_i64(q, 3, p->started_at);
	db_bind_i64(q, 4, p->finished_at);
	db_bind_i64(q, 5, p->found);
	db_bind_i64(q, 6, p->done);
	db_bind_i64(q, 7, p->skipped);
	db_bind_i64(q, 8, p->failed);
	db_bind_i64(q, 9, p->calls);
	db_bind_text(q, 10, p->detail == NULL ? "" : p->detail);
	return db_exec(q, e);
}
