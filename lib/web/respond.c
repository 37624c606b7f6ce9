/* What handlers answer with: pages, redirects, messages, notices. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/str.h"
#include "web/app.h"
#include "web/fail.h"

void
web_security_headers(struct fcgi_resp *out)
{
	fcgi_header(out, "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
	    "connect-src 'self'; form-action "
	    "'self'; base-uri 'none'; frame-ancestors 'none'");
	fcgi_header(out, "X-Content-Type-Options", "nosniff");
	fcgi_header(out, "Referrer-Policy", "same-origin");
	fcgi_header(out, "Cache-Control", "no-store");
}

bool
web_may(const struct web_req *r, enum access_right right)
{
	struct access_who who = {.global_admin = r->person.global_admin,
	    .project_admin = r->at.project_admin,
	    .bic = r->at.bic};

	return access_may(&who, right);
}

int
web_use_project(struct web_req *r, int64_t connection_id, struct err *e)
{
	if (person_at(r->app->db, &r->person, connection_id, &r->at, e) == -1)
		return -1;
	if (!r->at.exists || !web_may(r, ACCESS_SEE)) {
		r->at = (struct person_at){0};
		return err_set(e, ERR_NOT_FOUND, "no such project");
	}
	r->project_id = connection_id;
	return 0;
}

void
web_url(const struct web_req *r, const char *path, struct buf *out)
{
	buf_puts(out, r->app->conf.public_url);
	buf_puts(out, path);
}

/* ---- words */

const char *
web_say(struct web_req *r, enum text id, ...)
{
	va_list pairs;
	char *said;

	va_start(pairs, id);
	said = lang_vsay(r->lang, id, pairs);
	va_end(pairs);
	strv_add(&r->said, said);
	free(said);
	return r->said.v[r->said.n - 1];
}

const char *
web_count(struct web_req *r, int64_t n, enum text one, enum text many)
{
	char digits[24];

	if (n == 1 || str_format(digits, sizeof digits, "%" PRId64, n) == -1)
		return lang_text(r->lang, one);
	return web_say(r, many, "count", digits, NULL);
}

const char *
web_when(struct web_req *r, int64_t at)
{
	char text[CLK_TEXT_BYTES];

	if (at == 0)
		return "";
	clk_local(at, text);
	strv_add(&r->said, text);
	return r->said.v[r->said.n - 1];
}

void
web_put_time(struct web_req *r, struct json *obj, const char *key, int64_t at)
{
	char iso[CLK_ISO_BYTES];
	struct json *t;

	if (at == 0) {
		json_put_null(obj, key);
		return;
	}
	clk_iso(at, iso);
	t = json_put_obj(obj, key);
	json_put_str(t, "iso", iso);
	json_put_str(t, "text", web_when(r, at));
}

struct json *
web_put_status(
    struct json *obj, const char *key, const char *icon, const char *word, const char *text)
{
	struct json *s = json_put_obj(obj, key);

	json_put_str(s, "icon", icon);
	json_put_str(s, "word", word);
	json_put_str(s, "text", text);
	return s;
}

/* ---- layout */

/* Which entry of the navigation a page belongs to: its own, or the list that it was opened
 * from. */
static bool
nav_current(const struct web_req *r, const char *path)
{
	static const char *const own[] = {"/Projects/issues", "/Projects/accounts",
	    "/Projects/activity", "/Projects/health", "/Projects/people", "/Projects/help"};

	if (r->route == NULL)
		return false;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (str_starts(r->route->path, own[i]))
			return str_eq(path, own[i]);
	return str_eq(path, "/Projects") && str_starts(r->route->path, "/Projects");
}

static void
add_nav(struct web_req *r, struct json *nav, const char *path, enum text text)
{
	struct buf href = BUF_INIT(LIMIT_URL);
	struct json *row = json_add_obj(nav);

	buf_printf(&href, "%s%s", r->app->conf.public_path, path);
	json_put_str(row, "href", buf_str(&href));
	json_put_str(row, "text", lang_text(r->lang, text));
	json_put_str(row, "current", nav_current(r, path) ? "page" : "false");
	buf_clear(&href);
}

static void
put_nav(struct web_req *r)
{
	struct json *nav = json_put_arr(r->model, "nav");
	const struct person *p = &r->person;
	bool any = p->global_admin || p->any_project_admin || p->any_bic;

	if (p->user_name[0] == '\0')
		return;
	add_nav(r, nav, "/Projects", TEXT_NAV_PROJECTS);
	if (any) {
		add_nav(r, nav, "/Projects/issues", TEXT_NAV_ISSUES);
		add_nav(r, nav, "/Projects/accounts", TEXT_NAV_ACCOUNTS);
		add_nav(r, nav, "/Projects/activity", TEXT_NAV_ACTIVITY);
	}
	if (p->global_admin) {
		add_nav(r, nav, "/Projects/health", TEXT_NAV_HEALTH);
		add_nav(r, nav, "/Projects/people", TEXT_NAV_PEOPLE);
	}
	add_nav(r, nav, "/Projects/help", TEXT_NAV_HELP);
}

