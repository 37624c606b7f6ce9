/* The stand-in's verifier of AWS Signature Version 4 against published examples: AWS's
 * signature test suite (aws-sig-v4-test-suite), the ListUsers example of the AWS General
 * Reference, and the presigned GET of the Amazon S3 API Reference. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "sandbox/npc/sigv4.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SUITE                                                                              \
	"AWS4-HMAC-SHA256 "                                                                \
	"Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="

struct vector {
	const char *name, *method, *path, *query, *headers, *body, *signature;
	const char *content_type, *my1, *my2;
};

static const struct vector vectors[] = {
    {.name = "get-vanilla",
	.method = "GET",
	.path = "/",
	.query = "",
	.headers = "host;x-amz-date",
	.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "post-vanilla",
	.method = "POST",
	.path = "/",
	.query = "",
	.headers = "host;x-amz-date",
	.signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "get-vanilla-query-order-key-case",
	.method = "GET",
	.path = "/",
	.query = "Param2=value2&Param1=value1",
	.headers = "host;x-amz-date",
	.signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {.name = "get-header-value-trim",
	.method = "GET",
	.path = "/",
	.query = "",
	.headers = "host;my-header1;my-header2;x-amz-date",
	.my1 = "  value1",
	.my2 = "  \"a   b   c\"  ",
	.signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {.name = "post-x-www-form-urlencoded",
	.method = "POST",
	.path = "/",
	.query = "",
	.headers = "content-type;host;x-amz-date",
	.content_type = "application/x-www-form-urlencoded",
	.body = "Param1=value1",
	.signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};

static int
verify(const struct vector *v, const char *date, const char *secret, struct err *e)
{
	struct sigv4_header h[] = {{"host", "example.amazonaws.com"}, {"x-amz-date", date},
	    {"content-type", v->content_type}, {"my-header1", v->my1},
	    {"my-header2", v->my2}};
	struct sigv4_auth a;
	struct sigv4_request r = {.method = v->method,
	    .path = v->path,
	    .query = v->query,
	    .headers = h,
	    .headers_n = sizeof(h) / sizeof(h[0])};
	char text[2048], payload[CRYPT_HEX256_BYTES];

	assert_int_equal(str_format(text, sizeof(text), "%s%s, Signature=%s", SUITE,
			     v->headers, v->signature),
	    0);
	assert_int_equal(sigv4_parse(text, &a, e), 0);
	crypt_sha256_hex(
	    v->body != NULL ? v->body : "", v->body != NULL ? strlen(v->body) : 0, payload);
	r.payload = payload;
	return sigv4_verify(&r, &a, date, secret, e);
}

static void
test_suite(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct err e = {0};

		if (verify(&vectors[i], "20150830T123600Z", SECRET, &e) == -1)
			fail_msg("%s: %s", vectors[i].name, e.msg);
	}
}

/* Whatever is touched, the signature no longer fits. */
static void
test_altered(void **state)
{
	struct err e = {0};
	struct vector v;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		v = vectors[i];
		assert_int_equal(verify(&v, "20150830T123601Z", SECRET, &e), -1);
		assert_int_equal(verify(&v, "20150830T123600Z", SECRET "x", &e), -1);
		v.method = "PUT";
		assert_int_equal(verify(&v, "20150830T123600Z", SECRET, &e), -1);
		v = vectors[i];
		v.path = "/x";
		assert_int_equal(verify(&v, "20150830T123600Z", SECRET, &e), -1);
		v = vectors[i];
		v.query = "Param1=other";
		assert_int_equal(verify(&v, "20150830T123600Z", SECRET, &e), -1);
		v = vectors[i];
		v.body = "other";
		assert_int_equal(verify(&v, "20150830T123600Z", SECRET, &e), -1);
		assert_int_equal(e.code, ERR_AUTH);
	}
}

