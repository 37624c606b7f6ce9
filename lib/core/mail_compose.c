/* What a mail says: the model of html/README.md "Mails", filled from the database. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/cause.h"
#include "core/mail.h"
#include "store/account.h"
#include "store/mailbox.h"

/* Items and issues named one by one; the rest is on the portal. */
enum { ITEMS_NAMED = 20, ISSUES_NAMED = 50 };

int
mail_open(struct db *db, const struct conf *c, const struct secret *password, struct mail_ctx *out, struct err *e)
{
	const char *hosts[] = {c->public_url, NULL};
	char *dir = xasprintf("%s/%s/mail", c->template_dir, c->language);
	struct tmpl_conf t = {.dir = dir, .lang = c->language, .url_hosts = hosts};
	struct mail_ctx m = {.db = db, .conf = c, .password = password, .total_ms = MAIL_TOTAL_MS};

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

static void
add_project(void *arg, const struct mail_project *p)
{
	struct buf line = BUF_INIT(LIMIT_FIELD);
	struct json *row = json_add_obj(arg);

	buf_printf(&line, "%s %s", p->number, p->name);
	if (p->waiting > 0)
		buf_printf(&line, " (%" PRId64 " waiting)", p->waiting);
	if (!str_empty(p->text))
		buf_printf(&line, ": %s", p->text);
	json_put_str(row, "text", buf_str(&line));
	buf_clear(&line);
}

/* A list of which only the first ones are named. */
struct named {
	struct json *rows;
	int n; /* all of them, as far as they were read */
};

static void
add_item(void *arg, const struct mail_item *i)
{
	struct buf line = BUF_INIT(LIMIT_FIELD);
	struct named *list = arg;
	struct json *row;

	if (list->n++ >= ITEMS_NAMED)
		return;
	row = json_add_obj(list->rows);
	buf_printf(&line, "%s %s: %s (%s)", str_eq(i->kind, "rfi") ? "RFI" : "Submittal", i->number, i->subject,
	    i->project_number);
	json_put_str(row, "text", buf_str(&line));
	buf_clear(&line);
}

static void
put_link(const struct mail_ctx *m, const struct account *a, struct json *model)
{
	struct buf url = BUF_INIT(LIMIT_URL);

	buf_printf(&url, "%s/Projects/reconnect?account=%s", m->conf->public_url, a->public_id);
	json_put_str(model, "link", buf_str(&url));
	buf_clear(&url);
}

/* Why this person gets this mail, in one sentence. */
static void
put_why(const struct account *a, const char *kind, struct json *model)
{
	struct buf why = BUF_INIT(LIMIT_FIELD);

	/* The words in brackets are Procore's own: good for the Edit page, not for a person's mail. */
	int own = (int)strcspn(a->cause_text, "(");

	if (str_eq(kind, "recovered"))
		buf_puts(&why, "Nothing was lost meanwhile.");
	else if (a->state == ACCOUNT_NEEDED)
		buf_puts(&why, "It has not signed in for these projects yet.");
	else if (own == 0)
		buf_puts(&why, "Procore no longer accepts its sign-in.");
	else
		buf_printf(&why, "%.*s.", a->cause_text[own] == '(' ? own - 1 : own, a->cause_text);
	json_put_str(model, "why", buf_str(&why));
	buf_clear(&why);
}

static void
put_since(int64_t at, struct json *model)
{
	char text[CLK_TEXT_BYTES];

	clk_local(at, text);
	json_put_str(model, "since", text);
}

/* Whom the server would not take a mail for. */
static int
put_refused(struct mail_ctx *m, const struct account *a, struct json *model, struct err *e)
{
	char address[321] = "";
	char answer[513] = "";

	if (mail_refused_to(m->db, a->id, address, answer, e) == -1)
		return -1;
	json_put_str(model, "address", address);
	json_put_str(model, "answer", answer);
	return 0;
}

static int
account_model(struct mail_ctx *m, const struct mail_row *row, struct json *model, bool *still_true, struct err *e)
{
	struct account a = {0};
	struct named items = {.rows = json_put_arr(model, "items")};
	bool owner = true;
	bool in_use = false;
	int rc = -1;

	if (account_get(m->db, row->account_id, &a, e) == -1)
		return -1;
	if (account_in_use(m->db, a.id, &in_use, e) == -1 ||
	    mail_is_owner(m->db, a.id, row->to_address, &owner, e) == -1 ||
	    (str_eq(row->kind, "refused") && put_refused(m, &a, model, e) == -1))
		goto out;
	/* A lost sign-in that no running project needs is nobody's business. */
	*still_true = str_eq(row->kind, "recovered") || str_eq(row->kind, "link") ||
	    (in_use && (a.state == ACCOUNT_NEEDED || a.state == ACCOUNT_LOST));
	json_put_bool(model, "owner", owner);
	json_put_str(model, "account_name", a.name);
	json_put_str(model, "login", a.login);
	json_put_str(model, "asked_by", row->asked_by);
	put_link(m, &a, model);
	put_why(&a, row->kind, model);
	put_since(a.since_at, model);
	if (mail_projects_of_account(m->db, a.id, add_project, json_put_arr(model, "projects"), e) == -1 ||
	    mail_items_of_account(m->db, a.id, ITEMS_NAMED + 1, add_item, &items, e) == -1)
		goto out;
	json_put_str(model, "more_text", items.n > ITEMS_NAMED ? "and more; the list is on the portal" : "");
	rc = 0;
out:
	account_clear(&a);
	return rc;
}

static void
put_letter(const struct mail_ctx *m, const struct mail_incident *i, struct json *model)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);

	buf_printf(&b,
	    "To the Procore administrator of %s:\n\n"
	    "Our design team exchanges RFIs and submittals with your Procore projects through our own app. At the "
	    "moment Procore answers that the app is not connected to your company. Please open Company Admin, App "
	    "Management, and install (or reconnect) our custom app",
	    i->company);
	if (m->conf->procore_app_version_key != NULL && m->conf->procore_app_version_key[0] != '\0')
		buf_printf(&b, " with this App Version Key: %s", m->conf->procore_app_version_key);
	buf_puts(&b, ". Nothing else needs to be changed. Thank you.");
	json_put_str(model, "letter", buf_str(&b));
	buf_clear(&b);
}

