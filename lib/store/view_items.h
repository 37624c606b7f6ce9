/* view_items.h: issues and items, as pages show them. Layer: store. Reads only. Source:
 * sql/queries/view.sql. Rows are handed to fn one by one; all texts are borrowed while it
 * runs. Everywhere: ERR_BUSY, ERR_DB. */
#ifndef CW_STORE_VIEW_ITEMS_H
#define CW_STORE_VIEW_ITEMS_H

#include "store/view.h"

struct view_issue {
	int64_t id, connection_id;
	const char *project;                  /* "2024-118 Riverside Health Center" */
	int64_t item_id;                      /* 0: about the project as a whole */
	const char *kind, *number, *revision; /* of the item */
	const char *direction, *message, *remedy;
	int64_t tries, first_at, last_at;
	bool project_admin; /* the person is of its project */
	bool own;           /* the item is theirs */
};
typedef void (*view_issue_fn)(void *arg, const struct view_issue *i);
/* Open issues, newest first. connection_id 0: of all projects in scope */
MUST_USE int view_issues(struct db *db, const struct view_scope *s, int64_t connection_id,
    int64_t limit, int64_t offset, view_issue_fn fn, void *arg, struct err *e);
MUST_USE int view_issues_count(struct db *db, const struct view_scope *s,
    int64_t connection_id, int64_t *n, struct err *e);
/* What one open issue is about. errors: ERR_NOT_FOUND none such, or no longer open */
struct view_issue_at {
	int64_t connection_id, item_id, account_id; /* 0: none */
	char message[513];
};
MUST_USE int
view_issue(struct db *db, int64_t id, struct view_issue_at *out, struct err *e);

struct view_item_row {
	int64_t id, changed_at;
	const char *kind, *number, *revision, *subject, *npc_number, *state, *reason_text;
};
typedef void (*view_item_fn)(void *arg, const struct view_item_row *i);
/* The latest of a project. */
MUST_USE int view_items(struct db *db, int64_t connection_id, int64_t limit,
    view_item_fn fn, void *arg, struct err *e);

/* One item, all texts owned. */
struct view_item {
	int64_t connection_id, account_id, changed_at, previous_id, following_id;
	char *kind, *number, *revision, *subject, *npc_number, *state, *reason_text,
	    *procore_status, *npc_status;
	char *login, *name, *agreed, *kept, *previous_number, *previous_revision,
	    *following_number, *following_revision, *project;
};
void view_item_clear(struct view_item *i);
/* errors: ERR_NOT_FOUND. out: cleared by the caller */
MUST_USE int view_item(struct db *db, int64_t id, struct view_item *out, struct err *e);
/* What the newest open issue of an item says to do; "" none. */
MUST_USE int view_item_remedy(struct db *db, int64_t id, char dst[513], struct err *e);

struct view_file {
	const char *name, *origin, *state, *detail;
	int64_t bytes; /* -1: not known */
};
typedef void (*view_file_fn)(void *arg, const struct view_file *f);
MUST_USE int
view_files(struct db *db, int64_t item_id, view_file_fn fn, void *arg, struct err *e);

struct view_response {
	int64_t ordinal, at;
	const char *author, *action, *body, *state, *reason;
};
typedef void (*view_response_fn)(void *arg, const struct view_response *r);
MUST_USE int view_responses(
    struct db *db, int64_t item_id, view_response_fn fn, void *arg, struct err *e);

struct view_event {
	int64_t at;
	const char *actor, *text;
	const char *login; /* with whose sign-in at Procore; "" none, or the actor's own */
};
typedef void (*view_event_fn)(void *arg, const struct view_event *v);
MUST_USE int view_item_events(struct db *db, int64_t item_id, int64_t limit,
    view_event_fn fn, void *arg, struct err *e);

#endif
