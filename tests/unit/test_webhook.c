/* test_webhook.c: core/webhook against a scripted Procore: made, checked, mended, removed,
 * refused; and when lists may rest. */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/webhook.h"
#include "store/webhook.h"

#define JSON(status, body)                                                                 \
	{                                                                                  \
		RIG_ANSWER,                                                                \
		    "HTTP/1.1 " status                                                     \
		    "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body \
	}
#define DATA(body) JSON("200 OK", "{\"data\":" body "}")
#define FORBIDDEN JSON("403 Forbidden", "{\"errors\":\"no access to webhooks\"}")
#define GONE JSON("404 Not Found", "{\"errors\":\"Not found\"}")
#define NO_CONTENT                                                                         \
	{                                                                                  \
		RIG_ANSWER, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"         \
	}
#define LOST                                                                               \
	{                                                                                  \
		RIG_LOST, NULL                                                             \
	}

#define NAMESPACE "connectorweb-0123456789ab"
#define TO "https://hooks.example.com/connectorweb/hooks/procore"
#define HOOK(id, status, url, shown, version)                                              \
	"{\"id\":\"" id "\",\"status\":\"" status "\",\"payload_version\":\"" version      \
	"\",\"namespace\":\"" NAMESPACE "\",\"destination_url\":\"" url                    \
	"\",\"destination_headers\":{\"Authorization\":\"" shown                           \
	"\"},\"trigger_count\":9}"
#define GOOD(id) HOOK(id, "active", TO, "*****56789", "v2.0")
#define FOREIGN                                                                            \
	"{\"id\":\"1\",\"status\":\"disabled\",\"namespace\":\"other\",\"destination_"     \
	"url\":\"https://x.example.com\"}"
#define TRIGGER_OF(id, resource, event)                                                    \
	"{\"id\":\"" id "\",\"resource_name\":\"" resource "\",\"event_type\":\"" event    \
	"\"}"
#define TRIGGERS_OF(id, resource)                                                          \
	TRIGGER_OF(id "1", resource, "create")                                             \
	"," TRIGGER_OF(id "2", resource, "update") "," TRIGGER_OF(                         \
	    id "3", resource, "delete")
#define ALL_TRIGGERS                                                                       \
	DATA("[" TRIGGERS_OF("1", "RFIs") "," TRIGGERS_OF(                                 \
	    "2", "RFI Replies") "," TRIGGERS_OF("3", "Submittals") "]")
#define MADE_1 DATA(TRIGGER_OF("5", "RFIs", "create"))
#define MADE_9 MADE_1, MADE_1, MADE_1, MADE_1, MADE_1, MADE_1, MADE_1, MADE_1, MADE_1
#define HOOKS_PATH "/webhooks/hooks"

enum { DAY_S = 86400, HOUR_S = 3600 };

static int64_t account_id, connection_id;
static struct buf log_ = BUF_INIT(1024 * 1024);

static int
setup(void **state)
{
	struct rig *r;

	assert_int_equal(rig_setup(state), 0);
	r = *state;
	unit_write(rig_path(r, "hook_secret"), "hook-secret-0123456789\n", 23, 0600);
	free(r->conf.webhook_public_url);
	free(r->conf.webhook_secret_file);
	r->conf.webhook_public_url = xstrdup(TO);
	r->conf.webhook_secret_file = xstrdup(rig_path(r, "hook_secret"));
	account_id = rig_account(r, "ann@example.com", NULL, NULL);
	connection_id = rig_connect(r, "NPC-1", account_id);
	rig_sign_in(r, account_id, "A1", "R1", 90 * DAY_S);
	rig_sql(r, "INSERT OR REPLACE INTO meta VALUES ('installation_id', "
		   "'0123456789abcdef0123456789abcdef')");
	rig_sql(r, "UPDATE connection SET webhooks = 1");
	return 0;
}

static int
teardown(void **state)
{
	buf_clear(&log_);
	return rig_teardown(state);
}

/* Run once; the number of calls must be that of the script. The seconds until the next
 * look, -1 for none. */
static int64_t
run(struct rig *r, const struct rig_step *steps, int n)
{
	int64_t next_at = 0;

	buf_reset(&log_);
	rig_endpoint(r, steps, n);
	OK(r, webhook_run(&r->oauth, connection_id, &next_at, &r->err));
	rig_endpoint_end(r, &log_);
	if (rig_count(&log_, "CALL ") != n)
		fail_msg("%d calls expected:\n%s", n, buf_str(&log_));
	return next_at == 0 ? -1 : next_at - clk_now();
}
#define RUN(r, steps) run(r, steps, (int)ROWS(steps))

static void
expect_row(struct rig *r, const char *hook_id, const char *api, const char *state,
    const char *error)
{
	char *text = rig_text(
	    r, "SELECT hook_id || ' ' || api_version || ' ' || state FROM webhook");
	char *why = rig_text(r, "SELECT error FROM webhook");
	char want[128];

	assert_int_equal(str_format(want, sizeof want, "%s %s %s", hook_id, api, state), 0);
	assert_string_equal(text, want);
	if (*error == '\0' ? *why != '\0' : strstr(why, error) == NULL)
		fail_msg("\"%s\" expected in: %s", error, why);
	free(text);
	free(why);
}

static void
expect_log(const char *part, int n)
{
	if (rig_count(&log_, part) != n)
		fail_msg("%d of \"%s\" expected in:\n%s", n, part, buf_str(&log_));
}

static int64_t
audits(struct rig *r, const char *action)
{
	char sql[96];

	assert_int_equal(str_format(sql, sizeof sql,
			     "SELECT count(*) FROM audit WHERE action = '%s'", action),
	    0);
	return rig_number(r, sql);
}

static void
have_hook(struct rig *r, const char *api)
{
	struct webhook w = {.hook_id = xstrdup("77"),
	    .api = xstrdup(api),
	    .triggers = xstrdup("[]"),
	    .error = xstrdup(""),
	    .active = true,
	    .checked_at = 5};

	OK(r, webhook_put(r->db, connection_id, &w, false, &r->err));
	webhook_clear(&w);
	rig_sql(r, "UPDATE webhook SET last_event_at = 9");
}

static bool
proven(struct rig *r)
{
	return rig_number(r, "SELECT last_event_at IS NOT NULL FROM webhook") != 0;
}

/* ---- made, checked */

static void
test_made(void **state)
{
	static const struct rig_step steps[] = {
	    DATA("[" FOREIGN "]"), DATA(GOOD("77")), MADE_9};
	struct rig *r = *state;

	assert_in_range(RUN(r, steps), DAY_S - 60, DAY_S);
	expect_row(r, "77", "v2.0", "active", "");
	expect_log("CALL GET /rest/v2.0/companies/8000000000/projects/", 1);
	expect_log(HOOKS_PATH "?page=1&per_page=100&namespace=" NAMESPACE, 1);
	expect_log(HOOKS_PATH
	    " HTTP/1.1 {\"payload_version\":\"v2.0\",\"namespace\":\"" NAMESPACE
	    "\",\"destination_url\":\"" TO
	    "\",\"destination_headers\":{\"Authorization\":\"hook-secret-0123456789\"}}",
	    1);
	expect_log("/hooks/77/triggers HTTP/1.1 {\"resource_name\":\"RFIs\"", 3);
	expect_log("{\"resource_name\":\"RFI Replies\"", 3);
	expect_log("{\"resource_name\":\"Submittals\"", 3);
	expect_log("\"event_type\":\"delete\"", 3);
	assert_int_equal(audits(r, "webhook.create"), 1);
	assert_int_equal(
	    rig_number(r, "SELECT json_array_length(triggers) FROM webhook"), 9);
	assert_int_equal(
	    rig_number(r, "SELECT count(*) FROM audit WHERE detail LIKE '%secret%'"), 0);
}

static void
test_as_it_should_be(void **state)
{
	/* spelled otherwise, and masked so that nothing is left to compare */
	static const struct rig_step steps[] = {
	    DATA("[" FOREIGN "," HOOK("77", "active", TO, "*****", "v2") "]"),
	    ALL_TRIGGERS};
	struct rig *r = *state;

	have_hook(r, "v2.0");
	assert_in_range(RUN(r, steps), DAY_S - 60, DAY_S);
	expect_row(r, "77", "v2.0", "active", "");
	assert_true(proven(r));
	assert_int_equal(audits(r, "webhook.repair"), 0);
	assert_in_range(
	    rig_number(r, "SELECT checked_at FROM webhook"), clk_now() - 60, clk_now());
}

static void
test_mended(void **state)
{
	static const char *const wrong[] = {
	    HOOK("77", "disabled", TO, "*****56789", "v2.0"),
	    HOOK("77", "active", "https://old.example.com/", "*****56789", "v2.0"),
	    HOOK("77", "active", TO, "*****56780", "v2.0"),
	    HOOK("77", "active", TO, "", "v2.0"),
	    HOOK("77", "active", TO, "*****56789", "v4.0")};
	struct rig *r = *state;

	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct buf first = BUF_INIT(4096);
		struct rig_step steps[] = {{RIG_ANSWER, NULL}, DATA(GOOD("77")),
		    DATA("[" TRIGGERS_OF("1", "RFIs") "," TRIGGERS_OF("2",
			"RFI Replies") "," TRIGGER_OF("4", "Submittals", "UPDATE") "]"),
		    MADE_1, MADE_1};

		buf_printf(&first,
		    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[%s]}",
		    wrong[i]);
		steps[0].text = buf_str(&first);
		have_hook(r, "v2.0");
		assert_in_range(RUN(r, steps), DAY_S - 60, DAY_S);
		expect_log("CALL PATCH ", 1);
		expect_log(
		    "{\"resource_name\":\"Submittals\",\"event_type\":\"update\"", 0);
		expect_row(r, "77", "v2.0", "active", "");
		assert_false(proven(r));
		assert_int_equal(audits(r, "webhook.repair"), (int64_t)i + 1);
		buf_clear(&first);
	}
}

