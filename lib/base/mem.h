/* mem.h: allocation of small fixed things, which cannot fail (abort instead). Layer: base.
 * Anything whose size comes from outside goes through struct buf. Source: STYLE.md 5. */
#ifndef CW_BASE_MEM_H
#define CW_BASE_MEM_H

#include <stddef.h>

/* Memory owned by the caller, released with free(). Abort when there is none. n * size is checked. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);

/* A copy owned by the caller. xstrdup(NULL) is NULL, so that optional texts copy plainly. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

/* printf into fresh memory owned by the caller. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
