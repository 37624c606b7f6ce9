/* test_work.c: one step of the worker: which job does what, and when it runs again. */
#include "config.h"

#include "core_rig.h"

#include <inttypes.h>
#include <poll.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/work.h"
#include "io/wake.h"
#include "store/attempt.h"
#include "store/catalog.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define PAIR HEAD("200 OK") "\r\n{\"access_token\":\"A2\",\"refresh_token\":\"R2\",\"expires_in\":5400}"
#define ME HEAD("200 OK") "\r\n{\"id\":77,\"login\":\"sam\",\"name\":null}"

enum { LIFE_S = 5400, DAY_S = 86400 };

struct work_rig {
	struct rig r;
	struct sync_ctx sync;
	struct mail_ctx mail;
	struct work_ctx work;
	struct secret password, audit_key;
};

static int
setup(void **state)
{
	struct work_rig *w = xcalloc(1, sizeof *w);
	const char *build = getenv("builddir");
	char *extra = xasprintf("template_dir = %s/share/html\n", build == NULL ? "/nowhere" : build);

	rig_open(&w->r, extra);
	free(extra);
	free(w->r.conf.smtp_url);
	w->r.conf.smtp_url = xstrdup("");
	OK(&w->r, mail_open(w->r.db, &w->r.conf, &w->password, &w->mail, &w->r.err));
	secret_set(&w->audit_key, "a key of some length............", 32);
	w->sync = (struct sync_ctx){.oauth = w->r.oauth, .spool_dir = w->r.dir};
	w->sync.npc = npc_new(&w->r.conf, w->r.http, &w->password, &w->password);
	w->work = (struct work_ctx){.sync = &w->sync, .mail = &w->mail, .audit_key = &w->audit_key};
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct work_rig *w = *state;

	mail_close(&w->mail);
	npc_free(w->sync.npc);
	secret_clear(&w->audit_key);
	rig_close(&w->r);
	free(w);
	return 0;
}

static void
wish(struct work_rig *w, enum job_kind kind, int64_t ref, const char *arg)
{
	OK(&w->r, job_wish(w->r.db, kind, ref, arg, JOB_PRIO_HOUSE, clk_now(), &w->r.err));
}

/* Steps until nothing is due; how many there were. */
static int
run(struct work_rig *w, int64_t *next_at)
{
	bool ran = true;
	int n = 0;

	while (ran) {
		OK(&w->r, work_step(&w->work, "1.test", &ran, next_at, &w->r.err));
		n += ran;
		assert_in_range(n, 0, 50);
	}
	return n;
}

static int64_t
job_due(struct work_rig *w, const char *kind)
{
	char sql[128];

	assert_int_equal(str_format(sql, sizeof sql, "select coalesce((select due_at from job where kind = '%s'), 0)", kind),
	    0);
	return rig_number(&w->r, sql);
}

/* The rows of the house are made once, run, and come again. */
static void
test_house(void **state)
{
	struct work_rig *w = *state;
	int64_t next_at = 0;

	OK(&w->r, work_plan_house(w->r.db, &w->r.err));
	OK(&w->r, work_plan_house(w->r.db, &w->r.err));
	assert_int_equal(rig_number(&w->r, "select count(*) from job"), 6);
	assert_int_equal(run(w, &next_at), 6);
	assert_int_equal(rig_number(&w->r, "select count(*) from job where error = '' and owner = '' and tries = 0"), 6);
	assert_in_range(next_at, clk_now() + 1, clk_now() + 10);
	assert_int_equal(rig_number(&w->r, "select min(due_at) from job"), next_at);
	rig_clock(&w->r, 3600);
	assert_int_equal(run(w, &next_at), 6);
}

