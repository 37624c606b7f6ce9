#include "config.h"

#include "store/sync_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"

int
sync_connection_get(struct db *db, int64_t id, struct sync_connection *out, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_select(db, Q_SYNC_CONNECTION, &q, e, DB_I64(id)) == -1)
		goto out;
	if (db_step(q, &row, e) == -1)
		goto out;
	if (!row) {
		rc = err_set(e, ERR_NOT_FOUND, "connection %" PRId64, id);
		goto out;
	}
	str_cut(out->npc_project, sizeof out->npc_project, db_col_text(q, 0));
	out->company_id = db_col_i64(q, 1);
	out->project_id = db_col_i64(q, 2);
	out->active = str_eq(db_col_text(q, 3), "active");
	out->poll_minutes = db_col_i64(q, 4);
	out->sync_from_at = db_col_i64(q, 5);
	out->idle_passes = db_col_i64(q, 6);
	out->next_at = db_col_i64(q, 7);
	out->requested = db_col_bool(q, 8);
	out->cut_short = db_col_bool(q, 9);
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
sync_connection_done(struct db *db, int64_t id, int64_t now, int64_t next_at,
    int64_t idle_passes, struct err *e)
{
	return db_run(db, Q_SYNC_CONNECTION_DONE, e, DB_I64(id), DB_I64(now),
	    DB_I64(next_at), DB_I64(idle_passes));
}

int
sync_connection_failed(
    struct db *db, int64_t id, int64_t next_at, const char *error, struct err *e)
{
	return db_run(db, Q_SYNC_CONNECTION_FAILED, e, DB_I64(id), DB_I64(next_at),
	    DB_TEXT(error));
}

int
sync_sharing(
    struct db *db, int64_t account_id, int64_t company_id, int64_t *n, struct err *e)
{
	if (db_number(db, Q_SYNC_SHARING, n, e, DB_I64(account_id), DB_I64(company_id)) == -1)
		return -1;
	if (*n < 1)
		*n = 1;
	return 0;
}

/* ---- seats */

void
sync_seats_clear(struct sync_seats *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].login);
		free(l->v[i].login_folded);
		free(l->v[i].contact_id);
		free(l->v[i].state);
		free(l->v[i].rfi_level);
		free(l->v[i].submittal_level);
	}
	free(l->v);
	*l = (struct sync_seats){0};
}

/* The three statements have the same columns. */
static int
read_seats(struct db *db, int query, int64_t id, struct sync_seats *out, struct err *e)
{
	struct sync_seats l = {0};
	struct stmt *q = NULL;
	int rc;

	if (db_select(db, query, &q, e, DB_I64(id)) == -1)
		return -1;
	while ((rc = db_next(q, e)) == 1) {
		const char *sign_in = db_col_text(q, 7);

		l.v = xreallocarray(l.v, l.n + 1, sizeof *l.v);
		l.v[l.n++] = (struct sync_seat){.bic_id = db_col_i64(q, 0),
		    .connection_id = db_col_i64(q, 1),
		    .account_id = db_col_i64(q, 2),
		    .user_id = db_col_i64(q, 3),
		    .login = xstrdup(db_col_text(q, 4)),
		    .login_folded = xstrdup(db_col_text(q, 5)),
		    .contact_id = xstrdup(db_col_text(q, 6)),
		    .signed_in = str_eq(sign_in, "ok") || str_eq(sign_in, "suspect"),
		    .state = xstrdup(db_col_text(q, 8)),
		    .checked_at = db_col_i64(q, 9),
		    .rfi_level = xstrdup(db_col_text(q, 10)),
		    .submittal_level = xstrdup(db_col_text(q, 11))};
	}
	if (rc == -1)
		sync_seats_clear(&l);
	else
		*out = l;
	return rc;
}

int
sync_seats_of(struct db *db, int64_t connection_id, struct sync_seats *out, struct err *e)
{
	return read_seats(db, Q_SYNC_SEATS, connection_id, out, e);
}

int
sync_seat_get(struct db *db, int64_t bic_id, struct sync_seats *out, struct err *e)
{
	return read_seats(db, Q_SYNC_SEAT, bic_id, out, e);
}

int
sync_seats_of_account(
    struct db *db, int64_t account_id, struct sync_seats *out, struct err *e)
{
	return read_seats(db, Q_SYNC_ACCOUNT_SEATS, account_id, out, e);
}

int
sync_seat_put(struct db *db, int64_t bic_id, const char *state, const char *text,
    const char *rfi_level, const char *submittal_level, const char *contact_id, int64_t now,
    struct err *e)
{
	return db_run(db, Q_SYNC_SEAT_PUT, e, DB_I64(bic_id), DB_TEXT(state), DB_TEXT(text),
	    DB_TEXT(rfi_level), DB_TEXT(submittal_level), DB_TEXT(contact_id), DB_I64(now));
}

int
sync_seat_contact(struct db *db, int64_t bic_id, const char *contact_id,
    const char *missing, int64_t now, struct err *e)
{
	return db_run(db, Q_SYNC_SEAT_CONTACT, e, DB_I64(bic_id), DB_TEXT(contact_id),
	    DB_TEXT(missing), DB_I64(now));
}

int
sync_seat_denied(struct db *db, int64_t bic_id, const char *text, struct err *e)
{
	return db_run(db, Q_SYNC_SEAT_DENIED, e, DB_I64(bic_id), DB_TEXT(text));
}

/* ---- services, webhooks, the response map */

int
sync_hooks_last(struct db *db, int64_t procore_project_id, int64_t *id, struct err *e)
{
	return db_number(db, Q_SYNC_HOOK_EVENTS_LAST, id, e, DB_I64(procore_project_id));
}

int
sync_hooks_done(
    struct db *db, int64_t procore_project_id, int64_t id, int64_t now, struct err *e)
{
	if (id == 0)
		return 0;
	return db_run(db, Q_SYNC_HOOK_EVENTS_DONE, e, DB_I64(procore_project_id),
	    DB_I64(now), DB_I64(id));
}

int
sync_wake_signed_in(struct db *db, int64_t connection_id, int64_t now, struct err *e)
{
	return db_run(db, Q_SYNC_WAKE_SIGNED_IN, e, DB_I64(connection_id), DB_I64(now));
}

int
sync_wake_mapped(struct db *db, int64_t connection_id, int64_t now, struct err *e)
{
	return db_run(db, Q_SYNC_WAKE_MAPPED, e, DB_I64(connection_id), DB_I64(now));
}
