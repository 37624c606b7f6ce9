/* connectorctl doctor: everything that can be out of order, each with what mends it. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/str.h"
#include "ctl/doctor_int.h"
#include "store/catalog.h"
#include "store/enroll.h"
#include "store/report.h"
#include "store/trail.h"

enum {
	/* House-keeping runs at least twice a minute; this late, nobody runs it. */
	OVERDUE_S = 120,
	UNSEALED_S = 120,
	DISK_MIN_MB = 500
};

void
doctor_say(struct doctor *d, enum finding f, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {[GOOD] = "ok  ", [WARN] = "warn", [BAD] = "BAD "};
	struct buf b = BUF_INIT(LIMIT_FIELD);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	d->bad += f == BAD;
	d->warned += f == WARN;
	printf("%s %-14s %s\n", words[f], what, buf_str(&b));
	buf_clear(&b);
}

/* ---- database */

static bool
check_database(struct doctor *d)
{
	struct ctl *c = d->c;
	struct err e = {0};

	doctor_say(d, GOOD, "version", "connectorweb %s, SQLite %s", PACKAGE_VERSION, db_library_version());
	if (db_open(c->conf.database, store_catalog(), DB_ROLE_ADMIN, &c->db, &e) == -1) {
		doctor_say(d, BAD, "database", "%s", e.msg);
		return false;
	}
	if (db_check_version(c->db, &e) == -1) {
		doctor_say(d, BAD, "schema", "%s", e.msg);
		return false;
	}
	if (db_integrity(c->db, &e) == -1)
		doctor_say(d, BAD, "database", "%s", e.msg);
	else
		doctor_say(d, GOOD, "database", "%s, schema %d, integrity checked", c->conf.database,
		    store_catalog()->migrations_n);
	return true;
}

static void
check_modes(struct doctor *d)
{
	const char *path = d->c->conf.database;
	char dir[512];
	char *slash;
	struct stat db, folder;

	if (str_copy(dir, sizeof dir, path) == -1 || (slash = strrchr(dir, '/')) == NULL)
		return;
	*slash = '\0';
	if (stat(path, &db) == -1 || stat(dir, &folder) == -1) {
		doctor_say(d, BAD, "file modes", "%s: %s", path, strerrordesc_np(errno));
		return;
	}
	if ((db.st_mode & 07) != 0)
		doctor_say(d, BAD, "file modes", "%s has mode %04o and others may read it; run chmod 0660 %s", path,
		    (unsigned)(db.st_mode & 07777), path);
	else if ((db.st_mode & 0660) != 0660)
		doctor_say(d, WARN, "file modes", "%s has mode %04o; programs of other users need 0660", path,
		    (unsigned)(db.st_mode & 07777));
	else if (db.st_gid != folder.st_gid || ((folder.st_mode & 0070) == 0070 && (folder.st_mode & S_ISGID) == 0))
		doctor_say(d, BAD, "file modes",
		    "%s and %s do not share a group, or the folder is not setgid; run chgrp and chmod 2770 %s", path, dir,
		    dir);
	else
		doctor_say(d, GOOD, "file modes", "database %04o, folder %04o", (unsigned)(db.st_mode & 07777),
		    (unsigned)(folder.st_mode & 07777));
}

static void
check_disk(struct doctor *d, const char *what, const char *path)
{
	struct statvfs v;
	int64_t mb;

	if (statvfs(path, &v) == -1) {
		doctor_say(d, BAD, what, "%s: %s; make the folder", path, strerrordesc_np(errno));
		return;
	}
	mb = (int64_t)(v.f_bavail / 1024 * (v.f_frsize / 1024 == 0 ? 1 : v.f_frsize / 1024));
	doctor_say(d, mb < DISK_MIN_MB ? BAD : GOOD, what, "%" PRId64 " MB free at %s%s", mb, path,
	    mb < DISK_MIN_MB ? "; make room" : "");
}

/* ---- keys, trail */

static void
check_keys(struct doctor *d)
{
	struct buf wrong = BUF_INIT(8192);
	struct err e = {0};
	bool waits = false;

	if (ctl_keys_check(d->c, &wrong, &waits, &e) == -1) {
		doctor_say(d, BAD, "keys", "%s", e.msg);
	} else if (wrong.len > 0) {
		char *line = wrong.p;
		char *end;

		for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			doctor_say(d, BAD, "keys", "%s", line);
		}
	} else {
		doctor_say(d, GOOD, "keys", "all are those that the database was sealed for");
	}
	if (waits)
		doctor_say(d, WARN, "recovery copy",
		    "not confirmed; put the private key's copy away, then run connectorctl keys confirm-recovery");
	buf_clear(&wrong);
}

