/* connectorctl import projects: connections with their seats and admins from a table. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "ctl/import.h"
#include "io/json.h"
#include "io/wake.h"
#include "store/account.h"
#include "store/enroll.h"
#include "store/job.h"
#include "store/person.h"

enum { NPC_ID, NPC_NUMBER, NPC_NAME, NPC_SERVER, COMPANY_ID, COMPANY_NAME, PROCORE_ID, PROCORE_NAME, BICS, ADMINS, SYNC_FROM, COLUMNS };
static const struct import_column columns[COLUMNS] = {
    [NPC_ID] = {"npc_project_id", true, LIMIT_NPC_ID},
    [NPC_NUMBER] = {"npc_number", false, LIMIT_NAME},
    [NPC_NAME] = {"npc_name", true, LIMIT_NAME},
    [NPC_SERVER] = {"npc_server", false, LIMIT_NAME},
    [COMPANY_ID] = {"procore_company_id", true, 16},
    [COMPANY_NAME] = {"procore_company_name", false, LIMIT_NAME},
    [PROCORE_ID] = {"procore_project_id", true, 16},
    [PROCORE_NAME] = {"procore_project_name", true, LIMIT_NAME},
    [BICS] = {"bic_logins", true, LIMIT_FIELD},
    [ADMINS] = {"project_admins", false, LIMIT_FIELD},
    [SYNC_FROM] = {"sync_from", false, 40},
};

struct tally {
	int connected, renamed, seats, admins;
};

/* One row, read; texts are borrowed from the table. */
struct row {
	struct enroll_project p;
	const char *company_name;
	struct strv bics, admins;
};

static void
row_clear(struct row *r)
{
	strv_clear(&r->bics);
	strv_clear(&r->admins);
}

/* The words between semicolons, blanks cut off, empty ones left out. */
static void
split_list(const char *s, struct strv *out)
{
	struct strv raw = {0};

	strv_split(&raw, s, ";");
	for (size_t i = 0; i < raw.n; i++) {
		char *word = str_trim_dup(raw.v[i]);

		if (*word != '\0')
			strv_add(out, word);
		free(word);
	}
	strv_clear(&raw);
}

static bool
read_id(struct import *im, const struct csv_row *row, int column, int64_t *out)
{
	const char *s = import_cell(im, row, column);

	if (num_parse_i64(s, 1, JSON_INT_MAX, out) == 0)
		return true;
	import_problem(im, row->line, "%s: %s is not an id of Procore, a whole number", columns[column].name, s);
	return false;
}

/* Items created in Procore from that day on are taken over; without one, from now on. */
static bool
read_since(struct import *im, const struct csv_row *row, int64_t *out)
{
	const char *s = import_cell(im, row, SYNC_FROM);

	*out = clk_now();
	if (*s == '\0' || (clk_parse_iso(s, out) == 0 && *out > 0 && *out <= clk_now()))
		return true;
	import_problem(im, row->line, "sync_from: %s is not a day that has been, like 2026-05-31", s);
	return false;
}

static bool
read_row(struct import *im, const struct csv_row *row, struct row *out)
{
	bool good;

	*out = (struct row){0};
	if (!import_row_sound(im, row))
		return false;
	good = read_id(im, row, COMPANY_ID, &out->p.company_id);
	good = read_id(im, row, PROCORE_ID, &out->p.procore_id) && good;
	good = read_since(im, row, &out->p.sync_from_at) && good;
	out->p.npc_id = import_cell(im, row, NPC_ID);
	out->p.npc_number = import_cell(im, row, NPC_NUMBER);
	out->p.npc_name = import_cell(im, row, NPC_NAME);
	out->p.npc_server = import_cell(im, row, NPC_SERVER);
	out->p.procore_name = import_cell(im, row, PROCORE_NAME);
	out->company_name = import_cell(im, row, COMPANY_NAME);
	split_list(import_cell(im, row, BICS), &out->bics);
	split_list(import_cell(im, row, ADMINS), &out->admins);
	return good;
}

/* ---- looking at everything first */

