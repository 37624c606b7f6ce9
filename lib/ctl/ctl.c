/* The command line: options, the table of commands, what they share. */
#include "config.h"

#include "ctl/ctl.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "ctl/ctl_int.h"
#include "io/crypt.h"
#include "store/catalog.h"

struct command {
	const char *word, *second; /* second NULL: one word */
	const char *args, *text;
	ctl_fn run;
	bool own_conf; /* looks at the configuration file itself */
};

static const struct command table[] = {
    {"init", NULL, "--global-admin NAME [--name TEXT] [--mail ADDRESS] [--group GROUP]",
	"make folders, database, keys and the first Global Admin; may be repeated", ctl_init, false},
    {"migrate", NULL, "", "back up the database, then bring it to this release's schema", ctl_migrate, false},
    {"check-config", NULL, "", "report every problem of connectorweb.conf", ctl_check_config, true},
    {"doctor", NULL, "", "look at everything that can be out of order and say what mends it", ctl_doctor, false},
    {"status", NULL, "", "one line a connected project", ctl_status, false},
    {"import", "people", "FILE.csv", "add or update people and whose Procore login is whose", ctl_import_people,
	false},
    {"import", "projects", "FILE.csv", "connect projects, with their BIC users and admins", ctl_import_projects,
	false},
    {"person", "add", "NAME [--name TEXT] [--mail ADDRESS] [--global-admin]", "add or update one person",
	ctl_person_add, false},
    {"person", "remove", "NAME", "take all roles from a person", ctl_person_remove, false},
    {"keys", "show", "", "which keys are in use, and whether the recovery copy is put away", ctl_keys_show, false},
    {"keys", "confirm-recovery", "[FILE]", "note that the recovery copy of the private key is kept elsewhere",
	ctl_keys_confirm, false},
    {"keys", "rotate", "[--finish]", "change the private key while all goes on; --finish puts the new one in its place",
	ctl_keys_rotate, false},
    {"audit", "verify", "", "compare every row of the audit trail with its seal", ctl_audit_verify, false},
    {"mail", "list", "", "mails that wait after a try in vain, or were refused, with the server's words", ctl_mail_list,
	false},
    {"mail", "again", "[NUMBER]", "queue a refused mail once more, or all of them", ctl_mail_again, false},
    {"mail", "preview", "NUMBER | KIND LOGIN [--html]", "show what a mail says", ctl_mail_preview, false},
    {"evidence", NULL, "ACCOUNT", "everything known about one Procore login, without secrets, for support",
	ctl_evidence, false},
};
enum { COMMANDS = sizeof table / sizeof table[0] };

static int
show_help(FILE *f)
{
	fprintf(f, "usage: connectorctl [-c CONFIG] COMMAND ...\n\n");
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *t = &table[i];

		fprintf(f, "  %s%s%s %s\n      %s\n", t->word, t->second == NULL ? "" : " ",
		    t->second == NULL ? "" : t->second, t->args, t->text);
	}
	return f == stdout ? CTL_OK : CTL_USAGE;
}

/* *words: how many of argv name the command. */
static const struct command *
find(int argc, char **argv, int *words)
{
	for (int i = 0; i < COMMANDS; i++) {
		*words = table[i].second == NULL ? 1 : 2;
		if (argc >= *words && str_eq(argv[0], table[i].word) &&
		    (table[i].second == NULL || str_eq(argv[1], table[i].second)))
			return &table[i];
	}
	return NULL;
}

int
ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	fprintf(stderr, "connectorctl: %s: %s (connectorctl help)\n", c->argv[0], buf_str(&b));
	buf_clear(&b);
	return CTL_USAGE;
}

static int
load_conf(struct ctl *c)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	struct err e = {0};
	int rc = conf_load(c->conf_path, CONF_CTL, &c->conf, &problems, &e);

	if (rc == -1 && problems.len > 0)
		fprintf(stderr, "%s", buf_str(&problems));
	else if (rc == -1)
		fprintf(stderr, "connectorctl: %s\n", e.msg);
	buf_clear(&problems);
	return rc;
}

int
ctl_open_db(struct ctl *c, struct err *e)
{
	if (db_open(c->conf.database, store_catalog(), DB_ROLE_ADMIN, &c->db, e) == -1)
		return -1;
	return db_check_version(c->db, e);
}