static int
company_model(struct mail_ctx *m, const struct mail_incident *i, struct json *model, struct err *e)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);
	int64_t id = 0;

	if (num_parse_i64(i->subject_id, 1, INT64_MAX, &id) == -1)
		return err_set(e, ERR_DB, "incident of a company names none");
	buf_printf(&b, "Procore: our app is not connected at %s", i->company);
	json_put_str(model, "what", buf_str(&b));
	buf_clear(&b);
	json_put_str(model, "why", "Procore answers every call for this company with a refusal, whoever signs in.");
	json_put_str(model, "remedy",
	    "Only that company's Procore administrator can mend it. Send them the letter below.");
	put_letter(m, i, model);
	return mail_projects_of_company(m->db, id, add_project, json_put_arr(model, "projects"), e);
}

/* Signed in, but Procore does not let this account do what its projects need. */
static int
permission_model(struct mail_ctx *m, const struct mail_incident *i, struct json *model, struct err *e)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);
	struct account a = {0};
	int64_t id = 0;
	int rc = -1;

	if (num_parse_i64(i->subject_id, 1, INT64_MAX, &id) == -1)
		return err_set(e, ERR_DB, "incident of a permission names no account");
	if (account_get(m->db, id, &a, e) == -1)
		goto out;
	buf_printf(&b, "Procore: %s lacks a permission", a.login);
	json_put_str(model, "what", buf_str(&b));
	json_put_str(model, "why",
	    "The sign-in works, but Procore does not let this account do what the projects below need. Their items wait.");
	json_put_str(model, "remedy",
	    "The contractor's Procore project administrator can mend it: Standard or Admin on both RFIs and Submittals. "
	    "Signing in again does not help. It is noticed by itself when it is mended.");
	json_put_str(model, "letter", "");
	rc = mail_projects_denied(m->db, a.id, add_project, json_put_arr(model, "projects"), e);
