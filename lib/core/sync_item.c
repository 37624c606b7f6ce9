/* One due item: read both sides, carry in, send answers, and say how it ended. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/audit.h"
#include "io/crypt.h"
#include "io/json.h"
#include "store/issue.h"
#include "store/item_cost.h"
#include "store/job.h"

enum {
	/* First gap after a failure; each further one is four times as long: 1, 4, 16
	   minutes. */
	RETRY_FIRST_S = 60,
	RETRY_MAX_S = 4 * 3600
};

enum npc_kind
item_npc_kind(const struct work *w)
{
	return w->kind == PLAN_RFI ? NPC_RFI : NPC_SUBMITTAL;
}

void
item_external_id(const struct work *w, char out[64])
{
	BUG_IF(str_format(out, 64, "procore-%s-%" PRId64, plan_kind_word(w->kind),
		   w->it.procore_id) == -1);
}

int
item_carried(struct work *w, const struct effect *f, const char *action, const char *result,
    int64_t now, struct err *e)
{
	struct json *detail = json_obj();
	char what[128];
	int rc;

	if (str_format(what, sizeof what, "%s %.60s",
		w->kind == PLAN_RFI ? "RFI" : "submittal", w->it.number) == -1)
		what[0] = '\0';
	json_put_str(detail, "what", what);
	json_put_i64(detail, "item", w->it.id);
	json_put_str(detail, "result", result);
	rc = effect_done(w->r->db, f, result, now, e);
	if (rc == 0)
		rc = audit_worker(
		    w->r->db, action, "connection", w->r->connection_id, detail, e);
	json_free(detail);
	return rc;
}

static int64_t
retry_gap(int64_t tries)
{
	int64_t gap = RETRY_FIRST_S;

	for (int64_t i = 1; i < tries && gap < RETRY_MAX_S; i++)
		gap *= 4;
	gap = gap > RETRY_MAX_S ? RETRY_MAX_S : gap;
	return gap + rnd_between(0, gap / 4);
}

static int
fail_rows(struct work *w, const char *direction, enum plan_reason reason,
    const char *message, int64_t now, struct err *e)
{
	struct item *it = &w->it;
	bool news = !str_eq(it->reason_text, message),
	     parked = it->tries >= w->r->conf->item_retries;
	char text[PLAN_TEXT_BYTES + 64];

	it->tries++;
	it->next_try_at = parked ? 0 : now + retry_gap(it->tries);
	if (parked)
		item_text(&it->state, "parked");
	item_text(&it->reason, plan_reason_word(reason));
	item_text(&it->reason_text, message);
	if (issue_open(w->r->db, w->r->connection_id, it->id, direction,
		plan_reason_word(reason), message, plan_reason_remedy(reason, w->kind), now,
		e) == -1 ||
	    issue_clear_item(w->r->db, it->id, direction, plan_reason_word(reason),
		"another cause", now, e) == -1)
		return -1;
	if (str_eq(direction, "to_procore") &&
	    issue_clear_item(w->r->db, it->id, "to_npc", "", "carried", now, e) == -1)
		return -1;
	if (news && item_event_with(w->r->db, it->id, now, w->reader, message, e) == -1)
		return -1;
	if (parked) {
		if (str_format(text, sizeof text,
			"Given up after %" PRId64 " tries: %.400s", it->tries,
			message) == -1)
			text[0] = '\0';
		if (item_event_with(w->r->db, it->id, now, w->reader, text, e) == -1)
			return -1;
	}
	return item_save(w->r->db, it, now, e);
}

