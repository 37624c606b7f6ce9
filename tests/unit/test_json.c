#include "config.h"

#include "unit.h"

#include <math.h>

#include "base/limits.h"
#include "io/json.h"

/* Parse a C string that must be JSON. */
static struct json *
parsed(const char *text)
{
	struct json *j = NULL;
	struct err e;

	err_clear(&e);
	if (json_parse(text, strlen(text), LIMIT_API_BODY, &j, &e) != 0)
		fail_msg("%s: %s", text, e.msg);
	return j;
}

static void
assert_prints(const struct json *j, const char *want)
{
	char *text = json_text(j);

	assert_string_equal(text, want);
	free(text);
}

static void
test_accepted(void **state)
{
	static const char *const rows[][2] = {
	    {"null", "null"},
	    {" \t\r\n true ", "true"},
	    {"false", "false"},
	    {"\"\"", "\"\""},
	    {"[]", "[]"},
	    {"{}", "{}"},
	    {" [ 1 , 2 ] ", "[1,2]"},
	    {"{ \"a\" : { \"b\" : [ ] } }", "{\"a\":{\"b\":[]}}"},
	    {"{\"\":1}", "{\"\":1}"},
	    {"\xEF\xBB\xBF{\"bom\":1}", "{\"bom\":1}"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
	    {"\"\\u0001\\u001F\\u007f\"", "\"\\u0001\\u001f\x7F\""},
	    {"\"\\u00e9\\u20AC\"", "\"\xC3\xA9\xE2\x82\xAC\""},
	    {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
	    {"\"\xF0\x9F\x98\x80 </script>\"", "\"\xF0\x9F\x98\x80 </script>\""},
	    {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
	    {"0", "0"},
	    {"-0", "0"},
	    {"-1", "-1"},
	    {"1E2", "100"},
	    {"1e+2", "100"},
	    {"25e-1", "2.5"},
	    {"0.1", "0.1"},
	    {"-0.5", "-0.5"},
	    {"1e15", "1000000000000000"},
	    {"1234567890123450", "1234567890123450"},
	    {"562949953421312", "562949953421312"},
	    {"9007199254740990", "9007199254740990"},
	    {"9007199254740991", "9007199254740991"},
	    {"-9007199254740991", "-9007199254740991"},
	    {"4294967296", "4294967296"},
	    {"0.30000000000000004", "0.30000000000000004"},
	    {"1e300", "1e+300"},
	    {"1e-400", "0"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct json *j = parsed(rows[i][0]);

		assert_prints(j, rows[i][1]);
		json_free(j);
	}
}

static void
test_refused(void **state)
{
	static const char *const rows[] = {
	    "",
	    " ",
	    "\xEF\xBB\xBF",
	    "nul",
	    "nulll",
	    "True",
	    "NaN",
	    "Infinity",
	    "-Infinity",
	    "undefined",
	    "[",
	    "]",
	    "{",
	    "}",
	    "[1",
	    "[1,",
	    "[1,]",
	    "[,1]",
	    "[1 2]",
	    "[1}",
	    "{]",
	    "{\"a\"",
	    "{\"a\":",
	    "{\"a\":1",
	    "{\"a\":1,",
	    "{\"a\":1,}",
	    "{,}",
	    "{a:1}",
	    "{'a':1}",
	    "{\"a\" 1}",
	    "{1:2}",
	    "{null:1}",
	    "[1]x",
	    "[1][2]",
	    "1 2",
	    "\"a",
	    "\"a\\",
	    "\"a\\\"",
	    "\"\\x\"",
	    "\"\\u12\"",
	    "\"\\u12G4\"",
	    "\"\\u\"",
	    "\"\\u0000\"",
	    "\"a\\u0000b\"",
	    "\"\\ud800\"",
	    "\"\\ud800x\"",
	    "\"\\ud800\\n\"",
	    "\"\\ud800\\u0041\"",
	    "\"\\udc00\"",
	    "\"\\ud800\\ud800\"",
	    "\"a\nb\"",
	    "\"\t\"",
	    "\"\x01\"",
	    "\"\xFF\"",
	    "\"\xC0\x80\"",
	    "\"\xED\xA0\x80\"",
	    "01",
	    "-01",
	    "00",
	    "+1",
	    "-",
	    "-a",
	    "1.",
	    ".5",
	    "1.e5",
	    "1e",
	    "1e+",
	    "1e5.5",
	    "0x10",
	    "1e999",
	    "-1e999",
	    "// c\n1",
	    "1 // c",
	    "/* c */1",
	    "\v1",
	    "\f1",
	    "\302\2401",
	    "'a'",
	    "<html>",
	    "{\"access_token\":\"abc",
	    "1234567890123456789012345678901234567890123456789012345678901",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct json *j = NULL;
		struct err e;

		err_clear(&e);
		if (json_parse(rows[i], strlen(rows[i]), LIMIT_API_BODY, &j, &e) != -1)
			fail_msg("taken: %s", rows[i]);
		assert_null(j);
		assert_int_equal(e.code, ERR_REMOTE);
		assert_memory_equal(e.msg, "not JSON", 8);
	}
}

static void
test_errors_name_the_byte_not_the_content(void **state)
{
	static const char text[] = "{\"refresh_token\":\"s3cret\",}";
	struct json *j = NULL;
	struct err e;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, 100, &j, &e), -1);
	assert_string_equal(e.msg, "not JSON at byte 26: value expected");
	assert_null(strstr(e.msg, "s3cret"));
}

static void
test_nul_inside(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
	    {"[1\0]", 4}, {"[1]\0", 4}, {"\0[1]", 4}, {"\"a\0b\"", 5}, {"{\"a\0\":1}", 8}};
	struct json *j = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		assert_int_equal(json_parse(rows[i].text, rows[i].n, 100, &j, &e), -1);
		assert_int_equal(e.code, ERR_REMOTE);
		assert_null(j);
	}
}

