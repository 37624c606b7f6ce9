/* incident.h: one incident at a time an account, permission, company or service; who is told, when. Layer: core.
 * Source: DESIGN.md 7 "Telling people", failures.md F36 to F40. */
#ifndef CW_CORE_INCIDENT_H
#define CW_CORE_INCIDENT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/cause.h"
#include "io/conf.h"
#include "io/db.h"

/* Open if none is open for the subject (else keep the older one) and queue the first mail where the cause asks
 * for one. Inside the caller's transaction when one is open. Worker and callback. */
MUST_USE int incident_open_account(struct db *db, const struct conf *c, int64_t account_id, enum cause cause,
    const char *detail, struct err *e);
MUST_USE int incident_open_company(struct db *db, const struct conf *c, int64_t procore_company_id,
    const char *detail, struct err *e);
/* A service (procore, npc, smtp, clock, disk, configuration) is down or well again; mail to the Global Admins
 * after INCIDENT_SERVICE_GRACE_S, at once for configuration and local faults. */
enum { INCIDENT_SERVICE_GRACE_S = 3600 };
MUST_USE int incident_service(struct db *db, const struct conf *c, const char *name, int ok, const char *detail,
    struct err *e);
/* A service answered as it should. Written down when it was noted as out of order, else at most every
 * INCIDENT_SERVICE_SEEN_S, so that page Health can say when it last worked. In the caller's transaction when one is
 * open. Worker only. */
enum { INCIDENT_SERVICE_SEEN_S = 300 };
MUST_USE int incident_service_works(struct db *db, const struct conf *c, const char *name, struct err *e);
/* Close with the mail "all is well again" when somebody had been told. No-op when none is open. */
MUST_USE int incident_close_account(struct db *db, const struct conf *c, int64_t account_id, struct err *e);
MUST_USE int incident_close_company(struct db *db, const struct conf *c, int64_t procore_company_id, struct err *e);
/* Reminders, digests, service alarms that are due; permissions that Procore took or gave back since the last look.
 * *next_at: when to look again. Worker only. */
MUST_USE int incident_run(struct db *db, const struct conf *c, int64_t *next_at, struct err *e);
/* The server refused a mail about this account for good: tell those who can reach the person otherwise, once. Inside
 * the caller's transaction. Worker only. */
MUST_USE int incident_mail_refused(struct db *db, const struct conf *c, int64_t incident_id, int64_t account_id,
    const char *address, struct err *e);
/* Queue the reconnect link for an account once more (button Send the link again). */
MUST_USE int incident_send_link(struct db *db, const struct conf *c, int64_t account_id, const char *asked_by,
    struct err *e);

#endif
