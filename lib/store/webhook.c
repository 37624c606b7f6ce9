#include "config.h"

#include "store/webhook.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/job.h"

int
webhook_wanted(
    struct db *db, int64_t connection_id, struct webhook_wanted *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_WEBHOOK_WANTED, &q, e, DB_I64(connection_id)) == -1)
		return -1;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "connection %" PRId64, connection_id);
		goto out;
	}
	*out = (struct webhook_wanted){.company_id = db_col_i64(q, 0),
	    .project_id = db_col_i64(q, 1),
	    .active = str_eq(db_col_text(q, 2), "active"),
	    .disconnected = str_eq(db_col_text(q, 2), "disconnected"),
	    .wanted = db_col_bool(q, 3),
	    .changed_at = db_col_i64(q, 4)};
	rc = 0;
out:
	db_done(q);
	return rc;
}

void
webhook_clear(struct webhook *w)
{
	free(w->hook_id);
	free(w->api);
	free(w->triggers);
	free(w->error);
	*w = (struct webhook){0};
}

int
webhook_get(struct db *db, int64_t connection_id, struct webhook *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_WEBHOOK_GET, &q, e, DB_I64(connection_id)) == -1)
		return -1;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct webhook){0};
	if (row)
		*out = (struct webhook){.hook_id = xstrdup(db_col_text(q, 0)),
		    .api = xstrdup(db_col_text(q, 1)),
		    .triggers = xstrdup(db_col_text(q, 2)),
		    .active = str_eq(db_col_text(q, 3), "active"),
		    .checked_at = db_col_i64(q, 4),
		    .last_event_at = db_col_i64(q, 5),
		    .error = xstrdup(db_col_text(q, 6))};
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
webhook_put(struct db *db, int64_t connection_id, const struct webhook *w, bool unproven,
    struct err *e)
{
	return db_run(db, Q_WEBHOOK_PUT, e, DB_I64(connection_id), DB_TEXT(w->hook_id),
	    DB_TEXT(w->api), DB_TEXT(w->triggers), DB_TEXT(w->active ? "active" : "broken"),
	    DB_I64(w->checked_at), DB_TEXT(w->error), DB_BOOL(unproven));
}

static int
run_one(struct db *db, int query, int64_t connection_id, struct err *e)
{
	return db_run(db, query, e, DB_I64(connection_id));
}

int
webhook_drop(struct db *db, int64_t connection_id, struct err *e)
{
	return run_one(db, Q_WEBHOOK_DROP, connection_id, e);
}

int
webhook_doubt(struct db *db, int64_t connection_id, struct err *e)
{
	return run_one(db, Q_WEBHOOK_DOUBT, connection_id, e);
}

int
webhook_plan_rows(struct db *db, bool on, int64_t now, struct err *e)
{
	return db_run(db, Q_WEBHOOK_PLAN, e, DB_I64(now), DB_I64(JOB_PRIO_QUIET),
	    DB_BOOL(on));
}
