#include "config.h"

#include "store/mailbox.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"

int
mail_row_due(struct db *db, int64_t now, struct mail_row *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_MAIL_DUE, &q, e, DB_I64(now)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*found = row;
	if (row) {
		*out = (struct mail_row){.id = db_col_i64(q, 0), .incident_id = db_col_i64(q, 2),
		    .account_id = db_col_i64(q, 3), .tries = db_col_i64(q, 8), .queued_at = db_col_i64(q, 9)};
		str_cut(out->kind, sizeof out->kind, db_col_text(q, 1));
		str_cut(out->asked_by, sizeof out->asked_by, db_col_text(q, 4));
		str_cut(out->to_address, sizeof out->to_address, db_col_text(q, 5));
		str_cut(out->to_name, sizeof out->to_name, db_col_text(q, 6));
		str_cut(out->message_id, sizeof out->message_id, db_col_text(q, 7));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
mail_row_next(struct db *db, int64_t *at, struct err *e)
{
	return db_number(db, Q_MAIL_NEXT, at, e, DB_NONE);
}

int
mail_row_end(struct db *db, int64_t id, const char *state, const char *answer, const char *subject,
    const char *text, const char *html, struct err *e)
{
	return db_run(db, Q_MAIL_SENT, e, DB_I64(id), DB_TEXT(state), DB_I64(clk_now()),
	    DB_TEXT(answer), DB_TEXT(subject), DB_TEXT(text), DB_TEXT(html));
}

int
mail_row_later(struct db *db, int64_t id, int64_t next_at, const char *answer, struct err *e)
{
	return db_run(db, Q_MAIL_LATER, e, DB_I64(id), DB_I64(next_at), DB_TEXT(answer));
}

int
mail_row_drop(struct db *db, int64_t id, const char *why, struct err *e)
{
	return db_run(db, Q_MAIL_DROP, e, DB_I64(id), DB_TEXT(why));
}

static int
projects(struct db *db, int query, int64_t id, mail_project_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, query, &q, e, DB_I64(id)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		struct mail_project p = {.connection_id = db_col_i64(q, 0), .number = db_col_text(q, 1),
		    .name = db_col_text(q, 2), .waiting = db_col_i64(q, 3)};

		fn(arg, &p);
	}
	return rc;
}

int
mail_projects_of_account(struct db *db, int64_t account_id, mail_project_fn fn, void *arg, struct err *e)
{
	return projects(db, Q_MAIL_PROJECTS, account_id, fn, arg, e);
}

int
mail_projects_of_company(struct db *db, int64_t company_id, mail_project_fn fn, void *arg, struct err *e)
{
	return projects(db, Q_MAIL_PROJECTS_OF_COMPANY, company_id, fn, arg, e);
}

int
mail_items_of_account(struct db *db, int64_t account_id, int64_t max, mail_item_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_MAIL_ITEMS, &q, e, DB_I64(account_id), DB_I64(max)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		struct mail_item i = {.project_number = db_col_text(q, 0), .kind = db_col_text(q, 1),
		    .number = db_col_text(q, 2), .subject = db_col_text(q, 3)};

		fn(arg, &i);
	}
	return rc;
}

int
mail_issues_of_person(struct db *db, const char *mail, mail_issue_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_MAIL_ISSUES, &q, e, DB_TEXT(mail)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		struct mail_issue i = {.project_number = db_col_text(q, 0), .project_name = db_col_text(q, 1),
		    .message = db_col_text(q, 2), .remedy = db_col_text(q, 3)};

		fn(arg, &i);
	}
	return rc;
}

int
mail_incident_get(struct db *db, int64_t id, struct mail_incident *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_MAIL_INCIDENT, &q, e, DB_I64(id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "incident %lld", (long long)id);
		goto out;
	}
	*out = (struct mail_incident){.opened_at = db_col_i64(q, 3), .closed_at = db_col_i64(q, 4)};
	str_cut(out->subject, sizeof out->subject, db_col_text(q, 0));
	str_cut(out->subject_id, sizeof out->subject_id, db_col_text(q, 1));
	str_cut(out->detail, sizeof out->detail, db_col_text(q, 2));
	str_cut(out->company, sizeof out->company, db_col_text(q, 5));
	rc = 0;
out:
	db_done(q);
	return rc;
}
