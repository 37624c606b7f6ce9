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
	enum { SENDER = 100, ROUTES };
	const char *clock_file = NULL;
	/* The value of an option is the index of what it sets; the first seven are needed.
	 */
	const char **const to[] = {&o->db, &s->seed_dir, &s->files_dir, &s->login_url,
	    &s->api_url, &s->files_url, &s->idp_url, &clock_file, &o->html,
	    &s->redirect_uri, &o->ca_file};
	static const struct option known[] = {{"db", 1, NULL, 0}, {"seed", 1, NULL, 1},
	    {"files", 1, NULL, 2}, {"login-url", 1, NULL, 3}, {"api-url", 1, NULL, 4},
	    {"files-url", 1, NULL, 5}, {"idp-url", 1, NULL, 6}, {"clock", 1, NULL, 7},
	    {"html", 1, NULL, 8}, {"redirect-uri", 1, NULL, 9}, {"ca", 1, NULL, 10},
	    {"sender", 0, NULL, SENDER}, {"routes", 0, NULL, ROUTES}, {NULL, 0, NULL, 0}};
	bool complete = true;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == SENDER) {
			o->sender = true;
		} else if (c == ROUTES) {
			o->routes = true;
		} else if (c >= 0 && c < (int)(sizeof to / sizeof to[0])) {
			*to[c] = optarg;
		} else {
			usage();
			return -1;
		}
	}
	for (size_t i = 0; i < 7; i++)
		complete = complete && *to[i] != NULL;
	if (!complete && !o->routes) {
		usage();
		return -1;
	}
	clk_set_offset_file(clock_file);
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
