/* What is wrong with a project in full, and what mends it: the list `errors` of Edit
 * Project. */
#include "config.h"

#include "web/state.h"

#include <inttypes.h>

#include "base/str.h"
#include "store/account.h"

/* What one row of the list says; texts borrowed until the request is answered. */
struct row {
	const char *title, *text, *detail, *remedy, *mail_text, *letter;
	bool reconnect;
	bool own; /* the visitor's account: no need to mail them a link to this page */
	const struct view_seat *seat; /* NULL: not about one account */
};

static const char *
letter(struct web_req *r, const struct standing *s)
{
	const struct conf *c = &r->app->conf;

	return web_say(r,
	    c->procore_app_version_key[0] != '\0' ? TEXT_LETTER_TO_ADMIN
						  : TEXT_LETTER_TO_ADMIN_NO_KEY,
	    "company", s->project->company, "version_key", c->procore_app_version_key,
	    "support_email", c->support_email, NULL);
}

/* Who was told, when: the owner of the account, or of a company's trouble the Global
 * Admins. */
static int
mail_text(struct web_req *r, const struct standing *s, const struct view_seat *v,
    const char **out, struct err *e)
{
	struct view_mail m = {.sent = false};
	bool found = false;
	int rc = v != NULL
		     ? view_account_mail(r->app->db, v->account_id, &m, &found, e)
		     : view_company_mail(r->app->db, s->project->company_id, &m, &found, e);

	if (rc == -1 || !found)
		return rc;
	if (m.sent)
		*out = web_say(r, v != NULL ? TEXT_MAIL_SENT_TO : TEXT_MAIL_ADMINS_TOLD,
		    "mail", m.to, "when", web_when(r, m.sent_at), NULL);
	else
		*out = web_say(r, v != NULL ? TEXT_MAIL_QUEUED_TO : TEXT_MAIL_ADMINS_QUEUED,
		    "mail", m.to, NULL);
	return 0;
}

static void
about_seat(struct web_req *r, const struct status_problem *p, struct row *row)
{
	static const struct {
		enum text title, title_carried, text, remedy;
	} texts[STATUS_P_MAX] = {
	    [STATUS_P_SIGN_IN_LOST] = {TEXT_ERROR_LOST_TITLE, TEXT_ERROR_ONE_LOST_TITLE,
		TEXT_ERROR_LOST, TEXT_ERROR_SIGN_IN_REMEDY},
	    [STATUS_P_SIGN_IN_NEEDED] = {TEXT_ERROR_NEEDED_TITLE,
		TEXT_ERROR_ONE_NEEDED_TITLE, TEXT_ERROR_NEEDED, TEXT_ERROR_SIGN_IN_REMEDY},
	    [STATUS_P_PERMISSION] = {TEXT_ERROR_PERMISSION_TITLE,
		TEXT_ERROR_PERMISSION_TITLE, TEXT_ERROR_PERMISSION,
		TEXT_ERROR_PERMISSION_REMEDY},
	    [STATUS_P_NO_CONTACT] = {TEXT_ERROR_CONTACT_TITLE, TEXT_ERROR_CONTACT_TITLE,
		TEXT_CAUSE_NO_CONTACT, TEXT_ERROR_CONTACT_REMEDY},
	};
	const struct view_seat *v = row->seat;
	const char *who = state_who(r, v->name, v->login);

	row->title = lang_text(
	    r->lang, p->cuts_off ? texts[p->kind].title : texts[p->kind].title_carried);
	row->text = web_say(r, texts[p->kind].text, "login", v->login, "who", who, "detail",
	    v->state_text, NULL);
	row->remedy = web_say(r, texts[p->kind].remedy, "name",
	    str_empty(v->name) ? v->login : v->name, "login", v->login, NULL);
	row->detail = v->cause_text;
	row->reconnect = status_remedy(p->kind) == STATUS_MEND_RECONNECT;
}

static void
about_service(struct web_req *r, const struct standing *s, const struct status_problem *p,
    struct row *row)
{
	const char *name = lang_text(r->lang,
	    p->kind == STATUS_P_PROCORE_DOWN ? TEXT_SERVICE_PROCORE : TEXT_SERVICE_NPC);

