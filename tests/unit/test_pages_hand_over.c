/* Another login for a seat, and people who leave: by role, and what the database says then.
 */
#include "config.h"

#include "web_site.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "web/pages.h"

static int64_t
seat(struct site *s)
{
	return site_number(s, "SELECT id FROM bic WHERE account_id = %" PRId64, s->bic);
}

static int64_t
standing(struct site *s)
{
	return site_number(s, "SELECT count(*) FROM hand_over WHERE used_at IS NULL AND "
			      "withdrawn_at IS NULL");
}

/* ---- hand-over */

static void
approved_and_withdrawn(void **state)
{
	struct site *s = *state;
	int64_t bic = seat(s);

	assert_int_equal(site_post(s, "pa", P "/hand-over",
			     "project=%" PRId64 "&bic=%" PRId64 "&login=+New@Example.com",
			     s->north, bic),
	    303);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM hand_over WHERE account_id = %" PRId64
			     " AND connection_id = %" PRId64
			     " AND new_login = 'new@example.com' AND approved_by = 'pa'",
			     s->bic, s->north),
	    1);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM audit WHERE action = 'hand_over.approve'"),
	    1);
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "new@example.com may sign in for this seat, approved by pa.");
	web_has(&s->w, "Sign in as new@example.com");
	web_has(&s->w, "Withdraw");
	web_lacks(&s->w, "in all projects of");
	/* The user of the seat may start it, but not withdraw it. */
	assert_int_equal(site_get(s, "bic", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "Sign in as new@example.com");
	web_lacks(&s->w, "Withdraw");
	assert_int_equal(site_post(s, "bic", P "/hand-over/start",
			     "project=%" PRId64 "&bic=%" PRId64, s->north, bic),
	    200);
	web_has(&s->w, "new@example.com");
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM attempt WHERE purpose = 'hand_over'"), 1);
	/* A second approval replaces the first. */
	assert_int_equal(
	    site_post(s, "ga", P "/hand-over",
		"project=%" PRId64 "&bic=%" PRId64 "&login=b@example.com&all=1", s->north,
		bic),
	    303);
	assert_int_equal(standing(s), 1);
	assert_int_equal(site_get(s, "ga", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w,
	    "b@example.com may sign in for all seats of this account, approved by ga.");
	/* A Project Admin cannot take back what stands for all projects; a Global Admin
	 * can. */
	assert_int_equal(site_post(s, "pa", P "/hand-over/withdraw",
			     "project=%" PRId64 "&bic=%" PRId64, s->north, bic),
	    303);
	assert_int_equal(standing(s), 1);
	assert_int_equal(site_post(s, "ga", P "/hand-over/withdraw",
			     "project=%" PRId64 "&bic=%" PRId64, s->north, bic),
	    303);
	assert_int_equal(standing(s), 0);
	assert_int_equal(site_post(s, "ga", P "/hand-over/start",
			     "project=%" PRId64 "&bic=%" PRId64, s->north, bic),
	    404);
}

static void
hand_over_refused(void **state)
{
	struct site *s = *state;
	int64_t bic = seat(s);

	assert_int_equal(
	    site_post(s, "pa", P "/hand-over",
		"project=%" PRId64 "&bic=%" PRId64 "&login=b@example.com&all=1", s->north,
		bic),
	    403);
	assert_int_equal(
	    site_post(s, "bic", P "/hand-over",
		"project=%" PRId64 "&bic=%" PRId64 "&login=b@example.com", s->north, bic),
	    403);
	assert_int_equal(
	    site_post(s, "pa", P "/hand-over",
		"project=%" PRId64 "&bic=%" PRId64 "&login=nobody", s->north, bic),
	    400);
	web_has(&s->w, "This is not a Procore login");
	assert_int_equal(
	    site_post(s, "ga", P "/hand-over",
		"project=%" PRId64 "&bic=%" PRId64 "&login=b@example.com", s->south, bic),
	    404);
	assert_int_equal(standing(s), 0);
}

/* ---- the last use of an account */

static void
last_seat_gives_the_grant_back(void **state)
{
	struct site *s = *state;

	assert_int_equal(
	    site_post(s, "ga", P "/bic/remove",
		"project=%" PRId64 "&bic=%" PRId64 "&sure=1", s->north, seat(s)),
	    303);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'revoke' AND ref = %" PRId64
		" AND arg = '{\"after\":\"needed\"}'",
		s->bic),
	    1);
	/* One with another seat keeps it. */
	site_run(s,
	    "INSERT INTO bic (connection_id, account_id, position, added_at) VALUES "
	    "(%" PRId64 ", %" PRId64 ", 2, 1)",
	    s->north, s->other);
	assert_int_equal(site_post(s, "ga", P "/bic/remove",
			     "project=%" PRId64 "&bic=%" PRId64 "&sure=1", s->north,
			     site_number(s, "SELECT max(id) FROM bic")),
	    303);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'revoke' AND ref = %" PRId64,
		s->other),
	    0);
}

