#include "config.h"

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BYTES = 64 };

void
buf_init(struct buf *b, size_t max_bytes)
{
	memset(b, 0, sizeof(*b));
	b->max_bytes = max_bytes;
}

void
buf_clear(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	buf_init(b, b->max_bytes);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->over = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

/* Make room for n more bytes and a NUL; false, and the buffer is over, when the ceiling
 * forbids. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	char *p;

	if (b->over)
		return false;
	if (n > b->max_bytes - b->len) {
		b->over = true;
		return false;
	}
	if (cap > b->len && n < cap - b->len)
		return true;
	BUG_IF(b->len + n > SIZE_MAX / 2 - 1);
	if (cap < FIRST_BYTES)
		cap = FIRST_BYTES;
	while (cap < b->len + n + 1)
		cap *= 2;
	/* Not realloc: the old place would keep a copy, perhaps of a secret. */
	p = xmalloc(cap);
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	p[b->len] = '\0';
	b->p = p;
	b->cap = cap;
	return true;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (!reserve(b, n) || n == 0)
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	va_copy(again, ap);
	if (reserve(b, 0)) {
		room = b->cap - b->len;
		n = vsnprintf(b->p + b->len, room, fmt, ap);
		BUG_IF(n < 0);
		/* The try may have written a cut text; it counts only when it is whole and
		 * allowed. */
		if (reserve(b, (size_t)n)) {
			if ((size_t)n >= room)
				(void)vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
			b->len += (size_t)n;
		} else {
			b->p[b->len] = '\0';
		}
	}
	va_end(again);
}

void
buf_truncate(struct buf *b, size_t n)
{
	BUG_IF(n > b->len);
	b->len = n;
	if (b->p != NULL)
		b->p[n] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->p != NULL ? b->p : "";
}

char *
buf_take(struct buf *b)
{
	char *p = b->p != NULL ? b->p : xstrdup("");

	buf_init(b, b->max_bytes);
	return p;
}

int
buf_check(const struct buf *b, const char *what, struct err *e)
{
	if (b->over)
		return err_set(
		    e, ERR_LIMIT, "%s is larger than %zu bytes", what, b->max_bytes);
	return 0;
}
