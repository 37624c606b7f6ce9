/* The first two decisions of plan.h: does an item come in, and which fields are written. */
#include "config.h"

#include "core/plan.h"

#include <stdlib.h>

#include "base/str.h"
#include "core/plan_int.h"

static bool
is_person_of(const struct plan_person *p, const struct plan_bic *b)
{
	if (!p->approver)
		return false;
	if (p->user_id != 0 && b->user_id != 0)
		return p->user_id == b->user_id;
	return !str_empty(p->login) && str_eq_ci(p->login, b->login);
}

/* How well a seat fits: whose turn it is comes before who could be asked instead. */
static int
score(const struct plan_person *p, const struct plan_bic *b, enum plan_kind kind)
{
	return (p->in_court ? 16 : 0) + (p->reached && !p->answered ? 8 : 0) +
	       (!p->answered ? 4 : 0) + (b->permitted[kind] ? 2 : 0) +
	       (b->signed_in ? 1 : 0);
}

static const struct plan_bic *
match(const struct plan_remote *r, const struct plan_bic *bics, size_t n,
    const struct plan_person **who)
{
	const struct plan_bic *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < r->people_n; k++) {
			if (is_person_of(&r->people[k], &bics[i]) &&
			    score(&r->people[k], &bics[i], r->kind) > best_score) {
				best_score = score(&r->people[k], &bics[i], r->kind);
				best = &bics[i];
				*who = &r->people[k];
			}
		}
	}
	return best;
}

const struct plan_bic *
plan_match(const struct plan_remote *r, const struct plan_bic *bics, size_t n)
{
	const struct plan_person *who = NULL;

	return match(r, bics, n, &who);
}

bool
plan_unsure(const struct plan_remote *r, const struct plan_bic *bics, size_t n)
{
	bool nameless = false, unknown = false;

	for (size_t i = 0; i < r->people_n; i++)
		nameless =
		    nameless || (r->people[i].approver && str_empty(r->people[i].login));
	for (size_t i = 0; i < n; i++)
		unknown = unknown || bics[i].user_id == 0;
	return nameless && unknown && plan_match(r, bics, n) == NULL;
}

static enum plan_reason
status_reason(enum plan_status s)
{
	switch (s) {
	case PLAN_OPEN:
		return PLAN_R_NONE;
	case PLAN_DRAFT:
		return PLAN_R_DRAFT;
	case PLAN_CLOSED:
		return PLAN_R_CLOSED;
	case PLAN_VOID:
		return PLAN_R_VOID;
	case PLAN_DELETED:
		return PLAN_R_DELETED;
	case PLAN_UNKNOWN:
		break;
	}
	return PLAN_R_STATUS_UNKNOWN;
}

static void
say_status(const struct plan_remote *r, char out[PLAN_TEXT_BYTES])
{
	const char *name = plan_kind_name(r->kind);

	switch (r->status) {
	case PLAN_OPEN:
		return;
	case PLAN_DRAFT:
		plan_say(out, "The %s is a draft in Procore.", name);
		return;
	case PLAN_CLOSED:
		plan_say(out, "The %s is closed in Procore.", name);
		return;
	case PLAN_VOID:
		plan_say(out, "The %s is void in Procore.", name);
		return;
	case PLAN_DELETED:
		plan_say(out, "The %s was deleted in Procore.", name);
		return;
	case PLAN_UNKNOWN:
		plan_say(out, "Its status in Procore, \"%s\", is not Open.",
		    r->status_text == NULL ? "" : r->status_text);
		return;
	}
}

static void
say_no_bic(const struct plan_remote *r, char out[PLAN_TEXT_BYTES])
{
	struct buf b = BUF_INIT(4096);
	int n = 0;

	for (size_t i = 0; i < r->people_n; i++) {
		const struct plan_person *p = &r->people[i];

		if (p->approver && (!str_empty(p->name) || !str_empty(p->login)))
			buf_printf(&b, "%s%s", n++ == 0 ? "" : ", ",
			    str_empty(p->name) ? p->login : p->name);
	}
	if (n == 0)
		plan_say(out, "Nobody is named as %s.",
		    r->kind == PLAN_RFI ? "assignee" : "approver");
	else
		plan_say(out, "No %s is a BIC user of this project (%s).",
		    r->kind == PLAN_RFI ? "assignee" : "approver", buf_str(&b));
	buf_clear(&b);
}

/* Not open any more. */
static void
decide_not_open(const struct plan_in *in, struct plan_out *out)
{
	out->reason = status_reason(in->procore->status);
	say_status(in->procore, out->text);
	out->verdict = in->linked ? PLAN_END : PLAN_SKIP;
}

static bool
has_replied(const struct plan_remote *r, int64_t user_id)
{
	for (size_t i = 0; i < r->replies_n; i++)
		if (r->replies[i].user_id == user_id)
			return true;
	return false;
}

bool
plan_others_owe(const struct plan_remote *r, const struct plan_bic *b)
{
	for (size_t i = 0; i < r->people_n; i++) {
		const struct plan_person *p = &r->people[i];

		if (p->required && p->in_court && !is_person_of(p, b) &&
		    !has_replied(r, p->user_id))
			return true;
	}
	return false;
}

/* After our answer: the seat whose answer Procore waits for next. An approver in court has
 * not answered; an assignee stays in court with the others until all required ones have,
 * so that the replies tell. NULL: nobody of ours. */
