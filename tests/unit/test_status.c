/* test_status.c: the state of a connection, row by row of DESIGN.md 7. */
#include "config.h"

#include "unit.h"

#include "core/status.h"

enum { NOW = 1800000000, MIN = 60, HOUR = 3600 };

/* One seat in a few letters: o ok, n needed, l lost; then . unchecked, + ok, p permission
 * lost, c no contact; then minutes since the last proof as a letter: 0 now, h 2 hours ago,
 * d two days ago, - never; then c while checked. */
static struct status_seat
seat(const char *s)
{
	struct status_seat out = {.since_at = NOW - 10 * MIN, .checked_at = NOW - 5 * MIN};

	out.sign_in = s[0] == 'o'   ? STATUS_IN_OK
		      : s[0] == 'n' ? STATUS_IN_NEEDED
				    : STATUS_IN_LOST;
	out.right = s[1] == '+'   ? STATUS_RIGHT_OK
		    : s[1] == 'p' ? STATUS_RIGHT_LOST
		    : s[1] == 'c' ? STATUS_RIGHT_NO_CONTACT
				  : STATUS_RIGHT_UNCHECKED;
	out.proved_at = s[2] == '0'   ? NOW
			: s[2] == 'h' ? NOW - 2 * HOUR
			: s[2] == 'd' ? NOW - 48 * HOUR
				      : 0;
	out.checking = s[3] == 'c';
	return out;
}

#define P(kind) STATUS_P_##kind

