#include "config.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void *
xmalloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	BUG_IF(p == NULL);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	BUG_IF(p == NULL);
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	BUG_IF(size > 0 && n > SIZE_MAX / size);
	/* realloc(p, 0) may free p and return NULL, which is not what a caller means by
	 * "empty". */
	p = realloc(p, n * size > 0 ? n * size : 1);
	BUG_IF(p == NULL);
	return p;
}

char *
xstrdup(const char *s)
{
	if (s == NULL)
		return NULL;
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	BUG_IF(n < 0 || p == NULL);
	return p;
}
