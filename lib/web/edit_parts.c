#include "config.h"

#include "web/edit_parts.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/str.h"
#include "core/catchup.h"
#include "store/connection.h"
#include "store/view_items.h"
#include "store/view_progress.h"
#include "web/words.h"

enum {
	EDIT_ITEMS = 20,
	EDIT_PASSES = 10,
	QUIET_S = 24 * 3600 /* a day of passes that found nothing */
};

struct passes_build {
	struct web_req *r;
	struct json *list;
};

/* ---- sync */

struct marks {
	int64_t rfis, submittals, responses;
};

static void
take_mark(void *arg, const struct view_mark *m)
{
	struct marks *k = arg;

	if (str_eq(m->side, "npc"))
		k->responses = m->pass_at > k->responses ? m->pass_at : k->responses;
	else if (str_eq(m->kind, "rfi"))
		k->rfis = m->pass_at;
	else
		k->submittals = m->pass_at;
}

static void
put_sync_row(struct web_req *r, struct json *list, enum text what, int64_t at,
    enum text result, int64_t a, int64_t b)
{
	struct json *o = json_add_obj(list);
	char one[24];
	char two[24];

	if (str_format(one, sizeof one, "%" PRId64, a) == -1 ||
	    str_format(two, sizeof two, "%" PRId64, b) == -1)
		one[0] = two[0] = '\0';
	json_put_str(o, "what", lang_text(r->lang, what));
	web_put_time(r, o, "last", at);
	json_put_str(o, "text",
	    a == 0 && b == 0 ? "" : web_say(r, result, "a", one, "b", two, NULL));
}

static int
put_sync_rows(struct web_req *r, struct err *e)
{
	struct json *list = json_put_arr(r->model, "sync_rows");
	struct marks k = {0};
	struct view_flow f;

	if (view_marks(r->app->db, r->project_id, take_mark, &k, e) == -1 ||
	    view_flow(r->app->db, r->project_id, &f, e) == -1)
		return -1;
	put_sync_row(
	    r, list, TEXT_SYNC_RFIS_IN, k.rfis, TEXT_SYNC_SEEN, f.rfis, f.rfis_linked);
	put_sync_row(r, list, TEXT_SYNC_SUBMITTALS_IN, k.submittals, TEXT_SYNC_SEEN,
	    f.submittals, f.submittals_linked);
	put_sync_row(r, list, TEXT_SYNC_RESPONSES_OUT, k.responses, TEXT_SYNC_SENT, f.sent,
	    f.waiting);
	return 0;
}

enum { MINUTE_S = 60, HOUR_S = 3600, MINUTES_MOST = 120 };

static void
add_waiting(void *arg, const struct view_waiting *v)
{
	catchup_add(
	    arg, &(struct catchup_work){v->waiting, v->out, v->items, v->calls, v->ms});
}

/* What the waiting work costs; nothing while there is nowhere to carry it. */
static int
put_cost(
    struct web_req *r, const struct view_progress *v, struct json *waits, struct err *e)
{
	struct catchup sum = {0};
	int64_t s, now = clk_now();
	bool hours;
	char a[24], b[24];

	if (view_waiting(r->app->db, r->project_id, add_waiting, &sum, e) == -1)
		return -1;
	if (sum.calls == 0 || str_eq(r->app->conf.npc_adapter, "none"))
		return 0;
	s = catchup_seconds(
	    &sum, &(struct catchup_budget){v->limit_n, v->remaining, v->reset_at}, now);
	hours = s > MINUTES_MOST * MINUTE_S;
	if (str_format(a, sizeof a, "%" PRId64, sum.calls) == -1 ||
	    str_format(b, sizeof b, "%" PRId64,
		hours ? (s + HOUR_S / 2) / HOUR_S : (s + MINUTE_S - 1) / MINUTE_S) == -1)
		return err_set(e, ERR_BUG, "numbers of a catch-up");
	json_add_str(waits,
	    web_say(r, hours ? TEXT_SYNC_WAITS_COST_HOURS : TEXT_SYNC_WAITS_COST, "calls",
		a, "time", b, NULL));
	return 0;
}

/* How far a pass that is under way has come. */
static int
put_progress(
    struct web_req *r, const struct view_project *p, struct json *waits, struct err *e)
{
	struct view_progress v;
	struct json *o;
	char a[24], b[24];

	if (view_progress(r->app->db, p->id, p->last_sync_at, clk_now(), &v, e) == -1 ||
	    put_cost(r, &v, waits, e) == -1)
		return -1;
	if (!v.running || v.left == 0) {
		json_put_null(r->model, "progress");
		return 0;
	}
	o = json_put_obj(r->model, "progress");
	json_put_i64(o, "done", v.done);
	json_put_i64(o, "total", v.done + v.left);
	if (str_format(a, sizeof a, "%" PRId64, v.done) == -1 ||
	    str_format(b, sizeof b, "%" PRId64, v.done + v.left) == -1)
		return err_set(e, ERR_BUG, "numbers of a catch-up");
	json_put_str(
	    o, "text", web_say(r, TEXT_SYNC_PROGRESS, "done", a, "total", b, NULL));
	return 0;
}

