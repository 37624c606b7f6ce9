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
	return db_run(db, Q_TOKEN_PUT, e, DB_I64(account_id), DB_I64(t->generation),
	    DB_TEXT(t->writer_key_id), DB_TEXT(t->reader_key_id),
	    DB_BLOB(t->access.p, t->access.len), DB_BLOB(t->refresh.p, t->refresh.len),
	    DB_I64(clk_now()));
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

	if (db_select(db, Q_TOKEN_GET, &q, e, DB_I64(account_id)) == -1)
		goto out;
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
	return db_run(db, Q_TOKEN_DELETE, e, DB_I64(account_id));
}

int
token_lease_take(struct db *db, int64_t account_id, const char *owner, int64_t generation, int64_t until_at,
    bool *got, struct err *e)
{
	return db_change(db, Q_LEASE_TAKE, got, e, DB_I64(account_id), DB_TEXT(owner),
	    DB_I64(generation), DB_I64(until_at), DB_I64(clk_now()));
}

int
token_lease_elsewhere(struct db *db, int64_t account_id, const char *owner, bool *held, struct err *e)
{
	int64_t n = 0;

	if (db_number(db, Q_LEASE_ELSEWHERE, &n, e, DB_I64(account_id), DB_TEXT(owner), DB_I64(clk_now())) == -1)
		return -1;
	*held = n != 0;
	return 0;
}

int
token_lease_free(struct db *db, int64_t account_id, const char *owner, struct err *e)
{
	return db_run(db, Q_LEASE_FREE, e, DB_I64(account_id), DB_TEXT(owner));
}

int
token_leases_held(struct db *db, int64_t *n, struct err *e)
{
	return db_number(db, Q_LEASES_HELD, n, e, DB_I64(clk_now()));
}

int
token_journal_add(struct db *db, int64_t account_id, const char *kind, int64_t generation, const char *owner,
    int64_t *id, struct err *e)
{
	if (db_run(db, Q_JOURNAL_ADD, e, DB_I64(account_id), DB_TEXT(kind),
	    DB_I64(generation), DB_TEXT(owner), DB_I64(clk_now())) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
token_journal_end(struct db *db, int64_t id, const char *state, int status, const char *detail,
    int64_t account_id, struct err *e)
{
	return db_run(db, Q_JOURNAL_END, e, DB_I64(id), DB_TEXT(state), DB_I64(clk_now()),
	    DB_I64(status), DB_TEXT(detail), DB_I64(account_id));
}

int
token_journal_open(struct db *db, int64_t account_id, int64_t generation, int64_t *lost, int64_t *abandoned,
    struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_JOURNAL_OPEN, &q, e, DB_I64(account_id),
	    DB_I64(generation)) == -1)
		return -1;
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
	return db_run(db, Q_JOURNAL_GIVE_UP, e, DB_I64(account_id), DB_I64(generation),
	    DB_I64(clk_now()));
}

int
token_journal_give_up_old(struct db *db, int64_t before_at, struct err *e)
{
	return db_run(db, Q_JOURNAL_GIVE_UP_OLD, e, DB_I64(before_at), DB_I64(clk_now()));
}

int
token_key_put(struct db *db, const char *key_id, const char *use, const char *public_hex, struct err *e)
{
	return db_run(db, Q_SEAL_KEY_PUT, e, DB_TEXT(key_id), DB_TEXT(use),
	    DB_TEXT(public_hex), DB_I64(clk_now()));
}

int
token_key_current(struct db *db, const char *use, char key_id[32], bool *known, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_SEAL_KEY_USE, &q, e, DB_TEXT(use)) == -1)
		goto out;
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
token_evidence_add(struct db *db, const struct token_call *c, int keep, struct err *e)
{
	if (db_run(db, Q_EVIDENCE_ADD, e, DB_I64(c->account_id), DB_I64(clk_now()), DB_TEXT(c->call),
		DB_TEXT(c->stage), DB_I64(c->status), DB_TEXT(c->request_id), DB_TEXT(c->answer),
		DB_I64(c->company_id), DB_I64(c->project_id)) == -1)
		return -1;
	if (keep == 0)
		return 0;
	return db_run(db, Q_EVIDENCE_TRIM, e, DB_I64(c->account_id), DB_I64(keep));
}
