/* callback_pages.h: where a sign-in that did not end well ends: what happened, what to do.
 * Layer: web. */
#ifndef CW_WEB_CALLBACK_PAGES_H
#define CW_WEB_CALLBACK_PAGES_H

#include "core/cause.h"
#include "store/account.h"
#include "store/attempt.h"
#include "web/app.h"

/* A state that nobody here started, or that is too old to be kept. */
MUST_USE int callback_page_unknown(struct web_req *r, struct err *e);
/* A second visit with the same state: says what became of the first. */
MUST_USE int callback_page_used(struct web_req *r, const struct attempt *a, struct err *e);
MUST_USE int
callback_page_expired(struct web_req *r, const struct attempt *a, struct err *e);
MUST_USE int callback_page_other_browser(struct web_req *r, struct err *e);
MUST_USE int
callback_page_other_person(struct web_req *r, const struct attempt *a, struct err *e);
MUST_USE int callback_page_denied(
    struct web_req *r, const struct attempt *a, bool denied, struct err *e);
MUST_USE int callback_page_not_exchanged(struct web_req *r, const struct attempt *a,
    enum cause cause, const char *why, struct err *e);
/* Names both accounts and tells the way out of Procore's own session. */
MUST_USE int callback_page_wrong_account(struct web_req *r, const struct attempt *a,
    const struct account *want, const char *signed_in_as, struct err *e);

#endif