static void
test_limits(void **state)
{
	struct json *j = NULL;
	struct err e;
	char text[4 * LIMIT_JSON_DEPTH + 8];
	size_t depth;

	(void)state;
	assert_int_equal(json_parse("[1,2]", 5, 5, &j, &e), 0);
	json_free(j);
	j = NULL;
	assert_int_equal(json_parse("[1,2]", 5, 4, &j, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	for (depth = LIMIT_JSON_DEPTH - 1; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
		int want = depth <= LIMIT_JSON_DEPTH ? 0 : -1;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(json_parse(text, 2 * depth, 1000, &j, &e), want);
		json_free(j);
		j = NULL;
	}
	assert_int_equal(e.code, ERR_REMOTE);
	assert_non_null(strstr(e.msg, "nested too deep"));
	/* Side by side is not deep. */
	for (depth = 0; depth < LIMIT_JSON_DEPTH + 1; depth++)
		memcpy(text + 3 * depth, depth % 2 == 0 ? "[]," : "{},", 3);
	text[3 * depth - 1] = ']';
	memmove(text + 1, text, 3 * depth);
	text[0] = '[';
	assert_int_equal(json_parse(text, 3 * depth + 1, 1000, &j, &e), 0);
	assert_int_equal(json_len(j), LIMIT_JSON_DEPTH + 1);
	json_free(j);
	/* A flood of brackets ends early, not in a stack overflow. */
	{
		size_t n = 1000000;
		char *flood = malloc(n);

		assert_non_null(flood);
		memset(flood, '[', n);
		j = NULL;
		assert_int_equal(json_parse(flood, n, n, &j, &e), -1);
		assert_null(j);
		free(flood);
	}
}

static const char sample[] =
    "{\"rfi\":{\"id\":598134325683880,\"num\":\"00042\",\"open\":true,\"cost\":12.5,"
    "\"due\":null,\"a.b\":\"dots\",\"questions\":[{\"body\":\"Why?\"},{\"body\":\"\"}],"
    "\"big\":9007199254740993,\"neg\":-5,\"sid\":\"562949953421312\",\"empty\":\"\"}}";

/* No text cut short is taken, and no single changed byte breaks the reader. */
static void
test_cut_and_changed(void **state)
{
	struct json *j;
	struct err e;
	char text[sizeof(sample)];
	char *once, *twice;
	size_t n = sizeof(sample) - 1;
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < n; i++) {
		/* Exactly i bytes of memory, so that a sanitizer sees any read beyond. */
		char *part = malloc(i + 1);

		assert_non_null(part);
		memcpy(part, sample, i);
		part = realloc(part, i > 0 ? i : 1);
		assert_non_null(part);
		j = NULL;
		assert_int_equal(json_parse(part, i, n, &j, &e), -1);
		assert_null(j);
		free(part);
	}
	for (i = 0; i < n; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, sample, sizeof(text));
			text[i] = (char)(text[i] ^ 1 << bit);
			j = NULL;
			if (json_parse(text, n, n, &j, &e) != 0)
				continue;
			once = json_text(j);
			json_free(j);
			j = parsed(once);
			twice = json_text(j);
			assert_string_equal(once, twice);
			free(once);
			free(twice);
			json_free(j);
		}
	}
}

