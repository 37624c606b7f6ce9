/* test_mail.c: from a row of the outbox to a mail server's answer, against a scripted server. */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/mail.h"
#include "store/mailbox.h"
#include "store/person.h"

/* What the server says to RCPT of the n-th mail; NULL: it accepts, "" it hangs up, CUT it hangs up after the text. */
#define CUT "~"
struct manners {
	const char *const *rcpt;
	int n;
};

struct mail_rig {
	struct rig r;
	struct mail_ctx mail;
	struct secret password;
	struct peer server;
};

static void
session(int fd, int log_fd, const char *rcpt)
{
	static char text[262144];

	peer_say(fd, "220 mail.example.com ESMTP\r\n");
	for (;;) {
		size_t n = peer_read_until(fd, "\r\n", text, sizeof text);

		if (n == 0)
			break;
		if (str_starts_ci(text, "RCPT")) {
			peer_note(log_fd, text, n);
			if (rcpt != NULL && *rcpt == '\0')
				break;
			peer_say(fd, rcpt == NULL || str_eq(rcpt, CUT) ? "250 fine\r\n" : rcpt);
		} else if (str_starts_ci(text, "DATA")) {
			peer_say(fd, "354 go\r\n");
			n = peer_read_until(fd, "\r\n.\r\n", text, sizeof text);
			peer_note(log_fd, text, n);
			if (rcpt != NULL && str_eq(rcpt, CUT))
				break;
			peer_say(fd, "250 queued\r\n");
		} else if (str_starts_ci(text, "QUIT")) {
			peer_say(fd, "221 bye\r\n");
			break;
		} else {
			peer_say(fd, "250 fine\r\n");
		}
	}
	close(fd);
}

static void
play(int listen_fd, int log_fd, const void *arg)
{
	const struct manners *m = arg;

	for (int i = 0; i < m->n; i++)
		session(peer_accept(listen_fd), log_fd, m->rcpt[i]);
}

static int
setup(void **state)
{
	struct mail_rig *m = xcalloc(1, sizeof *m);
	const char *build = getenv("builddir");
	char *extra = xasprintf("template_dir = %s/share/html\n", build == NULL ? "/nowhere" : build);

	rig_open(&m->r, extra);
	free(extra);
	OK(&m->r, mail_open(m->r.db, &m->r.conf, &m->password, &m->mail, &m->r.err));
	*state = m;
	return 0;
}

static int
teardown(void **state)
{
	struct mail_rig *m = *state;

	mail_close(&m->mail);
	rig_close(&m->r);
	free(m);
	return 0;
}

/* Send what is due; the server's log of what came; each session is answered as told. */
static struct buf
run(struct mail_rig *m, const char *const *rcpt, int n, int64_t *next_at)
{
	struct manners manners = {.rcpt = rcpt, .n = n};
	struct buf log = BUF_INIT(1 << 20);

	if (n > 0)
		peer_start(&m->server, play, &manners);
	free(m->r.conf.smtp_url);
	m->r.conf.smtp_url = xasprintf("smtp://127.0.0.1:%d", n > 0 ? m->server.port : peer_free_port());
	OK(&m->r, mail_run(&m->mail, 20, next_at, &m->r.err));
	if (n > 0)
		peer_join(&m->server, &log);
	return log;
}

static int64_t
lose(struct mail_rig *m, const char *login, const char *user, const char *mail)
{
	int64_t id = rig_account(&m->r, login, user, mail);

	(void)rig_connect(&m->r, login, id);
	rig_sql(&m->r, "update account set state = 'lost', cause = 'sign_in_lost', cause_text = 'Procore no longer accepts "
	               "the sign-in (revoked)'");
	OK(&m->r, incident_open_account(m->r.db, &m->r.conf, id, CAUSE_SIGN_IN_LOST, "revoked", &m->r.err));
	return id;
}

static void
expect_row(struct mail_rig *m, int64_t id, const char *want)
{
	char sql[128];
	char *got;

	assert_int_equal(str_format(sql, sizeof sql, "select state || ' ' || tries from mail where id = %d", (int)id), 0);
	got = rig_text(&m->r, sql);
	assert_string_equal(got, want);
	free(got);
}

static const char *const accept[] = {NULL, NULL, NULL};

