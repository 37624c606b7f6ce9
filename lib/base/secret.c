#include "config.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
secret_set(struct secret *s, const void *p, size_t n)
{
	char *copy = NULL;

	/* Copied first: p may lie inside what s holds now. */
	if (n > 0) {
		copy = xmalloc(n + 1);
		memcpy(copy, p, n);
		copy[n] = '\0';
	}
	secret_clear(s);
	s->p = copy;
	s->len = n;
}

void
secret_clear(struct secret *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->len);
	free(s->p);
	s->p = NULL;
	s->len = 0;
}

void
secret_move(struct secret *dst, struct secret *src)
{
	if (dst == src)
		return;
	secret_clear(dst);
	*dst = *src;
	src->p = NULL;
	src->len = 0;
}

bool
secret_is_set(const struct secret *s)
{
	return s->p != NULL;
}

bool
secret_eq(const struct secret *a, const struct secret *b)
{
	return secret_eq_bytes(a, b->p, b->len);
}

bool
secret_eq_bytes(const struct secret *a, const void *p, size_t n)
{
	/* volatile: the compiler must not leave the loop at the first difference */
	const volatile unsigned char *x = (const volatile unsigned char *)a->p;
	const volatile unsigned char *y = p;
	unsigned char diff = 0;
	size_t i;

	if (a->len != n)
		return false;
	for (i = 0; i < n; i++)
		diff |= (unsigned char)(x[i] ^ y[i]);
	return diff == 0;
}
