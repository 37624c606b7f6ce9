#include "config.h"

#include "io/wake.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/str.h"

static int
address(const char *socket_path, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	return str_copy(a->sun_path, sizeof(a->sun_path), socket_path);
}

void
wake_send(const char *socket_path)
{
	struct sockaddr_un a;
	int fd;

	if (str_empty(socket_path) || address(socket_path, &a) == -1)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return;
	/* A worker that is down or busy finds the job row by itself: the result does not
	 * matter. */
	(void)!sendto(fd, "w", 1, MSG_NOSIGNAL, (const struct sockaddr *)&a, sizeof(a));
	close(fd);
}

/* Only a socket is replaced: a wrong path in the configuration must not cost anyone a file.
 */
static int
remove_old(const char *socket_path, struct err *e)
{
	struct stat st;

	if (lstat(socket_path, &st) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_set_errno(e, ERR_IO, errno, "wake_socket %s", socket_path);
	}
	if (!S_ISSOCK(st.st_mode))
		return err_set(
		    e, ERR_IO, "wake_socket %s exists and is no socket", socket_path);
	if (unlink(socket_path) == -1 && errno != ENOENT)
		return err_set_errno(
		    e, ERR_IO, errno, "wake_socket %s: remove old one", socket_path);
	return 0;
}

int
wake_listen(const char *socket_path, int *out, struct err *e)
{
	struct sockaddr_un a;
	int fd = -1;
	int rc = -1;

	if (address(socket_path, &a) == -1)
		return err_set(e, ERR_IO, "wake_socket %s: longer than %zu bytes",
		    socket_path, sizeof(a.sun_path) - 1);
	if (remove_old(socket_path, e) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "wake_socket %s", socket_path);
		goto out;
	}
	/* Linux gives a socket's file the mode of the unbound socket, less the umask:
	 * nobody else can send in the moment between bind() and chmod(). */
	if (fchmod(fd, 0660) == -1 ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) == -1 ||
	    chmod(socket_path, 0660) == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "wake_socket %s", socket_path);
		goto out;
	}
	*out = fd;
	fd = -1;
	rc = 0;
out:
	if (fd != -1)
		close(fd);
	return rc;
}

int
wake_wait(int fd, int stop_fd, int timeout_ms)
{
	int64_t end = clk_mono_ms() + timeout_ms;
	int64_t left = timeout_ms;
	char byte;

	for (;;) {
		struct pollfd p[2] = {
		    {.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
		int n = poll(p, 2, left > 0 ? (int)left : 0);

		if (n > 0 && p[1].revents != 0)
			return -1;
		/* Of several processes that wait on one socket only one gets the datagram.
		 */
		if (n > 0 && p[0].revents != 0 && recv(fd, &byte, 1, 0) != -1)
			return 1;
		left = end - clk_mono_ms();
		if (n == 0 || left <= 0)
			return 0;
	}
}
