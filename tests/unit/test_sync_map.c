/* What the other sides say, as plan's facts: recorded payloads of Procore, the gateway's
 * members, HTML and back; and that every path in the two tables is a documented one. */
#include "unit.h"

#include "base/str.h"
#include "core/sync_int.h"
#include "io/json.h"

static struct buf
read_source(const char *name)
{
	struct buf b = BUF_INIT(4 * 1024 * 1024);
	char path[1024], chunk[4096];
	const char *top = getenv("srcdir");
	size_t n;
	FILE *f;

	assert_int_equal(
	    str_format(path, sizeof path, "%s/%s", top == NULL ? "." : top, name), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&b, chunk, n);
	(void)fclose(f);
	return b;
}

static struct plan_remote
map_recorded(enum plan_kind kind, const char *name)
{
	struct buf text = read_source(name);
	struct plan_remote r = {0};
	struct json *j = NULL;
	struct err e = {0};

	assert_int_equal(json_parse(buf_str(&text), text.len, text.len, &j, &e), 0);
	assert_int_equal(map_procore(kind, j, "https://login.example", 77, &r, &e), 0);
	json_free(j);
	buf_clear(&text);
	return r;
}

static void
rfi_as_recorded_live(void **state)
{
	struct plan_remote r =
	    map_recorded(PLAN_RFI, "sandbox/data/recorded/rfi-live-2025.json");

	(void)state;
	assert_int_equal(r.status, PLAN_OPEN);
	assert_int_equal(r.people_n, 1);
	assert_true(r.people[0].in_court);
	assert_string_equal(r.people[0].login, "casey.rowan@example.com");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_NUMBER), "RD-001");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_SUBJECT), "R&D Test RFI");
	assert_string_equal(
	    plan_fields_get(&r.fields, PLAN_BODY), "How can R&D test out the RFI tool?");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_DUE_DATE), "2025-03-10");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_SPEC_NUMBER), "06-4116");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_SPEC_NAME), "PLAS LAM");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_FROM), "Casey Rowan");
	assert_string_equal(
	    plan_fields_get(&r.fields, PLAN_FROM_MAIL), "casey.rowan@example.com");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_RECEIVED_DATE), "2025-03-06");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_STATUS), "Open");
	assert_int_equal(r.files_n, 1);
	assert_int_equal(r.files[0].id, INT64_C(5283309550));
	assert_string_equal(r.files[0].name, "default_avatar.jpg");
	assert_false(r.files[0].unavailable);
	assert_int_equal(r.source_id, 0);
	plan_remote_clear(&r);
}

/* The reference's example is a deleted one, with an answer. */
static void
rfi_as_in_the_reference(void **state)
{
	struct plan_remote r =
	    map_recorded(PLAN_RFI, "sandbox/data/recorded/rfi-reference-2020.json");

	(void)state;
	assert_int_equal(r.status, PLAN_DELETED);
	assert_true(r.is_private);
	assert_int_equal(r.replies_n, 1);
	assert_int_equal(r.replies[0].id, 999);
	assert_string_equal(
	    r.replies[0].text, "No, they need to follow the guidelines on Schedule D");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_DUE_DATE), "2017-01-18");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_STATUS), "Deleted");
	plan_remote_clear(&r);
}

static void
submittal_as_recorded_live(void **state)
{
	struct plan_remote r =
	    map_recorded(PLAN_SUBMITTAL, "sandbox/data/recorded/submittal-live-2025.json");

	(void)state;
	assert_int_equal(r.status, PLAN_CLOSED);
	assert_string_equal(r.status_text, "Approved / No Exceptions Taken");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_NUMBER), "03 30 00-1");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_TYPE), "Product Data");
	assert_non_null(strstr(plan_fields_get(&r.fields, PLAN_BODY), "(CORE & SHELL)"));
	assert_string_equal(plan_fields_get(&r.fields, PLAN_LINK),
	    "https://login.example/77/project/submittal_logs/show/63403248");
	assert_int_equal(r.people_n, 0);
	plan_remote_clear(&r);
}

/* The old API wrote "" where null stands today. */
static void
submittal_with_empty_texts_for_nulls(void **state)
{
	struct plan_remote r = map_recorded(
	    PLAN_SUBMITTAL, "sandbox/data/recorded/submittal-sandbox-2020.json");

	(void)state;
	assert_int_equal(r.status, PLAN_OPEN);
	assert_string_equal(plan_fields_get(&r.fields, PLAN_DUE_DATE), "");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_TYPE), "");
	assert_string_equal(plan_fields_get(&r.fields, PLAN_FROM), "Robin Hart");
	plan_remote_clear(&r);
	r = map_recorded(
	    PLAN_SUBMITTAL, "sandbox/data/recorded/submittal-reference-2020.json");
	assert_int_equal(r.status, PLAN_DELETED);          /* by deleted_at */
	assert_string_equal(r.status_text, "In Review"); /* submittal_log_status */
	assert_int_equal(r.people_n, 1);
	assert_false(r.people[0].approver); /* a Submitter */
	assert_int_equal(r.files_n, 1);
	plan_remote_clear(&r);
}

