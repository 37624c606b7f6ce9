#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "procore/seed.h"
#include "sandbox/procore.gen.h"

/* First id that is given out: 15 digits, as seen at Procore, and exact in a double. */
#define FIRST_ID INT64_C(598134325500000)

int
seed_read(struct sim *s, const char *name, struct buf *out, struct err *e)
{
	char *path = xasprintf("%s/%s", s->seed_dir, name), block[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n;

	if (fd == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "seed: %s", path);
	} else {
		while ((n = read(fd, block, sizeof block)) > 0)
			buf_add(out, block, (size_t)n);
		if (n == -1)
			rc = err_set_errno(e, ERR_IO, errno, "seed: %s", path);
		(void)close(fd);
	}
	if (rc == 0)
		rc = buf_check(out, path, e);
	free(path);
	return rc;
}

int
seed_json(struct sim *s, const char *name, struct json **out, struct err *e)
{
	struct buf b = BUF_INIT(LIMIT_API_BODY);
	int rc = seed_read(s, name, &b, e);

	if (rc == 0 && json_parse(buf_str(&b), b.len, LIMIT_API_BODY, out, e) == -1)
		rc = err_wrap(e, "seed: %s", name);
	buf_clear(&b);
	return rc;
}

/* ---- people, companies, projects */

static void
split_name(const char *name, char first[128], char last[128])
{
	const char *firm = strstr(name, " ("), *blank;
	size_t n = firm != NULL ? (size_t)(firm - name) : strlen(name);
	char *own = xstrndup(name, n);

	blank = strchr(own, ' ');
	str_cut(first,
	    blank != NULL && (size_t)(blank - own) < 127 ? (size_t)(blank - own) + 1 : 128,
	    own);
	str_cut(last, 128, blank != NULL ? blank + 1 : "");
	free(own);
}

static int
add_person(struct seed *sd, const char *key, const struct json *p, const char *title,
    int64_t vendor, const char *firm, struct err *e)
{
	const struct json *procore = json_get(p, "procore");
	int64_t id = json_i64_or(procore, "user_id", 0);
	char first[128], last[128];

	if (id == 0)
		return 0;
	split_name(json_str_or(procore, "name", ""), first, last);
	json_put_i64(sd->people, key, id);
	return data_run(sd->s->db, PQ_PERSON_ADD, e, "itttttit", id,
	    json_str_or(procore, "login", ""), json_str_or(procore, "password", ""), first,
	    last, title, vendor, firm);
}

static int
add_company(struct seed *sd, const char *client_id, const struct json *co, struct err *e)
{
	const char *name = json_str_or(co, "name", "");
	int64_t id = json_i64_or(co, "id", 0), vendor = json_i64_or(co, "vendor_id", 0);
	const struct json *p;
	bool admin = true;

	json_put(sd->companies, json_str_or(co, "key", ""), json_dup(co));
	if (data_run(sd->s->db, PQ_COMPANY_ADD, e, "itddd", id, name,
		json_get(co, "submittal_statuses"), json_get(co, "submittal_types"),
		json_get(co, "submittal_responses")) == -1 ||
	    data_run(sd->s->db, PQ_APP_CONNECT, e, "tii", client_id, id,
		(int64_t)json_bool_or(co, "app_connected", true)) == -1)
		return -1;
	for (p = json_first(json_get(co, "people")); p != NULL;
	     p = json_next(p), admin = false) {
		if (add_person(sd, json_str_or(p, "key", ""), p,
			json_str_or(p, "title", ""), vendor + 1, name, e) == -1 ||
		    data_run(sd->s->db, PQ_COMPANY_MEMBER_ADD, e, "iii", id,
			json_i64_or(p, "procore.user_id", 0), (int64_t)admin) == -1)
			return -1;
	}
	return 0;
}

static int64_t
level_number(const char *name)
{
	static const char *const names[] = {"", "None", "Read Only", "Standard", "Admin"};

	for (int64_t i = 1; i < 5; i++) {
		if (str_eq(names[i], name))
			return i;
	}
	return LEVEL_NONE;
}

