/* mailbox.h: the outbox as its sender sees it, and the facts a mail is composed of. Layer: store. Table: mail. */
#ifndef CW_STORE_MAILBOX_H
#define CW_STORE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/db.h"

struct mail_row {
	int64_t id;
	char kind[16];
	int64_t incident_id, account_id; /* 0: none */
	char asked_by[257];
	char to_address[321], to_name[513], message_id[321];
	int64_t tries, queued_at;
	int64_t doubts; /* tries whose answer was lost after the whole text */
};
/* The mail that has waited longest of those due; *found false: none. */
MUST_USE int mail_row_due(struct db *db, int64_t now, struct mail_row *out, bool *found, struct err *e);
/* One by its number; texts as they went out are appended, nothing when it did not yet. Role admin.
 * errors  ERR_NOT_FOUND */
MUST_USE int mail_row_get(struct db *db, int64_t id, struct mail_row *out, struct buf *subject, struct buf *text,
    struct buf *html, struct err *e);
/* When the next one is due; 0: none queued. */
MUST_USE int mail_row_next(struct db *db, int64_t *at, struct err *e);
/* What the server said, and what was sent. state: sent or refused. */
MUST_USE int mail_row_end(struct db *db, int64_t id, const char *state, const char *answer, const char *subject,
    const char *text, const char *html, struct err *e);
/* in_doubt: nobody can tell whether it was taken. */
MUST_USE int mail_row_later(struct db *db, int64_t id, int64_t next_at, const char *answer, bool in_doubt,
    struct err *e);
/* No mail is due before this; for a server that is out of order. */
MUST_USE int mail_row_hold(struct db *db, int64_t until_at, struct err *e);
/* All that wait are due now. */
MUST_USE int mail_row_all_due(struct db *db, struct err *e);
/* Queue what was refused again: one mail, or all with id 0. *n: how many. Wishes the mail job. Role admin. */
MUST_USE int mail_row_again(struct db *db, int64_t id, int64_t *n, struct err *e);
/* No longer true when its turn came. */
MUST_USE int mail_row_drop(struct db *db, int64_t id, const char *why, struct err *e);

/* A project that waits. Texts are borrowed while fn runs. */
struct mail_project {
	int64_t connection_id;
	const char *number, *name;
	int64_t waiting;
	const char *text; /* "" */
};
typedef void (*mail_project_fn)(void *arg, const struct mail_project *p);
MUST_USE int mail_projects_of_account(struct db *db, int64_t account_id, mail_project_fn fn, void *arg, struct err *e);
/* Projects in which the account lacks a permission: waiting is 0, text says which one. */
MUST_USE int mail_projects_denied(struct db *db, int64_t account_id, mail_project_fn fn, void *arg, struct err *e);
MUST_USE int mail_projects_of_company(struct db *db, int64_t company_id, mail_project_fn fn, void *arg, struct err *e);

/* Items of an account's projects that wait, newest first, at most max. */
struct mail_item {
	const char *project_number, *kind, *number, *subject;
};
typedef void (*mail_item_fn)(void *arg, const struct mail_item *i);
MUST_USE int mail_items_of_account(struct db *db, int64_t account_id, int64_t max, mail_item_fn fn, void *arg,
    struct err *e);

/* Open issues of the projects that the person with this mail address administers, oldest first, at most max. */
struct mail_issue {
	const char *project_number, *project_name, *message, *remedy;
};
typedef void (*mail_issue_fn)(void *arg, const struct mail_issue *i);
MUST_USE int mail_issues_of_person(struct db *db, const char *mail, int64_t max, mail_issue_fn fn, void *arg, struct err *e);

struct mail_incident {
	char subject[16], subject_id[64], detail[513], company[513];
	int64_t opened_at, closed_at; /* 0: open */
};
/* The address and the server's words of an account's latest mail that was refused; "" when there is none. */
MUST_USE int mail_refused_to(struct db *db, int64_t account_id, char address[321], char answer[513], struct err *e);
/* Does somebody who signs in with the account read this address? */
MUST_USE int mail_is_owner(struct db *db, int64_t account_id, const char *address, bool *owner, struct err *e);
MUST_USE int mail_incident_get(struct db *db, int64_t id, struct mail_incident *out, struct err *e);

#endif
