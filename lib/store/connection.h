/* connection.h: what people change about a connection. Layer: store. Tables: connection,
 * response_map. */
#ifndef CW_STORE_CONNECTION_H
#define CW_STORE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* state: active paused disconnected. errors: ERR_DB (also: another active connection took
 * the project) */
MUST_USE int
connection_set_state(struct db *db, int64_t id, const char *state, struct err *e);
/* poll_minutes 0: the installation's */
MUST_USE int connection_set_settings(
    struct db *db, int64_t id, int64_t poll_minutes, bool webhooks, struct err *e);
/* Sync now, at most once in CONNECTION_SYNC_EVERY_S. *taken false: too soon, or not active.
 */
enum { CONNECTION_SYNC_EVERY_S = 60 };
MUST_USE int connection_ask_sync(struct db *db, int64_t id, bool *taken, struct err *e);
/* What a Project Center action becomes in Procore; response_id 0: nothing. A response that
 * Procore does not offer changes nothing. *changed says whether anything did. */
MUST_USE int connection_map(struct db *db, int64_t id, const char *npc_action,
    int64_t response_id, const char *user_name, bool *changed, struct err *e);

#endif
