#include "config.h"

#include "core/incident.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "store/account.h"
#include "store/job.h"
#include "store/outbox.h"

enum {
	DAY_S = 86400,
	/* A worker that stood still at digest_hour makes up for it within this time, not in the middle of the night. */
	DIGEST_WINDOW_H = 4
};

/* When the n-th reminder (from 0) of an incident opened at this time is due; 0: no more. */
static int64_t
reminder_at(const struct conf *c, int64_t opened_at, int64_t n)
{
	if (n >= c->reminder_days_n)
		return 0;
	return opened_at + c->reminder_days[n] * DAY_S;
}

/* Right of @ in Message-IDs: our host without the port. */
static void
message_host(const struct conf *c, char *dst, size_t size)
{
	str_cut(dst, size, c->public_host);
	dst[strcspn(dst, ":")] = '\0';
}

static int
queue_to(struct db *db, const struct conf *c, const char *kind, int64_t incident_id, int64_t account_id,
    int64_t count, const struct outbox_people *people, struct err *e)
{
	char host[256];

	message_host(c, host, sizeof host);
	for (size_t i = 0; i < people->n; i++) {
		char dedupe[400];
		struct outbox_new m = {.kind = kind, .incident_id = incident_id, .account_id = account_id,
		    .asked_by = "", .dedupe = dedupe, .to_address = people->v[i].mail,
		    .to_name = people->v[i].name, .message_id_host = host};

		if (str_format(dedupe, sizeof dedupe, "%s:%" PRId64 ":%" PRId64 ":%.256s", kind, incident_id, count,
			people->v[i].mail) == -1)
			return err_set(e, ERR_INPUT, "mail address %.60s... is too long", people->v[i].mail);
		if (outbox_queue(db, &m, e) == -1)
			return -1;
	}
	return 0;
}

/* Who signs in with this account: the people joined to it, else the account's own address. */
static int
people_of_account(struct db *db, int64_t account_id, struct outbox_people *out, struct err *e)
{
	struct account a = {0};

	if (outbox_people(db, OUTBOX_OF_ACCOUNT, account_id, out, e) == -1)
		return -1;
	if (out->n > 0)
		return 0;
	if (account_get(db, account_id, &a, e) == -1)
		return -1;
	if (a.mail[0] != '\0')
		outbox_people_add(out, a.mail, a.name);
	else if (strchr(a.login, '@') != NULL)
		outbox_people_add(out, a.login, a.name);
	account_clear(&a);
	return 0;
}

int
incident_open_account(struct db *db, const struct conf *c, int64_t account_id, enum cause cause,
    const char *detail, struct err *e)
{
	struct outbox_people people = {0};
	char id_text[24];
	int64_t id = 0;
	int64_t now = clk_now();
	bool opened = false;
	int rc = -1;

	if (str_format(id_text, sizeof id_text, "%" PRId64, account_id) == -1)
		return err_set(e, ERR_BUG, "account id");
	if (incident_row_open(db, "account", id_text, cause_word(cause), detail, now, reminder_at(c, now, 0), &opened,
		&id, e) == -1)
		goto out;
	if (!opened) {
		rc = 0;
		goto out;
	}
	if (people_of_account(db, account_id, &people, e) == -1)
		goto out;
	/* Nobody to write to: those who can find out who it is. */
	if (people.n == 0 && (outbox_people(db, OUTBOX_ADMINS_OF_ACCOUNT, account_id, &people, e) == -1 ||
	                         outbox_people(db, OUTBOX_GLOBAL_ADMINS, 0, &people, e) == -1))
		goto out;
	if (queue_to(db, c, "lost", id, account_id, 0, &people, e) == -1)
		goto out;
	rc = job_wish(db, JOB_INCIDENTS, 0, "", JOB_PRIO_HOUSE, reminder_at(c, now, 0) ? reminder_at(c, now, 0) : now, e);
out:
	outbox_people_clear(&people);
	return rc;
}

/* Company and service incidents go to the Global Admins. */
static int
open_for_admins(struct db *db, const struct conf *c, const char *subject, const char *subject_id,
    enum cause cause, const char *detail, int64_t tell_at, struct err *e)
{
	struct outbox_people people = {0};
	int64_t now = clk_now();
	bool at_once = tell_at <= now;
	int64_t next = at_once ? reminder_at(c, now, 0) : tell_at;
	int64_t id = 0;
	bool opened = false;
	int rc = -1;

