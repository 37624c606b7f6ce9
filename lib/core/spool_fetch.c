/* Bytes of one address into a part: all of them, or the rest of what a cut transfer left (spool.h). Source: RFC 9110
 * 8.8.3 (only strong validators hold for parts), 13.1.2 and 13.1.5, 14.2 to 14.4, 15.3.7, 15.5.17. */
#include "config.h"

#include "core/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"

/* ---- hooks of the call */

/* "bytes 5-9/10"; with a star for the last number, total is -1. */
static bool
parse_range(const char *s, int64_t *first, int64_t *last, int64_t *total)
{
	char a[24], b[24];
	size_t n, m;

	if (!str_starts_ci(s, "bytes "))
		return false;
	s += strlen("bytes ");
	n = strcspn(s, "-");
	if (n >= sizeof a || s[n] != '-')
		return false;
	m = strcspn(s + n + 1, "/");
	if (m >= sizeof b || s[n + 1 + m] != '/')
		return false;
	str_cut(a, n + 1, s);
	str_cut(b, m + 1, s + n + 1);
	s += n + 1 + m + 1;
	*total = -1;
	return num_parse_i64(a, 0, INT64_MAX, first) == 0 &&
	       num_parse_i64(b, *first, INT64_MAX, last) == 0 &&
	       (str_eq(s, "*") || num_parse_i64(s, *last + 1, INT64_MAX, total) == 0);
}

static void
strong_etag(const struct http_resp *r, char out[SPOOL_ETAG_BYTES])
{
	/* a weak one (W/"...") is of no use for parts */
	if (http_resp_header(r, "etag", out, SPOOL_ETAG_BYTES) >= SPOOL_ETAG_BYTES - 1 ||
	    out[0] != '"')
		out[0] = '\0';
}

/* The rest of what is here: just that, and of the same version. */
static bool
goes_on(struct spool_fetch *f, const struct http_resp *r)
{
	struct spool_part *p = f->part;
	char text[80], etag[SPOOL_ETAG_BYTES];
	int64_t first = 0, last = 0, total = -1;

	strong_etag(r, etag);
	if (http_resp_header(r, "content-range", text, sizeof text) == 0 ||
	    !parse_range(text, &first, &last, &total) || first != p->bytes ||
	    (etag[0] != '\0' && !str_eq(etag, p->etag)) ||
	    (p->total != -1 && total != -1 && total != p->total)) {
		f->refused = true;
		return false;
	}
	if (total != -1)
		p->total = total;
	return true;
}

static bool
begins(struct spool_fetch *f, const struct http_resp *r, struct err *e)
{
	char text[24], etag[SPOOL_ETAG_BYTES];
	int64_t total = -1;

	strong_etag(r, etag);
	if (http_resp_header(r, "content-length", text, sizeof text) == 0 ||
	    num_parse_i64(text, 0, INT64_MAX, &total) == -1)
		total = -1;
	return spool_begin(f->part, total, etag, e) == 0;
}

static bool
on_head(void *arg, const struct http_resp *r)
{
	struct spool_fetch *f = arg;
	struct spool_part *p = f->part;
	struct err why = {0};
	bool ok = r->status == 206 ? goes_on(f, r) : begins(f, r, &why);

	f->from = p->bytes;
	f->taken = ok;
	if (ok && p->total > f->max_bytes) {
		f->too_big = true;
		return false;
	}
	if (ok && p->total > p->bytes)
		ok = spool_room(p, p->total - p->bytes, &why) == 0;
	if (!ok)
		str_cut(f->why, sizeof f->why, why.msg);
	return ok;
}

static bool
on_stored(void *arg, int64_t body_bytes)
{
	struct spool_fetch *f = arg;
	struct spool_part *p = f->part;
	struct err why = {0};

	p->bytes = f->from + body_bytes;
	if (p->bytes > f->max_bytes) {
		f->too_big = true;
		return false;
	}
	if ((p->bytes - p->hashed < SPOOL_HASH_BYTES || spool_hash_on(p, &why) == 0) &&
	    (p->bytes - p->kept < SPOOL_KEEP_EVERY_BYTES || spool_keep(p, &why) == 0))
		return true;
	str_cut(f->why, sizeof f->why, why.msg);
	return false;
}

/* ---- asking */

void
spool_fetch_ask(struct spool_fetch *f, struct http_req *req)
{
	struct spool_part *p = f->part;
	size_t n = 0;

	f->too_big = f->refused = f->taken = false;
	f->why[0] = '\0';
	if (p->whole && p->etag[0] != '\0') {
		f->headers[n++] = (struct http_header){"If-None-Match", p->etag};
	} else if (p->bytes > 0 && p->etag[0] != '\0' &&
		   str_format(f->range, sizeof f->range, "bytes=%" PRId64 "-", p->bytes) == 0) {
		f->headers[n++] = (struct http_header){"Range", f->range};
		f->headers[n++] = (struct http_header){"If-Range", p->etag};
	}
	/* a try that broke may have written beyond the last good byte */
	BUG_IF(lseek(p->fd, (off_t)p->bytes, SEEK_SET) == -1);
	req->headers = f->headers;
	req->headers_n = n;
	req->out_fd = p->fd;
	req->max_bytes = f->max_bytes;
	req->total_ms = SPOOL_TOTAL_MS;
	req->stall_s = SPOOL_STALL_S;
	req->on_head = on_head;
	req->on_stored = on_stored;
	req->on_arg = f;
}

/* The body came to its end. */
static int
complete(struct spool_fetch *f, enum spool_got *got, struct err *e)
{
	struct spool_part *p = f->part;

	*got = SPOOL_GOT_ANEW;
	if (p->total != -1 && p->bytes != p->total)
		return spool_begin(p, -1, "", e);
	p->total = p->bytes;
	if (ftruncate(p->fd, (off_t)p->bytes) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", p->path);
	if (spool_whole(p, e) == -1)
		return -1;
	*got = SPOOL_GOT_ALL;
	return p->bytes < SPOOL_KEEP_EVERY_BYTES ? 0 : spool_keep(p, e);
}

int
spool_fetch_end(
    struct spool_fetch *f, const struct http_resp *resp, enum spool_got *got, struct err *e)
{
	struct spool_part *p = f->part;

	*got = SPOOL_GOT_NONE;
	if (f->refused || (resp->stage == HTTP_DONE && resp->status == 416)) {
		*got = SPOOL_GOT_ANEW;
		return spool_begin(p, -1, "", e);
	}
	if (resp->stage == HTTP_TOO_BIG)
		f->too_big = true;
	if (resp->stage == HTTP_DONE && resp->status == 304 && p->whole)
		*got = SPOOL_GOT_ALL;
	else if (resp->stage == HTTP_DONE && f->taken)
		return complete(f, got, e);
	else if (resp->stage == HTTP_LOST && f->taken && p->bytes > f->from)
		*got = SPOOL_GOT_PART;
	if (*got == SPOOL_GOT_PART && p->bytes >= SPOOL_KEEP_MIN_BYTES)
		return spool_keep(p, e);
	return 0;
}
