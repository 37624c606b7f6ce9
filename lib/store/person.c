#include "config.h"

#include "store/person.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

int
person_get(struct db *db, const char *user_name, struct person *out, struct err *e)
{
	struct person p = {0};
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_PERSON_GET, &q, e, DB_TEXT(user_name)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	str_cut(p.user_name, sizeof p.user_name, user_name);
	if (row) {
		p.id = db_col_i64(q, 0);
		str_cut(p.name, sizeof p.name, db_col_text(q, 1));
		str_cut(p.mail, sizeof p.mail, db_col_text(q, 2));
		p.global_admin = db_col_bool(q, 3);
		p.any_project_admin = db_col_bool(q, 4);
		p.any_bic = db_col_bool(q, 5);
		p.wants_digest = db_col_bool(q, 6);
	}
	*out = p;
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
person_at(struct db *db, const struct person *p, int64_t connection_id, struct person_at *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_PERSON_AT, &q, e, DB_I64(connection_id), DB_I64(p->id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct person_at){.exists = row};
	if (row) {
		out->project_admin = db_col_bool(q, 0);
		out->bic = db_col_bool(q, 1);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
person_set_digest(struct db *db, int64_t person_id, bool on, struct err *e)
{
	return db_run(db, Q_PERSON_SET_DIGEST, e, DB_I64(person_id), DB_I64(on ? 1 : 0));
}

static int
id_of(struct db *db, const char *user_name, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_PERSON_ID, &q, e, DB_TEXT(user_name)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "person %s", user_name);
		goto out;
	}
	*id = db_col_i64(q, 0);
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
person_put(struct db *db, const char *user_name, const char *name, const char *mail, bool global_admin,
    int64_t *id, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_PERSON_PUT, &q, e, DB_TEXT(user_name), DB_TEXT(name),
	    DB_TEXT(mail), DB_BOOL(global_admin), DB_I64(clk_now())) == -1)
		return -1;
	return db_exec(q, e) == -1 ? -1 : id_of(db, user_name, id, e);
}

int
person_ensure(struct db *db, const char *user_name, const char *name, const char *mail, struct err *e)
{
	return db_run(db, Q_PERSON_ENSURE, e, DB_TEXT(user_name), DB_TEXT(name),
	    DB_TEXT(mail), DB_I64(clk_now()));
}

int
person_set_project_admin(struct db *db, int64_t person_id, int64_t connection_id, bool on, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, on ? Q_PERSON_ADMIN_ADD : Q_PERSON_ADMIN_REMOVE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, person_id);
	return db_exec(q, e);
}
