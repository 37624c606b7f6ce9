/* Connect a project: choosing. Each step is an address that names what was chosen before
 * it; everything named is looked up in the lists that the worker read, so a made-up address
 * leads to "not found" and nowhere else. Without script (html/README.md). */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/str.h"
#include "io/wake.h"
#include "store/browse.h"
#include "store/job.h"
#include "web/pages.h"

enum {
	/* A list this old is read again when somebody looks at it; after a failure sooner.
	 */
	LIST_OLD_S = 600,
	LIST_FAILED_S = 60
};

const struct fcgi_input page_connect_inputs[] = {
    {"npc", FCGI_QUERY, fcgi_check_line, 255, false, false},
    {"account", FCGI_QUERY, fcgi_check_public_id, 32, false, false},
    {"company", FCGI_QUERY, fcgi_check_id, 19, false, false},
    {"draft", FCGI_QUERY, fcgi_check_id, 19, false, false},
    {"q", FCGI_QUERY, fcgi_check_line, 100, false, false},
    {"page", FCGI_QUERY, fcgi_check_id, 19, false, false},
};
const size_t page_connect_inputs_n = FORM_INPUTS_N(page_connect_inputs);

enum step { STEP_NPC, STEP_SIGN_IN, STEP_COMPANY, STEP_PROJECT };

/* What was chosen, looked up. */
struct way {
	const struct page_chosen *chosen;
	enum step step;
	struct browse_row npc, company;
	struct account account;
};

/* ---- addresses */

/* "/Projects/connect?npc=...&account=..." with what was chosen before a step, and "&". */
static void
add_path(const struct way *w, enum step before, struct buf *b)
{
	buf_puts(b, "/Projects/connect?");
	if (before > STEP_NPC) {
		buf_puts(b, "npc=");
		enc_percent(b, w->npc.remote_id);
		buf_putc(b, '&');
	}
	if (before > STEP_SIGN_IN)
		buf_printf(b, "account=%s&", w->account.public_id);
	if (before > STEP_COMPANY)
		buf_printf(b, "company=%s&", w->company.remote_id);
}

static void
put_path(struct web_req *r, const struct way *w, enum step before, const char *key,
    const char *value, struct json *obj, const char *as)
{
	struct buf b = BUF_INIT(LIMIT_URL);

	buf_puts(&b, r->app->conf.public_path);
	add_path(w, before, &b);
	if (key != NULL) {
		buf_printf(&b, "%s=", key);
		enc_percent(&b, value);
	}
	json_put_str(obj, as, buf_str(&b));
	buf_clear(&b);
}

/* ---- what was chosen */

static int
look_up_account(struct web_req *r, struct way *w, struct err *e)
{
	if (w->chosen->account == NULL)
		return 0;
	if (account_by_public_id(r->app->db, w->chosen->account, &w->account, e) == -1)
		return -1;
	/* Signed out meanwhile: sign in again. */
	if (w->account.state == ACCOUNT_OK || w->account.state == ACCOUNT_SUSPECT)
		w->step = STEP_COMPANY;
	return 0;
}

static int
look_up(struct web_req *r, struct way *w, struct err *e)
{
	struct browse_key npc = {0, "npc_project", 0};
	struct browse_key company = {0, "company", 0};
	char id[24];

	if (w->chosen->npc == NULL)
		return 0;
	if (browse_row_get(r->app->db, &npc, w->chosen->npc, &w->npc, e) == -1)
		return -1;
	w->step = STEP_SIGN_IN;
	if (look_up_account(r, w, e) == -1)
		return -1;
	if (w->step != STEP_COMPANY || w->chosen->company == 0)
		return 0;
	company.account_id = w->account.id;
	if (str_format(id, sizeof id, "%" PRId64, w->chosen->company) == -1)
		return err_set(e, ERR_BUG, "company");
	if (browse_row_get(r->app->db, &company, id, &w->company, e) == -1)
		return -1;
	w->step = STEP_PROJECT;
	return 0;
}

static const char *
full_name(struct web_req *r, const struct browse_row *b)
{
	if (b->number[0] == '\0')
		return b->name;
	return web_say(r, TEXT_NUMBER_NAME, "number", b->number, "name", b->name, NULL);
}

static void
put_step(struct web_req *r, const struct way *w, struct json *list, enum step step,
    enum text what, const char *value)
{
	struct json *o = json_add_obj(list);

