/* hook_payload.h: what a webhook says. Pure. Layer: core. Source: procore.md 8 (payloads
 * v2, v3 and v4), the recorded delivery of a sandbox. */
#ifndef CW_CORE_HOOK_PAYLOAD_H
#define CW_CORE_HOOK_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum {
	HOOK_DEDUPE_BYTES = 65,
	HOOK_RESOURCE_BYTES = 65,
	HOOK_EVENT_BYTES = 33,
	HOOK_APPLICATION_BYTES = 129
};

struct hook_payload {
	char dedupe[HOOK_DEDUPE_BYTES];     /* ulid where there is one, else id: equal for
					       repeated deliveries */
	char resource[HOOK_RESOURCE_BYTES]; /* "RFIs", "RFI Replies", "Submittals" ... */
	char event[HOOK_EVENT_BYTES]; /* "create", "update", "delete"; v4 knows more */
	char application_id[HOOK_APPLICATION_BYTES]; /* client id of the app that made the
							change; "" not told */
	int64_t company_id, project_id; /* 0: not told, or not about a project */
	int64_t resource_id, user_id;   /* 0: not told, or no number */
};

/* Read one delivery. Ids may be numbers or strings of digits; unknown members are ignored,
 * because a refused delivery makes Procore hold back all that follow: refused is only what
 * cannot be told apart from others. text, n  the body out      untouched on failure errors
 * ERR_INPUT no JSON object, larger than LIMIT_HOOK_BODY, or without id, event or resource
 */
MUST_USE int
hook_payload_parse(const char *text, size_t n, struct hook_payload *out, struct err *e);

#endif
