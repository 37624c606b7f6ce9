/* seed.c: the first start reads sandbox/data (format: its README.md) into the empty
 * database. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

enum { DAY_MS = 86400 * 1000 };

struct seed {
	struct npc *n;
	struct json *firm, *people, *companies, *projects, *items;
	int64_t midnight_ms;
};

static int
load(struct npc *n, const char *name, struct json **out, struct err *e)
{
	struct buf b = BUF_INIT(NPC_JSON_MAX);
	char *path = xasprintf("%s/%s", n->seed, name);
	char chunk[8192];
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;

	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "seed data %s", path);
		goto out;
	}
	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&b, chunk, (size_t)got);
	if (got == -1) {
		err_set_errno(e, ERR_IO, errno, "seed data %s", path);
		goto out;
	}
	rc = json_parse(buf_str(&b), b.len, NPC_JSON_MAX, out, e);
	if (rc == -1)
		err_wrap(e, "seed data %s", path);
out:
	if (fd != -1)
		close(fd);
	buf_clear(&b);
	free(path);
	return rc;
}

/* A person of the firm by user name, or of a contractor by key; *company is the firm's
 * name. */
static const struct json *
person(const struct seed *s, const char *key, const char **company, bool *is_firm)
{
	const struct json *p, *c;

	for (p = json_first(json_at(s->people, "people")); p != NULL; p = json_next(p)) {
		if (str_eq(json_str_or(p, "user", NULL), key)) {
			*company = json_str_or(s->firm, "firm.name", "");
			*is_firm = true;
			return p;
		}
	}
	for (c = json_first(json_at(s->companies, "companies")); c != NULL;
	     c = json_next(c)) {
		for (p = json_first(json_at(c, "people")); p != NULL; p = json_next(p)) {
			if (str_eq(json_str_or(p, "key", NULL), key)) {
				*company = json_str_or(c, "name", "");
				*is_firm = false;
				return p;
			}
		}
	}
	return NULL;
}

static int
seed_contact(struct seed *s, const char *project_id, const char *key, struct err *e)
{
	const char *company = "", *login, *mail;
	bool is_firm = false;
	const struct json *p = person(s, key, &company, &is_firm);
	char id[NPC_ID_BYTES];

	if (p == NULL)
		return err_set(e, ERR_INPUT, "seed data: no person %s", key);
	npc_new_id("ct", id);
	login = json_str_or(p, "procore.login", "");
	mail = json_str_or(p, "mail", login);
	if (nq_exec(s->n, NQ_CONTACT_PUT, e, "ssssssi", id, project_id, key,
		json_str_or(p, "name", ""), mail, company, (int64_t)is_firm) == -1)
		return -1;
	if (str_empty(login) || str_eq_ci(login, mail))
		return 0;
	return nq_exec(s->n, NQ_CONTACT_EMAIL_PUT, e, "ss", id, login);
}

static int
seed_projects(struct seed *s, struct err *e)
{
	static const char *const lists[] = {"npc.contacts", "npc.outside_contacts"};
	const struct json *p, *k;

	for (p = json_first(json_at(s->projects, "projects")); p != NULL;
	     p = json_next(p)) {
		const char *id = json_str_or(p, "npc.id", NULL);

		if (nq_exec(s->n, NQ_PROJECT_PUT, e, "sssss", id,
			json_str_or(p, "key", NULL), json_str_or(p, "npc.name", NULL),
			json_str_or(p, "npc.number", NULL),
			json_str_or(p, "npc.server", NULL)) == -1)
			return -1;
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
			for (k = json_first(json_at(p, lists[i])); k != NULL;
			     k = json_next(k)) {
				if (seed_contact(s, id, json_str(k), e) == -1)
					return -1;
			}
		}
	}
	return 0;
}

static int
seed_firm(struct seed *s, struct err *e)
{
	const struct json *k, *w;
	const char *const region = json_str_or(s->firm, "npc.region", "us-east-1");
	char key[65];

	for (k = json_first(json_at(s->firm, "npc.access_keys")); k != NULL;
	     k = json_next(k)) {
		if (nq_exec(s->n, NQ_ACCESS_KEY_PUT, e, "ss",
			json_str_or(k, "access_key", NULL),
			json_str_or(k, "secret", NULL)) == -1)
			return -1;
	}
	for (k = json_first(json_at(s->firm, "npc.keyword_lists")); k != NULL;
	     k = json_next(k)) {
		for (w = json_first(json_at(k, "keywords")); w != NULL; w = json_next(w)) {
			if (nq_exec(s->n, NQ_KEYWORD_PUT, e, "sssss",
				json_str_or(k, "name", NULL), json_str_or(w, "name", NULL),
				json_str_or(w, "description", ""),
				json_str_or(w, "type", NULL), NULL) == -1)
				return -1;
		}
	}
	rnd_hex(key, 32);
	if (nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "storage_key", key) == -1 ||
	    nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "region", region) == -1 ||
	    nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "session_life_s", "3600") == -1 ||
	    nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "url_life_s", "900") == -1 ||
	    nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "clock_offset_s", "0") == -1 ||
	    nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "wrapper", "items") == -1)
		return -1;
	return nq_exec(s->n, NQ_SETTING_PUT, e, "ss", "seeded", "1");
}

