/* Edit Project: GET /Projects/edit. Its sync and history parts are in edit_parts.c. */
#include "config.h"

#include "web/edit_parts.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "store/connection.h"
#include "store/hand_over.h"
#include "store/webhook.h"
#include "web/pages.h"

enum { EDIT_ISSUES = 20 };

const struct fcgi_input page_edit_inputs[] = {
    {"project", FCGI_QUERY, fcgi_check_id, 19, true, false},
    {"done", FCGI_QUERY, fcgi_check_word, 16, false, false},
};
const size_t page_edit_inputs_n = sizeof page_edit_inputs / sizeof page_edit_inputs[0];

static void
put_project(struct json *model, const struct view_project *p)
{
	struct json *o = json_put_obj(model, "project");

	json_put_i64(o, "id", p->id);
	json_put_str(o, "npc_number", p->npc_number);
	json_put_str(o, "npc_name", p->npc_name);
	json_put_str(o, "npc_server", p->npc_server);
	json_put_str(o, "procore_name", p->procore_name);
	json_put_str(o, "procore_number", p->procore_number);
	json_put_str(o, "procore_company", p->company);
}

static void
put_may(struct web_req *r)
{
	struct json *may = json_put_obj(r->model, "may");

	json_put_bool(may, "bic", web_may(r, ACCESS_BIC));
	json_put_bool(may, "settings", web_may(r, ACCESS_SETTINGS));
	json_put_bool(may, "sync", web_may(r, ACCESS_SYNC_NOW));
	json_put_bool(may, "retry", web_may(r, ACCESS_RETRY));
	json_put_bool(may, "all_seats", web_may(r, ACCESS_ADMINISTER));
	json_put_bool(may, "dismiss", web_may(r, ACCESS_DISMISS));
}

static const char *
contact_text(const struct web_req *r, const struct view_seat *v)
{
	if (v->contact_id[0] != '\0')
		return lang_text(r->lang, TEXT_CONTACT_FOUND);
	return lang_text(r->lang,
	    str_eq(v->state, "no_contact") ? TEXT_CONTACT_NONE : TEXT_BIC_UNCHECKED);
}

/* Who else may sign in for this seat. */
static int
put_hand_over(struct web_req *r, const struct view_seat *v, struct json *o, struct err *e)
{
	struct hand_over h = {0};
	struct json *to;

	if (hand_over_of_seat(r->app->db, v->account_id, r->project_id, &h, e) == -1)
		return -1;
	if (h.id == 0) {
		json_put_null(o, "hand_over");
		return 0;
	}
	to = json_put_obj(o, "hand_over");
	json_put_str(to, "to", h.new_login);
	json_put_str(to, "note",
	    web_say(r,
		h.connection_id == 0 ? TEXT_HAND_OVER_STANDS_ALL : TEXT_HAND_OVER_STANDS,
		"login", h.new_login, "by", h.approved_by, NULL));
	return 0;
}

static int
put_seats(struct web_req *r, const struct standing *s, struct err *e)
{
	struct json *list = json_put_arr(r->model, "bics");

	for (size_t i = 0; i < s->seats_n; i++) {
		const struct view_seat *v = &s->seats[i];
		struct json *o = json_add_obj(list);
		bool in =
		    str_eq(v->account_state, "ok") || str_eq(v->account_state, "suspect");

		json_put_i64(o, "id", v->id);
		json_put_str(o, "public_id", v->public_id);
		json_put_i64(o, "position", (int64_t)i + 1);
		json_put_str(o, "name", v->name);
		json_put_str(o, "login", v->login);
		json_put_str(o, "contact_text", contact_text(r, v));
		state_put_seat(r, s, i, o);
		web_put_time(r, o, "verified", v->proved_at);
		json_put_bool(o, "reconnect", !in);
		json_put_bool(o, "first", i == 0);
		json_put_bool(o, "last", i + 1 == s->seats_n);
		json_put_bool(o, "only", s->seats_n == 1);
		if (put_hand_over(r, v, o, e) == -1)
			return -1;
	}
	return 0;
}

static int
put_settings(struct web_req *r, const struct view_project *p,
    const struct page_typed *typed, struct err *e)
{
	struct json *o = json_put_obj(r->model, "settings");
	bool none = r->app->conf.webhook_public_url[0] == '\0';
	struct webhook hook = {0};
	char minutes[24] = "";

	if (webhook_get(r->app->db, p->id, &hook, e) == -1)
		return -1;
	if (p->poll_minutes != 0 &&
	    str_format(minutes, sizeof minutes, "%" PRId64, p->poll_minutes) == -1)
		minutes[0] = '\0';
	json_put_str(
	    o, "poll_minutes", typed->poll_minutes != NULL ? typed->poll_minutes : minutes);
	json_put_i64(o, "poll_default", r->app->conf.poll_interval_minutes);
	json_put_bool(o, "webhooks",
	    typed->webhooks != NULL ? typed->webhooks[0] != '\0' : p->webhooks != 0);
	json_put_bool(o, "webhooks_off", none);
	json_put_str(o, "webhooks_text", str_empty(hook.error) ? "" : hook.error);
	webhook_clear(&hook);
	return 0;
}

/* ---- response map */