/* The link, the project and the reason are in it; what was sent is kept. */
static void
test_sent(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;
	char *text, *want;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "sent 1");
	assert_int_equal(next_at, 0);
	assert_int_equal(rig_count(&log, "RCPT TO:<sam@firm.example>"), 1);
	assert_int_equal(rig_count(&log, "Subject: "), 1);
	text = rig_text(&m->r, "select subject || '|' || text_body || '|' || html_body from mail");
	want = rig_text(&m->r, "select 'https://portal.example.com/connectorweb/Projects/reconnect?account=' || public_id from account");
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(strchr(text, '|'), "Riverside"));
	/* Procore's own words are for the Edit page. */
	assert_null(strstr(text, "(revoked)"));
	assert_non_null(strstr(text, "sam@procore.example"));
	assert_int_equal(rig_number(&m->r, "select sent_at > 0 from mail"), 1);
	assert_int_equal(rig_number(&m->r, "select count(*) from service where name = 'smtp' and state = 'ok'"), 1);
	free(text);
	free(want);
	buf_clear(&log);
}

/* A refused recipient is one mail's trouble: it is parked with the server's words, and a Global Admin told. */
static void
test_refused(void **state)
{
	static const char *const answers[] = {"550 no such user\r\n", NULL, NULL};
	struct mail_rig *m = *state;
	int64_t next_at = -1, boss = 0;
	struct buf log;
	char *text;

	OK(&m->r, person_put(m->r.admin, "boss", "Boss", "boss@firm.example", true, &boss, &m->r.err));
	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	lose(m, "kim@procore.example", "kim", "kim@firm.example");
	log = run(m, answers, 3, &next_at);
	expect_row(m, 1, "refused 1");
	expect_row(m, 2, "sent 1");
	expect_row(m, 3, "sent 1");
	assert_int_equal(rig_number(&m->r, "select count(*) from mail"), 3);
	text = rig_text(&m->r, "select to_address || '|' || text_body from mail where kind = 'refused'");
	assert_true(str_starts(text, "boss@firm.example|Hello Boss,"));
	assert_non_null(strstr(text, "our mail to sam@firm.example"));
	assert_non_null(strstr(text, "550 no such user"));
	free(text);
	assert_int_equal(rig_number(&m->r, "select count(*) from service where name = 'smtp' and state = 'ok'"), 1);
	buf_clear(&log);
}

/* An admin's mail that is refused too is told to nobody else, and sent again when the admin says so. */
static void
test_refused_and_sent_again(void **state)
{
	static const char *const answers[] = {"550 no such user\r\n", "550 no such admin\r\n"};
	struct mail_rig *m = *state;
	int64_t next_at = -1, boss = 0, n = 0;
	struct buf log;

	OK(&m->r, person_put(m->r.admin, "boss", "Boss", "boss@firm.example", true, &boss, &m->r.err));
	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	log = run(m, answers, 2, &next_at);
	buf_clear(&log);
	assert_int_equal(rig_number(&m->r, "select count(*) from mail where state = 'refused'"), 2);
	assert_int_equal(next_at, 0);
	OK(&m->r, mail_row_again(m->r.admin, 99, &n, &m->r.err));
	assert_int_equal(n, 0);
	OK(&m->r, mail_row_again(m->r.admin, 0, &n, &m->r.err));
	assert_int_equal(n, 2);
	log = run(m, accept, 2, &next_at);
	buf_clear(&log);
	assert_int_equal(rig_number(&m->r, "select count(*) from mail where state = 'sent' and tries = 2"), 2);
}

/* Whether it was taken nobody can tell: sent once more under the same Message-ID, and then not again. */
static void
test_doubt(void **state)
{
	static const char *const cut[] = {CUT};
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf first, second;
	char *id, *answer;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	id = rig_text(&m->r, "select message_id from mail");
	first = run(m, cut, 1, &next_at);
	expect_row(m, 1, "queued 1");
	assert_int_equal(rig_number(&m->r, "select count(*) from service where name = 'smtp' and state = 'down'"), 1);
	rig_clock(&m->r, MAIL_RETRY_FIRST_S * 2);
	second = run(m, cut, 1, &next_at);
	expect_row(m, 1, "sent 2");
	assert_int_equal(next_at, 0);
	assert_int_equal(rig_count(&first, id), 1);
	assert_int_equal(rig_count(&second, id), 1);
	answer = rig_text(&m->r, "select answer from mail");
	assert_non_null(strstr(answer, "taken for delivered"));
	free(id);
	free(answer);
	buf_clear(&first);
	buf_clear(&second);
}

static void
play_nothing(int listen_fd, int log_fd UNUSED, const void *arg UNUSED)
{
	int fd = peer_accept(listen_fd);

	peer_drain(fd);
	close(fd);
}

