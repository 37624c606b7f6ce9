/* evidence.h: all that is known about one Procore login, as a text for support. Layer: core.
 * Source: research/failures.md F40, issue "the life of a connection". */
#ifndef CW_CORE_EVIDENCE_H
#define CW_CORE_EVIDENCE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/db.h"

/* Append the account, its people, projects, incidents, mails, token calls and failed calls;
 * without tokens, keys and passwords: none of the rows holds any.
 * admin_id  the Project Admin it is for, person.id: other projects, what was called for
 *           them and who was mailed about them are left out; 0: all
 * errors    ERR_DB, ERR_BUSY, ERR_IO; ERR_LIMIT more than out takes
 * source    store/report */
MUST_USE int evidence_write(
    struct db *db, int64_t account_id, int64_t admin_id, struct buf *out, struct err *e);

#endif
