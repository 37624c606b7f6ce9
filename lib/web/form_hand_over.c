/* Hand-over: an admin lets another Procore login take a seat; the successor signs in. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/hand_over.h"
#include "web/pages.h"

#define FORM_BIC                                                                           \
	{                                                                                  \
		"bic", FCGI_FORM, fcgi_check_id, 19, true, false                           \
	}

const struct fcgi_input page_hand_over_inputs[] = {FORM_CSRF, FORM_PROJECT, FORM_BIC,
    {"login", FCGI_FORM, fcgi_check_line, LIMIT_LOGIN, true, false},
    {"all", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_hand_over_inputs_n = FORM_INPUTS_N(page_hand_over_inputs);
const struct fcgi_input page_hand_over_withdraw_inputs[] = {
    FORM_CSRF, FORM_PROJECT, FORM_BIC};
const size_t page_hand_over_withdraw_inputs_n =
    FORM_INPUTS_N(page_hand_over_withdraw_inputs);
const struct fcgi_input page_hand_over_start_inputs[] = {FORM_CSRF, FORM_PROJECT, FORM_BIC};
const size_t page_hand_over_start_inputs_n = FORM_INPUTS_N(page_hand_over_start_inputs);

/* The seat that the form names. out: cleared by the caller */
static int
load(struct web_req *r, struct view_seats *s, const struct view_seat **out, struct err *e)
{
	size_t at = 0;

	if (form_seats(r, s, e) == -1 ||
	    form_seat_place(s, fcgi_input_i64(r->inputs, "bic", 0), &at, e) == -1)
		return -1;
	*out = &s->v[at];
	return 0;
}

/* ---- approve */

static int
approve(struct web_req *r, const struct view_seat *v, const char *login, bool all,
    struct err *e)
{
	struct json *detail = json_obj();
	int rc = -1;

	json_put_str(detail, "login", v->login);
	json_put_str(detail, "new_login", login);
	json_put_bool(detail, "all", all);
	/* The newest counts: what stood before is taken back. */
	if (hand_over_withdraw(r->app->db, v->account_id, r->project_id, all, e) == 0 &&
	    hand_over_add(r->app->db, v->account_id, all ? 0 : r->project_id, login,
		r->person.user_name, e) == 0 &&
	    form_audit(r, "hand_over.approve", "connection", r->project_id, detail, e) == 0)
		rc = form_done(r, "saved", e);
	json_free(detail);
	return rc;
}

static int
not_a_login(struct web_req *r, struct err *e)
{
	web_notice(r, "warning", lang_text(r->lang, TEXT_NOTICE_MINUTES_TITLE),
	    lang_text(r->lang, TEXT_LOGIN_BAD));
	return page_edit_show(r, 400, NULL, e);
}

int
page_hand_over(struct web_req *r, struct err *e)
{
	char *login = str_trim_dup(fcgi_input(r->inputs, "login"));
	bool all = str_eq(fcgi_input(r->inputs, "all"), "1");
	struct view_seats s = {0};
	const struct view_seat *v = NULL;
	int rc = -1;

	/* The account's other projects are not this admin's to decide about. */
	if (all && !web_may(r, ACCESS_ADMINISTER))
		err_set(e, ERR_AUTH, "not allowed for %s", r->person.user_name);
	else if (r->stale)
		rc = form_stale_edit(r, NULL, e);
	else if (!form_is_login(login))
		rc = not_a_login(r, e);
	else if (db_begin(r->app->db, e) == 0 && load(r, &s, &v, e) == 0)
		rc = approve(r, v, login, all, e);
	view_seats_clear(&s);
	free(login);
	return rc;
}

int
page_hand_over_withdraw(struct web_req *r, struct err *e)
{
	struct view_seats s = {0};
	const struct view_seat *v = NULL;
	struct json *detail = json_obj();
	int rc = -1;

	if (r->stale) {
		rc = form_stale_edit(r, NULL, e);
	} else if (db_begin(r->app->db, e) == 0 && load(r, &s, &v, e) == 0) {
		json_put_str(detail, "login", v->login);
		if (hand_over_withdraw(r->app->db, v->account_id, r->project_id,
			web_may(r, ACCESS_ADMINISTER), e) == 0 &&
		    form_audit(r, "hand_over.withdraw", "connection", r->project_id, detail,
			e) == 0)
			rc = form_done(r, "saved", e);
	}
	json_free(detail);
	view_seats_clear(&s);
	return rc;
}

/* ---- the successor's button */

static int
start(struct web_req *r, const struct view_seat *v, struct err *e)
{
	struct oauth_ask ask = {.purpose = OAUTH_HAND_OVER,
	    .account_id = v->account_id,
	    .connection_id = r->project_id};
	struct hand_over h = {0};
	char back[64];

	if (hand_over_of_seat(r->app->db, v->account_id, r->project_id, &h, e) == -1)
		return -1;
	if (h.id == 0)
		return err_set(e, ERR_NOT_FOUND, "no hand-over of seat %" PRId64, v->id);
	if (str_format(
		back, sizeof back, "/Projects/edit?project=%" PRId64, r->project_id) == -1)
		return err_set(e, ERR_BUG, "the way back");
	ask.return_to = back;
	return page_continue_to(r, &ask, h.new_login, e);
}

int
page_hand_over_start(struct web_req *r, struct err *e)
{
	struct view_seats s = {0};
	const struct view_seat *v = NULL;
	int rc = -1;

	if (r->stale)
		rc = form_stale_edit(r, NULL, e);
	else if (load(r, &s, &v, e) == 0)
		rc = start(r, v, e);
	view_seats_clear(&s);
	return rc;
}
