/* What people do about issues and items: try again, pull, dismiss; by role, once, and with
 * a stale form. */
#include "config.h"

#include "web_site.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "web/pages.h"

/* ---- try again */

static bool
due(struct site *s, int64_t item)
{
	return site_number(s,
		   "SELECT count(*) FROM item WHERE id = %" PRId64
		   " AND tries = 0 AND next_try_at <= %" PRId64,
		   item, clk_now()) == 1;
}

static int64_t
acts(struct site *s, const char *action, int64_t connection)
{
	return site_number(s,
	    "SELECT count(*) FROM audit WHERE action = '%s' AND target = 'connection "
	    "%" PRId64 "'",
	    action, connection);
}

static void
retry_makes_due(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_post(s, "pa", P "/issues/retry",
			     "issue=%" PRId64 "&back=edit", s->theirs_issue),
	    303);
	assert_true(due(s, s->theirs));
	assert_false(due(s, s->mine));
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE kind = 'sync' AND ref = %" PRId64
		" AND priority = 10 AND due_at <= %" PRId64,
		s->north, clk_now()),
	    1);
	assert_int_equal(acts(s, "issue.retry", s->north), 1);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM item_event WHERE item_id = %" PRId64
			     " AND actor = 'pa'"
			     " AND text LIKE '%%doors refused'",
			     s->theirs),
	    1);
	/* Own items may be pulled by their user, others' not. */
	assert_int_equal(
	    site_post(s, "bic", P "/issues/retry", "issue=%" PRId64, s->mine_issue), 303);
	assert_true(due(s, s->mine));
	site_run(s, "UPDATE item SET next_try_at = NULL, tries = 4");
	assert_int_equal(
	    site_post(s, "bic", P "/issues/retry", "issue=%" PRId64, s->theirs_issue), 403);
	assert_false(due(s, s->theirs));
	assert_int_equal(
	    site_number(
		s, "SELECT count(*) FROM audit WHERE action = 'denied' AND actor = 'bic'"),
	    1);
	/* Another project's issue does not exist. */
	assert_int_equal(
	    site_post(s, "pa", P "/issues/retry", "issue=%" PRId64, s->far_issue), 404);
	assert_int_equal(
	    site_post(s, "nobody", P "/issues/retry", "issue=%" PRId64, s->mine_issue),
	    404);
	assert_int_equal(site_post(s, "pa", P "/issues/retry", "issue=x"), 400);
	assert_false(due(s, s->far));
}

static void
retry_all_of_a_project(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "pa", P "/issues?project=%" PRId64, s->north), 200);
	web_has(&s->w, "action=\"/connectorweb/Projects/issues/retry-all\"");
	assert_int_equal(site_get(s, "bic", P "/issues?project=%" PRId64, s->north), 200);
	web_lacks(&s->w, "action=\"/connectorweb/Projects/issues/retry-all\"");
	assert_int_equal(
	    site_post(s, "bic", P "/issues/retry-all", "project=%" PRId64, s->north), 403);
	assert_int_equal(
	    site_post(s, "pa", P "/issues/retry-all", "project=%" PRId64, s->south), 404);
	assert_false(due(s, s->mine));
	assert_int_equal(site_post(s, "pa", P "/issues/retry-all",
			     "project=%" PRId64 "&back=issues", s->north),
	    303);
	assert_true(due(s, s->mine));
	assert_true(due(s, s->theirs));
	assert_false(due(s, s->far));
	assert_int_equal(acts(s, "issue.retry_all", s->north), 1);
}

