#include "config.h"

#include "base/url.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

static bool
is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static bool
is_v6_char(char c)
{
	return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') ||
	       c == ':' || c == '.';
}

static int
copy_lower(char *dst, size_t size, const char *s, size_t n)
{
	if (n == 0 || n >= size)
		return -1;
	for (size_t i = 0; i < n; i++)
		dst[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	dst[n] = '\0';
	return 0;
}

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= 0x20 || c == 0x7f || c == '\\' || c == '#' || c == '"' ||
		    c == '<' || c == '>')
			return false;
	}
	return true;
}

/* The host at s; *end is the character after it. */
static int
parse_host(const char *s, struct url *u, const char **end)
{
	const char *p = s;

	if (*s != '[') {
		while (is_host_char(*p))
			p++;
		*end = p;
		return copy_lower(u->host, sizeof(u->host), s, (size_t)(p - s));
	}
	p = ++s;
	while (is_v6_char(*p))
		p++;
	if (*p != ']')
		return -1;
	*end = p + 1;
	return copy_lower(u->host, sizeof(u->host), s, (size_t)(p - s));
}

int
url_parse(const char *s, struct url *out)
{
	struct url u = {.port = 0};
	const char *p = strstr(s, "://");

	if (p == NULL || !is_plain(s))
		return -1;
	for (const char *q = s; q < p; q++) {
		if (!is_host_char(*q) || *q == '_')
			return -1;
	}
	if (copy_lower(u.scheme, sizeof(u.scheme), s, (size_t)(p - s)) == -1)
		return -1;
	if (parse_host(p + 3, &u, &p) == -1)
		return -1;
	if (*p == ':') {
		size_t n = strspn(p + 1, "0123456789");
		int64_t port = 0;

		if (num_parse_i64_n(p + 1, n, 1, 65535, &port) == -1)
			return -1;
		u.port = (int)port;
		p += 1 + n;
	}
	if (*p != '\0' && *p != '/' && *p != '?')
		return -1;
	u.path = p;
	*out = u;
	return 0;
}

bool
url_host_is_loopback(const char *host)
{
	int64_t v = 0;

	if (str_eq(host, "localhost") || str_ends(host, ".localhost") ||
	    str_eq(host, "::1"))
		return true;
	if (!str_starts(host, "127."))
		return false;
	host += 4;
	for (int i = 0; i < 3; i++) {
		size_t n = strspn(host, "0123456789");

		if (n > 3 || num_parse_i64_n(host, n, 0, 255, &v) == -1)
			return false;
		host += n;
		if (*host != (i < 2 ? '.' : '\0'))
			return false;
		host += i < 2 ? 1 : 0;
	}
	return true;
}

int
url_authority(const struct url *u, char *dst, unsigned size)
{
	bool own = u->port == 0 || (str_eq(u->scheme, "https") && u->port == 443) ||
		   (str_eq(u->scheme, "http") && u->port == 80);
	bool v6 = strchr(u->host, ':') != NULL;
	const char *left = v6 ? "[" : "";
	const char *right = v6 ? "]" : "";

	if (own)
		return str_format(dst, size, "%s%s%s", left, u->host, right);
	return str_format(dst, size, "%s%s%s:%d", left, u->host, right, u->port);
}
