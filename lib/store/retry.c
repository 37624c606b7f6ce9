#include "config.h"

#include "store/retry.h"

#include <inttypes.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
retry_item(struct db *db, int64_t item_id, bool pull, struct err *e)
{
	return db_run(db, Q_RETRY_ITEM, e, DB_I64(item_id), DB_I64(clk_now()),
	    DB_BOOL(pull));
}

int
retry_connection(struct db *db, int64_t connection_id, struct err *e)
{
	return db_run(db, Q_RETRY_CONNECTION, e, DB_I64(connection_id), DB_I64(clk_now()));
}

int
retry_event(
    struct db *db, int64_t item_id, const char *actor, const char *text, struct err *e)
{
	return db_run(db, Q_RETRY_EVENT, e, DB_I64(item_id), DB_I64(clk_now()),
	    DB_TEXT(actor), DB_TEXT(text));
}

int
retry_dismiss(struct db *db, int64_t issue_id, const char *user_name, const char *reason,
    struct err *e)
{
	if (db_run(db, Q_RETRY_DISMISS, e, DB_I64(issue_id), DB_I64(clk_now()),
	    DB_TEXT(user_name), DB_TEXT(reason)) == -1)
		return -1;
	if (db_changes(db) == 0)
		return err_set(e, ERR_NOT_FOUND, "issue %" PRId64, issue_id);
	return db_run(db, Q_RETRY_REST, e, DB_I64(issue_id));
}
