#include "config.h"

#include "core/cause.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "io/json.h"

static const struct {
	const char *word;
	enum cause_who who;
} rows[CAUSE_MAX] = {
    [CAUSE_NONE] = {"none", CAUSE_WHO_NOBODY},
    [CAUSE_SIGN_IN_NEEDED] = {"sign_in_needed", CAUSE_WHO_PERSON},
    [CAUSE_SIGN_IN_LOST] = {"sign_in_lost", CAUSE_WHO_PERSON},
    [CAUSE_APP_NOT_AT_COMPANY] = {"app_not_at_company", CAUSE_WHO_GLOBAL_ADMIN},
    [CAUSE_PERMISSION_LOST] = {"permission_lost", CAUSE_WHO_PROCORE_ADMIN},
    [CAUSE_CONFIGURATION] = {"configuration", CAUSE_WHO_GLOBAL_ADMIN},
    [CAUSE_UNREACHABLE] = {"unreachable", CAUSE_WHO_NOBODY},
    [CAUSE_LIMITED] = {"limited", CAUSE_WHO_NOBODY},
    [CAUSE_LOCAL] = {"local", CAUSE_WHO_GLOBAL_ADMIN},
    [CAUSE_ITEM] = {"item", CAUSE_WHO_NOBODY},
    [CAUSE_UNAUTHORIZED] = {"unauthorized", CAUSE_WHO_NOBODY},
    [CAUSE_SUSPECT] = {"suspect", CAUSE_WHO_NOBODY},
};

const char *
cause_word(enum cause c)
{
	BUG_IF((unsigned)c >= CAUSE_MAX);
	return rows[c].word;
}

int
cause_from_word(const char *w, enum cause *out)
{
	for (int i = 0; i < CAUSE_MAX; i++)
		if (str_eq(w, rows[i].word)) {
			*out = (enum cause)i;
			return 0;
		}
	return -1;
}

enum cause_who
cause_who(enum cause c)
{
	BUG_IF((unsigned)c >= CAUSE_MAX);
	return rows[c].who;
}

bool
cause_offers_reconnect(enum cause c)
{
	return c == CAUSE_SIGN_IN_NEEDED || c == CAUSE_SIGN_IN_LOST;
}

/* ---- the words of an error body. Shapes: procore.md 3.8. */

