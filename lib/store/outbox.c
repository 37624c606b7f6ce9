#include "config.h"

#include "store/outbox.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/job.h"

int
incident_row_open(struct db *db, const char *subject, const char *subject_id, const char *cause,
    const char *detail, int64_t told_at, int64_t next_reminder_at, bool *opened, int64_t *id, struct err *e)
{
	if (db_run(db, Q_INCIDENT_OPEN, e, DB_TEXT(subject), DB_TEXT(subject_id),
	    DB_TEXT(cause), DB_TEXT(detail), DB_I64(clk_now()), DB_I64(told_at),
	    DB_I64(next_reminder_at)) == -1)
		return -1;
	*opened = db_changes(db) == 1;
	*id = *opened ? db_last_id(db) : 0;
	return 0;
}

int
incident_row_get(struct db *db, const char *subject, const char *subject_id, struct incident_row *out,
    bool *found, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_INCIDENT_GET_OPEN, &q, e, DB_TEXT(subject),
	    DB_TEXT(subject_id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*found = row;
	if (row) {
		*out = (struct incident_row){.id = db_col_i64(q, 0), .opened_at = db_col_i64(q, 3),
		    .told_at = db_col_i64(q, 4), .reminders = db_col_i64(q, 5)};
		str_cut(out->subject, sizeof out->subject, subject);
		str_cut(out->subject_id, sizeof out->subject_id, subject_id);
		str_cut(out->cause, sizeof out->cause, db_col_text(q, 1));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
incident_row_close(struct db *db, int64_t id, struct err *e)
{
	return db_run(db, Q_INCIDENT_CLOSE, e, DB_I64(id), DB_I64(clk_now()));
}

int
incident_row_due(struct db *db, int64_t now, struct incident_row *out, bool *found, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_INCIDENT_DUE, &q, e, DB_I64(now)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	*found = row;
	if (row) {
		*out = (struct incident_row){.id = db_col_i64(q, 0), .opened_at = db_col_i64(q, 4),
		    .told_at = db_col_i64(q, 5), .reminders = db_col_i64(q, 6)};
		str_cut(out->subject, sizeof out->subject, db_col_text(q, 1));
		str_cut(out->subject_id, sizeof out->subject_id, db_col_text(q, 2));
		str_cut(out->cause, sizeof out->cause, db_col_text(q, 3));
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

/* Step a statement that answers one number or NULL. */
static int
one_number(struct db *db, int query, int64_t *out, struct err *e)
{
	return db_number(db, query, out, e, DB_NONE);
}

int
incident_row_next(struct db *db, int64_t *at, struct err *e)
{
	return one_number(db, Q_INCIDENT_NEXT, at, e);
}

int
incident_row_untold_account(struct db *db, int64_t *account_id, bool *lost, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_INCIDENT_ACCOUNTS_UNTOLD, &q, e, DB_NONE) == 0 && db_step(q, &row, e) == 0) {
		*account_id = row ? db_col_i64(q, 0) : 0;
		*lost = row && db_col_i64(q, 1) != 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
incident_row_unused(struct db *db, int64_t *id, struct err *e)
{
	return one_number(db, Q_INCIDENT_ACCOUNTS_UNUSED, id, e);
}

int
incident_row_denied_account(struct db *db, int64_t *account_id, struct err *e)
{
	return one_number(db, Q_INCIDENT_DENIED_UNTOLD, account_id, e);
}

int
incident_row_allowed_account(struct db *db, int64_t *account_id, struct err *e)
{
	return one_number(db, Q_INCIDENT_DENIED_OVER, account_id, e);
}

int
incident_row_told(struct db *db, int64_t id, int64_t told_at, int64_t reminders, int64_t next_reminder_at,
    struct err *e)
{
	return db_run(db, Q_INCIDENT_TOLD, e, DB_I64(id), DB_I64(told_at),
	    DB_I64(reminders), DB_I64(next_reminder_at));
}

int
incident_row_drop_mails(struct db *db, int64_t id, struct err *e)
{
	return db_run(db, Q_INCIDENT_DROP_QUEUED, e, DB_I64(id));
}

void
outbox_people_clear(struct outbox_people *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].mail);
		free(p->v[i].name);
	}
	free(p->v);
	*p = (struct outbox_people){0};
}

void
outbox_people_add(struct outbox_people *p, const char *mail, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq_ci(p->v[i].mail, mail))
			return;
	p->v = xreallocarray(p->v, p->n + 1, sizeof *p->v);
	p->v[p->n].mail = xstrdup(mail);
	p->v[p->n].name = xstrdup(name);
	p->n++;
}

int
outbox_people(struct db *db, enum outbox_whom whom, int64_t id, struct outbox_people *out, struct err *e)
{
	static const int queries[] = {
	    [OUTBOX_OF_ACCOUNT] = Q_INCIDENT_PEOPLE_OF_ACCOUNT,
	    [OUTBOX_ADMINS_OF_ACCOUNT] = Q_INCIDENT_ADMINS_OF_ACCOUNT,
	    [OUTBOX_GLOBAL_ADMINS] = Q_INCIDENT_GLOBAL_ADMINS,
	    [OUTBOX_MAILED] = Q_INCIDENT_MAILED_TO,
	    [OUTBOX_DIGEST] = Q_INCIDENT_DIGEST_PEOPLE,
	    [OUTBOX_ADMINS_OF_DENIED] = Q_INCIDENT_ADMINS_OF_DENIED,
	};
	struct stmt *q = NULL;
	int rc;

	if (db_query(db, queries[whom], &q, e) == -1)
		return -1;
	if (whom != OUTBOX_GLOBAL_ADMINS && whom != OUTBOX_DIGEST)
		db_bind_i64(q, 1, id);
	while ((rc = db_next(q, e)) == 1)
		outbox_people_add(out, db_col_text(q, 0), db_col_text(q, 1));
	return rc;
}

int
outbox_queue(struct db *db, const struct outbox_new *m, struct err *e)
{
	char message_id[320];
	char random[33];

	rnd_hex(random, 16);
	if (str_format(message_id, sizeof message_id, "<%s@%s>", random, m->message_id_host) == -1)
		return err_set(e, ERR_INPUT, "the host name in public_url is too long");
	if (db_run(db, Q_MAIL_QUEUE, e, DB_TEXT(m->kind), DB_I64(m->incident_id),
	    DB_I64(m->account_id), DB_TEXT(m->asked_by), DB_TEXT(m->dedupe),
	    DB_TEXT(m->to_address), DB_TEXT(m->to_name), DB_TEXT(message_id),
	    DB_I64(clk_now())) == -1)
		return -1;
	return job_wish(db, JOB_MAIL, 0, "", JOB_PRIO_PERSON, clk_now(), e);
}

int
service_down(struct db *db, const char *name, bool *down, struct err *e)
{
	return db_yes(db, Q_SERVICE_DOWN, down, e, DB_TEXT(name));
}

int
service_unseen(struct db *db, const char *name, int64_t after_at, bool *unseen, struct err *e)
{
	return db_yes(db, Q_SERVICE_UNSEEN, unseen, e, DB_TEXT(name), DB_I64(after_at));
}

int
service_set(struct db *db, const char *name, bool ok, const char *detail, struct err *e)
{
	return db_run(db, Q_SERVICE_SET, e, DB_TEXT(name), DB_TEXT(ok ? "ok" : "down"),
	    DB_TEXT(detail), DB_I64(clk_now()));
}
