/* Answers given in Project Center, sent to Procore under their author's own sign-in. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "store/effect.h"
#include "store/issue.h"
#include "store/job.h"

static bool
is_waiting(const struct response *r)
{
	return str_eq(r->state, "waiting") || str_eq(r->state, "parked");
}

int
answer_waits(struct work *w, bool *waits, struct err *e)
{
	struct responses all = {0};

	*waits = false;
	if (response_list(w->r->db, w->it.id, &all, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		*waits = *waits || is_waiting(&all.v[i]);
	responses_clear(&all);
	return 0;
}

/* ---- sent */

/* One answer on its way. */
struct sending {
	struct work *w;
	struct response *row;
	const struct plan_bic *bic;
	struct plan_answer_out out;
	char reference[128]; /* "" switched off */
	struct buf text;     /* as posted, plain */
};

static void
set_row(struct response *row, const char *state, const char *reason)
{
	item_text(&row->state, state);
	item_text(&row->reason, reason);
}

/* The answer is in Procore: all rows that follow, and the effect when there was one. */
static int
sent_rows(struct sending *s, const struct effect *f, const char *procore_id,
    const char *text, struct err *e)
{
	struct item *it = &s->w->it;
	struct db *db = s->w->r->db;
	int64_t now = clk_now();

	set_row(s->row, "sent", "");
	item_text(&s->row->procore_id, procore_id);
	s->row->sent_at = now;
	s->row->account_id = s->bic->account_id;
	it->answers++;
	it->court_left_at = 0;
	item_text(&it->state, "answered");
	item_text(&it->reason, "");
	item_text(&it->reason_text, "");
	if ((f != NULL && item_carried(s->w, f, "item.answer", procore_id, now, e) == -1) ||
	    response_save(db, s->row, e) == -1 || item_save(db, it, now, e) == -1 ||
	    item_event(db, it->id, now, s->bic->login, text, e) == -1)
		return -1;
	return issue_clear_item(db, it->id, "to_procore", "", "it worked", now, e);
}

static int
commit_sent(struct sending *s, const struct effect *f, int64_t procore_id, const char *text,
    struct err *e)
{
	struct db *db = s->w->r->db;
	char id[24];

	if (str_format(id, sizeof id, "%" PRId64, procore_id) == -1)
		return err_set(e, ERR_BUG, "id %" PRId64, procore_id);
	if (db_begin(db, e) == -1)
		return -1;
	if (sent_rows(s, f, id, text, e) == -1) {
		db_rollback(db);
		return -1;
	}
	s->w->changed = true;
	return db_commit(db, e);
}