/* Nothing documented switches a hook on again: if changing it does not help, another takes
 * its place. */
static void
test_disabled_for_good(void **state)
{
	static const struct rig_step steps[] = {
	    DATA("[" HOOK("77", "disabled", TO, "*****56789", "v2.0") "]"),
	    DATA(HOOK("77", "disabled", TO, "*****56789", "v2.0")), NO_CONTENT,
	    DATA(GOOD("78")), MADE_9};
	struct rig *r = *state;

	have_hook(r, "v2.0");
	RUN(r, steps);
	expect_log("CALL DELETE ", 1);
	expect_row(r, "78", "v2.0", "active", "");
	assert_false(proven(r));
	assert_int_equal(audits(r, "webhook.create"), 1);
}

static void
test_one_of_several(void **state)
{
	static const struct rig_step steps[] = {
	    DATA("[" GOOD("75") "," GOOD("77") "," GOOD("79") "]"), NO_CONTENT, GONE,
	    ALL_TRIGGERS};
	struct rig *r = *state;

	have_hook(r, "v2.0");
	RUN(r, steps);
	expect_log("CALL DELETE ", 2);
	expect_log("/hooks/75 ", 1);
	expect_log("/hooks/79 ", 1);
	expect_row(r, "77", "v2.0", "active", "");
}

