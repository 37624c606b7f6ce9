/* retry.h: what people do about items and issues. Layer: store. Tables: item, item_event,
 * issue. The pass that the caller wishes for (JOB_SYNC) finds the rows due. */
#ifndef CW_STORE_RETRY_H
#define CW_STORE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Due at once with a fresh count of tries. pull: read afresh from Procore, also when
 * nothing seems to have changed, or when it was left out because it is older than the
 * connection */
MUST_USE int retry_item(struct db *db, int64_t item_id, bool pull, struct err *e);
/* The same for all items of a connection that have an open issue. */
MUST_USE int retry_connection(struct db *db, int64_t connection_id, struct err *e);
/* One line in an item's history. */
MUST_USE int retry_event(
    struct db *db, int64_t item_id, const char *actor, const char *text, struct err *e);
/* errors: ERR_NOT_FOUND no such open issue */
MUST_USE int retry_dismiss(struct db *db, int64_t issue_id, const char *user_name,
    const char *reason, struct err *e);

#endif
