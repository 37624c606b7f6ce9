/* job.h: wishes and plans of the worker, one row a kind and subject. Layer: store. Table: job.
 *
 * A page writes a wish and sends a datagram (io/wake.h); a worker process claims the most urgent due row by
 * lease, runs one step, and finishes it: gone, or due again. A wish for a row that is running sets `again`,
 * so that no wish is lost. Each step may run twice: a process that dies leaves the row to the next. */
#ifndef CW_STORE_JOB_H
#define CW_STORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum job_kind {
	JOB_REFRESH,     /* account: refresh its token (also "prove" an idle one) */
	JOB_RESUME,      /* account: after a sign-in, check its seats and start the sync of its projects */
	JOB_CHECK_BIC,   /* bic: permissions, NPC contact */
	JOB_SYNC,        /* connection: one pass in both directions */
	JOB_CHOICES,     /* connection: read both response lists, propose defaults */
	JOB_REVOKE,      /* account: revoke the grant at Procore, drop the token */
	JOB_MAIL,        /* 0: send what is due in the outbox */
	JOB_INCIDENTS,   /* 0: reminders, digests, service alarms */
	JOB_SEAL_AUDIT,  /* 0: seal unsealed audit rows */
	JOB_CHECKPOINT,  /* 0: WAL checkpoint */
	JOB_CLEAN,       /* 0: retention */
	JOB_WEBHOOK,     /* connection: create, verify, repair or remove the hook */
	JOB_PLAN,        /* 0: look for accounts and connections that are due and lack a row */
	JOB_ROTATE_KEYS, /* 0: re-seal tokens for a new key */
	JOB_BROWSE,      /* account: list companies and projects for connecting */
	JOB_PULL,        /* a random number, so that wishes do not replace one another; arg: connection, kind, number, by */
	JOB_CHECK_LOGIN, /* bic_check: a login that may be given a seat */
	JOB_KIND_MAX
};
const char *job_kind_name(enum job_kind k); /* "refresh" ... as stored */

/* Smaller runs first: what people wait for, before what runs by itself. */
enum job_priority { JOB_PRIO_PERSON = 10, JOB_PRIO_RESUME = 20, JOB_PRIO_TOKEN = 30, JOB_PRIO_BUSY = 50, JOB_PRIO_QUIET = 70, JOB_PRIO_HOUSE = 90 };

struct job {
	int64_t id;
	enum job_kind kind;
	int64_t ref;
	char *arg; /* JSON text */
	int64_t due_at;
	int64_t tries;
	char owner[64];
};
void job_clear(struct job *j);

/* Ask for a job: a new row, or an existing one made due no later than due_at and at least this urgent. While
 * it runs (the running step itself may wish) it will run again at due_at, at once if that is past. Inside
 * the caller's transaction when one is open. Any role.
 * ref     id of what it is about, 0 for none
 * arg     JSON text, "" for {}; replaces an older wish's
 * due_at  not before, seconds since 1970
 * errors  ERR_BUSY, ERR_IO, ERR_DB as db_step
 * source  query JOB_WISH */
MUST_USE int job_wish(struct db *db, enum job_kind kind, int64_t ref, const char *arg, int priority, int64_t due_at,
    struct err *e);
/* Take the most urgent due row whose lease is free or over (leases that are over come first). *got false:
 * nothing due; *next_at is then when to ask again: the next due time or end of a lease (0: no rows).
 * owner   who leases ("pid.random"), at most 63 bytes
 * lease_s longer than any step of that kind
 * out     cleared by the caller with job_clear(); untouched unless *got
 * errors  ERR_BUG owner empty or too long; ERR_BUSY, ERR_IO; ERR_DB also a kind that this release does not know
 * source  queries JOB_PICK, JOB_LEASE, JOB_GET, JOB_NEXT */
MUST_USE int job_claim(struct db *db, const char *owner, int64_t now, int64_t lease_s, struct job *out, bool *got,
    int64_t *next_at, struct err *e);
/* The step is over: next_at 0 removes the row unless it was asked for again (then due as that wish said);
 * otherwise due at next_at or at that wish's time, if sooner. It falls back to its kind's own priority. Only
 * the owner's lease counts: a lease lost meanwhile makes this a no-op.
 * errors  ERR_BUSY, ERR_IO, ERR_DB; source  queries JOB_REMOVE, JOB_FREE */
MUST_USE int job_finish(struct db *db, const struct job *j, int64_t next_at, struct err *e);
/* The step failed: tries + 1, due at retry_at (or at a wish made meanwhile, if sooner), the message kept for
 * the Health page ("" is kept as "failed"). errors, source: as job_finish */
MUST_USE int job_fail(struct db *db, const struct job *j, int64_t retry_at, const char *message, struct err *e);
/* Is there such a job, waiting or running? Roles auth and sync. errors ERR_BUSY, ERR_DB; source query JOB_ASKED */
MUST_USE int job_asked(struct db *db, enum job_kind kind, int64_t ref, bool *yes, struct err *e);
/* It is wanted no more; one that runs just now ends as it ends. Role auth. source query JOB_CANCEL */
MUST_USE int job_cancel(struct db *db, enum job_kind kind, int64_t ref, struct err *e);
/* Free all leases of an owner prefix ("4711."), due at once: a worker process died.
 * errors  ERR_BUG an empty prefix; ERR_BUSY, ERR_IO; source  query JOB_RELEASE */
MUST_USE int job_release(struct db *db, const char *owner_prefix, struct err *e);
/* Free the leases of all owners, due at once: for the start of the one daemon of a database.
 * errors  ERR_BUSY, ERR_IO; source  query JOB_RELEASE */
MUST_USE int job_release_all(struct db *db, struct err *e);
/* Prolong the lease of a long step to until_at.
 * errors  ERR_BUSY the lease was lost: stop without further effect; ERR_IO; source  query JOB_EXTEND */
MUST_USE int job_extend(struct db *db, const struct job *j, int64_t until_at, struct err *e);

#endif
