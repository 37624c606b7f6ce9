#include "config.h"

#include "core/budget.h"

#include "base/clk.h"
#include "base/num.h"
#include "store/budget_row.h"

enum {
	/* After a 429 that names no reset: the spike window is 10 s, the other one an hour;
	 * a minute asks again soon without hammering. */
	BLOCK_DEFAULT_S = 60,
	/* A reset further away than this is not believed (the longest window is an hour).
	 */
	BLOCK_MAX_S = 2 * 3600,
	/* Below this share of a window each call is counted before it leaves, so that
	 * processes that run at once do not spend the same call. */
	TAKE_SHARE = 2,
	/* Above it what is written down may lag by this share of the limit: a write to disk
	 * for each call would buy nothing. */
	LAG_SHARE = 50,
	/* A window that ends within this time and has not the hour's limit is the short one
	 * (10 s and a minute have been seen). */
	SPIKE_MOST_S = 120
};

int64_t
budget_reserve(enum budget_priority p, int64_t limit_n)
{
	static const int64_t percent[] = {[BUDGET_ANSWER] = 0,
	    [BUDGET_RESUME] = 5,
	    [BUDGET_BUSY] = 10,
	    [BUDGET_QUIET] = 25};

	return limit_n * percent[p] / 100;
}

/* Does this window leave room for a call of priority p? *counts: each call is counted. */
static bool
has_room(const struct budget_window *w, enum budget_priority p, int64_t now, bool *counts)
{
	if (w->limit_n == 0 || w->reset_at <= now)
		return true;
	*counts = *counts || w->remaining * TAKE_SHARE < w->limit_n;
	return w->remaining > budget_reserve(p, w->limit_n);
}

int
budget_may_call(struct db *db, int64_t account_id, int64_t company_id,
    enum budget_priority p, int64_t now, bool *may, int64_t *until_at, struct err *e)
{
	struct budget_row b;
	bool counts = false;

	if (budget_row_get(db, account_id, company_id, &b, e) == -1)
		return -1;
	*may = false;
	*until_at = b.blocked_until_at > now ? b.blocked_until_at : 0;
	if (!has_room(&b.hour, p, now, &counts) && b.hour.reset_at > *until_at)
		*until_at = b.hour.reset_at;
	if (!has_room(&b.spike, p, now, &counts) && b.spike.reset_at > *until_at)
		*until_at = b.spike.reset_at;
	if (*until_at != 0)
		return 0;
	if (counts && budget_row_take(db, account_id, company_id, e) == -1)
		return -1;
	*may = true;
	return 0;
}

static int64_t
header_i64(const struct http_resp *r, const char *name)
{
	char v[64];
	int64_t n = -1;

	if (http_resp_header(r, name, v, sizeof v) == 0 ||
	    num_parse_i64(v, 0, INT64_C(1) << 40, &n) == -1)
		return -1;
	return n;
}

int64_t
budget_retry_after(const struct http_resp *r, int64_t now)
{
	char v[64];
	int64_t n = 0, at = 0;

	if (http_resp_header(r, "retry-after", v, sizeof v) == 0)
		return 0;
	if (num_parse_i64(v, 0, BLOCK_MAX_S, &n) == 0)
		return n;
	if (clk_parse_http(v, &at) == 0) {
		n = at - (r->date_at != 0 ? r->date_at : now);
		return n < 0 ? 0 : n > BLOCK_MAX_S ? BLOCK_MAX_S : n;
	}
	return 0;
}

/* What the headers said goes to its window, unless it is as good as known. */
static int
learn_window(struct db *db, int64_t account_id, int64_t company_id,
    const struct budget_window *said, int64_t now, struct err *e)
{
	const struct budget_window *known;
	struct budget_row b;
	bool spike;

	if (budget_row_get(db, account_id, company_id, &b, e) == -1)
		return -1;
	spike = said->reset_at - now <= SPIKE_MOST_S && said->limit_n != b.hour.limit_n;
	known = spike ? &b.spike : &b.hour;
	if (b.blocked_until_at == 0 && known->limit_n == said->limit_n &&
	    known->reset_at - said->reset_at <= 1 &&
	    said->reset_at - known->reset_at <= 1 &&
	    said->remaining * TAKE_SHARE > said->limit_n &&
	    known->remaining - said->remaining < said->limit_n / LAG_SHARE)
		return 0;
	return budget_row_put(db, account_id, company_id, spike, said, now, e);
}

int
budget_learn(struct db *db, int64_t account_id, int64_t company_id,
    const struct http_resp *r, int64_t now, int64_t *blocked_until_at, struct err *e)
{
	int64_t limit = header_i64(r, "x-rate-limit-limit");
	int64_t remaining = header_i64(r, "x-rate-limit-remaining");
	int64_t reset = header_i64(r, "x-rate-limit-reset");
	int64_t wait = budget_retry_after(r, now);
	struct budget_window said;

	*blocked_until_at = 0;
	/* The reset is on Procore's clock: what counts is how far it is from the answer's
	 * Date. Both are whole seconds, so that it may be one later. */
	if (reset > 0 && r->date_at != 0)
		reset = now + (reset - r->date_at) + 1;
	if (limit > 0 && remaining >= 0 && reset > now && reset < now + BLOCK_MAX_S) {
		said = (struct budget_window){
		    .limit_n = limit, .remaining = remaining, .reset_at = reset};
		if (learn_window(db, account_id, company_id, &said, now, e) == -1)
			return -1;
	} else {
		reset = 0;
	}
	if (r->status != 429 && !(r->status == 503 && wait > 0))
		return 0;
	*blocked_until_at = now + wait;
	if (r->status == 429 && reset > *blocked_until_at)
		*blocked_until_at = reset;
	if (*blocked_until_at <= now)
		*blocked_until_at = now + BLOCK_DEFAULT_S;
	return budget_row_block(db, account_id, company_id, *blocked_until_at, now, e);
}
