/* procore.h: client of Procore's REST API. Layer: core. Source: procore.md 3 to 7, 9.
 *
 * Every call goes through procore_call(): the company's state, the rate budget, the token
 * at the moment of use, one replay after a 401, evidence, and one verdict (core/cause). The
 * paths stand in one table (procore_paths.c), each a documented operation. */
#ifndef CW_CORE_PROCORE_H
#define CW_CORE_PROCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/budget.h"
#include "core/cause.h"
#include "core/oauth_token.h"
#include "core/spool.h"
#include "io/json.h"

/* All borrowed for the life of the client. */
struct procore {
	struct oauth_ctx *oauth;       /* token, database, http, configuration */
	enum budget_priority priority; /* of the calls that follow */
	int64_t calls;                 /* made so far, replays and /me included */
	int64_t segment_bytes; /* size of an upload's segments; 0: PROCORE_SEGMENT_BYTES */
};

/* A project as one account sees it. */
struct procore_at {
	int64_t account_id;
	int64_t company_id; /* 0: no company header (/me, /companies) */
	int64_t project_id; /* 0: none */
};

/* What a call came to. */
struct procore_answer {
	enum cause cause; /* CAUSE_NONE: it worked */
	char text[256];   /* for people, when it did not */
	int status;       /* 0: no answer */
	bool too_big;     /* CAUSE_ITEM because a file is above max_file_mb */
	bool unknown; /* not a GET, and it may have had its effect though we do not know:
			 look first */
	struct json *json;   /* owned; NULL without a body */
	int64_t date_at;     /* Procore's clock at the answer; ours when it did not say */
	int64_t retry_at;    /* not before this time; 0: as the caller likes */
	int64_t total;       /* of a list, from the header Total; -1: not said */
	bool more;           /* a list goes on: Link rel="next" */
	char request_id[80]; /* X-Request-Id */
};
void procore_answer_clear(struct procore_answer *a); /* accepts a zeroed one */

/* Operations in use; the table is checked against Procore's documented ones. */
enum procore_op {
	PROCORE_ME,
	PROCORE_COMPANIES,
	PROCORE_PROJECTS,
	PROCORE_PROJECT,
	PROCORE_PROJECT_USERS,
	PROCORE_PERMISSIONS,
	PROCORE_RFIS,
	PROCORE_RFI,
	PROCORE_RFI_BIN,
	PROCORE_RFI_REPLIES,
	PROCORE_RFI_REPLY,
	PROCORE_RFI_ADVANCE,
	PROCORE_SUBMITTALS,
	PROCORE_SUBMITTAL,
	PROCORE_SUBMITTAL_BIN,
	PROCORE_SUBMITTAL_RESPONSES,
	PROCORE_APPROVE,
	PROCORE_UPLOAD,
	PROCORE_UPLOAD_GET,
	PROCORE_UPLOAD_PATCH,
	/* webhooks (procore_hooks.h); _1: their v1.0 */
	PROCORE_HOOKS,
	PROCORE_HOOK_CREATE,
	PROCORE_HOOK_UPDATE,
	PROCORE_HOOK_DELETE,
	PROCORE_TRIGGERS,
	PROCORE_TRIGGER_CREATE,
	PROCORE_HOOKS_1,
	PROCORE_HOOK_CREATE_1,
	PROCORE_HOOK_UPDATE_1,
	PROCORE_HOOK_DELETE_1,
	PROCORE_TRIGGERS_1,
	PROCORE_TRIGGER_CREATE_1,
	PROCORE_OP_MAX
};
struct procore_path {
	const char *method;
	const char *path; /* "/rest/v1.0/projects/{project_id}/rfis/{id}" */
	enum cause_call call;
};
const struct procore_path *procore_path(enum procore_op op); /* static storage */

struct procore_req {
	enum procore_op op;
	struct procore_at at;
	int64_t id;              /* for {id} or {rfi_id} in the path */
	const char *uuid;        /* for {uuid} */
	const char *hook;        /* for {hook_id} and {id} of a webhook, whose ids are texts; else NULL */
	const char *query;       /* further query, encoded, without "?"; NULL none */
	const struct json *body; /* NULL none; not taken over */
	const char *
	    idempotency; /* stable value of a write, sent as Idempotency-Token; NULL none */
};
/* Make the call.
 * out     always to be cleared; filled whenever 0 is returned
 * errors  ERR_DB, ERR_BUSY, ERR_IO, ERR_BUG: on our side; everything Procore says is in
 * out->cause */