/* An account in use: renewed when its time comes, planned for the next time. */
static void
test_refresh_in_use(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR}};
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;
	struct buf log = BUF_INIT(65536);

	(void)rig_connect(&w->r, "P-1", id);
	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_endpoint(&w->r, steps, 1);
	wish(w, JOB_REFRESH, id, "");
	assert_int_equal(run(w, &next_at), 1); /* not due yet: nothing is sent */
	assert_int_equal(next_at, rig_number(&w->r, "select refresh_due_at from account"));
	rig_clock(&w->r, next_at - clk_now());
	assert_int_equal(run(w, &next_at), 1);
	assert_int_equal(rig_number(&w->r, "select generation from account"), 2);
	assert_int_equal(job_due(w, "refresh"), rig_number(&w->r, "select refresh_due_at from account"));
	rig_endpoint_end(&w->r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 1);
	buf_clear(&log);
}

/* An idle one: once a day one refresh and /me; the margin of its token does not matter. */
static void
test_refresh_idle(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, PAIR}, {RIG_ANSWER, ME}};
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;
	struct buf log = BUF_INIT(65536);

	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_endpoint(&w->r, steps, 2);
	rig_clock(&w->r, LIFE_S);
	assert_int_equal(run(w, &next_at), 1);
	assert_in_range(next_at, clk_now() + DAY_S - LIFE_S - 60, clk_now() + DAY_S - LIFE_S);
	rig_clock(&w->r, DAY_S);
	assert_int_equal(run(w, &next_at), 1);
	assert_in_range(rig_number(&w->r, "select proved_at from account"), clk_now() - 5, clk_now());
	/* The pair's own time passes without a call. */
	rig_clock(&w->r, LIFE_S);
	assert_int_equal(run(w, &next_at), 1);
	assert_in_range(next_at, clk_now() + DAY_S - LIFE_S - 5, clk_now() + DAY_S - LIFE_S);
	rig_endpoint_end(&w->r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 2);
	buf_clear(&log);
}

/* Procore is away: an idle account's proof waits like anybody's, it is not asked every few seconds. */
static void
test_refresh_unreachable(void **state)
{
	struct work_rig *w = *state;
	int64_t idle = rig_account(&w->r, "idle", NULL, NULL);
	int64_t used = rig_account(&w->r, "used", NULL, NULL);
	int64_t next_at = 0;

	(void)rig_connect(&w->r, "P-1", used);
	rig_sign_in(&w->r, idle, "A1", "R1", LIFE_S);
	rig_sign_in(&w->r, used, "A1", "R1", LIFE_S);
	rig_clock(&w->r, DAY_S + 60);
	assert_int_equal(run(w, &next_at), 2);
	assert_int_equal(rig_number(&w->r, "select count(*) from token_journal where state = 'unsent'"), 2);
	assert_in_range(next_at, clk_now() + 55, clk_now() + 75);
	assert_int_equal(rig_number(&w->r, "select count(*) from account where state = 'ok'"), 2);
}

/* A lost sign-in is not planned any more. */
static void
test_refresh_lost(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("401 No") "\r\n{\"error\":\"invalid_grant\"}"}};
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;
	struct buf log = BUF_INIT(65536);

	(void)rig_connect(&w->r, "P-1", id);
	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_endpoint(&w->r, steps, 1);
	rig_clock(&w->r, LIFE_S);
	(void)run(w, &next_at);
	assert_int_equal(job_due(w, "refresh"), 0);
	assert_int_equal(rig_number(&w->r, "select count(*) from account where state = 'lost'"), 1);
	rig_endpoint_end(&w->r, &log);
	assert_int_equal(rig_count(&log, "CALL "), 1);
	buf_clear(&log);
}

static void
test_revoke(void **state)
{
	static const struct rig_step steps[] = {{RIG_ANSWER, HEAD("200 OK") "\r\n{}"}};
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;

	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_sql(&w->r, "delete from job");
	rig_endpoint(&w->r, steps, 1);
	wish(w, JOB_REVOKE, id, "{\"after\":\"removed\"}");
	assert_int_equal(run(w, &next_at), 1);
	assert_int_equal(rig_number(&w->r, "select count(*) from account where state = 'removed'"), 1);
	assert_int_equal(rig_number(&w->r, "select count(*) from job"), 0);
}

