#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "io/fcgi.h"

/* A program of its own in a child process, spoken to in FastCGI (specification 1.0, 3.3).
 */

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN_STREAM = 5, STDOUT_STREAM = 6 };

static char dir[] = "/tmp/test_fcgi.XXXXXX";
static char sock[64];
static char log_path[64];

/* ---- the program */

static void
echo(struct fcgi_req *req, struct fcgi_resp *resp)
{
	int64_t bytes = -1;
	int fd = fcgi_body_fd(req, &bytes);
	char first[4] = "";

	if (fd != -1 && read(fd, first, 3) == -1)
		first[0] = '\0';
	resp->status = 200;
	fcgi_header(resp, "Content-Type", "text/plain");
	buf_printf(&resp->body,
	    "%d %s ?%s\nbody %zu %s\nfile %lld %s\nbig %d\nuser %s host %s\n",
	    (int)req->method, req->path != NULL ? req->path : "-", req->query,
	    req->body.len, req->body.len < 100 ? buf_str(&req->body) : "", (long long)bytes,
	    first, req->body_too_big, req->p.remote_user != NULL ? req->p.remote_user : "-",
	    req->p.http_host != NULL ? req->p.http_host : "-");
}

static void
handle(void *arg UNUSED, struct fcgi_req *req, struct fcgi_resp *resp)
{
	if (str_eq(req->path, "/empty"))
		return;
	if (str_eq(req->path, "/none")) {
		resp->status = 204;
		return;
	}
	if (str_eq(req->path, "/cut")) {
		resp->status = 200;
		fcgi_header(resp, "Content-Length", "100");
		buf_puts(&resp->body, "half");
		return;
	}
	if (str_eq(req->path, "/stop"))
		fcgi_stop();
	/* as if someone had stopped the service while this request was at hand */
	if (str_eq(req->path, "/term"))
		raise(SIGTERM);
	echo(req, resp);
}

/* The signal that comes between the loop's check and accept() is the one that gets lost
 * elsewhere. */
static void
idle(void *arg)
{
	if (arg != NULL)
		raise(SIGTERM);
}

struct program {
	pid_t pid;
};

static int
listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(str_copy(a.sun_path, sizeof(a.sun_path), path), 0);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static struct program
start(bool term_when_idle, bool with_dir)
{
	static char yes[] = "yes";
	struct program p;
	int fd = listen_at(sock);

	p.pid = fork();
	assert_int_not_equal(p.pid, -1);
	if (p.pid == 0) {
		struct fcgi_app app = {.program = "echo",
		    .max_body_bytes = 200000,
		    .body_dir = with_dir ? dir : NULL,
		    .handle = handle,
		    .idle = idle,
		    .arg = term_when_idle ? yes : NULL};
		int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		alarm(60);
		dup2(log, 2);
		dup2(fd, 0);
		log_init("echo", LOG_INFO);
		_exit(fcgi_serve(&app));
	}
	close(fd);
	return p;
}

static int
join(struct program *p)
{
	int status = 0;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	return join(p);
}

/* ---- the client */

static void
put_record(struct buf *out, int type, const char *p, size_t n)
{
	buf_putc(out, 1);
	buf_putc(out, (char)type);
	buf_add(out, "\0\1", 2);
	buf_putc(out, (char)(n >> 8));
	buf_putc(out, (char)(n & 0xff));
	buf_add(out, "\0\0", 2);
	buf_add(out, p, n);
}

static void
put_param(struct buf *out, const char *name, const char *value)
{
	size_t n = strlen(name);
	size_t v = strlen(value);

	assert_true(n < 128 && v < 65536);
	buf_putc(out, (char)n);
	buf_putc(out, (char)(0x80 | (v >> 24)));
	buf_putc(out, (char)(v >> 16));
	buf_putc(out, (char)(v >> 8));
	buf_putc(out, (char)v);
	buf_puts(out, name);
	buf_puts(out, value);
}

static void
put_request(
    struct buf *out, const char *method, const char *uri, size_t body, const char *length)
{
	struct buf params = BUF_INIT(65536);
	char chunk[1000];

