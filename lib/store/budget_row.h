/* budget_row.h: what Procore's rate headers last said, per account and company. Layer:
 * store. Table: budget. core/budget decides with it. */
#ifndef CW_STORE_BUDGET_ROW_H
#define CW_STORE_BUDGET_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct budget_window {
	int64_t limit_n; /* 0: nothing known */
	int64_t remaining;
	int64_t reset_at; /* on our clock */
};
struct budget_row {
	struct budget_window hour, spike; /* the long and the short one */
	int64_t seen_at;
	int64_t blocked_until_at; /* 0: free */
};
/* All 0 when there is no row. company_id 0: calls without a company. */
MUST_USE int budget_row_get(struct db *db, int64_t account_id, int64_t company_id,
    struct budget_row *out, struct err *e);
/* The headers of an answer, which describe one of the windows. */
MUST_USE int budget_row_put(struct db *db, int64_t account_id, int64_t company_id,
    bool spike, const struct budget_window *w, int64_t seen_at, struct err *e);
/* One call is about to leave. */
MUST_USE int
budget_row_take(struct db *db, int64_t account_id, int64_t company_id, struct err *e);
/* No call before until_at. */
MUST_USE int budget_row_block(struct db *db, int64_t account_id, int64_t company_id,
    int64_t until_at, int64_t now, struct err *e);

#endif
