/* core/plan: where answers given in Project Center go (DESIGN.md 8), every rule as a row.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/plan.h"

enum { UP = 2000 };

static char login_a[] = "ana@example.com", contact[] = "c-1";

static const struct plan_bic seat = {.bic_id = 1,
    .account_id = 11,
    .user_id = INT64_C(562949953421312),
    .login = login_a,
    .contact_id = contact,
    .signed_in = true,
    .permitted = {true, true}};

/* ---- answers */

struct answer_case {
	const char *name;
	enum plan_kind kind;
	enum plan_status status;
	enum plan_close close;
	bool no_bic, signed_out, no_text, files, unmapped, stale, before, no_reference;
	/* Procore's side: reply text, or comment; approver: 'c' in court, 'r' reached, 'n' not
	 * reached, 'd' the same response given, 'o' another, 0 no approver */
	const char *reply;
	char step;
	enum plan_answer_verdict verdict;
	enum plan_reason reason;
};

static const struct answer_case answer_cases[] = {
    {"rfi", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .verdict = PLAN_SEND},
    {"rfi, files only", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .no_text = true,
	.files = true, .verdict = PLAN_SEND},
    {"rfi, nothing in it", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .no_text = true,
	.verdict = PLAN_ISSUE, .reason = PLAN_R_EMPTY_ANSWER},
    {"plain close", PLAN_RFI, PLAN_OPEN, PLAN_CLOSE, .verdict = PLAN_NOT_SENT,
	.reason = PLAN_R_PLAIN_CLOSE},
    {"plain close by nobody", PLAN_RFI, PLAN_CLOSED, PLAN_CLOSE, .no_bic = true,
	.verdict = PLAN_NOT_SENT, .reason = PLAN_R_PLAIN_CLOSE},
    {"send and close", PLAN_RFI, PLAN_OPEN, PLAN_SEND_AND_CLOSE, .verdict = PLAN_NOT_SENT,
	.reason = PLAN_R_SEND_AND_CLOSE},
    {"only recorded", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND, .step = 'c',
	.verdict = PLAN_NOT_SENT, .reason = PLAN_R_RESPOND_ONLY},
    {"no BIC", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .no_bic = true,
	.verdict = PLAN_ISSUE, .reason = PLAN_R_NOT_BIC},
    {"signed out", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .signed_out = true,
	.verdict = PLAN_WAIT, .reason = PLAN_R_SIGN_IN},
    {"closed there", PLAN_RFI, PLAN_CLOSED, PLAN_RESPOND_AND_CLOSE, .verdict = PLAN_ISSUE,
	.reason = PLAN_R_CLOSED_IN_PROCORE},
    {"deleted there", PLAN_RFI, PLAN_DELETED, PLAN_RESPOND_AND_CLOSE, .verdict = PLAN_ISSUE,
	.reason = PLAN_R_CLOSED_IN_PROCORE},
    {"ours is there", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.reply = "Yes.\n\n[Newforma RFI-1/2]", .verdict = PLAN_ALREADY},
    {"ours is there, closed since", PLAN_RFI, PLAN_CLOSED, PLAN_RESPOND_AND_CLOSE,
	.reply = "Yes.\n[Newforma RFI-1/2]", .verdict = PLAN_ALREADY},
    {"typed in by hand", PLAN_RFI, PLAN_CLOSED, PLAN_RESPOND_AND_CLOSE, .reply = " Yes. ",
	.verdict = PLAN_ALREADY},
    {"the answer before said the same", PLAN_RFI, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.before = true, .reply = "Yes.\n[Newforma RFI-1/1]", .verdict = PLAN_SEND},
    {"submittal", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .step = 'c',
	.verdict = PLAN_SEND},
    {"optional reviewer, reached", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'r', .verdict = PLAN_SEND},
    {"not reached", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .step = 'n',
	.verdict = PLAN_ISSUE, .reason = PLAN_R_STEP_NOT_REACHED},
    {"not an approver", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.verdict = PLAN_ISSUE, .reason = PLAN_R_NOT_APPROVER},
    {"unmapped", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .step = 'c',
	.unmapped = true, .verdict = PLAN_ISSUE, .reason = PLAN_R_UNMAPPED},
    {"mapped to what is gone", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'c', .stale = true, .verdict = PLAN_ISSUE, .reason = PLAN_R_MAP_STALE},
    {"given by hand", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .step = 'd',
	.verdict = PLAN_ALREADY},
    {"an earlier one of ours arrived unnoticed", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'd', .reply = "No.\n\n[Newforma RFI-1/1]",
	.verdict = PLAN_SEND},
    {"an earlier, other one of ours arrived unnoticed", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'o', .reply = "No.\n\n[Newforma RFI-1/1]",
	.verdict = PLAN_SEND},
    {"given by hand, but there are files", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'd', .files = true, .verdict = PLAN_ISSUE,
	.reason = PLAN_R_OTHER_ANSWER},
    {"ours with files, its confirmation lost", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'd', .files = true,
	.reply = "Yes.\n\n[Newforma RFI-1/2]", .verdict = PLAN_ALREADY},
    {"the same without references", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'd', .files = true, .no_reference = true, .reply = "Yes.",
	.verdict = PLAN_ALREADY},
    {"given, closed since", PLAN_SUBMITTAL, PLAN_CLOSED, PLAN_RESPOND_AND_CLOSE,
	.step = 'd', .verdict = PLAN_ALREADY},
    {"another by hand", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE, .step = 'o',
	.verdict = PLAN_ISSUE, .reason = PLAN_R_OTHER_ANSWER},
    {"ours before, another now", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'o', .before = true, .verdict = PLAN_SEND},
    {"ours before, the same response with other words", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'd', .before = true,
	.reply = "Yes.\n\n[Newforma RFI-1/1]", .verdict = PLAN_SEND},
    {"ours before, this one arrived", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'd', .before = true, .reply = "Yes.\n\n[Newforma RFI-1/2]",
	.verdict = PLAN_ALREADY},
    {"no references, other words", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'd', .before = true, .no_reference = true, .reply = "No.",
	.verdict = PLAN_SEND},
    {"no references, the same words", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'd', .before = true, .no_reference = true, .reply = " Yes.",
	.verdict = PLAN_ALREADY},
    {"no references, the same words with a file", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_RESPOND_AND_CLOSE, .step = 'd', .before = true, .no_reference = true,
	.files = true, .reply = "Yes.", .verdict = PLAN_SEND},
    {"closed there, not answered", PLAN_SUBMITTAL, PLAN_CLOSED, PLAN_RESPOND_AND_CLOSE,
	.step = 'c', .verdict = PLAN_ISSUE, .reason = PLAN_R_CLOSED_IN_PROCORE},
    {"submittal, signed out", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_RESPOND_AND_CLOSE,
	.step = 'c', .signed_out = true, .verdict = PLAN_WAIT, .reason = PLAN_R_SIGN_IN},
};

