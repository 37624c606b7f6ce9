/* Files of questions into Project Center, files of answers into Procore: each once, hashed.
 */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/names.h"
#include "core/spool.h"
#include "store/effect.h"

enum {
	/* A file that Procore is still processing, or a storage host that does not answer.
	 */
	FILE_LATER_S = 300,
	/* Procore drops uploads that nothing refers to after a week (procore.md 7.2). */
	UPLOAD_LIFE_S = 6 * 86400,
	REMOTE_KEY_BYTES = 72,
	MAX_NUMBER = 999 /* of names that differ in case only */
};

/* Not a failure: come back later, and say so on the item. */
static void
later(struct work *w, const char *name, const char *why)
{
	int64_t at = clk_now() + FILE_LATER_S;
	char text[PLAN_TEXT_BYTES];

	if (w->wait_until == 0 || at < w->wait_until)
		w->wait_until = at;
	if (str_format(text, sizeof text, "The file \"%.200s\" is not there yet: %.200s",
		str_empty(name) ? "(still without a name)" : name, why) == -1)
		text[0] = '\0';
	item_text(&w->it.reason, plan_reason_word(PLAN_R_FILE));
	item_text(&w->it.reason_text, text);
}

/* A file by its id; one that was marked up by its version too, because its bytes are others then. */
static int
remote_key(const struct plan_file *f, char out[REMOTE_KEY_BYTES], struct err *e)
{
	bool plain = str_empty(f->version);

	if (str_format(out, REMOTE_KEY_BYTES, "%" PRId64 "%s%.40s", f->id, plain ? "" : "@",
		plain ? "" : f->version) == -1)
		return err_set(e, ERR_BUG, "file %" PRId64, f->id);
	return 0;
}

int
file_note_procore(struct work *w, struct err *e)
{
	char name[NAMES_BYTES];

	for (size_t i = 0; i < w->remote.files_n; i++) {
		const struct plan_file *f = &w->remote.files[i];
		char id[REMOTE_KEY_BYTES];

		if (remote_key(f, id, e) == -1)
			return -1;
		(void)names_carry(f->name, name);
		if (item_file_add(w->r->db, w->it.id, 0, "procore", id, f->name, name, -1,
			"", clk_now(), e) == -1)
			return -1;
	}
	return 0;
}

/* Its bytes on their way, held by this process alone. *held false: another one has it, which is said. */
static int
open_part(struct work *w, const struct item_file *f, struct spool_part *part, bool *held,
    struct err *e)
{
	struct err why = {0};
	char name[32], *key;
	int rc;

	if (str_format(name, sizeof name, "file-%" PRId64, f->id) == -1)
		return err_set(e, ERR_BUG, "file %" PRId64, f->id);
	key = xasprintf("%s:%s", f->origin, f->origin_id);
	rc = spool_open(w->r->x->spool_dir, name, key, part, &why);
	free(key);
	*held = rc == 0;
	if (rc == -1 && why.code != ERR_BUSY) {
		if (e != NULL)
			*e = why;
		return -1;
	}
	if (rc == -1)
		later(w, f->name, "another process is fetching it");
	return 0;
}

static void
set_file(struct item_file *f, const char *state, const char *other_id, const char *detail)
{
	item_text(&f->state, state);
	item_text(&f->other_id, other_id);
	item_text(&f->detail, detail);
}

/* ---- in */

static const struct plan_file *
find_remote(const struct work *w, const char *origin_id)
{
	for (size_t i = 0; i < w->remote.files_n; i++) {
		struct err ignored = {0};
		char id[REMOTE_KEY_BYTES];

		if (remote_key(&w->remote.files[i], id, &ignored) == 0 &&
		    str_eq(id, origin_id))
			return &w->remote.files[i];
	}
	return NULL;
}

static int
save_event(struct work *w, const struct item_file *f, const struct effect *ef,
    const char *text, struct err *e)
{
	int64_t now = clk_now();

	if (db_begin(w->r->db, e) == -1)
		return -1;
	if ((ef != NULL && item_carried(w, ef, "item.file", f->other_id, now, e) == -1) ||
	    item_file_save(w->r->db, f, now, e) == -1 ||
	    item_event_with(w->r->db, w->it.id, now, w->reader, text, e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	w->changed = true;
	return db_commit(w->r->db, e);
}

/* The same bytes under the same name are there already. */
static const struct item_file *
find_twin(const struct item_files *all, const struct item_file *f)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct item_file *t = &all->v[i];

		if (t != f && str_eq(t->state, "done") && str_eq(t->sha256, f->sha256) &&
		    str_eq(t->name, f->name))
			return t;
	}
	return NULL;
}

