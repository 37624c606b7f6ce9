/* One item pulled by its number, also one that was never listed. */
#include "config.h"

#include "core/sync_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/str.h"
#include "store/issue.h"
#include "store/job.h"
#include "store/retry.h"

/* A number is looked up through Procore's filter; should it be ignored one day, no more
 * than these pages are read. */
enum { PAGES_MAX = 20 };

struct pull {
	struct run r;
	enum plan_kind kind;
	const char *number, *by; /* borrowed from the job's arg */
	int found;               /* rows with this number: revisions share it */
	bool looked;             /* at least one account could read the whole list */
};

/* What people see, or the bare number: "07 54 19-3" or "3", "A-12" or "12". */
static bool
has_number(const struct json *j, const char *number)
{
	static const char *const names[] = {"number", "full_number", "formatted_number"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq_ci(json_str_or(j, names[i], ""), number))
			return true;
	return false;
}

/* Procore's filter wants the bare number: what follows the section or the prefix. NULL: it
 * is bare. */
static const char *
bare(const char *number)
{
	const char *dash = strrchr(number, '-'), *p;

	if (dash != NULL)
		return dash[1] == '\0' ? NULL : dash + 1;
	for (p = number + strlen(number); p > number && p[-1] >= '0' && p[-1] <= '9'; p--)
		;
	return p == number || *p == '\0' ? NULL : p;
}

/* The row becomes an item that is due, read afresh, eligible whatever its age; inside the
 * transaction of its page. */
static int
take(struct pull *p, const struct plan_remote *remote, struct err *e)
{
	int64_t id = 0;

	if (list_note(&p->r, remote, e) == -1 ||
	    item_find_procore(p->r.db, p->r.connection_id, plan_kind_word(p->kind),
		remote->id, &id, e) == -1)
		return -1;
	if (id == 0)
		return 0;
	p->found++;
	if (retry_item(p->r.db, id, true, e) == -1)
		return -1;
	return retry_event(p->r.db, id, p->by, "Pulled again by its number", e);
}

static int
take_page(struct pull *p, const struct json *list, struct err *e)
{
	if (db_begin(p->r.db, e) == -1)
		return -1;
	for (const struct json *j = json_first(list); j != NULL; j = json_next(j)) {
		struct plan_remote remote = {0};
		struct err bad = {0};
		int rc = 0;

		if (map_procore(p->kind, j, p->r.conf->procore_login_url, p->r.project_id,
			&remote, &bad) == -1)
			continue; /* a row without an id cannot be carried */
		if (has_number(j, p->number))
			rc = take(p, &remote, e);
		plan_remote_clear(&remote);
		if (rc == -1) {
			db_rollback(p->r.db);
			return -1;
		}
	}
	return db_commit(p->r.db, e);
}

/* What this account can see. */
static int
look(struct pull *p, const struct plan_bic *reader, const char *number, struct err *e)
{
	struct procore_at at = run_at(&p->r, reader->account_id);
	bool more = true;

	for (int page = 1; page <= PAGES_MAX && more; page++) {
		struct procore_answer a = {0};
		bool again = false;
		int rc;

		if (procore_by_number(&p->r.procore,
			p->kind == PLAN_RFI ? PROCORE_RFIS : PROCORE_SUBMITTALS, &at,
			number, page, &a, e) == -1)
			return -1;
		if (a.cause != CAUSE_NONE || json_type(a.json) != JSON_ARRAY) {
			if (a.cause == CAUSE_NONE || a.cause == CAUSE_ITEM)
				a.cause = CAUSE_UNREACHABLE;
			rc = run_procore_failed(
			    &p->r, &a, p->kind, reader->account_id, &again, e);
			procore_answer_clear(&a);
			return rc;
		}
		more = a.more && json_len(a.json) > 0;
		rc = take_page(p, a.json, e);
		procore_answer_clear(&a);
		if (rc == -1)
			return -1;
	}
	p->looked = true;
	return 0;
}

/* The person is told on the page: found things go on in a pass, the rest is an issue. */
static int
conclude(struct pull *p, struct err *e)
{
	const char *kind = p->kind == PLAN_RFI ? "RFI" : "Submittal";
	int64_t now = clk_now();
	char code[128], text[256];

	if (str_format(
		code, sizeof code, "pull-%s-%s", plan_kind_word(p->kind), p->number) == -1)
		return err_set(e, ERR_INPUT, "the number is too long");
	if (p->found > 0) {
		if (issue_clear_connection(
			p->r.db, p->r.connection_id, code, "it was found", now, e) == -1)
			return -1;
		return job_wish(
		    p->r.db, JOB_SYNC, p->r.connection_id, "", JOB_PRIO_PERSON, now, e);
	}
	if (str_format(text, sizeof text,
		p->looked ? "%s %.100s is not in the Procore project, or no BIC user may "
			    "see it"
			  : "%s %.100s could not be looked up: no BIC user of this project "
			    "can read it now",
		kind, p->number) == -1)
		return err_set(e, ERR_BUG, "text of an issue");
	return issue_open(p->r.db, p->r.connection_id, 0, "to_npc", code, text,
	    "Check the number in Procore, then pull the item again.", now, e);
}

static int
pull(struct pull *p, int64_t *retry_at, struct err *e)
{
	const char *tail = bare(p->number);

	/* visibility differs from person to person: the next one may see it */
	for (size_t i = 0; i < p->r.bics_n && p->found == 0 && !p->r.stopped; i++) {
		const struct plan_bic *b = &p->r.bics[i];

		if (b->signed_in && b->permitted[p->kind] && look(p, b, p->number, e) == -1)
			return -1;
		if (tail != NULL && p->found == 0 && !p->r.stopped && b->signed_in &&
		    b->permitted[p->kind] && look(p, b, tail, e) == -1)
			return -1;
	}
	if (p->r.stopped && p->found == 0) {
		*retry_at =
		    p->r.retry_at > clk_now() ? p->r.retry_at : clk_now() + SYNC_LOOK_S;
		return 0;
	}
	return conclude(p, e);
}

int
sync_pull(struct sync_ctx *x, const char *arg, int64_t *retry_at, struct err *e)
{
	struct pull p = {.found = 0};
	struct json *a = NULL;
	bool active = false;
	int rc = -1;

	*retry_at = 0;
	if (json_parse(arg, strlen(arg), LIMIT_FIELD, &a, e) == -1)
		return -1;
	p.kind = str_eq(json_str_or(a, "kind", ""), plan_kind_word(PLAN_RFI))
		     ? PLAN_RFI
		     : PLAN_SUBMITTAL;
	p.number = json_str_or(a, "number", "");
	p.by = json_str_or(a, "by", "connectorweb");
	if (run_open(&p.r, x, json_i64_or(a, "connection", 0), &active, e) == 0) {
		p.r.procore.priority = BUDGET_ANSWER; /* a person waits */
		rc = active ? pull(&p, retry_at, e) : 0;
	}
	run_close(&p.r);
	json_free(a);
	return rc;
}
