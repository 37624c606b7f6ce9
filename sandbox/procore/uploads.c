#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

enum {
	START_LIFE_S = 3600,                /* procore.md 7.2: start within an hour */
	SEGMENT_MIN_BYTES = 5 * 1024 * 1024 /* all but the last */
};

static void
upload_uuid(char out[27])
{
	static const char set[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t raw[26];

	rnd_bytes(raw, sizeof raw);
	for (size_t i = 0; i < 26; i++)
		out[i] = set[raw[i] % 32];
	out[0] = '0';
	out[26] = '\0';
}

static int64_t
segment_min(const struct sim_call *c)
{
	return sim_setting_i64(c, "segment_min", SEGMENT_MIN_BYTES);
}

static int
check_segments(struct sim_call *c, const struct json *segments)
{
	const struct json *s;
	int64_t size;

	if (json_type(segments) != JSON_ARRAY || json_len(segments) == 0)
		return sim_refuse(c, 400, "segments is not a list");
	for (s = json_first(segments); s != NULL; s = json_next(s)) {
		size = json_i64_or(s, "size", 0);
		if (size < 1 || strlen(json_str_or(s, "sha256", "")) != 64)
			return sim_refuse(c, 400, "a segment needs size and sha256");
		if (json_next(s) != NULL && size < segment_min(c))
			return sim_refuse(
			    c, 400, "a segment other than the last is smaller than 5 MB");
	}
	return 0;
}

/* What a form POST must repeat unchanged. */
static void
put_fields(struct sim_call *c, struct json *j, const char *uuid)
{
	struct json *fields = json_put_obj(j, "fields");
	char *key = xasprintf("uploads/%s", uuid), *policy;
	char iso[CLK_ISO_BYTES], sig[65];
	struct buf b = BUF_INIT(1024), url = BUF_INIT(1024);

	clk_iso(c->now + START_LIFE_S, iso);
	policy = xasprintf(
	    "{\"expiration\":\"%s\",\"conditions\":[{\"key\":\"%s\"}]}", iso, key);
	enc_base64(&b, policy, strlen(policy));
	data_sign(c, buf_str(&b), sig);
	json_put_str(fields, "key", key);
	json_put_str(fields, "policy", buf_str(&b));
	json_put_str(fields, "x-amz-algorithm", "AWS4-HMAC-SHA256");
	json_put_str(fields, "x-amz-credential", "STANDIN/us-east-1/s3/aws4_request");
	json_put_str(fields, "x-amz-signature", sig);
	buf_printf(&url, "%s/upload", c->sim->files_url);
	json_put_str(j, "url", buf_str(&url));
	buf_clear(&b);
	buf_clear(&url);
	free(policy);
	free(key);
}

static void
put_segments(
    struct sim_call *c, struct json *j, const char *uuid, const struct json *segments)
{
	struct json *arr = json_put_arr(j, "segments"), *out;
	const struct json *s;
	char *text, *url, sig[65];
	int n = 0;

	for (s = json_first(segments); s != NULL; s = json_next(s), n++) {
		text = xasprintf("segment %s %d", uuid, n);
		data_sign(c, text, sig);
		url = xasprintf(
		    "%s/segment/%s/%d?X-Amz-Signature=%s", c->sim->files_url, uuid, n, sig);
		out = json_add_obj(arr);
		json_put_i64(out, "size", json_i64_or(s, "size", 0));
		json_put_str(out, "sha256", json_str_or(s, "sha256", ""));
		json_put_str(out, "md5", json_str_or(s, "md5", NULL));
		json_put_str(out, "url", url);
		json_put_str(json_put_obj(out, "headers"), "x-amz-content-sha256",
		    json_str_or(s, "sha256", ""));
		free(url);
		free(text);
	}
}

int
uploads_create(struct sim_call *c, struct err *e)
{
	const char *name = params_str(c->body, "response_filename");
	const struct json *segments = json_get(c->body, "segments");
	struct json *j;
	char uuid[27], *text;
	int rc;

	if (str_empty(name))
		return sim_refuse(c, 400, "response_filename is missing");
	rc = segments != NULL ? check_segments(c, segments) : 0;
	if (rc != 0)
		return rc;
	upload_uuid(uuid);
	text = segments != NULL ? json_text(segments) : NULL;
	rc = data_run(c->sim->db, PQ_UPLOAD_ADD, e, "tiiittti", uuid, sim_who(c),
	    c->company_id, json_i64_or(c->project, "id", 0), name,
	    json_str_or(c->body, "response_content_type", "application/octet-stream"), text,
	    c->now);
	free(text);
	if (rc == -1)
		return -1;
	j = json_obj();
	json_put_str(j, "uuid", uuid);
	if (segments == NULL) {
		put_fields(c, j, uuid);
	} else {
		json_put_str(j, "status", "ready");
		put_segments(c, j, uuid, segments);
	}
	return sim_reply(c, 201, j);
}

/* The upload of the path; only its own person may touch it. */
static int
load(struct sim_call *c, const char *uuid, struct json **out, struct err *e)
{
	if (data_doc(c->sim->db, PQ_UPLOAD_GET, out, e, "t", uuid) == -1)
		return -1;
	if (*out == NULL)
		return sim_refuse(c, 404, "Upload not found");
	if (json_i64_or(*out, "person_id", 0) != sim_who(c) && c->who != NULL) {
		json_free(*out);
		*out = NULL;
		return sim_refuse(c, 403, "This upload belongs to another user");
	}
	return 0;
}

static int
show(struct sim_call *c, const struct json *u)
{
	struct json *j = json_obj();

	json_put_str(j, "uuid", json_str_or(u, "uuid", ""));
	json_put_str(j, "response_filename", json_str_or(u, "name", ""));
	json_put_str(j, "response_content_type", json_str_or(u, "content_type", ""));
	json_put_str(
	    j, "status", str_empty(json_str_or(u, "sha256", "")) ? "ready" : "complete");
	json_put_i64(j, "size", json_i64_or(u, "bytes", 0));
	data_put_time(j, "created_at", json_i64_or(u, "created_at", 0));
	return sim_reply(c, 200, j);
}

int
uploads_show(struct sim_call *c, struct err *e)
{
	struct json *u = NULL;
	int rc = load(c, sim_path_text(c, "uuid"), &u, e);

	if (rc == 0)
		rc = show(c, u);
	json_free(u);
	return rc;
}

/* All parts there and named by their ETags in order. */
static int
check_parts(struct sim_call *c, const struct json *have, const struct json *named,
    struct json *shas)
{
	const struct json *s = json_first(have), *n = json_first(named);
	const char *sha, *etag;
	char want[35];

	for (; s != NULL && n != NULL; s = json_next(s), n = json_next(n)) {
		sha = json_str_or(s, "_stored", "");
		etag = json_str_or(n, "etag", "");
		if (str_empty(sha))
			return sim_refuse(c, 422, "a segment has not been uploaded");
		if (str_format(want, sizeof want, "\"%.32s\"", sha) == -1 ||
		    !str_eq(etag, want))
			return sim_refuse(c, 422, "an etag does not fit its segment");
		if (json_i64_or(n, "size", -1) != json_i64_or(s, "size", 0) ||
		    !str_eq_ci(json_str_or(n, "sha256", ""), json_str_or(s, "sha256", "")))
			return sim_refuse(
			    c, 422, "size or sha256 of a segment is not what was announced");
		json_add_str(shas, sha);
	}
	return s == NULL && n == NULL
		   ? 0
		   : sim_refuse(c, 400, "not as many segments as were announced");
}

int
uploads_finish(struct sim_call *c, struct err *e)
{
	const char *uuid = sim_path_text(c, "uuid");
	struct json *u = NULL, *shas = json_arr();
	char sha[65];
	int64_t bytes = 0;
	int rc = load(c, uuid, &u, e);

	if (rc != 0)
		goto out;
	if (json_type(json_get(u, "segments")) != JSON_ARRAY) {
		rc = sim_refuse(c, 400, "this upload has no segments");
		goto out;
	}
	if (c->now - json_i64_or(u, "created_at", 0) > 7 * 24 * 3600) {
		rc = sim_refuse(c, 410, "this upload is gone");
		goto out;
	}
	rc = check_parts(c, json_get(u, "segments"), json_get(c->body, "segments"), shas);
	if (rc != 0)
		goto out;
	rc = -1;
	if (store_join(c->sim, shas, sha, &bytes, e) == -1 ||
	    data_run(c->sim->db, PQ_UPLOAD_BYTES_SET, e, "tti", uuid, sha, bytes) == -1)
		goto out;
	json_put_str(u, "sha256", sha);
	json_put_i64(u, "bytes", bytes);
	rc = show(c, u);
out:
	json_free(shas);
	json_free(u);
	return rc;
}

/* ---- on the files host */

static int
no_bearer(struct sim_call *c)
{
	if (c->req->p.http_authorization == NULL)
		return 0;
	return sim_refuse(c, 400, "Only one auth mechanism allowed");
}

static bool
too_late(const struct sim_call *c, const struct json *u)
{
	return c->now - json_i64_or(u, "created_at", 0) > START_LIFE_S;
}

/* The part named file must be the last one: what follows it is ignored by cloud storage. */
static const struct json *
file_part(const struct json *body)
{
	const struct json *m, *last = NULL;

	for (m = json_first(body); m != NULL; m = json_next(m))
		last = m;
	return last != NULL && str_eq(json_key(last), "file") &&
		       json_bool_or(last, "is_file", false)
		   ? last
		   : NULL;
}

int
files_form(struct sim_call *c, struct err *e)
{
	const char *key = params_str(c->body, "key");
	const struct json *file = file_part(c->body);
	struct json *u = NULL;
	char sig[65], etag[35];
	int rc = no_bearer(c);

	if (rc != 0)
		return rc;
	data_sign(c, params_str(c->body, "policy"), sig);
	if (file == NULL)
		return sim_refuse(c, 400,
		    "POST requires exactly one file upload per request, as the last part");
	if (!str_starts(key, "uploads/") ||
	    !str_eq(sig, params_str(c->body, "x-amz-signature")))
		return sim_refuse(
		    c, 403, "The request signature we calculated does not match");
	if (data_doc(c->sim->db, PQ_UPLOAD_GET, &u, e, "t", key + strlen("uploads/")) == -1)
		return -1;
	if (u == NULL || too_late(c, u)) {
		rc = sim_refuse(c, 403, "Invalid according to Policy: Policy expired.");
	} else {
		rc = data_run(c->sim->db, PQ_UPLOAD_BYTES_SET, e, "tti",
		    json_str_or(u, "uuid", ""), json_str_or(file, "sha256", ""),
		    json_i64_or(file, "bytes", 0));
		if (rc == 0 && str_format(etag, sizeof etag, "\"%.32s\"",
				   json_str_or(file, "sha256", "")) == 0)
			fcgi_header(c->resp, "ETag", etag);
		if (rc == 0)
			rc = sim_reply_empty(c, 204);
	}
	json_free(u);
	return rc;
}

static int
keep_segment(struct sim_call *c, struct json *u, int64_t n, struct err *e)
{
	struct json *segments = data_at(u, "segments");
	struct json *s = data_item(segments, (size_t)n);
	char etag[35], *text;
	int rc;

	if (s == NULL)
		return sim_refuse(c, 404, "no such segment");
	if (!str_eq_ci(json_str_or(s, "sha256", ""), c->raw_sha) ||
	    json_i64_or(s, "size", 0) != c->raw_bytes)
		return sim_refuse(c, 400,
		    "The provided 'x-amz-content-sha256' header does not match what was "
		    "computed.");
	json_put_str(s, "_stored", c->raw_sha);
	text = json_text(segments);
	rc = data_run(
	    c->sim->db, PQ_UPLOAD_SEGMENTS_SET, e, "tt", json_str_or(u, "uuid", ""), text);
	free(text);
	if (rc == -1 || str_format(etag, sizeof etag, "\"%.32s\"", c->raw_sha) == -1)
		return -1;
	fcgi_header(c->resp, "ETag", etag);
	return sim_reply_empty(c, 200);
}

int
files_segment(struct sim_call *c, struct err *e)
{
	const char *uuid = sim_path_text(c, "uuid"),
		   *given = c->req->p.http_x_amz_content_sha256;
	int64_t n = json_i64_or(c->path, "n", -1);
	char *text = xasprintf("segment %s %" PRId64, uuid, n);
	struct json *u = NULL;
	char sig[65];
	int rc = no_bearer(c);

	data_sign(c, text, sig);
	free(text);
	if (rc != 0)
		return rc;
	if (!str_eq(sig, params_str(c->query, "X-Amz-Signature")))
		return sim_refuse(
		    c, 403, "The request signature we calculated does not match");
	if (given == NULL || !str_eq_ci(given, c->raw_sha))
		return sim_refuse(c, 400, "the headers given for this segment are missing");
	if (data_doc(c->sim->db, PQ_UPLOAD_GET, &u, e, "t", uuid) == -1)
		return -1;
	if (u == NULL || n < 0 || too_late(c, u))
		rc = sim_refuse(c, 403, "Request has expired");
	else
		rc = keep_segment(c, u, n, e);
	json_free(u);
	return rc;
}
