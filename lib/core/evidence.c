#include "config.h"

#include "core/evidence.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/str.h"
#include "store/report.h"
#include "store/trail.h"

static void
write_row(void *arg, const struct report_row *r)
{
	struct buf *out = arg;

	for (int i = 0; i < report_n(r); i++) {
		const char *name = report_name(r, i);
		const char *text = report_text(r, i);
		char at[CLK_ISO_BYTES];

		if (text != NULL && str_ends(name, "_at")) {
			clk_iso(report_i64(r, i), at);
			text = at;
		}
		buf_printf(out, "  %-18s %s\n", name, text == NULL ? "-" : text);
	}
	buf_putc(out, '\n');
}

static int
write_head(struct db *db, struct buf *out, struct err *e)
{
	char *installation = NULL;
	char now[CLK_ISO_BYTES];

	if (meta_get(db, "installation_id", &installation, e) == -1)
		return -1;
	clk_iso(clk_now(), now);
	buf_printf(out,
	    "connectorweb %s, installation %s, written %s\n"
	    "Without tokens, keys and passwords.\n\n",
	    PACKAGE_VERSION, installation == NULL ? "-" : installation, now);
	free(installation);
	return 0;
}

int
evidence_write(
    struct db *db, int64_t account_id, int64_t admin_id, struct buf *out, struct err *e)
{
	static const struct {
		enum report which;
		const char *title;
	} parts[] = {
	    {REPORT_ACCOUNT, "Account"},
	    {REPORT_PEOPLE, "People"},
	    {REPORT_SEATS, "Projects"},
	    {REPORT_INCIDENTS, "Incidents"},
	    {REPORT_MAILS, "Mails"},
	    {REPORT_JOURNAL, "Token calls, newest first"},
	    {REPORT_CALLS, "Failed calls, newest first"},
	};

	if (write_head(db, out, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		int n = 0;

		buf_printf(out, "%s\n", parts[i].title);
		if (report_account(db, parts[i].which, account_id, admin_id, write_row, out,
			&n, e) == -1)
			return -1;
		if (n == 0)
			buf_puts(out, "  none\n\n");
	}
	return buf_check(out, "the evidence", e);
}
