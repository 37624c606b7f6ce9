#include "config.h"

#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"
#include "io/json_scan.h"

/* struct json is never defined: its pointers are cJSON's under another name. */
static cJSON *
inner(struct json *j)
{
	return (cJSON *)j;
}

static const cJSON *
inner_c(const struct json *j)
{
	return (const cJSON *)j;
}

static struct json *
outer(cJSON *c)
{
	BUG_IF(c == NULL); /* cJSON found no memory */
	return (struct json *)c;
}

static const struct json *
outer_c(const cJSON *c)
{
	return (const struct json *)c;
}

/* A whole number within JSON_INT_MAX. */
static bool
is_whole(double d)
{
	return d >= -(double)JSON_INT_MAX && d <= (double)JSON_INT_MAX &&
	       (double)(int64_t)d == d;
}

int
json_parse(const char *text, size_t n, size_t max_bytes, struct json **out, struct err *e)
{
	static const char bom[] = "\xEF\xBB\xBF";
	cJSON *c;

	if (n > max_bytes)
		return err_set(
		    e, ERR_LIMIT, "JSON of %zu bytes is larger than %zu", n, max_bytes);
	/* RFC 8259 8.1 lets a reader ignore it; .NET servers send one. */
	if (n >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0) {
		text += sizeof(bom) - 1;
		n -= sizeof(bom) - 1;
	}
	if (json_scan(text, n, LIMIT_JSON_DEPTH, e) != 0)
		return -1;
	c = cJSON_ParseWithLengthOpts(text, n, NULL, 0);
	if (c == NULL)
		return err_set(e, ERR_REMOTE, "JSON that cannot be kept");
	*out = outer(c);
	return 0;
}

void
json_free(struct json *j)
{
	cJSON_Delete(inner(j));
}

struct json *
json_dup(const struct json *j)
{
	if (j == NULL)
		return NULL;
	return outer(cJSON_Duplicate(inner_c(j), 1));
}

/* ---- printing: not cJSON's, which writes 2^53 - 1 as 9.00719925474099e+15 */

