#include "config.h"

#include "core/catchup.h"

enum {
	/* Fewer finished items than this say little: one with twenty files would count for
	 * all. */
	ITEMS_LEAST = 5,
	/* Until then. One thing coming in: itself, its replies or steps, a file or two; one
	 * going back: a look, the answer, a look at the result. */
	CALLS_IN = 4,
	CALLS_OUT = 3,
	CALL_MS = 500,
	HOUR_S = 3600
};

/* n * of / per, rounded up. */
static int64_t
share(int64_t n, int64_t of, int64_t per)
{
	return (n * of + per - 1) / per;
}

void
catchup_add(struct catchup *sum, const struct catchup_work *w)
{
	int64_t calls = w->waiting * (w->out ? CALLS_OUT : CALLS_IN);
	int64_t ms = calls * CALL_MS;

	if (w->items >= ITEMS_LEAST) {
		calls = share(w->waiting, w->calls, w->items);
		ms = share(w->waiting, w->ms, w->items);
	}
	sum->calls += calls;
	sum->ms += ms;
}

int64_t
catchup_seconds(const struct catchup *sum, const struct catchup_budget *b, int64_t now)
{
	bool open = b->reset_at > now; /* the window that the headers told of */
	int64_t over, last;

	if (b->limit_n <= 0)
		return share(sum->ms, 1, 1000);
	over = sum->calls - (open ? b->remaining : b->limit_n);
	if (over <= 0)
		return share(sum->ms, 1, 1000);
	/* The rest after the reset, a window at a time; the last one takes its share of the
	 * work. */
	last = (over - 1) % b->limit_n + 1;
	return (open ? b->reset_at - now : HOUR_S) + (over - 1) / b->limit_n * HOUR_S +
	       share(sum->ms, last, sum->calls * 1000);
}
