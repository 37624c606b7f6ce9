#include "config.h"

#include "io/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/rnd.h"
#include "base/str.h"

enum {
	/* With a body_dir, bodies up to this stay in memory. */
	BODY_MEMORY = 64 * 1024,
	HEADERS_MAX = 64 * 1024, /* nginx refuses far less (fastcgi_buffer_size) */
	ID_BYTES = 65,
	LOG_PATH_BYTES = 256
};

/* Hangs on fcgi_req.handle. */
struct conn {
	FCGX_Request fr;
	int body_fd;
	int64_t body_bytes;
	char id[ID_BYTES];
};

/* A signal handler can reach nothing but globals. */
static volatile sig_atomic_t stopping;
static int null_fd = -1;

/* platform.md 3: FAIL_ACCEPT_ON_INTR alone loses a signal that lands just before accept();
 * with the socket replaced by /dev/null that accept fails too. Other processes keep theirs.
 */
static void
on_term(int sig UNUSED)
{
	int saved = errno;

	stopping = 1;
	FCGX_ShutdownPending();
	(void)dup2(null_fd, 0);
	errno = saved;
}

void
fcgi_stop(void)
{
	stopping = 1;
}

int
fcgi_body_fd(const struct fcgi_req *req, int64_t *bytes)
{
	const struct conn *c = req->handle;

	if (c == NULL || c->body_fd == -1)
		return -1;
	if (bytes != NULL)
		*bytes = c->body_bytes;
	return c->body_fd;
}

/* ---- request */

static enum fcgi_method
method_of(const char *s)
{
	static const struct {
		const char *name;
		enum fcgi_method m;
	} known[] = {{"GET", FCGI_GET}, {"HEAD", FCGI_HEAD}, {"POST", FCGI_POST},
	    {"PUT", FCGI_PUT}, {"PATCH", FCGI_PATCH}, {"DELETE", FCGI_DELETE}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_eq(s, known[i].name))
			return known[i].m;
	}
	return FCGI_OTHER;
}

/* Fronts send what they blank as "" or not at all: both are NULL here. */
static const char *
param(struct conn *c, const char *name)
{
	const char *s = FCGX_GetParam(name, c->fr.envp);

	return str_empty(s) ? NULL : s;
}

static void
read_params(struct conn *c, struct fcgi_params *p)
{
	p->request_method = param(c, "REQUEST_METHOD");
	p->request_uri = param(c, "REQUEST_URI");
	p->content_type = param(c, "CONTENT_TYPE");
	p->http_host = param(c, "HTTP_HOST");
	p->http_cookie = param(c, "HTTP_COOKIE");
	p->http_authorization = param(c, "HTTP_AUTHORIZATION");
	p->http_accept_language = param(c, "HTTP_ACCEPT_LANGUAGE");
	p->http_user_agent = param(c, "HTTP_USER_AGENT");
	p->http_sec_fetch_site = param(c, "HTTP_SEC_FETCH_SITE");
	p->http_origin = param(c, "HTTP_ORIGIN");
	p->remote_addr = param(c, "REMOTE_ADDR");
	p->remote_user = param(c, "REMOTE_USER");
	p->remote_mail = param(c, "REMOTE_MAIL");
	p->remote_name = param(c, "REMOTE_NAME");
	p->remote_groups = param(c, "REMOTE_GROUPS");
	p->request_id = param(c, "REQUEST_ID");
	p->https = param(c, "HTTPS");
	p->http_range = param(c, "HTTP_RANGE");
	p->http_if_range = param(c, "HTTP_IF_RANGE");
	p->http_if_none_match = param(c, "HTTP_IF_NONE_MATCH");
	p->http_procore_company_id = param(c, "HTTP_PROCORE_COMPANY_ID");
	p->http_x_amz_date = param(c, "HTTP_X_AMZ_DATE");
	p->http_x_amz_security_token = param(c, "HTTP_X_AMZ_SECURITY_TOKEN");
	p->http_x_amz_content_sha256 = param(c, "HTTP_X_AMZ_CONTENT_SHA256");
	p->http_accept = param(c, "HTTP_ACCEPT");
}

/* The front's id when it is a plain one, else our own. */
static void
choose_id(struct conn *c, struct fcgi_params *p)
{
	const char *s = p->request_id;

	if (s == NULL || strlen(s) >= sizeof(c->id) || !fcgi_check_token(s, strlen(s)) ||
	    str_copy(c->id, sizeof(c->id), s) == -1)
		rnd_hex(c->id, 8);
	p->request_id = c->id;
}

