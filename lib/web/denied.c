#include "config.h"

#include "web/denied.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/str.h"
#include "core/audit.h"
#include "store/denial.h"

static int
note_post(struct web_req *r, const char *target, struct err *e)
{
	bool first = false;

	if (db_begin(r->app->db, e) == -1)
		return -1;
	if (denial_note(r->app->db, r->person.user_name, target, &first, e) == -1 ||
	    (first && audit_add(r->app->db, r->person.user_name, "denied", target, NULL,
			  e) == -1)) {
		db_rollback(r->app->db);
		return -1;
	}
	return db_commit(r->app->db, e);
}

void
denied_note(struct web_req *r)
{
	char target[600];
	struct err e = {0};

	if (str_format(target, sizeof target, "%s connection %" PRId64, r->route->path,
		r->project_id) == -1)
		return;
	if (r->in->method == FCGI_POST) {
		if (note_post(r, target, &e) == -1)
			log_err("denied", &e);
	} else {
		log_event(LOG_WARN, "denied", "person", r->person.user_name, "target",
		    target, NULL);
	}
}
