/* The short sentences; the long ones are in state_errors.c. */
#include "config.h"

#include "web/state.h"

#include "base/clk.h"
#include "base/str.h"

struct view_scope
state_scope(const struct web_req *r)
{
	return (struct view_scope){
	    .all = r->person.global_admin, .person_id = r->person.id};
}

/* ---- short sentences */

const char *
state_project_text(struct web_req *r, const struct view_project *p)
{
	return p->npc_number[0] == '\0' ? p->npc_name
					: web_say(r, TEXT_NUMBER_NAME, "number",
					      p->npc_number, "name", p->npc_name, NULL);
}

const char *
state_who(struct web_req *r, const char *name, const char *login)
{
	if (str_empty(name) || str_eq(name, login))
		return login;
	return web_say(r, TEXT_NAME_LOGIN, "name", name, "login", login, NULL);
}

/* The texts of a cause about one account: alone, and while somebody else carries the
 * project. */
static const char *
say_seat(struct web_req *r, const struct standing *s, const struct status_problem *p,
    enum text alone, enum text carried)
{
	const struct view_seat *v = &s->seats[p->seat];
	const struct view_seat *other =
	    s->status.reader >= 0 ? &s->seats[s->status.reader] : NULL;

	return web_say(r, p->cuts_off || other == NULL ? alone : carried, "login", v->login,
	    "detail", v->state_text, "when", web_when(r, p->since_at), "other",
	    other == NULL            ? ""
	    : str_empty(other->name) ? other->login
				     : other->name,
	    NULL);
}

static const char *
say_problem(struct web_req *r, const struct standing *s, const struct status_problem *p)
{
	const char *when = web_when(r, p->since_at);

	switch (p->kind) {
	case STATUS_P_SETTINGS:
		return lang_text(r->lang, TEXT_CAUSE_CONFIGURATION);
	case STATUS_P_APP:
		return web_say(r, TEXT_CAUSE_APP, "company", s->project->company, NULL);
	case STATUS_P_NO_SEAT:
		return lang_text(r->lang, TEXT_STATUS_NO_BIC);
	case STATUS_P_SIGN_IN_LOST:
		return say_seat(
		    r, s, p, TEXT_CAUSE_SIGN_IN_LOST, TEXT_CAUSE_SIGN_IN_LOST_CARRIED);
	case STATUS_P_SIGN_IN_NEEDED:
		return say_seat(
		    r, s, p, TEXT_CAUSE_SIGN_IN_NEEDED, TEXT_CAUSE_SIGN_IN_NEEDED_CARRIED);
	case STATUS_P_PERMISSION:
		/* The worker's own sentence names the account; Procore's words do not. */
		if (str_find_ci(s->seats[p->seat].state_text, s->seats[p->seat].login) != NULL)
			return say_seat(
			    r, s, p, TEXT_CAUSE_PERMISSION_TOLD, TEXT_CAUSE_PERMISSION_CARRIED);
		return say_seat(r, s, p, TEXT_CAUSE_PERMISSION, TEXT_CAUSE_PERMISSION_CARRIED);
	case STATUS_P_LOCAL:
		return lang_text(r->lang, TEXT_CAUSE_LOCAL);
	case STATUS_P_PROCORE_DOWN:
		return web_say(r, TEXT_CAUSE_PROCORE_DOWN, "when", when, NULL);
	case STATUS_P_NPC_DOWN:
		return web_say(r, TEXT_CAUSE_NPC_DOWN, "when", when, NULL);
	case STATUS_P_NOT_VERIFIED:
		return p->since_at == 0 ? lang_text(r->lang, TEXT_NEVER_VERIFIED)
					: web_say(r, TEXT_NOT_VERIFIED, "when", when, NULL);
	case STATUS_P_NO_CONTACT:
		return say_seat(r, s, p, TEXT_CAUSE_NO_CONTACT, TEXT_CAUSE_NO_CONTACT);
	case STATUS_P_MAX:
		break;
	}
	err_bug(__FILE__, __LINE__, "say_problem: kind");
}

static int
say_paused(struct web_req *r, const struct standing *s, const char **out, struct err *e)
{
	struct view_paused by = {0};

	if (view_paused_by(r->app->db, s->project->id, &by, e) == -1)
		return -1;
	*out = by.at == 0 ? ""
			  : web_say(r, TEXT_STATUS_PAUSED_BY, "who", by.name, "when",
				web_when(r, by.at), NULL);
	return 0;
}

int
state_put_status(struct web_req *r, const struct standing *s, struct json *obj, struct err *e)
{
	static const struct {
		const char *icon;
		enum text word;
	} words[] = {
	    [STATUS_CONNECTED] = {"connected", TEXT_STATUS_CONNECTED},
	    [STATUS_WARNING] = {"warning", TEXT_STATUS_CONNECTED},
	    [STATUS_LOST] = {"lost", TEXT_STATUS_LOST},
	    [STATUS_PAUSED] = {"paused", TEXT_STATUS_PAUSED},
	};
	const struct status *st = &s->status;
	const char *text = "";

	if (st->word == STATUS_PAUSED) {
		if (say_paused(r, s, &text, e) == -1)
			return -1;
	} else if (st->problems_n > 0) {
		text = say_problem(r, s, &st->problems[0]);
	} else if (st->checking) {
		text = lang_text(r->lang, TEXT_STATUS_CHECKING);
	}
	web_put_status(obj, "status", words[st->word].icon,
	    lang_text(r->lang, words[st->word].word), text);
	return 0;
}