	if (incident_row_open(db, subject, subject_id, cause_word(cause), detail, at_once ? now : 0, next, &opened, &id,
		e) == -1)
		goto out;
	if (opened && at_once &&
	    (outbox_people(db, OUTBOX_GLOBAL_ADMINS, 0, &people, e) == -1 ||
	        queue_to(db, c, "service", id, 0, 0, &people, e) == -1))
		goto out;
	rc = opened ? job_wish(db, JOB_INCIDENTS, 0, "", JOB_PRIO_HOUSE, next == 0 ? now : next, e) : 0;
out:
	outbox_people_clear(&people);
	return rc;
}

int
incident_open_company(struct db *db, const struct conf *c, int64_t procore_company_id, const char *detail,
    struct err *e)
{
	char id_text[24];

	if (str_format(id_text, sizeof id_text, "%" PRId64, procore_company_id) == -1)
		return err_set(e, ERR_BUG, "company id");
	return open_for_admins(db, c, "company", id_text, CAUSE_APP_NOT_AT_COMPANY, detail, clk_now(), e);
}

/* Close with the mail "all is well again" to those who were told; what was not sent yet need not be. */
static int
close_open(struct db *db, const struct conf *c, const char *subject, const char *subject_id,
    int64_t account_id, struct err *e)
{
	struct outbox_people people = {0};
	struct incident_row r = {0};
	bool found = false;
	int rc = -1;

	if (incident_row_get(db, subject, subject_id, &r, &found, e) == -1)
		goto out;
	if (!found) {
		rc = 0;
		goto out;
	}
	if (incident_row_drop_mails(db, r.id, e) == -1 || incident_row_close(db, r.id, e) == -1)
		goto out;
	/* Only those who got a mail hear of the end: the unsent ones were dropped above. */
	if (r.told_at != 0 && (outbox_people(db, OUTBOX_MAILED, r.id, &people, e) == -1 ||
	                          queue_to(db, c, "recovered", r.id, account_id, 0, &people, e) == -1))
		goto out;
	rc = 0;
out:
	outbox_people_clear(&people);
	return rc;
}

int
incident_service(struct db *db, const struct conf *c, const char *name, int ok, const char *detail, struct err *e)
{
	bool local = str_eq(name, "configuration") || str_eq(name, "disk") || str_eq(name, "key") ||
	    str_eq(name, "clock") || str_eq(name, "audit");
	enum cause cause = str_eq(name, "configuration") ? CAUSE_CONFIGURATION
	    : local || str_eq(name, "smtp")              ? CAUSE_LOCAL
							 : CAUSE_UNREACHABLE;

	if (service_set(db, name, ok != 0, detail, e) == -1)
		return -1;
	if (ok)
		return close_open(db, c, "service", name, 0, e);
	return open_for_admins(db, c, "service", name, cause, detail,
	    clk_now() + (local ? 0 : INCIDENT_SERVICE_GRACE_S), e);
}

int
incident_service_works(struct db *db, const struct conf *c, const char *name, struct err *e)
{
	bool own_tx = !db_in_tx(db);
	bool unseen = false;

	if (service_unseen(db, name, clk_now() - INCIDENT_SERVICE_SEEN_S, &unseen, e) == -1)
		return -1;
	if (!unseen)
		return 0;
	if (own_tx && db_begin(db, e) == -1)
		return -1;
	if (incident_service(db, c, name, 1, "", e) == -1) {
		if (own_tx)
			db_rollback(db);
		return -1;
	}
	return own_tx ? db_commit(db, e) : 0;
}

int
incident_close_account(struct db *db, const struct conf *c, int64_t account_id, struct err *e)
{
	char id_text[24];

	if (str_format(id_text, sizeof id_text, "%" PRId64, account_id) == -1)
		return err_set(e, ERR_BUG, "account id");
	return close_open(db, c, "account", id_text, account_id, e);
}

int
incident_close_company(struct db *db, const struct conf *c, int64_t procore_company_id, struct err *e)
{
	char id_text[24];

	if (str_format(id_text, sizeof id_text, "%" PRId64, procore_company_id) == -1)
		return err_set(e, ERR_BUG, "company id");
	return close_open(db, c, "company", id_text, 0, e);
}

/* ---- reminders */

