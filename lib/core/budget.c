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
	/* Below this share of the window each call is counted before it leaves, so that
	 * processes that run at once do not spend the same call. */
	TAKE_SHARE = 2
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

int
budget_may_call(struct db *db, int64_t account_id, int64_t company_id,
    enum budget_priority p, int64_t now, bool *may, int64_t *until_at, struct err *e)
{
	struct budget_row b;

	if (budget_row_get(db, account_id, company_id, &b, e) == -1)
		return -1;
	*may = false;
	*until_at = 0;
	if (b.blocked_until_at > now) {
		*until_at = b.blocked_until_at;
		return 0;
	}
	if (b.limit_n > 0 && b.reset_at > now) {
		if (b.remaining <= budget_reserve(p, b.limit_n)) {
			*until_at = b.reset_at;
			return 0;
		}
		if (b.remaining * TAKE_SHARE < b.limit_n &&
		    budget_row_take(db, account_id, company_id, e) == -1)
			return -1;
	}
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

int
budget_learn(struct db *db, int64_t account_id, int64_t company_id,
    const struct http_resp *r, int64_t now, int64_t *blocked_until_at, struct err *e)
{
	int64_t limit = header_i64(r, "x-rate-limit-limit");
	int64_t remaining = header_i64(r, "x-rate-limit-remaining");
	int64_t reset = header_i64(r, "x-rate-limit-reset");
	int64_t wait = budget_retry_after(r, now);
	struct budget_row row;

	*blocked_until_at = 0;
	/* The reset is on Procore's clock: what counts is how far it is from the answer's
	 * Date. */
	if (reset > 0 && r->date_at != 0)
		reset = now + (reset - r->date_at);
	if (limit > 0 && remaining >= 0 && reset > now && reset < now + BLOCK_MAX_S) {
		row = (struct budget_row){.limit_n = limit,
		    .remaining = remaining,
		    .reset_at = reset,
		    .seen_at = now};
		if (budget_row_put(db, account_id, company_id, &row, e) == -1)
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
