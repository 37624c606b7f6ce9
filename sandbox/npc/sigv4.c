#include "config.h"

#include "sandbox/npc/sigv4.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

enum { CANONICAL_MAX = 64 * 1024, EXPIRES_MAX_S = 604800 };

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";

/* ---- what is claimed */

/* KEYID/YYYYMMDD/region/service/aws4_request */
static int
parse_credential(const char *s, size_t n, struct sigv4_auth *out, struct err *e)
{
	struct strv part = {0};
	char *text = xstrndup(s, n);
	int rc = -1;

	strv_split(&part, text, "/");
	if (part.n != 5 || !str_eq(part.v[4], "aws4_request") ||
	    str_copy(out->key_id, sizeof(out->key_id), part.v[0]) == -1 ||
	    str_copy(out->date, sizeof(out->date), part.v[1]) == -1 ||
	    str_copy(out->region, sizeof(out->region), part.v[2]) == -1 ||
	    str_copy(out->service, sizeof(out->service), part.v[3]) == -1)
		err_set(
		    e, ERR_AUTH, "Credential is not KEY/DATE/REGION/SERVICE/aws4_request");
	else
		rc = 0;
	strv_clear(&part);
	free(text);
	return rc;
}

/* The value of "name=" in a list separated by commas and blanks. */
static const char *
part_of(const char *s, const char *name, size_t *n)
{
	size_t len = strlen(name);

	while (*s != '\0') {
		s += strspn(s, ", ");
		if (strncmp(s, name, len) == 0 && s[len] == '=') {
			s += len + 1;
			*n = strcspn(s, ", ");
			return s;
		}
		s += strcspn(s, ",");
	}
	return NULL;
}

static int
take(char *dst, size_t size, const char *s, size_t n, const char *what, struct err *e)
{
	if (s == NULL || n == 0 || n >= size)
		return err_set(e, ERR_AUTH, "%s is missing or too long", what);
	memcpy(dst, s, n);
	dst[n] = '\0';
	return 0;
}

int
sigv4_parse(const char *authorization, struct sigv4_auth *out, struct err *e)
{
	struct sigv4_auth a = {0};
	const char *s;
	size_t n = 0;

	if (str_empty(authorization))
		return err_set(e, ERR_AUTH, "no Authorization header");
	if (!str_starts(authorization, ALGORITHM) ||
	    authorization[sizeof(ALGORITHM) - 1] != ' ')
		return err_set(e, ERR_AUTH, "Authorization is not %s", ALGORITHM);
	authorization += sizeof(ALGORITHM);
	s = part_of(authorization, "Credential", &n);
	if (s == NULL)
		return err_set(e, ERR_AUTH, "Authorization has no Credential");
	if (parse_credential(s, n, &a, e) == -1)
		return -1;
	s = part_of(authorization, "SignedHeaders", &n);
	if (take(a.signed_headers, sizeof(a.signed_headers), s, n, "SignedHeaders", e) ==
	    -1)
		return -1;
	s = part_of(authorization, "Signature", &n);
	if (take(a.signature, sizeof(a.signature), s, n, "Signature", e) == -1)
		return -1;
	*out = a;
	return 0;
}

/* The decoded value of one parameter, owned by the caller; NULL when absent, twice or
 * broken. */
static char *
query_value(const char *query, const char *name)
{
	struct buf v = BUF_INIT(LIMIT_URL);
	size_t len = strlen(name);
	int found = 0;

	while (*query != '\0') {
		size_t n = strcspn(query, "&");

		if (n > len && strncmp(query, name, len) == 0 && query[len] == '=') {
			found++;
			if (dec_percent(&v, query + len + 1, n - len - 1, false) == -1)
				found = 2;
		}
		query += n;
		if (*query == '&')
			query++;
	}
	if (found == 1 && v.len > 0)
		return buf_take(&v);
	buf_clear(&v);
	return NULL;
}

int
sigv4_parse_query(const char *query, struct sigv4_auth *out, char amz_date[17],
    int64_t *expires_s, struct err *e)
{
	static const char *const names[] = {"X-Amz-Algorithm", "X-Amz-Credential",
	    "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"};
	enum { ALG, CRED, DATE, EXP, HEADERS, SIG, N };
	char *v[N] = {NULL};
	struct sigv4_auth a = {0};
	int rc = -1;

	for (size_t i = 0; i < N; i++) {
		v[i] = query_value(query, names[i]);
		if (v[i] == NULL) {
			err_set(e, ERR_AUTH, "%s is missing, twice, or broken", names[i]);
			goto out;
		}
	}
	if (!str_eq(v[ALG], ALGORITHM) || str_copy(amz_date, 17, v[DATE]) == -1 ||
	    num_parse_i64(v[EXP], 1, EXPIRES_MAX_S, expires_s) == -1 ||
	    str_copy(a.signed_headers, sizeof(a.signed_headers), v[HEADERS]) == -1 ||
	    str_copy(a.signature, sizeof(a.signature), v[SIG]) == -1) {
		err_set(e, ERR_AUTH,
		    "the parameters of the presigned address are not acceptable");
		goto out;
	}
	if (parse_credential(v[CRED], strlen(v[CRED]), &a, e) == -1)
		goto out;
	*out = a;
	rc = 0;
out:
	for (size_t i = 0; i < N; i++)
		free(v[i]);
	return rc;
}

