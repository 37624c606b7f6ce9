/* report.h: rows for people to read: status, evidence, what doctor looks at. Layer: store. Roles: admin, and web for
 * what is known about one account. */
#ifndef CW_STORE_REPORT_H
#define CW_STORE_REPORT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum report {
	REPORT_ACCOUNT,  /* these by account id: */
	REPORT_PEOPLE,
	REPORT_SEATS, /* also by the Project Admin who asks */
	REPORT_JOURNAL,
	REPORT_CALLS,
	REPORT_INCIDENTS,
	REPORT_MAILS,
	REPORT_OUTBOX, /* mails of anybody that did not go out; without id */
	REPORT_SERVICES,    /* without id */
	REPORT_WORK,        /* oldest_due_at, newest_lease_at: 0 none */
	REPORT_FAILED_JOBS,
	REPORT_MAX
};

/* One row. The getters are good while the callback runs. */
struct report_row;
int report_n(const struct report_row *r);
const char *report_name(const struct report_row *r, int i); /* from 0 */
const char *report_text(const struct report_row *r, int i); /* NULL for NULL; numbers as digits */
int64_t report_i64(const struct report_row *r, int i);      /* 0 for NULL */

typedef void (*report_fn)(void *arg, const struct report_row *r);
/* Call fn for each row; *n (may be NULL): how many. id: account, 0 for the others. */
MUST_USE int report_run(struct db *db, enum report which, int64_t id, report_fn fn, void *arg, int *n, struct err *e);
/* The same about one account, for a person who may see their own projects only.
 * admin_id  a Project Admin's person.id; 0: all projects */
MUST_USE int report_account(struct db *db, enum report which, int64_t account_id, int64_t admin_id, report_fn fn,
    void *arg, int *n, struct err *e);

#endif
