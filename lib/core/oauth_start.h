/* oauth_start.h: state, PKCE and the authorize URL. No network. Layer: core. Source: RFC 6749 4.1.1, RFC 7636,
 * DESIGN.md 7 "Reconnect". Used by the page `edit` and, for checking, by `callback`. */
#ifndef CW_CORE_OAUTH_START_H
#define CW_CORE_OAUTH_START_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "io/conf.h"
#include "io/db.h"

enum oauth_purpose { OAUTH_RECONNECT, OAUTH_ADD_BIC, OAUTH_CONNECT, OAUTH_HAND_OVER };

struct oauth_ask {
	enum oauth_purpose purpose;
	int64_t account_id;      /* expected account; 0: whoever signs in (OAUTH_CONNECT) */
	int64_t connection_id;   /* 0: none */
	const char *user_name;   /* who pressed */
	const char *cookie;      /* value of __Host-cw */
	const char *return_to;   /* path below public_url, "/Projects/edit?project=12" */
};
/* Longest time between pressing the button and coming back: consent, second factor, account choice
 * (failures.md F31: two minutes were too short). */
enum { OAUTH_ATTEMPT_S = 15 * 60 };

/* Store the attempt and append the authorize URL to url.
 * session_key  32 bytes or more; the PKCE verifier is HMAC(session key, state), not stored
 * errors       ERR_DB, ERR_BUSY, ERR_IO */
MUST_USE int oauth_start(struct db *db, const struct conf *c, const struct secret *session_key,
    const struct oauth_ask *ask, struct buf *url, struct err *e);
/* The verifier for a state, 43 characters and NUL. */
void oauth_verifier(const struct secret *session_key, const char *state, char out[64]);

#endif
