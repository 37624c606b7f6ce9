#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

/* Crockford base 32 as in a ULID: time first, so that ids sort by time. */
static void
new_ulid(int64_t ms, char out[27])
{
	static const char set[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t raw[16];

	for (int i = 9; i >= 0; i--, ms /= 32)
		out[i] = set[ms % 32];
	rnd_bytes(raw, sizeof raw);
	for (size_t i = 0; i < 16; i++)
		out[10 + i] = set[raw[i] % 32];
	out[26] = '\0';
}

static void
put_text_id(struct json *j, const char *key, int64_t id)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, id) == 0)
		json_put_str(j, key, text);
}

struct event {
	const char *resource, *event, *ulid;
	int64_t resource_id, at;
};

static struct json *
payload_v4(const struct sim_call *c, const struct event *ev)
{
	struct json *j = json_obj();

	json_put_str(j, "id", ev->ulid);
	data_put_time(j, "timestamp", ev->at);
	json_put_str(j, "reason", ev->event);
	put_text_id(j, "company_id", json_i64_or(c->project, "company_id", 0));
	put_text_id(j, "project_id", json_i64_or(c->project, "id", 0));
	put_text_id(j, "user_id", sim_who(c));
	json_put_str(j, "resource_type", ev->resource);
	put_text_id(j, "resource_id", ev->resource_id);
	return j;
}

static struct json *
payload_v2(
    const struct sim_call *c, const struct event *ev, int64_t id, const char *version)
{
	int64_t company = json_i64_or(c->project, "company_id", 0),
		project = json_i64_or(c->project, "id", 0);
	struct json *j = json_obj(), *m;

	json_put_str(j, "api_version", version);
	json_put_i64(j, "company_id", company);
	json_put_str(j, "event_type", ev->event);
	json_put_i64(j, "id", id);
	m = json_put_obj(j, "metadata");
	json_put_str(m, "source_application_id", c->client_id);
	json_put_i64(m, "source_company_id", company);
	json_put_null(m, "source_operation_id");
	json_put_i64(m, "source_project_id", project);
	json_put_i64(m, "source_user_id", sim_who(c));
	json_put_i64(j, "project_id", project);
	json_put_i64(j, "resource_id", ev->resource_id);
	json_put_str(j, "resource_name", ev->resource);
	data_put_time(j, "timestamp", ev->at);
	json_put_str(j, "ulid", ev->ulid);
	json_put_i64(j, "user_id", sim_who(c));
	return j;
}

/* duplicate, late and drop are switches of the control page. */
static int
queue(struct sim_call *c, const struct json *hook, const struct event *ev, struct err *e)
{
	const char *version = json_str_or(hook, "payload_version", "v2");
	int copies = sim_setting_i64(c, "hooks_duplicate", 0) != 0 ? 2 : 1, rc = 0;
	int64_t due = clk_now_ms() + 1000 * sim_setting_i64(c, "hooks_late", 0), id;
	struct json *payload;

	if (sim_new_id(c->sim, &id, e) == -1)
		return -1;
	payload =
	    str_starts(version, "v4") ? payload_v4(c, ev) : payload_v2(c, ev, id, version);
	while (copies-- > 0 && rc == 0)
		rc = data_run(c->sim->db, PQ_DELIVERY_ADD, e, "itdii",
		    json_i64_or(hook, "id", 0), ev->ulid, payload, due, c->now);
	json_free(payload);
	return rc;
}

static int
dropped(struct sim_call *c, bool *drop, struct err *e)
{
	int64_t left = sim_setting_i64(c, "hooks_drop", 0);
	char text[24];

	*drop = left > 0;
	if (!*drop)
		return 0;
	if (str_format(text, sizeof text, "%" PRId64, left - 1) == -1)
		return err_set(e, ERR_BUG, "hooks_drop");
	json_put_str(c->settings, "hooks_drop", text);
	return data_run(c->sim->db, PQ_SETTING_SET, e, "tt", "hooks_drop", text);
}

int
webhooks_event(
    struct sim_call *c, const char *resource, const char *event, int64_t id, struct err *e)
{
	struct event ev = {
	    .resource = resource, .event = event, .resource_id = id, .at = c->shown};
	struct json *hooks = NULL;
	const struct json *h;
	bool drop = false;
	char ulid[27];
	int rc = 0;

	if (data_docs(c->sim->db, PQ_HOOKS_FOR_EVENT, &hooks, e, "iitt",
		json_i64_or(c->project, "company_id", 0), json_i64_or(c->project, "id", 0),
		resource, event) == -1)
		return -1;
	if (json_len(hooks) > 0)
		rc = dropped(c, &drop, e);
	new_ulid(clk_now_ms(), ulid);
	ev.ulid = ulid;
	for (h = json_first(hooks); rc == 0 && !drop && h != NULL; h = json_next(h))
		rc = queue(c, h, &ev, e);
	json_free(hooks);
	return rc;
}
