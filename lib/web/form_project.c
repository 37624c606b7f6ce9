/* Changes of one project: sync now, schedule, response map, pause, resume, disconnect. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "store/bic.h"
#include "store/connection.h"
#include "store/job.h"

enum { POLL_MIN = 1, POLL_MAX = 120 };

const struct fcgi_input page_sync_inputs[] = {FORM_CSRF, FORM_PROJECT};
const size_t page_sync_inputs_n = FORM_INPUTS_N(page_sync_inputs);
const struct fcgi_input page_pause_inputs[] = {FORM_CSRF, FORM_PROJECT};
const size_t page_pause_inputs_n = FORM_INPUTS_N(page_pause_inputs);
const struct fcgi_input page_resume_inputs[] = {FORM_CSRF, FORM_PROJECT};
const size_t page_resume_inputs_n = FORM_INPUTS_N(page_resume_inputs);
const struct fcgi_input page_disconnect_inputs[] = {
    FORM_CSRF, FORM_PROJECT, {"sure", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_disconnect_inputs_n = FORM_INPUTS_N(page_disconnect_inputs);
const struct fcgi_input page_settings_inputs[] = {FORM_CSRF, FORM_PROJECT,
    {"poll_minutes", FCGI_FORM, fcgi_check_text, 8, false, false},
    {"webhooks", FCGI_FORM, fcgi_check_id, 1, false, false}};
const size_t page_settings_inputs_n = FORM_INPUTS_N(page_settings_inputs);
const struct fcgi_input page_response_map_inputs[] = {FORM_CSRF, FORM_PROJECT,
    {"action", FCGI_FORM, fcgi_check_line, 512, false, true},
    {"choice", FCGI_FORM, fcgi_check_any, 19, false, true}};
const size_t page_response_map_inputs_n = FORM_INPUTS_N(page_response_map_inputs);

/* ---- sync now */

int
page_sync(struct web_req *r, struct err *e)
{
	struct db *db = r->app->db;
	bool taken = false;

	if (r->stale)
		return form_stale_edit(r, NULL, e);
	if (db_begin(db, e) == -1 ||
	    connection_ask_sync(db, r->project_id, &taken, e) == -1)
		return -1;
	if (taken && (job_wish(db, JOB_SYNC, r->project_id, "", JOB_PRIO_PERSON, clk_now(),
			  e) == -1 ||
			 form_audit(r, "connection.sync", "connection", r->project_id, NULL,
			     e) == -1))
		return -1;
	return form_done(r, taken ? "sync" : "sync-soon", e);
}

/* ---- schedule */

/* Its hook at Procore is made or removed; where neither is wanted the worker does nothing.
 */
static int
wish_webhook(struct web_req *r, struct err *e)
{
	return job_wish(
	    r->app->db, JOB_WEBHOOK, r->project_id, "", JOB_PRIO_BUSY, clk_now(), e);
}

static int
save_settings(struct web_req *r, int64_t minutes, bool webhooks, struct err *e)
{
	struct db *db = r->app->db;
	struct json *detail = json_obj();
	int rc = -1;

	json_put_i64(detail, "poll_minutes", minutes);
	json_put_bool(detail, "webhooks", webhooks);
	/* A pass soon, so that a shorter interval begins now. */
	if (db_begin(db, e) == 0 &&
	    connection_set_settings(db, r->project_id, minutes, webhooks, e) == 0 &&
	    wish_webhook(r, e) == 0 &&
	    job_wish(db, JOB_SYNC, r->project_id, "", JOB_PRIO_BUSY, clk_now(), e) == 0 &&
	    form_audit(r, "connection.settings", "connection", r->project_id, detail, e) ==
		0)
		rc = form_done(r, "saved", e);
	json_free(detail);
	return rc;
}

int
page_settings(struct web_req *r, struct err *e)
{
	const char *minutes = fcgi_input(r->inputs, "poll_minutes");
	const char *webhooks = fcgi_input(r->inputs, "webhooks");
	struct page_typed typed = {.poll_minutes = minutes == NULL ? "" : minutes,
	    .webhooks = webhooks == NULL ? "" : "1"};
	bool off = r->app->conf.webhook_public_url[0] == '\0';
	int64_t n = 0;

	if (r->stale)
		return form_stale_edit(r, &typed, e);
	/* "" is the installation's interval. */
	if (!str_empty(minutes) && num_parse_i64(minutes, POLL_MIN, POLL_MAX, &n) == -1) {
		web_notice(r, "warning", lang_text(r->lang, TEXT_NOTICE_MINUTES_TITLE),
		    lang_text(r->lang, TEXT_NOTICE_MINUTES));
		return page_edit_show(r, 400, &typed, e);
	}
	return save_settings(r, n, webhooks != NULL && !off, e);
}

