/* The page behind the mail's link, and its two buttons. Anyone signed in who holds the link
 * may open it and press Reconnect: Procore's answer decides whether it counts (DESIGN.md 5
 * "People and accounts"). */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/url.h"
#include "core/audit.h"
#include "core/incident.h"
#include "core/oauth_start.h"
#include "io/wake.h"
#include "store/account.h"
#include "store/view_lists.h"
#include "web/denied.h"
#include "web/pages.h"
#include "web/state.h"

enum { SHOWN_PROJECTS = 20 };

const struct fcgi_input page_reconnect_inputs[] = {
    {"account", FCGI_QUERY, fcgi_check_public_id, 32, true, false},
    {"project", FCGI_QUERY, fcgi_check_line, 19, false, false},
    {"done", FCGI_QUERY, fcgi_check_word, 16, false, false},
};
const size_t page_reconnect_inputs_n =
    sizeof page_reconnect_inputs / sizeof page_reconnect_inputs[0];

#define FORM_INPUTS                                                                        \
	{"csrf", FCGI_FORM, fcgi_check_token, 512, false, false},                          \
	    {"account", FCGI_FORM, fcgi_check_public_id, 32, true, false},                 \
	{                                                                                  \
		"project", FCGI_FORM, fcgi_check_line, 19, false, false                    \
	}

const struct fcgi_input page_start_reconnect_inputs[] = {FORM_INPUTS};
const size_t page_start_reconnect_inputs_n =
    sizeof page_start_reconnect_inputs / sizeof page_start_reconnect_inputs[0];
const struct fcgi_input page_send_link_inputs[] = {FORM_INPUTS};
const size_t page_send_link_inputs_n =
    sizeof page_send_link_inputs / sizeof page_send_link_inputs[0];

/* The project one came from, if it is one of the person's and the account serves it; else
 * 0. */
