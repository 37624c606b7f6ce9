#include "config.h"

#include "store/view_lists.h"

#include "sql/queries.gen.h"
#include "store/view_rows.h"

/* ---- accounts */

struct to_account {
	view_account_fn fn;
	void *arg;
};

static void
give_account(void *arg, struct stmt *q)
{
	struct to_account *to = arg;
	struct view_account a = {
	    .id = db_col_i64(q, 0),
	    .public_id = db_col_text(q, 1),
	    .login = db_col_text(q, 2),
	    .name = db_col_text(q, 3),
	    .people = db_col_text(q, 4),
	    .projects = db_col_i64(q, 5),
	    .state = db_col_text(q, 6),
	    .since_at = db_col_i64(q, 7),
	    .proved_at = db_col_i64(q, 8),
	    .cause_text = db_col_text(q, 9),
	    .waiting = db_col_i64(q, 10),
	    .administers = db_col_bool(q, 11),
	    .some = db_col_text(q, 12),
	    .ending_error = db_col_text(q, 14),
	};

	/* One that got a seat again is not ended (core/work). */
	a.ending = db_col_bool(q, 13) && a.projects == 0;

	to->fn(to->arg, &a);
}

int
view_accounts(struct db *db, const struct view_scope *s, int64_t limit, int64_t offset,
    view_account_fn fn, void *arg, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id, limit, offset};
	struct to_account to = {fn, arg};

	return view_walk(db, Q_VIEW_ACCOUNTS, numbers, 4, give_account, &to, NULL, e);
}

int
view_accounts_count(struct db *db, const struct view_scope *s, int64_t *n, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id};

	return view_number(db, Q_VIEW_ACCOUNTS_COUNT, numbers, 2, n, e);
}

int
view_account_admin(
    struct db *db, int64_t account_id, int64_t person_id, bool *is, struct err *e)
{
	const int64_t numbers[] = {account_id, person_id};
	int64_t n = 0;
	int rc = view_number(db, Q_VIEW_ACCOUNT_ADMIN, numbers, 2, &n, e);

	*is = rc == 0 && n != 0;
	return rc;
}

struct to_account_project {
	view_account_project_fn fn;
	void *arg;
};

static void
give_account_project(void *arg, struct stmt *q)
{
	struct to_account_project *to = arg;
	struct view_account_project p = {
	    db_col_i64(q, 0), db_col_text(q, 1), db_col_bool(q, 2)};

	to->fn(to->arg, &p);
}

int
view_account_projects(struct db *db, int64_t account_id, const struct view_scope *s,
    int64_t limit, view_account_project_fn fn, void *arg, struct err *e)
{
	const int64_t numbers[] = {account_id, s->person_id, s->all, limit};
	struct to_account_project to = {fn, arg};

	return view_walk(
	    db, Q_VIEW_ACCOUNT_PROJECTS, numbers, 4, give_account_project, &to, NULL, e);
}

int
view_account_projects_count(struct db *db, int64_t account_id, int64_t *n, struct err *e)
{
	return view_number(db, Q_VIEW_ACCOUNT_PROJECTS_COUNT, &account_id, 1, n, e);
}

/* ---- activity */

struct to_act {
	view_act_fn fn;
	void *arg;
};

static void
give_act(void *arg, struct stmt *q)
{
	struct to_act *to = arg;
	struct view_act a = {
	    .at = db_col_i64(q, 0),
	    .actor = db_col_text(q, 1),
	    .action = db_col_text(q, 2),
	    .target = db_col_text(q, 3),
	    .detail = db_col_text(q, 4),
	    .actor_name = db_col_text(q, 5),
	    .login = db_col_text(q, 6),
	    .project_id = db_col_i64(q, 7),
	    .project = db_col_text(q, 8),
	};

	to->fn(to->arg, &a);
}

int
view_activity(struct db *db, const struct view_scope *s, int64_t limit, int64_t offset,
    view_act_fn fn, void *arg, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id, limit, offset};
	struct to_act to = {fn, arg};

	return view_walk(db, Q_VIEW_ACTIVITY, numbers, 4, give_act, &to, NULL, e);
}

int
view_activity_count(struct db *db, const struct view_scope *s, int64_t *n, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id};

	return view_number(db, Q_VIEW_ACTIVITY_COUNT, numbers, 2, n, e);
}

/* ---- people */

struct to_person {
	view_person_fn fn;
	void *arg;
};

static void
give_person(void *arg, struct stmt *q)
{
	struct to_person *to = arg;
	struct view_person p = {
	    .name = db_col_text(q, 1),
	    .user_name = db_col_text(q, 2),
	    .mail = db_col_text(q, 3),
	    .global_admin = db_col_bool(q, 4),
	    .admin_of = db_col_i64(q, 5),
	    .bic_of = db_col_i64(q, 6),
	    .projects = db_col_i64(q, 7),
	    .logins = db_col_text(q, 8),
	};

	to->fn(to->arg, &p);
}

int
view_people(struct db *db, int64_t limit, int64_t offset, view_person_fn fn, void *arg,
    struct err *e)
{
	const int64_t numbers[] = {limit, offset};
	struct to_person to = {fn, arg};

	return view_walk(db, Q_VIEW_PEOPLE, numbers, 2, give_person, &to, NULL, e);
}

int
view_people_count(struct db *db, int64_t *n, struct err *e)
{
	return view_number(db, Q_VIEW_PEOPLE_COUNT, NULL, 0, n, e);
}

/* ---- health */

static void
take_health(void *arg, struct stmt *q)
{
	struct view_health *h = arg;

	*h = (struct view_health){
	    .projects = db_col_i64(q, 0),
	    .mails_waiting = db_col_i64(q, 1),
	    .jobs = db_col_i64(q, 2),
	    .jobs_failed = db_col_i64(q, 3),
	    .audit_unsealed = db_col_i64(q, 4),
	    .issues = db_col_i64(q, 5),
	};
}

int
view_health(struct db *db, struct view_health *out, struct err *e)
{
	return view_walk(db, Q_VIEW_HEALTH, NULL, 0, take_health, out, NULL, e);
}

struct to_job {
	view_job_fn fn;
	void *arg;
};

static void
give_job(void *arg, struct stmt *q)
{
	struct to_job *to = arg;

	to->fn(to->arg, db_col_text(q, 0), db_col_i64(q, 1), db_col_text(q, 2));
}

int
view_jobs_failed(struct db *db, view_job_fn fn, void *arg, struct err *e)
{
	struct to_job to = {fn, arg};

	return view_walk(db, Q_VIEW_JOBS_FAILED, NULL, 0, give_job, &to, NULL, e);
}
