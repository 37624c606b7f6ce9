/* lang.h: one set of templates and texts per language, chosen for each request. Layer: web.
 * Source: DESIGN.md 10; RFC 9110 12.5.4 (Accept-Language), RFC 4647 3.4 (lookup). */
#ifndef CW_WEB_LANG_H
#define CW_WEB_LANG_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "html/tmpl.h"
#include "io/json.h"
#include "web/texts.h"

struct langs; /* all languages of an installation */
struct lang;  /* one of them */

/* Open every folder of `dir` (en, fr_CA ...) that holds a layout.xhtml.
 * dir        template_dir of the configuration
 * url_hosts  as in struct tmpl_conf; copied
 * dflt       `language` of the configuration; its folder must be there
 * out        owned by the caller, lang_close()
 * errors     ERR_IO, ERR_INPUT: as tmpl_set_open() and texts_load(), or no folder for dflt
 */
MUST_USE int lang_open(const char *dir, const char *const *url_hosts, const char *dflt,
    struct langs **out, struct err *e);
void lang_close(struct langs *l); /* accepts NULL */

/* The language for a request: the best of Accept-Language that is installed, else the
 * configured one. accept  the header's value, may be NULL or nonsense Returns one that
 * lives as long as l. Cannot fail. */
const struct lang *lang_choose(const struct langs *l, const char *accept);
/* Its tag for Content-Language and <html lang>: "fr-CA". */
const char *lang_tag(const struct lang *l);

/* Append a page. errors: as tmpl_render() */
MUST_USE int lang_render(const struct lang *l, const char *name, const struct json *model,
    struct buf *out, struct err *e);

/* A text without holes, borrowed for the life of l. */
const char *lang_text(const struct lang *l, enum text id);
/* A text with its holes filled by pairs of name and value, ended by NULL; owned by the
 * caller, free(). */
char *lang_say(const struct lang *l, enum text id, ...) __attribute__((sentinel));
char *lang_vsay(const struct lang *l, enum text id, va_list pairs);
/* The same put into a model. */
void lang_put(const struct lang *l, struct json *obj, const char *key, enum text id, ...)
    __attribute__((sentinel));

#endif