static void
test_list_users(void **state)
{
	struct sigv4_header h[] = {{"host", "iam.amazonaws.com"},
	    {"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
	    {"x-amz-date", "20150830T123600Z"}};
	struct sigv4_request r = {.method = "GET",
	    .path = "/",
	    .query = "Action=ListUsers&Version=2010-05-08",
	    .headers = h,
	    .headers_n = 3,
	    .payload = EMPTY};
	struct buf c = BUF_INIT(4096);
	struct err e = {0};
	char hash[CRYPT_HEX256_BYTES], sig[CRYPT_HEX256_BYTES];

	(void)state;
	assert_int_equal(sigv4_canonical(&r, "content-type;host;x-amz-date", &c, &e), 0);
	crypt_sha256_hex(buf_str(&c), c.len, hash);
	assert_string_equal(
	    hash, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
	sigv4_sign(SECRET, "20150830T123600Z", "us-east-1", "iam", buf_str(&c), sig);
	assert_string_equal(
	    sig, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
	buf_clear(&c);
}

static void
test_presigned(void **state)
{
	struct sigv4_presign p = {.method = "GET",
	    .origin = "https://examplebucket.s3.amazonaws.com",
	    .path = "/test.txt",
	    .key_id = "AKIAIOSFODNN7EXAMPLE",
	    .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	    .region = "us-east-1",
	    .amz_date = "20130524T000000Z",
	    .expires_s = 86400};
	struct sigv4_header h[] = {{"host", "examplebucket.s3.amazonaws.com"}};
	struct sigv4_request r = {.method = "GET",
	    .path = "/test.txt",
	    .headers = h,
	    .headers_n = 1,
	    .payload = "UNSIGNED-PAYLOAD",
	    .s3 = true};
	struct sigv4_auth a;
	struct buf url = BUF_INIT(4096);
	struct err e = {0};
	char date[17];
	int64_t expires = 0;

	(void)state;
	sigv4_presign(&p, &url);
	assert_non_null(strstr(buf_str(&url),
	    "&X-Amz-Signature="
	    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
	r.query = strchr(buf_str(&url), '?') + 1;
	assert_int_equal(sigv4_parse_query(r.query, &a, date, &expires, &e), 0);
	assert_int_equal(expires, 86400);
	assert_int_equal(sigv4_verify(&r, &a, date, p.secret, &e), 0);
	r.method = "PUT";
	assert_int_equal(sigv4_verify(&r, &a, date, p.secret, &e), -1);
	buf_clear(&url);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {NULL, "", "Bearer x", "AWS4-HMAC-SHA256",
	    "AWS4-HMAC-SHA256 ",
	    "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
	    "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Signature=00",
	    "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host"};
	static const char *const bad_lists[] = {
	    "", "x-amz-date;host", "host;host", "host;x-absent"};
	struct sigv4_header h[] = {{"host", "h"}, {"x-amz-date", "d"}};
	struct sigv4_request r = {.method = "GET",
	    .path = "/",
	    .query = "",
	    .headers = h,
	    .headers_n = 2,
	    .payload = EMPTY};
	struct sigv4_auth a;
	struct err e = {0};
	char date[17];
	int64_t v = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sigv4_parse(bad[i], &a, &e), -1);
	for (size_t i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++) {
		struct buf c = BUF_INIT(4096);

		assert_int_equal(sigv4_canonical(&r, bad_lists[i], &c, &e), -1);
		assert_int_equal(e.code, ERR_AUTH);
		buf_clear(&c);
	}
	assert_int_equal(
	    sigv4_parse_query("X-Amz-Algorithm=AWS4-HMAC-SHA256", &a, date, &v, &e), -1);
	assert_int_equal(sigv4_time("20150830T123600", &v), -1);
	assert_int_equal(sigv4_time("2015-08-30T12:36", &v), -1);
	assert_int_equal(sigv4_time("20150830T123600Z", &v), 0);
	assert_int_equal(v, 1440938160);
	sigv4_stamp(v, date);
	assert_string_equal(date, "20150830T123600Z");
}

/* Paths of other services than s3 are encoded once more; queries are decoded first. */
static void
test_encoding(void **state)
{
	struct sigv4_header h[] = {{"host", "h"}};
	struct sigv4_request r = {.method = "GET",
	    .path = "/a%20b/c:d",
	    .query = "b=%2f&a=x%20y&a=&c",
	    .headers = h,
	    .headers_n = 1,
	    .payload = EMPTY};
	struct buf c = BUF_INIT(4096);
	struct err e = {0};

	(void)state;
	assert_int_equal(sigv4_canonical(&r, "host", &c, &e), 0);
	assert_string_equal(buf_str(&c),
	    "GET\n/a%2520b/c%3Ad\na=&a=x%20y&b=%2F&c=\nhost:h\n\nhost\n" EMPTY);
	buf_reset(&c);
	r.s3 = true;
	r.query = "";
	assert_int_equal(sigv4_canonical(&r, "host", &c, &e), 0);
	assert_string_equal(buf_str(&c), "GET\n/a%20b/c:d\n\nhost:h\n\nhost\n" EMPTY);
	buf_reset(&c);
	r.query = "a=%zz";
	assert_int_equal(sigv4_canonical(&r, "host", &c, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	buf_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite),
	    cmocka_unit_test(test_altered), cmocka_unit_test(test_list_users),
	    cmocka_unit_test(test_presigned), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_encoding)};
	struct err e = {0};

	if (crypt_init(&e) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