/* ---- canonical form */

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "key=value" decoded and encoded anew, as a server does that takes the query apart first.
 */
static int
canonical_pair(const char *s, size_t n, struct strv *out, struct err *e)
{
	struct buf key = BUF_INIT(LIMIT_URL), value = BUF_INIT(LIMIT_URL),
		   text = BUF_INIT(4 * LIMIT_URL);
	const char *eq = memchr(s, '=', n);
	size_t klen = eq != NULL ? (size_t)(eq - s) : n;
	int rc = -1;

	if (dec_percent(&key, s, klen, false) == -1 ||
	    (eq != NULL && dec_percent(&value, eq + 1, n - klen - 1, false) == -1)) {
		err_set(e, ERR_INPUT, "the query has a broken escape");
		goto out;
	}
	if (str_eq(buf_str(&key), "X-Amz-Signature")) { /* signs the others, not itself */
		rc = 0;
		goto out;
	}
	enc_percent_n(&text, buf_str(&key), key.len);
	buf_putc(
	    &text, '\1'); /* sorts before every other byte, so that keys decide first */
	enc_percent_n(&text, buf_str(&value), value.len);
	strv_add(out, buf_str(&text));
	rc = 0;
out:
	buf_clear(&key);
	buf_clear(&value);
	buf_clear(&text);
	return rc;
}

static int
canonical_query(const char *q, struct buf *out, struct err *e)
{
	struct strv pairs = {0};
	int rc = 0;

	while (rc == 0 && *q != '\0') {
		size_t n = strcspn(q, "&");

		if (n > 0)
			rc = canonical_pair(q, n, &pairs, e);
		q += n;
		if (*q == '&')
			q++;
	}
	if (rc == 0 && pairs.n > 0) {
		qsort(pairs.v, pairs.n, sizeof(*pairs.v), by_bytes);
		for (size_t i = 0; i < pairs.n; i++) {
			*strchr(pairs.v[i], '\1') = '=';
			buf_printf(out, "%s%s", i > 0 ? "&" : "", pairs.v[i]);
		}
	}
	strv_clear(&pairs);
	return rc;
}

static void
canonical_path(const struct sigv4_request *r, struct buf *out)
{
	const char *p = r->path;

	if (*p == '\0')
		buf_putc(out, '/');
	while (*p != '\0') {
		size_t n = strcspn(p, "/");

		if (r->s3)
			buf_add(out, p, n);
		else
			enc_percent_n(out, p, n);
		p += n;
		if (*p == '/')
			buf_putc(out, *p++);
	}
}

/* Blanks at the ends go, runs inside become one. */
static void
canonical_value(const char *s, struct buf *out)
{
	bool gap = false, any = false;

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '\t') {
			gap = any;
			continue;
		}
		if (gap)
			buf_putc(out, ' ');
		buf_putc(out, *s);
		gap = false;
		any = true;
	}
}

static const char *
header_value(const struct sigv4_request *r, const char *name)
{
	for (size_t i = 0; i < r->headers_n; i++) {
		if (str_eq(r->headers[i].name, name))
			return r->headers[i].value;
	}
	return NULL;
}

static int
canonical_headers(
    const struct sigv4_request *r, const struct strv *names, struct buf *out, struct err *e)
{
	if (names->n == 0 || names->n > SIGV4_HEADERS_MAX)
		return err_set(e, ERR_AUTH, "SignedHeaders names none or too many");
	for (size_t i = 0; i < names->n; i++) {
		const char *value = header_value(r, names->v[i]);

		if (i > 0 && strcmp(names->v[i - 1], names->v[i]) >= 0)
			return err_set(e, ERR_AUTH,
			    "SignedHeaders is not sorted, or names %s twice", names->v[i]);
		if (value == NULL)
			return err_set(e, ERR_AUTH,
			    "signed header %s was not sent, or is not known here",
			    names->v[i]);
		buf_printf(out, "%s:", names->v[i]);
		canonical_value(value, out);
		buf_putc(out, '\n');
	}
	return 0;
}

int
sigv4_canonical(const struct sigv4_request *r, const char *signed_headers, struct buf *out,
    struct err *e)
{
	struct strv names = {0};
	int rc = -1;