	row->detail = s->services->detail[p->service];
	if (p->kind == STATUS_P_SETTINGS) {
		row->title = lang_text(r->lang, TEXT_ERROR_CONFIGURATION_TITLE);
		row->text = lang_text(r->lang, TEXT_ERROR_CONFIGURATION);
		row->remedy = lang_text(r->lang, TEXT_ERROR_CONFIGURATION_REMEDY);
	} else if (p->kind == STATUS_P_LOCAL) {
		row->title = lang_text(r->lang, TEXT_ERROR_LOCAL_TITLE);
		row->text = lang_text(r->lang, TEXT_CAUSE_LOCAL);
		row->remedy = lang_text(r->lang, TEXT_ERROR_LOCAL_REMEDY);
	} else {
		row->title = web_say(r, TEXT_ERROR_DOWN_TITLE, "service", name, NULL);
		row->text = web_say(r, TEXT_ERROR_DOWN, "service", name, "when",
		    web_when(r, p->since_at), NULL);
	}
}

static void
about_project(struct web_req *r, const struct standing *s, const struct status_problem *p,
    struct row *row)
{
	const char *company = s->project->company;

	if (p->kind == STATUS_P_APP) {
		row->title = web_say(r, TEXT_ERROR_APP_TITLE, "company", company, NULL);
		row->text = web_say(r, TEXT_ERROR_APP, "company", company, NULL);
		row->remedy = web_say(r, TEXT_ERROR_APP_REMEDY, "company", company, NULL);
		row->letter = letter(r, s);
	} else if (p->kind == STATUS_P_NO_SEAT) {
		row->title = lang_text(r->lang, TEXT_ERROR_NO_BIC_TITLE);
		row->text = lang_text(r->lang, TEXT_ERROR_NO_BIC);
		row->remedy = lang_text(r->lang, TEXT_ERROR_NO_BIC_REMEDY);
	} else {
		row->title = lang_text(r->lang, TEXT_ERROR_NOT_VERIFIED_TITLE);
		row->text = lang_text(r->lang, TEXT_ERROR_NOT_VERIFIED);
		row->remedy = lang_text(r->lang, TEXT_ERROR_NOT_VERIFIED_REMEDY);
	}
}

static void
put_row(struct web_req *r, const struct standing *s, const struct status_problem *p,
    const struct row *row, struct json *o)
{
	bool seat = row->seat != NULL;
	char company[32];

	if (str_format(
		company, sizeof company, "company-%" PRId64, s->project->company_id) == -1)
		company[0] = '\0';
	json_put_str(o, "icon", p->cuts_off ? "lost" : "warning");
	json_put_str(o, "title", row->title);
	json_put_str(o, "text", row->text);
	json_put_str(o, "detail", row->detail);
	web_put_time(r, o, "since", p->since_at);
	json_put_str(o, "remedy", row->remedy);
	json_put_bool(o, "reconnect", row->reconnect);
	json_put_str(o, "public_id", seat ? row->seat->public_id : company);
	json_put_str(o, "login", seat ? row->seat->login : "");
	json_put_str(o, "mail_text", row->mail_text);
	json_put_str(o, "letter", row->letter);
	json_put_bool(o, "send_link", row->reconnect && !row->own);
}

int
state_put_errors(
    struct web_req *r, const struct standing *s, struct json *model, struct err *e)
{
	struct json *list = json_put_arr(model, "errors");

	for (size_t i = 0; i < s->status.problems_n; i++) {
		const struct status_problem *p = &s->status.problems[i];
		bool seat = p->seat >= 0 && p->kind != STATUS_P_NOT_VERIFIED;
		struct row row = {
		    "", "", "", "", "", "", false, false, seat ? &s->seats[p->seat] : NULL};

		if (seat)
			about_seat(r, p, &row);
		else if (p->service != STATUS_SERVICE_MAX)
			about_service(r, s, p, &row);
		else
			about_project(r, s, p, &row);
		if ((row.reconnect || p->kind == STATUS_P_APP) &&
		    mail_text(r, s, row.seat, &row.mail_text, e) == -1)
			return -1;
		if (row.reconnect && account_is_of(r->app->db, row.seat->account_id,
					 r->person.user_name, &row.own, e) == -1)
			return -1;
		put_row(r, s, p, &row, json_add_obj(list));
	}
	return 0;
}
