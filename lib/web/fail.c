#include "config.h"

#include "web/fail.h"

#include "base/log.h"
#include "base/str.h"

struct words {
	int status;
	enum text title, text, hint; /* hint TEXT_MAX: none */
};

static const struct words table[] = {
    {400, TEXT_E400_TITLE, TEXT_E400, TEXT_E400_HINT},
    {401, TEXT_E401_TITLE, TEXT_E401, TEXT_E401_HINT},
    {403, TEXT_E403_TITLE, TEXT_E403, TEXT_E403_HINT},
    {404, TEXT_E404_TITLE, TEXT_E404, TEXT_E404_HINT},
    {405, TEXT_E405_TITLE, TEXT_E405, TEXT_E405_HINT},
    {413, TEXT_E413_TITLE, TEXT_E413, TEXT_E413_HINT},
    {421, TEXT_E421_TITLE, TEXT_E421, TEXT_E421_HINT},
    {429, TEXT_E429_TITLE, TEXT_E429, TEXT_E429_HINT},
    {503, TEXT_E503_TITLE, TEXT_E503, TEXT_E503_HINT},
    {500, TEXT_E500_TITLE, TEXT_E500, TEXT_E500_HINT}, /* also for every other status */
};
static const struct words other_schema = {
    503, TEXT_E503_TITLE, TEXT_E503_SCHEMA, TEXT_E503_SCHEMA_HINT};

static const struct words *
words_for(int status)
{
	size_t n = sizeof table / sizeof table[0];

	for (size_t i = 0; i < n; i++)
		if (table[i].status == status)
			return &table[i];
	return &table[n - 1];
}

static void
show(struct web_req *r, int status, const struct words *w, const char *detail)
{
	const char *text = web_say(r, w->text, "detail", detail, NULL);
	struct err e = {0};

	json_free(r->model);
	r->model = json_obj();
	json_put_i64(r->model, "code", status);
	json_put_str(r->model, "title", lang_text(r->lang, w->title));
	json_put_str(r->model, "text", text);
	json_put_str(r->model, "hint",
	    web_say(r, w->hint, "support_email", r->app->conf.support_email, NULL));
	json_put_str(
	    r->model, "request", r->in->p.request_id == NULL ? "" : r->in->p.request_id);
	r->facts = NULL;
	r->actions = NULL;
	web_action(r, TEXT_BACK_TO_LIST, true, "/Projects", false, NULL);
	if (web_render(r, status, "error.xhtml", &e) == 0)
		return;
	log_err("error_page", &e);
	buf_reset(&r->out->body);
	buf_printf(
	    &r->out->body, "%d %s. %s\n", status, lang_text(r->lang, w->title), text);
	r->out->status = status;
	fcgi_header(r->out, "Content-Type", "text/plain; charset=utf-8");
}

void
fail_page(struct web_req *r, int status, const char *detail)
{
	show(r, status, words_for(status), detail == NULL ? "" : detail);
}

void
fail_error(struct web_req *r, const struct err *e)
{
	bool shown = e->code == ERR_INPUT || e->code == ERR_LIMIT;
	bool nobody = e->code == ERR_AUTH && r->person.user_name[0] == '\0';
	int status = nobody ? 401 : err_class(e->code)->http_status;

	log_err("request", e);
	if (e->code == ERR_DB && str_find_ci(e->msg, "connectorctl migrate") != NULL)
		show(r, 503, &other_schema, "");
	else
		fail_page(r, status, shown ? e->msg : NULL);
}

int
fail_method(struct web_req *r, struct err *e)
{
	(void)e;
	fail_page(r, 405, NULL);
	fcgi_header(r->out, "Allow", r->in->method == FCGI_POST ? "GET, HEAD" : "POST");
	return 0;
}