static int
came_from(struct web_req *r, int64_t project_id, int64_t *out, struct err *e)
{
	struct err why = {0};

	*out = 0;
	if (project_id <= 0)
		return 0;
	if (web_use_project(r, project_id, &why) == 0) {
		*out = project_id;
		return 0;
	}
	if (why.code == ERR_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

/* ---- the page */

struct projects_build {
	struct json *list;
	bool any_open;
};

static void
add_project(void *arg, const struct view_account_project *p)
{
	struct projects_build *b = arg;
	struct json *o = json_add_obj(b->list);

	json_put_i64(o, "id", p->id);
	json_put_str(o, "text", p->text);
	json_put_bool(o, "open", p->open);
	b->any_open = b->any_open || p->open;
}

/* Whoever has no part in any of the projects is told their number only. */
static int
put_projects(
    struct web_req *r, const struct account *a, bool needed, bool *known, struct err *e)
{
	struct projects_build b = {json_put_arr(r->model, "projects"), false};
	struct view_scope scope = state_scope(r);
	int64_t n = 0;
	char more[24] = "";

	if (view_account_projects_count(r->app->db, a->id, &n, e) == -1 ||
	    view_account_projects(
		r->app->db, a->id, &scope, SHOWN_PROJECTS, add_project, &b, e) == -1)
		return -1;
	*known = b.any_open;
	if (!b.any_open)
		json_put_arr(r->model, "projects");
	if (n > SHOWN_PROJECTS &&
	    str_format(more, sizeof more, "%" PRId64, n - SHOWN_PROJECTS) == -1)
		more[0] = '\0';
	json_put_str(r->model, "more_text",
	    b.any_open && more[0] != '\0' ? web_say(r, TEXT_AND_MORE, "count", more, NULL)
					  : "");
	json_put_str(r->model, "waiting_text",
	    needed && n > 0 ? web_count(r, n, TEXT_WAITING_ONE, TEXT_WAITING_MANY) : "");
	return 0;
}

static int
put_from(struct web_req *r, int64_t project_id, struct err *e)
{
	struct view_projects list = {0};
	struct json *from;
	int rc = 0;

	json_put_i64(r->model, "project", project_id);
	if (project_id == 0) {
		json_put_null(r->model, "from");
		return 0;
	}
	rc = view_project(r->app->db, project_id, &list, e);
	if (rc == 0) {
		from = json_put_obj(r->model, "from");
		json_put_i64(from, "id", project_id);
		json_put_str(from, "text", state_project_text(r, &list.v[0]));
	}
	view_projects_clear(&list);
	return rc;
}

static void
put_account(struct web_req *r, const struct account *a, const char *name, bool needed)
{
	struct json *o = json_put_obj(r->model, "account");
	struct buf link = BUF_INIT(LIMIT_URL);

	json_put_str(o, "public_id", a->public_id);
	json_put_str(o, "name", name);
	json_put_str(o, "login", a->login);
	state_put_account(
	    r, account_state_word(a->state), a->since_at, a->cause_text, r->model);
	json_put_bool(r->model, "needed", needed);
	json_put_bool(r->model, "healthy", !needed);
	web_url(r, "/Projects/reconnect?account=", &link);
	buf_puts(&link, a->public_id);
	json_put_str(r->model, "link", buf_str(&link));
	buf_clear(&link);
}

/* An account that ended here (the person left, or another login took over) and got no seat
 * since: its old links lead to this, not to a sign-in that nobody needs. */
static int
has_ended(struct web_req *r, const struct account *a, bool *yes, struct err *e)
{
	int64_t n = 0;

	*yes = false;
	if (a->state != ACCOUNT_REMOVED)
		return 0;
	if (view_account_projects_count(r->app->db, a->id, &n, e) == -1)
		return -1;
	*yes = n == 0;
	return 0;
}

static int
show_ended(struct web_req *r, const struct account *a, struct err *e)
{
	struct web_message m = {200, "check", TEXT_ENDED_TITLE, TEXT_MAX,
	    web_say(r, TEXT_ENDED, "login", a->login, NULL), NULL};

	web_action(r, TEXT_BACK_TO_LIST, true, "/Projects", false, NULL);
	return web_message(r, &m, e);
}

int
page_reconnect_show(
    struct web_req *r, int status, const char *public_id, int64_t project_id, struct err *e)
{
	struct account a = {0};
	char name[513];
	int64_t from = 0;
	bool known = false;
	bool own = false;
	bool ended = false;
	bool needed;
	int rc = -1;

	if (account_by_public_id(r->app->db, public_id, &a, e) == -1)
		return -1;
	if (has_ended(r, &a, &ended, e) == -1)
		goto out;
	if (ended) {
		rc = show_ended(r, &a, e);
		goto out;
	}
	needed = a.state != ACCOUNT_OK && a.state != ACCOUNT_SUSPECT;
	if (account_is_of(r->app->db, a.id, r->person.user_name, &own, e) == -1 ||
	    came_from(r, project_id, &from, e) == -1 ||
	    put_projects(r, &a, needed, &known, e) == -1 || put_from(r, from, e) == -1 ||
	    view_account_name(r->app->db, a.id, name, e) == -1)
		goto out;
	/* Whoever has no part in it sees the login only. */
	put_account(r, &a, known || own ? name : "", needed);
	json_put_bool(r->model, "own", own);
	json_put_bool(r->model, "send_link", needed && known && !own);
	rc = web_render(r, status, "reconnect.xhtml", e);
out:
	account_clear(&a);
	return rc;
}

int
page_reconnect(struct web_req *r, struct err *e)
{
	pages_done(r);
	return page_reconnect_show(r, 200, fcgi_input(r->inputs, "account"),
	    fcgi_input_i64(r->inputs, "project", 0), e);
}

/* ---- the button */

/* Procore's host, for the page that leads there. */
static const char *
procore_host(struct web_req *r)
{
	struct url u;

	if (url_parse(r->app->conf.procore_login_url, &u) == -1)
		return r->app->conf.procore_login_url;
	return web_say(r, TEXT_NUMBER_ALONE, "number", u.host, NULL);
}

/* The attempt and the row that says who began it; joins the running transaction when one is
 * open. */
static int
start_attempt(struct web_req *r, const struct oauth_ask *ask, const char *login,
    struct buf *url, struct err *e)
{
	struct web_app *app = r->app;
	bool own_tx = !db_in_tx(app->db);
	bool seat = ask->connection_id != 0;
	struct json *detail = json_obj();
	int rc = -1;

	json_put_str(detail, "login", login);
	if (own_tx && db_begin(app->db, e) == -1)
		goto out;
	rc = oauth_start(app->db, &app->conf, &app->session_key, ask, url, e);
	if (rc == 0)
		rc = form_audit(r, "account.sign_in", seat ? "connection" : "account",
		    seat ? ask->connection_id : ask->account_id, detail, e);
	if (rc == 0 && own_tx)
		rc = db_commit(app->db, e);
	else if (rc == -1 && own_tx)
		db_rollback(app->db);
out:
	json_free(detail);
	return rc;
}

int
page_continue_to(
    struct web_req *r, const struct oauth_ask *ask, const char *login, struct err *e)
{
	struct buf url = BUF_INIT(LIMIT_URL);
	struct oauth_ask own = *ask;
	int rc;

	own.user_name = r->person.user_name;
	own.cookie = r->cookie;
	rc = start_attempt(r, &own, login, &url, e);
	if (rc == 0) {
		json_put_str(r->model, "url", buf_str(&url));
		json_put_str(r->model, "login", login);
		json_put_str(r->model, "host", procore_host(r));
		rc = web_render(r, 200, "continue.xhtml", e);
	}
	buf_clear(&url);
	return rc;
}

int
page_continue(struct web_req *r, const struct account *a, enum oauth_purpose purpose,
    int64_t project_id, struct err *e)
{
	struct oauth_ask ask = {
	    .purpose = purpose, .account_id = a->id, .connection_id = project_id};
	char return_to[128];
	int rc;

	rc = project_id != 0 ? str_format(return_to, sizeof return_to,
				   "/Projects/edit?project=%" PRId64, project_id)
			     : str_format(return_to, sizeof return_to,
				   "/Projects/reconnect?account=%s", a->public_id);
	if (rc == -1)
		return err_set(e, ERR_BUG, "the way back");
	ask.return_to = return_to;
	return page_continue_to(r, &ask, a->login, e);
}

int
page_start_reconnect(struct web_req *r, struct err *e)
{
	const char *public_id = fcgi_input(r->inputs, "account");
	int64_t project_id = fcgi_input_i64(r->inputs, "project", 0);
	struct account a = {0};
	int64_t from = 0;
	bool ended = false;
	int rc = -1;

	if (r->stale) {
		pages_stale(r);
		return page_reconnect_show(r, PAGES_STALE_STATUS, public_id, project_id, e);
	}
	if (account_by_public_id(r->app->db, public_id, &a, e) == 0 &&
	    came_from(r, project_id, &from, e) == 0 && has_ended(r, &a, &ended, e) == 0)
		rc = ended ? show_ended(r, &a, e)
			   : page_continue(r, &a, OAUTH_RECONNECT, from, e);
	account_clear(&a);
	return rc;
}

/* ---- the mail */

int
page_send_link_for(struct web_req *r, int64_t account_id, const char *login, struct err *e)
{
	struct json *detail = json_obj();
	char target[48];
	int rc = -1;

	json_put_str(detail, "login", login);
	if (str_format(target, sizeof target, "account %" PRId64, account_id) == -1)
		err_set(e, ERR_BUG, "target");
	else if (incident_send_link(
		     r->app->db, &r->app->conf, account_id, r->person.user_name, e) == 0 &&
		 audit_add(r->app->db, r->person.user_name, "account.link", target, detail,
		     e) == 0)
		rc = 0;
	json_free(detail);
	return rc;
}

/* May this person have the link sent? Whoever sees one of the account's projects. */
static int
may_send(struct web_req *r, const struct account *a, bool *may, struct err *e)
{
	struct projects_build b = {json_arr(), false};
	struct view_scope scope = state_scope(r);
	int rc =
	    view_account_projects(r->app->db, a->id, &scope, INT32_MAX, add_project, &b, e);

	json_free(b.list);
	*may = b.any_open;
	return rc;
}

static int
send_link(struct web_req *r, const struct account *a, int64_t from, struct err *e)
{
	char path[128];
	int rc;

	if (db_begin(r->app->db, e) == -1 ||
	    page_send_link_for(r, a->id, a->login, e) == -1 ||
	    db_commit(r->app->db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	rc = from != 0 ? str_format(path, sizeof path,
			     "/Projects/edit?project=%" PRId64 "&done=link", from)
		       : str_format(path, sizeof path,
			     "/Projects/reconnect?account=%s&done=link", a->public_id);
	return rc == -1 ? err_set(e, ERR_BUG, "the way back") : web_redirect(r, path, e);
}

/* Nobody knows where to write to: that is something to tell, not a fault. */
static int
no_address(struct web_req *r, const struct account *a, int64_t project_id, struct err *e)
{
	web_notice(r, "warning", lang_text(r->lang, TEXT_NOTICE_NO_MAIL_TITLE),
	    lang_text(r->lang, TEXT_NOTICE_NO_MAIL));
	return page_reconnect_show(r, 200, a->public_id, project_id, e);
}

int
page_send_link(struct web_req *r, struct err *e)
{
	const char *public_id = fcgi_input(r->inputs, "account");
	int64_t project_id = fcgi_input_i64(r->inputs, "project", 0);
	struct account a = {0};
	struct err why = {0};
	int64_t from = 0;
	bool may = false;
	int rc = -1;

	if (r->stale) {
		pages_stale(r);
		return page_reconnect_show(r, PAGES_STALE_STATUS, public_id, project_id, e);
	}
	if (account_by_public_id(r->app->db, public_id, &a, e) == -1 ||
	    came_from(r, project_id, &from, e) == -1 || may_send(r, &a, &may, e) == -1)
		goto out;
	if (!may) {
		denied_note(r);
		rc = err_set(e, ERR_AUTH, "not allowed for %s", r->person.user_name);
		goto out;
	}
	rc = send_link(r, &a, from, &why);
	if (rc == -1 && why.code == ERR_NOT_FOUND) {
		db_rollback(r->app->db);
		rc = no_address(r, &a, from, e);
	} else if (rc == -1) {
		*e = why;
	}
out:
	account_clear(&a);
	return rc;
}
