#include "config.h"

#include "unit.h"

#include "base/enc.h"
#include "base/rnd.h"

typedef void encode(struct buf *, const void *, size_t);
typedef int decode(const char *, size_t, uint8_t *, size_t, size_t *);

/* Source: RFC 4648 10. */
static void
test_rfc_vectors(void **state)
{
	static const struct {
		encode *enc;
		decode *dec;
		const char *plain, *coded;
	} rows[] = {
	    {enc_base64, dec_base64, "", ""},
	    {enc_base64, dec_base64, "f", "Zg=="},
	    {enc_base64, dec_base64, "fo", "Zm8="},
	    {enc_base64, dec_base64, "foo", "Zm9v"},
	    {enc_base64, dec_base64, "foob", "Zm9vYg=="},
	    {enc_base64, dec_base64, "fooba", "Zm9vYmE="},
	    {enc_base64, dec_base64, "foobar", "Zm9vYmFy"},
	    {enc_base64, dec_base64, "\xFB\xFF\xFE", "+//+"},
	    {enc_base64url, dec_base64url, "f", "Zg"},
	    {enc_base64url, dec_base64url, "fo", "Zm8"},
	    {enc_base64url, dec_base64url, "foo", "Zm9v"},
	    {enc_base64url, dec_base64url, "\xFB\xFF\xFE", "-__-"},
	    {enc_hex, dec_hex, "", ""},
	    {enc_hex, dec_hex, "foobar", "666f6f626172"},
	    {enc_hex, dec_hex, "\x01\xAB\xFF", "01abff"},
	};
	size_t i, len;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct buf b = BUF_INIT(100);
		uint8_t back[16];
		size_t n = strlen(rows[i].plain);

		rows[i].enc(&b, rows[i].plain, n);
		assert_string_equal(buf_str(&b), rows[i].coded);
		len = 99;
		assert_int_equal(rows[i].dec(rows[i].coded, b.len, back, n, &len), 0);
		assert_int_equal(len, n);
		assert_memory_equal(back, rows[i].plain, n);
		if (n > 0) {
			len = 99;
			assert_int_equal(
			    rows[i].dec(rows[i].coded, b.len, back, n - 1, &len), -1);
			assert_int_equal(len, 99);
		}
		buf_clear(&b);
	}
}

static void
test_there_and_back(void **state)
{
	static encode *const encs[] = {enc_base64, enc_base64url, enc_hex};
	static decode *const decs[] = {dec_base64, dec_base64url, dec_hex};
	uint8_t plain[100], back[100];
	size_t i, n, len;

	(void)state;
	for (i = 0; i < ROWS(encs); i++) {
		for (n = 0; n <= sizeof(plain); n++) {
			struct buf b = BUF_INIT(1000);

			rnd_bytes(plain, n);
			encs[i](&b, plain, n);
			assert_int_equal(
			    decs[i](buf_str(&b), b.len, back, sizeof(back), &len), 0);
			assert_int_equal(len, n);
			assert_memory_equal(back, plain, n);
			buf_clear(&b);
		}
	}
}

