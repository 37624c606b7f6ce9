/* test_cause.c: core/cause: every status, every stage of a call, every shape of an error body (procore.md 3.7, 3.8;
 * failures.md F14, F15, F16). */
#include "config.h"

#include "unit.h"

#include "base/str.h"
#include "core/cause.h"

static enum cause
decide(enum cause_call call, int status, const char *body)
{
	struct cause_in in = {.call = call, .stage = HTTP_DONE, .sent = true, .status = status, .body = body};
	struct cause_out out;

	cause_decide(&in, &out);
	return out.cause;
}

static const enum cause_call rest_calls[] = {CAUSE_CALL_ME, CAUSE_CALL_PROJECT, CAUSE_CALL_ITEM};

/* What a status means to a REST call, by kind of call; all statuses that exist are walked. */
static enum cause
expected_rest(enum cause_call call, int status)
{
	if (status >= 200 && status < 300)
		return CAUSE_NONE;
	if (status >= 300 && status < 400)
		return CAUSE_CONFIGURATION;
	switch (status) {
	case 401:
		return CAUSE_UNAUTHORIZED;
	case 403:
		return CAUSE_PERMISSION_LOST;
	case 404:
		return call == CAUSE_CALL_ME ? CAUSE_CONFIGURATION
		    : call == CAUSE_CALL_PROJECT ? CAUSE_PERMISSION_LOST : CAUSE_ITEM;
	case 407:
		return CAUSE_CONFIGURATION;
	case 408:
		return CAUSE_UNREACHABLE;
	case 429:
		return CAUSE_LIMITED;
	default:
		return status < 500 ? CAUSE_ITEM : CAUSE_UNREACHABLE;
	}
}

static void
test_f14_every_rest_status(void **state)
{
	(void)state;
	for (size_t c = 0; c < ROWS(rest_calls); c++)
		for (int status = 200; status < 600; status++) {
			enum cause got = decide(rest_calls[c], status, "{}");
			enum cause want = expected_rest(rest_calls[c], status);

			if (got != want)
				fail_msg("call %d, status %d: %s, not %s", (int)rest_calls[c], status, cause_word(got),
				    cause_word(want));
		}
}

/* The token endpoint: only its own words end a sign-in, whatever the status. */
static void
test_f14_every_token_status(void **state)
{
	static const char *const bodies[] = {"", "{}", "<html>502</html>", "not json", "{\"error\":42}",
	    "{\"error\":\"server_error\"}", "{\"error\":{\"code\":\"invalid_grant\"}}"};

	(void)state;
	for (size_t b = 0; b < ROWS(bodies); b++)
		for (int status = 200; status < 600; status++) {
			enum cause got = decide(CAUSE_CALL_TOKEN, status, bodies[b]);

			if (got == CAUSE_SIGN_IN_LOST || got == CAUSE_NONE)
				fail_msg("status %d, %s: %s", status, bodies[b], cause_word(got));
		}
}

static void
test_token_words(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum cause want;
	} rows[] = {
	    {200, "{\"access_token\":\"a\",\"expires_in\":5400}", CAUSE_NONE},
	    {200, "{\"access_token\":7}", CAUSE_SUSPECT},
	    {200, "{\"access_token\":\"a\"", CAUSE_SUSPECT}, /* cut */
	    {200, "<html>sign in to the hotel's network</html>", CAUSE_SUSPECT},
	    {400, "{\"error\":\"invalid_grant\"}", CAUSE_SIGN_IN_LOST},
	    {401, "{\"error\":\"invalid_grant\",\"error_description\":\"The provided authorization grant is invalid\"}",
	        CAUSE_SIGN_IN_LOST},
	    {400, "{\"error\":\"unauthorized_client\"}", CAUSE_SIGN_IN_LOST},
	    {401, "{\"error\":\"invalid_client\"}", CAUSE_CONFIGURATION},
	    {400, "{\"error\":\"invalid_request\"}", CAUSE_CONFIGURATION},
	    {400, "{\"error\":\"unsupported_grant_type\"}", CAUSE_CONFIGURATION},
	    {400, "{\"error\":\"invalid_scope\"}", CAUSE_CONFIGURATION},
	    {400, "{\"error\":\"something_new\"}", CAUSE_SUSPECT},
	    /* Words that end a sign-in count only in a 4xx: a 5xx or 429 says nothing about the pair. */
	    {500, "{\"error\":\"invalid_grant\"}", CAUSE_SUSPECT},
	    {503, "{\"error\":\"invalid_grant\"}", CAUSE_SUSPECT},
	    {429, "{\"error\":\"invalid_grant\"}", CAUSE_LIMITED},
	    {302, "", CAUSE_CONFIGURATION},
	    {404, "<html>", CAUSE_CONFIGURATION},
	    {407, "", CAUSE_CONFIGURATION},
	    {502, "<html>", CAUSE_SUSPECT},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		enum cause got = decide(CAUSE_CALL_TOKEN, rows[i].status, rows[i].body);

		if (got != rows[i].want)
			fail_msg("%d %s: %s", rows[i].status, rows[i].body, cause_word(got));
	}
}

