#include "config.h"

#include "store/view_items.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "sql/queries.gen.h"
#include "store/view_rows.h"

/* ---- issues */

struct to_issue {
	view_issue_fn fn;
	void *arg;
};

static void
give_issue(void *arg, struct stmt *q)
{
	struct to_issue *to = arg;
	struct view_issue i = {
	    .id = db_col_i64(q, 0),
	    .connection_id = db_col_i64(q, 1),
	    .project = db_col_text(q, 2),
	    .item_id = db_col_i64(q, 3),
	    .kind = db_col_text(q, 4),
	    .number = db_col_text(q, 5),
	    .revision = db_col_text(q, 6),
	    .direction = db_col_text(q, 7),
	    .message = db_col_text(q, 8),
	    .remedy = db_col_text(q, 9),
	    .tries = db_col_i64(q, 10),
	    .first_at = db_col_i64(q, 11),
	    .last_at = db_col_i64(q, 12),
	    .project_admin = db_col_bool(q, 13),
	    .own = db_col_bool(q, 14),
	};

	to->fn(to->arg, &i);
}

int
view_issues(struct db *db, const struct view_scope *s, int64_t connection_id, int64_t limit,
    int64_t offset, view_issue_fn fn, void *arg, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id, connection_id, limit, offset};
	struct to_issue to = {fn, arg};

	return view_walk(db, Q_VIEW_ISSUES, numbers, 5, give_issue, &to, NULL, e);
}

int
view_issues_count(struct db *db, const struct view_scope *s, int64_t connection_id,
    int64_t *n, struct err *e)
{
	const int64_t numbers[] = {s->all, s->person_id, connection_id};

	return view_number(db, Q_VIEW_ISSUES_COUNT, numbers, 3, n, e);
}

static void
take_issue(void *arg, struct stmt *q)
{
	struct view_issue_at *i = arg;

	i->connection_id = db_col_i64(q, 0);
	i->item_id = db_col_i64(q, 1);
	i->account_id = db_col_i64(q, 2);
	str_cut(i->message, sizeof i->message, db_col_text(q, 3));
}

int
view_issue(struct db *db, int64_t id, struct view_issue_at *out, struct err *e)
{
	int64_t n = 0;

	if (view_walk(db, Q_VIEW_ISSUE, &id, 1, take_issue, out, &n, e) == -1)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NOT_FOUND, "issue %" PRId64, id);
}

/* ---- items */

struct to_item {
	view_item_fn fn;
	void *arg;
};

static void
give_item(void *arg, struct stmt *q)
{
	struct to_item *to = arg;
	struct view_item_row i = {
	    .id = db_col_i64(q, 0),
	    .kind = db_col_text(q, 1),
	    .number = db_col_text(q, 2),
	    .revision = db_col_text(q, 3),
	    .subject = db_col_text(q, 4),
	    .npc_number = db_col_text(q, 5),
	    .state = db_col_text(q, 6),
	    .reason_text = db_col_text(q, 7),
	    .changed_at = db_col_i64(q, 8),
	};

	to->fn(to->arg, &i);
}

int
view_items(struct db *db, int64_t connection_id, int64_t limit, view_item_fn fn, void *arg,
    struct err *e)
{
	const int64_t numbers[] = {connection_id, limit};
	struct to_item to = {fn, arg};

	return view_walk(db, Q_VIEW_ITEMS, numbers, 2, give_item, &to, NULL, e);
}

void
view_item_clear(struct view_item *i)
{
	free(i->kind);
	free(i->number);
	free(i->revision);
	free(i->subject);
	free(i->npc_number);
	free(i->state);
	free(i->reason_text);
	free(i->procore_status);
	free(i->npc_status);
	free(i->login);
	free(i->name);
	free(i->agreed);
	free(i->kept);
	free(i->previous_number);
	free(i->previous_revision);
	free(i->following_number);
	free(i->following_revision);
	free(i->project);
	*i = (struct view_item){0};
}

