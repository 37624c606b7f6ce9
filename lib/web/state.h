/* state.h: the state of projects in the words of the pages: facts from the store, decided
 * by core/standing and core/status, told in the request's language. Layer: web. Source: DESIGN.md 7,
 * html/README.md. */
#ifndef CW_WEB_STATE_H
#define CW_WEB_STATE_H

#include "core/standing.h"
#include "web/app.h"

/* Whose eyes the views look with. */
struct view_scope state_scope(const struct web_req *r);
/* "2024-118 Riverside Health Center", borrowed until the request is answered. */
const char *state_project_text(struct web_req *r, const struct view_project *p);
/* "Camille Beaumont (cbeaumont@...)", or the login alone; borrowed likewise. */
const char *state_who(struct web_req *r, const char *name, const char *login);

/* Put the model's `status` (the connection's) and `sync` objects.
 * errors  ERR_DB, ERR_BUSY: who paused it could not be read */
MUST_USE int
state_put_status(struct web_req *r, const struct standing *s, struct json *obj, struct err *e);
void state_put_sync(struct web_req *r, const struct standing *s, struct json *obj);
/* The sentence "Last verified ..."; "" for a paused project. */
const char *state_verified(struct web_req *r, const struct standing *s);
/* Put the list `errors` of Edit Project. errors: as above */
MUST_USE int state_put_errors(
    struct web_req *r, const struct standing *s, struct json *model, struct err *e);
/* Put the `status` of an account, and of a seat (the account's sign-in first, then its
 * rights). */
void state_put_account(struct web_req *r, const char *account_state, int64_t since_at,
    const char *cause_text, struct json *obj);
void
state_put_seat(struct web_req *r, const struct standing *s, size_t seat, struct json *obj);

#endif
