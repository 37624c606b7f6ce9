/* One hook at Procore: look, make, mend, remove. */
#include "config.h"

#include "core/webhook_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/str.h"

enum {
	/* 100 a page. More of our own namespace in one project are not to be expected. */
	PAGES_MAX = 20
};

static const char *const resources[] = {"RFIs", "RFI Replies", "Submittals"};
static const char *const events[] = {"create", "update", "delete"};
enum {
	RESOURCES = sizeof resources / sizeof resources[0],
	EVENTS = sizeof events / sizeof events[0]
};

/* True when the call worked; else says why it did not. */
static bool
worked(struct keep *k, const struct procore_answer *a)
{
	k->cause = a->cause;
	if (a->cause == CAUSE_NONE)
		return true;
	k->lost = a->unknown;
	k->retry_at = a->retry_at;
	str_cut(k->why, sizeof k->why, a->text);
	return false;
}

/* v2.0 has texts for ids, v1.0 numbers. false: it has none that could be used. */
static bool
take_id(const struct json *j, char id[KEEP_ID_BYTES])
{
	const struct json *v = json_get(j, "id");
	int64_t n = 0;

	if (json_str(v) != NULL)
		return *json_str(v) != '\0' &&
		       str_copy(id, KEEP_ID_BYTES, json_str(v)) == 0;
	return json_as_i64(v, &n) && str_format(id, KEEP_ID_BYTES, "%" PRId64, n) == 0;
}

/* ---- looking */

/* Our hooks, as Procore shows them, appended to `ours`. */
static int
list(struct keep *k, struct json *ours, struct err *e)
{
	bool more = true;

	for (int page = 1; more && page <= PAGES_MAX; page++) {
		struct procore_answer a = {0};

		if (procore_hooks(
			k->procore, &k->at, k->api, k->want.name_space, page, &a, e) == -1)
			return -1;
		more = worked(k, &a) && a.more;
		k->listed = k->listed || k->cause == CAUSE_NONE;
		for (const struct json *h = json_first(procore_hooks_data(k->api, &a));
		     h != NULL; h = json_next(h))
			if (str_eq(json_str_or(h, "namespace", ""), k->want.name_space))
				json_add(ours, json_dup(h));
		procore_answer_clear(&a);
	}
	return 0;
}

/* "v2" and "v2.0" are two spellings of one version. */
static bool
same_version(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n == strcspn(b, ".") && strncmp(a, b, n) == 0;
}

/* The secret is shown masked: only its end can be compared. */
static bool
same_secret(const char *shown, const char *secret)
{
	if (*shown == '\0')
		return false;
	return str_ends(secret, shown + strspn(shown, "*"));
}

static bool
is_disabled(const struct json *h)
{
	return !str_eq(json_str_or(h, "status", "active"), "active");
}

static bool
is_right(const struct keep *k, const struct json *h)
{
	const char *version = json_str_or(
	    h, k->api == PROCORE_HOOKS_V2 ? "payload_version" : "api_version", "");

	return !is_disabled(h) && same_version(version, procore_hooks_payload(k->api)) &&
	       str_eq(json_str_or(h, "destination_url", ""), k->want.url) &&
	       same_secret(
		   json_str_or(h, "destination_headers.Authorization", ""), k->want.secret);
}

/* The one that we know if it is still there, else the first that can be used; NULL: none.
 */
static const struct json *
choose(struct keep *k, const struct json *ours)
{
	const struct json *first = NULL;
	char id[KEEP_ID_BYTES];

	for (const struct json *h = json_first(ours); h != NULL; h = json_next(h)) {
		if (!take_id(h, id))
			continue;
		if (str_eq(id, k->hook_id))
			return h;
		if (first == NULL)
			first = h;
	}
	if (first == NULL || !take_id(first, k->hook_id))
		k->hook_id[0] = '\0';
	return first;
}

/* ---- acting */

/* What is gone already is as good as removed. */
static int
drop(struct keep *k, const char *id, struct err *e)
{
	struct procore_answer a = {0};

	if (procore_hook_delete(k->procore, &k->at, k->api, id, &a, e) == -1)
		return -1;
	if (worked(k, &a))
		k->removed = true;
	else if (a.status == 404)
		k->cause = CAUSE_NONE;
	procore_answer_clear(&a);
	return 0;
}

/* All but the one that stays; NULL: all. */
static int
drop_others(
    struct keep *k, const struct json *ours, const struct json *stays, struct err *e)
{
	char id[KEEP_ID_BYTES];

	for (const struct json *h = json_first(ours); h != NULL && k->cause == CAUSE_NONE;
	     h = json_next(h))
		if (h != stays && take_id(h, id) && drop(k, id, e) == -1)
			return -1;
	return 0;
}

