/* test_keys.c: a key that is missing or wrong stops the program before it touches anything (failures.md F46). */
#include "config.h"

#include "core_rig.h"

#include "core/keys.h"

static void
expect_refused(struct rig *r, enum err_code code, const char *words)
{
	struct keys_ring k = {0};

	err_clear(&r->err);
	assert_int_equal(keys_worker(r->db, &r->conf, &k, &r->err), -1);
	assert_int_equal(r->err.code, code);
	if (strstr(r->err.msg, words) == NULL)
		fail_msg("%s", r->err.msg);
	assert_false(k.current.has_sec);
}

static void
test_right_key(void **state)
{
	struct rig *r = *state;
	struct keys_ring k = {0};

	OK(r, keys_worker(r->db, &r->conf, &k, &r->err));
	assert_string_equal(k.current.id, r->reader.id);
	assert_true(k.current.has_sec);
	keys_ring_clear(&k);
}

static void
test_f46_missing_key(void **state)
{
	struct rig *r = *state;

	assert_int_equal(unlink(rig_path(r, "private")), 0);
	expect_refused(r, ERR_IO, "seal_private_key_file");
}

/* Both ids, and what to do. */
static void
test_f46_other_key(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rename(rig_path(r, "writer"), rig_path(r, "private")), 0);
	expect_refused(r, ERR_INPUT, r->writer.id);
	expect_refused(r, ERR_INPUT, r->reader.id);
	expect_refused(r, ERR_INPUT, "recovery copy");
}

static void
test_open_to_others(void **state)
{
	struct rig *r = *state;

	assert_int_equal(chmod(rig_path(r, "private"), 0444), 0);
	expect_refused(r, ERR_INPUT, "seal_private_key_file");
}

static void
test_garbled_key(void **state)
{
	struct rig *r = *state;

	assert_int_equal(chmod(rig_path(r, "private"), 0600), 0);
	unit_write(rig_path(r, "private"), "no key", 6, 0400);
	expect_refused(r, ERR_INPUT, "seal_private_key_file");
}

/* A database of somebody else, or a new one. */
static void
test_unknown_to_the_database(void **state)
{
	struct rig *r = *state;

	rig_sql(r, "delete from seal_key");
	expect_refused(r, ERR_INPUT, "connectorctl init");
}

/* After a rotation the newest reader counts; the retired one does not. */
static void
test_retired_key(void **state)
{
	struct rig *r = *state;
	struct keys_ring k = {0};

	rig_sql(r, "insert into seal_key values ('newer', 'reader', 'x', 1795000000 * 2, null)");
	expect_refused(r, ERR_INPUT, "newer");
	rig_sql(r, "update seal_key set retired_at = 1 where key_id = 'newer'");
	OK(r, keys_worker(r->db, &r->conf, &k, &r->err));
	keys_ring_clear(&k);
}

static void
test_callback_keys(void **state)
{
	struct rig *r = *state;
	struct crypt_key w = {0};
	struct crypt_key pub = {0};

	OK(r, keys_callback(&r->conf, &w, &pub, &r->err));
	assert_string_equal(w.id, r->writer.id);
	assert_string_equal(pub.id, r->reader.id);
	assert_false(pub.has_sec);
	OK(r, keys_callback_check(r->db, &w, &pub, &r->err));
	/* What is sealed with a key that nobody knows could never be opened. */
	rig_sql(r, "delete from seal_key where use = 'writer'");
	assert_int_equal(keys_callback_check(r->db, &w, &pub, &r->err), -1);
	assert_non_null(strstr(r->err.msg, "seal_writer_key_file"));
	crypt_key_clear(&w);
	assert_int_equal(unlink(rig_path(r, "public")), 0);
	assert_int_equal(keys_callback(&r->conf, &w, &pub, &r->err), -1);
	assert_non_null(strstr(r->err.msg, "seal_public_key_file"));
	assert_false(w.has_sec);
	assert_int_equal(unlink(rig_path(r, "writer")), 0);
	assert_int_equal(keys_callback(&r->conf, &w, &pub, &r->err), -1);
	assert_non_null(strstr(r->err.msg, "seal_writer_key_file"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_right_key),
	    TEST(test_f46_missing_key),
	    TEST(test_f46_other_key),
	    TEST(test_open_to_others),
	    TEST(test_garbled_key),
	    TEST(test_unknown_to_the_database),
	    TEST(test_retired_key),
	    TEST(test_callback_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
