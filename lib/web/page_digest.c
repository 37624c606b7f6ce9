/* The daily digest of sync issues: whether one gets it, and the button that ends or begins it. The mail links here
 * (List-Unsubscribe, RFC 2369): behind the domain sign-in and without a token, so that nobody else and no mail
 * scanner can end it, and a GET changes nothing. */
#include "config.h"

#include "web/form.h"

#include "base/str.h"
#include "store/person.h"
#include "web/pages.h"

const struct fcgi_input page_digest_inputs[] = {{"done", FCGI_QUERY, fcgi_check_word, 16, false, false}};
const size_t page_digest_inputs_n = FORM_INPUTS_N(page_digest_inputs);
const struct fcgi_input page_digest_set_inputs[] = {FORM_CSRF, {"digest", FCGI_FORM, fcgi_check_word, 3, true, false}};
const size_t page_digest_set_inputs_n = FORM_INPUTS_N(page_digest_set_inputs);

/* It is for whoever may dismiss issues. */
static bool
is_for(const struct person *p)
{
	return p->id != 0 && (p->global_admin || p->any_project_admin);
}

static int
show(struct web_req *r, int status, struct err *e)
{
	const struct person *p = &r->person;
	char hour[24];

	if (str_format(hour, sizeof hour, "%02d:00", (int)r->app->conf.digest_hour) == -1)
		return err_set(e, ERR_BUG, "hour");
	json_put_bool(r->model, "admin", is_for(p));
	json_put_bool(r->model, "gets", is_for(p) && p->wants_digest);
	json_put_bool(r->model, "ended", is_for(p) && !p->wants_digest);
	json_put_str(r->model, "mail", p->mail);
	json_put_str(r->model, "hour", hour);
	return web_render(r, status, "digest.xhtml", e);
}

int
page_digest(struct web_req *r, struct err *e)
{
	pages_done(r);
	return show(r, 200, e);
}

int
page_digest_set(struct web_req *r, struct err *e)
{
	const char *word = fcgi_input(r->inputs, "digest");
	bool on = str_eq(word, "on");
	struct json *detail;
	int rc;

	if (!on && !str_eq(word, "off"))
		return err_set(e, ERR_INPUT, "digest: on or off is expected");
	if (r->stale) {
		pages_stale(r);
		return show(r, PAGES_STALE_STATUS, e);
	}
	if (!is_for(&r->person))
		return show(r, 200, e);
	detail = json_obj();
	json_put_str(detail, "what", word);
	rc = db_begin(r->app->db, e);
	if (rc == 0)
		rc = person_set_digest(r->app->db, r->person.id, on, e);
	if (rc == 0)
		rc = form_audit(r, "person.digest", "person", r->person.id, detail, e);
	if (rc == 0)
		rc = db_commit(r->app->db, e);
	json_free(detail);
	return rc == -1 ? -1 : web_redirect(r, "/Projects/digest?done=saved", e);
}