static void
add_pass(void *arg, const struct view_pass *p)
{
	struct passes_build *b = arg;
	struct json *o = json_add_obj(b->list);

	web_put_time(b->r, o, "at", p->finished_at);
	json_put_i64(o, "seconds", p->finished_at - p->started_at);
	json_put_i64(o, "found", p->found);
	json_put_i64(o, "done", p->done);
	json_put_i64(o, "skipped", p->skipped);
	json_put_i64(o, "failed", p->failed);
	json_put_i64(o, "calls", p->calls);
	json_put_str(o, "login", p->login);
	json_put_str(o, "text", p->detail);
}

/* What passes did: each that found something, and how many found nothing in a day. */
static int
put_passes(struct web_req *r, struct err *e)
{
	struct passes_build b = {r, json_put_arr(r->model, "passes")};
	struct view_quiet q;
	char n[24], calls[24];

	if (view_passes(r->app->db, r->project_id, EDIT_PASSES, add_pass, &b, e) == -1 ||
	    view_quiet(r->app->db, r->project_id, clk_now() - QUIET_S, &q, e) == -1)
		return -1;
	if (str_format(n, sizeof n, "%" PRId64, q.passes) == -1 ||
	    str_format(calls, sizeof calls, "%" PRId64, q.calls) == -1)
		return err_set(e, ERR_BUG, "numbers of quiet passes");
	json_put_str(r->model, "quiet",
	    q.passes == 0 ? ""
			  : web_say(r, TEXT_SYNC_QUIET, "n", n, "calls", calls, NULL));
	return 0;
}

int
edit_put_sync(struct web_req *r, const struct standing *s, struct err *e)
{
	const struct view_project *p = s->project;
	struct json *waits = json_put_arr(r->model, "waits");
	bool busy = p->sync_requested_at > clk_now() - CONNECTION_SYNC_EVERY_S;

	state_put_sync(r, s, r->model);
	if (p->waiting_in > 0)
		json_add_str(waits, web_count(r, p->waiting_in, TEXT_SYNC_WAITS_IN_ONE,
					TEXT_SYNC_WAITS_IN_MANY));
	if (p->waiting_out > 0)
		json_add_str(waits, web_count(r, p->waiting_out, TEXT_SYNC_WAITS_OUT_ONE,
					TEXT_SYNC_WAITS_OUT_MANY));
	web_put_time(
	    r, r->model, "next_sync", s->status.word == STATUS_LOST ? 0 : p->next_sync_at);
	web_put_time(r, r->model, "sync_asked", busy ? p->sync_requested_at : 0);
	json_put_bool(r->model, "sync_busy", busy || str_eq(p->state, "paused"));
	if (put_progress(r, p, waits, e) == -1 || put_sync_rows(r, e) == -1)
		return -1;
	return put_passes(r, e);
}

/* ---- items */

struct items_build {
	struct web_req *r;
	struct json *list;
	int64_t n;
};

static void
add_item(void *arg, const struct view_item_row *i)
{
	struct items_build *b = arg;
	struct json *o = json_add_obj(b->list);

	b->n++;
	json_put_i64(o, "id", i->id);
	json_put_str(o, "kind", words_kind(b->r, i->kind));
	json_put_str(o, "number", words_number(b->r, i->number, i->revision));
	json_put_str(o, "subject", i->subject);
	json_put_str(o, "npc_number", i->npc_number);
	words_put_item(b->r, i->state, !str_empty(i->npc_number), i->reason_text, o);
	web_put_time(b->r, o, "changed", i->changed_at);
}

int
edit_put_items(struct web_req *r, struct err *e)
{
	struct items_build b = {r, json_put_arr(r->model, "items"), 0};
	struct view_flow f;
	char shown[24];
	char all[24];

	if (view_items(r->app->db, r->project_id, EDIT_ITEMS, add_item, &b, e) == -1 ||
	    view_flow(r->app->db, r->project_id, &f, e) == -1)
		return -1;
	if (str_format(shown, sizeof shown, "%" PRId64, b.n) == -1 ||
	    str_format(all, sizeof all, "%" PRId64, f.rfis + f.submittals) == -1)
		shown[0] = all[0] = '\0';
	json_put_str(r->model, "items_text",
	    b.n == 0 ? lang_text(r->lang, TEXT_ITEMS_NONE)
		     : web_say(r, TEXT_ITEMS_OF, "count", shown, "total", all, NULL));
	return 0;
}
