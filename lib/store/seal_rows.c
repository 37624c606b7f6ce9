#include "config.h"

#include "store/seal_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/trail.h"

int
seal_rows_readers(struct db *db, seal_rows_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_SEAL_READERS, &q, e) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		if (fn(arg, db_col_text(q, 0), db_col_i64(q, 1), e) == -1) {
			db_done(q);
			return -1;
		}
	}
	return rc;
}

int
seal_rows_known(
    struct db *db, const char *key_id, const char *use, bool *known, struct err *e)
{
	int64_t n = 0;

	if (db_number(db, Q_SEAL_KNOWN, &n, e, DB_TEXT(key_id), DB_TEXT(use)) == -1)
		return -1;
	*known = n != 0;
	return 0;
}

int
seal_rows_next(struct db *db, const char *key_id, const char *public_hex, struct err *e)
{
	return db_run(db, Q_SEAL_NEXT_PUT, e, DB_TEXT(key_id), DB_TEXT(public_hex),
	    DB_I64(clk_now()));
}

int
seal_rows_left(struct db *db, const char *reader_id, int64_t *n, struct err *e)
{
	return db_number(db, Q_SEAL_LEFT, n, e, DB_TEXT(reader_id));
}

int
seal_rows_after(struct db *db, int64_t after_id, const char *reader_id, int64_t *account_id,
    struct err *e)
{
	return db_number(db, Q_TOKEN_AFTER, account_id, e, DB_I64(after_id),
	    DB_TEXT(reader_id));
}

int
seal_rows_reseal(struct db *db, int64_t account_id, const char *old_reader_id,
    const struct token_row *t, bool *changed, struct err *e)
{
	struct stmt *q = NULL;

	if (db_run(db, Q_SEAL_RESEAL, e, DB_I64(account_id), DB_I64(t->generation),
	    DB_TEXT(old_reader_id), DB_TEXT(t->writer_key_id), DB_TEXT(t->reader_key_id),
	    DB_BLOB(t->access.p, t->access.len),
	    DB_BLOB(t->refresh.p, t->refresh.len)) == -1)
		return -1;
	*changed = db_changes(db) == 1;
	if (!*changed)
		return 0;
	if (db_query(db, Q_SEAL_STEP, &q, e) == -1)
		return -1;
	return db_exec(q, e);
}

int
seal_rows_retire(struct db *db, const char *reader_id, int64_t *n, struct err *e)
{
	if (db_run(db, Q_SEAL_RETIRE, e, DB_TEXT(reader_id), DB_I64(clk_now())) == -1)
		return -1;
	*n = db_changes(db);
	return 0;
}

static int
meta_number(struct db *db, const char *key, int64_t *out, struct err *e)
{
	char *text = NULL;
	int rc = 0;

	if (meta_get(db, key, &text, e) == -1)
		return -1;
	*out = 0;
	if (text != NULL && num_parse_i64(text, 0, INT64_MAX, out) == -1)
		rc = err_set(e, ERR_DB, "meta %s is not a number", key);
	free(text);
	return rc;
}

int
seal_rows_progress(struct db *db, int64_t *done, int64_t *total, struct err *e)
{
	return meta_number(db, "rotate_done", done, e) == -1
		   ? -1
		   : meta_number(db, "rotate_total", total, e);
}

int
seal_rows_set_progress(struct db *db, int64_t done, int64_t total, struct err *e)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, done) == -1 ||
	    meta_set(db, "rotate_done", text, e) == -1)
		return -1;
	if (str_format(text, sizeof text, "%" PRId64, total) == -1)
		return -1;
	return meta_set(db, "rotate_total", text, e);
}
