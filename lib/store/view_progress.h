/* view_progress.h: how far a catch-up is, and what passes did. Layer: store. Tables: item,
 * response, item_cost, job, budget, bic, pass, pass_hour. Statements: VIEW_PROGRESS,
 * VIEW_WAITING, VIEW_PASSES, VIEW_QUIET. */
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

/* What waits of one kind and way, and what was measured of such items (item_cost). */
struct view_waiting {
	bool out; /* answers going back to Procore; else items coming in */
	int64_t waiting, items, calls, ms;
};
typedef void (*view_waiting_fn)(void *arg, const struct view_waiting *w);
/* errors  ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int view_waiting(
    struct db *db, int64_t connection_id, view_waiting_fn fn, void *arg, struct err *e);

/* A pass that found something. */
struct view_pass {
	int64_t started_at, finished_at, found, done, skipped, failed;
	int64_t calls;              /* to Procore */
	const char *detail, *login; /* why it stopped early, who read in Procore; "" */
};
typedef void (*view_pass_fn)(void *arg, const struct view_pass *p); /* texts borrowed */
/* The latest of a project, newest first. errors: ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int view_passes(struct db *db, int64_t connection_id, int64_t limit,
    view_pass_fn fn, void *arg, struct err *e);

/* Passes that found nothing, counted. errors: ERR_BUSY, ERR_DB, ERR_IO */
struct view_quiet {
	int64_t passes, calls;
};
MUST_USE int view_quiet(struct db *db, int64_t connection_id, int64_t since_at,
    struct view_quiet *out, struct err *e);

#endif