static int
add_members(struct seed *sd, const struct json *procore, int64_t project, int64_t company,
    struct err *e)
{
	const struct json *m;
	int64_t who;

	for (m = json_first(json_get(procore, "members")); m != NULL; m = json_next(m)) {
		who = seed_person(sd, json_str_or(m, "person", ""));
		if (who == 0)
			return err_set(e, ERR_INPUT, "projects.json: no Procore person %s",
			    json_str_or(m, "person", ""));
		if (data_run(sd->s->db, PQ_MEMBER_SET, e, "iiiii", project, who,
			level_number(json_str_or(m, "rfis", "")),
			level_number(json_str_or(m, "submittals", "")),
			level_number(json_str_or(m, "directory", ""))) == -1 ||
		    data_run(sd->s->db, PQ_COMPANY_MEMBER_ADD, e, "iii", company, who,
			INT64_C(0)) == -1)
			return -1;
	}
	return 0;
}

static int
add_project(struct seed *sd, const struct json *p, struct err *e)
{
	const struct json *procore = json_get(p, "procore"), *co;
	struct json *doc, *stage;
	int64_t id = json_i64_or(procore, "id", 0), company;
	int rc;

	if (id == 0)
		return 0;
	co = json_get(sd->companies, json_str_or(procore, "company", ""));
	company = json_i64_or(co, "id", 0);
	json_put(sd->projects, json_str_or(p, "key", ""), json_dup(procore));
	doc = json_obj();
	json_put_str(doc, "city", json_str_or(procore, "city", ""));
	json_put_str(doc, "state_code", json_str_or(procore, "state_code", ""));
	json_put_str(doc, "country_code", "US");
	json_put_str(doc, "stage", json_str_or(procore, "stage", ""));
	stage = json_put_obj(doc, "project_stage");
	json_put_i64(stage, "id", 3);
	json_put_str(stage, "name", json_str_or(procore, "stage", ""));
	json_put_str(doc, "time_zone", "America/New_York");
	rc = data_run(sd->s->db, PQ_PROJECT_ADD, e, "iittiid", id, company,
	    json_str_or(procore, "name", ""), json_str_or(procore, "number", ""),
	    (int64_t)json_bool_or(procore, "active", true), sd->today - 200 * 86400, doc);
	json_free(doc);
	return rc == 0 ? add_members(sd, procore, id, company, e) : rc;
}

/* The portal stands beside Procore's host unless --redirect-uri says otherwise. */
static int
add_app(struct seed *sd, const struct json *app, struct err *e)
{
	static const char here[] = "https://procore.";
	const char *login = sd->s->login_url, *path = json_str_or(app, "redirect_path", "");
	struct json *uris = json_arr();
	char *uri;
	int rc;

	uri = sd->s->redirect_uri != NULL ? xstrdup(sd->s->redirect_uri)
	      : str_starts(login, here)
		  ? xasprintf("https://portal.%s%s", login + strlen(here), path)
		  : xasprintf("%s%s", login, path);
	json_add_str(uris, uri);
	json_add_str(uris, "http://localhost");
	rc = data_run(sd->s->db, PQ_APP_ADD, e, "ttttd", json_str_or(app, "client_id", ""),
	    json_str_or(app, "client_secret", ""), json_str_or(app, "name", ""),
	    json_str_or(app, "app_version_key", ""), uris);
	free(uri);
	json_free(uris);
	return rc;
}

