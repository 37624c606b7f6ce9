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
    [REPORT_PROJECTS] = {Q_REPORT_PROJECTS, false},
    [REPORT_ACCOUNT] = {Q_REPORT_ACCOUNT, true},
    [REPORT_PEOPLE] = {Q_REPORT_PEOPLE, true},
    [REPORT_SEATS] = {Q_REPORT_SEATS, true},
    [REPORT_JOURNAL] = {Q_REPORT_JOURNAL, true},
    [REPORT_CALLS] = {Q_REPORT_CALLS, true},
    [REPORT_INCIDENTS] = {Q_REPORT_INCIDENTS, true},
    [REPORT_MAILS] = {Q_REPORT_MAILS, true},
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

int
report_run(struct db *db, enum report which, int64_t id, report_fn fn, void *arg, int *n, struct err *e)
{
	struct report_row r = {0};
	bool row = false;
	int count = 0;
	int rc;

	if (db_query(db, table[which].query, &r.q, e) == -1)
		return -1;
	if (table[which].by_id)
		db_bind_i64(r.q, 1, id);
	while ((rc = db_step(r.q, &row, e)) == 0 && row) {
		fn(arg, &r);
		count++;
	}
	db_done(r.q);
	if (rc == 0 && n != NULL)
		*n = count;
	return rc;
}
