/* denial.h: which denied POSTs were noted in the last minute. Layer: store. Table: audit_denied. */
#ifndef CW_STORE_DENIAL_H
#define CW_STORE_DENIAL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* *first true: none of this person and target in the last DENIAL_EVERY_S seconds. */
enum { DENIAL_EVERY_S = 60 };
MUST_USE int denial_note(struct db *db, const char *user_name, const char *target, bool *first, struct err *e);

#endif
