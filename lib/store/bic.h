/* bic.h: ball-in-court seats as people change them. Layer: store. Table: bic. */
#ifndef CW_STORE_BIC_H
#define CW_STORE_BIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Give an account the last seat of a connection, unless it has one. *id: the seat. *added
 * false: it had. */
MUST_USE int bic_add(struct db *db, int64_t connection_id, int64_t account_id,
    const char *user_name, int64_t *id, bool *added, struct err *e);
/* *id 0: it has none. */
MUST_USE int bic_find(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t *id, struct err *e);
/* errors: ERR_NOT_FOUND no such seat in use */
MUST_USE int bic_remove(struct db *db, int64_t id, int64_t connection_id, struct err *e);
/* Number the seats from 1 in this order. */
MUST_USE int bic_order(struct db *db, const int64_t *ids, size_t n, struct err *e);

#endif
