#include "config.h"

#include "store/plan_rows.h"

#include "base/clk.h"
#include "sql/queries.gen.h"
#include "store/job.h"

static int
run(struct db *db, int query, enum job_priority priority, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, query, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, clk_now());
	db_bind_i64(q, 2, priority);
	return db_exec(q, e);
}

int
plan_rows_missing(struct db *db, struct err *e)
{
	if (db_begin(db, e) == -1)
		return -1;
	if (run(db, Q_WORK_PLAN_ACCOUNTS, JOB_PRIO_TOKEN, e) == -1 ||
	    run(db, Q_WORK_PLAN_CONNECTIONS, JOB_PRIO_QUIET, e) == -1 ||
	    run(db, Q_WORK_PLAN_CHECKS, JOB_PRIO_QUIET, e) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}