	put_record(out, BEGIN_REQUEST, "\0\1\0\0\0\0\0\0", 8);
	put_param(&params, "REQUEST_METHOD", method);
	put_param(&params, "REQUEST_URI", uri);
	put_param(&params, "REMOTE_USER", "");
	put_param(&params, "REMOTE_USER", "evil");
	put_param(&params, "HTTP_HOST", "h.example.com");
	put_param(&params, "REQUEST_ID", "req-1");
	if (length != NULL)
		put_param(&params, "CONTENT_LENGTH", length);
	put_record(out, PARAMS, params.p, params.len);
	put_record(out, PARAMS, "", 0);
	memset(chunk, 'b', sizeof(chunk));
	for (size_t n; body > 0; body -= n) {
		n = body < sizeof(chunk) ? body : sizeof(chunk);
		put_record(out, STDIN_STREAM, chunk, n);
	}
	put_record(out, STDIN_STREAM, "", 0);
	buf_clear(&params);
}

static void
take_stdout(const struct buf *in, struct buf *out)
{
	size_t at = 0;

	while (at + 8 <= in->len) {
		const unsigned char *h = (const unsigned char *)in->p + at;
		size_t n = (size_t)h[4] << 8 | h[5];

		if (h[1] == STDOUT_STREAM)
			buf_add(out, in->p + at + 8, n);
		at += 8 + n + h[6];
	}
}

static const char *
ask(struct buf *answer, const char *method, const char *uri, size_t body,
    const char *length)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct buf out = BUF_INIT(1024 * 1024);
	struct buf in = BUF_INIT(1024 * 1024);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char chunk[4096];
	ssize_t n;

	assert_int_equal(str_copy(a.sun_path, sizeof(a.sun_path), sock), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	put_request(&out, method, uri, body, length);
	/* a program that has read enough may close before it took everything */
	(void)!send(fd, out.p, out.len, MSG_NOSIGNAL);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&in, chunk, (size_t)n);
	close(fd);
	buf_reset(answer);
	take_stdout(&in, answer);
	buf_clear(&in);
	buf_clear(&out);
	return buf_str(answer);
}

static void
read_log(struct buf *out)
{
	char chunk[4096];
	ssize_t n;
	int fd = open(log_path, O_RDONLY);

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fd);
}

/* ---- tests */

static void
expect(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" expected in:\n%s", part, text);
}

static void
test_request_and_answer(void **state UNUSED)
{
	struct program p = start(false, false);
	struct buf a = BUF_INIT(1024 * 1024);
	struct buf log = BUF_INIT(65536);
	const char *s = ask(&a, "GET", "/a%20b//c?code=S3CRET", 0, NULL);

	assert_true(str_starts(
	    s, "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "));
	/* the first of two is what counts, and an empty one is none */
	expect(s, "\r\n\r\n0 /a b/c ?code=S3CRET\nbody 0 \nfile -1 \nbig 0\nuser - host "
		  "h.example.com");
	s = ask(&a, "GET", "/a/../b", 0, NULL);
	expect(s, "0 - ?");
	assert_int_equal(stop(&p), 0);
	read_log(&log);
	expect(buf_str(&log), "info request method=GET path=\"/a b/c\" status=200 ms=");
	expect(buf_str(&log), "request=req-1\n");
	assert_null(strstr(buf_str(&log), "S3CRET"));
	buf_clear(&log);
	buf_clear(&a);
}

static void
test_bodies(void **state UNUSED)
{
	/* chunked requests come without a length, or with an empty one; a lie does not
	 * matter either */
	static const char *const lengths[] = {NULL, "", "5", "3", "70000"};
	struct program p = start(false, false);
	struct buf a = BUF_INIT(1024 * 1024);

	for (size_t i = 0; i < 5; i++) {
		expect(ask(&a, "POST", "/", 5, lengths[i]), "body 5 bbbbb\n");
		expect(
		    ask(&a, "PUT", "/", 70000, lengths[i]), "body 70000 \nfile -1 \nbig 0");
	}
	expect(ask(&a, "POST", "/", 200000, NULL), "body 200000 ");
	expect(ask(&a, "POST", "/", 200001, NULL), "big 1");
	assert_int_equal(stop(&p), 0);
	buf_clear(&a);
}

