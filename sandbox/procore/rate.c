#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

enum { HOUR = 3600, SPIKE = 10 };

struct window {
	int64_t seconds, limit, used, reset_at;
};

static int
count(struct sim_call *c, const char *scope, struct window *w, struct err *e)
{
	int64_t start = c->now - c->now % w->seconds;
	bool found = false;

	w->reset_at = start + w->seconds;
	return data_i64(c->sim->db, PQ_RATE_COUNT, &w->used, &found, e, "tii", scope,
	    w->seconds, start);
}

static void
header_i64(struct sim_call *c, const char *name, int64_t v)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, v) == 0)
		fcgi_header(c->resp, name, text);
}

/* The headers describe the window that is closer to its limit (procore.md 3.6). */
static const struct window *
closer(const struct window *a, const struct window *b)
{
	return a->used * b->limit >= b->used * a->limit ? a : b;
}

int
rate_count(struct sim_call *c, bool *over, struct err *e)
{
	struct window hour = {
	    .seconds = HOUR, .limit = sim_setting_i64(c, "rate_hour", 3600)};
	struct window spike = {
	    .seconds = SPIKE, .limit = sim_setting_i64(c, "rate_spike", 100)};
	bool by_person = str_eq(sim_setting(c, "rate_scope", "company"), "person");
	char *scope =
	    xasprintf("%s/%" PRId64, c->client_id, by_person ? sim_who(c) : c->company_id);
	const struct window *w;
	struct json *body;
	int rc = -1;

	if (count(c, scope, &hour, e) == -1 || count(c, scope, &spike, e) == -1)
		goto out;
	w = closer(&hour, &spike);
	header_i64(c, "X-Rate-Limit-Limit", w->limit);
	header_i64(
	    c, "X-Rate-Limit-Remaining", w->used < w->limit ? w->limit - w->used : 0);
	header_i64(c, "X-Rate-Limit-Reset", w->reset_at + (c->shown - c->now));
	*over = hour.used > hour.limit || spike.used > spike.limit;
	if (*over) {
		header_i64(
		    c, "Retry-After", w->reset_at > c->now ? w->reset_at - c->now : 1);
		body = json_obj();
		json_put_str(body, "message",
		    "You have surpassed the max number of requests for an hour");
		sim_note(c, "rate");
		sim_reply(c, 429, body);
	}
	rc = 0;
out:
	free(scope);
	return rc;
}
