/* One answer's way to Procore: its effect in the journal, the call, and what came of it. */
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
#include "store/issue.h"
#include "store/job.h"

/* ---- rows */

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
int
send_keep(struct sending *s, const char *state, enum plan_reason reason, const char *text,
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
	    (tell && item_event_with(db, it->id, now, s->w->reader, text, e) == -1)) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

/* Procore or the plan said no: shown with the answer now, with the item at the end. Where
 * lists have changed since they were read, they are read again. */
int
send_failed(struct sending *s, enum plan_reason reason, const char *text, struct err *e)
{
	struct run *r = s->w->r;

	if (s->failure->row == NULL) {
		s->failure->row = s->row;
		s->failure->reason = reason;
		str_cut(s->failure->text, sizeof s->failure->text, text);
	}
	if (s->w->kind == PLAN_SUBMITTAL &&
	    (reason == PLAN_R_UNMAPPED || reason == PLAN_R_MAP_STALE ||
		reason == PLAN_R_PROCORE_REFUSED) &&
	    job_wish(r->db, JOB_CHOICES, r->connection_id, "", JOB_PRIO_BUSY, clk_now(),
		e) == -1)
		return -1;
	item_text(&s->row->reason, text);
	s->row->account_id = s->bic == NULL ? 0 : s->bic->account_id;
	return response_save(r->db, s->row, e);
}

int
send_item_failed(struct work *w, const struct failure *f, struct err *e)
{
	if (item_fail(w, "to_procore", f->reason, f->text, e) == -1)
		return -1;
	item_text(&f->row->state, str_eq(w->it.state, "parked") ? "parked" : "waiting");
	return response_save(w->r->db, f->row, e);
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
	return send_failed(s,
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

void
answer_effect_key(const struct work *w, const struct response *row, char key[64])
{
	BUG_IF(str_format(key, 64, "procore.%s:%" PRId64,
		   w->kind == PLAN_RFI ? "reply" : "approve", row->id) == -1);
}

/* Procore has it: sent by us although the confirmation was lost, or by a person by hand. */
int
send_already(struct sending *s, struct err *e)
{
	struct effect f = {0};
	bool found = false;
	char key[64];
	int rc = -1;

	answer_effect_key(s->w, s->row, key);
	if (effect_find(s->w->r->db, key, &f, &found, e) == -1)
		return -1;
	rc = commit_sent(s, found ? &f : NULL, s->out.procore_id,
	    "Procore holds this answer already.", e);
	effect_clear(&f);
	return rc;
}

int
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
	answer_effect_key(s->w, s->row, key);
	if (effect_begin(r->db, key, r->connection_id, s->w->it.id,
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
 * (procore.md 5.6), unless it waits for other people's answers. A no is no failure: the
 * answer is there. */
int
send_advance(struct sending *s, struct err *e)
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
		    plan_others_owe(&now, s->bic) ||
		    (now.people[i].user_id != s->bic->user_id &&
			!str_eq_ci(now.people[i].login, s->bic->login)))
			continue;
		procore_answer_clear(&a);
		rc = procore_one(
		    &r->procore, PROCORE_RFI_ADVANCE, &at, s->w->it.procore_id, &a, e);
		if (rc == 0 && a.cause != CAUSE_NONE)
			rc = item_event_with(r->db, s->w->it.id, clk_now(), s->bic->account_id,
			    "Procore left the ball in court where it was.", e);
		break;
	}
out:
	plan_remote_clear(&now);
	procore_answer_clear(&a);
	return rc;
}
