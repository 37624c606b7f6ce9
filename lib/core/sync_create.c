/* From Procore into Project Center: the contact of the BIC, and the new item. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/effect.h"
#include "store/issue.h"
#include "store/job.h"
#include "store/sync_rows.h"

/* ---- contact */

/* A seat whose contact has turned up is checked as a whole again. */
static int
save_contact(struct run *r, const struct plan_bic *b, struct err *e)
{
	char text[PLAN_TEXT_BYTES] = "";
	int64_t now = clk_now();

	if (str_format(text, sizeof text,
		"No NPC contact information found for given login %.250s", b->login) == -1)
		text[0] = '\0';
	if (db_begin(r->db, e) == -1)
		return -1;
	if (sync_seat_contact(r->db, b->bic_id, b->contact_id, text, now, e) == -1 ||
	    job_wish(r->db, JOB_CHECK_BIC, b->bic_id, "", JOB_PRIO_BUSY, now, e) == -1) {
		db_rollback(r->db);
		return -1;
	}
	return db_commit(r->db, e);
}

/* Look the contact of a seat up, once a pass and seldom when there was none. */
int
create_contact(struct work *w, struct plan_bic *b, struct err *e)
{
	struct npc_answer a = {0};
	int rc;

	if (!str_empty(b->contact_id))
		return 0;
	if (npc_contacts(w->r->x->npc, w->r->npc_project, b->login, &a, e) == -1)
		return -1;
	if (a.cause != CAUSE_NONE) {
		rc = in_npc_failed(w, &a, "Project Center would not tell its contacts", e);
	} else {
		free(b->contact_id);
		b->contact_id = xstrdup(json_str_or(a.json, "items.0.id", ""));
		rc = save_contact(w->r, b, e);
	}
	npc_answer_clear(&a);
	return rc;
}

/* ---- create */

/* The item of the revision before, when it is in Project Center. */
static int
find_previous(struct work *w, char npc_id[256], struct err *e)
{
	struct item before = {0};
	int64_t id = 0;
	int rc = 0;

	npc_id[0] = '\0';
	if (w->remote.source_id != 0 && item_find_procore(w->r->db, w->r->connection_id,
					    w->it.kind, w->remote.source_id, &id, e) == -1)
		return -1;
	if (id == 0 && !str_empty(w->it.revision) && !str_eq(w->it.revision, "0") &&
	    item_find_number(w->r->db, w->r->connection_id, w->it.kind, w->it.number,
		w->it.id, &id, e) == -1)
		return -1;
	if (id == 0)
		return 0;
	if (item_get(w->r->db, id, &before, e) == -1)
		return -1;
	w->it.previous_id = before.id;
	if (before.npc_id != NULL)
		rc = str_copy(npc_id, 256, before.npc_id);
	item_clear(&before);
	return rc == -1 ? err_set(e, ERR_DB, "item %" PRId64 ".npc_id is too long", id) : 0;
}

static char *
create_body(struct work *w, const char *previous)
{
	struct json *j = json_obj(), *to;
	char external[64], *text;

	item_external_id(w, external);
	text = xasprintf("create-%" PRId64 "-%s", w->r->connection_id, external);
	json_put_str(j, "idempotencyKey", text);
	free(text);
	json_put_str(j, "externalId", external);
	to = json_put_arr(j, "toContactIds");
	for (size_t i = 0; i < w->r->bics_n; i++) {
		const struct plan_bic *b = &w->r->bics[i];

		if (!str_empty(b->contact_id) && plan_match(&w->remote, b, 1) != NULL)
			json_add_str(to, b->contact_id);
	}
	map_to_npc(&w->remote.fields, NULL, j);
	if (!str_empty(previous))
		json_put_str(j, "previousId", previous);
	text = json_text(j);
	json_free(j);
	return text;
}

/* What both sides hold: made just now, what was sent; found there, or made by an older
 * request, what Project Center says. The rest of that may have been answered long since:
 * without a version all of it is read. */