int
item_fail(struct work *w, const char *direction, enum plan_reason reason,
    const char *message, struct err *e)
{
	w->failed = true;
	w->r->pass.failed++;
	if (db_begin(w->r->db, e) == -1)
		return -1;
	if (fail_rows(w, direction, reason, message, clk_now(), e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	return db_commit(w->r->db, e);
}

/* ---- Procore's side */

/* It used to be there: what was agreed stays, but for its status. */
static void
set_deleted(struct work *w)
{
	plan_remote_clear(&w->remote);
	w->remote.kind = w->kind;
	w->remote.id = w->it.procore_id;
	w->remote.status = PLAN_DELETED;
	w->remote.status_text = xstrdup("Deleted");
	w->remote.number = xstrdup(w->it.number);
	w->remote.revision = xstrdup(w->it.revision);
	w->remote.current_revision = true;
	w->remote.updated_at = w->it.procore_updated_at;
	map_fields_parse(w->it.agreed, &w->remote.fields);
	plan_fields_set(&w->remote.fields, PLAN_STATUS, "Deleted");
	w->has_remote = true;
}

static void
take_remote(struct work *w, int64_t date_at)
{
	struct item *it = &w->it;
	char *text = map_fields_text(&w->remote.fields);

	/* The row gets the hash when all of this is carried: rows saved on the way keep
	 * none, so that a pass that ends early is followed by one that reads again. */
	crypt_sha256_hex(text, strlen(text), w->remote_sha);
	free(text);
	item_text(&it->procore_hash, "");
	item_text(&it->number, w->remote.number);
	item_text(&it->revision, w->remote.revision);
	item_text(&it->subject, plan_fields_get(&w->remote.fields, PLAN_SUBJECT));
	item_text(&it->procore_status, w->remote.status_text);
	/* Within its second it may change again: a time before makes the next pass look
	 * once more. */
	it->procore_updated_at = w->remote.updated_at;
	if (date_at - w->remote.updated_at < SYNC_SAME_SECOND_S)
		it->procore_updated_at--;
}

static int
read_failed(struct work *w, const struct procore_answer *a, int64_t account_id, bool *again,
    struct err *e)
{
	struct plan_bic *b = run_bic(w->r, account_id);
	char text[PLAN_TEXT_BYTES];

	*again = false;
	if (a->cause == CAUSE_ITEM && a->status == 404) {
		set_deleted(w);
		return 0;
	}
	if (a->cause != CAUSE_ITEM && a->cause != CAUSE_PERMISSION_LOST)
		return run_procore_failed(w->r, a, w->kind, account_id, again, e);
	if (str_format(text, sizeof text, "Procore would not show it to %s: %.250s",
		b == NULL ? "" : b->login, a->text) == -1)
		text[0] = '\0';
	if (a->cause == CAUSE_PERMISSION_LOST && b != NULL &&
	    job_wish(
		w->r->db, JOB_CHECK_BIC, b->bic_id, "", JOB_PRIO_TOKEN, clk_now(), e) == -1)
		return -1;
	return item_fail(w, "to_npc",
	    a->cause == CAUSE_ITEM ? PLAN_R_PROCORE_REFUSED : PLAN_R_PERMISSION, text, e);
}

/* What one person may not see looks deleted to that person: the others are asked before it
 * is believed. */
static bool
next_witness(const struct work *w, int64_t first, size_t *at, int64_t *account_id)
{
	while (*at < w->r->bics_n) {
		const struct plan_bic *b = &w->r->bics[(*at)++];

		if (b->account_id != first && b->signed_in && b->permitted[w->kind]) {
			*account_id = b->account_id;
			return true;
		}
	}
	return false;
}

int
item_read_procore(struct work *w, int64_t account_id, struct err *e)
{
	enum procore_op op = w->kind == PLAN_RFI ? PROCORE_RFI : PROCORE_SUBMITTAL;
	struct run *r = w->r;
	int64_t first = account_id;
	size_t witness = 0;

	w->has_remote = false;
	for (size_t i = 0; i < r->bics_n + 3 && !w->has_remote && !w->failed && !r->stopped;
	     i++) {
		struct procore_at at = run_at(r, account_id);
		struct procore_answer a = {0};
		bool again = false;
		int rc = 0;

		if (procore_one(&r->procore, op, &at, w->it.procore_id, &a, e) == -1)
			return -1;
		if (a.cause == CAUSE_NONE) {
			plan_remote_clear(&w->remote);
			rc = map_procore(w->kind, a.json, r->conf->procore_login_url,
			    r->project_id, &w->remote, e);
			if (rc == 0) {
				w->has_remote = true;
				w->reader = account_id;
				take_remote(w, a.date_at);
			}
		} else if (a.cause != CAUSE_ITEM || a.status != 404 ||
			   !next_witness(w, first, &witness, &account_id)) {
			rc = read_failed(w, &a, account_id, &again, e);
		}
		procore_answer_clear(&a);
		if (rc == -1)
			return -1;
		if (again && run_reader(r, w->kind) == NULL) {
			r->no_reader = true;
			return 0;
		}
		if (again)
			account_id = run_reader(r, w->kind)->account_id;
	}
	return 0;
}

/* ---- Project Center's side */

static int
read_npc(struct work *w, struct err *e)
{
	struct npc_answer a = {0};
	int rc = 0;

	if (w->it.npc_id == NULL)
		return 0;
	if (npc_get(w->r->x->npc, item_npc_kind(w), w->r->npc_project, w->it.npc_id, &a,
		e) == -1)
		return -1;
	if (a.cause == CAUSE_NONE) {
		w->npc = a.json;
		a.json = NULL;
		rc = answer_note(w, e);
	} else {
		rc = in_npc_failed(w, &a, "Project Center would not show it", e);
	}
	npc_answer_clear(&a);
	return rc;
}

/* ---- the end of it */

/* What the item is when nothing is wrong with it. */
static void
settle_state(struct work *w)
{
	struct item *it = &w->it;
	bool over = w->has_remote && w->remote.status != PLAN_OPEN;

	if (it->npc_id == NULL)
		return;
	if (over)
		item_text(&it->state, "closed");
	else if (str_eq(it->state, "parked") || str_eq(it->state, "waiting") ||
		 str_eq(it->state, "skipped"))
		item_text(&it->state, it->answers > 0 && str_eq(it->npc_status, "Closed")
					  ? "answered"
					  : "linked");
}

/* What it took to take the item over, or to send an answer of it: the next catch-up is
 * estimated by that. Smaller changes would make it look cheap. */
static int
note_cost(struct work *w, struct err *e)
{
	bool in = w->was_new && w->it.npc_id != NULL;

	if (!w->changed || (!in && !w->answering))
		return 0;
	return item_cost_add(w->r->db, w->it.kind, in ? "in" : "out",
	    w->r->procore.calls - w->calls_before, clk_mono_ms() - w->start_ms, e);
}

static int
finish(struct work *w, struct err *e)
{
	struct item *it = &w->it;
	int64_t now = clk_now();

	it->tries = 0;
	it->next_try_at = w->wait_until;
	if (w->has_remote && w->wait_until == 0)
		item_text(&it->procore_hash, w->remote_sha);
	settle_state(w);
	if (!str_eq(it->state, "skipped") && !str_eq(it->state, "closed") &&
	    w->wait_until == 0 && !str_eq(it->reason, plan_reason_word(PLAN_R_SIGN_IN))) {
		item_text(&it->reason, "");
		item_text(&it->reason_text, "");
	}
	if (db_begin(w->r->db, e) == -1)
		return -1;
	if (issue_clear_item(w->r->db, it->id, "", "", "it worked", now, e) == -1 ||
	    item_save(w->r->db, it, now, e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	if (note_cost(w, e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	if (w->changed)
		w->r->pass.done++;
	return db_commit(w->r->db, e);
}

/* Who reads: the BIC on the item, else the first who can. 0: nobody. */
static int64_t
choose_reader(struct work *w)
{
	const struct plan_bic *b = run_bic(w->r, w->it.account_id);

	if (b != NULL && b->signed_in && b->permitted[w->kind])
		return b->account_id;
	b = run_reader(w->r, w->kind);
	return b == NULL ? 0 : b->account_id;
}

static int
work_on(struct work *w, struct err *e)
{
	bool waits = false;
	int64_t reader;

	if (read_npc(w, e) == -1)
		return -1;
	if (w->failed || w->r->stopped)
		return 0;
	if (answer_waits(w, &waits, e) == -1)
		return -1;
	/* with values set aside both sides are compared: they may agree again */
	if (str_empty(w->it.procore_hash) || waits || w->it.npc_id == NULL ||
	    !str_eq(w->it.kept, "{}") || str_eq(w->it.state, "parked")) {
		reader = choose_reader(w);
		if (reader == 0) {
			w->r->no_reader =
			    true; /* it stays due until somebody has signed in */
			return waits ? answer_say_waiting(w, e) : 0;
		}
		if (item_read_procore(w, reader, e) == -1)
			return -1;
		if (!w->has_remote)
			return 0;
		/* what was found in Project Center just now may have been answered */
		if (answer_note_deleted(w, e) == -1 || in_carry(w, waits, e) == -1 ||
		    (!waits && answer_waits(w, &waits, e) == -1))
			return -1;
		w->answering = waits;
		if (!w->failed && !w->r->stopped && waits && answer_send(w, e) == -1)
			return -1;
	}
	if (!w->failed && !w->r->stopped && file_end(w, e) == -1)
		return -1;
	if (w->failed || w->r->stopped)
		return 0;
	return finish(w, e);
}

int
item_work(struct run *r, int64_t item_id, struct err *e)
{
	struct work w = {.r = r};
	int rc;

	if (item_get(r->db, item_id, &w.it, e) == -1)
		return -1;
	w.kind = str_eq(w.it.kind, "rfi") ? PLAN_RFI : PLAN_SUBMITTAL;
	w.was_new = w.it.npc_id == NULL;
	w.calls_before = r->procore.calls;
	w.start_ms = clk_mono_ms();
	rc = work_on(&w, e);
	json_free(w.npc);
	plan_remote_clear(&w.remote);
	item_clear(&w.it);
	return rc;
}
