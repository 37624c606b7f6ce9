#include "config.h"

#include "unit.h"

#include <errno.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

static void
test_set(void **state)
{
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	assert_string_equal(e.msg, "");
	assert_int_equal(err_set(&e, ERR_NOT_FOUND, "project %d", 42), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.msg, "project 42");
	assert_int_equal(err_set_sys(&e, ERR_DB, 19, "row %s", "x"), -1);
	assert_int_equal(e.code, ERR_DB);
	assert_int_equal(e.sys, 19);
	assert_string_equal(e.msg, "row x");
	/* A later plain error does not keep the number of an earlier one. */
	(void)err_set(&e, ERR_BUG, "again");
	assert_int_equal(e.sys, 0);
}

static void
test_errno(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set_errno(&e, ERR_IO, ENOENT, "open %s", "a/b"), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(e.sys, ENOENT);
	assert_string_equal(e.msg, "open a/b: No such file or directory");
	(void)err_set_errno(&e, ERR_IO, 99999, "read");
	assert_string_equal(e.msg, "read: error 99999");
	assert_int_equal(e.sys, 99999);
}

static void
test_wrap(void **state)
{
	struct err e;

	(void)state;
	(void)err_set_sys(&e, ERR_REMOTE, 502, "no answer");
	assert_int_equal(err_wrap(&e, "project %d", 7), -1);
	assert_int_equal(err_wrap(&e, "pass"), -1);
	assert_string_equal(e.msg, "pass: project 7: no answer");
	assert_int_equal(e.code, ERR_REMOTE);
	assert_int_equal(e.sys, 502);
}

static void
test_no_place_for_it(void **state)
{
	(void)state;
	err_clear(NULL);
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_set_sys(NULL, ERR_IO, 1, "x"), -1);
	assert_int_equal(err_set_errno(NULL, ERR_IO, 1, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
}

/* Messages are often built from the message that is there. */
static void
test_own_message_as_argument(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, ERR_IO, "disk full");
	(void)err_set(&e, ERR_BUSY, "later: %s", e.msg);
	assert_string_equal(e.msg, "later: disk full");
	(void)err_set_errno(&e, ERR_IO, ENOSPC, "%s", e.msg);
	assert_string_equal(e.msg, "later: disk full: No space left on device");
}

static void
test_long_messages_are_cut_between_characters(void **state)
{
	char text[ERR_MSG_BYTES * 2];
	struct err e;
	size_t start, i;

	(void)state;
	/* The two-byte character meets the end at either of its bytes. */
	for (start = 0; start < 2; start++) {
		memset(text, 'a', start);
		for (i = start; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xC3\xA9", 2);
		text[i] = '\0';
		(void)err_set(&e, ERR_IO, "%s", text);
		assert_in_range(strlen(e.msg), ERR_MSG_BYTES - 3, ERR_MSG_BYTES - 1);
		assert_true(str_utf8_valid(e.msg, strlen(e.msg)));
		(void)err_wrap(&e, "%s", text);
		assert_true(str_utf8_valid(e.msg, strlen(e.msg)));
		(void)err_set_errno(&e, ERR_IO, ENOENT, "%s", text);
		assert_true(str_utf8_valid(e.msg, strlen(e.msg)));
	}
}

static void
test_classes(void **state)
{
	static const struct {
		enum err_code code;
		const char *name;
		int http_status;
		int log_level;
		bool retry;
	} rows[] = {
	    {ERR_NONE, "none", 200, LOG_DEBUG, false},
	    {ERR_INPUT, "input", 400, LOG_INFO, false},
	    {ERR_AUTH, "auth", 403, LOG_WARN, false},
	    {ERR_NOT_FOUND, "not_found", 404, LOG_INFO, false},
	    {ERR_LIMIT, "limit", 413, LOG_WARN, false},
	    {ERR_BUSY, "busy", 503, LOG_WARN, true},
	    {ERR_IO, "io", 500, LOG_ERROR, true},
	    {ERR_DB, "db", 500, LOG_ERROR, false},
	    {ERR_REMOTE, "remote", 502, LOG_WARN, true},
	    {ERR_BUG, "bug", 500, LOG_ERROR, false},
	};
	size_t i;

	(void)state;
	assert_int_equal(ROWS(rows), ERR_CODE_MAX);
	for (i = 0; i < ROWS(rows); i++) {
		const struct err_class *class = err_class(rows[i].code);

		assert_string_equal(class->name, rows[i].name);
		assert_int_equal(class->http_status, rows[i].http_status);
		assert_int_equal(class->log_level, rows[i].log_level);
		assert_int_equal(class->retry, rows[i].retry);
	}
	assert_ptr_equal(err_class(ERR_CODE_MAX), err_class(ERR_BUG));
	assert_ptr_equal(err_class((enum err_code) - 1), err_class(ERR_BUG));
}

static void
break_invariant(void *arg)
{
	int *v = arg;

	BUG_IF(*v == 1);
}

static void
test_bug_if(void **state)
{
	int v = 1;

	(void)state;
	assert_true(unit_aborts(break_invariant, &v));
	v = 2;
	assert_false(unit_aborts(break_invariant, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_errno),
	    cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_no_place_for_it),
	    cmocka_unit_test(test_own_message_as_argument),
	    cmocka_unit_test(test_long_messages_are_cut_between_characters),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_bug_if),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
