#include "config.h"

#include "unit.h"

#include "base/mem.h"
#include "base/rnd.h"
#include "base/secret.h"

static void
test_copies(void **state)
{
	char *p;

	(void)state;
	assert_null(xstrdup(NULL));
	p = xstrdup("abc");
	assert_string_equal(p, "abc");
	free(p);
	p = xstrndup("abcdef", 3);
	assert_string_equal(p, "abc");
	free(p);
	p = xstrndup("ab", 10);
	assert_string_equal(p, "ab");
	free(p);
	p = xasprintf("%s-%d", "x", 5);
	assert_string_equal(p, "x-5");
	free(p);
}

static void
test_nothing_is_still_memory(void **state)
{
	void *p = xmalloc(0);

	(void)state;
	assert_non_null(p);
	p = xreallocarray(p, 0, 8);
	assert_non_null(p);
	p = xreallocarray(p, 4, 8);
	memset(p, 1, 32);
	free(p);
	p = xcalloc(0, 0);
	assert_non_null(p);
	free(p);
	p = xcalloc(3, 5);
	assert_memory_equal(p, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	free(p);
}

static void
overflow(void *arg)
{
	const size_t *n = arg;

	free(xreallocarray(NULL, *n, 16));
}

static void
test_overflow_aborts(void **state)
{
	size_t n = SIZE_MAX / 16 + 1;

	(void)state;
	assert_true(unit_aborts(overflow, &n));
}

static void
test_random(void **state)
{
	unsigned char a[64], b[64];
	char hex[17];
	size_t i, seen[8];
	int64_t v;

	(void)state;
	rnd_bytes(a, sizeof(a));
	rnd_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	rnd_hex(hex, 8);
	assert_int_equal(strlen(hex), 16);
	assert_int_equal(strspn(hex, "0123456789abcdef"), 16);
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 8000; i++) {
		v = rnd_between(-3, 4);
		assert_true(v >= -3 && v <= 4);
		seen[v + 3]++;
	}
	/* 1000 of each are expected; 700 is more than ten standard deviations (29.6) away.
	 */
	for (i = 0; i < ROWS(seen); i++)
		assert_in_range(seen[i], 700, 1300);
	assert_true(rnd_between(5, 5) == 5);
	assert_true(rnd_between(INT64_MIN, INT64_MIN) == INT64_MIN);
	assert_true(rnd_between(INT64_MAX, INT64_MAX) == INT64_MAX);
	for (i = 0, v = 0; i < 100; i++)
		v |= rnd_between(INT64_MIN, INT64_MAX) < 0 ? 1 : 2;
	assert_true(v == 3);
	v = rnd_between(INT64_MIN, INT64_MAX - 1);
	assert_true(v < INT64_MAX);
}

static void
backwards(void *arg)
{
	int64_t *v = arg;

	*v = rnd_between(*v, *v - 1);
}

static void
test_random_backwards_aborts(void **state)
{
	int64_t v = 3;

	(void)state;
	assert_true(unit_aborts(backwards, &v));
}

static void
test_secrets(void **state)
{
	struct secret a = {NULL, 0};
	struct secret b = {NULL, 0};

	(void)state;
	assert_false(secret_is_set(&a));
	assert_true(secret_eq(&a, &b));
	secret_clear(&a);
	secret_set(&a, "pass\0word", 9);
	assert_true(secret_is_set(&a));
	assert_int_equal(a.len, 9);
	assert_memory_equal(a.p, "pass\0word", 10);
	secret_set(&b, "pass\0wore", 9);
	assert_false(secret_eq(&a, &b));
	assert_false(secret_eq_bytes(&a, "pass", 4));
	assert_false(secret_eq_bytes(&a, "Pass\0word", 9));
	assert_true(secret_eq_bytes(&a, "pass\0word", 9));
	secret_set(&b, a.p, a.len);
	assert_true(secret_eq(&a, &b));
	/* From its own middle. */
	secret_set(&a, a.p + 5, 4);
	assert_true(secret_eq_bytes(&a, "word", 4));
	secret_move(&b, &a);
	assert_false(secret_is_set(&a));
	assert_int_equal(a.len, 0);
	assert_true(secret_eq_bytes(&b, "word", 4));
	secret_move(&b, &b);
	assert_true(secret_eq_bytes(&b, "word", 4));
	secret_set(&b, "", 0);
	assert_false(secret_is_set(&b));
	secret_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copies),
	    cmocka_unit_test(test_nothing_is_still_memory),
	    cmocka_unit_test(test_overflow_aborts),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_random_backwards_aborts),
	    cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
