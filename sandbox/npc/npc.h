/* npc.h: what the parts of the Project Center stand-in share. Layer: sandbox. Source:
 * docs/npc-gateway.yaml, DESIGN.md 12. It is strict on purpose: what the contract does not
 * allow is refused. */
#ifndef CW_SANDBOX_NPC_NPC_H
#define CW_SANDBOX_NPC_NPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "html/tmpl.h"
#include "io/db.h"
#include "io/fcgi.h"
#include "io/json.h"

enum {
	NPC_ID_BYTES = 64,
	NPC_SEGMENTS = 8,
	NPC_JSON_MAX = 4 * 1024 * 1024,
	NPC_PAGE_DEFAULT = 100,
	NPC_PAGE_MAX = 200
};

/* One process. */
struct npc {
	struct db *db;
	struct tmpl_set *tmpl;
	const char *url;   /* "https://npc.localhost:8443" */
	const char *files; /* folder of the files' bytes */
	const char *seed;  /* folder of the seed data */
	const char *html;  /* folder of templates and style sheet */
	int writes;        /* since the last checkpoint */
};

/* One request. */
struct call {
	struct npc *n;
	struct fcgi_req *req;
	struct fcgi_resp *resp;
	char *path;              /* a copy, cut into seg */
	char *seg[NPC_SEGMENTS]; /* "v1" "projects" ... */
	size_t segs;
	struct json *body; /* of a POST or PATCH; NULL none */
	int64_t now_ms;    /* the stand-in's own clock */
	const char *code;  /* of the error answered; "" none */
	bool cut;          /* the fault "cut" strikes this call */
};

/* ---- data.c: statements in one line each. kinds: 's' text (NULL binds NULL), 'i' int64_t.
 */
MUST_USE int nq_exec(struct npc *n, int query, struct err *e, const char *kinds, ...);
/* The first column of the first row; *out owned by the caller, NULL when there is no row.
 */
MUST_USE int
nq_text(struct npc *n, int query, char **out, struct err *e, const char *kinds, ...);
/* The same as a number; dflt when there is no row. */
MUST_USE int nq_i64(struct npc *n, int query, int64_t dflt, int64_t *out, struct err *e,
    const char *kinds, ...);
/* The same parsed as JSON. */
MUST_USE int
nq_json(struct npc *n, int query, struct json **out, struct err *e, const char *kinds, ...);
/* All rows: the first column parsed and added to arr. */
MUST_USE int
nq_rows(struct npc *n, int query, struct json *arr, struct err *e, const char *kinds, ...);
/* The first row's text columns 0 to n_out - 1; all NULL when there is no row. Owned by the
 * caller. */
MUST_USE int nq_row(struct npc *n, int query, char **out, size_t n_out, struct err *e,
    const char *kinds, ...);

/* A setting as a number. errors: ERR_DB it is not one */
MUST_USE int npc_setting(struct npc *n, const char *name, int64_t *out, struct err *e);
int64_t npc_now_ms(struct npc *n); /* the moved clock */
/* "prefix-" and 24 random hex digits. */
void npc_new_id(const char *prefix, char dst[NPC_ID_BYTES]);
/* Milliseconds of an RFC 3339 text. errors: -1 */
MUST_USE int npc_parse_ms(const char *s, int64_t *out);
void npc_iso_ms(int64_t ms, char dst[40]);

/* ---- seed.c */
/* Make this connection's views, and seed the empty database in one transaction; seeded ones
 * stay. errors: ERR_IO, ERR_INPUT a seed file */
MUST_USE int npc_seed(struct npc *n, struct err *e);
/* Forget everything and seed again. */
MUST_USE int npc_reset(struct npc *n, struct err *e);

