/* Sync Issues, items, Accounts, Activity, Health, People: whose rows each role sees, pages
 * of 50, hostile names. */
#include "config.h"

#include "web_site.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/str.h"
#include "web/pages.h"

/* As it stands inside an SQL text. */
#define EVIL "<script>alert(1)</script>\" onload=''x'' &amp;"

/* ---- who sees what */

static void
issues_by_role(void **state)
{
	static const struct {
		const char *user;
		bool north, south;
	} t[] = {
	    {"ga", true, true},
	    {"pa", true, false},
	    {"bic", true, false},
	    {"other", false, true},
	    {"nobody", false, false},
	    {"stranger", false, false},
	};
	struct site *s = *state;

	for (size_t i = 0; i < ROWS(t); i++) {
		assert_int_equal(site_get(s, t[i].user, P "/issues"), 200);
		assert_int_equal(web_count_in(&s->w, "anchors refused") > 0, t[i].north);
		assert_int_equal(web_count_in(&s->w, "doors refused") > 0, t[i].north);
		assert_int_equal(web_count_in(&s->w, "drains refused") > 0, t[i].south);
		/* One's own project alone; another's is no page at all. */
		assert_int_equal(
		    site_get(s, t[i].user, P "/issues?project=%" PRId64, s->north),
		    t[i].north ? 200 : 404);
		web_lacks(&s->w, "drains refused");
		assert_int_equal(site_get(s, t[i].user, P "/items/%" PRId64, s->far),
		    t[i].south ? 200 : 404);
		assert_int_equal(web_count_in(&s->w, "Roof drains") > 0, t[i].south);
	}
}

/* What is another's and what does not exist answer alike. */
static void
foreign_is_unknown(void **state)
{
	struct site *s = *state;
	char *foreign;

	assert_int_equal(site_get(s, "pa", P "/items/%" PRId64, s->far), 404);
	foreign = xstrdup(strstr(web_page(&s->w), "<main"));
	assert_int_equal(site_get(s, "pa", P "/items/999999"), 404);
	assert_non_null(strstr(web_page(&s->w), foreign));
	free(foreign);
	assert_int_equal(site_get(s, "ga", P "/issues?project=999999"), 404);
	assert_int_equal(site_get(s, "ga", P "/items/0"), 404);
	assert_int_equal(site_get(s, "ga", P "/items/x"), 404);
	assert_int_equal(site_get(s, "ga", P "/issues?page=0"), 400);
}

static void
accounts_by_role(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "ga", P "/accounts"), 200);
	web_has(&s->w, "bic@harlowfinch.example.com");
	web_has(&s->w, "other@harlowfinch.example.com");
	web_has(&s->w, "2 accounts");
	assert_int_equal(site_get(s, "pa", P "/accounts"), 200);
	web_has(&s->w, "bic@harlowfinch.example.com");
	web_lacks(&s->w, "other@harlowfinch.example.com");
	web_has(&s->w, "Sign-in needed");
	web_has(&s->w, "/connectorweb/Projects/reconnect?account=");
	assert_int_equal(site_get(s, "nobody", P "/accounts"), 200);
	web_lacks(&s->w, "harlowfinch.example.com</span>");
	site_run(s,
	    "UPDATE account SET state = 'lost', since_at = 1700000000 WHERE id = %" PRId64,
	    s->bic);
	assert_int_equal(site_get(s, "pa", P "/accounts"), 200);
	web_has(&s->w, "Sign-in lost");
	web_has(&s->w, "since 2023-11-14 22:13");
	/* What waits for it: an item of its own, an answer; not what others carry. */
	web_lacks(&s->w, "items wait");
	site_run(s, "UPDATE item SET state = 'waiting'");
	site_run(s,
	    "INSERT INTO response (item_id, npc_response_id, author_login, account_id, "
	    "close_kind, at, ordinal, state)"
	    " VALUES (%" PRId64 ", 'r1', 'bic', %" PRId64
	    ", 'respond_and_close', 1, 1, 'waiting')",
	    s->mine, s->bic);
	assert_int_equal(site_get(s, "pa", P "/accounts"), 200);
	web_has(&s->w, "2 items wait");
	assert_int_equal(site_get(s, "other", P "/accounts"), 200);
	web_has(&s->w, "1 item waits");
	site_run(s,
	    "UPDATE account SET state = 'ok', proved_at = 1700000000 WHERE id = %" PRId64,
	    s->bic);
	assert_int_equal(site_get(s, "pa", P "/accounts"), 200);
	web_has(&s->w, "datetime=\"2023-11-14T22:13:20Z\"");
	web_lacks(&s->w, "/connectorweb/Projects/reconnect?account=");
}