static void
fill_step(const struct answer_case *c, struct plan_remote *r)
{
	struct plan_person *p;

	if (c->step == 0)
		return;
	p = plan_remote_add_person(r);
	p->user_id = INT64_C(562949953421312);
	p->approver = true;
	p->approver_id = 900;
	p->in_court = c->step == 'c';
	p->reached = c->step != 'n';
	p->answered = c->step == 'd' || c->step == 'o';
	p->response_id = c->step == 'd' ? 5 : c->step == 'o' ? 6 : 1;
	p->response_name = xstrdup("Rejected");
	if (c->reply != NULL)
		p->comment = xstrdup(c->reply);
}

static void
answers_go_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answer_cases / sizeof answer_cases[0]; i++) {
		const struct answer_case *c = &answer_cases[i];
		struct plan_bic bic = seat;
		struct plan_remote r = {.kind = c->kind, .id = 7, .status = c->status};
		struct plan_answer_in in = {.procore = &r,
		    .close = c->close,
		    .author = login_a,
		    .bic = &bic,
		    .action = "Approved",
		    .body = c->no_text ? " \n" : "Yes.",
		    .has_files = c->files,
		    .reference = c->no_reference ? "" : "[Newforma RFI-1/2]",
		    .answered_before = c->before,
		    .given_at = UP};
		struct plan_answer_out out;

		bic.signed_in = !c->signed_out;
		if (c->no_bic)
			in.bic = NULL;
		in.map = (struct plan_mapped){.found = !c->unmapped,
		    .offered = !c->stale,
		    .response_id = 5,
		    .name = "Approved"};
		fill_step(c, &r);
		if (c->reply != NULL && c->kind == PLAN_RFI) {
			struct plan_reply *p = plan_remote_add_reply(&r);

			*p = (struct plan_reply){.id = 31,
			    .user_id = bic.user_id,
			    .at = UP - 4000,
			    .text = xstrdup(c->reply)};
		}
		plan_answer(&in, &out);
		if (out.verdict != c->verdict || out.reason != c->reason)
			fail_msg("%s: verdict %d reason %s (%s)", c->name, (int)out.verdict,
			    plan_reason_word(out.reason), out.text);
		if (out.verdict == PLAN_ALREADY)
			assert_int_equal(out.procore_id, c->kind == PLAN_RFI ? 31 : 900);
		if (out.verdict == PLAN_SEND && c->kind == PLAN_SUBMITTAL) {
			assert_int_equal(out.approver_id, 900);
			assert_int_equal(out.response_id, 5);
		}
		plan_remote_clear(&r);
	}
}

