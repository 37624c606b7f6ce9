/* hook.c: the parts of the benchmark of webhooks (tests/bench/hook.py) that must not be slow
 * themselves.
 *
 *   hook trivial                                      the FastCGI program to compare with:
 * says ok to everything, keeps nothing; the listening socket is standard input
 *   hook load SOCKET SECRET COMPANY PROJECT N PARALLEL NAME
 *                                                     N deliveries by PARALLEL senders at
 * once, each on a connection of its own as nginx makes them; prints the latencies, from
 * connect to the last byte, one number of microseconds a line. NAME makes the events' ids:
 * the same NAME again sends what is known already. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "io/fcgi.h"

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN_STREAM = 5, SENDERS_MAX = 64, COUNT_MAX = 1000000 };

struct load {
	struct sockaddr_un to;
	const char *secret, *company, *project, *name;
	int64_t n, parallel;
	int64_t *us; /* one for each delivery; shared by the senders; -1: refused or lost */
};

static void
say_ok(void *arg, struct fcgi_req *req, struct fcgi_resp *resp)
{
	(void)arg;
	(void)req;
	resp->status = 200;
	fcgi_header(resp, "Content-Type", "text/plain; charset=utf-8");
	buf_puts(&resp->body, "ok\n");
}

/* ---- one delivery */

static void
put_record(struct buf *out, int type, const char *p, size_t n)
{
	const char head[8] = {1, (char)type, 0, 1, (char)(n >> 8), (char)(n & 0xff), 0, 0};

	buf_add(out, head, sizeof head);
	buf_add(out, p, n);
}

static void
put_param(struct buf *out, const char *name, const char *value)
{
	size_t v = strlen(value);
	const char head[5] = {
	    (char)strlen(name), (char)0x80, (char)(v >> 16), (char)(v >> 8), (char)v};

	buf_add(out, head, sizeof head);
	buf_puts(out, name);
	buf_puts(out, value);
}

static void
put_delivery(const struct load *l, int64_t i, struct buf *out)
{
	struct buf params = BUF_INIT(LIMIT_TEXT), body = BUF_INIT(LIMIT_TEXT);

	buf_printf(&body,
	    "{\"id\":%" PRId64 ",\"ulid\":\"%s-%" PRId64
	    "\",\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"event_type\":\"update\","
	    "\"resource_name\":\"RFIs\",\"resource_id\":%" PRId64
	    ",\"company_id\":%s,\"project_id\":%s,\"user_id\":3,\"api_version\":\"v2\","
	    "\"metadata\":{\"source_user_id\":3,\"source_application_id\":null}}",
	    i, l->name, i, i + 1, l->company, l->project);
	put_record(out, BEGIN_REQUEST, "\0\1\0\0\0\0\0\0", 8);
	put_param(&params, "REQUEST_METHOD", "POST");
	put_param(&params, "REQUEST_URI", "/connectorweb/hooks/procore");
	put_param(&params, "CONTENT_TYPE", "application/json");
	put_param(&params, "REMOTE_ADDR", "127.0.0.1");
	put_param(&params, "HTTP_AUTHORIZATION", l->secret);
	put_record(out, PARAMS, params.p, params.len);
	put_record(out, PARAMS, "", 0);
	put_record(out, STDIN_STREAM, body.p, body.len);
	put_record(out, STDIN_STREAM, "", 0);
	buf_clear(&body);
	buf_clear(&params);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Microseconds; -1 when the answer was no 200. */
static int64_t
deliver(const struct load *l, int64_t i)
{
	struct buf out = BUF_INIT(LIMIT_TEXT), in = BUF_INIT(LIMIT_TEXT);
	char chunk[4096];
	int64_t start, us = -1;
	ssize_t got = -1;
	int fd;

	put_delivery(l, i, &out);
	start = now_us();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (const struct sockaddr *)&l->to, sizeof l->to) == 0 &&
	    send(fd, out.p, out.len, MSG_NOSIGNAL) == (ssize_t)out.len)
		while ((got = read(fd, chunk, sizeof chunk)) > 0)
			buf_add(&in, chunk, (size_t)got);
	if (got == 0 && in.len > 8 && str_starts(buf_str(&in) + 8, "Status: 200"))
		us = now_us() - start;
	if (fd != -1)
		close(fd);
	buf_clear(&in);
	buf_clear(&out);
	return us;
}

static int
send_all(const struct load *l)
{
	pid_t pids[SENDERS_MAX];
	int rc = 0;

	for (int64_t s = 0; s < l->parallel; s++) {
		pids[s] = fork();
		if (pids[s] == -1)
			return -1;
		if (pids[s] == 0) {
			for (int64_t i = s; i < l->n; i += l->parallel)
				l->us[i] = deliver(l, i);
			_exit(0);
		}
	}
	for (int64_t s = 0; s < l->parallel; s++) {
		int status = 0;

		if (waitpid(pids[s], &status, 0) == -1 || status != 0)
			rc = -1;
	}
	for (int64_t i = 0; i < l->n; i++)
		if (printf("%" PRId64 "\n", l->us[i]) < 0)
			rc = -1;
	return rc;
}

static int
load(char **argv)
{
	struct load l = {.to = {.sun_family = AF_UNIX},
	    .secret = argv[1],
	    .company = argv[2],
	    .project = argv[3],
	    .name = argv[6]};
	size_t bytes;
	int rc;

	if (str_copy(l.to.sun_path, sizeof l.to.sun_path, argv[0]) == -1 ||
	    num_parse_i64(argv[4], 1, COUNT_MAX, &l.n) == -1 ||
	    num_parse_i64(argv[5], 1, SENDERS_MAX, &l.parallel) == -1)
		return -1;
	bytes = (size_t)l.n * sizeof *l.us;
	l.us = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l.us == MAP_FAILED)
		return -1;
	rc = send_all(&l);
	munmap(l.us, bytes);
	return rc;
}

int
main(int argc, char **argv)
{
	log_init("hook-bench", LOG_WARN);
	if (argc == 2 && str_eq(argv[1], "trivial"))
		return fcgi_serve(&(struct fcgi_app){.program = "trivial",
		    .max_body_bytes = LIMIT_HOOK_BODY,
		    .handle = say_ok});
	if (argc == 9 && str_eq(argv[1], "load"))
		return load(argv + 2) == 0 ? 0 : 1;
	(void)fputs("usage: hook trivial | hook load SOCKET SECRET COMPANY PROJECT N PARALLEL NAME\n",
	    stderr);
	return 2;
}
