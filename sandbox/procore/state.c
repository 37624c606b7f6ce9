#include "config.h"

#include <stdlib.h>

#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* what: grants, calls, counts, rfis, submittals, faults, settings, deliveries, hooks;
 * without it all but calls. after and prefix narrow calls and counts, project narrows
 * items. */
static int
put_part(struct sim_call *c, const char *what, struct json *out, struct err *e)
{
	struct db *db = c->sim->db;
	const char *prefix = json_str_or(c->query, "prefix", "");
	int64_t after = json_i64_or(c->query, "after", 0),
		project = json_i64_or(c->query, "project", 0);
	struct json *part = NULL;
	int rc = 0;

	if (str_eq(what, "grants"))
		rc = data_docs(db, PQ_TOKEN_STATE, &part, e, "i", c->now);
	else if (str_eq(what, "calls"))
		rc = data_docs(db, PQ_CALLS_LOG, &part, e, "it", after, prefix);
	else if (str_eq(what, "counts"))
		rc = data_docs(db, PQ_CALLS_COUNTS, &part, e, "it", after, prefix);
	else if (str_eq(what, "rfis") || str_eq(what, "submittals"))
		rc = data_docs(db, PQ_ITEMS_ALL, &part, e, "ti",
		    str_eq(what, "rfis") ? "rfi" : "submittal", project);
	else if (str_eq(what, "faults"))
		rc = data_docs(db, PQ_FAULTS_ALL, &part, e, "");
	else if (str_eq(what, "deliveries"))
		rc = data_docs(db, PQ_DELIVERY_STATE, &part, e, "");
	else if (str_eq(what, "hooks"))
		rc = data_docs(db, PQ_HOOKS_STATE, &part, e, "");
	else if (str_eq(what, "settings"))
		part = json_dup(c->settings);
	else
		return sim_refuse(c, 400, "no such part: %s", what);
	if (rc == 0)
		json_put(out, what, part);
	return rc;
}

int
control_state(struct sim_call *c, struct err *e)
{
	static const char *const parts[] = {"grants", "counts", "rfis", "submittals",
	    "faults", "settings", "deliveries", "hooks", NULL};
	const char *what = json_str_or(c->query, "what", "");
	struct json *out;
	int rc = 0;

	if (!control_local(c))
		return sim_refuse(c, 403, "only from this machine");
	out = json_obj();
	if (!str_empty(what))
		rc = put_part(c, what, out, e);
	for (const char *const *p = parts; rc == 0 && str_empty(what) && *p != NULL; p++)
		rc = put_part(c, *p, out, e);
	if (rc == 0 && json_get(out, "settings") != NULL)
		json_remove(data_at(out, "settings"), "_key");
	if (rc != 0) {
		json_free(out);
		return rc;
	}
	return sim_reply(c, 200, out);
}
