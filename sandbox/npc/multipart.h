/* multipart.h: forms, with files (RFC 7578) or without (application/x-www-form-urlencoded),
 * for the stand-in's own pages. Layer: sandbox. Pure. */
#ifndef CW_SANDBOX_NPC_MULTIPART_H
#define CW_SANDBOX_NPC_MULTIPART_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum { MULTIPART_PARTS = 32 };

struct multipart_part {
	char *name, *filename, *type; /* filename NULL: a text field */
	const char *p;                /* borrowed from the body, or own */
	size_t len;
	char *own; /* decoded value; NULL: borrowed */
};
struct multipart {
	struct multipart_part part[MULTIPART_PARTS];
	size_t n;
};
/* Take a body apart. type is the Content-Type header with its boundary; out->p points into
 * body. out     to be cleared by the caller, also on failure errors  ERR_INPUT not a form,
 * cut short, or a part without a name; ERR_LIMIT too many parts */
MUST_USE int multipart_parse(
    const char *type, const char *body, size_t n, struct multipart *out, struct err *e);
void multipart_clear(struct multipart *m);
/* A text field as a string owned by the caller; NULL when absent. */
char *multipart_text(const struct multipart *m, const char *name);

#endif
