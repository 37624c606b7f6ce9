/* The response values that both sides offer, and defaults for the map between them by
 * meaning. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "core/plan_choices.h"

enum { RETRY_S = 300, MAX_PAGES = 20 };

/* Keywords that close a submittal with a response. Lists are named by administrators; ours
 * is the one about submittals (newforma.md 5.1). */
static int
read_npc(struct run *r, struct plan_choices *c, int64_t *retry_at, struct err *e)
{
	struct npc_answer a = {0};
	int rc = 0;

	if (npc_keywords(r->x->npc, r->npc_project, &a, e) == -1)
		return -1;
	if (a.cause != CAUSE_NONE) {
		*retry_at = npc_configured(r->x->npc) ? clk_now() + RETRY_S : 0;
		rc = run_npc_failed(r, &a, e);
	}
	for (const struct json *l = json_first(json_get(a.json, "items")); l != NULL;
	     l = json_next(l)) {
		if (str_find_ci(json_str_or(l, "name", ""), "submittal") == NULL)
			continue;
		for (const struct json *k = json_first(json_get(l, "keywords")); k != NULL;
		     k = json_next(k))
			if (str_eq_ci(json_str_or(k, "type", ""), "Respond and Close"))
				plan_choices_add(c, json_str_or(k, "name", ""),
				    json_str_or(k, "name", ""), "Respond and Close");
	}
	npc_answer_clear(&a);
	return rc;
}

static int
read_procore(struct run *r, struct plan_choices *c, int64_t *retry_at, struct err *e)
{
	bool again = true;

	for (int page = 1; again && page <= MAX_PAGES; page++) {
		const struct plan_bic *reader = run_reader(r, PLAN_SUBMITTAL);
		struct procore_answer a = {0};
		struct procore_at at;
		int rc = 0;

		if (reader == NULL)
			return 0;
		at = run_at(r, reader->account_id);
		if (procore_submittal_responses(&r->procore, &at, page, &a, e) == -1)
			return -1;
		if (a.cause == CAUSE_NONE) {
			for (const struct json *j = json_first(a.json); j != NULL;
			     j = json_next(j)) {
				char key[24];

				if (str_format(key, sizeof key, "%" PRId64,
					json_i64_or(j, "id", 0)) == 0)
					plan_choices_add(c, key, json_str_or(j, "name", ""),
					    json_str_or(j, "considered", ""));
			}
			again = a.more;
		} else {
			rc = run_procore_failed(
			    r, &a, PLAN_SUBMITTAL, reader->account_id, &again, e);
			if (!again)
				*retry_at =
				    a.retry_at != 0 ? a.retry_at : clk_now() + RETRY_S;
			page = 0; /* another reader begins at the start */
			plan_choices_clear(c);
		}
		procore_answer_clear(&a);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
save_side(struct run *r, const char *side, const struct plan_choices *c, int64_t now,
    struct err *e)
{
	if (c->n == 0)
		return 0; /* not read, or empty: what was known stays */
	for (size_t i = 0; i < c->n; i++)
		if (response_choice_put(r->db, r->connection_id, side, c->v[i].key,
			c->v[i].name, c->v[i].meaning, now, e) == -1)
			return -1;
	return response_choice_drop_old(r->db, r->connection_id, side, now, e);
}

static int
save_defaults(struct run *r, const struct plan_choices *npc,
    const struct plan_choices *procore, int64_t now, struct err *e)
{
	int64_t n = 0;

	if (response_map_count(r->db, r->connection_id, &n, e) == -1)
		return -1;
	if (n > 0)
		return 0; /* people have chosen, also what they left out */
	for (size_t i = 0; i < npc->n; i++) {
		const struct plan_choice *m = plan_choices_match(procore, npc->v[i].name);
		int64_t id = 0;

		if (m == NULL || num_parse_i64(m->key, 1, INT64_MAX, &id) == -1)
			continue;
		if (response_map_add(r->db, r->connection_id, npc->v[i].name, id, m->name,
			m->meaning, now, e) == -1)
			return -1;
	}
	return 0;
}

int
sync_choices(struct sync_ctx *x, int64_t connection_id, int64_t *retry_at, struct err *e)
{
	struct plan_choices npc = {0}, procore = {0};
	struct run r = {0};
	int64_t now;
	bool active = false;
	int rc = -1;

	*retry_at = 0;
	if (run_open(&r, x, connection_id, &active, e) == -1 ||
	    read_npc(&r, &npc, retry_at, e) == -1 ||
	    read_procore(&r, &procore, retry_at, e) == -1)
		goto out;
	now = clk_now();
	if (db_begin(r.db, e) == -1)
		goto out;
	if (save_side(&r, "npc", &npc, now, e) == -1 ||
	    save_side(&r, "procore", &procore, now, e) == -1 ||
	    (procore.n > 0 && save_defaults(&r, &npc, &procore, now, e) == -1)) {
		db_rollback(r.db);
		goto out;
	}
	rc = db_commit(r.db, e);
out:
	plan_choices_clear(&npc);
	plan_choices_clear(&procore);
	run_close(&r);
	return rc;
}
