/* work.h: one step of the worker: which job does what, and when it runs again. Layer: core. */
#ifndef CW_CORE_WORK_H
#define CW_CORE_WORK_H

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "core/mail.h"
#include "core/sync.h"
#include "store/job.h"

struct work_ctx {
	struct sync_ctx *sync;         /* holds the oauth context, the database and the configuration */
	struct mail_ctx *mail;
	const struct secret *audit_key;
	/* Wake socket of the sibling processes: told once that there may be more to do, as soon as a job was found;
	 * then NULL. One datagram wakes one process, so this is how a burst reaches all. */
	const char *rouse;
};

/* Longest lease of a step, and of a pass of a connection with large files. They matter only when a whole
 * daemon hangs: leases of dead processes are given back by their parent, and at the next start. */
enum { WORK_LEASE_S = 300, WORK_LEASE_SYNC_S = 6 * 3600 };
/* The worker looks at the table at least this often, also when no datagram woke it. */
enum { WORK_LOOK_MS = 2000 };

/* Rows that must exist for the house-keeping to run; for every start. */
MUST_USE int work_plan_house(struct db *db, struct err *e);
/* Claim one due job and run it. *ran false: nothing was due; *next_at: when something will be (0: nothing).
 * A failing step is recorded in its row and retried; errors here are those of the table itself. */
MUST_USE int work_step(struct work_ctx *w, const char *owner, bool *ran, int64_t *next_at, struct err *e);

#endif
