#include "config.h"

#include "web/csrf.h"

#include <stdint.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/rnd.h"
#include "base/str.h"
#include "io/crypt.h"

/* Mask and masked HMAC, side by side. */
enum { RAW_BYTES = 2 * CRYPT_SHA256_BYTES, COOKIE_RAW_BYTES = 32 };

int
csrf_cookie_read(const struct fcgi_req *req, char cookie[CSRF_COOKIE_BYTES])
{
	uint8_t raw[COOKIE_RAW_BYTES];
	size_t n = 0;

	if (fcgi_cookie(req, CSRF_COOKIE, cookie, CSRF_COOKIE_BYTES) == -1)
		return -1;
	return dec_base64url(cookie, strlen(cookie), raw, sizeof raw, &n) == 0 &&
		       n == sizeof raw
		   ? 0
		   : -1;
}

void
csrf_cookie(
    const struct fcgi_req *req, struct fcgi_resp *resp, char cookie[CSRF_COOKIE_BYTES])
{
	struct buf text = BUF_INIT(CSRF_COOKIE_BYTES);
	struct buf header = BUF_INIT(LIMIT_FIELD);
	uint8_t raw[COOKIE_RAW_BYTES];

	if (csrf_cookie_read(req, cookie) == 0)
		return;
	rnd_bytes(raw, sizeof raw);
	enc_base64url(&text, raw, sizeof raw);
	str_cut(cookie, CSRF_COOKIE_BYTES, buf_str(&text));
	buf_printf(
	    &header, CSRF_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Lax", cookie);
	fcgi_header(resp, "Set-Cookie", buf_str(&header));
	buf_clear(&text);
	buf_clear(&header);
}

static void
plain_token(const struct secret *session_key, const char *user, const char *cookie,
    uint8_t out[CRYPT_SHA256_BYTES])
{
	struct buf b = BUF_INIT(LIMIT_FIELD);

	buf_printf(&b, "csrf:%zu:%s:%s", strlen(user), user, cookie);
	crypt_hmac256(session_key->p, session_key->len, b.p, b.len, out);
	buf_clear(&b);
}

void
csrf_token(
    const struct secret *session_key, const char *user, const char *cookie, struct buf *out)
{
	uint8_t raw[RAW_BYTES];

	rnd_bytes(raw, CRYPT_SHA256_BYTES);
	plain_token(session_key, user, cookie, raw + CRYPT_SHA256_BYTES);
	for (size_t i = 0; i < CRYPT_SHA256_BYTES; i++)
		raw[CRYPT_SHA256_BYTES + i] ^= raw[i];
	enc_base64url(out, raw, sizeof raw);
}

bool
csrf_good(const struct secret *session_key, const char *user, const char *cookie,
    const char *token)
{
	uint8_t want[CRYPT_SHA256_BYTES];
	uint8_t raw[RAW_BYTES];
	size_t n = 0;

	if (token == NULL ||
	    dec_base64url(token, strlen(token), raw, sizeof raw, &n) == -1 ||
	    n != sizeof raw)
		return false;
	for (size_t i = 0; i < CRYPT_SHA256_BYTES; i++)
		raw[CRYPT_SHA256_BYTES + i] ^= raw[i];
	plain_token(session_key, user, cookie, want);
	return crypt_eq(want, raw + CRYPT_SHA256_BYTES, sizeof want);
}

bool
csrf_same_origin(const struct fcgi_req *req)
{
	const char *site = req->p.http_sec_fetch_site;

	/* "none": typed or from a bookmark; a POST is never that, but old browsers send
	 * nothing at all. */
	return str_empty(site) || str_eq(site, "same-origin");
}
