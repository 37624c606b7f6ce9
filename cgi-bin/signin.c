/* signin: answers nginx's auth_request; the one program that sees the domain password
 * (DESIGN.md 2, 4). */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/fcgi.h"
#include "web/signin.h"

static const char default_conf[] = CW_SYSCONFDIR "/connectorweb.conf";

static int
usage(void)
{
	fprintf(stderr,
	    "usage: signin [-c CONFIG]\n"
	    "The listening socket is standard input; logs go to standard error.\n");
	return 2;
}

/* Everything the answer needs, or one message that says what to mend. */
static int
open_all(
    const struct conf *conf, struct signin_source *src, struct signin **out, struct err *e)
{
	bool ldap = str_eq(conf->signin_backend, "ldap");
	struct signin_conf c = {.domains = &conf->remote_user_domains,
	    .check = ldap ? signin_check_ldap : signin_check_file,
	    .arg = src,
	    .share_dir = getenv("RUNTIME_DIRECTORY")};

	src->conf = conf;
	if (crypt_init(e) == -1)
		return -1;
	if (ldap && conf->ldap_bind_dn[0] != '\0' &&
	    conf_secret(
		conf, CONF_SIGNIN, "ldap_bind_password_file", &src->bind_password, e) == -1)
		return -1;
	return signin_new(&c, out, e);
}

int
main(int argc, char **argv)
{
	const char *path = default_conf;
	enum log_level level = LOG_INFO;
	struct buf problems = BUF_INIT(64 * 1024);
	struct conf conf = {0};
	struct signin_source src = {0};
	struct signin *s = NULL;
	struct err e = {0};
	int rc = 2;
	int opt;

	while ((opt = getopt(argc, argv, "c:")) != -1) {
		if (opt != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	log_init("signin", level);
	if (conf_load(path, CONF_SIGNIN, &conf, &problems, &e) == -1) {
		if (problems.len > 0)
			fputs(buf_str(&problems), stderr);
		else
			log_err("configuration", &e);
		goto out;
	}
	BUG_IF(log_level_parse(conf.log_level, &level) == -1); /* one of its choices */
	log_init("signin", level);
	if (open_all(&conf, &src, &s, &e) == -1) {
		log_err("start", &e);
		goto out;
	}
	rc = fcgi_serve(&(struct fcgi_app){
	    .program = "signin", .max_body_bytes = 0, .handle = signin_handle, .arg = s});
out:
	signin_free(s);
	secret_clear(&src.bind_password);
	conf_clear(&conf);
	buf_clear(&problems);
	return rc;
}
