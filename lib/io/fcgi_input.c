/* The pure half of io/fcgi: bytes of a request to checked values; no libfcgi, no I/O. */
#include "config.h"

#include "io/fcgi.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

/* More names and values than any form has; what is beyond is an attack or a mistake. */
enum { PAIRS_MAX = 2000 };

struct value {
	const char *name; /* of the table: outlives the request */
	char *text;
};

struct fcgi_inputs {
	struct value *v;
	size_t n;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
fcgi_check_id(const char *s, size_t n)
{
	int64_t v = 0;

	return n > 0 && n <= 19 && is_digit(s[0]) &&
	       num_parse_i64_n(s, n, 1, INT64_MAX, &v) == 0;
}

bool
fcgi_check_public_id(const char *s, size_t n)
{
	if (n != 32)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]) && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	}
	return true;
}

bool
fcgi_check_word(const char *s, size_t n)
{
	if (n == 0 || n > 64)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]) && !(s[i] >= 'a' && s[i] <= 'z') && s[i] != '_' &&
		    s[i] != '-')
			return false;
	}
	return true;
}

bool
fcgi_check_token(const char *s, size_t n)
{
	if (n == 0 || n > 512)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]) && !is_alpha(s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	}
	return true;
}

bool
fcgi_check_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return false;
	}
	return str_utf8_valid(s, n);
}

bool
fcgi_check_line(const char *s, size_t n)
{
	return str_no_controls(s, n) && str_utf8_valid(s, n);
}

bool
fcgi_check_any(const char *s, size_t n)
{
	return str_utf8_valid(s, n);
}

/* ---- path */

/* Append one decoded segment; -1 for one that another part of the chain could read
 * differently. */
static int
path_segment(struct buf *out, const char *s, size_t n)
{
	size_t start = out->len;
	const char *p;
	size_t len;

	if (dec_percent(out, s, n, false) == -1 || out->over)
		return -1;
	p = buf_str(out) + start;
	len = out->len - start;
	if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
		return -1;
	if (memchr(p, '/', len) != NULL || !fcgi_check_line(p, len))
		return -1;
	return 0;
}

char *
fcgi_path(const char *uri, const char **query)
{
	struct buf out = BUF_INIT(LIMIT_URL);
	const char *mark, *end, *p;
	bool bad;

	*query = "";
	if (uri == NULL)
		return NULL;
	mark = strchr(uri, '?');
	if (mark != NULL)
		*query = mark + 1;
	end = mark != NULL ? mark : uri + strlen(uri);
	p = uri;
	bad = p == end || *p != '/';
	while (!bad && p < end) {
		const char *seg = p + 1; /* p is at a slash */
		const char *slash = memchr(seg, '/', (size_t)(end - seg));
		const char *next = slash != NULL ? slash : end;

		/* Empty segments count as none, as for the fronts' own matching; a last
		 * slash stays. */
		if (next > seg || next == end) {
			buf_putc(&out, '/');
			bad = path_segment(&out, seg, (size_t)(next - seg)) == -1;
		}
		p = next;
	}
	if (bad || out.over) {
		buf_clear(&out);
		return NULL;
	}
	return buf_take(&out);
}

/* ---- query and form */

static const struct fcgi_input *
declared(const struct fcgi_input *table, size_t n, enum fcgi_where where, const char *name,
    size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].where == where && strlen(table[i].name) == len &&
		    memcmp(table[i].name, name, len) == 0)
			return &table[i];
	}
	return NULL;
}

static void
inputs_add(struct fcgi_inputs *in, const char *name, struct buf *text)
{
	char *s = buf_take(text);

	in->v = xreallocarray(in->v, in->n + 1, sizeof(*in->v));
	in->v[in->n++] = (struct value){.name = name, .text = s != NULL ? s : xstrdup("")};
}

/* One value of a declared input: decode, check, keep. */
static int
take_value(struct fcgi_inputs *in, const struct fcgi_input *t, const char *s, size_t n,
    struct err *e)
{
	struct buf text = BUF_INIT(t->max_bytes);
	int rc = -1;

	if (!t->many && fcgi_input(in, t->name) != NULL)
		return err_set(e, ERR_INPUT, "input %s is there twice", t->name);
	if (dec_percent(&text, s, n, true) == -1) {
		rc = err_set(e, ERR_INPUT, "input %s is not encoded properly", t->name);
		goto out;
	}
	if (text.over) {
		rc = err_set(e, ERR_LIMIT, "input %s is longer than %zu bytes", t->name,
		    t->max_bytes);
		goto out;
	}
	if (!t->check(buf_str(&text), text.len)) {
		/* Browsers send every field of a form: an optional one left blank is
		 * absent. */
		rc = text.len == 0 && !t->required
			 ? 0
			 : err_set(e, ERR_INPUT, "input %s has a value that is not allowed",
			       t->name);
		goto out;
	}
	inputs_add(in, t->name, &text);
	rc = 0;
out:
	buf_clear(&text);
	return rc;
}

