/* sync_rows.h: what the sync engine reads and writes of connections, seats, services and
 * webhooks. Layer: store. Tables: connection, bic, account, service, hook_event.
 * Statements: sql/queries/sync.sql. */
#ifndef CW_STORE_SYNC_ROWS_H
#define CW_STORE_SYNC_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct sync_connection {
	char npc_project[256];
	int64_t company_id, project_id, poll_minutes, sync_from_at,
	    idle_passes;        /* poll_minutes 0: the installation's */
	int64_t next_at;        /* when the next pass is planned; 0: not yet */
	bool active, requested; /* requested: somebody pressed Sync now since the last
				   complete pass */
	bool cut_short;         /* the last pass did not complete */
};
/* errors  ERR_NOT_FOUND; ERR_BUSY; ERR_DB */
MUST_USE int
sync_connection_get(struct db *db, int64_t id, struct sync_connection *out, struct err *e);
/* A pass ended well, or why not. next_at: when the next one is planned. */
MUST_USE int sync_connection_done(struct db *db, int64_t id, int64_t now, int64_t next_at,
    int64_t idle_passes, struct err *e);
MUST_USE int sync_connection_failed(
    struct db *db, int64_t id, int64_t next_at, const char *error, struct err *e);

/* Active connections in which the account has a seat at this company: what shares its
 * budget; at least 1. */
MUST_USE int sync_sharing(
    struct db *db, int64_t account_id, int64_t company_id, int64_t *n, struct err *e);

struct sync_seat {
	int64_t bic_id, connection_id, account_id;
	int64_t user_id, checked_at;               /* 0: not known, never */
	char *login, *login_folded, *contact_id;   /* owned */
	char *state, *rfi_level, *submittal_level; /* owned; levels "" not known */
	bool signed_in;                            /* the account has a living sign-in */
};
struct sync_seats {
	struct sync_seat *v;
	size_t n;
};
void sync_seats_clear(struct sync_seats *l); /* accepts a zeroed one */
/* Seats of a connection in failover order; one seat (none when it was removed); those of an
 * account in active connections. */
MUST_USE int
sync_seats_of(struct db *db, int64_t connection_id, struct sync_seats *out, struct err *e);
MUST_USE int
sync_seat_get(struct db *db, int64_t bic_id, struct sync_seats *out, struct err *e);
MUST_USE int sync_seats_of_account(
    struct db *db, int64_t account_id, struct sync_seats *out, struct err *e);
/* What a check found; levels "" when not known. */
MUST_USE int sync_seat_put(struct db *db, int64_t bic_id, const char *state,
    const char *text, const char *rfi_level, const char *submittal_level,
    const char *contact_id, int64_t now, struct err *e);
/* The contact, "" none: then missing is what is said unless a permission is. */
MUST_USE int sync_seat_contact(struct db *db, int64_t bic_id, const char *contact_id,
    const char *missing, int64_t now, struct err *e);
MUST_USE int
sync_seat_denied(struct db *db, int64_t bic_id, const char *text, struct err *e);

/* The newest waiting webhook of a project (0: none), and all up to it handled. */
MUST_USE int
sync_hooks_last(struct db *db, int64_t procore_project_id, int64_t *id, struct err *e);
MUST_USE int sync_hooks_done(
    struct db *db, int64_t procore_project_id, int64_t id, int64_t now, struct err *e);
/* Answers that wait for an author's sign-in, and the author is signed in, are due: it may
 * have come back by itself, or while the project was paused. */
MUST_USE int
sync_wake_signed_in(struct db *db, int64_t connection_id, int64_t now, struct err *e);
/* Answers that wait for a mapping which has been set since are due. */
MUST_USE int
sync_wake_mapped(struct db *db, int64_t connection_id, int64_t now, struct err *e);

#endif
