#include "config.h"

#include "io/ldap.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/mem.h"
#include "base/url.h"

enum {
	FILTER_MAX = 4096,
	GROUPS_MAX =
	    2000 /* Active Directory refuses a sign-in with more than about a thousand */
};

void
ldap_person_clear(struct ldap_person *p)
{
	free(p->name);
	free(p->mail);
	free(p->display);
	strv_clear(&p->groups);
	*p = (struct ldap_person){0};
}

/* ---- filters */

void
ldap_filter_fill(struct buf *out, const char *filter, const char *name)
{
	const char *hole = strstr(filter, "{name}");

	BUG_IF(hole == NULL);
	buf_add(out, filter, (size_t)(hole - filter));
	for (const char *s = name; *s != '\0'; s++) {
		if (strchr("*()\\", *s) != NULL)
			buf_printf(out, "\\%02x", (unsigned)(unsigned char)*s);
		else
			buf_putc(out, *s);
	}
	buf_puts(out, hole + strlen("{name}"));
}

int
ldap_filter_attribute(const char *filter, char *dst, size_t size)
{
	const char *hole = strstr(filter, "={name}");
	const char *p = hole;
	size_t n;

	if (hole == NULL || size == 0)
		return -1;
	while (p > filter && p[-1] != '(')
		p--;
	n = (size_t)(hole - p);
	if (n == 0 || n >= size || p == filter)
		return -1;
	memcpy(dst, p, n);
	dst[n] = '\0';
	return strspn(dst,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == n
		   ? 0
		   : -1;
}

/* ---- connection */

/* libldap's own words, when it has some, say more than its number: which certificate, which
 * rule. */
static int
remote(struct err *e, const struct ldap_conf *c, LDAP *ld, const char *what, int rc)
{
	char *more = NULL;
	bool has;

	if (ld != NULL)
		(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	has = !str_empty(more);
	err_set_sys(e, ERR_REMOTE, rc, "directory %s: %s: %s%s%s", c->url, what,
	    ldap_err2string(rc), has ? ": " : "", has ? more : "");
	ldap_memfree(more);
	return -1;
}

/* An option that libldap refuses is a number or a file that it cannot use. */
static int
set_options(LDAP *ld, const struct ldap_conf *c, struct err *e)
{
	int version = LDAP_VERSION3;
	int demand = LDAP_OPT_X_TLS_HARD;
	int client = 0;
	struct timeval tv = {.tv_sec = c->timeout_ms / 1000,
	    .tv_usec = (suseconds_t)(c->timeout_ms % 1000) * 1000};
	int rc = ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);

	if (rc == LDAP_OPT_SUCCESS)
		rc = ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	if (rc == LDAP_OPT_SUCCESS)
		rc = ldap_set_option(ld, LDAP_OPT_TIMEOUT, &tv);
	/* another server named by a referral would get the password */
	if (rc == LDAP_OPT_SUCCESS)
		rc = ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	if (rc == LDAP_OPT_SUCCESS)
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (rc == LDAP_OPT_SUCCESS && !str_empty(c->ca_file))
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, c->ca_file);
	if (rc == LDAP_OPT_SUCCESS) /* the options above count from here on */
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
	if (rc != LDAP_OPT_SUCCESS)
		return err_set_sys(
		    e, ERR_REMOTE, rc, "directory %s: settings refused (ca_file?)", c->url);
	return 0;
}

static int
open_directory(const struct ldap_conf *c, LDAP **out, struct err *e)
{
	struct url u;
	LDAP *ld = NULL;
	int rc;

	if (url_parse(c->url, &u) == -1)
		return err_set(e, ERR_BUG, "ldap_url %s is none", c->url);
	rc = ldap_initialize(&ld, c->url);
	if (rc != LDAP_SUCCESS)
		return remote(e, c, NULL, "cannot be used", rc);
	if (set_options(ld, c, e) == -1)
		goto fail;
	if (str_eq(u.scheme, "ldap") && !url_host_is_loopback(u.host)) {
		rc = ldap_start_tls_s(ld, NULL, NULL);
		if (rc != LDAP_SUCCESS) {
			remote(e, c, ld, "no secure connection", rc);
			goto fail;
		}
	}
	*out = ld;
	return 0;
fail:
	ldap_unbind_ext_s(ld, NULL, NULL);
	return -1;
}

static int
bind_as(LDAP *ld, const char *dn, const struct secret *password)
{
	struct berval cred = {.bv_len = 0, .bv_val = NULL};

	if (password != NULL && secret_is_set(password)) {
		cred.bv_len = password->len;
		cred.bv_val = password->p;
	}
	return ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL, NULL);
}

/* ---- the entry */

static char *
first_value(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
	struct berval **v = ldap_get_values_len(ld, entry, attribute);
	char *s = NULL;

	if (v != NULL && v[0] != NULL)
		s = xstrndup(v[0]->bv_val, v[0]->bv_len);
	ldap_value_free_len(v);
	return s;
}

