#include "config.h"

#include "store/attempt.h"

#include <string.h>

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

int
attempt_add(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], const struct attempt *a, struct err *e)
{
	return db_run(db, Q_ATTEMPT_ADD, e, DB_BLOB(state_sha256, ATTEMPT_HASH_BYTES),
	    DB_TEXT(a->purpose), DB_I64(a->account_id), DB_I64(a->connection_id),
	    DB_TEXT(a->user_name), DB_BLOB(a->cookie_sha256, ATTEMPT_HASH_BYTES),
	    DB_TEXT(a->return_to), DB_I64(a->created_at), DB_I64(a->expires_at));
}

static int
read_row(struct stmt *q, struct attempt *a, struct err *e)
{
	size_t n = 0;
	const void *p = db_col_blob(q, 5, &n);

	if (n != ATTEMPT_HASH_BYTES)
		return err_set(e, ERR_DB, "attempt %lld has a damaged cookie hash", (long long)db_col_i64(q, 0));
	*a = (struct attempt){.id = db_col_i64(q, 0)};
	str_cut(a->purpose, sizeof a->purpose, db_col_text(q, 1));
	a->account_id = db_col_i64(q, 2);
	a->connection_id = db_col_i64(q, 3);
	str_cut(a->user_name, sizeof a->user_name, db_col_text(q, 4));
	memcpy(a->cookie_sha256, p, n);
	str_cut(a->return_to, sizeof a->return_to, db_col_text(q, 6));
	a->created_at = db_col_i64(q, 7);
	a->expires_at = db_col_i64(q, 8);
	return 0;
}

int
attempt_consume(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], struct attempt *out, bool *got,
    struct err *e)
{
	struct attempt a = {0};
	struct stmt *q = NULL;
	bool row = false;
	bool more = false;
	int rc = -1;

	if (db_select(db, Q_ATTEMPT_CONSUME, &q, e,
	    DB_BLOB(state_sha256, ATTEMPT_HASH_BYTES), DB_I64(clk_now())) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (row && read_row(q, &a, e) == -1)
		goto out;
	/* RETURNING: the update is complete only when the statement has run to its end. */
	if (row && db_step(q, &more, e) == -1)
		goto out;
	*got = row;
	if (row)
		*out = a;
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
attempt_get(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], struct attempt *out, struct err *e)
{
	struct attempt a = {0};
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_ATTEMPT_GET, &q, e,
	    DB_BLOB(state_sha256, ATTEMPT_HASH_BYTES)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "no such sign-in attempt");
		goto out;
	}
	if (read_row(q, &a, e) == -1)
		goto out;
	str_cut(a.outcome, sizeof a.outcome, db_col_text(q, 9));
	*out = a;
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
attempt_outcome(struct db *db, int64_t id, const char *outcome, struct err *e)
{
	return db_run(db, Q_ATTEMPT_OUTCOME, e, DB_I64(id), DB_TEXT(outcome));
}

int
attempt_clean(struct db *db, int64_t before_at, struct err *e)
{
	return db_run(db, Q_ATTEMPT_CLEAN, e, DB_I64(before_at));
}
