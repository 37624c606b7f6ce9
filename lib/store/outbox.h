/* outbox.h: incidents and the mails about them, as rows. Layer: store. Tables: incident, mail, service. */
#ifndef CW_STORE_OUTBOX_H
#define CW_STORE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

struct incident_row {
	int64_t id;
	char subject[16];    /* account permission company service */
	char subject_id[64];
	char cause[32];
	int64_t opened_at;
	int64_t told_at;     /* 0: nobody yet */
	int64_t reminders;
};
/* Open one unless one is open. *opened says whether this call did. Times of 0: none. */
MUST_USE int incident_row_open(struct db *db, const char *subject, const char *subject_id, const char *cause,
    const char *detail, int64_t told_at, int64_t next_reminder_at, bool *opened, int64_t *id, struct err *e);
/* *found false: none is open. */
MUST_USE int incident_row_get(struct db *db, const char *subject, const char *subject_id, struct incident_row *out,
    bool *found, struct err *e);
MUST_USE int incident_row_close(struct db *db, int64_t id, struct err *e);
/* The oldest of those whose reminder is due; *found false: none. */
MUST_USE int incident_row_due(struct db *db, int64_t now, struct incident_row *out, bool *found, struct err *e);
/* Earliest reminder of all; 0: none. */
MUST_USE int incident_row_next(struct db *db, int64_t *at, struct err *e);
MUST_USE int incident_row_told(struct db *db, int64_t id, int64_t told_at, int64_t reminders, int64_t next_reminder_at,
    struct err *e);
/* Mails of an incident that did not go out yet will not. */
MUST_USE int incident_row_drop_mails(struct db *db, int64_t id, struct err *e);
/* An account in use without a sign-in that has no open incident; 0: none. *lost false: it never signed in. */
MUST_USE int incident_row_untold_account(struct db *db, int64_t *account_id, bool *lost, struct err *e);
/* An open incident of an account that is not in use; 0: none. */
MUST_USE int incident_row_unused(struct db *db, int64_t *id, struct err *e);
/* An account that lacks a permission and has no open incident about that; one with such an incident that lacks none
 * any more. 0: none. source: INCIDENT_DENIED_UNTOLD, INCIDENT_DENIED_OVER */
MUST_USE int incident_row_denied_account(struct db *db, int64_t *account_id, struct err *e);
MUST_USE int incident_row_allowed_account(struct db *db, int64_t *account_id, struct err *e);

/* People to write to. */
struct outbox_people {
	struct outbox_person {
		char *mail, *name;
	} *v;
	size_t n;
};
void outbox_people_clear(struct outbox_people *p);
enum outbox_whom { OUTBOX_OF_ACCOUNT, OUTBOX_ADMINS_OF_ACCOUNT, OUTBOX_GLOBAL_ADMINS, OUTBOX_MAILED, OUTBOX_DIGEST,
	OUTBOX_ADMINS_OF_DENIED };
/* Append. id: account, incident (OUTBOX_MAILED) or 0. An address is taken once, case ignored. */
MUST_USE int outbox_people(struct db *db, enum outbox_whom whom, int64_t id, struct outbox_people *out, struct err *e);
void outbox_people_add(struct outbox_people *p, const char *mail, const char *name);

struct outbox_new {
	const char *kind;      /* lost reminder recovered digest link service refused */
	int64_t incident_id;   /* 0: none */
	int64_t account_id;    /* 0: none */
	const char *asked_by;  /* "" */
	const char *dedupe;    /* the same mail is never queued twice */
	const char *to_address, *to_name;
	const char *message_id_host; /* right of @ */
};
/* Queue one; a dedupe key that exists already makes it a no-op. Wishes the mail job. */
MUST_USE int outbox_queue(struct db *db, const struct outbox_new *m, struct err *e);

/* Is it noted as out of order? source: SERVICE_DOWN */
MUST_USE int service_down(struct db *db, const char *name, bool *down, struct err *e);
/* Is it noted as out of order, or was it last noted as working at after_at or before? source: SERVICE_UNSEEN */
MUST_USE int service_unseen(struct db *db, const char *name, int64_t after_at, bool *unseen, struct err *e);
/* Record a service's state. source: SERVICE_SET */
MUST_USE int service_set(struct db *db, const char *name, bool ok, const char *detail, struct err *e);

#endif
