#include "config.h"

#include "web/form.h"

#include <inttypes.h>

#include "base/str.h"
#include "core/audit.h"
#include "io/wake.h"
#include "web/pages.h"

int
form_audit(struct web_req *r, const char *action, const char *what, int64_t id,
    const struct json *detail, struct err *e)
{
	char target[64];

	if (str_format(target, sizeof target, "%s %" PRId64, what, id) == -1)
		return err_set(e, ERR_BUG, "target");
	return audit_add(r->app->db, r->person.user_name, action, target, detail, e);
}

static int
done_at(struct web_req *r, const char *page, const char *done, struct err *e)
{
	char path[128];

	if (str_format(path, sizeof path, "/Projects/%s?project=%" PRId64 "&done=%s", page,
		r->project_id, done) == -1)
		return err_set(e, ERR_BUG, "the way back");
	if (db_commit(r->app->db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	return web_redirect(r, path, e);
}

int
form_done(struct web_req *r, const char *done, struct err *e)
{
	return done_at(r, "edit", done, e);
}

int
form_done_back(struct web_req *r, const char *done, struct err *e)
{
	return done_at(
	    r, str_eq(fcgi_input(r->inputs, "back"), "edit") ? "edit" : "issues", done, e);
}

int
form_stale_edit(struct web_req *r, const struct page_typed *typed, struct err *e)
{
	pages_stale(r);
	return page_edit_show(r, PAGES_STALE_STATUS, typed, e);
}
