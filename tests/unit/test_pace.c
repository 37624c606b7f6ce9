/* core/pace: how often lists are read, every rule as a row (DESIGN.md 8). */
#include "config.h"

#include "unit.h"

#include "core/pace.h"

enum { NOW = 1000000, MIN = 60, HOUR = 3600 };

struct pace_case {
	const char *name;
	struct pace_in in;
	int64_t want_s;
};

/* n connections share the token */
#define IN(n, ...)                                                                         \
	{                                                                                  \
		.now = NOW, .interval_s = 10 * MIN, .sharing = (n), __VA_ARGS__            \
	}
#define HOURLY(n) .limit_n = (n), .remaining = (n), .reset_at = NOW + HOUR

static const struct pace_case cases[] = {
    {"just changed: every pass", IN(1, .idle = 0, HOURLY(3600)), 10 * MIN},
    {"watched for a while", IN(1, .idle = 2, HOURLY(3600)), 10 * MIN},
    {"then half as long again", IN(1, .idle = 3, HOURLY(3600)), 15 * MIN},
    {"plenty of budget: twice the interval, no more", IN(1, .idle = 500, HOURLY(3600)),
	20 * MIN},
    {"busy ones keep their pace in a crowd", IN(300, .idle = 0, HOURLY(3600)), 10 * MIN},
    {"a crowd: half of the budget for the quiet ones", IN(300, .idle = 500, HOURLY(3600)),
	3200},
    {"a larger one: two hours, no more", IN(1000, .idle = 500, HOURLY(3600)), 2 * HOUR},
    {"a crowd that even the busy ones are too many for", IN(300, .idle = 0, HOURLY(600)),
	2400},
    {"more than can be paid in two hours: all wait", IN(2000, .idle = 500, HOURLY(600)),
	128000},
    {"no header yet: the smallest hour that is documented",
	IN(100, .idle = 500, .limit_n = 0), 6400},
    {"a short window says nothing about the hour",
	IN(100, .idle = 500, .limit_n = 25, .remaining = 25, .reset_at = NOW + 10), 6400},
    {"a window that others have spent slows down",
	IN(300, .idle = 500, .limit_n = 3600, .remaining = 1800, .reset_at = NOW + HOUR),
	6400},
    {"a window that is over says its limit still",
	IN(300, .idle = 500, .limit_n = 3600, .remaining = 0, .reset_at = NOW - 1), 3200},
    {"an admin's own interval is never stretched",
	IN(2000, .idle = 500, .own_interval = true, HOURLY(600)), 10 * MIN},
    {"an interval that is longer than the cap stays",
	{.now = NOW, .interval_s = 2 * HOUR, .sharing = 1, .idle = 500, HOURLY(3600)},
	2 * HOUR},
    {"a proven webhook: reconciliation at once, an hour at most",
	IN(1, .idle = 0, .hook = true, HOURLY(3600)), HOUR},
    {"a webhook and short intervals: six of them",
	{.now = NOW, .interval_s = 2 * MIN, .sharing = 1, .hook = true, HOURLY(3600)},
	12 * MIN},
    {"a webhook and long intervals: three of them, two hours at most",
	{.now = NOW, .interval_s = HOUR, .sharing = 1, .hook = true, HOURLY(3600)},
	2 * HOUR},
    {"a webhook never makes a crowd's pace shorter",
	IN(1000, .idle = 500, .hook = true, HOURLY(3600)), 2 * HOUR},
};

static void
test_interval(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		int64_t s = pace_interval_s(&cases[i].in);

		if (s != cases[i].want_s)
			print_error("%s: %lld s, wanted %lld s\n", cases[i].name,
			    (long long)s, (long long)cases[i].want_s);
		assert_int_equal(s, cases[i].want_s);
	}
}

/* Whatever the numbers: no shorter than planned, never for ever, longer with each quiet
 * reading or the same. */
static void
test_bounds(void **state)
{
	static const int64_t limits[] = {0, 25, 100, 600, 3600, 1000000},
			     crowd[] = {1, 7, 300, 100000};

	(void)state;
	for (size_t l = 0; l < ROWS(limits); l++)
		for (size_t c = 0; c < ROWS(crowd); c++)
			for (int left = 0; left <= 2; left++) {
				struct pace_in in = IN(crowd[c], .limit_n = limits[l],
				    .remaining = limits[l] * left / 2,
				    .reset_at = NOW + 1800);
				int64_t before = 0;

				for (in.idle = 0; in.idle < 60; in.idle++) {
					int64_t s = pace_interval_s(&in);

					assert_true(s >= in.interval_s && s >= before);
					assert_true(s <= 14 * 86400);
					before = s;
				}
			}
}

static void
test_rest(void **state)
{
	struct pace_in in = IN(1, .idle = 500, HOURLY(3600)); /* 20 minutes */

	(void)state;
	assert_false(pace_may_rest(&in, 0)); /* never read */
	assert_true(pace_may_rest(&in, NOW - 10 * MIN));
	/* the next pass would come too late */
	assert_false(pace_may_rest(&in, NOW - 10 * MIN - 1));
	assert_false(pace_may_rest(&in, NOW - 19 * MIN));
	/* what is left belongs to more urgent work until the reset */
	in.remaining = 900;
	assert_true(pace_may_rest(&in, NOW - 19 * MIN));
	in.remaining = 901;
	in.reset_at = NOW + 1;
	assert_false(pace_may_rest(&in, NOW - 19 * MIN));
	/* a project in which something happens asks all the same: the budget's own rule
	   decides */
	in.remaining = 900;
	in.idle = 0;
	assert_false(pace_may_rest(&in, NOW - 10 * MIN));
}

static void
test_next(void **state)
{
	(void)state;
	assert_int_equal(pace_next_at(NOW, 600, 0), NOW + 600);
	assert_int_equal(pace_next_at(NOW, 600, 60), NOW + 540);
	assert_int_equal(pace_next_at(NOW, 600, 61), NOW + 600);
	for (int64_t i = 0; i < 1000; i++)
		assert_in_range(pace_next_at(NOW, 60, i), NOW + 54, NOW + 60);
}

static void
test_back(void **state)
{
	(void)state;
	/* never listed, or long ago: at the reset; just listed: within five minutes of it
	 */
	assert_int_equal(pace_back_at(NOW + HOUR, 0, NOW), NOW + HOUR);
	assert_int_equal(pace_back_at(NOW + HOUR, NOW - 5 * HOUR, NOW), NOW + HOUR);
	assert_int_equal(pace_back_at(NOW + HOUR, NOW - 2 * HOUR, NOW), NOW + HOUR + 150);
	assert_int_equal(pace_back_at(NOW + HOUR, NOW, NOW), NOW + HOUR + 300);
	/* a short wait stays short */
	assert_int_equal(pace_back_at(NOW + 8, NOW, NOW), NOW + 10);
	assert_int_equal(pace_back_at(NOW - 8, NOW, NOW), NOW - 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_interval),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_rest),
	    cmocka_unit_test(test_next),
	    cmocka_unit_test(test_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
