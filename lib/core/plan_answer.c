/* The third decision of plan.h: where an answer given in Project Center goes. */
#include "config.h"

#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/plan_int.h"

/* Procore's and NPC's clocks may differ by this much when only author, text and time can
 * tell. */
enum { CLOCK_SLACK_S = 300 };

void
plan_answer_text(const char *body, const char *reference, struct buf *out)
{
	size_t n;

	body = body == NULL ? "" : body;
	n = strlen(body);
	while (n > 0 && strchr(" \t\r\n", body[n - 1]) != NULL)
		n--;
	buf_add(out, body, n);
	if (!str_empty(reference)) {
		if (n > 0)
			buf_puts(out, "\n\n");
		buf_puts(out, reference);
	}
}

int64_t
plan_find_reply(const struct plan_remote *r, const char *reference, int64_t user_id,
    const char *text, int64_t since_at)
{
	for (size_t i = 0; i < r->replies_n; i++) {
		const struct plan_reply *p = &r->replies[i];

		if (!str_empty(reference) && p->text != NULL &&
		    strstr(p->text, reference) != NULL)
			return p->id;
	}
	for (size_t i = 0; i < r->replies_n; i++) {
		const struct plan_reply *p = &r->replies[i];

		if (p->user_id == user_id && user_id != 0 && !str_empty(text) &&
		    plan_same_text(p->text, text) &&
		    (since_at == 0 || p->at >= since_at - CLOCK_SLACK_S))
			return p->id;
	}
	return 0;
}

int64_t
plan_find_approval(const struct plan_remote *r, int64_t approver_id, int64_t response_id,
    const char *reference, const char *text)
{
	for (size_t i = 0; i < r->people_n; i++) {
		const struct plan_person *p = &r->people[i];

		if (p->approver_id != approver_id || !p->answered ||
		    p->response_id != response_id)
			continue;
		if (!str_empty(reference)
			? strstr(p->comment == NULL ? "" : p->comment, reference) != NULL
			: plan_same_text(p->comment, text))
			return approver_id;
	}
	return 0;
}

static void
set(struct plan_answer_out *out, enum plan_answer_verdict v, enum plan_reason r)
{
	out->verdict = v;
	out->reason = r;
}

/* Only Respond and Close carries an answer (newforma.md 5.2, 10). True when decided. */
static bool
decide_close_kind(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	switch (in->close) {
	case PLAN_RESPOND_AND_CLOSE:
		return false;
	case PLAN_CLOSE:
		set(out, PLAN_NOT_SENT, PLAN_R_PLAIN_CLOSE);
		plan_say(out->text, "Closed in Project Center without a response; nothing "
				    "was sent to Procore.");
		return true;
	case PLAN_SEND_AND_CLOSE:
		set(out, PLAN_NOT_SENT, PLAN_R_SEND_AND_CLOSE);
		plan_say(out->text, "Closed in Project Center by Send and Close; nothing "
				    "was sent to Procore.");
		return true;
	case PLAN_RESPOND:
		set(out, PLAN_NOT_SENT, PLAN_R_RESPOND_ONLY);
		plan_say(out->text, "A response was recorded in Project Center, but the "
				    "item is not closed there.");
		return true;
	}
	return false;
}

/* Who answered, and may they? True when decided. */
static bool
decide_author(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	if (in->bic == NULL) {
		set(out, PLAN_ISSUE, PLAN_R_NOT_BIC);
		plan_say(out->text,
		    "%s answered in Project Center but is not a BIC user of this project.",
		    str_empty(in->author) ? "Somebody without a login" : in->author);
		return true;
	}
	return false;
}

static bool
decide_not_open(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	if (in->procore->status == PLAN_OPEN)
		return false;
	set(out, PLAN_ISSUE, PLAN_R_CLOSED_IN_PROCORE);
	plan_say(out->text,
	    "It was answered in Project Center, but the %s is %s in Procore.",
	    plan_kind_name(in->procore->kind),
	    in->procore->status == PLAN_DELETED ? "deleted"
	    : in->procore->status == PLAN_VOID  ? "void"
	    : in->procore->status == PLAN_DRAFT ? "a draft"
						: "closed");
	return true;
}

void
plan_say_waiting(const struct plan_bic *b, char out[PLAN_TEXT_BYTES])
{
	if (b == NULL || b->signed_in)
		plan_say(out, "The answer waits until a BIC user of this project can read "
			      "Procore.");
	else
		plan_say(
		    out, "The answer waits for %s to sign in to Procore.", b->login);
}

static bool
decide_sign_in(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	if (in->bic->signed_in)
		return false;
	set(out, PLAN_WAIT, PLAN_R_SIGN_IN);
	plan_say_waiting(in->bic, out->text);
	return true;
}

static void
decide_rfi(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	int64_t id = plan_find_reply(in->procore, in->reference, in->bic->user_id, in->body,
	    in->answered_before ? in->given_at : 0);

	if (id != 0) {
		set(out, PLAN_ALREADY, PLAN_R_NONE);
		out->procore_id = id;
		return;
	}
	if (decide_not_open(in, out))
		return;
	if (plan_same_text(in->body, "") && !in->has_files) {
		set(out, PLAN_ISSUE, PLAN_R_EMPTY_ANSWER);
		plan_say(out->text,
		    "The response in Project Center has neither text nor files.");
		return;
	}
	if (!decide_sign_in(in, out))
		set(out, PLAN_SEND, PLAN_R_NONE);
}

