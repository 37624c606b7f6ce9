#include "config.h"

#include "unit.h"

#include "base/limits.h"
#include "base/str.h"

static void
test_equal(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("", NULL));
	assert_true(str_eq("", ""));
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "A"));
	assert_false(str_eq("a", "ab"));
	assert_true(str_eq_ci(NULL, NULL));
	assert_false(str_eq_ci(NULL, ""));
	assert_true(str_eq_ci("J.Doe@Example.COM", "j.doe@example.com"));
	assert_false(str_eq_ci("abc", "abcd"));
	assert_false(str_eq_ci("abcd", "abc"));
	/* Next to the letters in ASCII: '@' and '`', '[' and '{'. */
	assert_false(str_eq_ci("@", "`"));
	assert_false(str_eq_ci("[", "{"));
	/* Only ASCII folds: E with acute, capital and small, differ. */
	assert_false(str_eq_ci("\xC3\x89", "\xC3\xA9"));
	assert_true(str_empty(NULL));
	assert_true(str_empty(""));
	assert_false(str_empty(" "));
}

static void
test_starts_ends_find(void **state)
{
	const char *s = "Hello World";

	(void)state;
	assert_true(str_starts(s, "Hello"));
	assert_true(str_starts(s, ""));
	assert_true(str_starts(s, s));
	assert_false(str_starts(s, "hello"));
	assert_false(str_starts("He", "Hello"));
	assert_false(str_starts(NULL, ""));
	assert_true(str_starts_ci(s, "hELLO"));
	assert_false(str_starts_ci("He", "Hello"));
	assert_true(str_starts_ci("", ""));
	assert_false(str_starts_ci(NULL, ""));
	assert_true(str_ends(s, "World"));
	assert_true(str_ends(s, ""));
	assert_true(str_ends(s, s));
	assert_false(str_ends(s, "world"));
	assert_false(str_ends("ld", "World"));
	assert_false(str_ends(NULL, ""));
	assert_true(str_ends_ci(s, "wORLD"));
	assert_false(str_ends_ci("ld", "World"));
	assert_false(str_ends_ci(NULL, "x"));
	assert_ptr_equal(str_find_ci(s, "WORLD"), s + 6);
	assert_ptr_equal(str_find_ci(s, "o w"), s + 4);
	assert_ptr_equal(str_find_ci(s, ""), s);
	assert_null(str_find_ci(s, "worlds"));
	assert_null(str_find_ci("", "x"));
	assert_non_null(str_find_ci("", ""));
	assert_null(str_find_ci(NULL, "x"));
	/* A partial match must not hide the real one. */
	assert_non_null(str_find_ci("aab", "ab"));
}

static void
test_copy(void **state)
{
	char d[4] = "zzz";

	(void)state;
	assert_int_equal(str_copy(d, sizeof(d), "abc"), 0);
	assert_string_equal(d, "abc");
	assert_int_equal(str_copy(d, sizeof(d), "abcd"), -1);
	assert_string_equal(d, "");
	assert_int_equal(str_copy(d, sizeof(d), ""), 0);
	assert_string_equal(d, "");
	d[0] = 'q';
	assert_int_equal(str_copy(d, 0, ""), -1);
	assert_int_equal(d[0], 'q');
	assert_int_equal(str_format(d, sizeof(d), "%d", 123), 0);
	assert_string_equal(d, "123");
	assert_int_equal(str_format(d, sizeof(d), "%d", 1234), -1);
	assert_string_equal(d, "");
	d[0] = 'q';
	assert_int_equal(str_format(d, 0, "x"), -1);
	assert_int_equal(d[0], 'q');
}

static void
test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *want;
	} rows[] = {
	    {"abc", 4, "abc"},
	    {"abc", 3, "ab"},
	    {"abc", 1, ""},
	    {"", 1, ""},
	    {"a\xC3\xA9z", 5, "a\xC3\xA9z"},
	    {"a\xC3\xA9z", 4, "a\xC3\xA9"},
	    {"a\xC3\xA9z", 3, "a"},
	    {"a\xE2\x82\xACz", 5, "a\xE2\x82\xAC"},
	    {"a\xE2\x82\xACz", 4, "a"},
	    {"a\xE2\x82\xACz", 3, "a"},
	    {"a\xF0\x9F\x98\x80z", 6, "a\xF0\x9F\x98\x80"},
	    {"a\xF0\x9F\x98\x80z", 5, "a"},
	    {"a\xF0\x9F\x98\x80z", 4, "a"},
	    {"a\xF0\x9F\x98\x80z", 3, "a"},
	    {"\xF0\x9F\x98\x80z", 2, ""},
	    /* No UTF-8 at all: cut where the room ends. */
	    {"\x80\x80\x80\x80\x80\x80", 4, "\x80\x80\x80"},
	    {"ab\x80\x80\x80\x80\x80", 6, "ab\x80\x80\x80"},
	};
	char d[16];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		str_cut(d, rows[i].size, rows[i].text);
		assert_string_equal(d, rows[i].want);
	}
	d[0] = 'q';
	str_cut(d, 0, "abc");
	assert_int_equal(d[0], 'q');
}

