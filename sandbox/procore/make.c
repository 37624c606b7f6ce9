#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

struct json *
make_section(struct sim_call *c, int64_t id, const char *number)
{
	const char *text = sim_setting(c, "_spec_sections", "[]");
	struct json *all = NULL, *found = NULL;
	const struct json *s;
	struct err ignored = {0};

	if (json_parse(text, strlen(text), LIMIT_API_BODY, &all, &ignored) == -1)
		return json_new_null();
	for (s = json_first(all); s != NULL && found == NULL; s = json_next(s)) {
		if (json_i64_or(s, "id", 0) == id ||
		    (number != NULL && str_eq(json_str_or(s, "number", ""), number)))
			found = json_dup(s);
	}
	json_free(all);
	return found != NULL ? found : json_new_null();
}

int
make_person(
    struct sim_call *c, int64_t id, bool with_firm, struct json **out, struct err *e)
{
	struct json *p = NULL;

	if (id != 0 && people_by_id(c->sim, id, &p, e) == -1)
		return -1;
	*out = people_ref(p, with_firm);
	json_free(p);
	return 0;
}

int
make_people(struct sim_call *c, const struct json *ids, bool with_firm, struct json **out,
    struct err *e)
{
	struct json *arr = json_arr(), *one;
	const struct json *v;
	int64_t id;

	for (v = json_type(ids) == JSON_ARRAY ? json_first(ids) : NULL; v != NULL;
	     v = json_next(v)) {
		if (!json_as_i64(v, &id))
			continue;
		if (make_person(c, id, with_firm, &one, e) == -1) {
			json_free(arr);
			return -1;
		}
		if (json_type(one) == JSON_OBJECT)
			json_add(arr, one);
		else
			json_free(one);
	}
	*out = arr;
	return 0;
}

int
make_rich(
    struct sim_call *c, const char *text, struct json *obj, const char *key, struct err *e)
{
	char *rich = NULL;

	if (strchr(text, '<') != NULL && strchr(text, '>') != NULL) {
		json_put_str(obj, key, text);
		return 0;
	}
	if (data_text(c->sim->db, PQ_RICH_TEXT, &rich, e, "t", text) == -1)
		return -1;
	json_put_str(obj, key, rich);
	free(rich);
	return 0;
}

void
make_plain(const char *rich, struct json *obj, const char *key)
{
	struct buf b = BUF_INIT(LIMIT_API_BODY);

	data_plain(rich, &b);
	json_put_str(obj, key, buf_str(&b));
	buf_clear(&b);
}

int
make_number(struct sim_call *c, const char *kind, const char *pad, const struct json *spec,
    struct json *doc, struct err *e)
{
	const char *given = json_str_or(spec, "number", "");
	int64_t next = 1;
	bool found = false;
	char text[32];

	if (!str_empty(given)) {
		json_put_str(doc, "number", given);
		return 0;
	}
	if (data_i64(c->sim->db, PQ_ITEMS_NEXT_NUMBER, &next, &found, e, "it",
		json_i64_or(c->project, "id", 0), kind) == -1)
		return -1;
	/* RFIs are numbered 001, submittals 1: the pad says how wide. */
	if (str_format(text, sizeof text, "%0*lld", (int)strlen(pad), (long long)next) ==
	    -1)
		return err_set(e, ERR_BUG, "number %lld", (long long)next);
	json_put_str(doc, "number", text);
	return 0;
}
