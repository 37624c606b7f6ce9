#include "config.h"

#include "store/leave.h"

#include <stdbool.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
leave_seats(struct db *db, int64_t person_id, leave_seat_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_LEAVE_SEATS, &q, e, DB_I64(person_id)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		struct leave_seat s = {db_col_i64(q, 0), db_col_text(q, 1),
		    db_col_text(q, 2), db_col_text(q, 3), db_col_text(q, 4)};

		fn(arg, &s);
	}
	return rc;
}

int
leave_accounts(
    struct db *db, int64_t person_id, int64_t *ids, size_t max, size_t *n, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_LEAVE_ACCOUNTS, &q, e, DB_I64(person_id)) == -1)
		return -1;
	for (*n = 0; (rc = db_next(q, e)) == 1; (*n)++)
		if (*n < max)
			ids[*n] = db_col_i64(q, 0);
	return rc;
}

int
leave_unseat(struct db *db, int64_t account_id, struct err *e)
{
	return db_run(db, Q_LEAVE_UNSEAT, e, DB_I64(account_id), DB_I64(clk_now()));
}
