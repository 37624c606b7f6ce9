/* response.h: answers given in Project Center, and the map of their values. Layer: store.
 * Tables: response, response_map, response_choice. */
#ifndef CW_STORE_RESPONSE_H
#define CW_STORE_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct response {
	int64_t id, item_id, account_id; /* 0: no BIC of the connection */
	char *npc_response_id, *author_login, *close_kind, *action, *body;
	int64_t at, ordinal, sent_at;
	char *state, *reason, *procore_id;
};
struct responses {
	struct response *v;
	size_t n;
};
void responses_clear(struct responses *l); /* accepts a zeroed one */

/* Add in state waiting unless it is there; the ordinal counts the answers
 * (respond_and_close) of the item. *added says whether the row is new. Fields of r that
 * matter: item_id to at. */
MUST_USE int
response_add(struct db *db, const struct response *r, bool *added, struct err *e);
MUST_USE int
response_list(struct db *db, int64_t item_id, struct responses *out, struct err *e);
/* Save author, account, state, reason, procore_id, sent_at. */
MUST_USE int response_save(struct db *db, const struct response *r, struct err *e);
/* A recorded response closed the item later. */
MUST_USE int
response_closes(struct db *db, int64_t id, const char *close_kind, struct err *e);

/* What the response map says about an NPC action. */
struct response_map {
	bool found;
	bool offered; /* still among Procore's choices as last read, or these were never
			 read */
	int64_t procore_response_id;
	char *name; /* owned; NULL when not found */
};
MUST_USE int response_map_get(struct db *db, int64_t connection_id, const char *action,
    struct response_map *out, struct err *e);
/* A default; what is there already, also a person's choice, stays. */
MUST_USE int response_map_add(struct db *db, int64_t connection_id, const char *action,
    int64_t procore_response_id, const char *name, const char *considered, int64_t now,
    struct err *e);
MUST_USE int
response_map_count(struct db *db, int64_t connection_id, int64_t *n, struct err *e);
/* One value that a side ("npc", "procore") offers. */
MUST_USE int response_choice_put(struct db *db, int64_t connection_id, const char *side,
    const char *key, const char *name, const char *meaning, int64_t now, struct err *e);
/* When the values were last read; 0: never. */
MUST_USE int
response_choice_seen(struct db *db, int64_t connection_id, int64_t *at, struct err *e);
/* Values not seen since `before` are no longer offered. */
MUST_USE int response_choice_drop_old(
    struct db *db, int64_t connection_id, const char *side, int64_t before, struct err *e);

#endif
