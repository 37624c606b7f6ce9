#include "config.h"

#include "unit.h"

#include <errno.h>

#include "base/log.h"
#include "base/str.h"

enum { OUT_BYTES = 64 * 1024 };

static void
log_value(void *arg)
{
	log_event(LOG_INFO, "try", "key", (const char *)arg, NULL);
}

static void
test_values(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
	    {"plain", "plain"},
	    {"a/b:c@d.e", "a/b:c@d.e"},
	    {NULL, "-"},
	    {"-", "\"-\""}, /* not the same as no value */
	    {"", "\"\""},
	    {"two words", "\"two words\""},
	    {"a=b", "\"a=b\""},
	    {"say \"hi\"", "\"say \\\"hi\\\"\""},
	    {"C:\\x", "\"C:\\\\x\""},
	    {"line\nerror forged key=1", "\"line\\nerror forged key=1\""},
	    {"\r\t", "\"\\r\\t\""},
	    {"\x1B[31mred\x7F", "\"\\x1b[31mred\\x7f\""},
	    {"caf\xC3\xA9", "caf\xC3\xA9"},
	    {"\xE2\x82\xAC\xF0\x9F\x98\x80", "\xE2\x82\xAC\xF0\x9F\x98\x80"},
	    {"\xC2\x9B"
	     "31m",
		"\"\\xc2\\x9b31m\""}, /* C1 control sequence introducer */
	    {"\xE2\x80\xA8x\xE2\x80\xA9",
		"\"\\xe2\\x80\\xa8x\\xe2\\x80\\xa9\""}, /* separators */
	    {"\xFF\xC3", "\"\\xff\\xc3\""},
	    {"\xC3\xA9\xA9",
		"\"\xC3\xA9\\xa9\""}, /* a stray continuation after a character */
	    {"\xED\xA0\x80", "\"\\xed\\xa0\\x80\""},
	};
	char out[OUT_BYTES], want[256];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		unit_stderr(log_value, (void *)(uintptr_t)rows[i].value, out, sizeof(out));
		(void)snprintf(want, sizeof(want), "info try key=%s\n", rows[i].want);
		assert_string_equal(out, want);
	}
}

/* No byte can end the line early or bring a control character into it. */
static void
test_every_byte(void **state)
{
	char out[OUT_BYTES];
	char text[4] = "a?b";
	int v;

	(void)state;
	for (v = 1; v < 256; v++) {
		text[1] = (char)v;
		unit_stderr(log_value, text, out, sizeof(out));
		assert_true(str_utf8_valid(out, strlen(out)));
		assert_true(str_no_controls(out, strlen(out) - 1));
		assert_int_equal(out[strlen(out) - 1], '\n');
	}
}

static void
log_all(void *arg)
{
	(void)arg;
	log_event(LOG_DEBUG, "d", NULL);
	log_event(LOG_INFO, "i", NULL);
	log_event(LOG_WARN, "w", NULL);
	log_event(LOG_ERROR, "e", NULL);
	log_event(LOG_LEVEL_MAX, "never", NULL);
}

static void
test_levels(void **state)
{
	static const char *const want[] = {"debug d\ninfo i\nwarn w\nerror e\n",
	    "info i\nwarn w\nerror e\n", "warn w\nerror e\n", "error e\n"};
	static const char *const names[] = {"debug", "info", "warn", "error"};
	static const char *const refused[] = {NULL, "", "INFO", "information", "3"};
	enum log_level level = LOG_WARN;
	char out[OUT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(names); i++) {
		assert_int_equal(log_level_parse(names[i], &level), 0);
		assert_int_equal(level, i);
		log_init(NULL, level);
		unit_stderr(log_all, NULL, out, sizeof(out));
		assert_string_equal(out, want[i]);
	}
	for (i = 0; i < ROWS(refused); i++)
		assert_int_equal(log_level_parse(refused[i], &level), -1);
	assert_int_equal(level, LOG_ERROR);
	log_init(NULL, LOG_INFO);
}

static void
log_two(void *arg)
{
	(void)arg;
	log_event(LOG_WARN, "refresh", "account", log_num(-42), "bytes", log_num(INT64_MAX),
	    NULL);
}

static void
test_program_and_request(void **state)
{
	char out[OUT_BYTES];

	(void)state;
	log_init("connectord", LOG_INFO);
	log_set_request("ab12");
	unit_stderr(log_two, NULL, out, sizeof(out));
	assert_string_equal(out, "warn refresh account=-42 bytes=9223372036854775807 "
				 "program=connectord request=ab12\n");
	/* The id comes from outside too. */
	log_set_request("x\nerror y");
	unit_stderr(log_two, NULL, out, sizeof(out));
	assert_non_null(strstr(out, " request=\"x\\nerror y\"\n"));
	log_set_request(NULL);
	log_init(NULL, LOG_INFO);
	unit_stderr(log_two, NULL, out, sizeof(out));
	assert_string_equal(out, "warn refresh account=-42 bytes=9223372036854775807\n");
}

static void
log_error(void *arg)
{
	log_err("open", arg);
}

static void
test_errors(void **state)
{
	char out[OUT_BYTES];
	struct err e;

	(void)state;
	(void)err_set_errno(&e, ERR_IO, ENOENT, "db");
	unit_stderr(log_error, &e, out, sizeof(out));
	assert_string_equal(out,
	    "error open error=io number=2 message=\"db: No such file or directory\"\n");
	(void)err_set(&e, ERR_NOT_FOUND, "project 42");
	unit_stderr(log_error, &e, out, sizeof(out));
	assert_string_equal(
	    out, "info open error=not_found number=- message=\"project 42\"\n");
	log_init(NULL, LOG_WARN);
	unit_stderr(log_error, &e, out, sizeof(out));
	assert_string_equal(out, "");
	log_init(NULL, LOG_INFO);
}

static void
log_much(void *arg)
{
	const char *v = arg;

	log_event(LOG_INFO, "much", "a", v, "b", v, "c", v, "d", v, "e", v, "f", v, "g", v,
	    "h", v, "i", v, "j", v, NULL);
}

/* However long the values, it is one line, ended, and begins as lines do. */
static void
test_long_lines_are_cut(void **state)
{
	char out[OUT_BYTES];
	char text[10000];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	unit_stderr(log_much, text, out, sizeof(out));
	assert_in_range(strlen(out), 4096, 16 * 1024);
	assert_memory_equal(out, "info much a=\"\\n", 14);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_program_and_request),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
