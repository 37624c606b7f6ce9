/* bic_check.h: what was found out about a login before it is given a seat, so that nothing
 * is added until the person confirms. Layer: store. Table: bic_check. */
#ifndef CW_STORE_BIC_CHECK_H
#define CW_STORE_BIC_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum bic_known { BIC_UNKNOWN, BIC_YES, BIC_NO };

struct bic_check {
	int64_t id, connection_id, account_id;
	int64_t checked_at;             /* 0: still being checked */
	enum bic_known member, contact; /* of the Procore project, in Project Center */
	char rfi[64], submittal[64];    /* Procore's levels; "" not known */
	char waits[256];                /* why it takes longer: a service's words, or "" */
	char login[257], login_folded[257];
	bool signed_in; /* the account has a living sign-in */
};

/* Ask for a check; what an earlier one found is forgotten. *id: what the job is about.
 * Inside the caller's transaction when one is open. Role web. */
MUST_USE int bic_check_ask(struct db *db, int64_t connection_id, int64_t account_id,
    const char *user_name, int64_t *id, struct err *e);
/* *found false: there is none. Role web; role sync. */
MUST_USE int bic_check_find(struct db *db, int64_t connection_id, int64_t account_id,
    struct bic_check *out, bool *found, struct err *e);
MUST_USE int bic_check_get(
    struct db *db, int64_t id, struct bic_check *out, bool *found, struct err *e);
/* The check is over (checked_at set), or waits for a service (checked_at 0). Role sync. */
MUST_USE int bic_check_put(struct db *db, const struct bic_check *c, struct err *e);

#endif
