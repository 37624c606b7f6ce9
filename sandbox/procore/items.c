#include "config.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

static bool
is_rfi(const char *kind)
{
	return str_eq(kind, "rfi");
}

/* Named in any of the members that hold a person or a list of people. */
static bool
named_in(const struct json *doc, const char *const *members, int64_t id)
{
	const struct json *m, *one;

	for (; *members != NULL; members++) {
		m = json_get(doc, *members);
		if (json_i64_or(m, "id", 0) == id)
			return true;
		if (json_type(m) != JSON_ARRAY)
			continue;
		for (one = json_first(m); one != NULL; one = json_next(one)) {
			if (json_i64_or(one, "id", 0) == id ||
			    json_i64_or(one, "user.id", 0) == id)
				return true;
		}
	}
	return false;
}

bool
items_visible(const struct sim_call *c, const char *kind, const struct json *doc)
{
	static const char *const rfi_people[] = {"created_by", "rfi_manager",
	    "received_from", "assignees", "ball_in_courts", "distribution_list", NULL};
	static const char *const submittal_people[] = {"created_by", "submittal_manager",
	    "received_from", "ball_in_court", "distribution_members", NULL};
	enum sim_tool tool = is_rfi(kind) ? TOOL_RFI : TOOL_SUBMITTAL;
	int64_t who = sim_who(c);
	const struct json *a;

	if (sim_level(c, tool) == LEVEL_ADMIN)
		return true;
	if (str_eq(json_str_or(doc, "status", ""), "draft") ||
	    str_eq(json_str_or(doc, "status.status", ""), "Draft"))
		return json_i64_or(doc, "created_by.id", 0) == who;
	if (!json_bool_or(doc, "private", false))
		return true;
	if (named_in(doc, is_rfi(kind) ? rfi_people : submittal_people, who))
		return true;
	for (a = json_first(json_get(doc, "approvers")); a != NULL; a = json_next(a)) {
		if (json_i64_or(a, "user.id", 0) == who)
			return true;
	}
	return false;
}

int
items_load(struct sim_call *c, const char *kind, int64_t id, bool deleted,
    struct json **out, struct err *e)
{
	struct json *doc = NULL;

	*out = NULL;
	if (data_doc(c->sim->db, PQ_ITEM_GET, &doc, e, "itii", id, kind,
		json_i64_or(c->project, "id", 0), (int64_t)deleted) == -1)
		return -1;
	if (doc != NULL && !items_visible(c, kind, doc)) {
		json_free(doc);
		doc = NULL;
	}
	*out = doc;
	return 0;
}

static const char *
resource(const char *kind)
{
	return is_rfi(kind) ? "RFIs" : "Submittals";
}

int
items_insert(struct sim_call *c, const char *kind, struct json *doc, struct err *e)
{
	int64_t id = json_i64_or(doc, "id", 0);

	if (data_run(c->sim->db, PQ_ITEM_ADD, e, "itiid", id, kind,
		json_i64_or(c->project, "id", 0), c->shown, doc) == -1)
		return -1;
	return webhooks_event(c, resource(kind), "create", id, e);
}

int
items_save(struct sim_call *c, const char *kind, struct json *doc, struct err *e)
{
	int64_t id = json_i64_or(doc, "id", 0);

	data_put_time(doc, "updated_at", c->shown);
	if (data_run(c->sim->db, PQ_ITEM_SET, e, "iid", id, c->shown, doc) == -1)
		return -1;
	return webhooks_event(c, resource(kind), "update", id, e);
}

int
items_list(
    struct sim_call *c, const char *kind, bool deleted, struct json **out, struct err *e)
{
	int64_t from, to, made_from, made_to, made;
	struct json *all = NULL, *kept;
	const struct json *one;
	int rc = list_range(c, "updated_at", &from, &to);

	if (rc == 0)
		rc = list_range(c, "created_at", &made_from, &made_to);
	if (rc != 0)
		return rc;
	if (data_docs(c->sim->db, deleted ? PQ_ITEMS_BIN_LIST : PQ_ITEMS_LIST, &all, e,
		"itii", json_i64_or(c->project, "id", 0), kind, from, to) == -1)
		return -1;
	kept = json_arr();
	for (one = json_first(all); one != NULL; one = json_next(one)) {
		if (clk_parse_iso(json_str_or(one, "created_at", ""), &made) == -1)
			made = 0;
		if (items_visible(c, kind, one) &&
		    list_wants_i64(c, "id", json_i64_or(one, "id", 0)) &&
		    made >= made_from && made <= made_to)
			json_add(kept, json_dup(one));
	}
	json_free(all);
	*out = kept;
	return 0;
}

int
items_bin(struct sim_call *c, const char *kind, int64_t id, bool in, struct err *e)
{
	int rc;

	if (in)
		rc = data_run(c->sim->db, PQ_ITEM_BIN, e, "iii", id, c->shown, c->shown);
	else
		rc = data_run(c->sim->db, PQ_ITEM_UNBIN, e, "ii", id, c->shown);
	return rc == -1
		   ? -1
		   : webhooks_event(c, resource(kind), in ? "delete" : "create", id, e);
}