static void
test_dups(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"   ", ""},
	    {" a b\t", "a b"},
	    {"\r\n\v\fx", "x"},
	    {"x", "x"},
	    /* A no-break space is no ASCII blank. */
	    {"\xC2\xA0x", "\xC2\xA0x"},
	};
	size_t i;
	char *p;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		p = str_trim_dup(rows[i][0]);
		assert_string_equal(p, rows[i][1]);
		free(p);
	}
	p = str_lower_dup("AZaz@[`{09 \xC3\x89");
	assert_string_equal(p, "azaz@[`{09 \xC3\x89");
	free(p);
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
	    {"", true},
	    {"plain", true},
	    {"\x7F", true},
	    {"\xC2\x80", true},
	    {"\xDF\xBF", true},
	    {"\xE0\xA0\x80", true},
	    {"\xED\x9F\xBF", true},
	    {"\xEE\x80\x80", true},
	    {"\xEF\xBF\xBF", true},
	    {"\xF0\x90\x80\x80", true},
	    {"\xF4\x8F\xBF\xBF", true},
	    {"\x80", false},
	    {"\xBF", false},
	    {"\xC0\x80", false}, /* overlong NUL */
	    {"\xC1\xBF", false},
	    {"\xC2", false},
	    {"\xC2z", false},
	    {"\xC2\xC2", false},
	    {"\xE0\x9F\xBF", false}, /* overlong */
	    {"\xED\xA0\x80", false}, /* surrogate */
	    {"\xED\xBF\xBF", false},
	    {"\xE2\x82", false},
	    {"\xE2\x82z", false},
	    {"\xF0\x8F\xBF\xBF", false}, /* overlong */
	    {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
	    {"\xF5\x80\x80\x80", false},
	    {"\xF0\x9F\x98", false},
	    {"\xFE", false},
	    {"\xFF", false},
	    {"ok \xC3\xA9 then \xC3", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++)
		assert_int_equal(
		    str_utf8_valid(rows[i].text, strlen(rows[i].text)), rows[i].ok);
	assert_true(str_utf8_valid("a\0b", 3));
	/* The length counts, not the NUL: the second byte is outside. */
	assert_false(str_utf8_valid("\xC3\xA9", 1));
}

static void
test_controls(void **state)
{
	char c;
	int v;

	(void)state;
	assert_true(str_no_controls("", 0));
	for (v = 0; v < 256; v++) {
		c = (char)v;
		assert_int_equal(str_no_controls(&c, 1), v >= 0x20 && v != 0x7F);
	}
	assert_false(str_no_controls("abc\r", 4));
	assert_false(str_no_controls("a\0b", 3));
}

static void
test_lists(void **state)
{
	struct strv l = {NULL, 0};
	char text[16];
	int i;

	(void)state;
	strv_split(&l, ",, a,bc ,,d,", ", ");
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0], "a");
	assert_string_equal(l.v[1], "bc");
	assert_string_equal(l.v[2], "d");
	assert_true(strv_has_ci(&l, "BC"));
	assert_false(strv_has_ci(&l, "b"));
	strv_split(&l, "", ",");
	strv_split(&l, ",,,", ",");
	assert_int_equal(l.n, 3);
	strv_clear(&l);
	assert_null(l.v);
	assert_int_equal(l.n, 0);
	strv_clear(&l);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		strv_add(&l, text);
	}
	assert_int_equal(l.n, 1000);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(l.v[i], text);
	}
	strv_clear(&l);
}

static void
add_one(void *arg)
{
	strv_add(arg, "x");
}

static void
test_list_limit(void **state)
{
	struct strv l = {NULL, 0};
	int i;

	(void)state;
	for (i = 0; i < LIMIT_STRV; i++)
		strv_add(&l, "");
	assert_true(unit_aborts(add_one, &l));
	strv_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_equal),
	    cmocka_unit_test(test_starts_ends_find),
	    cmocka_unit_test(test_copy),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_dups),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_controls),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_list_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
