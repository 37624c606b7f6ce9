#include "config.h"

#include "web_rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/catalog.h"
#include "web/csrf.h"
#include "web/routes.h"

#define COOKIE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

void
web_rig_open(struct web_rig *w, const char *extra)
{
	static const char *const hosts[] = {
	    "https://portal.example.com", "https://login.procore.com", NULL};

	*w = (struct web_rig){
	    .routes = xcalloc(projects_routes_n + edit_routes_n, sizeof *w->routes)};
	memcpy(w->routes, projects_routes, projects_routes_n * sizeof *w->routes);
	memcpy(
	    w->routes + projects_routes_n, edit_routes, edit_routes_n * sizeof *w->routes);
	w->app = (struct web_app){.program = "test",
	    .routes = w->routes,
	    .routes_n = projects_routes_n + edit_routes_n};
	rig_open(&w->core, extra);
	w->app.conf = w->core.conf; /* borrowed: core_rig clears it */
	OK(&w->core, db_open(w->core.db_path, store_catalog(), DB_ROLE_WEB, &w->app.db,
			 &w->core.err));
	/* Made by the build from html/, in its own folder, where tests run. */
	OK(&w->core, lang_open("share/html", hosts, "en", &w->app.langs, &w->core.err));
	OK(&w->core, conf_secret(&w->core.conf, CONF_PAGES, "session_key_file",
			 &w->app.session_key, &w->core.err));
}

static void
clear_answer(struct web_rig *w)
{
	buf_clear(&w->resp.headers);
	buf_clear(&w->resp.body);
}

void
web_rig_close(struct web_rig *w)
{
	clear_answer(w);
	secret_clear(&w->app.session_key);
	lang_close(w->app.langs);
	db_close(w->app.db);
	rig_close(&w->core);
	free(w->routes);
}

static int
ask(struct web_rig *w, enum fcgi_method m, const char *user, const char *uri,
    const char *body)
{
	struct fcgi_req in = {.method = m, .query = "", .body = BUF_INIT(LIMIT_FORM)};

	clear_answer(w);
	w->resp =
	    (struct fcgi_resp){.headers = BUF_INIT(65536), .body = BUF_INIT(LIMIT_PAGE)};
	in.p = (struct fcgi_params){.request_method = m == FCGI_POST ? "POST" : "GET",
	    .request_uri = uri,
	    .content_type = m == FCGI_POST ? "application/x-www-form-urlencoded" : NULL,
	    .http_host = "portal.example.com",
	    .http_cookie = CSRF_COOKIE "=" COOKIE,
	    .remote_user = user,
	    .request_id = "0123456789abcdef"};
	in.path = fcgi_path(uri, &in.query);
	if (body != NULL)
		buf_puts(&in.body, body);
	web_handle(&w->app, &in, &w->resp);
	buf_clear(&in.body);
	free(in.path);
	return w->resp.status;
}

int
web_get(struct web_rig *w, const char *user, const char *uri)
{
	return ask(w, FCGI_GET, user, uri, NULL);
}

static int
post(struct web_rig *w, const char *user, const char *uri, const char *form,
    const char *token_of)
{
	struct buf body = BUF_INIT(LIMIT_FORM);
	int status;

	buf_puts(&body, form);
	buf_puts(&body, form[0] == '\0' ? "csrf=" : "&csrf=");
	csrf_token(&w->app.session_key, token_of == NULL ? "" : token_of, COOKIE, &body);
	status = ask(w, FCGI_POST, user, uri, buf_str(&body));
	buf_clear(&body);
	return status;
}

int
web_post(struct web_rig *w, const char *user, const char *uri, const char *form)
{
	return post(w, user, uri, form, user);
}

int
web_post_stale(struct web_rig *w, const char *user, const char *uri, const char *form)
{
	return post(w, user, uri, form, "somebody else");
}

const char *
web_page(const struct web_rig *w)
{
	return buf_str(&w->resp.body);
}

int
web_count_in(const struct web_rig *w, const char *text)
{
	int n = 0;

	for (const char *p = web_page(w); (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	return n;
}

void
web_has(const struct web_rig *w, const char *text)
{
	if (strstr(web_page(w), text) == NULL)
		fail_msg("`%s` is not in the page: %s", text, web_page(w));
}

void
web_lacks(const struct web_rig *w, const char *text)
{
	if (strstr(web_page(w), text) != NULL)
		fail_msg("`%s` is in the page: %s", text, web_page(w));
}

void
web_leads_to(const struct web_rig *w, const char *path)
{
	struct buf line = BUF_INIT(1024);

	assert_int_equal(w->resp.status, 303);
	buf_printf(&line, "Location: https://portal.example.com/connectorweb%s\r\n", path);
	if (strstr(buf_str(&w->resp.headers), buf_str(&line)) == NULL)
		fail_msg("not to %s: %s", path, buf_str(&w->resp.headers));
	buf_clear(&line);
}
