#include "config.h"

#include "store/response.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sql/queries.gen.h"

void
responses_clear(struct responses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].npc_response_id);
		free(l->v[i].author_login);
		free(l->v[i].close_kind);
		free(l->v[i].action);
		free(l->v[i].body);
		free(l->v[i].state);
		free(l->v[i].reason);
		free(l->v[i].procore_id);
	}
	free(l->v);
	*l = (struct responses){0};
}

int
response_add(struct db *db, const struct response *r, bool *added, struct err *e)
{
	if (db_run(db, Q_RESPONSE_ADD, e, DB_I64(r->item_id), DB_TEXT(r->npc_response_id),
	    DB_TEXT(r->author_login), DB_ID(r->account_id), DB_TEXT(r->close_kind),
	    DB_TEXT(r->action), DB_TEXT(r->body), DB_I64(r->at)) == -1)
		return -1;
	*added = db_changes(db) > 0;
	return 0;
}

static void
read_row(struct stmt *q, struct responses *l)
{
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = (struct response){
	    .id = db_col_i64(q, 0),
	    .item_id = db_col_i64(q, 1),
	    .npc_response_id = xstrdup(db_col_text(q, 2)),
	    .author_login = xstrdup(db_col_text(q, 3)),
	    .account_id = db_col_i64(q, 4),
	    .close_kind = xstrdup(db_col_text(q, 5)),
	    .action = xstrdup(db_col_text(q, 6)),
	    .body = xstrdup(db_col_text(q, 7)),
	    .at = db_col_i64(q, 8),
	    .ordinal = db_col_i64(q, 9),
	    .state = xstrdup(db_col_text(q, 10)),
	    .reason = xstrdup(db_col_text(q, 11)),
	    .procore_id = xstrdup(db_col_text(q, 12)),
	    .sent_at = db_col_i64(q, 13),
	};
}

int
response_list(struct db *db, int64_t item_id, struct responses *out, struct err *e)
{
	struct responses l = {0};
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_RESPONSE_LIST, &q, e, DB_I64(item_id)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1)
		read_row(q, &l);
	if (rc == -1)
		responses_clear(&l);
	else
		*out = l;
	return rc;
}

int
response_save(struct db *db, const struct response *r, struct err *e)
{
	return db_run(db, Q_RESPONSE_SAVE, e, DB_I64(r->id), DB_TEXT(r->author_login),
	    DB_ID(r->account_id), DB_TEXT(r->state), DB_TEXT(r->reason),
	    DB_TEXT(r->procore_id), DB_ID(r->sent_at));
}

int
response_closes(struct db *db, int64_t id, const char *close_kind, struct err *e)
{
	return db_run(db, Q_RESPONSE_CLOSES, e, DB_I64(id), DB_TEXT(close_kind));
}

int
response_map_get(struct db *db, int64_t connection_id, const char *action,
    struct response_map *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_RESPONSE_MAP_GET, &q, e, DB_I64(connection_id),
	    DB_TEXT(action)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct response_map){.found = row};
	if (row) {
		out->procore_response_id = db_col_i64(q, 0);
		out->name = xstrdup(db_col_text(q, 1));
		out->offered = db_col_bool(q, 2) || !db_col_bool(q, 3);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
response_map_add(struct db *db, int64_t connection_id, const char *action,
    int64_t procore_response_id, const char *name, const char *considered, int64_t now,
    struct err *e)
{
	return db_run(db, Q_RESPONSE_MAP_ADD, e, DB_I64(connection_id), DB_TEXT(action),
	    DB_I64(procore_response_id), DB_TEXT(name), DB_TEXT(considered), DB_I64(now));
}

static int
read_number(struct db *db, int query, int64_t connection_id, int64_t *n, struct err *e)
{
	return db_number(db, query, n, e, DB_I64(connection_id));
}

int
response_map_count(struct db *db, int64_t connection_id, int64_t *n, struct err *e)
{
	return read_number(db, Q_RESPONSE_MAP_N, connection_id, n, e);
}

int
response_choice_seen(struct db *db, int64_t connection_id, int64_t *at, struct err *e)
{
	return read_number(db, Q_RESPONSE_CHOICE_SEEN, connection_id, at, e);
}

int
response_choice_put(struct db *db, int64_t connection_id, const char *side, const char *key,
    const char *name, const char *meaning, int64_t now, struct err *e)
{
	return db_run(db, Q_RESPONSE_CHOICE_PUT, e, DB_I64(connection_id), DB_TEXT(side),
	    DB_TEXT(key), DB_TEXT(name), DB_TEXT(meaning), DB_I64(now));
}

int
response_choice_drop_old(
    struct db *db, int64_t connection_id, const char *side, int64_t before, struct err *e)
{
	return db_run(db, Q_RESPONSE_CHOICE_DROP_OLD, e, DB_I64(connection_id),
	    DB_TEXT(side), DB_I64(before));
}
