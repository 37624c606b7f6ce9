/* test_db_stmt.c: statements of io/db and what each role may run. */
#include "config.h"

#include "tests/unit/db_rig.h"

static void
test_values(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	static const unsigned char bytes[] = {0, 1, 0xff, 0};
	struct stmt *s = NULL;
	bool row = false;
	size_t n = 0;

	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_text(s, 1, "Town \"hall\" \\ ünder");
	db_bind_i64(s, 2, INT64_MIN);
	db_bind_blob(s, 3, bytes, sizeof bytes);
	db_bind_bool(s, 4, true);
	OK(db_exec(s, &rig_err));
	assert_int_equal(db_last_id(db), 1);
	assert_int_equal(db_changes(db), 1);

	OK(db_query(db, FX_PROJECT_GET, &s, &rig_err));
	db_bind_text(s, 1, "Town \"hall\" \\ ünder");
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	assert_int_equal(db_col_n(s), 5);
	assert_string_equal(db_col_name(s, 0), "name");
	assert_string_equal(db_col_name(s, 4), "the id");
	assert_string_equal(db_col_text(s, 0), "Town \"hall\" \\ ünder");
	assert_true(db_col_i64(s, 1) == INT64_MIN);
	assert_memory_equal(db_col_blob(s, 2, &n), bytes, sizeof bytes);
	assert_int_equal(n, sizeof bytes);
	assert_true(db_col_bool(s, 3));
	OK(db_step(s, &row, &rig_err));
	assert_false(row);
	FAILS(db_step(s, &row, &rig_err), ERR_BUG); /* SQLite would run it again */
	db_done(s);
	db_done(s);
	db_done(NULL);
}

static void
test_null_and_empty(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;
	size_t n = 9;

	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_text(s, 1, "");
	db_bind_null(s, 2);
	db_bind_blob(s, 3, "", 0);
	db_bind_bool(s, 4, false);
	OK(db_exec(s, &rig_err));
	OK(db_query(db, FX_PROJECT_GET, &s, &rig_err));
	db_bind_text(s, 1, "");
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	assert_string_equal(db_col_text(s, 0), "");
	assert_true(db_col_null(s, 1));
	assert_int_equal(db_col_i64(s, 1), 0);
	assert_null(db_col_text(s, 1));
	assert_false(db_col_null(s, 2));
	assert_non_null(db_col_blob(s, 2, &n));
	assert_int_equal(n, 0);
	db_done(s);
	/* Bindings do not outlive db_done: an unbound name is NULL, which NOT NULL refuses.
	 */
	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_text(s, 1, NULL);
	db_bind_blob(s, 3, NULL, 5);
	FAILS(db_exec(s, &rig_err), ERR_DB);
	assert_true(db_is_constraint(&rig_err));
	assert_int_equal(rig_err.sys, SQLITE_CONSTRAINT_NOTNULL);
}

static void
test_lists(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL;
	bool row = false;

	OK(rig_add_project(db, "a"));
	OK(rig_add_project(db, "b"));
	OK(rig_add_project(db, "c"));
	OK(db_query(db, FX_PROJECT_BY_LIST, &s, &rig_err));
	db_bind_text(s, 1, "[\"c\",\"x\",\"a\"]");
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	assert_int_equal(db_col_i64(s, 0), 1);
	assert_int_equal(db_col_i64(s, 1), 3);
	OK(db_step(s, &row, &rig_err));
	assert_int_equal(db_col_i64(s, 0), 3);
	OK(db_step(s, &row, &rig_err));
	assert_false(row);
	db_done(s);
	OK(db_query(db, FX_PROJECT_BY_LIST, &s, &rig_err));
	db_bind_text(s, 1, "[broken");
	FAILS(db_step(s, &row, &rig_err), ERR_DB);
	assert_false(db_is_constraint(&rig_err));
	db_done(s);
}

