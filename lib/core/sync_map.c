/* What Procore and Project Center say, as the facts of core/plan. Shapes:
 * procore.md 5.4, 6.4 (nulls, "" and unknown members occur everywhere),
 * docs/npc-gateway.yaml. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

int64_t
map_time(const struct json *j, const char *path)
{
	int64_t at = 0;

	if (clk_parse_iso(json_str_or(j, path, ""), &at) == -1)
		return 0;
	return at;
}

/* The first of two members that is a text with something in it. */
static const char *
first_of(const struct json *j, const char *a, const char *b)
{
	const char *v = json_str_or(j, a, "");

	return str_empty(v) ? json_str_or(j, b, "") : v;
}

/* "2025-03-10" of a date or a time; "" otherwise. */
static void
set_date(struct plan_fields *f, enum plan_field k, const char *v)
{
	char day[11] = "";
	int64_t at;

	if (strlen(v) >= 10) {
		memcpy(day, v, 10);
		day[10] = '\0';
	}
	plan_fields_set(f, k, clk_parse_iso(day, &at) == 0 ? day : "");
}

/* The contract's ceilings; longer texts are cut, not refused. */
static void
set_cut(struct plan_fields *f, enum plan_field k, const char *v, size_t max_bytes)
{
	char *copy = xmalloc(max_bytes + 1);
	char *trimmed;

	str_cut(copy, max_bytes + 1, v);
	trimmed = str_trim_dup(copy);
	plan_fields_set(f, k, trimmed);
	free(trimmed);
	free(copy);
}

static void
set_number(struct plan_remote *r, const char *number)
{
	char *with;

	r->number = xstrdup(number);
	with = str_empty(r->revision) || str_eq(r->revision, "0")
		   ? xstrdup(number)
		   : xasprintf("%s Rev. %s", number, r->revision);
	set_cut(&r->fields, PLAN_NUMBER, with, 255);
	free(with);
}

/* What both kinds have. */
static void
map_common(const struct json *j, struct plan_remote *r)
{
	const struct json *from = json_get(j, "received_from");

	if (json_type(from) != JSON_OBJECT)
		from = json_get(j, "created_by");
	set_cut(&r->fields, PLAN_FROM, json_str_or(from, "name", ""), 255);
	if (strchr(json_str_or(from, "login", ""), '@') != NULL)
		set_cut(&r->fields, PLAN_FROM_MAIL, json_str_or(from, "login", ""), 254);
	set_date(&r->fields, PLAN_DUE_DATE, json_str_or(j, "due_date", ""));
	set_cut(&r->fields, PLAN_SPEC_NUMBER,
	    json_str_or(j, "specification_section.number", ""), 64);
	set_cut(&r->fields, PLAN_SPEC_NAME,
	    json_str_or(j, "specification_section.description", ""), 255);
	set_cut(&r->fields, PLAN_SUBJECT, first_of(j, "subject", "title"), 500);
	r->is_private = json_bool_or(j, "private", false);
	r->current_revision = json_bool_or(j, "current_revision", true);
	r->created_at = map_time(j, "created_at");
	r->updated_at = map_time(j, "updated_at");
	r->revision = xstrdup(json_str_or(j, "revision", ""));
	if (json_bool_or(j, "deleted", false) ||
	    !str_empty(json_str_or(j, "deleted_at", "")))
		r->status = PLAN_DELETED;
}

static bool
holds_id(const struct json *people, int64_t id)
{
	for (const struct json *p = json_first(people); p != NULL; p = json_next(p))
		if (id != 0 && json_i64_or(p, "id", 0) == id)
			return true;
	return false;
}

static struct plan_person *
add_person(struct plan_remote *r, const struct json *user)
{
	struct plan_person *p = plan_remote_add_person(r);

	p->user_id = json_i64_or(user, "id", 0);
	p->login = str_lower_dup(json_str_or(user, "login", ""));
	p->name = xstrdup(json_str_or(user, "name", ""));
	return p;
}

static void
add_file(struct plan_remote *r, int64_t id, const struct json *j)
{
	struct plan_file *f;

	for (size_t i = 0; i < r->files_n; i++)
		if (r->files[i].id == id)
			return;
	if (id == 0)
		return;
	f = plan_remote_add_file(r);
	f->id = id;
	f->name = xstrdup(first_of(j, "name", "filename"));
	f->url = xstrdup(json_str_or(j, "url", ""));
	f->version = xstrdup(json_str_or(j, "markup_updated_at", ""));
	f->unavailable = json_bool_or(j, "file_unavailable", false) || str_empty(f->url);
}

/* ---- RFI */

