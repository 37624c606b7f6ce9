#include "config.h"

#include "store/bic.h"

#include <inttypes.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
bic_find(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_BIC_FIND, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, account_id);
	if (db_step(q, &row, e) == 0) {
		*id = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
bic_add(struct db *db, int64_t connection_id, int64_t account_id, const char *user_name,
    int64_t *id, bool *added, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BIC_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, account_id);
	db_bind_text(q, 3, user_name);
	db_bind_i64(q, 4, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	*added = db_changes(db) > 0;
	return bic_find(db, connection_id, account_id, id, e);
}

int
bic_remove(struct db *db, int64_t id, int64_t connection_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_BIC_REMOVE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_i64(q, 2, connection_id);
	db_bind_i64(q, 3, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	return db_changes(db) > 0 ? 0 : err_set(e, ERR_NOT_FOUND, "seat %" PRId64, id);
}

int
bic_order(struct db *db, const int64_t *ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct stmt *q = NULL;

		if (db_query(db, Q_BIC_PLACE, &q, e) == -1)
			return -1;
		db_bind_i64(q, 1, ids[i]);
		db_bind_i64(q, 2, (int64_t)i + 1);
		if (db_exec(q, e) == -1)
			return -1;
	}
	return 0;
}
