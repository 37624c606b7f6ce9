/* control.c: faults, clock, and everything a test or a rehearsal wants to set or see.
 * Loopback only. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/multipart.h"
#include "sandbox/npc/npc.h"

enum {
	FORM_MAX = 1024 * 1024,
	TIMES_MAX = 1000000,
	DAY_S = 86400,
	YEAR_S = 366 * 86400,
	FILE_MAX = 3 * 1024 * 1024,
	FILES_MAX = 200
};

/* A number member within bounds, or -1 with e; absent gives dflt. Forms send texts. */
static int
number(const struct json *b, const char *key, int64_t min, int64_t max, int64_t dflt,
    int64_t *out, struct err *e)
{
	const struct json *v = json_get(b, key);

	*out = dflt;
	if (v == NULL || json_type(v) == JSON_NULL || str_eq(json_str(v), ""))
		return 0;
	if (!json_as_i64(v, out) || *out < min || *out > max)
		return err_set(e, ERR_INPUT, "%s must be a whole number from %lld to %lld",
		    key, (long long)min, (long long)max);
	return 0;
}

static int
put_fault(struct call *c, const char *kind, int64_t status, int64_t retry_s,
    int64_t delay_ms, struct err *e)
{
	int64_t times = 1;

	if (number(c->body, "times", 1, TIMES_MAX, 1, &times, e) == -1)
		return -1;
	return nq_exec(c->n, NQ_FAULT_PUT, e, "sssiiii", kind,
	    json_str_or(c->body, "method", ""), json_str_or(c->body, "prefix", "/"), times,
	    status, retry_s, delay_ms);
}

static int
verb_status(struct call *c, struct err *e)
{
	int64_t status = 503, retry_s = 0;

	if (number(c->body, "status", 400, 599, 503, &status, e) == -1 ||
	    number(c->body, "retry_after", 0, DAY_S, 0, &retry_s, e) == -1)
		return -1;
	return put_fault(c, "status", status, retry_s, 0, e);
}

static int
verb_lost(struct call *c, struct err *e)
{
	return put_fault(c, "lost", 0, 0, 0, e);
}

static int
verb_cut(struct call *c, struct err *e)
{
	return put_fault(c, "cut", 0, 0, 0, e);
}

static int
verb_slow(struct call *c, struct err *e)
{
	int64_t ms = 0;

	if (number(c->body, "ms", 1, 60000, 5000, &ms, e) == -1)
		return -1;
	return put_fault(c, "slow", 0, 0, ms, e);
}

static int
verb_clear_faults(struct call *c, struct err *e)
{
	return nq_exec(c->n, NQ_FAULT_CLEAR, e, "");
}

static int
put_setting(struct call *c, const char *name, const char *member, int64_t min, int64_t max,
    struct err *e)
{
	char text[24];
	int64_t v = 0;

	if (json_get(c->body, member) == NULL)
		return err_set(e, ERR_INPUT, "%s is needed", member);
	if (number(c->body, member, min, max, 0, &v, e) == -1)
		return -1;
	BUG_IF(str_format(text, sizeof(text), "%lld", (long long)v) == -1);
	return nq_exec(c->n, NQ_SETTING_PUT, e, "ss", name, text);
}

static int
verb_clock(struct call *c, struct err *e)
{
	return put_setting(c, "clock_offset_s", "offset_s", -YEAR_S, YEAR_S, e);
}

static int
verb_session_life(struct call *c, struct err *e)
{
	return put_setting(c, "session_life_s", "seconds", 1, DAY_S, e);
}

static int
verb_url_life(struct call *c, struct err *e)
{
	return put_setting(c, "url_life_s", "seconds", 1, DAY_S, e);
}

static int
verb_expire_sessions(struct call *c, struct err *e)
{
	return nq_exec(c->n, NQ_SESSION_EXPIRE_ALL, e, "i", c->now_ms);
}

static int
verb_wrapper(struct call *c, struct err *e)
{
	const char *name = json_str_or(c->body, "name", "");

	if (!str_eq(name, "items") && !str_eq(name, "projects"))
		return err_set(e, ERR_INPUT, "name must be items or projects");
	return nq_exec(c->n, NQ_SETTING_PUT, e, "ss", "wrapper", name);
}

static int
verb_contact_add(struct call *c, struct err *e)
{
	return act_contact_add(c->n, json_str_or(c->body, "project", NULL),
	    json_str_or(c->body, "name", NULL), json_str_or(c->body, "email", NULL),
	    json_str_or(c->body, "company", NULL), e);
}

