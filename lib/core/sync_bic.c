/* Checks of a BIC seat, and the response values of both sides. */
#include "config.h"

#include "core/sync_int.h"

#include "base/clk.h"
#include "base/str.h"
#include "core/audit.h"
#include "store/bic_check.h"
#include "store/item.h"
#include "store/job.h"
#include "store/sync_rows.h"

enum { RETRY_S = 300, STATE_TEXT_BYTES = 512 };

/* ---- permissions */

struct check {
	struct run r;
	int64_t bic_id, account_id, retry_at;
	char login[257], login_folded[257], was[32];
	char rfi[64], submittal[64]; /* Procore's levels; "" not known */
	char contact[256];
	bool contact_known;
	char denied[STATE_TEXT_BYTES]; /* why Procore lets this account do nothing here; ""
					  it does not say so */
	bool present, absent;          /* among the project's people, or not; else it cannot
					  be seen */
};

static int
read_seat(struct db *db, int64_t bic_id, struct check *c, int64_t *connection_id,
    bool *found, struct err *e)
{
	struct sync_seats l = {0};

	if (sync_seat_get(db, bic_id, &l, e) == -1)
		return -1;
	*found = l.n > 0;
	if (*found) {
		c->bic_id = bic_id;
		*connection_id = l.v[0].connection_id;
		c->account_id = l.v[0].account_id;
		str_cut(c->was, sizeof c->was, l.v[0].state);
		str_cut(c->login, sizeof c->login, l.v[0].login);
		str_cut(c->login_folded, sizeof c->login_folded, l.v[0].login_folded);
	}
	sync_seats_clear(&l);
	return 0;
}

/* Which tool is it? The keys are not documented (procore.md 12.16), so the shown name
 * counts too. */
static bool
is_tool(const struct json *tool, const char *const *names)
{
	const char *name = json_str_or(tool, "name", ""),
		   *friendly = json_str_or(tool, "friendly_name", "");

	for (; *names != NULL; names++)
		if (str_eq_ci(name, *names) || str_eq_ci(friendly, *names))
			return true;
	return false;
}

static void
read_levels(const struct json *j, struct check *c)
{
	static const char *const rfi[] = {"rfi", "rfis", NULL};
	static const char *const submittal[] = {
	    "submittal", "submittals", "submittal_log", "submittal_logs", NULL};

	str_cut(c->rfi, sizeof c->rfi, "None");
	str_cut(c->submittal, sizeof c->submittal, "None");
	for (const struct json *t = json_first(json_get(j, "tools")); t != NULL;
	     t = json_next(t)) {
		const char *level = json_str_or(t, "user_access_level.name", "None");

		if (is_tool(t, rfi))
			str_cut(c->rfi, sizeof c->rfi, level);
		else if (is_tool(t, submittal))
			str_cut(c->submittal, sizeof c->submittal, level);
	}
}

static void
retry_later(struct check *c, int64_t at)
{
	int64_t then = clk_now() + RETRY_S;

	c->retry_at = at > then ? at : then;
}

/* Signed in: Procore says itself what this person may do. */
static int
ask_levels(struct check *c, struct err *e)
{
	struct procore_at at = run_at(&c->r, c->account_id);
	struct procore_answer a = {0};
	int rc = 0;
	bool again = false;

	if (procore_permissions(&c->r.procore, &at, &a, e) == -1)
		return -1;
	if (a.cause == CAUSE_NONE) {
		read_levels(a.json, c);
	} else if (a.cause == CAUSE_PERMISSION_LOST || a.cause == CAUSE_ITEM) {
		if (str_format(c->denied, sizeof c->denied,
			"%.200s cannot see the project in Procore (%.200s).", c->login,
			a.text) == -1)
			c->denied[0] = '\0';
	} else if (a.cause != CAUSE_SIGN_IN_LOST && a.cause != CAUSE_SIGN_IN_NEEDED) {
		retry_later(c, a.retry_at);
		rc = run_procore_failed(&c->r, &a, PLAN_RFI, c->account_id, &again, e);
	}
	procore_answer_clear(&a);
	return rc;
}

/* What one BIC user sees of another in the project's directory. *again: nothing. */
static int
look_up(struct check *c, const struct plan_bic *reader, bool *again, struct err *e)
{
	struct procore_at at = run_at(&c->r, reader->account_id);
	struct procore_answer a = {0};
	bool named = false;
	int rc = 0;

	*again = true;
	if (procore_project_users(&c->r.procore, &at, 1, c->login, &a, e) == -1)
		return -1;
	if (a.cause == CAUSE_NONE) {
		for (const struct json *u = json_first(a.json); u != NULL;
		     u = json_next(u)) {
			named = named || !str_empty(json_str_or(u, "email_address", ""));
			c->present =
			    c->present ||
			    str_eq_ci(json_str_or(u, "email_address", ""), c->login) ||
			    str_eq_ci(json_str_or(u, "login", ""), c->login);
		}
		/* Without Directory rights addresses are left out: then nothing can be
		 * said. */
		c->absent = !c->present && (named || json_len(a.json) == 0);
		*again = !c->present && !c->absent;
	} else if (a.cause == CAUSE_UNREACHABLE || a.cause == CAUSE_LIMITED) {
		retry_later(c, a.retry_at);
		rc = run_procore_failed(&c->r, &a, PLAN_RFI, reader->account_id, again, e);
		*again = false;
	}
	procore_answer_clear(&a);
	return rc;
}

