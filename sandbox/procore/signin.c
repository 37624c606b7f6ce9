#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

#define COOKIE "_procore_session"
enum { TICKET_LIFE_S = 300, COOKIE_BYTES = 65, CODE_BYTES = 32 };

static const char *const authorize_keys[] = {"response_type", "client_id", "redirect_uri",
    "state", "code_challenge", "code_challenge_method", NULL};

/* Only back to a page of this host: no other host, no header games. */
static const char *
safe_return(const char *to)
{
	if (to[0] != '/' || to[1] == '/' || to[1] == '\\' ||
	    !str_no_controls(to, strlen(to)))
		return "/";
	return to;
}

int
signin_session(struct sim_call *c, struct err *e)
{
	char cookie[COOKIE_BYTES], hash[65];

	if (fcgi_cookie(c->req, COOKIE, cookie, sizeof cookie) == -1)
		return 0;
	data_hash(cookie, hash);
	return data_doc(c->sim->db, PQ_SESSION_PERSON, &c->who, e, "t", hash);
}

static int
session_start(struct sim_call *c, int64_t person, struct err *e)
{
	char cookie[COOKIE_BYTES], hash[65], *line;

	rnd_hex(cookie, 32);
	data_hash(cookie, hash);
	if (data_run(c->sim->db, PQ_SESSION_ADD, e, "tii", hash, person, c->now) == -1)
		return -1;
	line = xasprintf("%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1209600",
	    COOKIE, cookie);
	fcgi_header(c->resp, "Set-Cookie", line);
	free(line);
	return 0;
}

int
signin_needed(struct sim_call *c)
{
	struct buf url = BUF_INIT(16384);
	char *back = xasprintf(
	    "%s%s%s", c->req->path, str_empty(c->req->query) ? "" : "?", c->req->query);

	buf_puts(&url, "/login?return_to=");
	enc_percent(&url, back);
	free(back);
	sim_reply_redirect(c, 302, buf_str(&url));
	buf_clear(&url);
	return 0;
}

static int
show_signin(
    struct sim_call *c, int status, const char *login, const char *problem, struct err *e)
{
	const struct json *from =
	    json_get(c->body, "return_to") != NULL ? c->body : c->query;
	struct json *m = json_obj();

	json_put_str(m, "return_to", safe_return(params_str(from, "return_to")));
	json_put_str(m, "login", login);
	json_put_str(m, "problem", problem);
	return sim_reply_page(c, status, "procore-login.xhtml", m, e);
}

int
signin_page(struct sim_call *c, struct err *e)
{
	return show_signin(c, 200, "", "", e);
}

/* To the identity provider and back: what it asserts is signed by the same key, as both are
 * one program. */
static int
to_idp(struct sim_call *c, const struct json *person, const char *back)
{
	struct buf url = BUF_INIT(16384);

	buf_puts(&url, c->sim->idp_url);
	buf_puts(&url, "/login?login=");
	enc_percent(&url, json_str_or(person, "login", ""));
	buf_puts(&url, "&return_to=");
	enc_percent(&url, back);
	sim_reply_redirect(c, 303, buf_str(&url));
	buf_clear(&url);
	return 0;
}

int
signin_post(struct sim_call *c, struct err *e)
{
	const char *login = params_str(c->body, "login"),
		   *back = safe_return(params_str(c->body, "return_to"));
	struct json *p = NULL;
	int rc = -1;

	if (people_find(c->sim, login, &p, e) == -1)
		return -1;
	if (p != NULL && json_i64_or(p, "idp", 0) == 1) {
		rc = to_idp(c, p, back);
	} else if (p == NULL || json_i64_or(p, "active", 0) == 0 ||
		   !str_eq(
		       json_str_or(p, "password", ""), params_str(c->body, "password"))) {
		rc = show_signin(c, 401, login, "Email or password is not right.", e);
	} else if (session_start(c, json_i64_or(p, "id", 0), e) == 0) {
		rc = sim_reply_redirect(c, 303, back);
	}
	json_free(p);
	return rc;
}

