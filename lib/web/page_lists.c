/* Accounts, Activity, People, and the history of one project. */
#include "config.h"

#include "web/page.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "store/view_lists.h"
#include "web/pages.h"
#include "web/state.h"
#include "web/words.h"

enum { HISTORY_ROWS = 20 };

#define LIST_INPUTS                                                                        \
	{                                                                                  \
		"page", FCGI_QUERY, fcgi_check_id, 9, false, false                         \
	}

const struct fcgi_input page_accounts_inputs[] = {LIST_INPUTS};
const size_t page_accounts_inputs_n = 1;
const struct fcgi_input page_activity_inputs[] = {LIST_INPUTS};
const size_t page_activity_inputs_n = 1;
const struct fcgi_input page_people_inputs[] = {
    LIST_INPUTS, {"done", FCGI_QUERY, fcgi_check_word, 16, false, false}};
const size_t page_people_inputs_n = 2;

struct build {
	struct web_req *r;
	struct json *list;
};

/* ---- accounts */

/* "id name" lines, each a link. */
static void
put_some(struct web_req *r, const struct view_account *a, struct json *o)
{
	struct json *list = json_put_arr(o, "projects");
	struct strv lines = {0};
	int64_t more;

	strv_split(&lines, a->some, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct json *p = json_add_obj(list);
		size_t at = strcspn(lines.v[i], " ");
		char id[24] = "";

		if (at < sizeof id)
			memcpy(id, lines.v[i], at); /* the rest is zero */
		json_put_str(p, "id", id);
		json_put_str(p, "text", lines.v[i] + at + (lines.v[i][at] == ' '));
	}
	more = a->projects - (int64_t)lines.n;
	json_put_str(o, "projects_text",
	    a->projects == 0 ? lang_text(r->lang, TEXT_PROJECTS_NONE)
	    : more <= 0	     ? ""
		: web_count(r, more, TEXT_PROJECTS_MORE_ONE, TEXT_PROJECTS_MORE_MANY));
	strv_clear(&lines);
}

/* State, since when, and why. */
static void
put_state(struct web_req *r, const struct view_account *a, struct json *o)
{
	bool never = str_eq(a->state, "needed") && a->proved_at == 0;

	if (a->ending)
		web_put_status(o, "status", "sync",
		    lang_text(r->lang, TEXT_ACCOUNT_ENDING),
		    str_empty(a->ending_error) ? ""
					       : web_say(r, TEXT_ACCOUNT_ENDING_WHY, "why",
						     a->ending_error, NULL));
	else
		state_put_account(r, a->state, a->since_at, a->cause_text, o);
	json_put_str(o, "cause",
	    str_eq(a->state, "lost") ? a->cause_text
	    : never && !a->ending    ? lang_text(r->lang, TEXT_ACCOUNT_NEVER)
				     : "");
}

static void
add_account(void *arg, const struct view_account *a)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);
	bool in = str_eq(a->state, "ok") || str_eq(a->state, "suspect");

	json_put_str(o, "public_id", a->public_id);
	json_put_str(o, "name", a->name);
	json_put_str(o, "login", a->login);
	json_put_str(o, "people",
	    str_empty(a->people) ? lang_text(b->r->lang, TEXT_PERSON_UNKNOWN) : a->people);
	put_some(b->r, a, o);
	json_put_str(o, "waiting_text",
	    a->waiting == 0
		? ""
		: web_count(b->r, a->waiting, TEXT_ITEMS_WAIT_ONE, TEXT_ITEMS_WAIT_MANY));
	put_state(b->r, a, o);
	web_put_time(b->r, o, "verified", a->proved_at);
	json_put_bool(o, "reconnect", !in && !a->ending);
	json_put_bool(o, "evidence", a->administers);
}

int
page_accounts_show(struct web_req *r, int status, struct err *e)
{
	struct build b = {r, json_put_arr(r->model, "accounts")};
	struct view_scope scope = state_scope(r);
	int64_t n = 0;

	if (view_accounts_count(r->app->db, &scope, &n, e) == -1 ||
	    view_accounts(
		r->app->db, &scope, PAGES_ROWS, pages_offset(r), add_account, &b, e) == -1)
		return -1;
	pages_put(r, "/Projects/accounts?", n, TEXT_ACCOUNTS_ONE, TEXT_ACCOUNTS_MANY);
	return web_render(r, status, "accounts.xhtml", e);
}

