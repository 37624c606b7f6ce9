/* issue.h: Sync Issues. Layer: store. Table: issue. At most one open issue a connection,
 * item, direction and code; the words of code come from core/plan and core/cause. */
#ifndef CW_STORE_ISSUE_H
#define CW_STORE_ISSUE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Open, or count one more try on the open one.
 * item_id    0: the connection as a whole
 * direction  "to_npc", "to_procore", "none" */
MUST_USE int
issue_open(struct db *db, int64_t connection_id, int64_t item_id, const char *direction,
    const char *code, const char *message, const char *remedy, int64_t now, struct err *e);
/* Clear an item's open issues of a direction ("": all), but for the one with code `but`
 * ("": none). */
MUST_USE int issue_clear_item(struct db *db, int64_t item_id, const char *direction,
    const char *but, const char *reason, int64_t now, struct err *e);
/* Clear a connection's own open issue of a code. */
MUST_USE int issue_clear_connection(struct db *db, int64_t connection_id, const char *code,
    const char *reason, int64_t now, struct err *e);

#endif