void
state_put_sync(struct web_req *r, const struct standing *s, struct json *obj)
{
	const struct view_project *p = s->project;
	bool down = s->services->down_since_at[STATUS_PROCORE] != 0 ||
		    s->services->down_since_at[STATUS_NPC] != 0;

	if (str_eq(r->app->conf.npc_adapter, "none"))
		web_put_status(obj, "sync", "paused",
		    lang_text(r->lang, TEXT_SYNC_NOT_CONFIGURED), "");
	else if (p->issues > 0)
		web_put_status(
		    obj, "sync", "warning", lang_text(r->lang, TEXT_SYNC_FAILED), "");
	else if (s->status.word == STATUS_LOST)
		web_put_status(obj, "sync", "sync", lang_text(r->lang, TEXT_SYNC_WAITING),
		    lang_text(r->lang, TEXT_SYNC_FOR_CONNECTION));
	else if (p->sync_error[0] != '\0' && s->status.checking)
		/* What the pass before this sign-in said is old news. */
		web_put_status(
		    obj, "sync", "sync", lang_text(r->lang, TEXT_SYNC_WAITING), "");
	else if (p->sync_error[0] != '\0')
		web_put_status(obj, "sync", down ? "sync" : "warning",
		    lang_text(r->lang, down ? TEXT_SYNC_WAITING : TEXT_SYNC_FAILED),
		    p->sync_error);
	else if (p->last_sync_at == 0)
		web_put_status(
		    obj, "sync", "sync", lang_text(r->lang, TEXT_SYNC_WAITING), "");
	else
		web_put_status(
		    obj, "sync", "check", lang_text(r->lang, TEXT_SYNC_SUCCESS), "");
}

const char *
state_verified(struct web_req *r, const struct standing *s)
{
	const struct status *st = &s->status;

	if (st->word == STATUS_PAUSED)
		return "";
	if (st->verified_at == 0)
		return lang_text(r->lang, TEXT_NEVER_VERIFIED);
	return web_say(r,
	    st->stale || st->word == STATUS_LOST ? TEXT_NOT_VERIFIED : TEXT_VERIFIED,
	    "when", web_when(r, st->verified_at), NULL);
}

/* ---- accounts and seats */

void
state_put_account(struct web_req *r, const char *account_state, int64_t since_at,
    const char *cause_text, struct json *obj)
{
	if (str_eq(account_state, "lost"))
		web_put_status(obj, "status", "lost", lang_text(r->lang, TEXT_ACCOUNT_LOST),
		    web_say(r, TEXT_ACCOUNT_SINCE, "when", web_when(r, since_at), NULL));
	else if (str_eq(account_state, "ok"))
		web_put_status(
		    obj, "status", "connected", lang_text(r->lang, TEXT_ACCOUNT_OK), "");
	else if (str_eq(account_state, "suspect"))
		web_put_status(obj, "status", "warning",
		    lang_text(r->lang, TEXT_ACCOUNT_SUSPECT),
		    str_empty(cause_text) ? lang_text(r->lang, TEXT_ACCOUNT_SUSPECT_TEXT)
					  : cause_text);
	else
		web_put_status(
		    obj, "status", "lost", lang_text(r->lang, TEXT_ACCOUNT_NEEDED), "");
}

void
state_put_seat(struct web_req *r, const struct standing *s, size_t seat, struct json *obj)
{
	const struct view_seat *v = &s->seats[seat];
	struct status_seat f = standing_seat(v);
	bool in_use = s->status.reader == (int)seat;

	if (f.sign_in != STATUS_IN_OK || str_eq(v->account_state, "suspect"))
		state_put_account(r, v->account_state, v->since_at, v->cause_text, obj);
	else if (v->checking && !s->project->app_missing)
		web_put_status(obj, "status", "sync", lang_text(r->lang, TEXT_ACCOUNT_OK),
		    lang_text(r->lang, TEXT_STATUS_CHECKING));
	else if (f.right == STATUS_RIGHT_LOST)
		web_put_status(obj, "status", "lost",
		    lang_text(r->lang, TEXT_BIC_PERMISSION), v->state_text);
	else if (f.right == STATUS_RIGHT_NO_CONTACT)
		web_put_status(obj, "status", "warning",
		    lang_text(r->lang, TEXT_BIC_NO_CONTACT), v->state_text);
	else if (status_seat_stale(&f, in_use, standing_poll_s(s->project, r->app->conf.poll_interval_minutes), clk_now()))
		web_put_status(obj, "status", "warning",
		    lang_text(r->lang, TEXT_ACCOUNT_OK),
		    web_say(r, TEXT_NOT_VERIFIED, "when", web_when(r, v->proved_at), NULL));
	else
		web_put_status(
		    obj, "status", "connected", lang_text(r->lang, TEXT_ACCOUNT_OK), "");
}
