/* Connected Projects: GET /Projects. */
#include "config.h"

#include "web/page.h"

#include <inttypes.h>

#include "base/str.h"
#include "store/outbox.h"
#include "web/pages.h"
#include "web/state.h"

const struct fcgi_input page_projects_inputs[] = {
    {"page", FCGI_QUERY, fcgi_check_id, 9, false, false},
    {"done", FCGI_QUERY, fcgi_check_word, 16, false, false},
};
const size_t page_projects_inputs_n =
    sizeof page_projects_inputs / sizeof page_projects_inputs[0];

static int
put_row(struct web_req *r, const struct standing *s, struct json *o, struct err *e)
{
	const struct view_project *p = s->project;

	json_put_i64(o, "id", p->id);
	json_put_str(o, "npc_number", p->npc_number);
	json_put_str(o, "npc_name", p->npc_name);
	json_put_str(o, "npc_server", p->npc_server);
	json_put_str(o, "procore_name", p->procore_name);
	json_put_str(o, "procore_number", p->procore_number);
	json_put_str(o, "procore_company", p->company);
	if (state_put_status(r, s, o, e) == -1)
		return -1;
	state_put_sync(r, s, o);
	json_put_str(o, "issues_text",
	    p->issues == 0 ? ""
			   : web_count(r, p->issues, TEXT_ISSUES_ONE, TEXT_ISSUES_MANY));
	web_put_time(r, o, "last_sync", p->last_sync_at);
	return 0;
}

static void
put_summary(struct web_req *r, const struct view_counts *n)
{
	const char *lost = n->lost == 0 ? ""
					: web_count(r, n->lost, TEXT_SUMMARY_LOST_ONE,
					      TEXT_SUMMARY_LOST_MANY);
	const char *warning = n->warning == 0
				  ? ""
				  : web_count(r, n->warning, TEXT_SUMMARY_WARNING_ONE,
					TEXT_SUMMARY_WARNING_MANY);
	struct buf both = BUF_INIT(LIMIT_FIELD);

	buf_printf(&both, "%s%s%s", lost, lost[0] != '\0' && warning[0] != '\0' ? " " : "",
	    warning);
	json_put_str(r->model, "summary", buf_str(&both));
	buf_clear(&both);
}

/* The ids of one page as JSON, for the seats' query. */
static void
ids_of(const struct view_projects *p, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < p->n; i++)
		buf_printf(out, "%s%" PRId64, i > 0 ? "," : "", p->v[i].id);
	buf_putc(out, ']');
}

static int
put_rows(struct web_req *r, const struct view_projects *list, struct err *e)
{
	struct json *rows = json_put_arr(r->model, "projects");
	struct buf ids = BUF_INIT(LIMIT_FIELD);
	struct standing_services services;
	struct view_seats seats = {0};
	int rc = -1;

	ids_of(list, &ids);
	if (buf_check(&ids, "the ids of a page", e) == -1 ||
	    view_seats(r->app->db, buf_str(&ids), &seats, e) == -1 ||
	    standing_services(r->app->db, &services, e) == -1)
		goto out;
	for (size_t i = 0; i < list->n; i++) {
		struct standing s;

		standing_of(&list->v[i], &seats, &services,
		    r->app->conf.poll_interval_minutes, &s);
		if (put_row(r, &s, json_add_obj(rows), e) == -1)
			goto out;
	}
	rc = 0;
out:
	view_seats_clear(&seats);
	buf_clear(&ids);
	return rc;
}

/* That mail cannot be sent is the one thing that nobody can be mailed about. */
static int
put_alarm(struct web_req *r, struct err *e)
{
	bool down = false;

	if (!r->person.global_admin)
		return 0;
	if (service_down(r->app->db, "smtp", &down, e) == -1)
		return -1;
	if (down && json_get(r->model, "notice") == NULL)
		web_notice(r, "warning", lang_text(r->lang, TEXT_NOTICE_MAIL_DOWN_TITLE),
		    lang_text(r->lang, TEXT_NOTICE_MAIL_DOWN));
	return 0;
}

int
page_projects(struct web_req *r, struct err *e)
{
	struct view_scope scope = state_scope(r);
	struct view_projects list = {0};
	struct view_counts n = {0};
	int rc = -1;

	if (view_projects_count(r->app->db, &scope, &n, e) == -1 ||
	    view_projects(r->app->db, &scope, PAGES_ROWS, pages_offset(r), &list, e) ==
		-1 ||
	    put_rows(r, &list, e) == -1)
		goto out;
	put_summary(r, &n);
	json_put_bool(r->model, "can_connect", web_may(r, ACCESS_CONNECT));
	pages_put(r, "/Projects?", n.total, TEXT_PROJECTS_ONE, TEXT_PROJECTS_MANY);
	pages_done(r);
	if (put_alarm(r, e) == -1)
		goto out;
	rc = web_render(r, 200, "projects.xhtml", e);
out:
	view_projects_clear(&list);
	return rc;
}

/* The portal's bare address. */
int
page_root(struct web_req *r, struct err *e)
{
	return web_redirect(r, "/Projects", e);
}

/* Is this program up, and its database the one it was built for? For the front and for
 * monitoring; needs nobody. */
int
page_healthz(struct web_req *r, struct err *e)
{
	(void)e;
	buf_puts(&r->out->body, "ok\n");
	fcgi_header(r->out, "Content-Type", "text/plain; charset=utf-8");
	r->out->status = 200;
	return 0;
}
