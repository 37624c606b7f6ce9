/* test_house.c: what is kept how long, and the local faults that people are told of
 * (core/house). */
#include "config.h"

#include "core_rig.h"

#include <sys/time.h>

#include "base/clk.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/house.h"
#include "core/incident.h"
#include "core/work.h"
#include "store/job.h"

enum { DAY = 86400, KEPT_DAYS = 400 };

/* A statement with a time in place of each @. */
static void
sql_at(struct rig *r, const char *fmt, int64_t at)
{
	struct buf b = BUF_INIT(4096);
	const char *p;

	for (p = fmt; *p != '\0'; p++) {
		if (*p == '@')
			buf_printf(&b, "%lld", (long long)at);
		else
			buf_putc(&b, *p);
	}
	rig_sql(r, buf_str(&b));
	buf_clear(&b);
}

static int64_t
connection(struct rig *r)
{
	return rig_connect(
	    r, "P-1", rig_account(r, "Sam@example.com", "sam", "sam@example.com"));
}

/* One row of each kind at that time; ids are those of the tables. */
static void
rows_at(struct rig *r, int64_t at, const char *tag)
{
	static const char *const statements[] = {
	    "insert into incident (subject, subject_id, cause, opened_at, closed_at, "
	    "told_at)"
	    " values ('service', 'npc', 'unreachable', @, @, @)",
	    "insert into hook_event (dedupe, received_at, procore_company_id, "
	    "procore_project_id, resource, resource_id,"
	    " event, handled_at) values (hex(randomblob(8)), @, 1, 1, 'RFIs', 1, 'update', "
	    "@)",
	    "insert into hook_event (dedupe, received_at, procore_company_id, "
	    "procore_project_id, resource, resource_id,"
	    " event) values (hex(randomblob(8)), @, 1, 1, 'RFIs', 1, 'update')",
	    "insert into pass (connection_id, started_at, finished_at, found, done, "
	    "skipped, failed, calls)"
	    " values (1, @, @, 1, 1, 0, 0, 2)",
	    "insert into pass_hour (connection_id, hour_at, passes, calls) values (1, @, "
	    "6, 12)",
	    "insert into issue (connection_id, direction, code, message, state, first_at, "
	    "last_at, ended_at)"
	    " values (1, 'none', 'x', 'x', 'cleared', @, @, @)",
	    "insert into call_evidence (account_id, at, call, stage, status) values (1, @, "
	    "'GET /x', 'done', 500)",
	    "insert into token_journal (account_id, kind, generation, owner, state, "
	    "intent_at)"
	    " values (1, 'refresh', 1, 'x', 'done', @)",
	    "insert into token_journal (account_id, kind, generation, owner, state, "
	    "intent_at)"
	    " values (1, 'refresh', 1, 'x', 'unknown', @)",
	    "insert into audit (at, actor, action, target) values (@, 'sam', 'x', 'y')"};
	struct buf mail = BUF_INIT(1024);

	for (size_t i = 0; i < ROWS(statements); i++)
		sql_at(r, statements[i], at);
	/* Its incident may go only after it; a queued one waits for ever. */
	buf_printf(&mail,
	    "insert into mail (kind, incident_id, dedupe, to_address, message_id, state, "
	    "next_at, queued_at)"
	    " values ('service', (select max(id) from incident), '%s', 'a@example.com', "
	    "'%s', 'sent', @, @)",
	    tag, tag);
	sql_at(r, buf_str(&mail), at);
	buf_reset(&mail);
	buf_printf(&mail,
	    "insert into mail (kind, dedupe, to_address, message_id, state, next_at, "
	    "queued_at)"
	    " values ('link', 'q%s', 'a@example.com', 'q%s', 'queued', @, @)",
	    tag, tag);
	sql_at(r, buf_str(&mail), at);
	buf_clear(&mail);
}

