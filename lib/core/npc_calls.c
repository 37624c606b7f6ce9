/* Project Center's calls by name, and its files (npc.h). Queries are written sorted by key.
 */
#include "config.h"

#include "core/npc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/npc_int.h"

enum {
	/* Tries of one call to go on with a file that is cut again and again; later passes go on too. */
	MAX_TRIES = 5,
	/* A file that breaks on its way up is sent again, from its start: the contract knows no parts. */
	MAX_SENDS = 3
};

static void
add(struct buf *q, const char *key, const char *value)
{
	if (q->len > 0)
		buf_putc(q, '&');
	enc_percent(q, key);
	buf_putc(q, '=');
	enc_percent(q, value);
}

/* The operation of a kind: those of submittals follow in the same order. */
static enum npc_op
of_kind(enum npc_op rfi_op, enum npc_kind k)
{
	return k == NPC_RFI ? rfi_op
			    : (enum npc_op)(rfi_op + (NPC_SUBMITTAL_FIND - NPC_RFI_FIND));
}

static int
call_query(
    struct npc *n, struct npc_req *r, struct buf *q, struct npc_answer *out, struct err *e)
{
	int rc = -1;

	*out = (struct npc_answer){0};
	if (buf_check(q, "query", e) == 0) {
		r->query = buf_str(q);
		rc = npc_call(n, r, out, e);
	}
	buf_clear(q);
	return rc;
}

int
npc_projects(struct npc *n, struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = NPC_PROJECTS};

	return npc_call(n, &r, out, e);
}

int
npc_contacts(struct npc *n, const char *project, const char *email, struct npc_answer *out,
    struct err *e)
{
	struct npc_req r = {.op = NPC_CONTACTS, .project = project};
	struct buf q = BUF_INIT(LIMIT_URL);

	add(&q, "email", email);
	return call_query(n, &r, &q, out, e);
}

int
npc_keywords(struct npc *n, const char *project, struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = NPC_KEYWORDS, .project = project};

	return npc_call(n, &r, out, e);
}

int
npc_changes(struct npc *n, const char *project, int64_t since_at, const char *next,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = NPC_CHANGES, .project = project};
	struct buf q = BUF_INIT(LIMIT_URL);
	char iso[CLK_ISO_BYTES], since[CLK_ISO_BYTES + sizeof ".000"];

	clk_iso(since_at, iso);
	BUG_IF(str_format(since, sizeof since, "%.19s.000Z", iso) == -1);
	add(&q, "limit", "200");
	if (!str_empty(next))
		add(&q, "next", next);
	add(&q, "updatedSince", since); /* times carry milliseconds (contract) */
	return call_query(n, &r, &q, out, e);
}

int
npc_find(struct npc *n, enum npc_kind k, const char *project, const char *external_id,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = of_kind(NPC_RFI_FIND, k), .project = project};
	struct buf q = BUF_INIT(LIMIT_URL);

	add(&q, "externalId", external_id);
	return call_query(n, &r, &q, out, e);
}

int
npc_create(struct npc *n, enum npc_kind k, const char *project, const struct json *body,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {
	    .op = of_kind(NPC_RFI_CREATE, k), .project = project, .body = body};

	return npc_call(n, &r, out, e);
}

int
npc_get(struct npc *n, enum npc_kind k, const char *project, const char *id,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = of_kind(NPC_RFI_GET, k), .project = project, .id = id};

	return npc_call(n, &r, out, e);
}

int
npc_update(struct npc *n, enum npc_kind k, const char *project, const char *id,
    const struct json *body, struct npc_answer *out, struct err *e)
{
	struct npc_req r = {
	    .op = of_kind(NPC_RFI_UPDATE, k), .project = project, .id = id, .body = body};

	return npc_call(n, &r, out, e);
}

int
npc_reopen(struct npc *n, enum npc_kind k, const char *project, const char *id,
    const char *reason, struct npc_answer *out, struct err *e)
{
	struct json *body = json_obj();
	struct npc_req r = {
	    .op = of_kind(NPC_RFI_REOPEN, k), .project = project, .id = id, .body = body};
	int rc;

	json_put_str(body, "reason", reason);
	rc = npc_call(n, &r, out, e);
	json_free(body);
	return rc;
}

int
npc_responses(struct npc *n, enum npc_kind k, const char *project, const char *id,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {
	    .op = of_kind(NPC_RFI_RESPONSES, k), .project = project, .id = id};

	return npc_call(n, &r, out, e);
}

/* ---- files by presigned addresses, which carry no Authorization */

/* Where the gateway says that files are: any public https host; private ones only beside a
 * gateway that is itself on loopback (rehearsals) or has the same host. */
static bool
private_ok(const struct npc *n, const char *url)
{
	char a[256], b[256];

	if (http_url_is_loopback(n->conf->npc_api_url))
		return true;
	return http_url_host(url, a, sizeof a) == 0 &&
	       http_url_host(n->conf->npc_api_url, b, sizeof b) == 0 && str_eq(a, b);
}

static int
presigned(struct npc *n, struct http_req *req, struct http_resp *resp,
    struct npc_answer *out, struct err *e)
{
	if (!http_url_acceptable(req->url)) {
		npc_fail(out, CAUSE_ITEM, "the file's address is not acceptable");
		return 0;
	}
	req->repeatable = true; /* the same bytes to the same address */
	req->allow_private = private_ok(n, req->url);
	if (http_call(n->http, req, resp, e) == -1)
		return -1;
	npc_decide(resp, false, false, out);
	/* the body of a file is no JSON; a PUT may answer with anything */
	if (resp->stage == HTTP_DONE && resp->status >= 200 && resp->status < 300)
		out->cause = CAUSE_NONE;
	return 0;
}

