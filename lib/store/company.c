#include "config.h"

#include "store/company.h"

#include "base/str.h"
#include "sql/queries.gen.h"

int
company_state_get(
    struct db *db, int64_t procore_company_id, struct company_state *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_COMPANY_GET, &q, e, DB_I64(procore_company_id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct company_state){0};
	if (row) {
		out->known = !str_eq(db_col_text(q, 0), "unknown");
		out->not_connected = str_eq(db_col_text(q, 0), "not_connected");
		out->since_at = db_col_i64(q, 1);
		out->next_try_at = db_col_i64(q, 2);
		str_cut(out->name, sizeof out->name, db_col_text(q, 3));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
company_state_put(struct db *db, int64_t procore_company_id, bool not_connected,
    int64_t next_try_at, int64_t now, struct err *e)
{
	return db_run(db, Q_COMPANY_PUT, e, DB_I64(procore_company_id),
	    DB_TEXT(not_connected ? "not_connected" : "ok"), DB_I64(now),
	    DB_ID(next_try_at));
}
