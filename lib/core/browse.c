#include "config.h"

#include "core/browse.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/str.h"
#include "core/procore.h"
#include "store/browse.h"

/* 10,000 projects of one company: far beyond the hundreds that people have. */
enum { MAX_PAGES = 100 };

/* The pages of one list as they came, and why it is not complete. */
struct lists {
	struct json *pages[MAX_PAGES];
	int n;
	char error[257];
};

static void
lists_clear(struct lists *l)
{
	for (int i = 0; i < l->n; i++)
		json_free(l->pages[i]);
	l->n = 0;
}

/* ---- reading */

static int
read_npc(struct sync_ctx *x, struct lists *l, struct err *e)
{
	struct npc_answer a = {0};
	int rc = npc_projects(x->npc, &a, e);

	if (rc == 0 && a.cause != CAUSE_NONE) {
		str_cut(l->error, sizeof l->error, a.text);
	} else if (rc == 0) {
		l->pages[l->n++] = a.json;
		a.json = NULL;
	}
	npc_answer_clear(&a);
	return rc;
}

static int
ask_procore(struct procore *p, const struct browse_key *k, int page,
    struct procore_answer *a, struct err *e)
{
	struct procore_at at = {.account_id = k->account_id, .company_id = k->parent_id};

	return str_eq(k->kind, "company") ? procore_companies(p, k->account_id, page, a, e)
					  : procore_projects(p, &at, page, "", a, e);
}

static int
read_procore(struct sync_ctx *x, const struct browse_key *k, struct lists *l, struct err *e)
{
	/* Somebody looks at the page that says "being read". */
	struct procore p = {.oauth = &x->oauth, .priority = BUDGET_ANSWER};
	bool more = true;

	while (more && l->n < MAX_PAGES) {
		struct procore_answer a = {0};

		if (ask_procore(&p, k, l->n + 1, &a, e) == -1)
			return -1;
		more = a.cause == CAUSE_NONE && a.more;
		if (a.cause != CAUSE_NONE) {
			str_cut(l->error, sizeof l->error, a.text);
		} else {
			l->pages[l->n++] = a.json;
			a.json = NULL;
		}
		procore_answer_clear(&a);
	}
	return 0;
}

/* ---- storing */

static void
take_npc(const struct json *j, struct browse_row *r)
{
	str_cut(r->remote_id, sizeof r->remote_id, json_str_or(j, "id", ""));
	str_cut(r->number, sizeof r->number, json_str_or(j, "number", ""));
	str_cut(r->name, sizeof r->name, json_str_or(j, "name", ""));
	str_cut(r->extra, sizeof r->extra, json_str_or(j, "npcServer", ""));
}

static void
take_procore(const struct json *j, struct browse_row *r)
{
	int64_t id = json_i64_or(j, "id", 0);

	if (id <= 0 || str_format(r->remote_id, sizeof r->remote_id, "%" PRId64, id) == -1)
		return;
	str_cut(r->number, sizeof r->number, json_str_or(j, "project_number", ""));
	str_cut(r->name, sizeof r->name, json_str_or(j, "name", ""));
	str_cut(r->extra, sizeof r->extra, json_str_or(j, "city", ""));
}

static int
put_page(struct db *db, const struct browse_key *k, const struct json *list, int64_t now,
    struct err *e)
{
	for (const struct json *j = json_first(list); j != NULL; j = json_next(j)) {
		struct browse_row r = {.remote_id = ""};

		if (k->account_id == 0)
			take_npc(j, &r);
		else
			take_procore(j, &r);
		if (r.remote_id[0] == '\0' || r.name[0] == '\0')
			continue; /* nothing that a person could choose */
		if (browse_put(db, k, &r, now, e) == -1)
			return -1;
	}
	return 0;
}

/* Project Center wraps its list in one of two names (docs/npc-gateway.yaml). */
static const struct json *
unwrap(const struct browse_key *k, const struct json *page)
{
	const struct json *items;

	if (k->account_id != 0)
		return page;
	items = json_get(page, "items");
	return items != NULL ? items : json_get(page, "projects");
}

/* A list that could not be read to its end leaves what was known. */
static int
save_rows(struct db *db, const struct browse_key *k, const struct lists *l, int64_t now,
    struct err *e)
{
	if (l->error[0] != '\0')
		return 0;
	for (int i = 0; i < l->n; i++)
		if (put_page(db, k, unwrap(k, l->pages[i]), now, e) == -1)
			return -1;
	return browse_drop_old(db, k, now, e);
}

static int
save(struct db *db, const struct browse_key *k, const struct lists *l, int64_t start_at,
    struct err *e)
{
	int64_t now = clk_now();

	if (db_begin(db, e) == -1)
		return -1;
	/* A wish from while it was read is still open. */
	if (save_rows(db, k, l, now, e) == -1 ||
	    browse_read(db, k, start_at, l->error, e) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

int
browse_run(struct sync_ctx *x, int64_t account_id, struct err *e)
{
	struct db *db = x->oauth.db;

	for (;;) {
		struct browse_task t;
		struct browse_key k = {account_id, t.kind, 0};
		struct lists l = {.n = 0};
		int64_t start;
		bool found = false;
		int rc;

		if (browse_next(db, account_id, &t, &found, e) == -1)
			return -1;
		if (!found)
			return 0;
		k.parent_id = t.parent_id;
		start = clk_now();
		if (start < t.wanted_at)
			start = t.wanted_at; /* our clock was set back */
		rc = account_id == 0 ? read_npc(x, &l, e) : read_procore(x, &k, &l, e);
		if (rc == 0)
			rc = save(db, &k, &l, start, e);
		lists_clear(&l);
		if (rc == -1)
			return -1;
	}
}
