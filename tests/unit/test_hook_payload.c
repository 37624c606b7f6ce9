/* test_hook_payload.c: core/hook_payload: versions 2 to 4, the recorded delivery, and what
 * is no delivery. */
#include "config.h"

#include "unit.h"

#include <string.h>

#include "base/limits.h"
#include "core/hook_payload.h"

#define V2_REST "\"event_type\":\"update\",\"resource_name\":\"RFIs\""
#define ULID "01JDZ5Q8W3X4Y5Z6A7B8C9D0EF"

static void
same(const struct hook_payload *a, const struct hook_payload *b)
{
	assert_string_equal(a->dedupe, b->dedupe);
	assert_string_equal(a->resource, b->resource);
	assert_string_equal(a->event, b->event);
	assert_string_equal(a->application_id, b->application_id);
	assert_int_equal(a->company_id, b->company_id);
	assert_int_equal(a->project_id, b->project_id);
	assert_int_equal(a->resource_id, b->resource_id);
	assert_int_equal(a->user_id, b->user_id);
}

static void
test_good(void **state UNUSED)
{
	static const struct {
		const char *text;
		struct hook_payload want;
	} rows[] = {
	    /* v2 with all that is documented */
	    {"{\"id\":123,\"ulid\":\"" ULID
	     "\",\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"event_type\":\"update\","
	     "\"resource_name\":\"RFI "
	     "Replies\",\"resource_id\":562949953421312,\"company_id\":1,\"project_id\":2,"
	     "\"user_id\":3,\"api_version\":\"v2\",\"metadata\":{\"source_user_id\":3,"
	     "\"source_company_id\":1,"
	     "\"source_project_id\":2,\"source_application_id\":\"client\",\"source_"
	     "operation_id\":null}}",
		{ULID, "RFI Replies", "update", "client", 1, 2, INT64_C(562949953421312),
		    3}},
	    /* v3: more that is of no concern; a number for the app */
	    {"{\"id\":124,\"event_type\":\"create\",\"resource_name\":\"Submittals\","
	     "\"resource_id\":5,\"company_id\":1,"
	     "\"project_id\":2,\"user_id\":3,\"related_resources\":[{\"id\":1,\"name\":"
	     "\"x\"}],"
	     "\"metadata\":{\"source_application_id\":77}}",
		{"124", "Submittals", "create", "77", 1, 2, 5, 3}},
	    /* v4: texts for ids, other names */
	    {"{\"id\":\"" ULID "\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"reason\":"
			       "\"update\",\"company_id\":\"1\","
	     "\"project_id\":\"2\",\"user_id\":\"3\",\"resource_type\":\"RFIs\",\"resource_"
	     "id\":\"11\",\"data\":{\"a\":[1]}}",
		{ULID, "RFIs", "update", "", 1, 2, 11, 3}},
	    /* other reasons, capitals, a thing whose id is no number, nobody named */
	    {"{\"id\":\"x-1\",\"reason\":\"MOVED\",\"company_id\":\"1\",\"project_id\":"
	     "null,\"resource_type\":\"Things\","
	     "\"resource_id\":\"" ULID "\"}",
		{"x-1", "Things", "moved", "", 1, 0, 0, 0}},
	    /* ids below one and beyond 2^53 are none of ours; an empty ulid is none */
	    {"{\"id\":9,\"ulid\":\"\"," V2_REST
	     ",\"company_id\":-4,\"project_id\":1e300,\"metadata\":[]}",
		{"9", "RFIs", "update", "", 0, 0, 0, 0}},
	    {" {\"id\":9,\"ulid\":null," V2_REST
	     ",\"metadata\":{\"source_application_id\":\"a\\nb\"}} \n",
		{"9", "RFIs", "update", "", 0, 0, 0, 0}},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct hook_payload p;
		struct err e = {0};

		if (hook_payload_parse(rows[i].text, strlen(rows[i].text), &p, &e) == -1)
			fail_msg("row %zu: %s", i, e.msg);
		same(&p, &rows[i].want);
	}
}

static void
test_recorded(void **state UNUSED)
{
	static const struct hook_payload want = {
	    "17953049", "RFIs", "create", "", 26972, 18918, 11787, 19443};
	const char *src = getenv("srcdir");
	char path[UNIT_PATH_BYTES], text[2048];
	struct hook_payload p;
	struct err e = {0};

	unit_path(path, src != NULL ? src : ".",
	    "sandbox/data/recorded/webhook-v2-sandbox-2020.json");
	unit_read(path, text, sizeof text);
	if (hook_payload_parse(text, strlen(text), &p, &e) == -1)
		fail_msg("%s", e.msg);
	same(&p, &want);
}

static void
refused(const char *text, size_t n)
{
	static const struct hook_payload before = {.dedupe = "untouched"};
	struct hook_payload p = before;
	struct err e = {0};

	assert_int_equal(hook_payload_parse(text, n, &p, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_memory_equal(&p, &before, sizeof p);
}

static void
test_garbage(void **state UNUSED)
{
	static const char *const texts[] = {"", " ", "null", "[]", "\"id\"", "7", "{", "{}",
	    "nonsense", "{\"id\":1}", "{" V2_REST "}", "{\"id\":null," V2_REST "}",
	    "{\"id\":true," V2_REST "}", "{\"id\":{}," V2_REST "}",
	    "{\"id\":1.5," V2_REST "}", "{\"id\":\"\"," V2_REST "}",
	    "{\"id\":\"a\\u0000b\"," V2_REST "}", "{\"id\":\"a\\tb\"," V2_REST "}",
	    /* 65 bytes */
	    "{\"id\":"
	    "\"12345678901234567890123456789012345678901234567890123456789012345\"," V2_REST
	    "}",
	    "{\"id\":1,\"event_type\":\"update\"}", "{\"id\":1,\"resource_name\":\"RFIs\"}",
	    "{\"id\":1,\"event_type\":7.5,\"resource_name\":\"RFIs\"}",
	    "{\"id\":1,\"event_type\":\"update\",\"resource_name\":{}}",
	    "{\"id\":1," V2_REST "} {}", "{\"id\":1," V2_REST ",}"};

	for (size_t i = 0; i < ROWS(texts); i++)
		refused(texts[i], strlen(texts[i]));
	refused("{\"id\":1,\0" V2_REST "}", sizeof "{\"id\":1,\0" V2_REST "}" - 1);
}

/* Every beginning of a good delivery, and one that is larger than any. */
static void
test_cut_and_large(void **state UNUSED)
{
	static const char good[] = "{\"id\":123,\"ulid\":\"" ULID "\"," V2_REST
				   ",\"company_id\":1,\"project_id\":2}";
	size_t n = (size_t)LIMIT_HOOK_BODY + 1;
	char *large = malloc(n);

	for (size_t i = 0; i < sizeof good - 1; i++)
		refused(good, i);
	assert_non_null(large);
	memset(large, ' ', n);
	memcpy(large, good, sizeof good - 1);
	refused(large, n);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
	    cmocka_unit_test(test_recorded), cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_cut_and_large)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