/* What came of one try; *again: once more, with a fresh address. */
static int
take_file(struct spool_fetch *f, const struct http_resp *resp, int tries, bool *again,
    struct npc_answer *out, struct err *e)
{
	enum spool_got got = SPOOL_GOT_NONE;

	*again = false;
	if (spool_fetch_end(f, resp, &got, e) == -1)
		return -1;
	if (got == SPOOL_GOT_ALL) {
		npc_answer_clear(out);
		return 0;
	}
	/* 403: the address has expired on the way */
	*again = tries < MAX_TRIES &&
		 (got != SPOOL_GOT_NONE || (resp->status == 403 && tries == 1));
	if (got == SPOOL_GOT_ANEW)
		npc_fail(out, CAUSE_UNREACHABLE, "the file changes while it is fetched");
	if (f->too_big) {
		out->cause = CAUSE_ITEM;
		out->too_big = true;
		if (str_format(out->text, sizeof out->text,
			"it is larger than the limit of %" PRId64 " MB (max_file_mb)",
			f->max_bytes / (1024 * 1024)) == -1)
			out->text[0] = '\0';
	} else if (f->why[0] != '\0') {
		str_cut(out->text, sizeof out->text, f->why);
	}
	return 0;
}

int
npc_fetch(struct npc *n, const char *project, const char *file_id, struct spool_part *part,
    struct npc_answer *out, struct err *e)
{
	struct npc_req r = {.op = NPC_FILE_GET, .project = project, .id = file_id};
	struct spool_fetch f = {
	    .part = part, .max_bytes = n->conf->max_file_mb * 1024 * 1024};
	bool again = true;
	int rc = 0;

	for (int i = 1; rc == 0 && again; i++) {
		struct http_req req = HTTP_REQ_INIT;
		struct http_resp resp = {0};
		char *url;

		if (i > 1)
			npc_answer_clear(out);
		rc = npc_call(n, &r, out, e);
		if (rc == -1 || out->cause != CAUSE_NONE)
			break;
		url = xstrdup(json_str_or(out->json, "url", ""));
		npc_answer_clear(out);
		req.url = url;
		spool_fetch_ask(&f, &req);
		rc = presigned(n, &req, &resp, out, e);
		if (rc == 0)
			rc = take_file(&f, &resp, i, &again, out, e);
		http_resp_clear(&resp);
		free(url);
	}
	return rc;
}

static int
announce(struct npc *n, const char *project, const char *key, const char *name,
    const struct spool_part *part, struct npc_answer *out, struct err *e)
{
	struct json *body = json_obj();
	struct npc_req r = {.op = NPC_UPLOAD_CREATE, .project = project, .body = body};
	int rc;

	json_put_str(body, "idempotencyKey", key);
	json_put_str(body, "name", name);
	json_put_i64(body, "size", part->bytes);
	json_put_str(body, "sha256", part->sha256);
	rc = npc_call(n, &r, out, e);
	json_free(body);
	return rc;
}

static int
put_file(struct npc *n, const char *url, const struct spool_part *part,
    struct npc_answer *out, struct err *e)
{
	static const struct http_header h[] = {
	    {"Content-Type", "application/octet-stream"}};
	struct http_req req = HTTP_REQ_INIT;
	int rc = 0;

	req.method = "PUT";
	req.url = url;
	req.headers = h;
	req.headers_n = 1;
	req.body_fd = part->fd;
	req.body_file_bytes = part->bytes;
	req.total_ms = SPOOL_TOTAL_MS;
	req.stall_s = SPOOL_STALL_S;
	*out = (struct npc_answer){.date_at = clk_now()};
	for (int i = 0; rc == 0 && i < MAX_SENDS; i++) {
		struct http_resp resp = {0};
		bool broke;

		npc_answer_clear(out);
		rc = presigned(n, &req, &resp, out, e);
		broke = resp.stage == HTTP_SEND || resp.stage == HTTP_LOST;
		http_resp_clear(&resp);
		if (!broke)
			break;
	}
	return rc;
}

int
npc_attach(struct npc *n, enum npc_kind k, const char *project, const char *item_id,
    const char *key, const char *name, const struct spool_part *part, char file_id[256],
    struct npc_answer *out, struct err *e)
{
	struct npc_answer up = {0};
	struct json *body = json_obj();
	struct npc_req r = {.op = of_kind(NPC_RFI_ATTACH, k),
	    .project = project,
	    .id = item_id,
	    .body = body};
	int rc = -1;

	*out = (struct npc_answer){0};
	if (announce(n, project, key, name, part, &up, e) == -1)
		goto out;
	if (up.cause == CAUSE_NONE &&
	    !str_eq(json_str_or(up.json, "state", ""), "received")) {
		if (put_file(n, json_str_or(up.json, "url", ""), part, out, e) == -1)
			goto out;
		if (out->cause != CAUSE_NONE) {
			rc = 0;
			goto out;
		}
		npc_answer_clear(out);
	}
	if (up.cause != CAUSE_NONE) {
		*out = up;
		up = (struct npc_answer){0};
		rc = 0;
		goto out;
	}
	json_put_str(body, "uploadId", json_str_or(up.json, "id", ""));
	if (npc_call(n, &r, out, e) == -1)
		goto out;
	if (out->cause == CAUSE_NONE &&
	    str_copy(file_id, 256, json_str_or(out->json, "id", "")) == -1)
		npc_fail(out, CAUSE_ITEM, "an id of Project Center is too long");
	rc = 0;
out:
	npc_answer_clear(&up);
	json_free(body);
	return rc;
}
