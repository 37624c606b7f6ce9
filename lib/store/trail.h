/* trail.h: rows of the audit trail and of meta. Layer: store. Sealing is core/audit. */
#ifndef CW_STORE_TRAIL_H
#define CW_STORE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct trail_row {
	int64_t id, at;
	const char *actor, *action, *target, *detail; /* borrowed while the callback runs */
	const void *mac; /* NULL: not sealed */
	size_t mac_len;
};
MUST_USE int trail_add(struct db *db, int64_t at, const char *actor, const char *action, const char *target,
    const char *detail, struct err *e);
/* Call fn for rows in id order: the unsealed ones, or those after an id; at most max; *n is how many.
 * fn answers -1 (with e filled) to stop. */
typedef int (*trail_fn)(void *arg, const struct trail_row *r, struct err *e);
MUST_USE int trail_unsealed(struct db *db, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e);
MUST_USE int trail_walk(struct db *db, int64_t after_id, int64_t max, trail_fn fn, void *arg, int64_t *n, struct err *e);
/* The seal of the last row before id, copied; *len 0: there is no such row, or it has none. */
MUST_USE int trail_mac_before(struct db *db, int64_t id, void *dst, size_t size, size_t *len, bool *exists,
    struct err *e);
MUST_USE int trail_set_mac(struct db *db, int64_t id, const void *mac, size_t n, struct err *e);
/* The oldest row that is not sealed, and how many there are; *at 0: none. */
MUST_USE int trail_oldest_unsealed(struct db *db, int64_t *at, int64_t *n, struct err *e);

/* Facts about the installation. *out owned by the caller, NULL when there is no such row. */
MUST_USE int meta_get(struct db *db, const char *key, char **out, struct err *e);
MUST_USE int meta_set(struct db *db, const char *key, const char *value, struct err *e);

#endif
