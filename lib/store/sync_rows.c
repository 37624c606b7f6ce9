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

	if (db_query(db, Q_SYNC_CONNECTION, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
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
	rc = 0;
out:
	db_done(q);
	return rc;
}

int
sync_connection_done(struct db *db, int64_t id, int64_t now, int64_t next_at,
    int64_t idle_passes, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_CONNECTION_DONE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_i64(q, 2, now);
	db_bind_i64(q, 3, next_at);
	db_bind_i64(q, 4, idle_passes);
	return db_exec(q, e);
}

int
sync_connection_failed(
    struct db *db, int64_t id, int64_t next_at, const char *error, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_CONNECTION_FAILED, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_i64(q, 2, next_at);
	db_bind_text(q, 3, error);
	return db_exec(q, e);
}

int
sync_sharing(
    struct db *db, int64_t account_id, int64_t company_id, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_SYNC_SHARING, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, account_id);
	db_bind_i64(q, 2, company_id);
	if (db_step(q, &row, e) == 0) {
		*n = row && db_col_i64(q, 0) > 0 ? db_col_i64(q, 0) : 1;
		rc = 0;
	}
	db_done(q);
	return rc;
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
	bool row = true;
	int rc = -1;

	if (db_query(db, query, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
	for (;;) {
		const char *sign_in;

		if (db_step(q, &row, e) == -1)
			goto out;
		if (!row)
			break;
		sign_in = db_col_text(q, 7);
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
	*out = l;
	l = (struct sync_seats){0};
	rc = 0;
out:
	db_done(q);
	sync_seats_clear(&l);
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
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_SEAT_PUT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, bic_id);
	db_bind_text(q, 2, state);
	db_bind_text(q, 3, text);
	db_bind_text(q, 4, rfi_level);
	db_bind_text(q, 5, submittal_level);
	db_bind_text(q, 6, contact_id);
	db_bind_i64(q, 7, now);
	return db_exec(q, e);
}

int
sync_seat_contact(struct db *db, int64_t bic_id, const char *contact_id,
    const char *missing, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_SEAT_CONTACT, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, bic_id);
	db_bind_text(q, 2, contact_id);
	db_bind_text(q, 3, missing);
	db_bind_i64(q, 4, now);
	return db_exec(q, e);
}

int
sync_seat_denied(struct db *db, int64_t bic_id, const char *text, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_SEAT_DENIED, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, bic_id);
	db_bind_text(q, 2, text);
	return db_exec(q, e);
}

/* ---- services, webhooks, the response map */

int
sync_service_down(struct db *db, const char *name, bool *down, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_SYNC_SERVICE_GET, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, name);
	if (db_step(q, &row, e) == 0) {
		*down = row && str_eq(db_col_text(q, 0), "down");
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
sync_hooks_last(struct db *db, int64_t procore_project_id, int64_t *id, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	if (db_query(db, Q_SYNC_HOOK_EVENTS_LAST, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, procore_project_id);
	if (db_step(q, &row, e) == 0) {
		*id = row ? db_col_i64(q, 0) : 0;
		rc = 0;
	}
	db_done(q);
	return rc;
}

int
sync_hooks_done(
    struct db *db, int64_t procore_project_id, int64_t id, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (id == 0)
		return 0;
	if (db_query(db, Q_SYNC_HOOK_EVENTS_DONE, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, procore_project_id);
	db_bind_i64(q, 2, now);
	db_bind_i64(q, 3, id);
	return db_exec(q, e);
}

int
sync_wake_mapped(struct db *db, int64_t connection_id, int64_t now, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_SYNC_WAKE_MAPPED, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, connection_id);
	db_bind_i64(q, 2, now);
	return db_exec(q, e);
}
