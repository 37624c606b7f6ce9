/* Ball-in-court users of a project: add, order, remove. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/bic.h"
#include "store/bic_check.h"
#include "store/hand_over.h"
#include "store/job.h"
#include "web/pages.h"
#include "web/state.h"

/* A result that is older is asked for once more. */
enum { CHECK_GOOD_S = 86400 };

#define FORM_BIC                                                                           \
	{                                                                                  \
		"bic", FCGI_FORM, fcgi_check_id, 19, true, false                           \
	}

const struct fcgi_input page_add_bic_inputs[] = {
    {"project", FCGI_QUERY, fcgi_check_id, 19, true, false},
    {"login", FCGI_QUERY, fcgi_check_line, LIMIT_LOGIN, false, false}};
const size_t page_add_bic_inputs_n = FORM_INPUTS_N(page_add_bic_inputs);
const struct fcgi_input page_bic_check_inputs[] = {FORM_CSRF, FORM_PROJECT,
    {"login", FCGI_FORM, fcgi_check_line, LIMIT_LOGIN, true, false}};
const size_t page_bic_check_inputs_n = FORM_INPUTS_N(page_bic_check_inputs);
const struct fcgi_input page_bic_add_inputs[] = {FORM_CSRF, FORM_PROJECT,
    {"account", FCGI_FORM, fcgi_check_public_id, 32, true, false},
    {"then", FCGI_FORM, fcgi_check_word, 8, true, false}};
const size_t page_bic_add_inputs_n = FORM_INPUTS_N(page_bic_add_inputs);
const struct fcgi_input page_bic_move_inputs[] = {
    FORM_CSRF, FORM_PROJECT, FORM_BIC, {"to", FCGI_FORM, fcgi_check_word, 4, true, false}};