static void
check_trail(struct doctor *d)
{
	struct err e = {0};
	int64_t at = 0;
	int64_t n = 0;

	if (trail_oldest_unsealed(d->c->db, &at, &n, &e) == -1)
		doctor_say(d, BAD, "audit trail", "%s", e.msg);
	else if (n > 0 && at < clk_now() - UNSEALED_S)
		doctor_say(d, BAD, "audit trail", "%" PRId64 " rows wait for their seal; is connectord running?", n);
	else
		doctor_say(d, GOOD, "audit trail", "%" PRId64 " rows wait for their seal", n);
}

/* ---- the worker */

struct work {
	int64_t oldest_due_at, newest_lease_at;
};

static void
read_work(void *arg, const struct report_row *r)
{
	struct work *w = arg;

	w->oldest_due_at = report_i64(r, 0);
	w->newest_lease_at = report_i64(r, 1);
}

static void
show_failed(void *arg, const struct report_row *r)
{
	doctor_say(arg, WARN, "job", "%s %" PRId64 " failed %" PRId64 " times: %s", report_text(r, 0), report_i64(r, 1),
	    report_i64(r, 2), report_text(r, 3));
}

static void
check_worker(struct doctor *d)
{
	const char *path = d->c->conf.wake_socket;
	struct err e = {0};
	struct work w = {0};
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		doctor_say(d, BAD, "worker", "there is no wake socket %s; start connectord", path);
		return;
	}
	if (report_run(d->c->db, REPORT_WORK, 0, read_work, &w, NULL, &e) == -1) {
		doctor_say(d, BAD, "worker", "%s", e.msg);
		return;
	}
	if (w.oldest_due_at == 0 && w.newest_lease_at == 0)
		doctor_say(d, BAD, "worker", "it never ran here; start connectord");
	else if (w.oldest_due_at != 0 && w.oldest_due_at < clk_now() - OVERDUE_S)
		doctor_say(d, BAD, "worker", "work is due since %" PRId64 " s and nobody does it; start connectord, or see its log",
		    clk_now() - w.oldest_due_at);
	else
		doctor_say(d, GOOD, "worker", "nothing is overdue");
	if (report_run(d->c->db, REPORT_FAILED_JOBS, 0, show_failed, d, NULL, &e) == -1)
		doctor_say(d, BAD, "worker", "%s", e.msg);
}

static void
show_service(void *arg, const struct report_row *r)
{
	char since[CLK_TEXT_BYTES];
	bool ok = str_eq(report_text(r, 1), "ok");

	clk_local(report_i64(r, 3), since);
	if (ok)
		doctor_say(arg, GOOD, report_text(r, 0), "well since %s", since);
	else
		doctor_say(arg, BAD, report_text(r, 0), "since %s: %s", since, report_text(r, 2));
}

static void
check_services(struct doctor *d)
{
	struct err e = {0};
	int n = 0;

	if (report_run(d->c->db, REPORT_SERVICES, 0, show_service, d, &n, &e) == -1)
		doctor_say(d, BAD, "services", "%s", e.msg);
	else if (n == 0)
		doctor_say(d, WARN, "services", "nothing is known yet about Procore, Project Center and mail");
	if (str_empty(d->c->conf.smtp_url))
		doctor_say(d, WARN, "mail", "smtp_url is not set: nobody is told when a sign-in is lost");
	if (str_eq(d->c->conf.npc_adapter, "none"))
		doctor_say(d, WARN, "Project Center", "npc_adapter = none: items are not synced");
}

static void
check_people(struct doctor *d)
{
	struct err e = {0};
	int64_t n = 0;

	if (enroll_global_admins(d->c->db, &n, &e) == -1)
		doctor_say(d, BAD, "people", "%s", e.msg);
	else if (n == 0 && str_empty(d->c->conf.ldap_global_admin_group))
		doctor_say(d, BAD, "people", "there is no Global Admin; run connectorctl person add NAME --global-admin");
	else
		doctor_say(d, GOOD, "people", "%" PRId64 " Global Admins", n);
}

int
ctl_doctor(struct ctl *c, struct err *e)
{
	struct doctor d = {.c = c};

	(void)e; /* what is wrong is a finding */
	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	doctor_say(&d, GOOD, "configuration", "%s", c->conf_path);
	if (check_database(&d)) {
		check_keys(&d);
		check_trail(&d);
		check_worker(&d);
		check_services(&d);
		check_people(&d);
	}
	check_modes(&d);
	doctor_users(&d);
	check_disk(&d, "spool", c->conf.spool_dir);
	check_disk(&d, "backup", c->conf.backup_dir);
	printf("%d bad, %d warnings\n", d.bad, d.warned);
	return d.bad > 0 ? CTL_FAILED : CTL_OK;
}
