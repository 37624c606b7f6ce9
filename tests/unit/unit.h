/* unit.h: what unit tests share: cmocka in its order of includes, a scratch directory,
 * files, a call that must abort, and what a call writes to standard error. */
#ifndef CW_TESTS_UNIT_H
#define CW_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

enum { UNIT_PATH_BYTES = 256 };

/* A fresh directory under TMPDIR; removed by unit_rmdir, which expects only plain files in
 * it. */
static inline void
unit_mkdir(char dir[UNIT_PATH_BYTES])
{
	const char *base = getenv("TMPDIR");
	int n = snprintf(dir, UNIT_PATH_BYTES, "%s/cw-unit-XXXXXX",
	    base != NULL && base[0] != '\0' ? base : "/tmp");

	assert_in_range(n, 1, UNIT_PATH_BYTES - 1);
	assert_non_null(mkdtemp(dir));
}

static inline void
unit_path(char out[UNIT_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(out, UNIT_PATH_BYTES, "%s/%s", dir, name);

	assert_in_range(n, 1, UNIT_PATH_BYTES - 1);
}

static inline void
unit_write(const char *path, const void *p, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* The file as a C string in out. */
static inline void
unit_read(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, out, size - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	assert_int_equal(close(fd), 0);
}

/* Run call(arg) in a child; true when it ended by SIGABRT. */
static inline int
unit_aborts(void (*call)(void *), void *arg)
{
	const struct rlimit no_core = {0, 0};
	int status = 0;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)dup2(null_fd, STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		call(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* Run call(arg) and keep in out what it wrote to standard error. */
static inline void
unit_stderr(void (*call)(void *), void *arg, char *out, size_t size)
{
	char dir[UNIT_PATH_BYTES];
	char path[UNIT_PATH_BYTES];
	int saved = dup(STDERR_FILENO);
	int fd;

	unit_mkdir(dir);
	unit_path(path, dir, "stderr");
	unit_write(path, "", 0, 0600);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(saved >= 0 && fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	call(arg);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(fd);
	unit_read(path, out, size);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

#endif
