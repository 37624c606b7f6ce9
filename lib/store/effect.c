#include "config.h"

#include "store/effect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"

void
effect_clear(struct effect *f)
{
	free(f->request);
	free(f->result);
	*f = (struct effect){0};
}

/* *again: the row is there but may simply be called (refused, or never left). */
static int
read_effect(struct db *db, const char *key, struct effect *out, bool *found, bool *again,
    struct err *e)
{
	struct stmt *q = NULL;
	int rc = -1;

	if (db_select(db, Q_EFFECT_GET, &q, e, DB_TEXT(key)) == -1)
		goto out;
	if (db_step(q, found, e) == -1)
		goto out;
	if (*found) {
		const char *state = db_col_text(q, 2);

		out->id = db_col_i64(q, 0);
		out->request = xstrdup(db_col_text(q, 3));
		out->result = xstrdup(db_col_text(q, 4));
		out->tries = db_col_i64(q, 5);
		out->look_at = db_col_i64(q, 6);
		out->called_at = db_col_i64(q, 8);
		out->state = str_eq(state, "done") ? EFFECT_DONE : EFFECT_IN_DOUBT;
		*again = str_eq(state, "refused") ||
			 (str_eq(state, "intent") && db_col_null(q, 8));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
effect_find(struct db *db, const char *key, struct effect *out, bool *found, struct err *e)
{
	bool again = false;

	if (read_effect(db, key, out, found, &again, e) == -1)
		return -1;
	if (*found && again)
		out->state = EFFECT_FRESH;
	return 0;
}

static int
add(struct db *db, const char *key, int64_t connection_id, int64_t item_id,
    const char *kind, int64_t account_id, const char *request, int64_t now,
    struct effect *out, struct err *e)
{
	if (db_run(db, Q_EFFECT_ADD, e, DB_TEXT(key), DB_I64(connection_id), DB_ID(item_id),
	    DB_TEXT(kind), DB_ID(account_id), DB_TEXT(request), DB_I64(now)) == -1)
		return -1;
	out->id = db_last_id(db);
	out->request = xstrdup(request);
	out->result = xstrdup("");
	out->tries = 1;
	out->called_at = now;
	out->state = EFFECT_FRESH;
	return 0;
}

int
effect_begin(struct db *db, const char *key, int64_t connection_id, int64_t item_id,
    const char *kind, int64_t account_id, const char *request, int64_t now,
    struct effect *out, struct err *e)
{
	struct effect f = {0};
	bool found = false, again = false;

	BUG_IF(db_in_tx(db));
	if (read_effect(db, key, &f, &found, &again, e) == -1)
		return -1;
	if (!found && add(db, key, connection_id, item_id, kind, account_id, request, now,
			  &f, e) == -1)
		return -1;
	if (found && again) {
		free(f.request);
		f.request = xstrdup(request);
		if (effect_again(db, &f, account_id, now, e) == -1) {
			effect_clear(&f);
			return -1;
		}
	}
	*out = f;
	return 0;
}

int
effect_again(
    struct db *db, struct effect *f, int64_t account_id, int64_t now, struct err *e)
{
	BUG_IF(db_in_tx(db));
	if (db_run(db, Q_EFFECT_AGAIN, e, DB_I64(f->id), DB_TEXT(f->request),
	    DB_ID(account_id), DB_I64(now)) == -1)
		return -1;
	f->state = EFFECT_FRESH;
	f->called_at = now;
	f->look_at = 0;
	f->tries++;
	return 0;
}

static int
end(struct db *db, const struct effect *f, const char *state, const char *result,
    int64_t look_at, int64_t called_at, int64_t done_at, const char *detail, struct err *e)
{
	return db_run(db, Q_EFFECT_END, e, DB_I64(f->id), DB_TEXT(state), DB_TEXT(result),
	    DB_ID(look_at), DB_ID(called_at), DB_ID(done_at), DB_TEXT(detail));
}

int
effect_done(
    struct db *db, const struct effect *f, const char *result, int64_t now, struct err *e)
{
	return end(db, f, "done", result, 0, f->called_at, now, "", e);
}

int
effect_refused(
    struct db *db, const struct effect *f, const char *detail, int64_t now, struct err *e)
{
	return end(db, f, "refused", "", 0, f->called_at, now, detail, e);
}

int
effect_unsent(struct db *db, const struct effect *f, const char *detail, struct err *e)
{
	return end(db, f, "intent", "", 0, 0, 0, detail, e);
}

int
effect_unknown(struct db *db, const struct effect *f, int64_t look_at, const char *detail,
    struct err *e)
{
	return end(db, f, "unknown", "", look_at, f->called_at, 0, detail, e);
}

int
effect_agreed(struct db *db, int64_t item_id, int64_t now, struct err *e)
{
	return db_run(db, Q_EFFECT_AGREED, e, DB_I64(item_id), DB_I64(now));
}