static void
check_within(struct import *im, size_t i, const struct row *r)
{
	static const int once[] = {NPC_ID, PROCORE_ID};
	const struct csv_row *row = &im->t.v[i];
	int line;

	for (size_t k = 0; k < 2; k++)
		if ((line = import_earlier(im, i, once[k])) != 0)
			import_problem(im, row->line, "%s: stands in line %d already; a project is connected once",
			    columns[once[k]].name, line);
	line = import_earlier(im, i, COMPANY_ID);
	for (size_t k = 0; line != 0 && k < i; k++)
		if (im->t.v[k].line == line && !str_eq(import_cell(im, &im->t.v[k], COMPANY_NAME), r->company_name))
			import_problem(im, row->line, "procore_company_name: the same company is called %.80s in line %d",
			    import_cell(im, &im->t.v[k], COMPANY_NAME), line);
	if (r->bics.n == 0)
		import_problem(im, row->line, "bic_logins: names nobody; at least one BIC user is needed");
	for (size_t k = 0; k < r->bics.n; k++) {
		struct strv before = {.v = r->bics.v, .n = k};

		if (strlen(r->bics.v[k]) > LIMIT_LOGIN)
			import_problem(im, row->line, "bic_logins: %.60s... is too long", r->bics.v[k]);
		if (strv_has_ci(&before, r->bics.v[k]))
			import_problem(im, row->line, "bic_logins: %s comes twice", r->bics.v[k]);
	}
}

static int
check_admins(struct import *im, const struct csv_row *row, const struct row *r, struct err *e)
{
	for (size_t k = 0; k < r->admins.n; k++) {
		char user[LIMIT_LOGIN + 1];
		struct err bad = {0};
		struct person p = {0};

		if (ctl_user_name(r->admins.v[k], user, &bad) == -1) {
			import_problem_err(im, row->line, "project_admins", &bad);
			continue;
		}
		if (person_get(im->c->db, user, &p, e) == -1)
			return -1;
		if (p.id == 0)
			import_problem(im, row->line,
			    "project_admins: %s is not known here; import people first, or connectorctl person add %s", user,
			    user);
	}
	return 0;
}

/* A project that is connected already must be the same pair. */
static int
check_against(struct import *im, const struct csv_row *row, const struct row *r, struct err *e)
{
	struct enroll_found npc = {0};
	struct enroll_found procore = {0};

	if (enroll_find_npc(im->c->db, r->p.npc_id, &npc, e) == -1 ||
	    enroll_find_procore(im->c->db, r->p.procore_id, &procore, e) == -1)
		return -1;
	if (npc.id != 0 && (npc.procore_id != r->p.procore_id || npc.company_id != r->p.company_id))
		import_problem(im, row->line,
		    "npc_project_id: %.80s is connected to project %" PRId64 " of company %" PRId64
		    " in Procore; disconnect it there first",
		    npc.npc_name, npc.procore_id, npc.company_id);
	else if (procore.id != 0 && procore.id != npc.id)
		import_problem(im, row->line, "procore_project_id: %" PRId64 " is connected to %.80s already",
		    r->p.procore_id, procore.npc_name);
	return 0;
}