/* ---- v1.0 */

#define V1_HOOK                                                                            \
	"{\"id\":81,\"api_version\":\"v2\",\"namespace\":\"" NAMESPACE                     \
	"\",\"destination_url\":\"" TO "\",\"destination_headers\":{\"Authorization\":\"*" \
				       "****56789\"},\"owned_by_project_id\":1}"
#define V1_TRIGGERS(resource)                                                              \
	"{\"id\":1,\"resource_name\":\"" resource "\",\"event_type\":\"CREATE\"},"         \
	"{\"id\":2,\"resource_name\":\"" resource "\",\"event_type\":\"UPDATE\"},"         \
	"{\"id\":3,\"resource_name\":\"" resource "\",\"event_type\":\"DELETE\"}"

static void
test_older_api(void **state)
{
	static const struct rig_step first[] = {
	    FORBIDDEN, JSON("200 OK", "[]"), JSON("201 Created", V1_HOOK), MADE_9};
	static const struct rig_step later[] = {JSON("200 OK", "[" V1_HOOK "]"),
	    JSON("200 OK", "[" V1_TRIGGERS("RFIs") "," V1_TRIGGERS(
			       "RFI Replies") "," V1_TRIGGERS("Submittals") "]")};
	struct rig *r = *state;

	RUN(r, first);
	expect_row(r, "81", "v1.0", "active", "");
	expect_log("CALL GET /rest/v1.0/webhooks/hooks?project_id=", 1);
	expect_log("CALL POST /rest/v1.0/webhooks/hooks HTTP/1.1 {\"project_id\":", 1);
	expect_log("\"hook\":{\"api_version\":\"v2\",\"namespace\":\"" NAMESPACE "\"", 1);
	expect_log(
	    "CALL POST /rest/v1.0/webhooks/hooks/81/triggers HTTP/1.1 {\"project_id\":", 9);
	expect_log(
	    "\"trigger\":{\"resource_name\":\"RFIs\",\"event_type\":\"create\"}}", 1);
	RUN(r, later);
	expect_log("v2.0", 0);
	expect_row(r, "81", "v1.0", "active", "");
}

/* ---- what goes wrong */

