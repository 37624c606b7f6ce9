#include "config.h"

#include "store/job.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"

/* The word that is stored, and the priority a kind runs at when nobody is waiting for it.
 */
static const struct {
	const char *name;
	int priority;
} kinds[JOB_KIND_MAX] = {
    [JOB_REFRESH] = {"refresh", JOB_PRIO_TOKEN},
    [JOB_RESUME] = {"resume", JOB_PRIO_RESUME},
    [JOB_CHECK_BIC] = {"check_bic", JOB_PRIO_BUSY},
    [JOB_SYNC] = {"sync", JOB_PRIO_QUIET},
    [JOB_CHOICES] = {"choices", JOB_PRIO_RESUME},
    [JOB_REVOKE] = {"revoke", JOB_PRIO_TOKEN},
    [JOB_MAIL] = {"mail", JOB_PRIO_TOKEN},
    [JOB_INCIDENTS] = {"incidents", JOB_PRIO_TOKEN},
    [JOB_SEAL_AUDIT] = {"seal_audit", JOB_PRIO_BUSY},
    [JOB_CHECKPOINT] = {"checkpoint", JOB_PRIO_HOUSE},
    [JOB_CLEAN] = {"clean", JOB_PRIO_HOUSE},
    [JOB_WEBHOOK] = {"webhook", JOB_PRIO_QUIET},
    [JOB_PLAN] = {"plan", JOB_PRIO_BUSY},
    [JOB_ROTATE_KEYS] = {"rotate_keys", JOB_PRIO_BUSY},
    [JOB_CHECK_LOGIN] = {"check_login", JOB_PRIO_PERSON},
    [JOB_BROWSE] = {"browse", JOB_PRIO_PERSON},
    [JOB_PULL] = {"pull", JOB_PRIO_PERSON},
};

/* Workers that all reach for the same row: one wins, the others look again. So many lost
 * races in a row mean that others are doing the work. */
enum { CLAIM_TRIES = 16 };

const char *
job_kind_name(enum job_kind k)
{
	BUG_IF((unsigned)k >= JOB_KIND_MAX);
	return kinds[k].name;
}

static int
kind_from_db(const char *word, enum job_kind *out, struct err *e)
{
	for (int i = 0; i < JOB_KIND_MAX; i++) {
		if (str_eq(word, kinds[i].name)) {
			*out = (enum job_kind)i;
			return 0;
		}
	}
	return err_set(e, ERR_DB, "job.kind %s is unknown", word == NULL ? "NULL" : word);
}

void
job_clear(struct job *j)
{
	free(j->arg);
	*j = (struct job){0};
}

int
job_wish(struct db *db, enum job_kind kind, int64_t ref, const char *arg, int priority,
    int64_t due_at, struct err *e)
{
	return db_run(db, Q_JOB_WISH, e, DB_TEXT(job_kind_name(kind)), DB_I64(ref),
	    DB_TEXT(str_empty(arg) ? "{}" : arg), DB_I64(priority), DB_I64(due_at),
	    DB_I64(clk_now()));
}

/* The row to reach for; 0: nothing is due. */
static int
pick(struct db *db, int64_t now, int64_t *id, struct err *e)
{
	return db_number(db, Q_JOB_PICK, id, e, DB_I64(now));
}

static int
lease(struct db *db, int64_t id, const char *owner, int64_t now, int64_t until_at,
    bool *won, struct err *e)
{
	return db_change(db, Q_JOB_LEASE, won, e, DB_I64(id), DB_TEXT(owner),
	    DB_I64(until_at), DB_I64(now));
}

static int
read_leased(struct db *db, int64_t id, struct job *j, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_JOB_GET, &q, e, DB_I64(id)) == -1)
		return -1;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_DB, "job %" PRId64 " went away while leased", id);
		goto out;
	}
	if (kind_from_db(db_col_text(q, 0), &j->kind, e) == -1)
		goto out;
	j->id = id;
	j->ref = db_col_i64(q, 1);
	j->arg = xstrdup(db_col_text(q, 2));
	j->due_at = db_col_i64(q, 3);
	j->tries = db_col_i64(q, 4);
	rc = 0;
out:
	db_done(q);
	return rc;
}

