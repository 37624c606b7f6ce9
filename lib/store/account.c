#include "config.h"

#include "store/account.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* The CHECK on account.state allows just these. */
static const char *const state_words[ACCOUNT_STATE_MAX] = {
    [ACCOUNT_NEEDED] = "needed",
    [ACCOUNT_OK] = "ok",
    [ACCOUNT_SUSPECT] = "suspect",
    [ACCOUNT_LOST] = "lost",
    [ACCOUNT_REMOVED] = "removed",
};

const char *
account_state_word(enum account_state s)
{
	BUG_IF((unsigned)s >= ACCOUNT_STATE_MAX);
	return state_words[s];
}

static int
state_from_db(const char *w, enum account_state *out, struct err *e)
{
	for (int i = 0; i < ACCOUNT_STATE_MAX; i++)
		if (str_eq(w, state_words[i])) {
			*out = (enum account_state)i;
			return 0;
		}
	return err_set(e, ERR_DB, "account.state %s is unknown", w == NULL ? "NULL" : w);
}

void
account_clear(struct account *a)
{
	free(a->public_id);
	free(a->login);
	free(a->login_folded);
	free(a->name);
	free(a->mail);
	free(a->cause);
	free(a->cause_text);
	*a = (struct account){0};
}

/* Step a statement of the ACCOUNT_GET family and read its row. */
static int
read_one(struct stmt *q, const char *what, struct account *out, struct err *e)
{
	struct account a = {0};
	bool row = false;
	int rc = -1;

	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "%s", what);
		goto out;
	}
	if (state_from_db(db_col_text(q, 7), &a.state, e) == -1)
		goto out;
	a.id = db_col_i64(q, 0);
	a.public_id = xstrdup(db_col_text(q, 1));
	a.login = xstrdup(db_col_text(q, 2));
	a.login_folded = xstrdup(db_col_text(q, 3));
	a.name = xstrdup(db_col_text(q, 4));
	a.mail = xstrdup(db_col_text(q, 5));
	a.procore_user_id = db_col_i64(q, 6);
	a.cause = xstrdup(db_col_text(q, 8));
	a.cause_text = xstrdup(db_col_text(q, 9));
	a.since_at = db_col_i64(q, 10);
	a.generation = db_col_i64(q, 11);
	a.access_expires_at = db_col_i64(q, 12);
	a.refresh_due_at = db_col_i64(q, 13);
	a.last_refresh_at = db_col_i64(q, 14);
	a.proved_at = db_col_i64(q, 15);
	*out = a;
	rc = 0;
out:
	db_done(q);
	return rc;
}

static int
get_by_i64(struct db *db, int query, int64_t key, const char *word, struct account *out, struct err *e)
{
	struct stmt *q = NULL;
	char what[80];

	if (str_format(what, sizeof what, "%s %" PRId64, word, key) == -1)
		what[0] = '\0';
	if (db_select(db, query, &q, e, DB_I64(key)) == -1)
		return -1;
	return read_one(q, what, out, e);
}

static int
get_by_text(struct db *db, int query, const char *key, struct account *out, struct err *e)
{
	struct stmt *q = NULL;
	char what[300];

	if (str_format(what, sizeof what, "account %.256s", key) == -1)
		what[0] = '\0';
	if (db_select(db, query, &q, e, DB_TEXT(key)) == -1)
		return -1;
	return read_one(q, what, out, e);
}

int
account_get(struct db *db, int64_t id, struct account *out, struct err *e)
{
	return get_by_i64(db, Q_ACCOUNT_GET, id, "account", out, e);
}

int
account_by_public_id(struct db *db, const char *public_id, struct account *out, struct err *e)
{
	return get_by_text(db, Q_ACCOUNT_BY_PUBLIC_ID, public_id, out, e);
}

int
account_by_login(struct db *db, const char *login, struct account *out, struct err *e)
{
	char *folded = account_fold(login);
	int rc = get_by_text(db, Q_ACCOUNT_BY_LOGIN, folded, out, e);

	free(folded);
	return rc;
}

int
account_by_procore_id(struct db *db, int64_t procore_user_id, struct account *out, struct err *e)
{
	return get_by_i64(db, Q_ACCOUNT_BY_PROCORE_ID, procore_user_id, "Procore user", out, e);
}

