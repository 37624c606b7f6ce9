#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/str.h"
#include "io/curl.h"
#include "io/smtp.h"
#include "peer.h"

/* How the server answers; NULL is what a good one would say, "" is hanging up, SILENT no
 * answer at all. */
#define SILENT "~"
struct manners {
	int total_ms; /* 0: the client has time enough */
	const char *greeting, *ehlo, *auth, *mail, *rcpt, *data, *done, *quit;
};

static bool
answer(int fd, const char *given, const char *usual)
{
	const char *s = given != NULL ? given : usual;

	if (str_eq(s, SILENT)) {
		peer_drain(fd);
		return false;
	}
	peer_say(fd, s);
	return s[0] != '\0';
}

static bool
sign_in(int fd, int log_fd, const struct manners *m)
{
	char line[256];

	peer_say(fd, "334 \r\n");
	peer_note(log_fd, line, peer_read_until(fd, "\r\n", line, sizeof(line)));
	return answer(fd, m->auth, "235 2.7.0 welcome\r\n");
}

static bool
on_command(int fd, int log_fd, const char *line, const struct manners *m)
{
	if (str_starts_ci(line, "EHLO"))
		return answer(fd, m->ehlo, "250-mail.example.com\r\n250 AUTH PLAIN\r\n");
	if (str_starts_ci(line, "HELO"))
		return answer(fd, m->ehlo, "250 mail.example.com\r\n");
	if (str_starts_ci(line, "AUTH"))
		return sign_in(fd, log_fd, m);
	if (str_starts_ci(line, "MAIL"))
		return answer(fd, m->mail, "250 2.1.0 fine\r\n");
	if (str_starts_ci(line, "RCPT"))
		return answer(fd, m->rcpt, "250 2.1.5 fine\r\n");
	if (str_starts_ci(line, "DATA"))
		return answer(fd, m->data, "354 go ahead\r\n");
	(void)answer(fd, m->quit, "221 bye\r\n");
	return false;
}

static void
play_mail(int listen_fd, int log_fd, const void *arg)
{
	static char text[65536];
	const struct manners *m = arg;
	int fd = peer_accept(listen_fd);
	bool more = answer(fd, m->greeting, "220 mail.example.com ESMTP\r\n");

	while (more) {
		size_t n = peer_read_until(fd, "\r\n", text, sizeof(text));

		peer_note(log_fd, text, n);
		if (n == 0)
			break;
		more = on_command(fd, log_fd, text, m);
		if (more && str_starts_ci(text, "DATA") &&
		    (m->data == NULL || m->data[0] == '3')) {
			n = peer_read_until(fd, "\r\n.\r\n", text, sizeof(text));
			peer_note(log_fd, text, n);
			more = answer(fd, m->done, "250 2.0.0 queued as 42\r\n");
		}
	}
	close(fd);
}

struct sent {
	enum smtp_result result;
	char why[256];
	struct buf log;
};

static const char mail[] = "From: a@example.com\r\nSubject: x\r\n\r\none\r\n.two\r\n";

static void
send_to(const struct manners *m, const char *user, struct sent *s)
{
	struct smtp_conf c = {.ca_file = "", .user = user,
	    .total_ms = m->total_ms != 0 ? m->total_ms : 20000};
	struct secret password = {0};
	struct err e = {0};
	struct peer p;
	char url[64];

	*s = (struct sent){.log = BUF_INIT(1024 * 1024)};
	secret_set(&password, "p\xc3\xa4ss", 5);
	c.password = &password;
	peer_start(&p, play_mail, m);
	assert_int_equal(str_format(url, sizeof(url), "smtp://127.0.0.1:%d", p.port), 0);
	c.url = url;
	assert_int_equal(smtp_send(&c, "a@example.com", "b@example.com", mail,
			     sizeof(mail) - 1, &s->result, s->why, &e),
	    0);
	peer_join(&p, &s->log);
	secret_clear(&password);
}

