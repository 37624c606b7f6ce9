#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "io/conf.h"

static char dir[] = "/tmp/test_conf.XXXXXX";
static char conf_path[64];
static char secret_path[64];

static void
write_file(const char *path, const char *text, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
setup(void **state UNUSED)
{
	assert_non_null(mkdtemp(dir));
	assert_int_equal(str_format(conf_path, sizeof(conf_path), "%s/c.conf", dir), 0);
	assert_int_equal(str_format(secret_path, sizeof(secret_path), "%s/secret", dir), 0);
	write_file(secret_path, "s3cret\n", 7, 0400);
	return 0;
}

static int
teardown(void **state UNUSED)
{
	unlink(conf_path);
	unlink(secret_path);
	return rmdir(dir);
}

static int
load_as(const char *text, enum conf_program program, struct conf *c, struct buf *problems,
    struct err *e)
{
	write_file(conf_path, text, strlen(text), 0644);
	buf_reset(problems);
	return conf_load(conf_path, program, c, problems, e);
}

/* Two lines that every case starts with. */
#define BASE                                                                               \
	"public_url = https://npcserver.example.com/connectorweb\n"                        \
	"procore_client_id = 5a1b\n"

/* Expect one problem on that line that holds the words. */
static void
expect_problem(const char *text, enum conf_program program, int line, const char *words)
{
	struct buf problems = BUF_INIT(65536);
	struct buf head = BUF_INIT(256);
	struct conf c = {0};
	struct err e = {0};

	assert_int_equal(load_as(text, program, &c, &problems, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	buf_printf(&head, "%s:%d: ", conf_path, line);
	if (strstr(buf_str(&problems), buf_str(&head)) == NULL ||
	    strstr(buf_str(&problems), words) == NULL)
		fail_msg(
		    "line %d, \"%s\" expected in:\n%s", line, words, buf_str(&problems));
	assert_null(c.path);
	buf_clear(&head);
	buf_clear(&problems);
}

static void
test_defaults_and_derived(void **state UNUSED)
{
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct err e = {0};
	int rc =
	    load_as("\xef\xbb\xbf# comment\r\n\n"
		    "  public_url=https://NPCServer.example.com:8443/connectorweb/  \r\n",
		CONF_HOOK, &c, &problems, &e);

	if (rc == -1)
		fail_msg("%s", buf_str(&problems));
	assert_string_equal(
	    c.public_url, "https://NPCServer.example.com:8443/connectorweb");
	assert_string_equal(c.public_path, "/connectorweb");
	assert_string_equal(c.public_host, "npcserver.example.com:8443");
	assert_string_equal(c.redirect_uri,
	    "https://NPCServer.example.com:8443/connectorweb/oauth/callback");
	assert_string_equal(c.procore_api_url, "https://api.procore.com");
	assert_string_equal(c.ca_file, "");
	assert_true(c.procore_pkce);
	assert_true(c.answer_reference);
	assert_int_equal(c.poll_interval_minutes, 10);
	assert_int_equal(c.retention_days, 400);
	assert_int_equal(c.reminder_days_n, 4);
	assert_int_equal(c.reminder_days[3], 14);
	assert_int_equal(c.procore_file_hosts.n, 2);
	assert_string_equal(c.procore_file_hosts.v[1], "*.amazonaws.com");
	assert_int_equal(c.remote_user_domains.n, 0);
	conf_clear(&c);
	buf_clear(&problems);
}

static void
test_values(void **state UNUSED)
{
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct err e = {0};
	int rc = load_as(BASE "reminder_days =\nremote_user_domains = FIRM, firm.com\n"
			      "answer_reference = off\ndigest_hour = 0\n"
			      "procore_login_url = http://procore.localhost:8443/\n"
			      "ldap_filter = (uid={name})\ntime_zone = Europe/Vienna\n",
	    CONF_HOOK, &c, &problems, &e);

	if (rc == -1)
		fail_msg("%s", buf_str(&problems));
	assert_int_equal(c.reminder_days_n, 0);
	assert_int_equal(c.remote_user_domains.n, 2);
	assert_true(strv_has_ci(&c.remote_user_domains, "FIRM.COM"));
	assert_false(c.answer_reference);
	assert_int_equal(c.digest_hour, 0);
	assert_string_equal(c.procore_login_url, "http://procore.localhost:8443");
	assert_string_equal(c.ldap_filter, "(uid={name})");
	assert_string_equal(c.time_zone, "Europe/Vienna");
	conf_clear(&c);
	buf_clear(&problems);
}

/* Each program asks for what it reads itself; the administrator's command for what all do.
 */
static void
test_required_by_reader(void **state UNUSED)
{
	expect_problem("public_url = https://a.example.com/c\n", CONF_WORKER, 2,
	    "procore_client_id: is missing");
	expect_problem(BASE, CONF_CALLBACK, 3, "procore_client_secret_file: is missing");
	expect_problem(BASE, CONF_CTL, 3, "procore_client_secret_file: is missing");
	expect_problem(
	    BASE "npc_adapter = gateway\n", CONF_WORKER, 4, "npc_region: is missing");
	expect_problem(
	    BASE "signin_backend = file\n", CONF_SIGNIN, 4, "signin_password_file: is");
	expect_problem(BASE, CONF_SIGNIN, 3, "ldap_base: is missing");
	expect_problem(BASE "session_key_file = /nowhere/s\n", CONF_PAGES, 3,
	    "session_key_file: /nowhere/s: No such file");
	expect_problem("", CONF_HOOK, 1, "public_url: is missing");
}

static void
test_all_at_once(void **state UNUSED)
{
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct err e = {0};
	int lines = 0;

	assert_int_equal(load_as("public_url = http://npc.example.com/connectorweb\n"
				 "pol_interval_minutes = 5\n"
				 "item_retries = many\n"
				 "item_retries = 3\n"
				 "just words\n"
				 "colour = red\n",
			     CONF_HOOK, &c, &problems, &e),
	    -1);
	for (const char *p = buf_str(&problems); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 6);
	assert_non_null(strstr(e.msg, ":1: public_url: would send secrets in clear"));
	assert_non_null(
	    strstr(buf_str(&problems), ":2: pol_interval_minutes: is not a key; did you "
				       "mean poll_interval_minutes?"));
	assert_non_null(
	    strstr(buf_str(&problems), ":3: item_retries: is not a whole number from 0"));
	assert_non_null(
	    strstr(buf_str(&problems), ":4: item_retries: is set already in line 3"));
	assert_non_null(strstr(buf_str(&problems), ":5: just words: there is no ="));
	assert_non_null(strstr(buf_str(&problems), ":6: colour: is not a key; see"));
	buf_clear(&problems);
}

static void
test_bad_values(void **state UNUSED)
{
	static const struct {
		const char *line;
		const char *words;
	} bad[] = {
	    {"poll_interval_minutes = 0", "1 to 120 (minutes); the default is 10"},
	    {"poll_interval_minutes = 121", "poll_interval_minutes"},
	    {"poll_interval_minutes = 5 # five", "poll_interval_minutes"},
	    {"poll_interval_minutes =", "has no value"},
	    {"procore_pkce = yes", "on nor off"},
	    {"npc_adapter = gatway", "one of: none gateway"},
	    {"log_level = loud", "one of: debug info warn error"},
	    {"procore_api_url = ftp://x.example.com", "another scheme"},
	    {"procore_api_url = https://u:p@x.example.com", "not a plain URL"},
	    {"procore_api_url = https://x.example.com/?a=b", "has a query"},
	    {"procore_api_url = http://127.0.0.1.example.com/", "in clear"},
	    {"https_proxy = proxy.example.com:3128", "http://host:port"},
	    {"smtp_url = https://mail.example.com", "smtps://host:port"},
	    {"ldap_url = ldap://dc.example.com/dc=x", "ldaps://host:port"},
	    {"database = data.db", "absolute path"},
	    {"mail_from = A <a@example.com>", "mail address"},
	    {"reminder_days = 3,1", "growing numbers"},
	    {"reminder_days = 1,2,3,4,5,6,7,8,9", "at most 8"},
	    {"procore_file_hosts = https://x.example.com", "no host"},
	    {"ldap_filter = (uid=name)", "{name}"},
	    {"time_zone = Mars/Olympus", "zone database"},
	    {"support_email = a\x01@example.com", "control characters"},
	    {"npc_region = \xff", "UTF-8"},
	    {"test_clock_file = /tmp/clock", "rehearsals"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf text = BUF_INIT(4096);

		buf_printf(&text, BASE "%s\n", bad[i].line);
		expect_problem(buf_str(&text), CONF_HOOK, 3, bad[i].words);
		buf_clear(&text);
	}
	expect_problem(BASE "webhook_public_url = https://h.example.com/x\n", CONF_HOOK, 4,
	    "webhook_secret_file: is missing; webhook_public_url needs it");
}

static void
test_modes(void **state UNUSED)
{
	struct buf text = BUF_INIT(4096);
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct secret s = {0};
	struct err e = {0};

	buf_printf(&text,
	    BASE "webhook_secret_file = %s\nprocore_client_secret_file = %s\n", secret_path,
	    secret_path);
	assert_int_equal(load_as(buf_str(&text), CONF_HOOK, &c, &problems, &e), 0);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), 0);
	assert_true(secret_eq_bytes(&s, "s3cret", 6));
	assert_int_equal(
	    conf_secret(&c, CONF_HOOK, "procore_client_secret_file", &s, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
	chmod(secret_path, 0444);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	conf_clear(&c);
	expect_problem(buf_str(&text), CONF_HOOK, 3, "has mode 0444 and others may read");
	chmod(secret_path, 0460);
	expect_problem(buf_str(&text), CONF_HOOK, 3, "has mode 0460");
	chmod(secret_path, 0440);
	assert_int_equal(load_as(buf_str(&text), CONF_HOOK, &c, &problems, &e), 0);
	conf_clear(&c);
	/* others may change the configuration itself */
	chmod(conf_path, 0664);
	assert_int_equal(conf_load(conf_path, CONF_HOOK, &c, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "mode is 0664"));
	secret_clear(&s);
	buf_clear(&text);
	buf_clear(&problems);
}

static void
test_secret_content(void **state UNUSED)
{
	struct buf text = BUF_INIT(4096);
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct secret s = {0};
	struct err e = {0};

	buf_printf(&text, BASE "webhook_secret_file = %s\n", secret_path);
	assert_int_equal(load_as(buf_str(&text), CONF_HOOK, &c, &problems, &e), 0);
	unlink(secret_path);
	write_file(secret_path, "two\nlines\n", 10, 0600);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), -1);
	write_file(secret_path, "\n", 1, 0600);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), -1);
	assert_false(secret_is_set(&s));
	unlink(secret_path);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	expect_problem(buf_str(&text), CONF_HOOK, 3, "No such file");
	write_file(secret_path, "s3cret\n", 7, 0400);
	conf_clear(&c);
	buf_clear(&text);
	buf_clear(&problems);
}