	json_put_str(o, "text", lang_text(r->lang, what));
	json_put_str(o, "value", step < w->step ? value : "");
	if (step < w->step)
		put_path(r, w, step, NULL, NULL, o, "href");
	else
		json_put_str(o, "href", "");
	json_put_str(o, "current", step == w->step ? "step" : "false");
}

static void
put_steps(struct web_req *r, const struct way *w)
{
	struct json *list = json_put_arr(r->model, "steps");

	put_step(r, w, list, STEP_NPC, TEXT_CONNECT_STEP_NPC, full_name(r, &w->npc));
	put_step(r, w, list, STEP_SIGN_IN, TEXT_CONNECT_STEP_SIGN_IN,
	    w->account.login != NULL ? w->account.login : "");
	put_step(r, w, list, STEP_COMPANY, TEXT_CONNECT_STEP_COMPANY, w->company.name);
	put_step(r, w, list, STEP_PROJECT, TEXT_CONNECT_STEP_PROJECT, "");
	put_step(r, w, list, STEP_PROJECT + 1, TEXT_CONNECT_STEP_SAVE, "");
}

/* ---- the list of a step */

struct rows {
	struct web_req *r;
	const struct way *w;
	struct json *list;
};

static void
add_row(void *arg, const struct browse_row *row)
{
	static const char *const keys[] = {
	    [STEP_NPC] = "npc", [STEP_SIGN_IN] = "account", [STEP_COMPANY] = "company"};
	struct rows *b = arg;
	struct json *o = json_add_obj(b->list);
	bool taken = row->connection_id != 0;
	bool choose = b->w->step == STEP_PROJECT;

	json_put_str(o, "id", row->remote_id);
	json_put_str(o, "number", row->number);
	json_put_str(o, "name", row->name);
	json_put_str(o, "extra", row->extra);
	json_put_i64(o, "connected", row->connection_id);
	json_put_bool(o, "choose", choose && !taken);
	if (taken || choose)
		json_put_str(o, "href", "");
	else
		put_path(
		    b->r, b->w, b->w->step, keys[b->w->step], row->remote_id, o, "href");
}

/* Ask for a list that was never read or is old; *out as it then stands. A GET may do that:
 * it fills a cache and changes nothing that anybody made. */
static int
ask(struct web_req *r, const struct browse_key *k, struct browse_list *out, struct err *e)
{
	struct db *db = r->app->db;
	int64_t now = clk_now();
	bool read;

	if (browse_get(db, k, out, e) == -1)
		return -1;
	read = out->read_at != 0 && out->read_at >= out->wanted_at;
	if (out->wanted_at != 0 &&
	    !(read &&
		out->read_at < now - (out->error[0] != '\0' ? LIST_FAILED_S : LIST_OLD_S)))
		return 0;
	if (db_begin(db, e) == -1 || browse_want(db, k, e) == -1 ||
	    job_wish(db, JOB_BROWSE, k->account_id, "", JOB_PRIO_PERSON, now, e) == -1 ||
	    db_commit(db, e) == -1)
		return -1;
	wake_send(r->app->conf.wake_socket);
	out->wanted_at = now;
	return 0;
}

static void
put_state(struct web_req *r, const struct browse_key *k, const struct browse_list *l)
{
	bool reading = k != NULL && (l->read_at == 0 || l->read_at < l->wanted_at);
	bool npc = k != NULL && k->account_id == 0;

	json_put_str(r->model, "reading",
	    reading ? lang_text(r->lang,
			  npc ? TEXT_CONNECT_READING_NPC : TEXT_CONNECT_READING_PROCORE)
		    : "");
	json_put_str(r->model, "error", reading ? "" : l->error);
}

static const char *
empty_text(struct web_req *r, const struct way *w, const char *search)
{
	if (search[0] != '\0')
		return web_say(r, TEXT_CONNECT_EMPTY_SEARCH, "search", search, NULL);
	return lang_text(r->lang,
	    w->step == STEP_SIGN_IN ? TEXT_CONNECT_EMPTY_ACCOUNTS : TEXT_CONNECT_EMPTY);
}

