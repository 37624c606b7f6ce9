/* test_npc.c: core/npc against a scripted gateway: what a session that ends means for the
 * call at hand. */
#include "config.h"

#include "core_rig.h"

#include "base/mem.h"
#include "base/str.h"
#include "core/npc.h"

#define JSON(status, body)                                                                 \
	{                                                                                  \
		RIG_ANSWER,                                                                \
		    "HTTP/1.1 " status                                                     \
		    "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body \
	}
/* The gateway promises a long life and ends it early. */
#define SESSION(token)                                                                     \
	JSON("200 OK",                                                                     \
	    "{\"accessKeyId\":\"ID\",\"secretAccessKey\":\"KEY\",\"sessionToken\":"        \
	    "\"" token "\",\"expiration\":\"2099-01-01T00:00:00Z\"}")
#define LIST JSON("200 OK", "{\"items\":[{\"id\":\"P-1\"}]}")
#define EXPIRED                                                                            \
	JSON("403 Forbidden", "{\"error\":{\"code\":\"token_expired\",\"message\":\"the "  \
			      "token is expired\"}}")
#define REFUSED                                                                            \
	JSON("401 Unauthorized",                                                           \
	    "{\"error\":{\"code\":\"login_failed\",\"message\":\"no such key\"}}")

static struct secret access_key, secret;

/* Make `calls` lists by one client; the last answer. The script must be used up. */
static struct npc_answer
ask(struct rig *r, const struct rig_step *steps, int n, int calls)
{
	struct buf log = BUF_INIT(65536);
	struct npc_answer a = {0};
	struct npc *npc;

	secret_set(&access_key, "a key", 5);
	secret_set(&secret, "a secret", 8);
	rig_endpoint(r, steps, n);
	free(r->conf.npc_adapter);
	free(r->conf.npc_login_url);
	free(r->conf.npc_api_url);
	free(r->conf.npc_region);
	r->conf.npc_adapter = xstrdup("gateway");
	r->conf.npc_login_url = xstrdup(r->conf.procore_api_url);
	r->conf.npc_api_url = xstrdup(r->conf.procore_api_url);
	r->conf.npc_region = xstrdup("us-east-1");
	npc = npc_new(&r->conf, r->http, &access_key, &secret);
	while (calls-- > 0) {
		npc_answer_clear(&a);
		OK(r, npc_projects(npc, &a, &r->err));
	}
	npc_free(npc);
	rig_endpoint_end(r, &log);
	if (rig_count(&log, "CALL ") != n)
		fail_msg("%d calls expected:\n%s", n, buf_str(&log));
	buf_clear(&log);
	secret_clear(&access_key);
	secret_clear(&secret);
	return a;
}

static void
test_one_session(void **state)
{
	static const struct rig_step steps[] = {SESSION("T1"), LIST, LIST};
	struct npc_answer a = ask(*state, steps, (int)ROWS(steps), 2);

	assert_int_equal(a.cause, CAUSE_NONE);
	npc_answer_clear(&a);
}

/* The caller never sees it: a new session, and the call once more. */
static void
test_session_ends_early(void **state)
{
	static const struct rig_step steps[] = {
	    SESSION("T1"), LIST, EXPIRED, SESSION("T2"), LIST, LIST};
	struct npc_answer a = ask(*state, steps, (int)ROWS(steps), 3);

	assert_int_equal(a.cause, CAUSE_NONE);
	assert_string_equal(a.text, "");
	assert_int_equal(json_len(json_get(a.json, "items")), 1);
	npc_answer_clear(&a);
}

static void
test_session_ends_at_once(void **state)
{
	static const struct rig_step steps[] = {
	    SESSION("T1"), EXPIRED, SESSION("T2"), EXPIRED};
	struct npc_answer a = ask(*state, steps, (int)ROWS(steps), 1);

	assert_int_equal(a.cause, CAUSE_UNREACHABLE);
	assert_string_equal(a.text, "Project Center ended the session again");
	npc_answer_clear(&a);
}

static void
test_key_withdrawn(void **state)
{
	static const struct rig_step steps[] = {SESSION("T1"), EXPIRED, REFUSED};
	struct npc_answer a = ask(*state, steps, (int)ROWS(steps), 1);

	assert_int_equal(a.cause, CAUSE_CONFIGURATION);
	assert_string_equal(a.text, "no such key");
	npc_answer_clear(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_one_session), T(test_session_ends_early),
	    T(test_session_ends_at_once), T(test_key_withdrawn)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
