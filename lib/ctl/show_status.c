/* connectorctl status: each project in a line, with the same decision as the page, and why. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/standing.h"
#include "ctl/ctl_int.h"

/* Projects read at a time. */
enum { STATUS_ROWS = 200 };

static const char *
when(int64_t at, char text[CLK_TEXT_BYTES])
{
	if (at == 0)
		return "never";
	clk_local(at, text);
	return text;
}

static void
say_seat(const struct standing *s, const struct status_problem *p)
{
	const struct view_seat *v = &s->seats[p->seat];

	if (p->kind == STATUS_P_SIGN_IN_LOST)
		printf("sign-in of %s lost: %s", v->login, v->cause_text);
	else if (p->kind == STATUS_P_SIGN_IN_NEEDED)
		printf("waits for %s to sign in", v->login);
	else if (p->kind == STATUS_P_PERMISSION)
		printf("no permission for %s: %s", v->login, v->state_text);
	else
		printf("%s", v->state_text);
}

static void
say_problem(const struct standing *s, const struct status_problem *p)
{
	char text[CLK_TEXT_BYTES];

	switch (p->kind) {
	case STATUS_P_SETTINGS:
		printf("a setting is wrong: %s", s->services->detail[p->service]);
		return;
	case STATUS_P_APP:
		printf("the app is not connected at %s", s->project->company);
		return;
	case STATUS_P_NO_SEAT:
		printf("no BIC user");
		return;
	case STATUS_P_LOCAL:
		printf("a fault of this machine: %s", s->services->detail[p->service]);
		return;
	case STATUS_P_PROCORE_DOWN:
		printf("Procore does not answer since %s", when(p->since_at, text));
		return;
	case STATUS_P_NPC_DOWN:
		printf("Project Center does not answer since %s", when(p->since_at, text));
		return;
	case STATUS_P_NOT_VERIFIED:
		printf("not verified since: %s", when(p->since_at, text));
		return;
	case STATUS_P_SIGN_IN_LOST:
	case STATUS_P_SIGN_IN_NEEDED:
	case STATUS_P_PERMISSION:
	case STATUS_P_NO_CONTACT:
	case STATUS_P_MAX:
		say_seat(s, p);
		return;
	}
}

static void
say_project(const struct standing *s)
{
	static const char *const words[] = {
	    [STATUS_CONNECTED] = "Connected",
	    [STATUS_WARNING] = "Connected (!)",
	    [STATUS_LOST] = "Connection Lost",
	    [STATUS_PAUSED] = "Paused",
	};
	const struct view_project *p = s->project;
	char text[CLK_TEXT_BYTES];

	printf("%-10s %-38s %-15s  last sync %s", p->npc_number, p->npc_name,
	    words[s->status.word], when(p->last_sync_at, text));
	if (!str_empty(p->sync_error))
		printf("  Failed: %s", p->sync_error);
	if (p->waiting_in + p->waiting_out > 0)
		printf("  %" PRId64 " waiting", p->waiting_in + p->waiting_out);
	if (p->issues > 0)
		printf("  %" PRId64 " issues", p->issues);
	putchar('\n');
	for (size_t i = 0; s->status.word != STATUS_PAUSED && i < s->status.problems_n; i++) {
		printf("           - ");
		say_problem(s, &s->status.problems[i]);
		putchar('\n');
	}
}

static int
say_some(struct ctl *c, const struct view_projects *list,
    const struct standing_services *services, struct err *e)
{
	struct view_seats seats = {0};
	struct buf ids = BUF_INIT(LIMIT_PAGE);
	int rc = -1;

	for (size_t i = 0; i < list->n; i++)
		buf_printf(&ids, "%s%" PRId64, i == 0 ? "[" : ",", list->v[i].id);
	buf_putc(&ids, ']');
	if (buf_check(&ids, "projects", e) == -1 ||
	    view_seats(c->db, buf_str(&ids), &seats, e) == -1)
		goto out;
	for (size_t i = 0; i < list->n; i++) {
		struct standing s;

		standing_of(&list->v[i], &seats, services, c->conf.poll_interval_minutes, &s);
		say_project(&s);
	}
	rc = 0;
out:
	view_seats_clear(&seats);
	buf_clear(&ids);
	return rc;
}

int
ctl_status(struct ctl *c, struct err *e)
{
	const struct view_scope all = {.all = true};
	struct standing_services services;
	int64_t from = 0;
	size_t n = 0;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (ctl_open_db(c, e) == -1 || standing_services(c->db, &services, e) == -1)
		return -1;
	do {
		struct view_projects list = {0};
		int rc = view_projects(c->db, &all, STATUS_ROWS, from, &list, e);

		if (rc == 0 && list.n > 0)
			rc = say_some(c, &list, &services, e);
		n = list.n;
		from += (int64_t)n;
		view_projects_clear(&list);
		if (rc == -1)
			return -1;
	} while (n == STATUS_ROWS);
	if (from == 0)
		printf("no project is connected\n");
	return CTL_OK;
}