/* The list's parameters besides the page. */
static void
put_pages(struct web_req *r, const struct way *w, const char *search, int64_t n)
{
	static const enum text words[][2] = {
	    [STEP_NPC] = {TEXT_PROJECTS_ONE, TEXT_PROJECTS_MANY},
	    [STEP_SIGN_IN] = {TEXT_ACCOUNTS_ONE, TEXT_ACCOUNTS_MANY},
	    [STEP_COMPANY] = {TEXT_COMPANIES_ONE, TEXT_COMPANIES_MANY},
	    [STEP_PROJECT] = {TEXT_PROJECTS_ONE, TEXT_PROJECTS_MANY},
	};
	struct buf path = BUF_INIT(LIMIT_URL);

	add_path(w, w->step, &path);
	if (search[0] != '\0') {
		buf_puts(&path, "q=");
		enc_percent(&path, search);
		buf_putc(&path, '&');
	}
	pages_put(r, buf_str(&path), n, words[w->step][0], words[w->step][1]);
	buf_clear(&path);
}

static int
put_list(struct web_req *r, const struct way *w, const char *search, struct err *e)
{
	struct browse_key keys[] = {[STEP_NPC] = {0, "npc_project", 0},
	    [STEP_COMPANY] = {w->account.id, "company", 0},
	    [STEP_PROJECT] = {w->account.id, "project", w->chosen->company}};
	const struct browse_key *k = w->step == STEP_SIGN_IN ? NULL : &keys[w->step];
	struct rows b = {r, w, json_put_arr(r->model, "rows")};
	struct browse_list l = {0};
	int64_t n = 0;
	int64_t from = pages_offset(r);
	int rc;

	if (k != NULL && ask(r, k, &l, e) == -1)
		return -1;
	rc = k == NULL ? browse_accounts_count(r->app->db, search, &n, e)
		       : browse_count(r->app->db, k, search, &n, e);
	if (rc == 0)
		rc = k == NULL ? browse_accounts(
				     r->app->db, search, PAGES_ROWS, from, add_row, &b, e)
			       : browse_rows(r->app->db, k, search, PAGES_ROWS, from,
				     add_row, &b, e);
	if (rc == -1)
		return -1;
	put_state(r, k, &l);
	put_pages(r, w, search, n);
	json_put_str(r->model, "empty", n == 0 ? empty_text(r, w, search) : "");
	return 0;
}

/* ---- the page */

/* Hidden fields of the search and of the forms; "" while not chosen. */
static void
put_chosen(struct web_req *r, const struct way *w, const char *search)
{
	json_put_str(r->model, "npc", w->step > STEP_NPC ? w->npc.remote_id : "");
	json_put_str(
	    r->model, "account", w->step > STEP_SIGN_IN ? w->account.public_id : "");
	json_put_str(
	    r->model, "company", w->step > STEP_COMPANY ? w->company.remote_id : "");
	json_put_str(r->model, "search", search);
	json_put_bool(r->model, "sign_in", w->step == STEP_SIGN_IN);
	put_path(
	    r, w, w->step, search[0] != '\0' ? "q" : NULL, search, r->model, "refresh");
}

int
page_connect_show(struct web_req *r, int status, const struct page_chosen *c, struct err *e)
{
	static const enum text titles[] = {TEXT_CONNECT_STEP_NPC, TEXT_CONNECT_STEP_SIGN_IN,
	    TEXT_CONNECT_STEP_COMPANY, TEXT_CONNECT_STEP_PROJECT};
	const char *search = c->search == NULL ? "" : c->search;
	struct way w = {.chosen = c, .step = STEP_NPC};
	int rc = -1;

	if (look_up(r, &w, e) == 0 && put_list(r, &w, search, e) == 0) {
		put_steps(r, &w);
		put_chosen(r, &w, search);
		json_put_str(r->model, "title", lang_text(r->lang, titles[w.step]));
		rc = web_render(r, status, "connect.xhtml", e);
	}
	account_clear(&w.account);
	return rc;
}

int
page_connect(struct web_req *r, struct err *e)
{
	struct page_chosen c = {fcgi_input(r->inputs, "npc"),
	    fcgi_input(r->inputs, "account"), fcgi_input_i64(r->inputs, "company", 0),
	    fcgi_input(r->inputs, "q")};
	int64_t draft = fcgi_input_i64(r->inputs, "draft", 0);

	return draft != 0 ? page_draft_show(r, 200, draft, NULL, e)
			  : page_connect_show(r, 200, &c, e);
}
