/* Project Center's members, and texts between plain and Procore's HTML. */
#include "config.h"

#include "core/sync_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/str.h"

void
map_npc_fields(const struct json *item, struct plan_fields *out)
{
	static const struct {
		enum plan_field f;
		const char *path;
	} members[] = {{PLAN_NUMBER, "senderId"}, {PLAN_SUBJECT, "subject"},
	    {PLAN_BODY, "body"}, {PLAN_DUE_DATE, "dueDate"},
	    {PLAN_SPEC_NUMBER, "specSection.number"},
	    {PLAN_SPEC_NAME, "specSection.description"}, {PLAN_FROM, "from.name"},
	    {PLAN_FROM_MAIL, "from.email"}, {PLAN_RECEIVED_DATE, "receivedDate"},
	    {PLAN_TYPE, "itemType"}, {PLAN_LINK, "source.link"},
	    {PLAN_STATUS, "source.status"}};

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		plan_fields_set(out, members[i].f, json_str_or(item, members[i].path, ""));
}

static void
put_or_null(struct json *obj, const char *key, const char *v)
{
	if (str_empty(v))
		json_put_null(obj, key);
	else
		json_put_str(obj, key, v);
}

static bool
any(const bool *write, enum plan_field a, enum plan_field b)
{
	return write == NULL || write[a] || write[b];
}

void
map_to_npc(const struct plan_fields *f, const bool *write, struct json *obj)
{
	struct json *o;

	if (any(write, PLAN_NUMBER, PLAN_NUMBER))
		json_put_str(obj, "senderId", plan_fields_get(f, PLAN_NUMBER));
	if (any(write, PLAN_SUBJECT, PLAN_SUBJECT))
		json_put_str(obj, "subject", plan_fields_get(f, PLAN_SUBJECT));
	if (any(write, PLAN_BODY, PLAN_BODY))
		json_put_str(obj, "body", plan_fields_get(f, PLAN_BODY));
	if (any(write, PLAN_FROM, PLAN_FROM_MAIL)) {
		if (str_empty(plan_fields_get(f, PLAN_FROM))) {
			json_put_null(obj, "from");
		} else {
			o = json_put_obj(obj, "from");
			json_put_str(o, "name", plan_fields_get(f, PLAN_FROM));
			put_or_null(o, "email", plan_fields_get(f, PLAN_FROM_MAIL));
		}
	}
	if (any(write, PLAN_DUE_DATE, PLAN_DUE_DATE))
		put_or_null(obj, "dueDate", plan_fields_get(f, PLAN_DUE_DATE));
	if (any(write, PLAN_RECEIVED_DATE, PLAN_RECEIVED_DATE) &&
	    !str_empty(plan_fields_get(f, PLAN_RECEIVED_DATE)))
		json_put_str(obj, "receivedDate", plan_fields_get(f, PLAN_RECEIVED_DATE));
	if (any(write, PLAN_SPEC_NUMBER, PLAN_SPEC_NAME)) {
		if (str_empty(plan_fields_get(f, PLAN_SPEC_NUMBER))) {
			json_put_null(obj, "specSection");
		} else {
			o = json_put_obj(obj, "specSection");
			json_put_str(o, "number", plan_fields_get(f, PLAN_SPEC_NUMBER));
			put_or_null(o, "description", plan_fields_get(f, PLAN_SPEC_NAME));
		}
	}
	if (any(write, PLAN_TYPE, PLAN_TYPE))
		put_or_null(obj, "itemType", plan_fields_get(f, PLAN_TYPE));
	if (any(write, PLAN_LINK, PLAN_STATUS)) {
		o = json_put_obj(obj, "source");
		json_put_str(o, "system", "Procore");
		json_put_str(o, "link", plan_fields_get(f, PLAN_LINK));
		put_or_null(o, "status", plan_fields_get(f, PLAN_STATUS));
	}
}

char *
map_fields_text(const struct plan_fields *f)
{
	struct json *j = json_obj();
	char *text;

	for (int i = 0; i < PLAN_FIELD_MAX; i++)
		if (!str_empty(f->v[i]))
			json_put_str(j, plan_field_word((enum plan_field)i), f->v[i]);
	text = json_text(j);
	json_free(j);
	return text;
}

void
map_fields_parse(const char *text, struct plan_fields *out)
{
	struct json *j = NULL;
	struct err ignored = {0};

	if (json_parse(text, strlen(text), 2 * (size_t)LIMIT_TEXT, &j, &ignored) == 0)
		for (int i = 0; i < PLAN_FIELD_MAX; i++)
			plan_fields_set(out, (enum plan_field)i,
			    json_str_or(j, plan_field_word((enum plan_field)i), ""));
	json_free(j);
}

/* Procore takes HTML (procore.md 5.6): what a person wrote must arrive as written. */
void
map_to_html(const char *text, struct buf *out)
{
	for (const char *s = text; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '\r':
			break;
		case '\n':
			buf_putc(out, '<');
			buf_puts(out, "br>\n");
			break;
		default:
			buf_putc(out, *s);
		}
	}
}

/* One entity at s ("&amp;"); returns its length, 0 when it is none that is known. */
static size_t
entity(const char *s, struct buf *out)
{
	static const struct {
		const char *name;
		const char *text;
	} known[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""},
	    {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (str_starts(s, known[i].name)) {
			buf_puts(out, known[i].text);
			return strlen(known[i].name);
		}
	}
	return 0;
}

/* The length of a tag at s, 0 when '<' stands for itself ("a < b"). Blocks and breaks end a
 * line. */
static size_t
tag(const char *s, struct buf *out)
{
	const char *name = s[1] == '/' ? s + 2 : s + 1;
	const char *end = strchr(s, '>');

	if (end == NULL ||
	    !((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z')))
		return 0;
	if (str_starts_ci(name, "br") ||
	    (s[1] == '/' && (str_starts_ci(name, "p>") || str_starts_ci(name, "div") ||
				str_starts_ci(name, "li"))))
		buf_putc(out, '\n');
	return (size_t)(end - s) + 1;
}

void
map_from_html(const char *html, struct buf *out)
{
	for (const char *s = html; *s != '\0';) {
		size_t n = *s == '&' ? entity(s, out) : *s == '<' ? tag(s, out) : 0;

		if (n == 0)
			buf_putc(out, *s);
		s += n == 0 ? 1 : n;
	}
	while (out->len > 0 && strchr(" \t\r\n", out->p[out->len - 1]) != NULL)
		buf_truncate(out, out->len - 1);
}
