#include "config.h"

#include "core/pace.h"

#include "base/mem.h"
#include "core/budget.h"

enum {
	HOUR_S = 3600,
	/* After something happened, so many readings in vain go by before they stretch. */
	WATCHFUL = 3,
	/* Then each gap is half as long again as the one before. */
	GROW_NUM = 3,
	GROW_DEN = 2,
	/* Quiet projects rest at least this many intervals, however large the budget. */
	QUIET_LEAST = 2,
	/* They spend half of what is there; the rest is for those in which things happen,
	 * which wait an eighth as long when even they cannot go along with each pass. */
	QUIET_SHARE = 2,
	BUSY_SHARE = 4,
	/* With a proven webhook reading is reconciliation: so many intervals, but no longer
	 * than the status vouches for a sign-in (DESIGN.md 7 "Proof": three intervals, or
	 * an hour). */
	HOOK_FACTOR = 6,
	HOOK_VOUCHED = 3,
	/* A limit below this is of a short window (25 in 10 s, 100 in a minute): it says
	   nothing about the hour. */
	HOUR_LIMIT_LEAST = 300,
	LONGEST_S = 7 * 86400,
	/* Those that have been put off come back within this time afterwards, or within a
	 * quarter of the wait. */
	BACK_S = 300
};

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool
hour_known(const struct pace_in *in)
{
	return in->limit_n >= HOUR_LIMIT_LEAST;
}

/* The time in which the budget pays one reading for each that shares it. */
static int64_t
round_s(const struct pace_in *in)
{
	int64_t limit = hour_known(in) ? in->limit_n : PACE_HOUR_LEAST;
	int64_t need = in->sharing * PACE_CALLS, left, time;
	int64_t usable = limit - budget_reserve(BUDGET_QUIET, limit);
	int64_t s = need * HOUR_S / usable;

	if (!hour_known(in) || in->reset_at <= in->now)
		return least(s, LONGEST_S);
	/* what others have spent of this window already makes the rest of it slower */
	time = least(in->reset_at - in->now, HOUR_S);
	left = most(in->remaining - budget_reserve(BUDGET_QUIET, limit), 1);
	return least(most(s, least(need * time / left, 2 * s)), LONGEST_S);
}

/* The longest that a quiet project waits. */
static int64_t
longest_s(const struct pace_in *in, int64_t round)
{
	int64_t s = most(QUIET_SHARE * round, QUIET_LEAST * in->interval_s);

	/* what cannot be paid within the cap is not promised: all wait alike */
	return round > PACE_CAP_S ? s : least(s, most(PACE_CAP_S, in->interval_s));
}

int64_t
pace_interval_s(const struct pace_in *in)
{
	int64_t round, longest, s;

	BUG_IF(in->interval_s <= 0 || in->sharing < 1);
	round = round_s(in);
	longest = in->own_interval ? in->interval_s : longest_s(in, round);
	s = most(in->interval_s, round / BUSY_SHARE);
	for (int64_t i = WATCHFUL; i <= in->idle && s < longest; i++)
		s = s * GROW_NUM / GROW_DEN;
	s = least(s, longest);
	if (in->hook)
		s = most(s, least(least(HOOK_FACTOR * in->interval_s, PACE_CAP_S),
				most(HOOK_VOUCHED * in->interval_s, HOUR_S)));
	return most(s, in->interval_s);
}

bool
pace_may_rest(const struct pace_in *in, int64_t listed_at)
{
	if (listed_at == 0)
		return false;
	/* No call that the headers foretell would be refused. */
	if (in->limit_n > 0 && in->reset_at > in->now && in->idle >= WATCHFUL &&
	    in->remaining <= budget_reserve(BUDGET_QUIET, in->limit_n))
		return true;
	/* only while the next pass is early enough */
	return in->now + in->interval_s <= listed_at + pace_interval_s(in);
}

int64_t
pace_next_at(int64_t now, int64_t interval_s, int64_t random)
{
	return now + interval_s - random % (interval_s / 10 + 1);
}

int64_t
pace_back_at(int64_t reset_at, int64_t listed_at, int64_t now)
{
	int64_t waited = most(now - listed_at, 0);

	int64_t spread = least(most(reset_at - now, 0) / 4, BACK_S);

	return reset_at + spread - least(spread, waited * spread / (2 * PACE_CAP_S));
}
