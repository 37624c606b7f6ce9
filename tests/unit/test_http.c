#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "http_calls.h"

static void
test_get(void **state UNUSED)
{
	static const struct step steps[] = {
	    {"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
	     "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 20:14:35 GMT\r\nX-Rate-Limit:  7 "
	     "\r\n"
	     "x-rate-limit: 8\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello",
		CLOSE},
	    {NULL, CLOSE}};
	struct http_header headers[] = {{"Accept", "application/json"}, {"X-Empty", ""}};
	struct http_req req = HTTP_REQ_INIT;
	struct secret token = {0};
	struct call c;
	char v[32];

	req.allow_private = true;
	req.headers = headers;
	req.headers_n = 2;
	secret_set(&token, "t0ken", 5);
	req.bearer = &token;
	open_http(&c, NULL);
	call_steps(&c, steps, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_int_equal(c.resp.status, 200);
	assert_string_equal(buf_str(&c.resp.body), "hello");
	assert_int_equal(c.resp.body_bytes, 5);
	assert_int_equal(c.resp.date_at, 1795464875);
	assert_int_equal(http_resp_header(&c.resp, "X-RATE-LIMIT", v, sizeof(v)), 1);
	assert_string_equal(v, "7");
	assert_int_equal(http_resp_header(&c.resp, "date", v, 4), 3);
	assert_string_equal(v, "Mon");
	assert_int_equal(http_resp_header(&c.resp, "empty", v, sizeof(v)), 0);
	assert_int_equal(http_resp_header(&c.resp, "x-early", v, sizeof(v)), 0);
	assert_int_equal(http_resp_header(&c.resp, "rate-limit", v, sizeof(v)), 0);
	assert_non_null(strstr(buf_str(&c.log), "GET /a/b?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(buf_str(&c.log), "User-Agent: connectorweb/test\r\n"));
	assert_non_null(strstr(buf_str(&c.log), "Authorization: Bearer t0ken\r\n"));
	assert_non_null(strstr(buf_str(&c.log), "X-Empty:\r\n"));
	assert_null(strstr(buf_str(&c.log), "Content-Type"));
	secret_clear(&token);
	close_http(&c);
}

static void
test_methods_and_bodies(void **state UNUSED)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
	struct http_header type = {"Content-Type", "application/json"};

	for (size_t i = 0; i < 4; i++) {
		struct http_req req = HTTP_REQ_INIT;
		struct call c;

		req.method = methods[i];
		req.allow_private = true;
		req.headers = &type;
		req.headers_n = 1;
		req.body = "{\"a\":1}";
		req.body_len = 7;
		open_http(&c, NULL);
		call_steps(&c, one_ok, &req);
		EXPECT_STAGE(c, HTTP_DONE);
		assert_true(
		    str_starts(buf_str(&c.log) + strlen("[connection 1]\n"), methods[i]));
		assert_true(str_ends(buf_str(&c.log), "\r\n\r\n{\"a\":1}"));
		assert_non_null(
		    strstr(buf_str(&c.log), "Content-Type: application/json\r\n"));
		assert_null(strstr(buf_str(&c.log), "Expect"));
		close_http(&c);
	}
}

/* The answer stands as it came: nothing is followed. */
static void
test_no_redirect(void **state UNUSED)
{
	static const struct step steps[] = {
	    {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: "
	     "0\r\n\r\n",
		CLOSE},
	    {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct call c;

	req.allow_private = true;
	open_http(&c, NULL);
	call_steps(&c, steps, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_int_equal(c.resp.status, 302);
	close_http(&c);
}

static void
test_lost(void **state UNUSED)
{
	static const struct {
		struct step steps[2];
		int status;
	} cases[] = {
	    {{{NULL, RESET}, {NULL, CLOSE}}, 0},
	    {{{"", CLOSE}, {NULL, CLOSE}}, 0},
	    {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", CLOSE}, {NULL, CLOSE}},
		200},
	    {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", RESET}, {NULL, CLOSE}},
		200},
	    {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", CLOSE},
		 {NULL, CLOSE}},
		200},
	    {{{"HTTP/1.1 200 OK\r\nSlow", HOLD}, {NULL, CLOSE}}, 200},
	    {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HOLD}, {NULL, CLOSE}},
		200},
	    {{{NULL, HOLD}, {NULL, CLOSE}}, 0},
	    {{{"nonsense\r\n\r\n", CLOSE}, {NULL, CLOSE}}, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_req req = HTTP_REQ_INIT;
		struct call c;

		req.method = "POST";
		req.body = "a=b";
		req.body_len = 3;
		req.allow_private = true;
		req.total_ms = cases[i].steps[0].then == HOLD ? 300 : 30000;
		open_http(&c, NULL);
		call_steps(&c, cases[i].steps, &req);
		if (c.resp.stage != HTTP_LOST || c.resp.status != cases[i].status)
			fail_msg("case %zu: stage %s, status %d: %s", i,
			    http_stage_name(c.resp.stage), c.resp.status, c.resp.why);
		assert_true(c.resp.sent);
		assert_non_null(strstr(c.resp.why, "127.0.0.1"));
		close_http(&c);
	}
}

static void
test_nothing_sent(void **state UNUSED)
{
	struct http_req req = HTTP_REQ_INIT;
	struct call c;

	req.allow_private = true;
	open_http(&c, NULL);
	set_url(&c, "http", peer_free_port());
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_CONNECT);
	assert_false(c.resp.sent);
	/* a label over 63 bytes: no resolver is asked */
	req.url =
	    "https://"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/";
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_RESOLVE);
	assert_false(c.resp.sent);
	close_http(&c);
}

static void
play_no_tls(int listen_fd, int log_fd UNUSED, const void *arg)
{
	int fd = peer_accept(listen_fd);

	if (arg != NULL)
		peer_say(fd, arg);
	peer_drain(fd);
}

/* A full backlog: the kernel drops what comes, as a firewall does. */
static void
test_connect_timeout(void **state UNUSED)
{
	struct http_req req = HTTP_REQ_INIT;
	struct call c;
	int waiting[3];
	int port = 0;
	int fd = peer_listen(0, &port);

	for (size_t i = 0; i < 3; i++)
		waiting[i] = peer_connect_nowait(port);
	req.allow_private = true;
	req.connect_ms = 300;
	open_http(&c, NULL);
	set_url(&c, "https", port);
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_CONNECT);
	assert_false(c.resp.sent);
	for (size_t i = 0; i < 3; i++)
		close(waiting[i]);
	close(fd);
	close_http(&c);
}

