#include "config.h"

#include "web/words.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

/* ---- items */

const char *
words_kind(struct web_req *r, const char *kind)
{
	return lang_text(
	    r->lang, str_eq(kind, "rfi") ? TEXT_KIND_RFI : TEXT_KIND_SUBMITTAL);
}

const char *
words_number(struct web_req *r, const char *number, const char *revision)
{
	if (str_empty(revision) || str_eq(revision, "0"))
		return web_say(r, TEXT_NUMBER_ALONE, "number", number, NULL);
	return web_say(
	    r, TEXT_NUMBER_REVISION, "number", number, "revision", revision, NULL);
}

struct state_words {
	const char *state, *icon;
	enum text word;
};

static void
put_state(struct web_req *r, const struct state_words *table, size_t n, const char *state,
    const char *text, struct json *obj)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(table[i].state, state)) {
			web_put_status(obj, "status", table[i].icon,
			    lang_text(r->lang, table[i].word), text);
			return;
		}
	web_put_status(
	    obj, "status", "warning", state, text); /* a state of a newer release */
}

void
words_put_item(struct web_req *r, const char *state, bool linked, const char *reason_text,
    struct json *obj)
{
	static const struct state_words table[] = {
	    {"skipped", "paused", TEXT_ITEM_SKIPPED},
	    {"waiting", "sync", TEXT_ITEM_WAITING},
	    {"linked", "connected", TEXT_ITEM_LINKED},
	    {"answered", "check", TEXT_ITEM_ANSWERED},
	    {"closed", "check", TEXT_ITEM_CLOSED},
	    {"parked", "warning", TEXT_ITEM_PARKED},
	};

	if (linked && str_eq(state, "parked"))
		web_put_status(obj, "status", "warning",
		    lang_text(r->lang, TEXT_ITEM_STOPPED), reason_text);
	else
		put_state(
		    r, table, sizeof table / sizeof table[0], state, reason_text, obj);
}

void
words_put_file(struct web_req *r, const char *state, const char *detail, struct json *obj)
{
	static const struct state_words table[] = {
	    {"waiting", "sync", TEXT_FILE_WAITING},
	    {"fetched", "sync", TEXT_FILE_WAITING},
	    {"done", "check", TEXT_FILE_DONE},
	    {"failed", "warning", TEXT_FILE_FAILED},
	    {"unavailable", "warning", TEXT_FILE_UNAVAILABLE},
	};

	put_state(r, table, sizeof table / sizeof table[0], state, detail, obj);
}

void
words_put_response(
    struct web_req *r, const char *state, const char *reason, struct json *obj)
{
	static const struct state_words table[] = {
	    {"waiting", "sync", TEXT_RESPONSE_WAITING},
	    {"sent", "check", TEXT_RESPONSE_SENT},
	    {"parked", "warning", TEXT_RESPONSE_PARKED},
	    {"not_sent", "paused", TEXT_RESPONSE_NOT_SENT},
	};

	put_state(r, table, sizeof table / sizeof table[0], state, reason, obj);
}

const char *
words_size(struct web_req *r, int64_t bytes)
{
	char n[32];
	bool big = bytes >= 1000 * 1000;
	int rc;

	if (bytes < 0)
		return "";
	if (big)
		rc = str_format(n, sizeof n, "%" PRId64 ".%" PRId64, bytes / 1000000,
		    bytes % 1000000 / 100000);
	else
		rc = str_format(n, sizeof n, "%" PRId64, (bytes + 999) / 1000);
	return rc == -1 ? "" : web_say(r, big ? TEXT_SIZE_MB : TEXT_SIZE_KB, "n", n, NULL);
}

/* ---- the audit trail */

const char *
words_actor(struct web_req *r, const struct view_act *a)
{
	if (!str_empty(a->actor_name))
		return web_say(r, TEXT_NUMBER_ALONE, "number", a->actor_name, NULL);
	if (str_eq(a->actor, "worker"))
		return lang_text(r->lang, TEXT_ACTOR_WORKER);
	return web_say(r, TEXT_NUMBER_ALONE, "number", a->actor, NULL);
}

