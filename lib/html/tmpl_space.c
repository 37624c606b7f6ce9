#include "config.h"

#include "html/tmpl_int.h"

#include <stdint.h>
#include <string.h>

bool
tmpl_is_t(const struct tmpl_node *n, const char *name)
{
	return n != NULL && n->type == TMPL_ELEMENT && n->ns == TMPL_T &&
	       strcmp(n->name, name) == 0;
}

bool
tmpl_is_html(const struct tmpl_node *n, const char *name)
{
	return n != NULL && n->type == TMPL_ELEMENT && n->ns == TMPL_HTML &&
	       strcmp(n->name, name) == 0;
}

const char *
tmpl_attr_value(const struct tmpl_node *n, bool t, const char *name)
{
	for (size_t i = 0; i < n->n_attrs; i++)
		if (n->attrs[i].t == t && strcmp(n->attrs[i].name, name) == 0)
			return n->attrs[i].value;
	return NULL;
}

const struct tmpl_node *
tmpl_child(const struct tmpl_node *parent, const char *html_name)
{
	for (const struct tmpl_node *k = parent->children; k != NULL; k = k->next)
		if (tmpl_is_html(k, html_name))
			return k;
	return NULL;
}

const struct tmpl_node *
tmpl_root(const struct tmpl_compiler *c, const char *name, const char **file)
{
	for (size_t i = 0; name != NULL && i < c->n; i++) {
		if (strcmp(c->all[i].name, name) == 0) {
			*file = c->all[i].name;
			return c->all[i].root;
		}
	}
	return NULL;
}

const struct tmpl_node *
tmpl_container(const struct tmpl_compiler *c, const struct tmpl_node *n)
{
	const char *file;

	if (tmpl_is_t(n, "block"))
		return n;
	if (tmpl_is_t(n, "slot") && tmpl_attr_value(n, false, "name") == NULL &&
	    c->page != NULL)
		return tmpl_is_html(c->page, "html") ? tmpl_child(c->page, "body") : NULL;
	if (tmpl_is_t(n, "include")) {
		const struct tmpl_node *root =
		    tmpl_root(c, tmpl_attr_value(n, false, "file"), &file);

		return tmpl_is_t(root, "block") ? root : NULL;
	}
	return NULL;
}

static bool
controlled(const struct tmpl_node *n)
{
	return n->type == TMPL_ELEMENT && n->ns != TMPL_T &&
	       (tmpl_attr_value(n, true, "each") != NULL ||
		   tmpl_attr_value(n, true, "if") != NULL ||
		   tmpl_attr_value(n, true, "unless") != NULL);
}

/* Blanks at the end of a text back to its last line end; SIZE_MAX when something else
 * stands there. */
static size_t
indent_of(const struct tmpl_node *text)
{
	const char *s;
	size_t n, i;

	if (text == NULL || text->type != TMPL_CHARS)
		return SIZE_MAX;
	s = text->text;
	n = i = strlen(s);
	while (i > 0 && (s[i - 1] == ' ' || s[i - 1] == '\t'))
		i--;
	return i > 0 && s[i - 1] == '\n' ? n - i : SIZE_MAX;
}

/* Blanks at the start of a text up to and with its first line end; SIZE_MAX likewise. */
static size_t
line_rest(const struct tmpl_node *text)
{
	const char *s;
	size_t n;

	if (text == NULL || text->type != TMPL_CHARS)
		return SIZE_MAX;
	s = text->text;
	n = strspn(s, " \t");
	return s[n] == '\n' ? n + 1 : SIZE_MAX;
}

static bool
alone(const struct tmpl_node *before, const struct tmpl_node *after)
{
	return indent_of(before) != SIZE_MAX && line_rest(after) != SIZE_MAX;
}

/* Does the tag next to `text`, whose text on the other side is given, have the line to
 * itself? */
static bool
cut_after(const struct tmpl_compiler *c, const struct tmpl_node *text)
{
	const struct tmpl_node *next = text->next, *box;

	if (next == NULL) {
		const struct tmpl_node *parent = text->parent;

		for (const struct tmpl_inlined *in = c->in; in != NULL; in = in->up)
			if (in->inner == parent)
				return alone(text, in->outer->next);
		return tmpl_is_t(parent, "block") && alone(text, parent->next);
	}
	if (controlled(next) || next->type == TMPL_COMMENT)
		return alone(text, next->next);
	if (next->type != TMPL_ELEMENT || next->ns != TMPL_T)
		return false;
	box = tmpl_container(c, next);
	return box != NULL ? alone(text, box->children)
			   : tmpl_is_t(next, "slot") && alone(text, next->next);
}

static bool
cut_before(const struct tmpl_compiler *c, const struct tmpl_node *text)
{
	const struct tmpl_node *prev = text->prev, *box;

	if (prev == NULL) {
		const struct tmpl_node *parent = text->parent;

		for (const struct tmpl_inlined *in = c->in; in != NULL; in = in->up)
			if (in->inner == parent)
				return alone(in->outer->prev, text);
		return tmpl_is_t(parent, "block") && alone(parent->prev, text);
	}
	if (controlled(prev) || prev->type == TMPL_COMMENT)
		return alone(prev->prev, text);
	if (prev->type != TMPL_ELEMENT || prev->ns != TMPL_T)
		return false;
	box = tmpl_container(c, prev);
	return box != NULL ? alone(box->last, text)
			   : tmpl_is_t(prev, "slot") && alone(prev->prev, text);
}

static bool
keeps_space(const struct tmpl_node *n)
{
	for (; n != NULL && n->type == TMPL_ELEMENT; n = n->parent)
		if (tmpl_is_html(n, "pre") || tmpl_is_html(n, "textarea"))
			return true;
	return false;
}

void
tmpl_space_cut(
    const struct tmpl_compiler *c, const struct tmpl_node *text, size_t *from, size_t *to)
{
	*from = 0;
	*to = strlen(text->text);
	if (keeps_space(text->parent))
		return;
	if (cut_before(c, text))
		*from = line_rest(text);
	if (cut_after(c, text))
		*to -= indent_of(text);
	if (*from > *to) /* the whole text is one line end between two such lines */
		*from = *to;
}

bool
tmpl_space_line(const struct tmpl_node *element, size_t *indent)
{
	if (!controlled(element) || keeps_space(element->parent) ||
	    !alone(element->prev, element->next))
		return false;
	*indent = indent_of(element->prev);
	return true;
}