int
signin_out(struct sim_call *c, struct err *e)
{
	char cookie[COOKIE_BYTES], hash[65];

	if (fcgi_cookie(c->req, COOKIE, cookie, sizeof cookie) == 0) {
		data_hash(cookie, hash);
		if (data_run(c->sim->db, PQ_SESSION_DROP, e, "t", hash) == -1)
			return -1;
	}
	json_free(c->who);
	c->who = NULL;
	fcgi_header(c->resp, "Set-Cookie",
	    COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
	return show_signin(c, 200, "", "You are signed out.", e);
}

int
signin_idp_page(struct sim_call *c, struct err *e)
{
	struct json *m = json_obj();

	json_put_str(m, "login", params_str(c->query, "login"));
	json_put_str(m, "return_to", params_str(c->query, "return_to"));
	json_put_null(m, "me");
	return sim_reply_page(c, 200, "procore-idp.xhtml", m, e);
}

int
signin_idp_post(struct sim_call *c, struct err *e)
{
	char *text = xasprintf("%s %" PRId64, params_str(c->body, "login"), c->now);
	struct buf url = BUF_INIT(16384);
	char sig[65];

	(void)e;
	data_sign(c, text, sig);
	buf_puts(&url, c->sim->login_url);
	buf_puts(&url, "/sso/ticket?login=");
	enc_percent(&url, params_str(c->body, "login"));
	buf_printf(&url, "&at=%" PRId64 "&sig=%s&return_to=", c->now, sig);
	enc_percent(&url, params_str(c->body, "return_to"));
	sim_reply_redirect(c, 303, buf_str(&url));
	buf_clear(&url);
	free(text);
	return 0;
}

int
signin_ticket(struct sim_call *c, struct err *e)
{
	int64_t at = json_i64_or(c->query, "at", 0);
	char *text = xasprintf("%s %" PRId64, params_str(c->query, "login"), at);
	struct json *p = NULL;
	char sig[65];
	int rc = -1;

	data_sign(c, text, sig);
	free(text);
	if (!str_eq(sig, params_str(c->query, "sig")) || c->now - at > TICKET_LIFE_S)
		return sim_refuse(c, 403,
		    "The identity provider's answer is not valid any more. Sign in again.");
	if (people_find(c->sim, params_str(c->query, "login"), &p, e) == -1)
		return -1;
	if (p == NULL)
		rc = sim_refuse(c, 403, "Nobody here has that login.");
	else if (session_start(c, json_i64_or(p, "id", 0), e) == 0)
		rc = sim_reply_redirect(
		    c, 303, safe_return(params_str(c->query, "return_to")));
	json_free(p);
	return rc;
}

/* ---- consent */

static bool
uri_registered(const struct json *app, const char *uri)
{
	const struct json *u;

	for (u = json_first(json_get(app, "redirect_uris")); u != NULL; u = json_next(u)) {
		if (str_eq(json_str(u), uri))
			return true;
	}
	return false;
}

/* Client and address are checked before anybody is sent anywhere (RFC 6749 4.1.2.1). */
static int
check_request(struct sim_call *c, const struct json *from, struct json **app, struct err *e)
{
	if (data_doc(c->sim->db, PQ_APP_GET, app, e, "t", params_str(from, "client_id")) ==
	    -1)
		return -1;
	if (*app == NULL)
		return sim_refuse(c, 401,
		    "Client authentication failed due to unknown client, no client "
		    "authentication included, "
		    "or unsupported authentication method.");
	if (!uri_registered(*app, params_str(from, "redirect_uri")))
		return sim_refuse(c, 401,
		    "The requested redirect uri is malformed or doesn't match client "
		    "redirect URI.");
	return 0;
}

static int
redirect_back(
    struct sim_call *c, const struct json *from, const char *key, const char *value)
{
	const char *uri = params_str(from, "redirect_uri"),
		   *state = params_str(from, "state");
	struct buf url = BUF_INIT(16384);

	buf_printf(&url, "%s%c%s=", uri, strchr(uri, '?') != NULL ? '&' : '?', key);
	enc_percent(&url, value);
	if (json_get(from, "state") != NULL) {
		buf_puts(&url, "&state=");
		enc_percent(&url, state);
	}
	sim_reply_redirect(c, 302, buf_str(&url));
	buf_clear(&url);
	return 0;
}

int
signin_authorize(struct sim_call *c, struct err *e)
{
	struct json *app = NULL, *m;
	const char *method = params_str(c->query, "code_challenge_method");
	int rc = check_request(c, c->query, &app, e);

	if (rc != 0)
		goto out;
	if (!str_eq(params_str(c->query, "response_type"), "code")) {
		rc = redirect_back(c, c->query, "error", "unsupported_response_type");
	} else if (json_get(c->query, "code_challenge") != NULL &&
		   !str_eq(method, "S256")) {
		rc = redirect_back(c, c->query, "error", "invalid_request");
	} else if (c->who == NULL) {
		rc = signin_needed(c);
	} else {
		m = json_obj();
		for (const char *const *k = authorize_keys; *k != NULL; k++)
			json_put_str(m, *k, params_str(c->query, *k));
		json_put_bool(m, "has_state", json_get(c->query, "state") != NULL);
		json_put_str(m, "app_name", json_str_or(app, "name", ""));
		rc = sim_reply_page(c, 200, "procore-consent.xhtml", m, e);
	}
out:
	json_free(app);
	return rc;
}

static int
allow(struct sim_call *c, struct err *e)
{
	char code[2 * CODE_BYTES + 1], hash[65];

	rnd_hex(code, CODE_BYTES);
	data_hash(code, hash);
	if (data_run(c->sim->db, PQ_CODE_ADD, e, "ttitti", hash,
		params_str(c->body, "client_id"), sim_who(c),
		params_str(c->body, "redirect_uri"), params_str(c->body, "code_challenge"),
		c->now) == -1)
		return -1;
	return redirect_back(c, c->body, "code", code);
}

int
signin_decide(struct sim_call *c, struct err *e)
{
	struct json *app = NULL;
	int rc;

	if (c->who == NULL)
		return signin_needed(c);
	rc = check_request(c, c->body, &app, e);
	json_free(app);
	if (rc != 0)
		return rc;
	if (str_eq(params_str(c->body, "decision"), "allow"))
		return allow(c, e);
	return redirect_back(c, c->body, "error", "access_denied");
}
