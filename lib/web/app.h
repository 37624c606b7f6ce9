/* app.h: what all page programs share: start-up, one request from front to answer,
 * rendering. Layer: web. Source: DESIGN.md 4, 5, STYLE.md 6. */
#ifndef CW_WEB_APP_H
#define CW_WEB_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/access.h"
#include "io/conf.h"
#include "io/db.h"
#include "io/fcgi.h"
#include "io/json.h"
#include "store/person.h"
#include "web/csrf.h"
#include "web/lang.h"

struct web_req;

/* Fill the answer (web_render, web_redirect) and return 0, or return -1: the error's class
 * becomes the page. */
typedef int (*web_handler)(struct web_req *r, struct err *e);

struct web_route {
	enum fcgi_method method; /* FCGI_GET also answers HEAD */
	const char *path; /* below public_path: "/Projects/edit"; a last segment "*" takes a
			     number */
	web_handler handler;
	const struct fcgi_input *inputs;
	const size_t *inputs_n;  /* NULL: takes none */
	enum access_right right; /* checked before the handler runs, with the project when
				    `project` names it */
	const char *project; /* input that holds the connection's id; NULL: no one project
				concerned */
	bool anyone;         /* nobody needs to be signed in */
};

struct web_app {
	const char *program;
	struct conf conf;
	struct db *db;
	struct langs *langs;
	struct secret session_key;
	const struct web_route *routes;
	size_t routes_n;
	void *extra; /* of the program: callback's OAuth context */
	int64_t stop_at_commit; /* crash tests: db_stop_at_commit(); 0 never */
	enum db_stop stop_when;
};

struct web_req {
	struct web_app *app;
	const struct fcgi_req *in;
	struct fcgi_resp *out;
	const struct web_route *route; /* NULL: none matched */
	const struct lang *lang;       /* templates and texts of the chosen language */
	struct fcgi_inputs *inputs;
	struct json *model; /* the handler's keys; web_render adds those of the layout */
	struct json *facts, *actions; /* lists inside the model, NULL until used */
	struct strv said;             /* what web_say() made, for the life of the request */
	struct person person;
	struct person_at at; /* of the route's project; all false without one */
	int64_t project_id;  /* 0: none */
	int64_t path_id;     /* the number of a "*" segment; 0: none */
	char cookie[CSRF_COOKIE_BYTES];
	bool stale; /* POST with a stale token: the handler shows the filled form again */
};

/* Open what a program needs: configuration, database in a role, templates, session key.
 * Problems go to standard error, each with file and line and what to do.
 * program  "projects": also the log's name
 * which    what of the configuration is checked; CONF_HOOK: no templates, no session key
 * errors   -1 after telling: the program ends with status 1 */
MUST_USE int web_open(struct web_app *app, const char *program, enum conf_program which,
    enum db_role role, int argc, char **argv);
void web_close(struct web_app *app);
/* Serve fd 0 until SIGTERM. */
int web_serve(struct web_app *app);

/* One request, for web_serve and for tests. */
void web_handle(void *app, struct fcgi_req *in, struct fcgi_resp *out);

/* ---- for handlers */
/* May this person do it, with regard to the request's project (or none)? */
bool web_may(const struct web_req *r, enum access_right right);
/* Look up another project than the route's (an item's, an issue's) and make it the
 * request's. errors  ERR_NOT_FOUND it does not exist or may not be seen (one answer for
 * both) */
MUST_USE int web_use_project(struct web_req *r, int64_t connection_id, struct err *e);
/* A sentence in the request's language, with its holes filled by pairs of name and value,
 * ended by NULL. Borrowed until the request is answered. */
const char *web_say(struct web_req *r, enum text id, ...) __attribute__((sentinel));
/* "1 project", "12 projects": one of two texts, the second with {{count}}. */
const char *web_count(struct web_req *r, int64_t n, enum text one, enum text many);
/* "2026-03-12 10:42" in the installation's zone, "" for 0; borrowed as above. */
const char *web_when(struct web_req *r, int64_t at);

/* Render a template with the model. errors: ERR_BUG, ERR_LIMIT */
MUST_USE int
web_render(struct web_req *r, int status, const char *template_name, struct err *e);
/* 303 to a path below public_path, "/Projects?x=1"; never to anywhere else. */
MUST_USE int web_redirect(struct web_req *r, const char *path, struct err *e);
/* A notice at the top of the page that is about to be rendered; icon as in html/README.md.
 */
void web_notice(struct web_req *r, const char *icon, const char *title, const char *text);
/* A model time: {iso, text} or null for 0. */
void web_put_time(struct web_req *r, struct json *obj, const char *key, int64_t at);
/* A model status: {icon, word, text}; the object put under key, borrowed. */
struct json *web_put_status(struct json *obj, const char *key, const char *icon,
    const char *word, const char *text);

/* message.xhtml: what happened and what to do. */
struct web_message {
	int status;
	const char *icon;
	enum text title, text;    /* without holes; else said_text */
	const char *said_text;    /* NULL: text */
	const char *const *steps; /* NULL-terminated sentences, or NULL */
};
MUST_USE int web_message(struct web_req *r, const struct web_message *m, struct err *e);
/* Add an action to the message page's model: a link (post false) or a POST form.
 * primary  the one to be pressed
 * path     below public_path, or a whole https address (link only)
 * fields   {name, value} pairs, NULL-terminated, or NULL */
void web_action(struct web_req *r, enum text text, bool primary, const char *path,
    bool post, const char *const *fields);
/* A fact of the message page: "Signed in as", login. */
void web_fact(struct web_req *r, enum text name, const char *value);
/* "https://host/connectorweb" + path, appended. */
void web_url(const struct web_req *r, const char *path, struct buf *out);

#endif
