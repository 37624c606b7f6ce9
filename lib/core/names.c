#include "config.h"

#include "core/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/uni.h"

/* Longest stem and ending that are kept; with "_" and a NUL they fit NAMES_BYTES, with " (999)" too. */
enum { STEM_BYTES = 200, EXT_BYTES = 40 };

/* Windows' device names may not be a file's stem, whatever follows the first dot; blanks before it do not count. */
static bool
is_device(const char *name)
{
	static const char *const devices[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
	static const char *const digits[] = {
	    "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u00b9", "\u00b2", "\u00b3"};
	size_t n = strcspn(name, ".");

	while (n > 0 && name[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
		if (n == strlen(devices[i]) && str_starts_ci(name, devices[i]))
			return true;
	if (n < 4 || (!str_starts_ci(name, "com") && !str_starts_ci(name, "lpt")))
		return false;
	for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
		if (n == 3 + strlen(digits[i]) && strncmp(name + 3, digits[i], n - 3) == 0)
			return true;
	return false;
}

/* How many bytes at s are a character that cannot be carried; 0: none. Of two and more bytes: C1 controls and the
 * Arabic letter mark; zero width space, left-to-right and right-to-left marks, line and paragraph separators,
 * embeddings and overrides, word joiner, isolates, byte order mark. */
static size_t
refused(const char *s)
{
	const uint8_t *u = (const uint8_t *)s;

	if (u[0] < 0x20 || u[0] == 0x7f || strchr("#%*:<>?/\\|~\"", s[0]) != NULL)
		return 1;
	if ((u[0] == 0xc2 && u[1] >= 0x80 && u[1] <= 0x9f) || (u[0] == 0xd8 && u[1] == 0x9c))
		return 2;
	if (u[0] == 0xe2 && u[1] == 0x80 &&
	    (u[2] == 0x8b || u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae)))
		return 3;
	if (u[0] == 0xe2 && u[1] == 0x81 && (u[2] == 0xa0 || (u[2] >= 0xa6 && u[2] <= 0xa9)))
		return 3;
	return u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf ? 3 : 0;
}

/* In place: the result is never longer. */
static void
clean(char *s)
{
	char *to = s;
	size_t n;

	while (*s != '\0') {
		n = refused(s);
		*to++ = n > 0 ? '_' : *s;
		s += n > 0 ? n : 1;
	}
	*to = '\0';
}

/* Bytes that are no UTF-8 stand for nothing. */
static char *
ascii_only(const char *name)
{
	char *s = xstrdup(name);

	for (char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '_';
	return s;
}

/* Where the ending begins; at the name's own end when there is none worth keeping. */
static const char *
ending(const char *name)
{
	const char *ext = strrchr(name, '.');

	return ext == NULL || ext == name || strlen(ext) > EXT_BYTES ? name + strlen(name) : ext;
}

static void
put(char out[NAMES_BYTES], const char *before, const char *name, const char *after)
{
	const char *ext = ending(name);
	char *stem = xstrndup(name, (size_t)(ext - name)), cut[STEM_BYTES + 1];

	str_cut(cut, sizeof cut, stem);
	if (str_format(out, NAMES_BYTES, "%s%s%s%s", before, cut, after, ext) == -1)
		str_cut(out, NAMES_BYTES, "file");
	free(stem);
}

bool
names_carry(const char *name, char out[NAMES_BYTES])
{
	char *text = uni_nfc(name), *s;
	size_t n;

	if (text == NULL)
		text = ascii_only(name);
	clean(text);
	s = text + strspn(text, " ");
	n = strlen(s);
	while (n > 0 && (s[n - 1] == '.' || s[n - 1] == ' '))
		s[--n] = '\0';
	if (n == 0)
		str_cut(out, NAMES_BYTES, "file");
	else
		put(out, is_device(s) ? "_" : "", s, "");
	free(text);
	return !str_eq(out, name);
}

void
names_number(const char *name, int n, char out[NAMES_BYTES])
{
	char after[16];

	BUG_IF(n < 2 || n > 999 || str_format(after, sizeof after, " (%d)", n) == -1);
	put(out, "", name, after);
}

bool
names_same(const char *a, const char *b)
{
	return uni_same(a, b);
}
