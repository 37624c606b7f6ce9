/* http_calls.h: calls of io/http to a scripted server, for its tests. */
#ifndef CW_TESTS_UNIT_HTTP_CALLS_H
#define CW_TESTS_UNIT_HTTP_CALLS_H

#include "base/buf.h"
#include "io/http.h"
#include "peer.h"

/* What the server does once a request has been read, one step a request; the last is {NULL,
 * CLOSE}. */
struct step {
	const char *answer; /* NULL: none */
	enum { CLOSE, RESET, KEEP, HOLD } then;
};
extern const struct step one_ok[];

struct call {
	struct http *h;
	struct http_resp resp;
	struct buf log; /* each request after "[connection N]" */
	char url[128];
};

void play_steps(int listen_fd, int log_fd,
    const void *arg); /* for peer_start(); arg is struct step[] */
void open_http(struct call *c, const char *proxy);
void close_http(struct call *c);
void set_url(struct call *c, const char *scheme, int port);
void call(struct call *c, struct http_req *req);
/* Start a server with these steps, call it, wait for its end. */
void call_steps(struct call *c, const struct step *steps, struct http_req *req);
int file_of(int64_t bytes); /* an unlinked file of zeros */

#define EXPECT_STAGE(c, s)                                                                 \
	do {                                                                               \
		if ((c).resp.stage != (s))                                                 \
			fail_msg("stage %s, not %s: %s", http_stage_name((c).resp.stage),  \
			    http_stage_name(s), (c).resp.why);                             \
	} while (0)

#endif