static void
item_at(struct rig *r, int64_t id, const char *state, int64_t at)
{
	struct buf b = BUF_INIT(1024);

	buf_printf(&b,
	    "insert into item (id, connection_id, kind, procore_id, state, first_seen_at, "
	    "changed_at)"
	    " values (%lld, 1, 'rfi', %lld, '%s', @, @)",
	    (long long)id, (long long)id, state);
	sql_at(r, buf_str(&b), at);
	buf_reset(&b);
	buf_printf(&b,
	    "insert into item_event (item_id, at, actor, text) values (%lld, @, 'x', 'y')",
	    (long long)id);
	sql_at(r, buf_str(&b), at);
	buf_clear(&b);
}

static void
clean(struct rig *r)
{
	bool more = true;

	while (more)
		OK(r, house_clean(r->db, &r->conf, &more, &r->err));
}

static void
test_what_is_old_goes_and_the_rest_stays(void **state)
{
	static const char *const tables[] = {
	    "incident", "pass", "pass_hour", "issue", "call_evidence"};
	struct rig *r = *state;
	int64_t now = clk_now();

	(void)connection(r);
	rows_at(r, now - (KEPT_DAYS + 1) * DAY, "old");
	rows_at(r, now - (KEPT_DAYS - 1) * DAY, "new");
	item_at(r, 1, "closed", now - (KEPT_DAYS + 1) * DAY);
	item_at(r, 2, "linked", now - (KEPT_DAYS + 1) * DAY);
	item_at(r, 3, "closed", now - (KEPT_DAYS - 1) * DAY);
	clean(r);
	for (size_t i = 0; i < ROWS(tables); i++) {
		char sql[80];

		assert_int_equal(
		    str_format(sql, sizeof sql, "select count(*) from %s", tables[i]), 0);
		if (rig_number(r, sql) != 1)
			fail_msg("%s: %lld rows", tables[i], (long long)rig_number(r, sql));
	}
	assert_int_equal(
	    rig_number(r, "select count(*) from mail where state = 'sent'"), 1);
	assert_int_equal(
	    rig_number(r, "select count(*) from mail where state = 'queued'"), 2);
	assert_int_equal(rig_number(r, "select count(*) from hook_event"),
	    3); /* one of them waits since long ago */
	assert_int_equal(
	    rig_number(r, "select count(*) from token_journal where state = 'done'"), 1);
	assert_int_equal(
	    rig_number(r, "select count(*) from token_journal where state = 'unknown'"), 2);
	assert_int_equal(rig_number(r, "select count(*) from item"), 3);
	assert_int_equal(
	    rig_number(r, "select group_concat(item_id) = '2,3' from item_event"), 1);
	assert_int_equal(rig_number(r, "select count(*) from audit"), 2); /* kept whole */
}

/* A draft with all that hangs on it while Connect a project is open. */
static void
draft_at(struct rig *r, int64_t id, const char *by, int64_t at)
{
	static const char *const rows[] = {
	    "insert into bic (id, connection_id, account_id, position, added_at)"
	    " select max(id) * 10, max(id), 1, 1, 1 from connection",
	    "insert into bic_check (connection_id, account_id, asked_by, asked_at)"
	    " select max(id), 1, 'sam', 4000000000 from connection",
	    "insert into response_choice"
	    " select max(id), 'npc', 'Reviewed', 'Reviewed', '', 1 from connection",
	    "insert into response_map"
	    " select max(id), 'Reviewed', 1, 'x', 'x', 'sam', 1 from connection",
	    "insert into job (kind, ref, priority, due_at, created_at)"
	    " select 'choices', max(id), 10, 4000000000, 1 from connection",
	    "insert into job (kind, ref, priority, due_at, created_at)"
	    " select 'check_bic', max(id) * 10, 10, 4000000000, 1 from connection"};
	struct buf b = BUF_INIT(1024);

	buf_printf(&b,
	    "insert into connection (id, npc_project_id, npc_name, procore_company_id, "
	    "procore_project_id, procore_name, state, sync_from_at, created_by, created_at, "
	    "changed_at) select %lld, 'D-%lld', 'x', procore_company_id, %lld, 'x', "
	    "'disconnected', 0, '%s', @, @ from connection where id = 1",
	    (long long)id, (long long)id, (long long)id, by);
	sql_at(r, buf_str(&b), at);
	buf_clear(&b);
	for (size_t i = 0; i < ROWS(rows); i++)
		rig_sql(r, rows[i]);
}

