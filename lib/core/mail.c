#include "config.h"

#include "core/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/mime.h"
#include "io/smtp.h"
#include "store/mailbox.h"

static int64_t
retry_at(const struct mail_row *row, int64_t max_s)
{
	int64_t gap = MAIL_RETRY_FIRST_S;

	for (int64_t i = 0; i < row->tries && gap < max_s; i++)
		gap *= 2;
	if (gap > max_s)
		gap = max_s;
	return clk_now() + gap + rnd_between(0, gap / 4);
}

/* Names and subjects come from directories, imports and Procore: what may not stand in a header must not keep the mail
 * from going out. Owned by the caller. */
static char *
header_text(const char *s)
{
	char *out = xstrdup(str_utf8_valid(s, strlen(s)) ? s : "");

	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return out;
}

static int
hand_over(struct mail_ctx *m, const struct mail_row *row, const char *subject, const char *text, const char *html,
    enum smtp_result *result, char why[256], struct err *e)
{
	struct smtp_conf s = {.url = m->conf->smtp_url, .user = m->conf->smtp_user, .password = m->password,
	    .ca_file = m->conf->ca_file, .total_ms = m->total_ms};
	char *to_name = header_text(row->to_name), *clean = header_text(subject);
	struct mime_mail mail = {.from = m->conf->mail_from, .from_name = "connectorweb", .to = row->to_address,
	    .to_name = to_name, .subject = clean, .message_id = row->message_id, .date_at = clk_now(),
	    .text = text, .html = html};
	struct buf wire = BUF_INIT(LIMIT_MAIL * 4);
	struct buf stop = BUF_INIT(LIMIT_URL);
	struct err bad = {0};
	int rc = 0;

	if (str_eq(row->kind, "digest")) {
		/* A page behind the domain sign-in, without any token: so no one-click post (RFC 8058), which needs one. */
		buf_printf(&stop, "%s/Projects/digest", m->conf->public_url);
		mail.unsubscribe_url = buf_str(&stop);
	}

	if (mime_write(&mail, &wire, &bad) == -1) {
		*result = SMTP_PERMANENT;
		str_cut(why, 256, bad.msg);
	} else if (smtp_send(&s, m->conf->mail_from, row->to_address, wire.p, wire.len, result, why, &bad) == -1) {
		*result = SMTP_PERMANENT;
		str_cut(why, 256, bad.msg);
		if (bad.code == ERR_BUG)
			rc = err_set(e, ERR_BUG, "%s", bad.msg);
	}
	buf_clear(&stop);
	buf_clear(&wire);
	free(to_name);
	free(clean);
	return rc;
}

/* What was sent. */
struct text {
	struct buf subject, plain, html;
};

static int
end(struct mail_ctx *m, const struct mail_row *row, const char *state, const char *why, const struct text *t,
    struct err *e)
{
	return mail_row_end(
	    m->db, row->id, state, why, buf_str(&t->subject), buf_str(&t->plain), buf_str(&t->html), e);
}

/* For good: the rest goes on; somebody else is told of this one. */
static int
park(struct mail_ctx *m, const struct mail_row *row, const char *why, const struct text *t, struct err *e)
{
	if (end(m, row, "refused", why, t, e) == -1)
		return -1;
	if (row->account_id == 0 || str_eq(row->kind, "refused") || str_eq(row->kind, "recovered"))
		return 0;
	return incident_mail_refused(m->db, m->conf, row->incident_id, row->account_id, row->to_address, e);
}

static int
down(struct mail_ctx *m, const struct mail_row *row, int64_t max_s, const char *why, bool in_doubt, struct err *e)
{
	int64_t until_at = retry_at(row, max_s);

	if (mail_row_later(m->db, row->id, until_at, why, in_doubt, e) == -1 ||
	    mail_row_hold(m->db, until_at, e) == -1)
		return -1;
	return incident_service(m->db, m->conf, "smtp", 0, why, e);
}

static int
doubt(struct mail_ctx *m, const struct mail_row *row, const char *why, const struct text *t, struct err *e)
{
	char twice[256];

	if (row->doubts + 1 < MAIL_DOUBTS_MAX)
		return down(m, row, MAIL_DOWN_MAX_S, why, true, e);
	if (str_format(twice, sizeof twice, "taken for delivered: %.200s, twice", why) == -1)
		twice[0] = '\0';
	return end(m, row, "sent", twice, t, e);
}

