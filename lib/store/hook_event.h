/* hook_event.h: webhooks that arrived, each once. Layer: store. Tables: hook_event,
 * webhook, connection. Statements: sql/queries/webhook.sql. */
#ifndef CW_STORE_HOOK_EVENT_H
#define CW_STORE_HOOK_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* All texts borrowed for the call. */
struct hook_event {
	const char *dedupe, *resource, *event, *application_id;
	int64_t company_id, project_id, resource_id, user_id;
	bool handled; /* our own change: nothing is to be done */
};

/* The active connection of a Procore project.
 * *connection_id  0: none
 * errors  ERR_BUSY, ERR_DB, ERR_IO; source  query HOOK_PROJECT */
MUST_USE int hook_event_project(struct db *db, int64_t company_id, int64_t project_id,
    int64_t *connection_id, struct err *e);
/* Note one event; the connection's hook has spoken. Inside the caller's transaction.
 * *fresh  false: it was here before, nothing was written
 * errors  ERR_BUSY, ERR_DB, ERR_IO; source  queries HOOK_EVENT_ADD, HOOK_SEEN */
MUST_USE int hook_event_add(struct db *db, int64_t connection_id,
    const struct hook_event *ev, int64_t now, bool *fresh, struct err *e);
#endif
