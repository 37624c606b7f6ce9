/* view_lists.h: accounts, people, activity and health, as pages show them. Layer: store.
 * Reads only. Source: sql/queries/view.sql. Rows are handed to fn one by one; all texts are
 * borrowed while it runs. Everywhere: ERR_BUSY, ERR_DB. */
#ifndef CW_STORE_VIEW_LISTS_H
#define CW_STORE_VIEW_LISTS_H

#include "store/view.h"

enum { VIEW_ACCOUNT_SOME = 3 }; /* as in query VIEW_ACCOUNTS */
struct view_account {
	int64_t id;
	const char *public_id, *login, *name, *people, *state, *cause_text;
	int64_t projects, since_at, proved_at;
	int64_t waiting; /* items and answers */
	bool administers; /* the person who looks is an admin of one of its projects */
	const char *some; /* the first VIEW_ACCOUNT_SOME of its projects: "id name" lines */
	bool ending;      /* its grant is being revoked at Procore ... */
	const char *ending_error; /* ... and why that did not work so far; "" not tried */
};
typedef void (*view_account_fn)(void *arg, const struct view_account *a);
/* Those who must sign in first. */
MUST_USE int view_accounts(struct db *db, const struct view_scope *s, int64_t limit,
    int64_t offset, view_account_fn fn, void *arg, struct err *e);
MUST_USE int
view_accounts_count(struct db *db, const struct view_scope *s, int64_t *n, struct err *e);

/* Is a person Project Admin of a project in which the account has a seat? */
MUST_USE int view_account_admin(
    struct db *db, int64_t account_id, int64_t person_id, bool *is, struct err *e);

/* Projects that an account serves; open: this person may open it. */
struct view_account_project {
	int64_t id;
	const char *text;
	bool open;
};
typedef void (*view_account_project_fn)(void *arg, const struct view_account_project *p);
MUST_USE int
view_account_projects(struct db *db, int64_t account_id, const struct view_scope *s,
    int64_t limit, view_account_project_fn fn, void *arg, struct err *e);
MUST_USE int
view_account_projects_count(struct db *db, int64_t account_id, int64_t *n, struct err *e);

/* The audit trail, newest first. */
MUST_USE int view_activity(struct db *db, const struct view_scope *s, int64_t limit,
    int64_t offset, view_act_fn fn, void *arg, struct err *e);
MUST_USE int
view_activity_count(struct db *db, const struct view_scope *s, int64_t *n, struct err *e);

struct view_person {
	const char *name, *user_name, *mail, *logins; /* logins: one a line */
	bool global_admin;
	int64_t admin_of, bic_of, projects; /* projects: of both, each once */
};
typedef void (*view_person_fn)(void *arg, const struct view_person *p);
MUST_USE int view_people(struct db *db, int64_t limit, int64_t offset, view_person_fn fn,
    void *arg, struct err *e);
MUST_USE int view_people_count(struct db *db, int64_t *n, struct err *e);

struct view_health {
	int64_t projects, mails_waiting, jobs, jobs_failed, audit_unsealed, issues;
};
MUST_USE int view_health(struct db *db, struct view_health *out, struct err *e);
typedef void (*view_job_fn)(void *arg, const char *kind, int64_t ref, const char *error);
MUST_USE int view_jobs_failed(struct db *db, view_job_fn fn, void *arg, struct err *e);

#endif