static void
test_body_to_file(void **state UNUSED)
{
	struct program p = start(false, true);
	struct buf a = BUF_INIT(1024 * 1024);

	expect(ask(&a, "PUT", "/", 5, NULL), "body 5 bbbbb\nfile -1");
	expect(ask(&a, "PUT", "/", 65536, NULL), "body 65536 \nfile -1");
	expect(ask(&a, "PUT", "/", 65537, NULL), "body 0 \nfile 65537 bbb\n");
	expect(ask(&a, "PUT", "/", 200000, NULL), "body 0 \nfile 200000 bbb\n");
	expect(ask(&a, "PUT", "/", 200001, NULL), "big 1");
	expect(ask(&a, "PUT", "/", 5, NULL), "body 5 bbbbb\nfile -1");
	assert_int_equal(stop(&p), 0);
	buf_clear(&a);
}

static void
test_forms_of_answers(void **state UNUSED)
{
	struct program p = start(false, false);
	struct buf a = BUF_INIT(1024 * 1024);
	const char *s = ask(&a, "HEAD", "/x", 0, NULL);

	expect(s, "Content-Length: ");
	assert_null(strstr(s, "Content-Length: 0\r\n"));
	assert_true(str_ends(s, "\r\n\r\n"));
	s = ask(&a, "GET", "/none", 0, NULL);
	assert_string_equal(s, "Status: 204 No Content\r\n\r\n");
	s = ask(&a, "GET", "/cut", 0, NULL);
	assert_string_equal(s, "Status: 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	s = ask(&a, "GET", "/empty", 0, NULL);
	assert_true(str_starts(s, "Status: 500 "));
	expect(ask(&a, "BREW", "/", 0, NULL), "6 / ?");
	assert_int_equal(stop(&p), 0);
	buf_clear(&a);
}

static void
test_ends(void **state UNUSED)
{
	struct buf a = BUF_INIT(65536);
	struct program p = start(false, false);

	/* the request at hand is finished first */
	expect(ask(&a, "GET", "/term", 0, NULL), "0 /term ?");
	assert_int_equal(join(&p), 0);
	p = start(false, false);
	expect(ask(&a, "GET", "/stop", 0, NULL), "0 /stop ?");
	assert_int_equal(join(&p), 0);
	p = start(true, false);
	expect(ask(&a, "GET", "/x", 0, NULL), "0 /x ?");
	assert_int_equal(join(&p), 0);
	buf_clear(&a);
}

static void
test_needs_a_socket(void **state UNUSED)
{
	struct program p = {.pid = fork()};

	if (p.pid == 0) {
		struct fcgi_app app = {.program = "echo", .handle = handle};
		int fd = open("/dev/null", O_RDWR);

		dup2(fd, 0);
		dup2(fd, 2);
		_exit(fcgi_serve(&app));
	}
	assert_int_equal(join(&p), 2);
}

static void
test_header_injection_aborts(void **state UNUSED)
{
	static const char *const bad[][2] = {
	    {"X-A", "b\r\nX-C: d"}, {"X\n", "b"}, {"", "b"}};

	for (size_t i = 0; i < 3; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			struct fcgi_resp r = {.headers = BUF_INIT(100)};
			int fd = open("/dev/null", O_RDWR);

			signal(SIGABRT, SIG_DFL);
			dup2(fd, 2);
			fcgi_header(&r, bad[i][0], bad[i][1]);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	}
}

static int
setup(void **state UNUSED)
{
	assert_non_null(mkdtemp(dir));
	assert_int_equal(str_format(log_path, sizeof(log_path), "%s/log", dir), 0);
	return str_format(sock, sizeof(sock), "%s/s", dir);
}

static int
teardown(void **state UNUSED)
{
	unlink(sock);
	unlink(log_path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_and_answer),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_body_to_file),
	    cmocka_unit_test(test_forms_of_answers),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_needs_a_socket),
	    cmocka_unit_test(test_header_injection_aborts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
