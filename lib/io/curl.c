#include "config.h"

#include "io/curl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"

/* Files go out in pieces of this size: fewer turns than with libcurl's own 64 KiB. */
enum { UPLOAD_BUFFER_BYTES = 256 * 1024 };
/* How long a mail server's goodbye is waited for. */
enum { QUIT_MS = 1000 };

struct curl_door {
	CURL *easy;
};

/* One transfer under way. */
struct run {
	const struct curl_task *t;
	CURL *easy;
	struct curl_slist *lines;
	struct curl_slist *rcpt;
	bool proxied;
	bool private_seen; /* an address was refused */
	bool shaking;      /* a TLS record has gone out */
	bool replied;      /* a line came */
	/* Connection and TLS (SMTP: login) stood: a byte of what followed may have left. */
	bool ready;
	bool stopped;
	bool read_failed;
	int64_t sent; /* body bytes handed to libcurl */
	int64_t over_at_ms; /* SMTP: clk_mono_ms() from which on nothing is waited for */
	char text[CURL_ERROR_SIZE];
};

int
curl_door_new(struct curl_door **out, struct err *e)
{
	struct curl_door *d;
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		return err_set(e, ERR_BUG, "libcurl does not start");
	d = xcalloc(1, sizeof(*d));
	d->easy = easy;
	*out = d;
	return 0;
}

void
curl_door_free(struct curl_door *d)
{
	if (d == NULL)
		return;
	curl_easy_cleanup(d->easy);
	free(d);
}

/* ---- addresses */

