#include "config.h"

#include "core/webhook.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/webhook_int.h"
#include "store/job.h"
#include "store/sync_rows.h"
#include "store/trail.h"
#include "store/webhook.h"

enum {
	NAMESPACE_BYTES = 32,
	TEXT_BYTES = 512,
	/* Somebody must give a permission, or sign in: no hurry. */
	REFUSED_S = 6 * 3600,
	NOBODY_S = 3600,
	TROUBLE_S = 600,
	/* A lost answer: what it did is seen by now (as SYNC_LOOK_S). */
	LOST_S = 120,
	GIVE_UP_S = 7 * 86400
};

/* One look at one connection. */
struct look {
	struct oauth_ctx *x;
	int64_t connection_id;
	struct webhook_wanted c;
	struct webhook row; /* as found */
	struct secret secret;
	char name_space[NAMESPACE_BYTES];
	bool wanted;
	bool anybody;    /* a seat that could be asked */
	struct keep k;   /* the last try */
	char login[257]; /* whose it was */
};

/* ---- what is wanted */

/* This installation's own: others may use the same app. */
static int
name_space(struct db *db, char dst[NAMESPACE_BYTES], struct err *e)
{
	char *id = NULL;
	int rc;

	if (meta_get(db, "installation_id", &id, e) == -1)
		return -1;
	rc = id == NULL || str_format(dst, NAMESPACE_BYTES, "connectorweb-%.12s", id) == -1
		 ? err_set(e, ERR_DB, "the installation has no id; run `connectorctl init`")
		 : 0;
	free(id);
	return rc;
}

static int
look_open(struct look *l, struct err *e)
{
	const struct conf *conf = l->x->conf;
	bool on = !str_empty(conf->webhook_public_url);

	if (webhook_wanted(l->x->db, l->connection_id, &l->c, e) == -1 ||
	    webhook_get(l->x->db, l->connection_id, &l->row, e) == -1 ||
	    name_space(l->x->db, l->name_space, e) == -1)
		return -1;
	l->wanted = on && l->c.active && l->c.wanted;
	return l->wanted
		   ? conf_secret(conf, CONF_WORKER, "webhook_secret_file", &l->secret, e)
		   : 0;
}

static void
look_close(struct look *l)
{
	json_free(l->k.triggers);
	secret_clear(&l->secret);
	webhook_clear(&l->row);
}

/* ---- trying */

static int
try_once(struct look *l, struct procore *p, int64_t account_id, enum procore_hooks_api api,
    struct err *e)
{
	json_free(l->k.triggers);
	l->k = (struct keep){.procore = p,
	    .api = api,
	    .at = {.account_id = account_id,
		.company_id = l->c.company_id,
		.project_id = l->c.project_id},
	    .want = {.name_space = l->name_space,
		.url = l->x->conf->webhook_public_url,
		.secret = l->secret.p}};
	if (str_eq(l->row.api, procore_hooks_word(api)))
		str_cut(l->k.hook_id, sizeof l->k.hook_id, l->row.hook_id);
	return l->wanted ? keep_ensure(&l->k, e) : keep_remove(&l->k, e);
}

/* By the version that made it, else by v2.0; by the other one where that is refused as a
 * whole. */
static int
try_both(struct look *l, struct procore *p, int64_t account_id, struct err *e)
{
	enum procore_hooks_api first =
	    str_eq(l->row.api, procore_hooks_word(PROCORE_HOOKS_V1)) ? PROCORE_HOOKS_V1
								     : PROCORE_HOOKS_V2;
	char why[KEEP_WHY_BYTES];

	if (try_once(l, p, account_id, first, e) == -1)
		return -1;
	if (l->k.listed ||
	    (l->k.cause != CAUSE_PERMISSION_LOST && l->k.cause != CAUSE_ITEM))
		return 0;
	str_cut(why, sizeof why, l->k.why);
	if (try_once(l, p, account_id,
		first == PROCORE_HOOKS_V2 ? PROCORE_HOOKS_V1 : PROCORE_HOOKS_V2, e) == -1)
		return -1;
	if (!l->k.listed && l->k.cause != CAUSE_NONE)
		str_cut(l->k.why, sizeof l->k.why, why);
	return 0;
}

