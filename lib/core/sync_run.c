/* One pass: what it knows of its connection, and what failures mean for it. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/incident.h"
#include "sql/queries.gen.h"
#include "store/job.h"

static int
read_connection(struct run *r, bool *active, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(r->db, Q_SYNC_CONNECTION, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, r->connection_id);
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "connection %" PRId64, r->connection_id);
		goto out;
	}
	str_cut(r->npc_project, sizeof r->npc_project, db_col_text(q, 0));
	r->company_id = db_col_i64(q, 1);
	r->project_id = db_col_i64(q, 2);
	*active = str_eq(db_col_text(q, 3), "active");
	r->poll_s = 60 * (db_col_i64(q, 4) > 0 ? db_col_i64(q, 4) : r->conf->poll_interval_minutes);
	r->sync_from_at = db_col_i64(q, 5);
	r->idle_passes = db_col_i64(q, 6);
	rc = 0;
out:
	db_done(q);
	return rc;
}

static int
read_bics(struct run *r, struct err *e)
{
	struct stmt *q = NULL;
	bool row = true;
	int rc = -1;

	if (db_query(r->db, Q_SYNC_BICS, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, r->connection_id);
	for (;;) {
		const char *sign_in, *state;
		size_t n = r->bics_n;

		if (db_step(q, &row, e) == -1)
			goto out;
		if (!row)
			break;
		r->bics = xreallocarray(r->bics, n + 1, sizeof *r->bics);
		r->bics_checked_at = xreallocarray(r->bics_checked_at, n + 1, sizeof *r->bics_checked_at);
		sign_in = db_col_text(q, 5);
		state = db_col_text(q, 6);
		r->bics[n] = (struct plan_bic){.bic_id = db_col_i64(q, 0), .account_id = db_col_i64(q, 1),
		    .user_id = db_col_i64(q, 2), .login = xstrdup(db_col_text(q, 3)),
		    .contact_id = xstrdup(db_col_text(q, 4)),
		    .signed_in = str_eq(sign_in, "ok") || str_eq(sign_in, "suspect"),
		    .permitted = !str_eq(state, "permission_lost")};
		r->bics_checked_at[n] = db_col_i64(q, 7);
		r->bics_n++;
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
run_open(struct run *r, struct sync_ctx *x, int64_t connection_id, bool *active, struct err *e)
{
	*r = (struct run){.x = x, .db = x->oauth->db, .conf = x->oauth->conf, .connection_id = connection_id};
	r->procore.oauth = x->oauth;
	r->procore.priority = BUDGET_BUSY;
	r->pass.started_at = clk_now();
	if (read_connection(r, active, e) == -1 || read_bics(r, e) == -1)
		return -1;
	/* Somebody pressed Sync now or just signed in, or things happen here: before the quiet ones. */
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
	return (struct procore_at){
	    .account_id = account_id, .company_id = r->company_id, .project_id = r->project_id};
}

const struct plan_bic *
run_reader(const struct run *r)
{
	for (size_t i = 0; i < r->bics_n; i++)
		if (r->bics[i].signed_in && r->bics[i].permitted)
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

/* Is the service down according to its row? No row: no. */
static int
service_is_down(struct run *r, const char *service, bool *down, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(r->db, Q_SYNC_SERVICE_GET, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, service);
	if (db_step(q, &row, e) == 0) {
		*down = row && str_eq(db_col_text(q, 0), "down");
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
run_service_ok(struct run *r, const char *service, struct err *e)
{
	bool down = false;

	if (service_is_down(r, service, &down, e) == -1)
		return -1;
	return down ? incident_service(r->db, r->conf, service, 1, "", e) : 0;
}

/* This account may not read here: say so on its seat, and have the job find out which tool it is. */
static int
deny(struct run *r, int64_t account_id, const char *text, struct err *e)
{
	struct plan_bic *b = run_bic(r, account_id);
	struct stmt *q = NULL;

	if (b == NULL)
		return 0;
	b->permitted = false;
	if (db_begin(r->db, e) == -1)
		return -1;
	if (db_query(r->db, Q_SYNC_BIC_DENIED, &q, e) == -1)
		goto fail;
	db_bind_i64(q, 1, b->bic_id);
	db_bind_text(q, 2, text);
	if (db_exec(q, e) == -1 ||
	    job_wish(r->db, JOB_CHECK_BIC, b->bic_id, "", JOB_PRIO_TOKEN, clk_now(), e) == -1)
		goto fail;
	return db_commit(r->db, e);
fail:
	db_rollback(r->db);
	return -1;
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
	return incident_service(r->db, r->conf, a->cause == CAUSE_CONFIGURATION ? "configuration" : "procore", 0, text,
	    e);
}

int
run_procore_failed(struct run *r, const struct procore_answer *a, int64_t account_id, bool *again, struct err *e)
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
		return deny(r, account_id, a->text, e);
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
	return incident_service(r->db, r->conf, "npc", 0, text, e);
}
