#include "config.h"

#include "io/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/url.h"
#include "io/curl.h"

enum {
	HEAD_MAX = 64 * 1024, /* all header lines; nginx and Procore send under 8 KiB */
	LINES_MAX = 64
};

struct http {
	struct curl_door *door;
	char *ca_file;
	char *proxy;
	char *user_agent;
};

/* One answer on its way in. */
struct intake {
	struct http *h;
	const struct http_req *req;
	struct http_resp *resp;
	int status;
	bool headed; /* the final head was seen to its end */
	bool too_big;
	bool local; /* our disk */
	int sys;    /* 0: a function of the caller's said no */
};

const char *
http_stage_name(enum http_stage s)
{
	static const char *const names[HTTP_STAGE_MAX] = {
	    [HTTP_DONE] = "done",
	    [HTTP_REFUSED] = "refused",
	    [HTTP_RESOLVE] = "resolve",
	    [HTTP_CONNECT] = "connect",
	    [HTTP_TLS] = "tls",
	    [HTTP_SEND] = "send",
	    [HTTP_LOST] = "lost",
	    [HTTP_TOO_BIG] = "too-big",
	    [HTTP_LOCAL] = "local",
	};

	BUG_IF(s >= HTTP_STAGE_MAX);
	return names[s];
}

int
http_new(const struct http_conf *c, struct http **out, struct err *e)
{
	struct http *h;

	if (!str_empty(c->ca_file) && access(c->ca_file, R_OK) == -1)
		return err_set_errno(e, ERR_IO, errno, "ca_file %s", c->ca_file);
	h = xcalloc(1, sizeof(*h));
	if (curl_door_new(&h->door, e) == -1) {
		http_free(h);
		return -1;
	}
	h->ca_file = xstrdup(c->ca_file);
	h->proxy = xstrdup(c->proxy);
	h->user_agent = xstrdup(c->user_agent);
	*out = h;
	return 0;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_door_free(h->door);
	free(h->ca_file);
	free(h->proxy);
	free(h->user_agent);
	free(h);
}

void
http_resp_clear(struct http_resp *r)
{
	buf_clear(&r->body);
	buf_clear(&r->head);
}

size_t
http_resp_header(const struct http_resp *r, const char *name, char *dst, size_t size)
{
	size_t n = strlen(name);
	const char *s = buf_str(&r->head);

	BUG_IF(size == 0);
	dst[0] = '\0';
	while (*s != '\0') {
		const char *nl = strchr(s, '\n');
		size_t len = nl != NULL ? (size_t)(nl - s) : strlen(s);

		if (len >= n + 2 && s[n] == ':' && str_starts_ci(s, name)) {
			size_t k = len - n - 2;

			k = k < size ? k : size - 1;
			memcpy(dst, s + n + 2, k);
			dst[k] = '\0';
			return k;
		}
		s += len + (nl != NULL ? 1 : 0);
	}
	return 0;
}

/* ---- URLs */

bool
http_url_is_loopback(const char *url)
{
	struct url u;

	return url_parse(url, &u) == 0 && url_host_is_loopback(u.host);
}

bool
http_url_acceptable(const char *url)
{
	struct url u;

	if (url_parse(url, &u) == -1)
		return false;
	return str_eq(u.scheme, "https") ||
	       (str_eq(u.scheme, "http") && url_host_is_loopback(u.host));
}

int
http_url_host(const char *url, char *dst, size_t size)
{
	struct url u;

	return url_parse(url, &u) == -1 ? -1 : str_copy(dst, size, u.host);
}

bool
http_host_matches(const char *host, const char *pattern)
{
	struct buf bare = BUF_INIT(URL_HOST_BYTES);
	bool same;

	/* A pattern without a port stands for every port. */
	if (strchr(pattern, ':') == NULL)
		buf_add(&bare, host, strcspn(host, ":"));
	else
		buf_puts(&bare, host);
	if (str_starts(pattern, "*."))
		same = bare.len > strlen(pattern + 1) &&
		       str_ends_ci(buf_str(&bare), pattern + 1);
	else
		same = str_eq_ci(buf_str(&bare), pattern);
	buf_clear(&bare);
	return same;
}

static bool
host_allowed(const struct url *u, const char *const *allow)
{
	char host[URL_HOST_BYTES + 16];
	int port = u->port != 0 ? u->port : str_eq(u->scheme, "https") ? 443 : 80;

	if (allow == NULL)
		return true;
	if (strchr(u->host, ':') != NULL ||
	    str_format(host, sizeof(host), "%s:%d", u->host, port))
		return false; /* no pattern names an IPv6 address */
	for (; *allow != NULL; allow++) {
		if (http_host_matches(host, *allow))
			return true;
	}
	return false;
}

