/* connectorctl init, migrate, check-config. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "ctl/ctl_int.h"
#include "store/catalog.h"
#include "store/person.h"
#include "store/trail.h"

/* ---- folders (platform.md 6: only a setgid folder gives -wal and -shm the group that all programs share) */

struct place {
	gid_t gid;
	bool grouped; /* --group was given */
};

static int
make_one(const char *path, mode_t mode, const struct place *p, bool shared, struct err *e)
{
	if (mkdir(path, 0700) == -1)
		return errno == EEXIST ? 0 : err_set_errno(e, ERR_IO, errno, "cannot make the folder %s", path);
	/* chown() takes the setgid bit away, so it comes first. */
	if ((shared && p->grouped && chown(path, (uid_t)-1, p->gid) == -1) || chmod(path, mode) == -1)
		return err_set_errno(e, ERR_IO, errno, "cannot set owner and mode of %s", path);
	printf("made folder %s\n", path);
	return 0;
}

/* The folder with those above it. Existing ones are left as they are.
 * shared  several users' programs write there */
static int
make_dir(const char *path, const struct place *p, bool shared, struct err *e)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *s = copy + 1; rc == 0 && (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		rc = make_one(copy, 0755, p, false, e);
		*s = '/';
	}
	if (rc == 0)
		rc = make_one(copy, shared && p->grouped ? 02770 : 0700, p, shared, e);
	free(copy);
	return rc;
}

static int
make_dir_of(const char *file, const struct place *p, bool shared, struct err *e)
{
	char *dir = xstrdup(file);
	char *slash = strrchr(dir, '/');
	int rc = 0;

	if (slash != NULL && slash != dir) {
		*slash = '\0';
		rc = make_dir(dir, p, shared, e);
	}
	free(dir);
	return rc;
}

