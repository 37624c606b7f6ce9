#include "config.h"

#include "unit.h"

#include <time.h>

#include "base/clk.h"

static void
test_iso_texts(void **state)
{
	static const struct {
		int64_t at;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {-1, "1969-12-31T23:59:59Z"},
	    {951782399, "2000-02-28T23:59:59Z"},
	    {951782400, "2000-02-29T00:00:00Z"},
	    {951868800, "2000-03-01T00:00:00Z"},
	    {1795464875, "2026-11-23T20:14:35Z"},
	    {2147483648, "2038-01-19T03:14:08Z"},
	    {4107542400, "2100-03-01T00:00:00Z"}, /* 2100 is no leap year */
	    {253402300799, "9999-12-31T23:59:59Z"},
	    {-62167219200, "0000-01-01T00:00:00Z"},
	};
	char text[CLK_ISO_BYTES];
	int64_t at;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		clk_iso(rows[i].at, text);
		assert_string_equal(text, rows[i].text);
		at = 7;
		assert_int_equal(clk_parse_iso(rows[i].text, &at), 0);
		assert_true(at == rows[i].at);
	}
	/* The ends of the range fit the room. */
	clk_iso(INT64_MAX, text);
	assert_string_equal(text, "292277026596-12-04T15:30:07Z");
	clk_iso(INT64_MIN, text);
	assert_string_equal(text, "-292277022657-01-27T08:29:52Z");
}

/* libc is the judge, every 19 hours over 800 years. */
static void
test_agrees_with_libc(void **state)
{
	char text[CLK_ISO_BYTES], want[64];
	char mail[CLK_TEXT_BYTES];
	int64_t at, back;
	struct tm tm;
	time_t t;

	(void)state;
	for (at = -12622780800; at < 12622780800; at += 19 * 3600 + 7) {
		t = (time_t)at;
		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
		clk_iso(at, text);
		assert_string_equal(text, want);
		assert_int_equal(clk_parse_iso(text, &back), 0);
		assert_true(back == at);
		assert_true(
		    strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0);
		clk_rfc5322(at, mail);
		assert_string_equal(mail, want);
		assert_true(
		    strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
		assert_int_equal(clk_parse_http(want, &back), 0);
		assert_true(back == at);
	}
}

static void
test_iso_accepted(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
	} rows[] = {
	    {"2026-11-23", 1795392000},
	    {"2026-11-23T20:14:35z", 1795464875},
	    {"2026-11-23t20:14:35Z", 1795464875},
	    {"2026-11-23 20:14:35Z", 1795464875},
	    {"2026-11-23T20:14:35.1Z", 1795464875},
	    {"2026-11-23T20:14:35.999999999999Z", 1795464875},
	    {"2026-11-23T20:14:35+00:00", 1795464875},
	    {"2026-11-23T20:14:35-00:00", 1795464875},
	    {"2026-11-23T15:14:35-05:00", 1795464875},
	    {"2026-11-24T01:44:35.5+05:30", 1795464875},
	    {"2026-11-24T20:13:35+23:59", 1795464875},
	    {"2016-12-31T23:59:60Z", 1483228800}, /* leap second: the second after */
	    {"2024-02-29", 1709164800},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		int64_t at = 7;

		assert_int_equal(clk_parse_iso(rows[i].text, &at), 0);
		assert_true(at == rows[i].at);
	}
}

static void
test_iso_refused(void **state)
{
	static const char *const rows[] = {
	    NULL,
	    "",
	    "2026",
	    "2026-11",
	    "2026-1-23",
	    "26-11-23",
	    "2026-13-01",
	    "2026-00-01",
	    "2026-11-00",
	    "2026-11-31",
	    "2026-02-29",
	    "2100-02-29",
	    "2026-11-23T",
	    "2026-11-23 ",
	    "2026-11-23T20",
	    "2026-11-23T20:14",
	    "2026-11-23T20:14Z",
	    "2026-11-23T20:14:35",
	    "2026-11-23T24:00:00Z",
	    "2026-11-23T20:60:00Z",
	    "2026-11-23T20:14:61Z",
	    "2026-11-23T20:14:35.Z",
	    "2026-11-23T20:14:35,5Z",
	    "2026-11-23T20:14:35+5:00",
	    "2026-11-23T20:14:35+05",
	    "2026-11-23T20:14:35+0500",
	    "2026-11-23T20:14:35+24:00",
	    "2026-11-23T20:14:35+05:60",
	    "2026-11-23T20:14:35ZZ",
	    "2026-11-23T20:14:35Z ",
	    " 2026-11-23",
	    "+2026-11-23",
	    "2026/11/23",
	    "20261123",
	    "2026-11-23T20:14:35 Z",
	    "-2026-11-23",
	    "2026-11-2x",
	    "yesterday",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		int64_t at = 7;

		assert_int_equal(clk_parse_iso(rows[i], &at), -1);
		assert_true(at == 7);
	}
}