/* One page of companies, ids from first. */
static void
companies(struct buf *b, int first, int n, bool more)
{
	buf_puts(b, HEAD("200 OK"));
	if (more)
		buf_puts(b, "Link: <https://api.example.com/rest/v1.0/companies?page=2>; rel=\"next\"\r\n");
	buf_puts(b, "\r\n[");
	for (int i = 0; i < n; i++)
		buf_printf(b, "%s{\"id\":%lld,\"name\":\"Contractor %d\",\"is_active\":true}", i == 0 ? "" : ",",
		    562949953421312LL + first + i, first + i);
	buf_puts(b, "]");
}

/* Connect a project with hundreds of companies: every page is read, and what is gone there goes here. */
static void
test_browse_hundreds(void **state)
{
	struct work_rig *w = *state;
	struct buf pages[3];
	struct rig_step steps[3];
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;

	for (int i = 0; i < 3; i++) {
		buf_init(&pages[i], 65536);
		companies(&pages[i], i * 100, i < 2 ? 100 : 37, i < 2);
		steps[i] = (struct rig_step){RIG_ANSWER, buf_str(&pages[i])};
	}
	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_sql(&w->r, "delete from job");
	rig_sql(&w->r, "insert into browse_list (account_id, kind, parent_id, wanted_at) values (1, 'company', 0, unixepoch() - 5)");
	rig_sql(&w->r, "insert into browse_row values (1, 'company', 0, '5', '', 'Gone', '', 1)");
	rig_endpoint(&w->r, steps, 3);
	wish(w, JOB_BROWSE, id, "");
	assert_int_equal(run(w, &next_at), 1);
	assert_int_equal(rig_number(&w->r, "select count(*) from browse_row where remote_id > '56'"), 237);
	assert_int_equal(rig_number(&w->r, "select count(*) from browse_row where name = 'Gone'"), 0);
	assert_int_equal(rig_number(&w->r, "select count(*) from browse_list where read_at > 0 and error = ''"), 1);
	for (int i = 0; i < 3; i++)
		buf_clear(&pages[i]);
}

/* A step that fails stays in sight with its reason, and the gaps grow; others go on. */
static void
test_failing_step(void **state)
{
	static const int64_t least_s[] = {10, 20, 40, 80, 160, 320, 600, 600};
	struct work_rig *w = *state;
	int64_t next_at = 0;

	wish(w, JOB_REFRESH, 4711, "");
	for (size_t i = 0; i < ROWS(least_s); i++) {
		char *error;

		assert_int_equal(run(w, &next_at), 1);
		assert_int_equal(rig_number(&w->r, "select tries from job"), (int64_t)i + 1);
		error = rig_text(&w->r, "select error from job");
		assert_string_equal(error, "account 4711");
		free(error);
		assert_in_range(next_at, clk_now() + least_s[i] - 2, clk_now() + least_s[i] * 5 / 4);
		rig_clock(&w->r, next_at - clk_now());
	}
	/* A step that fails keeps no other one back. */
	wish(w, JOB_MAIL, 0, "");
	(void)run(w, &next_at);
	assert_int_equal(rig_number(&w->r, "select count(*) from job where kind = 'mail' and error = ''"), 1);
}

static void
test_seal_and_clean(void **state)
{
	struct work_rig *w = *state;
	struct attempt a = {.purpose = "connect", .user_name = "sam", .return_to = "/Projects",
	    .created_at = clk_now(), .expires_at = clk_now() + 900};
	uint8_t sum[ATTEMPT_HASH_BYTES] = {1};
	struct db *web = NULL;
	int64_t next_at = 0;

	OK(&w->r, db_open(w->r.db_path, store_catalog(), DB_ROLE_WEB, &web, &w->r.err));
	OK(&w->r, attempt_add(web, sum, &a, &w->r.err));
	db_close(web);
	OK(&w->r, audit_add(w->r.db, "sam", "pause", "connection 1", NULL, &w->r.err));
	wish(w, JOB_SEAL_AUDIT, 0, "");
	wish(w, JOB_CLEAN, 0, "");
	wish(w, JOB_CHECKPOINT, 0, "");
	(void)run(w, &next_at);
	assert_int_equal(rig_number(&w->r, "select count(*) from audit where mac is null"), 0);
	assert_int_equal(rig_number(&w->r, "select count(*) from attempt"), 1);
	rig_clock(&w->r, 2 * DAY_S);
	(void)run(w, &next_at);
	assert_int_equal(rig_number(&w->r, "select count(*) from attempt"), 0);
}