static void
take_item(void *arg, struct stmt *q)
{
	struct view_item *i = arg;

	*i = (struct view_item){
	    .connection_id = db_col_i64(q, 0),
	    .kind = xstrdup(db_col_text(q, 1)),
	    .number = xstrdup(db_col_text(q, 2)),
	    .revision = xstrdup(db_col_text(q, 3)),
	    .subject = xstrdup(db_col_text(q, 4)),
	    .npc_number = xstrdup(db_col_text(q, 5)),
	    .state = xstrdup(db_col_text(q, 6)),
	    .reason_text = xstrdup(db_col_text(q, 7)),
	    .procore_status = xstrdup(db_col_text(q, 8)),
	    .npc_status = xstrdup(db_col_text(q, 9)),
	    .account_id = db_col_i64(q, 10),
	    .login = xstrdup(db_col_text(q, 11)),
	    .name = xstrdup(db_col_text(q, 12)),
	    .agreed = xstrdup(db_col_text(q, 13)),
	    .kept = xstrdup(db_col_text(q, 14)),
	    .changed_at = db_col_i64(q, 15),
	    .previous_id = db_col_i64(q, 16),
	    .previous_number = xstrdup(db_col_text(q, 17)),
	    .previous_revision = xstrdup(db_col_text(q, 18)),
	    .following_id = db_col_i64(q, 19),
	    .following_number = xstrdup(db_col_text(q, 20)),
	    .following_revision = xstrdup(db_col_text(q, 21)),
	    .project = xstrdup(db_col_text(q, 22)),
	};
}

int
view_item(struct db *db, int64_t id, struct view_item *out, struct err *e)
{
	int64_t n = 0;

	if (view_walk(db, Q_VIEW_ITEM, &id, 1, take_item, out, &n, e) == -1)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NOT_FOUND, "item %" PRId64, id);
}

static void
take_remedy(void *arg, struct stmt *q)
{
	str_cut(arg, 513, db_col_text(q, 0));
}

int
view_item_remedy(struct db *db, int64_t id, char dst[513], struct err *e)
{
	dst[0] = '\0';
	return view_walk(db, Q_VIEW_ITEM_REMEDY, &id, 1, take_remedy, dst, NULL, e);
}

struct to_file {
	view_file_fn fn;
	void *arg;
};

static void
give_file(void *arg, struct stmt *q)
{
	struct to_file *to = arg;
	struct view_file f = {.name = db_col_text(q, 0),
	    .bytes = db_col_i64(q, 1),
	    .origin = db_col_text(q, 2),
	    .state = db_col_text(q, 3),
	    .detail = db_col_text(q, 4)};

	to->fn(to->arg, &f);
}

int
view_files(struct db *db, int64_t item_id, view_file_fn fn, void *arg, struct err *e)
{
	struct to_file to = {fn, arg};

	return view_walk(db, Q_VIEW_FILES, &item_id, 1, give_file, &to, NULL, e);
}

struct to_response {
	view_response_fn fn;
	void *arg;
};

static void
give_response(void *arg, struct stmt *q)
{
	struct to_response *to = arg;
	struct view_response r = {.ordinal = db_col_i64(q, 0),
	    .author = db_col_text(q, 1),
	    .at = db_col_i64(q, 2),
	    .action = db_col_text(q, 3),
	    .body = db_col_text(q, 4),
	    .state = db_col_text(q, 5),
	    .reason = db_col_text(q, 6)};

	to->fn(to->arg, &r);
}

int
view_responses(
    struct db *db, int64_t item_id, view_response_fn fn, void *arg, struct err *e)
{
	struct to_response to = {fn, arg};

	return view_walk(db, Q_VIEW_RESPONSES, &item_id, 1, give_response, &to, NULL, e);
}

struct to_event {
	view_event_fn fn;
	void *arg;
};

static void
give_event(void *arg, struct stmt *q)
{
	struct to_event *to = arg;
	const char *name = db_col_text(q, 3);
	struct view_event v = {.at = db_col_i64(q, 0),
	    .actor = str_empty(name) ? db_col_text(q, 1) : name,
	    .text = db_col_text(q, 2),
	    .login = db_col_text(q, 4)};

	to->fn(to->arg, &v);
}

int
view_item_events(struct db *db, int64_t item_id, int64_t limit, view_event_fn fn, void *arg,
    struct err *e)
{
	const int64_t numbers[] = {item_id, limit};
	struct to_event to = {fn, arg};

	return view_walk(db, Q_VIEW_ITEM_EVENTS, numbers, 2, give_event, &to, NULL, e);
}
