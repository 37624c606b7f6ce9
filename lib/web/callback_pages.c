#include "config.h"

#include "web/callback_pages.h"

#include <inttypes.h>

#include "base/str.h"

/* The button that starts over, for the account of the attempt. */
static int
add_try_again(struct web_req *r, const struct attempt *a, bool primary, struct err *e)
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
	web_action(r, "Try again", primary, "/Projects/reconnect", true, fields);
	account_clear(&want);
	return 0;
}

static void
add_back(struct web_req *r, const struct attempt *a)
{
	web_action(r, "Back to where you came from", false, a->return_to, false, NULL);
}

int
callback_page_unknown(struct web_req *r, struct err *e)
{
	static const char *const steps[] = {
	    "Open Connected Projects, choose the project and press Reconnect there; or use "
	    "the link in the mail.",
	    NULL};

	web_action(r, "Connected Projects", true, "/Projects", false, NULL);
	return web_message(r, 400, "warning", "This sign-in did not start here",
	    "Procore sent your browser back, but no sign-in that was started here belongs "
	    "to it. Nothing was changed.",
	    steps, e);
}

int
callback_page_used(struct web_req *r, const struct attempt *a, struct err *e)
{
	bool connected = str_eq(a->outcome, "connected");

	if (connected) {
		web_action(r, "Continue", true, a->return_to, false, NULL);
		return web_message(r, 200, "check", "This sign-in is already complete",
		    "The page was opened a second time. The account was connected the "
		    "first time; nothing more is needed.",
		    NULL, e);
	}
	if (add_try_again(r, a, true, e) == -1)
		return -1;
	add_back(r, a);
	return web_message(r, 400, "warning", "This sign-in was used before",
	    "The page was opened a second time, and the first time did not end in a "
	    "connection. Each sign-in works once. "
	    "Nothing was changed.",
	    NULL, e);
}

int
callback_page_expired(struct web_req *r, const struct attempt *a, struct err *e)
{
	if (add_try_again(r, a, true, e) == -1)
		return -1;
	add_back(r, a);
	return web_message(r, 400, "warning", "This sign-in took too long",
	    "More than 15 minutes passed between pressing the button and coming back, so "
	    "it was not accepted. Nothing was "
	    "changed.",
	    NULL, e);
}

int
callback_page_other_browser(struct web_req *r, struct err *e)
{
	static const char *const steps[] = {"Open the link from the mail, or the project's "
					    "page, in the browser that you want to use.",
	    "Press Reconnect there and finish in the same browser.", NULL};

	web_action(r, "Connected Projects", true, "/Projects", false, NULL);
	return web_message(r, 400, "warning", "This sign-in was started in another browser",
	    "For your safety a sign-in must end in the browser in which it began. Nothing "
	    "was changed.",
	    steps, e);
}

int
callback_page_other_person(struct web_req *r, const struct attempt *a, struct err *e)
{
	web_fact(r, "Started by", a->user_name);
	web_fact(r, "You are", r->person.user_name);
	web_action(r, "Connected Projects", true, "/Projects", false, NULL);
	return web_message(r, 400, "warning", "This sign-in was started by someone else",
	    "It must be finished by the person who pressed the button. Nothing was "
	    "changed.",
	    NULL, e);
}

int
callback_page_denied(struct web_req *r, const struct attempt *a, bool denied, struct err *e)
{
	static const char *const steps[] = {
	    "Press Try again and choose Allow when Procore asks.",
	    "Until then everything for this account waits here.", NULL};

	if (add_try_again(r, a, true, e) == -1)
		return -1;
	add_back(r, a);
	return web_message(r, 200, "warning",
	    denied ? "Procore was not allowed to connect"
		   : "Procore did not complete the sign-in",
	    denied ? "On Procore's page Deny was chosen, or the page was left. Nothing was "
		     "changed."
		   : "Procore sent your browser back without a code. Nothing was changed.",
	    steps, e);
}

int
callback_page_not_exchanged(struct web_req *r, const struct attempt *a, enum cause cause,
    const char *why, struct err *e)
{
	bool settings = cause == CAUSE_CONFIGURATION;

	if (!str_empty(why))
		web_fact(r, "Procore said", why);
	if (add_try_again(r, a, true, e) == -1)
		return -1;
	add_back(r, a);
	if (settings)
		return web_message(r, 502, "lost",
		    "connectorweb is not set up correctly for Procore",
		    "Procore does not accept the app's own credentials. Your IT must check "
		    "procore_client_id, its secret, the "
		    "redirect URI and the environment; `connectorctl doctor` says which. "
		    "Nothing was changed.",
		    NULL, e);
	if (cause == CAUSE_SIGN_IN_LOST)
		return web_message(r, 400, "warning", "Procore did not accept the code",
		    "The code that Procore gave your browser was no longer good: it lives "
		    "for ten minutes and works once. "
		    "Nothing was changed.",
		    NULL, e);
	return web_message(r, 502, "warning", "Procore did not answer properly",
	    "The sign-in could not be completed just now; it is nobody's fault. Nothing "
	    "was changed.",
	    NULL, e);
}

int
callback_page_wrong_account(struct web_req *r, const struct attempt *a,
    const struct account *want, const char *signed_in_as, struct err *e)
{
	static const char *const steps[] = {"Procore remembers who is signed in there. "
					    "Sign out of Procore with the button below.",
	    "Then press Try again and sign in with the expected account.",
	    "Or open the link in a private window, where Procore remembers nobody.", NULL};
	struct buf out = BUF_INIT(LIMIT_URL);
	int rc = -1;

	web_fact(r, "Expected", want->login);
	web_fact(r, "Signed in as", signed_in_as);
	buf_printf(&out, "%s/logout", r->app->conf.procore_login_url);
	if (add_try_again(r, a, true, e) == -1)
		goto out;
	web_action(r, "Sign out of Procore", false, buf_str(&out), false, NULL);
	add_back(r, a);
	rc = web_message(r, 409, "lost", "Another Procore account was signed in",
	    "This seat belongs to one account, and a different one signed in, so it was "
	    "not taken. Everything is as it was "
	    "before.",
	    steps, e);
out:
	buf_clear(&out);
	return rc;
}
