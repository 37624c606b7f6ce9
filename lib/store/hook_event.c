#include "config.h"

#include "store/hook_event.h"

#include "base/clk.h"
#include "sql/queries.gen.h"

static int
insert(struct db *db, const struct hook_event *h, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_HOOK_EVENT_ADD, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, h->dedupe);
	db_bind_i64(q, 2, clk_now());
	db_bind_i64(q, 3, h->company_id);
	db_bind_i64(q, 4, h->project_id);
	db_bind_text(q, 5, h->resource);
	db_bind_i64(q, 6, h->resource_id);
	db_bind_text(q, 7, h->event);
	db_bind_i64(q, 8, h->user_id);
	db_bind_text(q, 9, h->application_id);
	return db_exec(q, e);
}

static int
find_connection(struct db *db, int64_t project_id, int64_t *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_HOOK_CONNECTION, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, project_id);
	if (db_step(q, &row, e) == 0) {
		*out = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
hook_event_add(struct db *db, const struct hook_event *h, bool *fresh,
    int64_t *connection_id, struct err *e)
{
	struct stmt *q = NULL;

	if (insert(db, h, e) == -1)
		return -1;
	*fresh = db_changes(db) > 0;
	if (find_connection(db, h->project_id, connection_id, e) == -1)
		return -1;
	if (*connection_id == 0)
		return 0;
	if (db_query(db, Q_HOOK_SEEN, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, *connection_id);
	db_bind_i64(q, 2, clk_now());
	return db_exec(q, e);
}