static int
settings(struct seed *sd, const struct json *sections, struct err *e)
{
	struct json *out = json_arr(), *s;
	const struct json *one;
	char key[65], *text, *label;
	int rc;

	for (one = json_first(sections); one != NULL; one = json_next(one)) {
		s = json_dup(one);
		label = xasprintf("%s - %s", json_str_or(one, "number", ""),
		    json_str_or(one, "description", ""));
		json_put_str(s, "label", label);
		json_put_i64(s, "current_revision_id", json_i64_or(one, "id", 0) + 1);
		json_put_i64(s, "viewable_document_id", json_i64_or(one, "id", 0) + 2);
		json_add(out, s);
		free(label);
	}
	text = json_text(out);
	rnd_hex(key, 32);
	rc = data_run(sd->s->db, PQ_SETTING_SET, e, "tt", "_spec_sections", text);
	if (rc == 0)
		rc = data_run(sd->s->db, PQ_SETTING_SET, e, "tt", "_key", key);
	free(text);
	text = xasprintf("%lld", (long long)FIRST_ID);
	if (rc == 0)
		rc = data_run(sd->s->db, PQ_SETTING_SET, e, "tt", "_next_id", text);
	free(text);
	json_free(out);
	return rc;
}

int64_t
seed_person(const struct seed *sd, const char *key)
{
	int64_t id = 0;

	return json_as_i64(json_get(sd->people, key), &id) ? id : 0;
}

static int
load_base(struct seed *sd, struct err *e)
{
	struct json *firm = NULL, *people = NULL, *companies = NULL, *projects = NULL;
	const struct json *one;
	const char *client;
	int rc = -1;

	if (seed_json(sd->s, "firm.json", &firm, e) == -1 ||
	    seed_json(sd->s, "people.json", &people, e) == -1 ||
	    seed_json(sd->s, "companies.json", &companies, e) == -1 ||
	    seed_json(sd->s, "projects.json", &projects, e) == -1)
		goto out;
	client = json_str_or(firm, "procore_app.client_id", "");
	if (settings(sd, json_get(projects, "spec_sections"), e) == -1 ||
	    add_app(sd, json_get(firm, "procore_app"), e) == -1)
		goto out;
	for (one = json_first(json_get(companies, "companies")); one != NULL;
	     one = json_next(one)) {
		if (add_company(sd, client, one, e) == -1)
			goto out;
	}
	one = json_first(json_get(companies, "companies"));
	sd->vendor = json_i64_or(one, "vendor_id", 1);
	for (one = json_first(json_get(people, "people")); one != NULL;
	     one = json_next(one)) {
		if (add_person(sd, json_str_or(one, "user", ""), one,
			json_str_or(one, "title", ""), sd->vendor,
			json_str_or(firm, "firm.name", ""), e) == -1)
			goto out;
	}
	for (one = json_first(json_get(projects, "projects")); one != NULL;
	     one = json_next(one)) {
		if (add_project(sd, one, e) == -1)
			goto out;
	}
	rc = 0;
out:
	json_free(firm);
	json_free(people);
	json_free(companies);
	json_free(projects);
	return rc;
}

/* In the order of the foreign keys: the statements are numbered so. */
static int
wipe(struct sim *s, struct err *e)
{
	for (int q = PQ_WIPE_1; q <= PQ_WIPE_22; q++) {
		if (data_run(s->db, q, e, "") == -1)
			return -1;
	}
	return 0;
}

int
seed_load(struct sim *s, bool force, struct err *e)
{
	struct seed sd = {
	    .s = s, .people = json_obj(), .companies = json_obj(), .projects = json_obj()};
	bool own = !db_in_tx(s->db), there = false;
	int64_t one, now = clk_now();
	int rc = -1;

	sd.today = now - now % 86400;
	if (own && db_begin(s->db, e) == -1)
		goto out;
	if (data_i64(s->db, PQ_SEEDED, &one, &there, e, "") == -1)
		goto out;
	if (there && !force) {
		rc = 0;
		goto out;
	}
	if (wipe(s, e) == -1 || load_base(&sd, e) == -1 || seed_work(&sd, e) == -1)
		goto out;
	rc = 0;
out:
	if (own && rc == 0)
		rc = db_commit(s->db, e);
	else if (own)
		db_rollback(s->db);
	json_free(sd.people);
	json_free(sd.companies);
	json_free(sd.projects);
	return rc;
}
