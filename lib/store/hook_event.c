#include "config.h"

#include "store/hook_event.h"

#include "sql/queries.gen.h"

int
hook_event_project(struct db *db, int64_t company_id, int64_t project_id,
    int64_t *connection_id, struct err *e)
{
	return db_number(db, Q_HOOK_PROJECT, connection_id, e, DB_I64(project_id),
	    DB_I64(company_id));
}

static int
seen(struct db *db, int64_t connection_id, int64_t now, struct err *e)
{
	return db_run(db, Q_HOOK_SEEN, e, DB_I64(connection_id), DB_I64(now));
}

int
hook_event_add(struct db *db, int64_t connection_id, const struct hook_event *ev,
    int64_t now, bool *fresh, struct err *e)
{
	if (db_run(db, Q_HOOK_EVENT_ADD, e, DB_TEXT(ev->dedupe), DB_I64(now),
	    DB_I64(ev->company_id), DB_I64(ev->project_id), DB_TEXT(ev->resource),
	    DB_I64(ev->resource_id), DB_TEXT(ev->event), DB_I64(ev->user_id),
	    DB_TEXT(ev->application_id), ev->handled ? DB_I64(now) : DB_NULL) == -1)
		return -1;
	*fresh = db_changes(db) > 0;
	return *fresh ? seen(db, connection_id, now, e) : 0;
}
