#include "config.h"

#include "web/callback.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/incident.h"
#include "core/oauth_start.h"
#include "core/oauth_token.h"
#include "io/crypt.h"
#include "io/wake.h"
#include "store/account.h"
#include "store/attempt.h"
#include "store/hand_over.h"
#include "store/job.h"
#include "web/callback_pages.h"
#include "web/remote_user.h"

static const struct fcgi_input inputs[] = {
    {"code", FCGI_QUERY, fcgi_check_line, 2048, false, false},
    {"state", FCGI_QUERY, fcgi_check_token, 128, false, false},
    {"error", FCGI_QUERY, fcgi_check_line, 64, false, false},
    {"error_description", FCGI_QUERY, fcgi_check_line, 1024, false, false},
};

enum callback_verdict
callback_compare(
    const struct callback_expected *want, int64_t got_id, const char *got_login_folded)
{
	/* Once the id is known it decides: logins change, ids do not (procore.md 4). */
	if (want->procore_user_id != 0 ? want->procore_user_id == got_id
				       : str_eq(want->login_folded, got_login_folded))
		return CALLBACK_SAME;
	if (want->approved_folded != NULL &&
	    str_eq(want->approved_folded, got_login_folded))
		return CALLBACK_APPROVED;
	return CALLBACK_OTHER;
}

/* ---- (1) the state */

enum state_check {
	STATE_GOOD,
	STATE_UNKNOWN,
	STATE_USED,
	STATE_EXPIRED,
	STATE_OTHER_BROWSER,
	STATE_OTHER_PERSON
};

static int
look_up_used(struct web_req *r, const uint8_t sum[ATTEMPT_HASH_BYTES], struct attempt *a,
    enum state_check *out, struct err *e)
{
	struct err why = {0};

	if (attempt_get(r->app->db, sum, a, &why) == 0) {
		*out = STATE_USED;
		return 0;
	}
	if (why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}
	*out = STATE_UNKNOWN;
	return 0;
}

/* Take the state for good, then look whether it is this browser's and this person's. */
static int
check_state(struct web_req *r, const char *state, struct attempt *a, enum state_check *out,
    struct err *e)
{
	uint8_t sum[ATTEMPT_HASH_BYTES];
	uint8_t cookie_sum[ATTEMPT_HASH_BYTES];
	char cookie[CSRF_COOKIE_BYTES] = "";
	bool has_cookie = csrf_cookie_read(r->in, cookie) == 0;
	bool got = false;

	crypt_sha256(state, strlen(state), sum);
	if (attempt_consume(r->app->db, sum, a, &got, e) == -1)
		return -1;
	if (!got)
		return look_up_used(r, sum, a, out, e);
	crypt_sha256(cookie, strlen(cookie), cookie_sum);
	if (a->expires_at < clk_now())
		*out = STATE_EXPIRED;
	else if (!has_cookie || !crypt_eq(cookie_sum, a->cookie_sha256, sizeof cookie_sum))
		*out = STATE_OTHER_BROWSER;
	else if (!str_eq(a->user_name, r->person.user_name))
		*out = STATE_OTHER_PERSON;
	else
		*out = STATE_GOOD;
	return 0;
}

static int
bad_state(struct web_req *r, const struct attempt *a, enum state_check check, struct err *e)
{
	static const char *const outcome[] = {
	    [STATE_EXPIRED] = "expired",
	    [STATE_OTHER_BROWSER] = "other_browser",
	    [STATE_OTHER_PERSON] = "other_person",
	};

	if (check == STATE_USED)
		return callback_page_used(r, a, e);
	if (check == STATE_UNKNOWN)
		return callback_page_unknown(r, e);
	if (attempt_outcome(r->app->db, a->id, outcome[check], e) == -1)
		return -1;
	if (check == STATE_EXPIRED)
		return callback_page_expired(r, a, e);
	return check == STATE_OTHER_BROWSER ? callback_page_other_browser(r, e)
					    : callback_page_other_person(r, a, e);
}