/* The author's step: whose turn it is first, then reached, then any. */
static const struct plan_person *
own_step(const struct plan_remote *r, const struct plan_bic *b)
{
	const struct plan_person *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < r->people_n; i++) {
		const struct plan_person *p = &r->people[i];
		int s = (p->in_court ? 4 : 0) + (p->reached && !p->answered ? 2 : 0) +
			(p->reached ? 1 : 0);
		bool own = p->user_id != 0 && b->user_id != 0
			       ? p->user_id == b->user_id
			       : str_eq_ci(p->login, b->login);

		if (p->approver && own && s > best_score) {
			best = p;
			best_score = s;
		}
	}
	return best;
}

/* Does another answer of ours stand there? References of one item differ in their count only:
 * "[Newforma S-0123/" is theirs, too. Its confirmation may have been lost. */
static bool
is_ours(const struct plan_answer_in *in, const struct plan_person *p)
{
	const char *slash = strrchr(in->reference, '/');
	char start[128];

	if (in->answered_before)
		return true;
	return slash != NULL && p->comment != NULL &&
	       str_format(start, sizeof start, "%.*s", (int)(slash - in->reference + 1),
		   in->reference) == 0 &&
	       strstr(p->comment, start) != NULL;
}

/* The step holds this response already: by us with the confirmation lost, which the
 * reference tells (without references the same words do), or by this person in Procore.
 * Where an earlier answer of ours may be what stands there, or files come with this one, the
 * same response alone is not enough. */
static bool
holds_already(const struct plan_answer_in *in, const struct plan_person *p)
{
	const char *comment = p->comment == NULL ? "" : p->comment;

	if (!p->answered || p->in_court || p->response_id != in->map.response_id)
		return false;
	if (!str_empty(in->reference) && strstr(comment, in->reference) != NULL)
		return true;
	if (str_empty(in->reference) && plan_same_text(comment, in->body))
		return !in->answered_before || !in->has_files;
	return !is_ours(in, p) && !in->has_files;
}

static void
say_other(const struct plan_answer_in *in, const struct plan_person *p,
    char out[PLAN_TEXT_BYTES])
{
	const char *name = p->response_name == NULL ? "" : p->response_name;

	if (p->response_id == in->map.response_id)
		plan_say(out,
		    "Procore already holds the response \"%s\" of %s, without the files of the "
		    "answer in Project Center.",
		    name, in->bic->login);
	else
		plan_say(out,
		    "Procore already holds the response \"%s\" of %s; Project Center says "
		    "\"%s\".",
		    name, in->bic->login, in->action);
}

static void
decide_step(const struct plan_answer_in *in, const struct plan_person *p,
    struct plan_answer_out *out)
{
	out->approver_id = p->approver_id;
	out->response_id = in->map.response_id;
	if (holds_already(in, p)) {
		set(out, PLAN_ALREADY, PLAN_R_NONE);
		out->procore_id = p->approver_id;
	} else if (decide_not_open(in, out)) {
		return;
	} else if (!p->reached) {
		set(out, PLAN_ISSUE, PLAN_R_STEP_NOT_REACHED);
		plan_say(out->text,
		    "%s's step of the workflow in Procore has not been reached.",
		    in->bic->login);
	} else if (p->answered && !p->in_court && !is_ours(in, p)) {
		set(out, PLAN_ISSUE, PLAN_R_OTHER_ANSWER);
		say_other(in, p, out->text);
	} else if (!decide_sign_in(in, out)) {
		set(out, PLAN_SEND, PLAN_R_NONE);
	}
}

static void
decide_submittal(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	const struct plan_person *p = own_step(in->procore, in->bic);

	if (p == NULL) {
		if (decide_not_open(in, out))
			return;
		set(out, PLAN_ISSUE, PLAN_R_NOT_APPROVER);
		plan_say(out->text,
		    "%s answered in Project Center but is not an approver of this "
		    "submittal in Procore.",
		    in->bic->login);
	} else if (!in->map.found) {
		set(out, PLAN_ISSUE, PLAN_R_UNMAPPED);
		plan_say(out->text,
		    "The response \"%s\" of Project Center is not mapped to a response of "
		    "Procore.",
		    in->action);
	} else if (!in->map.offered) {
		set(out, PLAN_ISSUE, PLAN_R_MAP_STALE);
		plan_say(out->text,
		    "\"%s\" is mapped to \"%s\", which Procore no longer offers.",
		    in->action, in->map.name == NULL ? "" : in->map.name);
	} else {
		decide_step(in, p, out);
	}
}

void
plan_answer(const struct plan_answer_in *in, struct plan_answer_out *out)
{
	*out = (struct plan_answer_out){.verdict = PLAN_NOT_SENT};
	if (decide_close_kind(in, out) || decide_author(in, out))
		return;
	if (in->procore->kind == PLAN_RFI)
		decide_rfi(in, out);
	else
		decide_submittal(in, out);
}
