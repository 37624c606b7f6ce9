/* secret.h: bytes that no helper prints, zeroed on release. Layer: base. Source: STYLE.md 5. */
#ifndef CW_BASE_SECRET_H
#define CW_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char *p; /* NUL-terminated; NULL when empty. Only for handing to the call that needs it. */
	size_t len;
};

void secret_set(struct secret *s, const void *p, size_t n); /* copies; frees what was there */
void secret_clear(struct secret *s);                        /* zeroes, frees; accepts an empty one */
void secret_move(struct secret *dst, struct secret *src);   /* dst takes over, src is empty after */
bool secret_is_set(const struct secret *s);
/* Compared in constant time for equal lengths. */
bool secret_eq(const struct secret *a, const struct secret *b);
bool secret_eq_bytes(const struct secret *a, const void *p, size_t n);

#endif
