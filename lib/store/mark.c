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

	if (db_select(db, Q_MARK_GET, &q, e, DB_I64(connection_id), DB_TEXT(side),
	    DB_TEXT(kind), DB_I64(account_id)) == -1)
		goto out;
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
	return db_run(db, Q_MARK_SET, e, DB_I64(connection_id), DB_TEXT(side),
	    DB_TEXT(kind), DB_I64(account_id), DB_I64(until_at), DB_I64(now));
}

static int
count_quiet(struct db *db, int64_t connection_id, const struct pass *p, struct err *e)
{
	return db_run(db, Q_PASS_HOUR_ADD, e, DB_I64(connection_id),
	    DB_I64(p->started_at - p->started_at % 3600), DB_I64(p->calls));
}

int
pass_add(struct db *db, int64_t connection_id, const struct pass *p, struct err *e)
{
	if (p->found == 0 && p->done == 0 && p->skipped == 0 && p->failed == 0)
		return count_quiet(db, connection_id, p, e);
	return db_run(db, Q_PASS_ADD, e, DB_I64(connection_id), DB_ID(p->account_id),
	    DB_I64(p->started_at), DB_I64(p->finished_at), DB_I64(p->found),
	    DB_I64(p->done), DB_I64(p->skipped), DB_I64(p->failed), DB_I64(p->calls),
	    DB_TEXT(p->detail == NULL ? "" : p->detail));
}