static void
take_made(struct work *w, const struct json *npc, bool fresh)
{
	struct plan_fields there = {0};
	char *version = xasprintf("%" PRId64, json_i64_or(npc, "version", 0)), *agreed;

	map_npc_fields(npc, &there);
	agreed = map_fields_text(fresh ? &w->remote.fields : &there);
	item_text(&w->it.agreed, agreed);
	item_text(&w->it.npc_hash, fresh ? version : "");
	plan_fields_clear(&there);
	free(agreed);
	free(version);
}

/* It is in Project Center: the item, its files, history and the effect's result in one
 * transaction. */
static int
linked_rows(struct work *w, const struct effect *f, const struct json *npc, bool fresh,
    int64_t now, struct err *e)
{
	struct item *it = &w->it;
	char text[PLAN_TEXT_BYTES];

	item_text(&it->npc_id, json_str_or(npc, "id", ""));
	item_text(&it->npc_number, json_str_or(npc, "number", ""));
	item_text(&it->npc_status, json_str_or(npc, "status", ""));
	take_made(w, npc, fresh);
	it->npc_updated_at = map_time(npc, "updatedAt");
	item_text(&it->state, "linked");
	item_text(&it->reason, "");
	item_text(&it->reason_text, "");
	it->court_left_at = 0;
	if (str_format(text, sizeof text, "Taken over into Project Center as %.100s.",
		it->npc_number) == -1)
		text[0] = '\0';
	if (item_carried(w, f, "item.create", it->npc_id, now, e) == -1 ||
	    item_save(w->r->db, it, now, e) == -1 || file_note_procore(w, e) == -1 ||
	    item_event_with(w->r->db, it->id, now, w->reader, text, e) == -1)
		return -1;
	return issue_clear_item(w->r->db, it->id, "to_npc", "", "it worked", now, e);
}

static int
link_item(struct work *w, const struct effect *f, const struct json *npc, bool fresh,
    struct err *e)
{
	if (str_empty(json_str_or(npc, "id", ""))) {
		struct npc_answer bad = {.cause = CAUSE_UNREACHABLE,
		    .text = "Project Center's answer has no id"};

		return in_npc_failed(w, &bad, "", e);
	}
	if (db_begin(w->r->db, e) == -1)
		return -1;
	if (linked_rows(w, f, npc, fresh, clk_now(), e) == -1) {
		db_rollback(w->r->db);
		return -1;
	}
	w->changed = true;
	w->npc = json_dup(npc);
	if (db_commit(w->r->db, e) == -1)
		return -1;
	return answer_note(w, e);
}

/* Is it there already, under our own name of it? *found: linked now. */
static int
adopt(struct work *w, const struct effect *f, bool *found, struct err *e)
{
	struct npc_answer a = {0};
	const struct json *hit;
	char external[64];
	int rc = 0;

	*found = false;
	item_external_id(w, external);
	if (npc_find(w->r->x->npc, item_npc_kind(w), w->r->npc_project, external, &a, e) ==
	    -1)
		return -1;
	hit = json_first(json_get(a.json, "items"));
	if (a.cause != CAUSE_NONE) {
		rc = in_npc_failed(w, &a, "Project Center would not be searched", e);
	} else if (hit != NULL) {
		*found = true;
		rc = link_item(w, f, hit, false, e);
	}
	npc_answer_clear(&a);
	return rc;
}

/* People there removed a contact since its seat was checked: all who are on this item are
 * looked up again, and the item is decided about once more. */
static int
forget_contacts(
    struct work *w, const struct effect *f, const struct npc_answer *a, struct err *e)
{
	w->contacts_stale = true;
	if (effect_refused(w->r->db, f, a->text, clk_now(), e) == -1)
		return -1;
	for (size_t i = 0; i < w->r->bics_n && !w->failed && !w->r->stopped; i++) {
		struct plan_bic *b = &w->r->bics[i];

		if (str_empty(b->contact_id) || plan_match(&w->remote, b, 1) == NULL)
			continue;
		b->contact_id[0] = '\0';
		if (create_contact(w, b, e) == -1)
			return -1;
	}
	return 0;
}

