/* url.h: the parts of an absolute URL, strictly. Layer: base. Source: RFC 3986 3; RFC
 * 6761 6.3. */
#ifndef CW_BASE_URL_H
#define CW_BASE_URL_H

#include <stdbool.h>

#include "base/attr.h"

enum { URL_SCHEME_BYTES = 16, URL_HOST_BYTES = 256 };

struct url {
	char scheme[URL_SCHEME_BYTES]; /* lower case */
	char host[URL_HOST_BYTES]; /* lower case; an IPv6 address without its brackets */
	int port;                  /* 0: none given */
	const char
	    *path; /* from the first "/" or "?" on, borrowed from the text; "" when none */
};

/* Take "scheme://host[:port][/path...]" apart.
 * errors  -1, out untouched: anything else; user names, fragments, blanks, controls,
 * backslashes and hosts of other characters than letters, digits, "-", "_" and "." (parsers
 * differ on all of these) */
MUST_USE int url_parse(const char *s, struct url *out);

/* True for localhost, *.localhost, 127.0.0.0/8 in four whole numbers, and ::1; lower case
 * expected. */
bool url_host_is_loopback(const char *host);

/* Copy "host" or "host:port" into dst; the port is left out when it is the scheme's own
 * (https 443, http 80). errors: -1 no room. */
MUST_USE int url_authority(const struct url *u, char *dst, unsigned size);

#endif
