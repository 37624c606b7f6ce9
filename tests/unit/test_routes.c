/* test_routes.c: every route with every role (DESIGN.md 5), and what each request must
 * bring along. */
#include "config.h"

#include "route_rig.h"

#include <inttypes.h>

#include "base/str.h"
#include "web/routes.h"

static int
setup(void **state)
{
	struct route_rig *w = calloc(1, sizeof *w);

	assert_non_null(w);
	if (rig_setup(state) != 0)
		return -1;
	route_rig_open(w, *state);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct route_rig *w = *state;
	void *rig = w->r;

	route_rig_close(w);
	free(w);
	return rig_teardown(&rig);
}

/* The columns: Global Admin, Project Admin and BIC user of the project, the same of another
 * one, no role. */
static const char *const people[] = {"gina", "pat", "bea", "otto", "olga", "nina"};

#define CHOOSE "npc=N-9&account=A&company=5&project=6"

/* + allowed, - refused (403), 0 does not exist for this person (404). P I T A S D stand for
 * the ids of project, issue, item, account (public), seat and draft. */
static const struct walk {
	enum fcgi_method method;
	const char *path, *query_or_form, *expected;
} walks[] = {
    {FCGI_GET, "/", "", "++++++"},
    {FCGI_GET, "/healthz", "", "++++++"},
    {FCGI_GET, "/Projects", "", "++++++"},
    {FCGI_GET, "/Projects/help", "", "++++++"},
    {FCGI_GET, "/Projects/accounts", "", "++++++"},
    {FCGI_GET, "/Projects/activity", "", "++++++"},
    {FCGI_GET, "/Projects/health", "", "+-----"},
    {FCGI_GET, "/Projects/people", "", "+-----"},
    {FCGI_GET, "/Projects/digest", "", "++++++"},
    {FCGI_GET, "/Projects/issues", "project=P", "+++000"},
    {FCGI_GET, "/Projects/items/*", "", "+++000"},
    {FCGI_GET, "/Projects/edit", "project=P", "+++000"},
    {FCGI_GET, "/Projects/bic", "project=P", "+++000"},
    {FCGI_GET, "/Projects/reconnect", "account=A", "++++++"},
    {FCGI_GET, "/Projects/connect", "", "+-----"},
    {FCGI_POST, "/Projects/reconnect", "account=A&project=P", "++++++"},
    {FCGI_POST, "/Projects/send-link", "account=A&project=P", "+++---"},
    {FCGI_POST, "/Projects/evidence", "account=A", "++----"},
    {FCGI_POST, "/Projects/bic/check", "project=P&login=dora@example.com", "+++000"},
    {FCGI_POST, "/Projects/bic/add", "project=P&account=A&then=mail", "+++000"},
    {FCGI_POST, "/Projects/bic/move", "project=P&bic=S&to=down", "+++000"},
    {FCGI_POST, "/Projects/bic/remove", "project=P&bic=S&sure=1", "+++000"},
    {FCGI_POST, "/Projects/hand-over", "project=P&bic=S&login=dora@example.com", "++-000"},
    {FCGI_POST, "/Projects/hand-over/start", "project=P&bic=S", "+++000"},
    {FCGI_POST, "/Projects/hand-over/withdraw", "project=P&bic=S", "++-000"},
    {FCGI_POST, "/Projects/digest", "digest=off", "++++++"},
    {FCGI_POST, "/Projects/people/remove", "person=otto", "+-----"},
    {FCGI_POST, "/Projects/connect/sign-in", "npc=N-9", "+-----"},
    {FCGI_POST, "/Projects/connect/choose", CHOOSE, "+-----"},
    {FCGI_POST, "/Projects/connect/check", "draft=D", "+-----"},
    {FCGI_POST, "/Projects/connect/save", "draft=D", "+-----"},
    {FCGI_POST, "/Projects/settings", "project=P&poll_minutes=5", "++-000"},
    {FCGI_POST, "/Projects/response-map", "project=P", "++-000"},
    {FCGI_POST, "/Projects/pause", "project=P", "++-000"},
    {FCGI_POST, "/Projects/resume", "project=P", "++-000"},
    {FCGI_POST, "/Projects/disconnect", "project=P&sure=1", "++-000"},
    {FCGI_POST, "/Projects/sync", "project=P", "+++000"},
    {FCGI_POST, "/Projects/issues/retry", "issue=I&back=edit", "+++000"},
    {FCGI_POST, "/Projects/issues/retry-all", "project=P&back=issues", "++-000"},
    {FCGI_POST, "/Projects/issues/dismiss", "issue=I&reason=done by hand&back=edit",
	"++-000"},
    {FCGI_POST, "/Projects/items/retry", "item=T", "+++000"},
    {FCGI_POST, "/Projects/items/pull", "project=P&kind=rfi&number=12", "++-000"},
};

