#include "config.h"

#include "core/work.h"

#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/rnd.h"
#include "core/audit.h"
#include "core/browse.h"
#include "core/house.h"
#include "core/incident.h"
#include "core/oauth_token.h"
#include "core/rotate.h"
#include "core/webhook.h"
#include "io/json.h"
#include "io/wake.h"
#include "store/account.h"
#include "store/attempt.h"
#include "store/hand_over.h"
#include "store/job.h"
#include "store/plan_rows.h"
#include "store/token.h"
#include "store/trail.h"

enum {
	DAY_S = 86400,
	/* When a refresh must wait for another process or a free place among refresh_parallel. */
	BUSY_S = 5,
	SEAL_EVERY_S = 10,
	SEAL_BATCH = 500,
	CHECKPOINT_EVERY_S = 30,
	CHECKPOINT_BUSY_MS = 2000,
	PLAN_EVERY_S = 300,
	CLEAN_EVERY_S = 3600,
	INCIDENTS_EVERY_S = 60,
	MAIL_BATCH = 20,
	/* Tokens sealed anew before other work gets its turn. */
	ROTATE_BATCH = 100,
	MAIL_LOOK_S = 60,
	/* A failed step is tried again after 10 s, 20 s, ... at most 10 min. */
	RETRY_FIRST_S = 10,
	RETRY_MAX_S = 600
};

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a == 0)
		return b;
	return a < b ? a : b;
}

/* ---- accounts */

/* An account in use is renewed when its time comes; an idle one is proved once a day (DESIGN.md 7 Proof), but
 * not before the time that a try in vain has set. */
static int64_t
refresh_time(const struct account *a, bool in_use)
{
	int64_t daily = a->last_refresh_at + DAY_S;

	if (a->state != ACCOUNT_OK && a->state != ACCOUNT_SUSPECT)
		return 0;
	if (in_use || a->state == ACCOUNT_SUSPECT)
		return a->refresh_due_at != 0 ? a->refresh_due_at : clk_now();
	return daily > a->refresh_due_at ? daily : a->refresh_due_at;
}

static int
prove_idle(struct work_ctx *w, int64_t account_id, struct err *e)
{
	struct oauth_ctx *x = &w->sync->oauth;
	struct oauth_token t = {0};
	struct oauth_me me;
	enum oauth_got got = OAUTH_LATER;
	char why[256] = "";
	int status = 0;
	int rc = -1;

	if (oauth_access(x, account_id, &t, &got, e) == -1)
		return -1;
	if (got != OAUTH_GOT)
		return 0;
	if (oauth_me(x, &t.access, &me, &status, why, e) == -1)
		goto out;
	rc = status == 200 ? oauth_proved(x, account_id, e) : 0;
out:
	oauth_token_clear(&t);
	return rc;
}

static int
run_refresh(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct db *db = w->sync->oauth.db;
	struct account a = {0};
	enum oauth_got got = OAUTH_LATER;
	bool in_use = false;
	int64_t due;
	int rc = -1;

	if (account_get(db, j->ref, &a, e) == -1 || account_in_use(db, j->ref, &in_use, e) == -1)
		goto out;
	due = refresh_time(&a, in_use);
	if (due == 0 || due > clk_now()) {
		*next_at = due;
		rc = 0;
		goto out;
	}
	if (oauth_refresh(&w->sync->oauth, a.id, a.generation, &got, e) == -1)
		goto out;
	if (got == OAUTH_GOT && !in_use && prove_idle(w, j->ref, e) == -1)
		goto out;
	account_clear(&a);
	if (account_get(db, j->ref, &a, e) == -1)
		goto out;
	due = refresh_time(&a, in_use);
	/* Spread, so that each second has its share of those that found no place. */
	*next_at = due != 0 && due <= clk_now() ? clk_now() + rnd_between(1, BUSY_S) : due;
	rc = 0;
out:
	account_clear(&a);
	return rc;
}

