/* test_account.c: store/account: find, add, states by generation, people. */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "store/account.h"
#include "store/person.h"

static void
test_found_again(void **state)
{
	struct rig *r = *state;
	struct account a = {0};
	int64_t first = 0, second = 0;

	OK(r, account_ensure(r->db, "  Sam@Procore.example ", "", &first, &r->err));
	OK(r, account_ensure(r->db, "sam@procore.EXAMPLE", "", &second, &r->err));
	assert_int_equal(first, second);
	OK(r, account_by_login(r->db, " SAM@procore.example", &a, &r->err));
	assert_string_equal(a.login, "Sam@Procore.example");
	assert_string_equal(a.login_folded, "sam@procore.example");
	assert_int_equal(strlen(a.public_id), 32);
	assert_int_equal(a.state, ACCOUNT_NEEDED);
	assert_string_equal(a.cause, "sign_in_needed");
	assert_int_equal(a.generation, 0);
	{
		struct account b = {0};

		OK(r, account_by_public_id(r->db, a.public_id, &b, &r->err));
		assert_int_equal(b.id, a.id);
		account_clear(&b);
	}
	account_clear(&a);
	assert_int_equal(account_ensure(r->db, "  ", "", &first, &r->err), -1);
	assert_int_equal(r->err.code, ERR_INPUT);
}

