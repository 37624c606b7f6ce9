/* catchup.h: what waiting work costs in calls to Procore, and how long it takes at the
 * present budget. Pure: measured facts in, numbers out. Layer: core. Source: DESIGN.md 8
 * "After an outage or a reconnect"; store/item_cost (what was measured). */
#ifndef CW_CORE_CATCHUP_H
#define CW_CORE_CATCHUP_H

#include <stdbool.h>
#include <stdint.h>

/* What waits of one kind and way, and what items of that sort have cost so far. */
struct catchup_work {
	int64_t waiting;
	bool out; /* answers going back to Procore; else items coming in */
	int64_t items, calls, ms; /* measured; items 0: nothing yet */
};
/* Sum over all sorts; start with zeros. */
struct catchup {
	int64_t calls; /* to Procore */
	int64_t ms;    /* of work, if no limit stood in the way */
};
/* Add one sort: by what was measured, by a default while too little was. Cannot fail. */
void catchup_add(struct catchup *sum, const struct catchup_work *w);

/* What Procore's headers last said of the hour (table budget). */
struct catchup_budget {
	int64_t limit_n; /* 0: not known */
	int64_t remaining, reset_at;
};
/* Seconds until it is done: the work, and the waits for the next hour when this one does
 * not suffice. The effect of the short window is in the measured time. Cannot fail. */
int64_t catchup_seconds(
    const struct catchup *sum, const struct catchup_budget *b, int64_t now);

#endif