void
http_form_add(struct buf *b, const char *key, const char *value)
{
	if (b->len > 0)
		buf_putc(b, '&');
	enc_percent(b, key);
	buf_putc(b, '=');
	enc_percent(b, value);
}

/* ---- the answer coming in */

/* "HTTP/1.1 200 OK": each begins a new head; what came before was an interim answer. */
static void
take_status(struct intake *in, const char *p, size_t n)
{
	const char *blank = memchr(p, ' ', n);
	int status = 0;

	if (blank != NULL && (size_t)(p + n - blank) > 3) {
		for (int i = 1; i <= 3; i++)
			status = status * 10 + (blank[i] - '0');
	}
	in->status = status;
	in->resp->date_at = 0;
	buf_reset(&in->resp->head);
}

static void
take_header(struct intake *in, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	struct buf *head = &in->resp->head;
	size_t name = colon != NULL ? (size_t)(colon - p) : 0;
	size_t start = head->len;
	size_t i;

	if (name == 0)
		return; /* the blank line at the end, or nothing that has a name */
	for (i = 0; i < name; i++)
		buf_putc(
		    head, p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] - 'A' + 'a') : p[i]);
	buf_puts(head, ": ");
	for (i = name + 1; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
		;
	for (; i < n; i++) /* a NUL would end the text for its readers */
		buf_putc(head, p[i] != '\0' ? p[i] : ' ');
	if (!head->over && str_starts(head->p + start, "date: ") &&
	    clk_parse_http(head->p + start + 6, &in->resp->date_at) == -1)
		in->resp->date_at = 0;
	buf_putc(head, '\n');
}

static bool
to_file(const struct intake *in)
{
	return in->req->out_fd >= 0 && in->status >= 200 && in->status <= 299;
}

/* A file's head is complete: what it announces is looked at before its first byte is kept. */
static bool
on_head_end(struct intake *in)
{
	struct http_resp *resp = in->resp;
	int64_t announced = 0;
	char text[24];

	in->headed = true;
	resp->status = in->status;
	if (http_resp_header(resp, "content-length", text, sizeof(text)) > 0 &&
	    num_parse_i64(text, 0, INT64_MAX, &announced) == 0 &&
	    announced > in->req->max_bytes) {
		in->too_big = true;
		return false;
	}
	in->local = in->req->on_head != NULL && !in->req->on_head(in->req->on_arg, resp);
	return !in->local;
}

static bool
on_line(void *arg, const char *p, size_t n)
{
	struct intake *in = arg;

	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r' || p[n - 1] == ' '))
		n--;
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0)
		take_status(in, p, n);
	else if (n == 0 && to_file(in) && !in->headed)
		return on_head_end(in);
	else
		take_header(in, p, n);
	in->too_big = in->resp->head.over;
	return !in->too_big;
}

static bool
store(struct intake *in, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(in->req->out_fd, p, n);

		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1) {
			in->local = true;
			in->sys = errno;
			return false;
		}
		p += k;
		n -= (size_t)k;
	}
	return true;
}

static bool
on_data(void *arg, const char *p, size_t n)
{
	struct intake *in = arg;
	struct http_resp *resp = in->resp;
	bool keep = to_file(in);

	if ((int64_t)n > in->req->max_bytes - resp->body_bytes) {
		in->too_big = true;
		return false;
	}
	if (keep && !store(in, p, n))
		return false;
	if (!keep) {
		buf_add(&resp->body, p, n);
		in->too_big = resp->body.over;
	}
	if (!in->too_big)
		resp->body_bytes += (int64_t)n;
	if (keep && in->req->on_stored != NULL)
		in->local = !in->req->on_stored(in->req->on_arg, resp->body_bytes);
	return !in->too_big && !in->local;
}

/* ---- the call */

static bool
is_header(const struct http_header *h)
{
	size_t n = strlen(h->name);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)h->name[i] <= ' ' || h->name[i] == ':' ||
		    h->name[i] == ';')
			return false;
	}
	return n > 0 && strpbrk(h->value, "\r\n") == NULL;
}

static bool
has_header(const struct http_req *req, const char *name)
{
	for (size_t i = 0; i < req->headers_n; i++) {
		if (str_eq_ci(req->headers[i].name, name))
			return true;
	}
	return false;
}

