#include "config.h"

#include "io/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

_Static_assert(CRYPT_SHA256_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(CRYPT_SHA256_BYTES == crypto_auth_hmacsha256_BYTES, "HMAC-SHA-256");
_Static_assert(CRYPT_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "X25519 public key");
_Static_assert(CRYPT_KEY_BYTES == crypto_box_SECRETKEYBYTES, "X25519 secret key");

enum {
	SEAL_VERSION = 1,
	SEAL_HEAD_BYTES = 1 + crypto_box_NONCEBYTES,
	/* What stands in a seal besides the token: five lengths, two numbers, key id,
	   purpose. */
	SEAL_EXTRA_BYTES = 1024,
	HEX_CHARS = 2 * CRYPT_KEY_BYTES,
	KEY_FILE_BYTES = HEX_CHARS + 2, /* a file with one byte more is not a key */
	SECRET_MODE_BAD = 0007,
	PUBLIC_MODE_BAD = 0002
};

int
crypt_init(struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_BUG, "libsodium does not start");
	return 0;
}

void
crypt_sha256(const void *p, size_t n, uint8_t out[CRYPT_SHA256_BYTES])
{
	BUG_IF(crypto_hash_sha256(out, p, n) != 0);
}

void
crypt_sha256_hex(const void *p, size_t n, char out[CRYPT_HEX256_BYTES])
{
	uint8_t hash[CRYPT_SHA256_BYTES];

	crypt_sha256(p, n, hash);
	(void)sodium_bin2hex(out, CRYPT_HEX256_BYTES, hash, sizeof(hash));
}

struct crypt_sha256 {
	crypto_hash_sha256_state state;
};

struct crypt_sha256 *
crypt_sha256_new(void)
{
	struct crypt_sha256 *h = xmalloc(sizeof(*h));

	BUG_IF(crypto_hash_sha256_init(&h->state) != 0);
	return h;
}

void
crypt_sha256_add(struct crypt_sha256 *h, const void *p, size_t n)
{
	BUG_IF(crypto_hash_sha256_update(&h->state, p, n) != 0);
}

void
crypt_sha256_end(struct crypt_sha256 *h, char out[CRYPT_HEX256_BYTES])
{
	uint8_t hash[CRYPT_SHA256_BYTES];

	BUG_IF(crypto_hash_sha256_final(&h->state, hash) != 0);
	(void)sodium_bin2hex(out, CRYPT_HEX256_BYTES, hash, sizeof(hash));
	sodium_memzero(h, sizeof(*h));
	free(h);
}

void
crypt_hmac256(const void *key, size_t key_len, const void *p, size_t n,
    uint8_t out[CRYPT_SHA256_BYTES])
{
	crypto_auth_hmacsha256_state state;

	BUG_IF(crypto_auth_hmacsha256_init(&state, key, key_len) != 0);
	BUG_IF(crypto_auth_hmacsha256_update(&state, p, n) != 0);
	BUG_IF(crypto_auth_hmacsha256_final(&state, out) != 0);
	sodium_memzero(&state, sizeof(state));
}

