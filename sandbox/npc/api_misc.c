/* api_misc.c: projects, contacts and keyword lists of the contract. */
#include "config.h"

#include <stdlib.h>

#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

int
api_projects(struct call *c, struct err *e)
{
	struct json *out = json_obj();
	char *wrapper = NULL;
	int rc = nq_text(c->n, NQ_SETTING_GET, &wrapper, e, "s", "wrapper");

	/* Both names are documented in public; a client has to take either. */
	if (rc == 0)
		rc = nq_rows(c->n, NQ_PROJECT_LIST,
		    json_put_arr(out, str_eq(wrapper, "projects") ? "projects" : "items"),
		    e, "");
	free(wrapper);
	if (rc == 0)
		return call_json(c, 200, out);
	json_free(out);
	return -1;
}

/* 1: answered that there is none. */
static int
need_project(struct call *c, struct err *e)
{
	struct json *j = NULL;

	if (nq_json(c->n, NQ_PROJECT_JSON, &j, e, "s", c->seg[2]) == -1)
		return -1;
	if (j == NULL) {
		call_refuse(c, 404, "not_found", "no such project");
		return 1;
	}
	json_free(j);
	return 0;
}

int
api_contacts(struct call *c, struct err *e)
{
	static const struct fcgi_input inputs[] = {{.name = "email",
						       .where = FCGI_QUERY,
						       .check = fcgi_check_line,
						       .max_bytes = 254},
	    {.name = "limit", .where = FCGI_QUERY, .check = fcgi_check_id, .max_bytes = 4},
	    {.name = "next",
		.where = FCGI_QUERY,
		.check = fcgi_check_token,
		.max_bytes = 64}};
	struct fcgi_inputs *in = NULL;
	struct json *out = NULL, *rows;
	int64_t limit;
	int rc = need_project(c, e);

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if (fcgi_inputs_read(c->req, inputs, sizeof(inputs) / sizeof(inputs[0]), &in, e) ==
	    -1)
		return call_refuse(c, 400, "bad_request", "%s", e->msg);
	limit = fcgi_input_i64(in, "limit", NPC_PAGE_DEFAULT);
	if (limit > NPC_PAGE_MAX) {
		rc = call_refuse(c, 400, "bad_request", "limit is at most 200");
		goto out;
	}
	out = json_obj();
	rows = json_put_arr(out, "items");
	rc = nq_rows(c->n, NQ_CONTACT_LIST, rows, e, "sssi", c->seg[2],
	    fcgi_input(in, "email"), fcgi_input(in, "next"), limit);
	if (rc == -1)
		goto out;
	if ((int64_t)json_len(rows) == limit)
		json_put_str(out, "next",
		    json_str_or(json_item(rows, (size_t)limit - 1), "id", NULL));
	else
		json_put_null(out, "next");
	rc = call_json(c, 200, out);
	out = NULL;
out:
	json_free(out);
	fcgi_inputs_free(in);
	return rc;
}

int
api_keywords(struct call *c, struct err *e)
{
	struct json *out;
	int rc = need_project(c, e);

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	out = json_obj();
	if (nq_rows(c->n, NQ_KEYWORD_LISTS, json_put_arr(out, "items"), e, "s", c->seg[2]) == 0)
		return call_json(c, 200, out);
	json_free(out);
	return -1;
}
