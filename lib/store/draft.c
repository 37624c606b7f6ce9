#include "config.h"

#include "store/draft.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

static int
find(struct db *db, struct draft *d, struct err *e)
{
	return db_number(db, Q_DRAFT_FIND, &d->id, e, DB_I64(d->company_id),
	    DB_I64(d->procore_id), DB_TEXT(d->npc_id));
}

static int
put_company(struct db *db, const struct draft *d, struct err *e)
{
	return db_run(db, Q_DRAFT_COMPANY, e, DB_I64(d->company_id), DB_TEXT(d->company),
	    DB_I64(clk_now()));
}

static int
add(struct db *db, struct draft *d, struct err *e)
{
	if (db_run(db, Q_DRAFT_ADD, e, DB_TEXT(d->npc_id), DB_TEXT(d->npc_number),
	    DB_TEXT(d->npc_name), DB_TEXT(d->npc_server), DB_I64(d->company_id),
	    DB_I64(d->procore_id), DB_TEXT(d->procore_number), DB_TEXT(d->procore_name),
	    DB_I64(clk_now())) == -1)
		return -1;
	d->id = db_last_id(db);
	return 0;
}

static int
rename_both(struct db *db, const struct draft *d, struct err *e)
{
	return db_run(db, Q_DRAFT_RENAME, e, DB_I64(d->id), DB_TEXT(d->npc_number),
	    DB_TEXT(d->npc_name), DB_TEXT(d->npc_server), DB_TEXT(d->procore_number),
	    DB_TEXT(d->procore_name), DB_I64(clk_now()));
}

int
draft_ensure(struct db *db, struct draft *d, struct err *e)
{
	if (put_company(db, d, e) == -1 || find(db, d, e) == -1)
		return -1;
	return d->id == 0 ? add(db, d, e) : rename_both(db, d, e);
}

int
draft_get(struct db *db, int64_t id, struct draft *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc;

	if (db_select(db, Q_DRAFT_GET, &q, e, DB_I64(id)) == -1)
		return -1;
	rc = db_step(q, &row, e);
	if (rc == 0 && row) {
		*out = (struct draft){.id = id};
		str_cut(out->npc_id, sizeof out->npc_id, db_col_text(q, 0));
		str_cut(out->npc_number, sizeof out->npc_number, db_col_text(q, 1));
		str_cut(out->npc_name, sizeof out->npc_name, db_col_text(q, 2));
		str_cut(out->npc_server, sizeof out->npc_server, db_col_text(q, 3));
		out->company_id = db_col_i64(q, 4);
		out->procore_id = db_col_i64(q, 5);
		str_cut(out->procore_number, sizeof out->procore_number, db_col_text(q, 6));
		str_cut(out->procore_name, sizeof out->procore_name, db_col_text(q, 7));
		str_cut(out->company, sizeof out->company, db_col_text(q, 8));
		out->back = db_col_bool(q, 9);
		out->reading = db_col_bool(q, 10);
		out->webhooks = db_col_bool(q, 11);
	} else if (rc == 0) {
		rc = err_set(e, ERR_NOT_FOUND, "connection %" PRId64 " in preparation", id);
	}
	db_done(q);
	return rc;
}

int
draft_saved(struct db *db, int64_t id, const char *user_name, bool *yes, struct err *e)
{
	int64_t n = 0;

	if (db_number(db, Q_DRAFT_SAVED, &n, e, DB_I64(id), DB_TEXT(user_name)) == -1)
		return -1;
	*yes = n != 0;
	return 0;
}

int
draft_taken(
    struct db *db, const char *npc_id, int64_t procore_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_DRAFT_TAKEN, id, e, DB_TEXT(npc_id), DB_I64(procore_id));
}

int
draft_only_seat(struct db *db, int64_t id, int64_t account_id, struct err *e)
{
	return db_run(db, Q_DRAFT_OTHER_SEATS, e, DB_I64(id), DB_I64(account_id),
	    DB_I64(clk_now()));
}

int
draft_open(
    struct db *db, int64_t id, const char *user_name, bool webhooks, struct err *e)
{
	if (db_run(db, Q_DRAFT_OPEN, e, DB_I64(id), DB_TEXT(user_name), DB_I64(clk_now()),
		DB_BOOL(webhooks)) == -1)
		return -1;
	return db_changes(db) > 0 ? 0
				  : err_set(e, ERR_NOT_FOUND, "connection %" PRId64, id);
}
