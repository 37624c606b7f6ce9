#include "config.h"

#include "unit.h"

#include "base/enc.h"
#include "base/limits.h"
#include "base/rnd.h"
#include "io/crypt.h"

static void
hex_of(const void *p, size_t n, char out[CRYPT_HEX256_BYTES])
{
	struct buf b = BUF_INIT(CRYPT_HEX256_BYTES);

	enc_hex(&b, p, n);
	memcpy(out, buf_str(&b), b.len + 1);
	buf_clear(&b);
}

/* Source: FIPS 180-4 examples (NIST CSRC). */
static void
test_sha256(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	struct crypt_sha256 *h;
	char hex[CRYPT_HEX256_BYTES], again[CRYPT_HEX256_BYTES];
	uint8_t raw[CRYPT_SHA256_BYTES];
	size_t i, k;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		crypt_sha256_hex(rows[i].text, strlen(rows[i].text), hex);
		assert_string_equal(hex, rows[i].want);
		crypt_sha256(rows[i].text, strlen(rows[i].text), raw);
		hex_of(raw, sizeof(raw), again);
		assert_string_equal(again, rows[i].want);
		h = crypt_sha256_new();
		for (k = 0; rows[i].text[k] != '\0'; k++)
			crypt_sha256_add(h, rows[i].text + k, 1);
		crypt_sha256_end(h, again);
		assert_string_equal(again, rows[i].want);
	}
}

