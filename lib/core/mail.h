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
	int total_ms;                   /* for one mail: MAIL_TOTAL_MS */
	bool preview;                   /* compose also what would not be sent any more */
};
/* Open the templates of conf's language; db and conf are borrowed.
 * errors  ERR_IO, ERR_INPUT a template is missing or refused */
MUST_USE int mail_open(struct db *db, const struct conf *c, const struct secret *password, struct mail_ctx *out,
    struct err *e);
void mail_close(struct mail_ctx *m);

/* A mail that waits for so long that its news is stale is still sent: people must know (promise 6). Gaps grow from the
 * first one to the longest: for one mail that the server put off (greylisting, a full mailbox), and for all while the
 * server is out of order. That one is short, because the first mail after an outage is news, unless a setting is wrong:
 * many wrong passwords lock accounts. A start of the worker makes all due. */
enum { MAIL_RETRY_FIRST_S = 30, MAIL_RETRY_MAX_S = 1800, MAIL_DOWN_MAX_S = 300 };
/* RFC 5321 4.5.4.1: a mail that was put off for this long is given up, in sight of the admins. */
enum { MAIL_PUT_OFF_MAX_S = 5 * 86400 };
/* RFC 5321 4.5.3.2.6 gives the answer after the text ten minutes, which a step's lease (300 s) does not; content
 * filters take a minute at most. With MAIL_RUN_MS this stays below the lease. */
enum { MAIL_TOTAL_MS = 120000 };
/* No further mail is begun after this long: one call stays well within the lease of a step. */
enum { MAIL_RUN_MS = 60000 };
/* A text that went out whole and was not answered is sent once more, with the same Message-ID, and then taken for
 * delivered: at most one duplicate, however long a server goes on like that (RFC 1047). */
enum { MAIL_DOUBTS_MAX = 2 };
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