/* How many rows that draft_at() made are left of a draft. */
static int64_t
left_of_draft(struct rig *r, int64_t id)
{
	struct buf b = BUF_INIT(1024);
	int64_t n;

	buf_printf(&b,
	    "with d (id) as (values (%lld)) select"
	    " (select count(*) from connection as t, d where t.id = d.id)"
	    " + (select count(*) from bic as t, d where t.connection_id = d.id)"
	    " + (select count(*) from bic_check as t, d where t.connection_id = d.id)"
	    " + (select count(*) from response_choice as t, d where t.connection_id = d.id)"
	    " + (select count(*) from response_map as t, d where t.connection_id = d.id)"
	    " + (select count(*) from job as t, d where t.ref in (d.id, d.id * 10))",
	    (long long)id);
	n = rig_number(r, buf_str(&b));
	buf_clear(&b);
	return n;
}

static void
test_drafts_that_nobody_saved_go(void **state)
{
	static const char list[] =
	    "insert into browse_list (account_id, kind, parent_id, wanted_at) values ";
	struct rig *r = *state;
	int64_t old = clk_now() - (HOUSE_DRAFT_DAYS + 1) * DAY;
	int64_t young = clk_now() - (HOUSE_DRAFT_DAYS - 1) * DAY;
	int64_t other;

	(void)connection(r); /* account 1 has a seat */
	other = rig_account(r, "Kim@example.com", NULL, NULL);
	rig_sign_in(r, 1, "A1", "R1", 5400);
	rig_sign_in(r, other, "A2", "R2", 5400);
	rig_sql(r, "delete from job");
	draft_at(r, 50, "", old);
	draft_at(r, 60, "", young);
	draft_at(r, 70, "sam", old); /* was connected once: its links are kept */
	sql_at(r, "insert into browse_row select 0, 'npc_project', 0, 'x', '', 'x', '', @", old);
	sql_at(r, "insert into browse_row select 1, 'company', 0, 'x', '', 'x', '', @", old);
	for (int i = 0; i < 3; i++) {
		struct buf b = BUF_INIT(256);

		buf_printf(&b, "%s(%d, '%s', 0, @)", list, i, i == 0 ? "npc_project" : "company");
		sql_at(r, buf_str(&b), i == 0 ? young : old);
		buf_clear(&b);
	}
	clean(r);
	assert_int_equal(left_of_draft(r, 50), 0);
	assert_int_equal(left_of_draft(r, 60), 7);
	assert_int_equal(left_of_draft(r, 70), 7);
	assert_int_equal(rig_number(r, "select group_concat(account_id) = '0' from browse_list"), 1);
	assert_int_equal(rig_number(r, "select group_concat(account_id) = '0' from browse_row"), 1);
	/* Who signed in only to look gets no seat for ever; who has one keeps it. */
	assert_int_equal(
	    rig_number(r, "select group_concat(ref) = '2' from job where kind = 'revoke'"), 1);
}

static void
test_much_goes_in_pieces(void **state)
{
	struct rig *r = *state;
	int64_t old = clk_now() - (KEPT_DAYS + 1) * DAY;
	bool more = false;

	(void)connection(r);
	sql_at(r,
	    "with recursive n (i) as (select 1 union all select i + 1 from n where i < "
	    "30000)"
	    " insert into pass (connection_id, started_at, finished_at, found, done, "
	    "skipped, failed, calls)"
	    " select 1, @, @, 1, 1, 0, 0, 2 from n",
	    old);
	OK(r, house_clean(r->db, &r->conf, &more, &r->err));
	assert_true(more);
	assert_int_equal(rig_number(r, "select count(*) from pass"), 10000);
	assert_int_equal(
	    rig_number(r, "select count(*) from meta where key = 'cleaned_at'"), 0);
	OK(r, house_clean(r->db, &r->conf, &more, &r->err));
	assert_false(more);
	assert_int_equal(rig_number(r, "select count(*) from pass"), 0);
}

