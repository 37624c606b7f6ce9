/* esc.h: the only way for a text to get into markup. Layer: html. Source: STYLE.md 6;
 * WHATWG HTML 13.1.2 (what must be escaped in text and quoted attribute values), RFC 3629
 * (UTF-8), RFC 3986 2.1 (percent). */
#ifndef CW_HTML_ESC_H
#define CW_HTML_ESC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/* Append n bytes for a place in text or in a quoted attribute value: & < > " ' as
 * references, bytes that are not UTF-8 and control characters other than tab and line ends
 * as U+FFFD. Cannot fail; passing the buffer's ceiling is seen by buf_check(). */
void esc_html(struct buf *out, const char *s, size_t n);

/* Append a text that the template itself holds: only what would end the place it stands in.
 * attr: inside double quotes. The text is well-formed UTF-8 because the XML parser checked
 * it. Cannot fail. */
void esc_literal(struct buf *out, const char *s, size_t n, bool attr);

/* True when a value may begin a URL attribute: "/path" but neither "//host" nor "/\host",
 * or one of `hosts` (NULL-terminated list of "https://host[:port]", may be NULL) followed
 * by its end, / ? or #. Blanks, controls and backslashes anywhere make it false: browsers
 * drop or turn them. Cannot fail. */
MUST_USE bool esc_url_start_ok(const char *s, size_t n, const char *const *hosts);

/* Append n bytes inside a URL: everything but A-Za-z0-9-_.~ and the bytes of `keep` (may be
 * "") becomes %XX. Bytes of keep must be harmless in a quoted attribute value. Cannot fail.
 */
void esc_url_part(struct buf *out, const char *s, size_t n, const char *keep);

#endif
