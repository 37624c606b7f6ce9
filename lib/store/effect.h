/* effect.h: the journal of what we do to the outside. Layer: store. Table: effect. Source:
 * STYLE.md 8.
 *
 * effect_begin (committed) - the call - effect_done (committed with the rows that follow
 * from it). What is found begun by somebody else was perhaps done: look on the other side
 * first. */
#ifndef CW_STORE_EFFECT_H
#define CW_STORE_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum effect_state {
	EFFECT_FRESH,    /* begun just now: call */
	EFFECT_IN_DOUBT, /* begun before, the answer is not known: look first */
	EFFECT_DONE      /* result is known */
};

struct effect {
	int64_t id;
	enum effect_state state;
	char *request;     /* owned; as first stored, also for EFFECT_FRESH */
	char *result;      /* owned; "" unless done */
	int64_t called_at; /* when it was (perhaps) called */
	int64_t look_at;   /* in doubt: when looking in vain is a proof; 0 not set yet */
	int64_t tries;
};
void effect_clear(struct effect *f); /* accepts a zeroed one */

/* Find the effect or begin it, committed when this returns (no transaction may be open).
 * One that was refused or never left is begun again with the new request. key      what
 * makes it the same effect: "npc.create:rfi:7:4242" item_id, account_id  0: none request
 * JSON, enough to look for it or do it again errors   ERR_BUG inside a transaction;
 * ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int effect_begin(struct db *db, const char *key, int64_t connection_id,
    int64_t item_id, const char *kind, int64_t account_id, const char *request, int64_t now,
    struct effect *out, struct err *e);
/* The same without beginning it; EFFECT_FRESH: it was refused, or nothing was ever sent. */
MUST_USE int
effect_find(struct db *db, const char *key, struct effect *out, bool *found, struct err *e);
/* Looked in vain: about to be called once more, committed when this returns. */
MUST_USE int effect_again(
    struct db *db, struct effect *f, int64_t account_id, int64_t now, struct err *e);
/* What came of it; inside the caller's transaction with the rows that follow from it. */
MUST_USE int effect_done(
    struct db *db, const struct effect *f, const char *result, int64_t now, struct err *e);
MUST_USE int effect_refused(
    struct db *db, const struct effect *f, const char *detail, int64_t now, struct err *e);
/* No byte left: next time it is simply called. */
MUST_USE int
effect_unsent(struct db *db, const struct effect *f, const char *detail, struct err *e);
/* The answer was lost: look at look_at. */
MUST_USE int effect_unknown(struct db *db, const struct effect *f, int64_t look_at,
    const char *detail, struct err *e);
/* Both sides of an item have been read and agree: writes that only set values in Project
 * Center (npc.update, npc.reopen), whose end a dead process could not record, were done or
 * are wanted no more. Inside the caller's transaction. errors: ERR_BUSY, ERR_DB, ERR_IO */
MUST_USE int effect_agreed(struct db *db, int64_t item_id, int64_t now, struct err *e);

#endif
