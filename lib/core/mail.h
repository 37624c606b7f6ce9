/* mail.h: compose the mails of the outbox from the facts of the moment, and hand them to the mail server.
 * Layer: core (the one module of core that renders templates). Source: DESIGN.md 7 "Telling people",
 * html/README.md "Mails". */
#ifndef CW_CORE_MAIL_H
#define CW_CORE_MAIL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "html/tmpl.h"
#include "io/conf.h"
#include "io/db.h"

struct mail_ctx {
	struct db *db;
	const struct conf *conf;
	struct tmpl_set *set;           /* opened on the folder mail of the language */
	char *text_dir;                 /* the same folder: NAME.txt */
	const struct secret *password;  /* of smtp_user; empty: none */
};
/* Open the templates of conf's language; db and conf are borrowed.
 * errors  ERR_IO, ERR_INPUT a template is missing or refused */
MUST_USE int mail_open(struct db *db, const struct conf *c, const struct secret *password, struct mail_ctx *out,
    struct err *e);
void mail_close(struct mail_ctx *m);

/* A mail that waits for so long that its news is stale is still sent: people must know (promise 6). */
enum { MAIL_RETRY_FIRST_S = 30, MAIL_RETRY_MAX_S = 1800, MAIL_TOTAL_MS = 30000 };
/* No further mail is begun after this long: one call stays well within the lease of a step. */
enum { MAIL_RUN_MS = 60000 };
/* Send what is due, at most `max` mails, until the server turns out to be out of order. *next_at: when to look again (0: nothing queued).
 * The service "smtp" is noted as down or well.
 * errors  ERR_DB, ERR_BUSY, ERR_IO; a refusing server is no error, it is in the rows */
MUST_USE int mail_run(struct mail_ctx *m, int max, int64_t *next_at, struct err *e);

/* What one mail says, for tests and the preview of `connectorctl`: subject, text and html appended.
 * *still_true false: the account is well again, the mail is not needed any more. */
struct mail_row;
MUST_USE int mail_compose(struct mail_ctx *m, const struct mail_row *row, struct buf *subject, struct buf *text,
    struct buf *html, bool *still_true, struct err *e);

#endif
