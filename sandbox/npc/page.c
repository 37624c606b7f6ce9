/* page.c: the pages on which one plays the architect. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/multipart.h"
#include "sandbox/npc/npc.h"

enum { FORM_MAX = 64 * 1024 * 1024 };

static void
page_headers(struct call *c, const char *type)
{
	fcgi_header(c->resp, "Content-Type", type);
	fcgi_header(c->resp, "Cache-Control", "no-store");
	fcgi_header(c->resp, "X-Content-Type-Options", "nosniff");
	fcgi_header(c->resp, "Referrer-Policy", "same-origin");
	fcgi_header(c->resp, "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
	    "base-uri 'none'; "
	    "frame-ancestors 'none'");
}

int
page_render(struct call *c, int status, const char *name, struct json *model, struct err *e)
{
	struct buf html = BUF_INIT(LIMIT_API_BODY);
	int rc = tmpl_render(c->n->tmpl, name, model, &html, e);

	json_free(model);
	if (rc == 0) {
		buf_clear(&c->resp->headers);
		page_headers(c, "text/html; charset=utf-8");
		buf_reset(&c->resp->body);
		buf_add(&c->resp->body, buf_str(&html), html.len);
		c->resp->status = status;
	}
	buf_clear(&html);
	return rc;
}

void
page_see_other(struct call *c, const char *path)
{
	c->resp->status = 303;
	fcgi_header(c->resp, "Location", path);
}

static int
message(struct call *c, int status, const char *text, struct err *e)
{
	struct json *m = json_obj();

	json_put_str(m, "text", text);
	return page_render(c, status, "npc-message.xhtml", m, e);
}

/* ---- models */

static int
page_projects(struct call *c, struct err *e)
{
	struct json *m = json_obj();

	if (nq_rows(c->n, NQ_PROJECT_PAGE, json_put_arr(m, "projects"), e, "") == -1) {
		json_free(m);
		return -1;
	}
	return page_render(c, 200, "npc-projects.xhtml", m, e);
}

static int
page_project(struct call *c, struct err *e)
{
	struct json *m = NULL;
	const char *id = c->seg[1];

	if (nq_json(c->n, NQ_PROJECT_JSON, &m, e, "s", id) == -1)
		return -1;
	if (m == NULL)
		return message(c, 404, "There is no such project.", e);
	json_put_str(m, "npcProjectId", id); /* rows of contacts have an id of their own */
	if (nq_rows(c->n, NQ_ITEM_PAGE, json_put_arr(m, "items"), e, "s", id) == -1 ||
	    nq_rows(c->n, NQ_CONTACT_PAGE, json_put_arr(m, "contacts"), e, "s", id) == -1) {
		json_free(m);
		return -1;
	}
	return page_render(c, 200, "npc-project.xhtml", m, e);
}

static void
flatten(struct json *m)
{
	json_put_str(m, "fromName", json_str_or(m, "from.name", ""));
	json_put_str(m, "fromCompany", json_str_or(m, "from.company", ""));
	json_put_str(m, "specNumber", json_str_or(m, "specSection.number", ""));
	json_put_str(m, "specName", json_str_or(m, "specSection.description", ""));
	json_put_str(m, "sourceLink", json_str_or(m, "source.link", ""));
	json_put_str(m, "sourceSystem", json_str_or(m, "source.system", ""));
	json_put_str(m, "sourceStatus", json_str_or(m, "source.status", ""));
	json_put_bool(m, "isOpen", str_eq(json_str_or(m, "status", ""), "Open"));
	json_put_str(
	    m, "kindName", str_eq(json_str_or(m, "kind", ""), "rfi") ? "RFI" : "Submittal");
}

/* Everything about one item; *out is NULL when there is none. */
static int
item_model(struct npc *n, const char *id, struct json **out, struct err *e)
{
	char *v[3] = {NULL};
	struct json *m = NULL;
	int rc = -1;

	*out = NULL;
	if (nq_row(n, NQ_ITEM_FIND, v, 3, e, "ss", NULL, id) == -1)
		goto out;
	if (v[0] == NULL || !str_eq(v[0], id)) {
		rc = 0;
		goto out;
	}
	if (nq_json(n, NQ_ITEM_JSON, &m, e, "sss", id, v[1], v[2]) == -1)
		goto out;
	flatten(m);
	json_put_str(m, "projectId", v[1]);
	if (responses_of(n, id, false, json_put_arr(m, "responses"), e) == -1 ||
	    files_of(n, NQ_FILE_OF_ITEM, id, false, json_put_arr(m, "files"), e) == -1 ||
	    nq_rows(n, NQ_KEYWORD_ACTIONS, json_put_arr(m, "actions"), e, "ss",
		str_eq(v[2], "rfi") ? "RFI Action List"
				    : "Global UAC Submittal Action List",
		v[1]) == -1 ||
	    nq_rows(n, NQ_CONTACT_ANSWERS, json_put_arr(m, "people"), e, "ss", v[1], id) ==
		-1)
		goto out;
	*out = m;
	m = NULL;
	rc = 0;
out:
	json_free(m);
	for (size_t i = 0; i < 3; i++)
		free(v[i]);
	return rc;
}

static int
page_item(struct call *c, int status, const char *fault, const char *text, struct err *e)
{
	struct json *m = NULL;

	if (item_model(c->n, c->seg[1], &m, e) == -1)
		return -1;
	if (m == NULL)
		return message(c, 404, "There is no such item.", e);
	json_put_str(m, "fault", fault);
	json_put_str(m, "typed", text);
	return page_render(c, status, "npc-item.xhtml", m, e);
}

