/* crypt.h: the one door to libsodium: hashes, HMAC, sealing of secrets, key files. Layer: io. */
#ifndef CW_IO_CRYPT_H
#define CW_IO_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

enum { CRYPT_SHA256_BYTES = 32, CRYPT_KEY_BYTES = 32, CRYPT_KEY_ID_BYTES = 17, CRYPT_HEX256_BYTES = 65 };

/* Once per process, before any other call. errors: ERR_BUG libsodium would not start. */
MUST_USE int crypt_init(struct err *e);

/* SHA-256 (FIPS 180-4) of n bytes, as bytes, as hex digits with a NUL, and piece by piece. */
void crypt_sha256(const void *p, size_t n, uint8_t out[CRYPT_SHA256_BYTES]);
void crypt_sha256_hex(const void *p, size_t n, char out[CRYPT_HEX256_BYTES]);
struct crypt_sha256; /* streaming */
struct crypt_sha256 *crypt_sha256_new(void);
void crypt_sha256_add(struct crypt_sha256 *h, const void *p, size_t n);
void crypt_sha256_end(struct crypt_sha256 *h, char out[CRYPT_HEX256_BYTES]); /* frees h */

/* HMAC-SHA256 (RFC 2104); any key length. */
void crypt_hmac256(const void *key, size_t key_len, const void *p, size_t n, uint8_t out[CRYPT_SHA256_BYTES]);
bool crypt_eq(const void *a, const void *b, size_t n); /* constant time */

/* A key pair of crypto_box (X25519), or one half of it. */
struct crypt_key {
	uint8_t pub[CRYPT_KEY_BYTES];
	uint8_t sec[CRYPT_KEY_BYTES];
	bool has_sec;
	char id[CRYPT_KEY_ID_BYTES]; /* first 8 bytes of SHA-256 of the public half, hex */
};
void crypt_key_new(struct crypt_key *k);
void crypt_key_clear(struct crypt_key *k);
/* Files hold 64 hex digits and a newline. A secret file gives both halves (the public one is derived).
 * errors  ERR_IO cannot read; ERR_INPUT not such a file, or open to others (secret: mode & 007,
 *         public: mode & 002) */
MUST_USE int crypt_key_load_secret(const char *path, struct crypt_key *out, struct err *e);
MUST_USE int crypt_key_load_public(const char *path, struct crypt_key *out, struct err *e);
/* Write with O_CREAT | O_EXCL, mode 0400 (secret) or 0444 (public). errors: ERR_IO (exists, disk). */
MUST_USE int crypt_key_save_secret(const char *path, const struct crypt_key *k, struct err *e);
MUST_USE int crypt_key_save_public(const char *path, const struct crypt_key *k, struct err *e);
/* A secret text or symmetric key from a file: one line, the newline cut off; 1 to max_bytes bytes.
 * errors  as crypt_key_load_secret */
MUST_USE int crypt_secret_load(const char *path, size_t max_bytes, struct secret *out, struct err *e);

/* What a sealed token is bound to: opened only where all four agree (DESIGN.md 7 "Seals"). */
struct crypt_bind {
	const char *key_id;  /* of the reader's key */
	int64_t account_id;
	int64_t generation;
	const char *purpose; /* "access", "refresh" */
};
/* crypto_box_easy from the writer's secret key to the reader's public key; nonce in front.
 * out  appended; fresh nonce each time */
void crypt_seal(const struct crypt_key *writer_sec, const struct crypt_key *reader_pub,
    const struct crypt_bind *bind, const struct secret *plain, struct buf *out);
/* Open and compare the binding.
 * errors  ERR_INPUT wrong key, altered, or bound to something else (says which, never the content) */
MUST_USE int crypt_open(const struct crypt_key *writer_pub, const struct crypt_key *reader_sec,
    const struct crypt_bind *bind, const void *sealed, size_t n, struct secret *out, struct err *e);

#endif
