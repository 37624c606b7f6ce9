/* Connect a project: its forms. What a form names is looked up again: the lists that the
 * worker read and the connection's own row decide, not hidden fields. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/num.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/bic.h"
#include "store/browse.h"
#include "store/draft.h"
#include "store/job.h"
#include "store/view.h"
#include "web/pages.h"

#define FORM_NPC                                                                           \
	{                                                                                  \
		"npc", FCGI_FORM, fcgi_check_line, 255, true, false                        \
	}
#define FORM_DRAFT                                                                         \
	{                                                                                  \
		"draft", FCGI_FORM, fcgi_check_id, 19, true, false                         \
	}

const struct fcgi_input page_connect_sign_in_inputs[] = {FORM_CSRF, FORM_NPC};
const size_t page_connect_sign_in_inputs_n = FORM_INPUTS_N(page_connect_sign_in_inputs);
const struct fcgi_input page_connect_choose_inputs[] = {FORM_CSRF, FORM_NPC,
    {"account", FCGI_FORM, fcgi_check_public_id, 32, true, false},
    {"company", FCGI_FORM, fcgi_check_id, 19, true, false},
    {"project", FCGI_FORM, fcgi_check_id, 19, true, false}};
const size_t page_connect_choose_inputs_n = FORM_INPUTS_N(page_connect_choose_inputs);
const struct fcgi_input page_connect_check_inputs[] = {FORM_CSRF, FORM_DRAFT};
const size_t page_connect_check_inputs_n = FORM_INPUTS_N(page_connect_check_inputs);
const struct fcgi_input page_connect_save_inputs[] = {FORM_CSRF, FORM_DRAFT,
    {"action", FCGI_FORM, fcgi_check_line, 512, false, true},
    {"choice", FCGI_FORM, fcgi_check_any, 19, false, true},
    {"webhooks", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_connect_save_inputs_n = FORM_INPUTS_N(page_connect_save_inputs);

/* ---- sign in as the first ball-in-court user */

static int
start_sign_in(struct web_req *r, const char *npc, struct err *e)
{
	struct buf back = BUF_INIT(LIMIT_URL);
	struct oauth_ask ask = {.purpose = OAUTH_CONNECT};
	int rc;

	/* The callback adds the account that signed in. */
	buf_puts(&back, "/Projects/connect?npc=");
	enc_percent(&back, npc);
	ask.return_to = buf_str(&back);
	rc = page_continue_to(r, &ask, "", e);
	buf_clear(&back);
	return rc;
}

int
page_connect_sign_in(struct web_req *r, struct err *e)
{
	static const struct browse_key key = {0, "npc_project", 0};
	struct page_chosen c = {.npc = fcgi_input(r->inputs, "npc")};
	struct browse_row row;

	if (r->stale) {
		pages_stale(r);
		return page_connect_show(r, PAGES_STALE_STATUS, &c, e);
	}
	if (browse_row_get(r->app->db, &key, c.npc, &row, e) == -1)
		return -1;
	return start_sign_in(r, row.remote_id, e);
}

/* ---- both projects chosen */

/* The names on both sides out of the lists. errors: ERR_NOT_FOUND not in them */
static int
look_up(struct web_req *r, const struct account *a, struct draft *d, struct err *e)
{
	struct browse_key npc = {0, "npc_project", 0};
	struct browse_key company = {a->id, "company", 0};
	struct browse_key project = {a->id, "project", 0};
	struct browse_row row;

	if (browse_row_get(r->app->db, &npc, fcgi_input(r->inputs, "npc"), &row, e) == -1)
		return -1;
	str_cut(d->npc_id, sizeof d->npc_id, row.remote_id);
	str_cut(d->npc_number, sizeof d->npc_number, row.number);
	str_cut(d->npc_name, sizeof d->npc_name, row.name);
	str_cut(d->npc_server, sizeof d->npc_server, row.extra);
	if (browse_row_get(
		r->app->db, &company, fcgi_input(r->inputs, "company"), &row, e) == -1)
		return -1;
	d->company_id = fcgi_input_i64(r->inputs, "company", 0);
	str_cut(d->company, sizeof d->company, row.name);
	project.parent_id = d->company_id;
	if (browse_row_get(
		r->app->db, &project, fcgi_input(r->inputs, "project"), &row, e) == -1)
		return -1;
	d->procore_id = fcgi_input_i64(r->inputs, "project", 0);
	str_cut(d->procore_number, sizeof d->procore_number, row.number);
	str_cut(d->procore_name, sizeof d->procore_name, row.name);
	return 0;
}

