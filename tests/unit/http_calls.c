#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "http_calls.h"

#include "base/num.h"
#include "base/str.h"

/* Read one request with its body and note it. */
static void
read_request(int fd, int log_fd, int connection)
{
	char text[65536];
	struct buf note = BUF_INIT(2 * sizeof(text));
	size_t head = peer_read_until(fd, "\r\n\r\n", text, sizeof(text));
	const char *length = str_find_ci(text, "\ncontent-length: ");
	const char *digits = length != NULL ? length + strlen("\ncontent-length: ") : "";
	int64_t body = 0;

	if (num_parse_i64_n(digits, strspn(digits, "0123456789"), 0, 4096, &body) == 0)
		peer_read_n(fd, text + head, (size_t)body);
	buf_printf(&note, "[connection %d]\n", connection);
	buf_add(&note, text, head + (size_t)body);
	peer_note(log_fd, note.p, note.len);
	buf_clear(&note);
}

void
play_steps(int listen_fd, int log_fd, const void *arg)
{
	int connection = 0;
	int fd = -1;

	for (const struct step *s = arg; s->answer != NULL || s->then != CLOSE; s++) {
		if (fd == -1) {
			fd = peer_accept(listen_fd);
			connection++;
		}
		read_request(fd, log_fd, connection);
		if (s->answer != NULL)
			peer_say(fd, s->answer);
		if (s->then == KEEP)
			continue;
		if (s->then == HOLD)
			peer_drain(fd);
		if (s->then == RESET)
			peer_reset(fd);
		else
			close(fd);
		fd = -1;
	}
}

const struct step one_ok[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", CLOSE}, {NULL, CLOSE}};

void
open_http(struct call *c, const char *proxy)
{
	struct http_conf conf = {.user_agent = "connectorweb/test", .proxy = proxy};
	struct err e = {0};

	*c = (struct call){.log = BUF_INIT(1024 * 1024)};
	assert_int_equal(http_new(&conf, &c->h, &e), 0);
}

void
close_http(struct call *c)
{
	http_resp_clear(&c->resp);
	buf_clear(&c->log);
	http_free(c->h);
}

void
set_url(struct call *c, const char *scheme, int port)
{
	assert_int_equal(
	    str_format(c->url, sizeof(c->url), "%s://127.0.0.1:%d/a/b?x=1", scheme, port),
	    0);
}

void
call(struct call *c, struct http_req *req)
{
	struct err e = {0};

	if (req->url == NULL)
		req->url = c->url;
	http_resp_clear(&c->resp);
	assert_int_equal(http_call(c->h, req, &c->resp, &e), 0);
	if ((c->resp.stage == HTTP_DONE) != (c->resp.why[0] == '\0'))
		fail_msg(
		    "stage %s, why \"%s\"", http_stage_name(c->resp.stage), c->resp.why);
}

void
call_steps(struct call *c, const struct step *steps, struct http_req *req)
{
	struct peer p;

	peer_start(&p, play_steps, steps);
	set_url(c, "http", p.port);
	call(c, req);
	peer_join(&p, &c->log);
}

int
file_of(int64_t bytes)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(ftruncate(fd, bytes), 0);
	return fd;
}
