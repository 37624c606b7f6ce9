/* npc.h: the only door to Project Center. Layer: core. Source: docs/npc-gateway.yaml,
 * newforma.md 6.
 *
 * Two adapters: `gateway` speaks the contract (login, signed calls, presigned files; every
 * path in one table, npc_paths.c); `none` answers every call with "Project Center not
 * configured". Another adapter can stand beside them. What is confirmed and what is our own
 * proposal is said in docs/npc-gateway.yaml. */
#ifndef CW_CORE_NPC_H
#define CW_CORE_NPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "core/cause.h"
#include "core/spool.h"
#include "io/conf.h"
#include "io/http.h"
#include "io/json.h"

enum npc_kind { NPC_RFI, NPC_SUBMITTAL };

/* Operations in use; the table is checked against docs/npc-gateway.yaml. */
enum npc_op {
	NPC_LOGIN,
	NPC_PROJECTS,
	NPC_CONTACTS,
	NPC_KEYWORDS,
	NPC_CHANGES,
	NPC_RFI_FIND,
	NPC_RFI_CREATE,
	NPC_RFI_GET,
	NPC_RFI_UPDATE,
	NPC_RFI_REOPEN,
	NPC_RFI_RESPONSES,
	NPC_RFI_ATTACH,
	NPC_SUBMITTAL_FIND,
	NPC_SUBMITTAL_CREATE,
	NPC_SUBMITTAL_GET,
	NPC_SUBMITTAL_UPDATE,
	NPC_SUBMITTAL_REOPEN,
	NPC_SUBMITTAL_RESPONSES,
	NPC_SUBMITTAL_ATTACH,
	NPC_UPLOAD_CREATE,
	NPC_FILE_GET,
	NPC_OP_MAX
};
struct npc_path {
	const char *method;
	const char *path; /* "/v1/projects/{projectId}/rfis/{itemId}" */
};
const struct npc_path *npc_path(enum npc_op op); /* static storage */

struct npc; /* one process's client and its session */

/* access_key, secret: borrowed for the life of the client; not read by the adapter `none`.
 */
struct npc *npc_new(const struct conf *c, struct http *http,
    const struct secret *access_key, const struct secret *secret);
void npc_free(struct npc *n); /* accepts NULL; zeroes the session */
bool npc_configured(const struct npc *n);

struct npc_answer {
	enum cause cause; /* CAUSE_NONE: it worked; CAUSE_CONFIGURATION, _LIMITED,
			     _UNREACHABLE, _LOCAL, _ITEM */
	char text[256];   /* for people, when it did not */
	char code[40];    /* the contract's error code; "" none */
	int status;
	bool too_big;      /* CAUSE_ITEM because a file is above max_file_mb */
	bool unknown;      /* a write that may have had its effect */
	struct json *json; /* owned; NULL without a body */
	int64_t date_at;   /* the gateway's clock at the answer */
	int64_t retry_at;  /* not before; 0: as the caller likes */
};
void npc_answer_clear(struct npc_answer *a);

struct npc_req {
	enum npc_op op;
	const char *project; /* {projectId} */
	const char *id;      /* {itemId}, {uploadId} or {fileId} */
	const char *query;   /* sorted, encoded; NULL none */
	const struct json *body;
};
/* Make a signed call; logs in first when there is no living session, and once more after
 * `token_expired`. errors  ERR_BUG, ERR_IO: on our side; ids that cannot stand in a path
 * are answered as CAUSE_ITEM */
MUST_USE int
npc_call(struct npc *n, const struct npc_req *r, struct npc_answer *out, struct err *e);

/* ---- the calls, by name */
MUST_USE int npc_projects(struct npc *n, struct npc_answer *out, struct err *e);
/* Contacts of a project that answer to this address. */
MUST_USE int npc_contacts(struct npc *n, const char *project, const char *email,
    struct npc_answer *out, struct err *e);
MUST_USE int
npc_keywords(struct npc *n, const char *project, struct npc_answer *out, struct err *e);
/* What changed at or after since_at; next: cursor of the page before, "" for the first. */
MUST_USE int npc_changes(struct npc *n, const char *project, int64_t since_at,
    const char *next, struct npc_answer *out, struct err *e);
/* The item with our own name of it: an answer with 0 or 1 items. */
MUST_USE int npc_find(struct npc *n, enum npc_kind k, const char *project,
    const char *external_id, struct npc_answer *out, struct err *e);
MUST_USE int npc_create(struct npc *n, enum npc_kind k, const char *project,
    const struct json *body, struct npc_answer *out, struct err *e);
MUST_USE int npc_get(struct npc *n, enum npc_kind k, const char *project, const char *id,
    struct npc_answer *out, struct err *e);
MUST_USE int npc_update(struct npc *n, enum npc_kind k, const char *project, const char *id,
    const struct json *body, struct npc_answer *out, struct err *e);
MUST_USE int npc_reopen(struct npc *n, enum npc_kind k, const char *project, const char *id,
    const char *reason, struct npc_answer *out, struct err *e);
MUST_USE int npc_responses(struct npc *n, enum npc_kind k, const char *project,
    const char *id, struct npc_answer *out, struct err *e);
/* Announce, send and attach a file; each step may be repeated (same key, same name and hash), and bytes that break on
 * the way are sent again.
 * key      idempotency key of the upload
 * part     whole
 * file_id  of the attached file, at most 255 bytes */
MUST_USE int npc_attach(struct npc *n, enum npc_kind k, const char *project,
    const char *item_id, const char *key, const char *name, const struct spool_part *part,
    char file_id[256], struct npc_answer *out, struct err *e);
/* Fetch a file into the part, by addresses that the gateway gives for it: the rest of it when it was cut before and is
 * still of the same version. On CAUSE_NONE the part is whole. A file above max_file_mb is CAUSE_ITEM, a full disk
 * CAUSE_LOCAL. errors: as npc_call() */
MUST_USE int npc_fetch(struct npc *n, const char *project, const char *file_id,
    struct spool_part *part, struct npc_answer *out, struct err *e);

#endif
