/* ctl_int.h: what the files of connectorctl share. Layer: ctl, private. */
#ifndef CW_CTL_CTL_INT_H
#define CW_CTL_CTL_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/audit.h"
#include "ctl/ctl.h"
#include "io/conf.h"
#include "io/db.h"

struct ctl {
	const char *conf_path;
	struct conf conf; /* loaded unless the command looks at the file itself */
	struct db *db;    /* open, role admin, once ctl_open_db() was called */
	int argc;         /* what follows the command's words */
	char **argv;      /* argv[0] is the command's last word */
};

/* A command: 0, CTL_FAILED or CTL_USAGE when it has said why itself, or -1 with e filled. */
typedef int (*ctl_fn)(struct ctl *c, struct err *e);

/* The commands, one a function; docs/man/connectorctl.8 says what each does. */
int ctl_init(struct ctl *c, struct err *e);
int ctl_migrate(struct ctl *c, struct err *e);
int ctl_check_config(struct ctl *c, struct err *e);
int ctl_doctor(struct ctl *c, struct err *e);
int ctl_import_people(struct ctl *c, struct err *e);
int ctl_import_projects(struct ctl *c, struct err *e);
int ctl_status(struct ctl *c, struct err *e);
int ctl_audit_verify(struct ctl *c, struct err *e);
int ctl_evidence(struct ctl *c, struct err *e);
int ctl_mail_list(struct ctl *c, struct err *e);
int ctl_mail_again(struct ctl *c, struct err *e);
int ctl_mail_preview(struct ctl *c, struct err *e);
int ctl_keys_show(struct ctl *c, struct err *e);
int ctl_keys_confirm(struct ctl *c, struct err *e);
int ctl_keys_rotate(struct ctl *c, struct err *e);
int ctl_person_add(struct ctl *c, struct err *e);
int ctl_person_remove(struct ctl *c, struct err *e);

/* Open the database and see that its schema is this program's. */
MUST_USE int ctl_open_db(struct ctl *c, struct err *e);
/* By public id, Procore login or number. out is the caller's, account_clear(). errors: ERR_NOT_FOUND */
struct account;
MUST_USE int ctl_find_account(struct ctl *c, const char *what, struct account *out, struct err *e);
/* Complain on standard error and return CTL_USAGE. */
int ctl_usage(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An audit row of the administrator. detail may be NULL, is completed with who ran the command, and freed. */
MUST_USE int ctl_audit(struct ctl *c, const char *action, const char *target, struct json *detail, struct err *e);
/* "person sam" and the like for ctl_audit(). */
MUST_USE int ctl_audit_num(struct ctl *c, const char *action, const char *what, int64_t id, struct json *detail,
    struct err *e);

/* A domain user name as it is kept: letters folded. out has LIMIT_LOGIN + 1 bytes.
 * errors  ERR_INPUT empty, too long, with a domain, blanks or controls; says what to write */
MUST_USE int ctl_user_name(const char *s, char out[257], struct err *e);
/* errors  ERR_INPUT not one plausible mail address ("" is accepted) */
MUST_USE int ctl_mail(const char *s, struct err *e);
/* errors  ERR_INPUT longer than max_bytes or with controls; what names it */
MUST_USE int ctl_text(const char *what, const char *s, size_t max_bytes, struct err *e);

/* ---- keys (ctl/keys.c) */

struct ctl_keys {
	char reader_id[32], writer_id[32]; /* as in the files */
	int made;                          /* files written */
	char recovery[512];                /* the recovery copy that waits to be put away; "" none */
};
/* Make what is missing, compare with what the database was sealed for, note the public halves; own
 * transaction not needed: each row is written once. Says what it makes on standard output.
 * errors  ERR_INPUT a key is missing or not the one in use: nothing is replaced */
MUST_USE int ctl_keys_make(struct ctl *c, struct ctl_keys *out, struct err *e);
/* Compare without changing anything: "" or what is wrong. *recovery_waits: not confirmed yet. */
MUST_USE int ctl_keys_check(struct ctl *c, struct buf *wrong, bool *recovery_waits, struct err *e);
/* How far a change of keys is, on standard output; nothing when none is under way. */
MUST_USE int ctl_keys_show_change(struct ctl *c, struct err *e);

#endif