static int
call_create(struct work *w, const struct effect *f, bool fresh, struct err *e)
{
	struct npc_answer a = {0};
	struct json *body = NULL;
	bool ok = false, found = false;
	int rc = -1;

	if (json_parse(f->request, strlen(f->request), LIMIT_API_BODY, &body, e) == -1 ||
	    npc_create(w->r->x->npc, item_npc_kind(w), w->r->npc_project, body, &a, e) ==
		-1)
		goto out;
	if (str_eq(a.code, "unknown_contact") && !w->contacts_stale) {
		rc = forget_contacts(w, f, &a, e);
		goto out;
	}
	if (str_eq(a.code, "external_id_taken") || str_eq(a.code, "idempotency_conflict")) {
		rc = adopt(w, f, &found,
		    e); /* from an earlier connection of the same two projects */
		if (rc == -1 || found || w->failed || w->r->stopped)
			goto out;
	}
	rc = in_settle(w, f, &a, "Project Center would not take it", &ok, e);
	if (ok)
		rc = link_item(w, f, a.json, fresh, e);
out:
	npc_answer_clear(&a);
	json_free(body);
	return rc;
}

static int
create_key(const struct run *r, const char *kind, int64_t procore_id, char key[96],
    struct err *e)
{
	return str_format(key, 96, "npc.create:%s:%" PRId64 ":%" PRId64, kind,
		   r->connection_id, procore_id) == -1
		   ? err_set(e, ERR_BUG, "key of item %" PRId64, procore_id)
		   : 0;
}

int
create_begun(struct run *r, const char *kind, int64_t procore_id, bool *begun, struct err *e)
{
	struct effect f = {0};
	bool found = false;
	char key[96];

	if (create_key(r, kind, procore_id, key, e) == -1 ||
	    effect_find(r->db, key, &f, &found, e) == -1)
		return -1;
	*begun = found && f.state == EFFECT_IN_DOUBT;
	effect_clear(&f);
	return 0;
}

int
create_adopt(struct work *w, bool *linked, struct err *e)
{
	struct effect f = {0};
	bool found = false;
	char key[96];
	int rc = -1;

	*linked = false;
	if (create_key(w->r, w->it.kind, w->it.procore_id, key, e) == -1 ||
	    effect_find(w->r->db, key, &f, &found, e) == -1)
		return -1;
	rc = 0;
	if (!found || f.state != EFFECT_IN_DOUBT)
		goto out;
	rc = adopt(w, &f, linked, e);
	if (rc == 0 && !*linked && !w->failed && !w->r->stopped)
		rc = effect_refused(
		    w->r->db, &f, "not there, and wanted no more", clk_now(), e);
out:
	effect_clear(&f);
	return rc;
}

int
create_item(struct work *w, struct err *e)
{
	char key[96], previous[256];
	struct effect f = {0};
	bool found = false, fresh;
	char *body = NULL;
	int rc = -1;

	if (find_previous(w, previous, e) == -1 ||
	    create_key(w->r, w->it.kind, w->it.procore_id, key, e) == -1)
		return -1;
	body = create_body(w, previous);
	if (effect_begin(w->r->db, key, w->r->connection_id, w->it.id, "npc.create", 0,
		body, clk_now(), &f, e) == -1)
		goto out;
	fresh = f.state == EFFECT_FRESH; /* else what was written down then is sent once more */
	if (!fresh) {
		rc = adopt(w, &f, &found, e);
		if (rc == -1 || found || w->failed || w->r->stopped)
			goto out;
		rc = -1;
		if (effect_again(w->r->db, &f, 0, clk_now(), e) == -1)
			goto out;
	}
	rc = call_create(w, &f, fresh, e);
out:
	effect_clear(&f);
	free(body);
	return rc;
}
