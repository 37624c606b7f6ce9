/* peer.h: a scripted server in a child process, for tests of io/http and io/smtp. */
#ifndef CW_TESTS_UNIT_PEER_H
#define CW_TESTS_UNIT_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

struct peer {
	pid_t pid;
	int port;
	int log_fd; /* what the child wrote with peer_note() */
};

/* Run play() in a child with a listening socket on loopback; the child ends when play()
 * returns. */
void peer_start(struct peer *p, void (*play)(int listen_fd, int log_fd, const void *arg),
    const void *arg);
/* Wait for the child's end; log gets all that it noted. */
void peer_join(struct peer *p, struct buf *log);
/* A port on which nobody listens. */
int peer_free_port(void);
/* A listening socket on loopback, and a connection to it that is left to itself. */
int peer_listen(int backlog, int *port);
int peer_connect_nowait(int port);

/* ---- for play() */
int peer_accept(int listen_fd);
void peer_note(int log_fd, const char *text, size_t n);
/* Read up to and with the mark; returns bytes in dst, NUL-terminated. Ends at the stream's
 * end too. */
size_t peer_read_until(int fd, const char *mark, char *dst, size_t size);
/* Read n bytes more. */
void peer_read_n(int fd, char *dst, size_t n);
void peer_say(int fd, const char *text);
/* Until the other side closes. */
void peer_drain(int fd);
/* Close with a reset instead of an orderly end. */
void peer_reset(int fd);

#endif
