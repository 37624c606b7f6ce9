#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "base/url.h"

static void
test_parts(void **state UNUSED)
{
	static const struct {
		const char *url, *scheme, *host;
		int port;
		const char *path, *authority;
	} cases[] = {
	    {"https://a.example.com", "https", "a.example.com", 0, "", "a.example.com"},
	    {"HTTPS://A.Example.com:443/x?y=z", "https", "a.example.com", 443, "/x?y=z",
		"a.example.com"},
	    {"http://localhost:8443?q", "http", "localhost", 8443, "?q", "localhost:8443"},
	    {"http://h:80/", "http", "h", 80, "/", "h"},
	    {"https://h:80/", "https", "h", 80, "/", "h:80"},
	    {"ldaps://[::1]:636/", "ldaps", "::1", 636, "/", "[::1]:636"},
	    {"https://[FE80::1]", "https", "fe80::1", 0, "", "[fe80::1]"},
	};
	struct url u;
	char dst[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(url_parse(cases[i].url, &u), 0);
		assert_string_equal(u.scheme, cases[i].scheme);
		assert_string_equal(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_string_equal(u.path, cases[i].path);
		assert_int_equal(url_authority(&u, dst, sizeof(dst)), 0);
		assert_string_equal(dst, cases[i].authority);
	}
	assert_int_equal(url_authority(&u, dst, 5), -1);
}

static void
test_refused(void **state UNUSED)
{
	static const char *const bad[] = {"", "a.example.com", "//a/b", "https:/a",
	    "https://", "https:///x", "://a", "ht_tp://a", "https://u@a/", "https://u:p@a/",
	    "https://a:/", "https://a:0/", "https://a:65536/", "https://a:8x/",
	    "https://a b/", "https://a/ b", "https://a/#f", "https://a\\b/", "https://a/\n",
	    "https://a/\x7f", "https://[::1/", "https://[::1]x", "https://[g::1]/",
	    "https://\xc3\xa9/", "https://a/\"x", "averyverylongschemename://a/"};
	struct url u = {.port = 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (url_parse(bad[i], &u) != -1)
			fail_msg("%s", bad[i]);
	}
	assert_int_equal(u.port, 7);
}

static void
test_loopback(void **state UNUSED)
{
	static const char *const yes[] = {
	    "localhost", "a.localhost", "127.0.0.1", "127.255.0.9", "::1"};
	static const char *const no[] = {"localhost.example.com", "alocalhost", "127.1",
	    "127.0.0.1.example.com", "127.0.0.256", "127.0.0.", "127.0.0.0001", "128.0.0.1",
	    "::2", "10.0.0.1", "", "0.0.0.0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(url_host_is_loopback(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (url_host_is_loopback(no[i]))
			fail_msg("%s", no[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
