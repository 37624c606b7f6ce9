/* npc-sandbox: a stand-in for the Project Center gateway of docs/npc-gateway.yaml, for
 * rehearsals and tests. It serves the FastCGI socket on standard input; several instances
 * may share one database file. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypt.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

struct options {
	const char *db, *seed, *files, *url, *clock, *html;
};

static int
usage(FILE *to, int rc)
{
	fputs("usage: npc-sandbox --db FILE --seed DIR --files DIR --url URL [--html DIR] "
	      "[--clock FILE]\n"
	      "A stand-in for the Project Center gateway; FastCGI socket on standard "
	      "input.\n",
	    to);
	return rc;
}

/* 0, or the exit status with everything said. -1: help was printed. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"db", required_argument, NULL, 'd'},
	    {"seed", required_argument, NULL, 's'}, {"files", required_argument, NULL, 'f'},
	    {"url", required_argument, NULL, 'u'}, {"clock", required_argument, NULL, 'c'},
	    {"html", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int k;

	while ((k = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (k) {
		case 'd':
			o->db = optarg;
			break;
		case 's':
			o->seed = optarg;
			break;
		case 'f':
			o->files = optarg;
			break;
		case 'u':
			o->url = optarg;
			break;
		case 'c':
			o->clock = optarg;
			break;
		case 't':
			o->html = optarg;
			break;
		case 'h':
			usage(stdout, 0);
			return -1;
		default:
			return usage(stderr, 2);
		}
	}
	if (optind < argc || o->db == NULL || o->seed == NULL || o->files == NULL ||
	    o->url == NULL)
		return usage(stderr, 2);
	return 0;
}

/* The address of the Procore stand-in, to which items link back: same port, other name. */
static char *
procore_origin(const char *url)
{
	return str_starts(url, "https://npc.") ? xasprintf("https://procore.%s", url + 12)
					       : xstrdup(url);
}

static int
open_all(struct npc *n, const struct options *o, const char *const *hosts, struct err *e)
{
	struct tmpl_conf conf = {.dir = n->html, .lang = "en", .url_hosts = hosts};
	int from, to;

	if (crypt_init(e) == -1 || tmpl_set_open(&conf, &n->tmpl, e) == -1 ||
	    db_migrate(o->db, &npc_catalog, &from, &to, e) == -1 ||
	    db_open(o->db, &npc_catalog, DB_ROLE_ADMIN, &n->db, e) == -1)
		return -1;
	return npc_seed(n, e);
}

int
main(int argc, char **argv)
{
	struct options o = {.db = NULL};
	struct npc n = {.db = NULL};
	const char *hosts[] = {NULL, NULL};
	char *origin, *html;
	struct err e = {0};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc == -1 ? 0 : rc;
	log_init("npc-sandbox", LOG_INFO);
	clk_set_offset_file(o.clock);
	html = o.html != NULL ? xstrdup(o.html) : xasprintf("%s/../html", o.seed);
	origin = procore_origin(o.url);
	hosts[0] = origin;
	n.url = o.url;
	n.files = o.files;
	n.seed = o.seed;
	n.html = html;
	if (open_all(&n, &o, hosts, &e) == -1) {
		log_err("start", &e);
		rc = 1;
	} else {
		rc = fcgi_serve(&(struct fcgi_app){.program = "npc-sandbox",
		    .max_body_bytes = (size_t)LIMIT_FILE_BYTES + 1,
		    .body_dir = o.files,
		    .handle = npc_handle,
		    .idle = npc_idle,
		    .arg = &n});
	}
	db_close(n.db);
	tmpl_set_free(n.tmpl);
	free(origin);
	free(html);
	return rc;
}