static int
verb_contact_remove(struct call *c, struct err *e)
{
	return act_contact_remove(c->n, json_str_or(c->body, "project", NULL),
	    json_str_or(c->body, "email", NULL), e);
}

static int
item_of(struct call *c, char **id, struct err *e)
{
	return act_find_item(c->n, json_str_or(c->body, "project", NULL),
	    json_str_or(c->body, "item", NULL), id, e);
}

/* made: [{name, size, seed}], files that are made up here. */
static int
take_made(const struct json *list, struct act_file *files, size_t *n, struct err *e)
{
	for (const struct json *f = json_first(list); f != NULL; f = json_next(f)) {
		if (*n >= FILES_MAX)
			return err_set(e, ERR_INPUT, "at most %d files", FILES_MAX);
		files[*n] = (struct act_file){.name = json_str_or(f, "name", ""),
		    .type = "application/octet-stream",
		    .size = json_i64_or(f, "size", 0),
		    .seed = json_i64_or(f, "seed", 1)};
		(*n)++;
	}
	return 0;
}

static int
verb_respond(struct call *c, struct err *e)
{
	const char *name = json_str_or(c->body, "file_name", ""),
		   *code = json_str_or(c->body, "file_base64", "");
	struct act_file *files = xcalloc(FILES_MAX, sizeof *files);
	uint8_t *bytes = xmalloc(FILE_MAX);
	char *id = NULL;
	size_t n = 0, len = 0;
	int rc = -1;

	if (item_of(c, &id, e) == -1)
		goto out;
	if (!str_empty(name)) {
		if (dec_base64(code, strlen(code), bytes, FILE_MAX, &len) == -1) {
			err_set(e, ERR_INPUT, "file_base64 is not base64, or above %d bytes",
			    FILE_MAX);
			goto out;
		}
		files[n++] = (struct act_file){.name = name,
		    .type = json_str_or(c->body, "file_type", "application/octet-stream"),
		    .p = bytes,
		    .size = (int64_t)len};
	}
	if (take_made(json_get(c->body, "made"), files, &n, e) == -1)
		goto out;
	rc = act_respond(c->n, id,
	    &(struct act_answer){.person = json_str_or(c->body, "person", NULL),
		.action = json_str_or(c->body, "action", NULL),
		.text = json_str_or(c->body, "text", NULL),
		.files = files,
		.files_n = n,
		.closes = json_bool_or(c->body, "closes", true)},
	    e);
out:
	free(files);
	free(bytes);
	free(id);
	return rc;
}

static int
verb_close(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_close(c->n, id, "close", e);
	free(id);
	return rc;
}

static int
verb_send_and_close(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_close(c->n, id, "send_and_close", e);
	free(id);
	return rc;
}

static int
verb_withdraw(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_withdraw(c->n, id, e);
	free(id);
	return rc;
}

static int
verb_edit(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_edit(c->n, id, json_str_or(c->body, "subject", NULL),
		    json_str_or(c->body, "body", NULL),
		    json_str_or(c->body, "due_date", NULL), e);
	free(id);
	return rc;
}

static int
verb_reopen(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_reopen(c->n, id, e);
	free(id);
	return rc;
}

static int
verb_remarks(struct call *c, struct err *e)
{
	char *id = NULL;
	int rc = item_of(c, &id, e);

	if (rc == 0)
		rc = act_remarks(c->n, id, json_str_or(c->body, "text", NULL), e);
	free(id);
	return rc;
}

static int
verb_keyword_rename(struct call *c, struct err *e)
{
	return act_keyword_rename(c->n, json_str_or(c->body, "list", NULL),
	    json_str_or(c->body, "from", NULL), json_str_or(c->body, "to", NULL), e);
}

static int
verb_keyword_add(struct call *c, struct err *e)
{
	return act_keyword_set(c->n, json_str_or(c->body, "project", NULL),
	    json_str_or(c->body, "name", NULL), true, e);
}

static int
verb_keyword_drop(struct call *c, struct err *e)
{
	return act_keyword_set(c->n, json_str_or(c->body, "project", NULL),
	    json_str_or(c->body, "name", NULL), false, e);
}

static int
verb_reset(struct call *c, struct err *e)
{
	return npc_reset(c->n, e);
}

