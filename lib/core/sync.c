#include "config.h"

#include "core/sync.h"

#include "base/clk.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/pace.h"
#include "core/sync_int.h"
#include "core/webhook.h"
#include "store/job.h"
#include "store/sync_rows.h"

enum {
	ITEMS_AT_ONCE = 500,
	/* A service that stopped a pass is asked again after this long, however long the
	   interval: what an event has announced must not wait for it. */
	AGAIN_S = 600,
	CHOICES_S = 86400,
	/* Nothing is due sooner than this after a pass, so that a pass that cannot go on
	   does not spin. */
	SOONEST_S = 15
};

/* ---- lists of both sides */

/* One kind: the first reader reads whenever it is due; the others, who may see what the first may
 * not, now and then. A reader that turns out not to be able is left out and the next one
 * steps in, with its own mark. */
static int
list_kind(struct run *r, enum plan_kind kind, bool *complete, struct err *e)
{
	const struct plan_bic *first = run_reader(r, kind);

	*complete = false;
	while (first != NULL && !*complete && !r->stopped) {
		if (list_procore_due(r, kind, first, e) == -1)
			return -1;
		*complete = run_reader(r, kind) == first && !r->stopped;
		if (*complete)
			r->pass.account_id = first->account_id;
		else
			first = run_reader(r, kind);
	}
	/* what may rest has its recycle bin rest, too */
	if (!*complete || r->rested)
		return 0;
	if (list_bin(r, kind, first, e) == -1)
		return -1;
	for (size_t i = 0; i < r->bics_n && !r->stopped; i++) {
		const struct plan_bic *b = &r->bics[i];
		struct mark m = {0};

		if (b == first || !b->signed_in || !b->permitted[kind])
			continue;
		if (mark_get(r->db, r->connection_id, "procore", plan_kind_word(kind),
			b->account_id, &m, e) == -1)
			return -1;
		if (m.pass_at <= clk_now() - SYNC_OTHER_READER_S &&
		    list_procore(r, kind, b, e) == -1)
			return -1;
	}
	return 0;
}

/* What waits for a map that has just been changed, for a sign-in that is there, or for a
 * contact that may be there by now. */
static int
wake(struct run *r, struct err *e)
{
	int64_t now = clk_now();

	if (sync_wake_mapped(r->db, r->connection_id, now, e) == -1 ||
	    sync_wake_signed_in(r->db, r->connection_id, now, e) == -1)
		return -1;
	for (size_t i = 0; i < r->bics_n; i++)
		if (str_empty(r->bics[i].contact_id) &&
		    r->bics_checked_at[i] <= now - SYNC_SELDOM_S &&
		    item_wake_reason(r->db, r->connection_id, r->bics[i].account_id,
			plan_reason_word(PLAN_R_NO_CONTACT), false, now, e) == -1)
			return -1;
	return 0;
}

/* Both lists of response values are read at the first pass and once a day: people edit them
 * on either side. */
static int
refresh_choices(struct run *r, struct err *e)
{
	int64_t at = 0, now = clk_now();

	if (run_reader(r, PLAN_SUBMITTAL) == NULL)
		return 0;
	if (response_choice_seen(r->db, r->connection_id, &at, e) == -1)
		return -1;
	return at > now - CHOICES_S ? 0
				    : job_wish(r->db, JOB_CHOICES, r->connection_id, "",
					  JOB_PRIO_BUSY, now, e);
}

static int
work_off(struct run *r, struct err *e)
{
	int64_t ids[ITEMS_AT_ONCE];
	size_t n = 0;

	if (item_due(r->db, r->connection_id, clk_now(), ids, ITEMS_AT_ONCE, &n, e) == -1)
		return -1;
	for (size_t i = 0; i < n && !r->stopped; i++)
		if (item_work(r, ids[i], e) == -1)
			return -1;
	return 0;
}

/* ---- the pass */

static int
next_time(struct run *r, int64_t *next_at, struct err *e)
{
	int64_t now = clk_now(), due = 0;

	*next_at = pace_next_at(now, r->poll_s, rnd_between(0, r->poll_s));
	if (r->retry_at > now && (r->stopped || r->retry_at > *next_at))
		*next_at = pace_back_at(r->retry_at, r->read_at, now);
	else if (r->stopped && *next_at > now + AGAIN_S)
		*next_at = now + AGAIN_S - rnd_between(0, AGAIN_S / 10);
	/* without Project Center what is due stays due; nothing is gained by hurry */
	if (!r->stopped && !r->no_reader && npc_configured(r->x->npc)) {
		if (item_next_due(r->db, r->connection_id, &due, e) == -1)
			return -1;
		if (due != 0 && due < *next_at)
			*next_at = due;
	}
	if (*next_at < now + SOONEST_S)
		*next_at = now + SOONEST_S;
	return 0;
}