static const struct row {
	const char *what;
	const char *seats; /* of four letters, with blanks */
	bool paused, app_missing;
	int down; /* a bit for each service */
	enum status_word word;
	int reader;
	enum status_kind problems[4];
	int problems_n;
	bool stale, checking;
} rows[] = {
    {"one that works", "o+0 ", false, false, 0, STATUS_CONNECTED, 0, {0}, 0, false, false},
    {"just signed in", "o.0c", false, false, 0, STATUS_CONNECTED, 0, {0}, 0, false, true},
    {"never signed in", "n.- ", false, false, 0, STATUS_LOST, -1, {P(SIGN_IN_NEEDED)}, 1,
	false, false},
    {"sign-in lost", "l+h ", false, false, 0, STATUS_LOST, -1, {P(SIGN_IN_LOST)}, 1, false,
	false},
    {"one lost, the next carries", "l+0 o+0 ", false, false, 0, STATUS_WARNING, 1,
	{P(SIGN_IN_LOST)}, 1, false, false},
    {"one never signed in, the first carries", "o+0 n.- ", false, false, 0, STATUS_WARNING,
	0, {P(SIGN_IN_NEEDED)}, 1, false, false},
    {"both lost", "n.- l+0 ", false, false, 0, STATUS_LOST, -1,
	{P(SIGN_IN_LOST), P(SIGN_IN_NEEDED)}, 2, false, false},
    {"nobody at all", "", false, false, 0, STATUS_LOST, -1, {P(NO_SEAT)}, 1, false, false},
    {"permission lost", "op0 ", false, false, 0, STATUS_LOST, -1, {P(PERMISSION)}, 1, false,
	false},
    {"permission lost, another carries", "op0 o+0 ", false, false, 0, STATUS_WARNING, 1,
	{P(PERMISSION)}, 1, false, false},
    {"lost and without permission names the sign-in", "lp0 ", false, false, 0, STATUS_LOST,
	-1, {P(SIGN_IN_LOST)}, 1, false, false},
    {"no contact is a warning, reading goes on", "oc0 ", false, false, 0, STATUS_WARNING, 0,
	{P(NO_CONTACT)}, 1, false, false},
    {"app not at the company, though all are signed in", "o+0 o+0 ", false, true, 0,
	STATUS_LOST, 0, {P(APP)}, 1, false, false},
    {"app before sign-in: signing in would not help", "l+0 ", false, true, 0, STATUS_LOST,
	-1, {P(APP), P(SIGN_IN_LOST)}, 2, false, false},
    {"Procore not answering costs no connection", "o+0 ", false, false, 1 << STATUS_PROCORE,
	STATUS_WARNING, 0, {P(PROCORE_DOWN)}, 1, false, false},
    {"the same for long", "o+d ", false, false, 1 << STATUS_PROCORE, STATUS_WARNING, 0,
	{P(PROCORE_DOWN)}, 1, true, false},
    {"Project Center not answering", "o+0 ", false, false, 1 << STATUS_NPC, STATUS_WARNING,
	0, {P(NPC_DOWN)}, 1, false, false},
    {"Project Center's silence explains no stale proof", "o+h ", false, false,
	1 << STATUS_NPC, STATUS_WARNING, 0, {P(NPC_DOWN), P(NOT_VERIFIED)}, 2, true, false},
    {"settings refused, still working", "o+0 ", false, false, 1 << STATUS_SETTINGS,
	STATUS_WARNING, 0, {P(SETTINGS)}, 1, false, false},
    {"settings refused until nothing works", "o+h ", false, false, 1 << STATUS_SETTINGS,
	STATUS_LOST, 0, {P(SETTINGS)}, 1, true, false},
    {"clock wrong", "o+0 ", false, false, 1 << STATUS_CLOCK, STATUS_WARNING, 0, {P(LOCAL)},
	1, false, false},
    {"key missing until nothing works", "o+d ", false, false, 1 << STATUS_KEY, STATUS_LOST,
	0, {P(LOCAL)}, 1, true, false},
    {"not verified", "o+h ", false, false, 0, STATUS_WARNING, 0, {P(NOT_VERIFIED)}, 1, true,
	false},
    {"never verified", "o+- ", false, false, 0, STATUS_WARNING, 0, {P(NOT_VERIFIED)}, 1,
	true, false},
    {"an idle second is judged more mildly", "o+0 o+h ", false, false, 0, STATUS_CONNECTED,
	0, {0}, 0, false, false},
    {"paused", "o+0 ", true, false, 0, STATUS_PAUSED, 0, {0}, 0, false, false},
    {"paused and lost reads Paused, the cause is listed", "l+0 ", true, false, 0,
	STATUS_PAUSED, -1, {P(SIGN_IN_LOST)}, 1, false, false},
    {"a paused project owes no proof", "o+d ", true, false, 0, STATUS_PAUSED, 0, {0}, 0,
	false, false},
    {"what cuts off comes before what warns", "lc0 oc0 ", false, true, 1 << STATUS_NPC,
	STATUS_LOST, 1, {P(APP), P(SIGN_IN_LOST), P(NPC_DOWN), P(NO_CONTACT)}, 4, false,
	false},
};

static void
check(const struct row *r)
{
	struct status_seat seats[4];
	struct status_in in = {.paused = r->paused,
	    .app_missing = r->app_missing,
	    .app_since_at = NOW - HOUR,
	    .seats = seats,
	    .poll_s = 10 * MIN,
	    .now = NOW};
	struct status got;
	bool same;

	for (const char *s = r->seats; *s != '\0'; s += 4)
		seats[in.seats_n++] = seat(s);
	for (int i = 0; i < STATUS_SERVICE_MAX; i++)
		in.down_since_at[i] = (r->down >> i) & 1 ? NOW - 30 * MIN : 0;
	status_decide(&in, &got);
	same = got.word == r->word && got.reader == r->reader &&
	       got.problems_n == (size_t)r->problems_n && got.stale == r->stale &&
	       got.checking == r->checking;
	for (size_t i = 0; same && i < got.problems_n; i++)
		same = got.problems[i].kind == r->problems[i];
	if (!same)
		fail_msg("%s: word %d reader %d problems %zu first %d stale %d checking %d",
		    r->what, (int)got.word, got.reader, got.problems_n,
		    got.problems_n > 0 ? (int)got.problems[0].kind : -1, got.stale,
		    got.checking);
}

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

