#include "config.h"

#include "store/hand_over.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/account.h"

/* Step a bound statement for at most one row. */
static int
one(struct stmt *q, struct hand_over *out, struct err *e)
{
	bool row = false;
	int rc = db_step(q, &row, e);

	if (rc == 0)
		*out = (struct hand_over){0};
	if (rc == 0 && row) {
		out->id = db_col_i64(q, 0);
		out->connection_id = db_col_i64(q, 1);
		str_cut(out->new_login, sizeof out->new_login, db_col_text(q, 2));
		str_cut(out->approved_by, sizeof out->approved_by, db_col_text(q, 3));
	}
	db_done(q);
	return rc;
}

int
hand_over_for(struct db *db, int64_t account_id, const char *login_folded,
    struct hand_over *out, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_HAND_OVER_FOR, &q, e, DB_I64(account_id),
	    DB_TEXT(login_folded)) == -1)
		return -1;
	return one(q, out, e);
}

int
hand_over_of_seat(struct db *db, int64_t account_id, int64_t connection_id,
    struct hand_over *out, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_HAND_OVER_SEAT, &q, e, DB_I64(account_id),
	    DB_I64(connection_id)) == -1)
		return -1;
	return one(q, out, e);
}

int
hand_over_used(struct db *db, int64_t id, struct err *e)
{
	return db_run(db, Q_HAND_OVER_USED, e, DB_I64(id), DB_I64(clk_now()));
}

int
hand_over_add(struct db *db, int64_t account_id, int64_t connection_id, const char *login,
    const char *user_name, struct err *e)
{
	struct stmt *q = NULL;
	char *folded;
	int rc;

	if (db_query(db, Q_HAND_OVER_ADD, &q, e) == -1)
		return -1;
	folded = account_fold(login);
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, connection_id);
	db_bind_text(q, 3, folded);
	db_bind_text(q, 4, user_name);
	db_bind_i64(q, 5, clk_now());
	rc = db_exec(q, e);
	free(folded);
	return rc;
}

int
hand_over_withdraw(
    struct db *db, int64_t account_id, int64_t connection_id, bool all, struct err *e)
{
	return db_run(db, Q_HAND_OVER_WITHDRAW, e, DB_I64(account_id),
	    DB_I64(connection_id), DB_I64(all), DB_I64(clk_now()));
}

int
hand_over_seats(
    struct db *db, int64_t from, int64_t to, int64_t connection_id, struct err *e)
{
	static const int queries[] = {Q_HAND_OVER_DOUBLES, Q_HAND_OVER_MOVE};

	for (size_t i = 0; i < 2; i++) {
		struct stmt *q = NULL;

		if (db_query(db, queries[i], &q, e) == -1)
			return -1;
		db_bind_i64(q, 1, from);
		db_bind_i64(q, 2, to);
		db_bind_i64(q, 3, connection_id);
		if (queries[i] == Q_HAND_OVER_DOUBLES)
			db_bind_i64(q, 4, clk_now());
		if (db_exec(q, e) == -1)
			return -1;
	}
	return 0;
}

int
hand_over_seated(struct db *db, int64_t account_id, bool *yes, struct err *e)
{
	return db_yes(db, Q_HAND_OVER_SEATED, yes, e, DB_I64(account_id));
}
