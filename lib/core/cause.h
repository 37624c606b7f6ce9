/* cause.h: what a failed call means, whom it concerns, and what mends it. Pure. Layer: core.
 * Source: DESIGN.md 7, procore.md 2.7, 3.7, 3.8. */
#ifndef CW_CORE_CAUSE_H
#define CW_CORE_CAUSE_H

#include <stdbool.h>

#include "base/attr.h"
#include "io/http.h"

enum cause {
	CAUSE_NONE,
	CAUSE_SIGN_IN_NEEDED,   /* migrated or added, never signed in */
	CAUSE_SIGN_IN_LOST,     /* invalid_grant; a second 401 when /me too answers 401 */
	CAUSE_APP_NOT_AT_COMPANY,
	CAUSE_PERMISSION_LOST,  /* other 403; 404 on the project or tool */
	CAUSE_CONFIGURATION,    /* invalid_client, wrong environment */
	CAUSE_UNREACHABLE,      /* DNS, connect, TLS, timeouts, 5xx, garbled */
	CAUSE_LIMITED,          /* 429, 503 with Retry-After */
	CAUSE_LOCAL,            /* our clock, key, disk, mail */
	CAUSE_ITEM,             /* 400, 404, 409, 422 ... about this one item: no matter of the connection */
	CAUSE_UNAUTHORIZED,     /* first 401: refresh once, repeat once; not final */
	CAUSE_SUSPECT,          /* token endpoint: the answer was lost or garbled; the pair may be spent */
	CAUSE_MAX
};
const char *cause_word(enum cause c); /* "sign_in_lost": as stored */
MUST_USE int cause_from_word(const char *w, enum cause *out);
/* Who can mend it. */
enum cause_who { CAUSE_WHO_PERSON, CAUSE_WHO_GLOBAL_ADMIN, CAUSE_WHO_PROCORE_ADMIN, CAUSE_WHO_NOBODY };
enum cause_who cause_who(enum cause c);
bool cause_offers_reconnect(enum cause c); /* only the first two */

/* What kind of call was made. */
enum cause_call {
	CAUSE_CALL_TOKEN,   /* POST /oauth/token */
	CAUSE_CALL_ME,      /* GET /me, /companies: no company involved */
	CAUSE_CALL_PROJECT, /* the project, its permissions, a tool's list */
	CAUSE_CALL_ITEM     /* one RFI, submittal, file */
};
struct cause_in {
	enum cause_call call;
	enum http_stage stage;
	bool sent;          /* a byte of the request may have left */
	int status;         /* 0: none */
	const char *body;   /* may be cut, empty, HTML; never NULL */
	bool second_401;    /* this 401 came on a freshly refreshed token */
	int me_status;      /* what /me answered afterwards; 0: not asked */
	bool has_retry_after;
};
struct cause_out {
	enum cause cause;
	char text[256];     /* Procore's own words, cut and cleaned; "" when there were none */
};
/* One decision for every answer. Success (2xx, whole) gives CAUSE_NONE. Cannot fail. */
void cause_decide(const struct cause_in *in, struct cause_out *out);

#endif
