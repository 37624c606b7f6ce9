/* The evidence of one account, as a file: the same that connectorctl writes. */
#include "config.h"

#include "web/form.h"

#include "base/str.h"
#include "core/evidence.h"
#include "io/wake.h"
#include "store/view_lists.h"
#include "web/denied.h"
#include "web/pages.h"

const struct fcgi_input page_evidence_inputs[] = {
    FORM_CSRF, {"account", FCGI_FORM, fcgi_check_public_id, 32, true, false}};
const size_t page_evidence_inputs_n = FORM_INPUTS_N(page_evidence_inputs);

static int
send_file(struct web_req *r, const struct account *a, struct buf *text, struct err *e)
{
	char name[96];

	if (str_format(name, sizeof name, "attachment; filename=\"evidence-%s.txt\"",
		a->public_id) == -1)
		return err_set(e, ERR_BUG, "the name of the file");
	buf_clear(&r->out->body);
	r->out->body = *text;
	*text = (struct buf)BUF_INIT(LIMIT_PAGE);
	r->out->status = 200;
	fcgi_header(r->out, "Content-Type", "text/plain; charset=utf-8");
	fcgi_header(r->out, "Content-Disposition", name);
	return 0;
}

/* The file and the row that says who took it. */
static int
take(struct web_req *r, const struct account *a, struct err *e)
{
	struct buf text = BUF_INIT(LIMIT_PAGE);
	struct json *detail = json_obj();
	int64_t admin_id = r->person.global_admin ? 0 : r->person.id;
	int rc = -1;

	json_put_str(detail, "login", a->login);
	if (db_begin(r->app->db, e) == 0 &&
	    evidence_write(r->app->db, a->id, admin_id, &text, e) == 0 &&
	    form_audit(r, "account.evidence", "account", a->id, detail, e) == 0 &&
	    db_commit(r->app->db, e) == 0) {
		wake_send(r->app->conf.wake_socket); /* seals the row */
		rc = send_file(r, a, &text, e);
	}
	json_free(detail);
	buf_clear(&text);
	return rc;
}

int
page_evidence(struct web_req *r, struct err *e)
{
	struct account a = {0};
	bool may = r->person.global_admin;
	int rc = -1;

	if (r->stale) {
		pages_stale(r);
		return page_accounts_show(r, PAGES_STALE_STATUS, e);
	}
	if (account_by_public_id(r->app->db, fcgi_input(r->inputs, "account"), &a, e) ==
		-1 ||
	    (!may &&
		view_account_admin(r->app->db, a.id, r->person.id, &may, e) == -1))
		goto out;
	if (may) {
		rc = take(r, &a, e);
	} else {
		denied_note(r);
		rc = err_set(e, ERR_AUTH, "not allowed for %s", r->person.user_name);
	}
out:
	account_clear(&a);
	return rc;
}
