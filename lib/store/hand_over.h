/* hand_over.h: an admin's leave for another Procore account on a seat. Layer: store. Table: hand_over. */
#ifndef CW_STORE_HAND_OVER_H
#define CW_STORE_HAND_OVER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct hand_over {
	int64_t id; /* 0: none stands */
	char new_login[257];
};
/* The newest that is neither used nor withdrawn. */
MUST_USE int hand_over_open(struct db *db, int64_t account_id, struct hand_over *out, struct err *e);
MUST_USE int hand_over_used(struct db *db, int64_t id, struct err *e);

#endif
