/* test_hook.c: webhooks: the secret, payloads v2 to v4, kept once, queued. */
#include "config.h"

#include "core_rig.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/str.h"
#include "store/catalog.h"
#include "web/hook.h"

struct hooked {
	struct rig *r;
	struct hook k;
	int64_t project;
};

static const char secret[] = "a secret of the webhook";

static int
setup(void **state)
{
	struct hooked *h = calloc(1, sizeof *h);
	struct rig *r;

	assert_non_null(h);
	if (rig_setup(state) != 0)
		return -1;
	r = h->r = *state;
	(void)rig_connect(r, "2024-118", rig_account(r, "bea@example.com", NULL, ""));
	h->project = rig_number(r, "select procore_project_id from connection");
	h->k.conf = &r->conf;
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_HOOK, &h->k.db, &r->err));
	secret_set(&h->k.secret, secret, strlen(secret));
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct hooked *h = *state;
	void *rig = h->r;

	db_close(h->k.db);
	secret_clear(&h->k.secret);
	free(h);
	return rig_teardown(&rig);
}

static int
post(struct hooked *h, const char *authorization, const char *body)
{
	struct fcgi_req in = {.method = FCGI_POST, .query = ""};
	struct fcgi_resp out = {.file_fd = -1};
	char path[] = "/connectorweb/hooks/procore";
	int status;

	in.p.http_authorization = authorization;
	in.p.remote_addr = "192.0.2.1";
	in.path = path;
	buf_init(&in.body, LIMIT_HOOK_BODY);
	buf_puts(&in.body, body);
	buf_init(&out.headers, LIMIT_PAGE);
	buf_init(&out.body, LIMIT_PAGE);
	hook_handle(&h->k, &in, &out);
	status = out.status;
	buf_clear(&in.body);
	buf_clear(&out.headers);
	buf_clear(&out.body);
	return status;
}

static void
v2(const struct hooked *h, const char *ulid, char *out, size_t size)
{
	assert_int_equal(
	    str_format(out, size,
		"{\"id\": 123, \"ulid\": \"%s\", \"event_type\": \"update\", "
		"\"resource_name\": \"RFIs\", "
		"\"resource_id\": 11, \"company_id\": 8000000000, \"project_id\": %" PRId64
		", \"user_id\": 3, \"api_version\": \"v2\", \"metadata\": "
		"{\"source_application_id\": null}}",
		ulid, h->project),
	    0);
}

static void
test_kept_once_and_queued(void **state)
{
	struct hooked *h = *state;
	char body[600];

	rig_sql(h->r, "delete from job");
	v2(h, "01AAAAAAAAAAAAAAAAAAAAAAAA", body, sizeof body);
	assert_int_equal(post(h, secret, body), 200);
	assert_int_equal(
	    rig_number(h->r, "select count(*) from job where kind = 'sync'"), 1);
	rig_sql(h->r, "delete from job");
	assert_int_equal(post(h, secret, body), 200);
	assert_int_equal(rig_number(h->r, "select count(*) from hook_event"), 1);
	assert_int_equal(rig_number(h->r, "select count(*) from job"), 0);
	v2(h, "01BBBBBBBBBBBBBBBBBBBBBBBB", body, sizeof body);
	assert_int_equal(post(h, secret, body), 200);
	assert_int_equal(rig_number(h->r, "select count(*) from hook_event"), 2);
	assert_int_equal(rig_number(h->r, "select count(*) from job"), 1);
}

static void
test_secret(void **state)
{
	struct hooked *h = *state;
	char body[600];
	int64_t before = rig_number(h->r, "select count(*) from hook_event");

	v2(h, "01CCCCCCCCCCCCCCCCCCCCCCCC", body, sizeof body);
	assert_int_equal(post(h, NULL, body), 401);
	assert_int_equal(post(h, "", body), 401);
	assert_int_equal(post(h, "a secret of the webhooK", body), 401);
	assert_int_equal(post(h, "Bearer", body), 401);
	assert_int_equal(rig_number(h->r, "select count(*) from hook_event"), before);
	assert_int_equal(post(h, "Bearer a secret of the webhook", body), 200);
	secret_clear(&h->k.secret);
	assert_int_equal(post(h, "", body), 404);
	secret_set(&h->k.secret, secret, strlen(secret));
}

/* Another project's event is kept and wakes nobody. */
static void
test_foreign_project(void **state)
{
	static const char body[] = "{\"id\": \"01DDDDDDDDDDDDDDDDDDDDDDDD\", \"reason\": "
				   "\"create\", \"company_id\": "
				   "\"5\", \"project_id\": \"6\", \"resource_type\": "
				   "\"RFIs\", \"resource_id\": \"7\"}";
	struct hooked *h = *state;

	rig_sql(h->r, "delete from job");
	assert_int_equal(post(h, secret, body), 200);
	assert_int_equal(rig_number(h->r, "select count(*) from job"), 0);
	assert_int_equal(
	    rig_number(
		h->r, "select resource_id from hook_event where procore_project_id = 6"),
	    7);
}

static void
test_not_a_payload(void **state)
{
	static const char *const bodies[] = {"", "x", "[]", "{}", "null", "{\"id\": 1}",
	    "{\"resource_name\": \"RFIs\", \"event_type\": \"update\", \"resource_id\": 1, "
	    "\"company_id\": 2}",
	    "{\"id\": 1, \"resource_name\": \"RFIs\", \"event_type\": \"update\", "
	    "\"resource_id\": -1, \"company_id\": 2}",
	    "{\"id\": 1, \"resource_name\": \"RFIs\", \"event_type\": \"update\", "
	    "\"resource_id\": 1, \"company_id\": "
	    "\"x\"}"};
	struct hooked *h = *state;
	int64_t before = rig_number(h->r, "select count(*) from hook_event");

	for (size_t i = 0; i < ROWS(bodies); i++)
		if (post(h, secret, bodies[i]) != 400)
			fail_msg("taken: %s", bodies[i]);
	assert_int_equal(rig_number(h->r, "select count(*) from hook_event"), before);
}

/* The numeric id of an old payload serves when there is no ulid. */
static void
test_old_id(void **state)
{
	static const char text[] =
	    "{\"id\": 17953049, \"event_type\": \"create\", \"resource_name\": \"RFIs\", "
	    "\"resource_id\": 11787, \"company_id\": 26972, \"project_id\": 18918, "
	    "\"user_id\": 19443, "
	    "\"metadata\": {\"source_application_id\": \"me\"}}";
	struct json *j = NULL;
	struct hook_event out;
	struct err e;
	char dedupe[64];

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), LIMIT_HOOK_BODY, &j, &e), 0);
	assert_int_equal(hook_event_of(j, dedupe, &out, &e), 0);
	assert_string_equal(out.dedupe, "17953049");
	assert_string_equal(out.application_id, "me");
	assert_string_equal(out.event, "create");
	assert_int_equal(out.user_id, 19443);
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept_once_and_queued),
	    cmocka_unit_test(test_secret),
	    cmocka_unit_test(test_foreign_project),
	    cmocka_unit_test(test_not_a_payload),
	    cmocka_unit_test(test_old_id),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
