#include "config.h"

#include "store/clean.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/limits.h"
#include "sql/queries.gen.h"

/* A look, outside any transaction so that no write waits for a scan; then the removals. */
static const struct {
	int look, go[6];
	int go_n;
} queries[CLEAN_WHAT_MAX] = {
    [CLEAN_MAILS] = {Q_CLEAN_MAILS, {Q_CLEAN_MAILS_GO}, 1},
    [CLEAN_INCIDENTS] = {Q_CLEAN_INCIDENTS, {Q_CLEAN_INCIDENTS_GO}, 1},
    [CLEAN_HOOKS] = {Q_CLEAN_HOOKS, {Q_CLEAN_HOOKS_GO}, 1},
    [CLEAN_PASSES] = {Q_CLEAN_PASSES, {Q_CLEAN_PASSES_GO}, 1},
    [CLEAN_EVENTS] = {Q_CLEAN_EVENTS, {Q_CLEAN_EVENTS_GO}, 1},
    [CLEAN_ISSUES] = {Q_CLEAN_ISSUES, {Q_CLEAN_ISSUES_GO}, 1},
    [CLEAN_CALLS] = {Q_CLEAN_CALLS, {Q_CLEAN_CALLS_GO}, 1},
    [CLEAN_TOKEN_CALLS] = {Q_CLEAN_TOKEN_CALLS, {Q_CLEAN_TOKEN_CALLS_GO}, 1},
    [CLEAN_CHECKS] = {Q_CLEAN_CHECKS, {Q_CLEAN_CHECKS_GO}, 1},
    [CLEAN_DRAFTS] = {Q_CLEAN_DRAFTS,
	{Q_CLEAN_DRAFTS_JOBS, Q_CLEAN_DRAFTS_CHECKS, Q_CLEAN_DRAFTS_SEATS,
	    Q_CLEAN_DRAFTS_CHOICES, Q_CLEAN_DRAFTS_MAP, Q_CLEAN_DRAFTS_GO},
	6},
    [CLEAN_LISTS] = {Q_CLEAN_LISTS,
	{Q_CLEAN_LISTS_SIGN_INS, Q_CLEAN_LISTS_ROWS, Q_CLEAN_LISTS_GO}, 3},
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

static int
remove_found(struct db *db, enum clean_what what, const struct buf *ids, struct err *e)
{
	for (int i = 0; i < queries[what].go_n; i++) {
		int query = queries[what].go[i];
		int rc = query == Q_CLEAN_LISTS_SIGN_INS
			     ? db_run(db, query, e, DB_TEXT(buf_str(ids)), DB_I64(clk_now()))
			     : db_run(db, query, e, DB_TEXT(buf_str(ids)));

		if (rc == -1)
			return -1;
	}
	return 0;
}

int
clean_rows(
    struct db *db, enum clean_what what, int64_t before_at, int max, int *n, struct err *e)
{
	struct buf ids = BUF_INIT(LIMIT_PAGE);
	int rc = look(db, queries[what].look, before_at, max, &ids, n, e);

	if (rc == 0 && *n > 0 && (rc = db_begin(db, e)) == 0) {
		rc = remove_found(db, what, &ids, e);
		if (rc == 0)
			rc = db_commit(db, e);
		else
			db_rollback(db);
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
