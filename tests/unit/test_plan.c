/* core/plan: every rule of DESIGN.md 8 and newforma.md 4, 10 as a row. */
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
#include "core/plan_choices.h"

enum { FROM = 1000, UP = 2000 };

static char login_a[] = "ana@example.com", login_b[] = "bo@example.com", contact[] = "c-1",
	    none[] = "";

/* ---- what comes in */

struct item_case {
	const char *name;
	enum plan_kind kind;
	enum plan_status status;
	enum plan_state state;
	bool linked, is_private, old_revision, early, pulled, left, ended, waits;
	/* person on the item: 'a' BIC with contact, 'b' BIC without, 'x' nobody of ours, 0
	 * none */
	char person;
	bool not_in_court, answered, not_reached, submitter;
	enum plan_verdict verdict;
	enum plan_reason reason;
};

static const struct item_case item_cases[] = {
    {"open rfi with a BIC", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.verdict = PLAN_CREATE},
    {"open submittal with a BIC", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.verdict = PLAN_CREATE},
    {"assignee, ball elsewhere", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.not_in_court = true, .verdict = PLAN_CREATE},
    {"draft", PLAN_RFI, PLAN_DRAFT, PLAN_NEW, .person = 'a', .verdict = PLAN_SKIP,
	.reason = PLAN_R_DRAFT},
    {"closed", PLAN_RFI, PLAN_CLOSED, PLAN_NEW, .person = 'a', .verdict = PLAN_SKIP,
	.reason = PLAN_R_CLOSED},
    {"void", PLAN_SUBMITTAL, PLAN_VOID, PLAN_NEW, .person = 'a', .verdict = PLAN_SKIP,
	.reason = PLAN_R_VOID},
    {"deleted", PLAN_RFI, PLAN_DELETED, PLAN_SKIPPED, .person = 'a', .verdict = PLAN_SKIP,
	.reason = PLAN_R_DELETED},
    {"unknown word", PLAN_RFI, PLAN_UNKNOWN, PLAN_NEW, .person = 'a', .verdict = PLAN_SKIP,
	.reason = PLAN_R_STATUS_UNKNOWN},
    {"private", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .is_private = true, .person = 'a',
	.verdict = PLAN_SKIP, .reason = PLAN_R_PRIVATE},
    {"old revision", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .old_revision = true,
	.person = 'a', .verdict = PLAN_SKIP, .reason = PLAN_R_SUPERSEDED},
    {"nobody of ours", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .person = 'x', .verdict = PLAN_SKIP,
	.reason = PLAN_R_NO_BIC},
    {"nobody at all", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .verdict = PLAN_SKIP,
	.reason = PLAN_R_NO_BIC},
    {"a BIC who only submits", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.submitter = true, .verdict = PLAN_SKIP, .reason = PLAN_R_NO_BIC},
    {"older than the connection", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .early = true,
	.person = 'a', .verdict = PLAN_SKIP, .reason = PLAN_R_BEFORE_CONNECTION},
    {"older, but pulled", PLAN_RFI, PLAN_OPEN, PLAN_WAITING, .early = true, .pulled = true,
	.person = 'a', .verdict = PLAN_CREATE},
    {"step not reached", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.not_in_court = true, .not_reached = true, .verdict = PLAN_SKIP,
	.reason = PLAN_R_STEP_NOT_REACHED},
    {"answered there already", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'a',
	.answered = true, .not_in_court = true, .verdict = PLAN_SKIP,
	.reason = PLAN_R_ANSWERED_IN_PROCORE},
    {"BIC without contact", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .person = 'b',
	.verdict = PLAN_FAIL, .reason = PLAN_R_NO_CONTACT},
    {"skipped before, fits now", PLAN_RFI, PLAN_OPEN, PLAN_SKIPPED, .person = 'a',
	.verdict = PLAN_CREATE},
    {"linked and open", PLAN_RFI, PLAN_OPEN, PLAN_LINKED, .linked = true, .person = 'a',
	.verdict = PLAN_KEEP},
    {"linked, became private", PLAN_RFI, PLAN_OPEN, PLAN_LINKED, .linked = true,
	.is_private = true, .person = 'a', .verdict = PLAN_KEEP},
    {"linked, BIC taken off", PLAN_RFI, PLAN_OPEN, PLAN_LINKED, .linked = true,
	.person = 'x', .verdict = PLAN_KEEP},
    {"linked, closed there", PLAN_RFI, PLAN_CLOSED, PLAN_LINKED, .linked = true,
	.person = 'a', .verdict = PLAN_END, .reason = PLAN_R_CLOSED},
    {"answered, closed there", PLAN_SUBMITTAL, PLAN_CLOSED, PLAN_ANSWERED, .linked = true,
	.person = 'a', .verdict = PLAN_END, .reason = PLAN_R_CLOSED},
    {"linked, void", PLAN_SUBMITTAL, PLAN_VOID, PLAN_LINKED, .linked = true, .person = 'a',
	.verdict = PLAN_END, .reason = PLAN_R_VOID},
    {"linked, deleted", PLAN_RFI, PLAN_DELETED, PLAN_LINKED, .linked = true,
	.verdict = PLAN_END, .reason = PLAN_R_DELETED},
    {"answered, ball not moved yet", PLAN_RFI, PLAN_OPEN, PLAN_ANSWERED, .linked = true,
	.person = 'a', .verdict = PLAN_KEEP},
    {"answered, ball away", PLAN_RFI, PLAN_OPEN, PLAN_ANSWERED, .linked = true,
	.left = true, .person = 'a', .not_in_court = true, .verdict = PLAN_KEEP},
    {"answered, ball came back", PLAN_RFI, PLAN_OPEN, PLAN_ANSWERED, .linked = true,
	.left = true, .person = 'a', .verdict = PLAN_REOPEN},
    {"closed, reopened rfi, ball with the manager", PLAN_RFI, PLAN_OPEN, PLAN_CLOSED_ITEM,
	.linked = true, .left = true, .ended = true, .person = 'a', .not_in_court = true,
	.verdict = PLAN_REOPEN},
    {"closed, reopened submittal, not our turn", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_CLOSED_ITEM, .linked = true, .left = true, .ended = true, .person = 'a',
	.not_in_court = true, .answered = true, .verdict = PLAN_KEEP},
    {"closed, reopened submittal, our turn", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_CLOSED_ITEM,
	.linked = true, .left = true, .ended = true, .person = 'a', .verdict = PLAN_REOPEN},
    {"answered submittal, the next step is ours, too", PLAN_SUBMITTAL, PLAN_OPEN,
	PLAN_ANSWERED, .linked = true, .person = 'a', .verdict = PLAN_REOPEN},
    {"the same, its answer on the way", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_ANSWERED,
	.linked = true, .person = 'a', .waits = true, .verdict = PLAN_KEEP},
    {"submittal closed in NPC without answer", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_CLOSED_ITEM,
	.linked = true, .person = 'a', .verdict = PLAN_KEEP},
    {"closed in NPC without answer, ball still here", PLAN_RFI, PLAN_OPEN, PLAN_CLOSED_ITEM,
	.linked = true, .person = 'a', .verdict = PLAN_KEEP},
    {"parked while linked", PLAN_RFI, PLAN_OPEN, PLAN_PARKED, .linked = true, .left = true,
	.person = 'a', .verdict = PLAN_KEEP},
};

