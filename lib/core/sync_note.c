/* Answers given in Project Center: read and noted. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/str.h"

/* The seat of a contact: by id, by address, or by one of the further addresses. NULL: no
 * BIC. */
static const struct plan_bic *
seat_of(const struct run *r, const struct json *contact)
{
	for (size_t i = 0; i < r->bics_n; i++) {
		const struct plan_bic *b = &r->bics[i];

		if ((!str_empty(b->contact_id) &&
			str_eq(b->contact_id, json_str_or(contact, "id", ""))) ||
		    str_eq_ci(b->login, json_str_or(contact, "email", "")))
			return b;
		for (const struct json *m = json_first(json_get(contact, "otherEmails"));
		     m != NULL; m = json_next(m))
			if (json_str(m) != NULL && str_eq_ci(b->login, json_str(m)))
				return b;
	}
	return NULL;
}

static int
note_files(struct work *w, int64_t response_id, const struct json *files, int64_t now,
    struct err *e)
{
	for (const struct json *f = json_first(files); f != NULL; f = json_next(f)) {
		const char *name = json_str_or(f, "name", "file");

		if (item_file_add(w->r->db, w->it.id, response_id, "npc",
			json_str_or(f, "id", ""), name, name, json_i64_or(f, "size", -1),
			json_str_or(f, "sha256", ""), now, e) == -1)
			return -1;
	}
	return 0;
}

/* Add a row unless it is there; one that was only recorded may have become the closing one.
 */
static int
add_row(struct work *w, struct response *row, const struct json *files, const char *who,
    int64_t now, struct err *e)
{
	struct responses all = {0};
	char text[PLAN_TEXT_BYTES];
	bool added = false;
	int rc = -1;

	row->item_id = w->it.id;
	if (response_add(w->r->db, row, &added, e) == -1 ||
	    response_list(w->r->db, w->it.id, &all, e) == -1)
		goto out;
	for (size_t i = 0; i < all.n; i++) {
		if (!str_eq(all.v[i].npc_response_id, row->npc_response_id))
			continue;
		if (note_files(w, all.v[i].id, files, now, e) == -1)
			goto out;
		if (str_eq(all.v[i].close_kind, "respond") &&
		    !str_eq(row->close_kind, "respond") &&
		    response_closes(w->r->db, all.v[i].id, row->close_kind, e) == -1)
			goto out;
	}
	rc = 0;
	if (!added)
		goto out;
	w->changed = true;
	if (str_format(text, sizeof text, "%s%s%.200s.",
		str_eq(row->close_kind, "respond_and_close")
		    ? "Answered and closed in Project Center"
		: str_eq(row->close_kind, "respond")
		    ? "A response was recorded in Project Center"
		: str_eq(row->close_kind, "send_and_close")
		    ? "Closed in Project Center by Send and Close"
		    : "Closed in Project Center without a response",
		str_empty(row->action) ? "" : ": ", row->action) == -1)
		text[0] = '\0';
	rc = item_event(w->r->db, w->it.id, now, who, text, e);
out:
	responses_clear(&all);
	return rc;
}

static int
note_response(struct work *w, const struct json *j, int64_t now, struct err *e)
{
	const struct json *who = json_get(j, "responder");
	const struct plan_bic *b = seat_of(w->r, who);
	struct response row = {.account_id = b == NULL ? 0 : b->account_id};
	int rc;

	row.npc_response_id = xstrdup(json_str_or(j, "id", ""));
	row.author_login =
	    b != NULL ? xstrdup(b->login) : str_lower_dup(json_str_or(who, "email", ""));
	row.close_kind =
	    xstrdup(json_bool_or(j, "closes", false) ? "respond_and_close" : "respond");
	row.action = xstrdup(json_str_or(j, "action", ""));
	row.body = xstrdup(json_str_or(j, "text", ""));
	row.at = map_time(j, "respondedAt");
	rc = add_row(w, &row, json_get(j, "files"), row.author_login, now, e);
	free(row.npc_response_id);
	free(row.author_login);
	free(row.close_kind);
	free(row.action);
	free(row.body);
	return rc;
}

/* Closed without a response: a row of its own, so that it is shown. */
static int
note_plain_close(struct work *w, bool sent_on, int64_t now, struct err *e)
{
	char id[64], none[] = "", plain[] = "close", send[] = "send_and_close";
	struct response row = {.npc_response_id = id,
	    .author_login = none,
	    .close_kind = sent_on ? send : plain,
	    .action = none,
	    .body = none,
	    .at = map_time(w->npc, "closedAt")};

	if (str_format(id, sizeof id, "close-%" PRId64, row.at) == -1)
		return err_set(e, ERR_BUG, "time of a close");
	return add_row(w, &row, NULL, "Project Center", now, e);
}

/* ---- deleted on one side */

/* What has become of a response is said with it, and once in the history. */
static int
say(struct work *w, struct response *row, const char *state, const char *text, int64_t now,
    struct err *e)
{
	if (str_eq(row->reason, text))
		return 0;
	item_text(&row->state, state);
	item_text(&row->reason, text);
	w->changed = true;
	if (response_save(w->r->db, row, e) == -1)
		return -1;
	return item_event_with(w->r->db, w->it.id, now, w->reader, text, e);
}

