/* The stand-in's form parser: what browsers send, and what nobody should. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "sandbox/npc/multipart.h"

#define TYPE "multipart/form-data; boundary=\"--x\""
#define PART(name, value)                                                                  \
	"----x\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static void
assert_text(const struct multipart *m, const char *name, const char *want)
{
	char *s = multipart_text(m, name);

	if (want == NULL)
		assert_null(s);
	else
		assert_string_equal(s, want);
	free(s);
}

static void
test_multipart(void **state)
{
	static const char body[] = PART("text", "line 1\r\n--x is no mark\r\n") PART(
	    "empty", "") "----x\r\ncontent-disposition: form-data; name=\"file\"; "
			 "filename=\"a b.pdf\"\r\n"
			 "Content-Type: application/pdf\r\n\r\n\0\r\nbytes\r\n----x--\r\n";
	struct multipart m;
	struct err e = {0};

	(void)state;
	assert_int_equal(multipart_parse(TYPE, body, sizeof(body) - 1, &m, &e), 0);
	assert_int_equal(m.n, 3);
	assert_text(&m, "text", "line 1\r\n--x is no mark\r\n");
	assert_text(&m, "empty", "");
	assert_text(&m, "absent", NULL);
	assert_text(&m, "file", NULL); /* a file is no text */
	assert_string_equal(m.part[2].filename, "a b.pdf");
	assert_string_equal(m.part[2].type, "application/pdf");
	assert_int_equal(m.part[2].len, 8);
	assert_memory_equal(m.part[2].p, "\0\r\nbytes", 8);
	multipart_clear(&m);
}

static void
test_urlencoded(void **state)
{
	static const char type[] = "application/x-www-form-urlencoded";
	static const char body[] = "a=1+2&&b=%C3%A4%26&c&d=";
	struct multipart m;
	struct err e = {0};

	(void)state;
	assert_int_equal(multipart_parse(type, body, sizeof(body) - 1, &m, &e), 0);
	assert_int_equal(m.n, 4);
	assert_text(&m, "a", "1 2");
	assert_text(&m, "b", "ä&");
	assert_text(&m, "c", "");
	assert_text(&m, "d", "");
	multipart_clear(&m);
	assert_int_equal(multipart_parse(type, "", 0, &m, &e), 0);
	assert_int_equal(m.n, 0);
	multipart_clear(&m);
	assert_int_equal(multipart_parse(type, "a=%zz", 5, &m, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	multipart_clear(&m);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *type, *body;
	} bad[] = {{NULL, ""}, {"text/plain", "x"},
	    {"multipart/form-data", PART("a", "1") "----x--"},
	    {"multipart/form-data; boundary=", "--"}, {TYPE, ""}, {TYPE, "----"},
	    {TYPE, "----x"}, {TYPE, "preamble\r\n" PART("a", "1") "----x--"},
	    {TYPE, PART("a", "1")}, {TYPE, PART("a", "1") "----x"},
	    {TYPE, PART("a", "1") "----xx"},
	    {TYPE, "----x\r\nContent-Disposition: form-data; name=\"a\"\r\n----x--"},
	    {TYPE, "----x\r\nContent-Disposition: form-data; "
		   "filename=\"a\"\r\n\r\n1\r\n----x--"},
	    {TYPE, "----x\r\nContent-Type: text/plain\r\n\r\n1\r\n----x--"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* Exactly as long as it is, so that the sanitizer sees any step too far. */
		size_t n = strlen(bad[i].body);
		char *copy = malloc(n > 0 ? n : 1);
		struct multipart m;
		struct err e = {0};

		assert_non_null(copy);
		memcpy(copy, bad[i].body, n);
		if (multipart_parse(bad[i].type, copy, n, &m, &e) != -1)
			fail_msg("accepted: %s", bad[i].body);
		assert_int_equal(e.code, ERR_INPUT);
		multipart_clear(&m);
		free(copy);
	}
}

static void
test_too_many(void **state)
{
	struct buf form = BUF_INIT(65536), pairs = BUF_INIT(65536);
	struct multipart m;
	struct err e = {0};

	(void)state;
	for (int i = 0; i <= MULTIPART_PARTS; i++) {
		buf_puts(&form, PART("a", "1"));
		buf_puts(&pairs, "a=1&");
	}
	buf_puts(&form, "----x--");
	assert_int_equal(multipart_parse(TYPE, buf_str(&form), form.len, &m, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	multipart_clear(&m);
	assert_int_equal(multipart_parse("application/x-www-form-urlencoded",
			     buf_str(&pairs), pairs.len, &m, &e),
	    -1);
	assert_int_equal(e.code, ERR_LIMIT);
	multipart_clear(&m);
	buf_clear(&form);
	buf_clear(&pairs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_multipart),
	    cmocka_unit_test(test_urlencoded), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_too_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