static void
fill_bics(struct plan_bic b[2])
{
	b[0] = (struct plan_bic){.bic_id = 1,
	    .account_id = 11,
	    .user_id = INT64_C(562949953421312),
	    .login = login_a,
	    .contact_id = contact,
	    .signed_in = true,
	    .permitted = {true, true}};
	b[1] = (struct plan_bic){.bic_id = 2,
	    .account_id = 12,
	    .user_id = 0,
	    .login = login_b,
	    .contact_id = none,
	    .signed_in = true,
	    .permitted = {true, true}};
}

static void
fill_remote(const struct item_case *c, struct plan_remote *r)
{
	struct plan_person *p;

	*r = (struct plan_remote){.kind = c->kind,
	    .id = 7,
	    .status = c->status,
	    .is_private = c->is_private,
	    .current_revision = !c->old_revision,
	    .created_at = c->early ? FROM - 1 : FROM,
	    .updated_at = UP};
	r->status_text = xstrdup("Word");
	if (c->person == 0)
		return;
	p = plan_remote_add_person(r);
	p->user_id = c->person == 'a'   ? INT64_C(562949953421312)
		     : c->person == 'b' ? 22
					: 33;
	p->login = xstrdup(c->person == 'a'   ? login_a
			   : c->person == 'b' ? "BO@example.com"
					      : "x@example.com");
	p->name = xstrdup("Some Body");
	p->approver = !c->submitter;
	p->in_court = !c->not_in_court;
	p->reached = !c->not_reached;
	p->answered = c->answered;
}

