/* plan_rows.h: job rows for whatever is due and has none: after an import, a restore, a lost row. Layer: store. */
#ifndef CW_STORE_PLAN_ROWS_H
#define CW_STORE_PLAN_ROWS_H

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Accounts that live, connections that are active, seats not checked for a day. One transaction.
 * source  queries WORK_PLAN_ACCOUNTS, WORK_PLAN_CONNECTIONS, WORK_PLAN_CHECKS */
MUST_USE int plan_rows_missing(struct db *db, struct err *e);

#endif
