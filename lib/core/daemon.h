/* daemon.h: the worker as a service: start-up checks, one child's life, its end. Layer: core.
 * Wiring is worker/connectord.c; what a step does is core/work. */
#ifndef CW_CORE_DAEMON_H
#define CW_CORE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "io/db.h"

struct daemon_opts {
	const char *conf_path;
	bool check;             /* look at everything that a start needs, then end */
	bool once;              /* one process, until nothing is due; for tests */
	int64_t stop_at_commit; /* with once: end without any tidying at this commit; 0 never; for crash tests */
	enum db_stop stop_when; /* right after it, or right before */
};

enum {
	DAEMON_OK = 0,
	DAEMON_FAILED = 1,  /* database, socket, templates: may be well at the next start */
	DAEMON_CONFIG = 78  /* configuration or keys: starting again does not help (EX_CONFIG) */
};

/* Run until SIGTERM; the exit status, POOL_EXIT_RESTART when the schema changed. What is wrong is on standard
 * error. */
int daemon_run(const struct daemon_opts *o);

#endif
