/* The rules of io/http that need no server. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "io/curl.h"
#include "io/http.h"

static struct http *h;

static int
setup(void **state UNUSED)
{
	struct http_conf conf = {.user_agent = "connectorweb/test"};
	struct err e = {0};

	return http_new(&conf, &h, &e);
}

static int
teardown(void **state UNUSED)
{
	http_free(h);
	return 0;
}

static void
test_rules(void **state UNUSED)
{
	static const char *const allow[] = {"*.procore.com", "api.example.com:8443", NULL};
	static const struct {
		const char *url;
		const char *why;
	} refused[] = {
	    {"http://api.example.com/", "by https only"},
	    {"ftp://localhost/", "by https only"},
	    {"https://u:p@a.procore.com/", "not a plain URL"},
	    {"https://a.procore.com\\@x/", "not a plain URL"},
	    {"/relative", "not a plain URL"},
	    {"https://procore.com/", "not among the hosts"},
	    {"https://a.procore.com.example.com/", "not among the hosts"},
	    {"https://api.example.com/", "not among the hosts"},
	    {"https://[::1]/", "not among the hosts"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct http_req req = HTTP_REQ_INIT;
		struct http_resp resp;
		struct err e = {0};

		req.url = refused[i].url;
		req.host_allow = allow;
		assert_int_equal(http_call(h, &req, &resp, &e), 0);
		assert_int_equal(resp.stage, HTTP_REFUSED);
		assert_false(resp.sent);
		if (strstr(resp.why, refused[i].why) == NULL)
			fail_msg("%s: %s", refused[i].url, resp.why);
		http_resp_clear(&resp);
	}
}

static void
test_private_addresses(void **state UNUSED)
{
	static const char *const private[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1",
	    "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1",
	    "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.19.0.1", "224.0.0.1",
	    "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1",
	    "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "4000::1",
	    "not an address", ""};
	static const char *const public[] = {"1.1.1.1", "100.63.0.1", "100.128.0.1",
	    "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1", "198.20.0.1",
	    "223.255.255.255", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"};

	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		if (!curl_address_is_private(private[i]))
			fail_msg("%s", private[i]);
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		if (curl_address_is_private(public[i]))
			fail_msg("%s", public[i]);
	}
}

static void
test_wrong_use(void **state UNUSED)
{
	struct http_header bad[] = {{"X-A", "b\r\nX-C: d"}, {"X A", "b"}, {"", "b"}};
	struct http_conf conf = {.ca_file = "/nowhere/ca.pem"};
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp;
	struct http *other = NULL;
	struct err e = {0};

	req.url = "https://a.example.com/";
	req.headers_n = 1;
	for (size_t i = 0; i < 3; i++) {
		req.headers = &bad[i];
		assert_int_equal(http_call(h, &req, &resp, &e), -1);
		assert_int_equal(e.code, ERR_BUG);
		http_resp_clear(&resp);
	}
	req.headers_n = 0;
	req.total_ms = 0;
	assert_int_equal(http_call(h, &req, &resp, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
	http_resp_clear(&resp);
	assert_int_equal(http_new(&conf, &other, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_null(other);
	http_free(NULL);
}

static void
test_texts(void **state UNUSED)
{
	struct buf b = BUF_INIT(1024);
	char host[32];

	http_form_add(&b, "grant type", "a&b=\xc3\xa9");
	http_form_add(&b, "x", "~-_.");
	assert_string_equal(buf_str(&b), "grant%20type=a%26b%3D%C3%A9&x=~-_.");
	buf_clear(&b);
	assert_int_equal(
	    http_url_host("https://API.Example.com:8443/x", host, sizeof(host)), 0);
	assert_string_equal(host, "api.example.com");
	assert_int_equal(http_url_host("api.example.com", host, sizeof(host)), -1);
	assert_true(http_url_is_loopback("https://files.localhost:8443/"));
	assert_true(http_url_is_loopback("http://[::1]:80/"));
	assert_false(http_url_is_loopback("http://127.0.0.1.example.com/"));
	assert_false(http_url_is_loopback("http://127.1/"));
	assert_true(http_url_acceptable("http://127.9.0.1/"));
	assert_false(http_url_acceptable("http://10.0.0.1/"));
	assert_true(http_host_matches("a.procore.com", "*.procore.com"));
	assert_false(http_host_matches(".procore.com", "*.procore.com"));
	assert_false(http_host_matches("procore.com", "*.procore.com"));
	assert_false(http_host_matches("aprocore.com", "*.procore.com"));
	assert_true(http_host_matches("a.x.com:8443", "A.x.com"));
	assert_true(http_host_matches("a.x.com:8443", "a.x.com:8443"));
	assert_false(http_host_matches("a.x.com:443", "a.x.com:8443"));
	for (int i = 0; i < HTTP_STAGE_MAX; i++)
		assert_non_null(http_stage_name((enum http_stage)i));
}

/* Every code of libcurl, those of later releases included, with every set of facts: before
 * the request was ready nothing can have left, and afterwards nobody says that. Only so may
 * a renewal be tried again (DESIGN.md 7 "Refresh"). */
