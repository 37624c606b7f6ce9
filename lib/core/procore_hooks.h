/* procore_hooks.h: Procore's webhooks API by name, v2.0 and v1.0. Layer: core. Source:
 * procore.md 8. A hook says where events of one project go, its triggers say which events.
 * Ids are texts. */
#ifndef CW_CORE_PROCORE_HOOKS_H
#define CW_CORE_PROCORE_HOOKS_H

#include "core/procore.h"

enum procore_hooks_api { PROCORE_HOOKS_V2, PROCORE_HOOKS_V1, PROCORE_HOOKS_API_MAX };
const char *procore_hooks_word(enum procore_hooks_api api); /* "v2.0", "v1.0": as stored */
/* What events look like: the versions that say which app made the change. As each API
 * spells it. */
const char *procore_hooks_payload(enum procore_hooks_api api);

/* What a hook shall be. */
struct procore_hook {
	const char *name_space; /* lower-case letters, digits, dash */
	const char *url;        /* https */
	const char *secret;     /* value of the header Authorization */
};
/* The hooks of a namespace in a project, one page. In v1.0 there is one page. */
MUST_USE int
procore_hooks(struct procore *p, const struct procore_at *at, enum procore_hooks_api api,
    const char *name_space, int page, struct procore_answer *out, struct err *e);
/* Make one; with hook_id: change that one into this. The answer holds it as it is now. */
MUST_USE int procore_hook_put(struct procore *p, const struct procore_at *at,
    enum procore_hooks_api api, const char *hook_id, const struct procore_hook *h,
    struct procore_answer *out, struct err *e);
MUST_USE int procore_hook_delete(struct procore *p, const struct procore_at *at,
    enum procore_hooks_api api, const char *hook_id, struct procore_answer *out,
    struct err *e);
/* Its triggers, one page. */
MUST_USE int
procore_triggers(struct procore *p, const struct procore_at *at, enum procore_hooks_api api,
    const char *hook_id, int page, struct procore_answer *out, struct err *e);
/* resource "RFIs" ..., event "create", "update", "delete" */
MUST_USE int procore_trigger_create(struct procore *p, const struct procore_at *at,
    enum procore_hooks_api api, const char *hook_id, const char *resource,
    const char *event, struct procore_answer *out, struct err *e);

/* The payload of an answer: v2.0 wraps it in "data". NULL when there is none; borrowed from
 * the answer. */
const struct json *
procore_hooks_data(enum procore_hooks_api api, const struct procore_answer *a);

#endif