static const struct {
	const char *name;
	call_handler fn;
} verbs[] = {{"status", verb_status}, {"lost_answer", verb_lost}, {"cut_body", verb_cut},
    {"slow", verb_slow}, {"clear_faults", verb_clear_faults}, {"clock", verb_clock},
    {"session_life", verb_session_life}, {"url_life", verb_url_life},
    {"expire_sessions", verb_expire_sessions}, {"wrapper", verb_wrapper},
    {"contact_add", verb_contact_add}, {"contact_remove", verb_contact_remove},
    {"respond", verb_respond}, {"close", verb_close}, {"reopen", verb_reopen},
    {"remarks", verb_remarks}, {"send_and_close", verb_send_and_close},
    {"withdraw", verb_withdraw}, {"edit", verb_edit},
    {"keyword_rename", verb_keyword_rename}, {"keyword_add", verb_keyword_add},
    {"keyword_drop", verb_keyword_drop},
    {"reset", verb_reset}};

/* ---- what one sees */

static int
add_settings(struct npc *n, struct json *out, struct err *e)
{
	static const char *const names[] = {
	    "clock_offset_s", "session_life_s", "url_life_s"};
	int64_t v = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (npc_setting(n, names[i], &v, e) == -1)
			return -1;
		json_put_i64(out, names[i], v);
	}
	if (nq_i64(n, NQ_SESSION_COUNT, 0, &v, e, "i", npc_now_ms(n)) == -1)
		return -1;
	json_put_i64(out, "sessions", v);
	return nq_rows(n, NQ_FAULT_LIST, json_put_arr(out, "faults"), e, "");
}

static int
add_items(struct npc *n, const char *project_id, struct json *out, struct err *e)
{
	struct json *rows = json_arr();
	const struct json *r;
	int rc = nq_rows(n, NQ_ITEM_LIST, rows, e, "ssssisii", project_id, NULL, NULL, NULL,
	    (int64_t)0, NULL, (int64_t)0, (int64_t)TIMES_MAX);

	for (r = json_first(rows); rc == 0 && r != NULL; r = json_next(r)) {
		struct json *one = json_dup(r);
		const char *id = json_str_or(r, "id", "");

		json_add(out, one);
		rc = responses_of(n, id, false, json_put_arr(one, "responses"), e);
		if (rc == 0)
			rc = files_of(
			    n, NQ_FILE_OF_ITEM, id, false, json_put_arr(one, "files"), e);
	}
	json_free(rows);
	return rc;
}

/* All of it, or of the one project that ?project= names by id, number or key. */
static int
control_state(struct call *c, struct err *e)
{
	static const struct fcgi_input inputs[] = {{.name = "project",
	    .where = FCGI_QUERY,
	    .check = fcgi_check_line,
	    .max_bytes = 64}};
	struct fcgi_inputs *in = NULL;
	struct json *out = json_obj(), *rows = json_arr(),
		    *projects = json_put_arr(out, "projects");
	const struct json *p;
	char *only = NULL;
	int rc = -1;

	if (fcgi_inputs_read(c->req, inputs, 1, &in, e) == -1 ||
	    (fcgi_input(in, "project") != NULL &&
		nq_text(c->n, NQ_PROJECT_BY_KEY, &only, e, "s",
		    fcgi_input(in, "project")) == -1))
		goto out;
	rc = nq_rows(c->n, NQ_PROJECT_LIST, rows, e, "");
	for (p = json_first(rows); rc == 0 && p != NULL; p = json_next(p)) {
		const char *id = json_str_or(p, "id", "");
		struct json *one;

		if (fcgi_input(in, "project") != NULL && !str_eq(only, id))
			continue;
		one = json_dup(p);
		json_add(projects, one);
		rc = nq_rows(c->n, NQ_CONTACT_LIST, json_put_arr(one, "contacts"), e,
		    "sssi", id, NULL, NULL, (int64_t)TIMES_MAX);
		if (rc == 0)
			rc = add_items(c->n, id, json_put_arr(one, "items"), e);
	}
	if (rc == 0)
		rc = add_settings(c->n, out, e);
	if (rc == 0) {
		rc = call_json(c, 200, out);
		out = NULL;
	}
out:
	json_free(out);
	json_free(rows);
	fcgi_inputs_free(in);
	free(only);
	return rc;
}

