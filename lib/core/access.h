/* access.h: who may do what (the table of DESIGN.md 5). Pure. Layer: core. */
#ifndef CW_CORE_ACCESS_H
#define CW_CORE_ACCESS_H

#include <stdbool.h>

enum access_right {
	ACCESS_SIGNED_IN,    /* anyone the front has verified: lists, help, the reconnect page */
	ACCESS_SEE,          /* see a project, its items, issues, history */
	ACCESS_RECONNECT,    /* start a reconnect from a project's page */
	ACCESS_BIC,          /* add, remove, reorder BIC users */
	ACCESS_SETTINGS,     /* settings, response map, pause, disconnect */
	ACCESS_CONNECT,      /* connect a new project */
	ACCESS_SYNC_NOW,
	ACCESS_RETRY,        /* retry, pull an item again (any item) */
	ACCESS_RETRY_OWN,    /* the same for own items */
	ACCESS_DISMISS,
	ACCESS_ADMINISTER,   /* people, roles, keys, audit export, health */
	ACCESS_MAX
};
/* What a person is, with regard to one connection (or none). */
struct access_who {
	bool global_admin;
	bool project_admin; /* of the connection asked about */
	bool bic;           /* one of their accounts is a BIC of it */
};
bool access_may(const struct access_who *who, enum access_right right);

#endif