static void
test_walking(void **state)
{
	struct json *j = parsed(sample);
	const struct json *rfi = json_get(j, "rfi");
	const struct json *q = json_at(j, "rfi.questions");
	const struct json *child;
	size_t n = 0;

	(void)state;
	assert_int_equal(json_type(j), JSON_OBJECT);
	assert_int_equal(json_type(q), JSON_ARRAY);
	assert_int_equal(json_type(json_get(rfi, "id")), JSON_NUMBER);
	assert_int_equal(json_type(json_get(rfi, "num")), JSON_STRING);
	assert_int_equal(json_type(json_get(rfi, "open")), JSON_BOOL);
	assert_int_equal(json_type(json_get(rfi, "due")), JSON_NULL);
	assert_int_equal(json_type(NULL), JSON_NULL);
	assert_ptr_equal(json_at(j, ""), j);
	assert_string_equal(json_str(json_at(j, "rfi.questions.0.body")), "Why?");
	assert_string_equal(json_str(json_at(j, "rfi.questions.1.body")), "");
	assert_null(json_at(j, "rfi.questions.2"));
	assert_null(json_at(j, "rfi.questions.2.body"));
	assert_null(json_at(j, "rfi.questions.x"));
	assert_null(json_at(j, "rfi.questions.-1"));
	assert_null(json_at(j, "rfi.questions.99999999999999999999"));
	assert_null(json_at(j, "rfi.i"));
	assert_null(json_at(j, "rfi.idx"));
	assert_null(json_at(j, "rfi.id.x"));
	assert_null(json_at(j, "RFI"));
	assert_null(json_at(j, "rfi.a.b"));
	assert_string_equal(json_str(json_get(rfi, "a.b")), "dots");
	assert_null(json_at(NULL, "rfi"));
	assert_null(json_get(NULL, "rfi"));
	assert_null(json_get(q, "0"));
	assert_int_equal(json_len(q), 2);
	assert_int_equal(json_len(NULL), 0);
	assert_int_equal(json_len(json_get(rfi, "id")), 0);
	assert_null(json_item(q, 2));
	assert_null(json_item(NULL, 0));
	assert_string_equal(json_str_or(json_item(q, 1), "body", "x"), "");
	for (child = json_first(rfi); child != NULL; child = json_next(child), n++)
		assert_non_null(json_key(child));
	assert_int_equal(n, json_len(rfi));
	assert_string_equal(json_key(json_first(rfi)), "id");
	assert_null(json_key(json_first(q)));
	assert_null(json_key(NULL));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	json_free(j);
	json_free(NULL);
}

static void
test_doubled_keys(void **state)
{
	struct json *j = parsed("{\"a\":1,\"b\":2,\"a\":3}");

	(void)state;
	assert_true(json_i64_or(j, "a", 0) == 1);
	json_free(j);
}

static void
test_needed(void **state)
{
	struct json *j = parsed(sample);
	const struct json *v = NULL;
	const char *s = "kept";
	int64_t n = 7;
	bool b = false;
	struct err e;

	(void)state;
	assert_int_equal(json_need_str(j, "rfi.num", 5, &s, &e), 0);
	assert_string_equal(s, "00042");
	assert_int_equal(json_need_i64(j, "rfi.id", 1, JSON_INT_MAX, &n, &e), 0);
	assert_true(n == 598134325683880);
	assert_int_equal(json_need_i64(j, "rfi.neg", -5, -5, &n, &e), 0);
	assert_true(n == -5);
	assert_int_equal(json_need_bool(j, "rfi.open", &b, &e), 0);
	assert_true(b);
	assert_int_equal(json_need_arr(j, "rfi.questions", &v, &e), 0);
	assert_int_equal(json_len(v), 2);
	assert_int_equal(json_need_obj(j, "rfi", &v, &e), 0);
	assert_ptr_equal(v, json_get(j, "rfi"));
	json_free(j);
}

