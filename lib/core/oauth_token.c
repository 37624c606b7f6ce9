/* A pair at rest and in use: store, exchange, hand out, mark as lost. Renewal: oauth_refresh.c. */
#include "config.h"

#include "core/oauth_token.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/incident.h"
#include "core/oauth_int.h"
#include "io/json.h"
#include "store/account.h"
#include "store/job.h"
#include "store/token.h"

/* An access token this close to its end is not handed out: the call would outlive it. */
enum { USABLE_S = 30 };

void
oauth_token_clear(struct oauth_token *t)
{
	secret_clear(&t->access);
	*t = (struct oauth_token){0};
}

bool
oauth_alive(const struct account *a)
{
	return a->state == ACCOUNT_OK || a->state == ACCOUNT_SUSPECT;
}

/* ---- store */

static int64_t
refresh_due(const struct conf *c, const struct oauth_pair *p)
{
	int64_t margin = c->token_refresh_margin_minutes * 60;

	if (margin > p->expires_in_s / 4)
		margin = p->expires_in_s / 4;
	/* Jitter spreads the accounts of one morning over the margin's first quarter. */
	return p->expires_at - margin - rnd_between(0, margin / 4);
}

static int
put_pair(struct oauth_ctx *x, int64_t account_id, int64_t generation, const struct oauth_pair *pair, struct err *e)
{
	struct token_row row = {0};
	int rc = -1;

	if (oauth_seal(x, account_id, generation, &pair->access, &pair->refresh, &row, e) == 0)
		rc = token_put(x->db, account_id, &row, e);
	token_row_clear(&row);
	return rc;
}

/* All writes of one stored pair; the caller's transaction is open. */
static int
store_in_tx(struct oauth_ctx *x, int64_t account_id, int64_t generation, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	int64_t due = refresh_due(x->conf, pair);
	bool changed = false;

	if (account_stored(x->db, account_id, generation, pair->expires_at, due, &changed, e) == -1)
		return -1;
	if (!changed)
		return err_set(e, ERR_BUSY, "the sign-in of account %" PRId64 " changed meanwhile", account_id);
	if (put_pair(x, account_id, generation + 1, pair, e) == -1)
		return -1;
	if (me != NULL && account_identify(x->db, account_id, me->id, me->login, me->name, e) == -1)
		return -1;
	return job_wish(x->db, JOB_REFRESH, account_id, "", JOB_PRIO_TOKEN, due, e);
}

int
oauth_store(struct oauth_ctx *x, int64_t account_id, int64_t generation, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	bool own_tx = !db_in_tx(x->db);

	BUG_IF(!secret_is_set(&pair->access) || !secret_is_set(&pair->refresh));
	if (own_tx && db_begin(x->db, e) == -1)
		return -1;
	if (store_in_tx(x, account_id, generation, pair, me, e) == -1) {
		if (own_tx)
			db_rollback(x->db);
		return -1;
	}
	return own_tx ? db_commit(x->db, e) : 0;
}

/* ---- exchange */

int
oauth_exchange(struct oauth_ctx *x, const char *code, const char *verifier, struct oauth_pair *out,
    enum cause *cause, char why[256], struct err *e)
{
	struct oauth_answer a = {0};
	int64_t id = 0;
	const char *state;
	int rc = -1;

	if (token_journal_add(x->db, 0, "exchange", 0, x->owner, &id, e) == -1)
		return -1;
	if (oauth_post_code(x, code, verifier, &a, e) == -1)
		goto out;
	if (a.cause == CAUSE_NONE && !secret_is_set(&a.pair.refresh)) {
		a.cause = CAUSE_CONFIGURATION;
		str_cut(a.why, sizeof a.why, "Procore sent no refresh token for this app");
	}
	state = a.cause == CAUSE_NONE ? "done" : a.cause == CAUSE_SUSPECT ? "unknown" : "refused";
	if (token_journal_end(x->db, id, state, a.status, a.code[0] != '\0' ? a.code : http_stage_name(a.stage), 0,
		e) == -1)
		goto out;
	*cause = a.cause;
	str_cut(why, 256, a.why);
	if (a.cause == CAUSE_NONE) {
		secret_move(&out->access, &a.pair.access);
		secret_move(&out->refresh, &a.pair.refresh);
		out->expires_in_s = a.pair.expires_in_s;
		out->expires_at = a.pair.expires_at;
	}
	rc = 0;
out:
	oauth_answer_clear(&a);
	return rc;
}

/* ---- use */

