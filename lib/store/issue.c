#include "config.h"

#include "store/issue.h"

#include "sql/queries.gen.h"

int
issue_open(struct db *db, int64_t connection_id, int64_t item_id, const char *direction,
    const char *code, const char *message, const char *remedy, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ISSUE_OPEN, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	if (item_id == 0)
		db_bind_null(q, 2);
	else
		db_bind_i64(q, 2, item_id);
	db_bind_text(q, 3, direction);
	db_bind_text(q, 4, code);
	db_bind_text(q, 5, message);
	db_bind_text(q, 6, remedy);
	db_bind_i64(q, 7, now);
	return db_exec(q, e);
}

int
issue_clear_item(struct db *db, int64_t item_id, const char *direction, const char *but,
    const char *reason, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ISSUE_CLEAR_ITEM, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, item_id);
	db_bind_text(q, 2, direction);
	db_bind_text(q, 3, but);
	db_bind_i64(q, 4, now);
	db_bind_text(q, 5, reason);
	return db_exec(q, e);
}

int
issue_clear_connection(struct db *db, int64_t connection_id, const char *code,
    const char *reason, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ISSUE_CLEAR_CONNECTION, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, code);
	db_bind_i64(q, 3, now);
	db_bind_text(q, 4, reason);
	return db_exec(q, e);
}
