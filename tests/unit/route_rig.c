#include "config.h"

#include "route_rig.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/account.h"
#include "store/catalog.h"
#include "store/enroll.h"
#include "store/person.h"
#include "web/csrf.h"

static const char cookie_value[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

static void
add_people(struct route_rig *w)
{
	struct rig *r = w->r;
	int64_t id = 0;

	OK(r, person_put(
		  r->admin, "gina", "Gina Global", "gina@example.com", true, &id, &r->err));
	OK(r, person_put(
		  r->admin, "pat", "Pat Project", "pat@example.com", false, &id, &r->err));
	OK(r, person_set_project_admin(r->admin, id, w->project, true, &r->err));
	OK(r, person_put(
		  r->admin, "otto", "Otto Other", "otto@example.com", false, &id, &r->err));
	OK(r, person_set_project_admin(r->admin, id, w->other_project, true, &r->err));
}

/* An item of bea's with an open issue. */
static void
add_work(struct route_rig *w)
{
	struct buf sql = BUF_INIT(4096);

	buf_printf(&sql,
	    "insert into item (connection_id, kind, procore_id, number, subject, state, "
	    "account_id, first_seen_at, "
	    "changed_at) values (%" PRId64
	    ", 'rfi', 77, '12', 'Beam pocket', 'parked', %" PRId64 ", 1, 1)",
	    w->project, w->account);
	rig_sql(w->r, buf_str(&sql));
	w->item = rig_number(w->r, "select id from item");
	buf_reset(&sql);
	buf_printf(&sql,
	    "insert into issue (connection_id, item_id, direction, code, message, "
	    "first_at, last_at) values (%" PRId64 ", %" PRId64
	    ", 'to_npc', 'no_contact', 'No contact', 1, 1)",
	    w->project, w->item);
	rig_sql(w->r, buf_str(&sql));
	w->issue = rig_number(w->r, "select id from issue");
	buf_clear(&sql);
}

/* Lists to choose from, as read just now, and a connection in preparation. */
static void
add_lists(struct route_rig *w)
{
	struct buf sql = BUF_INIT(4096);

	w->draft = rig_connect(w->r, "N-1", w->account);
	buf_printf(&sql,
	    "insert into hand_over (account_id, connection_id, new_login, approved_by, "
	    "approved_at) values (%" PRId64 ", %" PRId64
	    ", 'carla@example.com', 'gina', 1)",
	    w->account, w->project);
	rig_sql(w->r, buf_str(&sql));
	buf_reset(&sql);
	buf_printf(&sql,
	    "insert into browse_list (account_id, kind, parent_id, wanted_at, read_at) "
	    "values (0, 'npc_project', 0, %" PRId64 ", %" PRId64 ")",
	    clk_now(), clk_now());
	rig_sql(w->r, buf_str(&sql));
	rig_sql(w->r,
	    "insert into browse_row (account_id, kind, parent_id, remote_id, number, name, "
	    "extra, seen_at) "
	    "values (0, 'npc_project', 0, 'N-9', '2026-009', 'Orchard', 'EAST', 1)");
	buf_clear(&sql);
}

void
route_rig_open(struct route_rig *w, struct rig *r)
{
	const char *build = getenv("builddir");
	char *templates = xasprintf("%s/share/html", build == NULL ? "." : build);
	struct account a = {0};
	int64_t other;
	bool done = false;

	*w = (struct route_rig){.r = r};
	w->account = rig_account(r, "bea@example.com", "bea", "bea@example.com");
	w->second_account = rig_account(r, "carl@example.com", "carl", "carl@example.com");
	other = rig_account(r, "olga@example.com", "olga", "olga@example.com");
	w->project = rig_connect(r, "2024-118", w->account);
	w->other_project = rig_connect(r, "2025-007", other);
	OK(r, enroll_seat(r->admin, w->project, w->second_account, &done, &r->err));
	w->seat = rig_number(r, "select id from bic order by id limit 1");
	add_people(w);
	add_work(w);
	add_lists(w);
	route_rig_mend(w);
	OK(r, account_get(r->db, w->account, &a, &r->err));
	str_cut(w->public_id, sizeof w->public_id, a.public_id);
	account_clear(&a);
	w->app = (struct web_app){.program = "test", .conf = r->conf};
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_WEB, &w->app.db, &r->err));
	OK(r, lang_open(templates, NULL, "en", &w->app.langs, &r->err));
	secret_set(&w->app.session_key, "0123456789abcdef0123456789abcdef", 32);
	buf_init(&w->headers, LIMIT_PAGE);
	buf_init(&w->body, LIMIT_PAGE);
	free(templates);
}

void
route_rig_close(struct route_rig *w)
{
	db_close(w->app.db);
	lang_close(w->app.langs);
	secret_clear(&w->app.session_key);
	buf_clear(&w->headers);
	buf_clear(&w->body);
}

static void
fill_form(struct route_rig *w, const struct route_rig_call *c, struct buf *out)
{
	const char *hole = strstr(c->form, "{csrf}");

	if (hole == NULL) {
		buf_puts(out, c->form);
		return;
	}
	buf_add(out, c->form, (size_t)(hole - c->form));
	csrf_token(&w->app.session_key, c->user == NULL ? "" : c->user, cookie_value, out);
	buf_puts(out, hole + 6);
}

int
route_rig_call(struct route_rig *w, const struct route_rig_call *c)
{
	char cookie[128];
	struct fcgi_req in = {.method = c->method};
	struct fcgi_resp out = {.file_fd = -1};

	assert_int_equal(
	    str_format(cookie, sizeof cookie, "%s=%s", CSRF_COOKIE, cookie_value), 0);
	in.p.http_host = c->host != NULL ? c->host : w->r->conf.public_host;
	in.p.http_sec_fetch_site = c->site != NULL ? c->site : "same-origin";
	in.p.http_cookie = c->cookie != NULL ? c->cookie : cookie;
	in.p.remote_user = c->user;
	in.p.request_id = "r-1";
	in.p.request_uri = c->uri;
	in.path = fcgi_path(c->uri, &in.query);
	if (in.query == NULL)
		in.query = "";
	buf_init(&in.body, LIMIT_FORM);
	buf_init(&out.headers, LIMIT_PAGE);
	buf_init(&out.body, LIMIT_PAGE);
	if (c->form != NULL) {
		in.p.content_type = "application/x-www-form-urlencoded";
		fill_form(w, c, &in.body);
	}
	w->app.routes = c->routes;
	w->app.routes_n = c->routes_n;
	web_handle(&w->app, &in, &out);
	buf_clear(&w->headers);
	buf_clear(&w->body);
	w->headers = out.headers;
	w->body = out.body;
	w->status = out.status;
	buf_clear(&in.body);
	free(in.path);
	return w->status;
}

bool
route_rig_says(const struct route_rig *w, const char *text)
{
	return strstr(buf_str(&w->headers), text) != NULL ||
	       strstr(buf_str(&w->body), text) != NULL;
}

void
route_rig_mend(struct route_rig *w)
{
	rig_sql(w->r,
	    "update connection set sync_requested_at = null, "
	    "state = case npc_project_id when 'N-1' then 'disconnected' else 'active' end");
	rig_sql(w->r, "update bic set removed_at = null");
	rig_sql(w->r, "update issue set state = 'open', ended_at = null");
	rig_sql(w->r, "delete from bic where account_id not in (select account_id from "
		      "person_account)");
	rig_sql(w->r, "delete from mail");
	rig_sql(w->r, "update person set removed_at = null");
	rig_sql(w->r, "update hand_over set withdrawn_at = null where new_login = "
		      "'carla@example.com'");
}