static void
test_accepted(void **state UNUSED)
{
	static const struct manners good = {0};
	struct sent s;

	send_to(&good, "", &s);
	assert_int_equal(s.result, SMTP_ACCEPTED);
	assert_non_null(strstr(s.why, "queued as 42"));
	assert_non_null(strstr(buf_str(&s.log), "MAIL FROM:<a@example.com>"));
	assert_non_null(strstr(buf_str(&s.log), "RCPT TO:<b@example.com>\r\n"));
	assert_non_null(strstr(buf_str(&s.log), "Subject: x\r\n\r\none\r\n..two\r\n.\r\n"));
	assert_null(strstr(buf_str(&s.log), "AUTH"));
	buf_clear(&s.log);
	send_to(&good, "cw", &s);
	assert_int_equal(s.result, SMTP_ACCEPTED);
	/* base64 of NUL cw NUL password */
	assert_non_null(strstr(buf_str(&s.log), "AGN3AHDDpHNz"));
	buf_clear(&s.log);
}

static void
test_refusals(void **state UNUSED)
{
	static const struct {
		struct manners m;
		enum smtp_result result;
		const char *why;
	} cases[] = {
	    {{.rcpt = "550 5.1.1 no such person\r\n"}, SMTP_PERMANENT, "no such person"},
	    {{.rcpt = "451 4.7.1 greylisted\r\n"}, SMTP_LATER, "greylisted"},
	    {{.mail = "553 5.7.1 not your sender\r\n"}, SMTP_CONFIG, "not your sender; check mail_from"},
	    {{.mail = "530 5.7.0 sign in first\r\n"}, SMTP_CONFIG,
		"sign in first; check smtp_user and smtp_password_file"},
	    {{.mail = "451 4.3.0 try again\r\n"}, SMTP_LATER, "try again"},
	    {{.mail = "421 4.3.2 going down\r\n"}, SMTP_DOWN, "going down"},
	    {{.data = "554 5.5.1 no\r\n"}, SMTP_PERMANENT, "554 5.5.1 no"},
	    {{.done = "554 5.7.1 spam\r\n"}, SMTP_PERMANENT, "spam"},
	    {{.done = "452 4.3.1 disk full\r\n"}, SMTP_LATER, "disk full"},
	    {{.auth = "535 5.7.8 wrong password\r\n"}, SMTP_CONFIG,
		"wrong password; check smtp_user and smtp_password_file"},
	    {{.auth = "454 4.7.0 later\r\n"}, SMTP_DOWN, "later"},
	    {{.ehlo = "250-mail.example.com\r\n250 AUTH X-OWN\r\n"}, SMTP_CONFIG, "it takes no user name and password here"},
	    {{.greeting = "554 5.3.2 not for you\r\n"}, SMTP_CONFIG, "not for you; check smtp_url"},
	    {{.greeting = "421 4.3.2 too busy\r\n"}, SMTP_DOWN, "too busy"},
	    {{.greeting = ""}, SMTP_DOWN, "127.0.0.1"},
	    {{.rcpt = ""}, SMTP_DOWN, "127.0.0.1"},
	    {{.done = ""}, SMTP_DOUBT, "took the whole text, but its answer was lost"},
	    {{.total_ms = 300, .greeting = SILENT}, SMTP_DOWN, "did not answer in time"},
	    {{.total_ms = 300, .rcpt = SILENT}, SMTP_DOWN, "did not answer in time"},
	    {{.total_ms = 300, .done = SILENT}, SMTP_DOUBT, "its answer was lost"},
	    {{.total_ms = 300, .quit = SILENT, .done = SILENT}, SMTP_DOUBT, "its answer was lost"},
	    /* A mail is sent when it is accepted, whatever becomes of the goodbye. */
	    {{.quit = SILENT}, SMTP_ACCEPTED, "queued as 42"},
	    {{.rcpt = "550 a\tb\x01\x7f\r\n"}, SMTP_PERMANENT, "550 a b  "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t began_ms = clk_mono_ms();
		struct sent s;

		send_to(&cases[i].m, "cw", &s);
		/* Nobody waits for a silent server's goodbye. */
		assert_true(clk_mono_ms() - began_ms < 10000);
		if (s.result != cases[i].result || strstr(s.why, cases[i].why) == NULL)
			fail_msg("case %zu: %d: %s\n%s", i, (int)s.result, s.why,
			    buf_str(&s.log));
		buf_clear(&s.log);
	}
}

static void
test_no_server(void **state UNUSED)
{
	struct smtp_conf c = {.user = "", .total_ms = 5000};
	enum smtp_result result = SMTP_ACCEPTED;
	struct err e = {0};
	char why[256] = "";
	char url[64];

	assert_int_equal(
	    str_format(url, sizeof(url), "smtp://127.0.0.1:%d", peer_free_port()), 0);
	c.url = url;
	assert_int_equal(
	    smtp_send(&c, "a@example.com", "b@example.com", "x", 1, &result, why, &e), 0);
	assert_int_equal(result, SMTP_DOWN);
	assert_non_null(strstr(why, "127.0.0.1"));
	c.url = "https://127.0.0.1";
	assert_int_equal(
	    smtp_send(&c, "a@example.com", "b@example.com", "x", 1, &result, why, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
}

/* smtps to a server that speaks in clear: someone must mend the setting. */
static void
test_no_tls(void **state UNUSED)
{
	static const struct manners good = {0};
	struct smtp_conf c = {.user = "", .total_ms = 5000};
	enum smtp_result result = SMTP_ACCEPTED;
	struct err e = {0};
	struct peer p;
	char why[256] = "";
	char url[64];

	peer_start(&p, play_mail, &good);
	assert_int_equal(str_format(url, sizeof(url), "smtps://127.0.0.1:%d", p.port), 0);
	c.url = url;
	assert_int_equal(
	    smtp_send(&c, "a@example.com", "b@example.com", "x", 1, &result, why, &e), 0);
	assert_int_equal(result, SMTP_CONFIG);
	peer_join(&p, NULL);
}

/* A server (or someone in between) that offers no STARTTLS gets neither password nor mail.
 */
static void
test_starttls_demanded(void **state UNUSED)
{
	static const struct manners good = {0};
	struct secret password = {0};
	struct curl_door *d = NULL;
	struct curl_end end;
	struct buf log = BUF_INIT(65536);
	struct err e = {0};
	struct peer p;
	char url[64];
	struct curl_task t = {.url = url,
	    .connect_ms = 5000,
	    .total_ms = 5000,
	    .mail_from = "a@example.com",
	    .mail_to = "b@example.com",
	    .body = mail,
	    .body_len = sizeof(mail) - 1,
	    .body_fd = -1,
	    .user = "cw",
	    .password = &password,
	    .starttls = true};

	secret_set(&password, "secret", 6);
	peer_start(&p, play_mail, &good);
	assert_int_equal(str_format(url, sizeof(url), "smtp://127.0.0.1:%d", p.port), 0);
	assert_int_equal(curl_door_new(&d, &e), 0);
	curl_door_run(d, &t, &end);
	assert_int_equal(end.stage, CURL_STAGE_TLS);
	assert_false(end.sent);
	curl_door_free(d);
	peer_join(&p, &log);
	assert_null(strstr(buf_str(&log), "AUTH"));
	assert_null(strstr(buf_str(&log), "MAIL"));
	secret_clear(&password);
	buf_clear(&log);
}

static void
test_addresses(void **state UNUSED)
{
	static const char *const bad[] = {"", "b", "@x", "b@", "b@x>\r\nRCPT TO:<evil@x",
	    "b@x\r\nDATA", "b c@x", "<b@x>", "b@x\x01"};
	struct smtp_conf c = {.url = "smtp://127.0.0.1:1", .user = "", .total_ms = 1000};
	enum smtp_result result = SMTP_ACCEPTED;
	struct err e = {0};
	char why[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    smtp_send(&c, "a@example.com", bad[i], "x", 1, &result, why, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(
		    smtp_send(&c, bad[i], "a@example.com", "x", 1, &result, why, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepted),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_no_server),
	    cmocka_unit_test(test_no_tls),
	    cmocka_unit_test(test_starttls_demanded),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