static void
test_refused(void **state)
{
	static const struct rig_step steps[] = {FORBIDDEN, GONE};
	struct rig *r = *state;

	assert_in_range(RUN(r, steps), 6 * HOUR_S - 60, 6 * HOUR_S);
	expect_row(
	    r, "", "", "broken", "does not let ann@example.com set up real-time sync");
	expect_row(r, "", "", "broken", "no access to webhooks");
	/* it is no matter of the sign-in, of the seat, or of sync */
	assert_int_equal(
	    rig_number(r, "SELECT count(*) FROM account WHERE state = 'ok'"), 1);
	assert_int_equal(
	    rig_number(r, "SELECT count(*) FROM bic WHERE state = 'unchecked'"), 1);
	assert_int_equal(
	    rig_number(r, "SELECT count(*) FROM connection WHERE sync_error = ''"), 1);
	assert_int_equal(rig_number(r, "SELECT count(*) FROM incident"), 0);
}

static void
test_next_seat(void **state)
{
	static const struct rig_step steps[] = {
	    FORBIDDEN, FORBIDDEN, DATA("[" GOOD("77") "]"), ALL_TRIGGERS};
	struct rig *r = *state;
	int64_t other = rig_account(r, "bob@example.com", NULL, NULL);

	rig_sql(r, "INSERT INTO bic (connection_id, account_id, position, added_at)"
		   " SELECT c.id, a.id, 2, 0 FROM connection c, account a WHERE a.login = "
		   "'bob@example.com'");
	rig_sign_in(r, other, "A2", "R2", 90 * DAY_S);
	RUN(r, steps);
	expect_row(r, "77", "v2.0", "active", "");
}

static void
test_lost_answer(void **state)
{
	static const struct rig_step lost[] = {DATA("[]"), LOST};
	static const struct rig_step found[] = {
	    DATA("[" GOOD("77") "]"), DATA("[]"), MADE_9};
	struct rig *r = *state;

	assert_in_range(RUN(r, lost), 60, 120);
	expect_row(r, "", "", "broken", "would not set up");
	RUN(r, found);
	expect_row(r, "77", "v2.0", "active", "");
}

/* A Procore that does not answer says nothing about the hook. */
static void
test_trouble(void **state)
{
	static const struct rig_step steps[] = {JSON("502 Bad Gateway", "")};
	struct rig *r = *state;

	have_hook(r, "v2.0");
	assert_in_range(RUN(r, steps), 540, 600);
	expect_row(r, "77", "v2.0", "active", "would not set up");
	assert_int_equal(rig_number(r, "SELECT checked_at FROM webhook"), 5);
	assert_true(proven(r));
}

static void
test_nobody(void **state)
{
	struct rig *r = *state;

	rig_sql(r, "UPDATE account SET state = 'lost', cause = 'sign_in_lost'");
	assert_in_range(run(r, NULL, 0), HOUR_S - 60, HOUR_S);
	expect_row(r, "", "", "broken", "No BIC user");
}

/* ---- removed */

static void
test_removed(void **state)
{
	static const struct rig_step steps[] = {
	    DATA("[" FOREIGN "," GOOD("77") "]"), NO_CONTENT};
	static const char *const why[] = {"UPDATE connection SET state = 'paused'",
	    "UPDATE connection SET state = 'disconnected'",
	    "UPDATE connection SET state = 'active', webhooks = 0"};
	struct rig *r = *state;

	for (size_t i = 0; i <= ROWS(why); i++) {
		have_hook(r, "v2.0");
		if (i < ROWS(why)) {
			rig_sql(r, why[i]);
		} else { /* the installation has none any more */
			rig_sql(r, "UPDATE connection SET webhooks = 1");
			r->conf.webhook_public_url[0] = '\0';
		}
		assert_int_equal(RUN(r, steps), -1);
		expect_log("CALL DELETE ", 1);
		expect_log("/hooks/77 ", 1);
		assert_int_equal(rig_number(r, "SELECT count(*) FROM webhook"), 0);
		assert_int_equal(audits(r, "webhook.remove"), (int64_t)i + 1);
	}
	/* nothing there, nothing wanted: not a word to Procore */
	assert_int_equal(run(r, NULL, 0), -1);
}

static void
test_not_removable(void **state)
{
	struct rig *r = *state;

	have_hook(r, "v2.0");
	rig_sql(r, "UPDATE account SET state = 'lost', cause = 'sign_in_lost'");
	rig_sql(r, "UPDATE connection SET state = 'disconnected'");
	assert_in_range(run(r, NULL, 0), HOUR_S - 60, HOUR_S);
	expect_row(r, "77", "v2.0", "broken", "No BIC user");
	rig_clock(r, 8 * DAY_S);
	assert_int_equal(run(r, NULL, 0), -1);
	assert_int_equal(rig_number(r, "SELECT count(*) FROM webhook"), 0);
}

