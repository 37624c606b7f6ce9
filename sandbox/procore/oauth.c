#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "io/crypt.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

enum {
	CODE_LIFE_S = 600,   /* procore.md 2.1 */
	TOKEN_LIFE_S = 5400, /* procore.md 2.6 */
	ACCESS_TAIL_BYTES =
	    600, /* makes access tokens about 1 KB long, as self-encoded ones are */
	REFRESH_BYTES = 32
};

/* RFC 6749 5.2, in Doorkeeper's wording. Always 0: these are answers, not refusals of the
 * dispatcher. */
static int
token_error(struct sim_call *c, int status, const char *code, const char *text)
{
	struct json *j = json_obj();

	json_put_str(j, "error", code);
	json_put_str(j, "error_description", text);
	sim_note(c, code);
	return sim_reply(c, status, j);
}

static int
bad_grant(struct sim_call *c)
{
	return token_error(c, (int)sim_setting_i64(c, "invalid_grant_status", 401),
	    "invalid_grant",
	    "The provided authorization grant is invalid, expired, revoked, does not match "
	    "the "
	    "redirection URI used in the authorization request, or was issued to another "
	    "client.");
}

/* Self-encoded tokens as Procore's samples show them; nobody can check the signature, so it
 * is random. */
static void
make_access(const struct sim_call *c, int64_t family, int64_t expires, struct buf *out)
{
	static const char head[] =
	    "{\"alg\":\"ES512\",\"typ\":\"JWT\",\"kid\":\"stand-in\"}";
	struct json *claims = json_obj();
	uint8_t tail[ACCESS_TAIL_BYTES];
	char *text;
	char jti[33];

	rnd_hex(jti, 16);
	json_put_str(claims, "jti", jti);
	json_put_i64(claims, "amr", family);
	json_put_i64(claims, "iat", c->shown);
	json_put_i64(claims, "exp", expires + (c->shown - c->now));
	text = json_text(claims);
	rnd_bytes(tail, sizeof tail);
	enc_base64url(out, head, sizeof head - 1);
	buf_putc(out, '.');
	enc_base64url(out, text, strlen(text));
	buf_putc(out, '.');
	enc_base64url(out, tail, sizeof tail);
	free(text);
	json_free(claims);
}

/* A fresh pair for a family, stored as hashes and answered. */
static int
issue(struct sim_call *c, int64_t family, struct err *e)
{
	int64_t life = sim_setting_i64(c, "token_life", TOKEN_LIFE_S);
	char refresh[2 * REFRESH_BYTES + 1], access_hash[65], refresh_hash[65];
	struct buf access = BUF_INIT(4096);
	struct json *j;

	make_access(c, family, c->now + life, &access);
	rnd_hex(refresh, REFRESH_BYTES);
	data_hash(buf_str(&access), access_hash);
	data_hash(refresh, refresh_hash);
	if (data_run(c->sim->db, PQ_TOKEN_ADD, e, "ittii", family, access_hash,
		refresh_hash, c->now, c->now + life) == -1) {
		buf_clear(&access);
		return -1;
	}
	j = json_obj();
	json_put_str(j, "access_token", buf_str(&access));
	json_put_str(j, "token_type", "Bearer");
	json_put_i64(j, "expires_in", life);
	json_put_str(j, "refresh_token", refresh);
	json_put_i64(j, "created_at", c->shown);
	buf_clear(&access);
	fcgi_header(c->resp, "Cache-Control", "no-store");
	return sim_reply(c, 200, j);
}

/* RFC 7636 4.6: only when the authorization carried a challenge. */
static bool
verifier_fits(const char *challenge, const char *verifier)
{
	uint8_t hash[CRYPT_SHA256_BYTES];
	struct buf b = BUF_INIT(64);
	bool same;

	if (str_empty(challenge))
		return true;
	crypt_sha256(verifier, strlen(verifier), hash);
	enc_base64url(&b, hash, sizeof hash);
	same = str_eq(buf_str(&b), challenge);
	buf_clear(&b);
	return same;
}

