/* state.h: the state of projects in the words of the pages: facts from the store, decided
 * by core/status, told in the request's language. Layer: web. Source: DESIGN.md 7,
 * html/README.md. */
#ifndef CW_WEB_STATE_H
#define CW_WEB_STATE_H

#include "core/status.h"
#include "store/view.h"
#include "web/app.h"

/* What is out of order for all projects alike. */
struct state_services {
	int64_t down_since_at[STATUS_SERVICE_MAX];
	char detail[STATUS_SERVICE_MAX][257];
};
MUST_USE int state_services(struct web_req *r, struct state_services *out, struct err *e);

/* One project with its seats; borrowed from the lists it was made of. */
struct state {
	const struct view_project *project;
	const struct view_seat *seats;
	size_t seats_n;
	const struct state_services *services;
	struct status status;
};
/* seats: of any projects, ordered by project; the project's own are found in it */
void state_of(const struct web_req *r, const struct view_project *p,
    const struct view_seats *seats, const struct state_services *services,
    struct state *out);

/* Whose eyes the views look with. */
struct view_scope state_scope(const struct web_req *r);
/* "2024-118 Riverside Health Center", borrowed until the request is answered. */
const char *state_project_text(struct web_req *r, const struct view_project *p);
/* "Camille Beaumont (cbeaumont@...)", or the login alone; borrowed likewise. */
const char *state_who(struct web_req *r, const char *name, const char *login);

/* Put the model's `status` (the connection's) and `sync` objects.
 * errors  ERR_DB, ERR_BUSY: who paused it could not be read */
MUST_USE int
state_put_status(struct web_req *r, const struct state *s, struct json *obj, struct err *e);
void state_put_sync(struct web_req *r, const struct state *s, struct json *obj);
/* The sentence "Last verified ..."; "" for a paused project. */
const char *state_verified(struct web_req *r, const struct state *s);
/* Put the list `errors` of Edit Project. errors: as above */
MUST_USE int state_put_errors(
    struct web_req *r, const struct state *s, struct json *model, struct err *e);
/* Put the `status` of an account, and of a seat (the account's sign-in first, then its
 * rights). */
void state_put_account(struct web_req *r, const char *account_state, int64_t since_at,
    const char *cause_text, struct json *obj);
void
state_put_seat(struct web_req *r, const struct state *s, size_t seat, struct json *obj);

#endif