const size_t page_bic_move_inputs_n = FORM_INPUTS_N(page_bic_move_inputs);
const struct fcgi_input page_bic_remove_inputs[] = {
    FORM_CSRF, FORM_PROJECT, FORM_BIC, {"sure", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_bic_remove_inputs_n = FORM_INPUTS_N(page_bic_remove_inputs);

/* ---- add: the page */

static void
add_line(struct json *lines, const char *icon, const char *text, const char *remedy)
{
	struct json *o = json_add_obj(lines);

	json_put_str(o, "icon", icon);
	json_put_str(o, "text", text);
	json_put_str(o, "remedy", remedy);
}

static bool
is_enough(const char *level)
{
	return str_eq_ci(level, "Standard") || str_eq_ci(level, "Admin");
}

static bool
levels_known(const struct bic_check *c)
{
	return c->rfi[0] != '\0' && c->submittal[0] != '\0';
}

static bool
levels_low(const struct bic_check *c)
{
	return levels_known(c) && !(is_enough(c->rfi) && is_enough(c->submittal));
}

/* Is the check over, not long ago, and would a sign-in be of use? What could not be seen is
 * no obstacle, the seat is checked again after the sign-in; nor is a missing contact, which
 * can be added meanwhile. */
static bool
is_ready(const struct bic_check *c)
{
	return c->checked_at != 0 && c->checked_at + CHECK_GOOD_S > clk_now() &&
	       c->member != BIC_NO && !levels_low(c);
}

static void
add_procore(struct web_req *r, struct json *lines, const struct bic_check *c)
{
	const struct lang *l = r->lang;

	if (c->member == BIC_NO) {
		add_line(lines, "warning", lang_text(l, TEXT_CHECK_NO_MEMBER),
		    web_say(r, TEXT_CHECK_NO_MEMBER_REMEDY, "login", c->login, NULL));
		return;
	}
	if (c->member == BIC_YES)
		add_line(lines, "check", lang_text(l, TEXT_CHECK_MEMBER), "");
	else
		add_line(lines, "sync", lang_text(l, TEXT_CHECK_MEMBER_UNKNOWN), "");
	if (levels_low(c))
		add_line(lines, "warning",
		    web_say(r, TEXT_CHECK_LEVELS_LOW, "rfi", c->rfi, "submittal",
			c->submittal, NULL),
		    lang_text(l, TEXT_CHECK_LEVELS_LOW_REMEDY));
	else if (levels_known(c))
		add_line(lines, "check", lang_text(l, TEXT_CHECK_LEVELS), "");
	else
		add_line(lines, "sync", lang_text(l, TEXT_CHECK_LEVELS_LATER), "");
}

static void
add_contact(struct web_req *r, struct json *lines, const struct bic_check *c)
{
	if (c->contact == BIC_NO)
		add_line(lines, "warning",
		    web_say(r, TEXT_CHECK_NO_CONTACT, "login", c->login, NULL),
		    web_say(r, TEXT_ERROR_CONTACT_REMEDY, "login", c->login, NULL));
	else if (c->contact == BIC_YES)
		add_line(lines, "check", lang_text(r->lang, TEXT_CHECK_CONTACT), "");
	else
		add_line(lines, "sync", lang_text(r->lang, TEXT_CHECK_CONTACT_LATER), "");
}

/* What the worker found out, or that it is at it. */
static void
put_check(struct web_req *r, const struct account *a, const struct bic_check *c)
{
	struct json *o = json_put_obj(r->model, "check");
	bool running = c->checked_at == 0, ready = is_ready(c);
	bool well = ready && c->contact != BIC_NO;
	struct json *lines;

	web_put_status(o, "status",
	    running ? "sync"
	    : well  ? "check"
		    : "warning",
	    lang_text(r->lang, running ? TEXT_CHECK_RUNNING
			       : well  ? TEXT_CHECK_READY
			       : ready ? TEXT_CHECK_TO_MEND
				       : TEXT_CHECK_NOT_READY),
	    c->waits[0] == '\0' ? "" : web_say(r, TEXT_CHECK_WAITS, "why", c->waits, NULL));
	lines = json_put_arr(o, "lines");
	if (!running) {
		add_procore(r, lines, c);
		add_contact(r, lines, c);
		add_line(lines, c->signed_in ? "connected" : "sync",
		    lang_text(r->lang, c->signed_in ? TEXT_CHECK_SIGNED_IN
						    : TEXT_CHECK_SIGN_IN_NEEDED),
		    "");
	}
	json_put_bool(o, "running", running);
	json_put_bool(o, "ready", ready);
	json_put_str(o, "public_id", a->public_id);
}

static int
put_project(struct web_req *r, struct err *e)
{
	struct view_projects list = {0};
	struct json *o;
	int rc = view_project(r->app->db, r->project_id, &list, e);

	if (rc == 0) {
		o = json_put_obj(r->model, "project");
		json_put_i64(o, "id", r->project_id);
		json_put_str(o, "text", state_project_text(r, &list.v[0]));
	}
	view_projects_clear(&list);
	return rc;
}

/* An account by the login as typed; *found false: none yet. */
static int
find_account(
    struct web_req *r, const char *login, struct account *a, bool *found, struct err *e)
{
	struct err why = {0};

	*found = account_by_login(r->app->db, login, a, &why) == 0;
	if (*found || why.code == ERR_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

int
page_add_bic_show(
    struct web_req *r, int status, const char *login, const char *error, struct err *e)
{
	struct bic_check c = {0};
	struct account a = {0};
	bool found = false;
	int rc = -1;

	if (put_project(r, e) == -1 ||
	    (!str_empty(login) && find_account(r, login, &a, &found, e) == -1) ||
	    (found &&
		bic_check_find(
		    r->app->db, r->project_id, a.id, &c, &found, e) == -1))
		goto out;
	json_put_str(r->model, "login", login == NULL ? "" : login);
	json_put_str(r->model, "error", error);
	if (found && error[0] == '\0')
		put_check(r, &a, &c);
	else
		json_put_null(r->model, "check");
	rc = web_render(r, status, "add-bic.xhtml", e);
out:
	account_clear(&a);
	return rc;
}

int
page_add_bic(struct web_req *r, struct err *e)
{
	return page_add_bic_show(r, 200, fcgi_input(r->inputs, "login"), "", e);
}

/* ---- add: the login */

bool
form_is_login(const char *s)
{
	const char *at = strchr(s, '@');

	return at != NULL && at != s && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
	       strpbrk(s, " \t,;<>\"") == NULL;
}

static int
sits_already(struct web_req *r, const char *login, bool *sits, struct err *e)
{
	struct account a = {0};
	bool found = false;
	int64_t seat = 0;
	int rc = -1;

	if (find_account(r, login, &a, &found, e) == 0 &&
	    (!found || bic_find(r->app->db, r->project_id, a.id, &seat, e) == 0))
		rc = 0;
	*sits = seat != 0;
	account_clear(&a);
	return rc;
}

/* Back to the page that shows the check of a login. */
static int
to_check(struct web_req *r, const char *login, struct err *e)
{
	struct buf path = BUF_INIT(LIMIT_URL);
	int rc;

	buf_printf(&path, "/Projects/bic?project=%" PRId64 "&login=", r->project_id);
	enc_percent(&path, login);
	rc = web_redirect(r, buf_str(&path), e);
	buf_clear(&path);
	return rc;
}

static int
check_login(struct web_req *r, const char *login, struct err *e)
{
	struct json *detail = json_obj();
	struct db *db = r->app->db;
	int64_t id = 0, check_id = 0;
	int rc = -1;

	json_put_str(detail, "login", login);
	/* The row alone means nothing yet: an account without a seat is neither asked to
	 * sign in nor mailed. */
	if (db_begin(db, e) == 0 && account_ensure(db, login, login, &id, e) == 0 &&
	    bic_check_ask(
		db, r->project_id, id, r->person.user_name, &check_id, e) == 0 &&
	    job_wish(db, JOB_CHECK_LOGIN, check_id, "", JOB_PRIO_PERSON, clk_now(), e) ==
		0 &&
	    form_audit(r, "bic.check", "connection", r->project_id, detail, e) == 0 &&
	    db_commit(db, e) == 0) {
		wake_send(r->app->conf.wake_socket);
		rc = to_check(r, login, e);
	}
	json_free(detail);
	return rc;
}

int
page_bic_check(struct web_req *r, struct err *e)
{
	char *login = str_trim_dup(fcgi_input(r->inputs, "login"));
	bool sits = false;
	int rc;

	if (r->stale) {
		pages_stale(r);
		rc = page_add_bic_show(r, PAGES_STALE_STATUS, login, "", e);
	} else if (!form_is_login(login)) {
		rc =
		    page_add_bic_show(r, 400, login, lang_text(r->lang, TEXT_LOGIN_BAD), e);
	} else if (sits_already(r, login, &sits, e) == -1) {
		rc = -1;
	} else if (sits) {
		rc = page_add_bic_show(
		    r, 400, login, web_say(r, TEXT_LOGIN_ALREADY, "login", login, NULL), e);
	} else {
		rc = check_login(r, login, e);
	}
	free(login);
	return rc;
}

/* ---- add: the seat */

/* The first mail about an account that needs its sign-in is the incident's, opened by the
 * worker; only somebody who was told before is sent the link once more. */
static int
tell(struct web_req *r, const struct account *a, struct err *e)
{
	struct view_mail m = {.sent = false};
	bool told = false;

	if (view_account_mail(r->app->db, a->id, &m, &told, e) == -1)
		return -1;
	if (told)
		return page_send_link_for(r, a->id, a->login, e);
	return job_wish(r->app->db, JOB_INCIDENTS, 0, "", JOB_PRIO_PERSON, clk_now(), e);
}

static int
seat(struct web_req *r, const struct account *a, bool mail, struct err *e)
{
	struct json *detail = json_obj();
	int64_t id = 0;
	bool added = false;
	int rc = -1;

	json_put_str(detail, "login", a->login);
	if (bic_add(r->app->db, r->project_id, a->id, r->person.user_name, &id, &added,
		e) == -1 ||
	    job_wish(r->app->db, JOB_CHECK_BIC, id, "", JOB_PRIO_PERSON, clk_now(), e) ==
		-1 ||
	    (mail && tell(r, a, e) == -1) ||
	    (added &&
		form_audit(r, "bic.add", "connection", r->project_id, detail, e) == -1))
		goto out;
	rc = 0;
out:
	json_free(detail);
	return rc;
}

static int
add(struct web_req *r, const struct account *a, bool sign_in, struct err *e)
{
	bool in = a->state == ACCOUNT_OK || a->state == ACCOUNT_SUSPECT;

	if (db_begin(r->app->db, e) == -1 || seat(r, a, !in && !sign_in, e) == -1)
		return -1;
	if (in)
		return form_done(r, "saved", e);
	if (!sign_in)
		return form_done(r, "added", e);
	if (db_commit(r->app->db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	return page_continue(r, a, OAUTH_ADD_BIC, r->project_id, e);
}

int
page_bic_add(struct web_req *r, struct err *e)
{
	struct bic_check c = {0};
	struct account a = {0};
	bool found = false;
	int rc = -1;

	if (account_by_public_id(r->app->db, fcgi_input(r->inputs, "account"), &a, e) ==
		-1 ||
	    bic_check_find(r->app->db, r->project_id, a.id, &c, &found, e) == -1)
		goto out;
	if (r->stale) {
		pages_stale(r);
		rc = page_add_bic_show(r, PAGES_STALE_STATUS, a.login, "", e);
	} else if (!found || !is_ready(&c)) {
		/* Nobody is added unchecked, whatever the form says. */
		rc = to_check(r, a.login, e);
	} else {
		rc = add(r, &a, str_eq(fcgi_input(r->inputs, "then"), "sign-in"), e);
	}
out:
	account_clear(&a);
	return rc;
}

/* ---- order, remove */

int
form_seats(struct web_req *r, struct view_seats *out, struct err *e)
{
	char ids[32];

	if (str_format(ids, sizeof ids, "[%" PRId64 "]", r->project_id) == -1)
		return err_set(e, ERR_BUG, "project id");
	return view_seats(r->app->db, ids, out, e);
}

/* The seat's place in the list. errors: ERR_NOT_FOUND */
int
form_seat_place(const struct view_seats *s, int64_t id, size_t *out, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].id == id) {
			*out = i;
			return 0;
		}
	return err_set(e, ERR_NOT_FOUND, "seat %" PRId64, id);
}

static int
move(struct web_req *r, const struct view_seats *s, size_t from, bool up, struct err *e)
{
	int64_t *ids = xcalloc(s->n, sizeof *ids);
	size_t to = up ? from - 1 : from + 1;
	struct json *detail = json_obj();
	int rc = 0;

	json_put_str(detail, "login", s->v[from].login);
	for (size_t i = 0; i < s->n; i++)
		ids[i] = s->v[i].id;
	if ((up && from > 0) || (!up && to < s->n)) {
		ids[from] = s->v[to].id;
		ids[to] = s->v[from].id;
		rc =
		    bic_order(r->app->db, ids, s->n, e) == -1
			? -1
			: form_audit(r, "bic.move", "connection", r->project_id, detail, e);
	}
	json_free(detail);
	free(ids);
	return rc;
}

int
page_bic_move(struct web_req *r, struct err *e)
{
	struct view_seats s = {0};
	size_t at = 0;
	int rc = -1;

	if (r->stale)
		return form_stale_edit(r, NULL, e);
	if (db_begin(r->app->db, e) == 0 && form_seats(r, &s, e) == 0 &&
	    form_seat_place(&s, fcgi_input_i64(r->inputs, "bic", 0), &at, e) == 0 &&
	    move(r, &s, at, str_eq(fcgi_input(r->inputs, "to"), "up"), e) == 0)
		rc = form_done(r, "saved", e);
	view_seats_clear(&s);
	return rc;
}

static bool
works(const struct view_seat *v)
{
	return (str_eq(v->account_state, "ok") || str_eq(v->account_state, "suspect")) &&
	       !str_eq(v->state, "permission_lost");
}

/* Without this seat nobody could read for the project. */
static bool
is_last(const struct view_seats *s, size_t at)
{
	if (s->n > 1 && !works(&s->v[at]))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (i != at && works(&s->v[i]))
			return false;
	return true;
}

/* A page that asks once more, naming what would happen. */
static int
ask(struct web_req *r, const struct view_seat *v, struct err *e)
{
	struct web_message m = {409, "warning", TEXT_REMOVE_LAST_TITLE, TEXT_MAX,
	    web_say(r, TEXT_REMOVE_LAST, "login", v->login, NULL), NULL};
	char project[24];
	char bic[24];
	char back[64];
	const char *const fields[] = {"project", project, "bic", bic, "sure", "1", NULL};

	if (str_format(project, sizeof project, "%" PRId64, r->project_id) == -1 ||
	    str_format(bic, sizeof bic, "%" PRId64, v->id) == -1 ||
	    str_format(
		back, sizeof back, "/Projects/edit?project=%" PRId64, r->project_id) == -1)
		return err_set(e, ERR_BUG, "the ids of a seat");
	web_action(r, TEXT_BACK_TO_PROJECT, true, back, false, NULL);
	web_action(r, TEXT_REMOVE_ANYWAY, false, "/Projects/bic/remove", true, fields);
	return web_message(r, &m, e);
}

/* The account's last seat: its grant at Procore is given back. */
static int
revoke_unused(struct web_req *r, int64_t account_id, struct err *e)
{
	bool seated = true;

	if (hand_over_seated(r->app->db, account_id, &seated, e) == -1)
		return -1;
	return seated ? 0
		      : job_wish(r->app->db, JOB_REVOKE, account_id,
			    "{\"after\":\"needed\"}", JOB_PRIO_TOKEN, clk_now(), e);
}

static int
drop(struct web_req *r, const struct view_seat *v, struct err *e)
{
	struct json *detail = json_obj();
	int rc = -1;

	json_put_str(detail, "login", v->login);
	if (bic_remove(r->app->db, v->id, r->project_id, e) == 0 &&
	    revoke_unused(r, v->account_id, e) == 0 &&
	    job_wish(r->app->db, JOB_SYNC, r->project_id, "", JOB_PRIO_BUSY, clk_now(),
		e) == 0 &&
	    form_audit(r, "bic.remove", "connection", r->project_id, detail, e) == 0)
		rc = form_done(r, "removed", e);
	json_free(detail);
	return rc;
}

int
page_bic_remove(struct web_req *r, struct err *e)
{
	bool sure = str_eq(fcgi_input(r->inputs, "sure"), "1");
	struct view_seats s = {0};
	size_t at = 0;
	int rc = -1;

	if (r->stale)
		return form_stale_edit(r, NULL, e);
	if (db_begin(r->app->db, e) == 0 && form_seats(r, &s, e) == 0 &&
	    form_seat_place(&s, fcgi_input_i64(r->inputs, "bic", 0), &at, e) == 0)
		rc = is_last(&s, at) && !sure ? ask(r, &s.v[at], e) : drop(r, &s.v[at], e);
	view_seats_clear(&s);
	return rc;
}