/* A date some days from the day of seeding. */
static void
day_text(const struct seed *s, const struct json *it, const char *member,
    char dst[CLK_ISO_BYTES])
{
	clk_iso((s->midnight_ms + json_i64_or(it, member, 0) * DAY_MS) / 1000, dst);
	dst[10] = '\0';
}

static int
seed_items(struct seed *s, struct err *e)
{
	const struct json *it;

	for (it = json_first(json_at(s->items, "items")); it != NULL; it = json_next(it)) {
		char id[NPC_ID_BYTES], due[CLK_ISO_BYTES], received[CLK_ISO_BYTES];
		char *project = NULL, *from = NULL;
		struct json *party = json_obj();
		int64_t at = s->midnight_ms + json_i64_or(it, "received_day", 0) * DAY_MS +
			     9 * 3600 * 1000;
		int rc;

		npc_new_id("it", id);
		day_text(s, it, "due_day", due);
		day_text(s, it, "received_day", received);
		json_put_str(party, "name", json_str_or(it, "from", ""));
		from = json_text(party);
		rc = nq_text(s->n, NQ_PROJECT_BY_KEY, &project, e, "s",
		    json_str_or(it, "project", NULL));
		if (rc == 0)
			rc = nq_exec(s->n, NQ_ITEM_PUT, e, "sssssssssssssssi", id, project,
			    json_str_or(it, "kind", NULL), json_str_or(it, "number", NULL),
			    NULL, "", json_str_or(it, "subject", NULL),
			    json_str_or(it, "body", NULL), from, due, received, NULL, NULL,
			    NULL, NULL, at);
		if (rc == 0 && str_eq(json_str_or(it, "status", NULL), "Closed"))
			rc = nq_exec(
			    s->n, NQ_ITEM_CLOSE, e, "ssi", id, "close", at + DAY_MS);
		json_free(party);
		free(from);
		free(project);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
seed_all(struct npc *n, struct err *e)
{
	struct seed s = {.n = n, .midnight_ms = clk_now_ms() / DAY_MS * DAY_MS};
	int rc = -1;

	if (load(n, "firm.json", &s.firm, e) == 0 &&
	    load(n, "people.json", &s.people, e) == 0 &&
	    load(n, "companies.json", &s.companies, e) == 0 &&
	    load(n, "projects.json", &s.projects, e) == 0 &&
	    load(n, "npc-items.json", &s.items, e) == 0 && seed_firm(&s, e) == 0 &&
	    seed_projects(&s, e) == 0)
		rc = seed_items(&s, e);
	json_free(s.firm);
	json_free(s.people);
	json_free(s.companies);
	json_free(s.projects);
	json_free(s.items);
	return rc;
}

int
npc_seed(struct npc *n, struct err *e)
{
	int64_t seeded = 0;

	for (int q = NQ_VIEW_CONTACT; q <= NQ_VIEW_FILE; q++) {
		if (nq_exec(n, q, e, "") == -1)
			return -1;
	}
	/* Several instances start at once: whoever gets the lock first seeds, the others
	 * see it. */
	if (db_begin(n->db, e) == -1)
		return -1;
	if (npc_setting(n, "seeded", &seeded, e) == -1 ||
	    (seeded == 0 && seed_all(n, e) == -1)) {
		db_rollback(n->db);
		return -1;
	}
	return db_commit(n->db, e);
}

static int
remove_files(struct npc *n, struct err *e)
{
	struct stmt *s = NULL;
	bool row = true;

	if (db_query(n->db, NQ_FILE_IDS, &s, e) == -1)
		return -1;
	while (db_step(s, &row, e) == 0 && row) {
		char *path = xasprintf("%s/%s", n->files, db_col_text(s, 0));

		if (unlink(path) == -1 && errno != ENOENT) {
			err_set_errno(e, ERR_IO, errno, "remove %s", path);
			free(path);
			db_done(s);
			return -1;
		}
		free(path);
	}
	db_done(s);
	return row ? -1 : 0;
}

int
npc_reset(struct npc *n, struct err *e)
{
	if (remove_files(n, e) == -1)
		return -1;
	for (int q = NQ_WIPE; q <= NQ_WIPE_SETTING; q++) {
		if (nq_exec(n, q, e, "") == -1)
			return -1;
	}
	return seed_all(n, e);
}