static void
add_act(struct site *s, const char *action, const char *target)
{
	site_run(s,
	    "INSERT INTO audit (at, actor, action, target) VALUES (1000, 'ga', '%s', '%s')",
	    action, target);
}

/* Calls for both projects, mails to the account's owner and to an admin of south. */
static void
other_peoples_rows(struct site *s)
{
	site_run(s,
	    "INSERT INTO call_evidence (account_id, at, company_id, project_id, call, stage, "
	    "status, answer) SELECT %" PRId64
	    ", 1, procore_company_id, procore_project_id, 'GET /rest/v1.0/' || CASE id WHEN "
	    "%" PRId64 " THEN 'SOUTH' ELSE 'north' END, 'done', 403, CASE id WHEN %" PRId64
	    " THEN 'SOUTH SECRET' ELSE 'NORTH ANSWER' END FROM connection",
	    s->bic, s->south, s->south);
	site_run(s,
	    "INSERT INTO mail (kind, account_id, dedupe, to_address, message_id, state, "
	    "next_at, queued_at, answer) VALUES "
	    "('lost', %" PRId64
	    ", 'x1', 'bic@harlowfinch.example.com', 'm1', 'sent', 1, 1, ''), "
	    "('lost', %" PRId64 ", 'x2', 'south.admin@harlowfinch.example.com', 'm2', "
	    "'sent', 1, 1, '550 no south.admin here')",
	    s->bic, s->bic);
}

/* The file: of one's own projects only, never a secret, and the trail tells who took it. */
static void
evidence_by_role(void **state)
{
	static const char secret[] = "sealed-token-bytes";
	struct site *s = *state;
	char form[64];
	char *id = rig_text(&s->w.core, "SELECT public_id FROM account WHERE login LIKE 'bic@%'");

	assert_int_equal(str_format(form, sizeof form, "account=%s", id), 0);
	site_run(s,
	    "INSERT INTO bic (connection_id, account_id, position, added_at) VALUES "
	    "(%" PRId64 ", %" PRId64 ", 9, 1)",
	    s->south, s->bic);
	site_run(s,
	    "INSERT INTO call_evidence (account_id, at, call, stage, status, answer) VALUES "
	    "(%" PRId64 ", 1700000000, 'GET /rest/v1.0/me', 'body', 401, 'invalid_token')",
	    s->bic);
	site_run(s,
	    "INSERT INTO token (account_id, generation, writer_key_id, reader_key_id, "
	    "access_sealed, refresh_sealed, stored_at) VALUES (%" PRId64
	    ", 1, 'w', 'r', CAST('%s' AS BLOB), CAST('%s' AS BLOB), 1)",
	    s->bic, secret, secret);
	other_peoples_rows(s);
	assert_int_equal(site_post(s, "ga", P "/evidence", "%s", form), 200);
	web_has(&s->w, "SOUTH SECRET");
	web_has(&s->w, "south.admin@harlowfinch.example.com");
	web_has(&s->w, "login              bic@harlowfinch.example.com");
	web_has(&s->w, "ended_at           2023-11-14T22:13:20Z");
	web_has(&s->w, "GET /rest/v1.0/me");
	web_has(&s->w, "N-100");
	web_has(&s->w, "S-200");
	web_lacks(&s->w, secret);
	web_lacks(&s->w, "<");
	assert_non_null(strstr(buf_str(&s->w.resp.headers),
	    "Content-Disposition: attachment; filename=\"evidence-"));
	assert_non_null(strstr(
	    buf_str(&s->w.resp.headers), "Content-Type: text/plain; charset=utf-8"));
	assert_int_equal(site_post(s, "pa", P "/evidence", "%s", form), 200);
	web_has(&s->w, "N-100");
	web_lacks(&s->w, "S-200");
	/* Nor what was called for south, nor who was told of it, nor the mail server's words. */
	web_lacks(&s->w, "SOUTH");
	web_lacks(&s->w, "south");
	web_has(&s->w, "a call for another project");
	web_has(&s->w, "NORTH ANSWER");
	web_has(&s->w, "GET /rest/v1.0/me");
	web_has(&s->w, "to_address         bic@harlowfinch.example.com");
	web_has(&s->w, "to_address         withheld");
	assert_int_equal(site_number(s, "SELECT count(*) FROM audit WHERE action = "
				      "'account.evidence' AND actor IN ('ga', 'pa')"),
	    2);
	/* Neither the account's own person nor a BIC user of the same project. */
	assert_int_equal(site_post(s, "bic", P "/evidence", "%s", form), 403);
	assert_int_equal(site_post(s, "other", P "/evidence", "%s", form), 403);
	assert_int_equal(site_get(s, "bic", P "/accounts"), 200);
	web_lacks(&s->w, P "/evidence");
	assert_int_equal(site_get(s, "pa", P "/accounts"), 200);
	web_has(&s->w, P "/evidence");
	free(id);
}

