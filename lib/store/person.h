/* person.h: domain users and what they are to a connection. Layer: store. Tables: person, project_admin. */
#ifndef CW_STORE_PERSON_H
#define CW_STORE_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct person {
	int64_t id;          /* 0: verified by the front, but without a row here: no role at all */
	char user_name[257]; /* canonical */
	char name[513];      /* "" unknown */
	char mail[321];      /* "" unknown */
	bool global_admin;
	bool any_project_admin; /* of at least one connection */
	bool any_bic;           /* an account of theirs has a seat somewhere */
	bool wants_digest;      /* the daily mail about sync issues, if an admin */
};
/* Read by canonical user name; one without a row (or removed) gives id 0 and no rights. */
MUST_USE int person_get(struct db *db, const char *user_name, struct person *out, struct err *e);

/* What the person is to one connection. *exists false: there is no such connection (or disconnected). */
struct person_at {
	bool exists, project_admin, bic;
};
MUST_USE int person_at(struct db *db, const struct person *p, int64_t connection_id, struct person_at *out,
    struct err *e);

/* Add or update; empty texts keep what is there. *id: the row. */
MUST_USE int person_put(struct db *db, const char *user_name, const char *name, const char *mail, bool global_admin,
    int64_t *id, struct err *e);
/* Add one without any role, or fill in what is not known yet. One who was removed stays removed. */
MUST_USE int person_ensure(struct db *db, const char *user_name, const char *name, const char *mail, struct err *e);
/* source  query PERSON_SET_DIGEST */
MUST_USE int person_set_digest(struct db *db, int64_t person_id, bool on, struct err *e);
MUST_USE int person_set_project_admin(struct db *db, int64_t person_id, int64_t connection_id, bool on, struct err *e);

#endif
