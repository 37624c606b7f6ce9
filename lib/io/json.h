/* json.h: JSON by cJSON behind one door: depth and size limits, typed getters whose errors name the
 * member's path, a builder. Layer: io. Source: RFC 8259. Numbers are doubles inside: whole numbers are
 * exact below 2^53, above Procore's 15-digit ids (procore.md 1); the getters refuse anything larger.
 * Of doubled keys the first counts. */
#ifndef CW_IO_JSON_H
#define CW_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct json; /* a value; children belong to their parent */

/* Largest whole number that every reader keeps apart from its neighbours, 2^53 - 1 (RFC 8259 6). */
#define JSON_INT_MAX INT64_C(9007199254740991)

/* Parse n bytes; the whole text must be one value (blanks around it and a byte order mark allowed).
 * out     owned by the caller, json_free()
 * errors  ERR_REMOTE not JSON (RFC 8259, strictly), not UTF-8, deeper than LIMIT_JSON_DEPTH, NUL
 *         inside; ERR_LIMIT n > max_bytes */
MUST_USE int json_parse(const char *text, size_t n, size_t max_bytes, struct json **out, struct err *e);
void json_free(struct json *j); /* accepts NULL */
struct json *json_dup(const struct json *j);
/* Append compact text. Members keep the order in which they were added. */
void json_print(const struct json *j, struct buf *out);
/* Compact text owned by the caller. */
char *json_text(const struct json *j);

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
enum json_type json_type(const struct json *j); /* NULL pointer counts as JSON_NULL */

/* ---- reading. All accept NULL for the value. */
/* A member by dotted path with array indexes: "rfi.questions.0.body"; NULL when absent.
 * "" is the value itself. */
const struct json *json_at(const struct json *j, const char *path);
/* A member by its exact key, dots included. */
const struct json *json_get(const struct json *obj, const char *key);
size_t json_len(const struct json *arr);
const struct json *json_item(const struct json *arr, size_t i); /* O(i); for walking use first/next */
const struct json *json_first(const struct json *arr_or_obj);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *child); /* NULL in arrays */

/* Required members, by path. Borrowed texts live as long as the tree.
 * errors  ERR_REMOTE absent, null, wrong type or outside the range; the message names the path */
MUST_USE int json_need_str(const struct json *j, const char *path, size_t max_bytes, const char **out, struct err *e);
MUST_USE int json_need_i64(const struct json *j, const char *path, int64_t min, int64_t max, int64_t *out, struct err *e);
MUST_USE int json_need_bool(const struct json *j, const char *path, bool *out, struct err *e);
MUST_USE int json_need_arr(const struct json *j, const char *path, const struct json **out, struct err *e);
MUST_USE int json_need_obj(const struct json *j, const char *path, const struct json **out, struct err *e);

/* Optional members: absent, null or another type give the default. json_i64_or also takes a string of
 * digits (v2 ids are strings). */
const char *json_str_or(const struct json *j, const char *path, const char *dflt);
int64_t json_i64_or(const struct json *j, const char *path, int64_t dflt);
bool json_bool_or(const struct json *j, const char *path, bool dflt);

/* The value itself. */
const char *json_str(const struct json *v);              /* NULL unless a string */
bool json_as_i64(const struct json *v, int64_t *out);    /* whole numbers, and strings of digits */
bool json_as_double(const struct json *v, double *out);

/* ---- building. Cannot fail (aborts without memory). */
struct json *json_obj(void);
struct json *json_arr(void);
/* Put into an object; an existing key is replaced. Texts are copied (invalid UTF-8 is kept as is; NULL
 * text becomes null). json_put takes child over. */
void json_put(struct json *obj, const char *key, struct json *child);
void json_put_str(struct json *obj, const char *key, const char *s);
void json_put_i64(struct json *obj, const char *key, int64_t v); /* |v| <= JSON_INT_MAX, else abort */
void json_put_bool(struct json *obj, const char *key, bool v);
void json_put_double(struct json *obj, const char *key, double v);
void json_put_null(struct json *obj, const char *key);
struct json *json_put_obj(struct json *obj, const char *key); /* a new object, borrowed */
struct json *json_put_arr(struct json *obj, const char *key);
void json_remove(struct json *obj, const char *key);
void json_add(struct json *arr, struct json *child);
void json_add_str(struct json *arr, const char *s);
void json_add_i64(struct json *arr, int64_t v);
struct json *json_add_obj(struct json *arr); /* a new object, borrowed */
struct json *json_new_str(const char *s);
struct json *json_new_i64(int64_t v);
struct json *json_new_bool(bool v);
struct json *json_new_null(void);

#endif
