#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/bytes.h"
#include "sandbox/procore.gen.h"

enum {
	LINK_LIFE_S = 3600,           /* of the signed storage link */
	UPLOAD_WEEK_S = 7 * 24 * 3600 /* procore.md 7.2 */
};

/* 26 characters of Crockford's base 32, as in the storage URLs that were seen. */
static void
new_uuid(char out[27])
{
	static const char set[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t raw[26];

	rnd_bytes(raw, sizeof raw);
	out[0] = '0';
	out[1] = '1';
	for (size_t i = 2; i < 26; i++)
		out[i] = set[raw[i] % 32];
	out[26] = '\0';
}

int
files_new(struct sim_call *c, const char *sha, int64_t bytes, const char *name,
    const char *type, struct json **out, struct err *e)
{
	char uuid[27];
	struct json *a;
	int64_t id;

	new_uuid(uuid);
	if (sim_new_id(c->sim, &id, e) == -1 ||
	    data_run(c->sim->db, PQ_FILE_ADD, e, "tiititt", uuid,
		json_i64_or(c->project, "company_id", 0), json_i64_or(c->project, "id", 0),
		sha, bytes, name, type) == -1)
		return -1;
	a = json_obj();
	json_put_i64(a, "id", id);
	json_put_null(a, "attached_to_item_id");
	json_put_null(a, "attached_to_item_type");
	json_put_bool(a, "can_be_viewed", true);
	json_put_str(a, "filename", name);
	json_put_str(a, "name", name);
	json_put_str(a, "_file", uuid);
	json_put_bool(a, "viewable", true);
	*out = a;
	return 0;
}

/* One finished upload of the same person becomes an attachment. */
static int
attach_upload(struct sim_call *c, const char *uuid, struct json *into, struct err *e)
{
	struct json *u = NULL, *a = NULL;
	int rc = -1;

	if (data_doc(c->sim->db, PQ_UPLOAD_GET, &u, e, "t", uuid) == -1)
		return -1;
	if (u == NULL || json_i64_or(u, "person_id", 0) != sim_who(c)) {
		rc = sim_refuse(c, 422, "upload_ids: %s is not an upload of yours", uuid);
	} else if (c->now - json_i64_or(u, "created_at", 0) > UPLOAD_WEEK_S) {
		rc = sim_refuse(c, 422, "upload_ids: %s is too old", uuid);
	} else if (str_empty(json_str_or(u, "sha256", "")) ||
		   str_eq(json_str_or(u, "status", ""), "ready")) {
		rc = sim_refuse(c, 422, "upload_ids: %s has not been uploaded yet", uuid);
	} else if (files_new(c, json_str_or(u, "sha256", ""), json_i64_or(u, "bytes", 0),
		       json_str_or(u, "name", "file"), json_str_or(u, "content_type", ""),
		       &a, e) == 0 &&
		   data_run(c->sim->db, PQ_UPLOAD_STATUS_SET, e, "tt", uuid, "attached") ==
		       0) {
		json_add(into, a);
		a = NULL;
		rc = 0;
	}
	json_free(a);
	json_free(u);
	return rc;
}

static int
attach_part(struct sim_call *c, const struct json *part, struct json *into, struct err *e)
{
	struct json *a = NULL;

	if (!json_bool_or(part, "is_file", false))
		return 0;
	if (files_new(c, json_str_or(part, "sha256", ""), json_i64_or(part, "bytes", 0),
		json_str_or(part, "name", "file"), json_str_or(part, "content_type", ""),
		&a, e) == -1)
		return -1;
	json_add(into, a);
	return 0;
}

int
files_attach(struct sim_call *c, const struct json *spec, const struct json *parts,
    struct json **out, struct err *e)
{
	struct json *arr = json_arr();
	const struct json *one;
	int rc = 0;

	for (one = json_first(json_get(spec, "upload_ids")); rc == 0 && one != NULL;
	     one = json_next(one))
		rc = attach_upload(c, json_str(one) != NULL ? json_str(one) : "", arr, e);
	for (one = json_type(parts) == JSON_ARRAY ? json_first(parts) : NULL;
	     rc == 0 && one != NULL; one = json_next(one))
		rc = attach_part(c, one, arr, e);
	if (rc != 0) {
		json_free(arr);
		return rc;
	}
	*out = arr;
	return 0;
}

/* ---- links */

static char *
link_signature(const struct sim_call *c, const char *kind, const char *uuid, int64_t until)
{
	char *text = xasprintf("%s %s %" PRId64, kind, uuid, until);
	char hex[65];

	data_sign(c, text, hex);
	free(text);
	return xstrdup(hex);
}

static void
put_url(struct sim_call *c, struct json *obj, const struct json *file)
{
	const char *uuid = json_str_or(file, "uuid", "");
	int64_t company = json_i64_or(file, "company_id", 0),
		project = json_i64_or(file, "project_id", 0);
	char *sig = link_signature(c, "file", uuid, 0), *url;

	url = xasprintf("%s/api/v5/files/us-east-1/pro-core.com/companies/%" PRId64
			"/%s?companyId=%" PRId64 "&projectId=%" PRId64 "&sig=%s",
	    c->sim->api_url, company, uuid, company, project, sig);
	json_put_str(obj, "url", url);
	free(url);
	free(sig);
}

/* While a file is still processed it has no address; associated attachments of submittals say so themselves. */
static int
dress_file(struct sim_call *c, struct json *obj, struct err *e)
{
	static const char *const gone[] = {"filename", "content_type", NULL};
	struct json *file = NULL;
	bool late;

	if (data_doc(c->sim->db, PQ_FILE_GET, &file, e, "t",
		json_str_or(obj, "_file", "")) == -1)
		return -1;
	if (file == NULL)
		return err_set(e, ERR_BUG, "attachment without a file");
	late = json_i64_or(file, "unavailable_until", 0) > c->now;
	if (json_get(obj, "file_unavailable") != NULL)
		json_put_bool(obj, "file_unavailable", late);
	if (json_get(obj, "can_be_viewed") != NULL)
		json_put_bool(
		    obj, "can_be_viewed", json_i64_or(file, "can_be_viewed", 1) != 0);
	for (const char *const *k = gone; late && *k != NULL; k++)
		if (json_get(obj, "file_unavailable") != NULL)
			json_put_null(obj, *k);
	if (late)
		json_put_null(obj, "url");
	else
		put_url(c, obj, file);
	json_free(file);
	return 0;
}

int
files_dress(struct sim_call *c, struct json *tree, struct err *e)
{
	const struct json *child, *next;

	if (json_type(tree) == JSON_OBJECT && json_get(tree, "_file") != NULL &&
	    dress_file(c, tree, e) == -1)
		return -1;
	if (json_type(tree) != JSON_OBJECT && json_type(tree) != JSON_ARRAY)
		return 0;
	for (child = json_first(tree); child != NULL; child = next) {
		next = json_next(child);
		if (json_key(child) != NULL && json_key(child)[0] == '_') {
			json_remove(tree, json_key(child));
			continue;
		}
		if (files_dress(c, data_own(child), e) == -1)
			return -1;
	}
	return 0;
}

/* The opaque URL on Procore's host: the bearer or the browser's session must see the
 * project. */
int
files_open(struct sim_call *c, struct err *e)
{
	const char *uuid = sim_path_text(c, "uuid");
	struct json *file = NULL;
	char *sig = link_signature(c, "file", uuid, 0), *until_sig = NULL;
	struct buf url = BUF_INIT(LIMIT_URL);
	bool seen = false;
	int rc = -1;

	if (data_doc(c->sim->db, PQ_FILE_GET, &file, e, "t", uuid) == -1)
		goto out;
	if (c->who == NULL || c->token_expired) {
		rc = sim_refuse(c, 401, "The access token is invalid");
		goto out;
	}
	if (people_enter(c, json_i64_or(file, "project_id", 0), &seen, e) == -1)
		goto out;
	if (file == NULL || !seen || !str_eq(sig, params_str(c->query, "sig"))) {
		rc = sim_refuse(c, 404, "File not found");
		goto out;
	}
	until_sig = link_signature(c, "get", uuid, c->now + LINK_LIFE_S);
	buf_printf(&url, "%s/o/%s?X-Amz-Expires=%" PRId64 "&X-Amz-Signature=%s",
	    c->sim->files_url, uuid, c->now + LINK_LIFE_S, until_sig);
	rc = sim_reply_redirect(c, 302, buf_str(&url));
out:
	buf_clear(&url);
	free(until_sig);
	free(sig);
	json_free(file);
	return rc;
}

/* A cut can only be played from here. */
static bool
is_cut(const struct sim_call *c)
{
	for (const struct json *f = json_first(c->faults); f != NULL; f = json_next(f))
		if (str_eq(json_str_or(f, "kind", ""), "cut_body"))
			return true;
	return false;
}

static int
send_bytes(struct sim_call *c, const char *sha, struct err *e)
{
	int64_t size = 0;
	int fd = store_open(c->sim, sha, &size, e);

	return fd == -1 ? -1 : bytes_answer(c->req, c->resp, fd, sha, is_cut(c), e);
}

static void
name_headers(struct sim_call *c, const struct json *file)
{
	const char *type = json_str_or(file, "content_type", "");
	struct buf b = BUF_INIT(LIMIT_URL);

	buf_puts(&b, "attachment; filename*=UTF-8''");
	enc_percent(&b, json_str_or(file, "name", "file"));
	fcgi_header(c->resp, "Content-Disposition", buf_str(&b));
	fcgi_header(c->resp, "Content-Type",
	    str_empty(type) || !str_no_controls(type, strlen(type))
		? "application/octet-stream"
		: type);
	buf_clear(&b);
}

/* Cloud storage takes the signature in the query and nothing else: a bearer makes it
 * refuse. */
int
files_download(struct sim_call *c, struct err *e)
{
	const char *uuid = sim_path_text(c, "uuid");
	int64_t until = json_i64_or(c->query, "X-Amz-Expires", 0);
	char *sig = link_signature(c, "get", uuid, until);
	struct json *file = NULL;
	int rc = -1;

	if (c->req->p.http_authorization != NULL) {
		rc = sim_refuse(c, 400,
		    "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
		    "parameter, Signature query string parameter or the Authorization "
		    "header should be specified");
	} else if (!str_eq(sig, params_str(c->query, "X-Amz-Signature")) ||
		   until < c->now) {
		rc = sim_refuse(c, 403, "Request has expired");
	} else if (data_doc(c->sim->db, PQ_FILE_GET, &file, e, "t", uuid) == 0) {
		if (file == NULL) {
			rc = sim_refuse(c, 404, "The specified key does not exist.");
		} else {
			name_headers(c, file);
			rc = send_bytes(c, json_str_or(file, "sha256", ""), e);
		}
	}
	free(sig);
	json_free(file);
	return rc;
}
