#include "config.h"

#include "store/trail.h"

#include <string.h>

#include "base/mem.h"
#include "sql/queries.gen.h"

int
trail_add(struct db *db, int64_t at, const char *actor, const char *action, const char *target,
    const char *detail, struct err *e)
{
	return db_run(db, Q_AUDIT_ADD, e, DB_I64(at), DB_TEXT(actor), DB_TEXT(action),
	    DB_TEXT(target), DB_TEXT(detail));
}

static int
each(struct stmt *q, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	int rc;

	*n = 0;
	while ((rc = db_next(q, e)) == 1) {
		struct trail_row r = {.id = db_col_i64(q, 0), .at = db_col_i64(q, 1)};

		r.actor = db_col_text(q, 2);
		r.action = db_col_text(q, 3);
		r.target = db_col_text(q, 4);
		r.detail = db_col_text(q, 5);
		r.mac = db_col_blob(q, 6, &r.mac_len);
		(*n)++;
		if (fn(arg, &r, e) == -1) {
			db_done(q);
			return -1;
		}
	}
	return rc;
}

int
trail_unsealed(struct db *db, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_AUDIT_UNSEALED, &q, e, DB_I64(max)) == -1)
		return -1;
	return each(q, fn, arg, n, e);
}

int
trail_walk(struct db *db, int64_t after_id, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_AUDIT_WALK, &q, e, DB_I64(after_id), DB_I64(max)) == -1)
		return -1;
	return each(q, fn, arg, n, e);
}

int
trail_mac_before(struct db *db, int64_t id, void *dst, size_t size, size_t *len, bool *exists, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	size_t n = 0;
	const void *p;
	int rc = -1;

	if (db_select(db, Q_AUDIT_MAC_BEFORE, &q, e, DB_I64(id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*exists = row;
	p = row ? db_col_blob(q, 0, &n) : NULL;
	*len = n <= size ? n : 0;
	if (*len > 0)
		memcpy(dst, p, *len);
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
trail_set_mac(struct db *db, int64_t id, const void *mac, size_t n, struct err *e)
{
	return db_run(db, Q_AUDIT_SET_MAC, e, DB_I64(id), DB_BLOB(mac, n));
}

int
trail_oldest_unsealed(struct db *db, int64_t *at, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_AUDIT_OLDEST_UNSEALED, &q, e) == 0 && db_step(q, &row, e) == 0) {
		*at = row ? db_col_i64(q, 0) : 0;
		*n = row ? db_col_i64(q, 1) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
meta_get(struct db *db, const char *key, char **out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_META_GET, &q, e, DB_TEXT(key)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = row ? xstrdup(db_col_text(q, 0)) : NULL;
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
meta_set(struct db *db, const char *key, const char *value, struct err *e)
{
	return db_run(db, Q_META_SET, e, DB_TEXT(key), DB_TEXT(value));
}
