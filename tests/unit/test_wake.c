#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/str.h"
#include "io/wake.h"

static char dir[] = "/tmp/test_wake.XXXXXX";
static char path[64];

static int
setup(void **state UNUSED)
{
	assert_non_null(mkdtemp(dir));
	return str_format(path, sizeof(path), "%s/wake.sock", dir);
}

static int
teardown(void **state UNUSED)
{
	unlink(path);
	return rmdir(dir);
}

static void
test_wakes_once_a_datagram(void **state UNUSED)
{
	struct err e = {0};
	struct stat st;
	int fd = -1;
	int64_t start;

	assert_int_equal(wake_listen(path, &fd, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	wake_send(path);
	wake_send(path);
	assert_int_equal(wake_wait(fd, -1, 5000), 1);
	assert_int_equal(wake_wait(fd, -1, 5000), 1);
	start = clk_mono_ms();
	assert_int_equal(wake_wait(fd, -1, 30), 0);
	assert_true(clk_mono_ms() - start >= 29);
	assert_int_equal(wake_wait(fd, -1, 0), 0);
	close(fd);
}

static void
test_stop_wins(void **state UNUSED)
{
	struct err e = {0};
	int fd = -1;
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	assert_int_equal(wake_listen(path, &fd, &e), 0);
	wake_send(path);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(wake_wait(fd, stop[0], 5000), -1);
	close(stop[0]);
	close(stop[1]);
	close(fd);
}

static void
test_listen_replaces_only_sockets(void **state UNUSED)
{
	struct err e = {0};
	int fd = -1;
	int again = -1;
	int file;

	assert_int_equal(wake_listen(path, &fd, &e), 0);
	assert_int_equal(wake_listen(path, &again, &e), 0);
	close(fd);
	close(again);
	unlink(path);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(file, -1);
	close(file);
	assert_int_equal(wake_listen(path, &fd, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "no socket"));
	unlink(path);
	assert_int_equal(wake_listen("/nowhere/at/all.sock", &fd, &e), -1);
	assert_int_equal(e.code, ERR_IO);
}

/* A missing worker and a full queue are passed over without waiting. */
static void
test_send_never_waits(void **state UNUSED)
{
	struct err e = {0};
	int fd = -1;
	int64_t start = clk_mono_ms();
	char name[256];

	wake_send(NULL);
	wake_send("/nowhere/at/all.sock");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	wake_send(name);
	assert_int_equal(wake_listen(path, &fd, &e), 0);
	for (int i = 0; i < 5000; i++)
		wake_send(path);
	assert_true(clk_mono_ms() - start < 5000);
	assert_int_equal(wake_wait(fd, -1, 5000), 1);
	close(fd);
	assert_int_equal(wake_listen(name, &fd, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wakes_once_a_datagram),
	    cmocka_unit_test(test_stop_wins),
	    cmocka_unit_test(test_listen_replaces_only_sockets),
	    cmocka_unit_test(test_send_never_waits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
