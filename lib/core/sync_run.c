/* One pass: what it knows of its connection, and what failures mean for it. */
#include "config.h"

#include "core/sync_int.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/incident.h"
#include "store/job.h"
#include "store/sync_rows.h"

static int
read_connection(struct run *r, bool *active, struct err *e)
{
	struct sync_connection c;

	if (sync_connection_get(r->db, r->connection_id, &c, e) == -1)
		return -1;
	str_cut(r->npc_project, sizeof r->npc_project, c.npc_project);
	r->company_id = c.company_id;
	r->project_id = c.project_id;
	r->poll_s =
	    60 * (c.poll_minutes > 0 ? c.poll_minutes : r->conf->poll_interval_minutes);
	r->own_poll = c.poll_minutes > 0;
	r->sync_from_at = c.sync_from_at;
	r->idle_passes = c.idle_passes;
	r->cut_short = c.cut_short;
	r->planned = c.next_at != 0 && c.next_at <= clk_now() && !c.requested;
	*active = c.active;
	return 0;
}

/* By the level that Procore named for this tool; before any was named, by the seat's state.
 */
static bool
may(const struct sync_seat *s, const char *level)
{
	if (str_empty(level))
		return !str_eq(s->state, "permission_lost");
	return str_eq_ci(level, "Standard") || str_eq_ci(level, "Admin");
}

static int
read_bics(struct run *r, struct err *e)
{
	struct sync_seats seats = {0};

	if (sync_seats_of(r->db, r->connection_id, &seats, e) == -1)
		return -1;
	r->bics = xcalloc(seats.n + 1, sizeof *r->bics);
	r->bics_checked_at = xcalloc(seats.n + 1, sizeof *r->bics_checked_at);
	for (r->bics_n = 0; r->bics_n < seats.n; r->bics_n++) {
		const struct sync_seat *s = &seats.v[r->bics_n];

		r->bics[r->bics_n] = (struct plan_bic){.bic_id = s->bic_id,
		    .account_id = s->account_id,
		    .user_id = s->user_id,
		    .login = xstrdup(s->login_folded),
		    .contact_id = xstrdup(s->contact_id),
		    .signed_in = s->signed_in,
		    .permitted = {may(s, s->rfi_level), may(s, s->submittal_level)}};
		r->bics_checked_at[r->bics_n] = s->checked_at;
	}
	sync_seats_clear(&seats);
	return 0;
}

int
run_open(
    struct run *r, struct sync_ctx *x, int64_t connection_id, bool *active, struct err *e)
{
	*r = (struct run){.x = x,
	    .db = x->oauth.db,
	    .conf = x->oauth.conf,
	    .connection_id = connection_id};
	r->procore.oauth = &x->oauth;
	r->procore.priority = BUDGET_BUSY;
	r->pass.started_at = r->read_at = clk_now();
	if (read_connection(r, active, e) == -1 || read_bics(r, e) == -1)
		return -1;
	/* Somebody pressed Sync now or just signed in, or things happen here: before the
	 * quiet ones. */
	r->procore.priority = r->idle_passes < 3 ? BUDGET_BUSY : BUDGET_QUIET;
	return 0;
}

void
run_close(struct run *r)
{
	for (size_t i = 0; i < r->bics_n; i++) {
		free(r->bics[i].login);
		free(r->bics[i].contact_id);
	}
	free(r->bics);
	free(r->bics_checked_at);
	*r = (struct run){0};
}

struct procore_at
run_at(const struct run *r, int64_t account_id)
{
	return (struct procore_at){.account_id = account_id,
	    .company_id = r->company_id,
	    .project_id = r->project_id};
}

const struct plan_bic *
run_reader(const struct run *r, enum plan_kind kind)
{
	for (size_t i = 0; i < r->bics_n; i++)
		if (r->bics[i].signed_in && r->bics[i].permitted[kind])
			return &r->bics[i];
	return NULL;
}

struct plan_bic *
run_bic(struct run *r, int64_t account_id)
{
	for (size_t i = 0; i < r->bics_n; i++)
		if (r->bics[i].account_id == account_id)
			return &r->bics[i];
	return NULL;
}

/* ---- what failures mean */

static void
stop(struct run *r, int64_t retry_at, const char *text)
{
	r->stopped = true;
	if (retry_at > r->retry_at)
		r->retry_at = retry_at;
	if (r->error[0] == '\0')
		str_cut(r->error, sizeof r->error, text);
}

/* This account may not read here: say so on its seat, and have the job find out which tool
 * it is. */
static int
deny(
    struct run *r, enum plan_kind kind, int64_t account_id, const char *text, struct err *e)
{
	struct plan_bic *b = run_bic(r, account_id);

	if (b == NULL)
		return 0;
	b->permitted[kind] = false;
	if (db_begin(r->db, e) == -1)
		return -1;
	if (sync_seat_denied(r->db, b->bic_id, text, e) == -1 ||
	    job_wish(r->db, JOB_CHECK_BIC, b->bic_id, "", JOB_PRIO_TOKEN, clk_now(), e) ==
		-1) {
		db_rollback(r->db);
		return -1;
	}
	return db_commit(r->db, e);
}

static int
procore_down(struct run *r, const struct procore_answer *a, struct err *e)
{
	char text[256];

	str_cut(text, sizeof text, a->text);
	if (str_format(text, sizeof text, "Procore: %.240s", a->text) == -1)
		text[0] = '\0';
	stop(r, a->retry_at, text);
	if (a->cause == CAUSE_LIMITED || a->cause == CAUSE_APP_NOT_AT_COMPANY)
		return 0; /* nothing is out of order with the service itself */
	return incident_service(r->db, r->conf,
	    a->cause == CAUSE_CONFIGURATION ? "configuration"
	    : a->cause == CAUSE_LOCAL	    ? "disk"
					    : "procore",
	    0, text, e);
}

int
run_procore_failed(struct run *r, const struct procore_answer *a, enum plan_kind kind,
    int64_t account_id, bool *again, struct err *e)
{
	struct plan_bic *b = run_bic(r, account_id);

	*again = false;
	switch (a->cause) {
	case CAUSE_NONE:
	case CAUSE_ITEM:
	case CAUSE_MAX:
		return 0;
	case CAUSE_SIGN_IN_NEEDED:
	case CAUSE_SIGN_IN_LOST:
	case CAUSE_UNAUTHORIZED:
	case CAUSE_SUSPECT:
		if (b != NULL)
			b->signed_in = false;
		*again = true;
		return 0;
	case CAUSE_PERMISSION_LOST:
		*again = true;
		return deny(r, kind, account_id, a->text, e);
	case CAUSE_APP_NOT_AT_COMPANY:
	case CAUSE_CONFIGURATION:
	case CAUSE_UNREACHABLE:
	case CAUSE_LIMITED:
	case CAUSE_LOCAL:
		break;
	}
	return procore_down(r, a, e);
}

int
run_npc_failed(struct run *r, const struct npc_answer *a, struct err *e)
{
	char text[256];

	if (a->cause == CAUSE_NONE || a->cause == CAUSE_ITEM)
		return 0;
	if (!npc_configured(r->x->npc)) {
		stop(r, 0, a->text);
		return 0;
	}
	if (str_format(text, sizeof text, "Project Center: %.230s", a->text) == -1)
		text[0] = '\0';
	stop(r, a->retry_at, text);
	if (a->cause == CAUSE_LIMITED)
		return 0;
	return incident_service(
	    r->db, r->conf, a->cause == CAUSE_LOCAL ? "disk" : "npc", 0, text, e);
}
