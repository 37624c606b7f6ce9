#include "config.h"

#include "core/standing.h"

#include "base/clk.h"
#include "base/str.h"

/* Rows of `service` that concern projects; mail trouble is the Health page's. */
static void
take_service(void *arg, const struct view_service *s)
{
	static const char *const names[STATUS_SERVICE_MAX] = {
	    [STATUS_PROCORE] = "procore",
	    [STATUS_NPC] = "npc",
	    [STATUS_SETTINGS] = "configuration",
	    [STATUS_CLOCK] = "clock",
	    [STATUS_DISK] = "disk",
	    [STATUS_KEY] = "key",
	};
	struct standing_services *out = arg;

	for (int i = 0; i < STATUS_SERVICE_MAX; i++)
		if (s->down && str_eq(s->name, names[i])) {
			out->down_since_at[i] = s->since_at;
			str_cut(out->detail[i], sizeof out->detail[i], s->detail);
		}
}

int
standing_services(struct db *db, struct standing_services *out, struct err *e)
{
	*out = (struct standing_services){0};
	return view_services(db, take_service, out, e);
}

struct status_seat
standing_seat(const struct view_seat *v)
{
	struct status_seat s = {.since_at = v->since_at,
	    .checked_at = v->checked_at,
	    .proved_at = v->proved_at,
	    .checking = v->checking};

	if (str_eq(v->account_state, "ok") || str_eq(v->account_state, "suspect"))
		s.sign_in = STATUS_IN_OK;
	else
		s.sign_in =
		    str_eq(v->account_state, "lost") ? STATUS_IN_LOST : STATUS_IN_NEEDED;
	if (str_eq(v->state, "ok"))
		s.right = STATUS_RIGHT_OK;
	else if (str_eq(v->state, "permission_lost"))
		s.right = STATUS_RIGHT_LOST;
	else if (str_eq(v->state, "no_contact"))
		s.right = STATUS_RIGHT_NO_CONTACT;
	return s;
}

int64_t
standing_poll_s(const struct view_project *p, int64_t poll_minutes)
{
	return 60 * (p->poll_minutes != 0 ? p->poll_minutes : poll_minutes);
}

void
standing_of(const struct view_project *p, const struct view_seats *seats,
    const struct standing_services *services, int64_t poll_minutes, struct standing *out)
{
	struct status_seat facts[STATUS_PROBLEMS_MAX];
	struct status_in in = {.paused = str_eq(p->state, "paused"),
	    .app_missing = p->app_missing,
	    .app_since_at = p->app_since_at,
	    .seats = facts,
	    .poll_s = standing_poll_s(p, poll_minutes),
	    .now = clk_now()};
	size_t first = 0;

	while (first < seats->n && seats->v[first].connection_id != p->id)
		first++;
	*out = (struct standing){.project = p, .services = services};
	if (first < seats->n)
		out->seats = &seats->v[first];
	while (first + out->seats_n < seats->n &&
	       seats->v[first + out->seats_n].connection_id == p->id)
		out->seats_n++;
	for (size_t i = 0; i < out->seats_n && i < STATUS_PROBLEMS_MAX; i++)
		facts[in.seats_n++] = standing_seat(&out->seats[i]);
	for (int i = 0; i < STATUS_SERVICE_MAX; i++)
		in.down_since_at[i] = services->down_since_at[i];
	status_decide(&in, &out->status);
}
