/* clean.h: rows that have been kept long enough. Layer: store. Tables: mail, incident,
 * hook_event, pass, pass_hour, item_event, issue, call_evidence, token_journal, browse_list,
 * browse_row, connection and its seats (only what was never saved), job. The audit trail is
 * kept whole: its seals hang together. */
#ifndef CW_STORE_CLEAN_H
#define CW_STORE_CLEAN_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* In this order: mails before the incidents that they name. */
enum clean_what {
	CLEAN_MAILS,     /* sent, refused or dropped */
	CLEAN_INCIDENTS, /* closed, without mails */
	CLEAN_HOOKS,     /* handled webhooks */
	CLEAN_PASSES,
	CLEAN_EVENTS,      /* history of items that ended */
	CLEAN_ISSUES,      /* cleared or dismissed */
	CLEAN_CALLS,       /* evidence */
	CLEAN_TOKEN_CALLS, /* ended calls to the token endpoint */
	CLEAN_CHECKS,      /* of logins that might have been added */
	CLEAN_DRAFTS,      /* of Connect a project, never saved */
	CLEAN_LISTS,       /* that it chose from; sign-ins made only for it are revoked */
	CLEAN_WHAT_MAX
};

/* Remove at most max rows from before that time, in a transaction of their own; *n: how
 * many. errors  ERR_BUSY ERR_IO ERR_DB; source  queries CLEAN_* */
MUST_USE int clean_rows(
    struct db *db, enum clean_what what, int64_t before_at, int max, int *n, struct err *e);
/* Hours of quiet passes, connection by connection: those of at most max connections above
 * *after_id, which moves on; 0: all done. */
MUST_USE int
clean_hours(struct db *db, int64_t before_at, int max, int64_t *after_id, struct err *e);

#endif
