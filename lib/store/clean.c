#include "config.h"

#include "store/clean.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/limits.h"
#include "sql/queries.gen.h"

static const struct {
	int look, go;
} queries[CLEAN_WHAT_MAX] = {
    [CLEAN_MAILS] = {Q_CLEAN_MAILS, Q_CLEAN_MAILS_GO},
    [CLEAN_INCIDENTS] = {Q_CLEAN_INCIDENTS, Q_CLEAN_INCIDENTS_GO},
    [CLEAN_HOOKS] = {Q_CLEAN_HOOKS, Q_CLEAN_HOOKS_GO},
    [CLEAN_PASSES] = {Q_CLEAN_PASSES, Q_CLEAN_PASSES_GO},
    [CLEAN_EVENTS] = {Q_CLEAN_EVENTS, Q_CLEAN_EVENTS_GO},
    [CLEAN_ISSUES] = {Q_CLEAN_ISSUES, Q_CLEAN_ISSUES_GO},
    [CLEAN_CALLS] = {Q_CLEAN_CALLS, Q_CLEAN_CALLS_GO},
    [CLEAN_TOKEN_CALLS] = {Q_CLEAN_TOKEN_CALLS, Q_CLEAN_TOKEN_CALLS_GO},
    [CLEAN_CHECKS] = {Q_CLEAN_CHECKS, Q_CLEAN_CHECKS_GO},
};

/* The ids as a JSON array. */
static int
look(struct db *db, int query, int64_t before_at, int max, struct buf *ids, int *n,
    struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, query, &q, e, DB_I64(before_at), DB_I64(max)) == -1)
		return -1;
	buf_putc(ids, '[');
	for (*n = 0; (rc = db_next(q, e)) == 1; (*n)++)
		buf_printf(ids, "%s%" PRId64, *n == 0 ? "" : ",", db_col_i64(q, 0));
	buf_putc(ids, ']');
	return rc == -1 ? -1 : buf_check(ids, "rows to clean", e);
}

int
clean_rows(
    struct db *db, enum clean_what what, int64_t before_at, int max, int *n, struct err *e)
{
	struct buf ids = BUF_INIT(LIMIT_PAGE);
	struct stmt *q = NULL;
	int rc = look(db, queries[what].look, before_at, max, &ids, n, e);

	if (rc == 0 && *n > 0) {
		rc = db_query(db, queries[what].go, &q, e);
		if (rc == 0) {
			db_bind_text(q, 1, buf_str(&ids));
			rc = db_exec(q, e);
		}
	}
	buf_clear(&ids);
	return rc;
}

int
clean_hours(struct db *db, int64_t before_at, int max, int64_t *after_id, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t last = 0;
	int rc;

	if (db_select(db, Q_CLEAN_HOURS_NEXT, &q, e, DB_I64(*after_id), DB_I64(max)) == -1)
		return -1;
	rc = db_step(q, &row, e);
	if (rc == 0 && row)
		last = db_col_i64(q, 0);
	db_done(q);
	if (rc == -1)
		return -1;
	if (last != 0) {
		if (db_run(db, Q_CLEAN_HOURS_GO, e, DB_I64(*after_id), DB_I64(max),
		    DB_I64(before_at)) == -1)
			return -1;
	}
	*after_id = last;
	return 0;
}