static enum text
role_text(const struct person *p)
{
	if (p->global_admin)
		return TEXT_ROLE_GLOBAL_ADMIN;
	if (p->any_project_admin)
		return TEXT_ROLE_PROJECT_ADMIN;
	return p->any_bic ? TEXT_ROLE_BIC : TEXT_ROLE_NONE;
}

static void
put_user(struct web_req *r)
{
	struct json *u;

	if (r->person.user_name[0] == '\0') {
		json_put_null(r->model, "user");
		return;
	}
	u = json_put_obj(r->model, "user");
	json_put_str(
	    u, "name", r->person.name[0] != '\0' ? r->person.name : r->person.user_name);
	json_put_str(u, "role", lang_text(r->lang, role_text(&r->person)));
}

static void
put_layout(struct web_req *r)
{
	struct buf csrf = BUF_INIT(LIMIT_FIELD);

	if (r->cookie[0] != '\0')
		csrf_token(&r->app->session_key, r->person.user_name, r->cookie, &csrf);
	json_put_str(r->model, "base", r->app->conf.public_path);
	json_put_str(r->model, "csrf", buf_str(&csrf));
	json_put_str(r->model, "support_email", r->app->conf.support_email);
	json_put_str(r->model, "version", PACKAGE_VERSION);
	if (json_get(r->model, "notice") == NULL)
		json_put_null(r->model, "notice");
	put_nav(r);
	put_user(r);
	buf_clear(&csrf);
}

int
web_render(struct web_req *r, int status, const char *template_name, struct err *e)
{
	struct buf page = BUF_INIT(LIMIT_PAGE);

	put_layout(r);
	if (lang_render(r->lang, template_name, r->model, &page, e) == -1) {
		buf_clear(&page);
		return -1;
	}
	buf_clear(&r->out->body);
	r->out->body = page;
	r->out->status = status;
	fcgi_header(r->out, "Content-Type", "text/html; charset=utf-8");
	return 0;
}

int
web_redirect(struct web_req *r, const char *path, struct err *e)
{
	struct buf url = BUF_INIT(LIMIT_URL);
	int rc;

	/* Only below our own address: what a request brings can never become another site.
	 */
	BUG_IF(path[0] != '/' || path[1] == '/' || path[1] == '\\');
	buf_puts(&url, r->app->conf.public_url);
	buf_puts(&url, path);
	rc = buf_check(&url, "the address", e);
	if (rc == 0) {
		fcgi_header(r->out, "Location", buf_str(&url));
		r->out->status = 303;
	}
	buf_clear(&url);
	return rc;
}

void
web_notice(struct web_req *r, const char *icon, const char *title, const char *text)
{
	struct json *n = json_put_obj(r->model, "notice");

	json_put_str(n, "icon", icon);
	json_put_str(n, "title", title);
	json_put_str(n, "text", text);
}

/* ---- messages */

/* The list under a key of the model, made when it is first needed. */
static struct json *
list(struct web_req *r, struct json **where, const char *key)
{
	if (*where == NULL)
		*where = json_put_arr(r->model, key);
	return *where;
}

void
web_fact(struct web_req *r, enum text name, const char *value)
{
	struct json *f = json_add_obj(list(r, &r->facts, "facts"));

	json_put_str(f, "name", lang_text(r->lang, name));
	json_put_str(f, "value", value);
}

void
web_action(struct web_req *r, enum text text, bool primary, const char *path, bool post,
    const char *const *fields)
{
	struct json *a = json_add_obj(list(r, &r->actions, "actions"));
	struct json *f = json_put_arr(a, "fields");
	struct buf whole = BUF_INIT(LIMIT_URL);

	/* Whole https addresses (Procore's sign-out page) are links as they are. */
	if (path[0] == '/')
		buf_puts(&whole, r->app->conf.public_path);
	buf_puts(&whole, path);
	json_put_str(a, "text", lang_text(r->lang, text));
	json_put_str(a, "kind", primary ? "primary" : "plain");
	json_put_str(a, "href", post ? "" : buf_str(&whole));
	json_put_str(a, "post", post ? buf_str(&whole) : "");
	for (size_t i = 0; fields != NULL && fields[i] != NULL; i += 2) {
		struct json *one = json_add_obj(f);

		json_put_str(one, "name", fields[i]);
		json_put_str(one, "value", fields[i + 1]);
	}
	buf_clear(&whole);
}

int
web_message(struct web_req *r, const struct web_message *m, struct err *e)
{
	struct json *s = json_put_arr(r->model, "steps");

	for (size_t i = 0; m->steps != NULL && m->steps[i] != NULL; i++)
		json_add_str(s, m->steps[i]);
	json_put_str(r->model, "icon", m->icon);
	json_put_str(r->model, "title", lang_text(r->lang, m->title));
	json_put_str(r->model, "text",
	    m->said_text != NULL ? m->said_text : lang_text(r->lang, m->text));
	list(r, &r->facts, "facts");
	list(r, &r->actions, "actions");
	return web_render(r, m->status, "message.xhtml", e);
}