static bool
is_taken(const struct item_files *all, const struct item_file *f, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (&all->v[i] != f && str_eq(all->v[i].state, "done") &&
		    names_same(all->v[i].carried_name, name))
			return true;
	return false;
}

/* A name that no other file of the item has there. What is done keeps its name, so that a repeated try finds the
 * same one. */
static void
choose_name(struct item_file *f, const struct item_files *all)
{
	char base[NAMES_BYTES], name[NAMES_BYTES];

	(void)names_carry(f->name, base);
	str_cut(name, sizeof name, base);
	for (int n = 2; n <= MAX_NUMBER && is_taken(all, f, name); n++)
		names_number(base, n, name);
	item_text(&f->carried_name, name);
}

/* A file that cannot be carried does not hold up the others, nor an answer: it is told when all else is done. */
static int
file_failed(struct work *w, struct item_file *f, bool too_big, const char *what,
    const char *why, struct err *e)
{
	if (w->file_text[0] == '\0') {
		if (str_format(w->file_text, sizeof w->file_text, "%s \"%.200s\": %.200s", what,
			f->name, why) == -1)
			str_cut(w->file_text, sizeof w->file_text, what);
		w->file_too_big = too_big;
	}
	set_file(f, "failed", "", why);
	return item_file_save(w->r->db, f, clk_now(), e);
}

/* Our own disk: nobody's file is at fault, and all wait until there is room. */
static int
disk_failed(struct work *w, const struct item_file *f, const char *why, struct err *e)
{
	later(w, f->name, why);
	w->file_stop = true;
	return incident_service(w->r->db, w->r->conf, "disk", 0, why, e);
}

/* Fetching did not work. Storage that does not answer is no fault of the item's. */
static int
fetch_failed(
    struct work *w, struct item_file *f, const struct procore_answer *a, struct err *e)
{
	if (a->cause == CAUSE_LOCAL)
		return disk_failed(w, f, a->text, e);
	if (a->cause == CAUSE_UNREACHABLE || a->cause == CAUSE_LIMITED ||
	    a->cause == CAUSE_SIGN_IN_LOST || a->cause == CAUSE_SIGN_IN_NEEDED) {
		later(w, f->name, a->text);
		return 0;
	}
	return file_failed(w, f, a->too_big, "Procore's file could not be carried,", a->text, e);
}

/* Bytes in hand: attach them. Announcing, sending and attaching may each be repeated (same
 * key, name, hash). */
static int
attach(struct work *w, struct item_file *f, const struct item_files *all,
    const struct spool_part *part, struct err *e)
{
	const struct item_file *twin = find_twin(all, f);
	char key[64], text[PLAN_TEXT_BYTES], file_id[256] = "";
	struct npc_answer a = {0};
	struct effect ef = {0};
	int rc = -1;

	if (twin != NULL)
		item_text(&f->carried_name, twin->carried_name);
	else
		choose_name(f, all);
	if (str_format(text, sizeof text,
		"File \"%.200s\" taken over into Project Center%s%.200s.", f->name,
		str_eq(f->name, f->carried_name) ? "" : " as ",
		str_eq(f->name, f->carried_name) ? "" : f->carried_name) == -1)
		text[0] = '\0';
	if (twin != NULL) {
		set_file(f, "done", twin->other_id, "the same as another file");
		return save_event(w, f, NULL, text, e);
	}
	if (str_format(key, sizeof key, "npc.file:%" PRId64 ":%.16s", f->id, f->sha256) ==
		-1 ||
	    effect_begin(w->r->db, key, w->r->connection_id, w->it.id, "npc.file", 0, "{}",
		clk_now(), &ef, e) == -1)
		goto out;
	if (npc_attach(w->r->x->npc, item_npc_kind(w), w->r->npc_project, w->it.npc_id, key,
		f->carried_name, part, file_id, &a, e) == -1)
		goto out;
	if (a.cause == CAUSE_NONE) {
		set_file(f, "done", file_id, "");
		rc = save_event(w, f, &ef, text, e);
		goto out;
	}
	if ((a.cause == CAUSE_ITEM ? effect_refused(w->r->db, &ef, a.text, clk_now(), e)
				   : effect_unsent(w->r->db, &ef, a.text, e)) == -1)
		goto out;
	rc = a.cause == CAUSE_ITEM ? file_failed(w, f, str_eq(a.code, "too_large"),
					 "Project Center would not take the file", a.text, e)
				   : in_npc_failed(w, &a, "Project Center would not take a file", e);
out:
	effect_clear(&ef);
	npc_answer_clear(&a);
	return rc;
}

