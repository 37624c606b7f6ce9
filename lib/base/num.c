#include "config.h"

#include "base/num.h"

#include <stdbool.h>
#include <string.h>

int
num_parse_i64_n(const char *s, size_t n, int64_t min, int64_t max, int64_t *out)
{
	bool neg = false;
	int64_t v = 0; /* kept negative: INT64_MIN has no positive twin */
	size_t i = 0;

	if (s == NULL)
		return -1;
	if (n > 0 && s[0] == '-') {
		neg = true;
		i = 1;
	}
	if (i == n)
		return -1;
	for (; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s[i] - '0', &v))
			return -1;
	}
	if (neg ? v == 0 : v == INT64_MIN)
		return -1;
	if (!neg)
		v = -v;
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int
num_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	return s == NULL ? -1 : num_parse_i64_n(s, strlen(s), min, max, out);
}
