/* test_hook.c: web/hook over a real FastCGI socket: secret, forms of requests, dedupe,
 * whose project it is. */
#include "config.h"

#include "core_rig.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "io/wake.h"
#include "web/hook.h"

#define SECRET "hook-secret-0123456789"
#define HOOK_URI "/connectorweb/hooks/procore"

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN_STREAM = 5, STDOUT_STREAM = 6 };

static struct rig rig;
static pid_t program;
static int wake_fd = -1;
static int64_t project; /* Procore's id of the connected one */

/* ---- the program */

static void
run_program(int fd)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	struct conf conf = {0};
	struct hook h = {0};
	struct err e = {0};
	int rc = 1;

	alarm(60);
	dup2(fd, 0);
	log_init("hook", LOG_ERROR);
	if (conf_load(rig_path(&rig, "connectorweb.conf"), CONF_HOOK, &conf, &problems,
		&e) == 0 &&
	    hook_open(&conf, &h, &e) == 0)
		rc = fcgi_serve(&(struct fcgi_app){.program = "hook",
		    .max_body_bytes = LIMIT_HOOK_BODY,
		    .handle = hook_handle,
		    .arg = &h});
	else
		fprintf(stderr, "%s\n%s\n", buf_str(&problems), e.msg);
	hook_close(&h);
	buf_clear(&problems);
	exit(rc);
}

static void
start(const char *conf)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	rig_open(&rig, NULL);
	unit_write(rig_path(&rig, "hook_secret"), SECRET "\n", sizeof SECRET, 0600);
	if (conf != NULL) {
		struct buf b = BUF_INIT(LIMIT_CONFIG);
		char text[8192];

		unit_read(rig_path(&rig, "connectorweb.conf"), text, sizeof text);
		buf_printf(
		    &b, "%swebhook_secret_file = %s/hook_secret\n%s", text, rig.dir, conf);
		unit_write(rig_path(&rig, "connectorweb.conf"), buf_str(&b), b.len, 0600);
		buf_clear(&b);
	}
	OK(&rig, wake_listen(rig.conf.wake_socket, &wake_fd, &rig.err));
	assert_int_equal(
	    str_copy(a.sun_path, sizeof a.sun_path, rig_path(&rig, "hook.sock")), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	program = fork();
	assert_int_not_equal(program, -1);
	if (program == 0)
		run_program(fd);
	close(fd);
}

static int
setup(void **state)
{
	int64_t account;

	*state = &rig;
	start(
	    "webhook_public_url = https://hooks.example.com/connectorweb/hooks/procore\n");
	account = rig_account(&rig, "ann@example.com", NULL, NULL);
	rig_connect(&rig, "NPC-1", account);
	project = rig_number(&rig, "SELECT procore_project_id FROM connection");
	rig_sql(&rig,
	    "INSERT INTO webhook (connection_id, hook_id, api_version, state, checked_at)"
	    " SELECT id, '7', 'v2.0', 'active', 5 FROM connection");
	return 0;
}

static int
setup_off(void **state)
{
	*state = &rig;
	start("");
	return 0;
}

static int
teardown(void **state UNUSED)
{
	int status = 0;

	kill(program, SIGTERM);
	assert_int_equal(waitpid(program, &status, 0), program);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(wake_fd);
	rig_close(&rig);
	return 0;
}

/* ---- the front */

static void
put_record(struct buf *out, int type, const char *p, size_t n)
{
	const char head[8] = {1, (char)type, 0, 1, (char)(n >> 8), (char)(n & 0xff), 0, 0};

	buf_add(out, head, sizeof head);
	buf_add(out, p, n);
}

static void
put_param(struct buf *out, const char *name, const char *value)
{
	size_t v = value == NULL ? 0 : strlen(value);
	const char head[5] = {
	    (char)strlen(name), (char)0x80, (char)(v >> 16), (char)(v >> 8), (char)v};

	if (value == NULL)
		return;
	buf_add(out, head, sizeof head);
	buf_puts(out, name);
	buf_puts(out, value);
}

static void
put_request(struct buf *out, const char *method, const char *uri, const char *secret,
    const char *body, size_t n)
{
	struct buf params = BUF_INIT(65536);

	put_record(out, BEGIN_REQUEST, "\0\1\0\0\0\0\0\0", 8);
	put_param(&params, "REQUEST_METHOD", method);
	put_param(&params, "REQUEST_URI", uri);
	/* never looked at */
	put_param(&params, "REMOTE_USER", "mallory");
	put_param(&params, "HTTP_AUTHORIZATION", secret);
	put_record(out, PARAMS, params.p, params.len);
	put_record(out, PARAMS, "", 0);
	for (size_t at = 0; at < n; at += 32768)
		put_record(out, STDIN_STREAM, body + at, n - at < 32768 ? n - at : 32768);
	put_record(out, STDIN_STREAM, "", 0);
	buf_clear(&params);
}

