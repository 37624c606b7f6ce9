/* pool.h: several worker processes under one parent that keeps their number. Layer: io (libc only). */
#ifndef CW_IO_POOL_H
#define CW_IO_POOL_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct pool {
	int n; /* processes */
	/* Runs in the child until done; stop_fd becomes readable on SIGTERM or when the parent is gone.
	 * Returns the exit status. */
	int (*child)(void *arg, int stop_fd);
	/* Runs in the parent after a child ended by itself or by a signal; may be NULL. */
	void (*died)(void *arg, pid_t pid);
	void *arg;
};
/* After SIGTERM children have this long to finish the step at hand; it is longer than a token call. */
enum { POOL_GRACE_MS = 30000 };
/* A child that ends is started again after 1 s, 2 s, ... at most this. */
enum { POOL_RESTART_MAX_S = 30 };
/* One that lived this long begins again with the first pause. */
enum { POOL_STEADY_MS = 60000 };

/* Exit status with which a child asks that the whole pool ends for a restart (schema changed). */
enum { POOL_EXIT_RESTART = 75 };

/* Run until SIGTERM or SIGINT; *status is 0 then, or POOL_EXIT_RESTART. Standard output should be flushed
 * before: each child has a copy of what waits in it. errors: ERR_IO (fork, pipe) */
MUST_USE int pool_run(const struct pool *p, int *status, struct err *e);

#endif