static void
test_credentials_directory(void **state UNUSED)
{
	static char env[96];
	char path[96];
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct secret s = {0};
	struct err e = {0};

	assert_int_equal(str_format(env, sizeof(env), "CREDENTIALS_DIRECTORY=%s", dir), 0);
	assert_int_equal(str_format(path, sizeof(path), "%s/webhook_secret_file", dir), 0);
	write_file(path, "given", 5, 0400);
	putenv(env);
	assert_int_equal(
	    load_as(BASE "webhook_secret_file = /nowhere\n", CONF_HOOK, &c, &problems, &e),
	    0);
	assert_int_equal(conf_secret(&c, CONF_HOOK, "webhook_secret_file", &s, &e), 0);
	assert_true(secret_eq_bytes(&s, "given", 5));
	unsetenv("CREDENTIALS_DIRECTORY");
	unlink(path);
	secret_clear(&s);
	conf_clear(&c);
	buf_clear(&problems);
}

static void
test_clock_file(void **state UNUSED)
{
	char clock_path[64];
	struct buf text = BUF_INIT(4096);
	struct buf problems = BUF_INIT(65536);
	struct conf c = {0};
	struct err e = {0};
	int64_t before = clk_now();

	assert_int_equal(str_format(clock_path, sizeof(clock_path), "%s/clock", dir), 0);
	write_file(clock_path, "86400\n", 6, 0644);
	buf_printf(&text,
	    BASE "procore_login_url = http://127.0.0.1:1\n"
		 "procore_api_url = https://procore.localhost:8443\n"
		 "test_clock_file = %s\n",
	    clock_path);
	assert_int_equal(load_as(buf_str(&text), CONF_HOOK, &c, &problems, &e), 0);
	assert_true(clk_now() >= before + 86400);
	clk_set_offset_file(NULL);
	unlink(clock_path);
	conf_clear(&c);
	buf_clear(&text);
	buf_clear(&problems);
}