static void
test_needed_but_wrong(void **state)
{
	static const struct {
		char getter;
		const char *path, *want;
	} rows[] = {
	    {'s', "rfi.x", "rfi.x is missing"},
	    {'s', "rfi.due", "rfi.due is null"},
	    {'s', "rfi.id", "rfi.id is not a text"},
	    {'s', "rfi.num", "rfi.num is longer than 4 bytes"},
	    {'i', "rfi.x", "rfi.x is missing"},
	    {'i', "rfi.due", "rfi.due is null"},
	    {'i', "rfi.sid", "rfi.sid is not a number"},
	    {'i', "rfi.cost", "rfi.cost is not a whole number"},
	    {'i', "rfi.big", "rfi.big is not a whole number"},
	    {'i', "rfi.id", "rfi.id is outside 0 to 10"},
	    {'i', "rfi.neg", "rfi.neg is outside 0 to 10"},
	    {'b', "rfi.id", "rfi.id is not true or false"},
	    {'b', "rfi.x", "rfi.x is missing"},
	    {'a', "rfi", "rfi is not a list"},
	    {'a', "rfi.questions.5", "rfi.questions.5 is missing"},
	    {'o', "rfi.questions", "rfi.questions is not an object"},
	    {'o', "rfi.due", "rfi.due is null"},
	};
	struct json *j = parsed(sample);
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		const struct json *v = j;
		const char *s = "kept";
		int64_t n = 7;
		bool b = true;
		struct err e;
		int rc = 0;

		if (rows[i].getter == 's')
			rc = json_need_str(j, rows[i].path, 4, &s, &e);
		else if (rows[i].getter == 'i')
			rc = json_need_i64(j, rows[i].path, 0, 10, &n, &e);
		else if (rows[i].getter == 'b')
			rc = json_need_bool(j, rows[i].path, &b, &e);
		else if (rows[i].getter == 'a')
			rc = json_need_arr(j, rows[i].path, &v, &e);
		else
			rc = json_need_obj(j, rows[i].path, &v, &e);
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_REMOTE);
		assert_string_equal(e.msg, rows[i].want);
		assert_string_equal(s, "kept");
		assert_true(n == 7);
		assert_true(b);
		assert_ptr_equal(v, j);
	}
	json_free(j);
}

static void
test_optional(void **state)
{
	struct json *j = parsed(sample);
	double d = 0;
	int64_t n = 7;

	(void)state;
	assert_string_equal(json_str_or(j, "rfi.num", "x"), "00042");
	assert_string_equal(json_str_or(j, "rfi.empty", "x"), "");
	assert_string_equal(json_str_or(j, "rfi.due", "x"), "x");
	assert_string_equal(json_str_or(j, "rfi.id", "x"), "x");
	assert_null(json_str_or(j, "rfi.none", NULL));
	assert_null(json_str_or(NULL, "a", NULL));
	assert_true(json_i64_or(j, "rfi.id", 1) == 598134325683880);
	assert_true(json_i64_or(j, "rfi.sid", 1) == 562949953421312);
	assert_true(json_i64_or(j, "rfi.num", 1) == 42);
	assert_true(json_i64_or(j, "rfi.cost", 1) == 1);
	assert_true(json_i64_or(j, "rfi.big", 1) == 1);
	assert_true(json_i64_or(j, "rfi.empty", 1) == 1);
	assert_true(json_i64_or(j, "rfi.open", 1) == 1);
	assert_true(json_i64_or(NULL, "a", 1) == 1);
	assert_true(json_bool_or(j, "rfi.open", false));
	assert_true(json_bool_or(j, "rfi.id", true));
	assert_false(json_bool_or(j, "rfi.none", false));
	assert_false(json_as_i64(json_at(j, "rfi.questions"), &n));
	assert_false(json_as_i64(NULL, &n));
	assert_true(n == 7);
	assert_true(json_as_double(json_at(j, "rfi.cost"), &d));
	assert_true(d == 12.5);
	assert_false(json_as_double(json_at(j, "rfi.num"), &d));
	assert_null(json_str(json_at(j, "rfi.id")));
	assert_null(json_str(NULL));
	json_free(j);
}

static void
test_whole_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t want;
	} rows[] = {
	    {"9007199254740991", true, 9007199254740991},
	    {"-9007199254740991", true, -9007199254740991},
	    {"9007199254740992", false, 0},
	    {"9007199254740993", false, 0},
	    {"1e15", true, 1000000000000000},
	    {"1e16", false, 0},
	    {"1e300", false, 0},
	    {"5.0", true, 5},
	    {"5.5", false, 0},
	    {"\"5\"", true, 5},
	    {"\"9223372036854775807\"", true, INT64_MAX},
	    {"\"9223372036854775808\"", false, 0},
	    {"\"-5\"", false, 0},
	    {"\"5.0\"", false, 0},
	    {"\" 5\"", false, 0},
	    {"true", false, 0},
	    {"null", false, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct json *j = parsed(rows[i].text);
		int64_t n = 7;

		assert_int_equal(json_as_i64(j, &n), rows[i].ok);
		assert_true(n == (rows[i].ok ? rows[i].want : 7));
		json_free(j);
	}
}