static const struct {
	const char *action;
	enum text text;
} acts[] = {
    {"account.reconnect", TEXT_ACT_RECONNECT},
    {"account.refused", TEXT_ACT_REFUSED},
    {"account.hand_over", TEXT_ACT_HAND_OVER},
    {"account.link", TEXT_ACT_LINK},
    {"account.join", TEXT_ACT_JOIN},
    {"account.evidence", TEXT_ACT_EVIDENCE},
    {"bic.check", TEXT_ACT_BIC_CHECK},
    {"bic.add", TEXT_ACT_BIC_ADD},
    {"bic.remove", TEXT_ACT_BIC_REMOVE},
    {"bic.move", TEXT_ACT_BIC_MOVE},
    {"bic.hand_over", TEXT_ACT_BIC_HAND_OVER},
    {"hand_over.approve", TEXT_ACT_HAND_OVER_APPROVE},
    {"hand_over.withdraw", TEXT_ACT_HAND_OVER_WITHDRAW},
    {"person.remove", TEXT_ACT_PERSON_REMOVE},
    {"person.digest", TEXT_ACT_PERSON_DIGEST},
    {"connection.add", TEXT_ACT_CONNECTION_ADD},
    {"connection.rename", TEXT_ACT_CONNECTION_RENAME},
    {"connection.sync", TEXT_ACT_SYNC},
    {"connection.settings", TEXT_ACT_SETTINGS},
    {"connection.map", TEXT_ACT_MAP},
    {"connection.pause", TEXT_ACT_PAUSE},
    {"connection.resume", TEXT_ACT_RESUME},
    {"connection.disconnect", TEXT_ACT_DISCONNECT},
    {"project_admin.add", TEXT_ACT_ADMIN_ADD},
    {"issue.retry", TEXT_ACT_ISSUE_RETRY},
    {"issue.retry_all", TEXT_ACT_ISSUE_RETRY_ALL},
    {"issue.dismiss", TEXT_ACT_ISSUE_DISMISS},
    {"item.retry", TEXT_ACT_ITEM_RETRY},
    {"item.pull", TEXT_ACT_ITEM_PULL},
    {"account.sign_in", TEXT_ACT_SIGN_IN},
    {"connection.prepare", TEXT_ACT_PREPARE},
    {"connection.check", TEXT_ACT_PREPARE_CHECK},
    {"account.lost", TEXT_ACT_LOST},
    {"account.revoked", TEXT_ACT_REVOKED},
    {"company.app_missing", TEXT_ACT_APP_MISSING},
    {"company.app_connected", TEXT_ACT_APP_CONNECTED},
    {"bic.checked", TEXT_ACT_BIC_CHECKED},
    {"item.create", TEXT_ACT_ITEM_CREATE},
    {"item.update", TEXT_ACT_ITEM_UPDATE},
    {"item.reopen", TEXT_ACT_ITEM_REOPEN},
    {"item.file", TEXT_ACT_ITEM_FILE},
    {"item.answer", TEXT_ACT_ITEM_ANSWER},
    {"keys.rotated", TEXT_ACT_KEYS_ROTATED},
    {"person.add", TEXT_ACT_PERSON_ADD},
    {"person.change", TEXT_ACT_PERSON_CHANGE},
    {"webhook.create", TEXT_ACT_WEBHOOK_CREATE},
    {"webhook.repair", TEXT_ACT_WEBHOOK_REPAIR},
    {"webhook.remove", TEXT_ACT_WEBHOOK_REMOVE},
    {"keys.rotate", TEXT_ACT_KEYS_ROTATE},
    {"keys.rotate_finished", TEXT_ACT_KEYS_ROTATE_FINISHED},
    {"keys.recovery_confirmed", TEXT_ACT_KEYS_RECOVERY},
    {"denied", TEXT_ACT_DENIED},
};

const char *
words_act(struct web_req *r, const struct view_act *a)
{
	struct json *d = NULL;
	struct err ignored = {0};
	const char *said = NULL;

	/* The detail is JSON that we wrote; without it the sentence has less to say. */
	if (json_parse(a->detail, strlen(a->detail), LIMIT_TEXT, &d, &ignored) == -1)
		d = NULL;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (str_eq(acts[i].action, a->action))
			said = web_say(r, acts[i].text, "target", a->target, "login",
			    json_str_or(d, "login", a->login), "expected",
			    json_str_or(d, "expected", ""), "signed_in",
			    json_str_or(d, "signed_in", ""), "person",
			    json_str_or(d, "person", ""), "reason",
			    json_str_or(d, "reason", ""), "what",
			    json_str_or(d, "what", ""), "new_login",
			    json_str_or(d, "new_login", ""), "from",
			    json_str_or(d, "from", ""), "to", json_str_or(d, "to", ""),
			    "approved_by", json_str_or(d, "approved_by", ""), NULL);
	json_free(d);
	return said != NULL ? said
			    : web_say(r, TEXT_ACT_OTHER, "action", a->action, "target",
				  a->target, NULL);
}

const char *
words_field(struct web_req *r, const char *word)
{
	static const struct {
		const char *word;
		enum text text;
	} fields[] = {
	    {"number", TEXT_FIELD_NUMBER},
	    {"subject", TEXT_FIELD_SUBJECT},
	    {"body", TEXT_FIELD_BODY},
	    {"due_date", TEXT_FIELD_DUE_DATE},
	    {"spec_number", TEXT_FIELD_SPEC},
	    {"spec_name", TEXT_FIELD_SPEC},
	    {"from", TEXT_FIELD_FROM},
	    {"from_mail", TEXT_FIELD_FROM},
	    {"received_date", TEXT_FIELD_RECEIVED},
	    {"type", TEXT_FIELD_TYPE},
	    {"link", TEXT_FIELD_LINK},
	    {"status", TEXT_FIELD_STATUS},
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (str_eq(fields[i].word, word))
			return lang_text(r->lang, fields[i].text);
	return web_say(r, TEXT_NUMBER_ALONE, "number", word, NULL);
}