static int
carry_one(struct work *w, struct item_file *f, const struct item_files *all, struct err *e)
{
	const struct plan_file *remote = find_remote(w, f->origin_id);
	struct procore_at at = run_at(w->r, w->reader);
	struct procore_answer a = {0};
	struct spool_part part = {.fd = -1};
	bool held = false;
	int rc = -1;

	if (remote == NULL) {
		set_file(f, "unavailable", "", "removed in Procore");
		return item_file_save(w->r->db, f, clk_now(), e);
	}
	if (remote->unavailable) {
		later(w, f->name, "Procore is still processing it.");
		return 0;
	}
	if (open_part(w, f, &part, &held, e) == -1)
		return -1;
	if (!held)
		return 0;
	if (procore_download(&w->r->procore, &at, remote->url, &part, &a, e) == -1)
		goto out;
	if (a.cause != CAUSE_NONE) {
		rc = fetch_failed(w, f, &a, e);
		goto out;
	}
	f->bytes = part.bytes;
	item_text(&f->sha256, part.sha256);
	rc = attach(w, f, all, &part, e);
	if (rc == 0 && (str_eq(f->state, "done") || str_eq(f->state, "failed")))
		spool_drop(&part);
out:
	spool_close(&part);
	procore_answer_clear(&a);
	return rc;
}

