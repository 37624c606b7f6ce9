/* ldap.h: look up one person in the directory and check the password by a bind. Layer: io.
 * Sources: RFC 4511, 4513 5.1, 4515 3; libldap 2.5; platform.md 1 and 2. */
#ifndef CW_IO_LDAP_H
#define CW_IO_LDAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct ldap_conf {
	const char *url; /* ldaps://host:port, or ldap://host:port (StartTLS is required off
			    loopback) */
	const char *ca_file; /* NULL or "": the system's */
	const char *base;    /* entry to search below */
	const char *filter;  /* with {name} once */
	const char *bind_dn; /* who searches; NULL or "": anonymously */
	const struct secret *bind_password;
	int timeout_ms; /* for each of connecting, searching, binding; > 0 */
};

struct ldap_person {
	char *name;    /* the directory's own value of the attribute that {name} is compared
			  with, as it stands */
	char *mail;    /* "" when there is none */
	char *display; /* displayName or cn; "" */
	struct strv groups; /* memberOf */
};
void ldap_person_clear(struct ldap_person *p);

/* Find the one entry that matches the name, then bind as it.
 * out     owned by the caller, ldap_person_clear(); untouched on failure
 * errors  ERR_NOT_FOUND no such person; ERR_AUTH wrong password, or an account that may not
 * sign in; ERR_REMOTE the directory does not answer, its certificate is not good, it
 * refuses the account that searches, or several entries match (sys: libldap's number)
 *         ERR_BUG an empty password: the directory would take it for an anonymous bind (RFC
 * 4513 5.1.2) */
MUST_USE int ldap_check(const struct ldap_conf *c, const char *name,
    const struct secret *password, struct ldap_person *out, struct err *e);

/* Append the filter with the name in its place, escaped (RFC 4515 3). */
void ldap_filter_fill(struct buf *out, const char *filter, const char *name);
/* The attribute that {name} is compared with: "(uid={name})" gives uid. errors: -1 no plain
 * comparison */
MUST_USE int ldap_filter_attribute(const char *filter, char *dst, size_t size);

#endif
