#include "config.h"

#include "store/item.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sql/queries.gen.h"

void
item_clear(struct item *it)
{
	free(it->kind);
	free(it->number);
	free(it->revision);
	free(it->subject);
	free(it->npc_id);
	free(it->npc_number);
	free(it->state);
	free(it->reason);
	free(it->reason_text);
	free(it->procore_status);
	free(it->procore_hash);
	free(it->npc_status);
	free(it->npc_hash);
	free(it->agreed);
	free(it->kept);
	*it = (struct item){0};
}

void
item_text(char **field, const char *v)
{
	char *copy = xstrdup(v);

	free(*field);
	*field = copy;
}

static void
read_row(struct stmt *q, struct item *it)
{
	it->id = db_col_i64(q, 0);
	it->connection_id = db_col_i64(q, 1);
	it->kind = xstrdup(db_col_text(q, 2));
	it->procore_id = db_col_i64(q, 3);
	it->number = xstrdup(db_col_text(q, 4));
	it->revision = xstrdup(db_col_text(q, 5));
	it->subject = xstrdup(db_col_text(q, 6));
	it->previous_id = db_col_i64(q, 7);
	it->npc_id = xstrdup(db_col_text(q, 8));
	it->npc_number = xstrdup(db_col_text(q, 9));
	it->state = xstrdup(db_col_text(q, 10));
	it->reason = xstrdup(db_col_text(q, 11));
	it->reason_text = xstrdup(db_col_text(q, 12));
	it->account_id = db_col_i64(q, 13);
	it->procore_status = xstrdup(db_col_text(q, 14));
	it->procore_updated_at = db_col_i64(q, 15);
	it->procore_hash = xstrdup(db_col_text(q, 16));
	it->npc_status = xstrdup(db_col_text(q, 17));
	it->npc_updated_at = db_col_i64(q, 18);
	it->npc_hash = xstrdup(db_col_text(q, 19));
	it->agreed = xstrdup(db_col_text(q, 20));
	it->kept = xstrdup(db_col_text(q, 21));
	it->answers = db_col_i64(q, 22);
	it->court_left_at = db_col_i64(q, 23);
	it->tries = db_col_i64(q, 24);
	it->next_try_at = it->read_next_try_at = db_col_i64(q, 25);
	it->first_seen_at = db_col_i64(q, 26);
	it->changed_at = db_col_i64(q, 27);
}

int
item_get(struct db *db, int64_t id, struct item *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_ITEM_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "item %" PRId64, id);
		goto out;
	}
	read_row(q, out);
	rc = 0;
out:
	db_done(q);
	return rc;
}

/* Step a statement that gives an id or nothing. */
static int
read_id(struct stmt *q, int64_t *id, struct err *e)
{
	bool row = false;

	if (db_step(q, &row, e) == -1)
		return -1;
	*id = row ? db_col_i64(q, 0) : 0;
	return 0;
}

int
item_find_procore(struct db *db, int64_t connection_id, const char *kind,
    int64_t procore_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_ITEM_BY_PROCORE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, kind);
	db_bind_i64(q, 3, procore_id);
	rc = read_id(q, id, e);
	db_done(q);
	return rc;
}

int
item_find_npc(
    struct db *db, int64_t connection_id, const char *npc_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_ITEM_BY_NPC, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, npc_id);
	rc = read_id(q, id, e);
	db_done(q);
	return rc;
}

int
item_find_number(struct db *db, int64_t connection_id, const char *kind, const char *number,
    int64_t not_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_ITEM_BY_NUMBER, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, kind);
	db_bind_text(q, 3, number);
	db_bind_i64(q, 4, not_id);
	rc = read_id(q, id, e);
	db_done(q);
	return rc;
}

int
item_add(struct db *db, int64_t connection_id, const char *kind, int64_t procore_id,
    const char *state, int64_t now, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ITEM_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, kind);
	db_bind_i64(q, 3, procore_id);
	db_bind_text(q, 4, state);
	db_bind_i64(q, 5, now);
	if (db_exec(q, e) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

static void
bind_opt(struct stmt *q, int i, int64_t v)
{
	if (v == 0)
		db_bind_null(q, i);
	else
		db_bind_i64(q, i, v);
}

int
item_save(struct db *db, struct item *it, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ITEM_SAVE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, it->id);
	db_bind_text(q, 2, it->number);
	db_bind_text(q, 3, it->revision);
	db_bind_text(q, 4, it->subject);
	bind_opt(q, 5, it->previous_id);
	db_bind_text(q, 6, it->npc_id);
	db_bind_text(q, 7, it->npc_number);
	db_bind_text(q, 8, it->state);
	db_bind_text(q, 9, it->reason);
	db_bind_text(q, 10, it->reason_text);
	bind_opt(q, 11, it->account_id);
	db_bind_text(q, 12, it->procore_status);
	db_bind_i64(q, 13, it->procore_updated_at);
	db_bind_text(q, 14, it->procore_hash);
	db_bind_text(q, 15, it->npc_status);
	db_bind_i64(q, 16, it->npc_updated_at);
	db_bind_text(q, 17, it->npc_hash);
	db_bind_text(q, 18, it->agreed);
	db_bind_text(q, 19, it->kept);
	db_bind_i64(q, 20, it->answers);
	bind_opt(q, 21, it->court_left_at);
	db_bind_i64(q, 22, it->tries);
	bind_opt(q, 23, it->read_next_try_at);
	bind_opt(q, 24, it->next_try_at);
	db_bind_i64(q, 25, now);
	if (db_exec(q, e) == -1)
		return -1;
	it->read_next_try_at = it->next_try_at;
	it->changed_at = now;
	return 0;
}

int
item_due(struct db *db, int64_t connection_id, int64_t now, int64_t *ids, size_t max,
    size_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	*n = 0;
	if (db_query(db, Q_ITEM_DUE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, now);
	while (*n < max) {
		if (db_step(q, &row, e) == -1)
			goto out;
		if (!row)
			break;
		ids[(*n)++] = db_col_i64(q, 0);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
item_next_due(struct db *db, int64_t connection_id, int64_t *at, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, Q_ITEM_NEXT_DUE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	rc = read_id(q, at, e);
	db_done(q);
	return rc;
}

int
item_wake_reason(struct db *db, int64_t connection_id, int64_t account_id,
    const char *reason, int64_t at, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ITEM_WAKE_REASON, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, account_id);
	db_bind_text(q, 3, reason);
	db_bind_i64(q, 4, at);
	return db_exec(q, e);
}

int
item_wake_account(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t at, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ITEM_WAKE_ACCOUNT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, account_id);
	db_bind_i64(q, 3, at);
	return db_exec(q, e);
}

int
item_event(struct db *db, int64_t item_id, int64_t at, const char *actor, const char *text,
    struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ITEM_EVENT_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, item_id);
	db_bind_i64(q, 2, at);
	db_bind_text(q, 3, actor);
	db_bind_text(q, 4, text);
	return db_exec(q, e);
}
