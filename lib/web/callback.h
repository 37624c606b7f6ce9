/* callback.h: the end of OAuth: state, code, who signed in, may they, store sealed. Layer:
 * web. Source: DESIGN.md 7 "Reconnect" (3), RFC 6749 4.1.2, 10.12, failures.md F20 to F31.
 */
#ifndef CW_WEB_CALLBACK_H
#define CW_WEB_CALLBACK_H

#include "web/app.h"

/* The one route of the program `callback`. app->extra is its struct oauth_ctx. */
extern const struct web_route callback_routes[];
extern const size_t callback_routes_n;

/* May whoever signed in take the seat that was expected? Pure. */
enum callback_verdict {
	CALLBACK_SAME,     /* it is the expected account */
	CALLBACK_APPROVED, /* another one, approved by an admin for this seat */
	CALLBACK_OTHER     /* another one */
};
struct callback_expected {
	int64_t procore_user_id; /* 0: not known yet */
	const char *login_folded;
	const char *approved_folded; /* NULL: no hand-over approved */
};
enum callback_verdict callback_compare(
    const struct callback_expected *want, int64_t got_id, const char *got_login_folded);

#endif
