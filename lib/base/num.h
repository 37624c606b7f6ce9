/* num.h: whole numbers from text, strictly: all of the text, no sign tricks, no blanks. Layer: base. */
#ifndef CW_BASE_NUM_H
#define CW_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Decimal, optional leading '-' (not "-0"); leading zeros are allowed.
 * errors: -1 when s is NULL or not just a number within [min, max]; out untouched. */
MUST_USE int num_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);
/* The same for the first n bytes. */
MUST_USE int num_parse_i64_n(const char *s, size_t n, int64_t min, int64_t max, int64_t *out);

#endif
