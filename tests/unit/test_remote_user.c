#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "web/remote_user.h"

static struct strv domains;

static int
setup(void **state UNUSED)
{
	strv_split(&domains, "FIRM firm.example.com", " ");
	return 0;
}

static int
teardown(void **state UNUSED)
{
	strv_clear(&domains);
	return 0;
}

static void
test_accepted(void **state UNUSED)
{
	static const struct {
		const char *typed, *name;
	} cases[] = {
	    {"sam", "sam"},
	    {"SAM", "sam"},
	    {" sam  ", "sam"},
	    {"firm\\Sam", "sam"},
	    {"Sam@FIRM.example.com", "sam"},
	    {"sam o'neil", "sam o'neil"},
	    {"\xc3\x89lise", "\xc3\x89lise"}, /* case is folded in ASCII alone */
	    {"*)(uid=*", "*)(uid=*"},
	};
	char dst[LIMIT_LOGIN + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {0};

		assert_int_equal(
		    remote_user_canonical(cases[i].typed, &domains, dst, sizeof(dst), &e),
		    0);
		assert_string_equal(dst, cases[i].name);
	}
}

static void
test_refused(void **state UNUSED)
{
	static const char *const bad[] = {"", "   ", "FIRM\\", "@firm.example.com",
	    "OTHER\\sam", "sam@example.com", "sam@", "\\sam", "FIRM\\sam@firm.example.com",
	    "FIRM\\OTHER\\sam", "a@b@firm.example.com", "sam\n", "s\x01m", "\xff", "\x7f"};
	char longest[LIMIT_LOGIN + 2];
	char dst[LIMIT_LOGIN + 1];
	struct strv none = {0};
	struct err e = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    remote_user_canonical(bad[i], &domains, dst, sizeof(dst), &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_string_equal(dst, "");
		assert_null(strstr(e.msg, "sam"));
	}
	assert_int_equal(
	    remote_user_canonical("FIRM\\sam", &none, dst, sizeof(dst), &e), -1);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(
	    remote_user_canonical(longest, &domains, dst, sizeof(dst), &e), -1);
	longest[LIMIT_LOGIN] = '\0';
	assert_int_equal(remote_user_canonical(longest, &domains, dst, sizeof(dst), &e), 0);
	assert_int_equal(remote_user_canonical("samuel", &domains, dst, 6, &e), -1);
}

static void
test_texts(void **state UNUSED)
{
	struct buf b = BUF_INIT(256);
	struct strv groups = {0};
	char dst[32];

	remote_text_encode(&b, "\xc3\x89lise 100%, \x01");
	assert_string_equal(buf_str(&b), "%C3%89lise 100%25%2C %01");
	remote_text_decode("%C3%89lise 100%25%2C x", dst, sizeof(dst));
	assert_string_equal(dst, "\xc3\x89lise 100%, x");
	/* as another provider may send it */
	remote_text_decode("\xc3\x89lise 100%", dst, sizeof(dst));
	assert_string_equal(dst, "\xc3\x89lise 100%");
	remote_text_decode("%01", dst, sizeof(dst));
	assert_string_equal(dst, "");
	remote_text_decode("%ff", dst, sizeof(dst));
	assert_string_equal(dst, "");
	remote_text_decode(NULL, dst, sizeof(dst));
	assert_string_equal(dst, "");
	remote_text_decode("0123456789", dst, 5);
	assert_string_equal(dst, "0123");
	remote_groups_decode("CN=A%2COU=x,,b%20c,%ff", &groups);
	assert_int_equal(groups.n, 2);
	assert_string_equal(groups.v[0], "CN=A,OU=x");
	assert_string_equal(groups.v[1], "b c");
	remote_groups_decode(NULL, &groups);
	assert_int_equal(groups.n, 2);
	strv_clear(&groups);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepted),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
