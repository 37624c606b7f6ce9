/* Files of questions into Project Center, files of answers into Procore: each once, hashed.
 */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/spool.h"
#include "store/effect.h"

enum {
	/* A file that Procore is still processing, or a storage host that does not answer.
	 */
	FILE_LATER_S = 300,
	/* Procore drops uploads that nothing refers to after a week (procore.md 7.2). */
	UPLOAD_LIFE_S = 6 * 86400
};

int
file_note_procore(struct work *w, struct err *e)
{
	char name[256];

	for (size_t i = 0; i < w->remote.files_n; i++) {
		const struct plan_file *f = &w->remote.files[i];
		char id[24];

		if (str_format(id, sizeof id, "%" PRId64, f->id) == -1)
			return err_set(e, ERR_BUG, "file %" PRId64, f->id);
		(void)plan_file_name(f->name, name);
		if (item_file_add(w->r->db, w->it.id, 0, "procore", id, f->name, name, -1,
			"", clk_now(), e) == -1)
			return -1;
	}
	return 0;
}

/* Not a failure: come back later, and say so on the item. */
static void
later(struct work *w, const char *name, const char *why)
{
	int64_t at = clk_now() + FILE_LATER_S;
	char text[PLAN_TEXT_BYTES];

	if (w->wait_until == 0 || at < w->wait_until)
		w->wait_until = at;
	if (str_format(text, sizeof text, "The file \"%.200s\" is not there yet: %.200s",
		name, why) == -1)
		text[0] = '\0';
	item_text(&w->it.reason, plan_reason_word(PLAN_R_FILE));
	item_text(&w->it.reason_text, text);
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
		char id[24];

		if (str_format(id, sizeof id, "%" PRId64, w->remote.files[i].id) == 0 &&
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
	    item_event(w->r->db, w->it.id, now, "connectorweb", text, e) == -1) {
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
		    str_eq(t->carried_name, f->carried_name))
			return t;
	}
	return NULL;
}

/* Fetching did not work. Storage that does not answer is no fault of the item's. */
static int
fetch_failed(
    struct work *w, struct item_file *f, const struct procore_answer *a, struct err *e)
{
	char text[PLAN_TEXT_BYTES];

	if (a->cause == CAUSE_UNREACHABLE || a->cause == CAUSE_LIMITED) {
		later(w, f->name, a->text);
		return 0;
	}
	if (a->cause == CAUSE_SIGN_IN_LOST || a->cause == CAUSE_SIGN_IN_NEEDED) {
		later(w, f->name, a->text);
		return 0;
	}
	if (str_format(text, sizeof text,
		"The file \"%.200s\" could not be fetched from Procore: %.200s", f->name,
		a->text) == -1)
		text[0] = '\0';
	set_file(f, "failed", "", a->text);
	if (item_file_save(w->r->db, f, clk_now(), e) == -1)
		return -1;
	return item_fail(w, "to_npc", PLAN_R_FILE, text, e);
}

/* Bytes in hand: attach them. Announcing, sending and attaching may each be repeated (same
 * key, name, hash). */
static int
attach(struct work *w, struct item_file *f, const struct item_files *all, int fd,
    struct err *e)
{
	const struct item_file *twin = find_twin(all, f);
	char key[64], text[PLAN_TEXT_BYTES], file_id[256] = "";
	struct npc_answer a = {0};
	struct effect ef = {0};
	int rc = -1;

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
		f->carried_name, fd, f->bytes, f->sha256, file_id, &a, e) == -1)
		goto out;
	if (a.cause == CAUSE_NONE) {
		set_file(f, "done", file_id, "");
		rc = save_event(w, f, &ef, text, e);
		goto out;
	}
	if ((a.cause == CAUSE_ITEM ? effect_refused(w->r->db, &ef, a.text, clk_now(), e)
				   : effect_unsent(w->r->db, &ef, a.text, e)) == -1)
		goto out;
	rc = in_npc_failed(w, &a, "Project Center would not take a file", e);
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
	char sha[65] = "";
	int64_t bytes = 0;
	int fd = -1, rc = -1;

	if (remote == NULL) {
		set_file(f, "unavailable", "", "removed in Procore");
		return item_file_save(w->r->db, f, clk_now(), e);
	}
	if (remote->unavailable) {
		later(w, f->name, "Procore is still processing it.");
		return 0;
	}
	if (spool_temp(w->r->x->spool_dir, &fd, e) == -1 ||
	    procore_download(&w->r->procore, &at, remote->url, fd, &bytes, sha, &a, e) ==
		-1)
		goto out;
	if (a.cause != CAUSE_NONE) {
		rc = fetch_failed(w, f, &a, e);
		goto out;
	}
	f->bytes = bytes;
	item_text(&f->sha256, sha);
	rc = attach(w, f, all, fd, e);
