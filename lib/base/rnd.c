#include "config.h"

#include "base/rnd.h"

#include <errno.h>
#include <sys/random.h>

#include "base/err.h"

void
rnd_bytes(void *p, size_t n)
{
	unsigned char *at = p;
	ssize_t got;

	while (n > 0) {
		got = getrandom(at, n, 0);
		BUG_IF(got < 0 && errno != EINTR);
		if (got <= 0)
			continue;
		at += got;
		n -= (size_t)got;
	}
}

void
rnd_hex(char *dst, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte;
	size_t i;

	for (i = 0; i < n; i++) {
		rnd_bytes(&byte, 1);
		dst[2 * i] = digits[byte >> 4];
		dst[2 * i + 1] = digits[byte & 15];
	}
	dst[2 * n] = '\0';
}

int64_t
rnd_between(int64_t min, int64_t max)
{
	uint64_t range, limit, v;

	BUG_IF(min > max);
	range = (uint64_t)max - (uint64_t)min;
	if (range == UINT64_MAX) {
		rnd_bytes(&v, sizeof(v));
		return (int64_t)v;
	}
	range++;
	/* Numbers above the last whole multiple of range would favour the low ones. */
	limit = UINT64_MAX - UINT64_MAX % range;
	do {
		rnd_bytes(&v, sizeof(v));
	} while (v >= limit);
	return (int64_t)((uint64_t)min + v % range);
}
