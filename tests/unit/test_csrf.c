/* test_csrf.c: the token of forms belongs to one person and one browser, and never looks
 * the same twice. */
#include "config.h"

#include "unit.h"

#include "io/crypt.h"
#include "web/csrf.h"

static const char cookie[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

struct keys {
	struct secret mine, other;
};

static int
setup(void **state)
{
	static struct keys k;
	struct err e;

	assert_int_equal(crypt_init(&e), 0);
	secret_set(&k.mine, "0123456789abcdef0123456789abcdef", 32);
	secret_set(&k.other, "0123456789abcdef0123456789abcdee", 32);
	*state = &k;
	return 0;
}

static int
teardown(void **state)
{
	struct keys *k = *state;

	secret_clear(&k->mine);
	secret_clear(&k->other);
	return 0;
}

static void
test_bound(void **state)
{
	const struct keys *k = *state;
	struct buf t = BUF_INIT(256);

	csrf_token(&k->mine, "gina", cookie, &t);
	assert_true(csrf_good(&k->mine, "gina", cookie, buf_str(&t)));
	assert_false(csrf_good(&k->other, "gina", cookie, buf_str(&t)));
	assert_false(csrf_good(&k->mine, "pat", cookie, buf_str(&t)));
	assert_false(csrf_good(
	    &k->mine, "gina", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWU", buf_str(&t)));
	buf_clear(&t);
}

/* The lengths are part of what is signed: "gi" + "na..." is not "gina" + "...". */
static void
test_parts_do_not_run_together(void **state)
{
	const struct keys *k = *state;
	struct buf t = BUF_INIT(256);

	csrf_token(&k->mine, "gina:x", "y", &t);
	assert_false(csrf_good(&k->mine, "gina", "x:y", buf_str(&t)));
	buf_clear(&t);
}

static void
test_masked(void **state)
{
	const struct keys *k = *state;
	struct buf a = BUF_INIT(256);
	struct buf b = BUF_INIT(256);

	csrf_token(&k->mine, "gina", cookie, &a);
	csrf_token(&k->mine, "gina", cookie, &b);
	assert_string_not_equal(buf_str(&a), buf_str(&b));
	assert_true(csrf_good(&k->mine, "gina", cookie, buf_str(&b)));
	buf_clear(&a);
	buf_clear(&b);
}

static void
test_nonsense(void **state)
{
	const struct keys *k = *state;
	struct buf t = BUF_INIT(256);

	assert_false(csrf_good(&k->mine, "gina", cookie, NULL));
	assert_false(csrf_good(&k->mine, "gina", cookie, ""));
	assert_false(csrf_good(&k->mine, "gina", cookie, "not base64url!"));
	csrf_token(&k->mine, "gina", cookie, &t);
	for (size_t i = 0; i < t.len; i += 7) {
		char was = t.p[i];

		t.p[i] = was == 'A' ? 'B' : 'A';
		assert_false(csrf_good(&k->mine, "gina", cookie, buf_str(&t)));
		t.p[i] = was;
	}
	buf_truncate(&t, t.len - 1);
	assert_false(csrf_good(&k->mine, "gina", cookie, buf_str(&t)));
	buf_clear(&t);
}

static void
test_origin(void **state)
{
	static const struct {
		const char *site;
		bool good;
	} rows[] = {{NULL, true}, {"", true}, {"same-origin", true}, {"same-site", false},
	    {"cross-site", false}, {"none", false}, {"SAME-ORIGIN", false}};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fcgi_req in = {.p = {.http_sec_fetch_site = rows[i].site}};

		assert_int_equal(csrf_same_origin(&in), rows[i].good);
	}
}

static void
test_cookie(void **state)
{
	char got[CSRF_COOKIE_BYTES];
	struct fcgi_req in = {
	    .p = {.http_cookie =
		      "a=b; __Host-cw=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}};
	struct fcgi_resp out = {.headers = BUF_INIT(4096)};
	char first[CSRF_COOKIE_BYTES];

	(void)state;
	assert_int_equal(csrf_cookie_read(&in, got), 0);
	assert_string_equal(got, cookie);
	in.p.http_cookie = "__Host-cw=short";
	assert_int_equal(csrf_cookie_read(&in, got), -1);
	in.p.http_cookie = NULL;
	csrf_cookie(&in, &out, first);
	csrf_cookie(&in, &out, got);
	assert_string_not_equal(first, got);
	assert_non_null(strstr(buf_str(&out.headers), "Set-Cookie: __Host-cw="));
	buf_clear(&out.headers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_parts_do_not_run_together),
	    cmocka_unit_test(test_masked),
	    cmocka_unit_test(test_nonsense),
	    cmocka_unit_test(test_origin),
	    cmocka_unit_test(test_cookie),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