static int
control_calls(struct call *c, struct err *e)
{
	static const struct fcgi_input inputs[] = {{.name = "after",
	    .where = FCGI_QUERY,
	    .check = fcgi_check_id,
	    .max_bytes = 19}};
	struct fcgi_inputs *in = NULL;
	struct json *out;

	if (fcgi_inputs_read(c->req, inputs, 1, &in, e) == -1)
		return -1;
	out = json_obj();
	if (nq_rows(c->n, NQ_CALL_LIST, json_put_arr(out, "calls"), e, "ii",
		fcgi_input_i64(in, "after", 0), (int64_t)5000) == -1) {
		fcgi_inputs_free(in);
		json_free(out);
		return -1;
	}
	fcgi_inputs_free(in);
	return call_json(c, 200, out);
}

static int
control_page(struct call *c, int status, const char *fault, struct err *e)
{
	struct json *m = json_obj();

	json_put_str(m, "fault", fault);
	if (add_settings(c->n, m, e) == -1 ||
	    nq_rows(c->n, NQ_CALL_LIST, json_put_arr(m, "calls"), e, "ii", (int64_t)0,
		(int64_t)50) == -1 ||
	    nq_rows(c->n, NQ_PROJECT_LIST, json_put_arr(m, "projects"), e, "") == -1) {
		json_free(m);
		return -1;
	}
	return page_render(c, status, "npc-control.xhtml", m, e);
}

/* ---- in and out */

/* A form's text fields as a JSON object, so that verbs know one kind of input. */
static int
form_body(struct call *c, const struct buf *text, struct err *e)
{
	struct multipart m = {.n = 0};
	int rc = multipart_parse(c->req->p.content_type, buf_str(text), text->len, &m, e);

	c->body = json_obj();
	for (size_t i = 0; rc == 0 && i < m.n; i++) {
		char *value = multipart_text(&m, m.part[i].name);

		json_put_str(c->body, m.part[i].name, value);
		free(value);
	}
	multipart_clear(&m);
	return rc;
}

static int
run_verb(struct call *c, call_handler fn, struct err *e)
{
	if (db_begin(c->n->db, e) == -1)
		return -1;
	if (fn(c, e) == -1) {
		db_rollback(c->n->db);
		return -1;
	}
	return db_commit(c->n->db, e);
}

static int
control_post(struct call *c, call_handler fn, struct err *e)
{
	struct buf text = BUF_INIT(NPC_JSON_MAX);
	struct json *out;
	struct err fault = {0};
	const char *type = c->req->p.content_type;
	bool form = type != NULL && (str_starts_ci(type, "multipart/") ||
					str_starts_ci(type, "application/x-www-form"));
	int rc;

	rc = call_body(c, &text, &fault);
	if (rc == 0)
		rc = form
			 ? form_body(c, &text, &fault)
			 : json_parse(text.len > 0 ? buf_str(&text) : "{}",
			       text.len > 0 ? text.len : 2, NPC_JSON_MAX, &c->body, &fault);
	buf_clear(&text);
	if (rc == 0)
		rc = run_verb(c, fn, &fault);
	if (rc == -1 && form)
		return control_page(c, err_class(fault.code)->http_status, fault.msg, e);
	if (rc == -1)
		return call_refuse(c, err_class(fault.code)->http_status,
		    err_class(fault.code)->name, "%s", fault.msg);
	if (form) {
		page_see_other(c, "/_control");
		return 0;
	}
	out = json_obj();
	json_put_bool(out, "ok", true);
	return call_json(c, 200, out);
}

int
control_handle(struct call *c, struct err *e)
{
	const char *addr = c->req->p.remote_addr, *site = c->req->p.http_sec_fetch_site;
	bool get = c->req->method == FCGI_GET || c->req->method == FCGI_HEAD;

	if (addr == NULL || (!str_starts(addr, "127.") && !str_eq(addr, "::1")))
		return call_refuse(c, 403, "not_found", "from this machine only");
	if (get && c->segs == 1)
		return control_page(c, 200, NULL, e);
	if (get && c->segs == 2 && str_eq(c->seg[1], "state"))
		return control_state(c, e);
	if (get && c->segs == 2 && str_eq(c->seg[1], "calls"))
		return control_calls(c, e);
	if (c->req->method != FCGI_POST || c->segs != 2)
		return call_refuse(c, 404, "not_found", "no such control");
	if (site != NULL && !str_eq(site, "same-origin"))
		return call_refuse(c, 403, "bad_request", "sent from another site");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (str_eq(verbs[i].name, c->seg[1]))
			return control_post(c, verbs[i].fn, e);
	}
	return call_refuse(c, 404, "not_found", "no verb %.60s", c->seg[1]);
}