bool
crypt_eq(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

/* ---- keys */

static void
name_key(struct crypt_key *k)
{
	uint8_t hash[CRYPT_SHA256_BYTES];

	crypt_sha256(k->pub, sizeof(k->pub), hash);
	(void)sodium_bin2hex(k->id, sizeof(k->id), hash, (sizeof(k->id) - 1) / 2);
}

void
crypt_key_new(struct crypt_key *k)
{
	memset(k, 0, sizeof(*k));
	BUG_IF(crypto_box_keypair(k->pub, k->sec) != 0);
	k->has_sec = true;
	name_key(k);
}

void
crypt_key_clear(struct crypt_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

/* Read the whole file, at most max_bytes, unless its mode has one of the bad bits. */
static int
read_file(const char *path, mode_t bad, size_t max_bytes, struct buf *out, struct err *e)
{
	struct stat st;
	char chunk[512];
	ssize_t n = 0;
	int rc = -1;
	/* O_NONBLOCK: a fifo in the file's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_set_errno(e, ERR_IO, errno, "open %s", path);
	if (fstat(fd, &st) != 0) {
		(void)err_set_errno(e, ERR_IO, errno, "stat %s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(e, ERR_INPUT, "%s is not a plain file", path);
		goto out;
	}
	if ((st.st_mode & bad) != 0) {
		(void)err_set(e, ERR_INPUT,
		    "%s has mode %04o: others must have no access%s", path,
		    (unsigned)(st.st_mode & 07777),
		    bad == PUBLIC_MODE_BAD ? " to write" : "");
		goto out;
	}
	buf_init(out, max_bytes);
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		(void)err_set_errno(e, ERR_IO, errno, "read %s", path);
	else if (out->over)
		(void)err_set(e, ERR_INPUT, "%s is larger than %zu bytes", path, max_bytes);
	else
		rc = 0;
	if (rc != 0)
		buf_clear(out);
out:
	sodium_memzero(chunk, sizeof(chunk));
	(void)close(fd);
	return rc;
}

/* Cut one line end off. */
static void
cut_newline(struct buf *b)
{
	const char *s = buf_str(b);

	if (b->len > 0 && s[b->len - 1] == '\n')
		buf_truncate(b, b->len - 1);
	if (b->len > 0 && s[b->len - 1] == '\r')
		buf_truncate(b, b->len - 1);
}

static int
load_hex(const char *path, mode_t bad, uint8_t bytes[CRYPT_KEY_BYTES], struct err *e)
{
	struct buf text = BUF_INIT(0);
	size_t len = 0;
	int rc = 0;

	if (read_file(path, bad, KEY_FILE_BYTES, &text, e) != 0)
		return -1;
	cut_newline(&text);
	/* libsodium's reader takes the same time for all digits. */
	if (text.len != HEX_CHARS ||
	    sodium_hex2bin(
		bytes, CRYPT_KEY_BYTES, buf_str(&text), text.len, NULL, &len, NULL) != 0 ||
	    len != CRYPT_KEY_BYTES)
		rc = err_set(e, ERR_INPUT, "%s is not a key: %d hex digits expected", path,
		    (int)HEX_CHARS);
	buf_clear(&text);
	return rc;
}

int
crypt_key_load_secret(const char *path, struct crypt_key *out, struct err *e)
{
	struct crypt_key k = {.has_sec = true};
	int rc = load_hex(path, SECRET_MODE_BAD, k.sec, e);

	if (rc == 0) {
		BUG_IF(crypto_scalarmult_base(k.pub, k.sec) != 0);
		name_key(&k);
		*out = k;
	}
	crypt_key_clear(&k);
	return rc;
}

int
crypt_key_load_public(const char *path, struct crypt_key *out, struct err *e)
{
	struct crypt_key k = {.has_sec = false};
	uint8_t probe[CRYPT_KEY_BYTES];
	uint8_t shared[crypto_scalarmult_BYTES];

	if (load_hex(path, PUBLIC_MODE_BAD, k.pub, e) != 0)
		return -1;
	/* A point of small order gives the same "secret" with every key (RFC 7748 6.1). */
	randombytes_buf(probe, sizeof(probe));
	if (crypto_scalarmult(shared, probe, k.pub) != 0)
		return err_set(e, ERR_INPUT, "%s is not a public key", path);
	name_key(&k);
	*out = k;
	return 0;
}

static int
save_hex(const char *path, mode_t mode, const uint8_t bytes[CRYPT_KEY_BYTES], struct err *e)
{
	char line[HEX_CHARS + 2];
	size_t done = 0;
	ssize_t n;
	int rc = -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode);

	if (fd < 0)
		return err_set_errno(e, ERR_IO, errno, "create %s", path);
	(void)sodium_bin2hex(line, sizeof(line), bytes, CRYPT_KEY_BYTES);
	line[HEX_CHARS] = '\n';
	while (done < HEX_CHARS + 1) {
		n = write(fd, line + done, HEX_CHARS + 1 - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)err_set_errno(
			    e, ERR_IO, n < 0 ? errno : ENOSPC, "write %s", path);
			goto out;
		}
		done += (size_t)n;
	}
	/* The mode of open() passes through the umask; this one does not. */
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0) {
		(void)err_set_errno(e, ERR_IO, errno, "write %s", path);
		goto out;
	}
	rc = 0;
out:
	sodium_memzero(line, sizeof(line));
	if (close(fd) != 0 && rc == 0)
		rc = err_set_errno(e, ERR_IO, errno, "close %s", path);
	if (rc != 0)
		(void)unlink(path); /* half a key is worse than none */
	return rc;
}

int
crypt_key_save_secret(const char *path, const struct crypt_key *k, struct err *e)
{
	BUG_IF(!k->has_sec);
	return save_hex(path, 0400, k->sec, e);
}

int
crypt_key_save_public(const char *path, const struct crypt_key *k, struct err *e)
{
	return save_hex(path, 0444, k->pub, e);
}

int
crypt_secret_load(const char *path, size_t max_bytes, struct secret *out, struct err *e)
{
	struct buf text = BUF_INIT(0);
	int rc = 0;

	/* Two more for the line end. */
	if (read_file(path, SECRET_MODE_BAD, max_bytes + 2, &text, e) != 0)
		return -1;
	cut_newline(&text);
	if (text.len == 0)
		rc = err_set(e, ERR_INPUT, "%s is empty", path);
	else if (text.len > max_bytes)
		rc = err_set(e, ERR_INPUT, "%s is larger than %zu bytes", path, max_bytes);
	else if (!str_no_controls(buf_str(&text), text.len))
		rc = err_set(e, ERR_INPUT, "%s is not one line of text", path);
	else
		secret_set(out, buf_str(&text), text.len);
	buf_clear(&text);
	return rc;
}

/* ---- seals: version byte, nonce, crypto_box of the fields below, each behind its length
 */

static void
put_number(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_putc(b, (char)(v >> (8 * bytes) & 0xFF));
}

static void
put_field(struct buf *b, const void *p, size_t n)
{
	put_number(b, n, 4);
	buf_add(b, p, n);
}

