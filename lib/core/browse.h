/* browse.h: read the lists that Connect a project chooses from (job "browse"). Layer: core.
 * Source: DESIGN.md 2 (pages never talk to Procore or Project Center). */
#ifndef CW_CORE_BROWSE_H
#define CW_CORE_BROWSE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/sync.h"

/* Read every list of an account that was asked for since it was read last.
 * account_id  0: Project Center's projects; else companies and projects as this account
 *             sees them
 * errors      ERR_DB, ERR_BUSY, ERR_IO: on our side. What the other side would not do is
 *             written beside the list, for the page. */
MUST_USE int browse_run(struct sync_ctx *x, int64_t account_id, struct err *e);

#endif
