/* test_incident.c: who is told what, once (DESIGN.md 7 "Telling people", failures.md F36 to F40). */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "core/incident.h"
#include "store/account.h"
#include "store/person.h"

enum { DAY_S = 86400 };

/* All mails of a kind: "to to to", in the order of their rows; owned by the caller. */
static char *
mails(struct rig *r, const char *kind)
{
	char sql[256];

	assert_int_equal(str_format(sql, sizeof sql,
	                     "select coalesce(group_concat(to_address, ' '), '') from (select to_address from mail where "
	                     "kind = '%s' order by id)", kind), 0);
	return rig_text(r, sql);
}

#define EXPECT_MAILS(r, kind, want)                                                        \
	do {                                                                               \
		char *got_mails = mails(r, kind);                                          \
		assert_string_equal(got_mails, want);                                      \
		free(got_mails);                                                           \
	} while (0)

static void
lose(struct rig *r, int64_t id)
{
	OK(r, incident_open_account(r->db, &r->conf, id, CAUSE_SIGN_IN_LOST, "why", &r->err));
}

static int64_t
run(struct rig *r)
{
	int64_t next_at = -1;

	OK(r, incident_run(r->db, &r->conf, &next_at, &r->err));
	return next_at;
}

static void
admin(struct rig *r, const char *user, const char *mail, int64_t connection_id)
{
	int64_t id = 0;

	OK(r, person_put(r->admin, user, user, mail, connection_id == 0, &id, &r->err));
	if (connection_id != 0)
		OK(r, person_set_project_admin(r->admin, id, connection_id, true, &r->err));
}

static void
sent(struct rig *r)
{
	rig_sql(r, "update mail set state = 'sent', sent_at = 1 where state = 'queued'");
}

/* F38: ten losses of one account are one incident and one mail, to its person. */
static void
test_f38_one_incident_one_mail(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	for (int i = 0; i < 10; i++)
		lose(r, id);
	assert_int_equal(rig_number(r, "select count(*) from incident"), 1);
	EXPECT_MAILS(r, "lost", "sam@firm.example");
	assert_int_equal(rig_number(r, "select count(*) from job where kind = 'mail'"), 1);
	assert_int_equal(rig_number(r, "select told_at > 0 from incident"), 1);
}

/* Several people of one account each get one; without anybody the login's address; without that, the admins. */
static void
test_f36_who_is_told(void **state)
{
	struct rig *r = *state;
	int64_t both = rig_account(r, "office", "sam", "sam@firm.example");
	int64_t bare = rig_account(r, "alone@procore.example", NULL, NULL);
	int64_t nameless = rig_account(r, "nobody", NULL, NULL);
	int64_t person = 0;

	OK(r, person_put(r->admin, "kim", "Kim", "kim@firm.example", false, &person, &r->err));
	OK(r, account_join_person(r->admin, both, "kim", "admin", &r->err));
	admin(r, "pat", "pat@firm.example", rig_connect(r, "P-1", nameless));
	admin(r, "boss", "boss@firm.example", 0);
	lose(r, both);
	EXPECT_MAILS(r, "lost", "sam@firm.example kim@firm.example");
	sent(r);
	lose(r, bare);
	EXPECT_MAILS(r, "lost", "sam@firm.example kim@firm.example alone@procore.example");
	lose(r, nameless);
	EXPECT_MAILS(r, "lost",
	    "sam@firm.example kim@firm.example alone@procore.example pat@firm.example boss@firm.example");
}

/* An account in use that never signed in is told of like a loss, by the first look; an unused one is not. */
static void
test_needed_is_found(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	(void)rig_account(r, "unused@procore.example", NULL, NULL);
	(void)rig_connect(r, "P-1", id);
	(void)run(r);
	(void)run(r);
	EXPECT_MAILS(r, "lost", "sam@firm.example");
	assert_int_equal(rig_number(r, "select count(*) from incident where cause = 'sign_in_needed'"), 1);
}

