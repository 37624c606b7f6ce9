#include "config.h"

#include "io/csv.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct reader {
	struct csv_table t;
	struct csv_row row; /* being read */
	int line;           /* of the byte being read */
	int row_line;       /* where the row being read began; 0: not begun */
	bool has_head;
	bool too_many;
};

void
csv_clear(struct csv_table *t)
{
	strv_clear(&t->head.cells);
	for (size_t i = 0; i < t->n; i++)
		strv_clear(&t->v[i].cells);
	free(t->v);
	*t = (struct csv_table){0};
}

static void
on_cell(void *p, size_t n, void *arg)
{
	struct reader *r = arg;
	char *text = xstrndup(p == NULL ? "" : p, p == NULL ? 0 : n);

	strv_add(&r->row.cells, text);
	free(text);
}

static void
on_row(int c, void *arg)
{
	struct reader *r = arg;

	(void)c;
	r->row.line = r->row_line;
	r->row_line = 0;
	if (!r->has_head) {
		r->t.head = r->row;
		r->has_head = true;
	} else if (r->t.n == CSV_ROWS_MAX) {
		r->too_many = true;
		strv_clear(&r->row.cells);
	} else {
		r->t.v = xreallocarray(r->t.v, r->t.n + 1, sizeof *r->t.v);
		r->t.v[r->t.n++] = r->row;
	}
	r->row = (struct csv_row){0};
}

static int
read_file(const char *path, struct buf *out, struct err *e)
{
	char chunk[65536];
	ssize_t n;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			rc = err_set_errno(e, ERR_IO, errno, "%s", path);
			goto out;
		}
		buf_add(out, chunk, (size_t)n);
	}
	rc = buf_check(out, path, e);
out:
	close(fd);
	return rc;
}

/* Byte by byte, because only so the line of each row is known. */
static int
parse(struct reader *r, const char *path, const char *s, size_t n, struct err *e)
{
	struct csv_parser p;
	int rc = -1;

	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return err_set(e, ERR_BUG, "libcsv does not start");
	r->line = 1;
	for (size_t i = 0; i < n; i++) {
		if (r->row_line == 0 && s[i] != '\n' && s[i] != '\r')
			r->row_line = r->line;
		if (csv_parse(&p, s + i, 1, on_cell, on_row, r) != 1) {
			rc = err_set(e, ERR_INPUT, "%s:%d: a quote stands in the wrong place", path, r->line);
			goto out;
		}
		if (s[i] == '\n')
			r->line++;
	}
	if (csv_fini(&p, on_cell, on_row, r) != 0) {
		rc = err_set(e, ERR_INPUT, "%s:%d: the quote that opens here is never closed", path, r->row_line);
		goto out;
	}
	rc = 0;
out:
	csv_free(&p);
	return rc;
}

int
csv_read(const char *path, struct csv_table *out, struct err *e)
{
	struct buf text = BUF_INIT(CSV_FILE_MAX);
	struct reader r = {0};
	const char *s;
	size_t n;
	int rc = -1;

	if (read_file(path, &text, e) == -1)
		goto out;
	s = buf_str(&text);
	n = text.len;
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		n -= 3;
	}
	if (!str_utf8_valid(s, n) || memchr(s, '\0', n) != NULL) {
		rc = err_set(e, ERR_INPUT, "%s is not UTF-8 text; save it as \"CSV UTF-8\"", path);
		goto out;
	}
	if (parse(&r, path, s, n, e) == -1)
		goto out;
	if (r.too_many) {
		rc = err_set(e, ERR_LIMIT, "%s has more than %d rows", path, CSV_ROWS_MAX);
		goto out;
	}
	if (!r.has_head) {
		rc = err_set(e, ERR_INPUT, "%s is empty", path);
		goto out;
	}
	*out = r.t;
	r.t = (struct csv_table){0};
	rc = 0;
out:
	strv_clear(&r.row.cells);
	csv_clear(&r.t);
	buf_clear(&text);
	return rc;
}
