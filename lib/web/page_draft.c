/* Configure Project Connection: the check of a connection in preparation and its response
 * map. GET /Projects/connect?draft=ID. */
#include "config.h"

#include "web/page.h"

#include <inttypes.h>

#include "base/str.h"
#include "store/draft.h"
#include "store/view.h"

static const char *
full_name(struct web_req *r, const char *number, const char *name)
{
	if (number[0] == '\0')
		return name;
	return web_say(r, TEXT_NUMBER_NAME, "number", number, "name", name, NULL);
}

static void
put_project(struct web_req *r, const struct draft *d)
{
	struct json *o = json_put_obj(r->model, "project");

	json_put_i64(o, "id", d->id);
	json_put_str(o, "npc", full_name(r, d->npc_number, d->npc_name));
	json_put_str(o, "npc_server", d->npc_server);
	json_put_str(o, "procore", full_name(r, d->procore_number, d->procore_name));
	json_put_str(o, "company", d->company);
	json_put_bool(r->model, "back", d->back);
}

/* ---- the check */

struct checks {
	struct web_req *r;
	struct json *lines;
	bool running, bad;
};

static void
add_line(struct checks *c, const char *icon, const char *text, const char *remedy)
{
	struct json *o = json_add_obj(c->lines);

	json_put_str(o, "icon", icon);
	json_put_str(o, "text", text);
	json_put_str(o, "remedy", remedy);
	if (str_eq(icon, "warning"))
		c->bad = true;
}

static void
add_found(struct checks *c, const struct view_seat *v)
{
	struct web_req *r = c->r;

	if (v->rfi_level[0] != '\0')
		add_line(c, "check",
		    web_say(r, TEXT_CONNECT_LINE_LEVELS, "login", v->login, "rfis",
			v->rfi_level, "submittals", v->submittal_level, NULL),
		    "");
	if (v->contact_id[0] != '\0')
		add_line(c, "check",
		    web_say(r, TEXT_CONNECT_LINE_CONTACT, "login", v->login, NULL), "");
}

static void
add_seat(struct checks *c, const struct view_seat *v)
{
	struct web_req *r = c->r;

	if (!str_eq(v->account_state, "ok") && !str_eq(v->account_state, "suspect")) {
		add_line(c, "warning",
		    web_say(r, TEXT_CONNECT_LINE_SIGN_IN, "login", v->login, NULL), "");
	} else if (v->checking) {
		c->running = true;
		add_line(c, "sync",
		    web_say(r, TEXT_CONNECT_LINE_CHECKING, "login", v->login, NULL), "");
	} else if (str_eq(v->state, "permission_lost")) {
		add_line(c, "warning", v->state_text,
		    web_say(r, TEXT_ERROR_PERMISSION_REMEDY, "login", v->login, NULL));
	} else if (str_eq(v->state, "no_contact")) {
		add_line(c, "warning", v->state_text,
		    web_say(r, TEXT_ERROR_CONTACT_REMEDY, "login", v->login, NULL));
		add_found(c, v);
	} else if (str_eq(v->state, "ok")) {
		add_found(c, v);
	} else {
		add_line(c, "warning",
		    web_say(r, TEXT_CONNECT_LINE_OPEN, "login", v->login, NULL), "");
	}
}

static void
put_check(struct web_req *r, const struct draft *d, const struct view_seats *s)
{
	struct json *o = json_put_obj(r->model, "check");
	struct checks c = {.r = r, .running = d->reading};

	c.lines = json_put_arr(o, "lines");
	for (size_t i = 0; i < s->n; i++)
		add_seat(&c, &s->v[i]);
	if (d->reading)
		add_line(&c, "sync", lang_text(r->lang, TEXT_CONNECT_MAP_READING), "");
	if (c.running)
		web_put_status(
		    o, "status", "sync", lang_text(r->lang, TEXT_CHECK_RUNNING), "");
	else if (c.bad)
		web_put_status(o, "status", "warning",
		    lang_text(r->lang, TEXT_CONNECT_CHECK_BAD),
		    lang_text(r->lang, TEXT_CONNECT_CHECK_NOTE));
	else
		web_put_status(
		    o, "status", "check", lang_text(r->lang, TEXT_CONNECT_CHECK_OK), "");
	json_put_bool(o, "running", c.running);
}

/* ---- the map */

static void
put_unmapped(struct web_req *r)
{
	int64_t n = 0;

	for (const struct json *m = json_first(json_get(r->model, "map")); m != NULL;
	     m = json_next(m)) {
		bool chosen = false;

		for (const struct json *c = json_first(json_get(m, "choices")); c != NULL;
		     c = json_next(c))
			chosen = chosen || json_bool_or(c, "selected", false);
		n += chosen ? 0 : 1;
	}
	json_put_str(r->model, "unmapped_text",
	    n == 0
		? ""
		: web_count(r, n, TEXT_CONNECT_UNMAPPED_ONE, TEXT_CONNECT_UNMAPPED_MANY));
}

/* Real-time sync: proposed where this installation can have it, as it was for a project
 * that comes back. */
static void
put_settings(struct web_req *r, const struct draft *d, const struct page_typed *typed)
{
	struct json *o = json_put_obj(r->model, "settings");
	bool can = r->app->conf.webhook_public_url[0] != '\0';
	bool on = can && (d->webhooks || !d->back);

	json_put_bool(
	    o, "webhooks", typed->webhooks != NULL ? typed->webhooks[0] != '\0' : on);
	json_put_bool(o, "webhooks_off", !can);
}

int
page_draft_show(struct web_req *r, int status, int64_t draft_id,
    const struct page_typed *typed, struct err *e)
{
	static const struct page_typed nothing = {0};
	struct view_seats seats = {0};
	struct draft d = {0};
	char ids[32];
	int rc = -1;

	if (str_format(ids, sizeof ids, "[%" PRId64 "]", draft_id) == -1)
		return err_set(e, ERR_BUG, "id");
	if (draft_get(r->app->db, draft_id, &d, e) == -1 ||
	    view_seats(r->app->db, ids, &seats, e) == -1)
		goto out;
	if (typed == NULL)
		typed = &nothing;
	r->project_id = draft_id; /* whose map it is; only Global Admins come here */
	put_project(r, &d);
	put_check(r, &d, &seats);
	if (page_put_map(r, typed, e) == -1)
		goto out;
	put_unmapped(r);
	put_settings(r, &d, typed);
	rc = web_render(r, status, "connect-check.xhtml", e);
out:
	view_seats_clear(&seats);
	return rc;
}
