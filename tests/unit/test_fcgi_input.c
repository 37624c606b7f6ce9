#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "io/fcgi.h"

static void
expect_path(const char *uri, const char *path, const char *query)
{
	const char *q = NULL;
	char *p = fcgi_path(uri, &q);

	if (!str_eq(p, path))
		fail_msg("%s gave %s, not %s", uri, p != NULL ? p : "NULL", path);
	if (path != NULL)
		assert_string_equal(q, query);
	free(p);
}

static void
test_path(void **state UNUSED)
{
	static const char *const refused[] = {"", "?a", "a/b", "http://x/a", "*", "/a/./b",
	    "/a/../b", "/%2e%2E/b", "/.", "/a%2fb", "/a%00b", "/a%0ab", "/a%7f", "/%ff",
	    "/%C0%AF", "/%4", "/%zz"};
	char longer[LIMIT_URL + 10];
	const char *q = NULL;

	expect_path("/", "/", "");
	expect_path("/connectorweb/Projects", "/connectorweb/Projects", "");
	expect_path("/a/?x=1%20y&b", "/a/", "x=1%20y&b");
	expect_path("/a%20b//c", "/a b/c", "");
	expect_path("//a///b//", "/a/b/", "");
	expect_path("/%C3%A9?", "/\xc3\xa9", "");
	expect_path("/a+b", "/a+b", "");
	expect_path("/%3f", "/?", "");
	expect_path("/...", "/...", "");
	expect_path("/.a", "/.a", "");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		expect_path(refused[i], NULL, NULL);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	expect_path(longer, NULL, NULL);
	assert_null(fcgi_path(NULL, &q));
	assert_string_equal(q, "");
}

static bool
ok(fcgi_check check, const char *s)
{
	return check(s, strlen(s));
}

static void
test_checks(void **state UNUSED)
{
	assert_true(ok(fcgi_check_id, "1"));
	assert_true(ok(fcgi_check_id, "9223372036854775807"));
	assert_false(ok(fcgi_check_id, "9223372036854775808"));
	assert_false(ok(fcgi_check_id, "0"));
	assert_false(ok(fcgi_check_id, "-1"));
	assert_false(ok(fcgi_check_id, "+1"));
	assert_false(ok(fcgi_check_id, ""));
	assert_true(ok(fcgi_check_public_id, "0123456789abcdef0123456789abcdef"));
	assert_false(ok(fcgi_check_public_id, "0123456789ABCDEF0123456789abcdef"));
	assert_false(ok(fcgi_check_public_id, "0123456789abcdef0123456789abcde"));
	assert_true(ok(fcgi_check_word, "sync-now_1"));
	assert_false(ok(fcgi_check_word, "Sync"));
	assert_false(ok(fcgi_check_word, ""));
	assert_true(ok(fcgi_check_token, "Az09_-"));
	assert_false(ok(fcgi_check_token, "a.b"));
	assert_true(ok(fcgi_check_text, "line\r\n\tnext \xc3\xa9"));
	assert_false(ok(fcgi_check_text, "bell\a"));
	assert_false(ok(fcgi_check_text, "\xc3"));
	assert_true(ok(fcgi_check_line, "one \xc3\xa9"));
	assert_false(ok(fcgi_check_line, "one\ntwo"));
	assert_true(ok(fcgi_check_any, "bell\a"));
	assert_false(ok(fcgi_check_any, "\xed\xa0\x80"));
}

static const struct fcgi_input table[] = {
    {.name = "project", .where = FCGI_QUERY, .check = fcgi_check_id, .max_bytes = 19},
    {.name = "note", .where = FCGI_FORM, .check = fcgi_check_text, .max_bytes = 16},
    {.name = "bic",
	.where = FCGI_FORM,
	.check = fcgi_check_id,
	.max_bytes = 19,
	.many = true},
    {.name = "do",
	.where = FCGI_FORM,
	.check = fcgi_check_word,
	.max_bytes = 64,
	.required = true},
};
enum { TABLE_N = sizeof(table) / sizeof(table[0]) };

static int
read_inputs(const char *query, const char *type, const char *form, struct fcgi_inputs **in,
    struct err *e)
{
	struct fcgi_req req = {.query = query, .body = BUF_INIT(65536)};
	int rc;

	req.p.content_type = type;
	buf_puts(&req.body, form);
	rc = fcgi_inputs_read(&req, table, TABLE_N, in, e);
	buf_clear(&req.body);
	return rc;
}

static const char form_type[] = "application/x-www-form-urlencoded";

