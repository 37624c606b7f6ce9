/* connectorctl doctor, the part about service users: what each program must reach, judged by owner, group and mode. */
#include "config.h"

#include "ctl/doctor_int.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { GROUPS_MAX = 64, PATH_BYTES = 512 };
enum need { NEED_READ = 4, NEED_WRITE = 2, NEED_ENTER = 1 }; /* as in a mode's last digit */

/* One service user, with all programs that run under it. */
struct user {
	const char *name;
	unsigned programs; /* or of enum conf_program */
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int groups_n;
};

static bool
in_group(const struct user *u, gid_t g)
{
	for (int i = 0; i < u->groups_n; i++)
		if (u->groups[i] == g)
			return true;
	return false;
}

static bool
mode_lets(const struct user *u, const struct stat *st, unsigned need)
{
	unsigned mode = st->st_mode;

	if (u->uid == 0)
		return true;
	if (u->uid == st->st_uid)
		mode >>= 6;
	else if (in_group(u, st->st_gid))
		mode >>= 3;
	return (mode & need) == need;
}

/* Can the user come as far as the file, folder by folder? blocked: the folder that is shut. */
static bool
reaches(const struct user *u, const char *path, char blocked[PATH_BYTES])
{
	struct stat st;

	for (const char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
		size_t n = slash == path ? 1 : (size_t)(slash - path);

		if (n >= PATH_BYTES)
			return true;
		memcpy(blocked, path, n);
		blocked[n] = '\0';
		if (stat(blocked, &st) == -1 || !mode_lets(u, &st, NEED_ENTER))
			return false;
	}
	return true;
}

/* A finding when it may not; 0 when it may, or when there is nothing of that name (other checks say so). */
static int
must(struct doctor *d, const struct user *u, const char *path, unsigned need, const char *to)
{
	char blocked[PATH_BYTES] = "";
	struct stat st;

	if (stat(path, &st) == -1 && errno == ENOENT)
		return 0;
	if (!reaches(u, path, blocked))
		doctor_say(d, BAD, u->name, "cannot enter %s, so it cannot %s %s; give its group x on the folder", blocked,
		    to, path);
	else if (stat(path, &st) == 0 && !mode_lets(u, &st, need))
		doctor_say(d, BAD, u->name, "cannot %s %s (mode %04o); give it to a group that %s is in", to, path,
		    (unsigned)(st.st_mode & 07777), u->name);
	else
		return 0;
	return 1;
}

/* Readers of a secret read it, others do not. Root's own files are handed over by systemd (LoadCredential). */
static int
check_secret(struct doctor *d, const struct user *u, const struct conf_key *k)
{
	char *path = conf_file_path(&d->c->conf, k->name);
	bool reads = (k->readers & u->programs) != 0;
	char blocked[PATH_BYTES] = "";
	struct stat st;
	int n = 0;

	if (path == NULL || *path == '\0' || stat(path, &st) == -1)
		goto out;
	if (reads && !(st.st_uid == 0 && (st.st_mode & 077) == 0 && u->uid != 0)) {
		n = must(d, u, path, NEED_READ, "read");
	} else if (!reads && k->kind == CONF_SECRET && u->uid != 0 && reaches(u, path, blocked) &&
	    mode_lets(u, &st, NEED_READ)) {
		doctor_say(d, BAD, u->name, "may read %s (%s), which none of its programs needs; run chmod o-r,g-r %s", path,
		    k->name, path);
		n = 1;
	}
out:
	free(path);
	return n;
}

static int
check_database(struct doctor *d, const struct user *u)
{
	const char *path = d->c->conf.database;
	char folder[PATH_BYTES];
	char *slash;
	int n = must(d, u, path, NEED_READ | NEED_WRITE, "read and write");

	if (str_copy(folder, sizeof folder, path) == -1 || (slash = strrchr(folder, '/')) == NULL)
		return n;
	*slash = '\0';
	/* SQLite keeps its log beside the file. */
	return n + must(d, u, folder, NEED_READ | NEED_WRITE | NEED_ENTER, "make files in");
}

static void
check_user(struct doctor *d, const struct user *u)
{
	static const unsigned store = CONF_PAGES | CONF_CALLBACK | CONF_HOOK | CONF_WORKER;
	const struct conf *c = &d->c->conf;
	int keys_n = 0;
	const struct conf_key *keys = conf_keys(&keys_n);
	int bad = must(d, u, d->c->conf_path, NEED_READ, "read");

	if ((u->programs & store) != 0)
		bad += check_database(d, u) + must(d, u, c->wake_socket, NEED_WRITE, "write to");
	if ((u->programs & CONF_WORKER) != 0)
		bad += must(d, u, c->spool_dir, NEED_READ | NEED_WRITE | NEED_ENTER, "use") +
		    must(d, u, c->backup_dir, NEED_READ | NEED_WRITE | NEED_ENTER, "use");
	for (int i = 0; i < keys_n; i++)
		if (keys[i].kind == CONF_SECRET || keys[i].kind == CONF_PUBLIC)
			bad += check_secret(d, u, &keys[i]);
	if (bad == 0)
		doctor_say(d, GOOD, u->name, "reaches all that its programs need, and no secret of others");
}

/* *found false: there is no such user here. */
static bool
look_up(struct user *u)
{
	const struct passwd *p = getpwnam(u->name);

	if (p == NULL)
		return false;
	u->uid = p->pw_uid;
	u->groups_n = GROUPS_MAX;
	return getgrouplist(u->name, p->pw_gid, u->groups, &u->groups_n) != -1;
}

void
doctor_users(struct doctor *d)
{
	const struct conf *c = &d->c->conf;
	const struct {
		const char *name;
		unsigned programs;
	} roles[] = {{c->signin_user, CONF_SIGNIN}, {c->pages_user, CONF_PAGES | CONF_HOOK},
	    {c->callback_user, CONF_CALLBACK}, {c->worker_user, CONF_WORKER}};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		struct user u = {.name = roles[i].name};
		bool first = true;

		for (size_t j = 0; j < sizeof roles / sizeof roles[0]; j++)
			if (str_eq(roles[j].name, u.name)) {
				u.programs |= roles[j].programs;
				first = first && j >= i;
			}
		if (!first || str_empty(u.name))
			continue;
		if (look_up(&u))
			check_user(d, &u);
		else
			doctor_say(d, WARN, "users", "there is no user %s here; make it, or name another one in the configuration",
			    u.name);
	}
}
