/* sender.h: delivers queued webhook events, at least once. Layer: sandbox. Source:
 * procore.md 8. */
#ifndef CW_SANDBOX_PROCORE_SENDER_H
#define CW_SANDBOX_PROCORE_SENDER_H

#include "procore/sim.h"

/* Deliver until SIGTERM; ca_file is trusted for https, NULL: the system's. Returns the exit
 * status. */
int sender_run(struct sim *s, const char *ca_file);

#endif