/* Is it this account's matter, so that another one may do better? */
static bool
ask_next(enum cause c)
{
	switch (c) {
	case CAUSE_SIGN_IN_NEEDED:
	case CAUSE_SIGN_IN_LOST:
	case CAUSE_UNAUTHORIZED:
	case CAUSE_SUSPECT:
	case CAUSE_PERMISSION_LOST:
	case CAUSE_ITEM:
		return true;
	case CAUSE_NONE:
	case CAUSE_APP_NOT_AT_COMPANY:
	case CAUSE_CONFIGURATION:
	case CAUSE_UNREACHABLE:
	case CAUSE_LIMITED:
	case CAUSE_LOCAL:
	case CAUSE_MAX:
		break;
	}
	return false;
}

static int
try_seats(struct look *l, struct err *e)
{
	struct procore p = {.oauth = l->x, .priority = BUDGET_QUIET};
	struct sync_seats seats = {0};
	int rc = 0;

	if (sync_seats_of(l->x->db, l->connection_id, &seats, e) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < seats.n && (!l->anybody || ask_next(l->k.cause));
	     i++) {
		const struct sync_seat *s = &seats.v[i];

		if (!s->signed_in || str_eq(s->state, "permission_lost"))
			continue;
		l->anybody = true;
		str_cut(l->login, sizeof l->login, s->login);
		rc = try_both(l, &p, s->account_id, e);
	}
	sync_seats_clear(&seats);
	return rc;
}

/* ---- what came of it */

/* Why it is not as it should be, and when to try again. */
static int64_t
explain(const struct look *l, char text[TEXT_BYTES])
{
	const struct keep *k = &l->k;
	int64_t now = clk_now(), after = TROUBLE_S;
	int rc;

	if (!l->anybody) {
		after = NOBODY_S;
		rc = str_format(text, TEXT_BYTES,
		    "No BIC user of this project can set up real-time sync at present.");
	} else if (k->cause == CAUSE_PERMISSION_LOST) {
		after = REFUSED_S;
		rc = str_format(text, TEXT_BYTES,
		    "Procore does not let %.200s set up real-time sync; the app needs "
		    "Standard on the Webhooks API (%.200s).",
		    l->login, k->why);
	} else {
		after = k->lost ? LOST_S : k->cause == CAUSE_ITEM ? REFUSED_S : TROUBLE_S;
		rc = str_format(text, TEXT_BYTES,
		    "Procore would not %s real-time sync: %.250s",
		    l->wanted ? "set up" : "switch off", k->why);
	}
	if (rc == -1)
		text[0] = '\0';
	return k->retry_at > now + after ? k->retry_at : now + after;
}

static int
note_audit(const struct look *l, const char *action, struct err *e)
{
	struct json *detail = json_obj();
	char target[48];
	int rc = -1;

	json_put_str(
	    detail, "hook", l->k.hook_id[0] != '\0' ? l->k.hook_id : l->row.hook_id);
	json_put_str(detail, "api", procore_hooks_word(l->k.api));
	if (str_format(target, sizeof target, "connection %" PRId64, l->connection_id) == 0)
		rc = audit_add(l->x->db, "worker", action, target, detail, e);
	json_free(detail);
	return rc;
}

/* Refused: no events will come. A service that does not answer says nothing about the hook.
 */
static bool
still_active(const struct look *l)
{
	return l->row.active && l->anybody && l->k.cause != CAUSE_PERMISSION_LOST &&
	       l->k.cause != CAUSE_ITEM;
}

/* Inside a transaction. */
static int
save(struct look *l, const char *text, struct err *e)
{
	bool well = *text == '\0';
	bool touched = l->k.made || l->k.mended;
	char *triggers = json_text(l->k.triggers);
	struct webhook w = {.hook_id = well || l->k.made ? l->k.hook_id : l->row.hook_id,
	    .api = l->row.api,
	    .triggers = well ? triggers : l->row.triggers,
	    .error = xstrdup(text),
	    .active = well || still_active(l),
	    .checked_at = well ? clk_now() : l->row.checked_at};
	char *api = xstrdup(procore_hooks_word(l->k.api));
	int rc;

	if (well || l->k.made)
		w.api = api;
	if (w.hook_id == NULL) { /* nothing is known yet */
		l->row.hook_id = xstrdup("");
		l->row.api = xstrdup("");
		w.hook_id = l->row.hook_id;
		w.api = l->row.api;
	}
	if (w.triggers == NULL)
		w.triggers = l->row.triggers = xstrdup("[]");
	rc = webhook_put(l->x->db, l->connection_id, &w, touched, e);
	if (rc == 0 && touched)
		rc = note_audit(l, l->k.made ? "webhook.create" : "webhook.repair", e);
	free(api);
	free(w.error);
	free(triggers);
	return rc;
}