static void
activity_by_role(void **state)
{
	struct site *s = *state;
	char north[40], south[40], account[40];

	assert_int_equal(
	    str_format(north, sizeof north, "connection %" PRId64, s->north), 0);
	assert_int_equal(
	    str_format(south, sizeof south, "connection %" PRId64, s->south), 0);
	assert_int_equal(
	    str_format(account, sizeof account, "account %" PRId64, s->other), 0);
	add_act(s, "north.act", north);
	add_act(s, "south.act", south);
	add_act(s, "account.act", account);
	add_act(s, "key.act", "key");
	assert_int_equal(site_get(s, "ga", P "/activity"), 200);
	web_has(&s->w, "north.act");
	web_has(&s->w, "south.act");
	web_has(&s->w, "key.act");
	web_has(&s->w, "Maeve Halloran");
	/* Newest first. */
	assert_true(
	    strstr(web_page(&s->w), "key.act") < strstr(web_page(&s->w), "north.act"));
	assert_int_equal(site_get(s, "pa", P "/activity"), 200);
	web_has(&s->w, "north.act");
	web_lacks(&s->w, "south.act");
	web_lacks(&s->w, "account.act");
	web_lacks(&s->w, "key.act");
	assert_int_equal(site_get(s, "other", P "/activity"), 200);
	web_has(&s->w, "south.act");
	web_has(&s->w, "account.act");
	web_lacks(&s->w, "north.act");
	assert_int_equal(site_get(s, "nobody", P "/activity"), 200);
	web_lacks(&s->w, ".act");
}

static void
administration_by_role(void **state)
{
	static const char *const others[] = {"pa", "bic", "nobody", "stranger"};
	struct site *s = *state;

	for (size_t i = 0; i < ROWS(others); i++) {
		assert_int_equal(site_get(s, others[i], P "/people"), 403);
		assert_int_equal(site_get(s, others[i], P "/health"), 403);
		assert_int_equal(site_get(s, others[i], P "/help"), 200);
		web_lacks(&s->w, "href=\"/connectorweb/Projects/people\"");
	}
	assert_int_equal(site_get(s, "ga", P "/people"), 200);
	web_has(&s->w, "Karen Whitlock");
	web_has(&s->w, "Project Admin");
	web_has(&s->w, "bic@harlowfinch.example.com");
	web_has(&s->w, "5 people");
}

static void
health_tells(void **state)
{
	struct site *s = *state;
	char *text;

	site_run(s,
	    "INSERT INTO service (name, state, detail, since_at, last_ok_at)"
	    " VALUES ('procore', 'down', 'Procore: connection refused', 1700000000, NULL)");
	site_run(s, "INSERT INTO job (kind, ref, priority, due_at, error, created_at)"
		    " VALUES ('sync', 7, 50, 1000, 'the disk is full', 1000)");
	site_run(s,
	    "INSERT INTO audit (at, actor, action, target) VALUES (1000, 'ga', 'x', 'y')");
	assert_int_equal(site_get(s, "ga", P "/health"), 200);
	web_has(&s->w, "Procore: connection refused");
	web_has(&s->w, "the disk is full");
	web_has(&s->w, db_library_version());
	text = xasprintf("<dd>%" PRId64 "</dd>", site_number(s, "PRAGMA user_version"));
	web_has(&s->w, text);
	free(text);
	web_has(&s->w, "No fault seen"); /* what was never met is listed too */
	web_has(&s->w, "webhook_public_url");
	web_has(&s->w, "npc_adapter");
}

