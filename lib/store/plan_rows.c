#include "config.h"

#include "store/plan_rows.h"

#include "base/clk.h"
#include "sql/queries.gen.h"
#include "store/job.h"

static int
run(struct db *db, int query, enum job_priority priority, struct err *e)
{
	return db_run(db, query, e, DB_I64(clk_now()), DB_I64(priority));
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
