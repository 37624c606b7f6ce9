/* core/catchup: calls and time of waiting work, every rule as a row. */
#include "config.h"

#include "unit.h"

#include "core/catchup.h"

enum { NOW = 1000000, HOUR = 3600 };

static void
cost_is_measured_or_a_default(void **state)
{
	static const struct {
		const char *name;
		struct catchup_work w;
		int64_t calls, ms;
	} cases[] = {
	    {"nothing measured: in", {.waiting = 10}, 40, 20000},
	    {"nothing measured: out", {.waiting = 10, .out = true}, 30, 15000},
	    {"four items say too little", {10, false, 4, 400, 400000}, 40, 20000},
	    {"five are enough", {10, false, 5, 50, 10000}, 100, 20000},
	    {"rounded up", {1, false, 8, 17, 9001}, 3, 1126},
	    {"nothing waits", {0, false, 5, 50, 10000}, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct catchup sum = {.calls = 7, .ms = 9};

		print_message("%s\n", cases[i].name);
		catchup_add(&sum, &cases[i].w);
		assert_int_equal(sum.calls, 7 + cases[i].calls);
		assert_int_equal(sum.ms, 9 + cases[i].ms);
	}
}

static void
time_is_work_and_windows(void **state)
{
	static const struct {
		const char *name;
		struct catchup sum;
		struct catchup_budget b;
		int64_t want_s;
	} cases[] = {
	    {"no header yet", {1000, 500000}, {0}, 500},
	    {"a small hour counts", {30, 15000}, {25, 20, NOW + 60}, 60 + 5},
	    {"it fits", {600, 300000}, {3600, 600, NOW + 60}, 300},
	    {"one call too many", {601, 300500}, {3600, 600, NOW + 60}, 61},
	    {"half of it after the reset", {1200, 600000}, {3600, 600, NOW + 1800}, 1800 + 300},
	    {"two more windows", {600 + 3600 + 1800, 6000000}, {3600, 600, NOW + 1800},
		1800 + HOUR + 1800},
	    {"an old window is full again", {3600, 1800000}, {3600, 0, NOW - 1}, 1800},
	    {"an old window, and the next", {7200, 3600000}, {3600, 0, NOW}, HOUR + 1800},
	    {"nothing waits", {0, 0}, {3600, 0, NOW + 60}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("%s\n", cases[i].name);
		assert_int_equal(
		    catchup_seconds(&cases[i].sum, &cases[i].b, NOW), cases[i].want_s);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cost_is_measured_or_a_default),
	    cmocka_unit_test(time_is_work_and_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
