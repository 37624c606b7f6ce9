#include "config.h"

#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int
peer_listen(int backlog, int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	BUG_IF(fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1);
	BUG_IF(listen(fd, backlog) == -1 ||
	       getsockname(fd, (struct sockaddr *)&a, &len) == -1);
	*port = ntohs(a.sin_port);
	return fd;
}

void
peer_start(struct peer *p, void (*play)(int listen_fd, int log_fd, const void *arg),
    const void *arg)
{
	int log[2];
	int fd = peer_listen(8, &p->port);

	BUG_IF(pipe(log) == -1);
	p->pid = fork();
	BUG_IF(p->pid == -1);
	if (p->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(60); /* never outlives a hanging test */
		close(log[0]);
		play(fd, log[1], arg);
		_exit(0);
	}
	close(fd);
	close(log[1]);
	p->log_fd = log[0];
}

void
peer_join(struct peer *p, struct buf *log)
{
	char chunk[4096];
	ssize_t n;
	int status = 0;

	while ((n = read(p->log_fd, chunk, sizeof(chunk))) > 0) {
		if (log != NULL)
			buf_add(log, chunk, (size_t)n);
	}
	close(p->log_fd);
	BUG_IF(waitpid(p->pid, &status, 0) != p->pid);
	BUG_IF(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
}

int
peer_free_port(void)
{
	int port = 0;

	close(peer_listen(8, &port));
	return port;
}

int
peer_connect_nowait(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	BUG_IF(fd == -1);
	(void)!connect(fd, (struct sockaddr *)&a, sizeof(a));
	return fd;
}

int
peer_accept(int listen_fd)
{
	int fd;

	do {
		fd = accept(listen_fd, NULL, NULL);
	} while (fd == -1 && errno == EINTR);
	BUG_IF(fd == -1);
	return fd;
}

void
peer_note(int log_fd, const char *text, size_t n)
{
	BUG_IF(write(log_fd, text, n) != (ssize_t)n);
}

size_t
peer_read_until(int fd, const char *mark, char *dst, size_t size)
{
	size_t n = 0;

	dst[0] = '\0';
	while (n + 1 < size && read(fd, dst + n, 1) == 1) {
		dst[++n] = '\0';
		if (n >= strlen(mark) && strcmp(dst + n - strlen(mark), mark) == 0)
			break;
	}
	return n;
}

void
peer_read_n(int fd, char *dst, size_t n)
{
	while (n > 0) {
		ssize_t k = read(fd, dst, n);

		if (k <= 0)
			return;
		dst += k;
		n -= (size_t)k;
	}
}

void
peer_say(int fd, const char *text)
{
	size_t n = strlen(text);

	(void)!write(fd, text, n);
}

void
peer_drain(int fd)
{
	char chunk[65536];

	while (read(fd, chunk, sizeof(chunk)) > 0)
		;
}

void
peer_reset(int fd)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}
