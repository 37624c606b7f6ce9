#include "config.h"

#include "io/json_scan.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct scan {
	const char *p; /* next byte */
	const char *end;
	unsigned levels; /* still allowed */
	const char *why; /* set at the first fault; a literal */
};

static bool
fail(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end &&
	       (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool
at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool
at_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return fail(s, "not a value");
	s->p += n;
	return true;
}

static bool
scan_digits(struct scan *s)
{
	if (!at_digit(s))
		return fail(s, "digit expected");
	while (at_digit(s))
		s->p++;
	return true;
}

static bool
scan_number(struct scan *s)
{
	char text[JSON_NUMBER_CHARS + 1];
	const char *start = s->p;
	size_t n;

	if (at(s, '-'))
		s->p++;
	if (at(s, '0'))
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (at(s, '.')) {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (at(s, 'e') || at(s, 'E')) {
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		if (!scan_digits(s))
			return false;
	}
	n = (size_t)(s->p - start);
	if (n > JSON_NUMBER_CHARS)
		return fail(s, "number too long");
	memcpy(text, start, n);
	text[n] = '\0';
	if (!isfinite(strtod(text, NULL)))
		return fail(s, "number too large");
	return true;
}

/* Four hex digits after \u. */
static bool
scan_unit(struct scan *s, unsigned *unit)
{
	unsigned v = 0;
	int i;
	char c;

	for (i = 0; i < 4; i++, s->p++) {
		c = s->p < s->end ? *s->p : '\0';
		if (c >= '0' && c <= '9')
			v = v << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (unsigned)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (unsigned)(c - 'A' + 10);
		else
			return fail(s, "four hex digits expected");
	}
	*unit = v;
	return true;
}

static bool
scan_escape(struct scan *s)
{
	unsigned high, low;

	if (s->p == s->end)
		return fail(s, "text without end");
	if (*s->p != 'u') {
		if (*s->p == '\0' || strchr("\"\\/bfnrt", *s->p) == NULL)
			return fail(s, "unknown escape");
		s->p++;
		return true;
	}
	s->p++;
	if (!scan_unit(s, &high))
		return false;
	if (high == 0)
		return fail(s, "NUL in a text");
	if (high < 0xD800 || high > 0xDFFF)
		return true;
	if (high > 0xDBFF || s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
		return fail(s, "half a surrogate pair");
	s->p += 2;
	if (!scan_unit(s, &low))
		return false;
	return low >= 0xDC00 && low <= 0xDFFF ? true : fail(s, "half a surrogate pair");
}

static bool
scan_text(struct scan *s)
{
	if (!at(s, '"'))
		return fail(s, "text expected");
	s->p++;
	while (s->p < s->end) {
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if ((unsigned char)*s->p < 0x20)
			return fail(s, "control character in a text");
		if (*s->p++ == '\\' && !scan_escape(s))
			return false;
	}
	return fail(s, "text without end");
}

static bool scan_value(struct scan *s);

/* The members of an array or object, behind its opening bracket. */
static bool
scan_members(struct scan *s, char close, bool named)
{
	if (s->levels == 0)
		return fail(s, "nested too deep");
	s->levels--;
	skip_blanks(s);
	while (!at(s, close)) {
		if (named) {
			if (!scan_text(s))
				return false;
			skip_blanks(s);
			if (!at(s, ':'))
				return fail(s, "colon expected");
			s->p++;
		}
		if (!scan_value(s))
			return false;
		skip_blanks(s);
		if (at(s, close))
			break;
		if (!at(s, ','))
			return fail(s, s->p < s->end ? "comma expected" : "ends too early");
		s->p++;
		skip_blanks(s);
		if (at(s, close))
			return fail(s, "value expected");
	}
	s->p++;
	s->levels++;
	return true;
}

static bool
scan_value(struct scan *s)
{
	skip_blanks(s);
	if (s->p == s->end)
		return fail(s, "ends too early");
	switch (*s->p) {
	case '{':
		s->p++;
		return scan_members(s, '}', true);
	case '[':
		s->p++;
		return scan_members(s, ']', false);
	case '"':
		return scan_text(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return at(s, '-') || at_digit(s) ? scan_number(s) : fail(s, "not a value");
	}
}

int
json_scan(const char *text, size_t n, unsigned depth, struct err *e)
{
	struct scan s = {.p = text, .end = text + n, .levels = depth, .why = NULL};

	if (!str_utf8_valid(text, n))
		return err_set(e, ERR_REMOTE, "not JSON: not UTF-8");
	if (scan_value(&s)) {
		skip_blanks(&s);
		if (s.p == s.end)
			return 0;
		s.why = "more than one value";
	}
	return err_set(
	    e, ERR_REMOTE, "not JSON at byte %zu: %s", (size_t)(s.p - text), s.why);
}