static const struct walk *
find_walk(const struct web_route *route)
{
	for (size_t i = 0; i < ROWS(walks); i++)
		if (walks[i].method == route->method && str_eq(walks[i].path, route->path))
			return &walks[i];
	fail_msg("%s is in no row of this test", route->path);
	return NULL;
}

/* Put the ids for the letters, blanks as plus signs. */
static void
fill(const struct route_rig *w, const char *s, struct buf *out)
{
	for (; *s != '\0'; s++) {
		bool hole = out->len > 0 && out->p[out->len - 1] == '=' &&
			    (s[1] == '\0' || s[1] == '&');

		if (hole && *s == 'P')
			buf_printf(out, "%" PRId64, w->project);
		else if (hole && *s == 'D')
			buf_printf(out, "%" PRId64, w->draft);
		else if (hole && *s == 'I')
			buf_printf(out, "%" PRId64, w->issue);
		else if (hole && *s == 'T')
			buf_printf(out, "%" PRId64, w->item);
		else if (hole && *s == 'S')
			buf_printf(out, "%" PRId64, w->seat);
		else if (hole && *s == 'A')
			buf_puts(out, w->public_id);
		else
			buf_putc(out, *s == ' ' ? '+' : *s);
	}
}

static int
call(struct route_rig *w, const struct web_route *routes, size_t n, const struct walk *k,
    const char *user, const char *token)
{
	struct route_rig_call c = {
	    .routes = routes, .routes_n = n, .method = k->method, .user = user};
	struct buf uri = BUF_INIT(1024);
	struct buf form = BUF_INIT(1024);
	int status;

	buf_puts(&uri, "/connectorweb");
	buf_puts(&uri, k->path);
	if (str_ends(k->path, "*")) {
		buf_truncate(&uri, uri.len - 1);
		buf_printf(&uri, "%" PRId64, w->item);
	}
	if (k->method == FCGI_GET && k->query_or_form[0] != '\0') {
		buf_putc(&uri, '?');
		fill(w, k->query_or_form, &uri);
	} else if (k->method == FCGI_POST) {
		fill(w, k->query_or_form, &form);
		if (token != NULL)
			buf_printf(&form, "&csrf=%s", token);
		c.form = buf_str(&form);
	}
	c.uri = buf_str(&uri);
	status = route_rig_call(w, &c);
	buf_clear(&uri);
	buf_clear(&form);
	return status;
}

static void
walk_all(struct route_rig *w, const struct web_route *routes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct walk *k = find_walk(&routes[i]);

		for (size_t p = 0; p < ROWS(people); p++) {
			int status = call(w, routes, n, k, people[p], "{csrf}");
			char got = status == 404                   ? '0'
				   : status == 403                 ? '-'
				   : status < 400 || status == 409 ? '+'
								   : '?';

			if (got != k->expected[p])
				fail_msg("%s %s as %s: %d",
				    k->method == FCGI_GET ? "GET" : "POST", k->path,
				    people[p], status);
			route_rig_mend(w);
		}
	}
}