static enum cause
at_stage(enum cause_call call, enum http_stage stage, bool sent)
{
	struct cause_in in = {.call = call, .stage = stage, .sent = sent, .body = ""};
	struct cause_out out;

	cause_decide(&in, &out);
	assert_string_equal(out.text, "");
	return out.cause;
}

/* Once a byte may have left, a token call is suspect at every stage; before, nobody is to blame (F14). */
static void
test_f14_every_stage(void **state)
{
	static const enum http_stage way[] = {HTTP_RESOLVE, HTTP_CONNECT, HTTP_TLS, HTTP_SEND, HTTP_LOST};

	(void)state;
	for (size_t i = 0; i < ROWS(way); i++) {
		assert_int_equal(at_stage(CAUSE_CALL_TOKEN, way[i], true), CAUSE_SUSPECT);
		assert_int_equal(at_stage(CAUSE_CALL_TOKEN, way[i], false), CAUSE_UNREACHABLE);
		for (size_t c = 0; c < ROWS(rest_calls); c++) {
			assert_int_equal(at_stage(rest_calls[c], way[i], true), CAUSE_UNREACHABLE);
			assert_int_equal(at_stage(rest_calls[c], way[i], false), CAUSE_UNREACHABLE);
		}
	}
	assert_int_equal(at_stage(CAUSE_CALL_TOKEN, HTTP_REFUSED, false), CAUSE_CONFIGURATION);
	assert_int_equal(at_stage(CAUSE_CALL_ITEM, HTTP_REFUSED, false), CAUSE_CONFIGURATION);
	assert_int_equal(at_stage(CAUSE_CALL_TOKEN, HTTP_LOCAL, true), CAUSE_SUSPECT);
	assert_int_equal(at_stage(CAUSE_CALL_TOKEN, HTTP_LOCAL, false), CAUSE_LOCAL);
	assert_int_equal(at_stage(CAUSE_CALL_ITEM, HTTP_LOCAL, true), CAUSE_LOCAL);
	assert_int_equal(at_stage(CAUSE_CALL_TOKEN, HTTP_TOO_BIG, true), CAUSE_SUSPECT);
	assert_int_equal(at_stage(CAUSE_CALL_ITEM, HTTP_TOO_BIG, true), CAUSE_ITEM);
	assert_int_equal(at_stage(CAUSE_CALL_PROJECT, HTTP_TOO_BIG, true), CAUSE_UNREACHABLE);
}

/* A second 401 alone proves nothing; what /me says then decides whose fault it is. */
static void
test_second_401(void **state)
{
	static const struct {
		enum cause_call call;
		bool second;
		int me;
		enum cause want;
	} rows[] = {
	    {CAUSE_CALL_ITEM, false, 0, CAUSE_UNAUTHORIZED},
	    {CAUSE_CALL_ITEM, false, 200, CAUSE_UNAUTHORIZED},
	    {CAUSE_CALL_PROJECT, true, 0, CAUSE_UNREACHABLE},
	    {CAUSE_CALL_PROJECT, true, 401, CAUSE_SIGN_IN_LOST},
	    {CAUSE_CALL_PROJECT, true, 200, CAUSE_APP_NOT_AT_COMPANY},
	    {CAUSE_CALL_PROJECT, true, 500, CAUSE_UNREACHABLE},
	    {CAUSE_CALL_PROJECT, true, 403, CAUSE_UNREACHABLE},
	    {CAUSE_CALL_ME, true, 0, CAUSE_SIGN_IN_LOST},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct cause_in in = {.call = rows[i].call, .stage = HTTP_DONE, .sent = true, .status = 401, .body = "",
		    .second_401 = rows[i].second, .me_status = rows[i].me};
		struct cause_out out;

		cause_decide(&in, &out);
		if (out.cause != rows[i].want)
			fail_msg("row %zu: %s", i, cause_word(out.cause));
	}
}

/* Who must act follows from the words of a 403. */
static void
test_403(void **state)
{
	(void)state;
	for (size_t c = 0; c < ROWS(rest_calls); c++) {
		assert_int_equal(decide(rest_calls[c], 403, "{\"errors\":[\"App is not connected to this company.\"]}"),
		    CAUSE_APP_NOT_AT_COMPANY);
		assert_int_equal(decide(rest_calls[c], 403, "App is NOT CONNECTED to this company"),
		    CAUSE_APP_NOT_AT_COMPANY);
		assert_int_equal(decide(rest_calls[c], 403, "{\"errors\":[\"You do not have access\"]}"),
		    CAUSE_PERMISSION_LOST);
	}
}

