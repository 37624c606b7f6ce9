/* hook_event.h: webhooks of Procore as they arrive. Layer: store. Tables: hook_event,
 * webhook. */
#ifndef CW_STORE_HOOK_EVENT_H
#define CW_STORE_HOOK_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Texts are borrowed for the call. */
struct hook_event {
	const char *dedupe; /* ulid or id: the same event is kept once */
	int64_t company_id, project_id, resource_id, user_id; /* 0: not told */
	const char *resource, *event, *application_id;
};
/* Keep it, inside the caller's transaction. *fresh false: it was here before.
 * *connection_id: the active connection of its project, 0 none; its webhook counts as alive
 */
MUST_USE int hook_event_add(struct db *db, const struct hook_event *h, bool *fresh,
    int64_t *connection_id, struct err *e);

#endif
