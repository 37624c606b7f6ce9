/* Sync Issues: the list, and what people may do about one. */
#include "config.h"

#include "web/page.h"

#include <inttypes.h>

#include "base/str.h"
#include "store/view_items.h"
#include "web/pages.h"
#include "web/state.h"
#include "web/words.h"

const struct fcgi_input page_issues_inputs[] = {
    {"project", FCGI_QUERY, fcgi_check_id, 19, false, false},
    {"page", FCGI_QUERY, fcgi_check_id, 9, false, false},
    {"done", FCGI_QUERY, fcgi_check_word, 16, false, false},
};
const size_t page_issues_inputs_n =
    sizeof page_issues_inputs / sizeof page_issues_inputs[0];

struct issues_build {
	struct web_req *r;
	struct json *list;
	bool own_page;
	const struct page_typed *typed;
	bool any_retry;
};

static void
put_item_link(struct web_req *r, const struct view_issue *i, struct json *o)
{
	struct json *link;

	if (i->item_id == 0) {
		json_put_null(o, "item");
		return;
	}
	link = json_put_obj(o, "item");
	json_put_i64(link, "id", i->item_id);
	json_put_str(link, "text",
	    web_say(r, TEXT_KIND_NUMBER, "kind", words_kind(r, i->kind), "number",
		words_number(r, i->number, i->revision), NULL));
}

static void
put_project_link(const struct issues_build *b, const struct view_issue *i, struct json *o)
{
	struct json *link;

	if (b->own_page) {
		json_put_null(o, "project");
		return;
	}
	link = json_put_obj(o, "project");
	json_put_i64(link, "id", i->connection_id);
	json_put_str(link, "text", i->project);
}

static void
add_issue(void *arg, const struct view_issue *i)
{
	struct issues_build *b = arg;
	struct web_req *r = b->r;
	struct json *o = json_add_obj(b->list);
	struct access_who who = {.global_admin = r->person.global_admin,
	    .project_admin = i->project_admin,
	    .bic = i->own};
	bool typed =
	    b->typed != NULL && b->typed->issue == i->id && b->typed->reason != NULL;
	bool retry = access_may(&who, i->own ? ACCESS_RETRY_OWN : ACCESS_RETRY);

	json_put_i64(o, "id", i->id);
	put_project_link(b, i, o);
	put_item_link(r, i, o);
	json_put_str(o, "direction",
	    str_eq(i->direction, "to_npc")       ? lang_text(r->lang, TEXT_DIRECTION_IN)
	    : str_eq(i->direction, "to_procore") ? lang_text(r->lang, TEXT_DIRECTION_OUT)
						 : "");
	json_put_str(o, "message", i->message);
	json_put_str(o, "remedy", i->remedy);
	json_put_str(
	    o, "tries_text", web_count(r, i->tries, TEXT_TRIED_ONCE, TEXT_TRIED_MANY));
	web_put_time(r, o, "first", i->first_at);
	web_put_time(r, o, "last", i->last_at);
	json_put_bool(o, "retry", retry);
	json_put_bool(o, "dismiss", access_may(&who, ACCESS_DISMISS));
	json_put_str(o, "back", b->own_page ? "edit" : "issues");
	json_put_str(o, "reason", typed ? b->typed->reason : "");
	b->any_retry = b->any_retry || retry;
}

static int
put_issues(struct web_req *r, int64_t project_id, int64_t limit, int64_t offset,
    struct issues_build *b, struct err *e)
{
	struct view_scope scope = state_scope(r);

	b->r = r;
	b->list = json_put_arr(r->model, "issues");
	return view_issues(r->app->db, &scope, project_id, limit, offset, add_issue, b, e);
}

int
page_put_issues(struct web_req *r, int64_t project_id, int64_t limit, int64_t offset,
    bool own_page, const struct page_typed *typed, struct err *e)
{
	struct issues_build b = {.own_page = own_page, .typed = typed};

	return put_issues(r, project_id, limit, offset, &b, e);
}

static int
put_project(struct web_req *r, int64_t project_id, struct err *e)
{
	struct view_projects list = {0};
	struct json *o;
	int rc;

	if (project_id == 0) {
		json_put_null(r->model, "project");
		return 0;
	}
	rc = view_project(r->app->db, project_id, &list, e);
	if (rc == 0) {
		o = json_put_obj(r->model, "project");
		json_put_i64(o, "id", project_id);
		json_put_str(o, "text", state_project_text(r, &list.v[0]));
	}
	view_projects_clear(&list);
	return rc;
}

int
page_issues_show(struct web_req *r, int status, int64_t project_id,
    const struct page_typed *typed, struct err *e)
{
	struct issues_build b = {.typed = typed};
	struct view_scope scope = state_scope(r);
	char path[64];
	int64_t total = 0;

	if (str_format(path, sizeof path,
		project_id != 0 ? "/Projects/issues?project=%" PRId64 "&"
				: "/Projects/issues?",
		project_id) == -1)
		return err_set(e, ERR_BUG, "the list's path");
	if (view_issues_count(r->app->db, &scope, project_id, &total, e) == -1 ||
	    put_project(r, project_id, e) == -1 ||
	    put_issues(r, project_id, PAGES_ROWS, pages_offset(r), &b, e) == -1)
		return -1;
	json_put_bool(r->model, "retry_all",
	    project_id != 0 && total > 1 && web_may(r, ACCESS_RETRY));
	pages_put(r, path, total, TEXT_ISSUES_ONE, TEXT_ISSUES_MANY);
	return web_render(r, status, "issues.xhtml", e);
}

int
page_issues(struct web_req *r, struct err *e)
{
	int64_t project_id = fcgi_input_i64(r->inputs, "project", 0);

	if (project_id != 0 && web_use_project(r, project_id, e) == -1)
		return -1;
	pages_done(r);
	return page_issues_show(r, 200, project_id, NULL, e);
}
