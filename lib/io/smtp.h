/* smtp.h: hand one finished mail to the mail server through libcurl. Layer: io. Source: platform.md 5. */
#ifndef CW_IO_SMTP_H
#define CW_IO_SMTP_H

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

enum smtp_result {
	SMTP_ACCEPTED,  /* 250 after DATA */
	SMTP_PERMANENT, /* 5xx for this mail */
	SMTP_LATER,     /* 4xx, no connection, timeout before DATA ended */
	SMTP_CONFIG     /* certificate, STARTTLS missing, wrong user or password: an admin must act */
};
struct smtp_conf {
	const char *url;  /* smtps://host:port, or smtp://host:port (STARTTLS required off loopback) */
	const char *user; /* "" for none */
	const struct secret *password;
	const char *ca_file;
	int total_ms;
};
/* One recipient a call. text is the whole message with CRLF. from and to are bare addresses; controls in
 * them are refused. why gets one sentence naming the server and its answer.
 * errors  ERR_INPUT an address with controls or without @; ERR_BUG */
MUST_USE int smtp_send(const struct smtp_conf *c, const char *from, const char *to, const char *text, size_t len,
    enum smtp_result *result, char why[256], struct err *e);

#endif
