#include "config.h"

#include "base/enc.h"

#include <string.h>

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode64(struct buf *out, const void *p, size_t n, const char *alphabet, bool pad)
{
	const unsigned char *at = p;
	char quad[4];
	unsigned bits;
	size_t i, got;

	for (i = 0; i < n; i += 3) {
		got = n - i < 3 ? n - i : 3;
		bits = (unsigned)at[i] << 16;
		if (got > 1)
			bits |= (unsigned)at[i + 1] << 8;
		if (got > 2)
			bits |= at[i + 2];
		quad[0] = alphabet[bits >> 18];
		quad[1] = alphabet[bits >> 12 & 63];
		quad[2] = got > 1 ? alphabet[bits >> 6 & 63] : '=';
		quad[3] = got > 2 ? alphabet[bits & 63] : '=';
		buf_add(out, quad, pad ? 4 : got + 1);
	}
}

void
enc_base64url(struct buf *out, const void *p, size_t n)
{
	encode64(out, p, n, alphabet_url, false);
}

void
enc_base64(struct buf *out, const void *p, size_t n)
{
	encode64(out, p, n, alphabet_std, true);
}

void
enc_hex(struct buf *out, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = p;
	char pair[2];
	size_t i;

	for (i = 0; i < n; i++) {
		pair[0] = digits[at[i] >> 4];
		pair[1] = digits[at[i] & 15];
		buf_add(out, pair, 2);
	}
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

void
enc_percent(struct buf *out, const char *s)
{
	enc_percent_n(out, s, strlen(s));
}

void
enc_percent_n(struct buf *out, const char *s, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	char triple[3] = {'%', '0', '0'};
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_unreserved(s[i])) {
			buf_putc(out, s[i]);
			continue;
		}
		triple[1] = digits[(unsigned char)s[i] >> 4];
		triple[2] = digits[(unsigned char)s[i] & 15];
		buf_add(out, triple, sizeof(triple));
	}
}

/* The six bits of a character, -1 for a foreign one. c62 and c63 are the alphabet's last
 * two. */
static int
sextet(char c, char c62, char c63)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == c62)
		return 62;
	return c == c63 ? 63 : -1;
}

/* n characters without padding. */
static int
decode64(
    const char *s, size_t n, char c62, char c63, uint8_t *dst, size_t size, size_t *len)
{
	size_t need = n / 4 * 3 + (n % 4 > 0 ? n % 4 - 1 : 0);
	unsigned bits = 0;
	unsigned have = 0; /* bits not yet given out */
	size_t at = 0;
	size_t i;
	int v;

	if (n % 4 == 1 || need > size)
		return -1;
	for (i = 0; i < n; i++) {
		v = sextet(s[i], c62, c63);
		if (v < 0)
			return -1;
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			dst[at++] = (uint8_t)(bits >> have & 0xFF);
			bits &= (1U << have) - 1;
		}
	}
	/* Two texts for the same bytes would let an altered one pass for the original. */
	if (bits != 0)
		return -1;
	*len = at;
	return 0;
}

int
dec_base64url(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len)
{
	return decode64(s, n, '-', '_', dst, size, len);
}

int
dec_base64(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len)
{
	if (n % 4 != 0)
		return -1;
	if (n > 0 && s[n - 1] == '=')
		n -= s[n - 2] == '=' ? 2 : 1;
	return decode64(s, n, '+', '/', dst, size, len);
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
dec_hex(const char *s, size_t n, uint8_t *dst, size_t size, size_t *len)
{
	size_t i;
	int hi, lo;

	if (n % 2 != 0 || n / 2 > size)
		return -1;
	for (i = 0; i < n / 2; i++) {
		hi = nibble(s[2 * i]);
		lo = nibble(s[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -1;
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	*len = n / 2;
	return 0;
}

int
dec_percent(struct buf *out, const char *s, size_t n, bool form)
{
	size_t start = out->len;
	size_t i;
	int hi, lo;

	for (i = 0; i < n; i++) {
		if (s[i] == '+' && form) {
			buf_putc(out, ' ');
			continue;
		}
		if (s[i] != '%') {
			buf_putc(out, s[i]);
			continue;
		}
		hi = n - i > 2 ? nibble(s[i + 1]) : -1;
		lo = n - i > 2 ? nibble(s[i + 2]) : -1;
		if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) {
			buf_truncate(out, start);
			return -1;
		}
		buf_putc(out, (char)(hi << 4 | lo));
		i += 2;
	}
	return 0;
}
