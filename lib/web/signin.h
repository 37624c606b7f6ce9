/* signin.h: who is it? The answer to nginx's auth_request. Layer: web. Source: DESIGN.md 4;
 * RFC 7617. */
#ifndef CW_WEB_SIGNIN_H
#define CW_WEB_SIGNIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/str.h"
#include "io/conf.h"
#include "io/fcgi.h"

enum {
	/* How long an answer is remembered: a disabled account works at most this much
	   longer. */
	SIGNIN_REMEMBER_MS = 60 * 1000,
	SIGNIN_REMEMBERED_MAX = 512,
	/* Wrong passwords of one person before we stop asking, and for how long.
	 * Directories lock accounts after 5 or more failures within 15 minutes or more: we
	 * stay below, so that nobody can lock out someone else through us. */
	SIGNIN_FAILURES_MAX = 4,
	SIGNIN_STOP_MS = 15 * 60 * 1000,
	/* Each failure is answered this much later than the one before. */
	SIGNIN_DELAY_MS = 250,
	SIGNIN_COUNTED_MAX = 1024, /* persons with failures that are kept in mind */
	SIGNIN_PASSWORD_MAX = 512,
	SIGNIN_GROUPS_BYTES = 2048, /* of the header; fronts allow about 4 KiB for all */
	SIGNIN_DIRECTORY_MS = 4000  /* for each of connecting, searching, binding */
};

struct signin_person {
	char name[LIMIT_LOGIN + 1]; /* canonical */
	char *mail, *display;       /* "" when unknown */
	struct strv groups;
};
void signin_person_clear(struct signin_person *p);

/* A back end. name is canonical, the password is never empty.
 * errors  ERR_NOT_FOUND no such person; ERR_AUTH wrong password; anything else: it cannot
 * tell now */
typedef int (*signin_check)(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e);

struct signin_conf {
	const struct strv *domains; /* borrowed for the life of struct signin */
	signin_check check;
	void *arg;
	/* Directory for the counts that all instances share; NULL or "": this process
	 * counts alone. */
	const char *share_dir;
	/* NULL: the real ones. Tests put theirs in. */
	int64_t (*now_ms)(void);
	void (*pause)(int ms);
};
struct signin;
/* crypt_init() has been called.
 * errors  ERR_IO the shared counts cannot be opened */
MUST_USE int signin_new(const struct signin_conf *c, struct signin **out, struct err *e);
void signin_free(struct signin *s); /* accepts NULL */

enum signin_verdict {
	SIGNIN_YES,
	SIGNIN_NO,      /* nobody, not readable, unknown or wrong */
	SIGNIN_STOPPED, /* too many failures: not even asked */
	SIGNIN_DOWN     /* the back end cannot tell */
};
/* Judge one Authorization header (NULL: none). out is filled for SIGNIN_YES and owned by
 * the caller. */
enum signin_verdict
signin_ask(struct signin *s, const char *authorization, struct signin_person *out);
/* One request: 200 with X-Remote-User (as it stands), X-Remote-Mail, X-Remote-Name,
 * X-Remote-Groups (encoded as in remote_user.h); 401, 403 when stopped, 503 when the back
 * end is down. arg is struct signin. */
void signin_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp);

/* Take "Basic ..." apart. errors: -1 not Basic, not base64, no colon, no UTF-8, NUL, or too
 * long */
MUST_USE int
signin_basic(const char *authorization, char *name, size_t size, struct secret *password);

/* ---- back ends; arg is struct signin_source */
struct signin_source {
	const struct conf *conf;
	struct secret bind_password;
};
int signin_check_ldap(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e);
/* Lines "name:crypt-hash[:mail[:display name[:groups]]]", groups with commas; "#" comments.
 * Read anew each time, so that changes count at once. */
int signin_check_file(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e);

/* ---- failures per person (signin_count.c) */
struct signin_count;
MUST_USE int
signin_count_open(const char *share_dir, struct signin_count **out, struct err *e);
void signin_count_close(struct signin_count *c); /* accepts NULL */
/* Count an attempt before it is made, so that instances do not overtake each other. Returns
 * how many this makes, or 0 when there have been too many. */
int signin_count_begin(struct signin_count *c, const char *name, int64_t now_ms);
/* It went well: forget all. It could not be made: take this one back. */
void signin_count_forget(struct signin_count *c, const char *name);
void signin_count_undo(struct signin_count *c, const char *name);

#endif
