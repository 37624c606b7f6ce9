/* view.h: projects, their seats and what surrounds them, as pages show them. Layer: store.
 * Reads only. Source: sql/queries/view.sql. Everywhere: ERR_BUSY, ERR_DB; optional times
 * and numbers are 0, texts "". */
#ifndef CW_STORE_VIEW_H
#define CW_STORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* Whose eyes: everything (Global Admin), or what one person is Project Admin or BIC of. */
struct view_scope {
	bool all;
	int64_t person_id;
};

struct view_project {
	int64_t id;
	char *npc_number, *npc_name, *npc_server, *procore_number, *procore_name, *company;
	char *state; /* active paused */
	bool app_missing;
	int64_t app_since_at, poll_minutes, webhooks, last_sync_at, next_sync_at,
	    sync_requested_at;
	char *sync_error;
	int64_t issues, waiting_in, waiting_out, company_id, changed_at;
};
struct view_projects {
	struct view_project *v;
	size_t n;
};
void view_projects_clear(struct view_projects *p); /* accepts an empty one */
/* One page of the list, cut-off projects first. out: cleared by the caller */
MUST_USE int view_projects(struct db *db, const struct view_scope *s, int64_t limit,
    int64_t offset, struct view_projects *out, struct err *e);
struct view_counts {
	int64_t total, lost, warning;
};
MUST_USE int view_projects_count(
    struct db *db, const struct view_scope *s, struct view_counts *out, struct err *e);
/* One project as a list of one. errors: ERR_NOT_FOUND */
MUST_USE int
view_project(struct db *db, int64_t id, struct view_projects *out, struct err *e);

/* A ball-in-court seat with its account. */
struct view_seat {
	int64_t id, connection_id, account_id, position;
	char *state, *state_text, *contact_id, *rfi_level, *submittal_level;
	int64_t checked_at;
	char *public_id, *login, *name;
	char *account_state, *cause, *cause_text;
	int64_t since_at, proved_at, access_expires_at;
	bool checking;
};
struct view_seats {
	struct view_seat *v; /* by connection, then in failover order */
	size_t n;
};
void view_seats_clear(struct view_seats *s);
/* ids: JSON list of connection ids. out: cleared by the caller */
MUST_USE int
view_seats(struct db *db, const char *ids, struct view_seats *out, struct err *e);

/* The last mail of an account's open incident; *found false: none. */
struct view_mail {
	char to[321];
	bool sent;
	int64_t sent_at;
};
MUST_USE int view_account_mail(
    struct db *db, int64_t account_id, struct view_mail *out, bool *found, struct err *e);

/* The same of a company that our app is not connected at. */
MUST_USE int view_company_mail(
    struct db *db, int64_t company_id, struct view_mail *out, bool *found, struct err *e);
/* The name of an account's owner: Procore's, else that of a person joined to it; ""
 * unknown. */
MUST_USE int
view_account_name(struct db *db, int64_t account_id, char dst[513], struct err *e);

/* Who paused a project last; name "" when unknown. */
struct view_paused {
	int64_t at; /* 0: not by a person */
	char name[513];
};
MUST_USE int view_paused_by(
    struct db *db, int64_t connection_id, struct view_paused *out, struct err *e);

/* Rows handed to fn one by one; all texts are borrowed while it runs. fn must not ask the
 * same again. */
struct view_service {
	const char *name, *detail;
	bool down;
	int64_t since_at, last_ok_at;
};
typedef void (*view_service_fn)(void *arg, const struct view_service *s);
MUST_USE int view_services(struct db *db, view_service_fn fn, void *arg, struct err *e);

struct view_mark {
	const char *side, *kind;
	int64_t pass_at;
};
typedef void (*view_mark_fn)(void *arg, const struct view_mark *m);
MUST_USE int
view_marks(struct db *db, int64_t connection_id, view_mark_fn fn, void *arg, struct err *e);

/* What was seen and taken over so far. */
struct view_flow {
	int64_t rfis, rfis_linked, submittals, submittals_linked, sent, waiting;
};
MUST_USE int
view_flow(struct db *db, int64_t connection_id, struct view_flow *out, struct err *e);

struct view_map {
	const char *npc_action, *procore_name;
	int64_t response_id; /* 0: not mapped */
};
typedef void (*view_map_fn)(void *arg, const struct view_map *m);
MUST_USE int
view_map(struct db *db, int64_t connection_id, view_map_fn fn, void *arg, struct err *e);
typedef void (*view_choice_fn)(void *arg, const char *id, const char *name);
MUST_USE int view_choices(
    struct db *db, int64_t connection_id, view_choice_fn fn, void *arg, struct err *e);

/* The audit trail in words' raw form. */
struct view_act {
	int64_t at;
	const char *actor, *action, *target, *detail; /* detail: JSON */
	const char *actor_name;
	const char *login;  /* of the account that the target names */
	int64_t project_id; /* of view_activity() only */
	const char *project;
};
typedef void (*view_act_fn)(void *arg, const struct view_act *a);
/* Of a project and of the accounts in it, newest first. */
MUST_USE int view_history(struct db *db, int64_t connection_id, int64_t limit,
    view_act_fn fn, void *arg, struct err *e);

#endif
