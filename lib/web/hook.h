/* hook.h: Procore's webhooks: secret, dedupe, queue, answer. Layer: web.
 * Source: DESIGN.md 5 "/hooks/procore"; research/procore.md 8 (payloads v2 to v4,
 * delivery). */
#ifndef CW_WEB_HOOK_H
#define CW_WEB_HOOK_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "io/conf.h"
#include "io/db.h"
#include "io/fcgi.h"
#include "io/json.h"
#include "store/hook_event.h"

/* app->arg of the program `hook`. An empty secret: webhooks are not set up, every request
 * is 404. */
struct hook {
	const struct conf *conf;
	struct db *db;
	struct secret secret;
};
/* One request: 200 kept or known, 400 no such payload, 401 wrong secret, 404, 405, 413, 503
 * database. */
void hook_handle(void *arg, struct fcgi_req *in, struct fcgi_resp *out);

/* Does the Authorization header carry the secret, alone or after "Bearer "? In constant
 * time for equal lengths. header may be NULL. */
bool hook_authorized(const struct secret *secret, const char *header);

/* The event of a payload; texts borrowed from j.
 * dedupe  room for a numeric id of the older payloads
 * errors  ERR_REMOTE no event in it: names the member that is missing */
MUST_USE int
hook_event_of(const struct json *j, char dedupe[64], struct hook_event *out, struct err *e);

#endif
