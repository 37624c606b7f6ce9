/* The end of a pair: told to Procore, then forgotten here. */
#include "config.h"

#include "core/oauth_token.h"

#include "base/str.h"
#include "core/oauth_int.h"
#include "store/account.h"
#include "store/token.h"

int
oauth_revoke(struct oauth_ctx *x, int64_t account_id, const struct secret *access, struct err *e)
{
	char why[256] = "";
	int64_t id = 0;
	int status = 0;

	if (token_journal_add(x->db, account_id, "revoke", 0, x->owner, &id, e) == -1 ||
	    oauth_post_revoke(x, access, &status, why, e) == -1)
		return -1;
	return token_journal_end(x->db, id, status == 200 ? "done" : status == 0 ? "unknown" : "refused", status, why,
	    0, e);
}

int
oauth_drop(struct oauth_ctx *x, int64_t account_id, const char *after, struct err *e)
{
	bool removed = str_eq(after, "removed");
	struct secret access = {0};
	struct account a = {0};
	bool changed = false;
	int rc = -1;

	if (account_get(x->db, account_id, &a, e) == -1)
		return -1;
	if (oauth_alive(&a)) {
		if (oauth_open(x, account_id, a.generation, "access", &access, e) == -1 ||
		    oauth_revoke(x, account_id, &access, e) == -1)
			goto out;
	}
	if (db_begin(x->db, e) == -1)
		goto out;
	if (account_dropped(x->db, account_id, a.generation, removed ? ACCOUNT_REMOVED : ACCOUNT_NEEDED,
		removed ? "none" : cause_word(CAUSE_SIGN_IN_NEEDED), &changed, e) == -1 ||
	    (changed && token_delete(x->db, account_id, e) == -1)) {
		db_rollback(x->db);
		goto out;
	}
	rc = db_commit(x->db, e);
out:
	secret_clear(&access);
	account_clear(&a);
	return rc;
}