/* Not signed in yet: another BIC user can at least see whether the project knows this
 * person. */
static int
ask_membership(struct check *c, struct err *e)
{
	bool again = true;

	for (size_t i = 0; again && i < c->r.bics_n; i++) {
		const struct plan_bic *b = &c->r.bics[i];

		if (b->signed_in && b->account_id != c->account_id &&
		    look_up(c, b, &again, e) == -1)
			return -1;
	}
	return 0;
}

static int
ask_contact(struct check *c, struct err *e)
{
	struct npc_answer a = {0};
	int rc = 0;

	if (!npc_configured(c->r.x->npc))
		return 0;
	if (npc_contacts(c->r.x->npc, c->r.npc_project, c->login_folded, &a, e) == -1)
		return -1;
	if (a.cause == CAUSE_NONE) {
		c->contact_known = true;
		str_cut(
		    c->contact, sizeof c->contact, json_str_or(a.json, "items.0.id", ""));
	} else if (a.cause != CAUSE_ITEM) {
		retry_later(c, a.retry_at);
		rc = run_npc_failed(&c->r, &a, e);
	}
	npc_answer_clear(&a);
	return rc;
}

static bool
is_enough(const char *level)
{
	return str_eq_ci(level, "Standard") || str_eq_ci(level, "Admin");
}

static void
add_tool(struct buf *b, const char *level, const char *tool)
{
	if (str_empty(level) || is_enough(level))
		return;
	buf_printf(b, "%s%s on %s", b->len == 0 ? "" : " and ", level, tool);
}

/* The state and the sentence under it. */
static const char *
conclude(const struct check *c, char text[STATE_TEXT_BYTES])
{
	struct buf b = BUF_INIT(STATE_TEXT_BYTES);
	const char *state = "unchecked";

	text[0] = '\0';
	add_tool(&b, c->rfi, "RFIs");
	add_tool(&b, c->submittal, "Submittals");
	if (c->denied[0] != '\0') {
		state = "permission_lost";
		str_cut(text, STATE_TEXT_BYTES, c->denied);
	} else if (b.len > 0) {
		state = "permission_lost";
		if (str_format(text, STATE_TEXT_BYTES,
			"%.200s has %s in Procore; Standard or Admin is needed on both.",
			c->login, buf_str(&b)) == -1)
			text[0] = '\0';
	} else if (c->absent) {
		state = "permission_lost";
		if (str_format(text, STATE_TEXT_BYTES,
			"%.200s is not in the project's directory in Procore.",
			c->login) == -1)
			text[0] = '\0';
	} else if (c->contact_known && c->contact[0] == '\0') {
		state = "no_contact";
		if (str_format(text, STATE_TEXT_BYTES,
			"No NPC contact information found for given login %.250s",
			c->login) == -1)
			text[0] = '\0';
	} else if (c->rfi[0] != '\0' &&
		   (c->contact_known || !npc_configured(c->r.x->npc))) {
		state = "ok";
	}
	buf_clear(&b);
	return state;
}

static int
note_state(struct check *c, const char *state, const char *text, struct err *e)
{
	struct json *detail = json_obj();
	int rc;

	json_put_str(detail, "login", c->login);
	json_put_str(detail, "what", state);
	json_put_str(
	    detail, "reason", str_empty(text) ? "nothing stands in the way" : text);
	rc = audit_worker(
	    c->r.db, "bic.checked", "connection", c->r.connection_id, detail, e);
	json_free(detail);
	return rc;
}

static int
save_seat(struct check *c, struct err *e)
{
	char text[STATE_TEXT_BYTES];
	const char *state = conclude(c, text);
	struct db *db = c->r.db;
	int64_t now = clk_now();

	if (db_begin(db, e) == -1)
		return -1;
	if (sync_seat_put(
		db, c->bic_id, state, text, c->rfi, c->submittal, c->contact, now, e) == -1)
		goto fail;
	if (!str_eq(state, c->was) && note_state(c, state, text, e) == -1)
		goto fail;
	/* What waited for this seat is due again. */
	if (str_eq(state, "ok") && !str_eq(c->was, "ok") &&
	    (item_wake_reason(db, c->r.connection_id, c->account_id,
		 plan_reason_word(PLAN_R_NO_CONTACT), true, now, e) == -1 ||
		item_wake_reason(db, c->r.connection_id, c->account_id,
		    plan_reason_word(PLAN_R_PERMISSION), true, now, e) == -1 ||
		job_wish(db, JOB_SYNC, c->r.connection_id, "", JOB_PRIO_BUSY, now, e) ==
		    -1))
		goto fail;
	return db_commit(db, e);
fail:
	db_rollback(db);
	return -1;
}