static void
test_inputs(void **state UNUSED)
{
	struct fcgi_inputs *in = NULL;
	struct err e = {0};

	assert_int_equal(
	    read_inputs("project=4294967297&do=x&note=q&&", form_type,
		"do=save&project=9&bic=1&bic=2&n%6Fte=a+b%26%C3%A9&other=%zz", &in, &e),
	    0);
	assert_int_equal(fcgi_input_i64(in, "project", 0), INT64_C(4294967297));
	assert_string_equal(fcgi_input(in, "do"), "save");
	assert_string_equal(fcgi_input(in, "note"), "a b&\xc3\xa9");
	assert_int_equal(fcgi_input_n(in, "bic"), 2);
	assert_string_equal(fcgi_input_i(in, "bic", 1), "2");
	assert_null(fcgi_input_i(in, "bic", 2));
	assert_null(fcgi_input(in, "other"));
	assert_int_equal(fcgi_input_i64(in, "absent", 7), 7);
	fcgi_inputs_free(in);
	in = NULL;
	/* blank optional fields: an id counts as absent, a text is there and empty */
	assert_int_equal(
	    read_inputs("project=", "application/x-www-form-urlencoded; charset=utf-8",
		"note=&do=x", &in, &e),
	    0);
	assert_null(fcgi_input(in, "project"));
	assert_string_equal(fcgi_input(in, "note"), "");
	fcgi_inputs_free(in);
	fcgi_inputs_free(NULL);
}

static void
expect_refused(const char *query, const char *form, enum err_code code, const char *words)
{
	struct fcgi_inputs *in = NULL;
	struct err e = {0};

	assert_int_equal(read_inputs(query, form_type, form, &in, &e), -1);
	assert_int_equal(e.code, code);
	assert_null(in);
	if (strstr(e.msg, words) == NULL)
		fail_msg("\"%s\" expected in \"%s\"", words, e.msg);
}

static void
test_refused(void **state UNUSED)
{
	struct buf many = BUF_INIT(65536);
	struct fcgi_req big = {.query = "", .body_too_big = true, .body = BUF_INIT(10)};
	struct fcgi_inputs *in = NULL;
	struct err e = {0};

	expect_refused("", "", ERR_INPUT, "do is missing");
	expect_refused("", "do=", ERR_INPUT, "do has a value");
	expect_refused("project=x", "do=a", ERR_INPUT, "project has a value");
	expect_refused("project=1&project=2", "do=a", ERR_INPUT, "project is there twice");
	expect_refused("", "do=a&note=%4", ERR_INPUT, "note is not encoded");
	expect_refused("", "do=a&note=%00", ERR_INPUT, "note is not encoded");
	expect_refused(
	    "", "do=a&note=12345678901234567", ERR_LIMIT, "note is longer than 16");
	expect_refused("", "do=a&note=%ff", ERR_INPUT, "note has a value");
	expect_refused("do=a", "x", ERR_INPUT, "do is missing");
	for (int i = 0; i < 3000; i++)
		buf_puts(&many, "a=1&");
	expect_refused("", buf_str(&many), ERR_LIMIT, "more than");
	buf_clear(&many);
	assert_int_equal(fcgi_inputs_read(&big, table, TABLE_N, &in, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	/* another type of body holds no form */
	assert_int_equal(read_inputs("", "text/plain", "do=a", &in, &e), -1);
	assert_int_equal(
	    read_inputs("", "application/x-www-form-urlencodedx", "do=a", &in, &e), -1);
	assert_int_equal(read_inputs("", NULL, "do=a", &in, &e), -1);
}

static int
cookie(const char *header, char *dst, size_t size)
{
	struct fcgi_req req = {.query = ""};

	req.p.http_cookie = header;
	return fcgi_cookie(&req, "__Host-cw", dst, size);
}

static void
test_cookie(void **state UNUSED)
{
	char v[8];

	assert_int_equal(cookie("__Host-cw=abc", v, sizeof(v)), 0);
	assert_string_equal(v, "abc");
	assert_int_equal(cookie("x=1; __Host-cw=a=b ;y", v, sizeof(v)), 0);
	assert_string_equal(v, "a=b");
	assert_int_equal(cookie("x__Host-cw=1; __Host-cwx=2", v, sizeof(v)), -1);
	assert_int_equal(cookie("__Host-cw=1; __Host-cw=1", v, sizeof(v)), -1);
	assert_int_equal(cookie("__Host-cw=1234567", v, sizeof(v)), 0);
	assert_int_equal(cookie("__Host-cw=12345678", v, sizeof(v)), -1);
	assert_int_equal(cookie("__Host-cw", v, sizeof(v)), -1);
	assert_int_equal(cookie("", v, sizeof(v)), -1);
	assert_int_equal(cookie(NULL, v, sizeof(v)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path),
	    cmocka_unit_test(test_checks),
	    cmocka_unit_test(test_inputs),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
