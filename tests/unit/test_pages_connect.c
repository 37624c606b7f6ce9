/* Connect a project: choosing out of the lists, preparing, saving; by role, with stale
 * forms and with forms that name what is in no list. */
#include "config.h"

#include "web_site.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/mem.h"
#include "store/account.h"
#include "web/pages.h"

#define COMPANY "8000000000"

struct account_of {
	char public_id[33];
};

/* Lists as the worker would have read them: 60 projects on each side; the account `bic` is
 * signed in. */
static struct account_of
lists(struct site *s)
{
	struct account a = {0};
	struct account_of out;
	int64_t now = clk_now();

	site_run(s, "UPDATE account SET state = 'ok', cause = 'none' WHERE id = %" PRId64,
	    s->bic);
	site_run(s,
	    "INSERT INTO browse_list (account_id, kind, parent_id, wanted_at, read_at)"
	    " VALUES (0, 'npc_project', 0, %" PRId64 ", %" PRId64 "), (%" PRId64
	    ", 'company', 0, %" PRId64 ", %" PRId64 "), (%" PRId64 ", 'project', " COMPANY
	    ", %" PRId64 ", %" PRId64 ")",
	    now, now, s->bic, now, now, s->bic, now, now);
	site_run(s,
	    "INSERT INTO browse_row (account_id, kind, parent_id, remote_id, number, name, "
	    "extra, seen_at)"
	    " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
	    " SELECT 0, 'npc_project', 0, 'np-' || i, printf('2026-%%03d', i), 'Orchard ' "
	    "|| i, 'EAST', 1 FROM n"
	    " UNION ALL SELECT 0, 'npc_project', 0, 'N-100', '2025-001', 'North', 'EAST', 1"
	    " UNION ALL SELECT %" PRId64 ", 'company', 0, '" COMPANY
	    "', '', 'Briarwood', '', 1"
	    " UNION ALL SELECT %" PRId64 ", 'project', " COMPANY
	    ", (7000 + i) || '', printf('26-%%03d', i), 'Pavilion ' || i, 'Cranston', 1 "
	    "FROM n",
	    s->bic, s->bic);
	OK(&s->w.core, account_get(s->w.core.db, s->bic, &a, &s->w.core.err));
	memcpy(out.public_id, a.public_id, sizeof out.public_id);
	account_clear(&a);
	return out;
}

static int64_t
prepare(struct site *s, const struct account_of *a, const char *npc, int procore_id)
{
	int status = site_post(s, "ga", P "/connect/choose",
	    "npc=%s&account=%s&company=" COMPANY "&project=%d", npc, a->public_id,
	    procore_id);

	assert_int_equal(status, 303);
	return site_number(s, "SELECT max(id) FROM connection");
}

/* ---- choosing */

static void
lists_are_asked_for(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	web_has(&s->w, "being fetched from Project Center");
	assert_int_equal(site_number(s, "SELECT count(*) FROM job WHERE kind = 'browse' "
					"AND ref = 0 AND priority = 10"),
	    1);
	/* Asked once; read in vain it is asked for again a minute later, read well ten
	 * minutes later. */
	site_run(s, "DELETE FROM job");
	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 0);
	site_run(s, "UPDATE browse_list SET read_at = wanted_at, error = 'no answer <1>'");
	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	web_has(&s->w, "could not be fetched: no answer &lt;1&gt;");
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 0);
	rig_clock(&s->w.core, 61);
	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 1);
	site_run(s, "UPDATE browse_list SET read_at = wanted_at, error = ''");
	site_run(s, "DELETE FROM job");
	rig_clock(&s->w.core, 61);
	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	web_has(&s->w, "The list is empty.");
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 0);
	rig_clock(&s->w.core, 600);
	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 1);
}

