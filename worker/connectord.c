/* connectord: the worker: tokens, sync, mail, house-keeping. Wiring only: see lib/core/daemon.h.
 * Manual: docs/man/connectord.8. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "base/num.h"
#include "core/daemon.h"

enum { USAGE = 2, COMMITS_MAX = 1000000 };

static const struct option longs[] = {{"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
    /* For tests, see tests/crash. */
    {"once", no_argument, NULL, 'o'}, {"stop-at-commit", required_argument, NULL, 's'},
    {"stop-before-commit", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};

static int
usage(FILE *f)
{
	fprintf(f, "usage: connectord [-c CONFIG] [--check]\n\n"
	           "Runs in the foreground until SIGTERM. --check looks at all that a start needs and ends.\n");
	return f == stdout ? 0 : USAGE;
}

int
main(int argc, char **argv)
{
	struct daemon_opts o = {.conf_path = CW_SYSCONFDIR "/connectorweb.conf"};
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		if (c == 'c')
			o.conf_path = optarg;
		else if (c == 'k')
			o.check = true;
		else if (c == 'o')
			o.once = true;
		else if ((c == 's' || c == 'b') && num_parse_i64(optarg, 1, COMMITS_MAX, &o.stop_at_commit) == 0) {
			o.once = true;
			o.stop_when = c == 'b' ? DB_STOP_BEFORE : DB_STOP_AFTER;
		}
		else if (c == 'h')
			return usage(stdout);
		else if (c == 'V')
			return printf("connectord %s\n", PACKAGE_VERSION) < 0;
		else
			return usage(stderr);
	}
	return optind == argc ? daemon_run(&o) : usage(stderr);
}