/* By its number, also one that was never listed: the worker looks for it. */
static void
pull_by_number(void **state)
{
	static const char *const bad[] = {"kind=drawing&number=7", "kind=rfi&number=%20",
	    "kind=rfi&number=", "kind=rfi"};
	struct site *s = *state;

	assert_int_equal(
	    site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "/Projects/items/pull");
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(site_post(s, "pa", P "/items/pull", "project=%" PRId64 "&%s",
				     s->north, bad[i]),
		    400);
	assert_int_equal(site_post(s, "pa", P "/items/pull",
			     "project=%" PRId64 "&kind=rfi&number=%%2007%%20", s->south),
	    404);
	for (int i = 0; i < 2; i++)
		assert_int_equal(site_post(s, "pa", P "/items/pull",
				     "project=%" PRId64 "&kind=rfi&number=%%200%d%%20",
				     s->north, i),
		    303);
	/* the second wish does not replace the first */
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM job WHERE kind = 'pull' AND ref <> %d", 0),
	    2);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM job WHERE json_extract(arg, '$.number') = '01' AND "
		"json_extract(arg, '$.by') = 'pa' AND json_extract(arg, '$.connection') = "
		"%" PRId64,
		s->north),
	    1);
	assert_int_equal(acts(s, "item.pull", s->north), 2);
}

/* What waits, what it costs at the present budget, and how far a pass under way has come. */
static void
catch_up(void **state)
{
	struct site *s = *state;

	site_run(s, "UPDATE item SET state = 'waiting', next_try_at = 1 WHERE id = %" PRId64,
	    s->mine);
	/* nowhere to carry it to: nothing to estimate */
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "1 item waits to come into Project Center.");
	web_lacks(&s->w, "at the present budget");
	free(s->w.core.conf.npc_adapter);
	s->w.core.conf.npc_adapter = s->w.app.conf.npc_adapter = xstrdup("gateway");
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "1 item waits to come into Project Center.");
	web_has(&s->w, "About 4 calls to Procore, 1 min at the present budget.");
	web_lacks(&s->w, "<progress");
	/* one call is left; the others wait for the reset */
	site_run(s,
	    "INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, "
	    "seen_at) SELECT %" PRId64 ", procore_company_id, 600, 1, %" PRId64
	    ", 1 FROM connection WHERE id = %" PRId64,
	    s->bic, clk_now() + 1800, s->north);
	site_run(s,
	    "INSERT INTO job (kind, ref, priority, due_at, owner, lease_until_at, "
	    "created_at) VALUES ('sync', %" PRId64 ", 10, 1, 'worker', %" PRId64 ", 1)",
	    s->north, clk_now() + 600);
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "About 4 calls to Procore, 31 min at the present budget.");
	web_has(&s->w, "<progress id=\"catch-up\" value=\"1\" max=\"2\">1 of 2 items done</progress>");
	web_has(&s->w, "<label for=\"catch-up\">");
	/* what such items have cost is known by now */
	site_run(s, "INSERT INTO item_cost (kind, way, items, calls, ms) VALUES "
		    "('rfi', 'in', 10, 171, 9000), ('submittal', 'in', 10, 171, 9000)");
	site_run(s, "UPDATE budget SET remaining = 600");
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "About 18 calls to Procore, 1 min at the present budget.");
	site_run(s, "UPDATE item_cost SET calls = 50000");
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, "About 5000 calls to Procore, 8 h at the present budget.");
	/* worked off: the bar is gone */
	site_run(s, "UPDATE item SET state = 'linked', next_try_at = NULL WHERE id = %" PRId64,
	    s->mine);
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_lacks(&s->w, "<progress");
	web_lacks(&s->w, "at the present budget");
}

