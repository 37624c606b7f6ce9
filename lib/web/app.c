/* Start-up of a page program, and the way of one request: host, person, route, right,
 * inputs, token, handler. */
#include "config.h"

#include "web/app.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "base/enc.h"
#include "io/crypt.h"
#include "store/catalog.h"
#include "web/denied.h"
#include "web/fail.h"
#include "web/remote_user.h"

/* A session key shorter than the HMAC would weaken it; init writes 64 hex digits. */
enum { SESSION_KEY_MIN = 32, SESSION_KEY_MAX = 256 };
/* The farthest commit at which a test may end a program. */
enum { COMMITS_MAX = 1000000 };

/* What pages need and `hook` does not: words, templates, the key of cookies and forms. */
static int
open_pages(struct web_app *app, enum conf_program which, struct err *e)
{
	const char *hosts[] = {app->conf.procore_login_url, NULL};

	if (lang_open(app->conf.template_dir, hosts, app->conf.language, &app->langs, e) ==
		-1 ||
	    conf_secret(&app->conf, which, "session_key_file", &app->session_key, e) == -1)
		return -1;
	if (app->session_key.len < SESSION_KEY_MIN)
		return err_set(e, ERR_INPUT,
		    "session_key_file is too short; let `connectorctl init` write one");
	return 0;
}

static int
open_all(struct web_app *app, enum conf_program which, enum db_role role, struct err *e)
{
	if (crypt_init(e) == -1 ||
	    db_open(app->conf.database, store_catalog(), role, &app->db, e) == -1)
		return -1;
	return which == CONF_HOOK ? 0 : open_pages(app, which, e);
}

static int
usage(const struct web_app *app)
{
	fprintf(stderr, "usage: %s [-c CONFIG] with the listening socket on standard input\n",
	    app->program);
	return -1;
}

