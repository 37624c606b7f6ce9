#include "config.h"

#include "io/smtp.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/url.h"
#include "io/curl.h"

enum { CONNECT_MS = 15000, REPLY_BYTES = 160 };

struct talk {
	char reply[REPLY_BYTES]; /* the server's last line */
};

/* Replies are shown to people: one line, no controls. */
static bool
on_line(void *arg, const char *p, size_t n)
{
	struct talk *t = arg;
	size_t k = 0;

	if (n >= 3 && memcmp(p, "221", 3) == 0)
		return true; /* the goodbye says nothing */
	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	for (; k < n && k < sizeof(t->reply) - 1; k++)
		t->reply[k] = (unsigned char)p[k] < 0x20 || p[k] == 0x7f ? ' ' : p[k];
	t->reply[k] = '\0';
	return true;
}

/* platform.md 5: libcurl writes addresses raw, so that a line end would start another
 * command. */
static int
check_address(const char *what, const char *a, struct err *e)
{
	const char *at = strchr(a, '@');

	if (at == NULL || at == a || at[1] == '\0' || !str_no_controls(a, strlen(a)) ||
	    strpbrk(a, "<> ") != NULL)
		return err_set(e, ERR_INPUT, "the %s is not a bare mail address", what);
	return 0;
}

/* Replies by which a server refuses us and not this mail (RFC 4954 6). */
static bool
is_sign_in_wanted(int status)
{
	return status == 530 || status == 534 || status == 535 || status == 538;
}

/* libcurl's words for a refused MAIL FROM: the sender is the same for every mail. */
static bool
is_sender_refused(const struct curl_end *end)
{
	return end->status >= 500 && str_starts(end->text, "MAIL failed");
}

/* The server answered something about this mail, or all of it had gone out. */
static enum smtp_result
result_of_mail(const struct curl_end *end)
{
	if (is_sign_in_wanted(end->status) || is_sender_refused(end))
		return SMTP_CONFIG;
	if (end->status >= 500)
		return SMTP_PERMANENT;
	/* 421: the server closes, whoever the mail is for. */
	if (end->status >= 400)
		return end->status == 421 ? SMTP_DOWN : SMTP_LATER;
	return end->stage == CURL_STAGE_LOST ? SMTP_DOUBT : SMTP_DOWN;
}

static enum smtp_result
result_of(const struct curl_end *end)
{
	switch (end->stage) {
	case CURL_STAGE_DONE:
		return SMTP_ACCEPTED;
	case CURL_STAGE_TLS:
	case CURL_STAGE_URL:
		/* A handshake that nobody answered is the network's fault, not a setting's. */
		return end->timed_out ? SMTP_DOWN : SMTP_CONFIG;
	case CURL_STAGE_LOGIN:
		return end->status >= 500 ? SMTP_CONFIG : SMTP_DOWN;
	case CURL_STAGE_AUTH:
		return end->status >= 400 && end->status < 500 ? SMTP_DOWN : SMTP_CONFIG;
	case CURL_STAGE_SEND:
	case CURL_STAGE_LOST:
		return result_of_mail(end);
	case CURL_STAGE_PRIVATE:
	case CURL_STAGE_RESOLVE:
	case CURL_STAGE_CONNECT:
	case CURL_STAGE_STOPPED:
	case CURL_STAGE_LOCAL:
	case CURL_STAGE_MAX:
		break;
	}
	return SMTP_DOWN;
}

/* Which keys of connectorweb.conf an admin has to look at. */
static const char *
remedy(const struct curl_end *end)
{
	if (end->no_starttls)
		return "; it offers no encryption (STARTTLS), so nothing was sent: name another port or smtps:// in "
		       "smtp_url";
	if (end->stage == CURL_STAGE_AUTH && end->status < 400)
		return "; it takes no user name and password here: check smtp_url (port 587 or smtps://) and smtp_user";
	if (end->stage == CURL_STAGE_AUTH || is_sign_in_wanted(end->status))
		return "; check smtp_user and smtp_password_file";
	if (is_sender_refused(end))
		return "; check mail_from";
	if (end->stage == CURL_STAGE_TLS)
		return "; check ca_file and the host name in smtp_url";
	return "; check smtp_url";
}

static void
explain(const struct curl_end *end, const struct talk *t, const char *host, enum smtp_result result,
    char why[256])
{
	struct buf b = BUF_INIT(4096);

	if (end->stage == CURL_STAGE_DONE)
		buf_printf(&b, "%s took the mail: %s", host, t->reply);
	else if (end->status >= 400)
		buf_printf(&b, "%s refused: %.100s", host, t->reply);
	else if (result == SMTP_DOUBT)
		buf_printf(&b, "%s took the whole text, but its answer was lost", host);
	else if (end->timed_out)
		buf_printf(&b, "%s did not answer in time", host);
	else
		buf_printf(&b, "%s: %.110s", host, end->text);
	if (result == SMTP_CONFIG)
		buf_puts(&b, remedy(end));
	str_cut(why, 256, buf_str(&b));
	buf_clear(&b);
}

int
smtp_send(const struct smtp_conf *c, const char *from, const char *to, const char *text,
    size_t len, enum smtp_result *result, char why[256], struct err *e)
{
	struct talk talk = {.reply = ""};
	struct curl_door *door = NULL;
	struct curl_end end;
	struct url u;
	struct curl_task t = {.url = c->url,
	    .ca_file = c->ca_file,
	    .connect_ms = c->total_ms < CONNECT_MS ? c->total_ms : CONNECT_MS,
	    .total_ms = c->total_ms,
	    .mail_from = from,
	    .mail_to = to,
	    .body = text,
	    .body_len = len,
	    .body_fd = -1,
	    .user = c->user,
	    .password = c->password,
	    .on_line = on_line,
	    .arg = &talk};

	if (check_address("sender", from, e) == -1 ||
	    check_address("recipient", to, e) == -1)
		return -1;
	if (c->total_ms <= 0 || url_parse(c->url, &u) == -1 ||
	    (!str_eq(u.scheme, "smtp") && !str_eq(u.scheme, "smtps")))
		return err_set(
		    e, ERR_BUG, "smtp_url is not smtp or smtps, or there is no deadline");
	/* A mail server on this machine often has a certificate for no name at all. */
	t.starttls = str_eq(u.scheme, "smtp") && !url_host_is_loopback(u.host);
	if (curl_door_new(&door, e) == -1)
		return -1;
	curl_door_run(door, &t, &end);
	curl_door_free(door);
	*result = result_of(&end);
	explain(&end, &talk, u.host, *result, why);
	return 0;
}
