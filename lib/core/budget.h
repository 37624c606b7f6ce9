/* budget.h: Procore's rate limits as its headers state them, shared by all processes.
 * Layer: core. Source: DESIGN.md 8 "The limit is Procore's", procore.md 3.6.
 *
 * Two windows run at once (an hour, ten seconds); the headers describe the one that is
 * nearer its end. So no constants: what was last said of each counts until its reset, and a
 * call leaves when both have room. Failed calls count too. */
#ifndef CW_CORE_BUDGET_H
#define CW_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"
#include "io/http.h"

/* What people wait for comes first: later ones leave a share of the window untouched. */
enum budget_priority {
	BUDGET_ANSWER, /* an answer of a person, a check that somebody waits for: may use
			  the last call */
	BUDGET_RESUME, /* projects just reconnected */
	BUDGET_BUSY,   /* projects in which something happens */
	BUDGET_QUIET   /* the rest */
};

/* Calls of a window of limit_n that this priority leaves to more urgent work. Cannot fail. */
int64_t budget_reserve(enum budget_priority p, int64_t limit_n);

/* May this call leave now?
 * company_id  0: a call without a company
 * *until_at   when not: the time from which it may; not before it
 * errors      ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int budget_may_call(struct db *db, int64_t account_id, int64_t company_id,
    enum budget_priority p, int64_t now, bool *may, int64_t *until_at, struct err *e);

/* Learn from an answer's headers; a 429, or a 503 with Retry-After, blocks until its reset.
 * *blocked_until_at  0: free */
MUST_USE int budget_learn(struct db *db, int64_t account_id, int64_t company_id,
    const struct http_resp *r, int64_t now, int64_t *blocked_until_at, struct err *e);

/* Seconds that an answer asks to wait, 0 when it does not say: Retry-After in seconds or as
 * a date. */
int64_t budget_retry_after(const struct http_resp *r, int64_t now);

#endif
