#include "config.h"

#include "ctl/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

/* More than this helps nobody: the first ones show what is wrong with the table. */
enum { SHOWN_MAX = 200 };

static int
column_index(const struct import_column *columns, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (str_eq_ci(columns[i].name, name))
			return i;
	return -1;
}

static void
match_columns(struct import *im, int n)
{
	const struct strv *head = &im->t.head.cells;

	for (int i = 0; i < n; i++)
		im->at[i] = -1;
	for (size_t i = 0; i < head->n; i++) {
		int k = column_index(im->columns, n, head->v[i]);

		if (k == -1)
			import_problem(im, im->t.head.line, "there is no column %.60s here", head->v[i]);
		else if (im->at[k] != -1)
			import_problem(im, im->t.head.line, "the column %s comes twice", im->columns[k].name);
		else
			im->at[k] = (int)i;
	}
	for (int i = 0; i < n; i++)
		if (im->at[i] == -1 && im->columns[i].required)
			import_problem(im, im->t.head.line, "the column %s is missing", im->columns[i].name);
}

int
import_open(struct ctl *c, const struct import_column *columns, int n, struct import *out, struct err *e)
{
	*out = (struct import){.c = c, .columns = columns};
	BUG_IF(n > IMPORT_COLUMNS_MAX);
	for (int i = n; i < IMPORT_COLUMNS_MAX; i++)
		out->at[i] = -1;
	if (c->argc != 2)
		return ctl_usage(c, "name the CSV file");
	out->path = c->argv[1];
	if (csv_read(out->path, &out->t, e) == -1)
		return -1;
	match_columns(out, n);
	if (out->found > 0)
		return import_refuse(out);
	return ctl_open_db(c, e);
}

void
import_close(struct import *im)
{
	csv_clear(&im->t);
}

const char *
import_cell(const struct import *im, const struct csv_row *row, int column)
{
	int at = im->at[column];

	return at == -1 || (size_t)at >= row->cells.n ? "" : row->cells.v[at];
}

void
import_problem(struct import *im, int line, const char *fmt, ...)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);
	va_list ap;

	if (im->found++ >= SHOWN_MAX)
		return;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s:%d: %s\n", im->path, line, buf_str(&b));
	buf_clear(&b);
}

void
import_problem_err(struct import *im, int line, const char *column, const struct err *e)
{
	import_problem(im, line, "%s: %s", column, e->msg);
}

bool
import_row_sound(struct import *im, const struct csv_row *row)
{
	int before = im->found;

	if (row->cells.n > im->t.head.cells.n)
		import_problem(im, row->line, "there are more cells than columns; put quotes around a cell with a comma");
	for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
		const char *s;
		struct err e = {0};

		if (im->at[i] == -1)
			continue;
		s = import_cell(im, row, i);
		if (*s == '\0' && im->columns[i].required)
			import_problem(im, row->line, "%s: is missing", im->columns[i].name);
		else if (ctl_text(im->columns[i].name, s, im->columns[i].max_bytes, &e) == -1)
			import_problem(im, row->line, "%s", e.msg);
	}
	return im->found == before;
}

int
import_earlier(const struct import *im, size_t row, int column)
{
	const char *s = import_cell(im, &im->t.v[row], column);

	for (size_t i = 0; i < row; i++)
		if (str_eq_ci(import_cell(im, &im->t.v[i], column), s))
			return im->t.v[i].line;
	return 0;
}

int
import_refuse(const struct import *im)
{
	if (im->found > SHOWN_MAX)
		fprintf(stderr, "... and %d more\n", im->found - SHOWN_MAX);
	fprintf(stderr, "%s: %d problem%s, nothing was imported\n", im->path, im->found, im->found == 1 ? "" : "s");
	return CTL_FAILED;
}
