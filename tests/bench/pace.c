/* How long a change waits, in simulated time: core/pace against a fixed interval, with and
 * without webhooks. No network, no database: the numbers that pace decides on are kept
 * here, everything it decides is its own.
 *
 *	pace [--short]
 *
 * The model. A firm has one Procore login for every four projects (500 for 2,000), and a
 * project is read by the first BIC user of its list: some carry many projects, most a few
 * (shares fall as 1/rank). Each login has a budget of its own. Beside it, for comparison, the
 * worst case: one login reads all. A project is quiet for three days in the mean, then busy for
 * two hours with a change every 40 minutes in the mean: some 1.3 changes a day, 500 a year.
 * A pass costs 2 calls for its lists and 2 more when the recycle bins' hour is over; a
 * changed item 3 (make bench counts them: 1 to 4). Calls of a login leave at 2.5 a second at
 * most (25 in 10 s), no call leaves that the
 * headers foretold would be refused, and the hour's window begins anew each hour. Webhooks
 * arrive after 3 s; one in 50 is lost. The first day is not counted; what has not arrived
 * at the end counts with the time that it has waited so far. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/budget.h"
#include "core/pace.h"

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	INTERVAL_S = 600,
	QUIET_S = 3 * DAY_S,
	BUSY_S = 2 * HOUR_S,
	GAP_S = 2400,
	LIST_CALLS = 2,
	ITEM_CALLS = 3,
	EVENT_S = 3,
	LOST_ONE_IN = 50,
	QUIET_BEFORE = 30, /* readings in vain before the first day */
	BUSY_IDLE = 3,     /* as sync_run: fewer quiet readings than this have priority */
	PROJECTS_A_LOGIN = 4,
	FLOOD_GAP_S = 6,   /* of the one project that never rests: more than a budget holds */
	WAITING_MAX = 512
};

/* A login at a company: what Procore's limit is for. */
struct token {
	int64_t remaining, reset_at;
	double line_free_at; /* its next call may leave */
	int sharing;         /* projects that it reads */
};

struct project {
	struct token *token;
	bool flood; /* changes without end */
	double change_at, busy_until;
	int64_t pass_at, event_at, listed_at, bin_at, idle;
	double *waiting; /* when what waits has changed; its place in sim.waiting */
	int n;
};

struct way {
	bool adaptive, hooks;
};

struct sim {
	struct project *p;
	struct token *t;
	double *waiting; /* apart: what is looked at each second stays small */
	int n, tokens;
	int64_t limit;
	double next_change; /* no project changes before */
	int64_t next_due;   /* none is due before */
	struct way way;
	uint64_t seed;
	double *delay;
	size_t delays;
	int64_t calls, idle_calls, refused;
	double idle_hours, worst_gap;
	bool flood;  /* one project never rests; its own changes are not counted */
	bool counts; /* the first day is over */
	size_t late; /* of delay: what had not arrived at the end */
};

/* A generator of its own: the same seed must give the same table everywhere. */
static double
uniform(struct sim *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (double)(s->seed >> 11) / 9007199254740992.0;
}

static double
expo(struct sim *s, double mean)
{
	return -mean * log(1.0 - uniform(s));
}

static void
next_change(struct sim *s, struct project *p)
{
	double at = p->change_at + expo(s, p->flood ? FLOOD_GAP_S : GAP_S);

	if (p->flood)
		p->busy_until = at;
	if (at > p->busy_until) {
		at = p->change_at + expo(s, QUIET_S);
		p->busy_until = at + expo(s, BUSY_S);
	}
	p->change_at = at;
}

/* What has changed by now joins those that wait; a webhook may tell of it. */
static void
changes(struct sim *s, struct project *p, int64_t now)
{
	while (p->change_at <= (double)now) {
		if (p->n < WAITING_MAX)
			p->waiting[p->n++] = p->change_at;
		if (s->way.hooks && uniform(s) * LOST_ONE_IN > 1 && p->event_at == 0)
			p->event_at = (int64_t)p->change_at + EVENT_S;
		next_change(s, p);
	}
	if (p->event_at != 0 && p->event_at < s->next_due)
		s->next_due = p->event_at;
}

static void
all_changes(struct sim *s, int64_t now)
{
	s->next_change = (double)INT64_MAX;
	for (int i = 0; i < s->n; i++) {
		struct project *p = &s->p[i];

		if (p->change_at <= (double)now)
			changes(s, p, now);
		if (p->change_at < s->next_change)
			s->next_change = p->change_at;
	}
}