static void
choosing(void **state)
{
	struct site *s = *state;
	struct account_of a = lists(s);

	assert_int_equal(site_get(s, "ga", P "/connect"), 200);
	web_has(&s->w, "61 projects");
	web_has(&s->w, "Page 1 of 2");
	web_has(&s->w, "already connected");
	assert_int_equal(site_get(s, "ga", P "/connect?q=oRCHARD+6&page=1"), 200);
	web_has(&s->w, "2 projects");
	web_has(&s->w, "?npc=np-60\"");
	web_lacks(&s->w, "np-7");
	assert_int_equal(site_get(s, "ga", P "/connect?q=%%3Cb%%3E"), 200);
	web_has(&s->w, "&lt;b&gt;");
	assert_int_equal(site_get(s, "ga", P "/connect?npc=np-3"), 200);
	web_has(&s->w, "2026-003 Orchard 3");
	web_has(&s->w, "Sign in to Procore");
	web_has(&s->w, "bic@harlowfinch.example.com");
	web_lacks(&s->w, "other@harlowfinch.example.com"); /* not signed in */
	assert_int_equal(
	    site_get(s, "ga", P "/connect?npc=np-3&account=%s", a.public_id), 200);
	web_has(&s->w, "Briarwood");
	assert_int_equal(
	    site_get(s, "ga", P "/connect?npc=np-3&account=%s&company=" COMPANY "&page=2",
		a.public_id),
	    200);
	web_has(&s->w, "Pavilion 60");
	web_has(&s->w, "Page 2 of 2");
	/* An account that lost its sign-in leads back to the sign-in. */
	site_run(s, "UPDATE account SET state = 'lost'");
	assert_int_equal(
	    site_get(s, "ga", P "/connect?npc=np-3&account=%s", a.public_id), 200);
	web_has(&s->w, "No account is signed in here yet.");
}

static void
by_role_and_made_up(void **state)
{
	static const char *const users[] = {"pa", "bic", "nobody", "stranger"};
	struct site *s = *state;
	struct account_of a = lists(s);

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(site_get(s, users[i], P "/connect"), 403);
		assert_int_equal(
		    site_post(s, users[i], P "/connect/sign-in", "npc=np-3"), 403);
		assert_int_equal(site_post(s, users[i], P "/connect/save", "draft=1"), 403);
	}
	assert_int_equal(site_get(s, "ga", P "/connect?npc=np-99"), 404);
	assert_int_equal(site_get(s, "ga", P "/connect?npc=np-3&account=%032d", 1), 404);
	assert_int_equal(
	    site_get(s, "ga", P "/connect?npc=np-3&account=%s&company=5", a.public_id),
	    404);
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, s->north), 404);
	assert_int_equal(site_post(s, "ga", P "/connect/sign-in", "npc=np-99"), 404);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/choose",
		"npc=np-99&account=%s&company=" COMPANY "&project=7001", a.public_id),
	    404);
	assert_int_equal(site_post(s, "ga", P "/connect/choose",
			     "npc=np-3&account=%s&company=5&project=7001", a.public_id),
	    404);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/choose",
		"npc=np-3&account=%s&company=" COMPANY "&project=9", a.public_id),
	    404);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/check", "draft=%" PRId64, s->north), 404);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/save", "draft=%" PRId64, s->north), 404);
	assert_int_equal(site_number(s, "SELECT count(*) FROM connection"), 2);
}

static void
sign_in(void **state)
{
	struct site *s = *state;

	(void)lists(s);
	assert_int_equal(site_post(s, "ga", P "/connect/sign-in", "npc=np-3"), 200);
	web_has(&s->w, "Continue to Procore");
	assert_int_equal(site_number(s, "SELECT count(*) FROM attempt WHERE purpose = "
					"'connect' AND account_id IS NULL"
					" AND return_to = '/Projects/connect?npc=np-3'"),
	    1);
	assert_int_equal(web_post_stale(&s->w, "ga", P "/connect/sign-in", "npc=np-3"),
	    PAGES_STALE_STATUS);
	web_has(&s->w, "Sign in to Procore");
	assert_int_equal(site_number(s, "SELECT count(*) FROM attempt"), 1);
}

/* ---- preparing and saving */