/* Without references, author, text and time must do: an equal answer of long before is
 * another one. */
static void
without_reference_the_weaker_check(void **state)
{
	struct plan_remote r = {.kind = PLAN_RFI};
	struct plan_reply *p = plan_remote_add_reply(&r);

	(void)state;
	*p = (struct plan_reply){
	    .id = 31, .user_id = 8, .at = 10000, .text = xstrdup("Yes.")};
	assert_int_equal(plan_find_reply(&r, "", 8, "Yes.", 10100), 31);
	assert_int_equal(plan_find_reply(&r, "", 8, "Yes.", 20000), 0);
	assert_int_equal(plan_find_reply(&r, "", 9, "Yes.", 10100), 0);
	assert_int_equal(plan_find_reply(&r, "", 8, "No.", 10100), 0);
	assert_int_equal(plan_find_reply(&r, "", 8, "", 0), 0);
	plan_remote_clear(&r);
}

static void
an_approval_is_found_by_its_comment(void **state)
{
	struct plan_remote r = {.kind = PLAN_SUBMITTAL};
	struct plan_person *p = plan_remote_add_person(&r);

	(void)state;
	p->approver_id = 900;
	p->answered = true;
	p->response_id = 5;
	p->comment = xstrdup("Fine. [Newforma S-1/1]");
	assert_int_equal(plan_find_approval(&r, 900, 5, "[Newforma S-1/1]", "Fine."), 900);
	assert_int_equal(plan_find_approval(&r, 900, 5, "[Newforma S-1/2]", "Fine."), 0);
	assert_int_equal(plan_find_approval(&r, 900, 6, "[Newforma S-1/1]", "Fine."), 0);
	assert_int_equal(plan_find_approval(&r, 901, 5, "[Newforma S-1/1]", "Fine."), 0);
	assert_int_equal(
	    plan_find_approval(&r, 900, 5, "", "Fine.  [Newforma S-1/1]"), 900);
	assert_int_equal(plan_find_approval(&r, 900, 5, "", "Fine."), 0);
	plan_remote_clear(&r);
}

static void
answer_text_ends_with_the_reference(void **state)
{
	struct buf b = BUF_INIT(1000);

	(void)state;
	plan_answer_text("Use type B. \n\n", "[Newforma RFI-7/1]", &b);
	assert_string_equal(buf_str(&b), "Use type B.\n\n[Newforma RFI-7/1]");
	buf_clear(&b);
	plan_answer_text("Use type B.", "", &b);
	assert_string_equal(buf_str(&b), "Use type B.");
	buf_clear(&b);
	plan_answer_text("", "[Newforma RFI-7/1]", &b);
	assert_string_equal(buf_str(&b), "[Newforma RFI-7/1]");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_go_out),
	    cmocka_unit_test(without_reference_the_weaker_check),
	    cmocka_unit_test(an_approval_is_found_by_its_comment),
	    cmocka_unit_test(answer_text_ends_with_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