/* *path: the configuration's. The long options are for tests (tests/crash), as in connectord. */
static int
read_options(struct web_app *app, int argc, char **argv, const char **path)
{
	static const struct option longs[] = {{"stop-at-commit", required_argument, NULL, 's'},
	    {"stop-before-commit", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (c == 'c')
			*path = optarg;
		else if ((c != 's' && c != 'b') ||
			 num_parse_i64(optarg, 1, COMMITS_MAX, &app->stop_at_commit) == -1)
			return usage(app);
		else
			app->stop_when = c == 'b' ? DB_STOP_BEFORE : DB_STOP_AFTER;
	}
	return optind == argc ? 0 : usage(app);
}

static int
read_conf(struct web_app *app, enum conf_program which, int argc, char **argv)
{
	const char *path = CW_SYSCONFDIR "/connectorweb.conf";
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	struct err e = {0};
	int rc;

	if (read_options(app, argc, argv, &path) == -1)
		return -1;
	rc = conf_load(path, which, &app->conf, &problems, &e);
	if (rc == -1)
		fprintf(stderr, "%s", problems.len > 0 ? buf_str(&problems) : e.msg);
	if (rc == -1 && problems.len == 0)
		fputc('\n', stderr);
	buf_clear(&problems);
	return rc;
}

int
web_open(struct web_app *app, const char *program, enum conf_program which,
    enum db_role role, int argc, char **argv)
{
	enum log_level level = LOG_INFO;
	struct err e = {0};

	app->program = program;
	log_init(program, LOG_INFO);
	if (read_conf(app, which, argc, argv) == -1)
		return -1;
	if (log_level_parse(app->conf.log_level, &level) == 0)
		log_init(program, level);
	if (open_all(app, which, role, &e) == -1) {
		fprintf(stderr, "%s: cannot start: %s\n", program, e.msg);
		web_close(app);
		return -1;
	}
	if (app->stop_at_commit > 0)
		db_stop_at_commit(app->db, app->stop_when, app->stop_at_commit);
	return 0;
}

void
web_close(struct web_app *app)
{
	db_close(app->db);
	lang_close(app->langs);
	secret_clear(&app->session_key);
	conf_clear(&app->conf);
	app->db = NULL;
	app->langs = NULL;
}

int
web_serve(struct web_app *app)
{
	struct fcgi_app f = {.program = app->program,
	    .max_body_bytes = LIMIT_FORM,
	    .handle = web_handle,
	    .arg = app};

	return fcgi_serve(&f);
}

/* ---- one request */

/* The path below public_path, or NULL: compared without regard to case, exactly or up to
 * "/". */
static const char *
below(const struct web_app *app, const char *path)
{
	size_t n = strlen(app->conf.public_path);

	if (path == NULL || !str_starts_ci(path, app->conf.public_path) ||
	    (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return path[n] == '\0' ? "/" : path + n;
}

/* "/Projects/items/42" against "/Projects/items/ *": the number. */
static bool
path_matches(const char *pattern, const char *path, int64_t *id)
{
	size_t n = strlen(pattern);

	*id = 0;
	if (n == 0 || pattern[n - 1] != '*')
		return str_eq_ci(pattern, path);
	return strlen(path) > n - 1 && strncasecmp(pattern, path, n - 1) == 0 &&
	       num_parse_i64(path + n - 1, 1, INT64_MAX, id) == 0;
}

/* *other_method: the path exists, but not for this method. */
static const struct web_route *
find_route(const struct web_app *app, enum fcgi_method m, const char *path, int64_t *id,
    bool *other_method)
{
	*other_method = false;
	for (size_t i = 0; i < app->routes_n; i++) {
		const struct web_route *r = &app->routes[i];

		if (!path_matches(r->path, path, id))
			continue;
		if (r->method == m || (r->method == FCGI_GET && m == FCGI_HEAD))
			return r;
		*other_method = true;
	}
	return NULL;
}

static void
encode_path(struct buf *out, const char *path)
{
	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		enc_percent_n(out, path, n);
		path += n;
		if (*path == '/')
			buf_putc(out, *path++);
	}
}

/* People type the server's short name: GET goes on to the real address, a form is not
 * carried over. */
static bool
wrong_host(struct web_req *r)
{
	struct buf url = BUF_INIT(LIMIT_URL);
	const char *host = r->in->p.http_host;

	if (host == NULL || str_eq_ci(host, r->app->conf.public_host))
		return false;
	if (r->in->method == FCGI_GET || r->in->method == FCGI_HEAD) {
		const char *rest = below(r->app, r->in->path);

		buf_puts(&url, r->app->conf.public_url);
		encode_path(&url, rest == NULL ? "/Projects" : rest);
		if (r->in->query[0] != '\0')
			buf_printf(&url, "?%s", r->in->query);
		r->out->status = 308;
		fcgi_header(
		    r->out, "Location", url.over ? r->app->conf.public_url : buf_str(&url));
	} else {
		fail_page(r, 421, NULL);
	}
	buf_clear(&url);
	return true;
}

static int
read_person(struct web_req *r, struct err *e)
{
	char name[LIMIT_LOGIN + 1];

	if (str_empty(r->in->p.remote_user))
		return err_set(e, ERR_AUTH, "the web server did not say who is signed in");
	if (remote_user_canonical(r->in->p.remote_user, &r->app->conf.remote_user_domains,
		name, sizeof name, e) == -1)
		return -1;
	return person_get(r->app->db, name, &r->person, e);
}

/* The project that the route is about; one that may not be seen does not exist. */
static int
read_project(struct web_req *r, struct err *e)
{
	if (r->route->project == NULL)
		return 0;
	return web_use_project(r, fcgi_input_i64(r->inputs, r->route->project, 0), e);
}

static int
check_right(struct web_req *r, struct err *e)
{
	if (web_may(r, r->route->right))
		return 0;
	denied_note(r);
	return err_set(e, ERR_AUTH, "not allowed for %s", r->person.user_name);
}

static int
check_token(struct web_req *r, struct err *e)
{
	char cookie[CSRF_COOKIE_BYTES];
	const char *token = fcgi_input(r->inputs, "csrf");

	if (r->in->method != FCGI_POST)
		return 0;
	if (!csrf_same_origin(r->in))
		return err_set(e, ERR_AUTH, "the form came from another site");
	r->stale = csrf_cookie_read(r->in, cookie) == -1 ||
		   !csrf_good(&r->app->session_key, r->person.user_name, cookie, token);
	return 0;
}

static int
run_route(struct web_req *r, struct err *e)
{
	size_t n = r->route->inputs_n == NULL ? 0 : *r->route->inputs_n;

	if (r->in->body_too_big)
		return err_set(e, ERR_LIMIT, "more than %d bytes", LIMIT_FORM);
	if (fcgi_inputs_read(r->in, r->route->inputs, n, &r->inputs, e) == -1 ||
	    read_project(r, e) == -1 || check_right(r, e) == -1 || check_token(r, e) == -1)
		return -1;
	return r->route->handler(r, e);
}

static int
answer(struct web_req *r, const char *path, struct err *e)
{
	bool other_method = false;

	if (db_check_version(r->app->db, e) == -1) {
		fcgi_stop(); /* a restarted program matches the migrated database, or goes
				on saying so */
		return -1;
	}
	if (path != NULL)
		r->route =
		    find_route(r->app, r->in->method, path, &r->path_id, &other_method);
	if (r->route != NULL && r->route->anyone)
		return r->route->handler(r, e);
	if (read_person(r, e) == -1)
		return -1;
	csrf_cookie(r->in, r->out, r->cookie);
	if (r->route != NULL)
		return run_route(r, e);
	return other_method ? fail_method(r, e) : err_set(e, ERR_NOT_FOUND, "no such page");
}

void
web_handle(void *arg, struct fcgi_req *in, struct fcgi_resp *out)
{
	struct web_app *app = arg;
	struct web_req r = {.app = app, .in = in, .out = out};
	struct err e = {0};

	log_set_request(in->p.request_id);
	web_security_headers(out);
	r.model = json_obj();
	r.lang = lang_choose(app->langs, in->p.http_accept_language);
	if (in->path == NULL)
		fail_page(&r, 400, "the address is malformed");
	else if (!wrong_host(&r) && answer(&r, below(app, in->path), &e) == -1)
		fail_error(&r, &e);
	db_rollback(app->db); /* a handler that failed half-way leaves nothing behind */
	fcgi_inputs_free(r.inputs);
	json_free(r.model);
	strv_clear(&r.said);
	log_set_request(NULL);
}
