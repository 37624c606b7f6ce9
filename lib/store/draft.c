#include "config.h"

#include "store/draft.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* The number of a bound statement's row; 0: no row. */
static int
number(struct stmt *q, int64_t *n, struct err *e)
{
	bool row = false;
	int rc = db_step(q, &row, e);

	if (rc == 0)
		*n = row ? db_col_i64(q, 0) : 0;
	db_done(q);
	return rc;
}

static int
find(struct db *db, struct draft *d, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_FIND, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, d->company_id);
	db_bind_i64(q, 2, d->procore_id);
	db_bind_text(q, 3, d->npc_id);
	return number(q, &d->id, e);
}

static int
put_company(struct db *db, const struct draft *d, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_COMPANY, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, d->company_id);
	db_bind_text(q, 2, d->company);
	db_bind_i64(q, 3, clk_now());
	return db_exec(q, e);
}

static int
add(struct db *db, struct draft *d, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_ADD, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, d->npc_id);
	db_bind_text(q, 2, d->npc_number);
	db_bind_text(q, 3, d->npc_name);
	db_bind_text(q, 4, d->npc_server);
	db_bind_i64(q, 5, d->company_id);
	db_bind_i64(q, 6, d->procore_id);
	db_bind_text(q, 7, d->procore_number);
	db_bind_text(q, 8, d->procore_name);
	db_bind_i64(q, 9, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	d->id = db_last_id(db);
	return 0;
}

static int
rename_both(struct db *db, const struct draft *d, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_RENAME, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, d->id);
	db_bind_text(q, 2, d->npc_number);
	db_bind_text(q, 3, d->npc_name);
	db_bind_text(q, 4, d->npc_server);
	db_bind_text(q, 5, d->procore_number);
	db_bind_text(q, 6, d->procore_name);
	return db_exec(q, e);
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

	if (db_query(db, Q_DRAFT_GET, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
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
	} else if (rc == 0) {
		rc = err_set(e, ERR_NOT_FOUND, "connection %" PRId64 " in preparation", id);
	}
	db_done(q);
	return rc;
}

int
draft_taken(
    struct db *db, const char *npc_id, int64_t procore_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_TAKEN, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, npc_id);
	db_bind_i64(q, 2, procore_id);
	return number(q, id, e);
}

int
draft_only_seat(struct db *db, int64_t id, int64_t account_id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_OTHER_SEATS, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_i64(q, 2, account_id);
	db_bind_i64(q, 3, clk_now());
	return db_exec(q, e);
}

int
draft_open(struct db *db, int64_t id, const char *user_name, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DRAFT_OPEN, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_text(q, 2, user_name);
	db_bind_i64(q, 3, clk_now());
	if (db_exec(q, e) == -1)
		return -1;
	return db_changes(db) > 0 ? 0
				  : err_set(e, ERR_NOT_FOUND, "connection %" PRId64, id);
}
