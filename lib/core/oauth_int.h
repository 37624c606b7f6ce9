/* oauth_int.h: what the files of oauth_token share. Layer: core, private to core/oauth_*.c. */
#ifndef CW_CORE_OAUTH_INT_H
#define CW_CORE_OAUTH_INT_H

#include "core/oauth_token.h"
#include "store/account.h"
#include "store/token.h"

/* What one call to the token endpoint came to. */
struct oauth_answer {
	enum cause cause;      /* CAUSE_NONE: pair is filled */
	struct oauth_pair pair;
	enum http_stage stage;
	int status;
	int64_t retry_after_s; /* 0: none */
	bool dated;            /* the answer told Procore's time */
	int64_t ahead_s;       /* by how much that is ahead of ours */
	char code[64];         /* OAuth error code; "" none */
	char why[256];         /* for people */
};
void oauth_answer_clear(struct oauth_answer *a);

/* POST /oauth/token with a refresh token, or with a code and its verifier. Evidence is the caller's. */
MUST_USE int oauth_post_refresh(struct oauth_ctx *x, int64_t account_id, const struct secret *refresh,
    struct oauth_answer *out, struct err *e);
MUST_USE int oauth_post_code(struct oauth_ctx *x, const char *code, const char *verifier, struct oauth_answer *out,
    struct err *e);
/* POST /oauth/revoke; *status 0: no answer. */
MUST_USE int oauth_post_revoke(struct oauth_ctx *x, const struct secret *token, int *status, char why[256],
    struct err *e);

/* Does the account have a sign-in that works or may work? */
bool oauth_alive(const struct account *a);
/* Refresh now if the generation is still this one, at once when `forced` (the access token is known to be dead,
 * so a suspect pair has nothing left to spare). *got and errors as oauth_refresh(). */
MUST_USE int oauth_renew(struct oauth_ctx *x, int64_t account_id, int64_t generation, bool forced,
    enum oauth_got *got, struct err *e);

/* Seal a pair for the worker's current key; out is cleared by the caller (token_row_clear).
 * errors  ERR_LIMIT the pair is too long */
MUST_USE int oauth_seal(struct oauth_ctx *x, int64_t account_id, int64_t generation, const struct secret *access,
    const struct secret *refresh, struct token_row *out, struct err *e);
/* Open one half of the stored pair: purpose "access" or "refresh".
 * errors  ERR_NOT_FOUND no pair; ERR_BUSY another generation is stored; ERR_IO its key is not here;
 *         ERR_INPUT altered, or sealed by somebody else */
MUST_USE int oauth_open(struct oauth_ctx *x, int64_t account_id, int64_t generation, const char *purpose,
    struct secret *out, struct err *e);
/* The same for a pair in use. One that the right key does not open is damaged for good: the sign-in is marked as
 * lost, its owner is told, and *got is OAUTH_NONE. Outside a transaction. errors as oauth_open, less ERR_INPUT */
MUST_USE int oauth_unseal(struct oauth_ctx *x, const struct account *a, const char *purpose, struct secret *out,
    enum oauth_got *got, struct err *e);

/* Seal the stored pair anew for the worker's current key, if it is sealed for another: one transaction, compared
 * with generation and key, so that a pair stored meanwhile stays.
 * errors  ERR_INPUT no key here opens it (names account and key); ERR_DB, ERR_IO, ERR_BUSY */
MUST_USE int oauth_reseal(struct oauth_ctx *x, int64_t account_id, struct err *e);

#endif