struct map_build {
	struct web_req *r;
	struct json *list;
	const struct json *choices; /* all of them */
	const struct page_typed *typed;
	int n;
};

static void
add_choice(void *arg, const char *id, const char *name)
{
	int64_t n = 0;
	struct json *o;

	if (num_parse_i64(id, 1, JSON_INT_MAX, &n) == -1)
		return; /* Procore's ids are numbers; store/response refuses anything else
			 */
	o = json_add_obj(arg);
	json_put_i64(o, "id", n);
	json_put_str(o, "name", name);
}

/* What was typed for an action, or what is stored. */
static int64_t
wanted(const struct map_build *b, const struct view_map *m)
{
	int64_t n = 0;

	for (size_t i = 0;
	     b->typed->map != NULL && i < fcgi_input_n(b->typed->map, "action"); i++) {
		const char *choice = fcgi_input_i(b->typed->map, "choice", i);

		if (str_eq(fcgi_input_i(b->typed->map, "action", i), m->npc_action))
			return choice != NULL &&
				       num_parse_i64(choice, 1, JSON_INT_MAX, &n) == 0
				   ? n
				   : 0;
	}
	return m->response_id;
}

static void
put_choice(struct json *list, int64_t id, const char *name, bool selected)
{
	struct json *o = json_add_obj(list);

	json_put_i64(o, "id", id);
	json_put_str(o, "name", name);
	json_put_bool(o, "selected", selected);
}

static void
add_mapping(void *arg, const struct view_map *m)
{
	struct map_build *b = arg;
	struct json *o = json_add_obj(b->list);
	struct json *choices;
	int64_t want = wanted(b, m);
	const char *chosen = want == m->response_id ? m->procore_name : "";
	bool found = want == 0;
	char select[24];

	if (str_format(select, sizeof select, "map%d", b->n++) == -1)
		select[0] = '\0';
	json_put_str(o, "npc_action", m->npc_action);
	json_put_str(o, "select", select);
	choices = json_put_arr(o, "choices");
	for (const struct json *c = json_first(b->choices); c != NULL; c = json_next(c)) {
		int64_t id = json_i64_or(c, "id", 0);

		put_choice(choices, id, json_str_or(c, "name", ""), id == want);
		if (id == want) {
			found = true;
			chosen = json_str_or(c, "name", "");
		}
	}
	if (!found) /* stays chosen until a person chooses something else */
		put_choice(choices, want, chosen, true);
	json_put_str(o, "chosen", chosen);
	json_put_str(o, "note", found ? "" : lang_text(b->r->lang, TEXT_MAP_GONE));
}

int
page_put_map(struct web_req *r, const struct page_typed *typed, struct err *e)
{
	struct json *choices = json_arr();
	struct map_build b = {r, json_put_arr(r->model, "map"), choices, typed, 0};
	int rc = -1;

	if (view_choices(r->app->db, r->project_id, add_choice, choices, e) == -1 ||
	    view_map(r->app->db, r->project_id, add_mapping, &b, e) == -1)
		goto out;
	json_put_str(
	    r->model, "map_note", b.n == 0 ? lang_text(r->lang, TEXT_MAP_UNREAD) : "");
	rc = 0;
out:
	json_free(choices);
	return rc;
}

/* ---- the page */

static int
put_all(
    struct web_req *r, const struct standing *s, const struct page_typed *typed, struct err *e)
{
	put_project(r->model, s->project);
	put_may(r);
	json_put_str(r->model, "verified_text", state_verified(r, s));
	json_put_bool(r->model, "paused", str_eq(s->project->state, "paused"));
	if (put_seats(r, s, e) == -1 || put_settings(r, s->project, typed, e) == -1 ||
	    state_put_status(r, s, r->model, e) == -1 ||
	    state_put_errors(r, s, r->model, e) == -1 || page_put_map(r, typed, e) == -1 ||
	    edit_put_sync(r, s, e) == -1 ||
	    page_put_issues(r, r->project_id, EDIT_ISSUES, 0, true, typed, e) == -1 ||
	    edit_put_items(r, e) == -1)
		return -1;
	return page_put_history(r, r->project_id, e);
}

int
page_edit_show(struct web_req *r, int status, const struct page_typed *typed, struct err *e)
{
	static const struct page_typed nothing = {0};
	struct standing_services services;
	struct view_projects list = {0};
	struct view_seats seats = {0};
	struct standing s;
	char ids[32];
	int rc = -1;

	if (str_format(ids, sizeof ids, "[%" PRId64 "]", r->project_id) == -1)
		return err_set(e, ERR_BUG, "project id");
	if (view_project(r->app->db, r->project_id, &list, e) == -1 ||
	    view_seats(r->app->db, ids, &seats, e) == -1 ||
	    standing_services(r->app->db, &services, e) == -1)
		goto out;
	standing_of(&list.v[0], &seats, &services,
	    r->app->conf.poll_interval_minutes, &s);
	if (put_all(r, &s, typed == NULL ? &nothing : typed, e) == 0)
		rc = web_render(r, status, "edit.xhtml", e);
out:
	view_seats_clear(&seats);
	view_projects_clear(&list);
	return rc;
}

int
page_edit(struct web_req *r, struct err *e)
{
	pages_done(r);
	return page_edit_show(r, 200, NULL, e);
}
