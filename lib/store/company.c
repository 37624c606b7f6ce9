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

	if (db_query(db, Q_COMPANY_GET, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, procore_company_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	*out = (struct company_state){0};
	if (row) {
		out->known = !str_eq(db_col_text(q, 0), "unknown");
		out->not_connected = str_eq(db_col_text(q, 0), "not_connected");
		out->since_at = db_col_i64(q, 1);
		out->next_try_at = db_col_i64(q, 2);
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
	struct stmt *q = NULL;

	if (db_query(db, Q_COMPANY_PUT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, procore_company_id);
	db_bind_text(q, 2, not_connected ? "not_connected" : "ok");
	db_bind_i64(q, 3, now);
	if (next_try_at == 0)
		db_bind_null(q, 4);
	else
		db_bind_i64(q, 4, next_try_at);
	return db_exec(q, e);
}
