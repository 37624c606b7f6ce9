/* What each kind of value in connectorweb.conf may be. Pure but for the zone database. */
#include "config.h"

#include "io/conf.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/url.h"

enum { DAYS_MAX = sizeof(((struct conf *)NULL)->reminder_days) / sizeof(int64_t) };

const char *
conf_kind_name(enum conf_kind k)
{
	static const char *const names[CONF_KIND_MAX] = {
	    [CONF_TEXT] = "text",
	    [CONF_URL] = "url",
	    [CONF_BASE_URL] = "url",
	    [CONF_PROXY] = "proxy url",
	    [CONF_LDAP_URL] = "ldap url",
	    [CONF_SMTP_URL] = "smtp url",
	    [CONF_PATH] = "path",
	    [CONF_SECRET] = "secret file",
	    [CONF_PUBLIC] = "file",
	    [CONF_FLAG] = "on or off",
	    [CONF_NUMBER] = "number",
	    [CONF_DAYS] = "numbers",
	    [CONF_CHOICE] = "choice",
	    [CONF_WORDS] = "words",
	    [CONF_HOSTS] = "hosts",
	    [CONF_ADDRESS] = "mail address",
	    [CONF_FILTER] = "ldap filter",
	    [CONF_ZONE] = "time zone",
	};

	BUG_IF(k >= CONF_KIND_MAX);
	return names[k];
}

static int
no(struct buf *why, const char *what)
{
	buf_puts(why, what);
	return -1;
}

static int
check_url(const char *v, bool base, struct buf *why)
{
	struct url u;

	if (url_parse(v, &u) == -1)
		return no(why, "is not a plain URL; write https://host/path");
	if (str_eq(u.scheme, "http") && !url_host_is_loopback(u.host))
		return no(why,
		    "would send secrets in clear; write https:// (http is for loopback)");
	if (!str_eq(u.scheme, "https") && !str_eq(u.scheme, "http"))
		return no(why, "has another scheme than https; write https://host/path");
	if (base && strchr(v, '?') != NULL)
		return no(
		    why, "has a query; leave out everything from the question mark on");
	return 0;
}

/* host:port without a path, one of two schemes. */
static int
check_server(const char *v, const char *plain, const char *tls, struct buf *why)
{
	struct url u;

	if (url_parse(v, &u) == -1 ||
	    (!str_eq(u.scheme, plain) && !str_eq(u.scheme, tls)) ||
	    (u.path[0] != '\0' && !str_eq(u.path, "/"))) {
		buf_printf(why,
		    "is no server address; write %s://host:port or %s://host:port", tls,
		    plain);
		return -1;
	}
	return 0;
}

static int
check_number(const struct conf_key *k, const char *v, struct buf *why)
{
	int64_t n = 0;

	if (num_parse_i64(v, k->min, k->max, &n) == 0)
		return 0;
	buf_printf(
	    why, "is not a whole number from %" PRId64 " to %" PRId64, k->min, k->max);
	if (k->unit != NULL)
		buf_printf(why, " (%s)", k->unit);
	buf_printf(why, "; the default is %s", k->dflt);
	return -1;
}

static int
check_days(const struct conf_key *k, const char *v, struct buf *why)
{
	struct strv days = {0};
	int64_t last = 0;
	bool good;

	strv_split(&days, v, ", \t");
	good = days.n <= DAYS_MAX;
	for (size_t i = 0; good && i < days.n; i++) {
		int64_t d = 0;

		good = num_parse_i64(days.v[i], k->min, k->max, &d) == 0 && d > last;
		last = d;
	}
	strv_clear(&days);
	if (good)
		return 0;
	buf_printf(why,
	    "is not a list of at most %d growing numbers from %" PRId64 " to %" PRId64
	    "; write for instance %s",
	    (int)DAYS_MAX, k->min, k->max, k->dflt);
	return -1;
}

static int
check_choice(const struct conf_key *k, const char *v, struct buf *why)
{
	struct strv c = {0};
	bool found = false;

	strv_split(&c, k->choices, " ");
	for (size_t i = 0; i < c.n; i++)
		found = found || str_eq(c.v[i], v);
	strv_clear(&c);
	if (found)
		return 0;
	buf_printf(why, "is not known here; write one of: %s", k->choices);
	return -1;
}

