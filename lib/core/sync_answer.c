/* Answers given in Project Center, sent to Procore under their author's own sign-in. */
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

/* ---- what waits */

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
	    .answered_before = s->before,
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
	/* Procore takes no reply without a text: files alone are named */
	for (size_t i = 0; i < files.n && (i > 0 || s->text.len == 0); i++)
		buf_printf(&s->text, "%s%s", i == 0 ? "" : ", ", files.v[i].name);
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
	if ((s->out.reason == PLAN_R_PLAIN_CLOSE ||
		s->out.reason == PLAN_R_SEND_AND_CLOSE) &&
	    s->w->remote.status == PLAN_OPEN) {
		item_text(&s->w->it.state, "closed");
		s->w->it.court_left_at = 0;
	}
	return send_keep(s, "not_sent", s->out.reason, s->out.text, true, e);
}

/* A later answer stands in for this one: the same author's for a submittal, whose step holds
 * one response; anybody's when this one can never go. */
static bool
is_replaced(const struct sending *s, const struct responses *all)
{
	bool never = s->out.verdict == PLAN_ISSUE &&
		     (s->out.reason == PLAN_R_NOT_BIC ||
			 s->out.reason == PLAN_R_NOT_APPROVER ||
			 s->out.reason == PLAN_R_EMPTY_ANSWER);

	for (const struct response *k = s->row + 1; k < all->v + all->n; k++)
		if (str_eq(k->close_kind, "respond_and_close") &&
		    !str_eq(k->state, "not_sent") &&
		    (never || (s->w->kind == PLAN_SUBMITTAL &&
				  str_eq_ci(k->author_login, s->row->author_login))))
			return true;
	return false;
}

static int
act(struct sending *s, struct err *e)
{
	switch (s->out.verdict) {
	case PLAN_NOT_SENT:
		return not_sent(s, e);
	case PLAN_WAIT:
		return send_keep(s, "waiting", s->out.reason, s->out.text, false, e);
	case PLAN_ISSUE:
		return send_failed(s, s->out.reason, s->out.text, e);
	case PLAN_ALREADY:
		return send_already(s, e);
	case PLAN_SEND:
		break;
	}
	if (send_row(s, e) == -1)
		return -1;
	/* the sign-in turned out to be gone under way: then it waits like any other */
	if (is_waiting(s->row) && !s->bic->signed_in && !s->w->failed && !s->w->r->stopped)
		return send_keep(s, "waiting", PLAN_R_SIGN_IN,
		    "The answer waits for its author to sign in to Procore.", false, e);
	if (str_eq(s->row->state, "sent") && s->w->kind == PLAN_RFI && !s->w->r->stopped)
		return send_advance(s, e);
	return 0;
}

/* Whether it had arrived before does not matter any more: what it began is closed. */
static int
replaced(struct sending *s, struct err *e)
{
	struct effect f = {0};
	bool found = false;
	char key[64];
	int rc;

	answer_effect_key(s->w, s->row, key);
	rc = effect_find(s->w->r->db, key, &f, &found, e);
	if (rc == 0 && found && f.state == EFFECT_IN_DOUBT)
		rc = effect_refused(
		    s->w->r->db, &f, "a later response took its place", clk_now(), e);
	effect_clear(&f);
	return rc == -1 ? -1
			: send_keep(s, "not_sent", PLAN_R_NONE,
			      "A later response took its place.", true, e);
}

static bool
answered_before(const struct responses *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->v[k].state, "sent") &&
		    str_eq_ci(all->v[k].author_login, all->v[i].author_login))
			return true;
	return false;
}

static int
send_one(struct work *w, const struct responses *all, size_t i, struct failure *failure,
    struct err *e)
{
	struct sending s = {.w = w,
	    .row = &all->v[i],
	    .failure = failure,
	    .before = answered_before(all, i),
	    .text = BUF_INIT(LIMIT_TEXT)};
	int rc = -1;

	for (size_t k = 0; k < w->r->bics_n && s.bic == NULL; k++)
		if (str_eq_ci(w->r->bics[k].login, s.row->author_login))
			s.bic = &w->r->bics[k];
	if (w->r->conf->answer_reference &&
	    str_format(s.reference, sizeof s.reference, "[Newforma %.64s/%" PRId64 "]",
		w->it.npc_number, s.row->ordinal) == -1)
		s.reference[0] = '\0';
	plan_answer_text(s.row->body, s.reference, &s.text);
	if (decide(&s, e) == -1)
		goto out;
	if (str_eq(s.row->close_kind, "respond_and_close") && is_replaced(&s, all))
		rc = replaced(&s, e);
	else
		rc = act(&s, e);
out:
	buf_clear(&s.text);
	return rc;
}

