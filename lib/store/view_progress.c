#include "config.h"

#include "store/view_progress.h"

#include "sql/queries.gen.h"
#include "store/view_rows.h"

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

struct to_waiting {
	view_waiting_fn fn;
	void *arg;
};

static void
give_waiting(void *arg, struct stmt *q)
{
	struct to_waiting *to = arg;
	struct view_waiting w = {.out = db_col_bool(q, 0),
	    .waiting = db_col_i64(q, 1),
	    .items = db_col_i64(q, 2),
	    .calls = db_col_i64(q, 3),
	    .ms = db_col_i64(q, 4)};

	to->fn(to->arg, &w);
}

int
view_waiting(
    struct db *db, int64_t connection_id, view_waiting_fn fn, void *arg, struct err *e)
{
	struct to_waiting to = {fn, arg};

	return view_walk(db, Q_VIEW_WAITING, &connection_id, 1, give_waiting, &to, NULL, e);
}

struct to_pass {
	view_pass_fn fn;
	void *arg;
};

static void
give_pass(void *arg, struct stmt *q)
{
	struct to_pass *to = arg;
	struct view_pass p = {.started_at = db_col_i64(q, 0),
	    .finished_at = db_col_i64(q, 1),
	    .found = db_col_i64(q, 2),
	    .done = db_col_i64(q, 3),
	    .skipped = db_col_i64(q, 4),
	    .failed = db_col_i64(q, 5),
	    .calls = db_col_i64(q, 6),
	    .detail = db_col_text(q, 7),
	    .login = db_col_text(q, 8)};

	to->fn(to->arg, &p);
}

int
view_passes(struct db *db, int64_t connection_id, int64_t limit, view_pass_fn fn, void *arg,
    struct err *e)
{
	const int64_t in[] = {connection_id, limit};
	struct to_pass to = {fn, arg};

	return view_walk(db, Q_VIEW_PASSES, in, 2, give_pass, &to, NULL, e);
}

static void
take_quiet(void *arg, struct stmt *q)
{
	struct view_quiet *v = arg;

	v->passes = db_col_i64(q, 0);
	v->calls = db_col_i64(q, 1);
}

int
view_quiet(struct db *db, int64_t connection_id, int64_t since_at, struct view_quiet *out,
    struct err *e)
{
	const int64_t in[] = {connection_id, since_at};

	*out = (struct view_quiet){0};
	return view_walk(db, Q_VIEW_QUIET, in, 2, take_quiet, out, NULL, e);
}