static int
make_dirs(const struct ctl *c, const struct place *p, struct err *e)
{
	const char *const keys[] = {c->conf.session_key_file, c->conf.seal_public_key_file, c->conf.seal_private_key_file,
	    c->conf.seal_writer_key_file, c->conf.audit_key_file};

	if (make_dir_of(c->conf.database, p, true, e) == -1 || make_dir(c->conf.spool_dir, p, true, e) == -1 ||
	    make_dir(c->conf.backup_dir, p, true, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (make_dir_of(keys[i], p, false, e) == -1)
			return -1;
	return 0;
}

/* ---- init */

struct init_args {
	const char *admin, *name, *mail, *group;
};

static int
read_args(struct ctl *c, struct init_args *a)
{
	static const struct option longs[] = {{"global-admin", required_argument, NULL, 'a'},
	    {"name", required_argument, NULL, 'n'}, {"mail", required_argument, NULL, 'm'},
	    {"group", required_argument, NULL, 'g'}, {NULL, 0, NULL, 0}};
	int o;

	while ((o = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (o == 'a')
			a->admin = optarg;
		else if (o == 'n')
			a->name = optarg;
		else if (o == 'm')
			a->mail = optarg;
		else if (o == 'g')
			a->group = optarg;
		else
			return CTL_USAGE;
	}
	if (optind != c->argc || a->admin == NULL)
		return ctl_usage(c, "name the first Global Admin: --global-admin NAME (domain user name without domain)");
	return CTL_OK;
}

static int
find_group(const char *name, struct place *p, struct err *e)
{
	struct group *g;

	if (name == NULL)
		return 0;
	errno = 0;
	g = getgrnam(name);
	if (g == NULL)
		return err_set(e, ERR_INPUT, "there is no group %s; make it first (sysusers.d or addgroup --system)", name);
	p->gid = g->gr_gid;
	p->grouped = true;
	return 0;
}

/* The person and the installation's name, with their audit row if anything changed. */
static int
put_rows(struct ctl *c, const char *user, const struct init_args *a, int made, struct err *e)
{
	struct person before = {0};
	struct json *detail;
	char *known = NULL;
	char id[33];
	char target[300];
	bool changed = made > 0;
	int64_t person_id = 0;
	int rc = -1;

	if (meta_get(c->db, "installation_id", &known, e) == -1)
		return -1;
	rnd_hex(id, 16);
	if (known == NULL) {
		changed = true;
		if (meta_set(c->db, "installation_id", id, e) == -1)
			goto out;
	}
	if (person_get(c->db, user, &before, e) == -1 ||
	    person_put(c->db, user, a->name, a->mail, true, &person_id, e) == -1)
		goto out;
	if (!before.global_admin || (*a->name != '\0' && !str_eq(a->name, before.name)) ||
	    (*a->mail != '\0' && !str_eq(a->mail, before.mail)))
		changed = true;
	rc = 0;
	if (changed) {
		detail = json_obj();
		json_put_i64(detail, "files_made", made);
		rc = str_format(target, sizeof target, "person %s", user) == -1
		    ? err_set(e, ERR_BUG, "user name")
		    : ctl_audit(c, "init", target, detail, e);
	}
out:
	free(known);
	return rc;
}

static void
say_end(const struct ctl *c, const struct ctl_keys *k, const char *user)
{
	printf("%s is ready; %s is Global Admin.\n", c->conf.database, user);
	if (k->recovery[0] != '\0')
		printf("\nThe recovery copy of the private key is %s\n"
		       "Without that key everyone has to sign in again after a lost disk. Put it where a lost disk does\n"
		       "not take it along, then run: connectorctl keys confirm-recovery\n",
		    k->recovery);
}

int
ctl_init(struct ctl *c, struct err *e)
{
	struct init_args a = {.name = "", .mail = ""};
	struct place p = {0};
	struct ctl_keys keys = {0};
	char user[LIMIT_LOGIN + 1] = "";
	int from = 0;
	int to = 0;

	if (read_args(c, &a) != CTL_OK)
		return CTL_USAGE;
	if (ctl_user_name(a.admin, user, e) == -1 || ctl_text("--name", a.name, LIMIT_NAME, e) == -1 ||
	    ctl_mail(a.mail, e) == -1 || find_group(a.group, &p, e) == -1 || make_dirs(c, &p, e) == -1)
		return -1;
	if (access(c->conf.database, F_OK) == 0) {
		/* An older database is migrated by its own command, which makes a backup first. */
		if (ctl_open_db(c, e) == -1)
			return -1;
	} else if (db_migrate(c->conf.database, store_catalog(), &from, &to, e) == -1 || ctl_open_db(c, e) == -1) {
		return -1;
	} else {
		printf("made database %s\n", c->conf.database);
	}
	if (ctl_keys_make(c, &keys, e) == -1 || db_begin(c->db, e) == -1 ||
	    put_rows(c, user, &a, keys.made, e) == -1 || db_commit(c->db, e) == -1)
		return -1;
	say_end(c, &keys, user);
	return CTL_OK;
}

/* ---- migrate */

static int
back_up(struct ctl *c, char path[512], struct err *e)
{
	char now[CLK_ISO_BYTES];
	struct place nobody = {0};

	clk_iso(clk_now(), now);
	if (str_format(path, 512, "%s/before-migrate-%s.db", c->conf.backup_dir, now) == -1)
		return err_set(e, ERR_INPUT, "backup_dir: the path is too long");
	if (make_dir(c->conf.backup_dir, &nobody, true, e) == -1)
		return -1;
	return db_backup_into(c->db, path, e);
}

int
ctl_migrate(struct ctl *c, struct err *e)
{
	struct err why = {0};
	char path[512];
	char note[64];
	int from = 0;
	int to = 0;
	int rc;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (db_open(c->conf.database, store_catalog(), DB_ROLE_ADMIN, &c->db, e) == -1)
		return -1;
	if (db_check_version(c->db, &why) == 0) {
		printf("nothing to do: the schema of %s is this release's\n", c->conf.database);
		return CTL_OK;
	}
	if (back_up(c, path, e) == -1)
		return -1;
	db_close(c->db);
	c->db = NULL;
	rc = db_migrate(c->conf.database, store_catalog(), &from, &to, e);
	if (rc == -1) {
		if (e->code == ERR_INPUT)
			(void)unlink(path); /* newer than this program: nothing was attempted */
		else
			fprintf(stderr, "the backup made before is %s\n", path);
		return -1;
	}
	printf("backup %s\nmigrated %s from schema %d to %d\n", path, c->conf.database, from, to);
	if (str_format(note, sizeof note, "schema %d", to) == -1 || ctl_open_db(c, e) == -1)
		return -1;
	return ctl_audit(c, "migrate", note, NULL, e);
}

/* ---- check-config */

int
ctl_check_config(struct ctl *c, struct err *e)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	int rc = CTL_OK;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (conf_load(c->conf_path, CONF_CTL, &c->conf, &problems, e) == 0) {
		printf("%s: no problem found\n", c->conf_path);
	} else if (problems.len > 0) {
		fputs(buf_str(&problems), stdout);
		rc = CTL_CONFIG;
	} else {
		fprintf(stderr, "connectorctl: %s\n", e->msg);
		rc = CTL_CONFIG;
	}
	buf_clear(&problems);
	return rc;
}