static void
test_in_one_call(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	static const unsigned char bytes[] = {0, 1, 0xff};
	struct stmt *s = NULL;
	bool yes = true;
	int64_t n = 9;
	size_t size = 0;

	OK(db_number(db, FX_PROJECT_COUNT, &n, &rig_err, DB_NONE));
	assert_int_equal(n, 0);
	OK(db_yes(db, FX_PROJECT_COUNT, &yes, &rig_err, DB_NONE));
	assert_false(yes);
	OK(db_run(db, FX_PROJECT_ADD, &rig_err, DB_TEXT("a"), DB_I64(7), DB_BLOB(bytes, sizeof bytes),
	    DB_BOOL(true)));
	OK(db_run(db, FX_PROJECT_ADD, &rig_err, DB_TEXT("b"), DB_ID(0), DB_NULL, DB_BOOL(false)));
	OK(db_number(db, FX_PROJECT_COUNT, &n, &rig_err, DB_NONE));
	assert_int_equal(n, 2);
	OK(db_select(db, FX_PROJECT_GET, &s, &rig_err, DB_TEXT("a")));
	assert_int_equal(db_next(s, &rig_err), 1);
	assert_int_equal(db_col_i64(s, 1), 7);
	assert_memory_equal(db_col_blob(s, 2, &size), bytes, sizeof bytes);
	assert_true(db_col_bool(s, 3));
	assert_int_equal(db_next(s, &rig_err), 0);
	OK(db_select(db, FX_PROJECT_GET, &s, &rig_err, DB_TEXT("b"))); /* its end freed it */
	assert_int_equal(db_next(s, &rig_err), 1);
	assert_true(db_col_null(s, 1));
	assert_true(db_col_null(s, 2));
	db_done(s);
	OK(db_change(db, FX_PROJECT_BUMP, &yes, &rig_err, DB_TEXT("a")));
	assert_true(yes);
	OK(db_change(db, FX_PROJECT_BUMP, &yes, &rig_err, DB_TEXT("no such")));
	assert_false(yes);
	/* Errors pass through, and leave outputs and statements alone. */
	FAILS(db_run(db, FX_PROJECT_ADD, &rig_err, DB_NULL, DB_I64(1), DB_NULL, DB_BOOL(false)), ERR_DB);
	FAILS(db_number(db, FX_FILLER_COUNT, &n, &rig_err, DB_NONE), ERR_BUG); /* another role's */
	assert_int_equal(n, 2);
	FAILS(db_change(db, FX_PROJECT_BUMP, &yes, &rig_err, DB_TEXT("a"), DB_I64(2)), ERR_BUG);
}

static void
test_misuse(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	struct stmt *s = NULL, *other = NULL;
	bool row = false;

	OK(db_query(db, FX_PROJECT_GET, &s, &rig_err));
	FAILS(db_query(db, FX_PROJECT_GET, &other, &rig_err), ERR_BUG);
	SAYS("PROJECT_GET");
	assert_null(other);
	db_bind_i64(s, 9, 1);
	db_bind_text(s, 1, "a");
	FAILS(db_step(s, &row, &rig_err), ERR_BUG);
	SAYS("parameter 9");
	db_done(s);
	OK(db_query(db, FX_PROJECT_GET, &s, &rig_err)); /* and is well again */
	OK(db_step(s, &row, &rig_err));
	db_done(s);
	FAILS(db_step(s, &row, &rig_err), ERR_BUG);
	FAILS(db_query(db, FX_MAX, &s, &rig_err), ERR_BUG);
	FAILS(db_query(db, -1, &s, &rig_err), ERR_BUG);
	FAILS(db_query(db, FX_BAD_TWO, &s, &rig_err), ERR_BUG);
	SAYS("BAD_TWO");
	FAILS(db_query(db, FX_BAD_SYNTAX, &s, &rig_err), ERR_DB);
	SAYS("BAD_SYNTAX");
	FAILS(db_query(db, FX_BAD_TABLE, &s, &rig_err), ERR_DB);
	SAYS("no_such_table");
}

static void
test_constraint(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);

	OK(rig_add_project(db, "a"));
	FAILS(rig_add_project(db, "a"), ERR_DB);
	assert_true(db_is_constraint(&rig_err));
	assert_int_equal(rig_err.sys, SQLITE_CONSTRAINT_UNIQUE);
	SAYS("PROJECT_ADD");
	SAYS("project.name");
	OK(rig_add_project(db, "b"));
	rig_err.code = ERR_BUSY;
	assert_false(db_is_constraint(&rig_err));
	assert_false(db_is_constraint(NULL));
}

static void
test_value_too_big(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_WEB);
	static const char big[2000];
	struct stmt *s = NULL;

	sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, 1000);
	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_text(s, 1, "big");
	db_bind_blob(s, 3, big, 600);
	db_bind_bool(s, 4, false);
	OK(db_exec(s, &rig_err));
	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_blob(s, 3, big, sizeof big);
	FAILS(db_exec(s, &rig_err), ERR_LIMIT);
	SAYS("PROJECT_ADD");
}

