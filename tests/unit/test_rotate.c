/* test_rotate.c: the change of the worker's sealing key: nothing is lost whatever dies
 * when; a wrong or missing key stops the worker and touches nothing (F46). */
#include "config.h"

#include "seal_rig.h"

#include "base/str.h"
#include "core/oauth_int.h"
#include "core/rotate.h"
#include "store/catalog.h"
#include "store/job.h"
#include "store/seal_rows.h"
#include "store/token.h"

enum { ACCOUNTS = 5 };

static struct seal_rig rig;

static int
setup(void **state)
{
	(void)state;
	seal_rig_open(&rig, ACCOUNTS);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	seal_rig_close(&rig);
	return 0;
}

static void
expect_all_open(void)
{
	for (int i = 1; i <= ACCOUNTS; i++)
		seal_rig_expect_opens(&rig, i);
}

/* What connectorctl does. */
static void
begin_rotation(void)
{
	struct crypt_key next = {0};
	bool running = false;

	RIG_OK(rotate_prepare(rig.admin, &rig.conf, &next, &running, &rig_err));
	if (!running) {
		RIG_OK(db_begin(rig.admin, &rig_err));
		RIG_OK(rotate_record(rig.admin, &next, &rig_err));
		RIG_OK(db_commit(rig.admin, &rig_err));
	}
	crypt_key_clear(&next);
}

static void
run_to_the_end(void)
{
	bool more = true;

	while (more)
		RIG_OK(rotate_run(&rig.worker, 2, &more, &rig_err));
}

static void
expect_rotated(void)
{
	struct rotate_state s;

	RIG_OK(rotate_look(rig.admin, &rig.conf, &s, &rig_err));
	assert_int_equal(s.left, 0);
	assert_int_equal(s.total, ACCOUNTS);
	assert_int_equal(s.done, ACCOUNTS);
}

static void
path_of(char out[UNIT_PATH_BYTES], const char *path, const char *suffix)
{
	assert_int_equal(str_format(out, UNIT_PATH_BYTES, "%s%s", path, suffix), 0);
}

static bool
there(const char *path, const char *suffix)
{
	char p[UNIT_PATH_BYTES];

	path_of(p, path, suffix);
	return access(p, F_OK) == 0;
}

/* The recovery copy is put away, as an administrator does. */
static void
put_recovery_away(void)
{
	char p[UNIT_PATH_BYTES];

	path_of(p, rig.conf.seal_private_key_file, ".recovery");
	assert_int_equal(unlink(p), 0);
}

/* ---- the whole way */

static void
test_every_token_moves_to_the_next_key(void **state)
{
	char old[32];
	char retired[32];
	char suffix[64];
	bool known = false;

	(void)state;
	str_cut(old, sizeof old, rig.ring.current.id);
	begin_rotation();
	assert_int_equal(seal_rig_left(&rig), ACCOUNTS);
	expect_all_open(); /* with the old key, before anything was sealed anew */
	run_to_the_end();
	expect_rotated();
	expect_all_open();
	assert_false(str_eq(rig.ring.current.id, old));
	RIG_OK(rotate_finish(rig.admin, &rig.conf, retired, &rig_err));
	assert_string_equal(retired, old);
	assert_int_equal(str_format(suffix, sizeof suffix, ".retired-%s", old), 0);
	assert_true(there(rig.conf.seal_private_key_file, suffix));
	assert_false(there(rig.conf.seal_private_key_file, ".next"));
	assert_false(there(rig.conf.seal_public_key_file, ".next"));
	seal_rig_start_worker(&rig);
	expect_all_open();
	/* callback, restarted, seals for the new key. */
	RIG_OK(keys_callback(&rig.conf, &rig.writer, &rig.reader_pub, &rig_err));
	RIG_OK(keys_callback_check(rig.auth, &rig.writer, &rig.reader_pub, &rig_err));
	assert_string_equal(rig.reader_pub.id, rig.ring.current.id);
	seal_rig_store(&rig, &rig.callback, 1);
	assert_int_equal(seal_rig_left(&rig), 0);
	expect_all_open();
	RIG_OK(seal_rows_known(rig.admin, old, "reader", &known, &rig_err));
	assert_true(known); /* its public half still opens what it sealed as a writer */
}

