#include "config.h"

#include "store/view.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/view_rows.h"

/* ---- the common loop */

static int
walk(struct db *db, int query, const int64_t *numbers, size_t numbers_n, const char *text,
    view_row_fn fn, void *arg, int64_t *n, struct err *e)
{
	struct stmt *q = NULL;
	int64_t rows = 0;
	int rc;

	if (db_query(db, query, &q, e) == -1)
		return -1;
	for (size_t i = 0; i < numbers_n; i++)
		db_bind_i64(q, (int)i + 1, numbers[i]);
	if (text != NULL)
		db_bind_text(q, (int)numbers_n + 1, text);
	while ((rc = db_next(q, e)) == 1) {
		fn(arg, q);
		rows++;
	}
	if (rc == 0 && n != NULL)
		*n = rows;
	return rc;
}

int
view_walk(struct db *db, int query, const int64_t *numbers, size_t numbers_n,
    view_row_fn fn, void *arg, int64_t *n, struct err *e)
{
	return walk(db, query, numbers, numbers_n, NULL, fn, arg, n, e);
}

static void
take_number(void *arg, struct stmt *q)
{
	int64_t *out = arg;

	*out = db_col_i64(q, 0);
}

int
view_number(struct db *db, int query, const int64_t *numbers, size_t numbers_n,
    int64_t *out, struct err *e)
{
	return view_walk(db, query, numbers, numbers_n, take_number, out, NULL, e);
}

/* ---- projects */

static char *
own(struct stmt *q, int col)
{
	const char *s = db_col_text(q, col);

	return xstrdup(s == NULL ? "" : s);
}

void
view_projects_clear(struct view_projects *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct view_project *v = &p->v[i];

		free(v->npc_number);
		free(v->npc_name);
		free(v->npc_server);
		free(v->procore_number);
		free(v->procore_name);
		free(v->company);
		free(v->state);
		free(v->sync_error);
	}
	free(p->v);
	*p = (struct view_projects){0};
}

static void
add_project(void *arg, struct stmt *q)
{
	struct view_projects *p = arg;

	p->v = xreallocarray(p->v, p->n + 1, sizeof *p->v);
	p->v[p->n++] = (struct view_project){
	    .id = db_col_i64(q, 0),
	    .npc_number = own(q, 1),
	    .npc_name = own(q, 2),
	    .npc_server = own(q, 3),
	    .procore_number = own(q, 4),
	    .procore_name = own(q, 5),
	    .company = own(q, 6),
	    .state = own(q, 7),
	    .app_missing = db_col_bool(q, 8),
	    .app_since_at = db_col_i64(q, 9),
	    .poll_minutes = db_col_i64(q, 10),
	    .webhooks = db_col_i64(q, 11),
	    .last_sync_at = db_col_i64(q, 12),
	    .next_sync_at = db_col_i64(q, 13),
	    .sync_requested_at = db_col_i64(q, 14),
	    .sync_error = own(q, 15),
	    .issues = db_col_i64(q, 16),
	    .waiting_in = db_col_i64(q, 17),
	    .waiting_out = db_col_i64(q, 18),
	    .company_id = db_col_i64(q, 19),
	    .changed_at = db_col_i64(q, 20),
	};
}

static void
add_id(void *arg, struct stmt *q)
{
	struct buf *ids = arg;

	buf_printf(ids, "%s%" PRId64, ids->len > 1 ? "," : "", db_col_i64(q, 0));
}

int
view_projects(struct db *db, const struct view_scope *s, int64_t limit, int64_t offset,
    struct view_projects *out, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id, limit, offset};
	struct buf ids = BUF_INIT(LIMIT_FIELD);
	int rc = -1;

	buf_putc(&ids, '[');
	if (view_walk(db, Q_VIEW_PROJECT_IDS, numbers, 4, add_id, &ids, NULL, e) == -1)
		goto out;
	buf_putc(&ids, ']');
	if (buf_check(&ids, "page of projects", e) == -1)
		goto out;
	rc = walk(db, Q_VIEW_PROJECTS, NULL, 0, buf_str(&ids), add_project, out, NULL, e);
out:
	buf_clear(&ids);
	return rc;
}

static void
take_counts(void *arg, struct stmt *q)
{
	struct view_counts *c = arg;

	*c = (struct view_counts){db_col_i64(q, 0), db_col_i64(q, 1), db_col_i64(q, 2)};
}