/* ---- (3) who signed in */

/* A pair that is not wanted: given back, unless it belongs to an account that is connected
 * here itself (revoking would end that one's own sign-in: procore.md 2.5). */
static int
give_back(struct web_req *r, const struct oauth_pair *pair, const struct oauth_me *me,
    struct err *e)
{
	struct account other = {0};
	struct err why = {0};
	bool connected = false;

	if (account_by_procore_id(r->app->db, me->id, &other, &why) == 0 ||
	    (why.code == ERR_NOT_FOUND &&
		account_by_login(r->app->db, me->login, &other, &why) == 0))
		connected = other.state == ACCOUNT_OK || other.state == ACCOUNT_SUSPECT;
	account_clear(&other);
	return connected ? 0 : oauth_revoke(r->app->extra, 0, &pair->access, e);
}

static int
refuse_other(struct web_req *r, const struct attempt *a, const struct account *want,
    const struct oauth_pair *pair, const struct oauth_me *me, struct err *e)
{
	struct json *detail = json_obj();
	struct err ignored = {0};
	char target[48];
	int rc = -1;

	json_put_str(detail, "expected", want->login);
	json_put_str(detail, "signed_in", me->login);
	if (give_back(r, pair, me, &ignored) == -1)
		log_err("callback_revoke",
		    &ignored); /* an unused grant; nothing here depends on it */
	/* What failed half-way is rolled back with the request (web_handle). */
	if (str_format(target, sizeof target, "account %" PRId64, want->id) == -1 ||
	    db_begin(r->app->db, e) == -1 ||
	    attempt_outcome(r->app->db, a->id, "wrong_account", e) == -1 ||
	    audit_add(r->app->db, r->person.user_name, "account.refused", target, detail,
		e) == -1 ||
	    db_commit(r->app->db, e) == -1)
		goto out;
	rc = callback_page_wrong_account(r, a, want, me->login, e);
out:
	json_free(detail);
	return rc;
}

/* ---- (4) store, all in one transaction */

/* Whoever finishes a reconnect becomes known here, with what the front tells of them, but
 * without any role. */
static int
know_person(struct web_req *r, struct err *e)
{
	char name[sizeof r->person.name] = "";
	char mail[sizeof r->person.mail] = "";

	if (!str_empty(r->in->p.remote_name))
		remote_text_decode(r->in->p.remote_name, name, sizeof name);
	if (!str_empty(r->in->p.remote_mail))
		remote_text_decode(r->in->p.remote_mail, mail, sizeof mail);
	return person_ensure(r->app->db, r->person.user_name, name, mail, e);
}

/* The pair replaces whatever is there now: a renewal by the worker meanwhile must not cost
 * the sign-in. */
static int
store_pair(struct web_req *r, int64_t account_id, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	struct account now = {0};
	int rc;

	if (account_get(r->app->db, account_id, &now, e) == -1)
		return -1;
	/* Another Procore user signed in here a moment ago: that grant is not dropped unseen. */
	if ((now.state == ACCOUNT_OK || now.state == ACCOUNT_SUSPECT) &&
	    now.procore_user_id != 0 && now.procore_user_id != me->id)
		rc = err_set(e, ERR_BUSY, "account %" PRId64 " was taken meanwhile", account_id);
	else
		rc = oauth_store(r->app->extra, account_id, now.generation, pair, me, e);
	account_clear(&now);
	return rc;
}

/* Where one ends: after a sign-in for connecting a project the page is told who it was. */
static int
go_back(
    struct web_req *r, const struct attempt *a, const struct account *who, struct err *e)
{
	struct buf path = BUF_INIT(LIMIT_URL);
	int rc;

	buf_puts(&path, a->return_to);
	if (a->account_id == 0)
		buf_printf(&path, "&account=%s", who->public_id);
	rc = web_redirect(r, buf_str(&path), e);
	buf_clear(&path);
	return rc;
}