/* n calls of this urgency; false: the budget has none, and nothing was spent. */
static bool
spend(struct sim *s, struct token *t, enum budget_priority prio, int n, int64_t now)
{
	if (now >= t->reset_at) {
		t->reset_at = now - now % HOUR_S + HOUR_S;
		t->remaining = s->limit;
	}
	if (t->remaining - n < budget_reserve(prio, s->limit))
		return false;
	t->remaining -= n;
	s->calls += s->counts ? n : 0;
	if (t->line_free_at < (double)now)
		t->line_free_at = (double)now;
	t->line_free_at += 0.4 * n;
	return true;
}

static bool
rests(const struct sim *s, const struct project *p, int64_t now)
{
	struct pace_in in = {.now = now,
	    .interval_s = INTERVAL_S,
	    .hook = s->way.hooks,
	    .idle = p->idle,
	    .sharing = p->token->sharing,
	    .limit_n = s->limit,
	    .remaining = p->token->remaining,
	    .reset_at = p->token->reset_at};

	return s->way.adaptive && p->event_at == 0 && pace_may_rest(&in, p->listed_at);
}

/* One pass: the lists, then each changed item; false: the budget said not now. */
static bool
read_lists(struct sim *s, struct project *p, int64_t now)
{
	bool hot = p->idle < BUSY_IDLE || p->event_at != 0,
	     bins = now - p->bin_at >= HOUR_S;
	int n = LIST_CALLS + (bins ? LIST_CALLS : 0);

	if (!spend(s, p->token, hot ? BUDGET_BUSY : BUDGET_QUIET, n, now))
		return false;
	if (bins)
		p->bin_at = now;
	if (s->counts && p->listed_at != 0 && (double)(now - p->listed_at) > s->worst_gap)
		s->worst_gap = (double)(now - p->listed_at);
	p->listed_at = now;
	p->event_at = 0;
	p->idle = p->n == 0 ? p->idle + 1 : 0;
	if (p->n == 0 && s->counts)
		s->idle_calls += n;
	for (int i = 0; i < p->n; i++) {
		if (!spend(s, p->token, BUDGET_BUSY, ITEM_CALLS, now)) {
			memmove(p->waiting, p->waiting + i,
			    (size_t)(p->n - i) * sizeof p->waiting[0]);
			p->n -= i;
			return false;
		}
		if (s->counts && !p->flood)
			s->delay[s->delays++] = p->token->line_free_at - p->waiting[i];
	}
	p->n = 0;
	return true;
}

static int64_t
due_at(const struct project *p)
{
	return p->event_at != 0 && p->event_at < p->pass_at ? p->event_at : p->pass_at;
}

/* The longest due whose login's line is free; NULL: none now, and next_due says when. */
static struct project *
next_project(struct sim *s, int64_t now)
{
	struct project *p = NULL;

	s->next_due = INT64_MAX;
	for (int i = 0; i < s->n; i++) {
		int64_t due = due_at(&s->p[i]);

		if (due <= now && s->p[i].token->line_free_at > (double)now + 1)
			due = now + 1;
		else if (due <= now && (p == NULL || due < due_at(p)))
			p = &s->p[i];
		if (due < s->next_due)
			s->next_due = due;
	}
	return p;
}