static void
test_refused(void **state)
{
	static const struct {
		decode *dec;
		const char *text;
	} rows[] = {
	    {dec_base64, "Z"},
	    {dec_base64, "Zg"}, /* padding missing */
	    {dec_base64, "Zg="},
	    {dec_base64, "Zg==="},
	    {dec_base64, "===="},
	    {dec_base64, "Z==="},
	    {dec_base64, "Zh=="}, /* spare bits */
	    {dec_base64, "Zm9="},
	    {dec_base64, "Zm=v"},
	    {dec_base64, "Zg==Zg=="},
	    {dec_base64, "Zm9v\n"},
	    {dec_base64, "Zm 9"},
	    {dec_base64, "-__-"},
	    {dec_base64url, "Z"},
	    {dec_base64url, "Zg=="}, /* padding not wanted */
	    {dec_base64url, "Zh"},
	    {dec_base64url, "Zm9"},
	    {dec_base64url, "+//+"},
	    {dec_base64url, "Zm9v\n"},
	    {dec_base64url, "Zm9\xC3"},
	    {dec_hex, "0"},
	    {dec_hex, "0g"},
	    {dec_hex, "g0"},
	    {dec_hex, "0x"},
	    {dec_hex, " 1"},
	    {dec_hex, "-1"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		uint8_t out[16];
		size_t len = 99;

		assert_int_equal(
		    rows[i].dec(rows[i].text, strlen(rows[i].text), out, sizeof(out), &len),
		    -1);
		assert_int_equal(len, 99);
	}
}

static void
test_hex_takes_both_cases(void **state)
{
	uint8_t out[2];
	size_t len;

	(void)state;
	assert_int_equal(dec_hex("aBCd", 4, out, sizeof(out), &len), 0);
	assert_memory_equal(out, "\xAB\xCD", 2);
}

static void
test_percent(void **state)
{
	static const struct {
		const char *plain, *coded;
	} rows[] = {
	    {"", ""},
	    {"AZaz09-_.~", "AZaz09-_.~"},
	    {" ", "%20"},
	    {"a+b&c=d", "a%2Bb%26c%3Dd"},
	    {"/?#[]@!$'()*,;:%", "%2F%3F%23%5B%5D%40%21%24%27%28%29%2A%2C%3B%3A%25"},
	    {"\xC3\xA9", "%C3%A9"},
	    {"\r\n", "%0D%0A"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct buf b = BUF_INIT(100);

		enc_percent(&b, rows[i].plain);
		assert_string_equal(buf_str(&b), rows[i].coded);
		buf_reset(&b);
		assert_int_equal(
		    dec_percent(&b, rows[i].coded, strlen(rows[i].coded), false), 0);
		assert_string_equal(buf_str(&b), rows[i].plain);
		buf_clear(&b);
	}
}

static void
test_percent_of_every_byte(void **state)
{
	struct buf coded = BUF_INIT(10);
	struct buf back = BUF_INIT(10);
	char c;
	int v;

	(void)state;
	for (v = 0; v < 256; v++) {
		c = (char)v;
		buf_reset(&coded);
		buf_reset(&back);
		enc_percent_n(&coded, &c, 1);
		assert_true(coded.len == 1 || coded.len == 3);
		assert_int_equal(
		    dec_percent(&back, buf_str(&coded), coded.len, true), v == 0 ? -1 : 0);
		if (v != 0)
			assert_memory_equal(buf_str(&back), &c, 1);
	}
	buf_clear(&coded);
	buf_clear(&back);
}

static void
test_percent_decoding(void **state)
{
	static const struct {
		const char *text;
		bool form;
		const char *want; /* NULL: refused */
	} rows[] = {
	    {"a+b", true, "a b"}, {"a+b", false, "a+b"}, {"%41%6a%6A", true, "Ajj"},
	    {"%2B", true, "+"}, {"%", true, NULL}, {"%4", true, NULL},
	    {"abc%4", true, NULL}, {"%4g", true, NULL}, {"%g4", true, NULL},
	    {"%%41", true, NULL}, {"%00", true, NULL}, {"a%00b", false, NULL},
	    {"%u0041", true, NULL}, {"% 41", true, NULL}, {"%-1", true, NULL},
	    {"%2541", true, "%41"}, /* once only */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct buf b = BUF_INIT(100);
		int rc;

		buf_puts(&b, "kept:");
		rc = dec_percent(&b, rows[i].text, strlen(rows[i].text), rows[i].form);
		assert_int_equal(rc, rows[i].want != NULL ? 0 : -1);
		assert_string_equal(
		    buf_str(&b) + 5, rows[i].want != NULL ? rows[i].want : "");
		buf_clear(&b);
	}
}

/* The escape must not be read past n. */
static void
test_percent_ends_at_n(void **state)
{
	struct buf b = BUF_INIT(100);
	size_t n;

	(void)state;
	assert_int_equal(dec_percent(&b, "a%41", 2, true), -1);
	assert_int_equal(dec_percent(&b, "a%41", 3, true), -1);
	assert_int_equal(dec_percent(&b, "a%41", 4, true), 0);
	assert_string_equal(buf_str(&b), "aA");
	buf_clear(&b);
	/* Memory that ends there, for the sanitizer. */
	for (n = 1; n < 3; n++) {
		char *p = malloc(n);

		assert_non_null(p);
		memcpy(p, "%4", n);
		assert_int_equal(dec_percent(&b, p, n, true), -1);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc_vectors),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_hex_takes_both_cases),
	    cmocka_unit_test(test_percent),
	    cmocka_unit_test(test_percent_of_every_byte),
	    cmocka_unit_test(test_percent_decoding),
	    cmocka_unit_test(test_percent_ends_at_n),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
