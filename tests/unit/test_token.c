/* test_token.c: store/token: pairs, leases, journal, keys; what each role may not do. */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/str.h"
#include "store/catalog.h"
#include "store/token.h"

static void
put(struct rig *r, struct db *db, int64_t id, int64_t generation, const char *access)
{
	struct token_row t = {.generation = generation};

	buf_init(&t.access, 100);
	buf_init(&t.refresh, 100);
	buf_puts(&t.access, access);
	buf_puts(&t.refresh, "sealed refresh");
	str_cut(t.writer_key_id, sizeof t.writer_key_id, r->writer.id);
	str_cut(t.reader_key_id, sizeof t.reader_key_id, r->reader.id);
	OK(r, token_put(db, id, &t, &r->err));
	token_row_clear(&t);
}

static void
test_pair(void **state)
{
	struct rig *r = *state;
	struct token_row t = {0};
	int64_t id = rig_account(r, "sam", NULL, NULL);

	assert_int_equal(token_get(r->db, id, &t, &r->err), -1);
	assert_int_equal(r->err.code, ERR_NOT_FOUND);
	put(r, r->db, id, 1, "first");
	put(r, r->db, id, 2, "second");
	OK(r, token_get(r->db, id, &t, &r->err));
	assert_int_equal(t.generation, 2);
	assert_string_equal(buf_str(&t.access), "second");
	assert_string_equal(t.writer_key_id, r->writer.id);
	assert_int_equal(strlen(t.writer_public_hex), 64);
	token_row_clear(&t);
	rig_sql(r, "update token set writer_key_id = 'unknown'");
	OK(r, token_get(r->db, id, &t, &r->err));
	assert_string_equal(t.writer_public_hex, "");
	token_row_clear(&t);
	OK(r, token_delete(r->db, id, &r->err));
	assert_int_equal(rig_number(r, "select count(*) from token"), 0);
}

/* Pages reach no token; callback writes and cannot read; the administrator's command has no query for it. */
static void
test_roles(void **state)
{
	static const enum db_role blind[] = {DB_ROLE_WEB, DB_ROLE_AUTH, DB_ROLE_HOOK, DB_ROLE_ADMIN};
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", NULL, NULL);

	for (size_t i = 0; i < ROWS(blind); i++) {
		struct token_row t = {0};
		struct db *db = NULL;

		OK(r, db_open(r->db_path, store_catalog(), blind[i], &db, &r->err));
		if (blind[i] == DB_ROLE_AUTH)
			put(r, db, id, 1, "by callback");
		assert_int_equal(token_get(db, id, &t, &r->err), -1);
		assert_int_equal(r->err.code, ERR_BUG);
		assert_int_equal(token_delete(db, id, &r->err), -1);
		db_close(db);
	}
	assert_int_equal(rig_number(r, "select count(*) from token"), 1);
}

static void
test_lease(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_account(r, "sam", NULL, NULL);
	int64_t n = -1;
	bool got = false;

	OK(r, token_lease_take(r->db, id, "1.a", 0, clk_now() + 50, &got, &r->err));
	assert_true(got);
	OK(r, token_lease_take(r->db, id, "2.b", 0, clk_now() + 50, &got, &r->err));
	assert_false(got);
	OK(r, token_lease_free(r->db, id, "2.b", &r->err));
	OK(r, token_lease_elsewhere(r->db, id, "2.b", &got, &r->err));
	assert_true(got);
	OK(r, token_lease_elsewhere(r->db, id, "1.a", &got, &r->err));
	assert_false(got);
	OK(r, token_leases_held(r->db, &n, &r->err));
	assert_int_equal(n, 1);
	rig_clock(r, 51);
	OK(r, token_leases_held(r->db, &n, &r->err));
	assert_int_equal(n, 0);
	OK(r, token_lease_elsewhere(r->db, id, "2.b", &got, &r->err)); /* it is over */
	assert_false(got);
	OK(r, token_lease_take(r->db, id, "2.b", 0, clk_now() + 50, &got, &r->err));
	assert_true(got);
	OK(r, token_lease_elsewhere(r->db, id, "1.a", &got, &r->err));
	assert_true(got);
	OK(r, token_lease_free(r->db, id, "2.b", &r->err));
	OK(r, token_lease_elsewhere(r->db, id, "1.a", &got, &r->err));
	assert_false(got);
}