static void
test_http(void **state)
{
	static const char *const refused[] = {
	    NULL,
	    "",
	    "Mon",
	    "Mon, 23 Nov 2026 20:14:35",
	    "Mon, 23 Nov 2026 20:14:35 UTC",
	    "Mon, 23 Nov 2026 20:14:35 GMT ",
	    "Mon, 23 nov 2026 20:14:35 GMT",
	    "Monday, 23-Nov-26 20:14:35 GMT",
	    "Mon Nov 23 20:14:35 2026",
	    "Mon,23 Nov 2026 20:14:35 GMT",
	    "Mon, 3 Nov 2026 20:14:35 GMT",
	    "Mon, 31 Nov 2026 20:14:35 GMT",
	    "Mon, 23 Nov 2026 25:14:35 GMT",
	    "30",
	};
	int64_t at = 7;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(refused); i++) {
		assert_int_equal(clk_parse_http(refused[i], &at), -1);
		assert_true(at == 7);
	}
	assert_int_equal(clk_parse_http("Mon, 23 Nov 2026 20:14:35 GMT", &at), 0);
	assert_true(at == 1795464875);
	/* A wrong weekday does not change the date. */
	assert_int_equal(clk_parse_http("Sat, 23 Nov 2026 20:14:35 GMT", &at), 0);
	assert_true(at == 1795464875);
}

static void
test_zones(void **state)
{
	static const char *const unknown[] = {"Mars/Olympus", "../zoneinfo/UTC",
	    "/etc/passwd", "zone.tab", "Europe", "UTC; rm", "America/../UTC", "CET-1CEST",
	    ":UTC", ".", "America/Toronto\n"};
	char text[CLK_TEXT_BYTES];
	size_t i;

	(void)state;
	assert_int_equal(clk_set_zone("UTC"), 0);
	clk_local(1795464875, text);
	assert_string_equal(text, "2026-11-23 20:14");
	assert_int_equal(clk_local_hour(1795464875), 20);
	assert_int_equal(clk_set_zone("America/Toronto"), 0);
	clk_local(1795464875, text);
	assert_string_equal(text, "2026-11-23 15:14");
	assert_int_equal(clk_local_hour(1795464875), 15);
	clk_local(1782504000, text); /* summer time */
	assert_string_equal(text, "2026-06-26 16:00");
	assert_int_equal(clk_set_zone("Asia/Kolkata"), 0);
	clk_local(1795464875, text);
	assert_string_equal(text, "2026-11-24 01:44");
	for (i = 0; i < ROWS(unknown); i++)
		assert_int_equal(clk_set_zone(unknown[i]), -1);
	/* A refused zone changes nothing. */
	assert_int_equal(clk_local_hour(1795464875), 1);
	/* A year that libc's int cannot hold. */
	clk_local(INT64_MAX, text);
	assert_string_equal(text, "292277026596-12-04T15:30:07Z");
	assert_int_equal(clk_set_zone(NULL), 0);
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	assert_int_equal(clk_local_hour(0), 9);
	assert_int_equal(clk_set_zone("UTC"), 0);
	assert_int_equal(clk_set_zone(""), 0);
	assert_int_equal(clk_local_hour(0), 9);
}

static void
test_now(void **state)
{
	struct timespec t;
	int64_t mono, at, at_ms;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &t), 0);
	at = clk_now();
	at_ms = clk_now_ms();
	assert_true(at >= t.tv_sec && at < t.tv_sec + 60);
	assert_true(at_ms / 1000 >= at && at_ms / 1000 < at + 60);
	mono = clk_mono_ms();
	assert_true(mono > 0);
	assert_true(clk_mono_ms() >= mono);
}