/* Reminders on days 1, 3, 7, 14; to the projects' admins too from the second on; then silence. */
static void
test_f40_reminders(void **state)
{
	static const struct {
		int64_t after_s; /* of the incident */
		int n;           /* reminders to the person by then */
		int admins;
	} rows[] = {{DAY_S - 60, 0, 0}, {DAY_S + 1, 1, 0}, {2 * DAY_S, 1, 0}, {3 * DAY_S + 1, 2, 1}, {7 * DAY_S + 1, 3, 2},
	    {14 * DAY_S + 1, 4, 3}, {60 * DAY_S, 4, 3}};
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");
	int64_t at = 0;

	admin(r, "pat", "pat@firm.example", rig_connect(r, "P-1", id));
	lose(r, id);
	sent(r);
	for (size_t i = 0; i < ROWS(rows); i++) {
		rig_clock(r, rows[i].after_s - at);
		at = rows[i].after_s;
		(void)run(r);
		(void)run(r);
		assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'reminder' and to_address like 'sam@%'"),
		    rows[i].n);
		assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'reminder' and to_address like 'pat@%'"),
		    rows[i].admins);
	}
	assert_int_equal(run(r), 0);
}

/* After a long stop of the worker one reminder goes out, not all that were missed. */
static void
test_missed_reminders(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");
	int64_t next_at;

	(void)rig_connect(r, "P-1", id);
	lose(r, id);
	rig_clock(r, 8 * DAY_S);
	next_at = run(r);
	EXPECT_MAILS(r, "reminder", "sam@firm.example");
	assert_in_range(next_at, clk_now() + 6 * DAY_S - 60, clk_now() + 6 * DAY_S);
}

/* F40: recovery closes it and tells those who had been told, and nobody else. */
static void
test_f40_recovery(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	lose(r, id);
	sent(r);
	OK(r, incident_close_account(r->db, &r->conf, id, &r->err));
	OK(r, incident_close_account(r->db, &r->conf, id, &r->err));
	EXPECT_MAILS(r, "recovered", "sam@firm.example");
	rig_clock(r, 30 * DAY_S);
	(void)run(r);
	EXPECT_MAILS(r, "reminder", "");
	/* The next loss is a new one. */
	lose(r, id);
	EXPECT_MAILS(r, "lost", "sam@firm.example sam@firm.example");
}

/* Nobody is reminded of a sign-in that no running project needs; when one does again, it is told anew. */
static void
test_unused_account_is_left_alone(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	(void)rig_connect(r, "P-1", id);
	rig_sql(r, "update account set state = 'lost'");
	lose(r, id);
	sent(r);
	rig_sql(r, "update connection set state = 'paused'");
	rig_clock(r, 4 * DAY_S);
	(void)run(r);
	EXPECT_MAILS(r, "reminder", "");
	EXPECT_MAILS(r, "recovered", "");
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 0);
	rig_sql(r, "update connection set state = 'active'");
	(void)run(r);
	(void)run(r);
	EXPECT_MAILS(r, "lost", "sam@firm.example sam@firm.example");
}

/* A permission that Procore took is told to the person and the admins of the projects concerned, once an account. */
static void
test_permission(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	rig_sql(r, "update account set state = 'ok'");
	admin(r, "pat", "pat@firm.example", rig_connect(r, "P-1", id));
	admin(r, "kim", "kim@firm.example", rig_connect(r, "P-2", id));
	(void)run(r);
	EXPECT_MAILS(r, "service", "");
	rig_sql(r, "update bic set state = 'permission_lost', state_text = 'None on RFIs' where id = 1");
	(void)run(r);
	(void)run(r);
	EXPECT_MAILS(r, "service", "sam@firm.example pat@firm.example");
	assert_int_equal(rig_number(r, "select count(*) from incident where subject = 'permission' and subject_id = '1' and "
	                               "cause = 'permission_lost'"), 1);
	sent(r);
	/* A second project: the reminder names both, and tells its admin. */
	rig_sql(r, "update bic set state = 'permission_lost'");
	rig_clock(r, DAY_S + 60);
	(void)run(r);
	EXPECT_MAILS(r, "service",
	    "sam@firm.example pat@firm.example sam@firm.example pat@firm.example kim@firm.example");
	sent(r);
	rig_sql(r, "update bic set state = 'ok'");
	(void)run(r);
	(void)run(r);
	EXPECT_MAILS(r, "recovered", "sam@firm.example pat@firm.example kim@firm.example");
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 0);
}

/* A lost sign-in is told of as such, not as a permission besides. */
static void
test_permission_of_a_lost_account(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	(void)rig_connect(r, "P-1", id);
	rig_sql(r, "update account set state = 'lost'");
	rig_sql(r, "update bic set state = 'permission_lost'");
	(void)run(r);
	EXPECT_MAILS(r, "service", "");
	EXPECT_MAILS(r, "lost", "sam@firm.example");
}

