#include "config.h"

#include "sandbox/npc/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

enum { BOUNDARY_MAX = 70, HEAD_MAX = 4096 }; /* RFC 2046 5.1.1; ours */

/* The quoted or plain value of key= in a header line; owned by the caller, NULL when
 * absent. */
static char *
param(const char *line, const char *key)
{
	size_t len = strlen(key);

	for (const char *s = line; (s = str_find_ci(s, key)) != NULL; s += len) {
		if (s > line && s[-1] != ' ' && s[-1] != ';')
			continue; /* the end of a longer name: filename= for name= */
		if (s[len] != '=')
			continue;
		s += len + 1;
		if (*s == '"')
			return xstrndup(s + 1, strcspn(s + 1, "\""));
		return xstrndup(s, strcspn(s, "; \r\n"));
	}
	return NULL;
}

/* One header of a part's head; owned by the caller. */
static char *
head_line(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = head; *s != '\0';) {
		size_t n = strcspn(s, "\r\n");

		if (n > len && str_starts_ci(s, name) && s[len] == ':') {
			s += len + 1;
			s += strspn(s, " ");
			return xstrndup(s, strcspn(s, "\r\n"));
		}
		s += n;
		s += strspn(s, "\r\n");
	}
	return NULL;
}

static int
add_part(struct multipart *m, const char *p, size_t n, struct err *e)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4);
	struct multipart_part *part = &m->part[m->n];
	char *head, *disposition;

	if (end == NULL || end - p > HEAD_MAX)
		return err_set(e, ERR_INPUT, "a part of the form has no head");
	if (m->n == MULTIPART_PARTS)
		return err_set(e, ERR_LIMIT, "more than %d parts", MULTIPART_PARTS);
	head = xstrndup(p, (size_t)(end - p));
	disposition = head_line(head, "content-disposition");
	if (disposition != NULL) {
		part->name = param(disposition, "name");
		part->filename = param(disposition, "filename");
	}
	part->type = head_line(head, "content-type");
	part->p = end + 4;
	part->len = n - (size_t)(part->p - p);
	m->n++; /* counted before the check, so that it is cleared */
	free(head);
	free(disposition);
	return part->name != NULL ? 0
				  : err_set(e, ERR_INPUT, "a part of the form has no name");
}

static int
add_pair(struct multipart *m, const char *s, size_t n, struct err *e)
{
	struct buf name = BUF_INIT(HEAD_MAX), value = BUF_INIT(LIMIT_TEXT);
	const char *eq = memchr(s, '=', n);
	size_t klen = eq != NULL ? (size_t)(eq - s) : n;
	struct multipart_part *part = &m->part[m->n];

	if (m->n == MULTIPART_PARTS)
		return err_set(e, ERR_LIMIT, "more than %d parts", MULTIPART_PARTS);
	if (dec_percent(&name, s, klen, true) == -1 || name.over ||
	    (eq != NULL && dec_percent(&value, eq + 1, n - klen - 1, true) == -1) ||
	    value.over) {
		buf_clear(&name);
		buf_clear(&value);
		return err_set(e, ERR_INPUT, "the form has a broken or too long value");
	}
	*part = (struct multipart_part){
	    .name = xstrdup(buf_str(&name)), .own = xstrdup(buf_str(&value))};
	part->p = part->own;
	part->len = value.len;
	m->n++;
	buf_clear(&name);
	buf_clear(&value);
	return 0;
}

static int
parse_pairs(const char *body, size_t n, struct multipart *out, struct err *e)
{
	while (n > 0) {
		const char *amp = memchr(body, '&', n);
		size_t len = amp != NULL ? (size_t)(amp - body) : n;

		if (len > 0 && add_pair(out, body, len, e) == -1)
			return -1;
		n -= amp != NULL ? len + 1 : len;
		body += len + 1;
	}
	return 0;
}

int
multipart_parse(
    const char *type, const char *body, size_t n, struct multipart *out, struct err *e)
{
	char *boundary = NULL, mark[BOUNDARY_MAX + 5];
	const char *p, *end = body + n, *next;
	size_t len;
	int rc = -1;

	*out = (struct multipart){.n = 0};
	if (type != NULL && str_starts_ci(type, "application/x-www-form-urlencoded"))
		return parse_pairs(body, n, out, e);
	if (type == NULL || !str_starts_ci(type, "multipart/form-data"))
		return err_set(e, ERR_INPUT, "not a form");
	boundary = param(type, "boundary");
	if (boundary == NULL || boundary[0] == '\0' || strlen(boundary) > BOUNDARY_MAX ||
	    str_format(mark, sizeof(mark), "\r\n--%s", boundary) == -1) {
		err_set(e, ERR_INPUT, "multipart/form-data without a boundary");
		goto out;
	}
	len = strlen(mark);
	/* The first mark lacks the line end in front. */
	if (n < len - 2 || memcmp(body, mark + 2, len - 2) != 0) {
		err_set(e, ERR_INPUT, "the form does not begin with its boundary");
		goto out;
	}
	p = body + len - 2;
	while (end - p >= 2 && memcmp(p, "\r\n", 2) == 0) {
		p += 2;
		next = memmem(p, (size_t)(end - p), mark, len);
		if (next == NULL) {
			err_set(e, ERR_INPUT, "the form is cut short");
			goto out;
		}
		if (add_part(out, p, (size_t)(next - p), e) == -1)
			goto out;
		p = next + len;
	}
	if (end - p < 2 || memcmp(p, "--", 2) != 0)
		err_set(e, ERR_INPUT, "the form has no end");
	else
		rc = 0;
out:
	free(boundary);
	return rc;
}

void
multipart_clear(struct multipart *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->part[i].name);
		free(m->part[i].filename);
		free(m->part[i].type);
		free(m->part[i].own);
	}
	*m = (struct multipart){.n = 0};
}

char *
multipart_text(const struct multipart *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->part[i].name, name) && m->part[i].filename == NULL)
			return xstrndup(m->part[i].p, m->part[i].len);
	}
	return NULL;
}
