/* view_rows.h: the loop that all views share. Private to store/view*. */
#ifndef CW_STORE_VIEW_ROWS_H
#define CW_STORE_VIEW_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

typedef void (*view_row_fn)(void *arg, struct stmt *q);
/* Run a statement whose parameters are all numbers; fn for each row; *n (may be NULL) how
 * many. */
MUST_USE int view_walk(struct db *db, int query, const int64_t *numbers, size_t numbers_n,
    view_row_fn fn, void *arg, int64_t *n, struct err *e);
/* A statement of one row with one number. */
MUST_USE int view_number(struct db *db, int query, const int64_t *numbers, size_t numbers_n,
    int64_t *out, struct err *e);

#endif