static bool
code_good(const struct sim_call *c, const struct json *code, const char *client_id)
{
	return code != NULL && json_i64_or(code, "used", 1) == 0 &&
	       str_eq(json_str_or(code, "client_id", ""), client_id) &&
	       str_eq(json_str_or(code, "redirect_uri", ""),
		   params_str(c->body, "redirect_uri")) &&
	       c->now - json_i64_or(code, "created_at", 0) <= CODE_LIFE_S &&
	       verifier_fits(json_str_or(code, "challenge", ""),
		   params_str(c->body, "code_verifier"));
}

static int
grant_code(struct sim_call *c, const char *client_id, struct err *e)
{
	struct json *code = NULL;
	char hash[65];
	int64_t person;
	bool good;

	data_hash(params_str(c->body, "code"), hash);
	if (data_doc(c->sim->db, PQ_CODE_GET, &code, e, "t", hash) == -1)
		return -1;
	good = code_good(c, code, client_id);
	person = json_i64_or(code, "person_id", 0);
	json_free(code);
	/* Single use, also for a use that failed. */
	if (data_run(c->sim->db, PQ_CODE_USE, e, "t", hash) == -1)
		return -1;
	if (!good)
		return bad_grant(c);
	return people_by_id(c->sim, person, &c->who, e) == -1
		   ? -1
		   : oauth_grant(c, client_id, person, e);
}

/* A refresh token works once. Reuse ends the family with its live access token only under
 * strict_reuse. */
static int
grant_refresh(struct sim_call *c, const char *client_id, struct err *e)
{
	struct json *t = NULL;
	int64_t family;
	char hash[65];
	int rc = -1;

	data_hash(params_str(c->body, "refresh_token"), hash);
	if (data_doc(c->sim->db, PQ_TOKEN_BY_REFRESH, &t, e, "t", hash) == -1)
		return -1;
	if (t == NULL || !str_eq(json_str_or(t, "client_id", ""), client_id)) {
		rc = bad_grant(c);
		goto out;
	}
	c->who = json_dup(json_get(t, "person"));
	family = json_i64_or(t, "family_id", 0);
	if (json_i64_or(t, "refresh_used", 1) == 1 &&
	    sim_setting_i64(c, "strict_reuse", 0) == 1 &&
	    data_run(c->sim->db, PQ_FAMILY_END, e, "it", family, "reuse") == -1)
		goto out;
	if (json_i64_or(t, "refresh_used", 1) == 1 ||
	    !str_empty(json_str_or(t, "ended", "x")) ||
	    json_i64_or(c->who, "active", 0) == 0) {
		rc = bad_grant(c);
		goto out;
	}
	if (data_run(c->sim->db, PQ_TOKEN_REFRESH_USE, e, "i", json_i64_or(t, "id", 0)) ==
	    -1)
		goto out;
	rc = issue(c, family, e);
out:
	json_free(t);
	return rc;
}

static bool
client_good(const struct sim_call *c, const struct json *app)
{
	return app != NULL &&
	       str_eq(json_str_or(app, "secret", ""), params_str(c->body, "client_secret"));
}

int
oauth_token(struct sim_call *c, struct err *e)
{
	const char *grant = params_str(c->body, "grant_type"),
		   *client_id = params_str(c->body, "client_id");
	struct json *app = NULL;
	bool good;

	json_free(c->who);
	c->who = NULL;
	if (fcgi_check_word(grant, strlen(grant)))
		sim_note(c, grant);
	if (data_doc(c->sim->db, PQ_APP_GET, &app, e, "t", client_id) == -1)
		return -1;
	good = client_good(c, app);
	json_free(app);
	if (!good)
		return token_error(c, 401, "invalid_client",
		    "Client authentication failed due to unknown client, no client "
		    "authentication "
		    "included, or unsupported authentication method.");
	if (str_eq(grant, "authorization_code"))
		return grant_code(c, client_id, e);
	if (str_eq(grant, "refresh_token"))
		return grant_refresh(c, client_id, e);
	if (str_eq(grant, "client_credentials"))
		return token_error(c, 401, "unauthorized_client",
		    "The client is not authorized to perform this request using this "
		    "method.");
	if (str_empty(grant))
		return token_error(
		    c, 400, "invalid_request", "Missing required parameter: grant_type.");
	return token_error(c, 400, "unsupported_grant_type",
	    "The authorization grant type is not supported by the authorization server.");
}