/* ---- rows of the worker */

static void
test_plan(void **state)
{
	static const char jobs[] = "SELECT count(*) FROM job WHERE kind = 'webhook'";
	struct rig *r = *state;

	OK(r, webhook_plan(r->db, &r->conf, &r->err));
	assert_int_equal(rig_number(r, jobs), 1);
	rig_sql(r, "DELETE FROM job");
	rig_sql(r, "UPDATE connection SET webhooks = 0");
	OK(r, webhook_plan(r->db, &r->conf, &r->err));
	assert_int_equal(rig_number(r, jobs), 0);
	have_hook(r, "v2.0");
	OK(r, webhook_plan(r->db, &r->conf, &r->err));
	assert_int_equal(rig_number(r, jobs), 1);
	OK(r, webhook_drop(r->db, connection_id, &r->err));
	rig_sql(r, "DELETE FROM job");
	rig_sql(r, "UPDATE connection SET webhooks = 1");
	r->conf.webhook_public_url[0] = '\0';
	OK(r, webhook_plan(r->db, &r->conf, &r->err));
	assert_int_equal(rig_number(r, jobs), 0);
}

/* ---- rest and doubt */

/* last event, last look, state, then last list: all seconds ago, 0 never. */
static const struct rest {
	int64_t event, look;
	bool active;
	int64_t listed;
	bool vouches;
} rests[] = {
    {7200, 600, true, 600, true},
    {9000, 600, true, 7000, true},
    {630, 600, true, 600, false}, /* that list came on the heels of an event */
    {300, 600, true, 600, false},
    {661, 600, true, 600, true},
    {0, 600, true, 600, false},     /* unproven */
    {7200, 600, false, 600, false}, /* broken */
    {7200, 3 * DAY_S, true, 600, false},
    {7200, 600, true, 0, false},
};

static int64_t
ago(int64_t s)
{
	return s == 0 ? 0 : clk_now() - s;
}

static void
put_state(struct rig *r, int64_t event, int64_t look, bool active)
{
	struct buf sql = BUF_INIT(512);

	have_hook(r, "v2.0");
	buf_printf(&sql,
	    "UPDATE webhook SET state = '%s', checked_at = %lld, last_event_at = "
	    "nullif(%lld, 0)",
	    active ? "active" : "broken", (long long)ago(look), (long long)ago(event));
	rig_sql(r, buf_str(&sql));
	buf_clear(&sql);
}

static void
test_rest(void **state)
{
	struct rig *r = *state;
	bool got = true;

	OK(r, webhook_vouches(r->db, connection_id, clk_now() - 60, &got, &r->err));
	assert_false(got);
	for (size_t i = 0; i < ROWS(rests); i++) {
		const struct rest *t = &rests[i];

		put_state(r, t->event, t->look, t->active);
		OK(r, webhook_vouches(
			  r->db, connection_id, ago(t->listed), &got, &r->err));
		if (got != t->vouches)
			fail_msg("row %zu", i);
	}
}

static void
test_judge(void **state)
{
	static const struct {
		int64_t event, look;
		bool active;
		int64_t listed;
		bool doubted;
	} rows[] = {
	    {7200, 7200, true, 600, true},
	    {0, 7200, true, 600, true},    /* never heard of: looked at */
	    {500, 7200, true, 600, false}, /* it spoke since */
	    {650, 7200, true, 600, false}, /* ... or just before: lists lag behind */
	    {7200, 300, true, 600, false}, /* made or mended only since */
	    {7200, 7200, false, 600, false},
	    {7200, 7200, true, 0, false},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		put_state(r, rows[i].event, rows[i].look, rows[i].active);
		rig_sql(r, "DELETE FROM job");
		OK(r, webhook_judge(r->db, connection_id, ago(rows[i].listed), &r->err));
		if (rig_number(r, "SELECT count(*) FROM job WHERE kind = 'webhook'") !=
		    rows[i].doubted)
			fail_msg("row %zu", i);
		if (proven(r) != (!rows[i].doubted && rows[i].event != 0))
			fail_msg("row %zu: proven", i);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_made), T(test_as_it_should_be),
	    T(test_mended), T(test_disabled_for_good), T(test_one_of_several),
	    T(test_older_api), T(test_refused), T(test_next_seat), T(test_lost_answer),
	    T(test_trouble), T(test_nobody), T(test_removed), T(test_not_removable),
	    T(test_plan), T(test_rest), T(test_judge)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