static int
store_writes(struct web_req *r, const struct attempt *a, const struct account *want,
    const struct oauth_pair *pair, const struct oauth_me *me, int64_t hand_over_id,
    struct err *e)
{
	struct db *db = r->app->db;
	char target[48];
	int64_t now = clk_now();

	if (str_format(target, sizeof target, "account %" PRId64, want->id) == -1)
		return err_set(e, ERR_BUG, "target");
	if (store_pair(r, want->id, pair, me, e) == -1 || know_person(r, e) == -1 ||
	    account_join_person(db, want->id, r->person.user_name, "proved", e) == -1 ||
	    incident_close_account(db, &r->app->conf, want->id, e) == -1 ||
	    /* What was to be given back is wanted again. */
	    job_cancel(db, JOB_REVOKE, want->id, e) == -1 ||
	    attempt_outcome(db, a->id, "connected", e) == -1 ||
	    (hand_over_id != 0 && hand_over_used(db, hand_over_id, e) == -1) ||
	    audit_add(db, r->person.user_name,
		hand_over_id != 0 ? "account.hand_over" : "account.reconnect", target, NULL,
		e) == -1)
		return -1;
	return job_wish(db, JOB_RESUME, want->id, "", JOB_PRIO_RESUME, now, e);
}

static int
store(struct web_req *r, const struct attempt *a, const struct account *want,
    const struct oauth_pair *pair, const struct oauth_me *me, int64_t hand_over_id,
    struct err *e)
{
	if (db_begin(r->app->db, e) == -1)
		return -1;
	if (store_writes(r, a, want, pair, me, hand_over_id, e) == -1) {
		db_rollback(r->app->db);
		return -1;
	}
	if (db_commit(r->app->db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	log_event(LOG_INFO, "reconnected", "account", log_num(want->id), "person",
	    r->person.user_name, NULL);
	return go_back(r, a, want, e);
}

/* The account of whoever signed in: known by id, else by login, else new. *mine false: the
 * login is known here as another Procore user's, and *out is that account. */
static int
account_of(struct web_req *r, const struct oauth_me *me, struct account *out, bool *mine,
    struct err *e)
{
	struct err why = {0};
	int64_t id = 0;

	*mine = true;
	if (account_by_procore_id(r->app->db, me->id, out, &why) == 0)
		return 0;
	if (why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}
	if (account_ensure(r->app->db, me->login, me->login, &id, e) == -1 ||
	    account_get(r->app->db, id, out, e) == -1)
		return -1;
	*mine = out->procore_user_id == 0;
	return 0;
}

/* For connecting a project anybody may sign in; the admin chooses whether it is used. */
static int
take_anyone(struct web_req *r, const struct attempt *a, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	struct account who = {0};
	bool mine = false;
	int rc = -1;

	if (account_of(r, me, &who, &mine, e) == 0)
		rc = mine ? store(r, a, &who, pair, me, 0, e)
			  : refuse_other(r, a, &who, pair, me, e);
	account_clear(&who);
	return rc;
}

/* ---- hand-over */

/* Who had the seat: nothing is waited for any more, and the grant at Procore goes with the
 * last seat. */
static int
end_old(struct web_req *r, const struct account *old, struct err *e)
{
	struct db *db = r->app->db;
	bool seated = true;

	if (hand_over_seated(db, old->id, &seated, e) == -1)
		return -1;
	if (seated)
		return 0;
	if (incident_close_account(db, &r->app->conf, old->id, e) == -1)
		return -1;
	return job_wish(db, JOB_REVOKE, old->id, "{\"after\":\"removed\"}", JOB_PRIO_TOKEN,
	    clk_now(), e);
}

static int
move_writes(struct web_req *r, const struct attempt *a, const struct hand_over *h,
    const struct account *old, const struct account *to, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	struct json *detail = json_obj();
	struct db *db = r->app->db;
	char target[48];
	int rc = -1;

	json_put_str(detail, "from", old->login);
	json_put_str(detail, "to", me->login);
	json_put_str(detail, "approved_by", h->approved_by);
	if (h->connection_id != 0)
		rc = str_format(
		    target, sizeof target, "connection %" PRId64, h->connection_id);
	else
		rc = str_format(target, sizeof target, "account %" PRId64, old->id);
	if (rc == -1) {
		err_set(e, ERR_BUG, "target");
		goto out;
	}
	rc = -1;
	if (hand_over_seats(db, old->id, to->id, h->connection_id, e) == 0 &&
	    store_writes(r, a, to, pair, me, h->id, e) == 0 &&
	    audit_add(db, r->person.user_name, "bic.hand_over", target, detail, e) == 0)
		rc = end_old(r, old, e);
out:
	json_free(detail);
	return rc;
}

/* The account that the Procore user, or the login, has here; *id 0: none. */
static int
known(struct web_req *r, const struct oauth_me *me, int64_t *id, struct err *e)
{
	struct account a = {0};
	struct err why = {0};
	bool yes = account_by_procore_id(r->app->db, me->id, &a, &why) == 0 ||
		   (why.code == ERR_NOT_FOUND &&
		       account_by_login(r->app->db, me->login, &a, &why) == 0);

	*id = yes ? a.id : 0;
	account_clear(&a);
	if (yes || why.code == ERR_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

/* Procore gave the login to somebody else: the account of who had it keeps its history and
 * its grant, which is still to be revoked, under a name that nobody signs in with. */
static int
free_login(struct web_req *r, const struct account *old, struct err *e)
{
	char login[LIMIT_LOGIN + 64];

	if (str_format(login, sizeof login, "%s (Procore user %" PRId64 ")", old->login,
		old->procore_user_id) == -1)
		return err_set(e, ERR_BUG, "former login");
	return account_identify(r->app->db, old->id, old->procore_user_id, login, "", e);
}

/* The successor's account takes the seats; it is added if it was not here. *mine false:
 * nothing was written, the login is known here as another Procore user's, that of *to. */
static int
move_in_tx(struct web_req *r, const struct attempt *a, const struct hand_over *h,
    const struct account *old, const struct oauth_pair *pair, const struct oauth_me *me,
    struct account *to, bool *mine, struct err *e)
{
	char *folded = account_fold(me->login);
	bool same = str_eq(old->login_folded, folded);

	free(folded);
	if ((same && free_login(r, old, e) == -1) || account_of(r, me, to, mine, e) == -1)
		return -1;
	return *mine ? move_writes(r, a, h, old, to, pair, me, e) : 0;
}

static int
move_seats(struct web_req *r, const struct attempt *a, const struct hand_over *h,
    const struct account *old, const struct oauth_pair *pair, const struct oauth_me *me,
    struct err *e)
{
	struct account to = {0};
	bool mine = false;
	int rc = -1;

	if (db_begin(r->app->db, e) == -1)
		return -1;
	if (move_in_tx(r, a, h, old, pair, me, &to, &mine, e) == -1) {
		db_rollback(r->app->db);
	} else if (!mine) {
		db_rollback(r->app->db);
		rc = refuse_other(r, a, &to, pair, me, e);
	} else if (db_commit(r->app->db, e) == 0) {
		wake_send(r->app->conf.wake_socket);
		rc = go_back(r, a, &to, e);
	}
	account_clear(&to);
	return rc;
}

/* The account itself goes on when it has this login already, or when all its seats are
 * meant and the login is new here: the same person under a new login. But not over a grant
 * that lives: then the seats move, and the old account ends as any that lost its last seat,
 * with its grant revoked at Procore. */
static int
hand_over(struct web_req *r, const struct attempt *a, const struct hand_over *h,
    const struct account *old, const struct oauth_pair *pair, const struct oauth_me *me,
    struct err *e)
{
	bool lives = old->state == ACCOUNT_OK || old->state == ACCOUNT_SUSPECT;
	int64_t id = 0;

	if (known(r, me, &id, e) == -1)
		return -1;
	if (!lives && (id == old->id || (id == 0 && h->connection_id == 0)))
		return store(r, a, old, pair, me, h->id, e);
	return move_seats(r, a, h, old, pair, me, e);
}

static int
decide(struct web_req *r, const struct attempt *a, const struct oauth_pair *pair,
    const struct oauth_me *me, struct err *e)
{
	struct account want = {0};
	struct hand_over h = {0};
	struct callback_expected x = {0};
	char *got;
	enum callback_verdict verdict;
	int rc = -1;

	if (a->account_id == 0)
		return take_anyone(r, a, pair, me, e);
	got = account_fold(me->login);
	if (account_get(r->app->db, a->account_id, &want, e) == -1 ||
	    hand_over_for(r->app->db, a->account_id, got, &h, e) == -1)
		goto out;
	x.procore_user_id = want.procore_user_id;
	x.login_folded = want.login_folded;
	x.approved_folded = h.id != 0 ? h.new_login : NULL;
	verdict = callback_compare(&x, me->id, got);
	if (verdict == CALLBACK_OTHER)
		rc = refuse_other(r, a, &want, pair, me, e);
	else if (verdict == CALLBACK_APPROVED)
		rc = hand_over(r, a, &h, &want, pair, me, e);
	else
		rc = store(r, a, &want, pair, me, 0, e);
out:
	account_clear(&want);
	free(got);
	return rc;
}

/* ---- (2) the code */

static int
not_exchanged(struct web_req *r, const struct attempt *a, enum cause cause, const char *why,
    struct err *e)
{
	if (attempt_outcome(r->app->db, a->id, cause_word(cause), e) == -1)
		return -1;
	if (cause == CAUSE_CONFIGURATION)
		log_event(LOG_ERROR, "callback_configuration", "why", why, NULL);
	return callback_page_not_exchanged(r, a, cause, why, e);
}

static int
exchange(struct web_req *r, const struct attempt *a, const char *code, const char *state,
    struct err *e)
{
	struct oauth_pair pair = {0};
	struct oauth_me me = {0};
	enum cause cause = CAUSE_NONE;
	char verifier[64];
	char why[256] = "";
	int status = 0;
	int rc = -1;

	oauth_verifier(&r->app->session_key, state, verifier);
	if (oauth_exchange(r->app->extra, code, verifier, &pair, &cause, why, e) == -1)
		goto out;
	if (cause != CAUSE_NONE) {
		rc = not_exchanged(r, a, cause, why, e);
		goto out;
	}
	if (oauth_me(r->app->extra, &pair.access, &me, &status, why, e) == -1)
		goto out;
	/* Without knowing who it is nothing is stored; the button brings a fresh pair at
	 * any time. */
	rc = status == 200 ? decide(r, a, &pair, &me, e)
			   : not_exchanged(r, a, CAUSE_UNREACHABLE, why, e);
out:
	oauth_pair_clear(&pair);
	return rc;
}

static int
handle(struct web_req *r, struct err *e)
{
	const char *code = fcgi_input(r->inputs, "code");
	const char *state = fcgi_input(r->inputs, "state");
	const char *error = fcgi_input(r->inputs, "error");
	enum state_check check = STATE_UNKNOWN;
	struct attempt a = {0};

	if (state == NULL)
		return callback_page_unknown(r, e);
	if (check_state(r, state, &a, &check, e) == -1)
		return -1;
	if (check != STATE_GOOD)
		return bad_state(r, &a, check, e);
	if (error != NULL || code == NULL) {
		bool denied = error != NULL && str_eq(error, "access_denied");

		if (attempt_outcome(r->app->db, a.id, denied ? "denied" : "no_code", e) ==
		    -1)
			return -1;
		return callback_page_denied(r, &a, denied, e);
	}
	return exchange(r, &a, code, state, e);
}

static const size_t inputs_n = sizeof inputs / sizeof inputs[0];

const struct web_route callback_routes[] = {
    {FCGI_GET, "/oauth/callback", handle, inputs, &inputs_n, ACCESS_SIGNED_IN, NULL, false},
};
const size_t callback_routes_n = sizeof callback_routes / sizeof callback_routes[0];
