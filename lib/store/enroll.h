/* enroll.h: what connectorctl lays down: companies, projects with their seats, people's leave.
 * Layer: store. Tables: company, connection, bic, person, project_admin. Role admin. */
#ifndef CW_STORE_ENROLL_H
#define CW_STORE_ENROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

/* A project on both sides; texts are borrowed. */
struct enroll_project {
	const char *npc_id, *npc_number, *npc_name, *npc_server;
	int64_t company_id, procore_id;
	const char *procore_name;
	int64_t sync_from_at; /* items created before are listed, not taken over; only for enroll_connect */
};
/* A connection that is not disconnected. */
struct enroll_found {
	int64_t id; /* 0: none */
	char npc_id[256], npc_name[513];
	int64_t company_id, procore_id;
};
MUST_USE int enroll_find_npc(struct db *db, const char *npc_id, struct enroll_found *out, struct err *e);
MUST_USE int enroll_find_procore(struct db *db, int64_t procore_id, struct enroll_found *out, struct err *e);

/* Add the company, or take over its name. *changed: a row was written. */
MUST_USE int enroll_company(struct db *db, int64_t company_id, const char *name, bool *changed, struct err *e);
/* Connect: what is created in Procore from p->sync_from_at on is taken over. *id: the row.
 * errors  ERR_DB one of the two projects is connected already (db_is_constraint) */
MUST_USE int enroll_connect(struct db *db, const struct enroll_project *p, const char *created_by, int64_t *id,
    struct err *e);
/* Names and numbers as given; *changed: they were others. */
MUST_USE int enroll_rename(struct db *db, int64_t connection_id, const struct enroll_project *p, bool *changed,
    struct err *e);
/* A ball-in-court seat behind those that are there; *added false: the account has one already. */
MUST_USE int enroll_seat(struct db *db, int64_t connection_id, int64_t account_id, bool *added, struct err *e);

/* A person leaves: no role, no project. *removed false: nobody of that name. */
MUST_USE int enroll_person_remove(struct db *db, const char *user_name, bool *removed, struct err *e);
MUST_USE int enroll_global_admins(struct db *db, int64_t *n, struct err *e);

#endif
