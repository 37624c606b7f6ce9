/* The key table of connectorweb.conf: one row a key, in the order of the man page
 * (DESIGN.md 6). */
#include "config.h"

#include "io/conf.h"

#include "base/str.h"

#define STATE "/var/lib/connectorweb"
#define RUN "/run/connectorweb"

enum {
	ALL = CONF_SIGNIN | CONF_PAGES | CONF_CALLBACK | CONF_HOOK | CONF_WORKER | CONF_CTL,
	STORE = ALL & ~CONF_SIGNIN,
	PROCORE = CONF_PAGES | CONF_CALLBACK | CONF_WORKER | CONF_CTL
};

/* A key is named like its member. */
#define KEY(member) .name = #member, .offset = offsetof(struct conf, member)

static const struct conf_key keys[] = {
    {KEY(public_url), .kind = CONF_BASE_URL, .required = true, .readers = ALL,
	.text = "Address of the pages as people type it; Procore's redirect address is "
		"this with "
		"/oauth/callback after it, exactly."},
    {KEY(database), .kind = CONF_PATH, .dflt = STATE "/connectorweb.db", .readers = STORE,
	.text = "The database file, on a local disk."},
    {KEY(spool_dir), .kind = CONF_PATH, .dflt = STATE "/spool",
	.readers = CONF_WORKER | CONF_CTL,
	.text = "Directory for files on their way from one side to the other."},
    {KEY(backup_dir), .kind = CONF_PATH, .dflt = STATE "/backup",
	.readers = CONF_WORKER | CONF_CTL,
	.text = "Directory for backups of the database."},
    {KEY(wake_socket), .kind = CONF_PATH, .dflt = RUN "/wake.sock", .readers = STORE,
	.text = "Unix socket on which the worker is told that there is something to do."},
    {KEY(procore_login_url), .kind = CONF_BASE_URL, .dflt = "https://login.procore.com",
	.readers = PROCORE, .text = "Procore's sign-in service."},
    {KEY(procore_api_url), .kind = CONF_BASE_URL, .dflt = "https://api.procore.com",
	.readers = PROCORE, .text = "Procore's REST API."},
    {KEY(procore_client_id), .kind = CONF_TEXT, .required = true, .readers = PROCORE,
	.text = "Client id of the Procore app of this site."},
    {KEY(procore_client_secret_file), .kind = CONF_SECRET, .required = true,
	.readers = CONF_CALLBACK | CONF_WORKER,
	.text = "File with the client secret of that app."},
    {KEY(procore_app_version_key), .kind = CONF_TEXT,
	.readers = CONF_PAGES | CONF_WORKER | CONF_CTL,
	.text = "App version key, shown in the letter to a contractor's Procore "
		"administrator."},
    {KEY(procore_pkce), .kind = CONF_FLAG, .dflt = "on",
	.readers = CONF_PAGES | CONF_CALLBACK,
	.text = "Send a PKCE challenge (S256) when someone signs in."},
    {KEY(procore_file_hosts), .kind = CONF_HOSTS, .dflt = "*.procore.com *.amazonaws.com",
	.readers = CONF_WORKER,
	.text =
	    "Hosts to which downloads of files may lead; tokens go to *.procore.com only."},
    {KEY(npc_adapter), .kind = CONF_CHOICE, .choices = "none gateway", .dflt = "none",
	.readers = STORE,
	.text = "How Project Center is reached; with none, items are not synced."},
    {KEY(npc_login_url), .kind = CONF_URL, .readers = CONF_WORKER | CONF_CTL,
	.text = "Where the gateway's temporary credentials come from."},
    {KEY(npc_api_url), .kind = CONF_BASE_URL, .readers = CONF_WORKER | CONF_CTL,
	.text = "The gateway's REST API."},
    {KEY(npc_region), .kind = CONF_TEXT, .readers = CONF_WORKER | CONF_CTL,
	.text = "Region of the gateway, part of each signature."},
    {KEY(npc_access_key_file), .kind = CONF_SECRET, .readers = CONF_WORKER,
	.text = "File with the gateway's access key."},
    {KEY(npc_secret_file), .kind = CONF_SECRET, .readers = CONF_WORKER,
	.text = "File with the gateway's secret."},
    {KEY(https_proxy), .kind = CONF_PROXY, .readers = CONF_CALLBACK | CONF_WORKER,
	.text = "Proxy for calls to other hosts."},
    {KEY(ca_file), .kind = CONF_PATH, .readers = CONF_SIGNIN | CONF_CALLBACK | CONF_WORKER,
	.text = "Certificates to trust instead of the system's (PEM)."},
    {KEY(remote_user_domains), .kind = CONF_WORDS,
	.readers = CONF_SIGNIN | CONF_PAGES | CONF_CALLBACK | CONF_CTL,
	.text = "Domains that are cut off names: FIRM for FIRM\\sam, firm.com for "
		"sam@firm.com."},
    {KEY(signin_backend), .kind = CONF_CHOICE, .choices = "ldap file", .dflt = "ldap",
	.readers = CONF_SIGNIN | CONF_CTL,
	.text = "What names and passwords are checked against."},
    {KEY(ldap_url), .kind = CONF_LDAP_URL, .readers = CONF_SIGNIN | CONF_CTL,
	.text = "The directory: ldaps://host or ldap://host (with StartTLS)."},
    {KEY(ldap_base), .kind = CONF_TEXT, .readers = CONF_SIGNIN | CONF_CTL,
	.text = "Entry below which people are looked up."},
    {KEY(ldap_filter), .kind = CONF_FILTER,
	.dflt = "(&(objectCategory=person)(objectClass=user)(sAMAccountName={name}))",
	.readers = CONF_SIGNIN | CONF_CTL,
	.text = "Filter that finds one person; {name} stands for the name."},
    {KEY(ldap_bind_dn), .kind = CONF_TEXT, .readers = CONF_SIGNIN | CONF_CTL,
	.text = "Entry of the account that looks people up; none: anonymously."},
    {KEY(ldap_bind_password_file), .kind = CONF_SECRET, .readers = CONF_SIGNIN,
	.text = "File with that account's password."},
    {KEY(ldap_global_admin_group), .kind = CONF_TEXT,
	.readers = CONF_SIGNIN | CONF_PAGES | CONF_CTL,
	.text = "Group whose members are Global Admins (its distinguished name)."},
    {KEY(signin_password_file), .kind = CONF_SECRET, .readers = CONF_SIGNIN,
	.text = "Names and crypt(3) hashes, for the demo and small sites."},
    {KEY(signin_user), .kind = CONF_TEXT, .dflt = "cw-signin", .readers = CONF_CTL,
	.text = "User that signin runs as; connectorctl doctor looks what it may reach."},
    {KEY(pages_user), .kind = CONF_TEXT, .dflt = "cw-web", .readers = CONF_CTL,
	.text = "The same for projects, edit and hook."},
    {KEY(callback_user), .kind = CONF_TEXT, .dflt = "cw-auth", .readers = CONF_CTL,
	.text = "The same for callback."},
    {KEY(worker_user), .kind = CONF_TEXT, .dflt = "cw-sync", .readers = CONF_CTL,
	.text = "The same for connectord."},
    {KEY(session_key_file), .kind = CONF_SECRET, .dflt = STATE "/keys/session.key",
	.required = true, .readers = CONF_PAGES | CONF_CALLBACK,
	.text = "Key of forms and sign-in attempts; made by connectorctl init."},
    {KEY(seal_public_key_file), .kind = CONF_PUBLIC, .dflt = STATE "/keys/seal-public.key",
	.required = true, .readers = CONF_CALLBACK | CONF_WORKER,
	.text = "Public key to which tokens are sealed; made by connectorctl init."},
    {KEY(seal_private_key_file), .kind = CONF_SECRET,
	.dflt = STATE "/keys/seal-private.key", .required = true, .readers = CONF_WORKER,
	.text = "Private key that opens sealed tokens; made by connectorctl init."},
    {KEY(seal_writer_key_file), .kind = CONF_SECRET, .dflt = STATE "/keys/seal-writer.key",
	.required = true, .readers = CONF_CALLBACK,
	.text = "Key with which the callback seals tokens; made by connectorctl init."},
    {KEY(audit_key_file), .kind = CONF_SECRET, .dflt = STATE "/keys/audit.key",
	.required = true, .readers = CONF_WORKER,
	.text = "Key that seals the audit trail; made by connectorctl init."},
    {KEY(poll_interval_minutes), .kind = CONF_NUMBER, .dflt = "10", .min = 1, .max = 120,
	.readers = CONF_PAGES | CONF_WORKER | CONF_CTL, .unit = "minutes",
	.text = "Time between two looks at a project; each project may have its own."},
    {KEY(item_retries), .kind = CONF_NUMBER, .dflt = "3", .min = 0, .max = 20,
	.readers = CONF_WORKER, .unit = "times",
	.text = "How often a failing item is tried again before it is parked as an issue."},
    {KEY(max_file_mb), .kind = CONF_NUMBER, .dflt = "4096", .min = 1, .max = 4096,
	.readers = CONF_WORKER, .unit = "MB",
	.text = "Largest file that is carried; a larger one becomes an issue that names it."},
    {KEY(answer_reference), .kind = CONF_FLAG, .dflt = "on", .readers = CONF_WORKER,
	.text = "End each answer in Procore with its Project Center reference; when off, a "
		"lost "
		"answer is recognised by author, text and time alone."},
    {KEY(token_refresh_margin_minutes), .kind = CONF_NUMBER, .dflt = "15", .min = 1,
	.max = 60, .readers = CONF_WORKER, .unit = "minutes",
	.text = "How long before its end an access token is renewed."},
    {KEY(refresh_parallel), .kind = CONF_NUMBER, .dflt = "2", .min = 1, .max = 16,
	.readers = CONF_WORKER, .unit = "calls",
	.text = "How many tokens may be in renewal at once: all that a crash can cost."},
    {KEY(worker_processes), .kind = CONF_NUMBER, .dflt = "4", .min = 1, .max = 64,
	.readers = CONF_WORKER, .unit = "processes",
	.text = "Worker processes of connectord."},
    {KEY(smtp_url), .kind = CONF_SMTP_URL, .readers = CONF_WORKER | CONF_CTL,
	.text = "Mail server: smtps://host:port, or smtp://host:port (with STARTTLS)."},
    {KEY(smtp_user), .kind = CONF_TEXT, .readers = CONF_WORKER | CONF_CTL,
	.text = "Name for the mail server; none: without signing in."},
    {KEY(smtp_password_file), .kind = CONF_SECRET, .readers = CONF_WORKER,
	.text = "File with the password for the mail server."},
    {KEY(mail_from), .kind = CONF_ADDRESS, .readers = CONF_WORKER | CONF_CTL,
	.text = "Sender of our mails."},
    {KEY(reminder_days), .kind = CONF_DAYS, .dflt = "1,3,7,14", .min = 1, .max = 365,
	.readers = CONF_WORKER, .unit = "days",
	.text = "Days after the first mail on which a lost sign-in is mentioned again."},
    {KEY(digest_hour), .kind = CONF_NUMBER, .dflt = "7", .min = 0, .max = 23,
	.readers = CONF_WORKER, .unit = "hour",
	.text = "Hour of the day at which the digest of sync issues is sent."},
    {KEY(support_email), .kind = CONF_ADDRESS, .dflt = "Support@Newforma.com",
	.readers = CONF_PAGES | CONF_CALLBACK | CONF_WORKER,
	.text = "Shown where nobody at the site can help further."},
    {KEY(webhook_public_url), .kind = CONF_URL,
	.readers = CONF_HOOK | CONF_WORKER | CONF_CTL,
	.text = "Address under which Procore reaches the hook; with it changes come in "
		"seconds."},
    {KEY(webhook_secret_file), .kind = CONF_SECRET, .readers = CONF_HOOK | CONF_WORKER,
	.text = "File with the secret that Procore sends with each webhook."},
    {KEY(time_zone), .kind = CONF_ZONE, .readers = STORE,
	.text = "Zone of times on pages and in mails; none: the system's."},
    {KEY(language), .kind = CONF_CHOICE, .choices = "en fr_CA", .dflt = "en",
	.readers = STORE,
	.text =
	    "Language of mails, and of pages when the browser asks for none that we have."},
    {KEY(retention_days), .kind = CONF_NUMBER, .dflt = "400", .min = 30, .max = 3650,
	.readers = CONF_WORKER, .unit = "days",
	.text = "How long activity and finished work are kept."},
    {KEY(log_level), .kind = CONF_CHOICE, .choices = "debug info warn error",
	.dflt = "info", .readers = ALL, .text = "Least level that is logged."},
    {KEY(template_dir), .kind = CONF_PATH, .dflt = CW_DATADIR "/html",
	.readers = CONF_PAGES | CONF_CALLBACK | CONF_WORKER | CONF_CTL,
	.text = "Directory of the templates of pages and mails."},
    {KEY(test_clock_file), .kind = CONF_PATH, .readers = ALL,
	.text = "File with seconds to add to the clock, for rehearsals; only while Procore "
		"is on "
		"loopback."},
};

const struct conf_key *
conf_keys(int *n)
{
	*n = (int)(sizeof(keys) / sizeof(keys[0]));
	return keys;
}

const struct conf_key *
conf_key_find(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (str_eq(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}
