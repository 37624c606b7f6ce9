/* company.h: Procore companies: is our app connected there? Layer: store. Table: company.
 */
#ifndef CW_STORE_COMPANY_H
#define CW_STORE_COMPANY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct company_state {
	bool known;         /* there is a row with a state other than unknown */
	bool not_connected; /* the app is not connected at that company */
	int64_t since_at;
	int64_t next_try_at; /* 0: ask as usual; else no call to this company before */
	char name[257];      /* Procore's; "" not known */
};
MUST_USE int company_state_get(
    struct db *db, int64_t procore_company_id, struct company_state *out, struct err *e);
/* since_at moves only when the state changes. */
MUST_USE int company_state_put(struct db *db, int64_t procore_company_id,
    bool not_connected, int64_t next_try_at, int64_t now, struct err *e);

#endif