/* Two steps, the second not reached; parallel people; one answered. */
static void
steps_of_a_submittal(void **state)
{
	static const char text[] =
	    "{\"id\":5,\"status\":{\"status\":\"Open\"},\"ball_in_court\":[{\"id\":2}],"
	    "\"approvers\":["
	    "{\"id\":10,\"approver_type\":\"Submitter\",\"workflow_group_number\":0,"
	    "\"user\":{\"id\":9},"
	    "\"response\":{\"considered\":\"pending\"}},"
	    "{\"id\":11,\"approver_type\":\"Approver\",\"workflow_group_number\":1,"
	    "\"user\":{\"id\":1},"
	    "\"response\":{\"id\":4,\"considered\":\"approved\"}},"
	    "{\"id\":12,\"approver_type\":\"Approver\",\"workflow_group_number\":1,"
	    "\"user\":{\"id\":2},"
	    "\"response\":{\"considered\":\"pending\"}},"
	    "{\"id\":13,\"approver_type\":\"Approver\",\"workflow_group_number\":2,"
	    "\"user\":{\"id\":2},"
	    "\"response\":{\"considered\":\"pending\"}}]}";
	struct plan_remote r = {0};
	struct json *j = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), sizeof text, &j, &e), 0);
	assert_int_equal(map_procore(PLAN_SUBMITTAL, j, "", 1, &r, &e), 0);
	assert_int_equal(r.people_n, 4);
	assert_false(r.people[0].approver);
	assert_true(r.people[1].answered && r.people[1].reached && !r.people[1].in_court);
	assert_true(!r.people[2].answered && r.people[2].reached && r.people[2].in_court);
	assert_true(!r.people[3].answered && !r.people[3].reached && !r.people[3].in_court);
	plan_remote_clear(&r);
	json_free(j);
}

static void
an_item_without_an_id_is_refused(void **state)
{
	struct json *j = json_obj();
	struct plan_remote r = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(map_procore(PLAN_RFI, j, "", 1, &r, &e), -1);
	assert_int_equal(e.code, ERR_REMOTE);
	json_free(j);
}

/* What is written to Project Center and read back is what was written. */
static void
fields_go_to_npc_and_back(void **state)
{
	struct plan_fields f = {0}, back = {0}, parsed = {0};
	struct json *j = json_obj();
	char *text;

	(void)state;
	for (int i = 0; i < PLAN_FIELD_MAX; i++)
		plan_fields_set(
		    &f, (enum plan_field)i, plan_field_word((enum plan_field)i));
	plan_fields_set(&f, PLAN_FROM_MAIL, "");
	map_to_npc(&f, NULL, j);
	map_npc_fields(j, &back);
	text = map_fields_text(&f);
	map_fields_parse(text, &parsed);
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		assert_string_equal(plan_fields_get(&back, (enum plan_field)i),
		    plan_fields_get(&f, (enum plan_field)i));
		assert_string_equal(plan_fields_get(&parsed, (enum plan_field)i),
		    plan_fields_get(&f, (enum plan_field)i));
	}
	free(text);
	json_free(j);
	plan_fields_clear(&f);
	plan_fields_clear(&back);
	plan_fields_clear(&parsed);
}

static void
html_and_back(void **state)
{
	static const char *const texts[] = {"plain", "a < b & c > d",
	    "two\nlines\n\nand more", "<b>no tag</b>", "&amp; as written",
	    "7/8\" is \"fine\""};
	struct buf html = BUF_INIT(4096), back = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++) {
		buf_clear(&html);
		buf_clear(&back);
		map_to_html(texts[i], &html);
		assert_null(strstr(buf_str(&html), "<b>"));
		map_from_html(buf_str(&html), &back);
		assert_true(plan_same_text(texts[i], buf_str(&back)));
	}
	buf_clear(&back);
	map_from_html(
	    "<p>One</p><p>two<br/>three</p><ul><li>x</li></ul> 1 < 2 &nbsp;&unknown;",
	    &back);
	assert_string_equal(buf_str(&back), "One\ntwo\nthree\nx\n 1 < 2  &unknown;");
	buf_clear(&html);
	buf_clear(&back);
}

/* "GET /rest/.../{id}" must stand in the list of what Procore documents. */
static void
procore_paths_are_documented(void **state)
{
	struct buf docs = read_source("tests/data/procore-operations.txt");

	(void)state;
	for (int i = 0; i < PROCORE_OP_MAX; i++) {
		const struct procore_path *p = procore_path((enum procore_op)i);
		char line[256];

		assert_int_equal(
		    str_format(line, sizeof line, "\n%s %s\n", p->method, p->path), 0);
		if (strstr(buf_str(&docs), line) == NULL)
			fail_msg("not documented: %s %s", p->method, p->path);
	}
	buf_clear(&docs);
}

/* The path's block of the contract must name the method. */
static void
npc_paths_are_in_the_contract(void **state)
{
	struct buf docs = read_source("docs/npc-gateway.yaml");

	(void)state;
	for (int i = 0; i < NPC_OP_MAX; i++) {
		const struct npc_path *p = npc_path((enum npc_op)i);
		char line[256], method[32], *lower = str_lower_dup(p->method);
		const char *block, *end, *m;

		assert_int_equal(str_format(line, sizeof line, "\n  %s:\n", p->path), 0);
		assert_int_equal(
		    str_format(method, sizeof method, "\n    %s:\n", lower), 0);
		block = strstr(buf_str(&docs), line);
		if (block == NULL)
			fail_msg("not in the contract: %s", p->path);
		end = strstr(block + 1, "\n  /");
		m = strstr(block, method);
		if (m == NULL || (end != NULL && m > end))
			fail_msg("not in the contract: %s %s", p->method, p->path);
		free(lower);
	}
	buf_clear(&docs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfi_as_recorded_live),
	    cmocka_unit_test(rfi_as_in_the_reference),
	    cmocka_unit_test(submittal_as_recorded_live),
	    cmocka_unit_test(submittal_with_empty_texts_for_nulls),
	    cmocka_unit_test(steps_of_a_submittal),
	    cmocka_unit_test(an_item_without_an_id_is_refused),
	    cmocka_unit_test(fields_go_to_npc_and_back),
	    cmocka_unit_test(html_and_back),
	    cmocka_unit_test(procore_paths_are_documented),
	    cmocka_unit_test(npc_paths_are_in_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