/* One line without controls, cut to the size. */
static void
clean(char *dst, size_t size, const char *s)
{
	str_cut(dst, size, s);
	for (char *p = dst; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

static const char *
first_text(const struct json *v)
{
	if (json_type(v) == JSON_STRING)
		return json_str(v);
	if (json_type(v) == JSON_ARRAY)
		return first_text(json_first(v));
	return NULL;
}

/* {"assignees": ["required"]} reads as "assignees: required"; "base" is no field. */
static bool
text_from_fields(const struct json *obj, char *dst, size_t size)
{
	for (const struct json *m = json_first(obj); m != NULL; m = json_next(m)) {
		const char *t = first_text(m);
		char line[256];

		if (t == NULL && json_type(m) == JSON_OBJECT && text_from_fields(m, dst, size))
			return true;
		if (t == NULL)
			continue;
		if (str_eq(json_key(m), "base"))
			clean(dst, size, t);
		else if (str_format(line, sizeof line, "%.80s: %.160s", json_key(m), t) == 0)
			clean(dst, size, line);
		return true;
	}
	return false;
}

static void
text_from_json(const struct json *j, char *dst, size_t size)
{
	const struct json *errors = json_get(j, "errors");
	const struct json *error = json_get(j, "error");
	const char *t = first_text(errors);

	if (t == NULL && json_type(errors) == JSON_OBJECT && text_from_fields(errors, dst, size))
		return;
	if (t == NULL)
		t = json_str(json_get(j, "error_description"));
	if (t == NULL)
		t = json_str(json_get(error, "message"));
	if (t == NULL)
		t = json_str(json_get(j, "message"));
	if (t == NULL)
		t = json_str(error);
	if (t != NULL)
		clean(dst, size, t);
}

static bool
looks_like_markup(const char *s)
{
	s += strspn(s, " \t\r\n");
	return *s == '<';
}

/* ---- decisions */

static enum cause
decide_transport(const struct cause_in *in)
{
	bool token = in->call == CAUSE_CALL_TOKEN;

	switch (in->stage) {
	case HTTP_REFUSED:
		return CAUSE_CONFIGURATION;
	case HTTP_LOCAL:
		return token && in->sent ? CAUSE_SUSPECT : CAUSE_LOCAL;
	case HTTP_TOO_BIG:
		if (in->call == CAUSE_CALL_ITEM)
			return CAUSE_ITEM;
		return token ? CAUSE_SUSPECT : CAUSE_UNREACHABLE;
	case HTTP_RESOLVE:
	case HTTP_CONNECT:
	case HTTP_TLS:
	case HTTP_SEND:
	case HTTP_LOST:
		return token && in->sent ? CAUSE_SUSPECT : CAUSE_UNREACHABLE;
	case HTTP_DONE:
	case HTTP_STAGE_MAX:
		break;
	}
	err_bug(__FILE__, __LINE__, "decide_transport: stage");
}

/* Only an OAuth error code of a whole 4xx answer is believed; a proxy's page is not. */
static enum cause
decide_token(int status, const struct json *j)
{
	const char *code = json_str(json_get(j, "error"));

	if (status >= 200 && status < 300)
		return json_str(json_get(j, "access_token")) != NULL ? CAUSE_NONE : CAUSE_SUSPECT;
	if (status == 429)
		return CAUSE_LIMITED;
	if (status >= 400 && status < 500 && code != NULL) {
		if (str_eq(code, "invalid_grant") || str_eq(code, "unauthorized_client"))
			return CAUSE_SIGN_IN_LOST;
		if (str_eq(code, "invalid_client") || str_eq(code, "invalid_request") ||
		    str_eq(code, "unsupported_grant_type") || str_eq(code, "invalid_scope"))
			return CAUSE_CONFIGURATION;
		return CAUSE_SUSPECT;
	}
	if ((status >= 300 && status < 400) || status == 403 || status == 404 || status == 405 ||
	    status == 407)
		return CAUSE_CONFIGURATION;
	return CAUSE_SUSPECT;
}

static enum cause
decide_401(const struct cause_in *in)
{
	if (!in->second_401)
		return CAUSE_UNAUTHORIZED;
	if (in->call == CAUSE_CALL_ME || in->me_status == 401)
		return CAUSE_SIGN_IN_LOST;
	if (in->me_status >= 200 && in->me_status < 300)
		return CAUSE_APP_NOT_AT_COMPANY;
	return CAUSE_UNREACHABLE; /* /me gave no verdict: ask again later */
}

static enum cause
decide_rest(const struct cause_in *in)
{
	switch (in->status) {
	case 401:
		return decide_401(in);
	case 403:
		return str_find_ci(in->body, "not connected to this company") != NULL
		    ? CAUSE_APP_NOT_AT_COMPANY
		    : CAUSE_PERMISSION_LOST;
	case 404:
		if (in->call == CAUSE_CALL_PROJECT)
			return CAUSE_PERMISSION_LOST; /* Procore hides what one may not read */
		return in->call == CAUSE_CALL_ME ? CAUSE_CONFIGURATION : CAUSE_ITEM;
	case 407:
		return CAUSE_CONFIGURATION;
	case 408:
		return CAUSE_UNREACHABLE;
	case 429:
		return CAUSE_LIMITED;
	case 503:
		return in->has_retry_after ? CAUSE_LIMITED : CAUSE_UNREACHABLE;
	default:
		break;
	}
	if (in->status >= 200 && in->status < 300)
		return CAUSE_NONE;
	if (in->status >= 300 && in->status < 400)
		return CAUSE_CONFIGURATION;
	if (in->status >= 400 && in->status < 500)
		return str_find_ci(in->body, "Missing Procore-Company-Id") != NULL ? CAUSE_CONFIGURATION
		                                                                  : CAUSE_ITEM;
	return CAUSE_UNREACHABLE;
}

void
cause_decide(const struct cause_in *in, struct cause_out *out)
{
	struct json *j = NULL;
	struct err ignored = {0};

	BUG_IF(in->body == NULL);
	*out = (struct cause_out){.cause = CAUSE_NONE};
	if (in->stage != HTTP_DONE) {
		out->cause = decide_transport(in);
		return;
	}
	if (json_parse(in->body, strlen(in->body), LIMIT_API_BODY, &j, &ignored) == -1)
		j = NULL;
	out->cause = in->call == CAUSE_CALL_TOKEN ? decide_token(in->status, j) : decide_rest(in);
	if (out->cause != CAUSE_NONE) {
		if (j != NULL)
			text_from_json(j, out->text, sizeof out->text);
		else if (!looks_like_markup(in->body))
			clean(out->text, sizeof out->text, in->body);
	}
	json_free(j);
}
