/* conf.h: connectorweb.conf against one key table. Layer: io. Source: DESIGN.md 6, STYLE.md 9.
 *
 * All problems of a file are reported at once, each with file and line. A *_file key is read only by the
 * programs that the table names; $CREDENTIALS_DIRECTORY/<key> wins over the path. */
#ifndef CW_IO_CONF_H
#define CW_IO_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum conf_program { CONF_SIGNIN = 1, CONF_PAGES = 2, CONF_CALLBACK = 4, CONF_HOOK = 8, CONF_WORKER = 16, CONF_CTL = 32 };

/* After conf_load() no text is NULL: what is not set is "". */
struct conf {
	char *path;
	/* where things live */
	char *public_url;   /* no trailing slash: "https://npcserver.example.com/connectorweb" */
	char *public_path;  /* derived: "/connectorweb" */
	char *public_host;  /* derived: "npcserver.example.com" or with ":port" when not 443 */
	char *database, *spool_dir, *backup_dir, *wake_socket;
	/* Procore */
	char *procore_login_url, *procore_api_url, *procore_client_id, *procore_client_secret_file;
	char *procore_app_version_key;
	bool procore_pkce;
	struct strv procore_file_hosts;
	char *redirect_uri; /* derived: public_url + "/oauth/callback" */
	/* Project Center */
	char *npc_adapter; /* "none" "gateway" */
	char *npc_login_url, *npc_api_url, *npc_region, *npc_access_key_file, *npc_secret_file;
	/* network */
	char *https_proxy, *ca_file;
	/* sign-in */
	struct strv remote_user_domains;
	char *signin_backend; /* "ldap" "file" */
	char *ldap_url, *ldap_base, *ldap_filter, *ldap_bind_dn, *ldap_bind_password_file, *ldap_global_admin_group;
	char *signin_password_file;
	/* who runs what, for connectorctl doctor */
	char *signin_user, *pages_user, *callback_user, *worker_user;
	/* keys */
	char *session_key_file, *seal_public_key_file, *seal_private_key_file, *seal_writer_key_file, *audit_key_file;
	/* sync */
	int64_t poll_interval_minutes, item_retries, max_file_mb;
	bool answer_reference; /* the visible reference at the end of an answer */
	int64_t token_refresh_margin_minutes, refresh_parallel, worker_processes;
	/* mail */
	char *smtp_url, *smtp_user, *smtp_password_file, *mail_from, *support_email;
	int64_t reminder_days[8];
	int reminder_days_n;
	int64_t digest_hour;
	/* webhooks */
	char *webhook_public_url, *webhook_secret_file;
	/* other */
	char *time_zone, *language, *log_level, *test_clock_file;
	char *template_dir; /* where the compiled-in default may be moved: tests, demo */
	int64_t retention_days;
};

/* Read, check everything that `program` needs (required keys, ranges, URLs https or loopback, file modes
 * of the secrets it reads, test_clock_file only with a loopback Procore) and set the clock file and zone.
 * problems  every finding, one a line "FILE:LINE: key: what is wrong; what to write instead"
 * errors    ERR_INPUT at least one problem (the message is the first); ERR_IO cannot read (names the file) */
MUST_USE int conf_load(const char *path, enum conf_program program, struct conf *out, struct buf *problems,
    struct err *e);
void conf_clear(struct conf *c);
/* Load the secret behind a *_file key; key is the key's name ("procore_client_secret_file").
 * errors  ERR_BUG the program may not read it; ERR_IO, ERR_INPUT as crypt_secret_load */
MUST_USE int conf_secret(const struct conf *c, enum conf_program program, const char *key, struct secret *out,
    struct err *e);
/* The path to open for a *_file key ($CREDENTIALS_DIRECTORY first); owned by the caller. */
char *conf_file_path(const struct conf *c, const char *key);

/* What a value may be. */
enum conf_kind {
	CONF_TEXT,     /* one line */
	CONF_URL,      /* https, or http to loopback */
	CONF_BASE_URL, /* the same without query; a slash at its end is cut off */
	CONF_PROXY,    /* http or https, host and port */
	CONF_LDAP_URL, /* ldaps, or ldap (StartTLS is required off loopback) */
	CONF_SMTP_URL, /* smtps, or smtp (STARTTLS is required off loopback) */
	CONF_PATH,     /* absolute path */
	CONF_SECRET,   /* absolute path of a file that only its readers may read */
	CONF_PUBLIC,   /* absolute path of a file that only root may change */
	CONF_FLAG,     /* on, off */
	CONF_NUMBER,   /* whole number from min to max */
	CONF_DAYS,     /* up to 8 growing whole numbers from min to max, with commas */
	CONF_CHOICE,   /* one of choices */
	CONF_WORDS,    /* words, with blanks or commas */
	CONF_HOSTS,    /* host names, "*." for all below a domain, ":port" */
	CONF_ADDRESS,  /* one bare mail address */
	CONF_FILTER,   /* LDAP filter with {name} once */
	CONF_ZONE,     /* name in the zone database */
	CONF_KIND_MAX
};

/* The key table, for check-config, the man page test and the example. */
struct conf_key {
	const char *name, *dflt, *unit, *text; /* dflt, unit: NULL for none */
	int64_t min, max;
	unsigned readers; /* or of enum conf_program; who reads it */
	bool required;    /* by each of its readers */
	enum conf_kind kind;
	const char *choices; /* of CONF_CHOICE, with blanks; else NULL */
	size_t offset;       /* of its member in struct conf */
};
const struct conf_key *conf_keys(int *n);
/* The row of that name, or NULL. */
const struct conf_key *conf_key_find(const char *name);
/* The name in the table nearest to a mistyped one; NULL when none is near. */
const char *conf_key_nearest(const char *name);
/* Look at one value as it stands in a file.
 * errors  -1, and why gets "what is wrong; what to write instead" */
MUST_USE int conf_check(const struct conf_key *k, const char *value, struct buf *why);
/* "url", "flag": the kind's name. */
const char *conf_kind_name(enum conf_kind k);

#endif
