/* mark.h: where the next pass begins, and what the passes did. Layer: store. Tables: mark,
 * pass, pass_hour. */
#ifndef CW_STORE_MARK_H
#define CW_STORE_MARK_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct mark {
	int64_t until_at; /* everything updated before was seen; 0: no pass yet */
	int64_t pass_at;
};
/* side "procore" or "npc"; kind "rfi", "submittal", "rfi_bin", "submittal_bin"; account_id
 * 0 on the npc side. */
MUST_USE int mark_get(struct db *db, int64_t connection_id, const char *side,
    const char *kind, int64_t account_id, struct mark *out, struct err *e);
/* In the transaction of the rows it covers. Never moves back. */
MUST_USE int mark_set(struct db *db, int64_t connection_id, const char *side,
    const char *kind, int64_t account_id, int64_t until_at, int64_t now, struct err *e);

struct pass {
	int64_t account_id; /* 0: the npc side only */
	int64_t started_at, finished_at;
	int64_t found, done, skipped, failed, calls;
	const char *detail;
};
/* A pass that found something gets a row, a quiet one is counted by the hour. */
MUST_USE int
pass_add(struct db *db, int64_t connection_id, const struct pass *p, struct err *e);

#endif
