#include "config.h"

#include "store/report.h"

#include "sql/queries.gen.h"

struct report_row {
	struct stmt *q;
};

static const struct {
	int query;
	bool by_id;
} table[REPORT_MAX] = {
    [REPORT_ACCOUNT] = {Q_REPORT_ACCOUNT, true},
    [REPORT_PEOPLE] = {Q_REPORT_PEOPLE, true},
    [REPORT_SEATS] = {Q_REPORT_SEATS, true},
    [REPORT_JOURNAL] = {Q_REPORT_JOURNAL, true},
    [REPORT_CALLS] = {Q_REPORT_CALLS, true},
    [REPORT_INCIDENTS] = {Q_REPORT_INCIDENTS, true},
    [REPORT_MAILS] = {Q_REPORT_MAILS, true},
    [REPORT_OUTBOX] = {Q_REPORT_OUTBOX, false},
    [REPORT_SERVICES] = {Q_REPORT_SERVICES, false},
    [REPORT_WORK] = {Q_REPORT_WORK, false},
    [REPORT_FAILED_JOBS] = {Q_REPORT_FAILED_JOBS, false},
};

int
report_n(const struct report_row *r)
{
	return db_col_n(r->q);
}

const char *
report_name(const struct report_row *r, int i)
{
	return db_col_name(r->q, i);
}

const char *
report_text(const struct report_row *r, int i)
{
	return db_col_text(r->q, i);
}

int64_t
report_i64(const struct report_row *r, int i)
{
	return db_col_i64(r->q, i);
}

/* q is done afterwards. */
static int
give(struct stmt *q, report_fn fn, void *arg, int *n, struct err *e)
{
	struct report_row r = {q};
	int count = 0;
	int rc;

	while ((rc = db_next(q, e)) == 1) {
		fn(arg, &r);
		count++;
	}
	if (rc == 0 && n != NULL)
		*n = count;
	return rc;
}

int
report_run(struct db *db, enum report which, int64_t id, report_fn fn, void *arg, int *n, struct err *e)
{
	struct stmt *q = NULL;

	if (table[which].by_id)
		return report_account(db, which, id, 0, fn, arg, n, e);
	return db_query(db, table[which].query, &q, e) == -1 ? -1 : give(q, fn, arg, n, e);
}

int
report_account(struct db *db, enum report which, int64_t account_id, int64_t admin_id, report_fn fn, void *arg,
    int *n, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, table[which].query, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	if (which == REPORT_SEATS || which == REPORT_MAILS || which == REPORT_CALLS)
		db_bind_i64(q, 2, admin_id);
	return give(q, fn, arg, n, e);
}
