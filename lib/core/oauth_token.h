/* oauth_token.h: the life of a token pair: exchange, keep, refresh, revoke. Layer: core.
 * Source: DESIGN.md 7 "Refresh" and "Seals", RFC 6749 4.1.3, 5, 6, RFC 7009, procore.md 2.
 *
 * Procore's refresh tokens are single use and die even when the answer is lost. Hence: one refresh at a time
 * an account (a lease row longer than every timeout in it), intent journalled before the call, the new pair
 * committed in one transaction before its first use, and every write compared with the generation. */
#ifndef CW_CORE_OAUTH_TOKEN_H
#define CW_CORE_OAUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "core/cause.h"
#include "core/keys.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/db.h"
#include "io/http.h"

/* What token work needs; all borrowed for the life of the program. */
struct oauth_ctx {
	struct db *db;                     /* role auth (callback) or sync (worker) */
	const struct conf *conf;
	struct http *http;
	const struct secret *client_secret;
	const struct crypt_key *writer;    /* own sealing key, secret half */
	const struct crypt_key *reader;    /* the worker's key: public half; secret half too in the worker */
	const char *owner;                 /* "pid.random": leases and journal */
	int total_ms;                      /* deadline of one call; 0: OAUTH_TOTAL_MS (the worker) */
	struct keys_ring *ring;            /* worker: writer and reader are its `current`; NULL: only these two */
};

/* Deadlines of one call to the token endpoint, and the lease that outlives them by construction:
 * connect and transfer, plus the store with its busy timeout, plus as much again for a stopped machine. */
enum {
	OAUTH_CONNECT_MS = 5000,
	OAUTH_TOTAL_MS = 20000,
	/* A person waits for callback: its at most three calls take 15 s in all (DESIGN.md 2). */
	OAUTH_CALLBACK_MS = 5000,
	OAUTH_LEASE_S = 2 * (OAUTH_TOTAL_MS + DB_BUSY_MS) / 1000
};

struct oauth_pair {
	struct secret access;
	struct secret refresh;   /* empty: the answer had none, the old one stays */
	int64_t expires_in_s;
	int64_t expires_at;      /* on our clock, corrected by the server's Date */
};
void oauth_pair_clear(struct oauth_pair *p);

/* Exchange a code (callback). One call; not repeated. Journalled with account 0.
 * *cause  CAUSE_NONE and *out filled, or why not, with why[] for people
 * errors  ERR_DB, ERR_BUSY, ERR_IO, ERR_BUG: nothing was sent */
MUST_USE int oauth_exchange(struct oauth_ctx *x, const char *code, const char *verifier, struct oauth_pair *out,
    enum cause *cause, char why[256], struct err *e);

/* Who signed in. */
struct oauth_me {
	int64_t id;
	char login[257];
	char name[513];
};
/* GET /rest/v1.0/me with a token that is not stored yet. *status: 200, or what came (0 none). */
MUST_USE int oauth_me(struct oauth_ctx *x, const struct secret *access, struct oauth_me *out, int *status,
    char why[256], struct err *e);

/* Seal and store a fresh pair for an account in one transaction: generation + 1, state ok, proved now, refresh
 * planned; joins the running transaction when one is open.
 * me      NULL, or the identity to record (procore_user_id, name)
 * errors  ERR_BUSY the generation is no longer `generation`; ERR_DB, ERR_IO */
MUST_USE int oauth_store(struct oauth_ctx *x, int64_t account_id, int64_t generation, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e);

/* A token at the moment of use. */
struct oauth_token {
	struct secret access;
	int64_t generation;
};
enum oauth_got {
	OAUTH_GOT,    /* *out is filled */
	OAUTH_LATER,  /* refresh under way elsewhere, or Procore not reachable: try later, nobody's fault */
	OAUTH_NONE    /* no living sign-in: account.state and .cause say why */
};
/* Open the stored access token; refresh first when it has expired or is within the margin and may be
 * refreshed. A suspect account keeps working on its access token. Worker only.
 * source  DESIGN.md 7: margin = min(token_refresh_margin_minutes, a quarter of expires_in) */
MUST_USE int oauth_access(struct oauth_ctx *x, int64_t account_id, struct oauth_token *out, enum oauth_got *got,
    struct err *e);
void oauth_token_clear(struct oauth_token *t);

/* A REST call with this generation was answered 401. Refreshes once unless somebody already did; then the
 * caller repeats its call once with what is handed out. */
MUST_USE int oauth_rejected(struct oauth_ctx *x, int64_t account_id, int64_t generation, struct oauth_token *out,
    enum oauth_got *got, struct err *e);

/* Refresh now if the generation is still this one (job "refresh", daily proof). *got as above without token. */
MUST_USE int oauth_refresh(struct oauth_ctx *x, int64_t account_id, int64_t generation, enum oauth_got *got,
    struct err *e);

/* A fact learnt from a call: final loss of the sign-in (CAUSE_SIGN_IN_LOST), with Procore's words. Opens the
 * incident. Ignored when the generation moved on (F4). */
MUST_USE int oauth_mark_lost(struct oauth_ctx *x, int64_t account_id, int64_t generation, enum cause cause,
    const char *text, struct err *e);
/* A call worked: account.proved_at, at most one write a minute an account. */
MUST_USE int oauth_proved(struct oauth_ctx *x, int64_t account_id, struct err *e);

/* Revoke a pair at Procore (RFC 7009): one call, journalled.
 * errors  ERR_REMOTE Procore did not answer, or not with 200; ERR_DB, ERR_BUSY, ERR_IO */
MUST_USE int oauth_revoke(struct oauth_ctx *x, int64_t account_id, const struct secret *access, struct err *e);
/* Revoke the stored pair, then drop it: account.state becomes `after` ("needed" or "removed"), with a row in the
 * audit trail. A pair that is dead already is only dropped. Until Procore has said yes nothing is forgotten: the
 * caller (job "revoke") tries again, and the message says why. Worker only.
 * errors  ERR_REMOTE as oauth_revoke(); ERR_BUSY no usable token just now, or signed in again meanwhile */
MUST_USE int oauth_drop(struct oauth_ctx *x, int64_t account_id, const char *after, struct err *e);

/* Remember a call for the evidence file: redacted, the last EVIDENCE_KEPT an account. */
enum { EVIDENCE_KEPT = 40 };
struct oauth_called {
	int64_t account_id;
	int64_t company_id, project_id; /* Procore's, that it was for; 0: none */
	const char *method, *path;
};
MUST_USE int oauth_evidence(struct oauth_ctx *x, const struct oauth_called *c, const struct http_resp *r,
    struct err *e);

#endif