static void
test_roles(void **state)
{
	struct route_rig *w = *state;

	walk_all(w, projects_routes, projects_routes_n);
	walk_all(w, edit_routes, edit_routes_n);
	assert_int_equal(ROWS(walks), projects_routes_n + edit_routes_n);
}

/* Where the form of the walk changes nothing: another one, and what must be there before it
 * (dora is who was checked by the route before). */
#define DORA "0123456789abcdef0123456789abcdef"
static const struct {
	struct walk walk;
	const char *sql;
} changes[] = {
    {{FCGI_POST, "/Projects/people/remove", "person=otto&sure=1", ""}, NULL},
    {{FCGI_POST, "/Projects/bic/move", "project=P&bic=S&to=down", ""},
	"update bic set position = id"},
    {{FCGI_POST, "/Projects/response-map", "project=P&action=Reviewed&choice=7", ""},
	"insert or ignore into response_choice select id, 'procore', '7', 'Approved', "
	"'approved', 1 from connection"},
    {{FCGI_POST, "/Projects/bic/add", "project=P&account=" DORA "&then=mail", ""},
	"update account set public_id = '" DORA "' where login_folded = 'dora@example.com'"},
    {{FCGI_POST, "/Projects/bic/add", "project=P&account=" DORA "&then=mail", ""},
	"update bic_check set checked_at = unixepoch(), member = 'yes', contact = 'yes', rfi_level = "
	"'Admin', submittal_level = 'Admin'"},
    {{FCGI_POST, "/Projects/connect/choose", CHOOSE, ""},
	"update account set state = 'ok' where login_folded = 'bea@example.com'"},
    {{FCGI_POST, "/Projects/connect/choose", CHOOSE, ""},
	"insert into browse_row select id, 'company', 0, '5', '', 'Builders', '', 1 from "
	"account where login_folded = 'bea@example.com'"},
    {{FCGI_POST, "/Projects/connect/choose", CHOOSE, ""},
	"insert into browse_row select id, 'project', 5, '6', '', 'Tower', '', 1 from "
	"account where login_folded = 'bea@example.com'"},
};

/* Promise 7 (DESIGN.md 11): each form that changes something leaves a row that names who. A
 * new route is in the walk, or find_walk() fails; so it is here too. */
static void
test_every_change_is_in_the_trail(void **state)
{
	static const char rows[] =
	    "select count(*) from audit where actor = 'gina' and action <> 'denied'";
	struct route_rig *w = *state;

	for (size_t i = 0; i < edit_routes_n; i++) {
		const struct walk *k = find_walk(&edit_routes[i]);
		int status;

		for (size_t c = 0; c < ROWS(changes); c++)
			if (str_eq(changes[c].walk.path, edit_routes[i].path)) {
				k = &changes[c].walk;
				if (changes[c].sql != NULL)
					rig_sql(w->r, changes[c].sql);
			}
		if (k->method != FCGI_POST)
			continue;
		rig_sql(w->r, "delete from audit");
		status = call(w, edit_routes, edit_routes_n, k, "gina", "{csrf}");
		if (status >= 400)
			fail_msg("%s: %d", k->path, status);
		if (rig_number(w->r, rows) == 0)
			fail_msg("%s: no row in the audit trail", k->path);
		route_rig_mend(w);
	}
}

/* Each form with a stale token: nothing is changed, the form is shown again with a new
 * token. */
static void
test_stale(void **state)
{
	static const char counts[] =
	    "select (select count(*) from audit) + (select count(*) from job) + "
	    "(select count(*) from attempt) + (select count(*) from mail)";
	struct route_rig *w = *state;
	int64_t before = rig_number(w->r, counts);

	for (size_t i = 0; i < ROWS(walks); i++) {
		if (walks[i].method != FCGI_POST)
			continue;
		for (int token = 0; token < 2; token++) {
			int status = call(w, edit_routes, edit_routes_n, &walks[i], "gina",
			    token ? "c3RhbGU" : NULL);

			if (status != 403 || !route_rig_says(w, "The form was out of date"))
				fail_msg(
				    "%s: %d %s", walks[i].path, status, buf_str(&w->body));
			if (!route_rig_says(w, "name=\"csrf\""))
				fail_msg("%s: no form to send again", walks[i].path);
		}
	}
	assert_int_equal(rig_number(w->r, counts), before);
}

