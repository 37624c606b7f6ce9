#include "config.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* True when the n bytes agree, ASCII case ignored. Stops at the end of either string. */
static bool
same_ci(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (fold(a[i]) != fold(b[i]))
			return false;
		if (a[i] == '\0')
			return true;
	}
	return true;
}

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_eq_ci(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return same_ci(a, b, strlen(a) + 1);
}

bool
str_empty(const char *s)
{
	return s == NULL || s[0] == '\0';
}

bool
str_starts(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_starts_ci(const char *s, const char *prefix)
{
	return s != NULL && same_ci(s, prefix, strlen(prefix));
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(suffix);
	size_t len = s != NULL ? strlen(s) : 0;

	return s != NULL && len >= n && memcmp(s + len - n, suffix, n) == 0;
}

bool
str_ends_ci(const char *s, const char *suffix)
{
	size_t n = strlen(suffix);
	size_t len = s != NULL ? strlen(s) : 0;

	return s != NULL && len >= n && same_ci(s + len - n, suffix, n);
}

const char *
str_find_ci(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	if (s == NULL)
		return NULL;
	for (;; s++) {
		if (same_ci(s, needle, n))
			return s;
		if (*s == '\0')
			return NULL;
	}
}

int
str_copy(char *dst, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (n >= size) {
		if (size > 0)
			dst[0] = '\0';
		return -1;
	}
	memcpy(dst, s, n + 1);
	return 0;
}

int
str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size) {
		if (size > 0)
			dst[0] = '\0';
		return -1;
	}
	return 0;
}

void
str_cut(char *dst, size_t size, const char *s)
{
	size_t n = strlen(s);
	size_t back;

	if (size == 0)
		return;
	if (n >= size) {
		n = size - 1;
		/* s[n] is the first byte left out; when it continues a character, leave out
		 * its start too. Bytes that are no UTF-8 are cut where they are. */
		for (back = 0;
		     back < 3 && back < n && ((unsigned char)s[n - back] & 0xC0) == 0x80;)
			back++;
		if (((unsigned char)s[n - back] & 0xC0) == 0xC0)
			n -= back;
	}
	memcpy(dst, s, n);
	dst[n] = '\0';
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *
str_trim_dup(const char *s)
{
	size_t n;

	while (is_blank(*s))
		s++;
	n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	return xstrndup(s, n);
}

char *
str_lower_dup(const char *s)
{
	char *copy = xstrdup(s);
	char *p;

	for (p = copy; p != NULL && *p != '\0'; p++)
		*p = fold(*p);
	return copy;
}

/* Length of the well-formed sequence at p, 0 when there is none. Source: RFC 3629 4. */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	unsigned char lo = 0x80;
	unsigned char hi = 0xBF;
	size_t len, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		len = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		len = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	if (p[0] == 0xE0)
		lo = 0xA0; /* overlong */
	else if (p[0] == 0xED)
		hi = 0x9F; /* surrogate */
	else if (p[0] == 0xF0)
		lo = 0x90; /* overlong */
	else if (p[0] == 0xF4)
		hi = 0x8F; /* above U+10FFFF */
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return len;
}

bool
str_utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0;
	size_t len;

	while (i < n) {
		len = utf8_len(p + i, n - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool
str_no_controls(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)
			return false;
	return true;
}

static void
strv_add_n(struct strv *l, const char *s, size_t n)
{
	BUG_IF(l->n >= LIMIT_STRV);
	/* Room doubles at each power of two; the list does not need to remember it. */
	if ((l->n & (l->n - 1)) == 0)
		l->v = xreallocarray(l->v, l->n > 0 ? l->n * 2 : 1, sizeof(*l->v));
	l->v[l->n] = xstrndup(s, n);
	l->n++;
}

void
strv_add(struct strv *l, const char *s)
{
	strv_add_n(l, s, strlen(s));
}

bool
strv_has_ci(const struct strv *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (str_eq_ci(l->v[i], s))
			return true;
	return false;
}

void
strv_clear(struct strv *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

void
strv_split(struct strv *l, const char *s, const char *seps)
{
	size_t n;

	for (;;) {
		s += strspn(s, seps);
		n = strcspn(s, seps);
		if (n == 0)
			return;
		strv_add_n(l, s, n);
		s += n;
	}
}