/* Inside a transaction. The row goes with the hook. */
static int
save_removed(struct look *l, struct err *e)
{
	if (l->k.removed && note_audit(l, "webhook.remove", e) == -1)
		return -1;
	return webhook_drop(l->x->db, l->connection_id, e);
}

/* A hook that nobody can remove any more is left alone: its events are answered and
 * ignored. */
static bool
give_up(const struct look *l)
{
	return l->c.disconnected && l->c.changed_at <= clk_now() - GIVE_UP_S;
}

static int
conclude(struct look *l, int64_t *next_at, struct err *e)
{
	char text[TEXT_BYTES] = "";
	bool failed = !l->anybody || l->k.cause != CAUSE_NONE;
	bool gone = !l->wanted && (!failed || give_up(l));
	struct db *db = l->x->db;
	int64_t again_at = failed ? explain(l, text) : clk_now() + WEBHOOK_CHECK_S;

	if (failed)
		log_event(LOG_WARN, "webhook_trouble", "connection",
		    log_num(l->connection_id), "why", text, NULL);
	if (db_begin(db, e) == -1)
		return -1;
	if ((gone ? save_removed(l, e) : save(l, text, e)) == -1) {
		db_rollback(db);
		return -1;
	}
	*next_at = gone ? 0 : again_at;
	return db_commit(db, e);
}

int
webhook_run(struct oauth_ctx *x, int64_t connection_id, int64_t *next_at, struct err *e)
{
	struct look l = {.x = x, .connection_id = connection_id};
	int rc = -1;

	*next_at = 0;
	if (look_open(&l, e) == -1)
		goto out;
	if (!l.wanted && l.row.hook_id == NULL) {
		rc = 0;
		goto out;
	}
	if (try_seats(&l, e) == -1)
		goto out;
	rc = conclude(&l, next_at, e);
out:
	look_close(&l);
	return rc;
}

int
webhook_plan(struct db *db, const struct conf *c, struct err *e)
{
	return webhook_plan_rows(db, !str_empty(c->webhook_public_url), clk_now(), e);
}

/* ---- for sync */

int
webhook_vouches(
    struct db *db, int64_t connection_id, int64_t listed_at, bool *vouches, struct err *e)
{
	struct webhook w = {0};
	int64_t now = clk_now();

	if (webhook_get(db, connection_id, &w, e) == -1)
		return -1;
	*vouches = w.active && w.last_event_at != 0 &&
		 w.checked_at > now - 2 * (int64_t)WEBHOOK_CHECK_S &&
		 listed_at >= w.last_event_at + WEBHOOK_LAG_S;
	webhook_clear(&w);
	return 0;
}

int
webhook_judge(struct db *db, int64_t connection_id, int64_t listed_at, struct err *e)
{
	struct webhook w = {0};
	bool missed;
	int rc = -1;

	if (webhook_get(db, connection_id, &w, e) == -1)
		return -1;
	/* It was as it should be before that reading, and has been silent since. */
	missed = w.active && listed_at != 0 && w.checked_at != 0 &&
		 w.checked_at < listed_at && w.last_event_at < listed_at - WEBHOOK_LAG_S;
	webhook_clear(&w);
	if (!missed)
		return 0;
	log_event(LOG_WARN, "webhook_missed", "connection", log_num(connection_id), NULL);
	if (webhook_doubt(db, connection_id, e) == 0 &&
	    job_wish(db, JOB_WEBHOOK, connection_id, "", JOB_PRIO_QUIET, clk_now(), e) == 0)
		rc = 0;
	return rc;
}
