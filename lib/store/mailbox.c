#include "config.h"

#include "store/mailbox.h"

#include "base/clk.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/job.h"

/* The columns of MAIL_DUE and MAIL_GET. */
static void
read_row(struct stmt *q, struct mail_row *out)
{
	*out = (struct mail_row){.id = db_col_i64(q, 0), .incident_id = db_col_i64(q, 2),
	    .account_id = db_col_i64(q, 3), .tries = db_col_i64(q, 8), .queued_at = db_col_i64(q, 9),
	    .doubts = db_col_i64(q, 10)};
	str_cut(out->kind, sizeof out->kind, db_col_text(q, 1));
	str_cut(out->asked_by, sizeof out->asked_by, db_col_text(q, 4));
	str_cut(out->to_address, sizeof out->to_address, db_col_text(q, 5));
	str_cut(out->to_name, sizeof out->to_name, db_col_text(q, 6));
	str_cut(out->message_id, sizeof out->message_id, db_col_text(q, 7));
}

int
mail_row_get(struct db *db, int64_t id, struct mail_row *out, struct buf *subject, struct buf *text,
    struct buf *html, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_MAIL_GET, &q, e, DB_I64(id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "there is no mail %lld", (long long)id);
		goto out;
	}
	read_row(q, out);
	buf_puts(subject, db_col_text(q, 11));
	buf_puts(text, db_col_text(q, 12));
	buf_puts(html, db_col_text(q, 13));
	rc = 0;
out:
	db_done(q);
	return rc;
}

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
	if (row)
		read_row(q, out);
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
mail_row_later(struct db *db, int64_t id, int64_t next_at, const char *answer, bool in_doubt, struct err *e)
{
	return db_run(
	    db, Q_MAIL_LATER, e, DB_I64(id), DB_I64(next_at), DB_TEXT(answer), DB_I64(in_doubt ? 1 : 0));
}

int
mail_row_hold(struct db *db, int64_t until_at, struct err *e)
{
	return db_run(db, Q_MAIL_HOLD, e, DB_I64(until_at));
}

int
mail_row_all_due(struct db *db, struct err *e)
{
	return db_run(db, Q_MAIL_ALL_DUE, e, DB_I64(clk_now()));
}

int
mail_row_again(struct db *db, int64_t id, int64_t *n, struct err *e)
{
	if (db_run(db, Q_MAIL_AGAIN, e, DB_I64(id), DB_I64(clk_now())) == -1)
		return -1;
	*n = db_changes(db);
	return *n == 0 ? 0 : job_wish(db, JOB_MAIL, 0, "", JOB_PRIO_PERSON, clk_now(), e);
}

int
mail_row_drop(struct db *db, int64_t id, const char *why, struct err *e)
{
	return db_run(db, Q_MAIL_DROP, e, DB_I64(id), DB_TEXT(why));
}

/* with_text: the fourth column is a sentence and no number. */
static int
projects(struct db *db, int query, int64_t id, bool with_text, mail_project_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, query, &q, e, DB_I64(id)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		struct mail_project p = {.connection_id = db_col_i64(q, 0), .number = db_col_text(q, 1),
		    .name = db_col_text(q, 2), .waiting = with_text ? 0 : db_col_i64(q, 3),
		    .text = with_text ? db_col_text(q, 3) : ""};

		fn(arg, &p);
	}
	return rc;
}

int
mail_projects_of_account(struct db *db, int64_t account_id, mail_project_fn fn, void *arg, struct err *e)
{
	return projects(db, Q_MAIL_PROJECTS, account_id, false, fn, arg, e);
}

int
mail_projects_of_company(struct db *db, int64_t company_id, mail_project_fn fn, void *arg, struct err *e)
{
	return projects(db, Q_MAIL_PROJECTS_OF_COMPANY, company_id, false, fn, arg, e);
}

int
mail_projects_denied(struct db *db, int64_t account_id, mail_project_fn fn, void *arg, struct err *e)
{
	return projects(db, Q_MAIL_DENIED, account_id, true, fn, arg, e);
}

int
mail_refused_to(struct db *db, int64_t account_id, char address[321], char answer[513], struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_MAIL_REFUSED_TO, &q, e, DB_I64(account_id)) == -1)
		return -1;
	rc = db_step(q, &row, e);
	if (rc == 0) {
		str_cut(address, 321, row ? db_col_text(q, 0) : "");
		str_cut(answer, 513, row ? db_col_text(q, 1) : "");
	}
	db_done(q);
	return rc;
}

int
mail_is_owner(struct db *db, int64_t account_id, const char *address, bool *owner, struct err *e)
{
	return db_yes(db, Q_MAIL_OWN_ADDRESS, owner, e, DB_I64(account_id), DB_TEXT(address));
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
mail_issues_of_person(struct db *db, const char *mail, int64_t max, mail_issue_fn fn, void *arg, struct err *e)
{
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, Q_MAIL_ISSUES, &q, e, DB_TEXT(mail), DB_I64(max)) == -1)
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

	if (db_query(db, Q_MAIL_INCIDENT, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
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
