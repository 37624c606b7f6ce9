/* The end of a pair: told to Procore, then forgotten here. */
#include "config.h"

#include "core/oauth_token.h"

#include "base/str.h"
#include "core/audit.h"
#include "core/oauth_int.h"
#include "io/json.h"
#include "store/account.h"
#include "store/token.h"

int
oauth_revoke(struct oauth_ctx *x, int64_t account_id, const struct secret *access, struct err *e)
{
	char why[256] = "";
	int64_t id = 0;
	int status = 0;

	if (token_journal_add(x->db, account_id, "revoke", 0, x->owner, &id, e) == -1 ||
	    oauth_post_revoke(x, access, &status, why, e) == -1 ||
	    token_journal_end(x->db, id, status == 200 ? "done" : status == 0 ? "unknown" : "refused", status, why,
		0, e) == -1)
		return -1;
	if (status == 200)
		return 0;
	return status == 0 ? err_set(e, ERR_REMOTE, "Procore did not answer the revocation: %s", why)
			   : err_set(e, ERR_REMOTE, "Procore answered the revocation with HTTP %d", status);
}

/* Procore wants an access token: one that lives is fetched for it. *dead: the grant ended by itself. */
static int
revoke_stored(struct oauth_ctx *x, int64_t account_id, bool *dead, struct err *e)
{
	struct oauth_token t = {0};
	enum oauth_got got = OAUTH_LATER;
	int rc;

	if (oauth_access(x, account_id, &t, &got, e) == -1)
		return -1;
	*dead = got == OAUTH_NONE;
	if (got == OAUTH_LATER)
		rc = err_set(e, ERR_BUSY, "no access token to revoke yet: Procore is not reachable or is being asked");
	else
		rc = *dead ? 0 : oauth_revoke(x, account_id, &t.access, e);
	oauth_token_clear(&t);
	return rc;
}

/* The caller's transaction is open. */
static int
forget(struct oauth_ctx *x, const struct account *a, bool removed, bool revoked, struct err *e)
{
	enum account_state state = removed ? ACCOUNT_REMOVED : ACCOUNT_NEEDED;
	const char *cause = removed ? "none" : cause_word(CAUSE_SIGN_IN_NEEDED);
	struct json *detail = json_obj();
	bool changed = false;
	int rc = -1;

	json_put_str(detail, "login", a->login);
	if (account_dropped(x->db, a->id, a->generation, state, cause, &changed, e) == -1)
		goto out;
	if (!changed)
		rc = err_set(e, ERR_BUSY, "%s signed in again meanwhile", a->login);
	else if (token_delete(x->db, a->id, e) == 0)
		rc = revoked ? audit_worker(x->db, "account.revoked", "account", a->id, detail, e) : 0;
out:
	json_free(detail);
	return rc;
}

int
oauth_drop(struct oauth_ctx *x, int64_t account_id, const char *after, struct err *e)
{
	struct account a = {0};
	bool dead = true;
	int rc = -1;

	if (account_get(x->db, account_id, &a, e) == -1)
		return -1;
	if (oauth_alive(&a)) {
		if (revoke_stored(x, account_id, &dead, e) == -1)
			goto out;
		/* It may have been renewed for that. */
		account_clear(&a);
		if (account_get(x->db, account_id, &a, e) == -1)
			goto out;
	}
	if (db_begin(x->db, e) == -1)
		goto out;
	if (forget(x, &a, str_eq(after, "removed"), !dead, e) == -1) {
		db_rollback(x->db);
		goto out;
	}
	rc = db_commit(x->db, e);
out:
	account_clear(&a);
	return rc;
}