static enum plan_status
rfi_status(const struct json *j)
{
	const char *s = json_str_or(j, "status", "");

	if (str_eq(s, "recycled"))
		return PLAN_DELETED;
	if (str_eq(s, "draft") || str_eq(s, "closed_draft") ||
	    json_bool_or(j, "draft", false))
		return PLAN_DRAFT;
	if (str_eq(s, "open"))
		return PLAN_OPEN;
	return str_starts(s, "closed") ? PLAN_CLOSED : PLAN_UNKNOWN;
}

static void
map_answers(const struct json *answers, struct plan_remote *r)
{
	for (const struct json *a = json_first(answers); a != NULL; a = json_next(a)) {
		struct plan_reply *p = plan_remote_add_reply(r);
		struct buf text = BUF_INIT(LIMIT_TEXT);

		p->id = json_i64_or(a, "id", 0);
		p->user_id = json_i64_or(a, "created_by_id", 0);
		p->at = map_time(a, "answer_date");
		if (str_empty(json_str_or(a, "plain_text_body", "")))
			map_from_html(first_of(a, "rich_text_body", "body"), &text);
		else
			buf_puts(&text, json_str_or(a, "plain_text_body", ""));
		p->text = buf_take(&text);
	}
}

static void
map_questions(const struct json *questions, struct plan_remote *r)
{
	struct buf body = BUF_INIT(LIMIT_TEXT);

	for (const struct json *q = json_first(questions); q != NULL; q = json_next(q)) {
		const char *plain = json_str_or(q, "plain_text_body", "");

		if (body.len > 0)
			buf_puts(&body, "\n\n");
		if (str_empty(plain))
			map_from_html(first_of(q, "rich_text_body", "body"), &body);
		else
			buf_puts(&body, plain);
		for (const struct json *a = json_first(json_get(q, "attachments"));
		     a != NULL; a = json_next(a))
			add_file(r, json_i64_or(a, "id", 0), a);
		map_answers(json_get(q, "answers"), r);
	}
	plan_fields_set(&r->fields, PLAN_BODY, buf_str(&body));
	buf_clear(&body);
}

/* Forwarded for review: the ball is with people who are no assignees. The manager's and the
 * creator's turns are no requests to answer; lists do not tell the role. */
static void
add_reviewers(const struct json *j, struct plan_remote *r)
{
	const char *role = json_str_or(j, "ball_in_court_role", "assignees");
	const struct json *who;

	if (!str_eq(role, "assignees"))
		return;
	for (who = json_first(json_get(j, "ball_in_courts")); who != NULL;
	     who = json_next(who)) {
		int64_t id = json_i64_or(who, "id", 0);
		bool known = id == json_i64_or(j, "rfi_manager.id", 0) ||
			     id == json_i64_or(j, "created_by.id", 0);
		struct plan_person *p;

		for (size_t i = 0; i < r->people_n; i++)
			known = known || r->people[i].user_id == id;
		if (known || id == 0)
			continue;
		p = add_person(r, who);
		p->approver = p->reached = p->in_court = true;
	}
}

static void
map_rfi(const struct json *j, struct plan_remote *r)
{
	const struct json *court = json_get(j, "ball_in_courts");
	const struct json *who = json_first(json_get(j, "assignees"));
	int64_t first = json_i64_or(j, "ball_in_court.id", 0),
		source = json_i64_or(j, "source_rfi_header_id", 0);

	r->status = rfi_status(j);
	map_common(j, r);
	r->status_text = xstrdup(first_of(j, "translated_status", "status"));
	set_number(r, first_of(j, "full_number", "number"));
	set_date(&r->fields, PLAN_RECEIVED_DATE, first_of(j, "initiated_at", "created_at"));
	set_cut(&r->fields, PLAN_LINK, json_str_or(j, "link", ""), 2000);
	r->source_id = source == r->id ? 0 : source;
	if (who == NULL && json_type(json_get(j, "assignee")) == JSON_OBJECT) {
		struct plan_person *p = add_person(r, json_get(j, "assignee"));

		p->approver = p->reached = true;
		p->in_court = p->user_id != 0 && p->user_id == first;
	}
	for (; who != NULL; who = json_next(who)) {
		struct plan_person *p = add_person(r, who);

		p->approver = p->reached = true;
		p->required = json_bool_or(who, "response_required", false);
		p->in_court =
		    holds_id(court, p->user_id) || (p->user_id != 0 && p->user_id == first);
	}
	add_reviewers(j, r);
	map_questions(json_get(j, "questions"), r);
}

/* ---- submittal */

static enum plan_status
submittal_status(const struct json *status)
{
	const char *category = json_str_or(status, "status", ""),
		   *name = json_str_or(status, "name", "");

	if (str_eq_ci(name, "void") || str_eq_ci(category, "void"))
		return PLAN_VOID;
	if (str_eq_ci(category, "open"))
		return PLAN_OPEN;
	if (str_eq_ci(category, "closed"))
		return PLAN_CLOSED;
	return str_eq_ci(category, "draft") ? PLAN_DRAFT : PLAN_UNKNOWN;
}

