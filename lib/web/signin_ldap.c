/* The directory as a back end of sign-in. */
#include "config.h"

#include "web/signin.h"

#include "base/mem.h"
#include "io/ldap.h"
#include "web/remote_user.h"

int
signin_check_ldap(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e)
{
	struct signin_source *src = arg;
	const struct conf *conf = src->conf;
	struct ldap_conf c = {.url = conf->ldap_url,
	    .ca_file = conf->ca_file,
	    .base = conf->ldap_base,
	    .filter = conf->ldap_filter,
	    .bind_dn = conf->ldap_bind_dn,
	    .bind_password = &src->bind_password,
	    .timeout_ms = SIGNIN_DIRECTORY_MS};
	struct ldap_person p = {0};
	struct signin_person found = {0};
	struct err why = {0};

	if (ldap_check(&c, name, password, &p, e) == -1)
		return -1;
	/* The directory compares more loosely than we do: its own spelling is the person's
	 * one name. */
	if (remote_user_canonical(p.name, &conf->remote_user_domains, found.name,
		sizeof(found.name), &why) == -1) {
		ldap_person_clear(&p);
		return err_set(
		    e, ERR_REMOTE, "the directory's name of a person: %s", why.msg);
	}
	found.mail = xstrdup(p.mail);
	found.display = xstrdup(p.display);
	/* Hundreds of groups would not pass a header; one matters, and is written as
	 * configured. */
	if (conf->ldap_global_admin_group[0] != '\0' &&
	    strv_has_ci(&p.groups, conf->ldap_global_admin_group))
		strv_add(&found.groups, conf->ldap_global_admin_group);
	ldap_person_clear(&p);
	*out = found;
	return 0;
}