static void
test_the_next_key_is_owned_and_kept_like_the_present_one(void **state)
{
	char p[UNIT_PATH_BYTES];
	struct stat st;

	(void)state;
	assert_int_equal(chmod(rig.conf.seal_private_key_file, 0440), 0);
	begin_rotation();
	path_of(p, rig.conf.seal_private_key_file, ".next");
	assert_int_equal(stat(p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_true(there(rig.conf.seal_private_key_file, ".recovery"));
}

static void
test_a_second_change_waits_for_the_recovery_copy(void **state)
{
	struct crypt_key next = {0};
	struct err e = {0};
	char old[32];
	bool running = false;

	(void)state;
	begin_rotation();
	run_to_the_end();
	RIG_OK(rotate_finish(rig.admin, &rig.conf, old, &rig_err));
	assert_int_equal(rotate_prepare(rig.admin, &rig.conf, &next, &running, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, ".recovery"));
	assert_false(there(rig.conf.seal_private_key_file, ".next"));
	put_recovery_away();
	begin_rotation();
	run_to_the_end();
	expect_rotated();
	expect_all_open();
}

static void
test_asking_twice_is_one_change(void **state)
{
	struct crypt_key next = {0};
	char first[32];
	bool running = false;

	(void)state;
	begin_rotation();
	RIG_OK(rotate_prepare(rig.admin, &rig.conf, &next, &running, &rig_err));
	assert_true(running);
	str_cut(first, sizeof first, next.id);
	begin_rotation();
	run_to_the_end();
	assert_string_equal(rig.ring.current.id, first);
	crypt_key_clear(&next);
}

static void
test_finish_refuses_while_tokens_are_left(void **state)
{
	struct err e = {0};
	char old[32];
	bool more = false;

	(void)state;
	assert_int_equal(rotate_finish(rig.admin, &rig.conf, old, &e), -1);
	assert_int_equal(e.code, ERR_INPUT); /* there is nothing to finish */
	begin_rotation();
	RIG_OK(rotate_run(&rig.worker, 2, &more, &rig_err));
	assert_true(more);
	assert_int_equal(rotate_finish(rig.admin, &rig.conf, old, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_true(there(rig.conf.seal_private_key_file, ".next"));
}

/* ---- others at work meanwhile */

static void
test_a_callback_with_the_old_key_loses_nothing(void **state)
{
	char old[32];
	struct job j = {0};
	int64_t next_at = 0;
	bool got = false;

	(void)state;
	begin_rotation();
	run_to_the_end();
	seal_rig_store(&rig, &rig.callback, 2); /* after the switch */
	seal_rig_expect_opens(&rig, 2);
	assert_int_equal(seal_rig_left(&rig), 1);
	RIG_OK(rotate_wish(rig.sync, &rig_err));
	RIG_OK(job_claim(rig.sync, "1.x", INT64_MAX / 2, 60, &j, &got, &next_at, &rig_err));
	while (got && j.kind != JOB_ROTATE_KEYS) {
		job_clear(&j);
		RIG_OK(job_claim(
		    rig.sync, "1.x", INT64_MAX / 2, 60, &j, &got, &next_at, &rig_err));
	}
	assert_true(got);
	job_clear(&j);
	run_to_the_end();
	expect_rotated();
	RIG_OK(rotate_finish(rig.admin, &rig.conf, old, &rig_err));
	seal_rig_store(&rig, &rig.callback, 3); /* a callback that nobody restarted */
	seal_rig_start_worker(&rig);
	expect_all_open();
	run_to_the_end();
	assert_int_equal(seal_rig_left(&rig), 0);
	expect_all_open();
}

static void
test_another_worker_process_follows(void **state)
{
	struct keys_ring other = {0};
	struct oauth_ctx second = rig.worker;

	(void)state;
	RIG_OK(keys_worker(rig.sync, &rig.conf, &other, &rig_err));
	second.writer = second.reader = &other.current;
	second.ring = &other;
	begin_rotation();
	run_to_the_end();
	seal_rig_store(&rig, &second, 4); /* it had loaded the old key only */
	assert_int_equal(seal_rig_left(&rig), 0);
	seal_rig_expect_opens(&rig, 4);
	keys_ring_clear(&other);
}

static void
test_a_pair_stored_meanwhile_stays(void **state)
{
	struct token_row row = {0};
	bool changed = true;

	(void)state;
	RIG_OK(token_get(rig.sync, 1, &row, &rig_err));
	seal_rig_store(&rig, &rig.worker, 1);
	begin_rotation();
	RIG_OK(db_begin(rig.sync, &rig_err));
	RIG_OK(seal_rows_reseal(rig.sync, 1, row.reader_key_id, &row, &changed, &rig_err));
	RIG_OK(db_commit(rig.sync, &rig_err));
	assert_false(changed);
	seal_rig_expect_opens(&rig, 1);
	token_row_clear(&row);
}

/* The next key's file cannot be read now: a pair that Procore just gave must be stored all
 * the same. */
static void
test_a_pair_is_stored_when_the_next_key_is_out_of_reach(void **state)
{
	char next[UNIT_PATH_BYTES];
	char away[UNIT_PATH_BYTES];
	struct err e = {0};
	bool more = false;

	(void)state;
	begin_rotation();
	path_of(next, rig.conf.seal_private_key_file, ".next");
	path_of(away, rig.dir, "/away");
	assert_int_equal(rename(next, away), 0);
	seal_rig_store(&rig, &rig.worker, 5);
	seal_rig_expect_opens(&rig, 5);
	assert_int_equal(rotate_run(&rig.worker, 10, &more, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(rename(away, next), 0);
	run_to_the_end();
	expect_rotated();
	expect_all_open();
}

static void
test_an_altered_token_does_not_hold_up_the_others(void **state)
{
	struct token_row row = {0};
	struct err e = {0};
	char old[32];
	bool more = true;
	int rc = 0;

	(void)state;
	RIG_OK(token_get(rig.sync, 2, &row, &rig_err));
	row.access.p[row.access.len - 1] ^= 1;
	RIG_OK(token_put(rig.sync, 2, &row, &rig_err));
	token_row_clear(&row);
	begin_rotation();
	while (more && rc == 0)
		rc = rotate_run(&rig.worker, 2, &more, &e);
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "account 2"));
	assert_int_equal(seal_rig_left(&rig), 1);
	seal_rig_expect_opens(&rig, 5);
	assert_int_equal(rotate_finish(rig.admin, &rig.conf, old, &e), -1);
	seal_rig_store(&rig, &rig.callback, 2); /* the person signs in again */
	run_to_the_end();
	assert_int_equal(seal_rig_left(&rig), 0);
	expect_all_open();
}

/* ---- crashes */

static void
die_at(void *arg, int64_t commit_no)
{
	if (commit_no == *(int64_t *)arg)
		_exit(7);
}

/* The worker's whole run in a child that dies right after its nth commit; true when it came
 * to its end. */
static bool
run_until_commit(int64_t n)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct db *db = NULL;
		bool more = true;

		if (db_open(rig.conf.database, store_catalog(), DB_ROLE_SYNC, &db, NULL) ==
		    -1)
			_exit(1);
		db_set_commit_hook(db, die_at, &n);
		rig.worker.db = db;
		while (more)
			if (rotate_run(&rig.worker, 1, &more, NULL) == -1)
				_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7);
	return WEXITSTATUS(status) == 0;
}

static void
test_killed_at_every_commit_loses_nothing(void **state)
{
	bool ended = false;
	int64_t n = 1;

	(void)state;
	for (; !ended; n++) {
		begin_rotation();
		ended = run_until_commit(n);
		seal_rig_start_worker(&rig);
		expect_all_open();
		run_to_the_end();
		expect_rotated();
		expect_all_open();
		seal_rig_close(&rig);
		seal_rig_open(&rig, ACCOUNTS);
	}
	assert_int_equal(n - 2, ACCOUNTS + 1); /* a commit a token, and the end */
}

static void
test_prepare_uses_the_files_of_a_killed_call(void **state)
{
	struct crypt_key next;
	struct crypt_key got = {0};
	char p[UNIT_PATH_BYTES];
	bool running = true;

	(void)state;
	crypt_key_new(&next);
	path_of(p, rig.conf.seal_private_key_file, ".next");
	RIG_OK(crypt_key_save_secret(p, &next, &rig_err));
	seal_rig_start_worker(&rig); /* a file that nobody named yet changes nothing */
	expect_all_open();
	RIG_OK(rotate_prepare(rig.admin, &rig.conf, &got, &running, &rig_err));
	assert_false(running);
	assert_string_equal(got.id, next.id);
	begin_rotation();
	run_to_the_end();
	assert_string_equal(rig.ring.current.id, next.id);
	crypt_key_clear(&got);
	crypt_key_clear(&next);
}

/* finish: link, rename, link, rename. Killed after `steps` of them. */
static void
finish_partly(const char *old_id, int steps)
{
	const char *const files[] = {
	    rig.conf.seal_private_key_file, rig.conf.seal_public_key_file};

	for (int i = 0; i < steps; i++) {
		char to[UNIT_PATH_BYTES];
		char suffix[64];

		assert_int_equal(
		    str_format(suffix, sizeof suffix, ".retired-%s", old_id), 0);
		path_of(to, files[i / 2], i % 2 == 0 ? suffix : ".next");
		assert_int_equal(
		    i % 2 == 0 ? link(files[i / 2], to) : rename(to, files[i / 2]), 0);
	}
}

static void
test_finish_killed_between_its_files(void **state)
{
	(void)state;
	for (int steps = 0; steps < 4; steps++) {
		char old[32];
		char said[32];

		str_cut(old, sizeof old, rig.ring.current.id);
		begin_rotation();
		run_to_the_end();
		finish_partly(old, steps);
		seal_rig_start_worker(&rig);
		expect_all_open();
		RIG_OK(keys_callback(&rig.conf, &rig.writer, &rig.reader_pub, &rig_err));
		RIG_OK(
		    keys_callback_check(rig.auth, &rig.writer, &rig.reader_pub, &rig_err));
		RIG_OK(rotate_finish(rig.admin, &rig.conf, said, &rig_err));
		assert_string_equal(said, old);
		assert_false(there(rig.conf.seal_public_key_file, ".next"));
		assert_false(there(rig.conf.seal_private_key_file, ".next"));
		seal_rig_start_worker(&rig);
		RIG_OK(keys_callback(&rig.conf, &rig.writer, &rig.reader_pub, &rig_err));
		assert_string_equal(rig.reader_pub.id, rig.ring.current.id);
		expect_all_open();
		put_recovery_away();
	}
}

/* ---- F46 */

static void
expect_refused(const char *word, const char *word2)
{
	struct keys_ring r = {0};
	struct err e = {0};

	assert_int_equal(keys_worker(rig.sync, &rig.conf, &r, &e), -1);
	if (strstr(e.msg, word) == NULL || strstr(e.msg, word2) == NULL)
		fail_msg("\"%s\" names neither %s nor %s", e.msg, word, word2);
	assert_false(r.current.has_sec);
}

static void
test_f46_wrong_or_missing_key_stops_the_worker_and_touches_nothing(void **state)
{
	char right[UNIT_PATH_BYTES];
	char old[32];
	struct crypt_key wrong;
	struct crypt_key w = {0};
	struct err e = {0};

	(void)state;
	str_cut(old, sizeof old, rig.ring.current.id);
	path_of(right, rig.dir, "/right");
	assert_int_equal(rename(rig.conf.seal_private_key_file, right), 0);
	expect_refused("seal_private_key_file", "seal.key");
	crypt_key_new(&wrong);
	RIG_OK(crypt_key_save_secret(rig.conf.seal_private_key_file, &wrong, &rig_err));
	expect_refused(wrong.id, old);
	expect_refused("Nothing was changed", "recovery copy");
	assert_int_equal(unlink(rig.conf.seal_private_key_file), 0);
	assert_int_equal(rename(right, rig.conf.seal_private_key_file), 0);
	assert_int_equal(chmod(rig.conf.seal_private_key_file, 0404), 0);
	expect_refused("seal_private_key_file", "seal.key");
	assert_int_equal(chmod(rig.conf.seal_private_key_file, 0400), 0);
	/* callback: what it would seal for an unknown key, nobody could open. */
	assert_int_equal(keys_callback_check(rig.auth, &rig.writer, &wrong, &e), -1);
	assert_non_null(strstr(e.msg, wrong.id));
	assert_int_equal(keys_callback_check(rig.auth, &wrong, &rig.reader_pub, &e), -1);
	RIG_OK(keys_callback_check(rig.auth, &rig.writer, &rig.reader_pub, &rig_err));
	/* The right key again: all is as it was. */
	seal_rig_start_worker(&rig);
	expect_all_open();
	crypt_key_clear(&wrong);
	crypt_key_clear(&w);
}

static void
test_f46_a_retired_key_that_is_still_needed_is_asked_for(void **state)
{
	char old[32];
	char retired[UNIT_PATH_BYTES];
	char suffix[64];

	(void)state;
	begin_rotation();
	run_to_the_end();
	RIG_OK(rotate_finish(rig.admin, &rig.conf, old, &rig_err));
	seal_rig_store(&rig, &rig.callback, 1);
	assert_int_equal(str_format(suffix, sizeof suffix, ".retired-%s", old), 0);
	path_of(retired, rig.conf.seal_private_key_file, suffix);
	assert_int_equal(unlink(retired), 0);
	expect_refused(old, ".retired-");
}

static void
test_f46_a_database_without_keys_is_not_served(void **state)
{
	struct seal_rig *r = &rig;
	char empty[UNIT_PATH_BYTES];
	struct db *db = NULL;
	struct keys_ring ring = {0};
	struct err e = {0};

	(void)state;
	path_of(empty, r->dir, "/empty.db");
	RIG_OK(db_migrate(empty, store_catalog(), NULL, NULL, &rig_err));
	RIG_OK(db_open(empty, store_catalog(), DB_ROLE_SYNC, &db, &rig_err));
	assert_int_equal(keys_worker(db, &r->conf, &ring, &e), -1);
	assert_non_null(strstr(e.msg, "connectorctl init"));
	db_close(db);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_every_token_moves_to_the_next_key),
	    T(test_the_next_key_is_owned_and_kept_like_the_present_one),
	    T(test_a_second_change_waits_for_the_recovery_copy),
	    T(test_asking_twice_is_one_change),
	    T(test_finish_refuses_while_tokens_are_left),
	    T(test_a_callback_with_the_old_key_loses_nothing),
	    T(test_another_worker_process_follows),
	    T(test_a_pair_stored_meanwhile_stays),
	    T(test_a_pair_is_stored_when_the_next_key_is_out_of_reach),
	    T(test_an_altered_token_does_not_hold_up_the_others),
	    T(test_killed_at_every_commit_loses_nothing),
	    T(test_prepare_uses_the_files_of_a_killed_call),
	    T(test_finish_killed_between_its_files),
	    T(test_f46_wrong_or_missing_key_stops_the_worker_and_touches_nothing),
	    T(test_f46_a_retired_key_that_is_still_needed_is_asked_for),
	    T(test_f46_a_database_without_keys_is_not_served),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
