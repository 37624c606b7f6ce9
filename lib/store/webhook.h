/* webhook.h: the hook that we keep at Procore for a connection. Layer: store. Tables:
 * webhook, connection. Statements: sql/queries/webhook.sql. */
#ifndef CW_STORE_WEBHOOK_H
#define CW_STORE_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* What a connection says about its hook. */
struct webhook_wanted {
	int64_t company_id, project_id, changed_at;
	bool active, disconnected; /* neither: paused */
	bool wanted;               /* real-time sync is switched on */
};
/* errors  ERR_NOT_FOUND; ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_WANTED */
MUST_USE int webhook_wanted(
    struct db *db, int64_t connection_id, struct webhook_wanted *out, struct err *e);

struct webhook {
	char *hook_id, *api, *triggers,
	    *error;            /* owned; "" where there is none; NULL: no row */
	bool active;           /* as it should be at the last look */
	int64_t checked_at;    /* 0: never */
	int64_t last_event_at; /* 0: none, or none since one was missed */
};
void webhook_clear(struct webhook *w); /* accepts a zeroed one */
/* A connection without a row gives a zeroed out.
 * errors  ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_GET */
MUST_USE int
webhook_get(struct db *db, int64_t connection_id, struct webhook *out, struct err *e);
/* Write all but last_event_at.
 * unproven  it had to be made or mended: no event counts as received by it yet
 * errors    ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_PUT */
MUST_USE int webhook_put(struct db *db, int64_t connection_id, const struct webhook *w,
    bool unproven, struct err *e);
/* errors  ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_DROP */
MUST_USE int webhook_drop(struct db *db, int64_t connection_id, struct err *e);
/* A change came that no event had announced: until the next event the hook proves nothing.
 * errors  ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_DOUBT */
MUST_USE int webhook_doubt(struct db *db, int64_t connection_id, struct err *e);
/* A job row for every connection that has a hook, or should have one.
 * on      this installation has webhooks
 * errors  ERR_BUSY, ERR_DB, ERR_IO; source  query WEBHOOK_PLAN */
MUST_USE int webhook_plan_rows(struct db *db, bool on, int64_t now, struct err *e);

#endif