static bool
has_answered(const struct json *approver)
{
	const char *considered = json_str_or(approver, "response.considered", "");

	return !str_empty(considered) && !str_eq_ci(considered, "pending");
}

/* The step whose turn it is: the lowest with somebody required who has not answered;
 * INT64_MAX: none. The Submitter's own entry does not hold up the workflow once the
 * submittal is open. */
static int64_t
current_step(const struct json *approvers)
{
	int64_t step = INT64_MAX;

	for (const struct json *a = json_first(approvers); a != NULL; a = json_next(a)) {
		int64_t n = json_i64_or(a, "workflow_group_number", 0);

		if (!str_eq_ci(json_str_or(a, "approver_type", ""), "Submitter") &&
		    !has_answered(a) && json_bool_or(a, "response_required", true) &&
		    n < step)
			step = n;
	}
	return step;
}

static void
map_approvers(const struct json *j, struct plan_remote *r)
{
	const struct json *approvers = json_get(j, "approvers"),
			  *court = json_get(j, "ball_in_court");
	int64_t step = current_step(approvers);

	for (const struct json *a = json_first(approvers); a != NULL; a = json_next(a)) {
		struct plan_person *p = add_person(r, json_get(a, "user"));
		int64_t n = json_i64_or(a, "workflow_group_number", 0);

		p->approver = !str_eq_ci(json_str_or(a, "approver_type", ""), "Submitter");
		p->approver_id = json_i64_or(a, "id", 0);
		p->answered = has_answered(a);
		p->response_id = json_i64_or(a, "response.id", 0);
		p->response_name = xstrdup(json_str_or(a, "response.name", ""));
		p->comment = xstrdup(json_str_or(a, "comment", ""));
		p->required = json_bool_or(a, "response_required", true);
		p->in_court =
		    p->approver && !p->answered && holds_id(court, p->user_id) && n <= step;
		p->reached = p->in_court || p->answered || n <= step;
	}
}

static void
map_submittal(
    const struct json *j, const char *web_url, int64_t project_id, struct plan_remote *r)
{
	const struct json *status = json_get(j, "status");
	struct buf text = BUF_INIT(LIMIT_TEXT), link = BUF_INIT(LIMIT_URL);

	if (json_type(status) != JSON_OBJECT)
		status = json_get(j, "submittal_log_status");
	r->status = submittal_status(status);
	map_common(j, r);
	r->status_text = xstrdup(first_of(status, "name", "status"));
	set_number(r, first_of(j, "formatted_number", "number"));
	set_date(
	    &r->fields, PLAN_RECEIVED_DATE, first_of(j, "received_date", "created_at"));
	set_cut(&r->fields, PLAN_TYPE,
	    json_type(json_get(j, "type")) == JSON_STRING ? json_str_or(j, "type", "")
							  : json_str_or(j, "type.name", ""),
	    255);
	buf_printf(&link, "%s/%" PRId64 "/project/submittal_logs/show/%" PRId64, web_url,
	    project_id, r->id);
	set_cut(&r->fields, PLAN_LINK, buf_str(&link), 2000);
	map_from_html(first_of(j, "description", "rich_text_description"), &text);
	plan_fields_set(&r->fields, PLAN_BODY, buf_str(&text));
	r->source_id = json_i64_or(j, "source_submittal_log_id", 0);
	map_approvers(j, r);
	for (const struct json *a = json_first(json_get(j, "attachments")); a != NULL;
	     a = json_next(a))
		add_file(r, json_i64_or(a, "id", 0), a);
	if (r->files_n == 0)
		for (const struct json *a =
			 json_first(json_get(j, "associated_attachments"));
		     a != NULL; a = json_next(a))
			add_file(r, json_i64_or(a, "attachment_id", 0), a);
	buf_clear(&text);
	buf_clear(&link);
}

int
map_procore(enum plan_kind kind, const struct json *j, const char *web_url,
    int64_t project_id, struct plan_remote *out, struct err *e)
{
	struct plan_remote r = {.kind = kind};

	if (json_need_i64(j, "id", 1, JSON_INT_MAX, &r.id, e) == -1)
		return -1;
	if (kind == PLAN_RFI)
		map_rfi(j, &r);
	else
		map_submittal(j, web_url, project_id, &r);
	set_cut(&r.fields, PLAN_STATUS, r.status_text, 255);
	if (r.status == PLAN_DELETED)
		plan_fields_set(&r.fields, PLAN_STATUS, "Deleted");
	*out = r;
	return 0;
}