/* How far the clock is moved, in whole minutes: the tests themselves take seconds. */
static int64_t
moved_minutes(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &t), 0);
	assert_true(
	    (clk_now_ms() / 1000 - t.tv_sec + 30) / 60 == (clk_now() - t.tv_sec + 30) / 60);
	return (clk_now() - t.tv_sec + 30 * (clk_now() >= t.tv_sec ? 1 : -1)) / 60;
}

static void
test_offset_file(void **state)
{
	char dir[UNIT_PATH_BYTES];
	char path[UNIT_PATH_BYTES];
	int64_t mono = clk_mono_ms();

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "clock");
	clk_set_offset_file(path); /* not there yet */
	assert_true(moved_minutes() == 0);
	unit_write(path, "3600\n", 5, 0600);
	assert_true(moved_minutes() == 60);
	/* Same size, and most likely the same time stamp. */
	unit_write(path, "7200\n", 5, 0600);
	assert_true(moved_minutes() == 120);
	unit_write(path, "1800\n", 5, 0600);
	assert_true(moved_minutes() == 30);
	unit_write(path, "-86400", 6, 0600);
	assert_true(moved_minutes() == -1440);
	/* What is no number, or is absurd, changes nothing. */
	unit_write(path, "", 0, 0600);
	assert_true(moved_minutes() == -1440);
	unit_write(path, "soon\n", 5, 0600);
	assert_true(moved_minutes() == -1440);
	unit_write(path, "1.5\n", 4, 0600);
	assert_true(moved_minutes() == -1440);
	unit_write(path, "9223372036854775807", 19, 0600);
	assert_true(moved_minutes() == -1440);
	unit_write(path, "0\n", 2, 0600);
	assert_true(moved_minutes() == 0);
	unit_write(path, "6000\n", 5, 0600);
	assert_true(moved_minutes() == 100);
	assert_int_equal(unlink(path), 0);
	assert_true(moved_minutes() == 0);
	unit_write(path, "600\n", 4, 0600);
	assert_true(moved_minutes() == 10);
	clk_set_offset_file(NULL);
	assert_true(moved_minutes() == 0);
	/* Durations are never moved. */
	assert_true(clk_mono_ms() - mono >= 0 && clk_mono_ms() - mono < 60000);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* An old file is read once, and again when its time stamp changes. */
static void
test_offset_file_is_watched(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	const struct timespec newer[2] = {{1001, 0}, {1001, 0}};
	struct timespec fresh[2];
	char dir[UNIT_PATH_BYTES];
	char path[UNIT_PATH_BYTES];

	(void)state;
	unit_mkdir(dir);
	unit_path(path, dir, "clock");
	unit_write(path, "600\n", 4, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	clk_set_offset_file(path);
	assert_true(moved_minutes() == 10);
	unit_write(path, "1200", 4, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(moved_minutes() == 10);
	assert_int_equal(utimensat(AT_FDCWD, path, newer, 0), 0);
	assert_true(moved_minutes() == 20);
	/* Another size under the same stamp. */
	unit_write(path, "60000", 5, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, newer, 0), 0);
	assert_true(moved_minutes() == 1000);
	/* Same size and stamp, but fresh: the stamp may be too coarse to tell. */
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &fresh[0]), 0);
	fresh[0].tv_sec += 60; /* however slow this machine is */
	fresh[1] = fresh[0];
	unit_write(path, "600\n", 4, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, fresh, 0), 0);
	assert_true(moved_minutes() == 10);
	unit_write(path, "1200", 4, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, fresh, 0), 0);
	assert_true(moved_minutes() == 20);
	clk_set_offset_file(NULL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_iso_texts),
	    cmocka_unit_test(test_agrees_with_libc),
	    cmocka_unit_test(test_iso_accepted),
	    cmocka_unit_test(test_iso_refused),
	    cmocka_unit_test(test_http),
	    cmocka_unit_test(test_zones),
	    cmocka_unit_test(test_now),
	    cmocka_unit_test(test_offset_file),
	    cmocka_unit_test(test_offset_file_is_watched),
	};

	/* The "system's" zone of test_zones. putenv keeps the text. */
	static char zone[] = "TZ=Asia/Tokyo";

	if (putenv(zone) != 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
