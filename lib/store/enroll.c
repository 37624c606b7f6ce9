#include "config.h"

#include "store/enroll.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* Step a statement of the ENROLL_FIND family with its binding made. */
static int
find(struct stmt *q, struct enroll_found *out, struct err *e)
{
	bool row = false;
	int rc = db_step(q, &row, e);

	if (rc == 0)
		*out = (struct enroll_found){0};
	if (rc == 0 && row) {
		out->id = db_col_i64(q, 0);
		str_cut(out->npc_id, sizeof out->npc_id, db_col_text(q, 1));
		str_cut(out->npc_name, sizeof out->npc_name, db_col_text(q, 3));
		out->company_id = db_col_i64(q, 5);
		out->procore_id = db_col_i64(q, 6);
	}
	db_done(q);
	return rc;
}

int
enroll_find_npc(struct db *db, const char *npc_id, struct enroll_found *out, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_ENROLL_FIND_NPC, &q, e, DB_TEXT(npc_id)) == -1)
		return -1;
	return find(q, out, e);
}

int
enroll_find_procore(struct db *db, int64_t procore_id, struct enroll_found *out, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_ENROLL_FIND_PROCORE, &q, e, DB_I64(procore_id)) == -1)
		return -1;
	return find(q, out, e);
}

int
enroll_company(struct db *db, int64_t company_id, const char *name, bool *changed, struct err *e)
{
	return db_change(db, Q_ENROLL_COMPANY, changed, e, DB_I64(company_id),
	    DB_TEXT(name), DB_I64(clk_now()));
}

int
enroll_connect(struct db *db, const struct enroll_project *p, const char *created_by, int64_t *id, struct err *e)
{
	if (db_run(db, Q_ENROLL_ADD, e, DB_TEXT(p->npc_id), DB_TEXT(p->npc_number),
	    DB_TEXT(p->npc_name), DB_TEXT(p->npc_server), DB_I64(p->company_id),
	    DB_I64(p->procore_id), DB_TEXT(p->procore_name), DB_I64(clk_now()),
	    DB_TEXT(created_by), DB_I64(p->sync_from_at)) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
enroll_rename(struct db *db, int64_t connection_id, const struct enroll_project *p, bool *changed, struct err *e)
{
	return db_change(db, Q_ENROLL_RENAME, changed, e, DB_I64(connection_id),
	    DB_TEXT(p->npc_number), DB_TEXT(p->npc_name), DB_TEXT(p->npc_server),
	    DB_TEXT(p->procore_name), DB_I64(clk_now()));
}

int
enroll_seat(struct db *db, int64_t connection_id, int64_t account_id, bool *added, struct err *e)
{
	return db_change(db, Q_ENROLL_SEAT, added, e, DB_I64(connection_id),
	    DB_I64(account_id), DB_I64(clk_now()));
}

int
enroll_person_remove(struct db *db, const char *user_name, bool *removed, struct err *e)
{
	if (db_run(db, Q_ENROLL_PERSON_UNASSIGN, e, DB_TEXT(user_name)) == -1)
		return -1;
	return db_change(db, Q_ENROLL_PERSON_REMOVE, removed, e, DB_TEXT(user_name), DB_I64(clk_now()));
}

int
enroll_global_admins(struct db *db, int64_t *n, struct err *e)
{
	return db_number(db, Q_ENROLL_GLOBAL_ADMINS, n, e, DB_NONE);
}
