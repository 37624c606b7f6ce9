/* sync.h: keeps one Project Center project and one Procore project in step. Layer: core.
 * Source: DESIGN.md 8, STYLE.md 8, newforma.md 4 and 10.
 *
 * A pass lists what changed on both sides into rows of `item` that are due (the mark moves
 * in the same transaction), then works off the due rows one by one: read, decide
 * (core/plan), act through the journal (store/effect). A process that dies at any commit
 * leaves rows that the next pass finishes. */
#ifndef CW_CORE_SYNC_H
#define CW_CORE_SYNC_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/npc.h"
#include "core/oauth_token.h"

/* What sync work needs; all borrowed for the life of the program. Role sync. */
struct sync_ctx {
	struct oauth_ctx oauth;
	struct npc *npc;
	const char *spool_dir;
};

/* One pass of a connection in both directions (job "sync").
 * *next_at  when the next one is due; 0: never (paused, disconnected)
 * errors    ERR_DB, ERR_BUSY, ERR_IO, ERR_NOT_FOUND: on our side. What Procore or Project
 * Center would not do is no error: it is in connection.sync_error, in issues and in the
 * items' history. */
MUST_USE int sync_run_connection(
    struct sync_ctx *x, int64_t connection_id, int64_t *next_at, struct err *e);

/* Check a BIC seat (job "check_bic"): Standard or Admin on RFIs and Submittals, an NPC
 * contact. Writes bic.state and which permission is missing on which tool; wakes what
 * waited for it. *retry_at  0: done; else a service would not answer: try again then */
MUST_USE int
sync_check_bic(struct sync_ctx *x, int64_t bic_id, int64_t *retry_at, struct err *e);

/* Check a login before it is given a seat (job "check_login"): whether the Procore project
 * knows it, by another BIC user's sign-in, or what it may do there by its own; an NPC
 * contact. Writes the row of bic_check, and nothing of the connection. *retry_at  as above
 */
MUST_USE int sync_check_login(
    struct sync_ctx *x, int64_t bic_check_id, int64_t *retry_at, struct err *e);

/* Read both lists of submittal responses (job "choices"); an empty response map gets
 * defaults by meaning. *retry_at  as above */
MUST_USE int
sync_choices(struct sync_ctx *x, int64_t connection_id, int64_t *retry_at, struct err *e);

/* Look an item up in Procore by its number and have it carried, whatever its age (job
 * "pull"). arg  JSON: connection, kind ("rfi", "submittal"), number, by (person's user name)
 * Not found: an issue of the connection. *retry_at  as above */
MUST_USE int
sync_pull(struct sync_ctx *x, const char *arg, int64_t *retry_at, struct err *e);

/* After a sign-in (job "resume"): wish a check of each seat of the account and a pass of
 * each of its projects; answers that waited for it are due at once. */
MUST_USE int sync_resume_account(struct sync_ctx *x, int64_t account_id, struct err *e);

#endif
