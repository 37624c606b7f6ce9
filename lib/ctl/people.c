/* People: one by one, or from a table. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"
#include "ctl/import.h"
#include "store/account.h"
#include "store/enroll.h"
#include "store/person.h"

struct tally {
	int people_new, people_changed, accounts_new, joined;
};

static int
audit_person(struct ctl *c, const char *action, const char *user, struct json *detail, struct err *e)
{
	char target[300];

	if (str_format(target, sizeof target, "person %s", user) == -1) {
		json_free(detail);
		return err_set(e, ERR_BUG, "user name");
	}
	return ctl_audit(c, action, target, detail, e);
}

/* Add or update; texts of "" keep what is there, and nobody loses a role here. Writes nothing when nothing
 * changes. *id: the row. */
static int
put_person(struct ctl *c, const char *user, const char *name, const char *mail, bool global_admin, struct tally *t,
    int64_t *id, struct err *e)
{
	struct person p = {0};
	struct json *detail;

	if (person_get(c->db, user, &p, e) == -1)
		return -1;
	*id = p.id;
	if (p.id != 0 && (*name == '\0' || str_eq(name, p.name)) && (*mail == '\0' || str_eq(mail, p.mail)) &&
	    (!global_admin || p.global_admin))
		return 0;
	if (person_put(c->db, user, name, mail, global_admin || p.global_admin, id, e) == -1)
		return -1;
	if (p.id == 0)
		t->people_new++;
	else
		t->people_changed++;
	detail = json_obj();
	json_put_bool(detail, "global_admin", global_admin || p.global_admin);
	return audit_person(c, p.id == 0 ? "person.add" : "person.change", user, detail, e);
}

/* ---- import people */

enum { USER, NAME, MAIL, ROLE, LOGIN, COLUMNS };
static const struct import_column columns[COLUMNS] = {
    [USER] = {"user", true, LIMIT_LOGIN},
    [NAME] = {"name", false, LIMIT_NAME},
    [MAIL] = {"mail", false, 254},
    [ROLE] = {"role", true, 16},
    [LOGIN] = {"procore_login", false, LIMIT_LOGIN},
};

static void
check_person(struct import *im, size_t i)
{
	const struct csv_row *row = &im->t.v[i];
	const char *role = import_cell(im, row, ROLE);
	char user[LIMIT_LOGIN + 1];
	struct err e = {0};
	int line;

	if (!import_row_sound(im, row))
		return;
	if (ctl_user_name(import_cell(im, row, USER), user, &e) == -1)
		import_problem_err(im, row->line, "user", &e);
	else if ((line = import_earlier(im, i, USER)) != 0)
		import_problem(im, row->line, "user: %s stands in line %d already", user, line);
	if (ctl_mail(import_cell(im, row, MAIL), &e) == -1)
		import_problem(im, row->line, "%s", e.msg);
	if (!str_eq(role, "global_admin") && !str_eq(role, "member"))
		import_problem(im, row->line, "role: %s; write global_admin or member", role);
}

/* The account of a login, made or given its place again; joined to its person. */
static int
join_account(struct ctl *c, const char *login, const char *user, struct tally *t, struct err *e)
{
	struct account a = {0};
	struct err why = {0};
	struct json *detail;
	bool is_of = false;
	bool changed = false;
	int64_t id = 0;
	int rc = -1;

	if (account_by_login(c->db, login, &a, &why) == -1 && why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}
	if (account_ensure(c->db, login, "", &id, e) == -1)
		goto out;
	if (a.id == 0)
		t->accounts_new++;
	if (a.id != 0 && a.state == ACCOUNT_REMOVED &&
	    account_set_state(c->db, id, a.generation, ACCOUNT_NEEDED, "sign_in_needed", "", 0, &changed, e) == -1)
		goto out;
	if (account_is_of(c->db, id, user, &is_of, e) == -1)
		goto out;
	if (is_of) {
		rc = 0;
		goto out;
	}
	if (account_join_person(c->db, id, user, "import", e) == -1)
		goto out;
	t->joined++;
	detail = json_obj();
	json_put_str(detail, "login", login);
	json_put_str(detail, "person", user);
	rc = ctl_audit_num(c, "account.join", "account", id, detail, e);
out:
	account_clear(&a);
	return rc;
}