static int
make(struct keep *k, struct err *e)
{
	struct procore_answer a = {0};

	k->hook_id[0] = '\0';
	if (procore_hook_put(k->procore, &k->at, k->api, NULL, &k->want, &a, e) == -1)
		return -1;
	if (worked(k, &a)) {
		k->made = true;
		if (!take_id(procore_hooks_data(k->api, &a), k->hook_id)) {
			k->cause = CAUSE_UNREACHABLE;
			k->lost = true;
			str_cut(k->why, sizeof k->why,
			    "Procore's answer to the new webhook could not be read");
		}
	}
	procore_answer_clear(&a);
	return 0;
}

/* What is documented cannot switch a disabled hook on again by itself: if changing it does
 * not, a new one takes its place. */
static int
mend(struct keep *k, struct err *e)
{
	struct procore_answer a = {0};
	bool stays_off;

	if (procore_hook_put(k->procore, &k->at, k->api, k->hook_id, &k->want, &a, e) == -1)
		return -1;
	k->mended = worked(k, &a);
	stays_off = k->mended && is_disabled(procore_hooks_data(k->api, &a));
	procore_answer_clear(&a);
	if (!stays_off)
		return 0;
	if (drop(k, k->hook_id, e) == -1)
		return -1;
	return k->cause == CAUSE_NONE ? make(k, e) : 0;
}

/* ---- triggers */

/* Which of the wanted triggers are there; their ids are kept. */
static int
look_triggers(struct keep *k, bool have[RESOURCES][EVENTS], struct err *e)
{
	bool more = true;
	char id[KEEP_ID_BYTES];

	for (int page = 1; more && page <= PAGES_MAX; page++) {
		struct procore_answer a = {0};

		if (procore_triggers(k->procore, &k->at, k->api, k->hook_id, page, &a, e) ==
		    -1)
			return -1;
		more = worked(k, &a) && a.more;
		for (const struct json *t = json_first(procore_hooks_data(k->api, &a));
		     t != NULL; t = json_next(t))
			for (int r = 0; r < (int)RESOURCES; r++)
				for (int v = 0; v < (int)EVENTS; v++)
					/* v1.0 answers CREATE */
					if (!have[r][v] &&
					    str_eq(json_str_or(t, "resource_name", ""),
						resources[r]) &&
					    str_eq_ci(json_str_or(t, "event_type", ""),
						events[v]) &&
					    take_id(t, id)) {
						have[r][v] = true;
						json_add_str(k->triggers, id);
					}
		procore_answer_clear(&a);
	}
	return 0;
}

static int
add_trigger(struct keep *k, const char *resource, const char *event, struct err *e)
{
	struct procore_answer a = {0};
	char id[KEEP_ID_BYTES];

	if (procore_trigger_create(
		k->procore, &k->at, k->api, k->hook_id, resource, event, &a, e) == -1)
		return -1;
	if (worked(k, &a)) {
		k->mended = true;
		if (take_id(procore_hooks_data(k->api, &a), id))
			json_add_str(k->triggers, id);
	}
	procore_answer_clear(&a);
	return 0;
}

static int
ensure_triggers(struct keep *k, struct err *e)
{
	bool have[RESOURCES][EVENTS] = {0};

	json_free(k->triggers);
	k->triggers = json_arr();
	if (!k->made && look_triggers(k, have, e) == -1)
		return -1;
	for (int r = 0; r < (int)RESOURCES; r++)
		for (int v = 0; v < (int)EVENTS; v++)
			if (!have[r][v] && k->cause == CAUSE_NONE &&
			    add_trigger(k, resources[r], events[v], e) == -1)
				return -1;
	return 0;
}

/* ---- both together */

int
keep_ensure(struct keep *k, struct err *e)
{
	struct json *ours = json_arr();
	const struct json *h;
	int rc = -1;

	if (list(k, ours, e) == -1)
		goto out;
	rc = 0;
	if (k->cause != CAUSE_NONE)
		goto out;
	h = choose(k, ours);
	rc = drop_others(k, ours, h, e);
	if (rc == 0 && k->cause == CAUSE_NONE && h == NULL)
		rc = make(k, e);
	else if (rc == 0 && k->cause == CAUSE_NONE && !is_right(k, h))
		rc = mend(k, e);
	if (rc == 0 && k->cause == CAUSE_NONE)
		rc = ensure_triggers(k, e);
out:
	json_free(ours);
	return rc;
}

int
keep_remove(struct keep *k, struct err *e)
{
	struct json *ours = json_arr();
	int rc = list(k, ours, e);

	if (rc == 0 && k->cause == CAUSE_NONE)
		rc = drop_others(k, ours, NULL, e);
	json_free(ours);
	return rc;
}