/* The status of the answer; *head (NULL: not wanted) gets all of it. */
static int
ask(const char *method, const char *uri, const char *secret, const char *body, size_t n,
    struct buf *head)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct buf out = BUF_INIT(1024 * 1024), in = BUF_INIT(65536),
		   text = BUF_INIT(65536);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
	char chunk[4096];
	ssize_t got;

	assert_int_equal(
	    str_copy(a.sun_path, sizeof a.sun_path, rig_path(&rig, "hook.sock")), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	put_request(&out, method, uri, secret, body, n);
	/* a program that has read enough may close before it took everything */
	(void)!send(fd, out.p, out.len, MSG_NOSIGNAL);
	while ((got = read(fd, chunk, sizeof chunk)) > 0)
		buf_add(&in, chunk, (size_t)got);
	close(fd);
	for (size_t at = 0; at + 8 <= in.len;) {
		const unsigned char *h = (const unsigned char *)in.p + at;
		size_t len = (size_t)h[4] << 8 | h[5];

		if (h[1] == STDOUT_STREAM)
			buf_add(&text, h + 8, len);
		at += 8 + len + h[6];
	}
	assert_true(str_starts(buf_str(&text), "Status: "));
	status =
	    (int)(100 * (text.p[8] - '0') + 10 * (text.p[9] - '0') + (text.p[10] - '0'));
	if (head != NULL)
		buf_puts(head, buf_str(&text));
	buf_clear(&out);
	buf_clear(&in);
	buf_clear(&text);
	return status;
}

/* A delivery of v2 about an RFI of some project, from some app. */
static int
deliver(const char *ulid, int64_t company, int64_t of_project, const char *app)
{
	struct buf b = BUF_INIT(4096);
	int status;

	buf_printf(&b,
	    "{\"id\":1,\"ulid\":\"%s\",\"event_type\":\"update\",\"resource_name\":"
	    "\"RFIs\",\"resource_id\":11,"
	    "\"company_id\":%lld,\"project_id\":%lld,\"user_id\":3,\"metadata\":{\"source_"
	    "application_id\":%s}}",
	    ulid, (long long)company, (long long)of_project, app);
	status = ask("POST", HOOK_URI, SECRET, b.p, b.len, NULL);
	buf_clear(&b);
	return status;
}

static bool
woken(void)
{
	struct pollfd p = {.fd = wake_fd, .events = POLLIN};
	char c[64];

	if (poll(&p, 1, 0) != 1)
		return false;
	assert_true(recv(wake_fd, c, sizeof c, 0) >= 0);
	return true;
}

/* ---- tests */

static void
test_taken_once(void **state UNUSED)
{
	assert_int_equal(deliver("A", 8000000000, project, "null"), 200);
	assert_true(woken());
	assert_int_equal(
	    rig_number(&rig, "SELECT count(*) FROM hook_event WHERE handled_at IS NULL"
			     " AND dedupe = 'A' AND resource = 'RFIs' AND event = 'update'"
			     " AND resource_id = 11 AND user_id = 3"),
	    1);
	/* after a moment, before what is only planned */
	assert_int_equal(
	    rig_number(&rig, "SELECT priority FROM job WHERE kind = 'sync'"), 50);
	assert_in_range(rig_number(&rig, "SELECT due_at FROM job WHERE kind = 'sync'"),
	    clk_now() - 30, clk_now() + HOOK_GATHER_S);
	assert_in_range(rig_number(&rig, "SELECT last_event_at FROM webhook"),
	    clk_now() - 30, clk_now());
	/* again: nothing, not even a wish */
	rig_sql(&rig, "DELETE FROM job");
	rig_sql(&rig, "UPDATE webhook SET last_event_at = NULL");
	assert_int_equal(deliver("A", 8000000000, project, "null"), 200);
	assert_false(woken());
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM hook_event"), 1);
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM job"), 0);
	assert_int_equal(
	    rig_number(&rig, "SELECT count(*) FROM webhook WHERE last_event_at IS NULL"),
	    1);
	assert_int_equal(deliver("B", 8000000000, project, "\"somebody else's\""), 200);
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM job"), 1);
}

static void
test_own_change(void **state UNUSED)
{
	assert_int_equal(deliver("A", 8000000000, project, "\"client id\""), 200);
	assert_false(woken());
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM job"), 0);
	assert_int_equal(
	    rig_number(&rig,
		"SELECT count(*) FROM hook_event"
		" WHERE handled_at IS NOT NULL AND application_id = 'client id'"),
	    1);
	/* it proves the hook all the same */
	assert_int_equal(
	    rig_number(
		&rig, "SELECT count(*) FROM webhook WHERE last_event_at IS NOT NULL"),
	    1);
}

static void
test_not_ours(void **state UNUSED)
{
	static const char *const states[] = {"paused", "disconnected"};

	assert_int_equal(deliver("A", 8000000000, project + 1, "null"), 200);
	assert_int_equal(deliver("B", 8000000001, project, "null"), 200);
	assert_int_equal(deliver("C", 8000000000, 0, "null"), 200);
	for (size_t i = 0; i < ROWS(states); i++) {
		char sql[80];

		assert_int_equal(str_format(sql, sizeof sql,
				     "UPDATE connection SET state = '%s'", states[i]),
		    0);
		rig_sql(&rig, sql);
		assert_int_equal(deliver("D", 8000000000, project, "null"), 200);
	}
	assert_false(woken());
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM hook_event"), 0);
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM job"), 0);
}