static void
test_retry_after(void **state)
{
	struct cause_in in = {.call = CAUSE_CALL_ITEM, .stage = HTTP_DONE, .sent = true, .status = 503, .body = ""};
	struct cause_out out;

	(void)state;
	cause_decide(&in, &out);
	assert_int_equal(out.cause, CAUSE_UNREACHABLE);
	in.has_retry_after = true;
	cause_decide(&in, &out);
	assert_int_equal(out.cause, CAUSE_LIMITED);
	assert_int_equal(decide(CAUSE_CALL_ITEM, 400, "Missing Procore-Company-Id header!"), CAUSE_CONFIGURATION);
}

/* Every shape of procore.md 3.8 gives its words. */
static void
test_words_of_bodies(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
	    {"{\"errors\": [\"text\"]}", "text"},
	    {"{\"errors\": {\"assignees\": [\"required\"]}}", "assignees: required"},
	    {"{\"errors\": \"text\"}", "text"},
	    {"{\"errors\": {\"base\": [\"text\"], \"fields\": {\"label\": \"other\"}}}", "text"},
	    {"{\"errors\": {\"fields\": {\"label\": \"text\"}}}", "label: text"},
	    {"{\"error\": \"word\", \"message\": \"text\", \"code\": 403}", "text"},
	    {"{\"error\": \"text\"}", "text"},
	    {"{\"error\": \"invalid_grant\", \"error_description\": \"text\"}", "text"},
	    {"{\"message\": \"text\", \"exception\": \"x\"}", "text"},
	    {"{\"error\": {\"code\": \"BAD_REQUEST\", \"message\": \"text\", \"details\": []}}", "text"},
	    {"plain text", "plain text"},
	    {" <html><body>no</body></html>", ""},
	    {"", ""},
	    {"{}", ""},
	    {"{\"errors\": []}", ""},
	    {"{\"errors\": {\"a\": 1}}", ""},
	    {"{\"message\": \"line\\nbreak\"}", "line break"},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct cause_in in = {.call = CAUSE_CALL_ITEM, .stage = HTTP_DONE, .sent = true, .status = 422,
		    .body = rows[i].body};
		struct cause_out out;

		cause_decide(&in, &out);
		assert_int_equal(out.cause, CAUSE_ITEM);
		if (!str_eq(out.text, rows[i].want))
			fail_msg("%s reads \"%s\"", rows[i].body, out.text);
	}
}

static void
test_long_words_are_cut(void **state)
{
	struct cause_in in = {.call = CAUSE_CALL_ITEM, .stage = HTTP_DONE, .sent = true, .status = 422};
	struct cause_out out;
	char body[2000];

	(void)state;
	memset(body, 'x', sizeof body - 1);
	body[sizeof body - 1] = '\0';
	in.body = body;
	cause_decide(&in, &out);
	assert_int_equal(strlen(out.text), sizeof out.text - 1);
}

static void
test_words_and_who(void **state)
{
	(void)state;
	for (int i = 0; i < CAUSE_MAX; i++) {
		enum cause c = CAUSE_MAX;

		assert_int_equal(cause_from_word(cause_word((enum cause)i), &c), 0);
		assert_int_equal(c, i);
		assert_int_equal(cause_offers_reconnect((enum cause)i),
		    i == CAUSE_SIGN_IN_NEEDED || i == CAUSE_SIGN_IN_LOST);
		assert_int_equal(cause_who((enum cause)i) == CAUSE_WHO_PERSON, cause_offers_reconnect((enum cause)i));
	}
	assert_int_equal(cause_who(CAUSE_PERMISSION_LOST), CAUSE_WHO_PROCORE_ADMIN);
	assert_int_equal(cause_who(CAUSE_APP_NOT_AT_COMPANY), CAUSE_WHO_GLOBAL_ADMIN);
	assert_int_equal(cause_who(CAUSE_UNREACHABLE), CAUSE_WHO_NOBODY);
	{
		enum cause c;

		assert_int_equal(cause_from_word("no such word", &c), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_f14_every_rest_status),
	    cmocka_unit_test(test_f14_every_token_status),
	    cmocka_unit_test(test_token_words),
	    cmocka_unit_test(test_f14_every_stage),
	    cmocka_unit_test(test_second_401),
	    cmocka_unit_test(test_403),
	    cmocka_unit_test(test_retry_after),
	    cmocka_unit_test(test_words_of_bodies),
	    cmocka_unit_test(test_long_words_are_cut),
	    cmocka_unit_test(test_words_and_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