static void
test_typed_values_come_back(void **state)
{
	struct route_rig *w = *state;
	struct walk settings = {
	    FCGI_POST, "/Projects/settings", "project=P&poll_minutes=17", ""};
	struct walk dismiss = {FCGI_POST, "/Projects/issues/dismiss",
	    "issue=I&reason=mended by hand&back=issues", ""};
	struct walk check = {
	    FCGI_POST, "/Projects/bic/check", "project=P&login=dora@example.com", ""};
	struct walk odd = {
	    FCGI_POST, "/Projects/settings", "project=P&poll_minutes=500", ""};

	assert_int_equal(call(w, edit_routes, edit_routes_n, &settings, "gina", NULL), 403);
	assert_true(route_rig_says(w, "value=\"17\""));
	assert_int_equal(call(w, edit_routes, edit_routes_n, &dismiss, "gina", NULL), 403);
	assert_true(route_rig_says(w, "value=\"mended by hand\""));
	assert_int_equal(call(w, edit_routes, edit_routes_n, &check, "gina", NULL), 403);
	assert_true(route_rig_says(w, "value=\"dora@example.com\""));
	assert_int_equal(call(w, edit_routes, edit_routes_n, &odd, "gina", "{csrf}"), 400);
	assert_true(route_rig_says(w, "value=\"500\""));
}

static void
test_other_site(void **state)
{
	struct route_rig *w = *state;
	struct route_rig_call c = {.routes = edit_routes,
	    .routes_n = edit_routes_n,
	    .method = FCGI_POST,
	    .uri = "/connectorweb/Projects/sync",
	    .form = "csrf={csrf}&project=1",
	    .user = "gina",
	    .site = "cross-site"};

	rig_sql(w->r, "delete from audit");
	assert_int_equal(route_rig_call(w, &c), 403);
	c.site = "same-site";
	assert_int_equal(route_rig_call(w, &c), 403);
	assert_int_equal(
	    rig_number(w->r, "select count(*) from audit where action = 'connection.sync'"),
	    0);
}

static void
test_host(void **state)
{
	struct route_rig *w = *state;
	struct route_rig_call get = {.routes = projects_routes,
	    .routes_n = projects_routes_n,
	    .method = FCGI_GET,
	    .uri = "/CONNECTORWEB/Projects?page=2",
	    .user = "gina",
	    .host = "npcserver"};
	struct route_rig_call post = {.routes = edit_routes,
	    .routes_n = edit_routes_n,
	    .method = FCGI_POST,
	    .uri = "/connectorweb/Projects/sync",
	    .form = "project=1",
	    .user = "gina",
	    .host = "npcserver"};

	assert_int_equal(route_rig_call(w, &get), 308);
	assert_true(route_rig_says(
	    w, "Location: https://portal.example.com/connectorweb/Projects?page=2\r\n"));
	assert_int_equal(route_rig_call(w, &post), 421);
	assert_true(route_rig_says(w, "/connectorweb/Projects\""));
}

static void
test_what_is_not_there(void **state)
{
	struct route_rig *w = *state;
	struct route_rig_call c = {.routes = projects_routes,
	    .routes_n = projects_routes_n,
	    .method = FCGI_GET,
	    .user = "gina",
	    .uri = "/connectorweb/Projects/nowhere"};

	assert_int_equal(route_rig_call(w, &c), 404);
	c.uri = "/connectorwebs";
	assert_int_equal(route_rig_call(w, &c), 404);
	c.uri = "/connectorweb/Projects/items/0";
	assert_int_equal(route_rig_call(w, &c), 404);
	c.uri = "/connectorweb/Projects/items/12345";
	assert_int_equal(route_rig_call(w, &c), 404);
	c.uri = "/connectorweb/Projects?page=x";
	assert_int_equal(route_rig_call(w, &c), 400);
	assert_true(route_rig_says(w, "page"));
	c.uri = "/connectorweb/Projects/..%2f";
	assert_int_equal(route_rig_call(w, &c), 400);
	c.uri = "/connectorweb/Projects";
	c.method = FCGI_POST;
	assert_int_equal(route_rig_call(w, &c), 405);
	assert_true(route_rig_says(w, "Allow: GET, HEAD\r\n"));
	c.method = FCGI_GET;
	c.user = NULL;
	assert_int_equal(route_rig_call(w, &c), 401);
	c.user = "OTHER\\gina";
	assert_int_equal(route_rig_call(w, &c), 400);
}

