/* webhook.h: keeps the hook at Procore of each connection as it should be. Layer: core.
 * Source: DESIGN.md 8 (last point before "Project Center side"), procore.md 8, failures.md
 * F44.
 *
 * Webhooks only make sync faster: what they miss is found by polling, and nothing here
 * stops a pass. Hooks are found again by their namespace, which is this installation's own;
 * so making one needs no journal: a hook whose making was not answered is seen at the next
 * look. */
#ifndef CW_CORE_WEBHOOK_H
#define CW_CORE_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/oauth_token.h"

enum {
	/* A hook is looked at this often, whatever happens. */
	WEBHOOK_CHECK_S = 86400,
	/* Lists lag behind events: one read sooner than this after an event does not cover
	   it. */
	WEBHOOK_LAG_S = 60
};

/* One look at a connection's hook (job "webhook"): made, checked, mended, or removed when
 * it is switched off, paused, disconnected, or the installation has no webhooks. *next_at
 * when to look again; 0: there is none and none is wanted errors    ERR_DB, ERR_BUSY,
 * ERR_IO, ERR_NOT_FOUND: on our side. What Procore would not do is in webhook.error */
MUST_USE int
webhook_run(struct oauth_ctx *x, int64_t connection_id, int64_t *next_at, struct err *e);

/* Job rows for the connections that lack them. Once in a while. */
MUST_USE int webhook_plan(struct db *db, const struct conf *c, struct err *e);

/* ---- for sync */
/* Would the hook have told of a change since the list was read at listed_at? It has spoken
 * before, and is as it should be (core/pace says how long the list then may rest).
 * listed_at  end of the last complete reading by that account; 0: never
 * errors     ERR_DB, ERR_BUSY, ERR_IO */
MUST_USE int webhook_vouches(struct db *db, int64_t connection_id, int64_t listed_at,
    bool *vouches, struct err *e);
/* A planned reading found changes though no event waits; the one before ended at listed_at.
 * If the hook should have spoken meanwhile, it is doubted and looked at. */
MUST_USE int
webhook_judge(struct db *db, int64_t connection_id, int64_t listed_at, struct err *e);

#endif
