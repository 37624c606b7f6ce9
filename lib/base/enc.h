/* enc.h: base64url, base64, hex, percent. Layer: base. Sources: RFC 4648 4, 5, 8; RFC 3986 2. */
#ifndef CW_BASE_ENC_H
#define CW_BASE_ENC_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* Append the encoding of n bytes. base64url is unpadded. */
void enc_base64url(struct buf *out, const void *p, size_t n);
void enc_base64(struct buf *out, const void *p, size_t n);
void enc_hex(struct buf *out, const void *p, size_t n); /* lower case */
/* Everything but A-Za-z0-9-_.~ as %XX, upper-case hex: query keys, values, path segments (RFC 3986). */
void enc_percent(struct buf *out, const char *s);
void enc_percent_n(struct buf *out, const char *s, size_t n);

/* Decode n characters into dst of size bytes; *len is the number of bytes.
 * errors: -1 for a foreign character, wrong padding, non-zero spare bits, or no room. */
MUST_USE int dec_base64url(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len);
MUST_USE int dec_base64(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len);
MUST_USE int dec_hex(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len);
/* Append the decoding of n characters; form: '+' is a blank (application/x-www-form-urlencoded).
 * errors: -1 for a broken escape or %00. */
MUST_USE int dec_percent(struct buf *out, const char *s, size_t n, bool form);

#endif
