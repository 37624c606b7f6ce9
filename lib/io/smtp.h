/* smtp.h: hand one finished mail to the mail server through libcurl. Layer: io. Source: platform.md 5;
 * RFC 5321 4.2.1 (what replies mean), 4.5.3.2 (time limits); RFC 4954 6 (sign-in). */
#ifndef CW_IO_SMTP_H
#define CW_IO_SMTP_H

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

enum smtp_result {
	SMTP_ACCEPTED,  /* 250 after DATA */
	SMTP_PERMANENT, /* 5xx for this recipient or this text: another try fares no better */
	SMTP_LATER,     /* 4xx for this recipient or this text: the others may fare better */
	SMTP_DOWN,      /* no connection, 4xx to all, timeout: nothing was taken, no other mail fares better */
	SMTP_DOUBT,     /* the whole text went out and no answer came: taken or not, nobody can tell */
	SMTP_CONFIG     /* certificate, STARTTLS missing, user, password or sender refused: an admin must act */
};
struct smtp_conf {
	const char *url;  /* smtps://host:port, or smtp://host:port (STARTTLS required off loopback) */
	const char *user; /* "" for none */
	const struct secret *password;
	const char *ca_file;
	int total_ms;
};
/* One recipient a call. text is the whole message with CRLF. from and to are bare addresses; controls in
 * them are refused. why gets one sentence naming the server, its answer and, for SMTP_CONFIG, the keys of
 * connectorweb.conf to look at. Neither password nor mail goes out in clear where STARTTLS is required.
 * errors  ERR_INPUT an address with controls or without @; ERR_BUG */
MUST_USE int smtp_send(const struct smtp_conf *c, const char *from, const char *to, const char *text, size_t len,
    enum smtp_result *result, char why[256], struct err *e);

#endif