static void
passes_are_shown(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_lacks(&s->w, "Last passes");
	web_lacks(&s->w, "found nothing new");
	site_run(s,
	    "INSERT INTO pass (connection_id, account_id, started_at, finished_at, found, "
	    "done, skipped, failed, calls, detail) VALUES (%" PRId64
	    ", NULL, 100, 107, 31, 32, 33, 34, 35, 'Procore: cut off')",
	    s->north);
	site_run(s,
	    "INSERT INTO pass_hour (connection_id, hour_at, passes, calls) VALUES (%" PRId64
	    ", %" PRId64 ", 6, 12), (%" PRId64 ", 0, 50, 50)",
	    s->north, clk_now() / 3600 * 3600, s->north);
	assert_int_equal(site_get(s, "pa", P "/edit?project=%" PRId64, s->north), 200);
	web_has(&s->w, ">7</td>");
	for (int n = 31; n <= 35; n++) {
		char cell[16];

		assert_int_equal(str_format(cell, sizeof cell, ">%d</td>", n), 0);
		web_has(&s->w, cell);
	}
	web_has(&s->w, "Procore: cut off");
	web_has(&s->w,
	    "6 passes found nothing new in the last 24 hours, with 12 calls to Procore.");
}

static void
pull_again(void **state)
{
	struct site *s = *state;
	char *path = xasprintf("/Projects/items/%" PRId64 "?done=retry", s->mine);

	assert_int_equal(site_get(s, "bic", P "/items/%" PRId64, s->mine), 200);
	web_has(&s->w, "Pull this item again");
	web_has(&s->w, "Anchor bolts");
	web_has(&s->w, "Mend it.");
	assert_int_equal(site_get(s, "bic", P "/items/%" PRId64, s->theirs), 200);
	web_lacks(&s->w, "Pull this item again");
	assert_int_equal(
	    site_post(s, "bic", P "/items/retry", "item=%" PRId64, s->theirs), 403);
	assert_int_equal(
	    site_post(s, "pa", P "/items/retry", "item=%" PRId64, s->far), 404);
	assert_int_equal(
	    site_post(s, "bic", P "/items/retry", "item=%" PRId64, s->mine), 303);
	web_leads_to(&s->w, path);
	assert_true(due(s, s->mine));
	/* Procore's side is to be read afresh. */
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM item WHERE procore_hash = '' AND id = %" PRId64,
		s->mine),
	    1);
	assert_int_equal(acts(s, "item.retry", s->north), 1);
	/* The admins of the project see who did it. */
	assert_int_equal(site_get(s, "pa", P "/activity"), 200);
	web_has(&s->w, "RFI 01");
	assert_int_equal(
	    site_get(s, "pa", P "/items/%" PRId64 "?done=retry", s->mine), 200);
	web_has(&s->w, "It is being tried again");
	free(path);
}

/* ---- refusals */

/* In the trail, at most once a minute a person and target. */
static void
refused_is_noted(void **state)
{
	static const char noted[] =
	    "SELECT count(*) FROM audit WHERE action = 'denied' AND actor = 'other'";
	struct site *s = *state;
	char *sql = xasprintf("SELECT public_id FROM account WHERE id = %" PRId64, s->bic);
	char *account = rig_text(&s->w.core, sql);

	assert_int_equal(site_post(s, "other", P "/send-link", "account=%s", account), 403);
	assert_int_equal(site_post(s, "other", P "/send-link", "account=%s", account), 403);
	assert_int_equal(rig_number(&s->w.core, noted), 1);
	assert_int_equal(rig_number(&s->w.core, "SELECT count(*) FROM mail"), 0);
	free(account);
	free(sql);
}

/* ---- dismiss */

static int64_t
open_issues(struct site *s, int64_t id)
{
	return site_number(
	    s, "SELECT count(*) FROM issue WHERE state = 'open' AND id = %" PRId64, id);
}

