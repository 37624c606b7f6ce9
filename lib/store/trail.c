#include "config.h"

#include "store/trail.h"

#include <string.h>

#include "base/mem.h"
#include "sql/queries.gen.h"

int
trail_add(struct db *db, int64_t at, const char *actor, const char *action, const char *target,
    const char *detail, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_AUDIT_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, at);
	db_bind_text(q, 2, actor);
	db_bind_text(q, 3, action);
	db_bind_text(q, 4, target);
	db_bind_text(q, 5, detail);
	return db_exec(q, e);
}

static int
each(struct stmt *q, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	bool row = false;
	int rc;

	*n = 0;
	while ((rc = db_step(q, &row, e)) == 0 && row) {
		struct trail_row r = {.id = db_col_i64(q, 0), .at = db_col_i64(q, 1)};

		r.actor = db_col_text(q, 2);
		r.action = db_col_text(q, 3);
		r.target = db_col_text(q, 4);
		r.detail = db_col_text(q, 5);
		r.mac = db_col_blob(q, 6, &r.mac_len);
		(*n)++;
		if (fn(arg, &r, e) == -1) {
			rc = -1;
			break;
		}
	}
	db_done(q);
	return rc;
}

int
trail_unsealed(struct db *db, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_AUDIT_UNSEALED, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, max);
	return each(q, fn, arg, n, e);
}

int
trail_walk(struct db *db, int64_t after_id, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_AUDIT_WALK, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, after_id);
	db_bind_i64(q, 2, max);
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

	if (db_query(db, Q_AUDIT_MAC_BEFORE, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
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
	struct stmt *q = NULL;

	if (db_query(db, Q_AUDIT_SET_MAC, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_blob(q, 2, mac, n);
	return db_exec(q, e);
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

	if (db_query(db, Q_META_GET, &q, e) == -1)
		goto out;
	db_bind_text(q, 1, key);
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
	struct stmt *q = NULL;

	if (db_query(db, Q_META_SET, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, key);
	db_bind_text(q, 2, value);
	return db_exec(q, e);
}
