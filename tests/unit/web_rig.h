/* web_rig.h: pages without a front: requests given to web_handle() over a scratch
 * installation (core_rig.h), with the routes of the programs and the real templates. */
#ifndef CW_TESTS_WEB_RIG_H
#define CW_TESTS_WEB_RIG_H

#include "core_rig.h"

#include "io/fcgi.h"
#include "web/app.h"

struct web_rig {
	struct rig core;
	struct web_app app;
	struct web_route *routes; /* of `projects` and of `edit` in a row */
	struct fcgi_resp resp;    /* of the last request */
};

/* extra: further lines of the configuration, or NULL. */
void web_rig_open(struct web_rig *w, const char *extra);
void web_rig_close(struct web_rig *w);

/* One request of a person (canonical user name; NULL: the front named nobody); the status.
 * uri  below the host: "/connectorweb/Projects" */
int web_get(struct web_rig *w, const char *user, const char *uri);
/* form: fields as a browser sends them, without the token, which is added. */
int web_post(struct web_rig *w, const char *user, const char *uri, const char *form);
/* The same with a token that is no longer good. */
int web_post_stale(struct web_rig *w, const char *user, const char *uri, const char *form);

/* The page, and how often a text occurs in it. */
const char *web_page(const struct web_rig *w);
int web_count_in(const struct web_rig *w, const char *text);
/* Fails the test unless the page has it, or has it not. */
void web_has(const struct web_rig *w, const char *text);
void web_lacks(const struct web_rig *w, const char *text);
/* Fails the test unless the answer leads there: a path below the public address. */
void web_leads_to(const struct web_rig *w, const char *path);

#endif