static int
taken(struct web_req *r, int64_t id, struct err *e)
{
	struct web_message m = {
	    409, "warning", TEXT_CONNECT_TAKEN_TITLE, TEXT_CONNECT_TAKEN, NULL, NULL};
	char path[64];

	if (str_format(path, sizeof path, "/Projects/edit?project=%" PRId64, id) == -1)
		return err_set(e, ERR_BUG, "path");
	web_action(r, TEXT_CONNECT_OPEN_TAKEN, true, path, false, NULL);
	web_action(r, TEXT_BACK_TO_LIST, false, "/Projects", false, NULL);
	return web_message(r, &m, e);
}

static int
to_draft(struct web_req *r, int64_t id, struct err *e)
{
	char path[64];

	if (str_format(path, sizeof path, "/Projects/connect?draft=%" PRId64, id) == -1)
		return err_set(e, ERR_BUG, "path");
	if (db_commit(r->app->db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	return web_redirect(r, path, e);
}

static int
prepare(struct web_req *r, const struct account *a, struct draft *d, struct err *e)
{
	struct db *db = r->app->db;
	int64_t seat = 0;
	int64_t who = 0;
	bool added = false;

	if (db_begin(db, e) == -1 ||
	    draft_taken(db, d->npc_id, d->procore_id, &who, e) == -1)
		return -1;
	if (who != 0) {
		db_rollback(db);
		return taken(r, who, e);
	}
	if (draft_ensure(db, d, e) == -1 || draft_only_seat(db, d->id, a->id, e) == -1 ||
	    form_audit(r, "connection.prepare", "connection", d->id, NULL, e) == -1 ||
	    bic_add(db, d->id, a->id, r->person.user_name, &seat, &added, e) == -1 ||
	    job_wish(db, JOB_CHECK_BIC, seat, "", JOB_PRIO_PERSON, clk_now(), e) == -1 ||
	    job_wish(db, JOB_CHOICES, d->id, "", JOB_PRIO_PERSON, clk_now(), e) == -1)
		return -1;
	return to_draft(r, d->id, e);
}

static int
choose_again(struct web_req *r, struct err *e)
{
	struct page_chosen c = {fcgi_input(r->inputs, "npc"),
	    fcgi_input(r->inputs, "account"), fcgi_input_i64(r->inputs, "company", 0),
	    NULL};

	return page_connect_show(r, r->stale ? PAGES_STALE_STATUS : 200, &c, e);
}

int
page_connect_choose(struct web_req *r, struct err *e)
{
	struct account a = {0};
	struct draft d = {0};
	int rc = -1;

	if (r->stale) {
		pages_stale(r);
		return choose_again(r, e);
	}
	if (account_by_public_id(r->app->db, fcgi_input(r->inputs, "account"), &a, e) == -1)
		return -1;
	if (a.state != ACCOUNT_OK && a.state != ACCOUNT_SUSPECT)
		rc = choose_again(r, e); /* its sign-in ended meanwhile */
	else if (look_up(r, &a, &d, e) == 0)
		rc = prepare(r, &a, &d, e);
	account_clear(&a);
	return rc;
}

/* ---- check once more */

static int
wish_checks(struct web_req *r, int64_t id, struct err *e)
{
	struct view_seats s = {0};
	char ids[32];
	int rc = -1;

	if (str_format(ids, sizeof ids, "[%" PRId64 "]", id) == -1)
		return err_set(e, ERR_BUG, "id");
	if (view_seats(r->app->db, ids, &s, e) == 0)
		rc = job_wish(
		    r->app->db, JOB_CHOICES, id, "", JOB_PRIO_PERSON, clk_now(), e);
	for (size_t i = 0; rc == 0 && i < s.n; i++)
		rc = job_wish(r->app->db, JOB_CHECK_BIC, s.v[i].id, "", JOB_PRIO_PERSON,
		    clk_now(), e);
	view_seats_clear(&s);
	return rc;
}

int
page_connect_check(struct web_req *r, struct err *e)
{
	int64_t id = fcgi_input_i64(r->inputs, "draft", 0);
	struct draft d = {0};

	if (r->stale) {
		pages_stale(r);
		return page_draft_show(r, PAGES_STALE_STATUS, id, NULL, e);
	}
	if (db_begin(r->app->db, e) == -1 || draft_get(r->app->db, id, &d, e) == -1 ||
	    wish_checks(r, id, e) == -1 ||
	    form_audit(r, "connection.check", "connection", id, NULL, e) == -1)
		return -1;
	return to_draft(r, id, e);
}

/* ---- save */

static int
save(struct web_req *r, const struct draft *d, struct err *e)
{
	bool can = r->app->conf.webhook_public_url[0] != '\0';
	bool webhooks = can && fcgi_input(r->inputs, "webhooks") != NULL;
	struct db *db = r->app->db;
	struct json *detail = json_obj();
	int rc = -1;

	json_put_str(detail, "npc", d->npc_id);
	json_put_i64(detail, "procore", d->procore_id);
	json_put_bool(detail, "again", d->back);
	json_put_bool(detail, "webhooks", webhooks);
	if (form_save_map(r, e) == 0 &&
	    draft_open(db, d->id, r->person.user_name, webhooks, e) == 0 &&
	    form_audit(r, "connection.add", "connection", d->id, detail, e) == 0 &&
	    wish_checks(r, d->id, e) == 0 &&
	    job_wish(db, JOB_WEBHOOK, d->id, "", JOB_PRIO_BUSY, clk_now(), e) == 0 &&
	    job_wish(db, JOB_SYNC, d->id, "", JOB_PRIO_PERSON, clk_now(), e) == 0)
		rc = form_done(r, "new", e);
	json_free(detail);
	return rc;
}

/* Not a draft any more: a second click on Save, or a reload when no answer came, ends where
 * the first did. errors: *e as it is, when it is anything else */
static int
saved_before(struct web_req *r, int64_t id, struct err *e)
{
	struct err why = {0};
	bool mine = false;

	if (e->code != ERR_NOT_FOUND ||
	    draft_saved(r->app->db, id, r->person.user_name, &mine, &why) == -1 || !mine)
		return -1;
	err_clear(e);
	r->project_id = id;
	return form_done(r, "new", e);
}

int
page_connect_save(struct web_req *r, struct err *e)
{
	const char *webhooks = fcgi_input(r->inputs, "webhooks");
	struct page_typed typed = {
	    .map = r->inputs, .webhooks = webhooks == NULL ? "" : "1"};
	int64_t id = fcgi_input_i64(r->inputs, "draft", 0);
	struct draft d = {0};
	int64_t who = 0;

	if (fcgi_input_n(r->inputs, "action") != fcgi_input_n(r->inputs, "choice"))
		return err_set(e, ERR_INPUT, "each action needs its choice");
	if (r->stale) {
		pages_stale(r);
		return page_draft_show(r, PAGES_STALE_STATUS, id, &typed, e);
	}
	if (db_begin(r->app->db, e) == -1)
		return -1;
	if (draft_get(r->app->db, id, &d, e) == -1)
		return saved_before(r, id, e);
	if (draft_taken(r->app->db, d.npc_id, d.procore_id, &who, e) == -1)
		return -1;
	if (who != 0) {
		db_rollback(r->app->db);
		return taken(r, who, e);
	}
	r->project_id = id; /* of the map, and where one ends */
	return save(r, &d, e);
}
