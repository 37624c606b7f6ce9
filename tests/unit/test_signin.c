#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/mem.h"
#include "io/crypt.h"
#include "io/ldap.h"
#include "web/signin.h"

static char dir[] = "/tmp/test_signin.XXXXXX";
static struct strv domains;
static int64_t now_ms;
static int paused_ms;

static int64_t
moved_clock(void)
{
	return now_ms;
}

static void
no_pause(int ms)
{
	paused_ms += ms;
}

/* A back end that knows sam with password "right", and counts how often it is asked. */
struct fake {
	int asked;
	bool down;
};

static int
check_fake(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e)
{
	struct fake *f = arg;

	f->asked++;
	if (f->down)
		return err_set(e, ERR_REMOTE, "directory is down");
	if (!str_eq(name, "sam"))
		return err_set(e, ERR_NOT_FOUND, "no such person");
	if (!secret_eq_bytes(password, "right", 5))
		return err_set(e, ERR_AUTH, "wrong password");
	*out = (struct signin_person){.name = "sam",
	    .mail = xstrdup("sam@example.com"),
	    .display = xstrdup("Sam \xc3\x89toile")};
	strv_add(&out->groups, "CN=Admins,DC=x");
	return 0;
}

static struct signin *
start(struct fake *f, const char *share_dir)
{
	struct signin_conf c = {.domains = &domains,
	    .check = check_fake,
	    .arg = f,
	    .share_dir = share_dir,
	    .now_ms = moved_clock,
	    .pause = no_pause};
	struct signin *s = NULL;
	struct err e = {0};

	*f = (struct fake){0};
	paused_ms = 0;
	now_ms += SIGNIN_STOP_MS * 2;
	assert_int_equal(signin_new(&c, &s, &e), 0);
	return s;
}

static enum signin_verdict
ask(struct signin *s, const char *name, const char *password)
{
	struct buf plain = BUF_INIT(2048);
	struct buf header = BUF_INIT(4096);
	struct signin_person p = {0};
	enum signin_verdict v;

	buf_printf(&plain, "%s:%s", name, password);
	buf_puts(&header, "Basic ");
	enc_base64(&header, plain.p, plain.len);
	v = signin_ask(s, buf_str(&header), &p);
	if (v == SIGNIN_YES)
		assert_string_equal(p.name, "sam");
	else
		assert_null(p.mail);
	signin_person_clear(&p);
	buf_clear(&plain);
	buf_clear(&header);
	return v;
}

static void
test_remembers(void **state UNUSED)
{
	struct fake f;
	struct signin *s = start(&f, NULL);

	assert_int_equal(ask(s, "FIRM\\Sam", "right"), SIGNIN_YES);
	assert_int_equal(ask(s, "sam@firm.example.com", "right"), SIGNIN_YES);
	assert_int_equal(f.asked, 1);
	now_ms += SIGNIN_REMEMBER_MS - 1;
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_YES);
	assert_int_equal(f.asked, 1);
	now_ms += 1;
	f.down = true;
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_DOWN);
	f.down = false;
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_YES);
	assert_int_equal(f.asked, 3);
	/* the password counts in full, and so does where the name ends */
	assert_int_equal(ask(s, "sam", "right "), SIGNIN_NO);
	assert_int_equal(ask(s, "sa", "m:right"), SIGNIN_NO);
	signin_free(s);
}

static void
test_stops_below_lockout(void **state UNUSED)
{
	static const char *const wrong[] = {"a", "b", "c", "d", "e"};
	struct fake f;
	struct signin *s = start(&f, NULL);

	for (int i = 0; i < SIGNIN_FAILURES_MAX; i++)
		assert_int_equal(ask(s, "sam", wrong[i]), SIGNIN_NO);
	assert_int_equal(f.asked, SIGNIN_FAILURES_MAX);
	assert_int_equal(paused_ms, (1 + 2 + 3 + 4) * SIGNIN_DELAY_MS);
	assert_int_equal(ask(s, "sam", "e"), SIGNIN_STOPPED);
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_STOPPED);
	assert_int_equal(f.asked, SIGNIN_FAILURES_MAX);
	/* someone else is not touched by it */
	assert_int_equal(ask(s, "pat", "x"), SIGNIN_NO);
	now_ms += SIGNIN_STOP_MS;
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_YES);
	signin_free(s);
}

