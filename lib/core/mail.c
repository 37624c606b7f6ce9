#include "config.h"

#include "core/mail.h"

#include <stdlib.h>

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

int
mail_open(struct db *db, const struct conf *c, const struct secret *password, struct mail_ctx *out, struct err *e)
{
	const char *hosts[] = {c->public_url, NULL};
	char *dir = xasprintf("%s/%s/mail", c->template_dir, c->language);
	struct tmpl_conf t = {.dir = dir, .lang = c->language, .url_hosts = hosts};
	struct mail_ctx m = {.db = db, .conf = c, .password = password};

	if (tmpl_set_open(&t, &m.set, e) == -1) {
		free(dir);
		return -1;
	}
	m.text_dir = dir;
	*out = m;
	return 0;
}

void
mail_close(struct mail_ctx *m)
{
	tmpl_set_free(m->set);
	free(m->text_dir);
	*m = (struct mail_ctx){0};
}

static int64_t
retry_at(const struct mail_row *row)
{
	int64_t gap = MAIL_RETRY_FIRST_S;

	for (int64_t i = 0; i < row->tries && gap < MAIL_RETRY_MAX_S; i++)
		gap *= 2;
	if (gap > MAIL_RETRY_MAX_S)
		gap = MAIL_RETRY_MAX_S;
	return clk_now() + gap + rnd_between(0, gap / 4);
}

static int
hand_over(struct mail_ctx *m, const struct mail_row *row, const char *subject, const char *text, const char *html,
    enum smtp_result *result, char why[256], struct err *e)
{
	struct smtp_conf s = {.url = m->conf->smtp_url, .user = m->conf->smtp_user, .password = m->password,
	    .ca_file = m->conf->ca_file, .total_ms = MAIL_TOTAL_MS};
	struct mime_mail mail = {.from = m->conf->mail_from, .from_name = "connectorweb", .to = row->to_address,
	    .to_name = row->to_name, .subject = subject, .message_id = row->message_id, .date_at = clk_now(),
	    .text = text, .html = html};
	struct buf wire = BUF_INIT(LIMIT_MAIL * 4);
	struct buf stop = BUF_INIT(LIMIT_URL);
	struct err bad = {0};
	int rc = 0;

	if (str_eq(row->kind, "digest")) {
		buf_printf(&stop, "mailto:%s?subject=Stop%%20the%%20connectorweb%%20digest", m->conf->support_email);
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
	return rc;
}

/* What became of one mail, and of the mail server as a whole. */
static int
record(struct mail_ctx *m, const struct mail_row *row, enum smtp_result result, const char *why,
    const char *subject, const char *text, const char *html, struct err *e)
{
	bool server_ok = result == SMTP_ACCEPTED || result == SMTP_PERMANENT;
	int rc = -1;

	if (db_begin(m->db, e) == -1)
		return -1;
	if (server_ok)
		rc = mail_row_end(m->db, row->id, result == SMTP_ACCEPTED ? "sent" : "refused", why, subject, text, html,
		    e);
	else
		rc = mail_row_later(m->db, row->id, retry_at(row), why, e);
	if (rc == 0)
		rc = incident_service(m->db, m->conf, "smtp", server_ok, server_ok ? "" : why, e);
	if (rc == -1) {
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
	return mail_row_later(m->db, row->id, retry_at(row), why, e);
}

/* *server_ok false: the server is out of order, further mails would fare no better now. */
static int
send_one(struct mail_ctx *m, const struct mail_row *row, bool *server_ok, struct err *e)
{
	struct buf subject = BUF_INIT(LIMIT_FIELD);
	struct buf text = BUF_INIT(LIMIT_MAIL);
	struct buf html = BUF_INIT(LIMIT_MAIL);
	enum smtp_result result = SMTP_LATER;
	char why[256] = "";
	bool still_true = true;
	int rc = -1;

	if (mail_compose(m, row, &subject, &text, &html, &still_true, e) == -1) {
		rc = not_composed(m, row, e);
		goto out;
	}
	if (!still_true) {
		rc = mail_row_drop(m->db, row->id, "no longer true when its turn came", e);
		goto out;
	}
	if (hand_over(m, row, buf_str(&subject), buf_str(&text), buf_str(&html), &result, why, e) == -1)
		goto out;
	log_event(result == SMTP_ACCEPTED ? LOG_INFO : LOG_WARN, "mail", "id", log_num(row->id), "kind", row->kind,
	    "result", result == SMTP_ACCEPTED ? "accepted" : why, NULL);
	*server_ok = result == SMTP_ACCEPTED || result == SMTP_PERMANENT;
	rc = record(m, row, result, why, buf_str(&subject), buf_str(&text), buf_str(&html), e);
out:
	buf_clear(&subject);
	buf_clear(&text);
	buf_clear(&html);
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
