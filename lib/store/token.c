#include "config.h"

#include "store/token.h"

#include "base/clk.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/queries.gen.h"

void
token_row_clear(struct token_row *t)
{
	buf_clear(&t->access);
	buf_clear(&t->refresh);
	*t = (struct token_row){0};
}

int
token_put(struct db *db, int64_t account_id, const struct token_row *t, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_TOKEN_PUT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, t->generation);
	db_bind_text(q, 3, t->writer_key_id);
	db_bind_text(q, 4, t->reader_key_id);
	db_bind_blob(q, 5, t->access.p, t->access.len);
	db_bind_blob(q, 6, t->refresh.p, t->refresh.len);
	db_bind_i64(q, 7, clk_now());
	return db_exec(q, e);
}

static void
copy_blob(struct stmt *q, int col, struct buf *out)
{
	size_t n = 0;
	const void *p = db_col_blob(q, col, &n);

	buf_init(out, LIMIT_TOKEN * 2);
	buf_add(out, p, n);
}

int
token_get(struct db *db, int64_t account_id, struct token_row *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_TOKEN_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, account_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "no token of account %lld", (long long)account_id);
		goto out;
	}
	*out = (struct token_row){.generation = db_col_i64(q, 0)};
	str_cut(out->writer_key_id, sizeof out->writer_key_id, db_col_text(q, 1));
	str_cut(out->reader_key_id, sizeof out->reader_key_id, db_col_text(q, 2));
	copy_blob(q, 3, &out->access);
	copy_blob(q, 4, &out->refresh);
	if (!db_col_null(q, 5))
		str_cut(out->writer_public_hex, sizeof out->writer_public_hex, db_col_text(q, 5));
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
token_delete(struct db *db, int64_t account_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_TOKEN_DELETE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	return db_exec(q, e);
}

int
token_lease_take(struct db *db, int64_t account_id, const char *owner, int64_t generation, int64_t until_at,
    bool *got, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_LEASE_TAKE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_text(q, 2, owner);
	db_bind_i64(q, 3, generation);
	db_bind_i64(q, 4, until_at);
	db_bind_i64(q, 5, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	*got = db_changes(db) == 1;
	return 0;
}

/* Step a statement that answers one number. */
static int
one_number(struct stmt *q, int64_t *out, struct err *e)
{
	bool row = false;
	int rc = db_step(q, &row, e);

	if (rc == 0)
		*out = row ? db_col_i64(q, 0) : 0;
	db_done(q);
	return rc;
}

int
token_lease_held(struct db *db, int64_t account_id, const char *owner, bool *held, struct err *e)
{
	struct stmt *q = NULL;
	int64_t n = 0;

	if (db_query(db, Q_LEASE_HELD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_text(q, 2, owner);
	if (one_number(q, &n, e) == -1)
		return -1;
	*held = n != 0;
	return 0;
}

int
token_lease_free(struct db *db, int64_t account_id, const char *owner, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_LEASE_FREE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_text(q, 2, owner);
	return db_exec(q, e);
}

int
token_leases_held(struct db *db, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_LEASES_HELD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, clk_now());
	return one_number(q, n, e);
}

int
token_journal_add(struct db *db, int64_t account_id, const char *kind, int64_t generation, const char *owner,
    int64_t *id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_JOURNAL_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_text(q, 2, kind);
	db_bind_i64(q, 3, generation);
	db_bind_text(q, 4, owner);
	db_bind_i64(q, 5, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
token_journal_end(struct db *db, int64_t id, const char *state, int status, const char *detail,
    int64_t account_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_JOURNAL_END, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_text(q, 2, state);
	db_bind_i64(q, 3, clk_now());
	db_bind_i64(q, 4, status);
	db_bind_text(q, 5, detail);
	db_bind_i64(q, 6, account_id);
	return db_exec(q, e);
}

int
token_journal_open(struct db *db, int64_t account_id, int64_t generation, int64_t *lost, int64_t *abandoned,
    struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_JOURNAL_OPEN, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, generation);
	rc = db_step(q, &row, e);
	if (rc == 0) {
		*lost = row ? db_col_i64(q, 0) : 0;
		*abandoned = row ? db_col_i64(q, 1) : 0;
	}
	db_done(q);
	return rc;
}

int
token_journal_give_up(struct db *db, int64_t account_id, int64_t generation, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_JOURNAL_GIVE_UP, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, generation);
	db_bind_i64(q, 3, clk_now());
	return db_exec(q, e);
}

int
token_key_put(struct db *db, const char *key_id, const char *use, const char *public_hex, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SEAL_KEY_PUT, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, key_id);
	db_bind_text(q, 2, use);
	db_bind_text(q, 3, public_hex);
	db_bind_i64(q, 4, clk_now());
	return db_exec(q, e);
}

int
token_key_current(struct db *db, const char *use, char key_id[32], bool *known, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_SEAL_KEY_USE, &q, e) == -1)
		goto out;
	db_bind_text(q, 1, use);
	if (db_step(q, &row, e) == -1)
		goto out;
	*known = row;
	if (row)
		str_cut(key_id, 32, db_col_text(q, 0));
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
token_evidence_add(struct db *db, int64_t account_id, const char *call, const char *stage, int status,
    const char *request_id, const char *answer, int keep, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_EVIDENCE_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, clk_now());
	db_bind_text(q, 3, call);
	db_bind_text(q, 4, stage);
	db_bind_i64(q, 5, status);
	db_bind_text(q, 6, request_id);
	db_bind_text(q, 7, answer);
	if (db_exec(q, e) == -1)
		return -1;
	if (keep == 0)
		return 0;
	if (db_query(db, Q_EVIDENCE_TRIM, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, keep);
	return db_exec(q, e);
}
