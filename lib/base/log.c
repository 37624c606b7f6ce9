#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	LINE_BYTES = 16 * 1024, /* more is cut: a line is for reading */
	VALUE_BYTES = 2048,
	REQUEST_BYTES = 64,
	NUM_TEXTS = 8,
	NUM_BYTES = 24
};

static const char *const level_names[LOG_LEVEL_MAX] = {"debug", "info", "warn", "error"};

static struct {
	const char *program;
	enum log_level level;
	char request[REQUEST_BYTES];
	char nums[NUM_TEXTS][NUM_BYTES];
	unsigned next_num;
} state = {.program = NULL, .level = LOG_INFO};

void
log_init(const char *program, enum log_level level)
{
	state.program = program;
	state.level = level;
}

int
log_level_parse(const char *name, enum log_level *out)
{
	int i;

	for (i = 0; i < LOG_LEVEL_MAX; i++) {
		if (str_eq(name, level_names[i])) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

void
log_set_request(const char *id)
{
	str_cut(state.request, sizeof(state.request), id != NULL ? id : "");
}

/* Length of the character at p when it may stand in a line as it is, else 0: controls (C0,
 * C1, DEL), line and paragraph separators and bytes that are no UTF-8 may not. */
static size_t
plain_len(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = 1;

	if (u[0] < 0x80)
		return u[0] >= 0x20 && u[0] != 0x7F ? 1 : 0;
	while (len < 4 && (u[len] & 0xC0) == 0x80)
		len++;
	/* The lead byte says how many belong to it; what follows may be stray
	 * continuations. */
	if (u[0] < 0xE0 && len > 2)
		len = 2;
	else if (u[0] < 0xF0 && len > 3)
		len = 3;
	if (!str_utf8_valid(p, len))
		return 0;
	if (u[0] == 0xC2 && u[1] < 0xA0)
		return 0;
	if (u[0] == 0xE2 && u[1] == 0x80 && (u[2] == 0xA8 || u[2] == 0xA9))
		return 0;
	return len;
}

static void
add_escaped(struct buf *line, const char *s)
{
	size_t len;

	for (; *s != '\0'; s += len) {
		len = plain_len(s);
		if (len == 1 && (*s == '"' || *s == '\\')) {
			buf_putc(line, '\\');
			buf_putc(line, *s);
		} else if (len > 0) {
			buf_add(line, s, len);
		} else {
			len = 1;
			if (*s == '\n')
				buf_puts(line, "\\n");
			else if (*s == '\t')
				buf_puts(line, "\\t");
			else if (*s == '\r')
				buf_puts(line, "\\r");
			else
				buf_printf(line, "\\x%02x", (unsigned)(unsigned char)*s);
		}
	}
}

static bool
needs_quotes(const char *s)
{
	size_t len;

	if (*s == '\0' || str_eq(s, "-"))
		return true;
	for (; *s != '\0'; s += len) {
		len = plain_len(s);
		if (len == 0 || strchr(" \"\\=", *s) != NULL)
			return true;
	}
	return false;
}

static void
add_pair(struct buf *line, const char *key, const char *value)
{
	char cut[VALUE_BYTES];

	buf_putc(line, ' ');
	buf_puts(line, key);
	buf_putc(line, '=');
	if (value == NULL) {
		buf_putc(line, '-');
		return;
	}
	str_cut(cut, sizeof(cut), value);
	if (!needs_quotes(cut)) {
		buf_puts(line, cut);
		return;
	}
	buf_putc(line, '"');
	add_escaped(line, cut);
	buf_putc(line, '"');
}

/* One write for a line, so that lines of several processes do not mix. */
static void
write_line(struct buf *line)
{
	const char *p;
	size_t left;
	ssize_t n;

	if (state.program != NULL)
		add_pair(line, "program", state.program);
	if (state.request[0] != '\0')
		add_pair(line, "request", state.request);
	/* The last byte of the ceiling is kept for the newline: see begin_line. */
	line->max_bytes = LINE_BYTES;
	line->over = false;
	buf_putc(line, '\n');
	p = buf_str(line);
	left = line->len;
	while (left > 0) {
		n = write(STDERR_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		/* A log that cannot be written must not stop the work. */
		if (n <= 0)
			break;
		p += n;
		left -= (size_t)n;
	}
	buf_clear(line);
}

static void
begin_line(struct buf *line, enum log_level level, const char *event)
{
	buf_init(line, LINE_BYTES - 1);
	buf_puts(line, level_names[level]);
	buf_putc(line, ' ');
	buf_puts(line, event);
}

void
log_event(enum log_level level, const char *event, ...)
{
	struct buf line;
	const char *key;
	va_list ap;

	if ((int)level < (int)state.level || level >= LOG_LEVEL_MAX)
		return;
	begin_line(&line, level, event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL)
		add_pair(&line, key, va_arg(ap, const char *));
	va_end(ap);
	write_line(&line);
}

void
log_err(const char *event, const struct err *e)
{
	const struct err_class *class = err_class(e->code);

	log_event((enum log_level) class->log_level, event, "error", class->name, "number",
	    e->sys != 0 ? log_num(e->sys) : NULL, "message", e->msg, NULL);
}

const char *
log_num(long long v)
{
	char *text = state.nums[state.next_num++ % NUM_TEXTS];

	BUG_IF(str_format(text, NUM_BYTES, "%lld", v) != 0);
	return text;
}
