#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypt.h"
#include "procore/sim.h"

/* json.h hands out children read-only; these trees are the stand-in's own, so changing them
 * is fine. */
struct json *
data_own(const struct json *j)
{
	union {
		const struct json *in;
		struct json *out;
	} u = {.in = j};

	return u.out;
}

struct json *
data_at(struct json *j, const char *path)
{
	return data_own(json_at(j, path));
}

struct json *
data_item(struct json *arr, size_t i)
{
	return data_own(json_item(arr, i));
}

struct json *
data_get(struct json *obj, const char *key)
{
	return data_own(json_get(obj, key));
}

static void
bind_all(struct stmt *s, const char *types, va_list ap)
{
	int i = 1;
	char *text;

	for (; *types != '\0'; types++, i++) {
		if (*types == 'i') {
			db_bind_i64(s, i, va_arg(ap, int64_t));
		} else if (*types == 'd') {
			text = json_text(va_arg(ap, const struct json *));
			db_bind_text(s, i, text);
			free(text);
		} else {
			BUG_IF(*types != 't');
			db_bind_text(s, i, va_arg(ap, const char *));
		}
	}
}

static int
first_row(struct db *db, int query, struct stmt **s, bool *row, struct err *e,
    const char *types, va_list ap)
{
	if (db_query(db, query, s, e) == -1)
		return -1;
	bind_all(*s, types, ap);
	return db_step(*s, row, e);
}

int
data_run(struct db *db, int query, struct err *e, const char *types, ...)
{
	struct stmt *s = NULL;
	va_list ap;

	if (db_query(db, query, &s, e) == -1)
		return -1;
	va_start(ap, types);
	bind_all(s, types, ap);
	va_end(ap);
	return db_exec(s, e);
}

int
data_i64(struct db *db, int query, int64_t *out, bool *found, struct err *e,
    const char *types, ...)
{
	struct stmt *s = NULL;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = first_row(db, query, &s, found, e, types, ap);
	va_end(ap);
	if (rc == 0 && *found)
		*out = db_col_i64(s, 0);
	db_done(s);
	return rc;
}

static int
parse_column(struct stmt *s, struct json **out, struct err *e)
{
	const char *text = db_col_text(s, 0);

	if (text == NULL)
		return err_set(e, ERR_BUG, "a JSON column is NULL");
	return json_parse(text, strlen(text), LIMIT_API_BODY, out, e);
}

int
data_doc(struct db *db, int query, struct json **out, struct err *e, const char *types, ...)
{
	struct stmt *s = NULL;
	bool row = false;
	va_list ap;
	int rc;

	*out = NULL;
	va_start(ap, types);
	rc = first_row(db, query, &s, &row, e, types, ap);
	va_end(ap);
	if (rc == 0 && row)
		rc = parse_column(s, out, e);
	db_done(s);
	return rc;
}

int
data_docs(
    struct db *db, int query, struct json **out, struct err *e, const char *types, ...)
{
	struct json *all = json_arr(), *one;
	struct stmt *s = NULL;
	bool row = false;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = first_row(db, query, &s, &row, e, types, ap);
	va_end(ap);
	while (rc == 0 && row) {
		rc = parse_column(s, &one, e);
		if (rc == 0) {
			json_add(all, one);
			rc = db_step(s, &row, e);
		}
	}
	db_done(s);
	if (rc == -1) {
		json_free(all);
		return -1;
	}
	*out = all;
	return 0;
}

int
data_text(struct db *db, int query, char **out, struct err *e, const char *types, ...)
{
	struct stmt *s = NULL;
	bool row = false;
	va_list ap;
	int rc;

	*out = NULL;
	va_start(ap, types);
	rc = first_row(db, query, &s, &row, e, types, ap);
	va_end(ap);
	if (rc == 0 && row)
		*out = xstrdup(db_col_text(s, 0));
	db_done(s);
	return rc;
}

void
data_copy(struct json *dst, const struct json *src, const char *const *names)
{
	const struct json *v;

	for (; *names != NULL; names++) {
		v = json_get(src, *names);
		if (v != NULL)
			json_put(dst, *names, json_dup(v));
	}
}

void
data_drop(struct json *obj, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (json_get(obj, *names) != NULL)
			json_remove(obj, *names);
	}
}

bool
data_bool(const struct json *j, const char *path, bool dflt)
{
	const struct json *v = json_at(j, path);
	int64_t n;

	if (json_str(v) != NULL && !str_empty(json_str(v)))
		return str_eq_ci(json_str(v), "true") || str_eq(json_str(v), "1") ||
		       str_eq_ci(json_str(v), "on");
	if (json_type(v) == JSON_NUMBER && json_as_i64(v, &n))
		return n != 0;
	return json_bool_or(j, path, dflt);
}

bool
data_has_i64(const struct json *arr, int64_t v)
{
	const struct json *one;
	int64_t n;

	if (json_as_i64(arr, &n))
		return n == v;
	for (one = json_first(arr); one != NULL; one = json_next(one)) {
		if (json_as_i64(one, &n) && n == v)
			return true;
	}
	return false;
}

bool
data_has_id(const struct json *arr, int64_t id)
{
	const struct json *one;

	for (one = json_first(arr); one != NULL; one = json_next(one)) {
		if (json_i64_or(one, "id", 0) == id)
			return true;
	}
	return false;
}

void
data_put_time(struct json *obj, const char *key, int64_t at)
{
	char iso[CLK_ISO_BYTES];

	clk_iso(at, iso);
	json_put_str(obj, key, iso);
}

void
data_put_date(struct json *obj, const char *key, int64_t at)
{
	char iso[CLK_ISO_BYTES];

	clk_iso(at, iso);
	iso[10] = '\0';
	json_put_str(obj, key, iso);
}

/* The entities that Procore's editor writes; others stay as they are. */
static size_t
entity(const char *s, char *out)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
	    {"&#39;", '\''}, {"&nbsp;", ' '}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (str_starts(s, known[i].name)) {
			*out = known[i].c;
			return strlen(known[i].name);
		}
	}
	return 0;
}

static bool
breaks_line(const char *tag)
{
	return str_starts_ci(tag, "br") || str_starts_ci(tag, "/p") ||
	       str_starts_ci(tag, "/div") || str_starts_ci(tag, "/li");
}

void
data_plain(const char *rich, struct buf *out)
{
	const char *s = rich, *end;
	size_t n;
	char c;

	while (*s != '\0') {
		if (*s == '<' && (end = strchr(s, '>')) != NULL) {
			if (breaks_line(s + 1) && out->len > 0)
				buf_putc(out, '\n');
			s = end + 1;
		} else if (*s == '&' && (n = entity(s, &c)) > 0) {
			buf_putc(out, c);
			s += n;
		} else {
			buf_putc(out, *s++);
		}
	}
	while (out->len > 0 && out->p[out->len - 1] == '\n')
		buf_truncate(out, out->len - 1);
}

void
data_hash(const char *text, char hex[65])
{
	crypt_sha256_hex(text, strlen(text), hex);
}

void
data_sign(const struct sim_call *c, const char *text, char hex[65])
{
	const char *key = sim_setting(c, "_key", "");
	uint8_t mac[CRYPT_SHA256_BYTES];
	struct buf b = BUF_INIT(128);

	crypt_hmac256(key, strlen(key), text, strlen(text), mac);
	enc_hex(&b, mac, sizeof mac);
	str_cut(hex, 65, buf_str(&b));
	buf_clear(&b);
}
