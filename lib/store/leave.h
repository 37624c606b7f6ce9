/* leave.h: what a person leaves behind: seats and accounts that are theirs alone. Layer:
 * store. Tables: person_account, bic. Role web. Everywhere: ERR_BUSY, ERR_DB. */
#ifndef CW_STORE_LEAVE_H
#define CW_STORE_LEAVE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* A seat; texts are borrowed while fn runs. next: login of who would carry on, "" nobody */
struct leave_seat {
	int64_t connection_id;
	const char *number, *name, *login, *next;
};
typedef void (*leave_seat_fn)(void *arg, const struct leave_seat *s);
MUST_USE int
leave_seats(struct db *db, int64_t person_id, leave_seat_fn fn, void *arg, struct err *e);
/* Accounts of this person that nobody who stays has too. *n: how many are there, at most
 * max are in ids */
MUST_USE int leave_accounts(
    struct db *db, int64_t person_id, int64_t *ids, size_t max, size_t *n, struct err *e);
/* Give up all seats of an account. */
MUST_USE int leave_unseat(struct db *db, int64_t account_id, struct err *e);

#endif
