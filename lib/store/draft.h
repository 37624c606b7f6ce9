/* draft.h: a connection while it is set up: a row in state `disconnected`, so that nothing
 * is synchronised yet, while the worker can check its seat and read its lists. The same row
 * comes back when a pair that was disconnected is connected again: its links stay.
 * Layer: store. Tables: connection, company. Role web. Everywhere: ERR_BUSY, ERR_DB. */
#ifndef CW_STORE_DRAFT_H
#define CW_STORE_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct draft {
	int64_t id;
	char npc_id[256], npc_number[256], npc_name[513], npc_server[256];
	int64_t company_id, procore_id;
	char procore_number[256], procore_name[513], company[513];
	bool back;    /* it was connected before */
	bool reading; /* the lists of responses are still to be read */
	bool webhooks; /* real-time sync was wanted when it was connected before */
};
/* The row of this pair: found or added, with the names as given. d->id is filled.
 * back, reading, webhooks: not used */
MUST_USE int draft_ensure(struct db *db, struct draft *d, struct err *e);
/* errors: ERR_NOT_FOUND no such row, or it is connected */
MUST_USE int draft_get(struct db *db, int64_t id, struct draft *out, struct err *e);
/* Is it connected already, by this very person? (The form was sent twice.) */
MUST_USE int draft_saved(
    struct db *db, int64_t id, const char *user_name, bool *yes, struct err *e);
/* The connection that has one of the two projects; *id 0: none. */
MUST_USE int draft_taken(
    struct db *db, const char *npc_id, int64_t procore_id, int64_t *id, struct err *e);
/* While it is set up for the first time only this account has a seat: others lose theirs.
 */
MUST_USE int draft_only_seat(struct db *db, int64_t id, int64_t account_id, struct err *e);
/* Connected from now on, with real-time sync or without. errors: ERR_NOT_FOUND it is no
 * draft any more */
MUST_USE int draft_open(
    struct db *db, int64_t id, const char *user_name, bool webhooks, struct err *e);

#endif
