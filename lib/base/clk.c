#include "config.h"

#include "base/clk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

enum { DAY_S = 86400, ZONE_NAME_BYTES = 128, ZONE_PATH_BYTES = 256 };

/* Where glibc itself looks (tzset(3)). */
#define ZONE_DIR "/usr/share/zoneinfo"

/* A hundred years: more is a broken file, not a rehearsal. */
#define OFFSET_MAX_S (INT64_C(100) * 366 * DAY_S)

static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static struct {
	char *path; /* NULL: the clock is not moved */
	struct stat seen;
	bool have_seen;
	int64_t offset_s;
} moved;

static struct timespec
read_clock(clockid_t id)
{
	struct timespec t;

	BUG_IF(clock_gettime(id, &t) != 0);
	return t;
}

static int64_t
read_offset(const char *path, int64_t dflt)
{
	char text[32];
	int64_t v = dflt;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return dflt;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	/* Half-written: what was read before still holds. */
	if (n <= 0 ||
	    num_parse_i64_n(text, (size_t)n, -OFFSET_MAX_S, OFFSET_MAX_S, &v) != 0)
		return dflt;
	return v;
}

static int64_t
offset(const struct timespec *now)
{
	struct stat st;
	bool same;

	if (moved.path == NULL)
		return 0;
	if (stat(moved.path, &st) != 0) {
		moved.have_seen = false;
		moved.offset_s = 0;
		return 0;
	}
	/* File times are coarse: a file changed within the last two seconds may change
	 * again without a new mtime, so it is read again until it is older. */
	same = moved.have_seen && st.st_mtim.tv_sec == moved.seen.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == moved.seen.st_mtim.tv_nsec &&
	       st.st_size == moved.seen.st_size && st.st_ino == moved.seen.st_ino &&
	       now->tv_sec - st.st_mtim.tv_sec > 2;
	if (!same) {
		moved.offset_s = read_offset(moved.path, moved.offset_s);
		moved.seen = st;
		moved.have_seen = true;
	}
	return moved.offset_s;
}

int64_t
clk_now(void)
{
	struct timespec t = read_clock(CLOCK_REALTIME);

	return t.tv_sec + offset(&t);
}

