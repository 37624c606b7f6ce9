#include "config.h"

#include "store/retry.h"

#include <inttypes.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
retry_item(struct db *db, int64_t item_id, bool pull, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RETRY_ITEM, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, item_id);
	db_bind_i64(q, 2, clk_now());
	db_bind_bool(q, 3, pull);
	return db_exec(q, e);
}

int
retry_connection(struct db *db, int64_t connection_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RETRY_CONNECTION, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, clk_now());
	return db_exec(q, e);
}

int
retry_event(
    struct db *db, int64_t item_id, const char *actor, const char *text, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RETRY_EVENT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, item_id);
	db_bind_i64(q, 2, clk_now());
	db_bind_text(q, 3, actor);
	db_bind_text(q, 4, text);
	return db_exec(q, e);
}

int
retry_dismiss(struct db *db, int64_t issue_id, const char *user_name, const char *reason,
    struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RETRY_DISMISS, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, issue_id);
	db_bind_i64(q, 2, clk_now());
	db_bind_text(q, 3, user_name);
	db_bind_text(q, 4, reason);
	if (db_exec(q, e) == -1)
		return -1;
	return db_changes(db) > 0 ? 0
				  : err_set(e, ERR_NOT_FOUND, "issue %" PRId64, issue_id);
}
