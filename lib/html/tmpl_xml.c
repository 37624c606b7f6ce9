#include "config.h"

#include "html/tmpl_int.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const NAMESPACE[TMPL_NS_MAX] = {
    [TMPL_HTML] = "http://www.w3.org/1999/xhtml",
    [TMPL_SVG] = "http://www.w3.org/2000/svg",
    [TMPL_T] = "urn:connectorweb:template",
};

void
tmpl_node_free(struct tmpl_node *n)
{
	struct tmpl_node *next;

	if (n == NULL)
		return;
	for (struct tmpl_node *k = n->children; k != NULL; k = next) {
		next = k->next;
		tmpl_node_free(k);
	}
	for (size_t i = 0; i < n->n_attrs; i++) {
		free(n->attrs[i].name);
		free(n->attrs[i].value);
	}
	free(n->attrs);
	free(n->name);
	free(n->text);
	free(n);
}

static int
refuse(const struct tmpl_source *src, const xmlNode *node, const char *what,
    const char *name, struct err *e)
{
	return err_set(
	    e, ERR_INPUT, "%s:%ld: %s %s", src->name, xmlGetLineNo(node), what, name);
}

static int
take_attrs(const struct tmpl_source *src, xmlNode *x, struct tmpl_node *n, struct err *e)
{
	for (xmlAttr *a = x->properties; a != NULL; a = a->next) {
		const char *name = (const char *)a->name;
		bool t = a->ns != NULL &&
			 strcmp((const char *)a->ns->href, NAMESPACE[TMPL_T]) == 0;
		struct tmpl_attr *to;
		xmlChar *value;

		if (a->ns != NULL && !t) {
			if (xmlStrEqual(a->ns->href, XML_XML_NAMESPACE))
				continue; /* xml:space, xml:lang: for XML tools only */
			return refuse(src, x, "attribute of another namespace:", name, e);
		}
		value = xmlNodeGetContent((xmlNode *)a);
		BUG_IF(value == NULL);
		n->attrs = xreallocarray(n->attrs, n->n_attrs + 1, sizeof *n->attrs);
		to = &n->attrs[n->n_attrs++];
		*to = (struct tmpl_attr){t, xstrdup(name), xstrdup((const char *)value)};
		xmlFree(value);
	}
	return 0;
}

static int
take_name(const struct tmpl_source *src, xmlNode *x, struct tmpl_node *n, struct err *e)
{
	const char *ns = x->ns == NULL ? "" : (const char *)x->ns->href;

	n->name = xstrdup((const char *)x->name);
	for (int i = 0; i < TMPL_NS_MAX; i++) {
		if (strcmp(ns, NAMESPACE[i]) == 0) {
			n->ns = (enum tmpl_ns)i;
			return take_attrs(src, x, n, e);
		}
	}
	return refuse(src, x, "element outside XHTML and SVG:", n->name, e);
}

/* Copy x and what is below it under parent (NULL: it is the root). The parser has limited
 * the depth. */
static int
take(struct tmpl_source *src, xmlNode *x, struct tmpl_node *parent, struct err *e)
{
	struct tmpl_node *n;

	if (x->type != XML_ELEMENT_NODE && x->type != XML_TEXT_NODE &&
	    x->type != XML_COMMENT_NODE)
		return refuse(src, x, "neither element, text nor comment:",
		    x->name == NULL ? "CDATA" : (const char *)x->name, e);
	n = xcalloc(1, sizeof *n);
	n->line = xmlGetLineNo(x);
	n->parent = parent;
	if (parent == NULL) {
		src->root = n;
	} else {
		n->prev = parent->last;
		*(n->prev == NULL ? &parent->children : &n->prev->next) = n;
		parent->last = n;
	}
	if (x->type != XML_ELEMENT_NODE) {
		n->type = x->type == XML_TEXT_NODE ? TMPL_CHARS : TMPL_COMMENT;
		n->text = xstrdup((const char *)x->content);
		return 0;
	}
	n->type = TMPL_ELEMENT;
	if (take_name(src, x, n, e) == -1)
		return -1;
	for (xmlNode *k = x->children; k != NULL; k = k->next)
		if (take(src, k, n, e) == -1)
			return -1;
	return 0;
}

static int
take_doc(struct tmpl_source *src, xmlDoc *doc, struct err *e)
{
	const xmlDtd *dtd = doc->intSubset;

	if (dtd != NULL &&
	    (dtd->children != NULL || dtd->ExternalID != NULL || dtd->SystemID != NULL))
		return err_set(e, ERR_INPUT,
		    "%s:1: a document type other than <!DOCTYPE html>", src->name);
	for (xmlNode *k = doc->children; k != NULL; k = k->next)
		if (k->type == XML_PI_NODE)
			return refuse(
			    src, k, "processing instruction", (const char *)k->name, e);
	return take(src, xmlDocGetRootElement(doc), NULL, e);
}

struct first_error {
	int line;
	char text[200];
};

/* The parser goes on after an error and the last one is seldom the cause. */
static void
on_error(void *arg, xmlError *error)
{
	struct first_error *first = arg;

	if (first->line != 0 || error->message == NULL)
		return;
	first->line = error->line;
	str_cut(first->text, sizeof first->text, error->message);
	first->text[strcspn(first->text, "\n")] = '\0';
}

static int
check_self_closed(const struct tmpl_source *src, struct err *e)
{
	char name[64];
	size_t line =
	    tmpl_self_closed(buf_str(&src->text), src->text.len, name, sizeof name);

	if (line == 0)
		return 0;
	return err_set(e, ERR_INPUT, "%s:%zu: <%s/> must be written <%s></%s>", src->name,
	    line, name, name, name);
}

int
tmpl_parse(struct tmpl_source *src, struct err *e)
{
	struct first_error first = {.line = 0, .text = "not XML"};
	xmlParserCtxt *ctxt = NULL;
	xmlDoc *doc = NULL;
	int rc = -1;

	ctxt = xmlNewParserCtxt();
	BUG_IF(ctxt == NULL);
	xmlSetStructuredErrorFunc(&first, on_error);
	doc = xmlCtxtReadMemory(ctxt, buf_str(&src->text), (int)src->text.len, src->name,
	    "UTF-8", XML_PARSE_NONET | XML_PARSE_BIG_LINES);
	if (doc == NULL || !ctxt->wellFormed || !ctxt->nsWellFormed) {
		rc = err_set(e, ERR_INPUT, "%s:%d: %s", src->name, first.line, first.text);
		goto out;
	}
	if (check_self_closed(src, e) == -1)
		goto out;
	rc = take_doc(src, doc, e);
out:
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
	return rc;
}
