/* What changed: lists read into rows of `item` that are due, marks moved in the same
 * transaction. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/pace.h"
#include "core/webhook.h"
#include "store/budget_row.h"
#include "store/issue.h"
#include "store/sync_rows.h"

enum { MAX_PAGES = 1000 };

static void
set_reason(struct item *it, enum plan_reason reason, const char *text)
{
	item_text(&it->reason, plan_reason_word(reason));
	item_text(&it->reason_text, text);
}

static enum plan_state
state_of(const struct item *it)
{
	enum plan_state s = PLAN_NEW;

	if (plan_state_from_word(it->state, &s) == -1)
		return PLAN_WAITING; /* the CHECK knows no other words; be safe: look at it
				      */
	return s;
}

/* What is shown in lists, also of skipped items. */
static void
set_face(struct item *it, const struct plan_remote *p)
{
	item_text(&it->number, p->number);
	item_text(&it->revision, p->revision);
	item_text(&it->subject, plan_fields_get(&p->fields, PLAN_SUBJECT));
	item_text(&it->procore_status, p->status_text);
}

/* An item that is not in Project Center: eligible now, or skipped with the reason. */
static int
note_unlinked(struct run *r, struct item *it, const struct plan_remote *p, bool is_new,
    int64_t now, struct err *e)
{
	struct plan_in in = {.procore = p,
	    .state = is_new ? PLAN_NEW : state_of(it),
	    .bics = r->bics,
	    .bics_n = r->bics_n,
	    .sync_from_at = r->sync_from_at,
	    .pulled = str_eq(it->reason, plan_reason_word(PLAN_R_PULLED))};
	bool was_skipped = str_eq(it->state, "skipped") && !is_new, begun = false;
	char text[PLAN_TEXT_BYTES + 16];
	struct plan_out out;

	plan_item(&in, &out);
	it->account_id = out.bic == NULL ? 0 : out.bic->account_id;
	/* It may be there although a process died before it could say so: that is looked into
	 * first. */
	if (out.verdict == PLAN_SKIP && !is_new && !was_skipped &&
	    create_begun(r, it->kind, it->procore_id, &begun, e) == -1)
		return -1;
	if (out.verdict == PLAN_SKIP && !begun &&
	    !(out.reason == PLAN_R_NO_BIC && plan_unsure(p, r->bics, r->bics_n))) {
		bool same = was_skipped && str_eq(it->reason, plan_reason_word(out.reason));

		item_text(&it->state, "skipped");
		it->next_try_at = 0;
		set_reason(it, out.reason, out.text);
		if (same)
			return item_save(r->db, it, now, e);
		r->pass.skipped++;
		if (!is_new &&
		    issue_clear_item(r->db, it->id, "", "", out.text, now, e) == -1)
			return -1;
		if (str_format(text, sizeof text, "Not taken over: %s", out.text) == -1)
			text[0] = '\0';
		if (item_event_with(r->db, it->id, now, r->lister, text, e) == -1)
			return -1;
		return item_save(r->db, it, now, e);
	}
	if (!str_eq(it->state, "waiting") && !in.pulled)
		set_reason(it, PLAN_R_NONE, "");
	item_text(&it->state, "waiting");
	it->tries = 0;
	it->next_try_at = now;
	r->pass.found++;
	return item_save(r->db, it, now, e);
}

/* One row of a list, inside the transaction of its page. */
static int
note(
    struct run *r, const struct plan_remote *p, bool first_pass, int64_t now, struct err *e)
{
	struct item it = {0};
	int64_t id = 0;
	bool is_new, changed;
	int rc = -1;

	if (item_find_procore(
		r->db, r->connection_id, plan_kind_word(p->kind), p->id, &id, e) == -1)
		return -1;
	is_new = id == 0;
	/* The first pass reads everything there is; what was over before the connection
	 * began is no news. */
	if (is_new && (p->status == PLAN_DELETED || (first_pass && p->status != PLAN_OPEN &&
							p->updated_at < r->sync_from_at)))
		return 0;
	if (is_new && item_add(r->db, r->connection_id, plan_kind_word(p->kind), p->id,
			  "skipped", now, &id, e) == -1)
		return -1;
	if (item_get(r->db, id, &it, e) == -1)
		return -1;
	changed = p->updated_at != it.procore_updated_at || p->status == PLAN_DELETED;
	if (p->status == PLAN_DELETED &&
	    str_eq(it.reason, plan_reason_word(PLAN_R_DELETED)))
		changed = false;
	if (is_new || (changed && it.npc_id == NULL) ||
	    (str_eq(it.state, "skipped") && !plan_unsure(p, r->bics, r->bics_n))) {
		set_face(&it, p);
		it.procore_updated_at = p->updated_at;
		item_text(&it.procore_hash, "");
		rc = note_unlinked(r, &it, p, is_new, now, e);
	} else if (changed) {
		set_face(&it, p);
		item_text(&it.procore_hash, ""); /* to be read afresh */
		it.tries = 0;
		it.next_try_at = now;
		r->pass.found++;
		rc = item_save(r->db, &it, now, e);
	} else {
		rc = 0;
	}
	item_clear(&it);
	return rc;
}

