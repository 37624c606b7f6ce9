/* house.h: the worker's house-keeping: what is kept how long, and the local things that can
 * be out of order. Layer: core. Source: DESIGN.md 7 (cause "local fault"), 9. */
#ifndef CW_CORE_HOUSE_H
#define CW_CORE_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/conf.h"
#include "io/db.h"

enum {
	/* Less free space than this at the database or the spool is an incident. */
	HOUSE_DISK_MIN_MB = 500,
	/* Audit rows that nobody sealed for this long: something is wrong with the sealing
	   itself. */
	HOUSE_UNSEALED_S = 60,
	/* Connect a project that nobody saved or looked at for this long is begun anew: what
	   it chose from is old, and names of others' projects need not lie about. */
	HOUSE_DRAFT_DAYS = 30
};

/* Remove what is older than retention_days, a bounded piece a call, once a day; drafts and
 * lists of Connect a project after HOUSE_DRAFT_DAYS, attempts a day after their end. *more: call again soon. errors  ERR_BUSY ERR_IO ERR_DB */
MUST_USE int house_clean(struct db *db, const struct conf *c, bool *more, struct err *e);
/* Remove unfinished files that a killed process left in the spool a day ago; others are
 * left alone. *n: how many. errors  ERR_IO the folder cannot be read */
MUST_USE int house_spool(const char *dir, int *n, struct err *e);
/* The audit trail's head to the log, so that a copy outside the database bears witness. */
MUST_USE int house_audit_head(struct db *db, struct err *e);
/* Are all keys here that stored pairs are sealed for, and readable? Opens or closes the incident "key", before a
 * restart of the worker would fail for it. */
MUST_USE int house_keys(struct db *db, const struct conf *c, struct err *e);
/* Free space; opens or closes the incident "disk". */
MUST_USE int house_disk(struct db *db, const struct conf *c, struct err *e);
/* The audit rows' seals; opens or closes the incident "audit". */
MUST_USE int house_unsealed(struct db *db, const struct conf *c, struct err *e);

#endif