static int
remind_account(struct db *db, const struct conf *c, const struct incident_row *r, struct err *e)
{
	struct outbox_people people = {0};
	int64_t account_id = 0;
	int rc = -1;

	if (num_parse_i64(r->subject_id, 1, INT64_MAX, &account_id) == -1)
		return err_set(e, ERR_DB, "incident %" PRId64 " names no account", r->id);
	if (people_of_account(db, account_id, &people, e) == -1)
		goto out;
	/* From the second reminder on the projects' admins hear of it too. */
	if (r->reminders >= 1 && outbox_people(db, OUTBOX_ADMINS_OF_ACCOUNT, account_id, &people, e) == -1)
		goto out;
	rc = queue_to(db, c, "reminder", r->id, account_id, r->reminders + 1, &people, e);
out:
	outbox_people_clear(&people);
	return rc;
}

static int
remind_admins(struct db *db, const struct conf *c, const struct incident_row *r, struct err *e)
{
	struct outbox_people people = {0};
	int rc = -1;

	if (outbox_people(db, OUTBOX_GLOBAL_ADMINS, 0, &people, e) == 0)
		rc = queue_to(db, c, "service", r->id, 0, r->reminders + 1, &people, e);
	outbox_people_clear(&people);
	return rc;
}

static int
permission_people(struct db *db, int64_t account_id, struct outbox_people *people, struct err *e)
{
	if (people_of_account(db, account_id, people, e) == -1)
		return -1;
	return outbox_people(db, OUTBOX_ADMINS_OF_DENIED, account_id, people, e);
}

static int
remind_permission(struct db *db, const struct conf *c, const struct incident_row *r, struct err *e)
{
	struct outbox_people people = {0};
	int64_t account_id = 0;
	int rc = -1;

	if (num_parse_i64(r->subject_id, 1, INT64_MAX, &account_id) == -1)
		return err_set(e, ERR_DB, "incident %" PRId64 " names no account", r->id);
	if (permission_people(db, account_id, &people, e) == 0)
		rc = queue_to(db, c, "service", r->id, 0, r->reminders + 1, &people, e);
	outbox_people_clear(&people);
	return rc;
}

static int
remind(struct db *db, const struct conf *c, const struct incident_row *r, struct err *e)
{
	if (str_eq(r->subject, "account"))
		return remind_account(db, c, r, e);
	return str_eq(r->subject, "permission") ? remind_permission(db, c, r, e) : remind_admins(db, c, r, e);
}

/* One due incident: queue, and plan the next reminder. A first telling (service) is no reminder. */
static int
run_one(struct db *db, const struct conf *c, const struct incident_row *r, struct err *e)
{
	int64_t reminders = r->told_at == 0 ? 0 : r->reminders + 1;
	int64_t next = reminder_at(c, r->opened_at, reminders);
	int64_t now = clk_now();

	if (remind(db, c, r, e) == -1)
		return -1;
	/* After a long stop of the worker only the latest reminder goes out, not all that were missed. */
	while (next != 0 && next <= now)
		next = reminder_at(c, r->opened_at, ++reminders);
	return incident_row_told(db, r->id, now, reminders, next, e);
}

static int
open_untold(struct db *db, const struct conf *c, struct err *e)
{
	int64_t account_id = 0;
	bool lost = false;

	for (;;) {
		if (incident_row_untold_account(db, &account_id, &lost, e) == -1)
			return -1;
		if (account_id == 0)
			return 0;
		if (incident_open_account(db, c, account_id, lost ? CAUSE_SIGN_IN_LOST : CAUSE_SIGN_IN_NEEDED, "", e) == -1)
			return -1;
	}
}

/* Paused, disconnected, without a seat: nobody is reminded, and nobody hears that it is over. Should the account be
 * needed again, open_untold() tells anew. */
static int
close_unused(struct db *db, struct err *e)
{
	int64_t id = 0;

	for (;;) {
		if (incident_row_unused(db, &id, e) == -1)
			return -1;
		if (id == 0)
			return 0;
		if (incident_row_drop_mails(db, id, e) == -1 || incident_row_close(db, id, e) == -1)
			return -1;
	}
}

static int
open_permission(struct db *db, const struct conf *c, int64_t account_id, struct err *e)
{
	struct outbox_people people = {0};
	int64_t now = clk_now();
	int64_t id = 0;
	bool opened = false;
	char id_text[24];
	int rc = -1;

	if (str_format(id_text, sizeof id_text, "%" PRId64, account_id) == -1)
		return err_set(e, ERR_BUG, "account id");
	if (incident_row_open(db, "permission", id_text, cause_word(CAUSE_PERMISSION_LOST), "", now,
		reminder_at(c, now, 0), &opened, &id, e) == 0 &&
	    permission_people(db, account_id, &people, e) == 0)
		rc = queue_to(db, c, "service", id, 0, 0, &people, e);
	outbox_people_clear(&people);
	return rc;
}

