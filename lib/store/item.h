/* item.h: RFIs and submittals as we know them, their files and their history. Layer: store.
 * Tables: item, item_file, item_event. Words of kind and state are kept as text here;
 * core/plan gives them meaning. */
#ifndef CW_STORE_ITEM_H
#define CW_STORE_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Texts are owned and never NULL but npc_id. Optional numbers and times are 0 where the
 * column is NULL. */
struct item {
	int64_t id, connection_id, procore_id, previous_id, account_id;
	char *kind, *number, *revision, *subject;
	char *npc_id; /* NULL: not in Project Center */
	char *npc_number, *state, *reason, *reason_text;
	char *procore_status, *procore_hash, *npc_status, *npc_hash, *agreed, *kept;
	int64_t procore_updated_at, npc_updated_at;
	int64_t answers, court_left_at, tries, next_try_at, first_seen_at, changed_at;
	int64_t read_next_try_at; /* next_try_at as read: item_save keeps a wish that came
				     later */
};
void item_clear(struct item *it); /* accepts a zeroed one */
/* Replace an owned text; NULL stays NULL (npc_id). */
void item_text(char **field, const char *v);

/* errors  ERR_NOT_FOUND; ERR_BUSY; ERR_DB. out is untouched on failure. source  ITEM_GET,
 * ITEM_BY_* */
MUST_USE int item_get(struct db *db, int64_t id, struct item *out, struct err *e);
/* *id 0: none. Not an error. */
MUST_USE int item_find_procore(struct db *db, int64_t connection_id, const char *kind,
    int64_t procore_id, int64_t *id, struct err *e);
MUST_USE int item_find_npc(
    struct db *db, int64_t connection_id, const char *npc_id, int64_t *id, struct err *e);
/* The newest other item of the same number that is in Project Center: the revision before.
 */
MUST_USE int item_find_number(struct db *db, int64_t connection_id, const char *kind,
    const char *number, int64_t not_id, int64_t *id, struct err *e);
/* A row in state `state`, all else empty. */
MUST_USE int item_add(struct db *db, int64_t connection_id, const char *kind,
    int64_t procore_id, const char *state, int64_t now, int64_t *id, struct err *e);
/* Save all of it, changed_at = now. A next_try_at that was set since it was read (Retry)
 * stays. */
MUST_USE int item_save(struct db *db, struct item *it, int64_t now, struct err *e);

/* Ids of items that are due, oldest first, at most max (500 at a time). *n: how many. */
MUST_USE int item_due(struct db *db, int64_t connection_id, int64_t now, int64_t *ids,
    size_t max, size_t *n, struct err *e);
MUST_USE int item_next_due(
    struct db *db, int64_t connection_id, int64_t *at, struct err *e); /* 0: none */
/* Is an item of this kind on its way or at work: neither skipped nor closed? */
MUST_USE int item_any_open(
    struct db *db, int64_t connection_id, const char *kind, bool *open, struct err *e);
/* Items of a connection that wait for a reason that an account may have mended (mended false:
 * nobody knows, and those whose issue was dismissed rest); answers that wait for one. */
MUST_USE int item_wake_reason(struct db *db, int64_t connection_id, int64_t account_id,
    const char *reason, bool mended, int64_t at, struct err *e);
MUST_USE int item_wake_account(
    struct db *db, int64_t connection_id, int64_t account_id, int64_t at, struct err *e);

/* One line of history; actor: a login, a person, "connectorweb". */
MUST_USE int item_event(struct db *db, int64_t item_id, int64_t at, const char *actor,
    const char *text, struct err *e);
/* The same by connectorweb, with the sign-in of this account at Procore; 0: with none. */
MUST_USE int item_event_with(struct db *db, int64_t item_id, int64_t at, int64_t account_id,
    const char *text, struct err *e);

struct item_file {
	int64_t id, item_id, response_id; /* 0: belongs to the question */
	char *origin, *origin_id, *name, *carried_name;
	int64_t bytes; /* -1: not fetched yet */
	char *sha256, *state, *other_id, *detail;
	int64_t changed_at;
};
struct item_files {
	struct item_file *v;
	size_t n;
};
void item_files_clear(struct item_files *l);
/* Files of one origin: those of the question (response_id 0) or of one answer. */
MUST_USE int item_files(struct db *db, int64_t item_id, const char *origin,
    int64_t response_id, struct item_files *out, struct err *e);
/* Add unless it is there; one that had no name yet gets it. carried_name "" when it keeps its name; bytes -1 and sha256 ""
 * when not known. */
MUST_USE int item_file_add(struct db *db, int64_t item_id, int64_t response_id,
    const char *origin, const char *origin_id, const char *name, const char *carried_name,
    int64_t bytes, const char *sha256, int64_t now, struct err *e);
MUST_USE int
item_file_save(struct db *db, const struct item_file *f, int64_t now, struct err *e);

#endif
