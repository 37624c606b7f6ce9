/* test_oauth_start.c: what a person carries to Procore (RFC 6749 4.1.1, RFC 7636). */
#include "config.h"

#include "core_rig.h"

#include "base/clk.h"
#include "base/enc.h"
#include "base/str.h"
#include "core/oauth_start.h"
#include "store/catalog.h"

static const char key_text[] = "0123456789abcdef0123456789abcdef0123456789abcdef";

/* Start as the page does: role web. The URL in url. */
static void
start(struct rig *r, struct oauth_ask *ask, struct buf *url)
{
	struct secret key = {0};
	struct db *web = NULL;

	secret_set(&key, key_text, sizeof key_text - 1);
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_WEB, &web, &r->err));
	OK(r, oauth_start(web, &r->conf, &key, ask, url, &r->err));
	db_close(web);
	secret_clear(&key);
}

/* A parameter's value as it stands in the URL; static storage. */
static const char *
param(const struct buf *url, const char *name)
{
	static char value[256];
	char mark[64];
	const char *p;

	assert_int_equal(str_format(mark, sizeof mark, "%s=", name), 0);
	p = strstr(buf_str(url), mark);
	assert_non_null(p);
	p += strlen(mark);
	str_cut(value, sizeof value, p);
	value[strcspn(value, "&")] = '\0';
	return value;
}

static void
test_url_is_exact(void **state)
{
	struct rig *r = *state;
	struct buf url = BUF_INIT(8192);
	struct buf want = BUF_INIT(8192);
	struct oauth_ask ask = {.purpose = OAUTH_RECONNECT, .user_name = "sam", .cookie = "c", .return_to = "/Projects",
	    .account_id = rig_account(r, "sam@example.com", NULL, NULL)};
	char code[64], sent[65];

	start(r, &ask, &url);
	str_cut(code, sizeof code, param(&url, "code_challenge"));
	str_cut(sent, sizeof sent, param(&url, "state"));
	buf_printf(&want,
	    "%s/oauth/authorize?response_type=code&client_id=client%%20id&redirect_uri=https%%3A%%2F%%2Fportal.example.com"
	    "%%2Fconnectorweb%%2Foauth%%2Fcallback&state=%s&code_challenge=%s&code_challenge_method=S256",
	    r->conf.procore_login_url, sent, code);
	assert_string_equal(buf_str(&url), buf_str(&want));
	/* 32 random bytes, letters and digits only. */
	assert_int_equal(strlen(sent), 64);
	assert_int_equal(strspn(sent, "0123456789abcdef"), 64);
	assert_int_equal(strlen(code), 43);
	buf_clear(&url);
	buf_clear(&want);
}

/* A stolen database gives no state that could be carried back. */
static void
test_state_is_stored_hashed(void **state)
{
	struct rig *r = *state;
	struct buf url = BUF_INIT(8192);
	struct oauth_ask ask = {.purpose = OAUTH_ADD_BIC, .user_name = "sam", .cookie = "the cookie",
	    .return_to = "/Projects/edit?project=12", .account_id = rig_account(r, "sam@example.com", NULL, NULL)};
	char want[CRYPT_HEX256_BYTES], sent[65];
	int64_t now = clk_now();
	char *text;

	start(r, &ask, &url);
	str_cut(sent, sizeof sent, param(&url, "state"));
	crypt_sha256_hex(sent, strlen(sent), want);
	text = rig_text(r, "select lower(hex(state_sha256)) from attempt");
	assert_string_equal(text, want);
	free(text);
	crypt_sha256_hex("the cookie", 10, want);
	text = rig_text(r, "select lower(hex(cookie_sha256)) from attempt");
	assert_string_equal(text, want);
	free(text);
	text = rig_text(r, "select purpose || ' ' || user_name || ' ' || return_to || ' ' || (consumed_at is null) from attempt");
	assert_string_equal(text, "add_bic sam /Projects/edit?project=12 1");
	free(text);
	assert_in_range(rig_number(r, "select expires_at from attempt"), now + OAUTH_ATTEMPT_S, now + OAUTH_ATTEMPT_S + 5);
	buf_clear(&url);
}