/* Well again before the mail went out: neither the bad news nor the good is sent. */
static void
test_recovery_before_the_mail(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");

	lose(r, id);
	OK(r, incident_close_account(r->db, &r->conf, id, &r->err));
	EXPECT_MAILS(r, "recovered", "");
	assert_int_equal(rig_number(r, "select count(*) from mail where state = 'dropped'"), 1);
}

/* A service that hiccups tells nobody; one that is down for an hour tells the Global Admins. */
static void
test_service(void **state)
{
	struct rig *r = *state;

	admin(r, "boss", "boss@firm.example", 0);
	OK(r, incident_service(r->db, &r->conf, "procore", 0, "no answer", &r->err));
	(void)run(r);
	OK(r, incident_service(r->db, &r->conf, "procore", 1, "", &r->err));
	EXPECT_MAILS(r, "service", "");
	EXPECT_MAILS(r, "recovered", "");
	OK(r, incident_service(r->db, &r->conf, "procore", 0, "no answer", &r->err));
	rig_clock(r, INCIDENT_SERVICE_GRACE_S + 1);
	OK(r, incident_service(r->db, &r->conf, "procore", 0, "no answer still", &r->err));
	(void)run(r);
	EXPECT_MAILS(r, "service", "boss@firm.example");
	sent(r);
	OK(r, incident_service(r->db, &r->conf, "procore", 1, "", &r->err));
	EXPECT_MAILS(r, "recovered", "boss@firm.example");
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 0);
}

static void
test_local_faults_are_told_at_once(void **state)
{
	static const char *const names[] = {"configuration", "disk", "key", "clock"};
	struct rig *r = *state;

	admin(r, "boss", "boss@firm.example", 0);
	for (size_t i = 0; i < ROWS(names); i++)
		OK(r, incident_service(r->db, &r->conf, names[i], 0, "x", &r->err));
	assert_int_equal(rig_number(r, "select count(*) from mail where kind = 'service'"), ROWS(names));
}

static void
test_company(void **state)
{
	struct rig *r = *state;

	admin(r, "boss", "boss@firm.example", 0);
	OK(r, incident_open_company(r->db, &r->conf, 8000000000, "x", &r->err));
	OK(r, incident_open_company(r->db, &r->conf, 8000000000, "x", &r->err));
	OK(r, incident_open_company(r->db, &r->conf, 8000000001, "x", &r->err));
	EXPECT_MAILS(r, "service", "boss@firm.example boss@firm.example");
	sent(r);
	OK(r, incident_close_company(r->db, &r->conf, 8000000000, &r->err));
	assert_int_equal(rig_number(r, "select count(*) from incident where closed_at is null"), 1);
	EXPECT_MAILS(r, "recovered", "boss@firm.example");
}

/* The button sends the link again, once a minute however often it is pressed. */
static void
test_send_link(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam@procore.example", "sam", "sam@firm.example");
	int64_t nobody = rig_account(r, "nobody", NULL, NULL);

	/* To a full minute, so that the presses below fall into one. */
	rig_clock(r, 60 - clk_now() % 60);
	for (int i = 0; i < 3; i++)
		OK(r, incident_send_link(r->db, &r->conf, id, "pat", &r->err));
	EXPECT_MAILS(r, "link", "sam@firm.example");
	rig_clock(r, 60);
	OK(r, incident_send_link(r->db, &r->conf, id, "pat", &r->err));
	EXPECT_MAILS(r, "link", "sam@firm.example sam@firm.example");
	assert_int_equal(incident_send_link(r->db, &r->conf, nobody, "pat", &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	assert_int_equal(rig_number(r, "select count(distinct message_id) from mail"), 2);
	assert_int_equal(rig_number(r, "select count(*) from mail where message_id like '<%@portal.example.com>'"), 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_f38_one_incident_one_mail),
	    TEST(test_f36_who_is_told),
	    TEST(test_needed_is_found),
	    TEST(test_f40_reminders),
	    TEST(test_missed_reminders),
	    TEST(test_f40_recovery),
	    TEST(test_recovery_before_the_mail),
	    TEST(test_unused_account_is_left_alone),
	    TEST(test_permission),
	    TEST(test_permission_of_a_lost_account),
	    TEST(test_service),
	    TEST(test_local_faults_are_told_at_once),
	    TEST(test_company),
	    TEST(test_send_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