out:
	buf_clear(&b);
	account_clear(&a);
	return rc;
}

static void
service_model(const struct mail_incident *i, struct json *model)
{
	static const struct {
		const char *name, *what, *remedy;
	} rows[] = {
	    {"procore", "Procore is not answering", "Nothing to do: it is tried again by itself."},
	    {"npc", "Project Center is not answering", "Nothing to do unless it lasts: it is tried again by itself."},
	    {"smtp", "Mail cannot be sent", "Check smtp_url, smtp_user and the password in connectorweb.conf."},
	    {"disk", "The disk of this server is nearly full", "Make room, or move backups and old logs elsewhere."},
	    {"clock", "The clock of this server is wrong", "Let the server take its time from the network (NTP)."},
	    {"audit", "The audit trail is not being sealed", "Run `connectorctl audit verify` on the server."},
	    {"configuration", "A setting is wrong", "Run `connectorctl doctor` on the server: it names the setting."},
	};
	const char *what = "Something on this server is out of order";
	const char *remedy = "Run `connectorctl doctor` on the server: it names the cause.";

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
		if (str_eq(i->subject_id, rows[r].name)) {
			what = rows[r].what;
			remedy = rows[r].remedy;
		}
	json_put_str(model, "what", what);
	json_put_str(model, "why", i->detail);
	json_put_str(model, "remedy", remedy);
	json_put_str(model, "letter", "");
	json_put_arr(model, "projects");
}

/* The same incident, over: told to those who had been told. */
static void
over_model(struct json *model)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);

	buf_printf(&b, "All is well again (%s)", json_str_or(model, "what", ""));
	json_put_str(model, "what", buf_str(&b));
	json_put_str(model, "why", "The trouble that you were told of is over.");
	json_put_str(model, "remedy", "There is nothing to do.");
	json_put_str(model, "letter", "");
	buf_clear(&b);
}

static void
add_issue(void *arg, const struct mail_issue *i)
{
	struct buf project = BUF_INIT(LIMIT_FIELD);
	struct named *list = arg;
	struct json *row;

	if (list->n++ >= ISSUES_NAMED)
		return;
	row = json_add_obj(list->rows);
	buf_printf(&project, "%s %s", i->project_number, i->project_name);
	json_put_str(row, "project", buf_str(&project));
	json_put_str(row, "text", i->message);
	json_put_str(row, "remedy", i->remedy);
	buf_clear(&project);
}

static int
digest_model(struct mail_ctx *m, const struct mail_row *row, struct json *model, bool *still_true, struct err *e)
{
	struct named issues = {.rows = json_put_arr(model, "issues")};
	struct buf url = BUF_INIT(LIMIT_URL);
	char day[CLK_TEXT_BYTES];

	clk_local(row->queued_at, day);
	day[strcspn(day, " ")] = '\0';
	json_put_str(model, "day", day);
	if (mail_issues_of_person(m->db, row->to_address, ISSUES_NAMED + 1, add_issue, &issues, e) == -1)
		return -1;
	*still_true = issues.n > 0;
	json_put_str(
	    model, "more_text", issues.n > ISSUES_NAMED ? "and more; the list is on the portal" : "");
	buf_printf(&url, "%s/Projects/issues", m->conf->public_url);
	json_put_str(model, "link", buf_str(&url));
	buf_truncate(&url, 0);
	buf_printf(&url, "%s/Projects/digest", m->conf->public_url);
	json_put_str(model, "stop_link", buf_str(&url));
	buf_clear(&url);
	return 0;
}

