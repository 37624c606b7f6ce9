/* uni.h: the one door to libunistring: forms of Unicode text. Layer: io. Source: Unicode 15 annex 15 (normal forms),
 * chapter 3.13 (caseless matching); libunistring 1.0 manual. */
#ifndef CW_IO_UNI_H
#define CW_IO_UNI_H

#include <stdbool.h>

/* The text in normal form C, owned by the caller; NULL when it is no UTF-8. */
char *uni_nfc(const char *s);
/* Are two texts the same but for case and normal form? What is no UTF-8 is the same as its own bytes only. */
bool uni_same(const char *a, const char *b);

#endif