/* Source: RFC 4231 4.2, 4.3, 4.7 (a key longer than a block). */
static void
test_hmac(void **state)
{
	uint8_t out[CRYPT_SHA256_BYTES];
	char hex[CRYPT_HEX256_BYTES];
	uint8_t key[131];

	(void)state;
	memset(key, 0x0b, 20);
	crypt_hmac256(key, 20, "Hi There", 8, out);
	hex_of(out, sizeof(out), hex);
	assert_string_equal(
	    hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	crypt_hmac256("Jefe", 4, "what do ya want for nothing?", 28, out);
	hex_of(out, sizeof(out), hex);
	assert_string_equal(
	    hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	crypt_hmac256(key, sizeof(key),
	    "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
	hex_of(out, sizeof(out), hex);
	assert_string_equal(
	    hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
test_eq(void **state)
{
	(void)state;
	assert_true(crypt_eq("abc", "abd", 2));
	assert_false(crypt_eq("abc", "abd", 3));
	assert_true(crypt_eq("", "", 0));
}

static void
test_key_files(void **state)
{
	char dir[UNIT_PATH_BYTES], sec[UNIT_PATH_BYTES], pub[UNIT_PATH_BYTES];
	char text[200];
	struct crypt_key k, back;
	struct err e;
	struct stat st;

	(void)state;
	unit_mkdir(dir);
	unit_path(sec, dir, "sec");
	unit_path(pub, dir, "pub");
	crypt_key_new(&k);
	assert_int_equal(strlen(k.id), 16);
	assert_int_equal(crypt_key_save_secret(sec, &k, &e), 0);
	assert_int_equal(crypt_key_save_public(pub, &k, &e), 0);
	assert_int_equal(stat(sec, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(stat(pub, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	unit_read(sec, text, sizeof(text));
	assert_int_equal(strlen(text), 65);
	assert_int_equal(strspn(text, "0123456789abcdef"), 64);
	assert_int_equal(text[64], '\n');
	/* Never over an existing key. */
	assert_int_equal(crypt_key_save_secret(sec, &k, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	unit_read(sec, text, sizeof(text));
	assert_int_equal(strlen(text), 65);
	assert_int_equal(crypt_key_load_secret(sec, &back, &e), 0);
	assert_true(back.has_sec);
	assert_memory_equal(back.sec, k.sec, CRYPT_KEY_BYTES);
	assert_memory_equal(back.pub, k.pub, CRYPT_KEY_BYTES);
	assert_string_equal(back.id, k.id);
	crypt_key_clear(&back);
	assert_int_equal(crypt_key_load_public(pub, &back, &e), 0);
	assert_false(back.has_sec);
	assert_memory_equal(back.pub, k.pub, CRYPT_KEY_BYTES);
	assert_string_equal(back.id, k.id);
	crypt_key_clear(&back);
	crypt_key_clear(&k);
	assert_int_equal(k.id[0], '\0');
	assert_int_equal(unlink(sec), 0);
	assert_int_equal(unlink(pub), 0);
	assert_int_equal(rmdir(dir), 0);
}

#define HEX64 "77076d0a7318a57d3c16c17251b26645df4f0ca3b79c0e2a0b1c1d5f2e8e6a3f"

static void
test_key_files_refused(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		bool secret_ok, public_ok;
	} rows[] = {
	    {HEX64 "\n", 0400, true, true},
	    {HEX64 "\n", 0440, true, true},
	    {HEX64, 0600, true, true},
	    {HEX64 "\r\n", 0600, true, true},
	    {HEX64 "\n", 0444, false, true},
	    {HEX64 "\n", 0401, false, true},
	    {HEX64 "\n", 0402, false, false},
	    {HEX64 "\n", 0666, false, false},
	    {"", 0400, false, false},
	    {"\n", 0400, false, false},
	    {HEX64 "\n\n", 0400, false, false},
	    {" " HEX64, 0400, false, false},
	    {HEX64 "0", 0400, false, false},
	    {HEX64 HEX64, 0400, false, false},
	    {"7707", 0400, false, false},
	    {"zz076d0a7318a57d3c16c17251b26645df4f0ca3b79c0e2a0b1c1d5f2e8e6a3f", 0400,
		false, false},
	    {"7:076d0a7318a57d3c16c17251b26645df4f0ca3b79c0e2a0b1c1d5f2e8e6a3f", 0400,
		false, false},
	    /* Fine as a secret; as a public half these points have small order. */
	    {"0000000000000000000000000000000000000000000000000000000000000000", 0400, true,
		false},
	    {"0100000000000000000000000000000000000000000000000000000000000000", 0400, true,
		false},
	};
	char dir[UNIT_PATH_BYTES], path[UNIT_PATH_BYTES];
	size_t i;

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "key");
	for (i = 0; i < ROWS(rows); i++) {
		struct crypt_key k = {.id = "kept"};
		struct err e;
		int rc;

		err_clear(&e);
		(void)unlink(path);
		unit_write(path, rows[i].text, strlen(rows[i].text), rows[i].mode);
		rc = crypt_key_load_secret(path, &k, &e);
		assert_int_equal(rc, rows[i].secret_ok ? 0 : -1);
		assert_int_equal(e.code, rows[i].secret_ok ? ERR_NONE : ERR_INPUT);
		if (rc != 0) {
			assert_string_equal(k.id, "kept");
			assert_non_null(strstr(e.msg, path));
			assert_null(strstr(e.msg, "6d0a7318"));
		}
		err_clear(&e);
		rc = crypt_key_load_public(path, &k, &e);
		assert_int_equal(rc, rows[i].public_ok ? 0 : -1);
		assert_int_equal(e.code, rows[i].public_ok ? ERR_NONE : ERR_INPUT);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
test_not_a_file(void **state)
{
	char dir[UNIT_PATH_BYTES], path[UNIT_PATH_BYTES];
	struct crypt_key k;
	struct secret s = {NULL, 0};
	struct err e;

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "none");
	assert_int_equal(crypt_key_load_secret(path, &k, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(crypt_secret_load(path, 10, &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(crypt_key_load_secret(dir, &k, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	/* A fifo without a writer must not hang. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(crypt_key_load_secret(path, &k, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(unlink(path), 0);
	crypt_key_new(&k);
	unit_path(path, dir, "no/such/place");
	assert_int_equal(crypt_key_save_public(path, &k, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(rmdir(dir), 0);
}

static void
test_secret_files(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *want; /* NULL: refused */
	} rows[] = {
	    {"pass word\n", 0400, "pass word"},
	    {"12345678901\n", 0400, NULL},
	    {"1234567890\n", 0440, "1234567890"},
	    {"1234567890\r\n", 0400, "1234567890"},
	    {"1234567890", 0400, "1234567890"},
	    {"1", 0600, "1"},
	    {"\xC3\xA9\n", 0400, "\xC3\xA9"},
	    {"", 0400, NULL},
	    {"\n", 0400, NULL},
	    {"a\nb\n", 0400, NULL},
	    {"a\n\n", 0400, NULL},
	    {"a\tb\n", 0400, NULL},
	    {"secret\n", 0404, NULL},
	    {"secret\n", 0644, NULL},
	    {"123456789012345", 0400, NULL},
	};
	char dir[UNIT_PATH_BYTES], path[UNIT_PATH_BYTES];
	size_t i;

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "secret");
	for (i = 0; i < ROWS(rows); i++) {
		struct secret s = {NULL, 0};
		struct err e;
		int rc;

		(void)unlink(path);
		unit_write(path, rows[i].text, strlen(rows[i].text), rows[i].mode);
		rc = crypt_secret_load(path, 10, &s, &e);
		assert_int_equal(rc, rows[i].want != NULL ? 0 : -1);
		if (rows[i].want != NULL)
			assert_true(
			    secret_eq_bytes(&s, rows[i].want, strlen(rows[i].want)));
		else
			assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(secret_is_set(&s), rows[i].want != NULL);
		secret_clear(&s);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* One writer, one reader, one sealed token. */
struct sealing {
	struct crypt_key writer, reader;
	struct crypt_bind bind;
	struct secret plain;
	struct buf sealed;
};

static int
setup(void **state)
{
	struct sealing *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -1;
	crypt_key_new(&s->writer);
	crypt_key_new(&s->reader);
	s->bind = (struct crypt_bind){s->reader.id, 42, 7, "refresh"};
	secret_set(&s->plain, "eyJhbGciOi.planted-canary", 25);
	buf_init(&s->sealed, 4096);
	crypt_seal(&s->writer, &s->reader, &s->bind, &s->plain, &s->sealed);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct sealing *s = *state;

	secret_clear(&s->plain);
	buf_clear(&s->sealed);
	free(s);
	return 0;
}

/* Opening must fail, say `want`, leave the output alone and never show the token. */
static void
assert_closed(struct sealing *s, const struct crypt_key *writer,
    const struct crypt_key *reader, const struct crypt_bind *bind, const void *p, size_t n,
    const char *want)
{
	struct secret out = {NULL, 0};
	struct err e;

	assert_int_equal(crypt_open(writer, reader, bind, p, n, &out, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, want));
	assert_null(strstr(e.msg, s->plain.p));
	assert_false(secret_is_set(&out));
}

static void
test_seal_and_open(void **state)
{
	struct sealing *s = *state;
	struct secret out = {NULL, 0};
	struct buf again = BUF_INIT(4096);
	struct crypt_key writer_pub = s->writer;
	struct err e;

	assert_int_equal(s->sealed.p[0], 1);
	/* version, nonce, MAC, lengths and numbers, key id, purpose, token */
	assert_int_equal(s->sealed.len, 1 + 24 + 16 + 3 * 4 + 2 * 8 + 16 + 7 + 25);
	assert_null(memmem(s->sealed.p, s->sealed.len, "planted-canary", 14));
	/* The reader needs no secret of the writer. */
	memset(writer_pub.sec, 0, sizeof(writer_pub.sec));
	writer_pub.has_sec = false;
	assert_int_equal(crypt_open(&writer_pub, &s->reader, &s->bind, s->sealed.p,
			     s->sealed.len, &out, &e),
	    0);
	assert_true(secret_eq(&out, &s->plain));
	secret_clear(&out);
	/* A fresh nonce each time. */
	crypt_seal(&s->writer, &s->reader, &s->bind, &s->plain, &again);
	assert_int_equal(again.len, s->sealed.len);
	assert_memory_not_equal(again.p + 1, s->sealed.p + 1, 24);
	assert_memory_not_equal(again.p + 25, s->sealed.p + 25, again.len - 25);
	buf_clear(&again);
}

static void
test_seal_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 5000, LIMIT_TOKEN};
	struct sealing *s = *state;
	char *text = malloc(LIMIT_TOKEN);
	size_t i;

	assert_non_null(text);
	memset(text, 't', LIMIT_TOKEN);
	for (i = 0; i < ROWS(sizes); i++) {
		struct secret plain = {NULL, 0};
		struct secret out = {NULL, 0};
		struct buf sealed = BUF_INIT(2 * LIMIT_TOKEN);
		struct err e;

		secret_set(&plain, text, sizes[i]);
		crypt_seal(&s->writer, &s->reader, &s->bind, &plain, &sealed);
		assert_int_equal(crypt_open(&s->writer, &s->reader, &s->bind, sealed.p,
				     sealed.len, &out, &e),
		    0);
		assert_true(secret_eq(&out, &plain));
		secret_clear(&out);
		secret_clear(&plain);
		buf_clear(&sealed);
	}
	free(text);
}

static void
test_open_checks_the_binding(void **state)
{
	struct sealing *s = *state;
	struct crypt_bind b;

	b = s->bind;
	b.key_id = s->writer.id;
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another key");
	b = s->bind;
	b.key_id = "";
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another key");
	b = s->bind;
	b.account_id = 43;
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another account");
	b = s->bind;
	b.account_id = -42;
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another account");
	b = s->bind;
	b.generation = 6;
	assert_closed(s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len,
	    "another generation");
	b = s->bind;
	b.purpose = "access";
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another purpose");
	b.purpose = "refres";
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another purpose");
	b.purpose = "refreshx";
	assert_closed(
	    s, &s->writer, &s->reader, &b, s->sealed.p, s->sealed.len, "another purpose");
}

static void
test_open_checks_the_keys(void **state)
{
	struct sealing *s = *state;
	struct crypt_key other;

	crypt_key_new(&other);
	assert_closed(s, &other, &s->reader, &s->bind, s->sealed.p, s->sealed.len,
	    "other keys, or altered");
	assert_closed(s, &s->writer, &other, &s->bind, s->sealed.p, s->sealed.len,
	    "other keys, or altered");
	crypt_key_clear(&other);
}

static void
test_altered_or_cut(void **state)
{
	struct sealing *s = *state;
	size_t i;

	for (i = 0; i < s->sealed.len; i++) {
		s->sealed.p[i] = (char)(s->sealed.p[i] ^ 0x10);
		assert_closed(s, &s->writer, &s->reader, &s->bind, s->sealed.p,
		    s->sealed.len, i == 0 ? "unknown version" : "altered");
		s->sealed.p[i] = (char)(s->sealed.p[i] ^ 0x10);
	}
	for (i = 0; i < s->sealed.len; i++) {
		char *part = malloc(i > 0 ? i : 1);

		assert_non_null(part);
		memcpy(part, s->sealed.p, i);
		assert_closed(s, &s->writer, &s->reader, &s->bind, part, i, "sealed token");
		free(part);
	}
	/* One byte more. */
	buf_putc(&s->sealed, 'x');
	assert_closed(
	    s, &s->writer, &s->reader, &s->bind, s->sealed.p, s->sealed.len, "altered");
}

static void
test_too_long(void **state)
{
	struct sealing *s = *state;
	size_t n = 10 * LIMIT_TOKEN;
	char *much = malloc(n);

	assert_non_null(much);
	rnd_bytes(much, n);
	much[0] = 1;
	assert_closed(s, &s->writer, &s->reader, &s->bind, much, n, "impossible length");
	free(much);
}

/* Stored tokens outlive a release: this one was sealed by another program (libsodium
 * through Python, after the layout in crypt.c) and must open for ever. Keys: bytes 1 to 32
 * and 101 to 132. */
static void
test_seal_of_yesterday(void **state)
{
	static const char hex[] = "01c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0680d49"
				  "2307e7f71372f405c71cd7d1f5959b86c1"
				  "e9d323c0d79932b5b5b8fafaacb264908a41dec73e3ff2bfd6b13450"
				  "a3020a2938197968cdd0f6a8d8dd01ce43"
				  "5f119402fb63f7744535e41cd2cb73c7b250f1";
	const struct crypt_bind bind = {"eed385a24ef7976a", 562949953421312, 3, "access"};
	char dir[UNIT_PATH_BYTES], path[UNIT_PATH_BYTES];
	struct crypt_key keys[2];
	struct secret out = {NULL, 0};
	struct buf line = BUF_INIT(100);
	uint8_t sealed[200];
	uint8_t bytes[CRYPT_KEY_BYTES];
	struct err e;
	size_t i, k, n;

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "key");
	for (i = 0; i < ROWS(keys); i++) {
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(100 * i + k + 1);
		buf_reset(&line);
		enc_hex(&line, bytes, sizeof(bytes));
		unit_write(path, buf_str(&line), line.len, 0600);
		assert_int_equal(crypt_key_load_secret(path, &keys[i], &e), 0);
	}
	assert_string_equal(keys[1].id, bind.key_id);
	assert_int_equal(dec_hex(hex, sizeof(hex) - 1, sealed, sizeof(sealed), &n), 0);
	assert_int_equal(crypt_open(&keys[0], &keys[1], &bind, sealed, n, &out, &e), 0);
	assert_true(secret_eq_bytes(&out, "token-of-yesterday", 18));
	secret_clear(&out);
	buf_clear(&line);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256),
	    cmocka_unit_test(test_hmac),
	    cmocka_unit_test(test_eq),
	    cmocka_unit_test(test_key_files),
	    cmocka_unit_test(test_key_files_refused),
	    cmocka_unit_test(test_not_a_file),
	    cmocka_unit_test(test_secret_files),
	    cmocka_unit_test(test_seal_of_yesterday),
	    cmocka_unit_test_setup_teardown(test_seal_and_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_seal_sizes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_open_checks_the_binding, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_open_checks_the_keys, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_altered_or_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
	};
	struct err e;

	if (crypt_init(&e) != 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