static bool
v4_is_private(const uint8_t a[4])
{
	static const struct {
		uint8_t net[4];
		int bits;
	} nets[] = {{{0, 0, 0, 0}, 8}, {{10, 0, 0, 0}, 8}, {{100, 64, 0, 0}, 10},
	    {{127, 0, 0, 0}, 8}, {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},
	    {{192, 0, 0, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15},
	    {{224, 0, 0, 0}, 3}};
	uint32_t ip =
	    (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		const uint8_t *n = nets[i].net;
		uint32_t net = (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 |
			       (uint32_t)n[2] << 8 | n[3];

		if ((ip ^ net) >> (32 - nets[i].bits) == 0)
			return true;
	}
	return false;
}

static bool
v6_is_private(const uint8_t a[16])
{
	static const uint8_t zero[16] = {0};
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(a, zero, 10) == 0) /* ::, ::1, IPv4-compatible and IPv4-mapped */
		return a[10] != 0xff || a[11] != 0xff || v4_is_private(a + 12);
	if (memcmp(a, nat64, 12) == 0)
		return v4_is_private(a + 12);
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return v4_is_private(a + 2);
	/* 2000::/3 is all that is given out for public use */
	return (a[0] & 0xe0) != 0x20;
}

bool
curl_address_is_private(const char *ip)
{
	uint8_t a[16];

	if (inet_pton(AF_INET, ip, a) == 1)
		return v4_is_private(a);
	if (inet_pton(AF_INET6, ip, a) == 1)
		return v6_is_private(a);
	return true;
}

/* ---- functions that libcurl calls */

static curl_socket_t
open_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *to)
{
	struct run *r = arg;
	char ip[INET6_ADDRSTRLEN] = "";
	const void *a =
	    to->family == AF_INET6
		? (const void *)&((const struct sockaddr_in6 *)(const void *)&to->addr)
		      ->sin6_addr
		: (const void *)&((const struct sockaddr_in *)(const void *)&to->addr)
		      ->sin_addr;

	if (r->t->deny_private && !r->proxied &&
	    (inet_ntop(to->family, a, ip, sizeof(ip)) == NULL ||
		curl_address_is_private(ip))) {
		r->private_seen = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The last moment before the request: what came so far sent nothing of it. The address is
 * looked at again because an open connection may be from a call that was allowed more. */
static int
before_request(
    void *arg, char *ip, char *local UNUSED, int port UNUSED, int local_port UNUSED)
{
	struct run *r = arg;

	if (r->t->deny_private && !r->proxied && curl_address_is_private(ip)) {
		r->private_seen = true;
		return CURL_PREREQFUNC_ABORT;
	}
	r->ready = true;
	return CURL_PREREQFUNC_OK;
}

/* The one thing wanted of libcurl's trace: its clocks do not tell a TCP connection that
 * never came from a handshake that was never answered (7.88 sets both at the end). */
static int
trace(CURL *easy UNUSED, curl_infotype type, char *p UNUSED, size_t n UNUSED, void *arg)
{
	struct run *r = arg;

	if (type == CURLINFO_SSL_DATA_OUT)
		r->shaking = true;
	return 0;
}

static size_t
take_line(char *p, size_t size, size_t n, void *arg)
{
	struct run *r = arg;

	r->replied = true;
	/* The answer to the text: what is left is the goodbye. */
	if (r->t->method == NULL && r->ready && r->sent >= (int64_t)r->t->body_len)
		r->over_at_ms = clk_mono_ms() + QUIT_MS;
	if (r->t->on_line == NULL || r->t->on_line(r->t->arg, p, size * n))
		return size * n;
	r->stopped = true;
	return 0;
}

/* libcurl says QUIT also when its time is up, and then waits two minutes for the answer
 * (lib/pingpong.c, RESP_TIMEOUT); this is what it asks meanwhile, once a second. */
static int
is_over(void *arg, curl_off_t down_all UNUSED, curl_off_t down UNUSED,
    curl_off_t up_all UNUSED, curl_off_t up UNUSED)
{
	const struct run *r = arg;

	return clk_mono_ms() > r->over_at_ms;
}

static size_t
take_data(char *p, size_t size, size_t n, void *arg)
{
	struct run *r = arg;

	if (r->t->on_data == NULL || r->t->on_data(r->t->arg, p, size * n))
		return size * n;
	r->stopped = true;
	return 0;
}

static int64_t
body_bytes(const struct curl_task *t)
{
	if (t->body_fd == -1)
		return (int64_t)t->body_len;
	return (int64_t)t->body_len + t->body_file_bytes + (int64_t)t->body_tail_len;
}

/* Memory first, then the file's part, then memory again. */
static size_t
give_body(char *p, size_t size, size_t n, void *arg)
{
	struct run *r = arg;
	const struct curl_task *t = r->t;
	int64_t in_file = r->sent - (int64_t)t->body_len;
	int64_t file_left = t->body_fd == -1 ? 0 : t->body_file_bytes - in_file;
	size_t room = size * n;
	const char *from = NULL;
	int64_t left;
	ssize_t got;

	if (in_file < 0) {
		from = (const char *)t->body + r->sent;
		left = -in_file;
	} else if (file_left > 0) {
		left = file_left;
	} else {
		left = body_bytes(t) - r->sent;
		from = left > 0 ? (const char *)t->body_tail - file_left : NULL;
	}
	got = (ssize_t)(left < (int64_t)room ? (size_t)left : room);
	if (from != NULL)
		memcpy(p, from, (size_t)got);
	while (from == NULL && got > 0) {
		got = pread(t->body_fd, p, (size_t)got, (off_t)(t->body_file_at + in_file));
		if (got > 0)
			break;
		/* a file that became shorter: the promised length can no longer be kept */
		if (got == 0 || errno != EINTR) {
			r->read_failed = true;
			return CURL_READFUNC_ABORT;
		}
		got = (ssize_t)(left < (int64_t)room ? (size_t)left : room);
	}
	r->sent += got;
	return (size_t)got;
}

/* ---- options. A failing curl_easy_setopt() here is lack of memory or a libcurl without
 * the option: nothing that could go on. */

#define SET(r, option, value) BUG_IF(curl_easy_setopt((r)->easy, option, value) != CURLE_OK)

static void
add_line(struct curl_slist **l, const char *text)
{
	struct curl_slist *n = curl_slist_append(*l, text);

	BUG_IF(n == NULL);
	*l = n;
}

/* From the start again, where libcurl repeats a request that may be repeated. */
static int
seek_body(void *arg, curl_off_t to, int origin)
{
	struct run *r = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	r->sent = to;
	return CURL_SEEKFUNC_OK;
}

static void
set_common(struct run *r)
{
	const struct curl_task *t = r->t;
	struct url u;

	SET(r, CURLOPT_URL, t->url);
	SET(r, CURLOPT_NOSIGNAL, 1L);
	SET(r, CURLOPT_ERRORBUFFER, r->text);
	SET(r, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
	SET(r, CURLOPT_TIMEOUT_MS, (long)t->total_ms);
	if (t->stall_s > 0) {
		SET(r, CURLOPT_LOW_SPEED_LIMIT, (long)CURL_STALL_BYTES_S);
		SET(r, CURLOPT_LOW_SPEED_TIME, (long)t->stall_s);
	}
	SET(r, CURLOPT_PATH_AS_IS, 1L);
	SET(r, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(r, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!str_empty(t->ca_file)) {
		SET(r, CURLOPT_CAINFO, t->ca_file);
		SET(r, CURLOPT_CAPATH, NULL); /* instead of, not besides, the system's */
		SET(r, CURLOPT_PROXY_CAINFO, t->ca_file);
		SET(r, CURLOPT_PROXY_CAPATH, NULL);
	}
	r->proxied = !str_empty(t->proxy) &&
		     (url_parse(t->url, &u) == -1 || !url_host_is_loopback(u.host));
	SET(r, CURLOPT_PROXY, r->proxied ? t->proxy : "");
	SET(r, CURLOPT_NOPROXY, "");
	SET(r, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(r, CURLOPT_OPENSOCKETDATA, r);
	SET(r, CURLOPT_PREREQFUNCTION, before_request);
	SET(r, CURLOPT_PREREQDATA, r);
	SET(r, CURLOPT_DEBUGFUNCTION, trace);
	SET(r, CURLOPT_DEBUGDATA, r);
	SET(r, CURLOPT_VERBOSE, 1L);
	SET(r, CURLOPT_HEADERFUNCTION, take_line);
	SET(r, CURLOPT_HEADERDATA, r);
	SET(r, CURLOPT_WRITEFUNCTION, take_data);
	SET(r, CURLOPT_WRITEDATA, r);
	SET(r, CURLOPT_READFUNCTION, give_body);
	SET(r, CURLOPT_READDATA, r);
	SET(r, CURLOPT_SEEKFUNCTION, seek_body);
	SET(r, CURLOPT_SEEKDATA, r);
	if (!str_empty(t->user)) {
		SET(r, CURLOPT_USERNAME, t->user);
		SET(r, CURLOPT_PASSWORD,
		    t->password != NULL && t->password->p != NULL ? t->password->p : "");
	}
}

static void
set_method(struct run *r)
{
	const struct curl_task *t = r->t;
	bool reading = str_eq(t->method, "GET") || str_eq(t->method, "HEAD");

	SET(r, CURLOPT_FRESH_CONNECT, reading || t->repeatable ? 0L : 1L);
	if (t->body_fd != -1) {
		SET(r, CURLOPT_UPLOAD, 1L);
		SET(r, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_bytes(t));
		SET(r, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES);
		SET(r, CURLOPT_CUSTOMREQUEST, t->method);
	} else if (t->body != NULL || str_eq(t->method, "POST") ||
		   str_eq(t->method, "PUT") || str_eq(t->method, "PATCH")) {
		SET(r, CURLOPT_POST, 1L);
		SET(r, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
		SET(r, CURLOPT_POSTFIELDS, t->body != NULL ? t->body : "");
		SET(r, CURLOPT_CUSTOMREQUEST, t->method);
	} else if (str_eq(t->method, "HEAD")) {
		SET(r, CURLOPT_NOBODY, 1L);
	} else {
		SET(r, CURLOPT_HTTPGET, 1L);
		if (!reading)
			SET(r, CURLOPT_CUSTOMREQUEST, t->method);
	}
}

static void
set_http(struct run *r)
{
	const struct curl_task *t = r->t;

	SET(r, CURLOPT_PROTOCOLS_STR, "https,http");
	/* one request a connection at a time, in plain order: what was sent can be told */
	SET(r, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(r, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(r, CURLOPT_FOLLOWLOCATION, 0L);
	if (!str_empty(t->user_agent))
		SET(r, CURLOPT_USERAGENT, t->user_agent);
	for (size_t i = 0; i < t->lines_n; i++)
		add_line(&r->lines, t->lines[i]);
	if (t->sigv4 != NULL)
		SET(r, CURLOPT_AWS_SIGV4, t->sigv4);
	else
		add_line(&r->lines,
		    "Expect:"); /* would be signed but not sent (platform.md 4) */
	SET(r, CURLOPT_HTTPHEADER, r->lines);
	set_method(r);
}

static void
set_smtp(struct run *r)
{
	const struct curl_task *t = r->t;

	SET(r, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(r, CURLOPT_FRESH_CONNECT, 1L);
	SET(r, CURLOPT_FORBID_REUSE, 1L);
	/* never TRY: a stripped STARTTLS would go in clear */
	SET(r, CURLOPT_USE_SSL, t->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	r->over_at_ms = clk_mono_ms() + t->total_ms + QUIT_MS;
	SET(r, CURLOPT_XFERINFOFUNCTION, is_over);
	SET(r, CURLOPT_XFERINFODATA, r);
	SET(r, CURLOPT_NOPROGRESS, 0L);
	add_line(&r->rcpt, t->mail_to);
	SET(r, CURLOPT_MAIL_FROM, t->mail_from);
	SET(r, CURLOPT_MAIL_RCPT, r->rcpt);
	SET(r, CURLOPT_UPLOAD, 1L);
	SET(r, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->body_len);
}

/* ---- what the outcome means */

static bool
is_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM ||
	       code == CURLE_SSL_CIPHER || code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_USE_SSL_FAILED ||
	       code == CURLE_SSL_ENGINE_INITFAILED || code == CURLE_SSL_CRL_BADFILE;
}

/* Nothing of the request had left. For SMTP curl counts its own greeting as connecting. */
static enum curl_stage
early_stage(CURLcode code, const struct curl_facts *f)
{
	if (f->private_seen)
		return CURL_STAGE_PRIVATE;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
		return CURL_STAGE_URL;
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
		return CURL_STAGE_RESOLVE;
	if (is_tls(code))
		return CURL_STAGE_TLS;
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY)
		return CURL_STAGE_CONNECT;
	if (code == CURLE_OUT_OF_MEMORY)
		return CURL_STAGE_LOCAL;
	if (code == CURLE_LOGIN_DENIED)
		return CURL_STAGE_AUTH;
	/* timeouts and resets: how far did it come */
	if (!f->named)
		return CURL_STAGE_RESOLVE;
	if (f->mail && (f->connected || f->replied))
		return CURL_STAGE_LOGIN;
	return f->shaking ? CURL_STAGE_TLS : CURL_STAGE_CONNECT;
}

enum curl_stage
curl_stage_of(int code, const struct curl_facts *f)
{
	if (code == CURLE_OK)
		return CURL_STAGE_DONE;
	if (!f->ready)
		return early_stage((CURLcode)code, f);
	if (f->stopped)
		return CURL_STAGE_STOPPED;
	if (f->read_failed || code == CURLE_OUT_OF_MEMORY)
		return CURL_STAGE_LOCAL;
	if (code == CURLE_SEND_ERROR || (!f->mail && !f->head_left) || !f->body_left)
		return CURL_STAGE_SEND;
	return CURL_STAGE_LOST;
}

static enum curl_stage
stage_of(const struct run *r, CURLcode code)
{
	curl_off_t named = 0, connected = 0, up = 0;
	long head = 0;
	struct curl_facts f = {.mail = r->t->method == NULL,
	    .ready = r->ready,
	    .stopped = r->stopped,
	    .read_failed = r->read_failed,
	    .private_seen = r->private_seen,
	    .shaking = r->shaking,
	    .replied = r->replied};

	(void)curl_easy_getinfo(r->easy, CURLINFO_NAMELOOKUP_TIME_T, &named);
	(void)curl_easy_getinfo(r->easy, CURLINFO_CONNECT_TIME_T, &connected);
	(void)curl_easy_getinfo(r->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	(void)curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &head);
	f.named = named != 0;
	f.connected = connected != 0;
	f.head_left = head != 0;
	f.body_left = up >= body_bytes(r->t);
	return curl_stage_of((int)code, &f);
}

static void
zero_lines(struct curl_slist *l)
{
	for (; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data)); /* one may be a bearer token */
}

void
curl_door_run(struct curl_door *d, const struct curl_task *t, struct curl_end *out)
{
	struct run r = {.t = t, .easy = d->easy};
	CURLcode code;
	long status = 0;

	curl_easy_reset(d->easy);
	set_common(&r);
	if (t->method != NULL)
		set_http(&r);
	else
		set_smtp(&r);
	code = curl_easy_perform(d->easy);
	(void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct curl_end){
	    .stage = stage_of(&r, code), .code = (int)code, .sent = r.ready};
	/* interim answers are none */
	out->status = status >= 200 ? (int)status : 0;
	out->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	out->no_starttls = code == CURLE_USE_SSL_FAILED;
	str_cut(out->text, sizeof(out->text),
	    r.text[0] != '\0' ? r.text : curl_easy_strerror(code));
	/* libcurl keeps pointers to this frame otherwise */
	curl_easy_reset(d->easy);
	zero_lines(r.lines);
	curl_slist_free_all(r.lines);
	curl_slist_free_all(r.rcpt);
}
