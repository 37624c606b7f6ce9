#include "config.h"

#include "store/view_progress.h"

#include "sql/queries.gen.h"

int
view_progress(struct db *db, int64_t connection_id, int64_t since_at, int64_t now,
    struct view_progress *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_VIEW_PROGRESS, &q, e, DB_I64(connection_id), DB_I64(since_at),
	    DB_I64(now)) == -1)
		return -1;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct view_progress){.done = db_col_i64(q, 0),
	    .left = db_col_i64(q, 1),
	    .running = db_col_bool(q, 2),
	    .limit_n = db_col_i64(q, 3),
	    .remaining = db_col_i64(q, 4),
	    .reset_at = db_col_i64(q, 5)};
	rc = 0;
out:
	db_done(q);
	return rc;
}