/* What became of one mail, and of the mail server as a whole. */
static int
record_result(struct mail_ctx *m, const struct mail_row *row, enum smtp_result result, const char *why,
    const struct text *t, struct err *e)
{
	switch (result) {
	case SMTP_ACCEPTED:
		if (end(m, row, "sent", why, t, e) == -1)
			return -1;
		return incident_service(m->db, m->conf, "smtp", 1, "", e);
	case SMTP_PERMANENT:
		if (park(m, row, why, t, e) == -1)
			return -1;
		return incident_service(m->db, m->conf, "smtp", 1, "", e);
	case SMTP_LATER:
		if (clk_now() - row->queued_at >= MAIL_PUT_OFF_MAX_S)
			return park(m, row, why, t, e);
		return mail_row_later(m->db, row->id, retry_at(row, MAIL_RETRY_MAX_S), why, false, e);
	case SMTP_DOUBT:
		return doubt(m, row, why, t, e);
	case SMTP_CONFIG:
		return down(m, row, MAIL_RETRY_MAX_S, why, false, e);
	case SMTP_DOWN:
		break;
	}
	return down(m, row, MAIL_DOWN_MAX_S, why, false, e);
}

static int
record(struct mail_ctx *m, const struct mail_row *row, enum smtp_result result, const char *why,
    const struct text *t, struct err *e)
{
	if (db_begin(m->db, e) == -1)
		return -1;
	if (record_result(m, row, result, why, t, e) == -1) {
		db_rollback(m->db);
		return -1;
	}
	return db_commit(m->db, e);
}

/* One that cannot be composed waits, in sight of the log, and does not hold up the others. */
static int
not_composed(struct mail_ctx *m, const struct mail_row *row, struct err *e)
{
	char why[256];

	if (e->code == ERR_BUSY || e->code == ERR_IO || e->code == ERR_DB)
		return -1;
	log_err("mail_compose", e);
	str_cut(why, sizeof why, e->msg);
	err_clear(e);
	return mail_row_later(m->db, row->id, retry_at(row, MAIL_RETRY_MAX_S), why, false, e);
}

/* *server_ok false: the server is out of order, further mails would fare no better now. */
static int
send_one(struct mail_ctx *m, const struct mail_row *row, bool *server_ok, struct err *e)
{
	struct text t = {BUF_INIT(LIMIT_FIELD), BUF_INIT(LIMIT_MAIL), BUF_INIT(LIMIT_MAIL)};
	enum smtp_result result = SMTP_DOWN;
	char why[256] = "";
	bool still_true = true;
	int rc = -1;

	if (mail_compose(m, row, &t.subject, &t.plain, &t.html, &still_true, e) == -1) {
		rc = not_composed(m, row, e);
		goto out;
	}
	if (!still_true) {
		rc = mail_row_drop(m->db, row->id, "no longer true when its turn came", e);
		goto out;
	}
	if (hand_over(m, row, buf_str(&t.subject), buf_str(&t.plain), buf_str(&t.html), &result, why, e) == -1)
		goto out;
	log_event(result == SMTP_ACCEPTED ? LOG_INFO : LOG_WARN, "mail", "id", log_num(row->id), "kind", row->kind,
	    "result", result == SMTP_ACCEPTED ? "accepted" : why, NULL);
	*server_ok = result == SMTP_ACCEPTED || result == SMTP_PERMANENT || result == SMTP_LATER;
	rc = record(m, row, result, why, &t, e);
out:
	buf_clear(&t.subject);
	buf_clear(&t.plain);
	buf_clear(&t.html);
	return rc;
}

int
mail_run(struct mail_ctx *m, int max, int64_t *next_at, struct err *e)
{
	int64_t until = clk_mono_ms() + MAIL_RUN_MS;
	struct mail_row row;
	bool found = true;
	bool server_ok = true;

	/* Without a mail server they wait until there is one. */
	if (str_empty(m->conf->smtp_url)) {
		*next_at = 0;
		return 0;
	}
	for (int i = 0; i < max && found && server_ok && clk_mono_ms() < until; i++) {
		if (mail_row_due(m->db, clk_now(), &row, &found, e) == -1 ||
		    (found && send_one(m, &row, &server_ok, e) == -1))
			return -1;
	}
	return mail_row_next(m->db, next_at, e);
}
