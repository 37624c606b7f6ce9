/* rnd.h: randomness from getrandom(2). Layer: base. Cannot fail: aborts when the kernel gives none. */
#ifndef CW_BASE_RND_H
#define CW_BASE_RND_H

#include <stddef.h>
#include <stdint.h>

/* Fill p with n random bytes. */
void rnd_bytes(void *p, size_t n);
/* n random bytes as 2n hex digits and a NUL; dst has 2n + 1 bytes. */
void rnd_hex(char *dst, size_t n);
/* A number in [min, max], evenly spread: jitter, not secrets. */
int64_t rnd_between(int64_t min, int64_t max);

#endif
