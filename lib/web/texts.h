/* texts.h: every sentence that C decides on, one table, coded by enum text. Layer: web.
 * Source: DESIGN.md 10.
 *
 * English is compiled in from texts.def; other languages come from the file texts.txt that
 * the build merges beside their templates. Holes are {{name}}; what fills them is plain
 * text, escaped where it is rendered. */
#ifndef CW_WEB_TEXTS_H
#define CW_WEB_TEXTS_H

#include <stdarg.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum text {
#define T(name, english) TEXT_##name,
#include "web/texts.def"
#undef T
	TEXT_MAX
};

struct texts {
	const char *v[TEXT_MAX]; /* English, or into `file` */
	char *file;              /* NULL for English */
};

/* Make t English. */
void texts_init(struct texts *t);
/* Read a language's texts.txt, lines "NAME text" where \n stands for a line end, over
 * English. A name that is not known is skipped: the file may be of a neighbouring version.
 * path    the file
 * t       initialised; texts_clear()
 * errors  ERR_IO cannot read; ERR_INPUT a line without text, or a text with other holes
 * than English has (names file and line); ERR_LIMIT larger than LIMIT_CONFIG */
MUST_USE int texts_load(struct texts *t, const char *path, struct err *e);
void texts_clear(struct texts *t);

/* Append text id with its holes filled. pairs: name, value, name, value, ..., NULL; a NULL
 * value is empty. A hole that no pair fills is our own fault: it stays as it is, and the
 * log says so. Cannot fail. */
void texts_fill(const struct texts *t, enum text id, struct buf *out, va_list pairs);

#endif
