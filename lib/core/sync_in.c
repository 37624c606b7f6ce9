/* From Procore into Project Center: what is decided about an item, and its update, end and
 * reopening. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/effect.h"

int
in_npc_failed(struct work *w, const struct npc_answer *a, const char *what, struct err *e)
{
	char text[PLAN_TEXT_BYTES];

	if (a->cause != CAUSE_ITEM)
		return run_npc_failed(w->r, a, e);
	if (str_format(text, sizeof text, "%s: %.250s", what, a->text) == -1)
		text[0] = '\0';
	return item_fail(w, "to_npc", PLAN_R_NPC_REFUSED, text, e);
}

/* ---- the journal around one call to Project Center. Its writes carry keys or set values,
 * so that repeating them is harmless; what was begun is repeated with what was written
 * down. */

int
in_settle(struct work *w, const struct effect *f, const struct npc_answer *a,
    const char *what, bool *ok, struct err *e)
{
	int64_t now = clk_now();

	*ok = a->cause == CAUSE_NONE;
	if (*ok)
		return 0;
	if ((a->unknown ? effect_unknown(w->r->db, f, now + SYNC_LOOK_S, a->text, e)
		: a->cause == CAUSE_ITEM ? effect_refused(w->r->db, f, a->text, now, e)
					 : effect_unsent(w->r->db, f, a->text, e)) == -1)
		return -1;
	return in_npc_failed(w, a, what, e);
}

/* ---- update */

/* A value that was set aside is of no more use when the sides agree again: on Procore's own,
 * or on one that Procore got since. */
static bool
is_settled(const struct plan_merge *m, enum plan_field f, const char *side)
{
	return m->kept[f] == NULL && m->same[f] && (m->news[f] || str_eq(side, "procore"));
}

/* {"due_date": {"value": "2026-03-27", "side": "npc", "at": 1773312120}}: whose value it was,
 * set aside when. What is settled goes; agreed, unless NULL, gets the names of those. Owned. */
static char *
kept_after(const struct item *it, const struct plan_merge *m, int64_t now,
    struct buf *agreed)
{
	struct json *j = NULL;
	struct err ignored = {0};
	char *text;

	if (json_parse(it->kept, strlen(it->kept), LIMIT_API_BODY, &j, &ignored) == -1 ||
	    json_type(j) != JSON_OBJECT) {
		json_free(j);
		j = json_obj();
	}
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		enum plan_field f = (enum plan_field)i;
		const struct json *was = json_get(j, plan_field_word(f));
		struct json *o;

		if (was != NULL && is_settled(m, f, json_str_or(was, "side", ""))) {
			if (agreed != NULL)
				buf_printf(agreed, "%sBoth sides agree on \"%s\" again.",
				    agreed->len == 0 ? "" : " ", plan_field_name(f));
			json_remove(j, plan_field_word(f));
		}
		if (m->kept[i] == NULL)
			continue;
		o = json_put_obj(j, plan_field_word(f));
		json_put_str(o, "value", m->kept[i]);
		/* overwritten there, or not taken from here */
		json_put_str(o, "side", m->write[i] ? "npc" : "procore");
		json_put_i64(o, "at", now);
	}
	text = json_text(j);
	json_free(j);
	return text;
}

static void
say_changes(const struct plan_merge *m, struct buf *out)
{
	for (int i = 0; i < PLAN_FIELD_MAX; i++)
		if (m->write[i] && i != PLAN_LINK)
			buf_printf(out, "%s%s",
			    out->len == 0 ? "Changed in Procore: " : ", ",
			    plan_field_name((enum plan_field)i));
	for (int i = 0; i < PLAN_FIELD_MAX; i++)
		if (m->kept[i] != NULL)
			buf_printf(out,
			    "%sBoth sides changed \"%s\"; the other value is kept here.",
			    out->len == 0 ? "" : ". ", plan_field_name((enum plan_field)i));
}

