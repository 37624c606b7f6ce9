#include "config.h"

#include "html/esc.h"

#include <string.h>

#include "base/enc.h"
#include "base/str.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length of the well-formed UTF-8 sequence at s (n > 0 bytes left), 0 when there is none.
 * The bounds of the second byte keep out overlong forms, surrogates and what lies above
 * U+10FFFF (RFC 3629 4). */
static size_t
utf8_len(const unsigned char *s, size_t n)
{
	unsigned char lo = 0x80, hi = 0xBF;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		len = 2;
	else if (s[0] >= 0xE0 && s[0] <= 0xEF)
		len = 3;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xE0)
		lo = 0xA0;
	else if (s[0] == 0xED)
		hi = 0x9F;
	else if (s[0] == 0xF0)
		lo = 0x90;
	else if (s[0] == 0xF4)
		hi = 0x8F;
	if (n < len || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* What stands for a byte: 0 itself, RAW the start of a longer sequence, else an index into
 * REFERENCE. */
enum { RAW = 1, AMP, LT, GT, QUOT, APOS, BAD };
static const char *const REFERENCE[] = {
    [AMP] = "&amp;",
    [LT] = "&lt;",
    [GT] = "&gt;",
    [QUOT] = "&quot;",
    [APOS] = "&#39;",
    [BAD] = REPLACEMENT,
};
static const unsigned char CLASS[256] = {
    [0 ... 8] = BAD,
    [11 ... 12] = BAD,
    [14 ... 31] = BAD,
    ['"'] = QUOT,
    ['&'] = AMP,
    ['\''] = APOS,
    ['<'] = LT,
    ['>'] = GT,
    [127] = BAD,
    [128 ... 255] = RAW,
};

void
esc_html(struct buf *out, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t run = 0; /* start of the bytes that are copied as they are */
	size_t i = 0;

	while (i < n) {
		unsigned char class = CLASS[s[i]];
		size_t len = 1;

		if (class == RAW) {
			len = utf8_len(s + i, n - i);
			class = len == 0 ? BAD : 0;
			len += len == 0;
		}
		if (class != 0) {
			buf_add(out, text + run, i - run);
			buf_puts(out, REFERENCE[class]);
			run = i + len;
		}
		i += len;
	}
	buf_add(out, text + run, n - run);
}

void
esc_literal(struct buf *out, const char *s, size_t n, bool attr)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '&')
			buf_puts(out, "&amp;");
		else if (s[i] == '<')
			buf_puts(out, "&lt;");
		else if (s[i] == '>' && !attr)
			buf_puts(out, "&gt;");
		else if (s[i] == '"' && attr)
			buf_puts(out, "&quot;");
		else
			buf_putc(out, s[i]);
	}
}

bool
esc_url_start_ok(const char *s, size_t n, const char *const *hosts)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= 0x20 || c == 0x7F || c == '\\')
			return false;
	}
	if (!str_utf8_valid(s, n))
		return false;
	if (n > 0 && s[0] == '/')
		return n == 1 || s[1] != '/';
	for (; hosts != NULL && *hosts != NULL; hosts++) {
		size_t len = strlen(*hosts);

		if (n < len || memcmp(s, *hosts, len) != 0)
			continue;
		if (n == len || strchr("/?#", s[len]) != NULL)
			return true;
	}
	return false;
}

void
esc_url_part(struct buf *out, const char *s, size_t n, const char *keep)
{
	size_t run = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\0' || strchr(keep, s[i]) == NULL)
			continue;
		enc_percent_n(out, s + run, i - run);
		buf_putc(out, s[i]);
		run = i + 1;
	}
	enc_percent_n(out, s + run, n - run);
}
