/* token.h: sealed token pairs, the refresh lease, the journal of token calls, evidence. Layer: store.
 * Tables: token, token_lease, token_journal, seal_key, call_evidence. Nothing here opens a seal. */
#ifndef CW_STORE_TOKEN_H
#define CW_STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/db.h"

struct token_row {
	int64_t generation;
	char writer_key_id[32], reader_key_id[32];
	char writer_public_hex[65]; /* "" when that key is not known here */
	struct buf access, refresh; /* sealed */
};
void token_row_clear(struct token_row *t);

/* Replace the pair; reads nothing, so that callback may. */
MUST_USE int token_put(struct db *db, int64_t account_id, const struct token_row *t, struct err *e);
/* errors  ERR_NOT_FOUND no pair stored. Worker only (the authorizer refuses others). */
MUST_USE int token_get(struct db *db, int64_t account_id, struct token_row *out, struct err *e);
MUST_USE int token_delete(struct db *db, int64_t account_id, struct err *e);

/* Take the lease if it is free or over. *got says whether. */
MUST_USE int token_lease_take(struct db *db, int64_t account_id, const char *owner, int64_t generation,
    int64_t until_at, bool *got, struct err *e);
/* Does another process hold it now? */
MUST_USE int token_lease_elsewhere(struct db *db, int64_t account_id, const char *owner, bool *held, struct err *e);
MUST_USE int token_lease_free(struct db *db, int64_t account_id, const char *owner, struct err *e);
/* How many refreshes are in flight, all processes together. */
MUST_USE int token_leases_held(struct db *db, int64_t *n, struct err *e);

/* account_id 0: an exchange whose person is not known yet. kind: exchange refresh revoke. */
MUST_USE int token_journal_add(struct db *db, int64_t account_id, const char *kind, int64_t generation,
    const char *owner, int64_t *id, struct err *e);
/* state: done refused unsent unknown. status 0: no answer. account_id fills one that was not known. */
MUST_USE int token_journal_end(struct db *db, int64_t id, const char *state, int status, const char *detail,
    int64_t account_id, struct err *e);
/* Calls of this generation whose answer never came: all, and those whose process died before it could say so. */
MUST_USE int token_journal_open(struct db *db, int64_t account_id, int64_t generation, int64_t *lost,
    int64_t *abandoned, struct err *e);
/* Turn the abandoned ones into "unknown". */
MUST_USE int token_journal_give_up(struct db *db, int64_t account_id, int64_t generation, struct err *e);
/* The same for those begun before `before_at` that no later renewal would come across: exchanges, revocations, and
 * renewals of generations that are past.
 * source  query JOURNAL_GIVE_UP_OLD */
MUST_USE int token_journal_give_up_old(struct db *db, int64_t before_at, struct err *e);

/* Public halves of keys. use: reader, writer (callback), worker_writer. */
MUST_USE int token_key_put(struct db *db, const char *key_id, const char *use, const char *public_hex, struct err *e);

/* The newest key of a use that is not retired. *known false: none. */
MUST_USE int token_key_current(struct db *db, const char *use, char key_id[32], bool *known, struct err *e);

/* Keep one call for the evidence file; the oldest beyond `keep` go (0: no trimming, callback). */
struct token_call {
	int64_t account_id;
	int64_t company_id, project_id; /* Procore's; 0: none */
	const char *call, *stage, *request_id, *answer;
	int status;
};
MUST_USE int token_evidence_add(struct db *db, const struct token_call *c, int keep, struct err *e);

#endif