/* Begun and not known how it ended: what was sent is looked up first. */
static int
is_under_way(struct work *w, const struct response *row, bool *out, struct err *e)
{
	struct effect f = {0};
	char key[64];
	bool found = false;

	answer_effect_key(w, row, key);
	if (effect_find(w->r->db, key, &f, &found, e) == -1)
		return -1;
	*out = found && f.state != EFFECT_FRESH;
	effect_clear(&f);
	return 0;
}

static bool
is_listed(const struct json *list, const char *id)
{
	for (const struct json *j = json_first(list); j != NULL; j = json_next(j))
		if (str_eq(json_str_or(j, "id", ""), id))
			return true;
	return false;
}

/* Responses that are gone from Project Center. Not sent yet: they are not. Sent: Procore
 * keeps them. */
static int
note_withdrawn(struct work *w, const struct json *list, int64_t now, struct err *e)
{
	struct responses all = {0};
	int rc = response_list(w->r->db, w->it.id, &all, e);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct response *row = &all.v[i];
		bool under_way = false;

		if (str_starts(row->npc_response_id, "close-") ||
		    is_listed(list, row->npc_response_id))
			continue;
		if (str_eq(row->state, "sent")) {
			rc = say(w, row, row->state,
			    "It was deleted in Project Center after it had been sent; "
			    "Procore keeps it.",
			    now, e);
		} else if (!str_eq(row->state, "not_sent")) {
			rc = is_under_way(w, row, &under_way, e);
			if (rc == 0 && !under_way)
				rc = say(w, row, "not_sent",
				    "It was deleted in Project Center before it was sent.",
				    now, e);
		}
	}
	responses_clear(&all);
	return rc;
}

static bool
is_reply(const struct plan_remote *r, const char *id)
{
	char text[24];

	for (size_t i = 0; i < r->replies_n; i++)
		if (str_format(text, sizeof text, "%" PRId64, r->replies[i].id) == 0 &&
		    str_eq(text, id))
			return true;
	return false;
}

int
answer_note_deleted(struct work *w, struct err *e)
{
	struct responses all = {0};
	int64_t now = clk_now();
	int rc;

	if (w->kind != PLAN_RFI || w->it.answers == 0 || w->remote.status == PLAN_DELETED)
		return 0;
	rc = response_list(w->r->db, w->it.id, &all, e);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct response *row = &all.v[i];

		/* one that was sent just now may not be listed everywhere yet */
		if (!str_eq(row->state, "sent") || !str_empty(row->reason) ||
		    row->sent_at > now - SYNC_LOOK_S ||
		    is_reply(&w->remote, row->procore_id))
			continue;
		rc = db_begin(w->r->db, e);
		if (rc == -1)
			break;
		rc = say(w, row, row->state,
		    "It is no longer in Procore; it is not sent again.", now, e);
		if (rc == 0)
			rc = db_commit(w->r->db, e);
		else
			db_rollback(w->r->db);
	}
	responses_clear(&all);
	return rc;
}

static int
note_rows(struct work *w, const struct json *list, const char *version, struct err *e)
{
	int64_t now = clk_now();
	const char *how;

	for (const struct json *j = json_first(list); j != NULL; j = json_next(j))
		if (note_response(w, j, now, e) == -1)
			return -1;
	how = json_str_or(w->npc, "closedBy", "");
	if ((str_eq(how, "close") || str_eq(how, "send_and_close")) &&
	    note_plain_close(w, str_eq(how, "send_and_close"), now, e) == -1)
		return -1;
	if (note_withdrawn(w, list, now, e) == -1)
		return -1;
	item_text(&w->it.npc_hash, version);
	item_text(&w->it.npc_status, json_str_or(w->npc, "status", ""));
	w->it.npc_updated_at = map_time(w->npc, "updatedAt");
	return item_save(w->r->db, &w->it, now, e);
}

int
answer_note(struct work *w, struct err *e)
{
	struct npc_answer a = {0};
	char version[24];
	int rc = -1;

	if (str_format(version, sizeof version, "%" PRId64,
		json_i64_or(w->npc, "version", 0)) == -1)
		return err_set(e, ERR_BUG, "version");
	if (str_eq(version, w->it.npc_hash))
		return 0;
	if (json_i64_or(w->npc, "responseCount", 0) > 0) {
		if (npc_responses(w->r->x->npc, item_npc_kind(w), w->r->npc_project,
			w->it.npc_id, &a, e) == -1)
			goto out;
		if (a.cause != CAUSE_NONE) {
			rc = in_npc_failed(
			    w, &a, "Project Center would not tell its responses", e);
			goto out;
		}
	}
	if (db_begin(w->r->db, e) == -1)
		goto out;
	if (note_rows(w, json_get(a.json, "items"), version, e) == -1) {
		db_rollback(w->r->db);
		goto out;
	}
	rc = db_commit(w->r->db, e);
out:
	npc_answer_clear(&a);
	return rc;
}
