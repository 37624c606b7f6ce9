/* What people do about issues and items: try again, dismiss. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/rnd.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/job.h"
#include "store/retry.h"
#include "store/view_items.h"
#include "web/denied.h"
#include "web/pages.h"
#include "web/words.h"

/* 500 characters, as the field says (issue-list.xhtml), of at most 3 bytes for each that a
 * browser counts. */
enum { REASON_MAX_BYTES = 1500 };

#define FORM_ISSUE                                                                         \
	{                                                                                  \
		"issue", FCGI_FORM, fcgi_check_id, 19, true, false                         \
	}
#define FORM_BACK                                                                          \
	{                                                                                  \
		"back", FCGI_FORM, fcgi_check_word, 8, false, false                        \
	}

const struct fcgi_input page_issue_retry_inputs[] = {FORM_CSRF, FORM_ISSUE, FORM_BACK};
const size_t page_issue_retry_inputs_n = FORM_INPUTS_N(page_issue_retry_inputs);
const struct fcgi_input page_issue_retry_all_inputs[] = {
    FORM_CSRF, FORM_PROJECT, FORM_BACK};
const size_t page_issue_retry_all_inputs_n = FORM_INPUTS_N(page_issue_retry_all_inputs);
const struct fcgi_input page_issue_dismiss_inputs[] = {FORM_CSRF, FORM_ISSUE, FORM_BACK,
    {"reason", FCGI_FORM, fcgi_check_line, REASON_MAX_BYTES, true, false}};
const size_t page_issue_dismiss_inputs_n = FORM_INPUTS_N(page_issue_dismiss_inputs);
const struct fcgi_input page_item_retry_inputs[] = {
    FORM_CSRF, {"item", FCGI_FORM, fcgi_check_id, 19, true, false}};
const size_t page_item_retry_inputs_n = FORM_INPUTS_N(page_item_retry_inputs);

enum { NUMBER_MAX_BYTES = 60 };
const struct fcgi_input page_item_pull_inputs[] = {FORM_CSRF, FORM_PROJECT,
    {"kind", FCGI_FORM, fcgi_check_word, 16, true, false},
    {"number", FCGI_FORM, fcgi_check_line, NUMBER_MAX_BYTES, true, false}};
const size_t page_item_pull_inputs_n = FORM_INPUTS_N(page_item_pull_inputs);

static int
refuse(struct web_req *r, struct err *e)
{
	denied_note(r);
	return err_set(e, ERR_AUTH, "not allowed for %s", r->person.user_name);
}

/* Look up the open issue and make its project the request's. One that is gone, or
 * another's, does not exist. */
static int
open_issue(struct web_req *r, struct view_issue_at *out, struct err *e)
{
	if (view_issue(r->app->db, fcgi_input_i64(r->inputs, "issue", 0), out, e) == -1)
		return -1;
	return web_use_project(r, out->connection_id, e);
}

/* The page that the form stood on, once more. */
static int
stale(struct web_req *r, const struct page_typed *typed, struct err *e)
{
	if (str_eq(fcgi_input(r->inputs, "back"), "edit"))
		return form_stale_edit(r, typed, e);
	pages_stale(r);
	return page_issues_show(r, PAGES_STALE_STATUS, r->project_id, typed, e);
}

static int
audit_issue(struct web_req *r, const char *action, const struct view_issue_at *i,
    const char *reason, struct err *e)
{
	struct json *detail = json_obj();
	int rc;

	json_put_str(detail, "what", i->message);
	json_put_str(detail, "reason", reason);
	rc = form_audit(r, action, "connection", i->connection_id, detail, e);
	json_free(detail);
	return rc;
}

static int
retry_issue_item(struct web_req *r, const struct view_issue_at *i, struct err *e)
{
	if (retry_item(r->app->db, i->item_id, false, e) == -1)
		return -1;
	return retry_event(r->app->db, i->item_id, r->person.user_name,
	    web_say(r, TEXT_EVENT_RETRY, "what", i->message, NULL), e);
}

int
page_issue_retry(struct web_req *r, struct err *e)
{
	struct db *db = r->app->db;
	struct view_issue_at i = {0};
	bool may = false;

	if (open_issue(r, &i, e) == -1 ||
	    page_item_may_retry(r, i.account_id, &may, e) == -1)
		return -1;
	if (!may)
		return refuse(r, e);
	if (r->stale)
		return stale(r, NULL, e);
	if (db_begin(db, e) == -1 || (i.item_id != 0 && retry_issue_item(r, &i, e) == -1) ||
	    job_wish(db, JOB_SYNC, i.connection_id, "", JOB_PRIO_PERSON, clk_now(), e) ==
		-1 ||
	    audit_issue(r, "issue.retry", &i, "", e) == -1)
		return -1;
	return form_done_back(r, "retry", e);
}

int
page_issue_retry_all(struct web_req *r, struct err *e)
{
	struct db *db = r->app->db;

	if (r->stale)
		return stale(r, NULL, e);
	if (db_begin(db, e) == -1 || retry_connection(db, r->project_id, e) == -1 ||
	    job_wish(db, JOB_SYNC, r->project_id, "", JOB_PRIO_PERSON, clk_now(), e) ==
		-1 ||
	    form_audit(r, "issue.retry_all", "connection", r->project_id, NULL, e) == -1)
		return -1;
	return form_done_back(r, "retry", e);
}