static void
test_secret(void **state UNUSED)
{
	static const char *const wrong[] = {NULL, "", "Bearer", "Bearer ", SECRET "0",
	    "hook-secret-012345678", "hook-secret-0123456788", "Basic " SECRET,
	    "Bearer hook-secret-0123456788", "Bearer Bearer " SECRET, "Bearer" SECRET};
	struct buf head = BUF_INIT(65536);

	for (size_t i = 0; i < ROWS(wrong); i++) {
		buf_reset(&head);
		assert_int_equal(ask("POST", HOOK_URI, wrong[i], "{}", 2, &head), 401);
		assert_non_null(strstr(buf_str(&head), "\r\nWWW-Authenticate: "));
		assert_null(strstr(buf_str(&head), "hook-secret"));
	}
	assert_int_equal(ask("POST", HOOK_URI, SECRET, "{}", 2, NULL), 400);
	assert_int_equal(ask("POST", HOOK_URI, "bearer " SECRET, "{}", 2, NULL), 400);
	buf_clear(&head);
}

static void
test_forms(void **state UNUSED)
{
	static const struct {
		const char *method, *uri, *body;
		int status;
	} rows[] = {
	    {"POST", HOOK_URI, "", 400},
	    {"POST", HOOK_URI, "{}", 400},
	    {"POST", HOOK_URI, "id=1&event_type=update", 400},
	    {"POST", HOOK_URI,
		"{\"id\":1,\"event_type\":\"update\",\"resource_name\":\"RFIs\"}", 200},
	    {"POST", "/ConnectorWeb/Hooks/Procore?x=1", "{}", 400},
	    {"POST", HOOK_URI "/", "{}", 404},
	    {"POST", "/connectorweb/hooks", "{}", 404},
	    {"POST", "/connectorweb/hooks/../hooks/procore", "{}", 404},
	    {"POST", "/", "{}", 404},
	    {"GET", HOOK_URI, "", 405},
	    {"HEAD", HOOK_URI, "", 405},
	    {"PUT", HOOK_URI, "{}", 405},
	};
	size_t large = (size_t)LIMIT_HOOK_BODY + 1;
	char *body = malloc(large);

	for (size_t i = 0; i < ROWS(rows); i++)
		if (ask(rows[i].method, rows[i].uri, SECRET, rows[i].body,
			strlen(rows[i].body), NULL) != rows[i].status)
			fail_msg("row %zu", i);
	assert_non_null(body);
	memset(body, ' ', large);
	assert_int_equal(ask("POST", HOOK_URI, SECRET, body, large, NULL), 413);
	assert_int_equal(ask("POST", HOOK_URI, SECRET, body, large - 1, NULL), 400);
	/* who does not know the secret learns nothing from sizes */
	assert_int_equal(ask("POST", HOOK_URI, "x", body, large, NULL), 401);
	free(body);
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM hook_event"), 0);
}

/* Before an answer of 200 the event is safe; while that cannot be, Procore shall come
 * again. */
static void
test_busy(void **state UNUSED)
{
	OK(&rig, db_begin(rig.db, &rig.err));
	assert_int_equal(deliver("A", 8000000000, project, "null"), 503);
	db_rollback(rig.db);
	assert_int_equal(deliver("A", 8000000000, project, "null"), 200);
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM hook_event"), 1);
}

static void
test_speed(void **state UNUSED)
{
	int64_t worst = 0;

	for (int i = 0; i < 50; i++) {
		int64_t t = clk_mono_ms(), took;
		char ulid[16];

		assert_int_equal(str_format(ulid, sizeof ulid, "S%d", i), 0);
		assert_int_equal(deliver(ulid, 8000000000, project, "null"), 200);
		took = clk_mono_ms() - t;
		worst = took > worst ? took : worst;
	}
	assert_int_equal(rig_number(&rig, "SELECT count(*) FROM hook_event"), 50);
	print_message("slowest of 50 answers: %lld ms\n", (long long)worst);
	/* Procore gives up after 5 s; a busy test machine is no measure for the 50 ms that
	 * are wanted. */
	assert_in_range(worst, 0, 2500);
}

static void
test_off(void **state UNUSED)
{
	assert_int_equal(ask("POST", HOOK_URI, SECRET, "{}", 2, NULL), 404);
	assert_int_equal(ask("POST", HOOK_URI, NULL, "{}", 2, NULL), 404);
	assert_int_equal(ask("GET", HOOK_URI, NULL, "", 0, NULL), 404);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_taken_once), T(test_own_change),
	    T(test_not_ours), T(test_secret), T(test_forms), T(test_busy), T(test_speed),
	    cmocka_unit_test_setup_teardown(test_off, setup_off, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
