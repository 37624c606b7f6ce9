/* route_rig.h: the page programs' handlers over a scratch installation, without a front: one
 * call a request. */
#ifndef CW_TESTS_ROUTE_RIG_H
#define CW_TESTS_ROUTE_RIG_H

#include "core_rig.h"
#include "web/app.h"

struct route_rig {
	struct rig *r;
	struct web_app app;
	/* two projects, each with an admin and a BIC user of its own; item and issue are of
	 * the first */
	int64_t project, other_project, account, second_account, seat, item, issue;
	int64_t draft; /* a connection in preparation */
	char public_id[33];
	/* what the last call answered */
	int status;
	struct buf headers, body;
};
void route_rig_open(struct route_rig *w, struct rig *r);
void route_rig_close(struct route_rig *w);

/* What a browser sends. */
struct route_rig_call {
	const struct web_route *routes;
	size_t routes_n;
	enum fcgi_method method;
	const char *uri;  /* with its query */
	const char *form; /* NULL: none; "{csrf}" in it becomes a good token */
	const char *user; /* NULL: nobody */
	const char *host, *site, *cookie; /* NULL: as it should be */
};
/* The answer is in w until the next call; its status is returned. */
int route_rig_call(struct route_rig *w, const struct route_rig_call *c);
/* Does the last answer hold this text? */
bool route_rig_says(const struct route_rig *w, const char *text);
/* Put back what forms have changed. */
void route_rig_mend(struct route_rig *w);

#endif
