/* act.c: what the people of the firm do in Project Center: respond, close, reopen, write,
 * change contacts. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

enum { TEXT_MAX = 1000000, NAME_MAX_BYTES = 255 };

#define SUBMITTAL_LIST "Global UAC Submittal Action List"

int
act_find_item(
    struct npc *n, const char *project, const char *item, char **id, struct err *e)
{
	char *pid = NULL;

	if (!str_empty(project) &&
	    nq_text(n, NQ_PROJECT_BY_KEY, &pid, e, "s", project) == -1)
		return -1;
	if (!str_empty(project) && pid == NULL)
		return err_set(e, ERR_NOT_FOUND, "no project %s", project);
	*id = NULL;
	if (nq_text(n, NQ_ITEM_FIND, id, e, "ss", pid, item) == -1) {
		free(pid);
		return -1;
	}
	free(pid);
	return *id != NULL
		   ? 0
		   : err_set(e, ERR_NOT_FOUND, "no item %s", item != NULL ? item : "");
}

/* Project, kind and status of an item; owned by the caller. */
enum { I_PROJECT, I_KIND, I_N };

static int
item_row(struct npc *n, const char *id, char *row[I_N], struct err *e)
{
	char *v[3];

	if (nq_row(n, NQ_ITEM_FIND, v, 3, e, "ss", NULL, id) == -1)
		return -1;
	row[I_PROJECT] = v[1];
	row[I_KIND] = v[2];
	if (v[0] == NULL)
		return err_set(e, ERR_NOT_FOUND, "no item %s", id);
	free(v[0]);
	return 0;
}

static int
is_open(struct npc *n, char *const row[I_N], const char *id, bool *open, struct err *e)
{
	struct json *j = NULL;

	if (nq_json(n, NQ_ITEM_JSON, &j, e, "sss", id, row[I_PROJECT], row[I_KIND]) == -1)
		return -1;
	*open = str_eq(json_str_or(j, "status", ""), "Open");
	json_free(j);
	return 0;
}

static int
touch(struct npc *n, const char *id, struct err *e)
{
	return nq_exec(n, NQ_ITEM_TOUCH, e, "si", id, npc_now_ms(n));
}

static int
close_item(struct npc *n, const char *id, const char *how, struct err *e)
{
	if (nq_exec(n, NQ_ITEM_CLOSE, e, "ssi", id, how, npc_now_ms(n)) == -1)
		return -1;
	return touch(n, id, e);
}

/* The keyword and the person by what people call them. */
static int
find_action(struct npc *n, char *const item[I_N], const char *action, char *row[2],
    struct err *e)
{
	const char *list =
	    str_eq(item[I_KIND], "rfi") ? "RFI Action List" : SUBMITTAL_LIST;

	if (nq_row(n, NQ_KEYWORD_ACTION, row, 2, e, "sss", list, action,
		item[I_PROJECT]) == -1)
		return -1;
	return row[0] != NULL
		   ? 0
		   : err_set(e, ERR_INPUT, "no action %s of type Respond and Close in %s",
			 action != NULL ? action : "", list);
}

static int
find_person(
    struct npc *n, const char *project_id, const char *who, char **id, struct err *e)
{
	if (nq_text(n, NQ_CONTACT_FIND, id, e, "ssi", project_id, who, (int64_t)0) == -1)
		return -1;
	return *id != NULL ? 0
			   : err_set(e, ERR_NOT_FOUND, "%s is no contact of this project",
				 who != NULL ? who : "");
}

int
act_respond(struct npc *n, const char *item_id, const struct act_answer *a, struct err *e)
{
	char *row[I_N] = {NULL}, *word[2] = {NULL}, *contact = NULL;
	char response[NPC_ID_BYTES], file_id[NPC_ID_BYTES];
	int64_t word_id = 0;
	bool open = false;
	int rc = -1;

	if (item_row(n, item_id, row, e) == -1 ||
	    is_open(n, row, item_id, &open, e) == -1 ||
	    find_action(n, row, a->action, word, e) == -1 ||
	    find_person(n, row[I_PROJECT], a->person, &contact, e) == -1 ||
	    num_parse_i64(word[0], 1, INT64_MAX, &word_id) == -1)
		goto out;
	if (!open || a->text == NULL || strlen(a->text) > TEXT_MAX) {
		err_set(e, ERR_INPUT,
		    open ? "the text is missing or too long" : "the item is closed");
		goto out;
	}
	npc_new_id("rs", response);
	if (nq_exec(n, NQ_RESPONSE_PUT, e, "sssissii", response, item_id, word[1],
		word_id, a->text, contact, npc_now_ms(n), (int64_t)a->closes) == -1)
		goto out;
	for (size_t i = 0; i < a->files_n; i++)
		if (file_store(n, row[I_PROJECT], &a->files[i], file_id, e) == -1 ||
		    nq_exec(n, NQ_ITEM_FILE_PUT, e, "sssi", item_id, file_id, response,
			npc_now_ms(n)) == -1)
			goto out;
	rc = a->closes ? close_item(n, item_id, "respond_and_close", e)
		       : touch(n, item_id, e);
out:
	free(row[I_PROJECT]);
	free(row[I_KIND]);
	free(word[0]);
	free(word[1]);
	free(contact);
	return rc;
}

/* The item must be there and open, or closed. */
static int
need_state(struct npc *n, const char *id, bool want_open, struct err *e)
{
	char *row[I_N] = {NULL};
	bool open = false;
	int rc = item_row(n, id, row, e);

	if (rc == 0)
		rc = is_open(n, row, id, &open, e);
	if (rc == 0 && open != want_open)
		rc =
		    err_set(e, ERR_INPUT, open ? "the item is open" : "the item is closed");
	free(row[I_PROJECT]);
	free(row[I_KIND]);
	return rc;
}

