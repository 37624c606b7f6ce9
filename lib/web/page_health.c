/* Health, for Global Admins; and the page that stands where projects will be connected. */
#include "config.h"

#include "web/page.h"

#include <inttypes.h>

#include "base/str.h"
#include "store/catalog.h"
#include "store/report.h"
#include "store/view_lists.h"

/* ---- services */

static const struct {
	const char *name;
	enum text shown, remedy;
} services[] = {
    {"procore", TEXT_SERVICE_PROCORE, TEXT_HEALTH_PROCORE_REMEDY},
    {"npc", TEXT_SERVICE_NPC, TEXT_HEALTH_NPC_REMEDY},
    {"configuration", TEXT_SERVICE_CONFIGURATION, TEXT_ERROR_CONFIGURATION_REMEDY},
    {"smtp", TEXT_SERVICE_SMTP, TEXT_HEALTH_SMTP_REMEDY},
    {"clock", TEXT_SERVICE_CLOCK, TEXT_ERROR_LOCAL_REMEDY},
    {"disk", TEXT_SERVICE_DISK, TEXT_ERROR_LOCAL_REMEDY},
    {"key", TEXT_SERVICE_KEY, TEXT_ERROR_LOCAL_REMEDY},
};
enum { SERVICES = sizeof services / sizeof services[0] };

struct build {
	struct web_req *r;
	struct json *list;
	bool met[SERVICES];
};

static void
add_service(void *arg, const struct view_service *s)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);
	size_t i = 0;

	while (i < SERVICES && !str_eq(services[i].name, s->name))
		i++;
	if (i < SERVICES)
		b->met[i] = true;
	json_put_str(
	    o, "name", i < SERVICES ? lang_text(b->r->lang, services[i].shown) : s->name);
	web_put_status(o, "status", s->down ? "lost" : "connected",
	    lang_text(b->r->lang, s->down ? TEXT_HEALTH_DOWN : TEXT_HEALTH_WORKS),
	    s->detail);
	web_put_time(b->r, o, "since", s->since_at);
	web_put_time(b->r, o, "last_ok", s->last_ok_at);
	json_put_str(o, "remedy",
	    s->down && i < SERVICES ? lang_text(b->r->lang, services[i].remedy) : "");
}

/* Nothing is known about a service that was never called, or a fault that was never met. */
static void
add_unmet(struct build *b)
{
	for (size_t i = 0; i < SERVICES; i++) {
		struct json *o;

		if (b->met[i])
			continue;
		o = json_add_obj(b->list);
		json_put_str(o, "name", lang_text(b->r->lang, services[i].shown));
		web_put_status(
		    o, "status", "paused", lang_text(b->r->lang, TEXT_HEALTH_UNMET), "");
		json_put_null(o, "since");
		json_put_null(o, "last_ok");
		json_put_str(o, "remedy", "");
	}
}

/* ---- numbers */

static void
add_fact(struct build *b, const char *name, const char *value)
{
	struct json *o = json_add_obj(b->list);

	json_put_str(o, "name", name);
	json_put_str(o, "value", value);
}

static void
add_number(struct build *b, enum text name, int64_t n)
{
	char digits[24];

	if (str_format(digits, sizeof digits, "%" PRId64, n) == -1)
		digits[0] = '\0';
	add_fact(b, lang_text(b->r->lang, name), digits);
}

static void
add_failed_job(void *arg, const char *kind, int64_t ref, const char *error)
{
	char id[24];
	struct build *b = arg;

	if (str_format(id, sizeof id, "%" PRId64, ref) == -1)
		id[0] = '\0';
	add_fact(b, web_say(b->r, TEXT_HEALTH_JOB, "kind", kind, "ref", id, NULL), error);
}

/* Columns of REPORT_OUTBOX. */
static void
add_mail(void *arg, const struct report_row *row)
{
	struct build *b = arg;
	const char *id = report_text(row, 0);
	bool refused = str_eq(report_text(row, 3), "refused");

	add_fact(b, web_say(b->r, TEXT_HEALTH_MAIL, "id", id, "address", report_text(row, 2), NULL),
	    web_say(b->r, refused ? TEXT_HEALTH_MAIL_REFUSED : TEXT_HEALTH_MAIL_WAITS, "id", id,
		"tries", report_text(row, 4), "answer", report_text(row, 7), NULL));
}

static int
put_numbers(struct web_req *r, struct err *e)
{
	struct build b = {.r = r, .list = json_put_arr(r->model, "numbers")};
	struct view_health h;

	if (view_health(r->app->db, &h, e) == -1)
		return -1;
	add_number(&b, TEXT_HEALTH_PROJECTS, h.projects);
	add_number(&b, TEXT_HEALTH_ISSUES, h.issues);
	add_number(&b, TEXT_HEALTH_MAILS, h.mails_waiting);
	add_number(&b, TEXT_HEALTH_JOBS, h.jobs);
	add_number(&b, TEXT_HEALTH_JOBS_FAILED, h.jobs_failed);
	add_number(&b, TEXT_HEALTH_UNSEALED, h.audit_unsealed);
	add_number(&b, TEXT_HEALTH_SCHEMA, store_catalog()->migrations_n);
	add_fact(&b, lang_text(r->lang, TEXT_HEALTH_SQLITE), db_library_version());
	if (report_run(r->app->db, REPORT_OUTBOX, 0, add_mail, &b, NULL, e) == -1)
		return -1;
	return view_jobs_failed(r->app->db, add_failed_job, &b, e);
}

static void
put_wiring(struct web_req *r)
{
	const struct conf *c = &r->app->conf;
	struct json *list = json_put_arr(r->model, "wiring");

	if (str_eq(c->npc_adapter, "none"))
		json_add_str(list, lang_text(r->lang, TEXT_WIRING_NPC));
	if (c->smtp_url[0] == '\0')
		json_add_str(list, lang_text(r->lang, TEXT_WIRING_SMTP));
	if (c->webhook_public_url[0] == '\0')
		json_add_str(list, lang_text(r->lang, TEXT_WIRING_WEBHOOKS));
	if (c->procore_app_version_key[0] == '\0')
		json_add_str(list, lang_text(r->lang, TEXT_WIRING_VERSION_KEY));
}

int
page_health(struct web_req *r, struct err *e)
{
	struct build b = {.r = r, .list = json_put_arr(r->model, "services")};

	if (view_services(r->app->db, add_service, &b, e) == -1)
		return -1;
	add_unmet(&b);
	if (put_numbers(r, e) == -1)
		return -1;
	put_wiring(r);
	return web_render(r, 200, "health.xhtml", e);
}

/* ---- connect */