/* Kept for later, or for good; no issue. */
static int
commit_row(struct sending *s, const char *state, enum plan_reason reason, const char *text,
    bool tell, struct err *e)
{
	struct item *it = &s->w->it;
	struct db *db = s->w->r->db;
	int64_t now = clk_now();

	tell = tell || !str_eq(s->row->reason, text);
	set_row(s->row, state, text);
	s->row->account_id = s->bic == NULL ? 0 : s->bic->account_id;
	item_text(&it->reason, plan_reason_word(reason));
	item_text(&it->reason_text, text);
	if (db_begin(db, e) == -1)
		return -1;
	if (response_save(db, s->row, e) == -1 || item_save(db, it, now, e) == -1 ||
	    (tell && item_event(db, it->id, now, "connectorweb", text, e) == -1)) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

/* Procore or the plan said no. */
static int
fail_answer(struct sending *s, enum plan_reason reason, const char *text, struct err *e)
{
	int rc = item_fail(s->w, "to_procore", reason, text, e);

	if (rc == 0) {
		set_row(
		    s->row, str_eq(s->w->it.state, "parked") ? "parked" : "waiting", text);
		s->row->account_id = s->bic == NULL ? 0 : s->bic->account_id;
		rc = response_save(s->w->r->db, s->row, e);
	}
	return rc;
}

/* ---- the call */

static struct json *
request_body(const struct sending *s, const struct json *upload_ids)
{
	struct json *body = json_obj(), *o;
	struct buf html = BUF_INIT(LIMIT_API_BODY);

	if (s->w->kind == PLAN_RFI) {
		o = json_put_obj(body, "reply");
		map_to_html(buf_str(&s->text), &html);
		json_put_str(o, "body", buf_str(&html));
		json_put_bool(o, "official", false);
	} else {
		o = json_put_obj(body, "submittal_approver");
		json_put_i64(o, "submittal_response_id", s->out.response_id);
		json_put_str(o, "comment", buf_str(&s->text));
	}
	if (json_len(upload_ids) > 0)
		json_put(o, "upload_ids", json_dup(upload_ids));
	buf_clear(&html);
	return body;
}

/* Is it there? 0: no. */
static int64_t
look(const struct sending *s, const struct effect *f)
{
	if (s->w->kind == PLAN_RFI)
		return plan_find_reply(&s->w->remote, s->reference, s->bic->user_id,
		    buf_str(&s->text), f->called_at);
	return plan_find_approval(&s->w->remote, s->out.approver_id, s->out.response_id,
	    s->reference, buf_str(&s->text));
}

/* What came of the call. */
static int
settle(struct sending *s, const struct effect *f, const struct procore_answer *a,
    struct err *e)
{
	struct run *r = s->w->r;
	char text[PLAN_TEXT_BYTES];
	int64_t now = clk_now(), id;
	bool again = false,
	     refused = a->cause == CAUSE_ITEM || a->cause == CAUSE_PERMISSION_LOST;

	if (a->cause == CAUSE_NONE) {
		const struct json *j =
		    json_type(a->json) == JSON_ARRAY ? json_first(a->json) : a->json;

		id = s->w->kind == PLAN_RFI ? json_i64_or(j, "id", 0) : s->out.approver_id;
		if (str_format(text, sizeof text, "Answer sent to Procore%s%.100s.",
			str_empty(s->reference) ? "" : ", reference ", s->reference) == -1)
			text[0] = '\0';
		return commit_sent(s, f, id, text, e);
	}
	if ((a->unknown   ? effect_unknown(r->db, f, now + SYNC_LOOK_S, a->text, e)
		: refused ? effect_refused(r->db, f, a->text, now, e)
			  : effect_unsent(r->db, f, a->text, e)) == -1)
		return -1;
	if (a->unknown)
		s->w->wait_until = now + SYNC_LOOK_S;
	if (!refused)
		return run_procore_failed(r, a, s->w->kind, s->bic->account_id, &again, e);
	if (a->cause == CAUSE_PERMISSION_LOST &&
	    job_wish(r->db, JOB_CHECK_BIC, s->bic->bic_id, "", JOB_PRIO_TOKEN, now, e) ==
		-1)
		return -1;
	if (str_format(text, sizeof text,
		"Procore did not take the answer of %.200s: %.250s", s->bic->login,
		a->text) == -1)
		text[0] = '\0';
	return fail_answer(s,
	    a->cause == CAUSE_ITEM ? PLAN_R_PROCORE_REFUSED : PLAN_R_PERMISSION, text, e);
}

static int
call(struct sending *s, const struct effect *f, const struct json *body, const char *key,
    struct err *e)
{
	struct run *r = s->w->r;
	struct procore_at at = run_at(r, s->bic->account_id);
	struct procore_answer a = {0};
	int rc;

	rc = s->w->kind == PLAN_RFI ? procore_rfi_reply(&r->procore, &at,
					  s->w->it.procore_id, body, key, &a, e)
				    : procore_approve(&r->procore, &at, s->w->it.procore_id,
					  s->out.approver_id, body, key, &a, e);
	if (rc == 0)
		rc = settle(s, f, &a, e);
	procore_answer_clear(&a);
	return rc;
}

/* Begun before, how it ended is not known: the other side has just been read. *go: it is
 * not there, repeat. */
static int
resolve(struct sending *s, struct effect *f, bool *go, struct err *e)
{
	int64_t now = clk_now(), until = f->called_at + SYNC_LOOK_S, id = look(s, f);

	*go = false;
	if (f->look_at > until)
		until = f->look_at;
	if (id != 0)
		return commit_sent(s, f, id,
		    "Procore has the answer: it had arrived although its confirmation was "
		    "lost.",
		    e);
	if (now < until) {
		s->w->wait_until = until;
		return effect_unknown(s->w->r->db, f, until, "not there yet", e);
	}
	*go = true;
	return effect_again(s->w->r->db, f, s->bic->account_id, now, e);
}

static int
effect_key(const struct sending *s, char key[64], struct err *e)
{
	if (str_format(key, 64, "procore.%s:%" PRId64,
		s->w->kind == PLAN_RFI ? "reply" : "approve", s->row->id) == -1)
		return err_set(e, ERR_BUG, "key of response %" PRId64, s->row->id);
	return 0;
}

/* Procore has it: sent by us although the confirmation was lost, or by a person by hand. */
static int
already(struct sending *s, struct err *e)
{
	struct effect f = {0};
	bool found = false;
	char key[64];
	int rc = -1;

	if (effect_key(s, key, e) == -1 ||
	    effect_find(s->w->r->db, key, &f, &found, e) == -1)
		return -1;
	rc = commit_sent(s, found ? &f : NULL, s->out.procore_id,
	    "Procore holds this answer already.", e);
	effect_clear(&f);
	return rc;
}

static int
send_row(struct sending *s, struct err *e)
{
	struct run *r = s->w->r;
	struct json *ids = json_arr(), *body = NULL;
	struct effect f = {0};
	char key[64], *request = NULL;
	bool ready = false, go = true;
	int rc = -1;

	if (file_carry_out(s->w, s->row, s->bic->account_id, ids, &ready, e) == -1)
		goto out;
	rc = 0;
	if (!ready)
		goto out;
	rc = -1;
	body = request_body(s, ids);
	request = json_text(body);
	if (effect_key(s, key, e) == -1 ||
	    effect_begin(r->db, key, r->connection_id, s->w->it.id,
		s->w->kind == PLAN_RFI ? "procore.reply" : "procore.approve",
		s->bic->account_id, request, clk_now(), &f, e) == -1)
		goto out;
	if (f.state != EFFECT_FRESH && resolve(s, &f, &go, e) == -1)
		goto out;
	rc = go ? call(s, &f, body, key, e) : 0;
out:
	effect_clear(&f);
	free(request);
	json_free(body);
	json_free(ids);
	return rc;
}

/* ---- the ball */

/* After a reply the ball should be with the RFI manager; where Procore did not move it, ask
 * (procore.md 5.6). A no is no failure: the answer is there. */
static int
advance(struct sending *s, struct err *e)
{
	struct run *r = s->w->r;
	struct procore_at at = run_at(r, s->bic->account_id);
	struct procore_answer a = {0};
	struct plan_remote now = {0};
	struct err bad = {0};
	int rc = -1;

	if (procore_one(&r->procore, PROCORE_RFI, &at, s->w->it.procore_id, &a, e) == -1)
		goto out;
	rc = 0;
	if (a.cause != CAUSE_NONE ||
	    map_procore(PLAN_RFI, a.json, r->conf->procore_login_url, r->project_id, &now,
		&bad) == -1)
		goto out;
	for (size_t i = 0; i < now.people_n; i++) {
		if (!now.people[i].in_court || now.status != PLAN_OPEN ||
		    (now.people[i].user_id != s->bic->user_id &&
			!str_eq_ci(now.people[i].login, s->bic->login)))
			continue;
		procore_answer_clear(&a);
		rc = procore_one(
		    &r->procore, PROCORE_RFI_ADVANCE, &at, s->w->it.procore_id, &a, e);
		if (rc == 0 && a.cause != CAUSE_NONE)
			rc = item_event(r->db, s->w->it.id, clk_now(), "connectorweb",
			    "Procore left the ball in court where it was.", e);
		break;
	}
out:
	plan_remote_clear(&now);
	procore_answer_clear(&a);
	return rc;
}

/* ---- one row */

static int
decide(struct sending *s, struct err *e)
{
	struct run *r = s->w->r;
	struct response_map map = {0};
	struct item_files files = {0};
	struct plan_answer_in in = {.procore = &s->w->remote,
	    .author = s->row->author_login,
	    .bic = s->bic,
	    .action = s->row->action,
	    .body = s->row->body,
	    .reference = s->reference,
	    .answered_before = s->w->it.answers > 0,
	    .given_at = s->row->at};
	int rc = -1;

	if (plan_close_from_word(s->row->close_kind, &in.close) == -1)
		return err_set(
		    e, ERR_DB, "response %" PRId64 ".close_kind is unknown", s->row->id);
	if (item_files(r->db, s->w->it.id, "npc", s->row->id, &files, e) == -1 ||
	    (s->w->kind == PLAN_SUBMITTAL &&
		response_map_get(r->db, r->connection_id, s->row->action, &map, e) == -1))
		goto out;
	in.has_files = files.n > 0;
	in.map = (struct plan_mapped){.found = map.found,
	    .offered = map.offered,
	    .response_id = map.procore_response_id,
	    .name = map.name};
	plan_answer(&in, &s->out);
	rc = 0;
out:
	free(map.name);
	item_files_clear(&files);
	return rc;
}

/* Closed without an answer: nothing more is carried until the item begins again. */
static int
not_sent(struct sending *s, struct err *e)
{
	if (s->out.reason == PLAN_R_PLAIN_CLOSE && s->w->remote.status == PLAN_OPEN) {
		item_text(&s->w->it.state, "closed");
		s->w->it.court_left_at = 0;
	}
	return commit_row(s, "not_sent", s->out.reason, s->out.text, true, e);
}

static int
act(struct sending *s, struct err *e)
{
	switch (s->out.verdict) {
	case PLAN_NOT_SENT:
		return not_sent(s, e);
	case PLAN_WAIT:
		return commit_row(s, "waiting", s->out.reason, s->out.text, false, e);
	case PLAN_ISSUE:
		return fail_answer(s, s->out.reason, s->out.text, e);
	case PLAN_ALREADY:
		return already(s, e);
	case PLAN_SEND:
		break;
	}
	if (send_row(s, e) == -1)
		return -1;
	/* the sign-in turned out to be gone under way: then it waits like any other */
	if (is_waiting(s->row) && !s->bic->signed_in && !s->w->failed && !s->w->r->stopped)
		return commit_row(s, "waiting", PLAN_R_SIGN_IN,
		    "The answer waits for its author to sign in to Procore.", false, e);
	if (str_eq(s->row->state, "sent") && s->w->kind == PLAN_RFI && !s->w->r->stopped)
		return advance(s, e);
	return 0;
}

/* A later answer stands in for this one: the same author's for a submittal, whose step holds
 * one response; anybody's when this one's author may not answer. */
static bool
is_replaced(const struct sending *s, const struct responses *all, size_t i)
{
	for (size_t k = i + 1; k < all->n; k++)
		if (str_eq(all->v[k].close_kind, "respond_and_close") &&
		    (s->bic == NULL || (s->w->kind == PLAN_SUBMITTAL &&
					   str_eq_ci(all->v[k].author_login,
					       s->row->author_login))))
			return true;
	return false;
}

static int
send_one(struct work *w, const struct responses *all, size_t i, struct err *e)
{
	struct sending s = {.w = w, .row = &all->v[i], .text = BUF_INIT(LIMIT_TEXT)};
	int rc = -1;

	for (size_t k = 0; k < w->r->bics_n && s.bic == NULL; k++)
		if (str_eq_ci(w->r->bics[k].login, s.row->author_login))
			s.bic = &w->r->bics[k];
	if (w->r->conf->answer_reference &&
	    str_format(s.reference, sizeof s.reference, "[Newforma %.64s/%" PRId64 "]",
		w->it.npc_number, s.row->ordinal) == -1)
		s.reference[0] = '\0';
	plan_answer_text(s.row->body, s.reference, &s.text);
	if (str_eq(s.row->close_kind, "respond_and_close") && is_replaced(&s, all, i)) {
		rc = commit_row(&s, "not_sent", PLAN_R_NONE,
		    "A later response took its place.", true, e);
		goto out;
	}
	if (decide(&s, e) == 0)
		rc = act(&s, e);
out:
	buf_clear(&s.text);
	return rc;
}

int
answer_send(struct work *w, struct err *e)
{
	enum budget_priority before = w->r->procore.priority;
	struct responses all = {0};
	int rc = -1;

	if (response_list(w->r->db, w->it.id, &all, e) == -1)
		return -1;
	w->r->procore.priority = BUDGET_ANSWER; /* somebody waits for this */
	for (size_t i = 0; i < all.n && !w->failed && !w->r->stopped; i++) {
		if (!is_waiting(&all.v[i]))
			continue;
		if (send_one(w, &all, i, e) == -1)
			goto out;
		/* answers go out in their order: one that waits holds up those after it */
		if (is_waiting(&all.v[i]))
			break;
	}
	rc = 0;
out:
	w->r->procore.priority = before;
	responses_clear(&all);
	return rc;
}