static int
take_pair(struct fcgi_inputs *in, const struct fcgi_input *table, size_t n,
    enum fcgi_where where, const char *s, size_t len, struct err *e)
{
	const char *eq = memchr(s, '=', len);
	size_t name_len = eq != NULL ? (size_t)(eq - s) : len;
	struct buf name = BUF_INIT(256);
	const struct fcgi_input *t = NULL;

	/* A name that does not decode or is longer than any of ours is undeclared: ignored.
	 */
	if (dec_percent(&name, s, name_len, true) == 0 && !name.over)
		t = declared(table, n, where, buf_str(&name), name.len);
	buf_clear(&name);
	if (t == NULL)
		return 0;
	if (eq == NULL)
		return take_value(in, t, "", 0, e);
	return take_value(in, t, eq + 1, len - name_len - 1, e);
}

static int
take_all(struct fcgi_inputs *in, const struct fcgi_input *table, size_t n,
    enum fcgi_where where, const char *s, size_t len, struct err *e)
{
	const char *end = s + len;
	int pairs = 0;

	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		const char *stop = amp != NULL ? amp : end;

		if (++pairs > PAIRS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d inputs", PAIRS_MAX);
		if (stop > s &&
		    take_pair(in, table, n, where, s, (size_t)(stop - s), e) == -1)
			return -1;
		if (amp == NULL)
			break;
		s = amp + 1;
	}
	return 0;
}

static bool
is_form(const struct fcgi_req *req)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *t = req->p.content_type;
	char after;

	if (t == NULL || !str_starts_ci(t, type))
		return false;
	after = t[sizeof(type) - 1];
	return after == '\0' || after == ';' || after == ' ';
}

int
fcgi_inputs_read(const struct fcgi_req *req, const struct fcgi_input *table, size_t n,
    struct fcgi_inputs **out, struct err *e)
{
	struct fcgi_inputs *in = xcalloc(1, sizeof(*in));
	const char *query = req->query != NULL ? req->query : "";

	if (req->body_too_big) {
		err_set(
		    e, ERR_LIMIT, "the form is longer than %zu bytes", req->body.max_bytes);
		goto fail;
	}
	if (take_all(in, table, n, FCGI_QUERY, query, strlen(query), e) == -1)
		goto fail;
	if (is_form(req) &&
	    take_all(in, table, n, FCGI_FORM, buf_str(&req->body), req->body.len, e) == -1)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		if (table[i].required && str_empty(fcgi_input(in, table[i].name))) {
			err_set(e, ERR_INPUT, "input %s is missing", table[i].name);
			goto fail;
		}
	}
	*out = in;
	return 0;
fail:
	fcgi_inputs_free(in);
	return -1;
}

void
fcgi_inputs_free(struct fcgi_inputs *in)
{
	if (in == NULL)
		return;
	for (size_t i = 0; i < in->n; i++)
		free(in->v[i].text);
	free(in->v);
	free(in);
}

const char *
fcgi_input(const struct fcgi_inputs *in, const char *name)
{
	return fcgi_input_i(in, name, 0);
}

int64_t
fcgi_input_i64(const struct fcgi_inputs *in, const char *name, int64_t dflt)
{
	const char *s = fcgi_input(in, name);
	int64_t v = dflt;

	if (s == NULL || num_parse_i64(s, INT64_MIN, INT64_MAX, &v) == -1)
		return dflt;
	return v;
}

size_t
fcgi_input_n(const struct fcgi_inputs *in, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++) {
		if (str_eq(in->v[i].name, name))
			n++;
	}
	return n;
}

const char *
fcgi_input_i(const struct fcgi_inputs *in, const char *name, size_t i)
{
	for (size_t k = 0; k < in->n; k++) {
		if (str_eq(in->v[k].name, name) && i-- == 0)
			return in->v[k].text;
	}
	return NULL;
}

/* ---- cookies (RFC 6265 4.2.1) */

int
fcgi_cookie(const struct fcgi_req *req, const char *name, char *dst, size_t size)
{
	const char *s = req->p.http_cookie;
	size_t name_len = strlen(name);
	const char *found = NULL;
	size_t found_len = 0;

	while (s != NULL && *s != '\0') {
		const char *semi;
		size_t len;

		while (*s == ' ' || *s == '\t')
			s++;
		semi = strchr(s, ';');
		len = semi != NULL ? (size_t)(semi - s) : strlen(s);
		if (len > name_len && memcmp(s, name, name_len) == 0 &&
		    s[name_len] == '=') {
			if (found != NULL)
				return -1;
			found = s + name_len + 1;
			found_len = len - name_len - 1;
		}
		s = semi != NULL ? semi + 1 : NULL;
	}
	while (
	    found_len > 0 && (found[found_len - 1] == ' ' || found[found_len - 1] == '\t'))
		found_len--;
	if (found == NULL || found_len >= size)
		return -1;
	memcpy(dst, found, found_len);
	dst[found_len] = '\0';
	return 0;
}