/* A project of others and one that does not exist answer with the same bytes, but for what
 * is random. */
static void
test_foreign_is_missing(void **state)
{
	struct route_rig *w = *state;
	struct route_rig_call c = {.routes = edit_routes,
	    .routes_n = edit_routes_n,
	    .method = FCGI_GET,
	    .user = "bea"};
	char uri[96];
	char *first;

	assert_int_equal(
	    str_format(uri, sizeof uri, "/connectorweb/Projects/edit?project=%" PRId64,
		w->other_project),
	    0);
	c.uri = uri;
	assert_int_equal(route_rig_call(w, &c), 404);
	first = strdup(buf_str(&w->body));
	c.uri = "/connectorweb/Projects/edit?project=987654";
	assert_int_equal(route_rig_call(w, &c), 404);
	assert_string_equal(buf_str(&w->body), first);
	free(first);
}

static void
test_denied_is_noted_once_a_minute(void **state)
{
	static const char rows[] = "select count(*) from audit where action = 'denied'";
	struct route_rig *w = *state;
	struct walk pause = {FCGI_POST, "/Projects/pause", "project=P", ""};

	rig_sql(w->r, "delete from audit_denied");
	rig_sql(w->r, "delete from audit");
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    call(w, edit_routes, edit_routes_n, &pause, "bea", "{csrf}"), 403);
	assert_int_equal(rig_number(w->r, rows), 1);
	rig_clock(w->r, 61);
	assert_int_equal(call(w, edit_routes, edit_routes_n, &pause, "bea", "{csrf}"), 403);
	assert_int_equal(rig_number(w->r, rows), 2);
}

/* Each answer carries the headers of STYLE.md 6; a new browser gets the cookie. */
static void
test_headers(void **state)
{
	struct route_rig *w = *state;
	struct route_rig_call c = {.routes = projects_routes,
	    .routes_n = projects_routes_n,
	    .method = FCGI_GET,
	    .user = "gina",
	    .uri = "/connectorweb/Projects",
	    .cookie = ""};

	assert_int_equal(route_rig_call(w, &c), 200);
	assert_true(route_rig_says(
	    w, "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
	assert_true(route_rig_says(w, "X-Content-Type-Options: nosniff\r\n"));
	assert_true(route_rig_says(w, "Referrer-Policy: same-origin\r\n"));
	assert_true(route_rig_says(w, "Cache-Control: no-store\r\n"));
	assert_true(route_rig_says(w, "Set-Cookie: __Host-cw="));
	assert_true(route_rig_says(w, "; Path=/; Secure; HttpOnly; SameSite=Lax\r\n"));
	c.cookie = NULL;
	assert_int_equal(route_rig_call(w, &c), 200);
	assert_false(route_rig_says(w, "Set-Cookie"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_roles),
	    cmocka_unit_test(test_stale),
	    cmocka_unit_test(test_typed_values_come_back),
	    cmocka_unit_test(test_other_site),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_what_is_not_there),
	    cmocka_unit_test(test_foreign_is_missing),
	    cmocka_unit_test(test_denied_is_noted_once_a_minute),
	    cmocka_unit_test(test_headers),
	    /* Signs people in: last. */
	    cmocka_unit_test(test_every_change_is_in_the_trail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