/* Seats say what Procore allows; here it becomes one incident an account, or the end of one. */
static int
look_at_permissions(struct db *db, const struct conf *c, struct err *e)
{
	char id_text[24];
	int64_t id = 0;

	for (;;) {
		if (incident_row_denied_account(db, &id, e) == -1)
			return -1;
		if (id == 0)
			break;
		if (open_permission(db, c, id, e) == -1)
			return -1;
	}
	for (;;) {
		if (incident_row_allowed_account(db, &id, e) == -1)
			return -1;
		if (id == 0)
			return 0;
		if (str_format(id_text, sizeof id_text, "%" PRId64, id) == -1 ||
		    close_open(db, c, "permission", id_text, 0, e) == -1)
			return -1;
	}
}

/* Once a day to admins whose projects have open issues; the dedupe key holds the day. */
static int
queue_digests(struct db *db, const struct conf *c, struct err *e)
{
	struct outbox_people people = {0};
	int64_t now = clk_now();
	int64_t late = clk_local_hour(now) - c->digest_hour;
	char day[CLK_TEXT_BYTES];
	char digits[16] = "";
	int64_t day_number = 0;
	int rc = -1;

	if (late < 0 || late >= DIGEST_WINDOW_H)
		return 0;
	clk_local(now, day);
	if (str_format(digits, sizeof digits, "%.4s%.2s%.2s", day, day + 5, day + 8) == -1 ||
	    num_parse_i64(digits, 0, 99991231, &day_number) == -1)
		return err_set(e, ERR_BUG, "the day %s", day);
	if (outbox_people(db, OUTBOX_DIGEST, 0, &people, e) == 0)
		rc = queue_to(db, c, "digest", 0, 0, day_number, &people, e);
	outbox_people_clear(&people);
	return rc;
}

int
incident_run(struct db *db, const struct conf *c, int64_t *next_at, struct err *e)
{
	struct incident_row r = {0};
	bool found = true;

	if (db_begin(db, e) == -1)
		return -1;
	if (close_unused(db, e) == -1 || open_untold(db, c, e) == -1 || look_at_permissions(db, c, e) == -1 || queue_digests(db, c, e) == -1)
		goto fail;
	while (found) {
		if (incident_row_due(db, clk_now(), &r, &found, e) == -1 || (found && run_one(db, c, &r, e) == -1))
			goto fail;
	}
	if (incident_row_next(db, next_at, e) == -1)
		goto fail;
	return db_commit(db, e);
fail:
	db_rollback(db);
	return -1;
}

int
incident_mail_refused(struct db *db, const struct conf *c, int64_t incident_id, int64_t account_id,
    const char *address, struct err *e)
{
	struct outbox_people all = {0}, others = {0};
	int rc = -1;

	if (outbox_people(db, OUTBOX_ADMINS_OF_ACCOUNT, account_id, &all, e) == -1 ||
	    outbox_people(db, OUTBOX_GLOBAL_ADMINS, 0, &all, e) == -1)
		goto out;
	for (size_t i = 0; i < all.n; i++)
		if (!str_eq_ci(all.v[i].mail, address))
			outbox_people_add(&others, all.v[i].mail, all.v[i].name);
	rc = queue_to(db, c, "refused", incident_id, account_id, account_id, &others, e);
out:
	outbox_people_clear(&all);
	outbox_people_clear(&others);
	return rc;
}

int
incident_send_link(struct db *db, const struct conf *c, int64_t account_id, const char *asked_by, struct err *e)
{
	struct outbox_people people = {0};
	char host[256];
	int rc = -1;

	message_host(c, host, sizeof host);
	if (people_of_account(db, account_id, &people, e) == -1)
		goto out;
	if (people.n == 0) {
		rc = err_set(e, ERR_NOT_FOUND, "no mail address is known for this account; copy the link instead");
		goto out;
	}
	for (size_t i = 0; i < people.n; i++) {
		char dedupe[400];
		struct outbox_new m = {.kind = "link", .account_id = account_id, .asked_by = asked_by, .dedupe = dedupe,
		    .to_address = people.v[i].mail, .to_name = people.v[i].name, .message_id_host = host};

		/* Pressing the button again within a minute sends no second mail. */
		if (str_format(dedupe, sizeof dedupe, "link:%" PRId64 ":%" PRId64 ":%.256s", account_id,
			clk_now() / 60, people.v[i].mail) == -1 ||
		    outbox_queue(db, &m, e) == -1)
			goto out;
	}
	rc = 0;
out:
	outbox_people_clear(&people);
	return rc;
}
