/* Renewal of a pair: the lease, the intent, one call, and everything that its answer changes. */
#include "config.h"

#include "core/oauth_token.h"

#include <inttypes.h>
#include <time.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/oauth_int.h"
#include "store/account.h"
#include "store/job.h"
#include "store/token.h"

enum {
	/* The last stretch of an access token's life in which a suspect pair is tried again. */
	SUSPECT_WINDOW_S = 120,
	/* When the call could not be made at all. */
	RETRY_UNSENT_S = 60,
	RETRY_CONFIGURATION_S = 300,
	/* A difference of clocks that people should know of. */
	CLOCK_TOLERANCE_S = 120,
	/* How long a fresh pair that the disk refuses is held in memory and tried again (F8). */
	STORE_PATIENCE_MS = 10 * 60 * 1000,
	STORE_PAUSE_MS = 1000
};
/* The lease outlives connect, read and store by construction; who cannot store for longer than that (a full disk)
 * keeps others from taking the lease by the same cause, and was_overtaken() decides when both come back. */
_Static_assert(OAUTH_CONNECT_MS <= OAUTH_TOTAL_MS, "connecting is part of the whole");
_Static_assert(OAUTH_LEASE_S * 1000 > OAUTH_TOTAL_MS + DB_BUSY_MS, "a lease ends before its call may");
/* Gaps between tries of a pair whose answer was lost (DESIGN.md 7). */
static const int64_t suspect_gaps_s[] = {30, 120, 600};

struct refresh {
	struct account account;
	int64_t journal_id;
	int64_t lost;   /* answers of this generation that never came */
	bool forced;    /* the access token is known to be dead: nothing to spare it for */
	bool go;        /* intent is committed: make the call */
	enum oauth_got got;
};

static int64_t
suspect_due(const struct account *a, int64_t lost)
{
	size_t last = sizeof suspect_gaps_s / sizeof suspect_gaps_s[0] - 1;
	size_t i = lost <= 1 ? 0 : (size_t)(lost - 1);
	int64_t due = clk_now() + suspect_gaps_s[i < last ? i : last];
	int64_t window = a->access_expires_at - SUSPECT_WINDOW_S;

	return due > window ? due : window;
}

static int
set_suspect(struct oauth_ctx *x, struct refresh *r, const char *why, struct err *e)
{
	char text[256];
	bool changed;
	int64_t due = suspect_due(&r->account, r->lost);

	if (str_format(text, sizeof text, "A renewal's answer was lost on the way (%.160s)", why) == -1)
		text[0] = '\0';
	if (account_set_state(x->db, r->account.id, r->account.generation, ACCOUNT_SUSPECT, "suspect", text, due,
		&changed, e) == -1)
		return -1;
	return job_wish(x->db, JOB_REFRESH, r->account.id, "", JOB_PRIO_TOKEN, due, e);
}

/* Is a try allowed now for a pair of which an answer was lost? */
static bool
suspect_must_wait(const struct refresh *r)
{
	int64_t now = clk_now();

	if (r->lost == 0 || r->forced)
		return false;
	if (now < r->account.access_expires_at - SUSPECT_WINDOW_S)
		return true;
	return r->account.state == ACCOUNT_SUSPECT && r->account.refresh_due_at > now;
}

/* Under the lease and inside the transaction: what died here before us, and may we call now? */
static int
look_before_call(struct oauth_ctx *x, struct refresh *r, struct err *e)
{
	struct account *a = &r->account;
	int64_t abandoned = 0;
	int64_t in_flight = 0;

	if (token_journal_open(x->db, a->id, a->generation, &r->lost, &abandoned, e) == -1)
		return -1;
	if (abandoned > 0) {
		if (token_journal_give_up(x->db, a->id, a->generation, e) == -1 ||
		    set_suspect(x, r, "the program ended before it came", e) == -1)
			return -1;
		a->state = ACCOUNT_SUSPECT;
		a->refresh_due_at = suspect_due(a, r->lost);
	}
	if (token_leases_held(x->db, &in_flight, e) == -1)
		return -1;
	if (suspect_must_wait(r) || in_flight > x->conf->refresh_parallel) {
		r->got = OAUTH_LATER;
		return token_lease_free(x->db, a->id, x->owner, e);
	}
	if (token_journal_add(x->db, a->id, "refresh", a->generation, x->owner, &r->journal_id, e) == -1)
		return -1;
	r->go = true;
	return 0;
}