/* Several tabs: every press has a state of its own (failures.md F28). */
static void
test_f28_states_differ(void **state)
{
	struct rig *r = *state;
	struct oauth_ask ask = {.purpose = OAUTH_CONNECT, .user_name = "sam", .cookie = "c", .return_to = "/Projects"};

	for (int i = 0; i < 3; i++) {
		struct buf url = BUF_INIT(8192);

		start(r, &ask, &url);
		buf_clear(&url);
	}
	assert_int_equal(rig_number(r, "select count(distinct state_sha256) from attempt where account_id is null"), 3);
}

/* The challenge in the URL is that of the verifier which callback computes from the same state; the way from one
 * to the other is RFC 7636's, whose appendix B gives a pair. */
static void
test_challenge_belongs_to_verifier(void **state)
{
	static const char rfc_verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const char rfc_challenge[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
	struct rig *r = *state;
	struct buf url = BUF_INIT(8192);
	struct buf sum_text = BUF_INIT(64);
	struct oauth_ask ask = {.purpose = OAUTH_CONNECT, .user_name = "sam", .cookie = "c", .return_to = "/Projects"};
	struct secret key = {0};
	char verifier[64], sent[65], other[64];
	uint8_t sum[CRYPT_SHA256_BYTES];

	crypt_sha256(rfc_verifier, strlen(rfc_verifier), sum);
	enc_base64url(&sum_text, sum, sizeof sum);
	assert_string_equal(buf_str(&sum_text), rfc_challenge);

	start(r, &ask, &url);
	str_cut(sent, sizeof sent, param(&url, "state"));
	secret_set(&key, key_text, sizeof key_text - 1);
	oauth_verifier(&key, sent, verifier);
	assert_int_equal(strlen(verifier), 43);
	crypt_sha256(verifier, 43, sum);
	buf_reset(&sum_text);
	enc_base64url(&sum_text, sum, sizeof sum);
	assert_string_equal(param(&url, "code_challenge"), buf_str(&sum_text));
	/* Another state, another verifier; another installation's key too. */
	sent[0] = sent[0] == 'a' ? 'b' : 'a';
	oauth_verifier(&key, sent, other);
	assert_string_not_equal(verifier, other);
	secret_clear(&key);
	buf_clear(&url);
	buf_clear(&sum_text);
}

static void
test_without_pkce(void **state)
{
	struct rig *r = *state;
	struct buf url = BUF_INIT(8192);
	struct oauth_ask ask = {.purpose = OAUTH_HAND_OVER, .user_name = "sam", .cookie = "c", .return_to = "/Projects"};

	r->conf.procore_pkce = false;
	start(r, &ask, &url);
	assert_null(strstr(buf_str(&url), "code_challenge"));
	buf_clear(&url);
}

static void
test_too_long(void **state)
{
	struct rig *r = *state;
	struct buf url = BUF_INIT(8192);
	struct secret key = {0};
	char name[400];
	struct oauth_ask ask = {.purpose = OAUTH_CONNECT, .user_name = name, .cookie = "c", .return_to = "/Projects"};

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	secret_set(&key, key_text, sizeof key_text - 1);
	assert_int_equal(oauth_start(r->admin, &r->conf, &key, &ask, &url, &r->err), -1);
	assert_int_equal(r->err.code, ERR_INPUT);
	assert_int_equal(url.len, 0);
	assert_int_equal(rig_number(r, "select count(*) from attempt"), 0);
	secret_clear(&key);
	buf_clear(&url);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_url_is_exact),
	    TEST(test_state_is_stored_hashed),
	    TEST(test_f28_states_differ),
	    TEST(test_challenge_belongs_to_verifier),
	    TEST(test_without_pkce),
	    TEST(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