static int
run_revoke(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct json *arg = NULL;
	bool seated = false;
	int rc = -1;

	*next_at = 0;
	if (hand_over_seated(w->sync->oauth.db, j->ref, &seated, e) == -1)
		return -1;
	if (seated)
		return 0; /* it got a seat again meanwhile */
	if (json_parse(j->arg, strlen(j->arg), LIMIT_FIELD, &arg, e) == 0)
		rc = oauth_drop(&w->sync->oauth, j->ref, json_str_or(arg, "after", "needed"), e);
	json_free(arg);
	return rc;
}

/* ---- sync */

static int
run_resume(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	*next_at = 0;
	return sync_resume_account(w->sync, j->ref, e);
}

static int
run_check_bic(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return sync_check_bic(w->sync, j->ref, next_at, e);
}

static int
run_check_login(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return sync_check_login(w->sync, j->ref, next_at, e);
}

static int
run_sync(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return sync_run_connection(w->sync, j->ref, next_at, e);
}

static int
run_pull(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return sync_pull(w->sync, j->arg, next_at, e);
}

static int
run_choices(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return sync_choices(w->sync, j->ref, next_at, e);
}

static int
run_webhook(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	return webhook_run(&w->sync->oauth, j->ref, next_at, e);
}

static int
run_browse(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	*next_at = 0;
	return browse_run(w->sync, j->ref, e);
}

/* ---- house-keeping */

static int
run_mail(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	(void)j;
	if (mail_run(w->mail, MAIL_BATCH, next_at, e) == -1)
		return -1;
	*next_at = sooner(*next_at, clk_now() + MAIL_LOOK_S);
	return 0;
}

static int
run_incidents(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	(void)j;
	if (incident_run(w->sync->oauth.db, w->sync->oauth.conf, next_at, e) == -1)
		return -1;
	*next_at = sooner(*next_at, clk_now() + INCIDENTS_EVERY_S);
	return 0;
}

static int
run_seal_audit(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct db *db = w->sync->oauth.db;
	int sealed = 0;
	int rc = audit_seal(db, w->audit_key, SEAL_BATCH, &sealed, e);

	(void)j;
	*next_at = clk_now() + (sealed == SEAL_BATCH ? 0 : SEAL_EVERY_S);
	/* Old rows are an alarm when sealing fails or finds nothing to do, not while it works off a backlog. */
	if (sealed < SEAL_BATCH && house_unsealed(db, w->sync->oauth.conf, rc == 0 ? e : NULL) == -1)
		rc = -1;
	return rc;
}

/* Readers may hold the log's end for a moment: then it is simply tried at the next turn. */
static int
run_checkpoint(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct err busy = {0};

	(void)j;
	*next_at = clk_now() + CHECKPOINT_EVERY_S;
	if (db_checkpoint(w->sync->oauth.db, CHECKPOINT_BUSY_MS, &busy) == -1 && busy.code != ERR_BUSY) {
		if (e != NULL)
			*e = busy;
		return -1;
	}
	return 0;
}

static int
run_clean(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct db *db = w->sync->oauth.db;
	bool more = false;
	int n = 0;

	(void)j;
	if (house_audit_head(db, e) == -1 || house_clean(db, w->sync->oauth.conf, &more, e) == -1 ||
	    house_spool(w->sync->spool_dir, &n, e) == -1)
		return -1;
	if (n > 0)
		log_event(LOG_INFO, "spool_cleaned", "files", log_num(n), NULL);
	*next_at = clk_now() + (more ? 0 : CLEAN_EVERY_S);
	return 0;
}

static int
run_plan(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	struct db *db = w->sync->oauth.db;

	(void)j;
	*next_at = clk_now() + PLAN_EVERY_S;
	if (plan_rows_missing(db, e) == -1 || token_journal_give_up_old(db, clk_now() - OAUTH_LEASE_S, e) == -1 || rotate_wish(db, e) == -1 ||
	    webhook_plan(db, w->sync->oauth.conf, e) == -1)
		return -1;
	return house_keys(db, w->sync->oauth.conf, e) == -1 ? -1 : house_disk(db, w->sync->oauth.conf, e);
}