/* The sooner of the next due row and the next end of a lease; 0: neither. */
static int
next_time(struct db *db, int64_t *next_at, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t at = 0;
	int rc = -1;

	if (db_query(db, Q_JOB_NEXT, &q, e) == -1)
		return -1;
	if (db_step(q, &row, e) == -1)
		goto out;
	for (int i = 0; row && i < 2; i++) {
		if (!db_col_null(q, i) && (at == 0 || db_col_i64(q, i) < at))
			at = db_col_i64(q, i);
	}
	*next_at = at;
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
job_claim(struct db *db, const char *owner, int64_t now, int64_t lease_s, struct job *out,
    bool *got, int64_t *next_at, struct err *e)
{
	struct job j = {0};
	bool won = false;
	int64_t id = 1;

	if (str_empty(owner) || str_copy(j.owner, sizeof j.owner, owner) == -1)
		return err_set(
		    e, ERR_BUG, "the name of a job's owner is empty or too long");
	for (int i = 0; i < CLAIM_TRIES && !won && id != 0; i++) {
		if (pick(db, now, &id, e) == -1)
			return -1;
		if (id != 0 && lease(db, id, owner, now, now + lease_s, &won, e) == -1)
			return -1;
	}
	if (won) {
		if (read_leased(db, id, &j, e) == -1)
			return -1;
		*out = j;
	} else if (next_time(db, next_at, e) == -1) {
		return -1;
	}
	*got = won;
	return 0;
}

/* Give the row back: due at next_at, with the error of this run or "". */
static int
give_back(
    struct db *db, const struct job *j, int64_t next_at, const char *error, struct err *e)
{
	return db_run(db, Q_JOB_FREE, e, DB_I64(j->id), DB_TEXT(j->owner), DB_I64(next_at),
	    DB_I64(kinds[j->kind].priority), DB_TEXT(error));
}

int
job_finish(struct db *db, const struct job *j, int64_t next_at, struct err *e)
{
	if (next_at != 0)
		return give_back(db, j, next_at, "", e);
	if (db_run(db, Q_JOB_REMOVE, e, DB_I64(j->id), DB_TEXT(j->owner)) == -1)
		return -1;
	if (db_changes(db) == 1)
		return 0;
	/* Wished for again (or not ours any more): the wish's own time counts, no other. */
	return give_back(db, j, INT64_MAX, "", e);
}

int
job_fail(struct db *db, const struct job *j, int64_t retry_at, const char *message,
    struct err *e)
{
	return give_back(db, j, retry_at, str_empty(message) ? "failed" : message, e);
}

int
job_asked(struct db *db, enum job_kind kind, int64_t ref, bool *yes, struct err *e)
{
	int64_t n = 0;

	if (db_number(db, Q_JOB_ASKED, &n, e, DB_TEXT(job_kind_name(kind)), DB_I64(ref)) == -1)
		return -1;
	*yes = n != 0;
	return 0;
}

int
job_cancel(struct db *db, enum job_kind kind, int64_t ref, struct err *e)
{
	return db_run(db, Q_JOB_CANCEL, e, DB_TEXT(job_kind_name(kind)), DB_I64(ref));
}

static int
release(struct db *db, const char *owner_prefix, struct err *e)
{
	return db_run(db, Q_JOB_RELEASE, e, DB_TEXT(owner_prefix), DB_I64(clk_now()));
}

int
job_release(struct db *db, const char *owner_prefix, struct err *e)
{
	if (str_empty(owner_prefix))
		return err_set(e, ERR_BUG, "job_release without an owner");
	return release(db, owner_prefix, e);
}

int
job_release_all(struct db *db, struct err *e)
{
	return release(db, "", e);
}

int
job_extend(struct db *db, const struct job *j, int64_t until_at, struct err *e)
{
	if (db_run(db, Q_JOB_EXTEND, e, DB_I64(j->id), DB_TEXT(j->owner),
	    DB_I64(until_at)) == -1)
		return -1;
	if (db_changes(db) == 0)
		return err_set(e, ERR_BUSY, "the lease of job %s %" PRId64 " was lost",
		    job_kind_name(j->kind), j->ref);
	return 0;
}
