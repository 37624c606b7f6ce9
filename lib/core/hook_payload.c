#include "config.h"

#include "core/hook_payload.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "io/json.h"

/* A text, or a number as text; false: neither, empty, too long, or with controls. */
static bool
take_text(const struct json *v, char *dst, size_t size)
{
	const char *s = json_str(v);
	int64_t n;

	if (s == NULL)
		return json_type(v) == JSON_NUMBER && json_as_i64(v, &n) &&
		       str_format(dst, size, "%" PRId64, n) == 0;
	if (*s == '\0' || !str_no_controls(s, strlen(s)))
		return false;
	return str_copy(dst, size, s) == 0;
}

/* The first of two names that is there. */
static int
need_text(const struct json *j, const char *name, const char *other, char *dst, size_t size,
    struct err *e)
{
	if (take_text(json_get(j, name), dst, size) ||
	    take_text(json_get(j, other), dst, size))
		return 0;
	return err_set(e, ERR_INPUT, "webhook without a usable %s or %s", name, other);
}

/* An id; what is no positive whole number is no id that we could know. */
static int64_t
id_or_0(const struct json *j, const char *name)
{
	int64_t n = 0;

	return json_as_i64(json_get(j, name), &n) && n > 0 ? n : 0;
}

static void
fold(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

int
hook_payload_parse(const char *text, size_t n, struct hook_payload *out, struct err *e)
{
	struct hook_payload p = {0};
	struct err why = {0};
	struct json *j = NULL;
	int rc = -1;

	if (json_parse(text, n, LIMIT_HOOK_BODY, &j, &why) == -1)
		return err_set(e, ERR_INPUT, "webhook: %s", why.msg);
	if (json_type(j) != JSON_OBJECT) {
		err_set(e, ERR_INPUT, "webhook: not a JSON object");
		goto out;
	}
	/* v2 and v3: ulid, event_type, resource_name; v4: id, reason, resource_type */
	if (need_text(j, "ulid", "id", p.dedupe, sizeof p.dedupe, e) == -1 ||
	    need_text(j, "event_type", "reason", p.event, sizeof p.event, e) == -1 ||
	    need_text(j, "resource_name", "resource_type", p.resource, sizeof p.resource,
		e) == -1)
		goto out;
	fold(p.event);
	p.company_id = id_or_0(j, "company_id");
	p.project_id = id_or_0(j, "project_id");
	p.resource_id = id_or_0(j, "resource_id");
	p.user_id = id_or_0(j, "user_id");
	if (!take_text(json_get(json_get(j, "metadata"), "source_application_id"),
		p.application_id, sizeof p.application_id))
		p.application_id[0] = '\0';
	*out = p;
	rc = 0;
out:
	json_free(j);
	return rc;
}
