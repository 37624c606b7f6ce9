#include "config.h"

#include "web_site.h"

#include <inttypes.h>

#include "base/mem.h"
#include "store/person.h"

static char *text_of(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static char *
text_of(const char *fmt, va_list ap)
{
	char text[4096];
	int n = vsnprintf(text, sizeof text, fmt, ap);

	assert_in_range(n, 1, (int)sizeof text - 1);
	return xstrdup(text);
}

void
site_run(struct site *s, const char *fmt, ...)
{
	va_list ap;
	char *sql;

	va_start(ap, fmt);
	sql = text_of(fmt, ap);
	va_end(ap);
	rig_sql(&s->w.core, sql);
	free(sql);
}

int64_t
site_number(struct site *s, const char *fmt, ...)
{
	va_list ap;
	int64_t n;
	char *sql;

	va_start(ap, fmt);
	sql = text_of(fmt, ap);
	va_end(ap);
	n = rig_number(&s->w.core, sql);
	free(sql);
	return n;
}

int64_t
site_item(struct site *s, int64_t connection, int64_t procore_id, int64_t account,
    const char *subject)
{
	site_run(s,
	    "INSERT INTO item (connection_id, kind, procore_id, number, subject, state, "
	    "reason_text, account_id,"
	    " procore_status, procore_hash, tries, first_seen_at, changed_at)"
	    " VALUES (%" PRId64 ", 'rfi', %" PRId64 ", '0%" PRId64
	    "', '%s', 'parked', 'it failed', nullif(%" PRId64 ", 0),"
	    " 'Open', 'abc', 4, 1000, 1000)",
	    connection, procore_id, procore_id, subject, account);
	return site_number(
	    s, "SELECT id FROM item WHERE procore_id = %" PRId64, procore_id);
}

int64_t
site_issue(struct site *s, int64_t connection, int64_t item, const char *message)
{
	site_run(s,
	    "INSERT INTO issue (connection_id, item_id, direction, code, message, remedy, "
	    "first_at, last_at)"
	    " VALUES (%" PRId64 ", nullif(%" PRId64
	    ", 0), 'to_npc', 'npc_refused', '%s', 'Mend it.', 1000, 2000)",
	    connection, item, message);
	return site_number(s, "SELECT max(id) FROM issue");
}

static void
add_people(struct site *s)
{
	struct rig *r = &s->w.core;
	int64_t id = 0;

	OK(r, person_put(r->admin, "ga", "Maeve Halloran", "ga@harlowfinch.example.com",
		  true, &id, &r->err));
	OK(r, person_put(r->admin, "pa", "Karen Whitlock", "pa@harlowfinch.example.com",
		  false, &id, &r->err));
	OK(r, person_set_project_admin(r->admin, id, s->north, true, &r->err));
	OK(r, person_put(r->admin, "nobody", "", "", false, &id, &r->err));
}

int
site_setup(void **state)
{
	struct site *s = xcalloc(1, sizeof *s);

	web_rig_open(&s->w, NULL);
	s->bic = rig_account(&s->w.core, "bic@harlowfinch.example.com", "bic",
	    "bic@harlowfinch.example.com");
	s->other = rig_account(&s->w.core, "other@harlowfinch.example.com", "other",
	    "other@harlowfinch.example.com");
	s->north = rig_connect(&s->w.core, "N-100", s->bic);
	s->south = rig_connect(&s->w.core, "S-200", s->other);
	add_people(s);
	s->mine = site_item(s, s->north, 1, s->bic, "Anchor bolts");
	s->theirs = site_item(s, s->north, 2, 0, "Door hardware");
	s->far = site_item(s, s->south, 3, s->other, "Roof drains");
	s->mine_issue = site_issue(s, s->north, s->mine, "anchors refused");
	s->theirs_issue = site_issue(s, s->north, s->theirs, "doors refused");
	s->far_issue = site_issue(s, s->south, s->far, "drains refused");
	*state = s;
	return 0;
}

int
site_teardown(void **state)
{
	struct site *s = *state;

	web_rig_close(&s->w);
	free(s);
	return 0;
}

int
site_get(struct site *s, const char *user, const char *fmt, ...)
{
	va_list ap;
	char *uri;
	int status;

	va_start(ap, fmt);
	uri = text_of(fmt, ap);
	va_end(ap);
	status = web_get(&s->w, user, uri);
	free(uri);
	return status;
}

int
site_post(struct site *s, const char *user, const char *path, const char *fmt, ...)
{
	va_list ap;
	char *form;
	int status;

	va_start(ap, fmt);
	form = text_of(fmt, ap);
	va_end(ap);
	status = web_post(&s->w, user, path, form);
	free(form);
	return status;
}
