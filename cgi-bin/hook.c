/* hook: takes Procore's webhooks (DESIGN.md 2, 4, 8). Wiring only: see lib/web/hook.h. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "web/hook.h"

static const char default_conf[] = CW_SYSCONFDIR "/connectorweb.conf";

static int
usage(void)
{
	fprintf(stderr,
	    "usage: hook [-c CONFIG]\n"
	    "The listening socket is standard input; logs go to standard error.\n");
	return 2;
}

static int
load(const char *path, struct conf *conf)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	enum log_level level = LOG_INFO;
	struct err e = {0};
	int rc = conf_load(path, CONF_HOOK, conf, &problems, &e);

	if (rc == -1 && problems.len > 0)
		fputs(buf_str(&problems), stderr);
	else if (rc == -1)
		log_err("configuration", &e);
	else if (log_level_parse(conf->log_level, &level) == 0)
		log_init("hook", level);
	buf_clear(&problems);
	return rc;
}

int
main(int argc, char **argv)
{
	const char *path = default_conf;
	struct conf conf = {0};
	struct hook h = {0};
	struct err e = {0};
	int rc = 1;
	int opt;

	while ((opt = getopt(argc, argv, "c:")) != -1) {
		if (opt != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	log_init("hook", LOG_INFO);
	if (load(path, &conf) == -1)
		goto out;
	if (hook_open(&conf, &h, &e) == -1) {
		fprintf(stderr, "hook: cannot start: %s\n", e.msg);
		goto out;
	}
	rc = fcgi_serve(&(struct fcgi_app){.program = "hook",
	    .max_body_bytes = LIMIT_HOOK_BODY,
	    .handle = hook_handle,
	    .arg = &h});
out:
	hook_close(&h);
	conf_clear(&conf);
	return rc;
}
