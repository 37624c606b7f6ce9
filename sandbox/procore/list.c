#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "procore/sim.h"

static void
header_i64(struct sim_call *c, const char *name, int64_t v)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, v) == 0)
		fcgi_header(c->resp, name, text);
}

static void
add_link(struct sim_call *c, struct buf *b, const char *rel, int64_t page, int64_t per)
{
	/* As in Procore's own sample the links drop the other parameters (procore.md 3.3).
	 */
	buf_printf(b, "%s<%s%s?page=%" PRId64 "&per_page=%" PRId64 ">; rel=\"%s\"",
	    b->len > 0 ? ", " : "", c->sim->api_url, c->req->path, page, per, rel);
}

struct json *
list_page(struct sim_call *c, struct json *arr, int64_t dflt, int64_t max)
{
	int64_t page = json_i64_or(c->query, "page", 1),
		per = json_i64_or(c->query, "per_page", dflt);
	int64_t total = (int64_t)json_len(arr), pages, i = 0;
	struct buf links = BUF_INIT(4096);
	struct json *kept = json_arr();
	const struct json *one;

	if (page < 1)
		page = 1;
	if (per < 1)
		per = dflt;
	if (per > max)
		per = max;
	pages = total == 0 ? 1 : (total + per - 1) / per;
	for (one = json_first(arr); one != NULL; one = json_next(one), i++) {
		if (i / per == page - 1)
			json_add(kept, json_dup(one));
	}
	if (page > 1) {
		add_link(c, &links, "first", 1, per);
		add_link(c, &links, "prev", page - 1, per);
	}
	if (page < pages) {
		add_link(c, &links, "next", page + 1, per);
		add_link(c, &links, "last", pages, per);
	}
	if (links.len > 0 && str_no_controls(buf_str(&links), links.len))
		fcgi_header(c->resp, "Link", buf_str(&links));
	header_i64(c, "Total", total);
	header_i64(c, "Per-Page", per);
	buf_clear(&links);
	json_free(arr);
	return kept;
}

/* A plain date as the end of a range means the end of that day. */
static int
parse_end(const char *s, bool end, int64_t *out)
{
	if (clk_parse_iso(s, out) == -1)
		return -1;
	if (end && strlen(s) == strlen("2026-01-01"))
		*out += 86399;
	return 0;
}

int
list_range(struct sim_call *c, const char *name, int64_t *from, int64_t *to)
{
	const struct json *filters = json_get(c->query, "filters");
	const char *text = json_str(json_get(filters, name)), *dots;
	char *plain, *first;
	int rc = 0;

	*from = 0;
	*to = JSON_INT_MAX;
	if (text == NULL)
		return 0;
	text += *text == '"' ? 1 : 0; /* the guide wraps the range in quotes */
	plain = xstrndup(text, strcspn(text, "\""));
	dots = strstr(plain, "...");
	if (dots == NULL) {
		rc =
		    parse_end(plain, false, from) == -1 || parse_end(plain, true, to) == -1;
	} else {
		first = xstrndup(plain, (size_t)(dots - plain));
		rc = parse_end(first, false, from) == -1 ||
		     parse_end(dots + 3, true, to) == -1;
		free(first);
	}
	free(plain);
	return rc == 0 ? 0
		       : sim_refuse(c, 400, "filters[%s] is not a range of dates", name);
}

static const struct json *
filter(const struct sim_call *c, const char *name)
{
	return json_get(json_get(c->query, "filters"), name);
}

bool
list_wants(const struct sim_call *c, const char *name, const char *text)
{
	const struct json *f = filter(c, name), *one;

	if (f == NULL)
		return true;
	if (json_str(f) != NULL)
		return str_eq(json_str(f), text);
	for (one = json_first(f); one != NULL; one = json_next(one)) {
		if (str_eq(json_str(one), text))
			return true;
	}
	return false;
}

bool
list_wants_i64(const struct sim_call *c, const char *name, int64_t v)
{
	const struct json *f = filter(c, name);

	return f == NULL || data_has_i64(f, v);
}

bool
list_wants_any(const struct sim_call *c, const char *name, const struct json *people)
{
	const struct json *f = filter(c, name), *p;

	if (f == NULL)
		return true;
	for (p = json_first(people); p != NULL; p = json_next(p)) {
		if (data_has_i64(f, json_i64_or(p, "id", 0)))
			return true;
	}
	return false;
}

struct sortable {
	struct json *doc;
	const struct json *key;
	int sign;
	size_t at;
};

static int
compare(const void *pa, const void *pb)
{
	const struct sortable *a = pa, *b = pb;
	double x = 0, y = 0;
	int r;

	if (json_as_double(a->key, &x) && json_as_double(b->key, &y))
		r = x < y ? -1 : x > y ? 1 : 0;
	else
		r = strcmp(json_str(a->key) != NULL ? json_str(a->key) : "",
		    json_str(b->key) != NULL ? json_str(b->key) : "");
	if (r == 0)
		return a->at < b->at ? -1 : 1; /* stable, so that pages do not overlap */
	return r * a->sign;
}

struct json *
list_sort(struct json *arr, const char *path, bool descending)
{
	size_t n = json_len(arr), i = 0;
	struct sortable *v;
	struct json *out;
	const struct json *one;

	if (n < 2)
		return arr;
	v = xcalloc(n, sizeof *v);
	for (one = json_first(arr); one != NULL; one = json_next(one), i++) {
		v[i].doc = json_dup(one);
		v[i].key = json_at(v[i].doc, path);
		v[i].sign = descending ? -1 : 1;
		v[i].at = i;
	}
	qsort(v, n, sizeof *v, compare);
	out = json_arr();
	for (i = 0; i < n; i++)
		json_add(out, v[i].doc);
	free(v);
	json_free(arr);
	return out;
}