/* A server that never says a word is given up in time and holds up nobody: one try for all that wait. */
static void
test_tarpit(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	char *why;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	lose(m, "kim@procore.example", "kim", "kim@firm.example");
	peer_start(&m->server, play_nothing, NULL);
	free(m->r.conf.smtp_url);
	m->r.conf.smtp_url = xasprintf("smtp://127.0.0.1:%d", m->server.port);
	m->mail.total_ms = 300;
	OK(&m->r, mail_run(&m->mail, 20, &next_at, &m->r.err));
	peer_join(&m->server, NULL);
	expect_row(m, 1, "queued 1");
	expect_row(m, 2, "queued 0");
	assert_true(next_at >= clk_now() + MAIL_RETRY_FIRST_S - 2);
	why = rig_text(&m->r, "select detail from service where name = 'smtp' and state = 'down'");
	assert_non_null(strstr(why, "did not answer in time"));
	free(why);
}

/* The gaps grow and stay within their limit, over hours of outage and restarts (all state is in the rows). */
static void
test_down_for_hours(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1, last_gap = 0;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	for (int i = 0; i < 12; i++) {
		int64_t gap;

		log = run(m, NULL, 0, &next_at);
		buf_clear(&log);
		gap = next_at - clk_now();
		assert_in_range(gap, MAIL_RETRY_FIRST_S - 1, MAIL_DOWN_MAX_S * 5 / 4 + 1);
		assert_true(gap >= last_gap || last_gap >= MAIL_DOWN_MAX_S);
		last_gap = gap;
		rig_clock(&m->r, gap);
		mail_close(&m->mail);
		OK(&m->r, mail_open(m->r.db, &m->r.conf, &m->password, &m->mail, &m->r.err));
	}
	assert_true(last_gap >= MAIL_DOWN_MAX_S);
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "sent 13");
	buf_clear(&log);
}

/* Put off for days: given up in the end, in sight. */
static void
test_put_off_for_days(void **state)
{
	static const char *const full[] = {"452 mailbox full\r\n"};
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	log = run(m, full, 1, &next_at);
	buf_clear(&log);
	expect_row(m, 1, "queued 1");
	rig_clock(&m->r, MAIL_PUT_OFF_MAX_S + 1);
	log = run(m, full, 1, &next_at);
	buf_clear(&log);
	expect_row(m, 1, "refused 2");
	assert_int_equal(next_at, 0);
}

/* What a directory or Procore put into a name does not end a header, and does not keep the mail back. */
static void
test_no_header_injection(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	rig_sql(&m->r, "update mail set to_name = 'Sam' || char(13, 10) || 'Bcc: eve@evil.example'");
	rig_sql(&m->r, "update account set login = 'a' || char(13, 10) || 'Bcc: eve@evil.example'");
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "sent 1");
	assert_int_equal(rig_count(&log, "\nBcc:"), 0);
	assert_int_equal(rig_count(&log, "RCPT TO:<eve"), 0);
	assert_int_equal(rig_count(&log, "To: \"Sam  Bcc: eve@evil.example\" <sam@firm.example>"), 1);
	buf_clear(&log);
}

/* "Later" for one mail is tried again with the same Message-ID; the others go on and the server counts as well. */
static void
test_later(void **state)
{
	static const char *const answers[] = {"451 greylisted\r\n"};
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;
	char *id;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	log = run(m, answers, 1, &next_at);
	buf_clear(&log);
	expect_row(m, 1, "queued 1");
	assert_int_equal(rig_number(&m->r, "select count(*) from service where name = 'smtp' and state = 'down'"), 0);
	assert_in_range(next_at, clk_now() + MAIL_RETRY_FIRST_S - 2, clk_now() + MAIL_RETRY_FIRST_S * 5 / 4);
	/* Not due yet: no server is asked. */
	OK(&m->r, mail_run(&m->mail, 20, &next_at, &m->r.err));
	expect_row(m, 1, "queued 1");
	rig_clock(&m->r, MAIL_RETRY_FIRST_S * 2);
	id = rig_text(&m->r, "select message_id from mail");
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "sent 2");
	assert_int_equal(rig_count(&log, id), 1);
	free(id);
	buf_clear(&log);
}

/* Nobody answers: one is tried, the rest waits untouched, and the service is noted as down. Then all go. */
static void
test_server_down(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	lose(m, "kim@procore.example", "kim", "kim@firm.example");
	log = run(m, NULL, 0, &next_at);
	expect_row(m, 1, "queued 1");
	expect_row(m, 2, "queued 0");
	assert_int_equal(rig_number(&m->r, "select count(*) from service where name = 'smtp' and state = 'down'"), 1);
	/* Nor is it asked at once for the second one. */
	assert_true(next_at >= clk_now() + MAIL_RETRY_FIRST_S - 2);
	buf_clear(&log);
	rig_clock(&m->r, MAIL_RETRY_FIRST_S * 2);
	log = run(m, accept, 2, &next_at);
	expect_row(m, 1, "sent 2");
	expect_row(m, 2, "sent 1");
	assert_int_equal(rig_number(&m->r, "select count(*) from incident where subject = 'service' and closed_at is null"), 0);
	buf_clear(&log);
}