	strv_split(&names, signed_headers, ";");
	buf_printf(out, "%s\n", r->method);
	canonical_path(r, out);
	buf_putc(out, '\n');
	if (canonical_query(r->query, out, e) == -1)
		goto out;
	buf_putc(out, '\n');
	if (canonical_headers(r, &names, out, e) == -1)
		goto out;
	buf_printf(out, "\n%s\n%s", signed_headers, r->payload);
	rc = buf_check(out, "canonical request", e);
out:
	strv_clear(&names);
	return rc;
}

/* ---- signature */

void
sigv4_sign(const char *secret, const char *amz_date, const char *region,
    const char *service, const char *canonical, char out[CRYPT_HEX256_BYTES])
{
	uint8_t k[CRYPT_SHA256_BYTES], next[CRYPT_SHA256_BYTES];
	char hash[CRYPT_HEX256_BYTES];
	struct buf text = BUF_INIT(CANONICAL_MAX), hex = BUF_INIT(CRYPT_HEX256_BYTES);
	const char *steps[] = {region, service, "aws4_request"};

	buf_printf(&text, "AWS4%s", secret);
	crypt_hmac256(buf_str(&text), text.len, amz_date, 8, k);
	buf_clear(&text);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		crypt_hmac256(k, sizeof(k), steps[i], strlen(steps[i]), next);
		memcpy(k, next, sizeof(k));
	}
	crypt_sha256_hex(canonical, strlen(canonical), hash);
	buf_printf(&text, "%s\n%s\n%.8s/%s/%s/aws4_request\n%s", ALGORITHM, amz_date,
	    amz_date, region, service, hash);
	crypt_hmac256(k, sizeof(k), buf_str(&text), text.len, next);
	enc_hex(&hex, next, sizeof(next));
	memcpy(out, buf_str(&hex), CRYPT_HEX256_BYTES);
	buf_clear(&text);
	buf_clear(&hex);
}

int
sigv4_verify(const struct sigv4_request *r, const struct sigv4_auth *a,
    const char *amz_date, const char *secret, struct err *e)
{
	struct buf canonical = BUF_INIT(CANONICAL_MAX);
	char want[CRYPT_HEX256_BYTES];
	int rc = -1;

	if (sigv4_canonical(r, a->signed_headers, &canonical, e) == -1)
		goto out;
	sigv4_sign(secret, amz_date, a->region, a->service, buf_str(&canonical), want);
	if (strlen(a->signature) != strlen(want) ||
	    !crypt_eq(a->signature, want, strlen(want))) {
		err_set(e, ERR_AUTH,
		    "the signature is not that of this request; canonical request here: %s",
		    buf_str(&canonical));
		goto out;
	}
	rc = 0;
out:
	buf_clear(&canonical);
	return rc;
}

int
sigv4_time(const char *s, int64_t *at)
{
	char iso[CLK_ISO_BYTES];

	if (s == NULL || strlen(s) != 16 || s[8] != 'T' || s[15] != 'Z' ||
	    str_format(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6,
		s + 9, s + 11, s + 13) == -1)
		return -1;
	return clk_parse_iso(iso, at);
}

void
sigv4_stamp(int64_t at, char dst[17])
{
	char iso[CLK_ISO_BYTES];
	size_t n = 0;

	clk_iso(at, iso);
	for (const char *s = iso; *s != '\0' && n < 16; s++) {
		if (*s != '-' && *s != ':')
			dst[n++] = *s;
	}
	dst[n] = '\0';
}

void
sigv4_presign(const struct sigv4_presign *p, struct buf *out)
{
	struct buf query = BUF_INIT(LIMIT_URL), canonical = BUF_INIT(CANONICAL_MAX);
	const char *host = strstr(p->origin, "://");
	struct sigv4_header headers[] = {{"host", host != NULL ? host + 3 : p->origin}};
	struct sigv4_request r = {.method = p->method,
	    .path = p->path,
	    .headers = headers,
	    .headers_n = 1,
	    .payload = "UNSIGNED-PAYLOAD",
	    .s3 = true};
	char signature[CRYPT_HEX256_BYTES];
	struct err e = {0};

	buf_printf(&query,
	    "X-Amz-Algorithm=%s&X-Amz-Credential=%s%%2F%.8s%%2F%s%%2Fs3%%2Faws4_request&X-"
	    "Amz-Date=%s"
	    "&X-Amz-Expires=%" PRId64 "&X-Amz-SignedHeaders=host",
	    ALGORITHM, p->key_id, p->amz_date, p->region, p->amz_date, p->expires_s);
	r.query = buf_str(&query);
	/* Our own query and one header: nothing in it can be refused. */
	BUG_IF(sigv4_canonical(&r, "host", &canonical, &e) == -1);
	sigv4_sign(p->secret, p->amz_date, p->region, "s3", buf_str(&canonical), signature);
	buf_printf(out, "%s%s?%s&X-Amz-Signature=%s", p->origin, p->path, buf_str(&query),
	    signature);
	buf_clear(&query);
	buf_clear(&canonical);
}
