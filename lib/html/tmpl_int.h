/* tmpl_int.h: what the compiler and the renderer of templates share. Layer: html, not for
 * other layers. Source: STYLE.md 6.
 *
 * A template is a flat list of operations over one block of literal markup. Control
 * operations hold the index to go on at, so that rendering is one loop that only appends.
 */
#ifndef CW_HTML_TMPL_INT_H
#define CW_HTML_TMPL_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "html/tmpl.h"

enum {
	TMPL_DEPTH = 16, /* t:each inside t:each; a page needs three */
	TMPL_NEST = 128, /* elements inside elements, includes and layouts counted in */
	TMPL_FILE_BYTES = 512 * 1024, /* one source file; ours are under 32 KiB */
	TMPL_MARKUP_BYTES = 1024 * 1024
};

enum tmpl_kind {
	TMPL_LITERAL,   /* append len bytes of markup from off */
	TMPL_TEXT,      /* append the value of path, escaped */
	TMPL_URL_START, /* the value begins a URL; when refused, about:invalid and go on at
			   next */
	TMPL_URL_PART,  /* append the value percent-encoded */
	TMPL_EACH, /* open a row of the list at path; when there is none go on at next */
	TMPL_END,  /* next row, from the operation after its TMPL_EACH, which is at next */
	TMPL_IF,   /* go on at next unless the value at path is true */
	TMPL_UNLESS, /* go on at next if it is */
	TMPL_KIND_MAX
};

struct tmpl_op {
	enum tmpl_kind kind;
	uint32_t path;
	uint32_t next;
	size_t off, len; /* TMPL_URL_PART: len 1 in mailto:, where @ stays. TMPL_URL_START:
			    len 1 when a literal slash follows, so that "/" would make
			    "//host" and "" is allowed */
};

/* A key as written, cut at its dots once. */
struct tmpl_path {
	char *name;
	char **seg; /* empty for {{.}}, the row itself */
	size_t n;
};

struct tmpl_prog {
	char *name; /* "projects.xhtml" */
	struct buf markup;
	struct tmpl_op *ops;
	size_t n_ops;
	struct tmpl_path *paths;
	size_t n_paths;
	size_t barrier; /* literals before this operation may not grow: a jump leads behind
			   them */
};

struct tmpl_set {
	struct tmpl_prog *progs; /* sorted by name */
	size_t n;
	char *lang;
	char **hosts; /* NULL-terminated */
};

/* ---- tmpl_ops.c: building the list */
void tmpl_prog_clear(struct tmpl_prog *p);
/* Append one operation and return its index. path: index from tmpl_path_add(). */
size_t tmpl_op_add(struct tmpl_prog *p, enum tmpl_kind kind, uint32_t path);
/* Append literal markup as it is, joined to the literal before it where no jump leads
 * between them. */
void tmpl_literal(struct tmpl_prog *p, const char *s, size_t n);
/* The same, escaped for text or (attr) a quoted attribute value. */
void tmpl_literal_escaped(struct tmpl_prog *p, const char *s, size_t n, bool attr);
/* Let a control operation jump to what will be appended next. */
void tmpl_jump_here(struct tmpl_prog *p, size_t op);
/* Note a key and return its index. errors: ERR_INPUT it is not a key; the message has no
 * place yet. */
MUST_USE int tmpl_path_add(
    struct tmpl_prog *p, const char *name, size_t n, uint32_t *out, struct err *e);

enum tmpl_place { TMPL_IN_TEXT, TMPL_IN_ATTR, TMPL_IN_URL };
/* Append a text with {{holes}}, each by the rule of its place. {{lang}} becomes a literal.
 * errors  ERR_INPUT an open or empty hole, a bad key, a literal URL that may not be */
MUST_USE int tmpl_holes(struct tmpl_prog *p, const char *s, enum tmpl_place place,
    const char *lang, struct err *e);

/* ---- tmpl_rules.c: what the HTML standard and STYLE.md 6 say about names */
bool tmpl_void_element(const char *name);
bool tmpl_refused_element(const char *name);
bool tmpl_bool_attr(const char *name);
bool tmpl_url_attr(const char *name);
/* on*, style, srcdoc: never. */
bool tmpl_refused_attr(const char *name);
/* Attributes that may be written but not filled: other URLs, http-equiv. */
bool tmpl_fixed_attr(const char *name);
/* The line of the first <x/> on an element that HTML does not close by itself, 0 when there
 * is none: the parser cannot tell it from <x></x>, but a browser reading text/html can.
 * name gets the element. */
