#include "config.h"

#include "store/hand_over.h"

#include <stdbool.h>

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

int
hand_over_open(struct db *db, int64_t account_id, struct hand_over *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_HAND_OVER_OPEN, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, account_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct hand_over){0};
	if (row) {
		out->id = db_col_i64(q, 0);
		str_cut(out->new_login, sizeof out->new_login, db_col_text(q, 1));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
hand_over_used(struct db *db, int64_t id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_HAND_OVER_USED, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_i64(q, 2, clk_now());
	return db_exec(q, e);
}