static int
incident_model(struct mail_ctx *m, const struct mail_row *row, struct json *model, bool *still_true, struct err *e)
{
	struct mail_incident i;

	if (mail_incident_get(m->db, row->incident_id, &i, e) == -1)
		return -1;
	*still_true = i.closed_at == 0 || str_eq(row->kind, "recovered");
	put_since(i.opened_at, model);
	json_put_str(model, "login", "");
	if (str_eq(i.subject, "service"))
		service_model(&i, model);
	else if ((str_eq(i.subject, "company") ? company_model(m, &i, model, e)
		                               : permission_model(m, &i, model, e)) == -1)
		return -1;
	if (str_eq(row->kind, "recovered"))
		over_model(model);
	return 0;
}

/* The file whose first line is "Subject: ...". */
static int
split_subject(const struct buf *whole, struct buf *subject, struct buf *text, struct err *e)
{
	static const char head[] = "Subject: ";
	const char *p = buf_str(whole);
	size_t n = strcspn(p, "\n");

	if (!str_starts(p, head) || n <= sizeof head - 1)
		return err_set(e, ERR_INPUT, "a mail template must begin with \"Subject: \"");
	buf_add(subject, p + sizeof head - 1, n - (sizeof head - 1));
	p += n;
	p += strspn(p, "\n");
	buf_puts(text, p);
	return 0;
}

/* The text part's template; a fresh read, so that an admin's change needs no restart. */
static int
read_text(const struct mail_ctx *m, const char *name, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(LIMIT_URL);
	char piece[4096];
	FILE *f = NULL;
	size_t n;
	int rc = -1;

	buf_printf(&path, "%s/%s.txt", m->text_dir, name);
	f = fopen(buf_str(&path), "re");
	if (f == NULL) {
		rc = err_set_errno(e, ERR_IO, errno, "mail template %s", buf_str(&path));
		goto out;
	}
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(out, piece, n);
	if (ferror(f)) {
		rc = err_set(e, ERR_IO, "mail template %s cannot be read", buf_str(&path));
		goto out;
	}
	rc = buf_check(out, "the mail template", e);
out:
	if (f != NULL)
		fclose(f);
	buf_clear(&path);
	return rc;
}

static const char *
template_of(const struct mail_row *row)
{
	if (str_eq(row->kind, "lost"))
		return "incident";
	if (str_eq(row->kind, "recovered"))
		return row->account_id != 0 ? "recovery" : "service";
	return row->kind;
}

static int
render(struct mail_ctx *m, const char *name, const struct json *model, struct buf *subject, struct buf *text,
    struct buf *html, struct err *e)
{
	struct buf source = BUF_INIT(LIMIT_MAIL);
	struct buf whole = BUF_INIT(LIMIT_MAIL);
	struct buf file = BUF_INIT(64);
	int rc = -1;

	if (read_text(m, name, &source, e) == -1 || tmpl_text(buf_str(&source), model, &whole, e) == -1 ||
	    split_subject(&whole, subject, text, e) == -1)
		goto out;
	buf_printf(&file, "%s.xhtml", name);
	rc = tmpl_render(m->set, buf_str(&file), model, html, e);
out:
	buf_clear(&source);
	buf_clear(&file);
	buf_clear(&whole);
	return rc;
}

int
mail_compose(struct mail_ctx *m, const struct mail_row *row, struct buf *subject, struct buf *text,
    struct buf *html, bool *still_true, struct err *e)
{
	struct json *model = json_obj();
	int rc = -1;

	json_put_str(model, "name", row->to_name);
	json_put_str(model, "support_email", m->conf->support_email);
	json_put_str(model, "portal_url", m->conf->public_url);
	if (str_eq(row->kind, "digest"))
		rc = digest_model(m, row, model, still_true, e);
	else if (row->account_id != 0)
		rc = account_model(m, row, model, still_true, e);
	else
		rc = incident_model(m, row, model, still_true, e);
	if (rc == -1)
		goto out;
	rc = *still_true || m->preview ? render(m, template_of(row), model, subject, text, html, e) : 0;
out:
	json_free(model);
	return rc;
}
