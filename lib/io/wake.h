/* wake.h: a datagram that tells the worker that there is something to do. Layer: io (libc only).
 * Losing one is harmless: the worker also looks by itself every few seconds. */
#ifndef CW_IO_WAKE_H
#define CW_IO_WAKE_H

#include "base/attr.h"
#include "base/err.h"

/* Send without waiting; a missing worker or a full queue is not an error. */
void wake_send(const char *socket_path);
/* Bind (0660, an old socket file is replaced). out: descriptor owned by the caller. errors: ERR_IO */
MUST_USE int wake_listen(const char *socket_path, int *out, struct err *e);
/* Wait until a datagram, the stop descriptor or the deadline; drains one datagram. Returns 1 woken, 0 time, -1 stop. */
int wake_wait(int fd, int stop_fd, int timeout_ms);

#endif