static int
run_rotate_keys(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	bool more = false;

	(void)j;
	if (rotate_run(&w->sync->oauth, ROTATE_BATCH, &more, e) == -1)
		return -1;
	*next_at = more ? clk_now() : 0;
	return 0;
}

/* ---- one step */

typedef int (*work_fn)(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e);

static const work_fn table[JOB_KIND_MAX] = {
    [JOB_REFRESH] = run_refresh,
    [JOB_RESUME] = run_resume,
    [JOB_CHECK_BIC] = run_check_bic,
    [JOB_CHECK_LOGIN] = run_check_login,
    [JOB_SYNC] = run_sync,
    [JOB_CHOICES] = run_choices,
    [JOB_PULL] = run_pull,
    [JOB_REVOKE] = run_revoke,
    [JOB_BROWSE] = run_browse,
    [JOB_MAIL] = run_mail,
    [JOB_INCIDENTS] = run_incidents,
    [JOB_SEAL_AUDIT] = run_seal_audit,
    [JOB_CHECKPOINT] = run_checkpoint,
    [JOB_CLEAN] = run_clean,
    [JOB_WEBHOOK] = run_webhook,
    [JOB_PLAN] = run_plan,
    [JOB_ROTATE_KEYS] = run_rotate_keys,
};

int
work_plan_house(struct db *db, struct err *e)
{
	static const enum job_kind house[] = {JOB_PLAN, JOB_INCIDENTS, JOB_MAIL, JOB_SEAL_AUDIT, JOB_CHECKPOINT,
	    JOB_CLEAN};

	for (size_t i = 0; i < sizeof house / sizeof house[0]; i++)
		if (job_wish(db, house[i], 0, "", JOB_PRIO_HOUSE, clk_now(), e) == -1)
			return -1;
	return 0;
}

static int64_t
retry_time(const struct job *j)
{
	int64_t gap = RETRY_FIRST_S;

	for (int64_t i = 0; i < j->tries && gap < RETRY_MAX_S; i++)
		gap *= 2;
	if (gap > RETRY_MAX_S)
		gap = RETRY_MAX_S;
	return clk_now() + gap + rnd_between(0, gap / 4);
}

/* A kind that this version does not know how to do is left to fail in sight, never dropped. */
static int
run(struct work_ctx *w, const struct job *j, int64_t *next_at, struct err *e)
{
	if (table[j->kind] == NULL)
		return err_set(e, ERR_BUG, "job %s has no handler", job_kind_name(j->kind));
	/* Large files take their time. A process that dies gives its leases back through its parent. */
	if (j->kind == JOB_SYNC && job_extend(w->sync->oauth.db, j, clk_now() + WORK_LEASE_SYNC_S, e) == -1)
		return -1;
	return table[j->kind](w, j, next_at, e);
}

int
work_step(struct work_ctx *w, const char *owner, bool *ran, int64_t *next_at, struct err *e)
{
	struct db *db = w->sync->oauth.db;
	struct err failed = {0};
	struct job j = {0};
	int64_t again_at = 0;
	int rc;

	if (db_check_version(db, e) == -1 ||
	    job_claim(db, owner, clk_now(), WORK_LEASE_S, &j, ran, next_at, e) == -1)
		return -1;
	if (!*ran)
		return 0;
	if (w->rouse != NULL) {
		wake_send(w->rouse);
		w->rouse = NULL;
	}
	if (run(w, &j, &again_at, &failed) == 0) {
		rc = job_finish(db, &j, again_at, e);
	} else {
		db_rollback(db);
		log_event(LOG_WARN, "job_failed", "kind", job_kind_name(j.kind), "ref", log_num(j.ref), "why",
		    failed.msg, NULL);
		rc = job_fail(db, &j, retry_time(&j), failed.msg, e);
	}
	job_clear(&j);
	return rc;
}
