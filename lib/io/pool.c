#include "config.h"

#include "io/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"

struct slot {
	pid_t pid;          /* 0: not running */
	int64_t start_at_ms; /* when it was, or not before; monotonic */
	int failures;
};

/* The write end of the process's own pipe, for its handler alone: a signal has no other way to reach poll(). */
static volatile sig_atomic_t signal_fd = -1;

static void
on_signal(int sig)
{
	int saved = errno;
	ssize_t ignored;

	(void)sig;
	ignored = write(signal_fd, "x", 1);
	(void)ignored;
	errno = saved;
}

static void
catch_signals(int fd)
{
	struct sigaction sa = {.sa_handler = on_signal};

	signal_fd = fd;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static NORETURN void
run_child(const struct pool *p, pid_t parent, const sigset_t *mask)
{
	int fds[2];

	if (pipe(fds) == -1)
		_exit(1);
	catch_signals(fds[1]);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* Without this a killed parent would leave its children working. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(1);
	exit(p->child(p->arg, fds[0]));
}

static int
start(const struct pool *p, struct slot *s, struct err *e)
{
	sigset_t ending;
	sigset_t before;
	pid_t parent = getpid();
	pid_t pid;

	/* Until the child has its own pipe, a signal to it would be written into the parent's and be lost. */
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigprocmask(SIG_BLOCK, &ending, &before);
	pid = fork();
	if (pid == 0)
		run_child(p, parent, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid == -1)
		return err_set_errno(e, ERR_IO, errno, "cannot start a worker process");
	s->pid = pid;
	s->start_at_ms = clk_mono_ms();
	return 0;
}

/* A child ended: note it, and when its successor may start. */
static bool
ended(const struct pool *p, struct slot *s, int wait_status)
{
	int64_t pause_s = 1;
	pid_t pid = s->pid;

	s->pid = 0;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == POOL_EXIT_RESTART)
		return false;
	if (clk_mono_ms() - s->start_at_ms > POOL_STEADY_MS)
		s->failures = 0;
	for (int i = 0; i < s->failures && pause_s < POOL_RESTART_MAX_S; i++)
		pause_s *= 2;
	s->failures++;
	s->start_at_ms = clk_mono_ms() + (pause_s < POOL_RESTART_MAX_S ? pause_s : POOL_RESTART_MAX_S) * 1000;
	log_event(LOG_ERROR, "worker_died", "pid", log_num(pid), "signal",
	    log_num(WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0), "status",
	    log_num(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0), NULL);
	if (p->died != NULL)
		p->died(p->arg, pid);
	return true;
}

/* Collect what ended; *restart: a child asked for it. */
static void
reap(const struct pool *p, struct slot *slots, bool *restart)
{
	int st = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
		for (int i = 0; i < p->n; i++)
			if (slots[i].pid == pid && !ended(p, &slots[i], st))
				*restart = true;
}

static int
start_missing(const struct pool *p, struct slot *slots, struct err *e)
{
	for (int i = 0; i < p->n; i++)
		if (slots[i].pid == 0 && slots[i].start_at_ms <= clk_mono_ms() && start(p, &slots[i], e) == -1)
			return -1;
	return 0;
}

/* SIGTERM to all, wait, then SIGKILL to those that did not end. */
static void
stop_all(const struct pool *p, struct slot *slots)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	int64_t until = clk_mono_ms() + POOL_GRACE_MS;
	bool alive = true;

	for (int i = 0; i < p->n; i++)
		if (slots[i].pid != 0)
			kill(slots[i].pid, SIGTERM);
	while (alive) {
		alive = false;
		for (int i = 0; i < p->n; i++) {
			if (slots[i].pid == 0)
				continue;
			if (waitpid(slots[i].pid, NULL, WNOHANG) == slots[i].pid) {
				slots[i].pid = 0;
				continue;
			}
			alive = true;
			if (clk_mono_ms() >= until)
				kill(slots[i].pid, SIGKILL);
		}
		if (alive)
			nanosleep(&pause, NULL);
	}
}

int
pool_run(const struct pool *p, int *status, struct err *e)
{
	struct slot *slots = xcalloc((size_t)p->n, sizeof *slots);
	struct pollfd fd = {.events = POLLIN};
	int fds[2] = {-1, -1};
	bool restart = false;
	int rc = -1;

	if (pipe(fds) == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "cannot make a pipe");
		goto out;
	}
	catch_signals(fds[1]);
	fd.fd = fds[0];
	for (;;) {
		if (start_missing(p, slots, e) == -1)
			break;
		if (poll(&fd, 1, 250) == 1 || restart) {
			*status = restart ? POOL_EXIT_RESTART : 0;
			rc = 0;
			break;
		}
		reap(p, slots, &restart);
	}
	stop_all(p, slots);
out:
	if (fds[0] != -1) {
		close(fds[0]);
		close(fds[1]);
	}
	free(slots);
	return rc;
}
