#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

enum { SLOW_MAX_MS = 60 * 1000 };

/* The part of an origin that a Host header repeats. */
static bool
is_host(const char *origin, const char *host)
{
	const char *s = strstr(origin, "://");

	return s != NULL && host != NULL && str_eq_ci(s + 3, host);
}

static const char *
method_name(const struct sim_call *c)
{
	const char *m = c->req->p.request_method;

	if (m == NULL)
		return "";
	return str_eq(m, "HEAD") ? "GET" : m;
}

static void
find_route(struct sim_call *c)
{
	const char *host = c->req->p.http_host;
	struct sim *s = c->sim;
	const char *m = method_name(c);

	/* Same origin for all (a test without host names): Procore's own tables are asked
	 * first. */
	if (is_host(s->files_url, host)) {
		c->route = routes_find(routes_files, m, c->req->path, c->path);
	} else if (is_host(s->idp_url, host)) {
		c->route = routes_find(routes_idp, m, c->req->path, c->path);
	} else {
		c->route = routes_find(routes_rest, m, c->req->path, c->path);
		if (c->route == NULL)
			c->route = routes_find(routes_web, m, c->req->path, c->path);
	}
}

/* Who calls: by bearer, by refresh token, by session cookie. Only looks; nothing is refused
 * here. */
static int
identify(struct sim_call *c, struct err *e)
{
	json_free(c->who);
	c->who = NULL;
	free(c->client_id);
	c->client_id = NULL;
	if (c->req->p.http_authorization != NULL && oauth_bearer(c, e) == -1)
		return -1;
	if (c->who == NULL && c->route != NULL && (c->route->flags & SIM_WEB) != 0)
		return signin_session(c, e);
	return 0;
}

static int
bad_token(struct sim_call *c, const char *text)
{
	struct buf b = BUF_INIT(256);

	buf_printf(&b,
	    "Bearer realm=\"Procore\", error=\"invalid_token\", error_description=\"%s\"",
	    text);
	fcgi_header(c->resp, "WWW-Authenticate", buf_str(&b));
	buf_clear(&b);
	return sim_refuse(c, 401, "%s", text);
}

static int
check_token(struct sim_call *c)
{
	if (c->who == NULL)
		return bad_token(c, "The access token is invalid");
	if (c->token_expired)
		return bad_token(c, "The access token expired");
	if (json_i64_or(c->who, "active", 0) == 0)
		return bad_token(c, "The access token was revoked");
	return 0;
}

static int
check_company(struct sim_call *c, struct err *e)
{
	const char *text = c->req->p.http_procore_company_id;
	int64_t in_path = sim_path_id(c, "company_id"), connected = 0, admin = 0;
	bool found = false, asks;

	asks = json_get(c->query, "company_id") != NULL ||
	       json_get(c->query, "project_id") != NULL;
	if ((c->route->flags & SIM_NO_COMPANY) != 0 && !asks)
		return 0;
	if (text == NULL || num_parse_i64(text, 1, JSON_INT_MAX, &c->company_id) == -1)
		return sim_refuse(c, 400,
		    "Missing Procore-Company-Id header! Send the id of the company whose "
		    "data you ask for.");
	if (in_path != 0 && in_path != c->company_id)
		return sim_refuse(
		    c, 403, "Procore-Company-Id differs from the company in the path");
	if (data_i64(c->sim->db, PQ_COMPANY_MEMBER, &admin, &found, e, "ii", c->company_id,
		sim_who(c)) == -1)
		return -1;
	if (!found)
		return sim_refuse(c, 403, "You are not a member of this company");
	if (data_i64(c->sim->db, PQ_APP_CONNECTED, &connected, &found, e, "ti",
		c->client_id, c->company_id) == -1)
		return -1;
	if ((!found || connected == 0) && (c->route->flags & SIM_NO_COMPANY) == 0)
		return sim_refuse(c, (int)sim_setting_i64(c, "disconnected_status", 403),
		    "App is not connected to this company.");
	return 0;
}

/* Procore hides a project from those who are not in it; the switch hidden_status makes it
 * say 403. */
static int
check_project(struct sim_call *c, struct err *e)
{
	bool in_path = json_get(c->path, "project_id") != NULL, seen = false;
	int64_t id =
	    in_path ? sim_path_id(c, "project_id") : json_i64_or(c->query, "project_id", 0);

	if (id == 0 && !in_path)
		id = json_i64_or(c->body, "project_id", 0);
	if (id == 0 && !in_path &&
	    (c->route->tool == TOOL_NONE || (c->route->flags & SIM_NO_PROJECT) != 0))
		return 0;
	if (id == 0 && !in_path)
		return sim_refuse(c, 400, "project_id is missing");
	if (people_enter(c, id, &seen, e) == -1)
		return -1;
	if (!seen || json_i64_or(c->project, "company_id", 0) != c->company_id)
		return sim_refuse(
		    c, (int)sim_setting_i64(c, "hidden_status", 404), "Project not found");
	if (c->route->tool != TOOL_NONE && sim_level(c, c->route->tool) < c->route->level)
		return sim_refuse(c, 403,
		    "You do not have permission to access this resource: %s",
		    c->route->tool == TOOL_RFI ? "RFIs" : "Submittals");
	return 0;
}

