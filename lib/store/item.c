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

	if (db_select(db, Q_ITEM_GET, &q, e, DB_I64(id)) == -1)
		goto out;
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

int
item_find_procore(struct db *db, int64_t connection_id, const char *kind,
    int64_t procore_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_ITEM_BY_PROCORE, id, e, DB_I64(connection_id), DB_TEXT(kind),
	    DB_I64(procore_id));
}

int
item_find_npc(
    struct db *db, int64_t connection_id, const char *npc_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_ITEM_BY_NPC, id, e, DB_I64(connection_id), DB_TEXT(npc_id));
}

int
item_find_number(struct db *db, int64_t connection_id, const char *kind, const char *number,
    int64_t not_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_ITEM_BY_NUMBER, id, e, DB_I64(connection_id), DB_TEXT(kind),
	    DB_TEXT(number), DB_I64(not_id));
}

int
item_add(struct db *db, int64_t connection_id, const char *kind, int64_t procore_id,
    const char *state, int64_t now, int64_t *id, struct err *e)
{
	if (db_run(db, Q_ITEM_ADD, e, DB_I64(connection_id), DB_TEXT(kind),
	    DB_I64(procore_id), DB_TEXT(state), DB_I64(now)) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
item_save(struct db *db, struct item *it, int64_t now, struct err *e)
{
	if (db_run(db, Q_ITEM_SAVE, e, DB_I64(it->id), DB_TEXT(it->number),
	    DB_TEXT(it->revision), DB_TEXT(it->subject), DB_ID(it->previous_id),
	    DB_TEXT(it->npc_id), DB_TEXT(it->npc_number), DB_TEXT(it->state),
	    DB_TEXT(it->reason), DB_TEXT(it->reason_text), DB_ID(it->account_id),
	    DB_TEXT(it->procore_status), DB_I64(it->procore_updated_at),
	    DB_TEXT(it->procore_hash), DB_TEXT(it->npc_status), DB_I64(it->npc_updated_at),
	    DB_TEXT(it->npc_hash), DB_TEXT(it->agreed), DB_TEXT(it->kept),
	    DB_I64(it->answers), DB_ID(it->court_left_at), DB_I64(it->tries),
	    DB_ID(it->read_next_try_at), DB_ID(it->next_try_at), DB_I64(now)) == -1)
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
	if (db_select(db, Q_ITEM_DUE, &q, e, DB_I64(connection_id), DB_I64(now)) == -1)
		return -1;
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
	return db_number(db, Q_ITEM_NEXT_DUE, at, e, DB_I64(connection_id));
}

int
item_any_open(
    struct db *db, int64_t connection_id, const char *kind, bool *open, struct err *e)
{
	int64_t yes = 0;
	int rc = db_number(
	    db, Q_ITEM_ANY_OPEN, &yes, e, DB_I64(connection_id), DB_TEXT(kind));

	*open = yes != 0;
	return rc;
}

int
item_wake_reason(struct db *db, int64_t connection_id, int64_t account_id,
    const char *reason, bool mended, int64_t at, struct err *e)
{
	return db_run(db, Q_ITEM_WAKE_REASON, e, DB_I64(connection_id), DB_I64(account_id),
	    DB_TEXT(reason), DB_I64(at), DB_BOOL(mended));
}

int
item_wake_account(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t at, struct err *e)
{
	return db_run(db, Q_ITEM_WAKE_ACCOUNT, e, DB_I64(connection_id), DB_I64(account_id),
	    DB_I64(at));
}

int
item_event(struct db *db, int64_t item_id, int64_t at, const char *actor, const char *text,
    struct err *e)
{
	return db_run(db, Q_ITEM_EVENT_ADD, e, DB_I64(item_id), DB_I64(at), DB_TEXT(actor),
	    DB_TEXT(text), DB_ID(0));
}

int
item_event_with(struct db *db, int64_t item_id, int64_t at, int64_t account_id,
    const char *text, struct err *e)
{
	return db_run(db, Q_ITEM_EVENT_ADD, e, DB_I64(item_id), DB_I64(at),
	    DB_TEXT("connectorweb"), DB_TEXT(text), DB_ID(account_id));
}