/* A browser repeats what it has; the same wrong password is one failure. */
static void
test_same_failure_once(void **state UNUSED)
{
	struct fake f;
	struct signin *s = start(&f, NULL);

	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(s, "sam", "old"), SIGNIN_NO);
	assert_int_equal(f.asked, 1);
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_YES);
	/* success forgets failures */
	for (int i = 0; i < SIGNIN_FAILURES_MAX; i++)
		assert_int_equal(
		    ask(s, "sam", (const char *[]){"a", "b", "c", "d"}[i]), SIGNIN_NO);
	signin_free(s);
}

static void
test_down_is_no_failure(void **state UNUSED)
{
	struct fake f;
	struct signin *s = start(&f, NULL);

	f.down = true;
	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(s, "sam", "right"), SIGNIN_DOWN);
	f.down = false;
	assert_int_equal(ask(s, "sam", "right"), SIGNIN_YES);
	assert_int_equal(paused_ms, 0);
	signin_free(s);
}

static void
test_instances_count_together(void **state UNUSED)
{
	char path[64];
	struct fake f, g;
	struct signin *s = start(&f, dir);
	struct signin *t = start(&g, dir);
	struct signin_conf bad = {.domains = &domains, .share_dir = "/nowhere"};
	struct signin *u = NULL;
	struct err e = {0};

	assert_int_equal(ask(s, "sam", "a"), SIGNIN_NO);
	assert_int_equal(ask(s, "sam", "b"), SIGNIN_NO);
	assert_int_equal(ask(t, "sam", "c"), SIGNIN_NO);
	assert_int_equal(ask(t, "sam", "d"), SIGNIN_NO);
	assert_int_equal(ask(s, "sam", "e"), SIGNIN_STOPPED);
	assert_int_equal(ask(t, "sam", "f"), SIGNIN_STOPPED);
	/* a time before that of the last failure: the machine was started anew */
	now_ms = 1000;
	assert_int_equal(ask(s, "sam", "g"), SIGNIN_NO);
	signin_free(s);
	signin_free(t);
	assert_int_equal(str_format(path, sizeof(path), "%s/signin-failures", dir), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(signin_new(&bad, &u, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_null(u);
}

/* More persons than slots: the oldest are forgotten, the newest is still counted. */
static void
test_many_persons(void **state UNUSED)
{
	struct signin_count *c = NULL;
	struct err e = {0};
	char name[32];

	assert_int_equal(signin_count_open(NULL, &c, &e), 0);
	for (int i = 0; i < SIGNIN_COUNTED_MAX + 10; i++) {
		assert_int_equal(str_format(name, sizeof(name), "p%d", i), 0);
		assert_int_equal(signin_count_begin(c, name, 1000 + i), 1);
	}
	assert_int_equal(signin_count_begin(c, name, 3000), 2);
	assert_int_equal(signin_count_begin(c, "p0", 3000), 1);
	signin_count_undo(c, "p0");
	signin_count_undo(c, "nobody");
	signin_count_forget(c, "nobody");
	assert_int_equal(signin_count_begin(c, "p0", 3001), 1);
	signin_count_close(c);
	signin_count_close(NULL);
}

static void
test_headers_refused(void **state UNUSED)
{
	static const char *const bad[] = {"", "Basic", "Basic ", "Bearer abc", "Basic !!!",
	    "Basic c2Ft",             /* sam, no colon */
	    "Basic c2FtOg==",         /* sam: */
	    "Basic OnJpZ2h0",         /* :right */
	    "Basic c2FtOgByaWdodA==", /* sam:\0right */
	    "Basic c2FtOv8=",         /* no UTF-8 */
	    "Basic T1RIRVJcc2FtOnJpZ2h0" /* OTHER\sam:right */};
	struct fake f;
	struct signin *s = start(&f, NULL);
	struct signin_person p = {0};
	char longest[1200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(signin_ask(s, bad[i], &p), SIGNIN_NO);
	assert_int_equal(signin_ask(s, NULL, &p), SIGNIN_NO);
	assert_int_equal(f.asked, 0);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(ask(s, "sam", longest), SIGNIN_NO);
	longest[SIGNIN_PASSWORD_MAX + 1] = '\0';
	assert_int_equal(ask(s, "sam", longest), SIGNIN_NO);
	assert_int_equal(f.asked, 0);
	longest[SIGNIN_PASSWORD_MAX] = '\0';
	assert_int_equal(ask(s, "sam", longest), SIGNIN_NO);
	assert_int_equal(f.asked, 1);
	assert_int_equal(signin_ask(s, "bAsIc  c2FtOnJpZ2h0", &p), SIGNIN_YES);
	signin_person_clear(&p);
	signin_free(s);
}

static int
handle(struct signin *s, const char *authorization, struct buf *headers)
{
	struct fcgi_req req = {.query = ""};
	struct fcgi_resp resp = {.headers = BUF_INIT(65536), .body = BUF_INIT(65536)};

	req.p.http_authorization = authorization;
	signin_handle(s, &req, &resp);
	buf_reset(headers);
	buf_puts(headers, buf_str(&resp.headers));
	buf_clear(&resp.headers);
	buf_clear(&resp.body);
	return resp.status;
}

static void
test_handle(void **state UNUSED)
{
	struct buf h = BUF_INIT(65536);
	struct fake f;
	struct signin *s = start(&f, NULL);

	assert_int_equal(handle(s, "Basic c2FtOnJpZ2h0", &h), 200);
	assert_string_equal(buf_str(&h), "Cache-Control: no-store\r\nX-Remote-User: sam\r\n"
					 "X-Remote-Mail: sam@example.com\r\n"
					 "X-Remote-Name: Sam %C3%89toile\r\n"
					 "X-Remote-Groups: CN=Admins%2CDC=x\r\n");
	assert_int_equal(handle(s, NULL, &h), 401);
	assert_non_null(
	    strstr(buf_str(&h), "WWW-Authenticate: Basic realm=\"connectorweb\", "
				"charset=\"UTF-8\"\r\n"));
	assert_null(strstr(buf_str(&h), "X-Remote"));
	f.down = true;
	assert_int_equal(handle(s, "Basic c2FtOnJpZ2h1", &h), 503);
	assert_non_null(strstr(buf_str(&h), "Retry-After"));
	f.down = false;
	for (int i = 0; i < SIGNIN_FAILURES_MAX; i++)
		(void)ask(s, "sam", (const char *[]){"a", "b", "c", "d"}[i]);
	assert_int_equal(handle(s, "Basic c2FtOnJpZ2h1", &h), 403);
	signin_free(s);
	buf_clear(&h);
}

/* ---- the password file */

static void
write_passwords(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
check_file(struct signin_source *src, const char *name, const char *password,
    struct signin_person *p, struct err *e)
{
	struct secret s = {0};
	int rc;

	secret_set(&s, password, strlen(password));
	rc = signin_check_file(src, name, &s, p, e);
	secret_clear(&s);
	return rc;
}

static void
test_password_file(void **state UNUSED)
{
	/* the hash is that of "right" */
	static const char text[] =
	    "# people\r\n"
	    "pat\n"
	    "kim:\n"
	    "lee:*0\n"
	    "Sam:$5$saltsalt$1aZ4x5UIV44zvNqrzDnvxkgrN1oqaxnEleT36Cwe2L9:"
	    "sam@example.com:Sam \xc3\x89toile:admins,CN=x\r\n";
	struct conf conf = {0};
	struct signin_source src = {.conf = &conf};
	struct signin_person p = {0};
	struct err e = {0};
	char path[64];

	assert_int_equal(str_format(path, sizeof(path), "%s/passwords", dir), 0);
	conf.signin_password_file = path;
	write_passwords(path, text, 0600);
	assert_int_equal(check_file(&src, "sam", "right", &p, &e), 0);
	assert_string_equal(p.name, "sam");
	assert_string_equal(p.mail, "sam@example.com");
	assert_string_equal(p.display, "Sam \xc3\x89toile");
	assert_int_equal(p.groups.n, 2);
	assert_string_equal(p.groups.v[1], "CN=x");
	signin_person_clear(&p);
	assert_int_equal(check_file(&src, "sam", "wrong", &p, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	for (size_t i = 0; i < 3; i++) {
		/* lines without a usable hash let nobody in */
		assert_int_equal(check_file(&src, (const char *[]){"pat", "kim", "lee"}[i],
				     "*0", &p, &e),
		    -1);
		assert_int_equal(e.code, ERR_AUTH);
	}
	assert_int_equal(check_file(&src, "nobody", "right", &p, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	chmod(path, 0644);
	assert_int_equal(check_file(&src, "sam", "right", &p, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	unlink(path);
	assert_int_equal(check_file(&src, "sam", "right", &p, &e), -1);
	assert_int_equal(e.code, ERR_IO);
}

/* ---- the directory */

static void
test_ldap_filter(void **state UNUSED)
{
	struct buf b = BUF_INIT(256);
	char a[32];

	ldap_filter_fill(&b, "(&(objectClass=user)(uid={name}))", "*)(a=\\b");
	assert_string_equal(buf_str(&b), "(&(objectClass=user)(uid=\\2a\\29\\28a=\\5cb))");
	assert_int_equal(
	    ldap_filter_attribute("(&(a=b)(sAMAccountName={name}))", a, sizeof(a)), 0);
	assert_string_equal(a, "sAMAccountName");
	assert_int_equal(ldap_filter_attribute("(uid~={name})", a, sizeof(a)), -1);
	assert_int_equal(ldap_filter_attribute("(uid=x{name})", a, sizeof(a)), -1);
	assert_int_equal(ldap_filter_attribute("uid={name}", a, sizeof(a)), -1);
	assert_int_equal(ldap_filter_attribute("(uid={name})", a, 3), -1);
	buf_clear(&b);
}

/* Nobody listens there: no verdict on the person. */
static void
test_ldap_down(void **state UNUSED)
{
	struct secret password = {0};
	struct ldap_person p = {0};
	struct ldap_conf c = {.url = "ldap://127.0.0.1:1",
	    .base = "dc=example,dc=test",
	    .filter = "(uid={name})",
	    .timeout_ms = 2000};
	struct err e = {0};

	assert_int_equal(ldap_check(&c, "sam", &password, &p, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
	secret_set(&password, "right", 5);
	assert_int_equal(ldap_check(&c, "sam", &password, &p, &e), -1);
	assert_int_equal(e.code, ERR_REMOTE);
	assert_non_null(strstr(e.msg, "ldap://127.0.0.1:1"));
	assert_null(p.name);
	secret_clear(&password);
}

static int
setup(void **state UNUSED)
{
	struct err e = {0};

	assert_non_null(mkdtemp(dir));
	strv_split(&domains, "FIRM firm.example.com", " ");
	return crypt_init(&e);
}

static int
teardown(void **state UNUSED)
{
	strv_clear(&domains);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remembers),
	    cmocka_unit_test(test_stops_below_lockout),
	    cmocka_unit_test(test_same_failure_once),
	    cmocka_unit_test(test_down_is_no_failure),
	    cmocka_unit_test(test_instances_count_together),
	    cmocka_unit_test(test_many_persons),
	    cmocka_unit_test(test_headers_refused),
	    cmocka_unit_test(test_handle),
	    cmocka_unit_test(test_password_file),
	    cmocka_unit_test(test_ldap_filter),
	    cmocka_unit_test(test_ldap_down),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