/* ---- leavers */

static void
leaver(void **state)
{
	struct site *s = *state;

	site_run(s, "UPDATE account SET state = 'ok' WHERE id = %" PRId64, s->other);
	assert_int_equal(site_get(s, "ga", P "/people"), 200);
	web_has(&s->w, "/Projects/people/remove");
	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=bic"), 409);
	web_has(&s->w, "N-100 Riverside");
	web_has(&s->w, "nobody else is signed in");
	site_run(s,
	    "INSERT INTO bic (connection_id, account_id, position, added_at) VALUES "
	    "(%" PRId64 ", %" PRId64 ", 2, 1)",
	    s->north, s->other);
	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=bic"), 409);
	web_has(&s->w,
	    "loses bic@harlowfinch.example.com; other@harlowfinch.example.com takes over");
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM person WHERE removed_at IS NOT NULL"), 0);
	assert_int_equal(
	    web_post_stale(&s->w, "ga", P "/people/remove", "person=bic&sure=1"),
	    PAGES_STALE_STATUS);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM person WHERE removed_at IS NOT NULL"), 0);
	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=bic&sure=1"), 303);
	web_leads_to(&s->w, "/Projects/people?done=left");
	assert_int_equal(site_number(s, "SELECT count(*) FROM person WHERE user_name = "
					"'bic' AND removed_at IS NOT NULL"),
	    1);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM bic WHERE account_id = %" PRId64
			     " AND removed_at IS NULL",
			     s->bic),
	    0);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'revoke' AND ref = %" PRId64
		" AND arg = '{\"after\":\"removed\"}'",
		s->bic),
	    1);
	assert_int_equal(site_number(s, "SELECT count(*) FROM audit WHERE action = "
					"'person.remove' AND actor = 'ga'"),
	    1);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM item WHERE account_id = %" PRId64, s->bic),
	    1); /* history */
	assert_int_equal(site_get(s, "ga", P "/people?done=left"), 200);
	web_has(&s->w, "The person was removed");
	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=bic&sure=1"), 404);
	/* An account that somebody who stays has too keeps its seat. */
	site_run(s,
	    "INSERT INTO person_account (person_id, account_id, source, at)"
	    " SELECT p.id, %" PRId64
	    ", 'admin', 1 FROM person AS p WHERE p.user_name = 'nobody'",
	    s->other);
	assert_int_equal(
	    site_post(s, "ga", P "/people/remove", "person=other&sure=1"), 303);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'revoke' AND ref = %" PRId64,
		s->other),
	    0);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM bic WHERE account_id = %" PRId64
			     " AND removed_at IS NULL",
			     s->other),
	    2);
}

/* The old link of an account that ended leads to no sign-in, until it has a seat again. */
static void
link_of_an_ended_account(void **state)
{
	struct site *s = *state;
	char *id = rig_text(&s->w.core, "SELECT public_id FROM account WHERE login LIKE 'bic@%'");

	site_run(s, "UPDATE account SET state = 'removed' WHERE id = %" PRId64, s->bic);
	assert_int_equal(site_get(s, "bic", P "/reconnect?account=%s", id), 200);
	web_lacks(&s->w, "not used here any more");
	site_run(s, "UPDATE bic SET removed_at = 1 WHERE account_id = %" PRId64, s->bic);
	assert_int_equal(site_get(s, "bic", P "/reconnect?account=%s", id), 200);
	web_has(&s->w, "not used here any more");
	web_lacks(&s->w, "name=\"account\"");
	assert_int_equal(site_post(s, "bic", P "/reconnect", "account=%s&project=0", id), 200);
	web_has(&s->w, "not used here any more");
	assert_int_equal(site_number(s, "SELECT count(*) FROM attempt"), 0);
	free(id);
}

static void
last_global_admin_stays(void **state)
{
	static const char *const users[] = {"pa", "bic", "nobody", "stranger"};
	struct site *s = *state;

	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=ga&sure=1"), 409);
	web_has(&s->w, "The last Global Admin stays");
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM person WHERE removed_at IS NOT NULL"), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    site_post(s, users[i], P "/people/remove", "person=bic&sure=1"), 403);
	site_run(s, "UPDATE person SET global_admin = 1 WHERE user_name = 'pa'");
	assert_int_equal(site_post(s, "ga", P "/people/remove", "person=ga&sure=1"), 303);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE_TEST(approved_and_withdrawn),
	    SITE_TEST(hand_over_refused),
	    SITE_TEST(last_seat_gives_the_grant_back),
	    SITE_TEST(leaver),
	    SITE_TEST(link_of_an_ended_account),
	    SITE_TEST(last_global_admin_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