/* What is due now; a line that is busy makes the rest of its projects wait. */
static void
step(struct sim *s, int64_t now)
{
	for (;;) {
		struct project *p = next_project(s, now);

		if (p == NULL)
			return;
		if (!rests(s, p, now) && !read_lists(s, p, now)) {
			/* as budget_may_call: not before the reset */
			s->refused += s->counts;
			p->pass_at = s->way.adaptive
					 ? pace_back_at(p->token->reset_at, p->listed_at, now)
					 : p->token->reset_at;
			p->event_at = 0;
			continue;
		}
		p->pass_at =
		    pace_next_at(now, INTERVAL_S, (int64_t)(uniform(s) * (INTERVAL_S + 1)));
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Idle project-hours: those of the time in which nothing waited. */
static void
watch(struct sim *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->p[i].n == 0)
			s->idle_hours += 1.0 / 60;
}

/* Who reads a project: the logins' shares fall as 1/rank. */
static struct token *
choose_token(struct sim *s)
{
	double rank = exp(uniform(s) * log((double)s->tokens + 1));
	struct token *t = &s->t[(int)rank - 1 < s->tokens ? (int)rank - 1 : s->tokens - 1];

	t->sharing++;
	return t;
}

static void
run(struct sim *s, int64_t begin, int64_t end)
{
	for (int i = 0; i < s->n; i++) {
		struct project *p = &s->p[i];

		*p = (struct project){.token = choose_token(s),
		    .waiting = s->waiting + (size_t)i * WAITING_MAX,
		    .flood = s->flood && i == 0,
		    .change_at = (double)begin - DAY_S,
		    .idle = QUIET_BEFORE};
		while (p->change_at < (double)begin)
			next_change(s, p);
		p->pass_at = begin + (int64_t)(uniform(s) * INTERVAL_S);
	}
	for (int64_t now = begin; now < end; now++) {
		s->counts = now >= begin + DAY_S;
		if (s->next_change <= (double)now)
			all_changes(s, now);
		if (s->next_due <= now)
			step(s, now);
		if (now % 60 == 0 && s->counts)
			watch(s);
	}
	for (int i = 0; i < s->n; i++)
		for (int k = 0; k < s->p[i].n && !s->p[i].flood; k++, s->late++)
			s->delay[s->delays++] = (double)end - s->p[i].waiting[k];
}

static void
duration(double s, char out[32])
{
	int n = s < 120        ? snprintf(out, 32, "%.0f s", s)
		: s < 2 * 7200 ? snprintf(out, 32, "%.0f min", s / 60)
			       : snprintf(out, 32, "%.1f h", s / HOUR_S);

	BUG_IF(n < 0);
}

/* Median, 99 % and the longest in out. false: nothing arrived, or the budget was overdrawn.
 */
static bool
one(int n, int tokens, int64_t limit, struct way way, bool flood, int64_t days)
{
	const int64_t begin = INT64_C(1800000000) - INT64_C(1800000000) % HOUR_S;
	struct sim s = {.n = n,
	    .tokens = tokens,
	    .limit = limit,
	    .way = way,
	    .flood = flood,
	    .seed = 88172645463325252u};
	char half[32], high[32], gap[32];
	bool fine;

	s.p = xcalloc((size_t)n, sizeof *s.p);
	s.t = xcalloc((size_t)tokens, sizeof *s.t);
	s.waiting = xcalloc((size_t)n * WAITING_MAX, sizeof *s.waiting);
	s.delay = xcalloc((size_t)(n * (days + 1) * 40 + 1000), sizeof *s.delay);
	run(&s, begin, begin + (days + 1) * DAY_S);
	qsort(s.delay, s.delays, sizeof s.delay[0], by_value);
	fine = s.delays > s.late && s.calls <= limit * tokens * 24 * days;
	if (fine) {
		duration(s.delay[s.delays / 2], half);
		duration(s.delay[s.delays * 99 / 100], high);
		duration(s.worst_gap, gap);
		printf("%8d %6d %7lld  %-8s %-4s %9s %9s %11s %7zu %10.1f %11.1f %8lld\n", n,
		    tokens, (long long)limit, way.adaptive ? "adaptive" : "fixed",
		    way.hooks ? "yes" : "no", half, high, gap, s.late,
		    (double)s.calls / (double)(s.delays - s.late),
		    (double)s.idle_calls / s.idle_hours, (long long)s.refused);
	}
	free(s.delay);
	free(s.t);
	free(s.waiting);
	free(s.p);
	return fine;
}

/* All ways of asking for one firm. */
static bool
ways(int n, int tokens, int64_t limit, bool flood, int64_t days)
{
	for (int w = 0; w < 4; w++)
		if (!one(n, tokens, limit, (struct way){.adaptive = w & 1, .hooks = w & 2},
			flood, days))
			return false;
	return true;
}

static void
head(const char *what, int64_t days)
{
	printf("%s; simulated, %lld day(s)\n%8s %6s %7s  %-8s %-4s %9s %9s %11s %7s %10s %11s "
	       "%8s\n",
	    what, (long long)days, "projects", "logins", "calls/h", "polling", "hook",
	    "median", "99 %", "longest gap", "waiting", "calls/item", "calls/idle h",
	    "put off");
}

int
main(int argc, char **argv)
{
	static const int counts[] = {50, 300, 2000};
	static const int64_t limits[] = {600, 3600};
	bool brief = argc > 1 && str_eq(argv[1], "--short");
	int64_t days = brief ? 1 : 3;

	BUG_IF(setvbuf(stdout, NULL, _IOLBF, 0) != 0); /* some rows take their time */
	for (int shared = 0; shared < 2; shared++) {
		head(shared ? "delay from a change at Procore to its arrival, the worst case: "
			      "one login reads all projects"
			    : "delay from a change at Procore to its arrival, a login for every "
			      "four projects",
		    days);
		for (size_t c = 0; c < (brief ? 1 : 3); c++)
			for (size_t l = 0; l < 2; l++)
				if (!ways(counts[c],
					shared ? 1 : counts[c] / PROJECTS_A_LOGIN, limits[l],
					false, days))
					return 1;
	}
	head("fairness: one project changes every 6 s, the others' delays; one login reads all",
	    days);
	return ways(brief ? 50 : 2000, 1, 3600, true, days) ? 0 : 1;
}
