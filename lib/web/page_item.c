/* One RFI or submittal: GET /Projects/items/ID. */
#include "config.h"

#include "web/form.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "store/account.h"
#include "store/view_items.h"
#include "web/pages.h"
#include "web/state.h"
#include "web/words.h"

enum { ITEM_EVENTS = 100 };

const struct fcgi_input page_item_inputs[] = {
    {"done", FCGI_QUERY, fcgi_check_word, 16, false, false},
};
const size_t page_item_inputs_n = sizeof page_item_inputs / sizeof page_item_inputs[0];

struct build {
	struct web_req *r;
	struct json *list;
};

static void
add_file(void *arg, const struct view_file *f)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);
	bool procore = str_eq(f->origin, "procore");

	json_put_str(o, "name", f->name);
	json_put_str(o, "size", words_size(b->r, f->bytes));
	json_put_str(o, "origin",
	    lang_text(b->r->lang, procore ? TEXT_SERVICE_PROCORE : TEXT_SERVICE_NPC));
	words_put_file(b->r, f->state, f->detail, o);
}

static void
add_response(void *arg, const struct view_response *v)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);

	json_put_i64(o, "ordinal", v->ordinal);
	json_put_str(o, "author", v->author);
	web_put_time(b->r, o, "at", v->at);
	json_put_str(o, "action", v->action);
	json_put_str(o, "body", v->body);
	words_put_response(b->r, v->state, v->reason, o);
}

static void
add_event(void *arg, const struct view_event *v)
{
	struct build *b = arg;
	struct json *o = json_add_obj(b->list);

	web_put_time(b->r, o, "at", v->at);
	json_put_str(o, "actor",
	    v->login[0] == '\0'
		? v->actor
		: web_say(b->r, TEXT_ACTOR_WITH, "actor", v->actor, "login", v->login, NULL));
	json_put_str(o, "text", v->text);
}

/* Values that lost a conflict, as core/sync writes them. */
static void
put_kept(struct web_req *r, const struct view_item *i)
{
	struct json *list = json_put_arr(r->model, "kept");
	struct json *kept = NULL;
	struct err ignored = {0};

	if (json_parse(i->kept, strlen(i->kept), LIMIT_API_BODY, &kept, &ignored) == -1)
		return;
	for (const struct json *m = json_first(kept); m != NULL; m = json_next(m)) {
		struct json *o = json_add_obj(list);

		json_put_str(o, "field", words_field(r, json_key(m)));
		json_put_str(o, "value", json_str_or(m, "value", ""));
		json_put_str(o, "side",
		    lang_text(r->lang, str_eq(json_str_or(m, "side", ""), "npc")
					   ? TEXT_SERVICE_NPC
					   : TEXT_SERVICE_PROCORE));
		web_put_time(r, o, "at", json_i64_or(m, "at", 0));
	}
	json_free(kept);
}

static void
put_due(struct json *item, const struct view_item *i)
{
	struct json *agreed = NULL;
	struct err ignored = {0};

	if (json_parse(i->agreed, strlen(i->agreed), LIMIT_API_BODY, &agreed, &ignored) ==
	    -1)
		agreed = NULL;
	json_put_str(item, "due", json_str_or(agreed, "due_date", ""));
	json_free(agreed);
}

static void
put_link(struct web_req *r, const char *key, int64_t id, const char *kind,
    const char *number, const char *revision)
{
	struct json *o;

	if (id == 0) {
		json_put_null(r->model, key);
		return;
	}
	o = json_put_obj(r->model, key);
	json_put_i64(o, "id", id);
	json_put_str(o, "text",
	    web_say(r, TEXT_KIND_NUMBER, "kind", words_kind(r, kind), "number",
		words_number(r, number, revision), NULL));
}

static void
put_item(struct web_req *r, int64_t id, const struct view_item *i)
{
	struct json *o = json_put_obj(r->model, "item");
	struct json *p = json_put_obj(r->model, "project");

	json_put_i64(p, "id", i->connection_id);
	json_put_str(p, "text", i->project);
	json_put_i64(o, "id", id);
	json_put_str(o, "kind", words_kind(r, i->kind));
	json_put_str(o, "number", i->number);
	json_put_str(o, "revision", str_eq(i->revision, "0") ? "" : i->revision);
	json_put_str(o, "subject", i->subject);
	json_put_str(o, "npc_number", i->npc_number);
	json_put_str(o, "procore_status", i->procore_status);
	json_put_str(o, "npc_status", i->npc_status);
	json_put_str(o, "bic", i->account_id == 0 ? "" : state_who(r, i->name, i->login));
	put_due(o, i);
	web_put_time(r, o, "changed", i->changed_at);
	words_put_item(r, i->state, !str_empty(i->npc_number), i->reason_text, r->model);
	put_link(r, "previous", i->previous_id, i->kind, i->previous_number,
	    i->previous_revision);
	put_link(r, "following", i->following_id, i->kind, i->following_number,
	    i->following_revision);
}

int
page_item_may_retry(struct web_req *r, int64_t account_id, bool *may, struct err *e)
{
	bool own = false;

	if (account_id != 0 &&
	    account_is_of(r->app->db, account_id, r->person.user_name, &own, e) == -1)
		return -1;
	*may = web_may(r, own ? ACCESS_RETRY_OWN : ACCESS_RETRY);
	return 0;
}

static int
put_lists(struct web_req *r, int64_t id, struct err *e)
{
	struct build files = {r, json_put_arr(r->model, "files")};
	struct build responses = {r, json_put_arr(r->model, "responses")};
	struct build history = {r, json_put_arr(r->model, "history")};
	char remedy[513];

	if (view_item_remedy(r->app->db, id, remedy, e) == -1 ||
	    view_files(r->app->db, id, add_file, &files, e) == -1 ||
	    view_responses(r->app->db, id, add_response, &responses, e) == -1 ||
	    view_item_events(r->app->db, id, ITEM_EVENTS, add_event, &history, e) == -1)
		return -1;
	json_put_str(r->model, "remedy", remedy);
	return 0;
}

int
page_item_show(struct web_req *r, int status, int64_t item_id, struct err *e)
{
	struct view_item i = {0};
	bool may = false;
	int rc = -1;

	if (view_item(r->app->db, item_id, &i, e) == -1)
		return -1;
	if (web_use_project(r, i.connection_id, e) == -1 ||
	    put_lists(r, item_id, e) == -1 ||
	    page_item_may_retry(r, i.account_id, &may, e) == -1)
		goto out;
	put_item(r, item_id, &i);
	put_kept(r, &i);
	json_put_bool(json_put_obj(r->model, "may"), "retry", may);
	rc = web_render(r, status, "item.xhtml", e);
out:
	view_item_clear(&i);
	return rc;
}

int
page_item(struct web_req *r, struct err *e)
{
	pages_done(r);
	return page_item_show(r, 200, r->path_id, e);
}