static void
prepared(void **state)
{
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t id = prepare(s, &a, "np-3", 7003);

	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM connection WHERE id = %" PRId64
			     " AND state = 'disconnected' AND npc_project_id = 'np-3'"
			     " AND npc_number = '2026-003' AND procore_number = '26-003' "
			     "AND procore_project_id = 7003 AND created_by = ''",
			     id),
	    1);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'choices' AND ref = %" PRId64, id),
	    1);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job AS j WHERE kind = 'check_bic' AND ref ="
		" (SELECT b.id FROM bic AS b WHERE b.connection_id = %" PRId64 ")",
		id),
	    1);
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "Configure Project Connection");
	web_has(&s->w, "Being checked");
	web_lacks(&s->w, ">Save<");
	/* Nobody sees it as a project yet. */
	assert_int_equal(site_get(s, "ga", P "/edit?project=%" PRId64, id), 404);
	/* The same pair again is the same row; another account takes the only seat. */
	assert_int_equal(prepare(s, &a, "np-3", 7003), id);
	site_run(s, "DELETE FROM job");
	site_run(s,
	    "UPDATE bic SET state = 'no_contact', state_text = 'No NPC contact information "
	    "found for given login x',"
	    " rfi_level = 'Standard', submittal_level = 'Admin' WHERE connection_id = "
	    "%" PRId64,
	    id);
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "No NPC contact information found for given login x");
	web_has(&s->w, "RFIs Standard, Submittals Admin");
	web_has(&s->w, ">Save<");
	assert_int_equal(site_post(s, "ga", P "/connect/check", "draft=%" PRId64, id), 303);
	assert_int_equal(site_number(s, "SELECT count(*) FROM job"), 2);
	assert_int_equal(
	    web_post_stale(&s->w, "ga", P "/connect/check", "draft=3"), PAGES_STALE_STATUS);
}

static void
words_of_the_check(void **state)
{
	static const struct {
		const char *seat, *account, *text;
	} cases[] = {
	    {"ok", "ok", "Everything needed is there"},
	    {"permission_lost", "ok", "give bic@harlowfinch.example.com Standard or Admin"},
	    {"unchecked", "suspect", "could not be checked yet"},
	    {"unchecked", "lost", "has to sign in to Procore"},
	};
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t id = prepare(s, &a, "np-3", 7003);

	site_run(s, "DELETE FROM job");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		site_run(s,
		    "UPDATE bic SET state = '%s', npc_contact_id = 'c1' WHERE "
		    "connection_id = %" PRId64,
		    cases[i].seat, id);
		site_run(s, "UPDATE account SET state = '%s' WHERE id = %" PRId64,
		    cases[i].account, s->bic);
		assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
		web_has(&s->w, cases[i].text);
	}
}

static void
saved(void **state)
{
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t id = prepare(s, &a, "np-3", 7003);
	char form[256];

	site_run(s, "DELETE FROM job");
	site_run(s,
	    "INSERT INTO response_choice (connection_id, side, key, name, meaning, "
	    "seen_at) VALUES"
	    " (%" PRId64 ", 'npc', 'Approved', 'Approved', 'Respond and Close', 1),"
	    " (%" PRId64 ", 'npc', 'Noted', 'Noted', 'Respond and Close', 1),"
	    " (%" PRId64 ", 'procore', '11', 'Approved!', 'approved', 1)",
	    id, id, id);
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "2 Actions have no response yet.");
	(void)snprintf(form, sizeof form,
	    "draft=%" PRId64 "&action=Approved&choice=11&action=Noted&choice=", id);
	assert_int_equal(
	    web_post_stale(&s->w, "ga", P "/connect/save", form), PAGES_STALE_STATUS);
	web_has(&s->w, "1 Action has no response yet."); /* as typed */
	assert_int_equal(site_number(s, "SELECT count(*) FROM response_map"), 0);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/save", "draft=%" PRId64 "&action=Approved", id),
	    400);
	assert_int_equal(site_post(s, "ga", P "/connect/save", "%s", form), 303);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM connection WHERE id = %" PRId64
		" AND state = 'active' AND created_by = 'ga' AND sync_from_at = created_at",
		id),
	    1);
	assert_int_equal(site_number(s, "SELECT procore_response_id FROM response_map "
					"WHERE npc_action = 'Approved'"),
	    11);
	assert_int_equal(site_number(s, "SELECT count(*) FROM audit WHERE action = "
					"'connection.add' AND actor = 'ga'"),
	    1);
	assert_int_equal(
	    site_number(
		s, "SELECT count(*) FROM job WHERE kind = 'sync' AND ref = %" PRId64, id),
	    1);
	assert_int_equal(
	    site_get(s, "ga", P "/edit?project=%" PRId64 "&done=new", id), 200);
	web_has(&s->w, "The project is connected");
	/* Saved twice: where the first ended, and nothing more. By somebody else: no draft any more. */
	assert_int_equal(site_post(s, "ga", P "/connect/save", "%s", form), 303);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM audit WHERE action = 'connection.add'"), 1);
	rig_sql(&s->w.core, "UPDATE connection SET created_by = 'gb' WHERE created_by = 'ga'");
	assert_int_equal(site_post(s, "ga", P "/connect/save", "%s", form), 404);
	/* One of the two was taken meanwhile. */
	assert_int_equal(
	    site_post(s, "ga", P "/connect/choose",
		"npc=np-3&account=%s&company=" COMPANY "&project=7009", a.public_id),
	    409);
	web_has(&s->w, "Already connected");
}

