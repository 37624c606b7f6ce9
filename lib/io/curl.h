/* curl.h: the one door to libcurl, for io/http and io/smtp. Layer: io (below io/http,
 * io/smtp). Sources: platform.md 4 and 5; libcurl 7.88 manual pages of the options named in
 * curl.c. */
#ifndef CW_IO_CURL_H
#define CW_IO_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

/* How far a transfer came. Up to CURL_STAGE_TLS no byte of the request has left. */
enum curl_stage {
	CURL_STAGE_DONE,
	CURL_STAGE_PRIVATE, /* the name leads to private addresses only, and these are
			       refused */
	CURL_STAGE_URL,     /* libcurl cannot use the URL */
	CURL_STAGE_RESOLVE,
	CURL_STAGE_CONNECT,
	CURL_STAGE_TLS,   /* for SMTP: also STARTTLS refused */
	CURL_STAGE_LOGIN, /* SMTP only: greeting or EHLO refused */
	CURL_STAGE_AUTH,  /* SMTP only: user and password refused, or no way to give them */
	CURL_STAGE_SEND,
	CURL_STAGE_LOST,
	CURL_STAGE_STOPPED, /* one of the functions below answered false */
	CURL_STAGE_LOCAL,   /* our memory, or the file that is sent */
	CURL_STAGE_MAX
};

/* A line so slow would take a day and a half for a gigabyte: as good as dead. */
enum { CURL_STALL_BYTES_S = 8 * 1024 };

struct curl_task {
	const char *url;
	const char *ca_file;    /* NULL or "": the system's */
	const char *proxy;      /* NULL or "": none; the environment is ignored */
	const char *user_agent; /* NULL: none */
	int connect_ms;         /* name, connection, TLS; > 0 */
	int total_ms;           /* everything; > 0 */
	bool deny_private; /* not looked at behind a proxy, which does the looking up */
	/* HTTP; method NULL is SMTP */
	const char *method;
	bool repeatable; /* besides GET and HEAD: see curl_door_run() */
	const char *const *lines; /* "Name: value" */
	size_t lines_n;
	const char *sigv4; /* "aws:amz:REGION:SERVICE"; user and password are its keys.
			      NULL: none */
	int stall_s; /* given up when it moves less than CURL_STALL_BYTES_S for so long; 0: no */
	/* what is sent: memory, for HTTP also a part of a file after it and memory after that */
	const void *body; /* NULL: none */
	size_t body_len;
	int body_fd; /* -1: none */
	int64_t body_file_at;
	int64_t body_file_bytes;
	const void *body_tail; /* only with body_fd; NULL: none */
	size_t body_tail_len;
	/* SMTP */
	const char *mail_from, *mail_to; /* bare, without controls */
	bool starttls;                   /* demand it */
	/* both */
	const char *user; /* NULL or "": none */
	const struct secret *password;
	/* Called with each header or reply line, and with the data; false ends the
	 * transfer. */
	bool (*on_line)(void *arg, const char *p, size_t n);
	bool (*on_data)(void *arg, const char *p, size_t n);
	void *arg;
};

struct curl_end {
	enum curl_stage stage;
	int code;   /* libcurl's */
	int status; /* last HTTP status or SMTP reply; 0: none */
	bool sent;  /* a byte of the request may have left */
	bool timed_out;
	bool no_starttls; /* SMTP only: demanded, and not to be had */
	char text[256]; /* libcurl's words; one line */
};

struct curl_door; /* keeps connections open for reuse; of one process, not for use after
		     fork() */
/* out     owned by the caller, curl_door_free()
 * errors  ERR_BUG libcurl would not start */
MUST_USE int curl_door_new(struct curl_door **out, struct err *e);
void curl_door_free(struct curl_door *d); /* accepts NULL */

/* Do one transfer. Only GET, HEAD and what is repeatable take a connection that is open
 * already: libcurl repeats a request by itself when such a connection turns out to be dead, which nothing
 * else may be (lib/transfer.c, Curl_retry_request). Cannot fail: the outcome is in out. */
void curl_door_run(struct curl_door *d, const struct curl_task *t, struct curl_end *out);

/* What is known of a transfer that ended. */
struct curl_facts {
	bool mail;        /* SMTP, else HTTP */
	bool ready;       /* the request was about to leave: from here on a byte may have left */
	bool stopped;     /* one of the task's functions answered false */
	bool read_failed; /* the file that is sent could not be read */
	bool private_seen;
	bool named, connected, shaking, replied; /* how far it came before that */
	bool head_left, body_left;               /* the request's head; all of its body */
};
/* The stage for libcurl's code (0 is good; unknown codes are judged by the facts). Pure. */
enum curl_stage curl_stage_of(int code, const struct curl_facts *f);

/* True for addresses that are not of the public internet: loopback, private, link-local,
 * shared, multicast, reserved, and IPv6 forms that carry one of these. Anything that is no
 * address is private. source  IANA special-purpose address registries (RFC 6890) */
bool curl_address_is_private(const char *ip);

#endif