static void
test_once_a_day(void **state)
{
	struct rig *r = *state;

	(void)connection(r);
	clean(r);
	sql_at(r,
	    "insert into call_evidence (account_id, at, call, stage, status) values (1, @, "
	    "'GET /x', 'done', 500)",
	    clk_now() - (KEPT_DAYS + 1) * DAY);
	clean(r);
	assert_int_equal(rig_number(r, "select count(*) from call_evidence"), 1);
	rig_clock(r, DAY);
	clean(r);
	assert_int_equal(rig_number(r, "select count(*) from call_evidence"), 0);
}

/* ---- spool */

static void
file_aged(struct rig *r, const char *name, int64_t age_s)
{
	struct timeval t[2] = {{.tv_sec = (time_t)(clk_now() - age_s)},
	    {.tv_sec = (time_t)(clk_now() - age_s)}};

	unit_write(rig_path(r, name), "x", 1, 0600);
	assert_int_equal(utimes(rig_path(r, name), t), 0);
}

static bool
there(struct rig *r, const char *name)
{
	return access(rig_path(r, name), F_OK) == 0;
}

static void
test_only_left_over_files_leave_the_spool(void **state)
{
	struct rig *r = *state;
	int n = 0;

	file_aged(r, "part-old", DAY + 60);
	file_aged(r, "part-new", DAY - 60);
	file_aged(r, "drawing.pdf", 30 * DAY);
	assert_int_equal(mkdir(rig_path(r, "part-folder"), 0700), 0);
	rig_clock(r, 0);
	OK(r, house_spool(r->dir, &n, &r->err));
	assert_int_equal(n, 1);
	assert_false(there(r, "part-old"));
	assert_true(there(r, "part-new"));
	assert_true(there(r, "drawing.pdf"));
	assert_true(there(r, "part-folder"));
	assert_int_equal(house_spool(rig_path(r, "nowhere"), &n, &r->err), -1);
	assert_int_equal(r->err.code, ERR_IO);
}

/* ---- local faults */

static void
admin_is_there(struct rig *r)
{
	rig_sql(r, "insert into person (user_name, name, mail, global_admin, created_at)"
		   " values ('boss', 'Boss', 'boss@example.com', 1, 1)");
}

static void
expect_incident(struct rig *r, const char *name, int open, int mails)
{
	char sql[160];

	assert_int_equal(str_format(sql, sizeof sql,
			     "select count(*) from incident where subject_id = '%s' and "
			     "closed_at is null",
			     name),
	    0);
	assert_int_equal(rig_number(r, sql), open);
	assert_int_equal(
	    str_format(sql, sizeof sql,
		"select count(*) from mail as m join incident as i on i.id = m.incident_id"
		" where i.subject_id = '%s' and m.state <> 'dropped'",
		name),
	    0);
	assert_int_equal(rig_number(r, sql), mails);
}

static void
test_a_missing_spool_is_told_and_taken_back(void **state)
{
	struct rig *r = *state;
	char *good = r->conf.spool_dir;
	char gone[UNIT_PATH_BYTES];

	admin_is_there(r);
	OK(r, house_disk(r->db, &r->conf, &r->err));
	expect_incident(r, "disk", 0, 0);
	unit_path(gone, r->dir, "gone");
	r->conf.spool_dir = gone;
	OK(r, house_disk(r->db, &r->conf, &r->err));
	OK(r, house_disk(r->db, &r->conf, &r->err));
	expect_incident(r, "disk", 1, 1);
	r->conf.spool_dir = good;
	OK(r, house_disk(r->db, &r->conf, &r->err));
	expect_incident(r, "disk", 0, 0); /* its mail had not gone out yet */
}

