#include "config.h"

#include "core/procore_hooks.h"

#include <inttypes.h>

#include "base/enc.h"
#include "base/limits.h"

/* From an operation of v2.0 to the same of v1.0. */
enum { TO_V1 = PROCORE_HOOKS_1 - PROCORE_HOOKS };
_Static_assert((int)PROCORE_TRIGGER_CREATE_1 - (int)PROCORE_TRIGGER_CREATE == (int)TO_V1,
    "same order in both");

static enum procore_op
op_of(enum procore_hooks_api api, enum procore_op v2)
{
	return api == PROCORE_HOOKS_V2 ? v2 : (enum procore_op)((int)v2 + (int)TO_V1);
}

const char *
procore_hooks_word(enum procore_hooks_api api)
{
	return api == PROCORE_HOOKS_V2 ? "v2.0" : "v1.0";
}

const char *
procore_hooks_payload(enum procore_hooks_api api)
{
	return api == PROCORE_HOOKS_V2 ? "v2.0" : "v2";
}

const struct json *
procore_hooks_data(enum procore_hooks_api api, const struct procore_answer *a)
{
	return api == PROCORE_HOOKS_V2 ? json_get(a->json, "data") : a->json;
}

/* v1.0 takes the project from the query or the body, and knows no pages. */
static int
call(struct procore *p, enum procore_hooks_api api, struct procore_req *r,
    const char *name_space, int page, struct procore_answer *out, struct err *e)
{
	struct buf q = BUF_INIT(LIMIT_URL);
	int rc = -1;

	*out = (struct procore_answer){0};
	if (api == PROCORE_HOOKS_V1 && r->body == NULL)
		buf_printf(&q, "project_id=%" PRId64, r->at.project_id);
	if (api == PROCORE_HOOKS_V2 && page > 0)
		buf_printf(&q, "page=%d&per_page=%d", page, (int)PROCORE_PER_PAGE);
	if (name_space != NULL) {
		buf_puts(&q, "&namespace=");
		enc_percent(&q, name_space);
	}
	if (buf_check(&q, "query", e) == 0) {
		r->query = buf_str(&q);
		rc = procore_call(p, r, out, e);
	}
	buf_clear(&q);
	return rc;
}

int
procore_hooks(struct procore *p, const struct procore_at *at, enum procore_hooks_api api,
    const char *name_space, int page, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = op_of(api, PROCORE_HOOKS), .at = *at};

	return call(p, api, &r, name_space, page, out, e);
}

int
procore_hook_put(struct procore *p, const struct procore_at *at, enum procore_hooks_api api,
    const char *hook_id, const struct procore_hook *h, struct procore_answer *out,
    struct err *e)
{
	struct procore_req r = {
	    .op = op_of(api, hook_id == NULL ? PROCORE_HOOK_CREATE : PROCORE_HOOK_UPDATE),
	    .at = *at,
	    .hook = hook_id};
	struct json *body = json_obj(), *in = body, *headers;
	int rc;

	if (api == PROCORE_HOOKS_V1) {
		json_put_i64(body, "project_id", at->project_id);
		in = json_put_obj(body, "hook");
	}
	json_put_str(in, api == PROCORE_HOOKS_V2 ? "payload_version" : "api_version",
	    procore_hooks_payload(api));
	json_put_str(in, "namespace", h->name_space);
	json_put_str(in, "destination_url", h->url);
	headers = json_put_obj(in, "destination_headers");
	json_put_str(headers, "Authorization", h->secret);
	r.body = body;
	rc = call(p, api, &r, NULL, 0, out, e);
	json_free(body);
	return rc;
}

int
procore_hook_delete(struct procore *p, const struct procore_at *at,
    enum procore_hooks_api api, const char *hook_id, struct procore_answer *out,
    struct err *e)
{
	struct procore_req r = {
	    .op = op_of(api, PROCORE_HOOK_DELETE), .at = *at, .hook = hook_id};

	return call(p, api, &r, NULL, 0, out, e);
}

int
procore_triggers(struct procore *p, const struct procore_at *at, enum procore_hooks_api api,
    const char *hook_id, int page, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {
	    .op = op_of(api, PROCORE_TRIGGERS), .at = *at, .hook = hook_id};

	return call(p, api, &r, NULL, page, out, e);
}

int
procore_trigger_create(struct procore *p, const struct procore_at *at,
    enum procore_hooks_api api, const char *hook_id, const char *resource,
    const char *event, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {
	    .op = op_of(api, PROCORE_TRIGGER_CREATE), .at = *at, .hook = hook_id};
	struct json *body = json_obj(), *in = body;
	int rc;

	if (api == PROCORE_HOOKS_V1) {
		json_put_i64(body, "project_id", at->project_id);
		json_put_str(body, "api_version", procore_hooks_payload(api));
		in = json_put_obj(body, "trigger");
	}
	json_put_str(in, "resource_name", resource);
	json_put_str(in, "event_type", event);
	r.body = body;
	rc = call(p, api, &r, NULL, 0, out, e);
	json_free(body);
	return rc;
}