static void
dismiss_keeps_the_reason(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "bic", P "/issues"), 200);
	web_lacks(&s->w, "Dismiss the issue");
	assert_int_equal(site_post(s, "bic", P "/issues/dismiss",
			     "issue=%" PRId64 "&reason=no", s->mine_issue),
	    403);
	assert_int_equal(site_post(s, "pa", P "/issues/dismiss",
			     "issue=%" PRId64 "&reason=no", s->far_issue),
	    404);
	assert_int_equal(
	    site_post(s, "pa", P "/issues/dismiss", "issue=%" PRId64, s->mine_issue), 400);
	assert_int_equal(site_post(s, "pa", P "/issues/dismiss",
			     "issue=%" PRId64 "&reason=+", s->mine_issue),
	    400);
	assert_int_equal(open_issues(s, s->mine_issue), 1);
	assert_int_equal(site_post(s, "pa", P "/issues/dismiss",
			     "issue=%" PRId64 "&reason=Answered+by+telephone&back=issues",
			     s->mine_issue),
	    303);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM issue WHERE id = %" PRId64
			     " AND state = 'dismissed' AND ended_by = 'pa' AND "
			     "ended_reason = 'Answered by telephone'"
			     " AND ended_at IS NOT NULL",
			     s->mine_issue),
	    1);
	assert_int_equal(
	    site_number(s,
		"SELECT count(*) FROM audit WHERE action = 'issue.dismiss' AND actor = 'pa'"
		" AND json_extract(detail, '$.reason') = 'Answered by telephone'"),
	    1);
	assert_int_equal(site_get(s, "pa", P "/issues"), 200);
	web_lacks(&s->w, "anchors refused");
	assert_int_equal(site_get(s, "pa", P "/items/%" PRId64, s->mine), 200);
	web_has(&s->w, "Answered by telephone");
	/* Once only. */
	assert_int_equal(site_post(s, "pa", P "/issues/dismiss",
			     "issue=%" PRId64 "&reason=x", s->mine_issue),
	    404);
	assert_int_equal(acts(s, "issue.dismiss", s->north), 1);
}

/* 500 characters of any script, as the field allows. */
static void
long_reason(void **state)
{
	struct site *s = *state;
	struct buf form = BUF_INIT(16384);

	buf_printf(&form, "issue=%" PRId64 "&reason=", s->mine_issue);
	for (int i = 0; i < 500; i++)
		buf_puts(&form, "%C3%A9");
	assert_int_equal(web_post(&s->w, "pa", P "/issues/dismiss", buf_str(&form)), 303);
	assert_int_equal(
	    site_number(s, "SELECT length(ended_reason) FROM issue WHERE id = %" PRId64,
		s->mine_issue),
	    500);
	buf_clear(&form);
}

static void
stale_form_comes_back(void **state)
{
	struct site *s = *state;
	char *form = xasprintf(
	    "issue=%" PRId64 "&reason=Long+%%26+winding&back=issues", s->mine_issue);
	char *project = xasprintf("project=%" PRId64, s->north);
	char *item = xasprintf("item=%" PRId64, s->mine);
	char *audit;

	assert_int_equal(
	    web_post_stale(&s->w, "pa", P "/issues/dismiss", form), PAGES_STALE_STATUS);
	web_has(&s->w, "value=\"Long &amp; winding\"");
	web_has(&s->w, "The form was out of date");
	assert_int_equal(open_issues(s, s->mine_issue), 1);
	assert_int_equal(
	    web_post_stale(&s->w, "pa", P "/issues/retry", form), PAGES_STALE_STATUS);
	assert_int_equal(web_post_stale(&s->w, "pa", P "/issues/retry-all", project),
	    PAGES_STALE_STATUS);
	assert_int_equal(
	    web_post_stale(&s->w, "pa", P "/items/retry", item), PAGES_STALE_STATUS);
	assert_false(due(s, s->mine));
	audit =
	    rig_text(&s->w.core, "SELECT count(*) || '' FROM audit WHERE action LIKE 'i%'");
	assert_string_equal(audit, "0");
	free(audit);
	free(item);
	free(project);
	free(form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE_TEST(retry_makes_due),
	    SITE_TEST(retry_all_of_a_project),
	    SITE_TEST(pull_by_number),
	    SITE_TEST(catch_up),
	    SITE_TEST(passes_are_shown),
	    SITE_TEST(pull_again),
	    SITE_TEST(refused_is_noted),
	    SITE_TEST(dismiss_keeps_the_reason),
	    SITE_TEST(long_reason),
	    SITE_TEST(stale_form_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