static void
test_building(void **state)
{
	struct json *j = json_obj();
	struct json *copy;
	struct json *list, *sub;

	(void)state;
	json_put_str(j, "s", "a\"\n\x1F\xC3\xA9");
	json_put_str(j, "none", NULL);
	json_put_i64(j, "max", JSON_INT_MAX);
	json_put_i64(j, "min", -JSON_INT_MAX);
	json_put_bool(j, "yes", true);
	json_put_bool(j, "no", false);
	json_put_double(j, "d", 0.1);
	json_put_double(j, "nan", NAN);
	json_put_double(j, "inf", INFINITY);
	json_put_null(j, "null");
	list = json_put_arr(j, "list");
	json_add_str(list, "x");
	json_add_i64(list, 1000000000000000);
	json_add(list, json_new_bool(true));
	json_add(list, json_new_null());
	sub = json_add_obj(list);
	json_put(sub, "k", json_new_str("v"));
	json_put(json_put_obj(j, "obj"), "n", json_new_i64(-1));
	assert_prints(j,
	    "{\"s\":\"a\\\"\\n\\u001f\xC3\xA9\",\"none\":null,\"max\":9007199254740991,"
	    "\"min\":-9007199254740991,\"yes\":true,\"no\":false,\"d\":0.1,\"nan\":null,"
	    "\"inf\":null,"
	    "\"null\":null,\"list\":[\"x\",1000000000000000,true,null,{\"k\":\"v\"}],"
	    "\"obj\":{\"n\":-1}}");
	copy = json_dup(j);
	json_put_str(copy, "s", "other");
	assert_string_equal(json_str_or(j, "s", NULL), "a\"\n\x1F\xC3\xA9");
	json_free(copy);
	assert_null(json_dup(NULL));
	json_free(j);
}

static void
test_replacing(void **state)
{
	struct json *j = json_obj();

	(void)state;
	json_put_i64(j, "a", 1);
	json_put_i64(j, "b", 2);
	json_put_i64(j, "c", 3);
	json_put_str(j, "b", "two");
	json_put_obj(j, "a");
	json_put_null(j, "c");
	assert_prints(j, "{\"a\":{},\"b\":\"two\",\"c\":null}");
	json_put_i64(j, "B", 5);
	json_remove(j, "a");
	json_remove(j, "zzz");
	assert_prints(j, "{\"b\":\"two\",\"c\":null,\"B\":5}");
	json_remove(j, "b");
	json_remove(j, "c");
	json_remove(j, "B");
	assert_prints(j, "{}");
	json_put_i64(j, "x", 1);
	assert_prints(j, "{\"x\":1}");
	json_free(j);
}

static void
test_print_respects_the_ceiling(void **state)
{
	struct json *j = parsed(sample);
	struct buf out = BUF_INIT(20);
	struct err e;

	(void)state;
	json_print(j, &out);
	assert_int_equal(buf_check(&out, "text", &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(out.len <= 20);
	buf_clear(&out);
	json_print(NULL, &out);
	assert_string_equal(buf_str(&out), "null");
	buf_clear(&out);
	json_free(j);
}

static void
put_too_large(void *arg)
{
	json_put_i64(arg, "x", JSON_INT_MAX + 1);
}

static void
put_into_list(void *arg)
{
	json_put_i64(arg, "x", 1);
}

static void
add_to_object(void *arg)
{
	json_add_i64(arg, 1);
}

static void
test_misuse_aborts(void **state)
{
	struct json *obj = json_obj();
	struct json *arr = json_arr();

	(void)state;
	assert_true(unit_aborts(put_too_large, obj));
	assert_true(unit_aborts(put_into_list, arr));
	assert_true(unit_aborts(add_to_object, obj));
	json_free(obj);
	json_free(arr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepted),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_errors_name_the_byte_not_the_content),
	    cmocka_unit_test(test_nul_inside),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_cut_and_changed),
	    cmocka_unit_test(test_walking),
	    cmocka_unit_test(test_doubled_keys),
	    cmocka_unit_test(test_needed),
	    cmocka_unit_test(test_needed_but_wrong),
	    cmocka_unit_test(test_optional),
	    cmocka_unit_test(test_whole_numbers),
	    cmocka_unit_test(test_building),
	    cmocka_unit_test(test_replacing),
	    cmocka_unit_test(test_print_respects_the_ceiling),
	    cmocka_unit_test(test_misuse_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
