/* tmpl.h: XHTML templates compiled once, rendered from a JSON model. Layer: html. Source:
 * STYLE.md 6 and DESIGN.md 10.
 *
 * Namespace of the t: words: xmlns:t="urn:connectorweb:template". Syntax: {{name}} in text
 * and attribute values (dots reach into objects: {{row.name}}; {{.}} is the row itself, for
 * lists of texts); attributes t:each="list" (names are looked up from the innermost row
 * outwards), t:if="x", t:unless="x" (each around if around unless when one element has
 * several), t:bool-disabled="x", t:layout="layout.xhtml" on the root of a page; elements
 * <t:block> (no tag of its own), <t:include file="part.xhtml"/>, <t:slot/> (in a layout:
 * the content of the page's body), <t:slot name="title"/> (the content of the page's title)
 * and <t:slot name="head"/> (what else the page's head holds).
 *
 * An empty list, false, null, "" and 0 are false. null is an empty text and an empty list.
 * A missing key is ERR_BUG at render time, in conditions too. Comments are not sent. Lines
 * that hold only t: elements or comments leave nothing behind. */
#ifndef CW_HTML_TMPL_H
#define CW_HTML_TMPL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"

struct tmpl_set; /* all templates of one directory and language */

struct tmpl_conf {
	const char *dir;  /* holds *.xhtml */
	const char *lang; /* for <html lang>; model key `lang` is provided from it */
	const char *const
	    *url_hosts; /* NULL-terminated https origins ("https://login.procore.com") that
			   URL attributes may lead to; NULL: none */
};
/* Compile every *.xhtml of the directory (partials and layouts included).
 * out     owned by the caller, tmpl_set_free()
 * errors  ERR_INPUT file, line and what is refused; ERR_IO */
MUST_USE int tmpl_set_open(const struct tmpl_conf *c, struct tmpl_set **out, struct err *e);
void tmpl_set_free(struct tmpl_set *s);
/* Append the page. errors: ERR_NOT_FOUND no such template; ERR_BUG missing key (names it);
 * ERR_LIMIT */
MUST_USE int tmpl_render(const struct tmpl_set *s, const char *name,
    const struct json *model, struct buf *out, struct err *e);
/* Expand {{name}} in a plain text (mails, messages), nothing is escaped. A line of its own
 * that reads
 * {{each list}}, {{if x}} or {{unless x}} opens a part, {{end}} closes it; the lines
 * themselves vanish. errors  ERR_BUG missing key, or a text that is no template (names the
 * line) */
MUST_USE int
tmpl_text(const char *text, const struct json *model, struct buf *out, struct err *e);

#endif
