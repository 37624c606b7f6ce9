/* audit.h: the audit trail: rows inserted plain by every program, sealed in order by the worker. Layer: core.
 * Source: DESIGN.md 9. */
#ifndef CW_CORE_AUDIT_H
#define CW_CORE_AUDIT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "io/db.h"
#include "io/json.h"

/* Insert one row, inside the caller's transaction when one is open.
 * detail  JSON object or NULL; never a secret; not taken over */
MUST_USE int audit_add(struct db *db, const char *actor, const char *action, const char *target,
    const struct json *detail, struct err *e);
/* The same for what the worker does: target is "what id" ("connection 12"), actor "worker".
 * source  DESIGN.md 11.7 */
MUST_USE int audit_worker(struct db *db, const char *action, const char *what, int64_t id, const struct json *detail,
    struct err *e);
/* Seal up to max rows in id order; *sealed is how many. Worker only. */
MUST_USE int audit_seal(struct db *db, const struct secret *key, int max, int *sealed, struct err *e);
struct audit_report {
	int64_t rows, unsealed;
	int64_t first_bad_id; /* 0: all good */
	char head_hex[65];
};
/* Walk all rows and compare. errors: ERR_DB, ERR_IO; a broken chain is no error, it is in the report */
MUST_USE int audit_verify(struct db *db, const struct secret *key, struct audit_report *out, struct err *e);

#endif