/* The person was faster than the mail. */
static void
test_no_longer_true(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	rig_sql(&m->r, "update account set state = 'ok'");
	log = run(m, NULL, 0, &next_at);
	expect_row(m, 1, "dropped 0");
	buf_clear(&log);
}

/* Without a mail server nothing is lost: it goes out when there is one. */
static void
test_no_server_configured(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	lose(m, "sam@procore.example", "sam", "sam@firm.example");
	free(m->r.conf.smtp_url);
	m->r.conf.smtp_url = xstrdup("");
	OK(&m->r, mail_run(&m->mail, 20, &next_at, &m->r.err));
	assert_int_equal(next_at, 0);
	expect_row(m, 1, "queued 0");
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "sent 1");
	buf_clear(&log);
}

/* One that cannot be composed waits in sight; the one behind it goes out. */
static void
test_one_cannot_be_composed(void **state)
{
	struct mail_rig *m = *state;
	int64_t next_at = -1;
	struct buf log;

	rig_sql(&m->r, "insert into mail (kind, dedupe, to_address, message_id, next_at, queued_at) values ('service', 'x', "
	               "'sam@firm.example', '<x@y>', 1, 1)");
	lose(m, "kim@procore.example", "kim", "kim@firm.example");
	log = run(m, accept, 1, &next_at);
	expect_row(m, 1, "queued 1");
	expect_row(m, 2, "sent 1");
	assert_int_equal(rig_number(&m->r, "select length(answer) > 0 from mail where id = 1"), 1);
	buf_clear(&log);
}

/* Every kind can be composed in both parts, with names that a template must not fall for. */
static void
test_all_kinds(void **state)
{
	static const char *const kinds[] = {"lost", "reminder", "recovered", "link"};
	static const char *const services[] = {"service", "recovered"};
	struct mail_rig *m = *state;
	struct mail_row row = {.to_name = "{{link}} & <Sam>", .to_address = "sam@firm.example", .asked_by = "Pat & <Co>"};

	row.account_id = lose(m, "sam@procore.example", "sam", "sam@firm.example");
	OK(&m->r, incident_open_company(m->r.db, &m->r.conf, 8000000000, "x", &m->r.err));
	OK(&m->r, incident_service(m->r.db, &m->r.conf, "disk", 0, "the disk is full", &m->r.err));
	for (size_t i = 0; i < ROWS(kinds) + 2 * ROWS(services); i++) {
		struct buf subject = BUF_INIT(65536);
		struct buf text = BUF_INIT(65536);
		struct buf html = BUF_INIT(1 << 20);
		bool still_true = false;

		if (i >= ROWS(kinds)) {
			row.account_id = 0;
			row.incident_id = rig_number(&m->r, i % 2 == 0 ? "select id from incident where subject = 'company'"
			                                               : "select id from incident where subject = 'service'");
		}
		str_cut(row.kind, sizeof row.kind,
		    i < ROWS(kinds) ? kinds[i] : services[(i - ROWS(kinds)) / ROWS(services)]);
		if (mail_compose(&m->mail, &row, &subject, &text, &html, &still_true, &m->r.err) == -1)
			fail_msg("%s: %s", row.kind, m->r.err.msg);
		assert_true(still_true);
		assert_true(subject.len > 0 && subject.len < 200);
		assert_non_null(strstr(buf_str(&text), "Hello {{link}} & <Sam>,"));
		assert_non_null(strstr(buf_str(&html), "{{link}} &amp; &lt;Sam&gt;"));
		buf_clear(&subject);
		buf_clear(&text);
		buf_clear(&html);
	}
}

static void
test_templates_missing(void **state)
{
	struct mail_rig *m = *state;
	struct mail_ctx other = {0};

	free(m->r.conf.template_dir);
	m->r.conf.template_dir = xstrdup(m->r.dir);
	assert_int_equal(mail_open(m->r.db, &m->r.conf, &m->password, &other, &m->r.err), -1);
	assert_null(other.set);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_sent),
	    TEST(test_refused),
	    TEST(test_refused_and_sent_again),
	    TEST(test_doubt),
	    TEST(test_tarpit),
	    TEST(test_down_for_hours),
	    TEST(test_put_off_for_days),
	    TEST(test_no_header_injection),
	    TEST(test_later),
	    TEST(test_server_down),
	    TEST(test_no_longer_true),
	    TEST(test_no_server_configured),
	    TEST(test_one_cannot_be_composed),
	    TEST(test_all_kinds),
	    TEST(test_templates_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
