#include "config.h"

#include "store/leave.h"

#include <stdbool.h>

#include "base/clk.h"
#include "sql/queries.gen.h"

int
leave_seats(struct db *db, int64_t person_id, leave_seat_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	bool row = true;
	int rc = 0;

	if (db_query(db, Q_LEAVE_SEATS, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, person_id);
	while (rc == 0 && row) {
		rc = db_step(q, &row, e);
		if (rc == 0 && row) {
			struct leave_seat s = {db_col_i64(q, 0), db_col_text(q, 1),
			    db_col_text(q, 2), db_col_text(q, 3), db_col_text(q, 4)};

			fn(arg, &s);
		}
	}
	db_done(q);
	return rc;
}

int
leave_accounts(
    struct db *db, int64_t person_id, int64_t *ids, size_t max, size_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = true;
	int rc = 0;

	if (db_query(db, Q_LEAVE_ACCOUNTS, &q, e) == -1)
		return -1;
	*n = 0;
	db_bind_i64(q, 1, person_id);
	while (rc == 0 && row) {
		rc = db_step(q, &row, e);
		if (rc == 0 && row) {
			if (*n < max)
				ids[*n] = db_col_i64(q, 0);
			(*n)++;
		}
	}
	db_done(q);
	return rc;
}

int
leave_unseat(struct db *db, int64_t account_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_LEAVE_UNSEAT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, clk_now());
	return db_exec(q, e);
}