/* max(3 planned intervals, 60 min) in use, 36 h idle, and the exact edges. */
static void
test_proof(void **state)
{
	struct status_seat s = {.sign_in = STATUS_IN_OK, .right = STATUS_RIGHT_OK};

	(void)state;
	s.proved_at = NOW - HOUR;
	assert_false(status_seat_stale(&s, true, 10 * MIN, NOW));
	s.proved_at = NOW - HOUR - 1;
	assert_true(status_seat_stale(&s, true, 10 * MIN, NOW));
	assert_false(status_seat_stale(&s, true, 30 * MIN, NOW));
	s.proved_at = NOW - 90 * MIN - 1;
	assert_true(status_seat_stale(&s, true, 30 * MIN, NOW));
	s.proved_at = NOW - 36 * HOUR;
	assert_false(status_seat_stale(&s, false, 10 * MIN, NOW));
	s.proved_at = NOW - 36 * HOUR - 1;
	assert_true(status_seat_stale(&s, false, 10 * MIN, NOW));
	s.sign_in = STATUS_IN_LOST;
	assert_false(status_seat_stale(&s, true, 10 * MIN, NOW));
}

static void
test_facts_of_problems(void **state)
{
	struct status_seat seats[2] = {seat("l+0 "), seat("o+0 ")};
	struct status_in in = {.seats = seats, .seats_n = 2, .poll_s = 600, .now = NOW};
	struct status got;

	(void)state;
	in.down_since_at[STATUS_NPC] = NOW - 77;
	status_decide(&in, &got);
	assert_int_equal(got.problems_n, 2);
	assert_int_equal(got.problems[0].kind, STATUS_P_SIGN_IN_LOST);
	assert_int_equal(got.problems[0].seat, 0);
	assert_int_equal(got.problems[0].since_at, NOW - 10 * MIN);
	assert_false(got.problems[0].cuts_off);
	assert_int_equal(got.problems[1].service, STATUS_NPC);
	assert_int_equal(got.problems[1].since_at, NOW - 77);
	assert_int_equal(got.verified_at, NOW);
}

/* Only the first two causes offer Reconnect; each has its remedy. */
static void
test_remedies(void **state)
{
	(void)state;
	for (int k = 0; k < STATUS_P_MAX; k++) {
		bool sign_in = k == STATUS_P_SIGN_IN_LOST || k == STATUS_P_SIGN_IN_NEEDED;

		assert_int_equal(
		    status_remedy((enum status_kind)k) == STATUS_MEND_RECONNECT, sign_in);
	}
	assert_int_equal(status_remedy(STATUS_P_APP), STATUS_MEND_LETTER);
	assert_int_equal(status_remedy(STATUS_P_PERMISSION), STATUS_MEND_PERMISSION);
	assert_int_equal(status_remedy(STATUS_P_SETTINGS), STATUS_MEND_SETTING);
	assert_int_equal(status_remedy(STATUS_P_PROCORE_DOWN), STATUS_MEND_NONE);
	assert_int_equal(status_remedy(STATUS_P_LOCAL), STATUS_MEND_DOCTOR);
}

/* More broken seats than the list holds: the first ones are named, nothing is overrun. */
static void
test_many(void **state)
{
	static struct status_seat seats[3 * STATUS_PROBLEMS_MAX];
	struct status_in in = {
	    .seats = seats, .seats_n = 3 * STATUS_PROBLEMS_MAX, .poll_s = 600, .now = NOW};
	struct status got;

	(void)state;
	for (size_t i = 0; i < in.seats_n; i++)
		seats[i] = seat("l+0 ");
	in.app_missing = true;
	status_decide(&in, &got);
	assert_int_equal(got.problems_n, STATUS_PROBLEMS_MAX);
	assert_int_equal(got.problems[0].kind, STATUS_P_APP);
	assert_int_equal(got.word, STATUS_LOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_proof),
	    cmocka_unit_test(test_facts_of_problems),
	    cmocka_unit_test(test_remedies),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