int
oauth_bearer(struct sim_call *c, struct err *e)
{
	const char *text = c->req->p.http_authorization;
	struct json *t = NULL;
	char hash[65];

	if (!str_starts_ci(text, "Bearer "))
		return 0;
	data_hash(text + strlen("Bearer "), hash);
	if (data_doc(c->sim->db, PQ_TOKEN_BY_ACCESS, &t, e, "t", hash) == -1)
		return -1;
	if (t != NULL && str_empty(json_str_or(t, "ended", "x"))) {
		c->who = json_dup(json_get(t, "person"));
		c->client_id = xstrdup(json_str_or(t, "client_id", ""));
		c->token_id = json_i64_or(t, "id", 0);
		c->family_id = json_i64_or(t, "family_id", 0);
		c->token_expired = json_i64_or(t, "expires_at", 0) <= c->now;
	}
	json_free(t);
	return 0;
}

int
oauth_token_info(struct sim_call *c, struct err *e)
{
	struct json *t = NULL, *j;
	char hash[65];

	if (c->who == NULL || c->token_expired) {
		j = json_obj();
		json_put_str(j, "error", "invalid_request");
		json_put_str(j, "error_description", "The access token is invalid");
		return sim_reply(c, 401, j);
	}
	data_hash(c->req->p.http_authorization + strlen("Bearer "), hash);
	if (data_doc(c->sim->db, PQ_TOKEN_BY_ACCESS, &t, e, "t", hash) == -1)
		return -1;
	j = json_obj();
	json_put_i64(j, "resource_owner_id", sim_who(c));
	json_add_str(json_put_arr(j, "scopes"), "public");
	json_put_i64(j, "expires_in_seconds", json_i64_or(t, "expires_at", 0) - c->now);
	json_put_str(json_put_obj(j, "application"), "uid", c->client_id);
	json_put_i64(
	    j, "created_at", json_i64_or(t, "created_at", 0) + (c->shown - c->now));
	json_free(t);
	return sim_reply(c, 200, j);
}

/* Always 200 with an empty object, also for tokens that nobody knows (procore.md 2.5). */
int
oauth_revoke(struct sim_call *c, struct err *e)
{
	const char *client_id = params_str(c->body, "client_id");
	struct json *app = NULL, *t = NULL;
	char hash[65];
	int rc = -1;

	data_hash(params_str(c->body, "token"), hash);
	if (data_doc(c->sim->db, PQ_APP_GET, &app, e, "t", client_id) == -1)
		return -1;
	if (!client_good(c, app)) {
		rc = token_error(c, 403, "unauthorized_client",
		    "You are not authorized to revoke this token");
		goto out;
	}
	if (data_doc(c->sim->db, PQ_TOKEN_BY_ACCESS, &t, e, "t", hash) == -1)
		goto out;
	if (t == NULL && data_doc(c->sim->db, PQ_TOKEN_BY_REFRESH, &t, e, "t", hash) == -1)
		goto out;
	if (t != NULL && str_eq(json_str_or(t, "client_id", ""), client_id)) {
		c->who = json_dup(json_get(t, "person"));
		if (data_run(c->sim->db, PQ_TOKEN_KILL, e, "ii", json_i64_or(t, "id", 0),
			c->now) == -1)
			goto out;
	}
	rc = sim_reply(c, 200, json_obj());
out:
	json_free(app);
	json_free(t);
	return rc;
}

int
oauth_grant(struct sim_call *c, const char *client_id, int64_t person, struct err *e)
{
	if (data_run(c->sim->db, PQ_FAMILY_ADD, e, "tii", client_id, person, c->now) == -1)
		return -1;
	return issue(c, db_last_id(c->sim->db), e);
}