static void
test_every_curl_code(void **state)
{
	enum { CODES = 140, FACTS = 1 << 11 };

	(void)state;
	for (int code = 1; code < CODES; code++)
		for (unsigned bits = 0; bits < FACTS; bits++) {
			struct curl_facts f = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0,
			    (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0, (bits & 64) != 0,
			    (bits & 128) != 0, (bits & 256) != 0, (bits & 512) != 0,
			    (bits & 1024) != 0};
			enum curl_stage got = curl_stage_of(code, &f);
			bool late = got == CURL_STAGE_SEND || got == CURL_STAGE_LOST ||
				    got == CURL_STAGE_STOPPED;

			if (got == CURL_STAGE_DONE ||
			    (got != CURL_STAGE_LOCAL && late != f.ready))
				fail_msg("code %d, facts %u: stage %d", code, bits, (int)got);
		}
}

static void
test_curl_codes(void **state)
{
	static const struct {
		int code; /* numbers of curl/curl.h */
		struct curl_facts f;
		enum curl_stage want;
	} rows[] = {
	    {0, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_DONE},
	    {1, {.named = false}, CURL_STAGE_URL},   /* UNSUPPORTED_PROTOCOL */
	    {3, {.named = false}, CURL_STAGE_URL},   /* URL_MALFORMAT */
	    {5, {.named = false}, CURL_STAGE_RESOLVE}, /* COULDNT_RESOLVE_PROXY */
	    {6, {.named = false}, CURL_STAGE_RESOLVE}, /* COULDNT_RESOLVE_HOST */
	    {7, {.named = true}, CURL_STAGE_CONNECT},  /* COULDNT_CONNECT */
	    {7, {.named = true, .private_seen = true}, CURL_STAGE_PRIVATE},
	    {27, {.named = true}, CURL_STAGE_LOCAL},    /* OUT_OF_MEMORY */
	    {35, {.named = true, .connected = true, .shaking = true}, CURL_STAGE_TLS},
	    {58, {.named = true}, CURL_STAGE_TLS},      /* SSL_CERTPROBLEM */
	    {60, {.named = true}, CURL_STAGE_TLS},      /* PEER_FAILED_VERIFICATION */
	    {77, {.named = true}, CURL_STAGE_TLS},      /* SSL_CACERT_BADFILE */
	    {97, {.named = true}, CURL_STAGE_CONNECT},  /* PROXY */
	    {28, {.named = false}, CURL_STAGE_RESOLVE}, /* OPERATION_TIMEDOUT: how far? */
	    {28, {.named = true}, CURL_STAGE_CONNECT},
	    {28, {.named = true, .connected = true, .shaking = true}, CURL_STAGE_TLS},
	    {28, {.ready = true}, CURL_STAGE_SEND},
	    {28, {.ready = true, .head_left = true}, CURL_STAGE_SEND},
	    {28, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST},
	    {18, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST}, /* PARTIAL_FILE */
	    {52, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST}, /* GOT_NOTHING */
	    {55, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_SEND}, /* SEND_ERROR */
	    {56, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST}, /* RECV_ERROR */
	    {16, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST}, /* HTTP2 */
	    {92, {.ready = true, .head_left = true, .body_left = true}, CURL_STAGE_LOST}, /* HTTP2_STREAM */
	    {23, {.ready = true, .head_left = true, .body_left = true, .stopped = true}, CURL_STAGE_STOPPED},
	    {42, {.ready = true, .read_failed = true}, CURL_STAGE_LOCAL}, /* ABORTED_BY_CALLBACK */
	    {67, {.mail = true, .named = true}, CURL_STAGE_AUTH}, /* LOGIN_DENIED */
	    {56, {.mail = true, .named = true, .connected = true, .replied = true}, CURL_STAGE_LOGIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum curl_stage got = curl_stage_of(rows[i].code, &rows[i].f);

		if (got != rows[i].want)
			fail_msg("row %zu, code %d: stage %d", i, rows[i].code, (int)got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_private_addresses),
	    cmocka_unit_test(test_wrong_use),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_every_curl_code),
	    cmocka_unit_test(test_curl_codes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