int
file_carry_in(struct work *w, struct err *e)
{
	struct item_files all = {0};
	int rc = -1;

	if (item_files(w->r->db, w->it.id, "procore", 0, &all, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n && !w->failed && !w->file_stop && !w->r->stopped; i++) {
		if (str_eq(all.v[i].state, "done") ||
		    (str_eq(all.v[i].state, "unavailable") &&
			find_remote(w, all.v[i].origin_id) == NULL))
			continue;
		if (carry_one(w, &all.v[i], &all, e) == -1)
			goto out;
	}
	rc = 0;
out:
	item_files_clear(&all);
	return rc;
}

int
file_end(struct work *w, struct err *e)
{
	if (w->file_text[0] == '\0' || w->failed)
		return 0;
	return item_fail(
	    w, "to_npc", w->file_too_big ? PLAN_R_FILE_LIMIT : PLAN_R_FILE, w->file_text, e);
}

/* ---- out */

/* Procore's storage hands the type back at every download. */
static const char *
type_of(const char *name)
{
	static const char *const types[][2] = {{".pdf", "application/pdf"},
	    {".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
	    {".csv", "text/csv"}, {".txt", "text/plain"}, {".dwg", "image/vnd.dwg"},
	    {".zip", "application/zip"},
	    {".docx",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (str_ends_ci(name, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

/* Fetch an answer's file from Project Center. *ok false: not now, said. */
static int
fetch_npc(struct work *w, struct item_file *f, struct spool_part *part, bool *ok, struct err *e)
{
	struct npc_answer a = {0};
	char text[PLAN_TEXT_BYTES];
	int rc = -1;

	*ok = false;
	/* The bytes that were announced are here already, from a try that broke on the way up. */
	if (!part->whole || !str_eq(part->sha256, f->sha256)) {
		if (npc_fetch(w->r->x->npc, w->r->npc_project, f->origin_id, part, &a, e) == -1)
			goto out;
	}
	rc = 0;
	if (a.cause == CAUSE_LOCAL) {
		rc = disk_failed(w, f, a.text, e);
	} else if (a.cause == CAUSE_ITEM) {
		if (str_format(text, sizeof text,
			"The answer's file could not be carried, \"%.200s\": %.200s", f->name,
			a.text) == -1)
			text[0] = '\0';
		rc = item_fail(w, "to_procore", a.too_big ? PLAN_R_FILE_LIMIT : PLAN_R_FILE, text, e);
	} else if (a.cause != CAUSE_NONE) {
		rc = in_npc_failed(w, &a, "Project Center would not hand a file over", e);
	} else if (!str_empty(f->sha256) && !str_eq(part->sha256, f->sha256)) {
		later(w, f->name, "its bytes are not those that Project Center announced");
		spool_drop(part);
	} else {
		f->bytes = part->bytes;
		item_text(&f->sha256, part->sha256);
		*ok = true;
	}
out:
	npc_answer_clear(&a);
	return rc;
}

static int
upload_failed(struct work *w, struct item_file *f, const struct procore_answer *a,
    int64_t account_id, struct err *e)
{
	char text[PLAN_TEXT_BYTES];
	bool again = false;

	if (a->cause == CAUSE_LOCAL)
		return disk_failed(w, f, a->text, e);
	if (a->cause != CAUSE_ITEM && a->cause != CAUSE_PERMISSION_LOST)
		return run_procore_failed(w->r, a, w->kind, account_id, &again, e);
	if (str_format(text, sizeof text,
		"Procore would not take the file \"%.200s\": %.200s", f->name,
		a->text) == -1)
		text[0] = '\0';
	return item_fail(w, "to_procore", PLAN_R_FILE, text, e);
}

/* The name to show in Procore: a file that came from there under a mapped name gets its own back. */
static int
name_back(struct work *w, const struct item_file *f, char out[LIMIT_NAME], struct err *e)
{
	struct item_files in = {0};

	str_cut(out, LIMIT_NAME, f->name);
	if (item_files(w->r->db, w->it.id, "procore", 0, &in, e) == -1)
		return -1;
	for (size_t i = 0; i < in.n; i++)
		if (str_eq(in.v[i].state, "done") && str_eq(in.v[i].carried_name, f->name)) {
			str_cut(out, LIMIT_NAME, in.v[i].name);
			break;
		}
	item_files_clear(&in);
	return 0;
}

/* One file up. An upload that nothing refers to is dropped by Procore itself, so a lost
 * answer costs nothing: it is simply sent again, without a journal row. */
static int
upload_one(struct work *w, struct item_file *f, int64_t account_id, bool *ok, struct err *e)
{
	struct procore_at at = run_at(w->r, account_id);
	struct procore_answer a = {0};
	struct spool_part part = {.fd = -1};
	char uuid[64] = "", name[LIMIT_NAME];
	struct procore_file file = {.name = name, .type = type_of(f->name), .part = &part};
	int rc = -1;

	if (open_part(w, f, &part, ok, e) == -1)
		return -1;
	if (!*ok)
		return 0;
	if (fetch_npc(w, f, &part, ok, e) == -1 || name_back(w, f, name, e) == -1)
		goto out;
	rc = 0;
	if (!*ok)
		goto out;
	*ok = false;
	rc = procore_upload(&w->r->procore, &at, &file, uuid, &a, e);
	if (rc == -1)
		goto out;
	if (a.cause != CAUSE_NONE) {
		rc = upload_failed(w, f, &a, account_id, e);
		goto out;
	}
	set_file(f, "done", uuid, "");
	rc = item_file_save(w->r->db, f, clk_now(), e);
	*ok = rc == 0;
	if (*ok)
		spool_drop(&part);
out:
	spool_close(&part);
	procore_answer_clear(&a);
	return rc;
}

int
file_carry_out(struct work *w, const struct response *resp, int64_t account_id,
    struct json *upload_ids, bool *ready, struct err *e)
{
	struct item_files all = {0};
	int64_t now = clk_now();
	int rc = -1;

	*ready = true;
	if (item_files(w->r->db, w->it.id, "npc", resp->id, &all, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n && *ready; i++) {
		struct item_file *f = &all.v[i];

		if ((!str_eq(f->state, "done") || f->changed_at < now - UPLOAD_LIFE_S) &&
		    upload_one(w, f, account_id, ready, e) == -1)
			goto out;
		if (*ready)
			json_add_str(upload_ids, f->other_id);
	}
	rc = 0;
out:
	item_files_clear(&all);
	return rc;
}
