#include "config.h"

#include "store/bic.h"

#include <inttypes.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
bic_find(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_BIC_FIND, id, e, DB_I64(connection_id), DB_I64(account_id));
}

int
bic_add(struct db *db, int64_t connection_id, int64_t account_id, const char *user_name,
    int64_t *id, bool *added, struct err *e)
{
	if (db_run(db, Q_BIC_ADD, e, DB_I64(connection_id), DB_I64(account_id),
	    DB_TEXT(user_name), DB_I64(clk_now())) == -1)
		return -1;
	*added = db_changes(db) > 0;
	return bic_find(db, connection_id, account_id, id, e);
}

int
bic_remove(struct db *db, int64_t id, int64_t connection_id, struct err *e)
{
	if (db_run(db, Q_BIC_REMOVE, e, DB_I64(id), DB_I64(connection_id),
	    DB_I64(clk_now())) == -1)
		return -1;
	return db_changes(db) > 0 ? 0 : err_set(e, ERR_NOT_FOUND, "seat %" PRId64, id);
}

int
bic_order(struct db *db, const int64_t *ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (db_run(db, Q_BIC_PLACE, e, DB_I64(ids[i]),
		    DB_I64((int64_t)i + 1)) == -1)
			return -1;
	}
	return 0;
}