int
oauth_unseal(struct oauth_ctx *x, const struct account *a, const char *purpose, struct secret *out,
    enum oauth_got *got, struct err *e)
{
	struct err cannot = {0};

	*got = OAUTH_GOT;
	if (oauth_open(x, a->id, a->generation, purpose, out, &cannot) == 0)
		return 0;
	if (cannot.code != ERR_INPUT) {
		if (e != NULL)
			*e = cannot;
		return -1;
	}
	log_err("seal_damaged", &cannot);
	*got = OAUTH_NONE;
	return oauth_mark_lost(x, a->id, a->generation, CAUSE_SIGN_IN_LOST,
	    "The stored sign-in is damaged and can no longer be opened; nobody did anything wrong", e);
}

static int
open_access(struct oauth_ctx *x, const struct account *a, struct oauth_token *out, enum oauth_got *got,
    struct err *e)
{
	struct oauth_token t = {.generation = a->generation};

	if (oauth_unseal(x, a, "access", &t.access, got, e) == -1)
		return -1;
	oauth_token_clear(out);
	*out = t;
	return 0;
}

int
oauth_access(struct oauth_ctx *x, int64_t account_id, struct oauth_token *out, enum oauth_got *got, struct err *e)
{
	struct account a = {0};
	int rc = -1;

	if (account_get(x->db, account_id, &a, e) == -1)
		return -1;
	*got = OAUTH_GOT;
	if (oauth_alive(&a) && a.access_expires_at - USABLE_S <= clk_now()) {
		if (oauth_renew(x, account_id, a.generation, false, got, e) == -1)
			goto out;
		account_clear(&a);
		if (account_get(x->db, account_id, &a, e) == -1)
			goto out;
	}
	if (!oauth_alive(&a)) {
		*got = OAUTH_NONE;
	} else if (a.access_expires_at <= clk_now()) {
		*got = OAUTH_LATER;
	} else {
		if (open_access(x, &a, out, got, e) == -1)
			goto out;
	}
	rc = 0;
out:
	account_clear(&a);
	return rc;
}

int
oauth_rejected(struct oauth_ctx *x, int64_t account_id, int64_t generation, struct oauth_token *out,
    enum oauth_got *got, struct err *e)
{
	struct account a = {0};
	int rc = -1;

	if (oauth_renew(x, account_id, generation, true, got, e) == -1)
		return -1;
	if (*got != OAUTH_GOT)
		return 0;
	if (account_get(x->db, account_id, &a, e) == -1)
		return -1;
	if (!oauth_alive(&a)) {
		*got = OAUTH_NONE;
		rc = 0;
	} else {
		rc = open_access(x, &a, out, got, e);
	}
	account_clear(&a);
	return rc;
}

/* ---- facts learnt */

static int
note_lost(struct oauth_ctx *x, int64_t account_id, const char *text, struct err *e)
{
	struct json *detail = json_obj();
	int rc;

	json_put_str(detail, "reason", text);
	rc = audit_worker(x->db, "account.lost", "account", account_id, detail, e);
	json_free(detail);
	return rc;
}

static int
mark_lost_in_tx(struct oauth_ctx *x, int64_t account_id, int64_t generation, enum cause cause, const char *text,
    struct err *e)
{
	bool changed = false;
	bool ending = false;

	if (account_set_state(x->db, account_id, generation, ACCOUNT_LOST, cause_word(cause), text, 0, &changed,
		e) == -1)
		return -1;
	if (!changed)
		return 0; /* the generation moved on: the news is old (F4) */
	/* A dead token is never tried again, so it need not be kept. */
	if (token_delete(x->db, account_id, e) == -1 || note_lost(x, account_id, text, e) == -1 ||
	    job_asked(x->db, JOB_REVOKE, account_id, &ending, e) == -1)
		return -1;
	/* Nobody need sign in again to what is about to be revoked. */
	return ending ? 0 : incident_open_account(x->db, x->conf, account_id, cause, text, e);
}

int
oauth_mark_lost(struct oauth_ctx *x, int64_t account_id, int64_t generation, enum cause cause, const char *text,
    struct err *e)
{
	bool own_tx = !db_in_tx(x->db);

	if (own_tx && db_begin(x->db, e) == -1)
		return -1;
	if (mark_lost_in_tx(x, account_id, generation, cause, text, e) == -1) {
		if (own_tx)
			db_rollback(x->db);
		return -1;
	}
	return own_tx ? db_commit(x->db, e) : 0;
}

int
oauth_proved(struct oauth_ctx *x, int64_t account_id, struct err *e)
{
	return account_proved(x->db, account_id, e);
}