static void
test_unreadable(void **state UNUSED)
{
	struct conf c = {0};
	struct err e = {0};
	struct buf big = BUF_INIT(1024 * 1024);
	struct buf problems = BUF_INIT(65536);

	assert_int_equal(conf_load("/nowhere/c.conf", CONF_HOOK, &c, NULL, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "/nowhere/c.conf"));
	for (int i = 0; i < 10000; i++)
		buf_puts(&big, "# a comment that makes the file far too large\n");
	assert_int_equal(load_as(buf_str(&big), CONF_HOOK, &c, &problems, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	write_file(conf_path, "a\0b = 1\n", 8, 0644);
	assert_int_equal(conf_load(conf_path, CONF_HOOK, &c, NULL, &e), -1);
	assert_non_null(strstr(e.msg, ":1: there is a NUL"));
	buf_clear(&problems);
	buf_clear(&big);
}

/* The table itself: every default passes its own check, every key has a text and a reader.
 */
static void
test_table(void **state UNUSED)
{
	int n;
	const struct conf_key *k = conf_keys(&n);

	assert_true(n > 40);
	for (int i = 0; i < n; i++) {
		struct buf why = BUF_INIT(1024);

		if (k[i].dflt != NULL && conf_check(&k[i], k[i].dflt, &why) == -1)
			fail_msg("%s: %s", k[i].name, buf_str(&why));
		assert_true(strlen(k[i].text) > 10);
		assert_int_not_equal(k[i].readers, 0);
		assert_non_null(conf_kind_name(k[i].kind));
		assert_ptr_equal(conf_key_find(k[i].name), &k[i]);
		assert_int_equal(k[i].kind == CONF_CHOICE, k[i].choices != NULL);
		buf_clear(&why);
	}
	assert_string_equal(conf_key_nearest("databse"), "database");
	assert_null(conf_key_nearest("zzz"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults_and_derived),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_required_by_reader),
	    cmocka_unit_test(test_all_at_once),
	    cmocka_unit_test(test_bad_values),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_secret_content),
	    cmocka_unit_test(test_credentials_directory),
	    cmocka_unit_test(test_clock_file),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
