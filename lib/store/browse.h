/* browse.h: lists that Connect a project chooses from. Layer: store. Tables: browse_list,
 * browse_row, account.
 *
 * A page asks for a list and shows what was read last; the worker reads it (job "browse" of
 * the account). Everywhere: ERR_BUSY, ERR_DB. Source: sql/queries/browse.sql. */
#ifndef CW_STORE_BROWSE_H
#define CW_STORE_BROWSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Which list. Borrowed texts of static storage. */
struct browse_key {
	int64_t account_id; /* whose sign-in reads it; 0: Project Center's */
	const char *kind;   /* "npc_project", "company", "project" */
	int64_t parent_id;  /* of "project": Procore's company; else 0 */
};
struct browse_list {
	int64_t wanted_at, read_at; /* 0: never */
	char error[257];            /* why the last try did not work; "" it did */
};
/* Role web. Ask for the list (the caller wishes the job). */
MUST_USE int browse_want(struct db *db, const struct browse_key *k, struct err *e);
/* All zero when it was never asked for. */
MUST_USE int browse_get(
    struct db *db, const struct browse_key *k, struct browse_list *out, struct err *e);

struct browse_row {
	char remote_id[256], number[256], name[513], extra[256];
	int64_t connection_id; /* that has the project already; 0: none */
};
typedef void (*browse_fn)(void *arg, const struct browse_row *r);
/* search: part of number or name, "" all */
MUST_USE int browse_rows(struct db *db, const struct browse_key *k, const char *search,
    int64_t limit, int64_t offset, browse_fn fn, void *arg, struct err *e);
MUST_USE int browse_count(struct db *db, const struct browse_key *k, const char *search,
    int64_t *n, struct err *e);
/* One row of a list. errors: ERR_NOT_FOUND */
MUST_USE int browse_row_get(struct db *db, const struct browse_key *k,
    const char *remote_id, struct browse_row *out, struct err *e);
/* Accounts that are signed in, as rows: public id, name as extra, login as name. */
MUST_USE int browse_accounts(struct db *db, const char *search, int64_t limit,
    int64_t offset, browse_fn fn, void *arg, struct err *e);
MUST_USE int
browse_accounts_count(struct db *db, const char *search, int64_t *n, struct err *e);

/* Role sync. The list of this account that was asked for longest ago and is not read since.
 * *found false: none. */
struct browse_task {
	char kind[16];
	int64_t parent_id, wanted_at;
};
MUST_USE int browse_next(
    struct db *db, int64_t account_id, struct browse_task *out, bool *found, struct err *e);
/* connection_id of r is not used. */
MUST_USE int browse_put(struct db *db, const struct browse_key *k,
    const struct browse_row *r, int64_t now, struct err *e);
/* The list is read: rows not seen since `before_at` are gone. */
MUST_USE int browse_drop_old(
    struct db *db, const struct browse_key *k, int64_t before_at, struct err *e);
/* The end of a try; error "" when it worked. */
MUST_USE int browse_read(struct db *db, const struct browse_key *k, int64_t now,
    const char *error, struct err *e);

#endif
