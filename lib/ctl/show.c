/* connectorctl evidence, audit verify. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "core/evidence.h"
#include "ctl/ctl_int.h"
#include "store/account.h"
#include "store/report.h"

/* ---- evidence */

int
ctl_find_account(struct ctl *c, const char *what, struct account *a, struct err *e)
{
	struct err why = {0};
	int64_t id = 0;
	int rc;

	rc = account_by_public_id(c->db, what, a, &why);
	if (rc == -1 && why.code == ERR_NOT_FOUND)
		rc = account_by_login(c->db, what, a, &why);
	if (rc == -1 && why.code == ERR_NOT_FOUND && num_parse_i64(what, 1, INT64_MAX, &id) == 0)
		rc = account_get(c->db, id, a, &why);
	if (rc == -1 && why.code == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, "there is no Procore login, public id or number %.256s", what);
	if (rc == -1)
		*e = why;
	return rc;
}

int
ctl_evidence(struct ctl *c, struct err *e)
{
	struct buf text = BUF_INIT(LIMIT_PAGE);
	struct account a = {0};
	int rc = -1;

	if (c->argc != 2)
		return ctl_usage(c, "name one account: its Procore login, or the id in its link");
	if (ctl_open_db(c, e) == 0 && ctl_find_account(c, c->argv[1], &a, e) == 0 &&
	    evidence_write(c->db, a.id, 0, &text, e) == 0) {
		fputs(buf_str(&text), stdout);
		rc = CTL_OK;
	}
	buf_clear(&text);
	account_clear(&a);
	return rc;
}

/* ---- audit verify */

int
ctl_audit_verify(struct ctl *c, struct err *e)
{
	struct audit_report rep = {0};
	struct secret key = {0};
	int rc = -1;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (ctl_open_db(c, e) == -1 || conf_secret(&c->conf, CONF_WORKER, "audit_key_file", &key, e) == -1)
		goto out;
	if (audit_verify(c->db, &key, &rep, e) == -1)
		goto out;
	printf("%" PRId64 " rows, %" PRId64 " not sealed yet; head %s\n", rep.rows, rep.unsealed, rep.head_hex);
	if (rep.first_bad_id != 0)
		printf("CHANGED: row %" PRId64 " is the first that does not agree with its seal\n", rep.first_bad_id);
	rc = rep.first_bad_id == 0 ? CTL_OK : CTL_FAILED;
out:
	secret_clear(&key);
	return rc;
}