/* ---- answers (route.c) */
/* Answer with a value, which is taken over. Always 0. */
int call_json(struct call *c, int status, struct json *j);
/* Answer with the contract's error object. Always 0: the request is dealt with. */
int call_refuse(struct call *c, int status, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The whole body, from memory or its file, appended to out. errors: ERR_LIMIT above out's
 * ceiling */
MUST_USE int call_body(struct call *c, struct buf *out, struct err *e);
/* A handler: 0 when it answered, -1 with e for what it did not expect (500, or the class's
 * status). */
typedef int (*call_handler)(struct call *c, struct err *e);

/* ---- auth.c */
MUST_USE int auth_login(struct call *c, struct err *e);
/* *ok: signature and session are good; otherwise answered already. */
MUST_USE int auth_check(struct call *c, bool *ok, struct err *e);
/* The same for a presigned address. */
MUST_USE int auth_check_presigned(struct call *c, bool *ok, struct err *e);
/* A fresh presigned address; owned by the caller. *expires_ms may be NULL. */
MUST_USE int auth_presign(struct npc *n, const char *method, const char *file_id,
    char **out, int64_t *expires_ms, struct err *e);

/* ---- fault.c */
struct fault {
	char kind[8]; /* "" none */
	int64_t status, retry_s, delay_ms;
};
/* Take the next fault for this call from the table, one of its times used up. */
MUST_USE int fault_take(struct call *c, struct fault *out, struct err *e);
/* Play what comes before the work. *answered: the answer is already there. */
void fault_before(struct call *c, const struct fault *f, bool *answered);
/* Play what comes after it. */
void fault_after(struct call *c, const struct fault *f);
MUST_USE int call_log(struct call *c, const struct fault *f, struct err *e);

/* ---- handlers of the contract */
int api_projects(struct call *c, struct err *e);
int api_contacts(struct call *c, struct err *e);
int api_keywords(struct call *c, struct err *e);
int api_changes(struct call *c, struct err *e);
int api_item_list(struct call *c, struct err *e);
int api_item_create(struct call *c, struct err *e);
int api_item_get(struct call *c, struct err *e);
int api_item_update(struct call *c, struct err *e);
int api_item_reopen(struct call *c, struct err *e);
int api_item_responses(struct call *c, struct err *e);
int api_item_attach(struct call *c, struct err *e);
int api_upload_create(struct call *c, struct err *e);
int api_file_get(struct call *c, struct err *e);
int api_bytes(struct call *c, struct err *e); /* GET and PUT /files/ID */

/* "rfi" or "submittal" for the path's "rfis" or "submittals". */
const char *api_kind(const struct call *c);
/* What a key has created before. *id is owned by the caller; *refused: answered 400 or 409
 * already. */
MUST_USE int api_idempotent(struct call *c, char **id, bool *refused, struct err *e);
MUST_USE int api_idempotent_put(struct call *c, const char *id, struct err *e);
/* Add the files that a query finds for an id (item or response) to arr; urls: with
 * presigned addresses. */
MUST_USE int files_of(
    struct npc *n, int query, const char *id, bool urls, struct json *arr, struct err *e);
MUST_USE int responses_of(
    struct npc *n, const char *item_id, bool urls, struct json *arr, struct err *e);
struct act_file {
	const char *name, *type;
	const void *p; /* NULL: made up from size and seed (bytes.h) */
	int64_t size, seed;
};
/* Store what a person attached, as a received file; id is filled. */
MUST_USE int file_store(struct npc *n, const char *project_id, const struct act_file *f,
    char id[NPC_ID_BYTES], struct err *e);
/* Answer with the bytes of a file. */
MUST_USE int file_send(struct call *c, const char *id, bool inline_view, struct err *e);

/* ---- act.c: what people do in Project Center; for pages and control alike. All in the
 * caller's transaction. */
/* errors  ERR_INPUT, ERR_NOT_FOUND with a sentence for people */
/* What somebody answers; all borrowed for the call. */
struct act_answer {
	const char *person, *action, *text;
	const struct act_file *files; /* NULL: none */
	size_t files_n;
	bool closes; /* Respond and Close; false: recorded, the item stays open */
};
MUST_USE int act_respond(
    struct npc *n, const char *item_id, const struct act_answer *a, struct err *e);
/* The latest response is deleted, as its author may. */
MUST_USE int act_withdraw(struct npc *n, const char *item_id, struct err *e);
/* how  "close", "send_and_close" */
MUST_USE int act_close(struct npc *n, const char *item_id, const char *how, struct err *e);
/* The team rewrites what came from outside; NULL: as it is. */
MUST_USE int act_edit(struct npc *n, const char *item_id, const char *subject,
    const char *body, const char *due_date, struct err *e);
MUST_USE int act_reopen(struct npc *n, const char *item_id, struct err *e);
MUST_USE int
act_remarks(struct npc *n, const char *item_id, const char *text, struct err *e);
MUST_USE int act_contact_add(struct npc *n, const char *project, const char *name,
    const char *email, const char *company, struct err *e);
MUST_USE int
act_contact_remove(struct npc *n, const char *project, const char *who, struct err *e);
MUST_USE int act_keyword_rename(
    struct npc *n, const char *list, const char *from, const char *to, struct err *e);
/* A value that closes submittals with a response, in one project or (NULL) in all: there,
 * or gone. */
MUST_USE int act_keyword_set(
    struct npc *n, const char *project, const char *name, bool there, struct err *e);
/* An item by its id, or by number or external id (within project, when given). */
MUST_USE int act_find_item(
    struct npc *n, const char *project, const char *item, char **id, struct err *e);

/* ---- page.c and control.c */
int page_handle(struct call *c, struct err *e);
int control_handle(struct call *c, struct err *e);
/* Render a template as the answer; the model is taken over. */
MUST_USE int page_render(
    struct call *c, int status, const char *name, struct json *model, struct err *e);
void page_see_other(struct call *c, const char *path);

/* ---- route.c */
void npc_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp);
void npc_idle(void *arg);

#endif
