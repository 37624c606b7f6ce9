/* Procore's files: addresses, and download through redirects (procore.h). Source: procore.md 7.1. */
#include "config.h"

#include "core/procore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/procore_int.h"

enum {
	MAX_HOPS = 5,
	/* Tries of one call to go on with a file that is cut again and again; later passes go on too. */
	MAX_TRIES = 5
};

/* Patterns of hosts that files may come from or go to, NULL at the end; *api is the API's
 * own host. */
const char **
procore_hosts(const struct conf *c, const char *api)
{
	const char **v = xcalloc(c->procore_file_hosts.n + 2, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < c->procore_file_hosts.n; i++)
		v[n++] = c->procore_file_hosts.v[i];
	v[n++] = api;
	v[n] = NULL;
	return v;
}

/* Storage on private addresses is only believed in rehearsals, where the API itself is on
 * loopback. */
bool
procore_private_ok(const struct procore *p)
{
	return http_url_is_loopback(p->oauth->conf->procore_api_url);
}

/* The bearer goes to Procore's own hosts, never to storage (procore.md 7.1). */
static bool
takes_bearer(const char *host, const char *api)
{
	return str_eq_ci(host, api) || http_host_matches(host, "*.procore.com");
}

void
procore_fail(struct procore_answer *a, enum cause c, const char *text)
{
	a->cause = c;
	str_cut(a->text, sizeof a->text, text);
}

void
procore_file_decide(const struct http_resp *r, struct procore_answer *a)
{
	struct cause_in in = {.call = CAUSE_CALL_ITEM,
	    .stage = r->stage,
	    .sent = r->sent,
	    .status = r->status,
	    .body = buf_str(&r->body),
	    .has_retry_after = budget_retry_after(r, clk_now()) > 0};
	struct cause_out out;

	cause_decide(&in, &out);
	a->cause = out.cause;
	a->status = r->status;
	a->date_at = r->date_at != 0 ? r->date_at : clk_now();
	str_cut(a->text, sizeof a->text, r->stage != HTTP_DONE ? r->why : out.text);
	if (a->cause != CAUSE_NONE && a->text[0] == '\0' &&
	    str_format(a->text, sizeof a->text, "the file's host answered %d", r->status) ==
		-1)
		a->text[0] = '\0';
}

void
procore_too_big(int64_t max_bytes, struct procore_answer *a)
{
	a->cause = CAUSE_ITEM;
	a->too_big = true;
	if (str_format(a->text, sizeof a->text,
		"it is larger than the limit of %" PRId64 " MB (max_file_mb)",
		max_bytes / (1024 * 1024)) == -1)
		a->text[0] = '\0';
}

/* The next address of a redirect, absolute; "" when there is none. */
static void
next_url(const struct http_resp *r, const char *from, struct buf *out)
{
	char *to = xmalloc(LIMIT_URL);
	const char *path;

	buf_reset(out);
	if (http_resp_header(r, "location", to, LIMIT_URL) > 0) {
		path = strstr(from, "://");
		path = path == NULL ? NULL : strpbrk(path + 3, "/?#");
		if (to[0] == '/' && to[1] != '/' && strstr(from, "://") != NULL)
			buf_add(
			    out, from, path == NULL ? strlen(from) : (size_t)(path - from));
		buf_puts(out, to);
	}
	free(to);
}

struct fetch {
	struct procore *p;
	const struct procore_at *at;
	const char *api;
	const char **hosts;
	const char *first; /* where Procore says the file is: leads to a fresh address of storage */
	struct spool_fetch part;
	struct oauth_token token;
	bool renewed, asked_anew, ended;
	int hops, tries;
};

/* A 401 from Procore's own host: one fresh token, then the same address again. */
static int
renew(struct fetch *f, struct procore_answer *a, struct err *e)
{
	struct oauth_token fresh = {0};
	enum oauth_got got = OAUTH_NONE;
	int rc;

	f->renewed = true;
	rc = oauth_rejected(
	    f->p->oauth, f->at->account_id, f->token.generation, &fresh, &got, e);
	if (rc == 0 && got == OAUTH_GOT) {
		secret_move(&f->token.access, &fresh.access);
		f->token.generation = fresh.generation;
	}
	f->ended = got != OAUTH_GOT;
	if (f->ended)
		procore_fail(a, CAUSE_UNREACHABLE, "the sign-in to Procore is needed again");
	oauth_token_clear(&fresh);
	return rc;
}

/* Once more from Procore's own address: storage's expire, and a cut file may go on. */
static void
from_first(struct fetch *f, struct buf *url)
{
	buf_reset(url);
	buf_puts(url, f->first);
	f->hops = 0;
}