/* One that still waits for its author's sign-in, or to be found, holds up what the same
 * person said after it: what people say stays in its order. */
static bool
is_held(const struct responses *all, size_t i, const struct failure *failed)
{
	for (size_t k = 0; k < i; k++)
		if (is_waiting(&all->v[k]) && &all->v[k] != failed->row &&
		    !str_eq(all->v[k].state, "parked") &&
		    str_eq(all->v[k].close_kind, "respond_and_close") &&
		    str_eq_ci(all->v[k].author_login, all->v[i].author_login))
			return true;
	return false;
}

/* Answers in their order, until one has been sent or all have been tried. */
static int
send_next(struct work *w, struct responses *all, struct failure *failed, bool *sent,
    struct err *e)
{
	*sent = false;
	for (size_t i = 0; i < all->n && !*sent && !w->failed && !w->r->stopped; i++) {
		struct response *row = &all->v[i];

		if (!is_waiting(row) || row == failed->row)
			continue;
		if (is_held(all, i, failed)) {
			item_text(&row->reason, "It waits for the response before it.");
			if (response_save(w->r->db, row, e) == -1)
				return -1;
			continue;
		}
		if (send_one(w, all, i, failed, e) == -1)
			return -1;
		*sent = str_eq(row->state, "sent");
	}
	return 0;
}

static bool
any_waits(const struct responses *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_waiting(&all->v[i]))
			return true;
	return false;
}

/* What one answer has moved decides about the next one: the turn in a workflow, the ball. */
static int
send_all(struct work *w, struct responses *all, struct failure *failed, struct err *e)
{
	bool sent = true;

	while (sent) {
		/* what Procore itself refused is not tried twice in a pass */
		if (failed->reason != PLAN_R_PROCORE_REFUSED &&
		    failed->reason != PLAN_R_PERMISSION)
			*failed = (struct failure){.row = NULL};
		if (send_next(w, all, failed, &sent, e) == -1)
			return -1;
		if (!sent || w->failed || w->r->stopped || !any_waits(all))
			return 0;
		if (item_read_procore(w, w->reader, e) == -1)
			return -1;
		if (!w->has_remote || w->failed || w->r->stopped)
			return 0;
	}
	return 0;
}

/* Sent ones have cleared what the item said: what still waits is said again. */
static void
say_first_wait(struct work *w, const struct responses *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(all->v[i].state, "waiting") || w->wait_until != 0 ||
		    !str_eq(all->v[i].close_kind, "respond_and_close"))
			continue;
		item_text(&w->it.reason, plan_reason_word(PLAN_R_SIGN_IN));
		item_text(&w->it.reason_text, all->v[i].reason);
		return;
	}
}

int
answer_send(struct work *w, struct err *e)
{
	enum budget_priority before = w->r->procore.priority;
	struct responses all = {0};
	struct failure failed = {.row = NULL};
	int rc = -1;

	if (response_list(w->r->db, w->it.id, &all, e) == -1)
		return -1;
	w->r->procore.priority = BUDGET_ANSWER; /* somebody waits for this */
	rc = send_all(w, &all, &failed, e);
	if (rc == 0 && failed.row != NULL && !w->failed)
		rc = send_item_failed(w, &failed, e);
	if (rc == 0 && !w->failed && !w->r->stopped)
		say_first_wait(w, &all);
	w->r->procore.priority = before;
	responses_clear(&all);
	return rc;
}

int
answer_say_waiting(struct work *w, struct err *e)
{
	struct responses all = {0};
	int rc = response_list(w->r->db, w->it.id, &all, e);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct sending s = {.w = w, .row = &all.v[i]};
		char text[PLAN_TEXT_BYTES];

		if (!str_eq(s.row->state, "waiting"))
			continue;
		for (size_t k = 0; k < w->r->bics_n && s.bic == NULL; k++)
			if (str_eq_ci(w->r->bics[k].login, s.row->author_login))
				s.bic = &w->r->bics[k];
		plan_say_waiting(s.bic, text);
		rc = send_keep(&s, "waiting", PLAN_R_SIGN_IN, text, false, e);
	}
	responses_clear(&all);
	return rc;
}