static int
merged_rows(struct work *w, const struct effect *f, const struct plan_merge *m,
    const struct json *npc, int64_t now, struct err *e)
{
	char *agreed = map_fields_text(&m->agreed);
	struct buf text = BUF_INIT(4096), again = BUF_INIT(4096);
	char *kept = kept_after(&w->it, m, now, &again);
	int rc = -1;

	item_text(&w->it.agreed, agreed);
	item_text(&w->it.kept, kept);
	free(agreed);
	free(kept);
	if (npc != NULL) {
		char *version = xasprintf("%" PRId64, json_i64_or(npc, "version", 0));

		item_text(&w->it.npc_hash, version);
		w->it.npc_updated_at = map_time(npc, "updatedAt");
		free(version);
	}
	say_changes(m, &text);
	if ((f != NULL && item_carried(w, f, "item.update", w->it.npc_id, now, e) == -1) ||
	    item_save(w->r->db, &w->it, now, e) == -1)
		goto out;
	if (text.len > 0 &&
	    item_event_with(w->r->db, w->it.id, now, w->reader, buf_str(&text), e) == -1)
		goto out;
	if (again.len > 0 &&
	    item_event_with(w->r->db, w->it.id, now, w->reader, buf_str(&again), e) == -1)
		goto out;
	rc = 0;
out:
	buf_clear(&text);
	buf_clear(&again);
	return rc;
}