int
view_projects_count(
    struct db *db, const struct view_scope *s, struct view_counts *out, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id};

	return view_walk(db, Q_VIEW_PROJECTS_COUNT, numbers, 2, take_counts, out, NULL, e);
}

int
view_project(struct db *db, int64_t id, struct view_projects *out, struct err *e)
{
	char ids[24];
	int64_t n = 0;

	BUG_IF(str_format(ids, sizeof ids, "[%" PRId64 "]", id) == -1);
	if (walk(db, Q_VIEW_PROJECTS, NULL, 0, ids, add_project, out, &n, e) == -1)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NOT_FOUND, "project %" PRId64, id);
}

/* ---- seats */

void
view_seats_clear(struct view_seats *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct view_seat *v = &s->v[i];

		free(v->state);
		free(v->state_text);
		free(v->contact_id);
		free(v->rfi_level);
		free(v->submittal_level);
		free(v->public_id);
		free(v->login);
		free(v->name);
		free(v->account_state);
		free(v->cause);
		free(v->cause_text);
	}
	free(s->v);
	*s = (struct view_seats){0};
}

static void
add_seat(void *arg, struct stmt *q)
{
	struct view_seats *s = arg;

	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n++] = (struct view_seat){
	    .id = db_col_i64(q, 0),
	    .connection_id = db_col_i64(q, 1),
	    .account_id = db_col_i64(q, 2),
	    .position = db_col_i64(q, 3),
	    .state = own(q, 4),
	    .state_text = own(q, 5),
	    .contact_id = own(q, 6),
	    .rfi_level = own(q, 7),
	    .submittal_level = own(q, 8),
	    .checked_at = db_col_i64(q, 9),
	    .public_id = own(q, 10),
	    .login = own(q, 11),
	    .name = own(q, 12),
	    .account_state = own(q, 13),
	    .cause = own(q, 14),
	    .cause_text = own(q, 15),
	    .since_at = db_col_i64(q, 16),
	    .proved_at = db_col_i64(q, 17),
	    .access_expires_at = db_col_i64(q, 18),
	    .checking = db_col_bool(q, 19),
	};
}

int
view_seats(struct db *db, const char *ids, struct view_seats *out, struct err *e)
{
	return walk(db, Q_VIEW_SEATS, NULL, 0, ids, add_seat, out, NULL, e);
}

/* ---- small things about a project */

static void
take_mail(void *arg, struct stmt *q)
{
	struct view_mail *m = arg;

	str_cut(m->to, sizeof m->to, db_col_text(q, 0));
	m->sent = str_eq(db_col_text(q, 1), "sent");
	m->sent_at = db_col_i64(q, 2);
}

static int
mail_of(
    struct db *db, int query, int64_t id, struct view_mail *out, bool *found, struct err *e)
{
	int64_t n = 0;

	if (view_walk(db, query, &id, 1, take_mail, out, &n, e) == -1)
		return -1;
	*found = n > 0;
	return 0;
}

int
view_account_mail(
    struct db *db, int64_t account_id, struct view_mail *out, bool *found, struct err *e)
{
	return mail_of(db, Q_VIEW_ACCOUNT_MAIL, account_id, out, found, e);
}

int
view_company_mail(
    struct db *db, int64_t company_id, struct view_mail *out, bool *found, struct err *e)
{
	return mail_of(db, Q_VIEW_COMPANY_MAIL, company_id, out, found, e);
}

static void
take_name(void *arg, struct stmt *q)
{
	str_cut(arg, 513, db_col_text(q, 0));
}

int
view_account_name(struct db *db, int64_t account_id, char dst[513], struct err *e)
{
	dst[0] = '\0';
	return view_walk(db, Q_VIEW_ACCOUNT_NAME, &account_id, 1, take_name, dst, NULL, e);
}

static void
take_paused(void *arg, struct stmt *q)
{
	struct view_paused *p = arg;
	const char *name = db_col_text(q, 2);

	p->at = db_col_i64(q, 0);
	str_cut(p->name, sizeof p->name, str_empty(name) ? db_col_text(q, 1) : name);
}

int
view_paused_by(struct db *db, int64_t connection_id, struct view_paused *out, struct err *e)
{
	*out = (struct view_paused){0};
	return view_walk(
	    db, Q_VIEW_PAUSED_BY, &connection_id, 1, take_paused, out, NULL, e);
}

