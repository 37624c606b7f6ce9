/* form.h: what the changes have in common: one transaction with its audit row, then the
 * worker is woken and the person is back on a page. Layer: web. */
#ifndef CW_WEB_FORM_H
#define CW_WEB_FORM_H

#include "web/page.h"

/* The hidden token, first in every form's table of inputs. */
#define FORM_CSRF                                                                          \
	{                                                                                  \
		"csrf", FCGI_FORM, fcgi_check_token, 512, false, false                     \
	}
#define FORM_PROJECT                                                                       \
	{                                                                                  \
		"project", FCGI_FORM, fcgi_check_id, 19, true, false                       \
	}
#define FORM_INPUTS_N(table) (sizeof(table) / sizeof(table)[0])

/* Add the audit row of a change; detail may be NULL and is not taken over.
 * what, id  target: "connection", 12 */
MUST_USE int form_audit(struct web_req *r, const char *action, const char *what, int64_t id,
    const struct json *detail, struct err *e);
/* Commit, wake the worker, go to Edit Project of r->project_id with a notice. done: word of
 * pages_done() */
MUST_USE int form_done(struct web_req *r, const char *done, struct err *e);
/* The same to the page that the input "back" names: the project's own page or its Sync
 * Issues. */
MUST_USE int form_done_back(struct web_req *r, const char *done, struct err *e);
/* A stale form of Edit Project: the page again, filled. typed may be NULL */
MUST_USE int
form_stale_edit(struct web_req *r, const struct page_typed *typed, struct err *e);

/* Save the response map of r->project_id from the inputs action and choice, in the open
 * transaction. errors: ERR_INPUT a choice is no number */
MUST_USE int form_save_map(struct web_req *r, struct err *e);

/* Of form_bic.c: the seats of r->project_id, and one's place among them (errors:
 * ERR_NOT_FOUND). Procore logins are e-mail addresses: something on both sides of one @, no
 * blanks. */
#include "store/view.h"
MUST_USE int form_seats(struct web_req *r, struct view_seats *out, struct err *e);
MUST_USE int
form_seat_place(const struct view_seats *s, int64_t id, size_t *out, struct err *e);
bool form_is_login(const char *s);

/* Of page_reconnect.c: the page that leads to Procore; the mail with the link, in the open
 * transaction. page_continue_to: user_name and cookie of ask are filled in; login "": whoever signs
 * in. */
#include "core/oauth_start.h"
#include "store/account.h"
MUST_USE int page_continue_to(
    struct web_req *r, const struct oauth_ask *ask, const char *login, struct err *e);
MUST_USE int page_continue(struct web_req *r, const struct account *a,
    enum oauth_purpose purpose, int64_t project_id, struct err *e);
MUST_USE int
page_send_link_for(struct web_req *r, int64_t account_id, const char *login, struct err *e);
/* Of page_item.c: may this person pull an item whose BIC is this account (0: none)? */
MUST_USE int
page_item_may_retry(struct web_req *r, int64_t account_id, bool *may, struct err *e);

#endif
