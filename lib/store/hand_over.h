/* hand_over.h: an admin's leave for another Procore login on a seat. Layer: store. Tables:
 * hand_over, bic. Everywhere: ERR_BUSY, ERR_DB. Source: sql/queries/hand_over.sql. */
#ifndef CW_STORE_HAND_OVER_H
#define CW_STORE_HAND_OVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct hand_over {
	int64_t id; /* 0: none stands */
	int64_t
	    connection_id;   /* of the one seat; 0: the person's login changed: all seats */
	char new_login[257]; /* folded */
	char approved_by[257];
};
/* The newest for this login that is neither used nor withdrawn (role auth), and the newest
 * that concerns a seat (role web). */
MUST_USE int hand_over_for(struct db *db, int64_t account_id, const char *login_folded,
    struct hand_over *out, struct err *e);
MUST_USE int hand_over_of_seat(struct db *db, int64_t account_id, int64_t connection_id,
    struct hand_over *out, struct err *e);
MUST_USE int hand_over_used(struct db *db, int64_t id, struct err *e);
/* connection_id 0: all seats of the account. login: as typed */
MUST_USE int hand_over_add(struct db *db, int64_t account_id, int64_t connection_id,
    const char *login, const char *user_name, struct err *e);
/* What stands for this seat, and with `all` what stands for the whole account. */
MUST_USE int hand_over_withdraw(
    struct db *db, int64_t account_id, int64_t connection_id, bool all, struct err *e);
/* Move the seat (connection_id 0: all) of an account to another one, unchecked; where that
 * one sits already, the old seat ends. Role auth. */
MUST_USE int hand_over_seats(
    struct db *db, int64_t from, int64_t to, int64_t connection_id, struct err *e);
/* Has the account any seat of a project that is not disconnected? */
MUST_USE int hand_over_seated(struct db *db, int64_t account_id, bool *yes, struct err *e);

#endif