/* ---- response map */

int
form_save_map(struct web_req *r, struct err *e)
{
	struct json *detail = json_obj();
	struct json *list = json_put_arr(detail, "actions");
	size_t n = fcgi_input_n(r->inputs, "action");
	int rc = -1;

	for (size_t i = 0; i < n; i++) {
		const char *action = fcgi_input_i(r->inputs, "action", i);
		const char *choice = fcgi_input_i(r->inputs, "choice", i);
		bool changed = false;
		int64_t id = 0;

		if (choice[0] != '\0' && num_parse_i64(choice, 1, INT64_MAX, &id) == -1) {
			err_set(
			    e, ERR_INPUT, "input choice has a value that is not allowed");
			goto out;
		}
		if (connection_map(r->app->db, r->project_id, action, id,
			r->person.user_name, &changed, e) == -1)
			goto out;
		if (changed)
			json_add_str(list, action);
	}
	rc = json_len(list) == 0
		 ? 0
		 : form_audit(r, "connection.map", "connection", r->project_id, detail, e);
out:
	json_free(detail);
	return rc;
}

int
page_response_map(struct web_req *r, struct err *e)
{
	struct page_typed typed = {.map = r->inputs};

	if (fcgi_input_n(r->inputs, "action") != fcgi_input_n(r->inputs, "choice"))
		return err_set(e, ERR_INPUT, "each action needs its choice");
	if (r->stale)
		return form_stale_edit(r, &typed, e);
	if (db_begin(r->app->db, e) == -1 || form_save_map(r, e) == -1 ||
	    job_wish(
		r->app->db, JOB_SYNC, r->project_id, "", JOB_PRIO_BUSY, clk_now(), e) == -1)
		return -1;
	return form_done(r, "saved", e);
}

/* ---- pause, resume, disconnect */

static int
set_state(struct web_req *r, const char *state, const char *action, struct err *e)
{
	if (db_begin(r->app->db, e) == -1 ||
	    connection_set_state(r->app->db, r->project_id, state, e) == -1 ||
	    wish_webhook(r, e) == -1)
		return -1;
	return form_audit(r, action, "connection", r->project_id, NULL, e);
}

int
page_pause(struct web_req *r, struct err *e)
{
	if (r->stale)
		return form_stale_edit(r, NULL, e);
	return set_state(r, "paused", "connection.pause", e) == -1
		   ? -1
		   : form_done(r, "paused", e);
}

int
page_resume(struct web_req *r, struct err *e)
{
	if (r->stale)
		return form_stale_edit(r, NULL, e);
	if (set_state(r, "active", "connection.resume", e) == -1 ||
	    job_wish(r->app->db, JOB_SYNC, r->project_id, "", JOB_PRIO_PERSON, clk_now(),
		e) == -1)
		return -1;
	return form_done(r, "resumed", e);
}

/* Who has no other project is signed out of Procore: the worker looks whether that is so. */
static int
wish_revocations(struct web_req *r, struct err *e)
{
	struct view_seats s = {0};
	int rc = form_seats(r, &s, e);

	for (size_t i = 0; rc == 0 && i < s.n; i++)
		rc = job_wish(r->app->db, JOB_REVOKE, s.v[i].account_id,
		    "{\"after\":\"needed\"}", JOB_PRIO_TOKEN, clk_now(), e);
	view_seats_clear(&s);
	return rc;
}

int
page_disconnect(struct web_req *r, struct err *e)
{
	if (r->stale)
		return form_stale_edit(r, NULL, e);
	if (!str_eq(fcgi_input(r->inputs, "sure"), "1"))
		return err_set(e, ERR_INPUT, "tick the box to disconnect the project");
	if (set_state(r, "disconnected", "connection.disconnect", e) == -1 ||
	    wish_revocations(r, e) == -1 || db_commit(r->app->db, e) == -1)
		return -1;
	return web_redirect(r, "/Projects?done=disconnected", e);
}