/* Mails that did not go out, with the server's words; on the first page the one alarm that cannot be mailed. */
static void
mail_troubles(void **state)
{
	struct site *s = *state;

	site_run(s, "INSERT INTO mail (kind, dedupe, to_address, message_id, next_at, queued_at, state, tries, answer)"
		    " VALUES ('digest', 'a', 'sam@firm.example', '<a@b>', 1, 1, 'refused', 1, '550 no such <user>'),"
		    " ('digest', 'b', 'kim@firm.example', '<c@d>', 1, 1, 'queued', 4, '451 greylisted'),"
		    " ('digest', 'c', 'fine@firm.example', '<e@f>', 1, 1, 'sent', 1, '250')");
	assert_int_equal(site_get(s, "ga", P "/health"), 200);
	web_has(&s->w, "sam@firm.example");
	web_has(&s->w, "Refused for good: 550 no such &lt;user&gt;");
	web_has(&s->w, "Waits after 4 tries in vain: 451 greylisted");
	web_lacks(&s->w, "fine@firm.example");
	assert_int_equal(site_get(s, "ga", P), 200);
	web_lacks(&s->w, "Mail cannot be sent");
	site_run(s, "INSERT INTO service (name, state, detail, since_at) VALUES ('smtp', 'down', 'mail.example.com refused: "
		    "535 wrong; check smtp_user and smtp_password_file', 1)");
	assert_int_equal(site_get(s, "ga", P), 200);
	web_has(&s->w, "Mail cannot be sent");
	assert_int_equal(site_get(s, "pa", P), 200);
	web_lacks(&s->w, "Mail cannot be sent");
	assert_int_equal(site_get(s, "ga", P "/health"), 200);
	web_has(&s->w, "535 wrong; check smtp_user and smtp_password_file");
}

/* ---- the daily digest */

static void
digest_is_ended_by_a_button(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_get(s, "pa", P "/digest"), 200);
	web_has(&s->w, "You get it.");
	web_has(&s->w, "End the daily mail");
	assert_int_equal(site_number(s, "SELECT wants_digest FROM person WHERE user_name = 'pa'"), 1);
	assert_int_equal(web_post_stale(&s->w, "pa", P "/digest", "digest=off"), 403);
	web_has(&s->w, "The form was out of date");
	assert_int_equal(site_number(s, "SELECT wants_digest FROM person WHERE user_name = 'pa'"), 1);
	assert_int_equal(site_post(s, "pa", P "/digest", "digest=off"), 303);
	web_leads_to(&s->w, "/Projects/digest?done=saved");
	assert_int_equal(site_number(s, "SELECT group_concat(wants_digest, '') FROM (SELECT wants_digest FROM person WHERE "
	                                "user_name IN ('pa', 'ga') ORDER BY user_name)"), 10);
	assert_int_equal(site_get(s, "pa", P "/digest?done=saved"), 200);
	web_has(&s->w, "Saved");
	web_has(&s->w, "You do not get it.");
	assert_int_equal(site_number(s, "SELECT count(*) FROM audit WHERE action = 'person.digest' AND actor = 'pa' AND "
	                                "detail LIKE '%%off%%'"), 1);
	assert_int_equal(site_post(s, "pa", P "/digest", "digest=on"), 303);
	assert_int_equal(site_number(s, "SELECT wants_digest FROM person WHERE user_name = 'pa'"), 1);
	assert_int_equal(site_post(s, "pa", P "/digest", "digest=x"), 400);
}