static void
print_number(struct buf *out, double d)
{
	char text[40];
	int digits;

	if (!isfinite(d)) {
		buf_puts(out, "null");
		return;
	}
	if (is_whole(d)) {
		buf_printf(out, "%lld", (long long)d);
		return;
	}
	/* The shortest text that reads back as the same number; 17 digits always do. */
	for (digits = 15; digits <= 17; digits++) {
		BUG_IF(str_format(text, sizeof(text), "%.*g", digits, d) != 0);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_puts(out, text);
}

static void
print_text(struct buf *out, const char *s)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *hit;
	size_t plain;

	buf_putc(out, '"');
	while (*s != '\0') {
		plain = 0;
		while (
		    (unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
			plain++;
		buf_add(out, s, plain);
		s += plain;
		if (*s == '\0')
			break;
		hit = strchr(from, *s);
		if (hit != NULL) {
			buf_putc(out, '\\');
			buf_putc(out, to[hit - from]);
		} else {
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*s);
		}
		s++;
	}
	buf_putc(out, '"');
}

void
json_print(const struct json *j, struct buf *out)
{
	enum json_type type = json_type(j);
	const struct json *child;

	switch (type) {
	case JSON_BOOL:
		buf_puts(out, cJSON_IsTrue(inner_c(j)) ? "true" : "false");
		break;
	case JSON_NUMBER:
		print_number(out, inner_c(j)->valuedouble);
		break;
	case JSON_STRING:
		print_text(out, inner_c(j)->valuestring);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_putc(out, type == JSON_ARRAY ? '[' : '{');
		for (child = json_first(j); child != NULL; child = json_next(child)) {
			if (child != json_first(j))
				buf_putc(out, ',');
			if (type == JSON_OBJECT) {
				print_text(out, json_key(child));
				buf_putc(out, ':');
			}
			json_print(child, out);
		}
		buf_putc(out, type == JSON_ARRAY ? ']' : '}');
		break;
	case JSON_NULL:
	default:
		buf_puts(out, "null");
		break;
	}
}

char *
json_text(const struct json *j)
{
	struct buf out = BUF_INIT(SIZE_MAX);

	json_print(j, &out);
	return buf_take(&out);
}

/* ---- reading */

enum json_type
json_type(const struct json *j)
{
	const cJSON *c = inner_c(j);

	if (cJSON_IsBool(c))
		return JSON_BOOL;
	if (cJSON_IsNumber(c))
		return JSON_NUMBER;
	if (cJSON_IsString(c))
		return JSON_STRING;
	if (cJSON_IsArray(c))
		return JSON_ARRAY;
	return cJSON_IsObject(c) ? JSON_OBJECT : JSON_NULL;
}

/* A member by the first n bytes of key; of doubled keys the first. */
static const struct json *
member(const struct json *obj, const char *key, size_t n)
{
	const struct json *child;
	const char *name;

	if (json_type(obj) != JSON_OBJECT)
		return NULL;
	for (child = json_first(obj); child != NULL; child = json_next(child)) {
		name = json_key(child);
		/* Pages look up thousands of keys: most differ in their first byte. */
		if (name == NULL || (n > 0 && name[0] != key[0]))
			continue;
		if (strncmp(name, key, n) == 0 && name[n] == '\0')
			return child;
	}
	return NULL;
}

const struct json *
json_get(const struct json *obj, const char *key)
{
	return member(obj, key, strlen(key));
}

const struct json *
json_at(const struct json *j, const char *path)
{
	int64_t index;
	size_t n;

	while (j != NULL && *path != '\0') {
		n = strcspn(path, ".");
		if (json_type(j) != JSON_ARRAY)
			j = member(j, path, n);
		else if (num_parse_i64_n(path, n, 0, INT32_MAX, &index) == 0)
			j = json_item(j, (size_t)index);
		else
			j = NULL;
		path += n;
		if (*path == '.')
			path++;
	}
	return j;
}

size_t
json_len(const struct json *arr)
{
	const struct json *child;
	size_t n = 0;

	for (child = json_first(arr); child != NULL; child = json_next(child))
		n++;
	return n;
}

const struct json *
json_item(const struct json *arr, size_t i)
{
	const struct json *child = json_first(arr);

	for (; child != NULL && i > 0; i--)
		child = json_next(child);
	return child;
}

const struct json *
json_first(const struct json *arr_or_obj)
{
	return arr_or_obj == NULL ? NULL : outer_c(inner_c(arr_or_obj)->child);
}

const struct json *
json_next(const struct json *child)
{
	return child == NULL ? NULL : outer_c(inner_c(child)->next);
}

const char *
json_key(const struct json *child)
{
	return child == NULL ? NULL : inner_c(child)->string;
}

/* The value at path, of that type. */
static int
need(const struct json *j, const char *path, enum json_type type, const char *type_name,
    const struct json **out, struct err *e)
{
	const struct json *v = json_at(j, path);

	if (v == NULL)
		return err_set(e, ERR_REMOTE, "%s is missing", path);
	if (json_type(v) == JSON_NULL)
		return err_set(e, ERR_REMOTE, "%s is null", path);
	if (json_type(v) != type)
		return err_set(e, ERR_REMOTE, "%s is not %s", path, type_name);
	*out = v;
	return 0;
}

int
json_need_str(const struct json *j, const char *path, size_t max_bytes, const char **out,
    struct err *e)
{
	const struct json *v = NULL;

	if (need(j, path, JSON_STRING, "a text", &v, e) != 0)
		return -1;
	if (strlen(json_str(v)) > max_bytes)
		return err_set(
		    e, ERR_REMOTE, "%s is longer than %zu bytes", path, max_bytes);
	*out = json_str(v);
	return 0;
}

int
json_need_i64(const struct json *j, const char *path, int64_t min, int64_t max,
    int64_t *out, struct err *e)
{
	const struct json *v = NULL;
	int64_t n;

	if (need(j, path, JSON_NUMBER, "a number", &v, e) != 0)
		return -1;
	if (!json_as_i64(v, &n))
		return err_set(e, ERR_REMOTE, "%s is not a whole number", path);
	if (n < min || n > max)
		return err_set(e, ERR_REMOTE, "%s is outside %lld to %lld", path,
		    (long long)min, (long long)max);
	*out = n;
	return 0;
}

int
json_need_bool(const struct json *j, const char *path, bool *out, struct err *e)
{
	const struct json *v = NULL;

	if (need(j, path, JSON_BOOL, "true or false", &v, e) != 0)
		return -1;
	*out = cJSON_IsTrue(inner_c(v));
	return 0;
}

int
json_need_arr(
    const struct json *j, const char *path, const struct json **out, struct err *e)
{
	return need(j, path, JSON_ARRAY, "a list", out, e);
}

int
json_need_obj(
    const struct json *j, const char *path, const struct json **out, struct err *e)
{
	return need(j, path, JSON_OBJECT, "an object", out, e);
}

const char *
json_str_or(const struct json *j, const char *path, const char *dflt)
{
	const char *s = json_str(json_at(j, path));

	return s != NULL ? s : dflt;
}

int64_t
json_i64_or(const struct json *j, const char *path, int64_t dflt)
{
	int64_t v = dflt;

	return json_as_i64(json_at(j, path), &v) ? v : dflt;
}

bool
json_bool_or(const struct json *j, const char *path, bool dflt)
{
	const struct json *v = json_at(j, path);

	return json_type(v) == JSON_BOOL ? cJSON_IsTrue(inner_c(v)) : dflt;
}

const char *
json_str(const struct json *v)
{
	return v != NULL && json_type(v) == JSON_STRING ? inner_c(v)->valuestring : NULL;
}

bool
json_as_i64(const struct json *v, int64_t *out)
{
	double d;

	if (json_type(v) == JSON_STRING)
		return num_parse_i64(json_str(v), 0, INT64_MAX, out) == 0;
	if (!json_as_double(v, &d) || !is_whole(d))
		return false;
	*out = (int64_t)d;
	return true;
}

bool
json_as_double(const struct json *v, double *out)
{
	if (v == NULL || json_type(v) != JSON_NUMBER)
		return false;
	*out = inner_c(v)->valuedouble;
	return true;
}

/* ---- building */

struct json *
json_obj(void)
{
	return outer(cJSON_CreateObject());
}

struct json *
json_arr(void)
{
	return outer(cJSON_CreateArray());
}

struct json *
json_new_str(const char *s)
{
	return outer(s != NULL ? cJSON_CreateString(s) : cJSON_CreateNull());
}

struct json *
json_new_i64(int64_t v)
{
	BUG_IF(v > JSON_INT_MAX || v < -JSON_INT_MAX);
	return outer(cJSON_CreateNumber((double)v));
}

struct json *
json_new_bool(bool v)
{
	return outer(cJSON_CreateBool(v));
}

struct json *
json_new_null(void)
{
	return outer(cJSON_CreateNull());
}

void
json_put(struct json *obj, const char *key, struct json *child)
{
	BUG_IF(json_type(obj) != JSON_OBJECT || child == NULL);
	if (json_get(obj, key) != NULL)
		BUG_IF(
		    !cJSON_ReplaceItemInObjectCaseSensitive(inner(obj), key, inner(child)));
	else
		BUG_IF(!cJSON_AddItemToObject(inner(obj), key, inner(child)));
}

void
json_put_str(struct json *obj, const char *key, const char *s)
{
	json_put(obj, key, json_new_str(s));
}

void
json_put_i64(struct json *obj, const char *key, int64_t v)
{
	json_put(obj, key, json_new_i64(v));
}

void
json_put_bool(struct json *obj, const char *key, bool v)
{
	json_put(obj, key, json_new_bool(v));
}

void
json_put_double(struct json *obj, const char *key, double v)
{
	json_put(obj, key, outer(cJSON_CreateNumber(v)));
}

void
json_put_null(struct json *obj, const char *key)
{
	json_put(obj, key, json_new_null());
}

struct json *
json_put_obj(struct json *obj, const char *key)
{
	struct json *child = json_obj();

	json_put(obj, key, child);
	return child;
}

struct json *
json_put_arr(struct json *obj, const char *key)
{
	struct json *child = json_arr();

	json_put(obj, key, child);
	return child;
}

void
json_remove(struct json *obj, const char *key)
{
	cJSON_DeleteItemFromObjectCaseSensitive(inner(obj), key);
}

void
json_add(struct json *arr, struct json *child)
{
	BUG_IF(json_type(arr) != JSON_ARRAY || child == NULL);
	BUG_IF(!cJSON_AddItemToArray(inner(arr), inner(child)));
}

void
json_add_str(struct json *arr, const char *s)
{
	json_add(arr, json_new_str(s));
}

void
json_add_i64(struct json *arr, int64_t v)
{
	json_add(arr, json_new_i64(v));
}

struct json *
json_add_obj(struct json *arr)
{
	struct json *child = json_obj();

	json_add(arr, child);
	return child;
}