static int
check_all(struct import *im, struct err *e)
{
	for (size_t i = 0; i < im->t.n; i++) {
		const struct csv_row *row = &im->t.v[i];
		struct row r;
		int rc = 0;

		if (read_row(im, row, &r)) {
			check_within(im, i, &r);
			rc = check_admins(im, row, &r, e) == -1 || check_against(im, row, &r, e) == -1 ? -1 : 0;
		}
		row_clear(&r);
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* ---- writing */

/* The account of a BIC user; one whose grant was removed starts anew. */
static int
seat_account(struct ctl *c, const char *login, int64_t *id, struct err *e)
{
	struct account a = {0};
	bool changed = false;
	int rc = -1;

	if (account_ensure(c->db, login, "", id, e) == -1 || account_get(c->db, *id, &a, e) == -1)
		return -1;
	rc = a.state == ACCOUNT_REMOVED
	    ? account_set_state(c->db, *id, a.generation, ACCOUNT_NEEDED, "sign_in_needed", "", 0, &changed, e)
	    : 0;
	account_clear(&a);
	return rc;
}

static int
put_seats(struct ctl *c, int64_t connection_id, const struct row *r, struct tally *t, struct err *e)
{
	for (size_t i = 0; i < r->bics.n; i++) {
		struct json *detail;
		int64_t account_id = 0;
		bool added = false;

		if (seat_account(c, r->bics.v[i], &account_id, e) == -1 ||
		    enroll_seat(c->db, connection_id, account_id, &added, e) == -1)
			return -1;
		if (!added)
			continue;
		t->seats++;
		detail = json_obj();
		json_put_str(detail, "login", r->bics.v[i]);
		if (ctl_audit_num(c, "bic.add", "connection", connection_id, detail, e) == -1)
			return -1;
	}
	return 0;
}

static int
put_admins(struct ctl *c, int64_t connection_id, const struct row *r, struct tally *t, struct err *e)
{
	for (size_t i = 0; i < r->admins.n; i++) {
		struct person p = {0};
		struct person_at at = {0};
		char user[LIMIT_LOGIN + 1];
		struct json *detail;

		if (ctl_user_name(r->admins.v[i], user, e) == -1 || person_get(c->db, user, &p, e) == -1 || person_at(c->db, &p, connection_id, &at, e) == -1)
			return -1;
		if (at.project_admin)
			continue;
		if (person_set_project_admin(c->db, p.id, connection_id, true, e) == -1)
			return -1;
		t->admins++;
		detail = json_obj();
		json_put_str(detail, "person", p.user_name);
		if (ctl_audit_num(c, "project_admin.add", "connection", connection_id, detail, e) == -1)
			return -1;
	}
	return 0;
}

static int
put_connection(struct ctl *c, const struct row *r, struct tally *t, int64_t *id, struct err *e)
{
	struct enroll_found f = {0};
	struct json *detail;
	bool changed = false;

	if (enroll_company(c->db, r->p.company_id, r->company_name, &changed, e) == -1 ||
	    enroll_find_npc(c->db, r->p.npc_id, &f, e) == -1)
		return -1;
	if (f.id != 0) {
		*id = f.id;
		if (enroll_rename(c->db, f.id, &r->p, &changed, e) == -1)
			return -1;
		t->renamed += changed;
		return changed ? ctl_audit_num(c, "connection.rename", "connection", f.id, NULL, e) : 0;
	}
	if (enroll_connect(c->db, &r->p, "import", id, e) == -1)
		return -1;
	t->connected++;
	detail = json_obj();
	json_put_str(detail, "npc_project", r->p.npc_id);
	json_put_i64(detail, "procore_project", r->p.procore_id);
	return ctl_audit_num(c, "connection.add", "connection", *id, detail, e);
}

static int
apply(struct import *im, struct tally *t, struct err *e)
{
	struct ctl *c = im->c;

	if (db_begin(c->db, e) == -1)
		return -1;
	for (size_t i = 0; i < im->t.n; i++) {
		const struct csv_row *row = &im->t.v[i];
		struct row r;
		int64_t id = 0;
		int rc = read_row(im, row, &r) ? 0 : err_set(e, ERR_BUG, "a checked row");

		if (rc == 0 &&
		    (put_connection(c, &r, t, &id, e) == -1 || put_seats(c, id, &r, t, e) == -1 ||
			put_admins(c, id, &r, t, e) == -1))
			rc = err_wrap(e, "%s:%d", im->path, row->line);
		row_clear(&r);
		if (rc == -1)
			return -1;
	}
	if (job_wish(c->db, JOB_PLAN, 0, "", JOB_PRIO_PERSON, clk_now(), e) == -1 ||
	    job_wish(c->db, JOB_INCIDENTS, 0, "", JOB_PRIO_PERSON, clk_now(), e) == -1)
		return -1;
	return db_commit(c->db, e);
}

int
ctl_import_projects(struct ctl *c, struct err *e)
{
	struct tally t = {0};
	struct import im;
	int rc = import_open(c, columns, COLUMNS, &im, e);

	if (rc != 0)
		goto out;
	rc = check_all(&im, e);
	if (rc == 0 && im.found > 0)
		rc = import_refuse(&im);
	if (rc != 0)
		goto out;
	rc = apply(&im, &t, e);
	if (rc == 0) {
		wake_send(c->conf.wake_socket);
		printf("%zu projects read: %d connected, %d renamed; %d BIC users, %d Project Admins added\n", im.t.n,
		    t.connected, t.renamed, t.seats, t.admins);
	}
out:
	import_close(&im);
	return rc;
}