/* Said while the worker still has the key in memory, not when it is started again and cannot. */
static void
test_a_missing_key_is_told_and_taken_back(void **state)
{
	struct rig *r = *state;
	char away[UNIT_PATH_BYTES];

	admin_is_there(r);
	OK(r, house_keys(r->db, &r->conf, &r->err));
	expect_incident(r, "key", 0, 0);
	assert_int_equal(rig_number(r, "select state = 'ok' from service where name = 'key'"), 1);
	unit_path(away, r->dir, "away");
	assert_int_equal(rename(r->conf.seal_private_key_file, away), 0);
	OK(r, house_keys(r->db, &r->conf, &r->err));
	OK(r, house_keys(r->db, &r->conf, &r->err));
	expect_incident(r, "key", 1, 1);
	assert_int_equal(
	    rig_number(r, "select detail like '%seal_private_key_file%' from service where name = 'key'"), 1);
	assert_int_equal(rename(away, r->conf.seal_private_key_file), 0);
	OK(r, house_keys(r->db, &r->conf, &r->err));
	expect_incident(r, "key", 0, 0);
}

/* When it last worked is known to minutes, and costs no write each time. */
static void
test_what_works_is_noted_now_and_then(void **state)
{
	struct rig *r = *state;

	OK(r, incident_service_works(r->db, &r->conf, "procore", &r->err));
	assert_int_equal(rig_number(r, "select last_ok_at from service where name = 'procore'"), clk_now());
	rig_sql(r, "update service set detail = 'untouched'");
	rig_clock(r, INCIDENT_SERVICE_SEEN_S - 10);
	OK(r, incident_service_works(r->db, &r->conf, "procore", &r->err));
	assert_int_equal(rig_number(r, "select detail = 'untouched' from service where name = 'procore'"), 1);
	rig_clock(r, 10);
	OK(r, incident_service_works(r->db, &r->conf, "procore", &r->err));
	assert_int_equal(rig_number(r, "select last_ok_at from service where name = 'procore'"), clk_now());
	/* Out of order, then well: at once. */
	OK(r, incident_service(r->db, &r->conf, "procore", 0, "It does not answer", &r->err));
	OK(r, incident_service_works(r->db, &r->conf, "procore", &r->err));
	assert_int_equal(rig_number(r, "select state = 'ok' from service where name = 'procore'"), 1);
}

static void
test_unsealed_audit_rows_are_told_after_a_minute(void **state)
{
	struct rig *r = *state;
	struct secret key = {0};
	int sealed = 0;

	admin_is_there(r);
	secret_set(&key, "0123456789abcdef", 16);
	OK(r, audit_add(r->db, "sam", "x", "y", NULL, &r->err));
	OK(r, house_unsealed(r->db, &r->conf, &r->err));
	rig_clock(r, HOUSE_UNSEALED_S);
	OK(r, house_unsealed(r->db, &r->conf, &r->err));
	expect_incident(r, "audit", 0, 0);
	rig_clock(r, 1);
	OK(r, house_unsealed(r->db, &r->conf, &r->err));
	expect_incident(r, "audit", 1, 1);
	OK(r, audit_seal(r->db, &key, 100, &sealed, &r->err));
	OK(r, house_unsealed(r->db, &r->conf, &r->err));
	expect_incident(r, "audit", 0, 0);
	secret_clear(&key);
}

/* The step that seals tells by itself that it cannot: a gap in the chain. */
static void
test_a_seal_that_fails_is_told(void **state)
{
	struct rig *r = *state;
	struct sync_ctx sync = {.oauth = r->oauth, .spool_dir = r->conf.spool_dir};
	struct secret key = {0};
	struct work_ctx w = {.sync = &sync, .audit_key = &key};
	int64_t next_at = 0;
	bool ran = false;

	admin_is_there(r);
	secret_set(&key, "0123456789abcdef", 16);
	sql_at(r,
	    "insert into audit (at, actor, action, target, mac) values (@, 'a', 'b', 'c', "
	    "x'00')",
	    clk_now());
	OK(r, audit_add(r->db, "sam", "x", "y", NULL, &r->err));
	rig_clock(r, HOUSE_UNSEALED_S + 1);
	OK(r, job_wish(r->db, JOB_SEAL_AUDIT, 0, "", JOB_PRIO_HOUSE, clk_now(), &r->err));
	OK(r, work_step(&w, "1.x", &ran, &next_at, &r->err));
	assert_true(ran);
	assert_int_equal(
	    rig_number(r, "select tries from job where kind = 'seal_audit'"), 1);
	expect_incident(r, "audit", 1, 1);
	secret_clear(&key);
}

