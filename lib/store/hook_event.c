#include "config.h"

#include "store/hook_event.h"

#include "sql/queries.gen.h"

int
hook_event_project(struct db *db, int64_t company_id, int64_t project_id,
    int64_t *connection_id, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_HOOK_PROJECT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, project_id);
	db_bind_i64(q, 2, company_id);
	if (db_step(q, &row, e) == 0) {
		*connection_id = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

static int
seen(struct db *db, int64_t connection_id, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_HOOK_SEEN, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, now);
	return db_exec(q, e);
}

int
hook_event_add(struct db *db, int64_t connection_id, const struct hook_event *ev,
    int64_t now, bool *fresh, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_HOOK_EVENT_ADD, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, ev->dedupe);
	db_bind_i64(q, 2, now);
	db_bind_i64(q, 3, ev->company_id);
	db_bind_i64(q, 4, ev->project_id);
	db_bind_text(q, 5, ev->resource);
	db_bind_i64(q, 6, ev->resource_id);
	db_bind_text(q, 7, ev->event);
	db_bind_i64(q, 8, ev->user_id);
	db_bind_text(q, 9, ev->application_id);
	if (ev->handled)
		db_bind_i64(q, 10, now);
	else
		db_bind_null(q, 10);
	if (db_exec(q, e) == -1)
		return -1;
	*fresh = db_changes(db) > 0;
	return *fresh ? seen(db, connection_id, now, e) : 0;
}