int
list_note(struct run *r, const struct plan_remote *p, struct err *e)
{
	return note(r, p, false, clk_now(), e);
}

struct listing {
	enum plan_kind kind;
	enum procore_op op;
	const char *mark; /* kind of the mark */
	int64_t account_id;
	int64_t since_at;
	int64_t
	    until_at;  /* Procore's clock at the first page: where the next pass begins */
	int64_t total; /* as the first page said; -1 it did not */
	bool first_pass;
	bool deleted; /* all of it is in the recycle bin */
};

/* All rows of a page and, with the last one, the mark: one transaction. */
static int
note_page(struct run *r, const struct listing *l, const struct json *list, bool last,
    struct err *e)
{
	int64_t now = clk_now();

	if (db_begin(r->db, e) == -1)
		return -1;
	for (const struct json *j = json_first(list); j != NULL; j = json_next(j)) {
		struct plan_remote p = {0};
		struct err bad = {0};
		int rc;

		if (map_procore(l->kind, j, r->conf->procore_login_url, r->project_id, &p,
			&bad) == -1)
			continue; /* a row without an id is nothing that could be carried */
		if (l->deleted)
			p.status = PLAN_DELETED;
		rc = note(r, &p, l->first_pass, now, e);
		plan_remote_clear(&p);
		if (rc == -1)
			goto fail;
	}
	if (last && mark_set(r->db, r->connection_id, "procore", l->mark, l->account_id,
			l->until_at, now, e) == -1)
		goto fail;
	return db_commit(r->db, e);
fail:
	db_rollback(r->db);
	return -1;
}

/* Read all pages. *done: the mark has moved. *failed: this reader cannot. */
static int
read_pages(struct run *r, struct listing *l, bool *done, bool *failed, struct err *e)
{
	struct procore_at at = run_at(r, l->account_id);

	for (int page = 1; page <= MAX_PAGES && !*done; page++) {
		struct procore_answer a = {0};
		bool moved, last, again = false;
		int rc;

		if (procore_changed(&r->procore, l->op, &at, l->since_at, page, &a, e) ==
		    -1)
			return -1;
		if (a.cause != CAUSE_NONE || json_type(a.json) != JSON_ARRAY) {
			if (a.cause == CAUSE_NONE || a.cause == CAUSE_ITEM)
				a.cause = CAUSE_UNREACHABLE;
			*failed = true;
			rc = run_procore_failed(r, &a, l->kind, l->account_id, &again, e);
			procore_answer_clear(&a);
			return rc;
		}
		if (page == 1) {
			l->until_at = a.date_at;
			l->total = a.total;
		}
		/* Rows that change while pages are read move between pages: then once more
		 * from the start. */
		last = !a.more || json_len(a.json) == 0;
		moved = page > 1 && a.total != l->total;
		rc = note_page(r, l, a.json, last && !moved, e);
		procore_answer_clear(&a);
		if (rc == -1)
			return -1;
		*done = last && !moved;
		if (last && moved)
			return 0;
	}
	return 0;
}

static int
list(struct run *r, struct listing *l, struct err *e)
{
	struct mark m = {0};
	bool done = false, failed = false;

	r->lister = l->account_id;
	if (mark_get(r->db, r->connection_id, "procore", l->mark, l->account_id, &m, e) ==
	    -1)
		return -1;
	l->first_pass = m.until_at == 0;
	l->since_at = l->first_pass ? 0 : m.until_at - SYNC_OVERLAP_S;
	if (l->deleted && l->first_pass)
		l->since_at = r->sync_from_at;
	for (int i = 0; i < 3 && !done && !failed; i++)
		if (read_pages(r, l, &done, &failed, e) == -1)
			return -1;
	if (!done && !failed && r->error[0] == '\0')
		str_cut(r->error, sizeof r->error,
		    "Procore: the list kept changing while it was read");
	return done ? incident_service_works(r->db, r->conf, "procore", e) : 0;
}

int
list_procore(
    struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e)
{
	struct listing l = {.kind = kind,
	    .op = kind == PLAN_RFI ? PROCORE_RFIS : PROCORE_SUBMITTALS,
	    .mark = plan_kind_word(kind),
	    .account_id = reader->account_id};

	return list(r, &l, e);
}

static int
may_rest(struct run *r, const struct plan_bic *reader, int64_t listed_at, bool *rests,
    struct err *e)
{
	struct pace_in in = {.now = clk_now(),
	    .interval_s = r->poll_s,
	    .own_interval = r->own_poll,
	    .idle = r->idle_passes};
	struct budget_row b;

	if (webhook_vouches(r->db, r->connection_id, listed_at, &in.hook, e) == -1 ||
	    budget_row_get(r->db, reader->account_id, r->company_id, &b, e) == -1 ||
	    sync_sharing(r->db, reader->account_id, r->company_id, &in.sharing, e) == -1)
		return -1;
	in.limit_n = b.hour.limit_n;
	in.remaining = b.hour.remaining;
	in.reset_at = b.hour.reset_at;
	*rests = pace_may_rest(&in, listed_at);
	return 0;
}

