/* view_progress.h: how far a catch-up is. Layer: store. Tables: item, job, budget, bic.
 * Statement: VIEW_PROGRESS. */
#ifndef CW_STORE_VIEW_PROGRESS_H
#define CW_STORE_VIEW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct view_progress {
	int64_t done, left; /* items worked off since the last complete pass; due now */
	bool running;       /* a pass is under way */
	int64_t limit_n, remaining, reset_at; /* the largest budget of the project's
						 accounts; limit_n 0: not known */
};
/* since_at  end of the last complete pass, 0 never
 * errors    ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int view_progress(struct db *db, int64_t connection_id, int64_t since_at,
    int64_t now, struct view_progress *out, struct err *e);

#endif