static void
items_come_in(void **state)
{
	struct plan_bic bics[2];

	(void)state;
	fill_bics(bics);
	for (size_t i = 0; i < sizeof item_cases / sizeof item_cases[0]; i++) {
		const struct item_case *c = &item_cases[i];
		struct plan_remote r;
		struct plan_in in = {.procore = &r,
		    .state = c->state,
		    .linked = c->linked,
		    .pulled = c->pulled,
		    .court_left = c->left,
		    .ended = c->ended,
		    .waits = c->waits,
		    .bics = bics,
		    .bics_n = 2,
		    .sync_from_at = FROM};
		struct plan_out out;

		fill_remote(c, &r);
		plan_item(&in, &out);
		if (out.verdict != c->verdict || out.reason != c->reason)
			fail_msg("%s: verdict %d reason %s (%s)", c->name, (int)out.verdict,
			    plan_reason_word(out.reason), out.text);
		if (out.verdict == PLAN_SKIP || out.verdict == PLAN_END ||
		    out.verdict == PLAN_FAIL)
			assert_true(out.text[0] != '\0');
		plan_remote_clear(&r);
	}
}

static void
missing_contact_has_its_words(void **state)
{
	struct item_case c = {"", PLAN_RFI, PLAN_OPEN, PLAN_NEW, .person = 'b'};
	struct plan_bic bics[2];
	struct plan_remote r;
	struct plan_in in = {
	    .procore = &r, .bics = bics, .bics_n = 2, .sync_from_at = FROM};
	struct plan_out out;

	(void)state;
	fill_bics(bics);
	fill_remote(&c, &r);
	plan_item(&in, &out);
	assert_string_equal(
	    out.text, "No NPC contact information found for given login bo@example.com");
	plan_remote_clear(&r);
}

/* Several BICs on one item: whose turn it is, then who can, then the order. */
static void
the_right_seat_is_matched(void **state)
{
	struct item_case c = {
	    "", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'a', .not_in_court = true};
	struct plan_bic bics[2];
	struct plan_person *p;
	struct plan_remote r;

	(void)state;
	fill_bics(bics);
	fill_remote(&c, &r);
	p = plan_remote_add_person(&r);
	p->login = xstrdup(login_b);
	p->approver = p->reached = p->in_court = true;
	assert_int_equal(plan_match(&r, bics, 2)->bic_id, 2);
	r.people[0].in_court = true;
	assert_int_equal(plan_match(&r, bics, 2)->bic_id, 1);
	bics[0].signed_in = false;
	assert_int_equal(plan_match(&r, bics, 2)->bic_id, 2);
	r.people[1].answered = true;
	assert_int_equal(plan_match(&r, bics, 2)->bic_id, 1);
	/* a known id that differs is another person, whatever the login says */
	r.people[0].user_id = 1;
	assert_int_equal(plan_match(&r, bics, 2)->bic_id, 2);
	plan_remote_clear(&r);
}