/* Lost answers are counted by generation: those that were said to be lost, and those nobody could say. */
static void
test_journal(void **state)
{
	struct rig *r = *state;
	int64_t account = rig_account(r, "sam", NULL, NULL);
	int64_t id = 0, lost = -1, abandoned = -1;

	OK(r, token_journal_add(r->db, account, "refresh", 1, "1.a", &id, &r->err));
	OK(r, token_journal_end(r->db, id, "done", 200, "done", 0, &r->err));
	OK(r, token_journal_add(r->db, account, "refresh", 2, "1.a", &id, &r->err));
	OK(r, token_journal_end(r->db, id, "unknown", 0, "lost", 0, &r->err));
	OK(r, token_journal_add(r->db, account, "revoke", 2, "1.a", &id, &r->err));
	OK(r, token_journal_add(r->db, account, "refresh", 2, "1.a", &id, &r->err));
	OK(r, token_journal_open(r->db, account, 1, &lost, &abandoned, &r->err));
	assert_int_equal(lost, 0);
	OK(r, token_journal_open(r->db, account, 2, &lost, &abandoned, &r->err));
	assert_int_equal(lost, 2);
	assert_int_equal(abandoned, 1);
	OK(r, token_journal_give_up(r->db, account, 2, &r->err));
	OK(r, token_journal_open(r->db, account, 2, &lost, &abandoned, &r->err));
	assert_int_equal(lost, 2);
	assert_int_equal(abandoned, 0);
	/* An exchange learns its account at the end. */
	OK(r, token_journal_add(r->db, 0, "exchange", 0, "1.a", &id, &r->err));
	assert_int_equal(rig_number(r, "select account_id is null from token_journal order by id desc"), 1);
	OK(r, token_journal_end(r->db, id, "done", 200, "", account, &r->err));
	assert_int_equal(rig_number(r, "select account_id from token_journal order by id desc"), account);
}

/* What a process that died leaves open is given up when no renewal will come across it; nothing else is. */
static void
test_journal_of_the_dead(void **state)
{
	struct rig *r = *state;
	int64_t account = rig_account(r, "sam", NULL, NULL);
	int64_t id = 0, done = 0, begun = clk_now();

	OK(r, token_journal_add(r->db, 0, "exchange", 0, "1.a", &id, &r->err));
	OK(r, token_journal_add(r->db, account, "revoke", 0, "1.a", &id, &r->err));
	OK(r, token_journal_add(r->db, account, "refresh", 7, "1.a", &id, &r->err)); /* a past generation */
	OK(r, token_journal_add(r->db, account, "refresh", 0, "1.a", &id, &r->err)); /* the present one */
	OK(r, token_journal_add(r->db, 0, "exchange", 0, "1.a", &done, &r->err));
	OK(r, token_journal_end(r->db, done, "done", 200, "", account, &r->err));
	OK(r, token_journal_give_up_old(r->db, begun, &r->err)); /* too young */
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'intent'"), 4);
	OK(r, token_journal_give_up_old(r->db, begun + 1, &r->err));
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'unknown'"), 3);
	assert_int_equal(rig_number(r, "select id from token_journal where state = 'intent'"), id);
	assert_int_equal(rig_number(r, "select count(*) from token_journal where state = 'done'"), 1);
}

static void
test_keys(void **state)
{
	struct rig *r = *state;
	char id[32] = "";
	bool known = true;

	OK(r, token_key_current(r->db, "reader", id, &known, &r->err));
	assert_true(known);
	assert_string_equal(id, r->reader.id);
	OK(r, token_key_current(r->db, "worker_writer", id, &known, &r->err));
	assert_false(known);
	/* Noting a key twice changes nothing. */
	OK(r, token_key_put(r->db, r->reader.id, "writer", "00", &r->err));
	OK(r, token_key_current(r->db, "writer", id, &known, &r->err));
	assert_string_equal(id, r->writer.id);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_pair),
	    TEST(test_roles),
	    TEST(test_lease),
	    TEST(test_journal),
	    TEST(test_journal_of_the_dead),
	    TEST(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
