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

static void
bind_opt(struct stmt *q, int i, int64_t v)
{
	if (v == 0)
		db_bind_null(q, i);
	else
		db_bind_i64(q, i, v);
}

int
response_add(struct db *db, const struct response *r, bool *added, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, r->item_id);
	db_bind_text(q, 2, r->npc_response_id);
	db_bind_text(q, 3, r->author_login);
	bind_opt(q, 4, r->account_id);
	db_bind_text(q, 5, r->close_kind);
	db_bind_text(q, 6, r->action);
	db_bind_text(q, 7, r->body);
	db_bind_i64(q, 8, r->at);
	if (db_exec(q, e) == -1)
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
	};
}

int
response_list(struct db *db, int64_t item_id, struct responses *out, struct err *e)
{
	struct responses l = {0};
	struct stmt *q = NULL;
	bool row = true;
	int rc = -1;

	if (db_query(db, Q_RESPONSE_LIST, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, item_id);
	for (;;) {
		if (db_step(q, &row, e) == -1)
			goto out;
		if (!row)
			break;
		read_row(q, &l);
	}
	*out = l;
	l = (struct responses){0};
	rc = 0;
out:
	db_done(q);
	responses_clear(&l);
	return rc;
}

int
response_save(struct db *db, const struct response *r, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_SAVE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, r->id);
	db_bind_text(q, 2, r->author_login);
	bind_opt(q, 3, r->account_id);
	db_bind_text(q, 4, r->state);
	db_bind_text(q, 5, r->reason);
	db_bind_text(q, 6, r->procore_id);
	bind_opt(q, 7, r->sent_at);
	return db_exec(q, e);
}

int
response_closes(struct db *db, int64_t id, const char *close_kind, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_CLOSES, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_text(q, 2, close_kind);
	return db_exec(q, e);
}

int
response_map_get(struct db *db, int64_t connection_id, const char *action,
    struct response_map *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_RESPONSE_MAP_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, action);
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
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_MAP_ADD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, action);
	db_bind_i64(q, 3, procore_response_id);
	db_bind_text(q, 4, name);
	db_bind_text(q, 5, considered);
	db_bind_i64(q, 6, now);
	return db_exec(q, e);
}

static int
read_number(struct db *db, int query, int64_t connection_id, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, query, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	if (db_step(q, &row, e) == 0) {
		*n = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
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
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_CHOICE_PUT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, side);
	db_bind_text(q, 3, key);
	db_bind_text(q, 4, name);
	db_bind_text(q, 5, meaning);
	db_bind_i64(q, 6, now);
	return db_exec(q, e);
}

int
response_choice_drop_old(
    struct db *db, int64_t connection_id, const char *side, int64_t before, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_RESPONSE_CHOICE_DROP_OLD, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, side);
	db_bind_i64(q, 3, before);
	return db_exec(q, e);
}
