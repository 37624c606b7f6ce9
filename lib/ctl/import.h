/* import.h: what both imports share: a table with named columns, problems by line. Layer: ctl, private.
 *
 * Everything is looked at first and every problem is reported; only a table without any is written, in one
 * transaction. A second run of the same table changes nothing. */
#ifndef CW_CTL_IMPORT_H
#define CW_CTL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "ctl/ctl_int.h"
#include "io/csv.h"

enum { IMPORT_COLUMNS_MAX = 16 };

struct import_column {
	const char *name;
	bool required; /* a row without it is a problem */
	size_t max_bytes;
};
struct import {
	struct ctl *c;
	const char *path;
	struct csv_table t;
	const struct import_column *columns;
	int at[IMPORT_COLUMNS_MAX]; /* place of each column in the file; -1: not there */
	int found;                  /* problems so far, each printed when found */
};

/* Read the file named on the command line and match its columns.
 * returns  0; CTL_USAGE; CTL_FAILED when columns are wrong (said); -1 with e */
MUST_USE int import_open(struct ctl *c, const struct import_column *columns, int n, struct import *out, struct err *e);
void import_close(struct import *im);

/* A row's value, "" when the column or the cell is missing; borrowed from the table. */
const char *import_cell(const struct import *im, const struct csv_row *row, int column);
/* Count a problem and print it with file and line. */
void import_problem(struct import *im, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same for a column whose check filled e. */
void import_problem_err(struct import *im, int line, const char *column, const struct err *e);
/* Required cells, lengths, control characters, too many cells; true when the row may be looked at further. */
bool import_row_sound(struct import *im, const struct csv_row *row);
/* The line of an earlier row whose column holds the same value, letters folded; 0: none. O(rows). */
int import_earlier(const struct import *im, size_t row, int column);
/* Say how it ended when problems were found. */
int import_refuse(const struct import *im);

#endif