static int
spill(struct conn *c, const struct fcgi_app *app, const void *p, size_t n, struct err *e)
{
	const char *s = p;

	if (c->body_fd == -1) {
		c->body_fd = open(app->body_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (c->body_fd == -1)
			return err_set_errno(
			    e, ERR_IO, errno, "%s: temporary file", app->body_dir);
	}
	while (n > 0) {
		ssize_t k = write(c->body_fd, s, n);

		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return err_set_errno(
			    e, ERR_IO, errno, "%s: temporary file", app->body_dir);
		s += k;
		n -= (size_t)k;
		c->body_bytes += k;
	}
	return 0;
}

/* To the end of the stream whatever CONTENT_LENGTH says: with chunked requests it is
 * missing or empty (platform.md 2). What passes the limit is left to libfcgi's closing of
 * the connection. */
static int
read_body(struct conn *c, const struct fcgi_app *app, struct fcgi_req *req, struct err *e)
{
	char chunk[16384];
	size_t total = 0;
	int n;

	while ((n = FCGX_GetStr(chunk, sizeof(chunk), c->fr.in)) > 0) {
		total += (size_t)n;
		if (total > app->max_body_bytes) {
			req->body_too_big = true;
			return 0;
		}
		if (app->body_dir != NULL && total > BODY_MEMORY) {
			if (c->body_fd == -1 &&
			    spill(c, app, buf_str(&req->body), req->body.len, e) == -1)
				return -1;
			buf_reset(&req->body);
			if (spill(c, app, chunk, (size_t)n, e) == -1)
				return -1;
		} else {
			buf_add(&req->body, chunk, (size_t)n);
		}
	}
	if (c->body_fd != -1 && lseek(c->body_fd, 0, SEEK_SET) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s: temporary file", app->body_dir);
	return 0;
}

/* ---- response */

void
fcgi_header(struct fcgi_resp *r, const char *name, const char *value)
{
	BUG_IF(name[0] == '\0' || strpbrk(name, "\r\n: ") != NULL);
	BUG_IF(strpbrk(value, "\r\n") != NULL);
	buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

/* Apache repeats the phrase to clients; nginx puts its own. Unlisted ones go without. */
static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
	    {206, "Partial Content"}, {302, "Found"}, {303, "See Other"},
	    {304, "Not Modified"}, {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
	    {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	    {404, "Not Found"}, {405, "Method Not Allowed"}, {409, "Conflict"},
	    {410, "Gone"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"},
	    {416, "Range Not Satisfiable"}, {421, "Misdirected Request"},
	    {422, "Unprocessable Content"}, {429, "Too Many Requests"},
	    {500, "Internal Server Error"}, {502, "Bad Gateway"},
	    {503, "Service Unavailable"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].status == status)
			return known[i].text;
	}
	return "Status";
}

static bool
has_content_length(const struct buf *headers)
{
	const char *s = buf_str(headers);

	return str_starts_ci(s, "content-length:") ||
	       str_find_ci(s, "\ncontent-length:") != NULL;
}

/* What a handler left empty, or made larger than its ceilings. */
static void
fill_in(struct fcgi_resp *r)
{
	if (r->status >= 200 && r->status <= 599 && !r->headers.over && !r->body.over)
		return;
	log_event(LOG_ERROR, "response-unusable", "status", log_num(r->status), "headers",
	    r->headers.over ? "too large" : "ok", "body", r->body.over ? "too large" : "ok",
	    NULL);
	buf_clear(&r->headers);
	buf_clear(&r->body);
	r->file_bytes = 0;
	r->status = 500;
	fcgi_header(r, "Content-Type", "text/plain; charset=utf-8");
	buf_puts(
	    &r->body, "Something went wrong here. The log of this service says what.\n");
}

static bool
put(FCGX_Stream *out, const char *p, size_t n)
{
	while (n > 0) {
		int part = n > 65536 ? 65536 : (int)n;

		if (FCGX_PutStr(p, part, out) != part)
			return false; /* the front has gone: nobody is left to tell */
		p += part;
		n -= (size_t)part;
	}
	return true;
}

/* A file that turns out shorter leaves the answer shorter than its Content-Length: the front notices. */
static void
put_file(FCGX_Stream *out, int fd, int64_t bytes)
{
	char chunk[65536];

	while (bytes > 0) {
		size_t want = bytes < (int64_t)sizeof(chunk) ? (size_t)bytes : sizeof(chunk);
		ssize_t n = read(fd, chunk, want);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_event(LOG_ERROR, "response-file", "left", log_num(bytes), NULL);
			return;
		}
		if (!put(out, chunk, (size_t)n))
			return;
		bytes -= n;
	}
}

static void
respond(struct conn *c, const struct fcgi_req *req, struct fcgi_resp *r)
{
	struct buf head = BUF_INIT(HEADERS_MAX + 256);
	bool bodyless;

	fill_in(r);
	bodyless = r->status == 204 || r->status == 304;
	buf_printf(&head, "Status: %d %s\r\n", r->status, reason(r->status));
	buf_add(&head, buf_str(&r->headers), r->headers.len);
	/* Stand-ins set their own to play a cut body. */
	if (!bodyless && !has_content_length(&r->headers))
		buf_printf(&head, "Content-Length: %" PRId64 "\r\n",
		    (int64_t)r->body.len + (r->file_fd > 0 ? r->file_bytes : 0));
	buf_puts(&head, "\r\n");
	put(c->fr.out, buf_str(&head), head.len);
	if (!bodyless && req->method != FCGI_HEAD) {
		put(c->fr.out, buf_str(&r->body), r->body.len);
		if (r->file_fd > 0)
			put_file(c->fr.out, r->file_fd, r->file_bytes);
	}
	buf_clear(&head);
}

/* ---- loop */

static void
log_request(const struct fcgi_req *req, int status, int64_t ms)
{
	char path[LOG_PATH_BYTES];

	str_cut(path, sizeof(path), req->path != NULL ? req->path : "-");
	log_event(LOG_INFO, "request", "method", req->p.request_method, "path", path,
	    "status", log_num(status), "ms", log_num(ms), NULL);
}

static void
serve_one(const struct fcgi_app *app, struct conn *c)
{
	int64_t start = clk_mono_ms();
	struct fcgi_req req = {.handle = c, .body = BUF_INIT(app->max_body_bytes)};
	struct fcgi_resp resp = {.headers = BUF_INIT(HEADERS_MAX), .body = BUF_INIT(0)};
	struct err e = {0};

	resp.body.max_bytes =
	    LIMIT_API_BODY; /* stand-ins answer with files; pages are far below */
	c->body_fd = -1;
	c->body_bytes = 0;
	read_params(c, &req.p);
	choose_id(c, &req.p);
	log_set_request(c->id);
	req.method = method_of(req.p.request_method);
	req.path = fcgi_path(req.p.request_uri, &req.query);
	if (read_body(c, app, &req, &e) == -1)
		log_err("request-body", &e); /* status stays 0: answered 500 */
	else
		app->handle(app->arg, &req, &resp);
	respond(c, &req, &resp);
	log_request(&req, resp.status, clk_mono_ms() - start);
	if (c->body_fd != -1)
		close(c->body_fd);
	c->body_fd = -1;
	if (resp.file_fd > 0)
		close(resp.file_fd);
	free(req.path);
	buf_clear(&req.body);
	buf_clear(&resp.headers);
	buf_clear(&resp.body);
}

static int
ready(const struct fcgi_app *app)
{
	struct sigaction sa = {
	    .sa_handler = on_term}; /* no SA_RESTART: accept() must return */
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == -1 ||
	    !listening) {
		fprintf(stderr,
		    "%s: standard input is not a listening socket; start it from its "
		    "socket unit, "
		    "or with: spawn-fcgi -n -s SOCKET -- %s\n",
		    app->program, app->program);
		return -1;
	}
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd == -1 || FCGX_Init() != 0) {
		fprintf(
		    stderr, "%s: cannot open /dev/null or start libfcgi\n", app->program);
		return -1;
	}
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	return 0;
}

int
fcgi_serve(const struct fcgi_app *app)
{
	struct conn c = {.body_fd = -1};
	int rc = 0;

	if (ready(app) == -1)
		return 2;
	if (FCGX_InitRequest(&c.fr, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		fprintf(stderr, "%s: libfcgi refused the socket\n", app->program);
		return 2;
	}
	while (!stopping) {
		int n = FCGX_Accept_r(&c.fr);

		if (n < 0 && (stopping || n == -EINTR))
			continue;
		if (n < 0) {
			log_event(LOG_ERROR, "accept", "number", log_num(-n), NULL);
			rc = 1;
			break;
		}
		serve_one(app, &c);
		FCGX_Finish_r(&c.fr);
		if (app->idle != NULL && !stopping)
			app->idle(app->arg);
		log_set_request(NULL);
	}
	FCGX_Free(&c.fr, 1);
	close(null_fd);
	null_fd = -1;
	return rc;
}
