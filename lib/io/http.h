/* http.h: one HTTPS request through libcurl (io/curl.c is the only file that includes it). Layer: io.
 *
 * A failure on the way is a result, not an error: http_call() answers 0 and says at which stage it ended,
 * because core/cause must tell "no byte left" from "the answer was lost". Redirects are never followed
 * here. Every call has a deadline and a ceiling. */
#ifndef CW_IO_HTTP_H
#define CW_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* Where a call ended. */
enum http_stage {
	HTTP_DONE,     /* status line, headers and the whole body arrived */
	HTTP_REFUSED,  /* our own rules: host not allowed, scheme not https, private address */
	HTTP_RESOLVE,  /* no address: nothing was sent */
	HTTP_CONNECT,  /* no connection (or proxy refused): nothing was sent */
	HTTP_TLS,      /* handshake or certificate: nothing was sent */
	HTTP_SEND,     /* broke or timed out while sending: part of the request may have left */
	HTTP_LOST,     /* request sent, no complete answer: timeout, reset, empty reply, cut body */
	HTTP_TOO_BIG,  /* answer above the ceiling */
	HTTP_LOCAL,    /* our disk or memory while storing the body */
	HTTP_STAGE_MAX
};
const char *http_stage_name(enum http_stage s); /* "resolve" ... */

struct http_header {
	const char *name;
	const char *value;
};

struct http_sigv4 { /* AWS Signature Version 4 by libcurl; rules for callers in platform.md 4 */
	const char *region;
	const char *service;
	const char *access_key_id;
	const struct secret *secret_key;
	const char *session_token; /* NULL: none */
};

struct http_resp;
struct http_req {
	const char *method;  /* GET POST PUT PATCH DELETE */
	const char *url;     /* https, or http to loopback; already encoded */
	const struct http_header *headers;
	size_t headers_n;
	const struct secret *bearer; /* NULL: none; sent as Authorization */
	const void *body;    /* NULL: none */
	size_t body_len;
	/* >= 0: after body, stream this file: body_file_bytes from offset body_file_at; then body_tail. The offset
	 * of the descriptor is neither used nor moved. */
	int body_fd;
	int64_t body_file_at, body_file_bytes;
	const void *body_tail; /* NULL: none */
	size_t body_tail_len;
	int out_fd;          /* >= 0: the body of a 2xx goes here instead of into resp.body */
	/* With out_fd, each may be NULL; false ends the call as HTTP_LOCAL. on_head: the head of a 2xx is complete
	 * (resp->status, resp->head), none of its body is written yet. on_stored: so many bytes of it are. */
	bool (*on_head)(void *arg, const struct http_resp *resp);
	bool (*on_stored)(void *arg, int64_t body_bytes);
	void *on_arg;
	int64_t max_bytes;   /* ceiling of the answer's body */
	bool repeatable;     /* doing it twice is doing it once: it may go over a connection that is open already,
	                        which libcurl repeats by itself when the connection was dead (GET and HEAD always may) */
	int connect_ms;      /* name, connection, TLS */
	int total_ms;        /* everything */
	int stall_s;         /* give up when hardly a byte moves for so long; 0: only total_ms counts */
	const struct http_sigv4 *sigv4; /* NULL: none */
	const char *const *host_allow; /* NULL-terminated patterns ("*.procore.com", "api.x.com:8443"); NULL: any */
	bool allow_private;  /* private and loopback addresses are acceptable (API hosts from the config) */
};
#define HTTP_REQ_INIT {.method = "GET", .body_fd = -1, .out_fd = -1, .connect_ms = 10000, .total_ms = 30000, .max_bytes = 16 * 1024 * 1024}

struct http_resp {
	enum http_stage stage;
	int curl_code;        /* for logs */
	char why[256];        /* one sentence for people when stage != HTTP_DONE, naming the host */
	int status;           /* 0 when no status line arrived */
	bool sent;            /* a byte of the request may have left */
	struct buf body;      /* may be partial unless HTTP_DONE */
	int64_t body_bytes;   /* also when written to out_fd */
	struct buf head;      /* all header lines of the final answer, "name: value\n", names lower-case */
	int64_t date_at;      /* server's Date; 0: none */
	int64_t elapsed_ms;
};
void http_resp_clear(struct http_resp *r);
/* A response header's first value, case ignored, copied into dst; "" when absent. Returns its length. */
size_t http_resp_header(const struct http_resp *r, const char *name, char *dst, size_t size);

struct http; /* connection pool and settings of one process; not thread-safe */
struct http_conf {
	const char *ca_file;    /* NULL or "": the system's */
	const char *proxy;      /* NULL or "": none (environment is ignored) */
	const char *user_agent; /* "connectorweb/1.0" */
};
MUST_USE int http_new(const struct http_conf *c, struct http **out, struct err *e);
void http_free(struct http *h); /* accepts NULL */
/* out is initialised here and always to be cleared by the caller.
 * errors  ERR_BUG wrong use; everything that happens on the way is in out->stage */
MUST_USE int http_call(struct http *h, const struct http_req *req, struct http_resp *out, struct err *e);

/* application/x-www-form-urlencoded: append key=value, with & between. */
void http_form_add(struct buf *b, const char *key, const char *value);
/* True when url is https, or http to loopback (localhost, *.localhost, 127.0.0.0/8, ::1). */
bool http_url_acceptable(const char *url);
bool http_url_is_loopback(const char *url);
/* The host of a URL, lower case, without port, into dst. errors: -1 not a URL */
MUST_USE int http_url_host(const char *url, char *dst, size_t size);
bool http_host_matches(const char *host, const char *pattern);

#endif
