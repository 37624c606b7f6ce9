/* fcgi.h: requests in, responses out, over FastCGI. Layer: io. Source: platform.md 2 and 3.
 *
 * Programs route on REQUEST_URI alone and read a fixed list of parameters. One request at a time. */
#ifndef CW_IO_FCGI_H
#define CW_IO_FCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum fcgi_method { FCGI_GET, FCGI_HEAD, FCGI_POST, FCGI_PUT, FCGI_PATCH, FCGI_DELETE, FCGI_OTHER };

/* The parameters that are read; each is NULL when the front sent it empty or not at all, but request_id,
 * which is then made here. Borrowed for the request. */
struct fcgi_params {
	const char *request_method, *request_uri, *content_type;
	const char *http_host, *http_cookie, *http_authorization, *http_accept_language, *http_user_agent;
	const char *http_sec_fetch_site, *http_origin, *remote_addr, *remote_user, *remote_mail, *remote_name, *remote_groups;
	const char *request_id, *https;
	const char *http_range, *http_if_range, *http_if_none_match, *http_procore_company_id, *http_x_amz_date, *http_x_amz_security_token,
	    *http_x_amz_content_sha256, *http_accept; /* stand-ins */
};

struct fcgi_req {
	struct fcgi_params p;
	enum fcgi_method method;
	char *path;          /* decoded path of REQUEST_URI, see fcgi_path(); NULL: malformed -> 400 */
	const char *query;   /* raw, "" when none */
	struct buf body;     /* whole body, or what fitted */
	bool body_too_big;
	void *handle;        /* libfcgi's own */
};

struct fcgi_resp {
	int status;
	struct buf headers;  /* "Name: value\r\n" lines, added with fcgi_header() */
	struct buf body;
	/* > 0: after body, file_bytes bytes of this file from its present position, closed by fcgi_serve().
	 * For stand-ins, whose files may be larger than any body. */
	int file_fd;
	int64_t file_bytes;
};
/* errors: aborts for CR, LF or NUL in name or value (our own fault). Values from outside are encoded first. */
void fcgi_header(struct fcgi_resp *r, const char *name, const char *value);

/* One program. handle() fills resp for every request; what it leaves empty is answered 500. */
struct fcgi_app {
	const char *program;
	size_t max_body_bytes;
	/* body_dir: when not NULL, bodies above 64 KiB go to an unlinked file there (stand-ins' uploads); then
	 * req.body is empty and fcgi_body_fd() gives the file. */
	const char *body_dir;
	void (*handle)(void *arg, struct fcgi_req *req, struct fcgi_resp *resp);
	void (*idle)(void *arg); /* after each request, before the next accept; may be NULL */
	void *arg;
};
/* Serve the socket on standard input until SIGTERM (race-free recipe) or until fcgi_stop(); returns the
 * exit status. Without a listening socket on fd 0 it prints a clear message and returns 2. */
int fcgi_serve(const struct fcgi_app *app);
void fcgi_stop(void); /* finish the request at hand, then leave: schema changed, fatal state */
int fcgi_body_fd(const struct fcgi_req *req, int64_t *bytes); /* -1: body is in memory */

/* The decoded path of a REQUEST_URI, cut at "?", "//" taken as "/", a trailing slash kept.
 * query   borrowed from uri, raw; "" when there is none
 * returns memory owned by the caller; NULL when it does not start with "/", an escape is broken, or a
 *         decoded segment is "." or "..", holds a slash or a control, or is no UTF-8: parts of the chain
 *         could read such a path differently
 * source  platform.md 2 ("Portable rule") */
char *fcgi_path(const char *uri, const char **query);

/* ---- declared inputs */
enum fcgi_where { FCGI_QUERY, FCGI_FORM };
/* A validator looks at n bytes and answers whether they are acceptable. */
typedef bool (*fcgi_check)(const char *s, size_t n);
bool fcgi_check_id(const char *s, size_t n);     /* 1 to 19 digits, > 0 */
bool fcgi_check_public_id(const char *s, size_t n); /* 32 lower-case hex digits */
bool fcgi_check_word(const char *s, size_t n);   /* [a-z0-9_-]{1,64} */
bool fcgi_check_token(const char *s, size_t n);  /* base64url or hex, up to 512 */
bool fcgi_check_text(const char *s, size_t n);   /* UTF-8, no controls but tab and line ends */
bool fcgi_check_line(const char *s, size_t n);   /* UTF-8 without controls */
bool fcgi_check_any(const char *s, size_t n);    /* UTF-8 */

struct fcgi_input {
	const char *name;
	enum fcgi_where where;
	fcgi_check check;
	size_t max_bytes;
	bool required;
	bool many; /* may be repeated */
};
struct fcgi_inputs; /* parsed values of one request */
/* Parse query and form (application/x-www-form-urlencoded) against the table; undeclared inputs are ignored;
 * an optional one that is empty and not acceptable so counts as absent.
 * out     owned by the caller, fcgi_inputs_free()
 * errors  ERR_INPUT names the input and what is wrong; ERR_LIMIT too many or too long */
MUST_USE int fcgi_inputs_read(const struct fcgi_req *req, const struct fcgi_input *table, size_t n,
    struct fcgi_inputs **out, struct err *e);
void fcgi_inputs_free(struct fcgi_inputs *in);
/* NULL when absent. */
const char *fcgi_input(const struct fcgi_inputs *in, const char *name);
int64_t fcgi_input_i64(const struct fcgi_inputs *in, const char *name, int64_t dflt);
size_t fcgi_input_n(const struct fcgi_inputs *in, const char *name);
const char *fcgi_input_i(const struct fcgi_inputs *in, const char *name, size_t i);

/* A cookie's value into dst; errors: -1 absent, twice, or too long. */
MUST_USE int fcgi_cookie(const struct fcgi_req *req, const char *name, char *dst, size_t size);

#endif
