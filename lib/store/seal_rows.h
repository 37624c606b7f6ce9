/* seal_rows.h: which keys the tokens are sealed for, and the change from one to the next.
 * Layer: store. Tables: seal_key, token, meta (rotate_done, rotate_total). */
#ifndef CW_STORE_SEAL_ROWS_H
#define CW_STORE_SEAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"
#include "store/token.h"

/* Call fn for each key that tokens are sealed for, with their number; it answers -1 (e
 * filled) to stop. */
typedef int (*seal_rows_fn)(void *arg, const char *key_id, int64_t tokens, struct err *e);
MUST_USE int seal_rows_readers(struct db *db, seal_rows_fn fn, void *arg, struct err *e);
/* Is this key, in use or retired, known for that use? */
MUST_USE int seal_rows_known(
    struct db *db, const char *key_id, const char *use, bool *known, struct err *e);

/* Name the next reader: from now on it is the current one. Inside the caller's transaction.
 * errors  ERR_BUSY ERR_IO ERR_DB; source  query SEAL_NEXT_PUT */
MUST_USE int
seal_rows_next(struct db *db, const char *key_id, const char *public_hex, struct err *e);
/* Tokens that are not sealed for this reader. */
MUST_USE int
seal_rows_left(struct db *db, const char *reader_id, int64_t *n, struct err *e);
/* The account with the lowest id above after_id whose token is not sealed for this reader;
 * 0: none. */
MUST_USE int seal_rows_after(struct db *db, int64_t after_id, const char *reader_id,
    int64_t *account_id, struct err *e);
/* Replace a seal if generation and reader still are these. *changed false: somebody stored
 * a newer pair. The progress moves with it. Inside the caller's transaction. */
MUST_USE int seal_rows_reseal(struct db *db, int64_t account_id, const char *old_reader_id,
    const struct token_row *t, bool *changed, struct err *e);
/* Retire the other readers of which no token is left. *n: how many. */
MUST_USE int
seal_rows_retire(struct db *db, const char *reader_id, int64_t *n, struct err *e);
/* meta rotate_done and rotate_total; 0 when no key was ever changed. */
MUST_USE int
seal_rows_progress(struct db *db, int64_t *done, int64_t *total, struct err *e);
MUST_USE int
seal_rows_set_progress(struct db *db, int64_t done, int64_t total, struct err *e);

#endif
