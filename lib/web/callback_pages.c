#include "config.h"

#include "web/callback_pages.h"

#include <inttypes.h>

#include "base/str.h"

/* The button that starts over, for the account of the attempt. */
static int
add_try_again(struct web_req *r, const struct attempt *a, struct err *e)
{
	struct account want = {0};
	char project[24];
	const char *fields[] = {"account", NULL, "project", project, NULL};

	if (a->account_id == 0)
		return 0;
	if (account_get(r->app->db, a->account_id, &want, e) == -1)
		return -1;
	if (str_format(project, sizeof project, "%" PRId64, a->connection_id) == -1)
		project[0] = '\0';
	fields[1] = want.public_id;
	web_action(r, TEXT_TRY_AGAIN, true, "/Projects/reconnect", true, fields);
	account_clear(&want);
	return 0;
}

static void
add_back(struct web_req *r, const struct attempt *a)
{
	bool project = str_starts(a->return_to, "/Projects/edit");

	web_action(r, project ? TEXT_BACK_TO_PROJECT : TEXT_BACK, false, a->return_to,
	    false, NULL);
}

/* Something that another try may mend. */
static int
try_again(
    struct web_req *r, const struct attempt *a, const struct web_message *m, struct err *e)
{
	if (add_try_again(r, a, e) == -1)
		return -1;
	add_back(r, a);
	return web_message(r, m, e);
}

int
callback_page_unknown(struct web_req *r, struct err *e)
{
	const char *const steps[] = {lang_text(r->lang, TEXT_UNKNOWN_ATTEMPT_STEP), NULL};
	struct web_message m = {
	    400, "warning", TEXT_UNKNOWN_ATTEMPT_TITLE, TEXT_UNKNOWN_ATTEMPT, NULL, steps};

	web_action(r, TEXT_BACK_TO_LIST, true, "/Projects", false, NULL);
	return web_message(r, &m, e);
}

int
callback_page_used(struct web_req *r, const struct attempt *a, struct err *e)
{
	struct web_message done = {
	    200, "check", TEXT_COMPLETE_TITLE, TEXT_COMPLETE, NULL, NULL};
	struct web_message not_done = {
	    400, "warning", TEXT_REPLAYED_TITLE, TEXT_REPLAYED, NULL, NULL};

	if (!str_eq(a->outcome, "connected"))
		return try_again(r, a, &not_done, e);
	web_action(r, TEXT_CONTINUE, true, a->return_to, false, NULL);
	return web_message(r, &done, e);
}

int
callback_page_expired(struct web_req *r, const struct attempt *a, struct err *e)
{
	struct web_message m = {
	    400, "warning", TEXT_EXPIRED_TITLE, TEXT_EXPIRED, NULL, NULL};

	return try_again(r, a, &m, e);
}

int
callback_page_other_browser(struct web_req *r, struct err *e)
{
	const char *const steps[] = {lang_text(r->lang, TEXT_OTHER_BROWSER_STEP_OPEN),
	    lang_text(r->lang, TEXT_OTHER_BROWSER_STEP_FINISH), NULL};
	struct web_message m = {
	    400, "warning", TEXT_OTHER_BROWSER_TITLE, TEXT_OTHER_BROWSER, NULL, steps};

	web_action(r, TEXT_BACK_TO_LIST, true, "/Projects", false, NULL);
	return web_message(r, &m, e);
}

int
callback_page_other_person(struct web_req *r, const struct attempt *a, struct err *e)
{
	struct web_message m = {
	    400, "warning", TEXT_OTHER_PERSON_TITLE, TEXT_OTHER_PERSON, NULL, NULL};

	web_fact(r, TEXT_FACT_STARTED_BY, a->user_name);
	web_fact(r, TEXT_FACT_YOU_ARE, r->person.user_name);
	web_action(r, TEXT_BACK_TO_LIST, true, "/Projects", false, NULL);
	return web_message(r, &m, e);
}

int
callback_page_denied(struct web_req *r, const struct attempt *a, bool denied, struct err *e)
{
	const char *const steps[] = {lang_text(r->lang, TEXT_DENIED_STEP), NULL};
	struct web_message m = {
	    200, "warning", TEXT_DENIED_TITLE, TEXT_DENIED, NULL, steps};

	if (!denied) {
		m.title = TEXT_NO_CODE_TITLE;
		m.text = TEXT_NO_CODE;
	}
	return try_again(r, a, &m, e);
}

int
callback_page_not_exchanged(struct web_req *r, const struct attempt *a, enum cause cause,
    const char *why, struct err *e)
{
	struct web_message m = {
	    502, "warning", TEXT_PROCORE_SILENT_TITLE, TEXT_PROCORE_SILENT, NULL, NULL};

	if (cause == CAUSE_CONFIGURATION)
		m = (struct web_message){
		    502, "lost", TEXT_CODE_SETTINGS_TITLE, TEXT_CODE_SETTINGS, NULL, NULL};
	else if (cause == CAUSE_SIGN_IN_LOST)
		m = (struct web_message){
		    400, "warning", TEXT_CODE_REFUSED_TITLE, TEXT_CODE_REFUSED, NULL, NULL};
	if (!str_empty(why))
		web_fact(r, TEXT_FACT_PROCORE_SAID, why);
	return try_again(r, a, &m, e);
}

int
callback_page_wrong_account(struct web_req *r, const struct attempt *a,
    const struct account *want, const char *signed_in_as, struct err *e)
{
	const char *const steps[] = {lang_text(r->lang, TEXT_WRONG_STEP_OUT),
	    web_say(r, TEXT_WRONG_STEP_AGAIN, "login", want->login, NULL),
	    lang_text(r->lang, TEXT_WRONG_STEP_PRIVATE), NULL};
	struct web_message m = {409, "lost", TEXT_WRONG_TITLE, TEXT_WRONG, NULL, steps};
	struct buf out = BUF_INIT(LIMIT_URL);
	int rc = -1;

	web_fact(r, TEXT_FACT_EXPECTED, want->login);
	web_fact(r, TEXT_FACT_SIGNED_IN_AS, signed_in_as);
	buf_printf(&out, "%s/logout", r->app->conf.procore_login_url);
	if (add_try_again(r, a, e) == -1)
		goto out;
	web_action(r, TEXT_SIGN_OUT_OF_PROCORE, false, buf_str(&out), false, NULL);
	add_back(r, a);
	rc = web_message(r, &m, e);
out:
	buf_clear(&out);
	return rc;
}