char *
account_fold(const char *login)
{
	char *trimmed = str_trim_dup(login);
	char *folded = str_lower_dup(trimmed);

	free(trimmed);
	return folded;
}

static int
add(struct db *db, const char *login, const char *folded, const char *mail, int64_t *id, struct err *e)
{
	char *trimmed = str_trim_dup(login);
	char public_id[33];
	int rc = -1;

	rnd_hex(public_id, 16);
	if (db_run(db, Q_ACCOUNT_ADD, e, DB_TEXT(public_id), DB_TEXT(trimmed),
	    DB_TEXT(folded), DB_TEXT(mail), DB_I64(clk_now())) == -1)
		goto out;
	*id = db_last_id(db);
	rc = 0;
out:
	free(trimmed);
	return rc;
}

int
account_ensure(struct db *db, const char *login, const char *mail, int64_t *id, struct err *e)
{
	struct account a = {0};
	char *folded = account_fold(login);
	int rc = -1;

	if (*folded == '\0') {
		rc = err_set(e, ERR_INPUT, "a Procore login may not be empty");
		goto out;
	}
	rc = account_by_login(db, folded, &a, e);
	if (rc == 0)
		*id = a.id;
	else if (e == NULL || e->code == ERR_NOT_FOUND)
		rc = add(db, login, folded, mail, id, e);
out:
	account_clear(&a);
	free(folded);
	return rc;
}

int
account_set_state(struct db *db, int64_t id, int64_t generation, enum account_state state, const char *cause,
    const char *text, int64_t refresh_due_at, bool *changed, struct err *e)
{
	return db_change(db, Q_ACCOUNT_SET_STATE, changed, e, DB_I64(id),
	    DB_I64(generation), DB_TEXT(account_state_word(state)), DB_TEXT(cause),
	    DB_TEXT(text), DB_I64(refresh_due_at), DB_I64(clk_now()));
}

int
account_stored(struct db *db, int64_t id, int64_t generation, int64_t access_expires_at,
    int64_t refresh_due_at, bool *changed, struct err *e)
{
	return db_change(db, Q_ACCOUNT_STORED, changed, e, DB_I64(id), DB_I64(generation),
	    DB_I64(access_expires_at), DB_I64(refresh_due_at), DB_I64(clk_now()));
}

int
account_dropped(struct db *db, int64_t id, int64_t generation, enum account_state state, const char *cause,
    bool *changed, struct err *e)
{
	return db_change(db, Q_ACCOUNT_DROPPED, changed, e, DB_I64(id), DB_I64(generation),
	    DB_TEXT(account_state_word(state)), DB_TEXT(cause), DB_I64(clk_now()));
}

int
account_identify(struct db *db, int64_t id, int64_t procore_user_id, const char *login, const char *name,
    struct err *e)
{
	char *folded = account_fold(login);
	int rc;

	rc = db_run(db, Q_ACCOUNT_IDENTIFY, e, DB_I64(id), DB_I64(procore_user_id),
	    DB_TEXT(name), DB_TEXT(login), DB_TEXT(folded));
	free(folded);
	return rc;
}

int
account_proved(struct db *db, int64_t id, struct err *e)
{
	return db_run(db, Q_ACCOUNT_PROVED, e, DB_I64(id), DB_I64(clk_now()));
}

int
account_in_use(struct db *db, int64_t id, bool *in_use, struct err *e)
{
	return db_yes(db, Q_ACCOUNT_IN_USE, in_use, e, DB_I64(id));
}

int
account_join_person(struct db *db, int64_t account_id, const char *user_name, const char *source, struct err *e)
{
	return db_run(db, Q_ACCOUNT_JOIN, e, DB_I64(account_id), DB_TEXT(user_name),
	    DB_TEXT(source), DB_I64(clk_now()));
}

int
account_is_of(struct db *db, int64_t account_id, const char *user_name, bool *yes, struct err *e)
{
	return db_yes(db, Q_ACCOUNT_IS_OF, yes, e, DB_I64(account_id), DB_TEXT(user_name));
}