static void
test_absent(void **state)
{
	struct rig *r = *state;
	struct account a = {0};

	assert_int_equal(account_get(r->db, 99, &a, &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	assert_int_equal(account_by_login(r->db, "x", &a, &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	assert_int_equal(account_by_public_id(r->db, "x", &a, &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	assert_int_equal(account_by_procore_id(r->db, 5, &a, &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	assert_null(a.login);
}

/* Writes of another generation change nothing and say so; "since" moves with the state only. */
static void
test_states_by_generation(void **state)
{
	struct rig *r = *state;
	struct account a = {0};
	int64_t id = rig_account(r, "sam", NULL, NULL);
	int64_t began;
	bool changed = true;

	OK(r, account_stored(r->db, id, 1, 50, 40, &changed, &r->err));
	assert_false(changed);
	OK(r, account_stored(r->db, id, 0, clk_now() + 50, clk_now() + 40, &changed, &r->err));
	assert_true(changed);
	OK(r, account_get(r->db, id, &a, &r->err));
	assert_int_equal(a.generation, 1);
	assert_int_equal(a.state, ACCOUNT_OK);
	began = a.since_at;
	account_clear(&a);
	rig_clock(r, 100);
	OK(r, account_stored(r->db, id, 1, clk_now() + 50, clk_now() + 40, &changed, &r->err));
	OK(r, account_get(r->db, id, &a, &r->err));
	assert_int_equal(a.since_at, began);
	account_clear(&a);
	OK(r, account_set_state(r->db, id, 1, ACCOUNT_LOST, "sign_in_lost", "old news", 0, &changed, &r->err));
	assert_false(changed);
	OK(r, account_set_state(r->db, id, 2, ACCOUNT_LOST, "sign_in_lost", "text", 0, &changed, &r->err));
	assert_true(changed);
	OK(r, account_get(r->db, id, &a, &r->err));
	assert_int_equal(a.state, ACCOUNT_LOST);
	assert_in_range(a.since_at, began + 99, began + 110);
	assert_string_equal(a.cause_text, "text");
	assert_int_equal(a.refresh_due_at, 0);
	account_clear(&a);
	OK(r, account_dropped(r->db, id, 1, ACCOUNT_REMOVED, "none", &changed, &r->err));
	assert_false(changed);
	OK(r, account_dropped(r->db, id, 2, ACCOUNT_REMOVED, "none", &changed, &r->err));
	assert_true(changed);
	OK(r, account_get(r->db, id, &a, &r->err));
	assert_int_equal(a.generation, 3);
	assert_int_equal(a.access_expires_at, 0);
	account_clear(&a);
}

/* The words are those that the table's CHECK allows. */
static void
test_state_words(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", NULL, NULL);
	bool changed;

	for (int s = 0; s < ACCOUNT_STATE_MAX; s++) {
		struct account a = {0};

		OK(r, account_set_state(r->db, id, 0, (enum account_state)s, "none", "", 0, &changed, &r->err));
		OK(r, account_get(r->db, id, &a, &r->err));
		assert_int_equal(a.state, s);
		account_clear(&a);
	}
}

/* "Proved" is written at most once a minute. */
static void
test_proved(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", NULL, NULL);
	int64_t first;

	OK(r, account_proved(r->db, id, &r->err));
	first = rig_number(r, "select proved_at from account");
	rig_clock(r, 30);
	OK(r, account_proved(r->db, id, &r->err));
	assert_int_equal(rig_number(r, "select proved_at from account"), first);
	rig_clock(r, 31);
	OK(r, account_proved(r->db, id, &r->err));
	assert_in_range(rig_number(r, "select proved_at from account"), first + 61, first + 70);
}

static void
test_in_use(void **state)
{
	static const struct {
		const char *sql;
		bool want;
	} rows[] = {{"update connection set state = 'paused'", false}, {"update connection set state = 'active'", true},
	    {"update bic set removed_at = 1", false}, {"update bic set removed_at = null", true},
	    {"update connection set state = 'disconnected'", false}};
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", NULL, NULL);
	bool in_use = true;

	OK(r, account_in_use(r->db, id, &in_use, &r->err));
	assert_false(in_use);
	(void)rig_connect(r, "P-1", id);
	for (size_t i = 0; i < ROWS(rows); i++) {
		rig_sql(r, rows[i].sql);
		OK(r, account_in_use(r->db, id, &in_use, &r->err));
		assert_int_equal(in_use, rows[i].want);
	}
}

/* Proof is stronger than hearsay and stays. */
static void
test_people(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", "sam", "sam@firm.example");
	bool yes = false;
	char *source;

	OK(r, account_is_of(r->db, id, "sam", &yes, &r->err));
	assert_true(yes);
	OK(r, account_is_of(r->db, id, "kim", &yes, &r->err));
	assert_false(yes);
	OK(r, account_join_person(r->db, id, "sam", "proved", &r->err));
	OK(r, account_join_person(r->db, id, "sam", "admin", &r->err));
	source = rig_text(r, "select source from person_account");
	assert_string_equal(source, "proved");
	free(source);
	/* Somebody without a row is nobody. */
	OK(r, account_join_person(r->db, id, "ghost", "proved", &r->err));
	assert_int_equal(rig_number(r, "select count(*) from person_account"), 1);
}

/* A person without a row, or removed, has no right anywhere. */
static void
test_person(void **state)
{
	struct rig *r = *state;
	struct person p = {0};
	struct person_at at = {0};
	int64_t account = rig_account(r, "sam", "sam", "sam@firm.example");
	int64_t project = rig_connect(r, "P-1", account);
	int64_t id = 0;

	OK(r, person_get(r->db, "sam", &p, &r->err));
	assert_true(p.any_bic && !p.any_project_admin && !p.global_admin);
	OK(r, person_at(r->admin, &p, project, &at, &r->err));
	assert_true(at.exists && at.bic && !at.project_admin);
	OK(r, person_at(r->admin, &p, project + 1, &at, &r->err));
	assert_false(at.exists);
	OK(r, person_set_project_admin(r->admin, p.id, project, true, &r->err));
	OK(r, person_set_project_admin(r->admin, p.id, project, true, &r->err));
	OK(r, person_at(r->admin, &p, project, &at, &r->err));
	assert_true(at.project_admin);
	OK(r, person_set_project_admin(r->admin, p.id, project, false, &r->err));
	OK(r, person_get(r->db, "sam", &p, &r->err));
	assert_false(p.any_project_admin);
	OK(r, person_put(r->admin, "sam", "", "", true, &id, &r->err));
	assert_int_equal(id, p.id);
	OK(r, person_get(r->db, "sam", &p, &r->err));
	assert_true(p.global_admin);
	assert_string_equal(p.mail, "sam@firm.example");
	rig_sql(r, "update person set removed_at = 1");
	OK(r, person_get(r->db, "sam", &p, &r->err));
	assert_true(p.id == 0 && !p.global_admin && !p.any_bic);
	OK(r, person_get(r->db, "ghost", &p, &r->err));
	assert_int_equal(p.id, 0);
	assert_string_equal(p.user_name, "ghost");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_found_again),
	    TEST(test_absent),
	    TEST(test_states_by_generation),
	    TEST(test_state_words),
	    TEST(test_proved),
	    TEST(test_in_use),
	    TEST(test_people),
	    TEST(test_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
