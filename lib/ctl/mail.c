/* connectorctl mail: what did not go out, sending it again, and what a mail says before anybody gets it. */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "core/mail.h"
#include "ctl/ctl_int.h"
#include "io/wake.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/report.h"

/* ---- mail list */

/* Columns of REPORT_OUTBOX. */
static void
show_mail(void *arg UNUSED, const struct report_row *r)
{
	char queued[CLK_TEXT_BYTES];
	char next[CLK_TEXT_BYTES];

	clk_local(report_i64(r, 5), queued);
	clk_local(report_i64(r, 6), next);
	printf("%" PRId64 "  %s to %s, queued %s, %" PRId64 " tries\n", report_i64(r, 0), report_text(r, 1),
	    report_text(r, 2), queued, report_i64(r, 4));
	if (str_eq(report_text(r, 3), "refused"))
		printf("    refused for good: %s\n", report_text(r, 7));
	else
		printf("    waits, next try %s: %s\n", next, report_text(r, 7));
}

int
ctl_mail_list(struct ctl *c, struct err *e)
{
	int n = 0;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (ctl_open_db(c, e) == -1 || report_run(c->db, REPORT_OUTBOX, 0, show_mail, NULL, &n, e) == -1)
		return -1;
	if (n == 0)
		printf("every mail went out at its first try, or is about to\n");
	return CTL_OK;
}

/* ---- mail again */

int
ctl_mail_again(struct ctl *c, struct err *e)
{
	int64_t id = 0, n = 0;

	if (c->argc > 2 || (c->argc == 2 && num_parse_i64(c->argv[1], 1, INT64_MAX, &id) == -1))
		return ctl_usage(c, "name one mail by its number (connectorctl mail list), or none for all");
	if (ctl_open_db(c, e) == -1 || db_begin(c->db, e) == -1 || mail_row_again(c->db, id, &n, e) == -1)
		return -1;
	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, id == 0 ? "no mail was refused" : "mail %" PRId64 " was not refused", id);
	if (ctl_audit_num(c, "mail.again", "mail", id, NULL, e) == -1 || db_commit(c->db, e) == -1)
		return -1;
	wake_send(c->conf.wake_socket);
	printf("%" PRId64 " queued again\n", n);
	return CTL_OK;
}

/* ---- mail preview */

struct preview {
	struct mail_row row;
	struct buf subject, text, html;
	bool kept; /* the texts are those that went out */
};

/* "lost cbeaumont@example.com", "digest pat@example.com" */
static int
made_up(struct ctl *c, const char *kind, const char *whom, struct preview *p, struct err *e)
{
	static const char *const kinds[] = {"lost", "reminder", "recovered", "link", "digest"};
	struct account a = {0};
	bool known = false;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		known = known || str_eq(kind, kinds[i]);
	if (!known)
		return err_set(e, ERR_INPUT, "there is no mail %.40s; lost, reminder, recovered, link, digest", kind);
	p->row = (struct mail_row){.queued_at = clk_now()};
	str_cut(p->row.kind, sizeof p->row.kind, kind);
	if (ctl_mail(whom, e) == -1)
		return -1;
	str_cut(p->row.to_address, sizeof p->row.to_address, whom);
	if (str_eq(kind, "digest"))
		return 0;
	if (ctl_find_account(c, whom, &a, e) == -1)
		return -1;
	p->row.account_id = a.id;
	str_cut(p->row.to_name, sizeof p->row.to_name, a.name);
	account_clear(&a);
	return 0;
}

static int
compose(struct ctl *c, struct preview *p, struct err *e)
{
	struct mail_ctx m = {0};
	struct secret none = {0};
	bool still_true = true;
	int rc;

	if (mail_open(c->db, &c->conf, &none, &m, e) == -1)
		return -1;
	m.preview = true;
	rc = mail_compose(&m, &p->row, &p->subject, &p->text, &p->html, &still_true, e);
	mail_close(&m);
	if (rc == 0 && !still_true)
		fprintf(stderr, "connectorctl: this mail would not go out now: there is nothing to tell\n");
	return rc;
}

static int
find(struct ctl *c, struct preview *p, struct err *e)
{
	int64_t id = 0;

	if (c->argc - optind == 2)
		return made_up(c, c->argv[optind], c->argv[optind + 1], p, e);
	if (num_parse_i64(c->argv[optind], 1, INT64_MAX, &id) == -1)
		return err_set(e, ERR_INPUT, "%.60s is no number of a mail", c->argv[optind]);
	if (mail_row_get(c->db, id, &p->row, &p->subject, &p->text, &p->html, e) == -1)
		return -1;
	p->kept = p->subject.len > 0;
	return 0;
}

int
ctl_mail_preview(struct ctl *c, struct err *e)
{
	static const struct option longs[] = {{"html", no_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
	struct preview p = {
	    .subject = BUF_INIT(LIMIT_FIELD), .text = BUF_INIT(LIMIT_MAIL), .html = BUF_INIT(LIMIT_MAIL)};
	bool html = false;
	int rc = -1;
	int o;

	while ((o = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (o != 'm')
			return ctl_usage(c, "the only option is --html");
		html = true;
	}
	if (c->argc - optind != 1 && c->argc - optind != 2)
		return ctl_usage(c, "name a mail by its number, or a kind and a Procore login (digest: an admin's address)");
	if (ctl_open_db(c, e) == -1 || find(c, &p, e) == -1 || (!p.kept && compose(c, &p, e) == -1))
		goto out;
	if (!html)
		printf("To: %s\nSubject: %s\n\n", p.row.to_address, buf_str(&p.subject));
	fputs(buf_str(html ? &p.html : &p.text), stdout);
	rc = CTL_OK;
out:
	buf_clear(&p.subject);
	buf_clear(&p.text);
	buf_clear(&p.html);
	return rc;
}