/* Wrong use, which would go out unnoticed otherwise. */
static int
check_use(const struct http_req *req, struct err *e)
{
	if (req->connect_ms <= 0 || req->total_ms <= 0 || req->max_bytes < 0)
		return err_set(e, ERR_BUG, "http call without a deadline or ceiling");
	if (req->headers_n + 4 > LINES_MAX)
		return err_set(e, ERR_BUG, "http call with %zu headers", req->headers_n);
	for (size_t i = 0; i < req->headers_n; i++) {
		if (!is_header(&req->headers[i]))
			return err_set(e, ERR_BUG, "http header %zu is not one line", i);
	}
	if (req->bearer != NULL &&
	    (!secret_is_set(req->bearer) || strpbrk(req->bearer->p, "\r\n") != NULL))
		return err_set(e, ERR_BUG, "http call with an unusable bearer");
	if (req->sigv4 == NULL)
		return 0;
	/* platform.md 4: libcurl signs streamed bodies as empty ones, without any error */
	if (req->body_fd >= 0 && !has_header(req, "x-amz-content-sha256"))
		return err_set(e, ERR_BUG, "signed upload without x-amz-content-sha256");
	if (req->bearer != NULL || has_header(req, "x-amz-date"))
		return err_set(
		    e, ERR_BUG, "signed call with a bearer or a date of its own");
	return 0;
}

/* Header lines for libcurl; freed by the caller with free_lines(). */
static size_t
make_lines(const struct http_req *req, char *lines[LINES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < req->headers_n; i++) {
		const struct http_header *h = &req->headers[i];

		/* libcurl's way to write a header without a value is a semicolon */
		lines[n++] = h->value[0] != '\0' ? xasprintf("%s: %s", h->name, h->value)
						 : xasprintf("%s;", h->name);
	}
	if (req->bearer != NULL)
		lines[n++] = xasprintf("Authorization: Bearer %s", req->bearer->p);
	if (req->sigv4 != NULL && req->sigv4->session_token != NULL)
		lines[n++] =
		    xasprintf("X-Amz-Security-Token: %s", req->sigv4->session_token);
	if (req->sigv4 == NULL && req->body == NULL && !has_header(req, "content-type"))
		lines[n++] =
		    xstrdup("Content-Type:"); /* libcurl would call nothing a form */
	return n;
}

static void
free_lines(char *lines[LINES_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		explicit_bzero(lines[i], strlen(lines[i]));
		free(lines[i]);
	}
}

static enum http_stage
stage_of(const struct intake *in, const struct curl_end *end)
{
	static const enum http_stage stages[CURL_STAGE_MAX] = {
	    [CURL_STAGE_DONE] = HTTP_DONE,
	    [CURL_STAGE_PRIVATE] = HTTP_REFUSED,
	    [CURL_STAGE_URL] = HTTP_REFUSED,
	    [CURL_STAGE_RESOLVE] = HTTP_RESOLVE,
	    [CURL_STAGE_CONNECT] = HTTP_CONNECT,
	    [CURL_STAGE_TLS] = HTTP_TLS,
	    [CURL_STAGE_LOGIN] = HTTP_CONNECT,
	    [CURL_STAGE_AUTH] = HTTP_CONNECT,
	    [CURL_STAGE_SEND] = HTTP_SEND,
	    [CURL_STAGE_LOST] = HTTP_LOST,
	    [CURL_STAGE_STOPPED] = HTTP_LOST,
	    [CURL_STAGE_LOCAL] = HTTP_LOCAL,
	};

	if (in->too_big)
		return HTTP_TOO_BIG;
	if (in->local)
		return HTTP_LOCAL;
	return stages[end->stage];
}