static void
log_head(void *arg)
{
	struct rig *r = arg;

	OK(r, house_audit_head(r->db, &r->err));
}

static void
test_the_head_goes_to_the_log(void **state)
{
	struct rig *r = *state;
	struct secret key = {0};
	char said[512];
	char *head;
	int sealed = 0;

	secret_set(&key, "0123456789abcdef", 16);
	unit_stderr(log_head, r, said, sizeof said);
	assert_string_equal(said, ""); /* nothing is sealed yet */
	OK(r, audit_add(r->db, "sam", "x", "y", NULL, &r->err));
	OK(r, audit_seal(r->db, &key, 100, &sealed, &r->err));
	unit_stderr(log_head, r, said, sizeof said);
	head = rig_text(r, "select value from meta where key = 'audit_head'");
	assert_non_null(strstr(said, "audit_head head="));
	assert_non_null(strstr(said, head));
	free(head);
	secret_clear(&key);
}

/* ---- clock: F19 */

static void
refresh_with_date(struct rig *r, int64_t account_id, int64_t ahead_s)
{
	struct buf text = BUF_INIT(1024);
	struct rig_step step = {.how = RIG_ANSWER};
	enum oauth_got got = OAUTH_NONE;
	char date[CLK_TEXT_BYTES];

	clk_rfc5322(clk_now() + ahead_s, date);
	date[strlen(date) - 6] = '\0'; /* " +0000": HTTP says GMT */
	buf_printf(&text,
	    "HTTP/1.1 200 OK\r\nDate: %s GMT\r\nConnection: close\r\n\r\n"
	    "{\"access_token\":\"A\",\"refresh_token\":\"R\",\"expires_in\":5400}",
	    date);
	step.text = buf_str(&text);
	rig_endpoint(r, &step, 1);
	OK(r, oauth_refresh(&r->oauth, account_id,
		  rig_number(r, "select generation from account"), &got, &r->err));
	assert_int_equal(got, OAUTH_GOT);
	rig_endpoint_end(r, NULL);
	buf_clear(&text);
}

static void
test_f19_a_wrong_clock_is_told_and_serves_no_expired_token(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "Sam@example.com", "sam", "sam@example.com");
	char *moved = r->conf.test_clock_file;

	admin_is_there(r);
	(void)rig_connect(r, "P-1", id);
	rig_sign_in(r, id, "A1", "R1", 5400);
	/* A clock that a test moves is no fault. */
	refresh_with_date(r, id, 3600);
	expect_incident(r, "clock", 0, 0);
	r->conf.test_clock_file = NULL;
	refresh_with_date(r, id, -60);
	expect_incident(r, "clock", 0, 0);
	refresh_with_date(r, id, 3600);
	expect_incident(r, "clock", 1, 1);
	/* Whatever Procore's clock says, the life is counted from our own call. */
	assert_in_range(rig_number(r, "select access_expires_at from account"),
	    clk_now() + 5390, clk_now() + 5400);
	refresh_with_date(r, id, -3600);
	expect_incident(r, "clock", 1, 1);
	refresh_with_date(r, id, 0);
	expect_incident(r, "clock", 0, 0);
	r->conf.test_clock_file = moved;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_what_is_old_goes_and_the_rest_stays),
	    T(test_drafts_that_nobody_saved_go),
	    T(test_much_goes_in_pieces),
	    T(test_once_a_day),
	    T(test_only_left_over_files_leave_the_spool),
	    T(test_a_missing_spool_is_told_and_taken_back),
	    T(test_a_missing_key_is_told_and_taken_back),
	    T(test_what_works_is_noted_now_and_then),
	    T(test_unsealed_audit_rows_are_told_after_a_minute),
	    T(test_a_seal_that_fails_is_told),
	    T(test_the_head_goes_to_the_log),
	    T(test_f19_a_wrong_clock_is_told_and_serves_no_expired_token),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
