/* auth.c: login, signatures of calls, presigned addresses. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"
#include "sandbox/npc/sigv4.h"

enum {
	SKEW_MS = 5 * 60 * 1000, /* as AWS */
	SECRET_MAX = 512
};

static const char STORE_KEY_ID[] = "NPCFILESTORE00000001";

int
auth_login(struct call *c, struct err *e)
{
	const char *key, *secret;
	char *want = NULL, key_id[41], secret_key[65], token[129], iso[40];
	struct json *out;
	int64_t life_s = 0;
	bool good;

	if (c->body == NULL ||
	    json_need_str(c->body, "accessKey", SECRET_MAX, &key, e) == -1 ||
	    json_need_str(c->body, "secret", SECRET_MAX, &secret, e) == -1)
		return call_refuse(
		    c, 400, "bad_request", "accessKey and secret are needed");
	if (nq_text(c->n, NQ_ACCESS_KEY_SECRET, &want, e, "s", key) == -1)
		return -1;
	good = want != NULL && strlen(want) == strlen(secret) &&
	       crypt_eq(want, secret, strlen(want));
	free(want);
	if (!good)
		return call_refuse(c, 401, "login_failed", "access key or secret is wrong");
	rnd_hex(key_id, 10);
	rnd_hex(secret_key, 32);
	rnd_hex(token, 64);
	if (npc_setting(c->n, "session_life_s", &life_s, e) == -1 ||
	    nq_exec(c->n, NQ_SESSION_PUT, e, "sssi", key_id, secret_key, token,
		c->now_ms + life_s * 1000) == -1)
		return -1;
	npc_iso_ms(c->now_ms + life_s * 1000, iso);
	out = json_obj();
	json_put_str(out, "accessKeyId", key_id);
	json_put_str(out, "secretAccessKey", secret_key);
	json_put_str(out, "sessionToken", token);
	json_put_str(out, "expiration", iso);
	return call_json(c, 200, out);
}

/* The request as its signature sees it; path is owned by the caller. */
static void
as_signed(
    const struct call *c, struct sigv4_header *h, char **path, struct sigv4_request *out)
{
	const struct fcgi_params *p = &c->req->p;
	const char *uri = p->request_uri != NULL ? p->request_uri : "/";
	const struct sigv4_header known[] = {{"host", p->http_host},
	    {"content-type", p->content_type}, {"x-amz-date", p->http_x_amz_date},
	    {"x-amz-security-token", p->http_x_amz_security_token},
	    {"x-amz-content-sha256", p->http_x_amz_content_sha256},
	    {"accept", p->http_accept}, {"user-agent", p->http_user_agent}};

	memcpy(h, known, sizeof(known));
	*path = xstrndup(uri, strcspn(uri, "?"));
	*out = (struct sigv4_request){.method = p->request_method,
	    .path = *path,
	    .query = c->req->query,
	    .headers = h,
	    .headers_n = sizeof(known) / sizeof(known[0])};
}

/* Which headers must be under the signature: host, the date, and every x-amz-* and the type
 * that was sent. */
static const char *
unsigned_header(const struct sigv4_request *r, const char *signed_headers)
{
	struct strv list = {0};
	const char *missing = NULL;

	strv_split(&list, signed_headers, ";");
	for (size_t i = 0; i < r->headers_n && missing == NULL; i++) {
		const char *name = r->headers[i].name;

		if (r->headers[i].value != NULL && !strv_has_ci(&list, name) &&
		    (str_eq(name, "host") || str_starts(name, "x-amz-")))
			missing = name;
	}
	strv_clear(&list);
	return missing;
}