static int
style_sheet(struct call *c, struct err *e)
{
	char *path = xasprintf("%s/npc.css", c->n->html);
	struct stat st;
	int rc = -1;

	c->resp->file_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->resp->file_fd == -1 || fstat(c->resp->file_fd, &st) == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
	} else {
		c->resp->file_bytes = st.st_size;
		c->resp->status = 200;
		page_headers(c, "text/css; charset=utf-8");
		rc = 0;
	}
	free(path);
	return rc;
}

/* ---- forms */

static int
do_respond(struct call *c, const struct multipart *m, struct err *e)
{
	char *person = multipart_text(m, "person"), *action = multipart_text(m, "action");
	char *text = multipart_text(m, "text");
	struct act_file file = {.name = NULL};
	int rc;

	for (size_t i = 0; i < m->n; i++) {
		const struct multipart_part *p = &m->part[i];

		if (p->filename != NULL && p->filename[0] != '\0' &&
		    str_eq(p->name, "file"))
			file = (struct act_file){.name = p->filename,
			    .p = p->p,
			    .size = (int64_t)p->len,
			    .type = p->type != NULL ? p->type : "application/octet-stream"};
	}
	rc = act_respond(c->n, c->seg[1],
	    &(struct act_answer){.person = person,
		.action = action,
		.text = text,
		.files = &file,
		.files_n = file.name != NULL ? 1 : 0,
		.closes = true},
	    e);
	free(person);
	free(action);
	free(text);
	return rc;
}

static int
do_form(struct call *c, const struct multipart *m, struct err *e)
{
	const char *what = c->seg[2], *id = c->seg[1];
	char *a = NULL, *b = NULL, *d = NULL;
	int rc;

	if (str_eq(what, "respond"))
		return do_respond(c, m, e);
	if (str_eq(what, "close"))
		return act_close(c->n, id, "close", e);
	if (str_eq(what, "send-and-close"))
		return act_close(c->n, id, "send_and_close", e);
	if (str_eq(what, "reopen"))
		return act_reopen(c->n, id, e);
	a = multipart_text(m, str_eq(what, "remarks") ? "remarks" : "email");
	b = multipart_text(m, "name");
	d = multipart_text(m, "company");
	if (str_eq(what, "remarks"))
		rc = act_remarks(c->n, id, a, e);
	else if (str_eq(what, "contact-add"))
		rc = act_contact_add(c->n, id, b, a, d, e);
	else if (str_eq(what, "contact-remove"))
		rc = act_contact_remove(c->n, id, a, e);
	else
		rc = err_set(e, ERR_NOT_FOUND, "no such form");
	free(a);
	free(b);
	free(d);
	return rc;
}

/* A form: done in one transaction, then back to the page; refused: the page again with the
 * reason. */
static int
page_post(struct call *c, struct err *e)
{
	struct buf body = BUF_INIT(FORM_MAX);
	struct multipart m = {.n = 0};
	struct err fault = {0};
	char *back = NULL, *typed = NULL;
	bool item = str_eq(c->seg[0], "items");
	int rc = 0;

	if (call_body(c, &body, &fault) == -1 ||
	    multipart_parse(c->req->p.content_type, buf_str(&body), body.len, &m, &fault) ==
		-1) {
		rc = message(c, 400, fault.msg, e);
		goto out;
	}
	if ((rc = db_begin(c->n->db, e)) == -1)
		goto out;
	if (do_form(c, &m, &fault) == -1) {
		db_rollback(c->n->db);
		typed = multipart_text(&m, "text");
		rc = item ? page_item(
				c, err_class(fault.code)->http_status, fault.msg, typed, e)
			  : message(c, err_class(fault.code)->http_status, fault.msg, e);
		goto out;
	}
	if ((rc = db_commit(c->n->db, e)) == -1)
		goto out;
	back = xasprintf("/%s/%s", c->seg[0], c->seg[1]);
	page_see_other(c, back);
out:
	multipart_clear(&m);
	buf_clear(&body);
	free(back);
	free(typed);
	return rc;
}

static bool
plain(const char *s)
{
	return s[0] != '\0' &&
	       s[strspn(
		   s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")] ==
		   '\0';
}

static int
page_get(struct call *c, struct err *e)
{
	if (c->segs == 0)
		return page_projects(c, e);
	if (c->segs == 1 && str_eq(c->seg[0], "npc.css"))
		return style_sheet(c, e);
	if (c->segs == 2 && plain(c->seg[1])) {
		if (str_eq(c->seg[0], "projects"))
			return page_project(c, e);
		if (str_eq(c->seg[0], "items"))
			return page_item(c, 200, NULL, NULL, e);
		if (str_eq(c->seg[0], "download"))
			return file_send(c, c->seg[1], false, e);
	}
	return message(c, 404, "There is no such page.", e);
}

int
page_handle(struct call *c, struct err *e)
{
	const char *site = c->req->p.http_sec_fetch_site;

	if (c->req->method == FCGI_GET || c->req->method == FCGI_HEAD)
		return page_get(c, e);
	if (c->req->method != FCGI_POST || c->segs != 3 || !plain(c->seg[1]) ||
	    (!str_eq(c->seg[0], "items") && !str_eq(c->seg[0], "projects")))
		return message(c, 404, "There is no such page.", e);
	if (site != NULL && !str_eq(site, "same-origin"))
		return message(c, 403, "This form was sent from another site.", e);
	return page_post(c, e);
}
