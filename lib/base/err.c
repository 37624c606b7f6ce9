#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

/* Room for one more character than is kept, so that the cut falls between characters. */
enum { SCRATCH_BYTES = ERR_MSG_BYTES + 4 };

static const struct err_class classes[ERR_CODE_MAX] = {
    [ERR_NONE] = {"none", 200, LOG_DEBUG, false},
    [ERR_INPUT] = {"input", 400, LOG_INFO, false},
    [ERR_AUTH] = {"auth", 403, LOG_WARN, false},
    [ERR_NOT_FOUND] = {"not_found", 404, LOG_INFO, false},
    [ERR_LIMIT] = {"limit", 413, LOG_WARN, false},
    [ERR_BUSY] = {"busy", 503, LOG_WARN, true},
    [ERR_IO] = {"io", 500, LOG_ERROR, true},
    [ERR_DB] = {"db", 500, LOG_ERROR, false},
    [ERR_REMOTE] = {"remote", 502, LOG_WARN, true},
    [ERR_BUG] = {"bug", 500, LOG_ERROR, false},
};

/* The arguments may point into e->msg, so the text is complete before e changes. */
static void
fill(struct err *e, enum err_code code, int sys, const char *text)
{
	e->code = code;
	e->sys = sys;
	str_cut(e->msg, sizeof(e->msg), text);
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[SCRATCH_BYTES];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fill(e, code, 0, text);
	return -1;
}

int
err_set_sys(struct err *e, enum err_code code, int sys, const char *fmt, ...)
{
	char text[SCRATCH_BYTES];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fill(e, code, sys, text);
	return -1;
}

int
err_set_errno(struct err *e, enum err_code code, int errnum, const char *fmt, ...)
{
	char text[SCRATCH_BYTES];
	char full[SCRATCH_BYTES];
	const char *desc = strerrordesc_np(errnum);
	va_list ap;
	int n;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (desc != NULL)
		n = snprintf(full, sizeof(full), "%s: %s", text, desc);
	else
		n = snprintf(full, sizeof(full), "%s: error %d", text, errnum);
	fill(e, code, errnum, n > 0 ? full : text);
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char text[SCRATCH_BYTES];
	char full[SCRATCH_BYTES];
	va_list ap;
	int n;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = snprintf(full, sizeof(full), "%s: %s", text, e->msg);
	fill(e, e->code, e->sys, n > 0 ? full : text);
	return -1;
}

void
err_clear(struct err *e)
{
	if (e != NULL)
		memset(e, 0, sizeof(*e));
}

const struct err_class *
err_class(enum err_code code)
{
	if ((unsigned)code >= ERR_CODE_MAX)
		return &classes[ERR_BUG];
	return &classes[code];
}

void
err_bug(const char *file, int line, const char *what)
{
	(void)dprintf(STDERR_FILENO, "error bug at=%s:%d what=\"%s\"\n", file, line, what);
	abort();
}
