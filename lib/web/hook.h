/* hook.h: takes Procore's webhooks: secret, dedupe, queue, answer in milliseconds. Layer:
 * web. Source: DESIGN.md 2 and 4, procore.md 8. No person is behind a webhook: REMOTE_USER
 * is never looked at; what counts is the secret in Authorization. Procore repeats until it
 * reads 2xx, and meanwhile holds back all later events of the hook. */
#ifndef CW_WEB_HOOK_H
#define CW_WEB_HOOK_H

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "io/conf.h"
#include "io/db.h"
#include "io/fcgi.h"

enum {
	/* One action of a person makes several events: they are waited for, so that one
	   pass serves them all. */
	HOOK_GATHER_S = 1
};

struct hook {
	struct conf conf;
	struct db *db;        /* role hook */
	struct secret secret; /* empty: this installation has no webhooks, everything is
				 answered 404 */
	char *path;           /* "/connectorweb/hooks/procore" */
};

/* Take over conf (also on failure), open the database and load the secret.
 * errors  ERR_IO, ERR_INPUT the secret; as db_open */
MUST_USE int hook_open(struct conf *conf, struct hook *out, struct err *e);
void hook_close(struct hook *h); /* accepts a zeroed one */

/* One request; arg is struct hook. 200 taken (also: known already, not ours, our own
 * change); 400 malformed; 401 wrong secret; 404 other paths, or no webhooks here; 405 not a
 * POST; 413 too large; 503 try again. */
void hook_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp);

#endif
