/* pace.h: how often Procore's lists are read. Layer: core, pure: no I/O, no clock.
 * Source: DESIGN.md 8 ("quiet projects are polled less, none is starved"), procore.md 3.6.
 *
 * A pass asks Project Center every interval: it costs none of Procore's calls, and answers
 * must not wait. What is rationed are the readings of Procore's lists. While a project is
 * busy they go along with each pass; after a few readings in vain they stretch, and the
 * further the more projects share one token's budget. */
#ifndef CW_CORE_PACE_H
#define CW_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Calls of one reading: the lists of both kinds, and the recycle bins, which are
	   read once an hour at most. */
	PACE_CALLS = 4,
	/* Nobody waits longer than this for a reading, as long as the budget can pay it. */
	PACE_CAP_S = 2 * 3600,
	/* Hourly calls where no header has named the hour's limit yet: the smallest that is
	   documented. */
	PACE_HOUR_LEAST = 600
};

/* What the pace of one connection depends on. Times in seconds (since 1970: _at). */
struct pace_in {
	int64_t now;
	int64_t interval_s; /* between passes, as configured; > 0 */
	bool own_interval;  /* an admin set it for this project: readings do not stretch */
	bool hook;          /* a proven webhook would have told */
	int64_t idle;       /* readings in a row that found nothing */
	int64_t sharing;    /* connections read with the same token at the company; >= 1 */
	int64_t limit_n, remaining,
	    reset_at; /* of the hour, as store/budget_row; limit_n 0: not known */
};

/* The time from one reading to the next: at least interval_s, at most PACE_CAP_S, or
 * interval_s where an admin set it; longer only when the budget cannot pay that for all
 * that share it: then all wait, quiet ones longer. With a proven webhook reading is
 * reconciliation: six intervals, an hour at most unless three intervals are longer.
 * Cannot fail. */
int64_t pace_interval_s(const struct pace_in *in);

/* May the list that was read at listed_at rest in this pass?
 * listed_at  0: never read; then it may not
 * Also true when what is left of the window belongs to more urgent work until reset_at.
 * Cannot fail. */
bool pace_may_rest(const struct pace_in *in, int64_t listed_at);

/* When the next pass is due: an interval less up to a tenth, so that projects which were
 * connected together do not stay in step.
 * random  any number >= 0 */
int64_t pace_next_at(int64_t now, int64_t interval_s, int64_t random);

/* A pass that has been put off until reset_at: when it comes back, at most a quarter of the
 * wait and five minutes later. The longer a list has waited, the sooner, so that the same
 * ones are not put off again.
 * listed_at  last complete reading; 0: never. Cannot fail. */
int64_t pace_back_at(int64_t reset_at, int64_t listed_at, int64_t now);

#endif
