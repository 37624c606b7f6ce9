/* mime.h: one mail as text for the wire. Layer: core. Pure.
 * Source: RFC 5322, RFC 2045 to 2047, RFC 3834 (Auto-Submitted), RFC 2369 and 8058 (List-Unsubscribe). */
#ifndef CW_CORE_MIME_H
#define CW_CORE_MIME_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct mime_mail {
	const char *from;       /* bare address */
	const char *from_name;
	const char *to;         /* bare address */
	const char *to_name;    /* "" none */
	const char *subject;    /* UTF-8 */
	const char *message_id; /* with <> */
	int64_t date_at;
	const char *text;       /* UTF-8, LF line ends */
	const char *html;       /* UTF-8 */
	const char *unsubscribe_url; /* NULL: no List-Unsubscribe */
};
/* Append the whole message with CRLF line ends: multipart/alternative, both parts base64.
 * errors  ERR_INPUT controls in an address, name or subject; ERR_LIMIT */
MUST_USE int mime_write(const struct mime_mail *m, struct buf *out, struct err *e);

#endif
