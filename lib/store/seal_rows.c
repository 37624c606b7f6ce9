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
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_SEAL_READERS, &q, e) == -1)
		return -1;
	while ((rc = db_step(q, &row, e)) == 0 && row) {
		rc = fn(arg, db_col_text(q, 0), db_col_i64(q, 1), e);
		if (rc == -1)
			break;
	}
	db_done(q);
	return rc;
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
seal_rows_known(
    struct db *db, const char *key_id, const char *use, bool *known, struct err *e)
{
	struct stmt *q = NULL;
	int64_t n = 0;

	if (db_query(db, Q_SEAL_KNOWN, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, key_id);
	db_bind_text(q, 2, use);
	if (one_number(q, &n, e) == -1)
		return -1;
	*known = n != 0;
	return 0;
}

int
seal_rows_next(struct db *db, const char *key_id, const char *public_hex, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SEAL_NEXT_PUT, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, key_id);
	db_bind_text(q, 2, public_hex);
	db_bind_i64(q, 3, clk_now());
	return db_exec(q, e);
}

int
seal_rows_left(struct db *db, const char *reader_id, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SEAL_LEFT, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, reader_id);
	return one_number(q, n, e);
}

int
seal_rows_after(struct db *db, int64_t after_id, const char *reader_id, int64_t *account_id,
    struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_TOKEN_AFTER, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, after_id);
	db_bind_text(q, 2, reader_id);
	return one_number(q, account_id, e);
}

int
seal_rows_reseal(struct db *db, int64_t account_id, const char *old_reader_id,
    const struct token_row *t, bool *changed, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SEAL_RESEAL, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, t->generation);
	db_bind_text(q, 3, old_reader_id);
	db_bind_text(q, 4, t->writer_key_id);
	db_bind_text(q, 5, t->reader_key_id);
	db_bind_blob(q, 6, t->access.p, t->access.len);
	db_bind_blob(q, 7, t->refresh.p, t->refresh.len);
	if (db_exec(q, e) == -1)
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
	struct stmt *q = NULL;

	if (db_query(db, Q_SEAL_RETIRE, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, reader_id);
	db_bind_i64(q, 2, clk_now());
	if (db_exec(q, e) == -1)
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