int
page_issue_dismiss(struct web_req *r, struct err *e)
{
	int64_t id = fcgi_input_i64(r->inputs, "issue", 0);
	const char *reason = fcgi_input(r->inputs, "reason");
	struct page_typed typed = {.issue = id, .reason = reason};
	struct view_issue_at i = {0};

	if (open_issue(r, &i, e) == -1)
		return -1;
	if (!web_may(r, ACCESS_DISMISS))
		return refuse(r, e);
	if (reason[strspn(reason, " ")] == '\0')
		return err_set(e, ERR_INPUT, "a reason is needed");
	if (r->stale)
		return stale(r, &typed, e);
	if (db_begin(r->app->db, e) == -1 ||
	    retry_dismiss(r->app->db, id, r->person.user_name, reason, e) == -1 ||
	    (i.item_id != 0 &&
		retry_event(r->app->db, i.item_id, r->person.user_name,
		    web_say(r, TEXT_EVENT_DISMISSED, "reason", reason, NULL), e) == -1) ||
	    audit_issue(r, "issue.dismiss", &i, reason, e) == -1)
		return -1;
	return form_done_back(r, "dismissed", e);
}

/* ---- items */

/* About its project, so that those who see the project see it. */
static int
audit_item(struct web_req *r, int64_t id, const struct view_item *i, struct err *e)
{
	struct json *detail = json_obj();
	int rc;

	json_put_i64(detail, "item", id);
	json_put_str(detail, "what",
	    web_say(r, TEXT_KIND_NUMBER, "kind", words_kind(r, i->kind), "number",
		words_number(r, i->number, i->revision), NULL));
	rc = form_audit(r, "item.retry", "connection", i->connection_id, detail, e);
	json_free(detail);
	return rc;
}

static int
pull(struct web_req *r, int64_t id, const struct view_item *i, struct err *e)
{
	struct db *db = r->app->db;
	char path[64];

	if (str_format(path, sizeof path, "/Projects/items/%" PRId64 "?done=retry", id) ==
	    -1)
		return err_set(e, ERR_BUG, "the way back");
	if (db_begin(db, e) == -1 || retry_item(db, id, true, e) == -1 ||
	    retry_event(db, id, r->person.user_name, lang_text(r->lang, TEXT_EVENT_PULLED),
		e) == -1 ||
	    job_wish(db, JOB_SYNC, i->connection_id, "", JOB_PRIO_PERSON, clk_now(), e) ==
		-1 ||
	    audit_item(r, id, i, e) == -1 || db_commit(db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	return web_redirect(r, path, e);
}

int
page_item_retry(struct web_req *r, struct err *e)
{
	int64_t id = fcgi_input_i64(r->inputs, "item", 0);
	struct view_item i = {0};
	bool may = false;
	int rc = -1;

	if (view_item(r->app->db, id, &i, e) == -1)
		return -1;
	if (web_use_project(r, i.connection_id, e) == -1 ||
	    page_item_may_retry(r, i.account_id, &may, e) == -1)
		goto out;
	if (!may) {
		rc = refuse(r, e);
	} else if (r->stale) {
		pages_stale(r);
		rc = page_item_show(r, PAGES_STALE_STATUS, id, e);
	} else {
		rc = pull(r, id, &i, e);
	}
out:
	view_item_clear(&i);
	return rc;
}

/* By its number, also one that was never listed. */
static int
wish_pull(struct web_req *r, struct json *detail, struct err *e)
{
	char *arg;
	int rc = -1;

	if (db_begin(r->app->db, e) == -1 ||
	    form_audit(r, "item.pull", "connection", r->project_id, detail, e) == -1)
		return -1;
	json_put_i64(detail, "connection", r->project_id);
	json_put_str(detail, "by", r->person.user_name);
	arg = json_text(detail);
	rc = job_wish(r->app->db, JOB_PULL, rnd_between(1, JSON_INT_MAX), arg,
	    JOB_PRIO_PERSON, clk_now(), e);
	free(arg);
	return rc;
}

int
page_item_pull(struct web_req *r, struct err *e)
{
	const char *kind = fcgi_input(r->inputs, "kind"),
		   *number = fcgi_input(r->inputs, "number");
	char word[NUMBER_MAX_BYTES + 1];
	struct json *detail;
	int rc;

	if (!str_eq(kind, "rfi") && !str_eq(kind, "submittal"))
		return err_set(e, ERR_INPUT, "no such kind of item");
	number += strspn(number, " ");
	if (number[0] == '\0' || str_copy(word, sizeof word, number) == -1)
		return err_set(e, ERR_INPUT, "a number is needed");
	for (size_t n = strlen(word); n > 0 && word[n - 1] == ' '; n--)
		word[n - 1] = '\0';
	if (r->stale)
		return form_stale_edit(r, NULL, e);
	detail = json_obj();
	json_put_str(detail, "kind", kind);
	json_put_str(detail, "number", word);
	rc = wish_pull(r, detail, e);
	json_free(detail);
	return rc == -1 ? -1 : form_done(r, "retry", e);
}
