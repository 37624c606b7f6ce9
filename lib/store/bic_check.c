#include "config.h"

#include "store/bic_check.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

static const char *const known_words[] = {
    [BIC_UNKNOWN] = "unknown", [BIC_YES] = "yes", [BIC_NO] = "no"};

static enum bic_known
known(const char *word)
{
	if (str_eq(word, known_words[BIC_YES]))
		return BIC_YES;
	return str_eq(word, known_words[BIC_NO]) ? BIC_NO : BIC_UNKNOWN;
}

/* The one row of q, which is done afterwards. */
static int
read_one(struct stmt *q, struct bic_check *out, bool *found, struct err *e)
{
	int rc = db_step(q, found, e);

	if (rc == 0 && *found) {
		*out = (struct bic_check){.id = db_col_i64(q, 0),
		    .connection_id = db_col_i64(q, 1),
		    .account_id = db_col_i64(q, 2),
		    .checked_at = db_col_i64(q, 3),
		    .member = known(db_col_text(q, 4)),
		    .contact = known(db_col_text(q, 5)),
		    .signed_in = db_col_bool(q, 11)};
		str_cut(out->rfi, sizeof out->rfi, db_col_text(q, 6));
		str_cut(out->submittal, sizeof out->submittal, db_col_text(q, 7));
		str_cut(out->waits, sizeof out->waits, db_col_text(q, 8));
		str_cut(out->login, sizeof out->login, db_col_text(q, 9));
		str_cut(out->login_folded, sizeof out->login_folded, db_col_text(q, 10));
	}
	db_done(q);
	return rc;
}

int
bic_check_find(struct db *db, int64_t connection_id, int64_t account_id,
    struct bic_check *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_BIC_CHECK_FIND, &q, e, DB_I64(connection_id),
	    DB_I64(account_id)) == -1)
		return -1;
	return read_one(q, out, found, e);
}

int
bic_check_get(struct db *db, int64_t id, struct bic_check *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;

	if (db_select(db, Q_BIC_CHECK_GET, &q, e, DB_I64(id)) == -1)
		return -1;
	return read_one(q, out, found, e);
}

int
bic_check_ask(struct db *db, int64_t connection_id, int64_t account_id,
    const char *user_name, int64_t *id, struct err *e)
{
	struct bic_check c = {0};
	struct stmt *q = NULL;
	bool found = false;

	if (db_select(db, Q_BIC_CHECK_ASK, &q, e, DB_I64(connection_id), DB_I64(account_id),
	    DB_TEXT(user_name), DB_I64(clk_now())) == -1)
		return -1;
	if (db_exec(q, e) == -1 ||
	    bic_check_find(db, connection_id, account_id, &c, &found, e) == -1)
		return -1;
	*id = c.id;
	return found ? 0 : err_set(e, ERR_BUG, "the check that was just asked for");
}

int
bic_check_put(struct db *db, const struct bic_check *c, struct err *e)
{
	return db_run(db, Q_BIC_CHECK_PUT, e, DB_I64(c->id), DB_I64(c->checked_at),
	    DB_TEXT(known_words[c->member]), DB_TEXT(known_words[c->contact]),
	    DB_TEXT(c->rfi), DB_TEXT(c->submittal), DB_TEXT(c->waits));
}
