#include "config.h"

#include "web/fail.h"

#include "base/log.h"
#include "base/str.h"

struct words {
	int status;
	const char *title, *text, *hint;
};

static const struct words table[] = {
    {400, "This request cannot be understood",
	"Something in the address or the form is not as it should be.",
	"Go back and try again."},
    {401, "Nobody is signed in",
	"The web server in front of connectorweb did not say who you are.",
	"Tell your IT: the front must pass REMOTE_USER (docs/install)."},
    {403, "You may not do this", "Your role does not allow it.",
	"Ask a Global Admin or the Project Admin of the project."},
    {404, "There is no such page",
	"It may have been removed, or it is not among your projects.",
	"The list of your projects is under Connected Projects."},
    {405, "This page works differently", "The request's method does not fit this page.",
	"Use the buttons of the pages."},
    {413, "This is too large", "The form is larger than it can be.",
	"Shorten the texts and send it again."},
    {421, "Wrong address",
	"This form was sent to another name of the server, so nothing was changed.",
	"Open the page under its right address and send the form there."},
    {500, "Something went wrong on our side",
	"Nothing was changed. The log has the details.",
	"Try again; if it happens again, give your IT the request's number."},
    {503, "Please try again in a moment",
	"The database is busy or is being brought up to date.",
	"If it lasts, your IT can run `connectorctl doctor`; after an update `connectorctl "
	"migrate`."},
};

static const struct words *
words_for(int status)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].status == status)
			return &table[i];
	return &table[7];
}

void
fail_page(struct web_req *r, int status, const char *text, const char *hint)
{
	const struct words *w = words_for(status);
	struct err e = {0};

	json_free(r->model);
	r->model = json_obj();
	json_put_i64(r->model, "code", status);
	json_put_str(r->model, "title", w->title);
	json_put_str(r->model, "text", text != NULL ? text : w->text);
	json_put_str(r->model, "hint", hint != NULL ? hint : w->hint);
	json_put_str(
	    r->model, "request", r->in->p.request_id == NULL ? "" : r->in->p.request_id);
	r->facts = NULL;
	r->actions = json_put_arr(r->model, "actions");
	if (r->person.user_name[0] != '\0')
		web_action(r, "Connected Projects", true, "/Projects", false, NULL);
	if (web_render(r, status, "error.xhtml", &e) == 0)
		return;
	log_err("error_page", &e);
	buf_reset(&r->out->body);
	buf_printf(
	    &r->out->body, "%d %s. %s\n", status, w->title, text != NULL ? text : w->text);
	r->out->status = status;
	fcgi_header(r->out, "Content-Type", "text/plain; charset=utf-8");
}

void
fail_error(struct web_req *r, const struct err *e)
{
	bool shown = e->code == ERR_INPUT || e->code == ERR_LIMIT;
	bool nobody = e->code == ERR_AUTH && r->person.user_name[0] == '\0';
	bool version =
	    e->code == ERR_DB && str_find_ci(e->msg, "connectorctl migrate") != NULL;
	int status = nobody ? 401 : version ? 503 : err_class(e->code)->http_status;

	log_err("request", e);
	fail_page(r, status, shown || version ? e->msg : NULL, NULL);
}

int
fail_method(struct web_req *r, struct err *e)
{
	(void)e;
	fail_page(r, 405, NULL, NULL);
	fcgi_header(r->out, "Allow", r->in->method == FCGI_POST ? "GET, HEAD" : "POST");
	return 0;
}