/* After an import or a restore everything that lacks a row gets one. */
static void
test_plan(void **state)
{
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);
	int64_t next_at = 0;
	bool ran = false;

	(void)rig_connect(&w->r, "P-1", id);
	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	rig_sql(&w->r, "delete from job");
	wish(w, JOB_PLAN, 0, "");
	OK(&w->r, work_step(&w->work, "1.test", &ran, &next_at, &w->r.err));
	assert_true(ran);
	assert_int_equal(rig_number(&w->r, "select count(*) from job where kind in ('refresh', 'sync', 'check_bic')"), 3);
}

/* How many checks of the seat are planned so long after the last one. */
static int64_t
checks_after(struct work_rig *w, const char *state, int64_t gap_s)
{
	char sql[160];
	int64_t next_at = 0;
	bool ran = false;

	assert_int_equal(str_format(sql, sizeof sql, "update bic set state = '%s', checked_at = %" PRId64, state,
			     clk_now() - gap_s), 0);
	rig_sql(&w->r, sql);
	rig_sql(&w->r, "delete from job");
	wish(w, JOB_PLAN, 0, "");
	OK(&w->r, work_step(&w->work, "1.test", &ran, &next_at, &w->r.err));
	return rig_number(&w->r, "select count(*) from job where kind = 'check_bic'");
}

/* The contractor gives a permission back and nobody tells us: a seat in trouble is looked at each hour. */
static void
test_plan_checks(void **state)
{
	struct work_rig *w = *state;
	int64_t id = rig_account(&w->r, "sam", NULL, NULL);

	(void)rig_connect(&w->r, "P-1", id);
	rig_sign_in(&w->r, id, "A1", "R1", LIFE_S);
	assert_int_equal(checks_after(w, "ok", DAY_S - 10), 0);
	assert_int_equal(checks_after(w, "ok", DAY_S), 1);
	assert_int_equal(checks_after(w, "permission_lost", 3500), 0);
	assert_int_equal(checks_after(w, "permission_lost", 3600), 1);
	assert_int_equal(checks_after(w, "no_contact", 3600), 1);
}

/* A newer release migrated the database: no step any more. */
static void
test_other_schema(void **state)
{
	struct work_rig *w = *state;
	int64_t next_at = 0;
	bool ran = true;

	wish(w, JOB_MAIL, 0, "");
	rig_sql(&w->r, "pragma user_version = 99");
	assert_int_equal(work_step(&w->work, "1.test", &ran, &next_at, &w->r.err), -1);
	assert_int_equal(w->r.err.code, ERR_DB);
	assert_non_null(strstr(w->r.err.msg, "version 99"));
	assert_int_equal(rig_number(&w->r, "select count(*) from job where owner <> ''"), 0);
}

/* Whoever wakes and finds work tells one more, once. */
static void
test_rouse(void **state)
{
	struct work_rig *w = *state;
	int64_t next_at = 0;
	int fd = -1;
	struct pollfd p;
	char byte;

	OK(&w->r, wake_listen(w->r.conf.wake_socket, &fd, &w->r.err));
	p = (struct pollfd){.fd = fd, .events = POLLIN};
	w->work.rouse = w->r.conf.wake_socket;
	assert_int_equal(run(w, &next_at), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	wish(w, JOB_MAIL, 0, "");
	wish(w, JOB_SEAL_AUDIT, 0, "");
	assert_int_equal(run(w, &next_at), 2);
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(poll(&p, 1, 0), 0);
	close(fd);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_house),
	    TEST(test_refresh_in_use),
	    TEST(test_refresh_idle),
	    TEST(test_refresh_unreachable),
	    TEST(test_refresh_lost),
	    TEST(test_revoke),
	    TEST(test_browse_hundreds),
	    TEST(test_failing_step),
	    TEST(test_seal_and_clean),
	    TEST(test_plan),
	    TEST(test_plan_checks),
	    TEST(test_other_schema),
	    TEST(test_rouse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