/* Offered, and ticked, where the installation has it; kept for a project that comes back. */
static void
real_time_is_chosen(void **state)
{
	static const char ticked[] = "aria-describedby=\"webhooks-note\" checked";
	char none[] = "";
	char url[] = "https://hooks.example.com/connectorweb/hooks/procore";
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t id = prepare(s, &a, "np-3", 7003);
	char *before = s->w.app.conf.webhook_public_url;

	site_run(s, "DELETE FROM job");
	s->w.app.conf.webhook_public_url = none;
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "no address that Procore can reach");
	web_lacks(&s->w, ticked);
	s->w.app.conf.webhook_public_url = url;
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "Standard on the Webhooks API");
	web_has(&s->w, ticked);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/save", "draft=%" PRId64 "&webhooks=1", id), 303);
	assert_int_equal(site_number(s, "SELECT webhooks FROM connection WHERE id = %" PRId64, id), 1);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'webhook' AND ref = %" PRId64, id),
	    1);
	assert_int_equal(
	    site_post(s, "ga", P "/settings", "project=%" PRId64, id), 303);
	assert_int_equal(
	    site_post(s, "ga", P "/disconnect", "project=%" PRId64 "&sure=1", id), 303);
	assert_int_equal(prepare(s, &a, "np-3", 7003), id);
	site_run(s, "DELETE FROM job");
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_lacks(&s->w, ticked);
	assert_int_equal(site_post(s, "ga", P "/connect/save", "draft=%" PRId64, id), 303);
	assert_int_equal(site_number(s, "SELECT webhooks FROM connection WHERE id = %" PRId64, id), 0);
	s->w.app.conf.webhook_public_url = before;
}

static void
taken_meanwhile(void **state)
{
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t first = prepare(s, &a, "np-3", 7003);
	int64_t second = prepare(s, &a, "np-4", 7003);

	assert_int_not_equal(first, second);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/save", "draft=%" PRId64, second), 303);
	assert_int_equal(
	    site_post(s, "ga", P "/connect/save", "draft=%" PRId64, first), 409);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM connection WHERE state = 'active'"), 3);
}

static void
comes_back_with_its_links(void **state)
{
	struct site *s = *state;
	struct account_of a = lists(s);
	int64_t id = prepare(s, &a, "np-3", 7003);
	int64_t from;

	assert_int_equal(site_post(s, "ga", P "/connect/save", "draft=%" PRId64, id), 303);
	from =
	    site_number(s, "SELECT sync_from_at FROM connection WHERE id = %" PRId64, id);
	(void)site_item(s, id, 77, s->bic, "Linked");
	assert_int_equal(
	    site_post(s, "ga", P "/disconnect", "project=%" PRId64 "&sure=1", id), 303);
	rig_clock(&s->w.core, 5000);
	assert_int_equal(prepare(s, &a, "np-3", 7003), id);
	assert_int_equal(site_get(s, "ga", P "/connect?draft=%" PRId64, id), 200);
	web_has(&s->w, "connected before");
	assert_int_equal(site_post(s, "ga", P "/connect/save", "draft=%" PRId64, id), 303);
	assert_int_equal(
	    site_number(s, "SELECT sync_from_at FROM connection WHERE id = %" PRId64, id),
	    from);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM item WHERE connection_id = %" PRId64, id),
	    1);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM bic WHERE removed_at IS NULL AND "
			     "connection_id = %" PRId64,
			     id),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE_TEST(lists_are_asked_for),
	    SITE_TEST(choosing),
	    SITE_TEST(by_role_and_made_up),
	    SITE_TEST(sign_in),
	    SITE_TEST(prepared),
	    SITE_TEST(words_of_the_check),
	    SITE_TEST(saved),
	    SITE_TEST(real_time_is_chosen),
	    SITE_TEST(taken_meanwhile),
	    SITE_TEST(comes_back_with_its_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
