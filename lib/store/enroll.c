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

	if (db_query(db, Q_ENROLL_FIND_NPC, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, npc_id);
	return find(q, out, e);
}

int
enroll_find_procore(struct db *db, int64_t procore_id, struct enroll_found *out, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ENROLL_FIND_PROCORE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, procore_id);
	return find(q, out, e);
}

static int
exec_changed(struct db *db, struct stmt *q, bool *changed, struct err *e)
{
	if (db_exec(q, e) == -1)
		return -1;
	*changed = db_changes(db) > 0;
	return 0;
}

int
enroll_company(struct db *db, int64_t company_id, const char *name, bool *changed, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ENROLL_COMPANY, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, company_id);
	db_bind_text(q, 2, name);
	db_bind_i64(q, 3, clk_now());
	return exec_changed(db, q, changed, e);
}

int
enroll_connect(struct db *db, const struct enroll_project *p, const char *created_by, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ENROLL_ADD, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, p->npc_id);
	db_bind_text(q, 2, p->npc_number);
	db_bind_text(q, 3, p->npc_name);
	db_bind_text(q, 4, p->npc_server);
	db_bind_i64(q, 5, p->company_id);
	db_bind_i64(q, 6, p->procore_id);
	db_bind_text(q, 7, p->procore_name);
	db_bind_i64(q, 8, clk_now());
	db_bind_text(q, 9, created_by);
	db_bind_i64(q, 10, p->sync_from_at);
	if (db_exec(q, e) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
enroll_rename(struct db *db, int64_t connection_id, const struct enroll_project *p, bool *changed, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ENROLL_RENAME, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_text(q, 2, p->npc_number);
	db_bind_text(q, 3, p->npc_name);
	db_bind_text(q, 4, p->npc_server);
	db_bind_text(q, 5, p->procore_name);
	db_bind_i64(q, 6, clk_now());
	return exec_changed(db, q, changed, e);
}

int
enroll_seat(struct db *db, int64_t connection_id, int64_t account_id, bool *added, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_ENROLL_SEAT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, account_id);
	db_bind_i64(q, 3, clk_now());
	return exec_changed(db, q, added, e);
}

int
enroll_person_remove(struct db *db, const char *user_name, bool *removed, struct err *e)
{
	struct stmt *q = NULL;
	bool unassigned;

	if (db_query(db, Q_ENROLL_PERSON_UNASSIGN, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, user_name);
	if (exec_changed(db, q, &unassigned, e) == -1 || db_query(db, Q_ENROLL_PERSON_REMOVE, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, user_name);
	db_bind_i64(q, 2, clk_now());
	return exec_changed(db, q, removed, e);
}

int
enroll_global_admins(struct db *db, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_ENROLL_GLOBAL_ADMINS, &q, e) == 0 && db_step(q, &row, e) == 0) {
		*n = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}
