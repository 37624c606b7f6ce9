/* item_cost.h: what items that were worked off have cost. Layer: store. Table: item_cost.
 * Statement: ITEM_COST_ADD. */
#ifndef CW_STORE_ITEM_COST_H
#define CW_STORE_ITEM_COST_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* One more item. Older ones count less and less: Procore and the files of a project change.
 *
 * kind    "rfi" or "submittal"
 * way     "in": taken over into Project Center; "out": an answer of it sent to Procore
 * calls   to Procore, >= 0
 * ms      from its first look to its end, >= 0
 * errors  ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int item_cost_add(struct db *db, const char *kind, const char *way, int64_t calls,
    int64_t ms, struct err *e);

#endif
