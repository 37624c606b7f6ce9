/* A person leaves: what that means, and doing it. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/enroll.h"
#include "store/job.h"
#include "store/leave.h"
#include "store/person.h"
#include "web/pages.h"

enum { MAX_ACCOUNTS = 64 };

const struct fcgi_input page_person_remove_inputs[] = {FORM_CSRF,
    {"person", FCGI_FORM, fcgi_check_line, 256, true, false},
    {"sure", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_person_remove_inputs_n = FORM_INPUTS_N(page_person_remove_inputs);

/* ---- what it means */

static void
add_fact(void *arg, const struct leave_seat *s)
{
	struct web_req *r = arg;
	struct json *o;

	if (r->facts == NULL)
		r->facts = json_put_arr(r->model, "facts");
	o = json_add_obj(r->facts);
	json_put_str(o, "name",
	    web_say(r, TEXT_NUMBER_NAME, "number", s->number, "name", s->name, NULL));
	json_put_str(o, "value",
	    s->next[0] != '\0'
		? web_say(r, TEXT_LEAVE_NEXT, "login", s->login, "next", s->next, NULL)
		: web_say(r, TEXT_LEAVE_NOBODY, "login", s->login, NULL));
}

static int
ask(struct web_req *r, const struct person *p, struct err *e)
{
	struct web_message m = {r->stale ? PAGES_STALE_STATUS : 409, "warning",
	    TEXT_LEAVE_TITLE, TEXT_MAX,
	    web_say(r, TEXT_LEAVE, "person", p->user_name, NULL), NULL};
	const char *const fields[] = {"person", p->user_name, "sure", "1", NULL};

	if (leave_seats(r->app->db, p->id, add_fact, r, e) == -1)
		return -1;
	web_action(r, TEXT_BACK, true, "/Projects/people", false, NULL);
	web_action(r, TEXT_LEAVE_REMOVE, false, "/Projects/people/remove", true, fields);
	return web_message(r, &m, e);
}

/* Somebody must be left who may do all. */
static int
last_admin(struct web_req *r, const struct person *p, struct err *e)
{
	struct web_message m = {409, "warning", TEXT_LEAVE_LAST_TITLE, TEXT_MAX,
	    web_say(r, TEXT_LEAVE_LAST, "person", p->user_name, NULL), NULL};

	web_action(r, TEXT_BACK, true, "/Projects/people", false, NULL);
	return web_message(r, &m, e);
}

/* ---- doing it */

static int
give_up(struct web_req *r, int64_t account_id, struct err *e)
{
	struct db *db = r->app->db;

	if (leave_unseat(db, account_id, e) == -1)
		return -1;
	return job_wish(db, JOB_REVOKE, account_id, "{\"after\":\"removed\"}",
	    JOB_PRIO_PERSON, clk_now(), e);
}

static int
remove_person(struct web_req *r, const struct person *p, struct err *e)
{
	struct json *detail = json_obj();
	int64_t ids[MAX_ACCOUNTS];
	bool removed = false;
	size_t n = 0;
	int rc;

	json_put_str(detail, "person", p->user_name);
	rc = leave_accounts(r->app->db, p->id, ids, MAX_ACCOUNTS, &n, e);
	if (rc == 0 && n > MAX_ACCOUNTS)
		rc = err_set(e, ERR_LIMIT, "%s has more than %d accounts", p->user_name,
		    MAX_ACCOUNTS);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = give_up(r, ids[i], e);
	if (rc == 0)
		rc = enroll_person_remove(r->app->db, p->user_name, &removed, e);
	if (rc == 0)
		rc = form_audit(r, "person.remove", "person", p->id, detail, e);
	if (rc == 0)
		rc = db_commit(r->app->db, e);
	json_free(detail);
	if (rc == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	return web_redirect(r, "/Projects/people?done=left", e);
}

int
page_person_remove(struct web_req *r, struct err *e)
{
	struct person p;
	int64_t admins = 0;

	if (db_begin(r->app->db, e) == -1 ||
	    person_get(r->app->db, fcgi_input(r->inputs, "person"), &p, e) == -1 ||
	    enroll_global_admins(r->app->db, &admins, e) == -1)
		return -1;
	if (p.id == 0) /* nobody of that name, or removed already */
		return err_set(e, ERR_NOT_FOUND, "person %s", p.user_name);
	if (p.global_admin && admins < 2) {
		db_rollback(r->app->db);
		return last_admin(r, &p, e);
	}
	/* A stale form is asked about once more like a first one. */
	if (r->stale || !str_eq(fcgi_input(r->inputs, "sure"), "1")) {
		db_rollback(r->app->db);
		if (r->stale)
			pages_stale(r);
		return ask(r, &p, e);
	}
	return remove_person(r, &p, e);
}
