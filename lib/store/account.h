/* account.h: one Procore login and the state of its sign-in; the seats and people it belongs to.
 * Layer: store. Table: account. Causes are kept as words here; core/cause gives them meaning. */
#ifndef CW_STORE_ACCOUNT_H
#define CW_STORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum account_state {
	ACCOUNT_NEEDED,  /* never signed in */
	ACCOUNT_OK,
	ACCOUNT_SUSPECT, /* a refresh's answer was lost; works on its access token */
	ACCOUNT_LOST,
	ACCOUNT_REMOVED,
	ACCOUNT_STATE_MAX
};
const char *account_state_word(enum account_state s);

/* Optional times are 0 where the column is NULL. */
struct account {
	int64_t id;
	char *public_id, *login, *login_folded, *name, *mail;
	int64_t procore_user_id; /* 0: not known */
	enum account_state state;
	char *cause, *cause_text;
	int64_t since_at, generation, access_expires_at, refresh_due_at, last_refresh_at, proved_at;
};
void account_clear(struct account *a); /* accepts a zeroed one */

/* Read one. out is owned by the caller (account_clear) and untouched on failure.
 * errors  ERR_NOT_FOUND no such row; ERR_BUSY; ERR_DB
 * source  queries ACCOUNT_GET, ACCOUNT_BY_PUBLIC_ID, ACCOUNT_BY_LOGIN (case ignored), ACCOUNT_BY_PROCORE_ID */
MUST_USE int account_get(struct db *db, int64_t id, struct account *out, struct err *e);
MUST_USE int account_by_public_id(struct db *db, const char *public_id, struct account *out, struct err *e);
MUST_USE int account_by_login(struct db *db, const char *login, struct account *out, struct err *e);
MUST_USE int account_by_procore_id(struct db *db, int64_t procore_user_id, struct account *out, struct err *e);

/* The login as compared: blanks trimmed, ASCII case folded; owned by the caller. */
char *account_fold(const char *login);

/* Find by login or add one that needs a sign-in. *id: the row.
 * mail    where its mail goes when no person is joined; "" for none */
MUST_USE int account_ensure(struct db *db, const char *login, const char *mail, int64_t *id, struct err *e);

/* Change the state if the generation still is this one; *changed says whether it was. `since` moves only
 * when the state changes. refresh_due_at 0: none planned. */
MUST_USE int account_set_state(struct db *db, int64_t id, int64_t generation, enum account_state state,
    const char *cause, const char *text, int64_t refresh_due_at, bool *changed, struct err *e);
/* A pair was stored: generation + 1, state ok. *changed false: the generation moved on meanwhile. */
MUST_USE int account_stored(struct db *db, int64_t id, int64_t generation, int64_t access_expires_at,
    int64_t refresh_due_at, bool *changed, struct err *e);
/* The pair was given up: generation + 1, no times. *changed as above. */
MUST_USE int account_dropped(struct db *db, int64_t id, int64_t generation, enum account_state state,
    const char *cause, bool *changed, struct err *e);
/* Who signed in, as Procore says; name "" keeps the old one. */
MUST_USE int account_identify(struct db *db, int64_t id, int64_t procore_user_id, const char *login,
    const char *name, struct err *e);
/* A call worked now; at most one write a minute. */
MUST_USE int account_proved(struct db *db, int64_t id, struct err *e);
/* True while the account has a seat in a connection that is not disconnected or paused. */
MUST_USE int account_in_use(struct db *db, int64_t id, bool *in_use, struct err *e);

/* Join a person to an account; a stronger source ("proved") replaces a weaker one. */
MUST_USE int account_join_person(struct db *db, int64_t account_id, const char *user_name, const char *source,
    struct err *e);
/* True when the person is joined to the account. */
MUST_USE int account_is_of(struct db *db, int64_t account_id, const char *user_name, bool *yes, struct err *e);

#endif
