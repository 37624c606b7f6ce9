/* Escaping: every dangerous byte in every place, bad UTF-8, the start of URLs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "html/esc.h"

#define FFFD "\xEF\xBF\xBD"

static void
check_html(const char *in, size_t n, const char *want)
{
	struct buf b = BUF_INIT(1024);

	esc_html(&b, in, n);
	assert_string_equal(buf_str(&b), want);
	buf_clear(&b);
}

static void
html_escapes_markup(void **state)
{
	(void)state;
	check_html("", 0, "");
	check_html("plain", 5, "plain");
	check_html("&<>\"'", 5, "&amp;&lt;&gt;&quot;&#39;");
	check_html("a&b", 3, "a&amp;b");
	check_html("a\tb\r\nc", 6, "a\tb\r\nc");
	check_html("a\0b", 3, "a" FFFD "b");
	check_html("\x1b[1m\x7f", 5, FFFD "[1m" FFFD);
}

static void
html_keeps_good_utf8(void **state)
{
	static const char *const good[] = {"caf\xC3\xA9", "\xE2\x80\x93",
	    "\xF0\x9F\x8F\x97", "\xEF\xBF\xBF", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF",
	    "\xE0\xA0\x80", "\xF0\x90\x80\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		check_html(good[i], strlen(good[i]), good[i]);
}

static void
html_replaces_bad_utf8(void **state)
{
	(void)state;
	check_html("a\x80z", 3, "a" FFFD "z");
	check_html("\xC0\xAF", 2, FFFD FFFD);          /* overlong slash */
	check_html("\xE0\x80\xBC", 3, FFFD FFFD FFFD); /* overlong < */
	check_html("\xED\xA0\x80", 3, FFFD FFFD FFFD); /* surrogate */
	check_html("\xF4\x90\x80\x80", 4, FFFD FFFD FFFD FFFD);
	check_html("\xE2\x80", 2, FFFD FFFD);         /* cut off */
	check_html("\xE2\x80<", 3, FFFD FFFD "&lt;"); /* does not swallow what follows */
	check_html("\xC3", 1, FFFD);
	check_html("\xFF", 1, FFFD);
}

static void
literal_escapes_by_place(void **state)
{
	struct buf b = BUF_INIT(256);

	(void)state;
	esc_literal(&b, "a<b>\"&'", 7, false);
	assert_string_equal(buf_str(&b), "a&lt;b&gt;\"&amp;'");
	buf_reset(&b);
	esc_literal(&b, "a<b>\"&'", 7, true);
	assert_string_equal(buf_str(&b), "a&lt;b>&quot;&amp;'");
	buf_clear(&b);
}

static void
url_start(void **state)
{
	static const char *const hosts[] = {
	    "https://login.procore.com", "https://procore.localhost:8443", NULL};
	static const struct {
		const char *url;
		bool ok;
	} t[] = {
	    {"/", true},
	    {"/connectorweb/Projects", true},
	    {"/a?b=c#d", true},
	    {"", false},
	    {"//evil.test/", false},
	    {"/\\evil.test", false},
	    {"/a\\b", false},
	    {"/a\nb", false},
	    {"/\t/evil.test", false},
	    {" /a", false},
	    {"a", false},
	    {"?a", false},
	    {"javascript:alert(1)", false},
	    {"data:text/html,x", false},
	    {"http://login.procore.com/", false},
	    {"https://login.procore.com", true},
	    {"https://login.procore.com/oauth", true},
	    {"https://login.procore.com?x", true},
	    {"https://login.procore.com#x", true},
	    {"https://login.procore.com.evil.test/", false},
	    {"https://login.procore.com@evil.test/", false},
	    {"https://login.procore.com:444/", false},
	    {"https://procore.localhost:8443/x", true},
	    {"https://procore.localhost:84430/x", false},
	    {"https://evil.test/", false},
	    {"/\xC0\xAF", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (esc_url_start_ok(t[i].url, strlen(t[i].url), hosts) != t[i].ok)
			fail_msg("%s", t[i].url);
	assert_false(esc_url_start_ok("https://login.procore.com/", 26, NULL));
	assert_true(esc_url_start_ok("/x", 2, NULL));
}

static void
url_part(void **state)
{
	static const char hostile[] = "a b/c?d&e=\"'<>%\xC3\xA9-_.~";
	struct buf b = BUF_INIT(256);

	(void)state;
	esc_url_part(&b, hostile, sizeof hostile - 1, "");
	assert_string_equal(buf_str(&b), "a%20b%2Fc%3Fd%26e%3D%22%27%3C%3E%25%C3%A9-_.~");
	buf_reset(&b);
	esc_url_part(&b, "a+b@c.test", 10, "@");
	assert_string_equal(buf_str(&b), "a%2Bb@c.test");
	buf_reset(&b);
	esc_url_part(&b, "a\0@", 3, "@");
	assert_string_equal(buf_str(&b), "a%00@");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(html_escapes_markup),
	    cmocka_unit_test(html_keeps_good_utf8),
	    cmocka_unit_test(html_replaces_bad_utf8),
	    cmocka_unit_test(literal_escapes_by_place),
	    cmocka_unit_test(url_start),
	    cmocka_unit_test(url_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
