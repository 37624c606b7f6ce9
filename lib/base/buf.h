/* buf.h: growing byte buffer with a ceiling. Layer: base. Source: STYLE.md 5.
 *
 * Appending never returns an error: passing the ceiling makes the buffer `over`, further appends do
 * nothing, and buf_check() reports it once at the end. The bytes are always NUL-terminated. */
#ifndef CW_BASE_BUF_H
#define CW_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct buf {
	char *p; /* NULL until the first append; use buf_str() for a C string */
	size_t len;
	size_t cap;
	size_t max_bytes; /* ceiling for len */
	bool over;
};

/* Static initialiser with a ceiling: struct buf b = BUF_INIT(LIMIT_PAGE); */
#define BUF_INIT(max) {.p = NULL, .len = 0, .cap = 0, .max_bytes = (max), .over = false}

/* Start an empty one, the same as BUF_INIT; allocates nothing. */
void buf_init(struct buf *b, size_t max_bytes);
/* Zero and free the bytes; the buffer can be used again with the same ceiling. Accepts an empty one. */
void buf_clear(struct buf *b);
/* Forget the bytes but keep the memory. */
void buf_reset(struct buf *b);

/* Append: n bytes, one byte, a C string, formatted text. Cannot fail: see `over` above. */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Cut to n bytes, n <= len. */
void buf_truncate(struct buf *b, size_t n);

/* The bytes as a C string, "" when empty; borrowed until the next change. */
const char *buf_str(const struct buf *b);
/* Hand the bytes over, NUL-terminated, to be released with free(); b is empty afterwards. */
char *buf_take(struct buf *b);

/* errors  ERR_LIMIT the ceiling was passed; the message says `what` and the ceiling. */
MUST_USE int buf_check(const struct buf *b, const char *what, struct err *e);

#endif
