/* csrf.h: the browser's cookie and the token of its forms. Layer: web. Source: DESIGN.md 5.
 *
 * Token = HMAC(session key, person, cookie), hidden under a fresh random mask in every
 * response, so that compressed answers leak nothing (BREACH). */
#ifndef CW_WEB_CSRF_H
#define CW_WEB_CSRF_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/secret.h"
#include "io/fcgi.h"

#define CSRF_COOKIE "__Host-cw"
enum { CSRF_COOKIE_BYTES = 44 }; /* 32 random bytes as base64url, NUL included */

/* The request's cookie, or a new one that is set in the answer. */
void csrf_cookie(
    const struct fcgi_req *req, struct fcgi_resp *resp, char cookie[CSRF_COOKIE_BYTES]);
/* The cookie if the request has a well-formed one. errors: -1 */
MUST_USE int csrf_cookie_read(const struct fcgi_req *req, char cookie[CSRF_COOKIE_BYTES]);
/* Append a masked token. */
void csrf_token(const struct secret *session_key, const char *user, const char *cookie,
    struct buf *out);
/* True when the token was made for this person and cookie. token may be NULL. */
bool csrf_good(const struct secret *session_key, const char *user, const char *cookie,
    const char *token);
/* True when the browser says, or does not say, that the request comes from our own pages.
 */
bool csrf_same_origin(const struct fcgi_req *req);

#endif
