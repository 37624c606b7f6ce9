/* io/http: what is sent, and over which connection. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "http_calls.h"

static void
play_reset_early(int listen_fd, int log_fd UNUSED, const void *arg UNUSED)
{
	int fd = peer_accept(listen_fd);
	char text[4096];

	peer_read_until(fd, "\r\n\r\n", text, sizeof(text));
	peer_reset(fd);
}

static void
test_broken_while_sending(void **state UNUSED)
{
	struct http_req req = HTTP_REQ_INIT;
	struct peer p;
	struct call c;

	req.method = "PUT";
	req.allow_private = true;
	req.body_fd = file_of(64 * 1024 * 1024);
	req.body_file_bytes = 64 * 1024 * 1024;
	open_http(&c, NULL);
	peer_start(&p, play_reset_early, NULL);
	set_url(&c, "http", p.port);
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_SEND);
	assert_true(c.resp.sent);
	peer_join(&p, NULL);
	close(req.body_fd);
	close_http(&c);
}

static void
test_upload(void **state UNUSED)
{
	struct http_req req = HTTP_REQ_INIT;
	struct call c;

	req.method = "POST";
	req.allow_private = true;
	req.body_fd = file_of(0);
	assert_int_equal(write(req.body_fd, "file body", 9), 9);
	req.body_file_bytes = 9;
	open_http(&c, NULL);
	call_steps(&c, one_ok, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_non_null(strstr(buf_str(&c.log), "POST /a/b"));
	assert_non_null(strstr(buf_str(&c.log), "Content-Length: 9\r\n"));
	assert_true(str_ends(buf_str(&c.log), "\r\n\r\nfile body"));
	close(req.body_fd);
	close_http(&c);
}

/* Memory, a part of a file, memory again: one body, for forms without a copy of the file. */
static void
test_upload_of_three_pieces(void **state UNUSED)
{
	static const struct {
		const char *head, *tail;
		int64_t at, n;
		const char *sent;
	} rows[] = {{"<", ">", 0, 9, "<file body>"}, {"<", ">", 5, 4, "<body>"},
	    {"", ">", 5, 3, "bod>"}, {"<", NULL, 2, 2, "<le"}, {"<head>", "<tail>", 3, 0, "<head><tail>"}};
	int fd = file_of(0);
	struct call c;

	assert_int_equal(write(fd, "file body", 9), 9);
	open_http(&c, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_req req = HTTP_REQ_INIT;

		req.method = "POST";
		req.allow_private = true;
		req.body = rows[i].head;
		req.body_len = strlen(rows[i].head);
		req.body_fd = fd;
		req.body_file_at = rows[i].at;
		req.body_file_bytes = rows[i].n;
		req.body_tail = rows[i].tail;
		req.body_tail_len = rows[i].tail == NULL ? 0 : strlen(rows[i].tail);
		buf_reset(&c.log);
		call_steps(&c, one_ok, &req);
		EXPECT_STAGE(c, HTTP_DONE);
		if (!str_ends(strstr(buf_str(&c.log), "\r\n\r\n"), rows[i].sent) ||
		    strlen(strstr(buf_str(&c.log), "\r\n\r\n")) != 4 + strlen(rows[i].sent))
			fail_msg("row %zu: %s", i, buf_str(&c.log));
	}
	close(fd);
	close_http(&c);
}

/* The file is shorter than promised: our own fault, said as such. */
static void
test_upload_shrunk(void **state UNUSED)
{
	static const struct step steps[] = {{NULL, HOLD}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct call c;

	req.method = "PUT";
	req.allow_private = true;
	req.body_fd = file_of(4);
	req.body_file_bytes = 9;
	open_http(&c, NULL);
	call_steps(&c, steps, &req);
	EXPECT_STAGE(c, HTTP_LOCAL);
	assert_true(c.resp.sent);
	close(req.body_fd);
	close_http(&c);
}

/* Reading takes the open connection, and what may be repeated; a change that may not never
 * does, since libcurl would repeat it by itself. */
static void
test_reuse(void **state UNUSED)
{
	static const struct step steps[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", KEEP},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\np", KEEP},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", CLOSE},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc", CLOSE}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct peer p;
	struct call c;

	req.allow_private = true;
	open_http(&c, NULL);
	peer_start(&p, play_steps, steps);
	set_url(&c, "http", p.port);
	call(&c, &req);
	req.method = "PUT";
	req.repeatable = true;
	call(&c, &req);
	req.method = "GET";
	req.repeatable = false;
	call(&c, &req);
	req.method = "POST";
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	peer_join(&p, &c.log);
	assert_string_equal(buf_str(&c.resp.body), "c");
	assert_non_null(strstr(buf_str(&c.log), "[connection 1]\nGET"));
	assert_non_null(strstr(buf_str(&c.log), "[connection 1]\nPUT"));
	assert_non_null(strstr(
	    strstr(buf_str(&c.log), "[connection 1]\nPUT"), "\r\n\r\n[connection 1]\nGET"));
	assert_non_null(strstr(buf_str(&c.log), "[connection 2]\nPOST"));
	close_http(&c);
}

/* What may be repeated is, over a fresh connection, when an open one turns out to be dead:
 * all of it, a file included. */
static void
test_repeated(void **state UNUSED)
{
	static const struct step steps[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", KEEP}, {"", CLOSE},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", CLOSE}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	struct peer p;
	struct call c;

	req.allow_private = true;
	open_http(&c, NULL);
	peer_start(&p, play_steps, steps);
	set_url(&c, "http", p.port);
	call(&c, &req);
	req.method = "PUT";
	req.repeatable = true;
	req.body_fd = file_of(9);
	assert_int_equal(pwrite(req.body_fd, "all of it", 9, 0), 9);
	req.body_file_bytes = 9;
	call(&c, &req);
	EXPECT_STAGE(c, HTTP_DONE);
	assert_string_equal(buf_str(&c.resp.body), "b");
	peer_join(&p, &c.log);
	assert_non_null(strstr(buf_str(&c.log), "[connection 1]\nPUT"));
	assert_non_null(strstr(buf_str(&c.log), "[connection 2]\nPUT"));
	assert_non_null(strstr(strstr(buf_str(&c.log), "[connection 2]\nPUT"),
	    "\r\n\r\nall of it"));
	close(req.body_fd);
	close_http(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_broken_while_sending),
	    cmocka_unit_test(test_upload),
	    cmocka_unit_test(test_upload_of_three_pieces),
	    cmocka_unit_test(test_upload_shrunk),
	    cmocka_unit_test(test_reuse),
	    cmocka_unit_test(test_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