int
page_accounts(struct web_req *r, struct err *e)
{
	return page_accounts_show(r, 200, e);
}

/* ---- activity */

static struct json *
add_act(void *arg, const struct view_act *a)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);

	web_put_time(b->r, o, "at", a->at);
	json_put_str(o, "actor", words_actor(b->r, a));
	json_put_str(o, "text", words_act(b->r, a));
	return o;
}

static void
add_history(void *arg, const struct view_act *a)
{
	(void)add_act(arg, a);
}

int
page_put_history(struct web_req *r, int64_t project_id, struct err *e)
{
	struct build b = {r, json_put_arr(r->model, "history")};

	return view_history(r->app->db, project_id, HISTORY_ROWS, add_history, &b, e);
}

static void
add_activity(void *arg, const struct view_act *a)
{
	struct json *o = add_act(arg, a);
	struct json *link;

	if (a->project_id == 0) {
		json_put_null(o, "project");
		return;
	}
	link = json_put_obj(o, "project");
	json_put_i64(link, "id", a->project_id);
	json_put_str(link, "text", a->project);
}

int
page_activity(struct web_req *r, struct err *e)
{
	struct build b = {r, json_put_arr(r->model, "rows")};
	struct view_scope scope = state_scope(r);
	int64_t n = 0;

	if (view_activity_count(r->app->db, &scope, &n, e) == -1 ||
	    view_activity(
		r->app->db, &scope, PAGES_ROWS, pages_offset(r), add_activity, &b, e) == -1)
		return -1;
	pages_put(r, "/Projects/activity?", n, TEXT_ENTRIES_ONE, TEXT_ENTRIES_MANY);
	return web_render(r, 200, "activity.xhtml", e);
}

/* ---- people */

static void
put_roles(struct web_req *r, const struct view_person *p, struct json *o)
{
	struct buf roles = BUF_INIT(LIMIT_FIELD);
	bool is[] = {p->global_admin, p->admin_of > 0, p->bic_of > 0};
	enum text words[] = {
	    TEXT_ROLE_GLOBAL_ADMIN, TEXT_ROLE_PROJECT_ADMIN, TEXT_ROLE_BIC};

	for (size_t i = 0; i < 3; i++)
		if (is[i])
			buf_printf(&roles, "%s%s", roles.len > 0 ? ", " : "",
			    lang_text(r->lang, words[i]));
	json_put_str(o, "roles",
	    roles.len > 0 ? buf_str(&roles) : lang_text(r->lang, TEXT_ROLE_NONE));
	buf_clear(&roles);
}

static void
add_person(void *arg, const struct view_person *p)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);
	struct json *accounts;
	struct strv logins = {0};

	json_put_str(o, "name", str_empty(p->name) ? p->user_name : p->name);
	json_put_str(o, "user_name", p->user_name);
	json_put_str(o, "mail", p->mail);
	put_roles(b->r, p, o);
	json_put_str(o, "projects_text",
	    p->global_admin ? lang_text(b->r->lang, TEXT_PROJECTS_ALL)
	    : p->projects == 0
		? ""
		: web_count(b->r, p->projects, TEXT_PROJECTS_ONE, TEXT_PROJECTS_MANY));
	accounts = json_put_arr(o, "accounts");
	strv_split(&logins, p->logins, "\n");
	for (size_t i = 0; i < logins.n; i++)
		json_add_str(accounts, logins.v[i]);
	strv_clear(&logins);
}

int
page_people(struct web_req *r, struct err *e)
{
	struct build b = {r, json_put_arr(r->model, "people")};
	int64_t n = 0;

	if (view_people_count(r->app->db, &n, e) == -1 ||
	    view_people(r->app->db, PAGES_ROWS, pages_offset(r), add_person, &b, e) == -1)
		return -1;
	pages_done(r);
	pages_put(r, "/Projects/people?", n, TEXT_PEOPLE_ONE, TEXT_PEOPLE_MANY);
	return web_render(r, 200, "people.xhtml", e);
}

/* ---- help */

int
page_help(struct web_req *r, struct err *e)
{
	return web_render(r, 200, "help.xhtml", e);
}
