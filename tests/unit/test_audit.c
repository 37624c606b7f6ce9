/* test_audit.c: the trail's seals show every change (DESIGN.md 9). */
#include "config.h"

#include "core_rig.h"

#include "base/str.h"
#include "core/audit.h"

static struct secret key;

static void
add(struct rig *r, const char *action)
{
	struct json *d = json_obj();

	json_put_str(d, "to", "12");
	OK(r, audit_add(r->db, "sam", action, "connection 12", d, &r->err));
	json_free(d);
}

/* Five rows, sealed in two goes. */
static void
five(struct rig *r)
{
	int sealed = -1;

	for (int i = 0; i < 5; i++)
		add(r, "pause");
	OK(r, audit_seal(r->db, &key, 3, &sealed, &r->err));
	assert_int_equal(sealed, 3);
	OK(r, audit_seal(r->db, &key, 100, &sealed, &r->err));
	assert_int_equal(sealed, 2);
	OK(r, audit_seal(r->db, &key, 100, &sealed, &r->err));
	assert_int_equal(sealed, 0);
}

static struct audit_report
verify(struct rig *r)
{
	struct audit_report rep = {0};

	OK(r, audit_verify(r->db, &key, &rep, &r->err));
	return rep;
}

static void
test_good_chain(void **state)
{
	struct rig *r = *state;
	struct audit_report rep;
	char *head;

	assert_int_equal(verify(r).rows, 0);
	assert_int_equal(verify(r).first_bad_id, 0);
	five(r);
	rep = verify(r);
	assert_int_equal(rep.rows, 5);
	assert_int_equal(rep.unsealed, 0);
	assert_int_equal(rep.first_bad_id, 0);
	head = rig_text(r, "select value from meta where key = 'audit_head'");
	assert_string_equal(head, rep.head_hex);
	free(head);
	add(r, "resume");
	rep = verify(r);
	assert_int_equal(rep.unsealed, 1);
	assert_int_equal(rep.first_bad_id, 0);
}

/* Row 3 is changed in each of its columns, taken away, put in between, or loses its seal. */
static void
test_tampering_shows(void **state)
{
	static const struct {
		const char *sql;
		int64_t bad;
	} rows[] = {
	    {"update audit set at = at + 1 where id = 3", 3},
	    {"update audit set actor = 'kim' where id = 3", 3},
	    {"update audit set action = 'resume' where id = 3", 3},
	    {"update audit set target = 'connection 13' where id = 3", 3},
	    {"update audit set detail = '{}' where id = 3", 3},
	    /* Letters moved from one column to the next: lengths are sealed too. */
	    {"update audit set actor = 'sampa', action = 'use' where id = 3", 3},
	    {"update audit set mac = zeroblob(32) where id = 3", 3},
	    {"update audit set mac = null where id = 3", 4},
	    {"update audit set mac = (select mac from audit where id = 2) where id = 3", 3},
	    {"update audit set id = 30 where id = 3", 4},
	    {"delete from audit where id = 3", 4},
	    {"delete from audit where id = 1", 2},
	    /* The end cut off: the chain is whole, but not the one whose head was noted. */
	    {"delete from audit where id = 5", 5},
	    {"delete from audit where id >= 4", 4},
	    {"delete from audit", 1},
	};
	struct rig *r = *state;

	(void)r;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig own;
		struct audit_report rep;

		rig_open(&own, NULL);
		five(&own);
		rig_sql(&own, rows[i].sql);
		rep = verify(&own);
		if (rep.first_bad_id != rows[i].bad)
			fail_msg("%s: first bad row %d, not %d", rows[i].sql, (int)rep.first_bad_id, (int)rows[i].bad);
		rig_close(&own);
	}
}

/* A chain made with another key is no chain. */
static void
test_other_key(void **state)
{
	struct rig *r = *state;
	struct secret other = {0};
	struct audit_report rep = {0};

	five(r);
	secret_set(&other, "another key of some length.......", 33);
	OK(r, audit_verify(r->db, &other, &rep, &r->err));
	assert_int_equal(rep.first_bad_id, 1);
	secret_clear(&other);
}

/* More rows than are read at a time. */
static void
test_long_trail(void **state)
{
	struct rig *r = *state;
	struct audit_report rep;
	int sealed = 0;

	OK(r, db_begin(r->db, &r->err));
	for (int i = 0; i < 1203; i++)
		add(r, "pause");
	OK(r, db_commit(r->db, &r->err));
	OK(r, audit_seal(r->db, &key, 5000, &sealed, &r->err));
	assert_int_equal(sealed, 1203);
	rep = verify(r);
	assert_int_equal(rep.rows, 1203);
	assert_int_equal(rep.first_bad_id, 0);
}

/* Pages insert inside their own transaction: with it the row comes or goes. */
static void
test_row_goes_with_its_transaction(void **state)
{
	struct rig *r = *state;

	OK(r, db_begin(r->db, &r->err));
	add(r, "pause");
	db_rollback(r->db);
	assert_int_equal(verify(r).rows, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_good_chain),
	    TEST(test_tampering_shows),
	    TEST(test_other_key),
	    TEST(test_long_trail),
	    TEST(test_row_goes_with_its_transaction),
	};
	int rc;

	secret_set(&key, "a key of some length............", 32);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	secret_clear(&key);
	return rc;
}