/* The bytes' own answer, after all redirects. */
static int
take_end(struct fetch *f, const struct http_resp *resp, bool bearer, struct buf *url,
    struct procore_answer *a, struct err *e)
{
	enum spool_got got = SPOOL_GOT_NONE;

	if (spool_fetch_end(&f->part, resp, &got, e) == -1)
		return -1;
	if ((got == SPOOL_GOT_PART || got == SPOOL_GOT_ANEW) && ++f->tries < MAX_TRIES) {
		from_first(f, url);
		return 0;
	}
	if (got == SPOOL_GOT_NONE && resp->stage == HTTP_DONE && resp->status == 403 && !bearer &&
	    !f->asked_anew) {
		f->asked_anew = true; /* the address has expired on the way */
		from_first(f, url);
		return 0;
	}
	f->ended = true;
	if (got == SPOOL_GOT_ALL)
		return 0;
	if (got == SPOOL_GOT_ANEW)
		procore_fail(a, CAUSE_UNREACHABLE, "the file changes while it is fetched");
	else
		procore_file_decide(resp, a);
	if (f->part.too_big)
		procore_too_big(f->part.max_bytes, a);
	else if (f->part.why[0] != '\0')
		str_cut(a->text, sizeof a->text, f->part.why);
	return 0;
}

static int
take_answer(struct fetch *f, const struct http_resp *resp, bool bearer, struct buf *url,
    struct procore_answer *a, struct err *e)
{
	char *from;

	if (resp->stage == HTTP_DONE && resp->status == 401 && bearer && !f->renewed)
		return renew(f, a, e);
	if (resp->stage != HTTP_DONE || resp->status < 301 || resp->status > 308 ||
	    resp->status == 304)
		return take_end(f, resp, bearer, url, a, e);
	from = xstrdup(buf_str(url));
	next_url(resp, from, url);
	free(from);
	f->ended = url->len == 0 || ++f->hops > MAX_HOPS;
	if (f->ended)
		procore_fail(a, CAUSE_ITEM,
		    url->len == 0 ? "the file's host redirected to nowhere"
				  : "the file's address redirects more than five times");
	return 0;
}

/* One hop. */
static int
hop(struct fetch *f, struct buf *url, struct procore_answer *a, struct err *e)
{
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};
	char host[256];
	bool bearer;
	int rc;

	if (!http_url_acceptable(buf_str(url)) ||
	    http_url_host(buf_str(url), host, sizeof host) == -1) {
		procore_fail(a, CAUSE_ITEM, "the file's address is not acceptable");
		f->ended = true;
		return 0;
	}
	bearer = takes_bearer(host, f->api);
	spool_fetch_ask(&f->part, &req);
	req.url = buf_str(url);
	req.bearer = bearer ? &f->token.access : NULL;
	req.host_allow = f->hosts;
	req.allow_private = procore_private_ok(f->p);
	f->p->calls++;
	rc = http_call(f->p->oauth->http, &req, &resp, e);
	if (rc == 0)
		rc = take_answer(f, &resp, bearer, url, a, e);
	http_resp_clear(&resp);
	return rc;
}

int
procore_download(struct procore *p, const struct procore_at *at, const char *url,
    struct spool_part *part, struct procore_answer *out, struct err *e)
{
	struct fetch f = {.p = p, .at = at, .first = url};
	struct buf to = BUF_INIT(LIMIT_URL);
	enum oauth_got got = OAUTH_NONE;
	char api[256] = "";
	int rc = -1;

	*out = (struct procore_answer){.date_at = clk_now()};
	if (http_url_host(p->oauth->conf->procore_api_url, api, sizeof api) == -1)
		return err_set(e, ERR_BUG, "procore_api_url has no host");
	f.api = api;
	f.hosts = procore_hosts(p->oauth->conf, api);
	f.part = (struct spool_fetch){
	    .part = part, .max_bytes = p->oauth->conf->max_file_mb * 1024 * 1024};
	buf_puts(&to, url);
	if (buf_check(&to, "file address", e) == -1 ||
	    oauth_access(p->oauth, at->account_id, &f.token, &got, e) == -1)
		goto out;
	if (got != OAUTH_GOT) {
		procore_fail(out, got == OAUTH_LATER ? CAUSE_UNREACHABLE : CAUSE_SIGN_IN_LOST,
		    "the sign-in to Procore is needed again");
		rc = 0;
		goto out;
	}
	do {
		rc = hop(&f, &to, out, e);
	} while (rc == 0 && !f.ended);
out:
	oauth_token_clear(&f.token);
	buf_clear(&to);
	free(f.hosts);
	return rc;
}