static int
apply_people(struct import *im, struct tally *t, struct err *e)
{
	struct ctl *c = im->c;

	if (db_begin(c->db, e) == -1)
		return -1;
	for (size_t i = 0; i < im->t.n; i++) {
		const struct csv_row *row = &im->t.v[i];
		const char *login = import_cell(im, row, LOGIN);
		char user[LIMIT_LOGIN + 1];
		int64_t id = 0;

		if (ctl_user_name(import_cell(im, row, USER), user, e) == -1 ||
		    put_person(c, user, import_cell(im, row, NAME), import_cell(im, row, MAIL),
			str_eq(import_cell(im, row, ROLE), "global_admin"), t, &id, e) == -1 ||
		    (*login != '\0' && join_account(c, login, user, t, e) == -1))
			return err_wrap(e, "%s:%d", im->path, row->line);
	}
	return db_commit(c->db, e);
}

int
ctl_import_people(struct ctl *c, struct err *e)
{
	struct tally t = {0};
	struct import im;
	int rc = import_open(c, columns, COLUMNS, &im, e);

	if (rc != 0)
		goto out;
	for (size_t i = 0; i < im.t.n; i++)
		check_person(&im, i);
	if (im.found > 0) {
		rc = import_refuse(&im);
		goto out;
	}
	rc = apply_people(&im, &t, e);
	if (rc == 0)
		printf("%zu people read: %d new, %d changed; %d new Procore logins, %d joined to their person\n", im.t.n,
		    t.people_new, t.people_changed, t.accounts_new, t.joined);
out:
	import_close(&im);
	return rc;
}

/* ---- one person */

int
ctl_person_add(struct ctl *c, struct err *e)
{
	static const struct option longs[] = {{"global-admin", no_argument, NULL, 'a'},
	    {"name", required_argument, NULL, 'n'}, {"mail", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
	const char *name = "";
	const char *mail = "";
	char user[LIMIT_LOGIN + 1];
	struct tally t = {0};
	bool admin = false;
	int64_t id = 0;
	int o;

	while ((o = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (o == 'a')
			admin = true;
		else if (o == 'n')
			name = optarg;
		else if (o == 'm')
			mail = optarg;
		else
			return CTL_USAGE;
	}
	if (optind != c->argc - 1)
		return ctl_usage(c, "name one person");
	if (ctl_user_name(c->argv[optind], user, e) == -1 || ctl_text("--name", name, LIMIT_NAME, e) == -1 ||
	    ctl_mail(mail, e) == -1 || ctl_open_db(c, e) == -1 || db_begin(c->db, e) == -1 ||
	    put_person(c, user, name, mail, admin, &t, &id, e) == -1 || db_commit(c->db, e) == -1)
		return -1;
	printf("%s %s\n", user, t.people_new > 0 ? "added" : t.people_changed > 0 ? "changed" : "is there already");
	return CTL_OK;
}

int
ctl_person_remove(struct ctl *c, struct err *e)
{
	char user[LIMIT_LOGIN + 1];
	bool removed = false;
	int64_t admins = 0;

	if (c->argc != 2)
		return ctl_usage(c, "name one person");
	if (ctl_user_name(c->argv[1], user, e) == -1 || ctl_open_db(c, e) == -1 || db_begin(c->db, e) == -1 ||
	    enroll_person_remove(c->db, user, &removed, e) == -1 || enroll_global_admins(c->db, &admins, e) == -1)
		return -1;
	if (!removed)
		return err_set(e, ERR_NOT_FOUND, "there is no person %s", user);
	if (admins == 0)
		return err_set(e, ERR_INPUT, "%s is the last Global Admin; name another first: connectorctl person add NAME "
		                             "--global-admin", user);
	if (audit_person(c, "person.remove", user, NULL, e) == -1 || db_commit(c->db, e) == -1)
		return -1;
	printf("%s removed\n", user);
	return CTL_OK;
}