int64_t
clk_mono_ms(void)
{
	struct timespec t = read_clock(CLOCK_MONOTONIC);

	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clk_now_ms(void)
{
	struct timespec t = read_clock(CLOCK_REALTIME);

	return (t.tv_sec + offset(&t)) * 1000 + t.tv_nsec / 1000000;
}

void
clk_set_offset_file(const char *path)
{
	char *copy = xstrdup(path);

	free(moved.path);
	memset(&moved, 0, sizeof(moved));
	moved.path = copy;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back: years count from
 * March, so that the leap day is the last of its year, in eras of 400 years (146097 days).
 */
static int64_t
days_from_date(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era =
	    year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

struct when {
	int64_t year;
	int month, day, hour, min, sec, weekday; /* weekday 0 is Sunday */
};

static void
split_time(int64_t at, struct when *w)
{
	int64_t secs = at % DAY_S;
	int64_t days = at / DAY_S;
	int64_t era, day_of_era, year_of_era, day_of_year, march_month;

	if (secs < 0) {
		secs += DAY_S;
		days--;
	}
	w->weekday = (int)(((days + 4) % 7 + 7) % 7);
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
	    365;
	day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	march_month = (5 * day_of_year + 2) / 153;
	w->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
	w->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	w->year = year_of_era + era * 400 + (w->month <= 2 ? 1 : 0);
	w->hour = (int)(secs / 3600);
	w->min = (int)(secs / 60 % 60);
	w->sec = (int)(secs % 60);
}

void
clk_iso(int64_t at, char dst[CLK_ISO_BYTES])
{
	struct when w;

	split_time(at, &w);
	BUG_IF(str_format(dst, CLK_ISO_BYTES, "%04lld-%02d-%02dT%02d:%02d:%02dZ",
		   (long long)w.year, w.month, w.day, w.hour, w.min, w.sec) != 0);
}

void
clk_rfc5322(int64_t at, char dst[CLK_TEXT_BYTES])
{
	struct when w;

	split_time(at, &w);
	BUG_IF(str_format(dst, CLK_TEXT_BYTES, "%s, %02d %s %04lld %02d:%02d:%02d +0000",
		   day_names[w.weekday], w.day, month_names[w.month - 1], (long long)w.year,
		   w.hour, w.min, w.sec) != 0);
}

/* Exactly n digits at *s, which moves past them. */
static int
take_digits(const char **s, size_t n, int min, int max, int *out)
{
	int v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return -1;
		v = v * 10 + ((*s)[i] - '0');
	}
	if (v < min || v > max)
		return -1;
	*s += n;
	*out = v;
	return 0;
}

static int
take_char(const char **s, const char *allowed)
{
	if (**s == '\0' || strchr(allowed, **s) == NULL)
		return -1;
	(*s)++;
	return 0;
}

static bool
date_exists(int year, int month, int day)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "HH:MM:SS"; a leap second counts as the second after it, as POSIX time has none. */
static int
take_clock(const char **s, int64_t *secs)
{
	int hour, min, sec;

	if (take_digits(s, 2, 0, 23, &hour) != 0 || take_char(s, ":") != 0 ||
	    take_digits(s, 2, 0, 59, &min) != 0 || take_char(s, ":") != 0 ||
	    take_digits(s, 2, 0, 60, &sec) != 0)
		return -1;
	*secs = (int64_t)hour * 3600 + min * 60 + sec;
	return 0;
}

static int
take_zone(const char **s, int64_t *east_s)
{
	int hour, min;
	char sign = **s;

	*east_s = 0;
	if (take_char(s, "Zz") == 0)
		return 0;
	if (take_char(s, "+-") != 0 || take_digits(s, 2, 0, 23, &hour) != 0 ||
	    take_char(s, ":") != 0 || take_digits(s, 2, 0, 59, &min) != 0)
		return -1;
	*east_s = (int64_t)hour * 3600 + min * 60;
	if (sign == '-')
		*east_s = -*east_s;
	return 0;
}

int
clk_parse_iso(const char *s, int64_t *out)
{
	int year, month, day;
	int64_t secs, east_s, days;

	if (s == NULL || take_digits(&s, 4, 0, 9999, &year) != 0 ||
	    take_char(&s, "-") != 0 || take_digits(&s, 2, 1, 12, &month) != 0 ||
	    take_char(&s, "-") != 0 || take_digits(&s, 2, 1, 31, &day) != 0 ||
	    !date_exists(year, month, day))
		return -1;
	days = days_from_date(year, month, day);
	if (*s == '\0') {
		*out = days * DAY_S;
		return 0;
	}
	if (take_char(&s, "Tt ") != 0 || take_clock(&s, &secs) != 0)
		return -1;
	if (*s == '.') {
		if (s[1] < '0' || s[1] > '9')
			return -1;
		s += 1 + strspn(s + 1, "0123456789");
	}
	if (take_zone(&s, &east_s) != 0 || *s != '\0')
		return -1;
	*out = days * DAY_S + secs - east_s;
	return 0;
}

static int
take_name(const char **s, const char (*names)[4], int n, int *out)
{
	int i;

	for (i = 0; i < n; i++) {
		if (str_starts(*s, names[i])) {
			*s += 3;
			*out = i;
			return 0;
		}
	}
	return -1;
}

int
clk_parse_http(const char *s, int64_t *out)
{
	int weekday, day, month, year;
	int64_t secs, days;

	if (s == NULL || take_name(&s, day_names, 7, &weekday) != 0 ||
	    take_char(&s, ",") != 0 || take_char(&s, " ") != 0 ||
	    take_digits(&s, 2, 1, 31, &day) != 0 || take_char(&s, " ") != 0 ||
	    take_name(&s, month_names, 12, &month) != 0 || take_char(&s, " ") != 0 ||
	    take_digits(&s, 4, 0, 9999, &year) != 0 || take_char(&s, " ") != 0 ||
	    take_clock(&s, &secs) != 0 || !str_eq(s, " GMT") ||
	    !date_exists(year, month + 1, day))
		return -1;
	/* The weekday is redundant; servers that get it wrong still mean the date. */
	days = days_from_date(year, month + 1, day);
	*out = days * DAY_S + secs;
	return 0;
}

void
clk_local(int64_t at, char dst[CLK_TEXT_BYTES])
{
	struct tm tm;
	time_t t = (time_t)at;

	tzset();
	if (localtime_r(&t, &tm) == NULL) { /* a year beyond int */
		clk_iso(at, dst);
		return;
	}
	BUG_IF(str_format(dst, CLK_TEXT_BYTES, "%04lld-%02d-%02d %02d:%02d",
		   tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min) != 0);
}

int
clk_local_hour(int64_t at)
{
	struct tm tm;
	time_t t = (time_t)at;

	tzset();
	return localtime_r(&t, &tm) == NULL ? 0 : tm.tm_hour;
}

/* True for a name such as "America/Toronto" under which the zone database has a file. */
static bool
zone_exists(const char *tz)
{
	char path[ZONE_PATH_BYTES];
	char magic[4];
	ssize_t n;
	int fd;

	if (tz[0] == '/' || tz[0] == '.' || strlen(tz) >= ZONE_NAME_BYTES ||
	    strstr(tz, "..") != NULL ||
	    strspn(tz,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-.") !=
		strlen(tz))
		return false;
	if (str_format(path, sizeof(path), "%s/%s", ZONE_DIR, tz) != 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	n = read(fd, magic, sizeof(magic));
	(void)close(fd);
	return n == (ssize_t)sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

int
clk_set_zone(const char *tz)
{
	static char *system_tz; /* TZ as the process found it, NULL for /etc/localtime */
	static bool saved;

	if (!saved) {
		system_tz = xstrdup(getenv("TZ"));
		saved = true;
	}
	if (str_empty(tz))
		tz = system_tz;
	else if (!zone_exists(tz))
		return -1;
	/* glibc takes a zone from TZ alone. The one place where a program changes its
	 * environment; programs are single-threaded, so nothing reads it meanwhile. */
	if (tz != NULL)
		BUG_IF(setenv("TZ", tz, 1) != 0);
	else
		BUG_IF(unsetenv("TZ") != 0);
	tzset();
	return 0;
}
