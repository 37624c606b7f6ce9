/* csv.h: a table in comma-separated values, with the line of each row. Layer: io. Source: RFC 4180.
 *
 * The first row names the columns. Fields may be quoted and hold commas and line ends; a byte order mark and
 * blank lines are ignored; blanks around an unquoted field are cut off. */
#ifndef CW_IO_CSV_H
#define CW_IO_CSV_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct csv_row {
	int line; /* where it begins, from 1 */
	struct strv cells;
};
struct csv_table {
	struct csv_row head;
	struct csv_row *v;
	size_t n;
};
void csv_clear(struct csv_table *t); /* accepts a zeroed one */

/* Largest file and most rows taken: a firm has some thousand projects. */
enum { CSV_FILE_MAX = 8 * 1024 * 1024, CSV_ROWS_MAX = 20000 };

/* Read a whole file.
 * out     owned by the caller (csv_clear); untouched on failure
 * errors  ERR_IO cannot read; ERR_LIMIT too large; ERR_INPUT not UTF-8, broken quotes (with the line), no row */
MUST_USE int csv_read(const char *path, struct csv_table *out, struct err *e);

#endif