/* ---- roles */

static void
expect_denied(struct db *db, int query, const char *says)
{
	struct stmt *s = NULL;

	FAILS(db_query(db, query, &s, &rig_err), ERR_BUG);
	SAYS(fx_catalog.statements[query].name);
	SAYS(says);
	assert_null(s);
}

static void
test_roles(void **state)
{
	struct scratch *t = *state;
	struct db *db = rig_fresh(t, DB_ROLE_WEB);
	struct stmt *s = NULL;

	expect_denied(db, FX_FILLER_COUNT, "role web"); /* a statement of sync's */
	expect_denied(db, FX_SECRET_READ, "role web may not read secret.");
	expect_denied(db, FX_SECRET_COUNT, "role web may not read secret");
	expect_denied(db, FX_SECRET_ADD, "role web may not insert into secret");
	expect_denied(db, FX_OUT_DELETE, "role web may not delete from secret");
	expect_denied(db, FX_OUT_ATTACH, "role web");
	expect_denied(db, FX_OUT_PRAGMA, "user_version");
	expect_denied(db, FX_OUT_CREATE, "role web");
	expect_denied(db, FX_OUT_DROP, "role web");
	FAILS(db_query(db, FX_OUT_SCHEMA, &s, &rig_err), ERR_DB); /* by defensive mode */
	SAYS("sqlite_master may not be modified");
	assert_int_equal(rig_pragma(db, "PRAGMA user_version"), 2);
	/* The foreign key to `secret` is looked up with the role's own rights. */
	expect_denied(db, FX_PART_ADD, "secret");
	db_close(db);
	t->db = NULL;

	OK(db_open(t->path, &fx_catalog, DB_ROLE_SYNC, &t->db, &rig_err));
	db = t->db;
	OK(db_query(db, FX_SECRET_ADD, &s, &rig_err));
	db_bind_text(s, 1, "w");
	OK(db_exec(s, &rig_err));
	assert_int_equal(rig_number(db, FX_SECRET_COUNT), 1);
	/* Listed in the grants for nobody. */
	expect_denied(db, FX_FILLER_COUNT, "role sync may not read filler");
	OK(rig_add_project(db, "a"));
	OK(db_query(db, FX_PART_ADD, &s, &rig_err));
	db_bind_i64(s, 1, 1);
	db_bind_i64(s, 2, 1);
	OK(db_exec(s, &rig_err));
}

static void
test_role_admin(void **state)
{
	struct db *db = rig_fresh(*state, DB_ROLE_ADMIN);
	struct stmt *s = NULL;

	OK(db_query(db, FX_FILLER_ADD, &s, &rig_err));
	db_bind_i64(s, 1, 10);
	OK(db_exec(s, &rig_err));
	OK(db_query(db, FX_OUT_ATTACH, &s, &rig_err));
	OK(db_exec(s, &rig_err));
	FAILS(db_query(db, FX_OUT_SCHEMA, &s, &rig_err), ERR_DB); /* defensive mode */
	SAYS("sqlite_master may not be modified");
}

static void
test_no_grants_no_authorizer(void **state)
{
	struct scratch *t = *state;
	struct db_catalog cat = fx_catalog;
	struct stmt *s = NULL;

	cat.grants = NULL;
	cat.grants_n = 0;
	OK(db_migrate(t->path, &cat, NULL, NULL, &rig_err));
	OK(db_open(t->path, &cat, DB_ROLE_WEB, &t->db, &rig_err));
	OK(db_query(t->db, FX_SECRET_ADD, &s, &rig_err));
	db_bind_text(s, 1, "w");
	OK(db_exec(s, &rig_err));
	assert_string_equal(db_role_name(DB_ROLE_HOOK), "hook");
	assert_string_equal(db_role_name(DB_ROLE_AUTH), "auth");
	assert_string_equal(db_role_name((enum db_role)0), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_values),
	    T(test_null_and_empty),
	    T(test_lists),
	    T(test_in_one_call),
	    T(test_misuse),
	    T(test_constraint),
	    T(test_value_too_big),
	    T(test_roles),
	    T(test_role_admin),
	    T(test_no_grants_no_authorizer),
	};

	return cmocka_run_group_tests_name("db_stmt", tests, NULL, NULL);
}