/* Cut rather than refused: a long host name must not cost the sentence. */
static void explain(struct http_resp *resp, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
explain(struct http_resp *resp, const char *fmt, ...)
{
	struct buf b = BUF_INIT(4096);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	str_cut(resp->why, sizeof(resp->why), buf_str(&b));
	buf_clear(&b);
}

static void
explain_end(const struct intake *in, const struct curl_end *end, const char *host)
{
	struct http_resp *resp = in->resp;

	switch (resp->stage) {
	case HTTP_DONE:
	case HTTP_STAGE_MAX:
		break;
	case HTTP_REFUSED:
		explain(resp,
		    end->stage == CURL_STAGE_PRIVATE
			? "%s leads to a private address, which is not allowed"
			: "the address given for %s cannot be used",
		    host);
		break;
	case HTTP_RESOLVE:
		explain(resp, "no address was found for the name %s (%s)", host, end->text);
		break;
	case HTTP_CONNECT:
		explain(resp, "no connection to %s (%s)", host, end->text);
		break;
	case HTTP_TLS:
		explain(resp, "no secure connection to %s (%s)", host, end->text);
		break;
	case HTTP_SEND:
		explain(
		    resp, "the connection to %s broke while sending (%s)", host, end->text);
		break;
	case HTTP_LOST:
		if (end->timed_out)
			explain(resp, "%s did not answer completely within %d s", host,
			    (in->req->total_ms + 999) / 1000);
		else
			explain(resp, "the answer of %s was lost (%s)", host, end->text);
		break;
	case HTTP_TOO_BIG:
		explain(resp, "%s answered with more than %lld bytes", host,
		    (long long)in->req->max_bytes);
		break;
	case HTTP_LOCAL:
		explain(resp, "the answer of %s could not be kept here (%s)", host,
		    in->sys != 0 ? strerrordesc_np(in->sys)
		    : in->local	 ? "not what was asked for"
				 : end->text);
		break;
	}
}

/* Our own rules, before anything is looked up. Returns whether the call may go on. */
static bool
pass_rules(const struct http_req *req, struct http_resp *out, char host[URL_HOST_BYTES])
{
	struct url u;

	out->stage = HTTP_REFUSED;
	if (url_parse(req->url, &u) == -1) {
		explain(out, "the address of the call is not a plain URL");
		return false;
	}
	BUG_IF(str_copy(host, URL_HOST_BYTES, u.host) == -1);
	if (!http_url_acceptable(req->url)) {
		explain(out, "%s may be called by https only", host);
		return false;
	}
	if (!host_allowed(&u, req->host_allow)) {
		explain(out, "%s is not among the hosts that may be called", host);
		return false;
	}
	return true;
}

static void
run(struct intake *in, const char *host)
{
	const struct http_req *req = in->req;
	struct http_resp *out = in->resp;
	char *lines[LINES_MAX];
	size_t lines_n = make_lines(req, lines);
	char *sigv4 = NULL;
	struct curl_end end;
	struct curl_task t = {.url = req->url,
	    .ca_file = in->h->ca_file,
	    .proxy = in->h->proxy,
	    .user_agent = in->h->user_agent,
	    .connect_ms = req->connect_ms,
	    .total_ms = req->total_ms,
	    .stall_s = req->stall_s,
	    .deny_private = !req->allow_private,
	    .method = req->method,
	    .repeatable = req->repeatable,
	    .lines = (const char *const *)lines,
	    .lines_n = lines_n,
	    .body = req->body,
	    .body_len = req->body_len,
	    .body_fd = req->body_fd >= 0 ? req->body_fd : -1,
	    .body_file_at = req->body_file_at,
	    .body_file_bytes = req->body_file_bytes,
	    .body_tail = req->body_tail,
	    .body_tail_len = req->body_tail_len,
	    .on_line = on_line,
	    .on_data = on_data,
	    .arg = in};

	if (req->sigv4 != NULL) {
		sigv4 = xasprintf("aws:amz:%s:%s", req->sigv4->region, req->sigv4->service);
		t.sigv4 = sigv4;
		t.user = req->sigv4->access_key_id;
		t.password = req->sigv4->secret_key;
	}
	curl_door_run(in->h->door, &t, &end);
	out->curl_code = end.code;
	out->status = in->status >= 200 ? in->status : 0;
	out->sent = end.sent;
	out->stage = stage_of(in, &end);
	explain_end(in, &end, host);
	free(sigv4);
	free_lines(lines, lines_n);
}

int
http_call(struct http *h, const struct http_req *req, struct http_resp *out, struct err *e)
{
	int64_t start = clk_mono_ms();
	int64_t room = req->max_bytes;
	char host[URL_HOST_BYTES] = "";
	struct intake in = {.h = h, .req = req, .resp = out};

	/* with out_fd the ceiling is a file's; what is kept in memory is an error's text */
	if (req->out_fd >= 0 && room > LIMIT_API_BODY)
		room = LIMIT_API_BODY;
	*out = (struct http_resp){.stage = HTTP_REFUSED, .head = BUF_INIT(HEAD_MAX)};
	buf_init(&out->body, room > 0 ? (size_t)room : 0);
	if (check_use(req, e) == -1)
		return -1;
	if (pass_rules(req, out, host))
		run(&in, host);
	out->elapsed_ms = clk_mono_ms() - start;
	return 0;
}