static const struct plan_bic *
who_is_asked_now(const struct plan_in *in, const struct plan_person *who,
    const struct plan_bic *match)
{
	const struct plan_remote *r = in->procore;

	if (r->kind == PLAN_SUBMITTAL)
		return who->in_court ? match : NULL;
	for (size_t i = 0; i < in->bics_n; i++) {
		for (size_t k = 0; k < r->people_n; k++) {
			const struct plan_person *p = &r->people[k];

			if (p->required && p->in_court && is_person_of(p, &in->bics[i]) &&
			    !has_replied(r, p->user_id))
				return &in->bics[i];
		}
	}
	return NULL;
}

/* In NPC already: carry on, or begin again. Begun again only when the ball has been seen
 * elsewhere since: right after our own answer the BIC may still be shown in court. */
static void
decide_linked(const struct plan_in *in, const struct plan_person *who, struct plan_out *out)
{
	bool over = in->state == PLAN_ANSWERED || in->state == PLAN_CLOSED_ITEM;

	const struct plan_bic *next = NULL;

	out->verdict = PLAN_KEEP;
	if (out->bic == NULL || !over)
		return;
	if (in->state == PLAN_ANSWERED && !in->waits)
		next = who_is_asked_now(in, who, out->bic);
	if (next != NULL) {
		out->verdict = PLAN_REOPEN;
		out->bic = next;
		plan_say(out->text, "Procore now waits for the answer of %s.", next->login);
		return;
	}
	if (!in->court_left)
		return;
	if (who->in_court || (in->ended && in->procore->kind == PLAN_RFI)) {
		out->verdict = PLAN_REOPEN;
		plan_say(out->text, "The %s was opened again in Procore.",
		    plan_kind_name(in->procore->kind));
	}
}

static void
skip(struct plan_out *out, enum plan_reason r, const char *text)
{
	out->verdict = PLAN_SKIP;
	out->reason = r;
	plan_say(out->text, "%s", text);
}

/* Open, and not in NPC yet. */
static void
decide_new(const struct plan_in *in, const struct plan_person *who, struct plan_out *out)
{
	const struct plan_remote *r = in->procore;

	if (r->is_private) {
		skip(out, PLAN_R_PRIVATE, "It is private in Procore.");
	} else if (!r->current_revision) {
		skip(out, PLAN_R_SUPERSEDED, "There is a newer revision of it.");
	} else if (out->bic == NULL) {
		skip(out, PLAN_R_NO_BIC, "");
		say_no_bic(r, out->text);
	} else if (r->created_at < in->sync_from_at && !in->pulled) {
		skip(out, PLAN_R_BEFORE_CONNECTION,
		    "It is older than the connection of the two projects.");
	} else if (who->answered && !in->pulled) {
		skip(out, PLAN_R_ANSWERED_IN_PROCORE,
		    "The BIC user has already answered it in Procore.");
	} else if (!who->reached) {
		skip(out, PLAN_R_STEP_NOT_REACHED,
		    "An earlier step of its workflow is not answered yet.");
	} else if (str_empty(out->bic->contact_id)) {
		out->verdict = PLAN_FAIL;
		out->reason = PLAN_R_NO_CONTACT;
		plan_say(out->text, "No NPC contact information found for given login %s",
		    out->bic->login);
	} else {
		out->verdict = PLAN_CREATE;
	}
}

void
plan_item(const struct plan_in *in, struct plan_out *out)
{
	const struct plan_person *who = NULL;

	*out = (struct plan_out){.verdict = PLAN_SKIP, .reason = PLAN_R_NONE};
	out->bic = match(in->procore, in->bics, in->bics_n, &who);
	out->in_court = who != NULL && who->in_court;
	if (in->procore->status != PLAN_OPEN)
		decide_not_open(in, out);
	else if (in->linked)
		decide_linked(in, who, out);
	else
		decide_new(in, who, out);
}

/* Texts that people in NPC may rewrite: theirs once they did. The rest of the fields is
 * Procore's. */
static bool
npc_owns(enum plan_field f)
{
	return f == PLAN_SUBJECT || f == PLAN_BODY;
}

void
plan_merge(const struct plan_fields *agreed, const struct plan_fields *procore,
    const struct plan_fields *npc, struct plan_merge *out)
{
	*out = (struct plan_merge){0};
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		enum plan_field f = (enum plan_field)i;
		const char *a = plan_fields_get(agreed, f);
		const char *p = plan_fields_get(procore, f);
		const char *n = plan_fields_get(npc, f);
		bool p_changed = !plan_same_text(p, a), n_changed = !plan_same_text(n, a);

		if (plan_same_text(p, n) || (p_changed && !n_changed)) {
			/* the same on both sides, or only Procore moved on */
			out->write[f] = !plan_same_text(p, n);
			plan_fields_set(&out->agreed, f, p);
		} else if (!p_changed) {
			/* only NPC moved on: stays there, and the agreement stays what it
			 * was */
			plan_fields_set(&out->agreed, f, a);
		} else {
			out->write[f] = !npc_owns(f);
			out->kept[f] = npc_owns(f) ? p : n;
			plan_fields_set(&out->agreed, f, p);
		}
		out->same[f] = plan_same_text(p, n) || out->write[f];
		out->news[f] = p_changed;
		out->any_write = out->any_write || out->write[f];
		out->any_kept = out->any_kept || out->kept[f] != NULL;
	}
}

void
plan_merge_clear(struct plan_merge *m)
{
	plan_fields_clear(&m->agreed);
	*m = (struct plan_merge){0};
}
