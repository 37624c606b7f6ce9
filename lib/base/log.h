/* log.h: one line per event on standard error: `level event key=value ... request=id`. Layer: base.
 *
 * Values are written so that a line stays a line: controls and quotes are escaped, values with blanks
 * are quoted. Never log tokens, codes, cookies or query strings. The only mutable globals of lib/. */
#ifndef CW_BASE_LOG_H
#define CW_BASE_LOG_H

#include "base/attr.h"
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_MAX };

/* program is borrowed for ever (a literal). Level and above are written. */
void log_init(const char *program, enum log_level level);
/* errors: -1 for a name other than debug info warn error. */
MUST_USE int log_level_parse(const char *name, enum log_level *out);
/* Written as request=ID on every line until changed; copied; NULL or "" for none. */
void log_set_request(const char *id);

/* log_event(LOG_INFO, "refresh", "account", "42", "result", "ok", NULL): pairs of text, ended by NULL.
 * A NULL value is written as -. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* An error where it stops: event, class, number and message; the level is the class's. */
void log_err(const char *event, const struct err *e);
/* For numbers among the pairs: a rotating set of 8 static texts, good within one log_event call. */
const char *log_num(long long v);

#endif