static void
test_tls(void **state UNUSED)
{
	/* an answer that is no handshake, and none at all */
	static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", NULL};

	for (size_t i = 0; i < 2; i++) {
		struct http_req req = HTTP_REQ_INIT;
		struct peer p;
		struct call c;

		req.allow_private = true;
		req.connect_ms = i == 0 ? 10000 : 300;
		open_http(&c, NULL);
		peer_start(&p, play_no_tls, answers[i]);
		set_url(&c, "https", p.port);
		call(&c, &req);
		EXPECT_STAGE(c, HTTP_TLS);
		assert_false(c.resp.sent);
		peer_join(&p, NULL);
		close_http(&c);
	}
}

static void
test_ceilings(void **state UNUSED)
{
	struct buf big = BUF_INIT(1024 * 1024);
	struct step steps[2] = {{NULL, CLOSE}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct call c;

	req.allow_private = true;
	req.max_bytes = 2;
	open_http(&c, NULL);
	call_steps(&c, one_ok, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	req.max_bytes = 1;
	call_steps(&c, one_ok, (req.url = NULL, &req));
	EXPECT_STAGE(c, HTTP_TOO_BIG);
	assert_int_equal(c.resp.status, 200);
	assert_true(c.resp.sent);
	/* header lines without end */
	buf_puts(&big, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 5000; i++)
		buf_puts(&big, "X-Header: and some text\r\n");
	buf_puts(&big, "\r\n");
	steps[0].answer = buf_str(&big);
	req.max_bytes = 100000;
	call_steps(&c, steps, (req.url = NULL, &req));
	EXPECT_STAGE(c, HTTP_TOO_BIG);
	buf_clear(&big);
	close_http(&c);
}

static void
test_out_fd(void **state UNUSED)
{
	static const struct step missing[] = {
	    {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", CLOSE},
	    {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct call c;
	char text[8] = "";

	req.allow_private = true;
	req.out_fd = file_of(0);
	open_http(&c, NULL);
	call_steps(&c, one_ok, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_int_equal(c.resp.body.len, 0);
	assert_int_equal(c.resp.body_bytes, 2);
	assert_int_equal(pread(req.out_fd, text, sizeof(text), 0), 2);
	assert_memory_equal(text, "hi", 2);
	call_steps(&c, missing, (req.url = NULL, &req));
	assert_string_equal(buf_str(&c.resp.body), "gone");
	assert_int_equal(pread(req.out_fd, text, sizeof(text), 0), 2);
	req.max_bytes = 1;
	call_steps(&c, one_ok, (req.url = NULL, &req));
	EXPECT_STAGE(c, HTTP_TOO_BIG);
	close(req.out_fd);
	/* a full disk */
	req.max_bytes = 100;
	req.out_fd = open("/dev/full", O_WRONLY);
	assert_int_not_equal(req.out_fd, -1);
	call_steps(&c, one_ok, (req.url = NULL, &req));
	EXPECT_STAGE(c, HTTP_LOCAL);
	assert_non_null(strstr(c.resp.why, "No space left"));
	close(req.out_fd);
	close_http(&c);
}

static void
test_private(void **state UNUSED)
{
	static const struct step keep[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", HOLD}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct peer p;
	struct call c;

	open_http(&c, NULL);
	set_url(&c, "http", peer_free_port());
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_REFUSED);
	assert_non_null(strstr(c.resp.why, "private address"));
	/* nor over a connection that was opened for a call that may */
	peer_start(&p, play_steps, keep);
	set_url(&c, "http", p.port);
	req.allow_private = true;
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	req.allow_private = false;
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_REFUSED);
	assert_false(c.resp.sent);
	http_free(c.h);
	c.h = NULL;
	peer_join(&p, NULL);
	close_http(&c);
}

static void
test_proxy(void **state UNUSED)
{
	static const struct step refuse[] = {
	    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", CLOSE}, {NULL, CLOSE}};
	static char env[] = "all_proxy=http://127.0.0.1:1";
	struct http_req req = HTTP_REQ_INIT;
	struct peer p;
	struct call c;
	char proxy[64];

	/* the environment's is not used */
	putenv(env);
	req.allow_private = true;
	open_http(&c, NULL);
	call_steps(&c, one_ok, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	unsetenv("all_proxy");
	close_http(&c);
	/* ours is; what it refuses never left */
	peer_start(&p, play_steps, refuse);
	assert_int_equal(
	    str_format(proxy, sizeof(proxy), "http://127.0.0.1:%d", p.port), 0);
	open_http(&c, proxy);
	req.url = "https://api.example.com/v1";
	req.allow_private = false;
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_CONNECT);
	assert_false(c.resp.sent);
	assert_int_equal(c.resp.status, 0);
	peer_join(&p, &c.log);
	assert_non_null(strstr(buf_str(&c.log), "CONNECT api.example.com:443"));
	close_http(&c);
}

static void
test_sigv4(void **state UNUSED)
{
	struct secret key = {0};
	struct http_sigv4 sig = {.region = "us-east-1",
	    .service = "execute-api",
	    .access_key_id = "AKID",
	    .secret_key = &key,
	    .session_token = "SESSION"};
	struct http_req req = HTTP_REQ_INIT;
	struct err e = {0};
	struct call c;

	secret_set(&key, "wJalr", 5);
	req.method = "POST";
	req.body = "{}";
	req.body_len = 2;
	req.sigv4 = &sig;
	req.allow_private = true;
	open_http(&c, NULL);
	call_steps(&c, one_ok, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_non_null(
	    strstr(buf_str(&c.log), "Authorization: AWS4-HMAC-SHA256 Credential=AKID/"));
	assert_non_null(strstr(buf_str(&c.log), "/us-east-1/execute-api/aws4_request"));
	assert_non_null(strstr(buf_str(&c.log), "x-amz-security-token"));
	assert_non_null(strstr(buf_str(&c.log), "X-Amz-Security-Token: SESSION\r\n"));
	assert_null(strstr(buf_str(&c.log), "wJalr"));
	/* a streamed body would be signed as an empty one */
	req.body_fd = 0;
	http_resp_clear(&c.resp);
	assert_int_equal(http_call(c.h, &req, &c.resp, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
	secret_clear(&key);
	close_http(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_methods_and_bodies),
	    cmocka_unit_test(test_no_redirect),
	    cmocka_unit_test(test_lost),
	    cmocka_unit_test(test_nothing_sent),
	    cmocka_unit_test(test_connect_timeout),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_ceilings),
	    cmocka_unit_test(test_out_fd),
	    cmocka_unit_test(test_private),
	    cmocka_unit_test(test_proxy),
	    cmocka_unit_test(test_sigv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