/* Who is no admin gets none, and cannot write anything either. */
static void
digest_is_for_admins(void **state)
{
	static const char *const others[] = {"bic", "nobody", "stranger"};
	struct site *s = *state;

	for (size_t i = 0; i < ROWS(others); i++) {
		assert_int_equal(site_get(s, others[i], P "/digest"), 200);
		web_has(&s->w, "You are no admin of a connected project");
		web_lacks(&s->w, "End the daily mail");
		assert_int_equal(site_post(s, others[i], P "/digest", "digest=off"), 200);
	}
	assert_int_equal(site_number(s, "SELECT count(*) FROM person WHERE wants_digest = 0"), 0);
}

/* ---- 50 a page */

static void
pages_of_fifty(void **state)
{
	struct site *s = *state;

	site_run(s,
	    "INSERT INTO issue (connection_id, direction, code, message, first_at, last_at)"
	    " WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 118)"
	    " SELECT %" PRId64
	    ", 'none', 'code' || i, 'numbered ' || i || '.', 5000 + i, 5000 + i FROM n",
	    s->north);
	assert_int_equal(site_get(s, "pa", P "/issues"), 200);
	assert_int_equal(web_count_in(&s->w, "class=\"issue-head\""), PAGES_ROWS);
	web_has(&s->w, "120 issues");
	web_has(&s->w, "Page 1 of 3");
	web_has(&s->w, "href=\"/connectorweb/Projects/issues?page=2\"");
	web_has(&s->w, "numbered 118."); /* the newest */
	web_lacks(&s->w, "numbered 68.");
	assert_int_equal(
	    site_get(s, "pa", P "/issues?project=%" PRId64 "&page=3", s->north), 200);
	assert_int_equal(web_count_in(&s->w, "class=\"issue-head\""), 20);
	web_has(&s->w, "Page 3 of 3");
	assert_int_equal(site_get(s, "pa", P "/issues?page=999999999"), 200);
	assert_int_equal(web_count_in(&s->w, "class=\"issue-head\""), 0);
	site_run(s,
	    "INSERT INTO audit (at, actor, action, target)"
	    " WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 51)"
	    " SELECT i, 'worker', 'act' || i || '.', 'connection %" PRId64 "' FROM n",
	    s->north);
	assert_int_equal(site_get(s, "bic", P "/activity?page=2"), 200);
	web_has(&s->w, "act1.");
	web_lacks(&s->w, "act2.");
}

/* ---- names that would be markup */

static void
hostile_names(void **state)
{
	struct site *s = *state;
	const char *const paths[] = {"/issues", "/accounts", "/activity", "/people"};

	site_run(
	    s, "UPDATE connection SET npc_name = '%s' WHERE id = %" PRId64, EVIL, s->north);
	site_run(s,
	    "UPDATE item SET subject = '%s', reason_text = '%s', procore_status = '%s' "
	    "WHERE id = %" PRId64,
	    EVIL, EVIL, EVIL, s->mine);
	site_run(s, "UPDATE issue SET message = '%s', remedy = '%s' WHERE id = %" PRId64,
	    EVIL, EVIL, s->mine_issue);
	site_run(s,
	    "UPDATE account SET name = '%s', login = '%s', cause_text = '%s', state = "
	    "'suspect'",
	    EVIL, EVIL, EVIL);
	site_run(s, "UPDATE person SET name = '%s'", EVIL);
	site_run(s,
	    "INSERT INTO item_file (item_id, origin, origin_id, name, bytes, state, "
	    "changed_at)"
	    " VALUES (%" PRId64 ", 'procore', '1', '%s', 1, 'done', 1)",
	    s->mine, EVIL);
	site_run(s,
	    "INSERT INTO response (item_id, npc_response_id, author_login, close_kind, "
	    "action, body, at, ordinal, state)"
	    " VALUES (%" PRId64 ", 'r1', 'bic', 'close', '%s', '%s', 1, 1, 'waiting')",
	    s->mine, EVIL, EVIL);
	site_run(s,
	    "INSERT INTO item_event (item_id, at, actor, text) VALUES (%" PRId64
	    ", 1, '%s', '%s')",
	    s->mine, EVIL, EVIL);
	site_run(s,
	    "INSERT INTO audit (at, actor, action, target) VALUES (1, 'pa', '%s', "
	    "'connection %" PRId64 "')",
	    EVIL, s->north);
	for (size_t i = 0; i < ROWS(paths); i++) {
		assert_int_equal(site_get(s, "ga", P "%s", paths[i]), 200);
		web_lacks(&s->w, "<script>alert");
		web_lacks(&s->w, "onload='");
		web_has(&s->w, "&lt;script&gt;alert(1)&lt;/script&gt;");
	}
	assert_int_equal(site_get(s, "ga", P "/items/%" PRId64, s->mine), 200);
	web_lacks(&s->w, "<script>alert");
	web_lacks(&s->w, "onload='");
	/* title, heading, project, status, reason, remedy, file, action, body, actor, event
	 */
	assert_true(web_count_in(&s->w, "&lt;script&gt;alert(1)&lt;/script&gt;") >= 10);
}

