#include "config.h"

#include "web/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

static const struct {
	const char *name;
	const char *english;
} TABLE[TEXT_MAX] = {
#define T(name, english) [TEXT_##name] = {#name, english},
#include "web/texts.def"
#undef T
};

void
texts_init(struct texts *t)
{
	t->file = NULL;
	for (int i = 0; i < TEXT_MAX; i++)
		t->v[i] = TABLE[i].english;
}

void
texts_clear(struct texts *t)
{
	free(t->file);
	texts_init(t);
}

static int
by_name(const char *name, size_t n)
{
	for (int i = 0; i < TEXT_MAX; i++)
		if (strlen(TABLE[i].name) == n && memcmp(TABLE[i].name, name, n) == 0)
			return i;
	return TEXT_MAX;
}

/* Is every hole of a also in b? */
static bool
holes_in(const char *a, const char *b)
{
	char hole[64];

	while ((a = strstr(a, "{{")) != NULL) {
		const char *end = strstr(a, "}}");
		size_t n = end == NULL ? sizeof hole : (size_t)(end - a) + 2;

		if (n >= sizeof hole)
			return false;
		memcpy(hole, a, n);
		hole[n] = '\0';
		if (strstr(b, hole) == NULL)
			return false;
		a += n;
	}
	return true;
}

/* Turn \n into line ends, in place. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] == 'n') {
			*to++ = '\n';
			s++;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static int
take_line(struct texts *t, char *line, struct err *e)
{
	size_t n = strcspn(line, " ");
	int id = by_name(line, n);

	if (line[n] == '\0' || line[n + 1] == '\0')
		return err_set(e, ERR_INPUT, "no text for %.60s", line);
	if (id == TEXT_MAX)
		return 0;
	line += n + 1;
	unescape(line);
	if (!holes_in(line, TABLE[id].english) || !holes_in(TABLE[id].english, line))
		return err_set(e, ERR_INPUT, "%s must have the holes of \"%s\"",
		    TABLE[id].name, TABLE[id].english);
	t->v[id] = line;
	return 0;
}

static int
read_file(const char *path, struct buf *out, struct err *e)
{
	char block[8192];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	while (rc == 0 && (n = read(fd, block, sizeof block)) != 0) {
		if (n > 0)
			buf_add(out, block, (size_t)n);
		else if (errno != EINTR)
			rc = err_set_errno(e, ERR_IO, errno, "%s", path);
	}
	close(fd);
	return rc == 0 ? buf_check(out, path, e) : -1;
}

int
texts_load(struct texts *t, const char *path, struct err *e)
{
	struct buf b = BUF_INIT(LIMIT_CONFIG);
	struct texts fresh;
	int line_no = 0, rc = -1;
	char *line, *next;

	texts_init(&fresh);
	if (read_file(path, &b, e) == -1)
		goto out;
	buf_putc(&b, '\n');
	fresh.file = buf_take(&b);
	for (line = fresh.file; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line_no++;
		if (line[0] != '\0' && take_line(&fresh, line, e) == -1) {
			err_wrap(e, "%s:%d", path, line_no);
			goto out;
		}
	}
	texts_clear(t);
	*t = fresh;
	fresh.file = NULL;
	rc = 0;
out:
	free(fresh.file);
	buf_clear(&b);
	return rc;
}

/* The value of the hole of n bytes at name; false when no pair has it. */
static bool
pair_value(va_list pairs, const char *name, size_t n, const char **out)
{
	const char *key, *value;

	while ((key = va_arg(pairs, const char *)) != NULL) {
		value = va_arg(pairs, const char *);
		if (strlen(key) == n && memcmp(key, name, n) == 0) {
			*out = value == NULL ? "" : value;
			return true;
		}
	}
	return false;
}

void
texts_fill(const struct texts *t, enum text id, struct buf *out, va_list pairs)
{
	const char *s = t->v[id];
	const char *open, *close, *value;

	while ((open = strstr(s, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
		va_list copy;
		bool found;

		va_copy(copy, pairs);
		found = pair_value(copy, open + 2, (size_t)(close - open) - 2, &value);
		va_end(copy);
		buf_add(out, s, (size_t)(open - s));
		if (found)
			buf_puts(out, value);
		else
			buf_add(out, open, (size_t)(close - open) + 2);
		if (!found)
			log_event(LOG_ERROR, "text_hole", "text", TABLE[id].name, NULL);
		s = close + 2;
	}
	buf_puts(out, s);
}