size_t tmpl_self_closed(const char *s, size_t n, char *name, size_t name_size);

/* ---- tmpl.c: append what a program makes of the model. set: NULL for a plain text
 * (nothing is escaped). errors: as tmpl_render() */
MUST_USE int tmpl_run(const struct tmpl_set *set, const struct tmpl_prog *prog,
    const struct json *model, struct buf *out, struct err *e);

/* ---- tmpl_xml.c: the only user of libxml2. It leaves a small tree of our own. */
enum tmpl_ns { TMPL_HTML, TMPL_SVG, TMPL_T, TMPL_NS_MAX };
enum tmpl_type { TMPL_ELEMENT, TMPL_CHARS, TMPL_COMMENT, TMPL_TYPE_MAX };

struct tmpl_attr {
	bool t; /* of the template language */
	char *name;
	char *value;
};

struct tmpl_node {
	enum tmpl_type type;
	enum tmpl_ns ns;
	char *name; /* element; NULL otherwise */
	char *text; /* chars and comment; NULL otherwise */
	struct tmpl_attr *attrs;
	size_t n_attrs;
	long line;
	struct tmpl_node *parent, *prev, *next, *children, *last;
};

struct tmpl_source {
	char *name;
	struct buf text;
	struct tmpl_node *root;
};
/* Parse one source. errors: ERR_INPUT "file:line: what is refused" */
MUST_USE int tmpl_parse(struct tmpl_source *src, struct err *e);
void tmpl_node_free(struct tmpl_node *n); /* with all below; accepts NULL */

/* ---- tmpl_compile.c, tmpl_space.c */

/* Where nodes of another place stand: the children of `inner` are written where `outer` is.
 */
struct tmpl_inlined {
	const struct tmpl_node *inner;
	const struct tmpl_node *outer;
	const struct tmpl_inlined *up;
};

struct tmpl_compiler {
	struct tmpl_prog *prog;
	const struct tmpl_source *all;
	size_t n;
	const char *lang;
	const char *file;              /* of the node at hand, for messages */
	const struct tmpl_inlined *in; /* innermost first */
	const char *page_file; /* of the page, while its layout is compiled; else NULL */
	const struct tmpl_node *page; /* its root */
	unsigned rows, nest;
	struct err *e;
};

/* Is it an element of that name: of the template language (t:), of HTML? */
bool tmpl_is_t(const struct tmpl_node *n, const char *name);
bool tmpl_is_html(const struct tmpl_node *n, const char *name);
/* The value of an attribute, t: of the template language or HTML's own; NULL when absent.
 */
const char *tmpl_attr_value(const struct tmpl_node *n, bool t, const char *name);
const struct tmpl_node *tmpl_child(const struct tmpl_node *parent, const char *html_name);
/* The root of a file, which is set to the kept name; NULL when there is none. */
const struct tmpl_node *
tmpl_root(const struct tmpl_compiler *c, const char *name, const char **file);
/* The node whose children are written for <t:block>, <t:slot/> or <t:include/>; NULL for
 * all others. */
const struct tmpl_node *
tmpl_container(const struct tmpl_compiler *c, const struct tmpl_node *n);

/* The part [from, to) of a text that is written: a line that holds only t: elements leaves
 * nothing. */
void tmpl_space_cut(
    const struct tmpl_compiler *c, const struct tmpl_node *text, size_t *from, size_t *to);
/* Is the element under t:each, t:if or t:unless and has its lines to itself? Then it is
 * repeated or left out with them: *indent is what stands before it on its line. */
bool tmpl_space_line(const struct tmpl_node *element, size_t *indent);

/* Compile one parsed source; layouts and includes come from all[0..n). out is cleared on
 * failure. */
MUST_USE int tmpl_compile(const struct tmpl_source *all, size_t n, size_t which,
    const char *lang, struct tmpl_prog *out, struct err *e);

#endif