/* ---- one item */

static void
item_in_full(void **state)
{
	struct site *s = *state;
	int64_t before = site_item(s, s->north, 41, 0, "Anchor bolts, first issue");

	site_run(s,
	    "UPDATE item SET previous_id = %" PRId64
	    ", revision = '2', npc_id = 'n1', npc_number = 'RFI-0017',"
	    " npc_status = 'Open', agreed = '{\"due_date\":\"2026-03-20\"}',"
	    " kept = "
	    "'{\"due_date\":{\"value\":\"2026-03-27\",\"side\":\"npc\",\"at\":1700000000}}'"
	    " WHERE id = %" PRId64,
	    before, s->mine);
	site_run(s,
	    "INSERT INTO item_file (item_id, origin, origin_id, name, bytes, state, "
	    "detail, changed_at)"
	    " VALUES (%" PRId64
	    ", 'procore', 'f1', 'A-101 plan.pdf', 4200000, 'done', '', 1)",
	    s->mine);
	site_run(s,
	    "INSERT INTO item_file (item_id, origin, origin_id, name, state, detail, "
	    "changed_at)"
	    " VALUES (%" PRId64
	    ", 'npc', 'f2', 'Sketch.pdf', 'failed', 'Procore refused it', 1)",
	    s->mine);
	site_run(s,
	    "INSERT INTO response (item_id, npc_response_id, author_login, account_id, "
	    "close_kind, body, at, ordinal, state)"
	    " VALUES (%" PRId64 ", 'r1', 'bic', %" PRId64
	    ", 'respond_and_close', 'Use M20.', 1700000000, 1, 'sent')",
	    s->mine, s->bic);
	site_run(s,
	    "INSERT INTO item_event (item_id, at, actor, text, account_id) VALUES (%" PRId64
	    ", 1, 'connectorweb', 'Came in.', %" PRId64
	    "), (%" PRId64 ", 2, 'connectorweb', 'Went out.', NULL)",
	    s->mine, s->bic, s->mine);
	assert_int_equal(site_get(s, "bic", P "/items/%" PRId64, s->mine), 200);
	web_has(&s->w, "RFI-0017");
	web_has(&s->w, "2026-03-20");
	web_has(&s->w, "2026-03-27 <span class=\"minor\">Project Center, <time "
		       "datetime=\"2023-11-14T22:13:20Z\">");
	web_has(&s->w, "A-101 plan.pdf");
	web_has(&s->w, "4.2 MB");
	web_has(&s->w, "Procore refused it");
	web_has(&s->w, "Use M20.");
	web_has(&s->w, "Came in.");
	web_has(&s->w, ">connectorweb, with the Procore sign-in of ");
	web_has(&s->w, ">connectorweb</td>");
	web_has(&s->w, "RFI 041");
	/* And from the revision before to this one. */
	assert_int_equal(site_get(s, "bic", P "/items/%" PRId64, before), 200);
	web_has(&s->w, "Revision after");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE_TEST(issues_by_role),
	    SITE_TEST(foreign_is_unknown),
	    SITE_TEST(accounts_by_role),
	    SITE_TEST(evidence_by_role),
	    SITE_TEST(activity_by_role),
	    SITE_TEST(administration_by_role),
	    SITE_TEST(health_tells),
	    SITE_TEST(mail_troubles),
	    SITE_TEST(digest_is_ended_by_a_button),
	    SITE_TEST(digest_is_for_admins),
	    SITE_TEST(pages_of_fifty),
	    SITE_TEST(hostile_names),
	    SITE_TEST(item_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