out:
	if (fd >= 0)
		(void)close(fd);
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
	for (size_t i = 0; i < all.n && !w->failed && !w->r->stopped; i++) {
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
fetch_npc(struct work *w, struct item_file *f, int fd, bool *ok, struct err *e)
{
	struct npc_answer a = {0};
	char sha[65] = "";
	char *url = NULL;
	int64_t bytes = 0;
	int rc = -1;

	*ok = false;
	if (npc_file(w->r->x->npc, w->r->npc_project, f->origin_id, &a, e) == -1)
		goto out;
	if (a.cause == CAUSE_NONE) {
		url = xstrdup(json_str_or(a.json, "url", ""));
		npc_answer_clear(&a);
		if (npc_download(w->r->x->npc, url, fd, &bytes, sha, &a, e) == -1)
			goto out;
	}
	if (a.cause == CAUSE_NONE && !str_empty(f->sha256) && !str_eq(sha, f->sha256)) {
		later(w, f->name, "its bytes are not those that Project Center announced");
		rc = 0;
		goto out;
	}
	if (a.cause != CAUSE_NONE) {
		rc = in_npc_failed(w, &a, "Project Center would not hand a file over", e);
		goto out;
	}
	f->bytes = bytes;
	item_text(&f->sha256, sha);
	*ok = true;
	rc = 0;
out:
	free(url);
	npc_answer_clear(&a);
	return rc;
}

static int
upload_failed(struct work *w, struct item_file *f, const struct procore_answer *a,
    int64_t account_id, struct err *e)
{
	char text[PLAN_TEXT_BYTES];
	bool again = false;

	if (a->cause != CAUSE_ITEM && a->cause != CAUSE_PERMISSION_LOST)
		return run_procore_failed(w->r, a, w->kind, account_id, &again, e);
	if (str_format(text, sizeof text,
		"Procore would not take the file \"%.200s\": %.200s", f->name,
		a->text) == -1)
		text[0] = '\0';
	return item_fail(w, "to_procore", PLAN_R_FILE, text, e);
}

/* One file up. An upload that nothing refers to is dropped by Procore itself, so a lost
 * answer costs nothing: it is simply sent again, without a journal row. */
static int
upload_one(struct work *w, struct item_file *f, int64_t account_id, bool *ok, struct err *e)
{
	struct procore_at at = run_at(w->r, account_id);
	struct procore_answer a = {0};
	char uuid[64] = "";
	int fd = -1, rc = -1;

	if (spool_temp(w->r->x->spool_dir, &fd, e) == -1 ||
	    fetch_npc(w, f, fd, ok, e) == -1)
		goto out;
	rc = 0;
	if (!*ok)
		goto out;
	*ok = false;
	rc = procore_upload(&w->r->procore, &at, f->name, type_of(f->name), fd, f->bytes,
	    w->r->x->spool_dir, uuid, &a, e);
	if (rc == -1)
		goto out;
	if (a.cause != CAUSE_NONE) {
		rc = upload_failed(w, f, &a, account_id, e);
		goto out;
	}
	set_file(f, "done", uuid, "");
	rc = item_file_save(w->r->db, f, clk_now(), e);
	*ok = rc == 0;
out:
	if (fd >= 0)
		(void)close(fd);
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