int
act_close(struct npc *n, const char *item_id, const char *how, struct err *e)
{
	if (need_state(n, item_id, true, e) == -1)
		return -1;
	return close_item(n, item_id, how, e);
}

int
act_withdraw(struct npc *n, const char *item_id, struct err *e)
{
	if (nq_exec(n, NQ_RESPONSE_DROP_FILES, e, "s", item_id) == -1 ||
	    nq_exec(n, NQ_RESPONSE_DROP, e, "s", item_id) == -1)
		return -1;
	if (db_changes(n->db) == 0)
		return err_set(e, ERR_NOT_FOUND, "item %s has no response", item_id);
	return touch(n, item_id, e);
}

int
act_edit(struct npc *n, const char *item_id, const char *subject, const char *body,
    const char *due_date, struct err *e)
{
	if (need_state(n, item_id, true, e) == -1 ||
	    nq_exec(n, NQ_ITEM_EDIT, e, "ssss", item_id, subject, body, due_date) == -1)
		return -1;
	return touch(n, item_id, e);
}

int
act_reopen(struct npc *n, const char *item_id, struct err *e)
{
	if (need_state(n, item_id, false, e) == -1 ||
	    nq_exec(n, NQ_ITEM_REOPEN, e, "s", item_id) == -1)
		return -1;
	return touch(n, item_id, e);
}

int
act_remarks(struct npc *n, const char *item_id, const char *text, struct err *e)
{
	char *row[I_N] = {NULL};
	int rc = item_row(n, item_id, row, e);

	if (rc == 0 && (text == NULL || strlen(text) > TEXT_MAX))
		rc = err_set(e, ERR_INPUT, "the text is missing or too long");
	if (rc == 0)
		rc = nq_exec(n, NQ_ITEM_REMARKS, e, "ss", item_id, text);
	free(row[I_PROJECT]);
	free(row[I_KIND]);
	return rc == 0 ? touch(n, item_id, e) : -1;
}

static int
find_project(struct npc *n, const char *project, char **id, struct err *e)
{
	if (nq_text(n, NQ_PROJECT_BY_KEY, id, e, "s", project) == -1)
		return -1;
	return *id != NULL ? 0
			   : err_set(e, ERR_NOT_FOUND, "no project %s",
				 project != NULL ? project : "");
}

int
act_contact_add(struct npc *n, const char *project, const char *name, const char *email,
    const char *company, struct err *e)
{
	char *pid = NULL, *gone = NULL, *there = NULL, id[NPC_ID_BYTES];
	int rc = -1;

	if (find_project(n, project, &pid, e) == -1)
		goto out;
	if (str_empty(email) || strlen(email) > 254 || strchr(email, '@') == NULL) {
		err_set(e, ERR_INPUT, "an e-mail address is needed");
		goto out;
	}
	if (nq_text(n, NQ_CONTACT_FIND, &there, e, "ssi", pid, email, (int64_t)0) == -1 ||
	    nq_text(n, NQ_CONTACT_FIND, &gone, e, "ssi", pid, email, (int64_t)1) == -1)
		goto out;
	if (there != NULL) {
		rc = 0; /* said twice is done once */
	} else if (gone != NULL) {
		rc = nq_exec(n, NQ_CONTACT_REMOVED, e, "si", gone, (int64_t)0);
	} else {
		npc_new_id("ct", id);
		rc = nq_exec(n, NQ_CONTACT_PUT, e, "ssssssi", id, pid, "",
		    str_empty(name) ? email : name, email, company != NULL ? company : "",
		    (int64_t)1);
	}
out:
	free(pid);
	free(there);
	free(gone);
	return rc;
}

int
act_contact_remove(struct npc *n, const char *project, const char *who, struct err *e)
{
	char *pid = NULL, *id = NULL;
	int rc = -1;

	if (find_project(n, project, &pid, e) == 0 && find_person(n, pid, who, &id, e) == 0)
		rc = nq_exec(n, NQ_CONTACT_REMOVED, e, "si", id, (int64_t)1);
	free(pid);
	free(id);
	return rc;
}

int
act_keyword_rename(
    struct npc *n, const char *list, const char *from, const char *to, struct err *e)
{
	if (str_empty(to) || strlen(to) > NAME_MAX_BYTES)
		return err_set(e, ERR_INPUT, "the new name is missing or too long");
	if (nq_exec(n, NQ_KEYWORD_RENAME, e, "sss",
		str_empty(list) ? SUBMITTAL_LIST : list, from,
		to) == -1)
		return -1;
	return db_changes(n->db) > 0
		   ? 0
		   : err_set(e, ERR_NOT_FOUND, "no keyword %s", from != NULL ? from : "");
}

int
act_keyword_set(
    struct npc *n, const char *project, const char *name, bool there, struct err *e)
{
	char *pid = NULL;
	int rc = -1;

	if (str_empty(name) || strlen(name) > NAME_MAX_BYTES)
		return err_set(e, ERR_INPUT, "the name is missing or too long");
	if (!str_empty(project) && find_project(n, project, &pid, e) == -1)
		return -1;
	if (there)
		rc = nq_exec(n, NQ_KEYWORD_PUT, e, "sssss", SUBMITTAL_LIST, name, "",
		    "Respond and Close", pid);
	else
		rc = nq_exec(n, NQ_KEYWORD_DROP, e, "sss", SUBMITTAL_LIST, name, pid);
	if (rc == 0 && db_changes(n->db) == 0)
		rc = err_set(e, ERR_NOT_FOUND, "no keyword %s", name);
	free(pid);
	return rc;
}
