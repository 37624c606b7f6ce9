/* standing.h: a project's rows as the facts that core/status decides on, for pages and for
 * connectorctl alike. Layer: core. Source: DESIGN.md 7 (table of causes). */
#ifndef CW_CORE_STANDING_H
#define CW_CORE_STANDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/status.h"
#include "io/db.h"
#include "store/view.h"

/* What is out of order for all projects alike. */
struct standing_services {
	int64_t down_since_at[STATUS_SERVICE_MAX]; /* 0: works */
	char detail[STATUS_SERVICE_MAX][257];
};
/* Read them. errors ERR_DB, ERR_BUSY; source query VIEW_SERVICES */
MUST_USE int standing_services(struct db *db, struct standing_services *out, struct err *e);

/* One project with its seats; borrowed from the lists it was made of. */
struct standing {
	const struct view_project *project;
	const struct view_seat *seats;
	size_t seats_n;
	const struct standing_services *services;
	struct status status;
};
/* Decide how a project stands. Cannot fail.
 * seats         of any projects, ordered by project; the project's own are found in it
 * poll_minutes  the installation's interval, where the project has none of its own */
void standing_of(const struct view_project *p, const struct view_seats *seats,
    const struct standing_services *services, int64_t poll_minutes, struct standing *out);
/* One seat's facts; the interval of a project in seconds. */
struct status_seat standing_seat(const struct view_seat *v);
int64_t standing_poll_s(const struct view_project *p, int64_t poll_minutes);

#endif