static void
all_values(LDAP *ld, LDAPMessage *entry, const char *attribute, struct strv *out)
{
	struct berval **v = ldap_get_values_len(ld, entry, attribute);

	for (size_t i = 0; v != NULL && v[i] != NULL && out->n < GROUPS_MAX; i++) {
		char *s = xstrndup(v[i]->bv_val, v[i]->bv_len);

		strv_add(out, s);
		free(s);
	}
	ldap_value_free_len(v);
}

static void
read_person(LDAP *ld, LDAPMessage *entry, const char *attribute, const char *name,
    struct ldap_person *p)
{
	p->name = attribute[0] != '\0' ? first_value(ld, entry, attribute) : NULL;
	if (p->name == NULL)
		p->name = xstrdup(name);
	p->mail = first_value(ld, entry, "mail");
	if (p->mail == NULL)
		p->mail = xstrdup("");
	p->display = first_value(ld, entry, "displayName");
	if (p->display == NULL)
		p->display = first_value(ld, entry, "cn");
	if (p->display == NULL)
		p->display = xstrdup("");
	all_values(ld, entry, "memberOf", &p->groups);
}

/* Find the one entry; dn is released with ldap_memfree(). */
static int
find(LDAP *ld, const struct ldap_conf *c, const char *name, char **dn,
    struct ldap_person *p, struct err *e)
{
	char attribute[64] = "";
	char mail[] = "mail", display[] = "displayName", cn[] = "cn", member[] = "memberOf";
	char *wanted[] = {mail, display, cn, member, NULL, NULL};
	struct buf filter = BUF_INIT(FILTER_MAX);
	LDAPMessage *found = NULL;
	int n;
	int rc;

	if (ldap_filter_attribute(c->filter, attribute, sizeof(attribute)) == 0)
		wanted[4] = attribute;
	else
		attribute[0] = '\0';
	ldap_filter_fill(&filter, c->filter, name);
	if (filter.over) {
		buf_clear(&filter);
		return err_set(e, ERR_NOT_FOUND, "no such person");
	}
	/* two are enough to know that it is not one */
	rc = ldap_search_ext_s(ld, c->base, LDAP_SCOPE_SUBTREE, buf_str(&filter), wanted, 0,
	    NULL, NULL, NULL, 2, &found);
	buf_clear(&filter);
	n = found != NULL ? ldap_count_entries(ld, found) : 0;
	if (rc == LDAP_SIZELIMIT_EXCEEDED || n > 1)
		rc = err_set(
		    e, ERR_REMOTE, "directory %s: several entries match one name", c->url);
	else if (rc != LDAP_SUCCESS && rc != LDAP_REFERRAL)
		rc = remote(e, c, ld, "search", rc);
	else if (n == 0)
		rc = err_set(e, ERR_NOT_FOUND, "no such person");
	else {
		LDAPMessage *entry = ldap_first_entry(ld, found);

		*dn = ldap_get_dn(ld, entry);
		read_person(ld, entry, attribute, name, p);
		rc = 0;
	}
	ldap_msgfree(found);
	return rc;
}

/* Answers to a bind that speak of the person, not of the directory. */
static bool
is_refusal(int rc)
{
	return rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_INAPPROPRIATE_AUTH ||
	       rc == LDAP_INSUFFICIENT_ACCESS || rc == LDAP_CONSTRAINT_VIOLATION ||
	       rc == LDAP_UNWILLING_TO_PERFORM || rc == LDAP_NO_SUCH_OBJECT;
}

int
ldap_check(const struct ldap_conf *c, const char *name, const struct secret *password,
    struct ldap_person *out, struct err *e)
{
	struct ldap_person p = {0};
	LDAP *ld = NULL;
	char *dn = NULL;
	int rc = -1;
	int n;

	if (!secret_is_set(password) || password->len == 0)
		return err_set(e, ERR_BUG, "empty password");
	if (open_directory(c, &ld, e) == -1)
		goto out;
	n = bind_as(ld, str_empty(c->bind_dn) ? "" : c->bind_dn, c->bind_password);
	if (n != LDAP_SUCCESS) {
		rc = remote(e, c, ld, "ldap_bind_dn", n);
		goto out;
	}
	if (find(ld, c, name, &dn, &p, e) == -1)
		goto out;
	n = bind_as(ld, dn, password);
	if (n != LDAP_SUCCESS) {
		rc = is_refusal(n) ? err_set_sys(e, ERR_AUTH, n, "not signed in: %s",
					 ldap_err2string(n))
				   : remote(e, c, ld, "bind", n);
		goto out;
	}
	*out = p;
	p = (struct ldap_person){0};
	rc = 0;
out:
	ldap_memfree(dn);
	if (ld != NULL)
		ldap_unbind_ext_s(ld, NULL, NULL);
	ldap_person_clear(&p);
	return rc;
}