/* An assignee stays in court with the others until all required ones have replied. */
static void
an_rfi_waits_for_all_that_are_required(void **state)
{
	struct item_case c = {
	    "", PLAN_RFI, PLAN_OPEN, PLAN_ANSWERED, .linked = true, .person = 'a'};
	struct plan_bic bics[2];
	struct plan_person *p;
	struct plan_reply *answer;
	struct plan_remote r;
	struct plan_in in = {.procore = &r,
	    .state = PLAN_ANSWERED,
	    .linked = true,
	    .bics = bics,
	    .bics_n = 2,
	    .sync_from_at = FROM};
	struct plan_out out;

	(void)state;
	fill_bics(bics);
	fill_remote(&c, &r);
	p = plan_remote_add_person(&r);
	p->user_id = 22;
	p->login = xstrdup(login_b);
	p->approver = p->reached = p->in_court = p->required = true;
	answer = plan_remote_add_reply(&r);
	answer->id = 1;
	answer->user_id = bics[0].user_id;
	plan_item(&in, &out);
	assert_int_equal(out.verdict, PLAN_REOPEN);
	assert_int_equal(out.bic->bic_id, 2);
	assert_non_null(strstr(out.text, login_b));
	assert_true(plan_others_owe(&r, &bics[0]));
	assert_false(plan_others_owe(&r, &bics[1]));
	r.people[1].required = false;
	plan_item(&in, &out);
	assert_int_equal(out.verdict, PLAN_KEEP);
	r.people[1].required = true;
	answer = plan_remote_add_reply(&r);
	answer->id = 2;
	answer->user_id = 22;
	plan_item(&in, &out);
	assert_int_equal(out.verdict, PLAN_KEEP);
	assert_false(plan_others_owe(&r, &bics[0]));
	plan_remote_clear(&r);
}

/* Lists of submittals name no logins: a seat that has never signed in may be meant. */
static void
lists_without_logins_leave_doubt(void **state)
{
	struct item_case c = {"", PLAN_SUBMITTAL, PLAN_OPEN, PLAN_NEW, .person = 'x'};
	struct plan_bic bics[2];
	struct plan_remote r;

	(void)state;
	fill_bics(bics);
	fill_remote(&c, &r);
	assert_false(plan_unsure(&r, bics, 2));
	free(r.people[0].login);
	r.people[0].login = xstrdup("");
	assert_true(plan_unsure(&r, bics, 2));
	assert_false(plan_unsure(&r, bics, 1)); /* all seats are known by id */
	r.people[0].user_id = bics[0].user_id;
	assert_false(plan_unsure(&r, bics, 2));
	plan_remote_clear(&r);
}

/* ---- fields */

struct merge_case {
	enum plan_field f;
	const char *agreed, *procore, *npc;
	bool write;
	const char *kept, *now_agreed;
};

static const struct merge_case merge_cases[] = {
    {PLAN_DUE_DATE, "d1", "d1", "d1", false, NULL, "d1"},
    {PLAN_DUE_DATE, "d1", "d2", "d1", true, NULL, "d2"},
    {PLAN_DUE_DATE, "d1", "d1", "d3", false, NULL, "d1"},
    {PLAN_DUE_DATE, "d1", "d2", "d3", true, "d3", "d2"},
    {PLAN_DUE_DATE, "d1", "d2", "d2", false, NULL, "d2"},
    {PLAN_DUE_DATE, "d1", "", "d1", true, NULL, ""},
    {PLAN_SUBJECT, "s1", "s2", "s1", true, NULL, "s2"},
    {PLAN_SUBJECT, "s1", "s2", "s3", false, "s2", "s2"},
    {PLAN_SUBJECT, "s2", "s2", "s3", false, NULL, "s2"}, /* the pass after: said once */
    {PLAN_BODY, "q", "q  \n", " q", false, NULL, "q  \n"},
    {PLAN_BODY, "q", "q2", "theirs", false, "q2", "q2"},
};