static int
begin_refresh(struct oauth_ctx *x, int64_t account_id, int64_t generation, struct refresh *r, struct err *e)
{
	bool got = false;

	if (db_begin(x->db, e) == -1)
		return -1;
	if (account_get(x->db, account_id, &r->account, e) == -1)
		goto fail;
	if (r->account.state != ACCOUNT_OK && r->account.state != ACCOUNT_SUSPECT) {
		r->got = OAUTH_NONE;
	} else if (r->account.generation != generation) {
		r->got = OAUTH_GOT; /* somebody else did it */
	} else {
		r->got = OAUTH_LATER;
		if (token_lease_take(x->db, account_id, x->owner, generation, clk_now() + OAUTH_LEASE_S, &got, e) == -1)
			goto fail;
		if (got && look_before_call(x, r, e) == -1)
			goto fail;
	}
	return db_commit(x->db, e);
fail:
	db_rollback(x->db);
	return -1;
}

static int
lost_for_good(struct oauth_ctx *x, struct refresh *r, const struct oauth_answer *a, struct err *e)
{
	char text[256];
	const char *words = a->why[0] != '\0' ? a->why : a->code;

	if (str_format(text, sizeof text,
		r->lost > 0 ? "Procore's answer to an earlier renewal was lost on the way, which used up the sign-in; "
			      "nobody did anything wrong (%.60s)"
			    : "Procore no longer accepts the sign-in (%.120s)",
		words) == -1)
		text[0] = '\0';
	if (oauth_mark_lost(x, r->account.id, r->account.generation, CAUSE_SIGN_IN_LOST, text, e) == -1)
		return -1;
	r->got = OAUTH_NONE;
	return 0;
}

/* Nothing was decided about the pair: try again after a while. */
static int
try_later(struct oauth_ctx *x, struct refresh *r, const struct oauth_answer *a, struct err *e)
{
	int64_t gap = a->cause == CAUSE_CONFIGURATION ? RETRY_CONFIGURATION_S : RETRY_UNSENT_S;
	int64_t due;
	bool changed;

	if (a->retry_after_s > gap)
		gap = a->retry_after_s;
	due = clk_now() + gap + rnd_between(0, gap / 4);
	r->got = OAUTH_LATER;
	if (account_set_state(x->db, r->account.id, r->account.generation, r->account.state, r->account.cause,
		r->account.cause_text, due, &changed, e) == -1)
		return -1;
	if (a->cause == CAUSE_CONFIGURATION &&
	    incident_service(x->db, x->conf, "configuration", 0, a->why[0] != '\0' ? a->why : a->code, e) == -1)
		return -1;
	return job_wish(x->db, JOB_REFRESH, r->account.id, "", JOB_PRIO_TOKEN, due, e);
}

/* A wrong clock costs no token (times are counted from our own), but mails, marks and signatures. */
static int
tell_clock(struct oauth_ctx *x, const struct oauth_answer *a, struct err *e)
{
	bool good = a->ahead_s <= CLOCK_TOLERANCE_S && a->ahead_s >= -CLOCK_TOLERANCE_S;
	char text[128] = "";

	/* A clock that a test moves is meant to differ. */
	if (!a->dated || !str_empty(x->conf->test_clock_file))
		return 0;
	if (!good) {
		int64_t minutes = (a->ahead_s < 0 ? -a->ahead_s : a->ahead_s) / 60;

		log_event(LOG_WARN, "clock_differs", "server_ahead_s", log_num(a->ahead_s), NULL);
		if (str_format(text, sizeof text, "This server's clock is %" PRId64 " minutes %s Procore's", minutes,
			a->ahead_s > 0 ? "behind" : "ahead of") == -1)
			text[0] = '\0';
	}
	return good ? incident_service_works(x->db, x->conf, "clock", e)
		    : incident_service(x->db, x->conf, "clock", 0, text, e);
}

/* Did a sign-in by the person store another pair while we waited for the answer? Then whatever came concerns nobody
 * any more, and the newer pair stays. */
static int
was_overtaken(struct oauth_ctx *x, const struct refresh *r, bool *yes, struct err *e)
{
	struct account now = {0};

	if (account_get(x->db, r->account.id, &now, e) == -1)
		return -1;
	*yes = now.generation != r->account.generation;
	account_clear(&now);
	return 0;
}