/* The hex hash of the body, wherever it is. */
static int
body_hash(struct call *c, char out[CRYPT_HEX256_BYTES], struct err *e)
{
	int64_t bytes = 0;
	int fd = fcgi_body_fd(c->req, &bytes);
	struct crypt_sha256 *h;
	char chunk[65536];
	off_t at = 0;
	ssize_t got;

	if (fd == -1) {
		crypt_sha256_hex(buf_str(&c->req->body), c->req->body.len, out);
		return 0;
	}
	h = crypt_sha256_new();
	while ((got = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		crypt_sha256_add(h, chunk, (size_t)got);
		at += got;
	}
	crypt_sha256_end(h, out);
	return got == 0 ? 0 : err_set(e, ERR_IO, "body of the request cannot be read");
}

/* What X-Amz-Date is held against: the real clock and the switch `clock`, not the clock file of rehearsals,
 * because libcurl signs with the machine's own time and cannot be moved. */
static int64_t
signing_now_ms(const struct call *c)
{
	struct timespec t;

	BUG_IF(clock_gettime(CLOCK_REALTIME, &t) == -1);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + (c->now_ms - clk_now_ms());
}

/* 0: acceptable. 1: answered. -1: error. */
static int
check_scope(struct call *c, const struct sigv4_auth *a, struct err *e)
{
	const char *date = c->req->p.http_x_amz_date;
	char *region = NULL;
	int64_t at = 0, now_ms = signing_now_ms(c);
	int rc = 1;

	if (nq_text(c->n, NQ_SETTING_GET, &region, e, "s", "region") == -1)
		return -1;
	if (sigv4_time(date, &at) == -1)
		call_refuse(c, 403, "signature_missing",
		    "X-Amz-Date is missing or not YYYYMMDDTHHMMSSZ");
	else if (strncmp(date, a->date, 8) != 0 || !str_eq(a->service, "execute-api") ||
		 !str_eq(a->region, region))
		call_refuse(c, 403, "signature_mismatch",
		    "Credential must be scoped to the day of X-Amz-Date, %s and "
		    "execute-api",
		    region);
	else if (at * 1000 < now_ms - SKEW_MS || at * 1000 > now_ms + SKEW_MS)
		call_refuse(
		    c, 403, "clock_skew", "X-Amz-Date %s is more than 5 minutes off", date);
	else
		rc = 0;
	free(region);
	return rc;
}

static int
check_payload(struct call *c, char hash[CRYPT_HEX256_BYTES], struct err *e)
{
	const char *claimed = c->req->p.http_x_amz_content_sha256;

	if (body_hash(c, hash, e) == -1)
		return -1;
	if (claimed == NULL || str_eq(claimed, hash))
		return 0;
	call_refuse(c, 403, "signature_mismatch",
	    "x-amz-content-sha256 is not the hash of the body");
	return 1;
}

/* The session the call names, and whether it still lives. row: secret, token, expires_ms.
 */
static int
check_session(struct call *c, const struct sigv4_auth *a, char *row[3], struct err *e)
{
	const char *token = c->req->p.http_x_amz_security_token;
	int64_t expires_ms = 0;

	if (nq_row(c->n, NQ_SESSION_GET, row, 3, e, "s", a->key_id) == -1)
		return -1;
	if (row[0] == NULL || !str_eq(token, row[1])) {
		call_refuse(c, 403, "token_invalid",
		    "the security token included in the request is invalid");
		return 1;
	}
	if (num_parse_i64(row[2], 0, INT64_MAX, &expires_ms) == -1 ||
	    expires_ms <= c->now_ms) {
		call_refuse(c, 403, "token_expired",
		    "the security token included in the request is expired");
		return 1;
	}
	return 0;
}

int
auth_check(struct call *c, bool *ok, struct err *e)
{
	struct sigv4_header h[SIGV4_HEADERS_MAX];
	struct sigv4_request r;
	struct sigv4_auth a;
	char hash[CRYPT_HEX256_BYTES], *path = NULL, *row[3] = {NULL};
	const char *missing;
	int rc = 1;

	*ok = false;
	as_signed(c, h, &path, &r);
	if (sigv4_parse(c->req->p.http_authorization, &a, e) == -1) {
		call_refuse(c, 403, "signature_missing", "%s", e->msg);
		goto out;
	}
	missing = unsigned_header(&r, a.signed_headers);
	if (missing != NULL) {
		call_refuse(c, 403, "signature_mismatch",
		    "header %s was sent but is not signed", missing);
		goto out;
	}
	if ((rc = check_scope(c, &a, e)) != 0 || (rc = check_payload(c, hash, e)) != 0 ||
	    (rc = check_session(c, &a, row, e)) != 0)
		goto out;
	r.payload = hash;
	rc = 1;
	if (sigv4_verify(&r, &a, c->req->p.http_x_amz_date, row[0], e) == -1) {
		call_refuse(c, 403, "signature_mismatch", "%s", e->msg);
		goto out;
	}
	*ok = true;
	rc = 0;
out:
	free(path);
	for (size_t i = 0; i < 3; i++)
		free(row[i]);
	return rc == -1 ? -1 : 0;
}

int
auth_check_presigned(struct call *c, bool *ok, struct err *e)
{
	struct sigv4_header h[SIGV4_HEADERS_MAX];
	struct sigv4_request r;
	struct sigv4_auth a;
	char *path = NULL, *secret = NULL, date[17];
	int64_t expires_s = 0, at = 0;
	int rc = 0;

	*ok = false;
	as_signed(c, h, &path, &r);
	r.payload = "UNSIGNED-PAYLOAD";
	r.s3 = true;
	if (c->req->p.http_authorization != NULL) {
		call_refuse(c, 400, "bad_request",
		    "only one way to sign: the address carries its own");
		goto out;
	}
	if (sigv4_parse_query(c->req->query, &a, date, &expires_s, e) == -1 ||
	    sigv4_time(date, &at) == -1) {
		call_refuse(c, 403, "signature_missing", "not a presigned address");
		goto out;
	}
	rc = nq_text(c->n, NQ_SETTING_GET, &secret, e, "s", "storage_key");
	if (rc == -1)
		goto out;
	if (!str_eq(a.key_id, STORE_KEY_ID) || !str_eq(a.signed_headers, "host") ||
	    !str_eq(a.service, "s3") || sigv4_verify(&r, &a, date, secret, e) == -1) {
		call_refuse(c, 403, "signature_mismatch",
		    "the address was not made here for this call");
		goto out;
	}
	if ((at + expires_s) * 1000 <= c->now_ms) {
		call_refuse(c, 403, "url_expired", "the address has expired");
		goto out;
	}
	*ok = true;
out:
	free(path);
	free(secret);
	return rc;
}

int
auth_presign(struct npc *n, const char *method, const char *file_id, char **out,
    int64_t *expires_ms, struct err *e)
{
	struct buf url = BUF_INIT(8192);
	char *secret = NULL, *region = NULL, *path, stamp[17];
	int64_t now = npc_now_ms(n) / 1000, life_s = 0;
	int rc = -1;

	path = xasprintf("/files/%s", file_id);
	sigv4_stamp(now, stamp);
	if (nq_text(n, NQ_SETTING_GET, &secret, e, "s", "storage_key") == -1 ||
	    nq_text(n, NQ_SETTING_GET, &region, e, "s", "region") == -1 ||
	    npc_setting(n, "url_life_s", &life_s, e) == -1)
		goto out;
	sigv4_presign(&(struct sigv4_presign){.method = method,
			  .origin = n->url,
			  .path = path,
			  .key_id = STORE_KEY_ID,
			  .secret = secret,
			  .region = region,
			  .amz_date = stamp,
			  .expires_s = life_s},
	    &url);
	*out = buf_take(&url);
	if (expires_ms != NULL)
		*expires_ms = (now + life_s) * 1000;
	rc = 0;
out:
	buf_clear(&url);
	free(path);
	free(secret);
	free(region);
	return rc;
}