struct to_service {
	view_service_fn fn;
	void *arg;
};

static void
give_service(void *arg, struct stmt *q)
{
	struct to_service *to = arg;
	struct view_service s = {.name = db_col_text(q, 0),
	    .detail = db_col_text(q, 2),
	    .down = str_eq(db_col_text(q, 1), "down"),
	    .since_at = db_col_i64(q, 3),
	    .last_ok_at = db_col_i64(q, 4)};

	to->fn(to->arg, &s);
}

int
view_services(struct db *db, view_service_fn fn, void *arg, struct err *e)
{
	struct to_service to = {fn, arg};

	return view_walk(db, Q_SERVICE_ALL, NULL, 0, give_service, &to, NULL, e);
}

struct to_mark {
	view_mark_fn fn;
	void *arg;
};

static void
give_mark(void *arg, struct stmt *q)
{
	struct to_mark *to = arg;
	struct view_mark m = {db_col_text(q, 0), db_col_text(q, 1), db_col_i64(q, 2)};

	to->fn(to->arg, &m);
}

int
view_marks(struct db *db, int64_t connection_id, view_mark_fn fn, void *arg, struct err *e)
{
	struct to_mark to = {fn, arg};

	return view_walk(db, Q_VIEW_MARKS, &connection_id, 1, give_mark, &to, NULL, e);
}

static void
take_items(void *arg, struct stmt *q)
{
	struct view_flow *f = arg;
	bool rfi = str_eq(db_col_text(q, 0), "rfi");

	*(rfi ? &f->rfis : &f->submittals) = db_col_i64(q, 1);
	*(rfi ? &f->rfis_linked : &f->submittals_linked) = db_col_i64(q, 2);
}

static void
take_responses(void *arg, struct stmt *q)
{
	struct view_flow *f = arg;

	f->sent = db_col_i64(q, 0);
	f->waiting = db_col_i64(q, 1);
}

int
view_flow(struct db *db, int64_t connection_id, struct view_flow *out, struct err *e)
{
	*out = (struct view_flow){0};
	if (view_walk(
		db, Q_VIEW_ITEM_COUNTS, &connection_id, 1, take_items, out, NULL, e) == -1)
		return -1;
	return view_walk(
	    db, Q_VIEW_RESPONSE_COUNTS, &connection_id, 1, take_responses, out, NULL, e);
}

struct to_map {
	view_map_fn fn;
	void *arg;
};

static void
give_map(void *arg, struct stmt *q)
{
	struct to_map *to = arg;
	struct view_map m = {db_col_text(q, 0), db_col_text(q, 2), db_col_i64(q, 1)};

	to->fn(to->arg, &m);
}

int
view_map(struct db *db, int64_t connection_id, view_map_fn fn, void *arg, struct err *e)
{
	struct to_map to = {fn, arg};

	return view_walk(db, Q_VIEW_MAP, &connection_id, 1, give_map, &to, NULL, e);
}

struct to_choice {
	view_choice_fn fn;
	void *arg;
};

static void
give_choice(void *arg, struct stmt *q)
{
	struct to_choice *to = arg;

	to->fn(to->arg, db_col_text(q, 0), db_col_text(q, 1));
}

int
view_choices(
    struct db *db, int64_t connection_id, view_choice_fn fn, void *arg, struct err *e)
{
	struct to_choice to = {fn, arg};

	return view_walk(db, Q_VIEW_CHOICES, &connection_id, 1, give_choice, &to, NULL, e);
}

struct to_act {
	view_act_fn fn;
	void *arg;
};

static void
give_act(void *arg, struct stmt *q)
{
	struct to_act *to = arg;
	struct view_act a = {.at = db_col_i64(q, 0),
	    .actor = db_col_text(q, 1),
	    .action = db_col_text(q, 2),
	    .target = db_col_text(q, 3),
	    .detail = db_col_text(q, 4),
	    .actor_name = db_col_text(q, 5),
	    .login = db_col_text(q, 6),
	    .project = ""};

	to->fn(to->arg, &a);
}

int
view_history(struct db *db, int64_t connection_id, int64_t limit, view_act_fn fn, void *arg,
    struct err *e)
{
	const int64_t numbers[] = {connection_id, limit};
	struct to_act to = {fn, arg};

	return view_walk(db, Q_VIEW_HISTORY, numbers, 2, give_act, &to, NULL, e);
}