int
sync_check_bic(struct sync_ctx *x, int64_t bic_id, int64_t *retry_at, struct err *e)
{
	struct check c = {0};
	const struct plan_bic *own;
	int64_t connection_id = 0;
	bool found = false, active = false;
	int rc = -1;

	*retry_at = 0;
	if (read_seat(x->oauth.db, bic_id, &c, &connection_id, &found, e) == -1)
		return -1;
	if (!found)
		return 0; /* removed meanwhile */
	if (run_open(&c.r, x, connection_id, &active, e) == -1)
		goto out;
	c.r.procore.priority =
	    BUDGET_ANSWER; /* somebody looks at the page that says "checking" */
	own = run_bic(&c.r, c.account_id);
	if ((own != NULL && own->signed_in ? ask_levels(&c, e) : ask_membership(&c, e)) ==
		-1 ||
	    ask_contact(&c, e) == -1)
		goto out;
	*retry_at = c.retry_at;
	/* A service that did not answer must not wipe out what was known. */
	rc = c.retry_at != 0 ? 0 : save_seat(&c, e);
out:
	run_close(&c.r);
	return rc;
}

/* ---- a login that has no seat yet */

static int
save_login(struct check *c, struct bic_check *row, struct err *e)
{
	row->checked_at = c->retry_at != 0 ? 0 : clk_now();
	if (c->denied[0] != '\0' || c->absent)
		row->member = BIC_NO;
	else
		row->member = c->present || c->rfi[0] != '\0' ? BIC_YES : BIC_UNKNOWN;
	row->contact = !c->contact_known      ? BIC_UNKNOWN
		       : c->contact[0] != '\0' ? BIC_YES
					      : BIC_NO;
	str_cut(row->rfi, sizeof row->rfi, c->rfi);
	str_cut(row->submittal, sizeof row->submittal, c->submittal);
	str_cut(row->waits, sizeof row->waits, c->r.error);
	return bic_check_put(c->r.db, row, e);
}

int
sync_check_login(
    struct sync_ctx *x, int64_t bic_check_id, int64_t *retry_at, struct err *e)
{
	struct bic_check row = {0};
	struct check c = {0};
	bool found = false, active = false;
	int rc = -1;

	*retry_at = 0;
	if (bic_check_get(x->oauth.db, bic_check_id, &row, &found, e) == -1)
		return -1;
	if (!found)
		return 0;
	c.account_id = row.account_id;
	str_cut(c.login, sizeof c.login, row.login);
	str_cut(c.login_folded, sizeof c.login_folded, row.login_folded);
	if (run_open(&c.r, x, row.connection_id, &active, e) == -1)
		goto out;
	c.r.procore.priority = BUDGET_ANSWER; /* somebody waits for it */
	if (row.signed_in && ask_levels(&c, e) == -1)
		goto out;
	/* Its own sign-in says more; without one the others may have seen this person. */
	if (c.rfi[0] == '\0' && c.denied[0] == '\0' && c.retry_at == 0 &&
	    ask_membership(&c, e) == -1)
		goto out;
	if (ask_contact(&c, e) == -1)
		goto out;
	*retry_at = c.retry_at;
	rc = save_login(&c, &row, e);
out:
	run_close(&c.r);
	return rc;
}

int
sync_resume_account(struct sync_ctx *x, int64_t account_id, struct err *e)
{
	struct sync_seats l = {0};
	struct db *db = x->oauth.db;
	int64_t now = clk_now();
	int rc = -1;

	if (sync_seats_of_account(db, account_id, &l, e) == -1 || db_begin(db, e) == -1)
		goto out;
	for (size_t i = 0; i < l.n; i++) {
		int64_t connection_id = l.v[i].connection_id;

		if (job_wish(db, JOB_CHECK_BIC, l.v[i].bic_id, "", JOB_PRIO_RESUME, now,
			e) == -1 ||
		    item_wake_account(db, connection_id, account_id, now, e) == -1 ||
		    item_wake_reason(db, connection_id, account_id,
			plan_reason_word(PLAN_R_PERMISSION), true, now, e) == -1 ||
		    job_wish(db, JOB_SYNC, connection_id, "", JOB_PRIO_RESUME, now, e) ==
			-1) {
			db_rollback(db);
			goto out;
		}
	}
	rc = db_commit(db, e);
out:
	sync_seats_clear(&l);
	return rc;
}