static int
commit_merge(struct work *w, const struct effect *f, const struct plan_merge *m,
    const struct json *npc, struct err *e)
{
	if (db_begin(w->r->db, e) == -1)
		return -1;
	if (merged_rows(w, f, m, npc, clk_now(), e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	w->changed = w->changed || m->any_write;
	return db_commit(w->r->db, e);
}

/* PATCH what changed: values are set, so that doing it twice is doing it once. */
static int
write_changes(struct work *w, const struct plan_merge *m, struct err *e)
{
	struct json *body = json_obj();
	struct npc_answer a = {0};
	struct effect f = {0};
	char key[96], *request;
	bool ok = false;
	int rc = -1;

	map_to_npc(&w->remote.fields, m->write, body);
	request = json_text(body);
	if (str_format(key, sizeof key, "npc.update:%" PRId64 ":%" PRId64 ":%s", w->it.id,
		w->remote.updated_at, w->it.npc_hash) == -1 ||
	    effect_begin(w->r->db, key, w->r->connection_id, w->it.id, "npc.update", 0,
		request, clk_now(), &f, e) == -1)
		goto out;
	if (npc_update(w->r->x->npc, item_npc_kind(w), w->r->npc_project, w->it.npc_id,
		body, &a, e) == -1)
		goto out;
	rc = in_settle(w, &f, &a, "Project Center would not take the changes", &ok, e);
	if (ok)
		rc = commit_merge(w, &f, m, a.json, e);
out:
	effect_clear(&f);
	npc_answer_clear(&a);
	json_free(body);
	free(request);
	return rc;
}

/* Once closed in Project Center only the source's status is taken; the rest stays as it was
 * answered. */
static void
only_status(struct plan_merge *m, const struct plan_fields *agreed)
{
	m->any_write = m->write[PLAN_STATUS];
	m->any_kept = false;
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		m->kept[i] = NULL;
		m->same[i] = false; /* what was set aside stays shown, too */
		if (i != PLAN_STATUS && m->write[i]) {
			m->write[i] = false;
			plan_fields_set(&m->agreed, (enum plan_field)i, agreed->v[i]);
		}
	}
}

static int
update(struct work *w, struct err *e)
{
	struct plan_fields agreed = {0}, npc = {0};
	struct plan_merge m;
	char *text, *kept;
	int rc = 0;

	map_fields_parse(w->it.agreed, &agreed);
	map_npc_fields(w->npc, &npc);
	plan_merge(&agreed, &w->remote.fields, &npc, &m);
	if (str_eq(json_str_or(w->npc, "status", ""), "Closed"))
		only_status(&m, &agreed);
	text = map_fields_text(&m.agreed);
	kept = kept_after(&w->it, &m, 0, NULL);
	if (m.any_write)
		rc = write_changes(w, &m, e);
	else if (!str_eq(kept, w->it.kept) || !str_eq(text, w->it.agreed))
		rc = commit_merge(w, NULL, &m, NULL, e);
	if (rc == 0 && !w->failed && !w->r->stopped)
		rc = effect_agreed(w->r->db, w->it.id, clk_now(), e);
	free(text);
	free(kept);
	plan_merge_clear(&m);
	plan_fields_clear(&agreed);
	plan_fields_clear(&npc);
	return rc;
}

/* ---- end and reopen */

static int
event(struct work *w, const char *text, struct err *e)
{
	return item_event_with(w->r->db, w->it.id, clk_now(), w->reader, text, e);
}

static int
end(struct work *w, const struct plan_out *out, struct err *e)
{
	bool news = !str_eq(w->it.state, "closed") ||
		    !str_eq(w->it.reason, plan_reason_word(out->reason));

	item_text(&w->it.state, "closed");
	item_text(&w->it.reason, plan_reason_word(out->reason));
	item_text(&w->it.reason_text, out->text);
	if (w->it.court_left_at == 0)
		w->it.court_left_at = clk_now();
	w->changed = w->changed || news;
	return news ? event(w, out->text, e) : 0;
}

static int
reopened_rows(struct work *w, const struct effect *f, const struct json *npc,
    const char *text, int64_t now, struct err *e)
{
	char *version = xasprintf("%" PRId64, json_i64_or(npc, "version", 0));

	item_text(&w->it.npc_hash, version);
	free(version);
	item_text(&w->it.npc_status, "Open");
	item_text(&w->it.state, "linked");
	item_text(&w->it.reason, "");
	item_text(&w->it.reason_text, "");
	w->it.court_left_at = 0;
	if (item_carried(w, f, "item.reopen", w->it.npc_id, now, e) == -1 ||
	    item_save(w->r->db, &w->it, now, e) == -1)
		return -1;
	return item_event_with(w->r->db, w->it.id, now, w->reader, text, e);
}

static int
reopen(struct work *w, const struct plan_out *out, struct err *e)
{
	struct npc_answer a = {0};
	struct effect f = {0};
	char key[96];
	bool ok = false;
	int rc = -1;

	if (str_format(key, sizeof key, "npc.reopen:%" PRId64 ":%" PRId64, w->it.id,
		w->remote.updated_at) == -1 ||
	    effect_begin(w->r->db, key, w->r->connection_id, w->it.id, "npc.reopen", 0,
		"{}", clk_now(), &f, e) == -1 ||
	    npc_reopen(w->r->x->npc, item_npc_kind(w), w->r->npc_project, w->it.npc_id,
		out->text, &a, e) == -1)
		goto out;
	if (str_eq(a.code, "item_open")) { /* by us before, or by people there */
		npc_answer_clear(&a);
		a.json = json_dup(w->npc);
	}
	if (in_settle(w, &f, &a, "Project Center would not open it again", &ok, e) == -1)
		goto out;
	rc = 0;
	if (!ok)
		goto out;
	rc = -1;
	if (db_begin(w->r->db, e) == -1)
		goto out;
	if (reopened_rows(w, &f, a.json, out->text, clk_now(), e) == -1) {
		db_rollback(w->r->db);
		goto out;
	}
	rc = db_commit(w->r->db, e);
	json_free(w->npc);
	w->npc = json_dup(a.json);
	w->changed = true;
out:
	effect_clear(&f);
	npc_answer_clear(&a);
	return rc;
}

/* ---- the decision */

static int
skip(struct work *w, const struct plan_out *out, struct err *e)
{
	item_text(&w->it.state, "skipped");
	item_text(&w->it.reason, plan_reason_word(out->reason));
	item_text(&w->it.reason_text, out->text);
	w->r->pass.skipped++;
	return event(w, out->text, e);
}

static bool
is_end_reason(const char *word)
{
	return str_eq(word, plan_reason_word(PLAN_R_CLOSED)) ||
	       str_eq(word, plan_reason_word(PLAN_R_VOID)) ||
	       str_eq(word, plan_reason_word(PLAN_R_DELETED));
}

/* New files of an open item; metadata both sides agree on. */
static int
keep(struct work *w, bool open, struct err *e)
{
	bool npc_open = str_eq(json_str_or(w->npc, "status", ""), "Open");
	int rc = 0;

	if (update(w, e) == -1)
		return -1;
	/* Files wait until it is open there again: then Procore's side is read once more. */
	if (open && !npc_open && w->remote.files_n > 0)
		w->remote_sha[0] = '\0';
	if (w->failed || w->r->stopped || !open || !npc_open)
		return 0;
	if (db_begin(w->r->db, e) == -1)
		return -1;
	rc = file_note_procore(w, e);
	if (rc == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	if (db_commit(w->r->db, e) == -1)
		return -1;
	return file_carry_in(w, e);
}

static int
act(struct work *w, const struct plan_out *out, struct err *e)
{
	switch (out->verdict) {
	case PLAN_SKIP:
		return skip(w, out, e);
	case PLAN_FAIL:
		return item_fail(w, "to_npc", out->reason, out->text, e);
	case PLAN_CREATE:
		if (create_item(w, e) == -1)
			return -1;
		return w->failed || w->r->stopped || w->it.npc_id == NULL ? 0
									  : keep(w, true, e);
	case PLAN_KEEP:
		return keep(w, true, e);
	case PLAN_END:
		return end(w, out, e) == -1 ? -1 : keep(w, false, e);
	case PLAN_REOPEN:
		if (reopen(w, out, e) == -1)
			return -1;
		return w->failed || w->r->stopped ? 0 : keep(w, true, e);
	}
	return 0;
}

/* Right after our answer Procore may still show its author as asked: that is looked at once
 * more before the item is opened again. */
static int
look_twice(struct work *w, struct plan_out *out, struct err *e)
{
	struct responses all = {0};
	int64_t until = clk_now() - 1;

	if (response_list(w->r->db, w->it.id, &all, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (str_eq(all.v[i].state, "sent") &&
		    all.v[i].account_id == out->bic->account_id &&
		    all.v[i].sent_at + SYNC_LOOK_S > until)
			until = all.v[i].sent_at + SYNC_LOOK_S;
	responses_clear(&all);
	if (until >= clk_now()) {
		out->verdict = PLAN_KEEP;
		w->wait_until = until;
	}
	return 0;
}

int
in_carry(struct work *w, bool waits, struct err *e)
{
	struct plan_in in = {.procore = &w->remote,
	    .linked = w->it.npc_id != NULL,
	    .pulled = str_eq(w->it.reason, plan_reason_word(PLAN_R_PULLED)),
	    .court_left = w->it.court_left_at != 0,
	    .ended = is_end_reason(w->it.reason),
	    .waits = waits,
	    .bics = w->r->bics,
	    .bics_n = w->r->bics_n,
	    .sync_from_at = w->r->sync_from_at};
	struct plan_out out;

	if (plan_state_from_word(w->it.state, &in.state) == -1)
		in.state = PLAN_WAITING;
	plan_item(&in, &out);
	if ((out.verdict == PLAN_FAIL || out.verdict == PLAN_CREATE) && out.bic != NULL) {
		if (create_contact(w, run_bic(w->r, out.bic->account_id), e) == -1)
			return -1;
		if (w->failed || w->r->stopped)
			return 0;
		plan_item(&in, &out);
	}
	if (out.verdict == PLAN_SKIP) {
		if (create_adopt(w, &in.linked, e) == -1)
			return -1;
		if (w->failed || w->r->stopped)
			return 0;
		if (in.linked) {
			in.state = PLAN_LINKED;
			plan_item(&in, &out);
		}
	}
	if (out.verdict == PLAN_REOPEN && in.state == PLAN_ANSWERED &&
	    look_twice(w, &out, e) == -1)
		return -1;
	w->it.account_id = out.bic == NULL ? w->it.account_id : out.bic->account_id;
	/* After an answer or an end the item may begin again only when the ball has been
	 * elsewhere. */
	if (out.verdict == PLAN_KEEP && w->it.court_left_at == 0 && !out.in_court &&
	    (in.state == PLAN_ANSWERED || in.state == PLAN_CLOSED_ITEM))
		w->it.court_left_at = clk_now();
	if (act(w, &out, e) == -1)
		return -1;
	if (!w->contacts_stale || w->failed || w->r->stopped || w->it.npc_id != NULL)
		return 0;
	plan_item(&in, &out);
	return act(w, &out, e);
}