static int
run(const struct command *t, struct ctl *c)
{
	struct err e = {0};
	int rc;

	if (!t->own_conf && load_conf(c) == -1)
		return CTL_CONFIG;
	rc = crypt_init(&e) == -1 ? -1 : t->run(c, &e);
	if (rc == -1) {
		if (c->db != NULL)
			db_rollback(c->db);
		fprintf(stderr, "connectorctl: %s\n", e.msg);
		rc = CTL_FAILED;
	}
	db_close(c->db);
	conf_clear(&c->conf);
	return rc;
}

int
ctl_main(int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
	    {"config", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct ctl c = {.conf_path = CW_SYSCONFDIR "/connectorweb.conf"};
	const struct command *t;
	int words = 0;
	int o;

	log_init("connectorctl", LOG_WARN);
	while ((o = getopt_long(argc, argv, "+c:hV", longs, NULL)) != -1) {
		if (o == 'c') {
			c.conf_path = optarg;
		} else if (o == 'h') {
			return show_help(stdout);
		} else if (o == 'V') {
			printf("connectorctl %s\n", PACKAGE_VERSION);
			return CTL_OK;
		} else {
			return show_help(stderr);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc > 0 && str_eq(argv[0], "help"))
		return show_help(stdout);
	t = find(argc, argv, &words);
	if (t == NULL)
		return show_help(stderr);
	c.argc = argc - words + 1;
	c.argv = argv + words - 1;
	optind = 0; /* the commands read their own options, from the start */
	return run(t, &c);
}

/* ---- shared by the commands */

int
ctl_audit(struct ctl *c, const char *action, const char *target, struct json *detail, struct err *e)
{
	struct json *d = detail == NULL ? json_obj() : detail;
	const char *sudo = getenv("SUDO_USER");
	char who[300];
	int rc;

	/* The trail's actor is the command; who stood behind it is a detail, as far as the system knows. */
	if (str_empty(sudo) ? str_format(who, sizeof who, "uid %u", (unsigned)getuid())
	                    : str_format(who, sizeof who, "%.256s", sudo))
		who[0] = '\0';
	json_put_str(d, "run_by", who);
	rc = audit_add(c->db, "connectorctl", action, target, d, e);
	json_free(d);
	return rc;
}

int
ctl_audit_num(struct ctl *c, const char *action, const char *what, int64_t id, struct json *detail, struct err *e)
{
	char target[64];

	if (str_format(target, sizeof target, "%s %" PRId64, what, id) == -1)
		target[0] = '\0';
	return ctl_audit(c, action, target, detail, e);
}

int
ctl_user_name(const char *s, char out[257], struct err *e)
{
	char *folded = NULL;
	int rc = -1;

	if (str_empty(s))
		return err_set(e, ERR_INPUT, "a user name is missing");
	if (strpbrk(s, "\\@/") != NULL)
		return err_set(e, ERR_INPUT, "user name %.80s: write the name without its domain", s);
	if (strpbrk(s, " :") != NULL || !str_no_controls(s, strlen(s)) || !str_utf8_valid(s, strlen(s)))
		return err_set(e, ERR_INPUT, "user name %.80s: blanks, colons and control characters are not accepted", s);
	folded = str_lower_dup(s);
	if (str_copy(out, LIMIT_LOGIN + 1, folded) == -1)
		rc = err_set(e, ERR_INPUT, "user name %.80s... is longer than %d bytes", s, LIMIT_LOGIN);
	else
		rc = 0;
	free(folded);
	return rc;
}

int
ctl_text(const char *what, const char *s, size_t max_bytes, struct err *e)
{
	size_t n = strlen(s);

	if (n > max_bytes)
		return err_set(e, ERR_INPUT, "%s: longer than %zu bytes", what, max_bytes);
	if (!str_no_controls(s, n) || !str_utf8_valid(s, n))
		return err_set(e, ERR_INPUT, "%s: line ends and control characters are not accepted", what);
	return 0;
}

int
ctl_mail(const char *s, struct err *e)
{
	const char *at = strchr(s, '@');

	if (*s == '\0')
		return 0;
	if (ctl_text("mail", s, 254, e) == -1)
		return -1;
	if (at == NULL || at == s || at[1] == '\0' || strpbrk(at + 1, "@") != NULL || strpbrk(s, " ,;<>\"") != NULL)
		return err_set(e, ERR_INPUT, "mail: %.80s is not one address like name@example.com", s);
	return 0;
}