static void
put_bind(struct buf *b, const struct crypt_bind *bind)
{
	put_field(b, bind->key_id, strlen(bind->key_id));
	put_number(b, (uint64_t)bind->account_id, 8);
	put_number(b, (uint64_t)bind->generation, 8);
	put_field(b, bind->purpose, strlen(bind->purpose));
}

void
crypt_seal(const struct crypt_key *writer_sec, const struct crypt_key *reader_pub,
    const struct crypt_bind *bind, const struct secret *plain, struct buf *out)
{
	struct buf fields = BUF_INIT(LIMIT_TOKEN + SEAL_EXTRA_BYTES);
	uint8_t head[SEAL_HEAD_BYTES];
	uint8_t *box;
	size_t n;

	BUG_IF(!writer_sec->has_sec);
	put_bind(&fields, bind);
	put_field(&fields, plain->p, plain->len);
	BUG_IF(fields.over); /* tokens are limited where they come in */
	n = fields.len + crypto_box_MACBYTES;
	box = xmalloc(n);
	head[0] = SEAL_VERSION;
	randombytes_buf(head + 1, crypto_box_NONCEBYTES);
	BUG_IF(crypto_box_easy(box, (const uint8_t *)buf_str(&fields), fields.len, head + 1,
		   reader_pub->pub, writer_sec->sec) != 0);
	buf_add(out, head, sizeof(head));
	buf_add(out, box, n);
	free(box);
	buf_clear(&fields);
}

struct reader {
	const uint8_t *p;
	size_t left;
};

static bool
get_number(struct reader *r, unsigned bytes, uint64_t *out)
{
	uint64_t v = 0;

	if (r->left < bytes)
		return false;
	r->left -= bytes;
	while (bytes-- > 0)
		v = v << 8 | *r->p++;
	*out = v;
	return true;
}

static bool
get_field(struct reader *r, const char **p, size_t *n)
{
	uint64_t len;

	if (!get_number(r, 4, &len) || len > r->left)
		return false;
	*p = (const char *)r->p;
	*n = (size_t)len;
	r->p += len;
	r->left -= (size_t)len;
	return true;
}

static bool
field_is(const char *p, size_t n, const char *want)
{
	return n == strlen(want) && memcmp(p, want, n) == 0;
}

/* Take the opened fields apart; everything in them was written by a holder of the writer's
 * key. */
static int
check_fields(
    struct reader *r, const struct crypt_bind *bind, struct secret *out, struct err *e)
{
	const char *key_id, *purpose, *token;
	size_t key_id_len, purpose_len, token_len;
	uint64_t account, generation;

	if (!get_field(r, &key_id, &key_id_len) || !get_number(r, 8, &account) ||
	    !get_number(r, 8, &generation) || !get_field(r, &purpose, &purpose_len) ||
	    !get_field(r, &token, &token_len) || r->left != 0)
		return err_set(e, ERR_INPUT, "sealed token is malformed inside");
	if (!field_is(key_id, key_id_len, bind->key_id))
		return err_set(e, ERR_INPUT, "sealed token is bound to another key");
	if (account != (uint64_t)bind->account_id)
		return err_set(e, ERR_INPUT, "sealed token is bound to another account");
	if (generation != (uint64_t)bind->generation)
		return err_set(e, ERR_INPUT, "sealed token is bound to another generation");
	if (!field_is(purpose, purpose_len, bind->purpose))
		return err_set(e, ERR_INPUT, "sealed token is bound to another purpose");
	secret_set(out, token, token_len);
	return 0;
}

int
crypt_open(const struct crypt_key *writer_pub, const struct crypt_key *reader_sec,
    const struct crypt_bind *bind, const void *sealed, size_t n, struct secret *out,
    struct err *e)
{
	const uint8_t *in = sealed;
	uint8_t *fields;
	struct reader r;
	size_t len;
	int rc = -1;

	BUG_IF(!reader_sec->has_sec);
	if (n < SEAL_HEAD_BYTES + crypto_box_MACBYTES ||
	    n > SEAL_HEAD_BYTES + crypto_box_MACBYTES + LIMIT_TOKEN + SEAL_EXTRA_BYTES)
		return err_set(
		    e, ERR_INPUT, "sealed token has an impossible length, %zu", n);
	if (in[0] != SEAL_VERSION)
		return err_set(e, ERR_INPUT, "sealed token has unknown version %u", in[0]);
	len = n - SEAL_HEAD_BYTES - crypto_box_MACBYTES;
	fields = xmalloc(len);
	if (crypto_box_open_easy(fields, in + SEAL_HEAD_BYTES, n - SEAL_HEAD_BYTES, in + 1,
		writer_pub->pub, reader_sec->sec) != 0) {
		(void)err_set(
		    e, ERR_INPUT, "sealed token was made with other keys, or altered");
		goto out;
	}
	r.p = fields;
	r.left = len;
	rc = check_fields(&r, bind, out, e);
out:
	sodium_memzero(fields, len);
	free(fields);
	return rc;
}