static int
save_connection(struct run *r, bool complete, int64_t next_at, struct err *e)
{
	int64_t idle = r->idle_passes + (r->rested ? 0 : 1);

	if (r->pass.found != 0 || r->pass.done != 0)
		idle = 0;

	if (!complete)
		return sync_connection_failed(
		    r->db, r->connection_id, next_at, r->error, e);
	/* webhooks up to the one that was newest when the pass began are covered by it */
	if (sync_hooks_done(r->db, r->project_id, r->hook_id, clk_now(), e) == -1)
		return -1;
	if (r->unannounced && webhook_judge(r->db, r->connection_id, r->listed_at, e) == -1)
		return -1;
	return sync_connection_done(
	    r->db, r->connection_id, clk_now(), next_at, idle, e);
}

/* Nobody could read one of the kinds, or both. */
static void
say_incomplete(struct run *r, bool rfis, bool submittals)
{
	bool signed_in = false;

	for (size_t i = 0; i < r->bics_n; i++)
		signed_in = signed_in || r->bics[i].signed_in;
	str_cut(r->error, sizeof r->error,
	    r->bics_n == 0 ? "No BIC user is registered for this project"
	    : !signed_in   ? "No BIC user of this project is signed in to Procore"
	    : rfis ? "Submittals: no BIC user of this project may work on them in Procore"
	    : submittals
		? "RFIs: no BIC user of this project may work on them in Procore"
		: "No BIC user of this project may work on RFIs or Submittals in Procore");
}

static int
end_pass(struct run *r, bool rfis, bool submittals, int64_t *next_at, struct err *e)
{
	bool complete = rfis && submittals && !r->stopped && r->error[0] == '\0';

	r->pass.finished_at = clk_now();
	r->pass.calls = r->procore.calls;
	r->pass.detail = r->error;
	if (!complete && r->error[0] == '\0')
		say_incomplete(r, rfis, submittals);
	if (next_time(r, next_at, e) == -1 || db_begin(r->db, e) == -1)
		return -1;
	if (save_connection(r, complete, *next_at, e) == -1 ||
	    pass_add(r->db, r->connection_id, &r->pass, e) == -1) {
		db_rollback(r->db);
		return -1;
	}
	return db_commit(r->db, e);
}

/* With npc_adapter = none Procore is read all the same: that proves the sign-ins, finds lost
 * permissions, and lists what waits for the day on which Project Center is there. */
static int
pass(struct run *r, int64_t *next_at, struct err *e)
{
	bool rfis = false, submittals = false, npc = npc_configured(r->x->npc);

	if (sync_hooks_last(r->db, r->project_id, &r->hook_id, e) == -1 ||
	    wake(r, e) == -1 || (npc && list_npc(r, e) == -1))
		return -1;
	/* something happens here, however long it was quiet */
	if (r->hook_id != 0)
		r->procore.priority = BUDGET_BUSY;
	if (!r->stopped &&
	    (list_kind(r, PLAN_RFI, &rfis, e) == -1 ||
		(!r->stopped && list_kind(r, PLAN_SUBMITTAL, &submittals, e) == -1)))
		return -1;
	/* Its lists are new: where the budget ends now, those that could not read come back
	 * before it. */
	if (rfis && submittals)
		r->read_at = clk_now();
	if (!npc && !r->stopped)
		str_cut(r->error, sizeof r->error, "Project Center not configured");
	else if (!r->stopped && (refresh_choices(r, e) == -1 || work_off(r, e) == -1))
		return -1;
	return end_pass(r, rfis, submittals, next_at, e);
}

int
sync_run_connection(
    struct sync_ctx *x, int64_t connection_id, int64_t *next_at, struct err *e)
{
	struct run r = {0};
	bool active = false;
	int rc = -1;

	*next_at = 0;
	if (run_open(&r, x, connection_id, &active, e) == 0)
		rc = active ? pass(&r, next_at, e) : 0;
	run_close(&r);
	return rc;
}
