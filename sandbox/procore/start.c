#include "config.h"

#include "procore/start.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypt.h"
#include "sandbox/procore.gen.h"

static void
usage(void)
{
	(void)fputs("usage: procore-sandbox --db FILE --seed DIR --files DIR --login-url "
		    "URL --api-url URL\n"
		    "           --files-url URL --idp-url URL [--clock FILE] [--html DIR] "
		    "[--redirect-uri URI]\n"
		    "           [--sender [--ca FILE]]\n"
		    "       procore-sandbox --routes\n",
	    stderr);
}

int
start_options(int argc, char **argv, struct sim *s, struct start_options *o)
{
	static const struct option known[] = {{"db", 1, NULL, 'd'}, {"seed", 1, NULL, 's'},
	    {"files", 1, NULL, 'f'}, {"login-url", 1, NULL, 'l'}, {"api-url", 1, NULL, 'a'},
	    {"files-url", 1, NULL, 'u'}, {"idp-url", 1, NULL, 'i'}, {"clock", 1, NULL, 'c'},
	    {"html", 1, NULL, 'h'}, {"redirect-uri", 1, NULL, 'r'}, {"ca", 1, NULL, 'C'},
	    {"sender", 0, NULL, 'S'}, {"routes", 0, NULL, 'R'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->db = optarg;
			break;
		case 's':
			s->seed_dir = optarg;
			break;
		case 'f':
			s->files_dir = optarg;
			break;
		case 'l':
			s->login_url = optarg;
			break;
		case 'a':
			s->api_url = optarg;
			break;
		case 'u':
			s->files_url = optarg;
			break;
		case 'i':
			s->idp_url = optarg;
			break;
		case 'c':
			clk_set_offset_file(optarg);
			break;
		case 'h':
			o->html = optarg;
			break;
		case 'r':
			s->redirect_uri = optarg;
			break;
		case 'C':
			o->ca_file = optarg;
			break;
		case 'S':
			o->sender = true;
			break;
		case 'R':
			o->routes = true;
			break;
		default:
			usage();
			return -1;
		}
	}
	if (!o->routes && (o->db == NULL || s->seed_dir == NULL || s->files_dir == NULL ||
			      s->login_url == NULL || s->api_url == NULL ||
			      s->files_url == NULL || s->idp_url == NULL)) {
		usage();
		return -1;
	}
	return 0;
}

static int
read_css(const char *dir, struct buf *out, struct err *e)
{
	char *path = xasprintf("%s/procore.css", dir), block[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n;

	if (fd == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "%s", path);
	} else {
		while ((n = read(fd, block, sizeof block)) > 0)
			buf_add(out, block, (size_t)n);
		(void)close(fd);
	}
	free(path);
	return rc;
}

/* Beside the seed data in the source tree and where it is installed. */
static int
open_pages(struct sim *s, const char *given, struct err *e)
{
	char *dir = given != NULL ? xstrdup(given) : xasprintf("%s/../html", s->seed_dir);
	const char *const origins[] = {
	    s->login_url, s->api_url, s->files_url, s->idp_url, NULL};
	struct tmpl_conf conf = {.dir = dir, .lang = "en", .url_hosts = origins};
	int rc = tmpl_set_open(&conf, &s->tmpl, e);

	if (rc == 0)
		rc = read_css(dir, &s->css, e);
	free(dir);
	return rc;
}

/* Several instances start at once: one creates and seeds while the others wait for the
 * lock. */
static int
open_db(struct sim *s, const char *path, struct err *e)
{
	char *lock = xasprintf("%s.lock", path);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), from, to, rc = -1;

	if (fd == -1 || flock(fd, LOCK_EX) == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", lock);
		goto out;
	}
	if (db_migrate(path, &procore_catalog, &from, &to, e) == -1 ||
	    db_open(path, &procore_catalog, DB_ROLE_ADMIN, &s->db, e) == -1)
		goto out;
	rc = seed_load(s, false, e);
out:
	if (fd != -1)
		(void)close(fd);
	free(lock);
	return rc;
}

int
start(struct sim *s, const struct start_options *o, struct err *e)
{
	buf_init(&s->css, LIMIT_PAGE);
	if (mkdir(s->files_dir, 0700) == -1 && errno != EEXIST)
		return err_set_errno(e, ERR_IO, errno, "%s", s->files_dir);
	if (crypt_init(e) == -1 || open_db(s, o->db, e) == -1)
		return -1;
	return o->sender ? 0 : open_pages(s, o->html, e);
}

void
start_end(struct sim *s)
{
	tmpl_set_free(s->tmpl);
	db_close(s->db);
	buf_clear(&s->css);
}
