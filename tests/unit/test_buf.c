#include "config.h"

#include "unit.h"

#include "base/buf.h"

static void
test_grows(void **state)
{
	struct buf b = BUF_INIT(100000);
	size_t i;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	for (i = 0; i < 50000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.p[b.len], '\0');
	}
	assert_int_equal(b.len, 50000);
	for (i = 0; i < 50000; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	assert_int_equal(buf_check(&b, "text", NULL), 0);
	buf_clear(&b);
	assert_null(b.p);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max_bytes, 100000);
	buf_clear(&b);
}

static void
test_bytes_may_be_nul(void **state)
{
	struct buf b = BUF_INIT(10);

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.p, "a\0b", 4);
	buf_clear(&b);
}

static void
test_ceiling(void **state)
{
	struct buf b;
	struct err e;
	size_t max;

	(void)state;
	/* Around the first allocation as well, where memory would allow what the ceiling
	 * does not. */
	for (max = 0; max < 130; max++) {
		char text[140];

		memset(text, 'x', sizeof(text));
		buf_init(&b, max);
		buf_add(&b, text, max);
		assert_false(b.over);
		assert_int_equal(b.len, max);
		assert_int_equal(buf_check(&b, "x", &e), 0);
		buf_putc(&b, 'y');
		assert_true(b.over);
		assert_int_equal(b.len, max);
		assert_int_equal(strlen(buf_str(&b)), max);
		buf_add(&b, "", 0);
		buf_puts(&b, "z");
		buf_printf(&b, "%d", 1);
		assert_int_equal(b.len, max);
		assert_int_equal(buf_check(&b, "the page", &e), -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_non_null(strstr(e.msg, "the page is larger than"));
		buf_clear(&b);
	}
}

/* What does not fit is left out whole, and nothing follows it. */
static void
test_over_stays_over(void **state)
{
	struct buf b = BUF_INIT(4);

	(void)state;
	buf_puts(&b, "ab");
	buf_puts(&b, "cde");
	buf_putc(&b, 'f');
	assert_string_equal(buf_str(&b), "ab");
	assert_true(b.over);
	buf_reset(&b);
	assert_false(b.over);
	assert_string_equal(buf_str(&b), "");
	buf_puts(&b, "wxyz");
	assert_string_equal(buf_str(&b), "wxyz");
	assert_int_equal(buf_check(&b, "x", NULL), 0);
	buf_clear(&b);
}

static void
test_printf(void **state)
{
	struct buf b;
	int width;

	(void)state;
	for (width = 1; width < 300; width++) {
		buf_init(&b, 300);
		buf_puts(&b, "<");
		buf_printf(&b, "%*d", width, 7);
		assert_false(b.over);
		assert_int_equal(b.len, (size_t)width + 1);
		assert_int_equal(b.p[0], '<');
		assert_int_equal(b.p[width], '7');
		assert_int_equal(b.p[width + 1], '\0');
		buf_clear(&b);
	}
	buf_init(&b, 10);
	buf_puts(&b, "12345");
	buf_printf(&b, "%s", "678901");
	assert_true(b.over);
	assert_string_equal(buf_str(&b), "12345");
	buf_clear(&b);
	buf_init(&b, 10);
	buf_printf(&b, "%s", "");
	assert_string_equal(buf_str(&b), "");
	buf_printf(&b, "%s", "1234567890");
	assert_false(b.over);
	assert_string_equal(buf_str(&b), "1234567890");
	buf_clear(&b);
}

static void
test_truncate_and_take(void **state)
{
	struct buf b = BUF_INIT(100);
	char *p;

	(void)state;
	buf_truncate(&b, 0);
	p = buf_take(&b);
	assert_string_equal(p, "");
	free(p);
	buf_puts(&b, "hello");
	buf_truncate(&b, 5);
	buf_truncate(&b, 2);
	assert_string_equal(buf_str(&b), "he");
	buf_puts(&b, "y");
	p = buf_take(&b);
	assert_string_equal(p, "hey");
	free(p);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.max_bytes, 100);
	buf_puts(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	buf_clear(&b);
}

static void
truncate_beyond(void *arg)
{
	buf_truncate(arg, 3);
}

static void
test_truncate_cannot_grow(void **state)
{
	struct buf b = BUF_INIT(100);

	(void)state;
	buf_puts(&b, "ab");
	assert_true(unit_aborts(truncate_beyond, &b));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_bytes_may_be_nul),
	    cmocka_unit_test(test_ceiling),
	    cmocka_unit_test(test_over_stays_over),
	    cmocka_unit_test(test_printf),
	    cmocka_unit_test(test_truncate_and_take),
	    cmocka_unit_test(test_truncate_cannot_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
