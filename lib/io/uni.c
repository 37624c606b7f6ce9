#include "config.h"

#include "io/uni.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

char *
uni_nfc(const char *s)
{
	size_t n = 0;
	uint8_t *to;
	char *out;

	if (!str_utf8_valid(s, strlen(s)))
		return NULL;
	to = u8_normalize(UNINORM_NFC, (const uint8_t *)s, strlen(s), NULL, &n);
	BUG_IF(to == NULL && n > 0); /* lack of memory */
	out = xstrndup(to == NULL ? "" : (const char *)to, n);
	free(to);
	return out;
}

bool
uni_same(const char *a, const char *b)
{
	int differ = 1;

	if (!str_utf8_valid(a, strlen(a)) || !str_utf8_valid(b, strlen(b)))
		return str_eq(a, b);
	/* no language: what a name is must not depend on where the program runs */
	BUG_IF(u8_casecmp((const uint8_t *)a, strlen(a), (const uint8_t *)b, strlen(b), NULL,
		   UNINORM_NFC, &differ) == -1);
	return differ == 0;
}