MUST_USE int procore_call(struct procore *p, const struct procore_req *r,
    struct procore_answer *out, struct err *e);

/* ---- the calls, by name. page from 1. */
enum { PROCORE_PER_PAGE = 100 };
MUST_USE int procore_companies(struct procore *p, int64_t account_id, int page,
    struct procore_answer *out, struct err *e);
/* at.project_id is not used. search: part of the name, "" all */
MUST_USE int procore_projects(struct procore *p, const struct procore_at *at, int page,
    const char *search, struct procore_answer *out, struct err *e);
MUST_USE int procore_project(struct procore *p, const struct procore_at *at,
    struct procore_answer *out, struct err *e);
MUST_USE int procore_project_users(struct procore *p, const struct procore_at *at, int page,
    const char *search, struct procore_answer *out, struct err *e);
MUST_USE int procore_permissions(struct procore *p, const struct procore_at *at,
    struct procore_answer *out, struct err *e);
/* A list of what changed at or after since_at (0: all): PROCORE_RFIS, PROCORE_SUBMITTALS,
 * _BIN. */
MUST_USE int
procore_changed(struct procore *p, enum procore_op op, const struct procore_at *at,
    int64_t since_at, int page, struct procore_answer *out, struct err *e);
/* Those with a number: PROCORE_RFIS, PROCORE_SUBMITTALS. Several may share one. */
MUST_USE int
procore_by_number(struct procore *p, enum procore_op op, const struct procore_at *at,
    const char *number, int page, struct procore_answer *out, struct err *e);
/* One thing by id: PROCORE_RFI, PROCORE_SUBMITTAL, PROCORE_RFI_REPLIES,
 * PROCORE_RFI_ADVANCE. */
MUST_USE int procore_one(struct procore *p, enum procore_op op, const struct procore_at *at,
    int64_t id, struct procore_answer *out, struct err *e);
MUST_USE int procore_rfi_reply(struct procore *p, const struct procore_at *at,
    int64_t rfi_id, const struct json *body, const char *idempotency,
    struct procore_answer *out, struct err *e);
MUST_USE int procore_approve(struct procore *p, const struct procore_at *at,
    int64_t submittal_id, int64_t approver_id, const struct json *body,
    const char *idempotency, struct procore_answer *out, struct err *e);
MUST_USE int procore_submittal_responses(struct procore *p, const struct procore_at *at,
    int page, struct procore_answer *out, struct err *e);

/* ---- files (procore_file.c, procore_upload.c) */
/* Fetch url into the part: the rest of it when it was cut before and is still of the same version. Redirects are
 * followed by hand, at most 5, only to procore_file_hosts and the API's host; the bearer goes only to *.procore.com
 * and the API's host. An address of storage that has expired is asked for once more. On CAUSE_NONE the part is
 * whole. A file above max_file_mb is CAUSE_ITEM, a full disk CAUSE_LOCAL. errors: as procore_call() */
MUST_USE int procore_download(struct procore *p, const struct procore_at *at,
    const char *url, struct spool_part *part, struct procore_answer *out, struct err *e);

/* Procore takes segments from 5 MB to 5 GB (procore.md 7.2): what a broken line costs, against calls. */
enum { PROCORE_SEGMENT_BYTES = 64 * 1024 * 1024 };
struct procore_file {
	const char *name, *type;  /* as Procore shall show it */
	struct spool_part *part;  /* whole */
};
/* Send a file by direct upload v1.1: one form POST when it is no larger than a segment, else in segments. What has
 * arrived of them is noted beside the part: a later call goes on there, within the hour that Procore gives, and
 * begins anew when Procore no longer knows of it.
 * uuid    for upload_ids, at most 63 bytes
 * errors  as procore_call() */
MUST_USE int procore_upload(struct procore *p, const struct procore_at *at,
    const struct procore_file *file, char uuid[64], struct procore_answer *out,
    struct err *e);

#endif
