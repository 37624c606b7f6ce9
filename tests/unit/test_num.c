#include "config.h"

#include "unit.h"

#include "base/num.h"

static void
test_table(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, want;
		int rc;
	} rows[] = {
	    {"0", 0, 0, 0, 0},
	    {"42", 0, 100, 42, 0},
	    {"-42", -100, 0, -42, 0},
	    {"007", 0, 100, 7, 0},
	    {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, 0},
	    {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, 0},
	    {"00000000000000000000000000000000001", 0, 1, 1, 0},
	    {"9223372036854775808", INT64_MIN, INT64_MAX, 0, -1},
	    {"-9223372036854775809", INT64_MIN, INT64_MAX, 0, -1},
	    {"18446744073709551616", INT64_MIN, INT64_MAX, 0, -1},
	    {"99999999999999999999999999999999", INT64_MIN, INT64_MAX, 0, -1},
	    {"101", 0, 100, 0, -1},
	    {"-1", 0, 100, 0, -1},
	    {"", 0, 100, 0, -1},
	    {"-", -10, 100, 0, -1},
	    {"--1", -10, 100, 0, -1},
	    {"-0", -10, 100, 0, -1},
	    {"+1", 0, 100, 0, -1},
	    {" 1", 0, 100, 0, -1},
	    {"1 ", 0, 100, 0, -1},
	    {"1\n", 0, 100, 0, -1},
	    {"1.0", 0, 100, 0, -1},
	    {"1e1", 0, 100, 0, -1},
	    {"0x10", 0, 100, 0, -1},
	    {"1,000", 0, 10000, 0, -1},
	    {"\xD9\xA1", 0, 100, 0, -1}, /* an Arabic digit one */
	    {NULL, 0, 100, 0, -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		int64_t got = 12345;

		assert_int_equal(
		    num_parse_i64(rows[i].text, rows[i].min, rows[i].max, &got),
		    rows[i].rc);
		assert_true(got == (rows[i].rc == 0 ? rows[i].want : 12345));
	}
}

static void
test_only_n_bytes(void **state)
{
	int64_t v = 5;

	(void)state;
	assert_int_equal(num_parse_i64_n("123456", 3, 0, 1000, &v), 0);
	assert_true(v == 123);
	assert_int_equal(num_parse_i64_n("12x", 2, 0, 1000, &v), 0);
	assert_true(v == 12);
	assert_int_equal(num_parse_i64_n("1\0002", 3, 0, 1000, &v), -1);
	assert_int_equal(num_parse_i64_n("1", 0, 0, 1000, &v), -1);
	assert_int_equal(num_parse_i64_n("-1", 1, -9, 1000, &v), -1);
	assert_int_equal(num_parse_i64_n(NULL, 0, 0, 1000, &v), -1);
	assert_true(v == 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_only_n_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