static int
check_hosts(const char *v, struct buf *why)
{
	struct strv h = {0};
	int rc = 0;

	strv_split(&h, v, ", \t");
	for (size_t i = 0; rc == 0 && i < h.n; i++) {
		const char *name = str_starts(h.v[i], "*.") ? h.v[i] + 2 : h.v[i];
		struct buf url = BUF_INIT(URL_HOST_BYTES + 32);
		struct url u;

		buf_printf(&url, "https://%s", name);
		if (url.over || url_parse(buf_str(&url), &u) == -1 || u.path[0] != '\0')
			rc = no(
			    why, "holds something that is no host; write host or *.domain");
		buf_clear(&url);
	}
	strv_clear(&h);
	return rc;
}

static int
check_address(const char *v, struct buf *why)
{
	const char *at = strchr(v, '@');

	if (at == NULL || at == v || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
	    strpbrk(v, " \t<>,;:\"()[]\\") != NULL)
		return no(
		    why, "is no mail address; write name@example.com and nothing else");
	return 0;
}

static int
check_filter(const char *v, struct buf *why)
{
	const char *hole = strstr(v, "{name}");

	if (hole == NULL || strstr(hole + 1, "{name}") != NULL || v[0] != '(')
		return no(
		    why, "is no filter with one {name}; write for instance (uid={name})");
	return 0;
}

static int
check_path(const char *v, struct buf *why)
{
	return v[0] == '/' ? 0 : no(why, "is no absolute path; write it from / on");
}

static int
check_flag(const char *v, struct buf *why)
{
	if (str_eq(v, "on") || str_eq(v, "off"))
		return 0;
	return no(why, "is neither on nor off; write on or off");
}

static int
check_zone(const char *v, struct buf *why)
{
	if (clk_set_zone(v) == 0)
		return 0;
	return no(why, "is not in the zone database; write for instance America/Toronto");
}

/* Kinds whose empty value means "nothing of the kind", as when the key is not there. */
static bool
may_be_empty(const struct conf_key *k)
{
	switch (k->kind) {
	case CONF_DAYS:
	case CONF_WORDS:
	case CONF_HOSTS:
		return true;
	case CONF_FLAG:
	case CONF_NUMBER:
	case CONF_CHOICE:
	case CONF_FILTER:
		return false;
	case CONF_TEXT:
	case CONF_URL:
	case CONF_BASE_URL:
	case CONF_PROXY:
	case CONF_LDAP_URL:
	case CONF_SMTP_URL:
	case CONF_PATH:
	case CONF_SECRET:
	case CONF_PUBLIC:
	case CONF_ADDRESS:
	case CONF_ZONE:
	case CONF_KIND_MAX:
		break;
	}
	return !k->required && k->dflt == NULL;
}

int
conf_check(const struct conf_key *k, const char *value, struct buf *why)
{
	if (!str_utf8_valid(value, strlen(value)) || !str_no_controls(value, strlen(value)))
		return no(why, "holds control characters or is no UTF-8; write it anew");
	if (value[0] == '\0') {
		if (may_be_empty(k))
			return 0;
		return no(why, "has no value; write one or take the line out");
	}
	switch (k->kind) {
	case CONF_URL:
		return check_url(value, false, why);
	case CONF_BASE_URL:
		return check_url(value, true, why);
	case CONF_PROXY:
		return check_server(value, "http", "https", why);
	case CONF_LDAP_URL:
		return check_server(value, "ldap", "ldaps", why);
	case CONF_SMTP_URL:
		return check_server(value, "smtp", "smtps", why);
	case CONF_PATH:
	case CONF_SECRET:
	case CONF_PUBLIC:
		return check_path(value, why);
	case CONF_FLAG:
		return check_flag(value, why);
	case CONF_NUMBER:
		return check_number(k, value, why);
	case CONF_DAYS:
		return check_days(k, value, why);
	case CONF_CHOICE:
		return check_choice(k, value, why);
	case CONF_HOSTS:
		return check_hosts(value, why);
	case CONF_ADDRESS:
		return check_address(value, why);
	case CONF_FILTER:
		return check_filter(value, why);
	case CONF_ZONE:
		return check_zone(value, why);
	case CONF_TEXT:
	case CONF_WORDS:
	case CONF_KIND_MAX:
		break;
	}
	return 0;
}