static int
serve_rest(struct sim_call *c, struct err *e)
{
	bool over = false;
	int rc = check_token(c);

	if (rc != 0)
		return rc;
	if (c->req->p.http_procore_company_id != NULL &&
	    num_parse_i64(
		c->req->p.http_procore_company_id, 1, JSON_INT_MAX, &c->company_id) == -1)
		c->company_id = 0;
	if (rate_count(c, &over, e) == -1)
		return -1;
	if (over)
		return 0;
	rc = check_company(c, e);
	if (rc == 0)
		rc = check_project(c, e);
	return rc == 0 ? c->route->run(c, e) : rc;
}

/* Wording of a refusal: Procore's usual error object, or a page. */
static int
say_no(struct sim_call *c, struct err *e)
{
	bool page = c->route != NULL && (c->route->flags & SIM_WEB) != 0;
	struct json *j = json_obj();

	json_free(c->answer);
	c->answer = NULL;
	if (page) {
		json_put_str(j, "text", c->refused_text);
		json_put_i64(j, "status", c->refused_status);
		return sim_reply_page(c, c->refused_status, "procore-error.xhtml", j, e);
	}
	json_add_str(json_put_arr(j, "errors"), c->refused_text);
	return sim_reply(c, c->refused_status, j);
}

static int
print_answer(struct sim_call *c, struct err *e)
{
	if (c->answer == NULL)
		return 0;
	if (files_dress(c, c->answer, e) == -1)
		return -1;
	json_print(c->answer, &c->resp->body);
	fcgi_header(c->resp, "Content-Type", "application/json; charset=utf-8");
	return 0;
}

static void
wait_ms(int64_t ms)
{
	struct timespec t;

	if (ms > SLOW_MAX_MS)
		ms = SLOW_MAX_MS;
	t.tv_sec = ms / 1000;
	t.tv_nsec = (ms % 1000) * 1000000;
	(void)nanosleep(&t, NULL);
}

static int
log_call(struct sim_call *c, struct err *e)
{
	const char *login = json_str_or(c->who, "login", "");

	if (str_starts(c->req->path, "/_control") || str_starts(c->req->path, "/assets/"))
		return 0;
	return data_run(c->sim->db, PQ_CALL_ADD, e, "itttitit", clk_now_ms(),
	    method_name(c), c->req->path, c->req->query, (int64_t)c->resp->status, login,
	    c->company_id, buf_str(&c->note));
}

static int
begin(struct sim_call *c, struct err *e)
{
	if (db_begin(c->sim->db, e) == -1)
		return -1;
	json_free(c->settings);
	if (data_doc(c->sim->db, PQ_SETTINGS, &c->settings, e, "") == -1)
		return -1;
	c->now = clk_now();
	c->shown = c->now + sim_setting_i64(c, "clock_offset", 0);
	return identify(c, e);
}

/* refused: what reading the parameters came to. */
static int
work(struct sim_call *c, int refused, struct err *e)
{
	if (faults_answer(c))
		return 0;
	if (refused != 0)
		return refused;
	if (c->route == NULL)
		return sim_refuse(c, 404, "Not Found");
	if ((c->route->flags & (SIM_WEB | SIM_OPEN)) != 0)
		return c->route->run(c, e);
	return serve_rest(c, e);
}

static int
serve(struct sim_call *c, struct err *e)
{
	int refused, rc;
	int64_t slow_ms = 0;

	find_route(c);
	c->raw = c->route != NULL && str_eq(c->route->method, "PUT");
	refused = params_read(c, e);
	if (refused == -1 || begin(c, e) == -1)
		return -1;
	if (faults_choose(c, &slow_ms, e) == -1)
		return -1;
	if (slow_ms > 0) { /* others must not wait for this transaction */
		if (db_commit(c->sim->db, e) == -1)
			return -1;
		wait_ms(slow_ms);
		if (begin(c, e) == -1)
			return -1;
	}
	rc = work(c, refused, e);
	if (rc == SIM_REFUSED)
		rc = say_no(c, e);
	if (rc == -1 || print_answer(c, e) == -1)
		return -1;
	faults_after(c);
	if (log_call(c, e) == -1)
		return -1;
	return db_commit(c->sim->db, e);
}

static void
stamp(const struct sim_call *c)
{
	/* clk_rfc5322() ends in +0000 where HTTP wants GMT (RFC 9110 5.6.7). */
	char date[CLK_TEXT_BYTES], http[CLK_TEXT_BYTES], id[33];
	size_t n;

	clk_rfc5322(c->shown != 0 ? c->shown : clk_now(), date);
	n = strlen(date);
	if (n > 5 && str_format(http, sizeof http, "%.*sGMT", (int)n - 5, date) == 0)
		fcgi_header(c->resp, "Date", http);
	rnd_hex(id, 16);
	fcgi_header(c->resp, "X-Request-Id", id);
}

void
dispatch(void *arg, struct fcgi_req *req, struct fcgi_resp *resp)
{
	struct sim_call c = {.sim = arg, .req = req, .resp = resp, .note = BUF_INIT(4096)};
	struct err e = {0};

	c.path = json_obj();
	if (req->path == NULL) {
		resp->status = 400;
		buf_puts(&resp->body, "Bad Request\n");
	} else if (serve(&c, &e) == -1) {
		db_rollback(c.sim->db);
		log_err("call", &e);
		buf_reset(&resp->headers);
		buf_reset(&resp->body);
		resp->status = 500;
		fcgi_header(resp, "Content-Type", "application/json; charset=utf-8");
		buf_puts(&resp->body, "{\"error\":\"stand-in failed; its log says why\"}");
	}
	stamp(&c);
	sim_call_clear(&c);
}
