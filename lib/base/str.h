/* str.h: C strings without the traps of string.h. Layer: base. Folding of case is ASCII only:
 * logins and host names are compared so, and no locale is ever consulted. */
#ifndef CW_BASE_STR_H
#define CW_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

bool str_eq(const char *a, const char *b);    /* NULL equals only NULL */
bool str_eq_ci(const char *a, const char *b); /* ASCII case ignored */
bool str_empty(const char *s);                /* NULL or "" */
bool str_starts(const char *s, const char *prefix);
bool str_starts_ci(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_ends_ci(const char *s, const char *suffix);
/* The position of needle, ASCII case ignored; NULL when absent. */
const char *str_find_ci(const char *s, const char *needle);

/* Copy s into dst of size bytes. errors: -1 when it does not fit (dst becomes ""). */
MUST_USE int str_copy(char *dst, size_t size, const char *s);
/* The same with printf. */
MUST_USE int str_format(char *dst, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Copy what fits, cut on a UTF-8 boundary. Cannot fail. */
void str_cut(char *dst, size_t size, const char *s);

/* A copy without ASCII blanks at both ends; owned by the caller. */
char *str_trim_dup(const char *s);
/* A copy with A-Z folded; owned by the caller. */
char *str_lower_dup(const char *s);

/* True for well-formed UTF-8 (RFC 3629: no overlongs, no surrogates). */
bool str_utf8_valid(const char *s, size_t n);
/* True when the n bytes hold no control character (below 0x20, 0x7f). */
bool str_no_controls(const char *s, size_t n);

/* A list of owned strings. */
struct strv {
	char **v;
	size_t n;
};
void strv_add(struct strv *l, const char *s); /* copies; at most LIMIT_STRV entries, else abort */
bool strv_has_ci(const struct strv *l, const char *s);
void strv_clear(struct strv *l);
/* Append the words of s that any byte of seps separates; empty words are left out. */
void strv_split(struct strv *l, const char *s, const char *seps);

#endif