static void
f43_fields_merge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof merge_cases / sizeof merge_cases[0]; i++) {
		const struct merge_case *c = &merge_cases[i];
		struct plan_fields a = {0}, p = {0}, n = {0};
		struct plan_merge m;

		plan_fields_set(&a, c->f, c->agreed);
		plan_fields_set(&p, c->f, c->procore);
		plan_fields_set(&n, c->f, c->npc);
		plan_merge(&a, &p, &n, &m);
		if (m.write[c->f] != c->write || !str_eq(m.kept[c->f], c->kept) ||
		    !str_eq(plan_fields_get(&m.agreed, c->f), c->now_agreed))
			fail_msg("case %zu: write %d kept %s agreed %s", i, m.write[c->f],
			    m.kept[c->f] == NULL ? "-" : m.kept[c->f],
			    plan_fields_get(&m.agreed, c->f));
		assert_int_equal(m.any_write, c->write);
		assert_int_equal(m.any_kept, c->kept != NULL);
		plan_merge_clear(&m);
		plan_fields_clear(&a);
		plan_fields_clear(&p);
		plan_fields_clear(&n);
	}
}

/* ---- texts, names, words */

static void
texts_compare_for_people(void **state)
{
	(void)state;
	assert_true(plan_same_text(NULL, ""));
	assert_true(plan_same_text(" a  b\r\n", "a\tb"));
	assert_false(plan_same_text("ab", "a b"));
	assert_false(plan_same_text("a", "a b"));
	assert_false(plan_same_text("a b", "a"));
	assert_true(plan_same_text("\n", ""));
}

static void
words_go_both_ways(void **state)
{
	(void)state;
	for (int i = 1; i < PLAN_STATE_MAX; i++) {
		enum plan_state s;

		assert_int_equal(
		    plan_state_from_word(plan_state_word((enum plan_state)i), &s), 0);
		assert_int_equal(s, i);
	}
	for (int i = 0; i < PLAN_REASON_MAX; i++) {
		enum plan_reason r;

		assert_non_null(plan_reason_word((enum plan_reason)i));
		assert_non_null(plan_reason_remedy((enum plan_reason)i, PLAN_RFI));
		assert_int_equal(
		    plan_reason_from_word(plan_reason_word((enum plan_reason)i), &r), 0);
		assert_int_equal(r, i);
	}
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		assert_non_null(plan_field_word((enum plan_field)i));
		assert_non_null(plan_field_name((enum plan_field)i));
	}
}

static void
responses_are_matched_by_meaning(void **state)
{
	struct plan_choices p = {0};

	(void)state;
	plan_choices_add(&p, "1", "Approved", "approved");
	plan_choices_add(&p, "2", "No Exceptions Taken", "approved");
	plan_choices_add(&p, "3", "Furnish as Corrected", "approved as noted");
	plan_choices_add(&p, "4", "Rejected", "rejected");
	plan_choices_add(&p, "5", "Received", "for record only");
	plan_choices_add(&p, "6", "Filed", "for record only");
	assert_string_equal(plan_choices_match(&p, "approved")->key, "1");
	assert_string_equal(plan_choices_match(&p, "No Exceptions")->key, "2");
	assert_string_equal(plan_choices_match(&p, "Approved as Noted")->key, "3");
	assert_null(
	    plan_choices_match(&p, "No Action Taken")); /* two, not to be told apart */
	assert_null(plan_choices_match(&p, "Revise and Resubmit")); /* not offered */
	assert_null(plan_choices_match(&p, "Looks good to me"));    /* no meaning known */
	plan_choices_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_come_in),
	    cmocka_unit_test(missing_contact_has_its_words),
	    cmocka_unit_test(the_right_seat_is_matched),
	    cmocka_unit_test(an_rfi_waits_for_all_that_are_required),
	    cmocka_unit_test(lists_without_logins_leave_doubt),
	    cmocka_unit_test(f43_fields_merge),
	    cmocka_unit_test(texts_compare_for_people), 
	    cmocka_unit_test(words_go_both_ways),
	    cmocka_unit_test(responses_are_matched_by_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