int
list_procore_due(
    struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e)
{
	bool quiet = r->planned && r->hook_id == 0;
	int64_t found = r->pass.found;
	struct mark m = {0};

	if (mark_get(r->db, r->connection_id, "procore", plan_kind_word(kind),
		reader->account_id, &m, e) == -1)
		return -1;
	if (m.pass_at < r->read_at)
		r->read_at = m.pass_at;
	r->rested = quiet && r->cut_short && m.pass_at > clk_now() - SYNC_FRESH_S;
	if (!r->rested && quiet && may_rest(r, reader, m.pass_at, &r->rested, e) == -1)
		return -1;
	if (r->rested)
		return 0;
	if (list_procore(r, kind, reader, e) == -1)
		return -1;
	if (quiet && m.pass_at != 0 && r->pass.found > found) {
		r->unannounced = true;
		r->listed_at = m.pass_at;
	}
	return 0;
}

int
list_bin(struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e)
{
	struct listing l = {.kind = kind,
	    .op = kind == PLAN_RFI ? PROCORE_RFI_BIN : PROCORE_SUBMITTAL_BIN,
	    .mark = kind == PLAN_RFI ? "rfi_bin" : "submittal_bin",
	    .account_id = reader->account_id,
	    .deleted = true};
	struct mark m = {0};
	bool open = false;

	if (mark_get(r->db, r->connection_id, "procore", l.mark, l.account_id, &m, e) ==
		-1 ||
	    item_any_open(r->db, r->connection_id, plan_kind_word(kind), &open, e) == -1)
		return -1;
	if (m.pass_at > clk_now() - (open ? SYNC_SELDOM_S : SYNC_BIN_IDLE_S))
		return 0;
	return list(r, &l, e);
}

/* ---- Project Center */

/* A change of an item that came from Procore makes it due; our own writes are known by
 * their version. */
static int
note_npc(struct run *r, const struct json *j, int64_t now, struct err *e)
{
	struct item it = {0};
	char version[24];
	int64_t id = 0;
	int rc;

	if (item_find_npc(r->db, r->connection_id, json_str_or(j, "id", ""), &id, e) == -1)
		return -1;
	if (id == 0)
		return 0; /* logged by people in Project Center: never goes to Procore */
	if (item_get(r->db, id, &it, e) == -1)
		return -1;
	rc = str_format(version, sizeof version, "%" PRId64, json_i64_or(j, "version", 0));
	if (rc == 0 && !str_eq(version, it.npc_hash)) {
		it.tries = 0;
		it.next_try_at = now;
		r->pass.found++;
		rc = item_save(r->db, &it, now, e);
	}
	item_clear(&it);
	return rc;
}

static int
note_npc_page(
    struct run *r, const struct json *list, bool last, int64_t until_at, struct err *e)
{
	int64_t now = clk_now();

	if (db_begin(r->db, e) == -1)
		return -1;
	for (const struct json *j = json_first(list); j != NULL; j = json_next(j))
		if (note_npc(r, j, now, e) == -1)
			goto fail;
	if (last &&
	    (mark_set(r->db, r->connection_id, "npc", "rfi", 0, until_at, now, e) == -1 ||
		mark_set(r->db, r->connection_id, "npc", "submittal", 0, until_at, now,
		    e) == -1))
		goto fail;
	return db_commit(r->db, e);
fail:
	db_rollback(r->db);
	return -1;
}

int
list_npc(struct run *r, struct err *e)
{
	char next[513] = "";
	int64_t until_at = 0, since_at;
	struct mark m = {0};
	bool last = false;

	if (mark_get(r->db, r->connection_id, "npc", "rfi", 0, &m, e) == -1)
		return -1;
	since_at = m.until_at == 0 ? r->sync_from_at : m.until_at - SYNC_NPC_OVERLAP_S;
	for (int page = 0; page < MAX_PAGES && !last; page++) {
		struct npc_answer a = {0};
		int rc;

		if (npc_changes(r->x->npc, r->npc_project, since_at, next, &a, e) == -1)
			return -1;
		if (a.cause != CAUSE_NONE) {
			if (a.cause == CAUSE_ITEM)
				a.cause = CAUSE_CONFIGURATION; /* the project itself is not
								  there */
			rc = run_npc_failed(r, &a, e);
			npc_answer_clear(&a);
			return rc;
		}
		if (page == 0)
			until_at = a.date_at;
		last = str_copy(next, sizeof next, json_str_or(a.json, "next", "")) == -1 ||
		       next[0] == '\0';
		rc = note_npc_page(r, json_get(a.json, "items"), last, until_at, e);
		npc_answer_clear(&a);
		if (rc == -1)
			return -1;
	}
	return incident_service_works(r->db, r->conf, "npc", e);
}
