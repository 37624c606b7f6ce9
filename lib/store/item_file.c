/* The files of items (item.h). */
#include "config.h"

#include "store/item.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sql/queries.gen.h"

void
item_files_clear(struct item_files *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].origin);
		free(l->v[i].origin_id);
		free(l->v[i].name);
		free(l->v[i].carried_name);
		free(l->v[i].sha256);
		free(l->v[i].state);
		free(l->v[i].other_id);
		free(l->v[i].detail);
	}
	free(l->v);
	*l = (struct item_files){0};
}

static void
read_row(struct stmt *q, struct item_files *l)
{
	struct item_file *f;

	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	f = &l->v[l->n++];
	*f = (struct item_file){
	    .id = db_col_i64(q, 0),
	    .item_id = db_col_i64(q, 1),
	    .response_id = db_col_i64(q, 2),
	    .origin = xstrdup(db_col_text(q, 3)),
	    .origin_id = xstrdup(db_col_text(q, 4)),
	    .name = xstrdup(db_col_text(q, 5)),
	    .carried_name = xstrdup(db_col_text(q, 6)),
	    .bytes = db_col_null(q, 7) ? -1 : db_col_i64(q, 7),
	    .sha256 = xstrdup(db_col_text(q, 8)),
	    .state = xstrdup(db_col_text(q, 9)),
	    .other_id = xstrdup(db_col_text(q, 10)),
	    .detail = xstrdup(db_col_text(q, 11)),
	    .changed_at = db_col_i64(q, 12),
	};
}

int
item_files(struct db *db, int64_t item_id, const char *origin, int64_t response_id,
    struct item_files *out, struct err *e)
{
	struct item_files l = {0};
	struct stmt *q = NULL;
	bool row = true;
	int rc = -1;

	if (db_select(db, Q_ITEM_FILES, &q, e, DB_I64(item_id), DB_TEXT(origin),
	    DB_I64(response_id)) == -1)
		goto out;
	for (;;) {
		if (db_step(q, &row, e) == -1)
			goto out;
		if (!row)
			break;
		if (l.n >= LIMIT_STRV) {
			rc = err_set(
			    e, ERR_LIMIT, "item has more than %d files", LIMIT_STRV);
			goto out;
		}
		read_row(q, &l);
	}
	*out = l;
	l = (struct item_files){0};
	rc = 0;
out:
	db_done(q);
	item_files_clear(&l);
	return rc;
}

int
item_file_add(struct db *db, int64_t item_id, int64_t response_id, const char *origin,
    const char *origin_id, const char *name, const char *carried_name, int64_t bytes,
    const char *sha256, int64_t now, struct err *e)
{
	return db_run(db, Q_ITEM_FILE_ADD, e, DB_I64(item_id), DB_ID(response_id),
	    DB_TEXT(origin), DB_TEXT(origin_id), DB_TEXT(name), DB_TEXT(carried_name),
	    bytes < 0 ? DB_NULL : DB_I64(bytes), DB_TEXT(sha256), DB_I64(now));
}

int
item_file_save(struct db *db, const struct item_file *f, int64_t now, struct err *e)
{
	return db_run(db, Q_ITEM_FILE_SAVE, e, DB_I64(f->id),
	    f->bytes < 0 ? DB_NULL : DB_I64(f->bytes), DB_TEXT(f->sha256),
	    DB_TEXT(f->state), DB_TEXT(f->other_id), DB_TEXT(f->detail), DB_I64(now),
	    DB_TEXT(f->carried_name));
}
