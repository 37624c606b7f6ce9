#include "config.h"

#include "store/issue.h"

#include "sql/queries.gen.h"

int
issue_open(struct db *db, int64_t connection_id, int64_t item_id, const char *direction,
    const char *code, const char *message, const char *remedy, int64_t now, struct err *e)
{
	return db_run(db, Q_ISSUE_OPEN, e, DB_I64(connection_id), DB_ID(item_id),
	    DB_TEXT(direction), DB_TEXT(code), DB_TEXT(message), DB_TEXT(remedy),
	    DB_I64(now));
}

int
issue_clear_item(struct db *db, int64_t item_id, const char *direction, const char *but,
    const char *reason, int64_t now, struct err *e)
{
	return db_run(db, Q_ISSUE_CLEAR_ITEM, e, DB_I64(item_id), DB_TEXT(direction),
	    DB_TEXT(but), DB_I64(now), DB_TEXT(reason));
}

int
issue_clear_connection(struct db *db, int64_t connection_id, const char *code,
    const char *reason, int64_t now, struct err *e)
{
	return db_run(db, Q_ISSUE_CLEAR_CONNECTION, e, DB_I64(connection_id), DB_TEXT(code),
	    DB_I64(now), DB_TEXT(reason));
}