/* Everything that one answer changes, in one transaction. */
static int
end_refresh(struct oauth_ctx *x, struct refresh *r, struct oauth_answer *a, struct err *e)
{
	const char *detail = a->code[0] != '\0' ? a->code : http_stage_name(a->stage);
	const char *state = "refused";
	bool overtaken = false;
	int rc = -1;

	if (db_begin(x->db, e) == -1)
		return -1;
	rc = was_overtaken(x, r, &overtaken, e);
	if (rc == -1 || overtaken) {
		state = "done";
		detail = "overtaken by a sign-in";
		r->got = OAUTH_GOT;
	} else if (a->cause == CAUSE_NONE) {
		state = "done";
		r->got = OAUTH_GOT;
		rc = oauth_store(x, r->account.id, r->account.generation, &a->pair, NULL, e);
		if (rc == 0)
			rc = incident_service_works(x->db, x->conf, "configuration", e);
	} else if (a->cause == CAUSE_SIGN_IN_LOST) {
		rc = lost_for_good(x, r, a, e);
	} else if (a->cause == CAUSE_SUSPECT) {
		state = "unknown";
		r->lost++;
		r->got = OAUTH_LATER;
		rc = set_suspect(x, r, a->why[0] != '\0' ? a->why : http_stage_name(a->stage), e);
	} else {
		if (a->stage != HTTP_DONE)
			state = "unsent";
		rc = try_later(x, r, a, e);
	}
	if (rc == 0)
		rc = tell_clock(x, a, e);
	if (rc == 0)
		rc = token_journal_end(x->db, r->journal_id, state, a->status, detail, 0, e);
	if (rc == 0)
		rc = token_lease_free(x->db, r->account.id, x->owner, e);
	if (rc == -1) {
		db_rollback(x->db);
		return -1;
	}
	return db_commit(x->db, e);
}

/* A new pair exists only in this memory: hold it and try again, before anything else happens (F8). */
static int
end_refresh_patiently(struct oauth_ctx *x, struct refresh *r, struct oauth_answer *a, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 0, .tv_sec = STORE_PAUSE_MS / 1000};
	int64_t until = clk_mono_ms() + (a->cause == CAUSE_NONE ? STORE_PATIENCE_MS : 0);

	for (;;) {
		if (end_refresh(x, r, a, e) == 0)
			return 0;
		if (clk_mono_ms() >= until)
			return -1;
		log_err("token_store_retry", e);
		err_clear(e);
		nanosleep(&pause, NULL);
	}
}

/* The old refresh token stays when the answer had none (F10). */
static void
keep_old_refresh(const struct secret *old, struct oauth_answer *a)
{
	if (a->cause == CAUSE_NONE && !secret_is_set(&a->pair.refresh))
		secret_set(&a->pair.refresh, old->p, old->len);
}

/* The seal would not open: nothing was sent. The error of the seal is what the caller must see. */
static void
give_back(struct oauth_ctx *x, const struct refresh *r)
{
	if (token_journal_end(x->db, r->journal_id, "unsent", 0, "seal", 0, NULL) == -1 ||
	    token_lease_free(x->db, r->account.id, x->owner, NULL) == -1)
		log_event(LOG_ERROR, "token_lease_kept", "account", log_num(r->account.id), NULL);
}

/* The one call; its intent is committed. After an error the journal row stays open: nobody knows how far it came. */
static int
call_procore(struct oauth_ctx *x, struct refresh *r, struct err *e)
{
	struct oauth_answer a = {0};
	struct secret old = {0};
	int rc = -1;

	if (oauth_unseal(x, &r->account, "refresh", &old, &r->got, e) == -1) {
		give_back(x, r);
		return -1;
	}
	if (r->got == OAUTH_NONE) {
		give_back(x, r);
		return 0;
	}
	r->got = OAUTH_LATER;
	if (oauth_post_refresh(x, r->account.id, &old, &a, e) == 0) {
		keep_old_refresh(&old, &a);
		rc = end_refresh_patiently(x, r, &a, e);
	}
	if (rc == 0)
		log_event(a.cause == CAUSE_NONE ? LOG_INFO : LOG_WARN, "token_refresh", "account",
		    log_num(r->account.id), "result", cause_word(a.cause), "status", log_num(a.status), NULL);
	oauth_answer_clear(&a);
	secret_clear(&old);
	return rc;
}

int
oauth_renew(struct oauth_ctx *x, int64_t account_id, int64_t generation, bool forced, enum oauth_got *got,
    struct err *e)
{
	struct refresh r = {.forced = forced};
	int rc = begin_refresh(x, account_id, generation, &r, e);

	if (rc == 0 && r.go)
		rc = call_procore(x, &r, e);
	if (rc == 0)
		*got = r.got;
	account_clear(&r.account);
	return rc;
}

int
oauth_refresh(struct oauth_ctx *x, int64_t account_id, int64_t generation, enum oauth_got *got, struct err *e)
{
	return oauth_renew(x, account_id, generation, false, got, e);
}
