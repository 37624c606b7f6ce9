#include "config.h"

#include "html/tmpl_int.h"

#include <string.h>

#include "base/str.h"

static int compile_node(struct tmpl_compiler *c, const struct tmpl_node *node);

static int
refuse(const struct tmpl_compiler *c, const struct tmpl_node *node, const char *what,
    const char *name)
{
	return err_set(c->e, ERR_INPUT, "%s:%ld: %s%s%s", c->file, node->line, what,
	    name == NULL ? "" : " ", name == NULL ? "" : name);
}

static int
at(const struct tmpl_compiler *c, const struct tmpl_node *node)
{
	return err_wrap(c->e, "%s:%ld", c->file, node->line);
}

static int
compile_text(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	struct buf part = BUF_INIT(TMPL_FILE_BYTES);
	size_t from, to;
	int rc;

	tmpl_space_cut(c, node, &from, &to);
	buf_add(&part, node->text + from, to - from);
	rc = tmpl_holes(c->prog, buf_str(&part), TMPL_IN_TEXT, c->lang, c->e);
	buf_clear(&part);
	return rc == -1 ? at(c, node) : 0;
}

/* ---- attributes */

/* <meta http-equiv="refresh" content="0;url={{url}}">: at once or not at all. */
static int
compile_refresh(struct tmpl_compiler *c, const struct tmpl_node *node, const char *value)
{
	static const char prefix[] = "0;url=";
	const char *equiv = tmpl_attr_value(node, false, "http-equiv");

	if (equiv == NULL || !str_eq_ci(equiv, "refresh"))
		return tmpl_holes(c->prog, value, TMPL_IN_ATTR, c->lang, c->e);
	if (!str_starts(value, prefix))
		return err_set(c->e, ERR_INPUT, "a refresh must read \"0;url=...\"");
	tmpl_literal(c->prog, prefix, strlen(prefix));
	return tmpl_holes(c->prog, value + strlen(prefix), TMPL_IN_URL, c->lang, c->e);
}

static int
attr_content(
    struct tmpl_compiler *c, const struct tmpl_node *node, const struct tmpl_attr *a)
{
	if (tmpl_url_attr(a->name))
		return tmpl_holes(c->prog, a->value, TMPL_IN_URL, c->lang, c->e);
	if (tmpl_is_html(node, "meta") && strcmp(a->name, "content") == 0)
		return compile_refresh(c, node, a->value);
	if (tmpl_fixed_attr(a->name) && strstr(a->value, "{{") != NULL)
		return err_set(c->e, ERR_INPUT, "a hole in attribute %s", a->name);
	return tmpl_holes(c->prog, a->value, TMPL_IN_ATTR, c->lang, c->e);
}

static int
compile_attr(
    struct tmpl_compiler *c, const struct tmpl_node *node, const struct tmpl_attr *a)
{
	if (tmpl_refused_attr(a->name))
		return refuse(c, node, "refused attribute", a->name);
	if (tmpl_bool_attr(a->name) && strstr(a->value, "{{") != NULL)
		return refuse(
		    c, node, "a hole in a boolean attribute, write t:bool-", a->name);
	tmpl_literal(c->prog, " ", 1);
	tmpl_literal(c->prog, a->name, strlen(a->name));
	if (tmpl_bool_attr(a->name))
		return 0;
	tmpl_literal(c->prog, "=\"", 2);
	if (attr_content(c, node, a) == -1)
		return at(c, node);
	tmpl_literal(c->prog, "\"", 1);
	return 0;
}

static int
control_open(struct tmpl_compiler *c, const struct tmpl_node *node, enum tmpl_kind kind,
    const char *key, size_t *op)
{
	uint32_t path;

	if (tmpl_path_add(c->prog, key, strlen(key), &path, c->e) == -1)
		return at(c, node);
	*op = tmpl_op_add(c->prog, kind, path);
	return 0;
}

/* Attributes of the template language: t:bool-NAME="key" becomes NAME here; the others are
 * known words that were seen to before. bools: the element may have t:bool- at all. */
static int
compile_t_attrs(struct tmpl_compiler *c, const struct tmpl_node *node, bool bools)
{
	static const char *const known[] = {"each", "if", "unless", "layout"};
	size_t op;

	for (const struct tmpl_attr *a = node->attrs; a < node->attrs + node->n_attrs;
	     a++) {
		const char *name = a->name + strlen("bool-");
		bool found = !a->t;

		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			found = found || strcmp(known[i], a->name) == 0;
		if (found)
			continue;
		if (!bools || !str_starts(a->name, "bool-") || !tmpl_bool_attr(name))
			return refuse(c, node, "unknown attribute t:", a->name);
		if (tmpl_attr_value(node, false, name) != NULL)
			return refuse(c, node, "both given: t:bool- and", name);
		if (control_open(c, node, TMPL_IF, a->value, &op) == -1)
			return -1;
		tmpl_literal(c->prog, " ", 1);
		tmpl_literal(c->prog, name, strlen(name));
		tmpl_jump_here(c->prog, op);
	}
	return 0;
}

/* ---- elements */

static int
compile_children(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	for (const struct tmpl_node *k = node->children; k != NULL; k = k->next)
		if (compile_node(c, k) == -1)
			return -1;
	return 0;
}

static int
element_check(const struct tmpl_compiler *c, const struct tmpl_node *node)
{
	const char *name = node->name;

	if (tmpl_refused_element(name))
		return refuse(c, node, "refused element", name);
	if (strcmp(name, "script") == 0 &&
	    (node->children != NULL || tmpl_attr_value(node, false, "src") == NULL ||
		node->ns != TMPL_HTML))
		return refuse(c, node, "inline script", NULL);
	if (tmpl_is_html(node, name) && tmpl_void_element(name) && node->children != NULL)
		return refuse(c, node, "content in void element", name);
	if (strspn(
		name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") !=
	    strlen(name))
		return refuse(c, node, "element name", name);
	if (tmpl_attr_value(node, true, "layout") != NULL)
		return refuse(c, node, "t:layout below the root or in a layout", NULL);
	return 0;
}

static int
compile_tag(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	const char *name = node->name;

	if (element_check(c, node) == -1)
		return -1;
	tmpl_literal(c->prog, "<", 1);
	tmpl_literal(c->prog, name, strlen(name));
	for (const struct tmpl_attr *a = node->attrs; a < node->attrs + node->n_attrs; a++)
		if (!a->t && compile_attr(c, node, a) == -1)
			return -1;
	if (compile_t_attrs(c, node, true) == -1)
		return -1;
	tmpl_literal(c->prog, ">", 1);
	if (tmpl_is_html(node, name) && tmpl_void_element(name))
		return 0;
	/* HTML drops one line end after these tags: a value that begins with one would lose
	 * it. */
	if (tmpl_is_html(node, "pre") || tmpl_is_html(node, "textarea"))
		tmpl_literal(c->prog, "\n", 1);
	if (compile_children(c, node) == -1)
		return -1;
	tmpl_literal(c->prog, "</", 2);
	tmpl_literal(c->prog, name, strlen(name));
	tmpl_literal(c->prog, ">", 1);
	return 0;
}

/* Write the children of inner (inner itself unless it is only a container) where outer
 * stands. */
static int
compile_inlined(struct tmpl_compiler *c, const struct tmpl_node *inner,
    const struct tmpl_node *outer, const char *file, bool itself)
{
	struct tmpl_inlined in = {inner, outer, c->in};
	const char *was = c->file;
	int rc;

	for (const struct tmpl_inlined *up = c->in; up != NULL; up = up->up)
		if (up->inner == inner)
			return refuse(c, outer, "includes itself:", file);
	c->in = &in;
	c->file = file;
	rc = itself ? compile_node(c, inner) : compile_children(c, inner);
	c->in = in.up;
	c->file = was;
	return rc;
}

static int
compile_include(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	const char *name = tmpl_attr_value(node, false, "file");
	const char *file = NULL;
	const struct tmpl_node *root = tmpl_root(c, name, &file);

	if (root == NULL)
		return refuse(c, node,
		    "no such file to include:", name == NULL ? "(file missing)" : name);
	if (tmpl_is_html(root, "html"))
		return refuse(c, node, "a whole page cannot be included:", name);
	if (tmpl_is_t(root, "block") && root->n_attrs > 0)
		return refuse(c, node,
		    "the t:block around an included file has no attributes:", name);
	return compile_inlined(c, root, node, file, tmpl_container(c, node) == NULL);
}

/* <t:slot name="head"/>: what the page's own head holds besides its title, one element a
 * line. */
static int
compile_head_slot(struct tmpl_compiler *c, const struct tmpl_node *head)
{
	for (const struct tmpl_node *k = head->children; k != NULL; k = k->next) {
		if (k->type != TMPL_ELEMENT || tmpl_is_html(k, "title"))
			continue;
		if (compile_node(c, k) == -1)
			return -1;
		tmpl_literal(c->prog, "\n", 1);
	}
	return 0;
}

static int
compile_slot(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	const char *name = tmpl_attr_value(node, false, "name");
	const char *was = c->file;
	const struct tmpl_node *part = NULL;
	int rc;

	if (c->page == NULL)
		return 0; /* the layout on its own: nothing fills it */
	if (tmpl_is_html(c->page, "html"))
		part = tmpl_child(c->page, name == NULL ? "body" : "head");
	if (name == NULL)
		return compile_inlined(
		    c, part == NULL ? c->page : part, node, c->page_file, part == NULL);
	if (strcmp(name, "title") == 0)
		part = part == NULL ? NULL : tmpl_child(part, "title");
	else if (strcmp(name, "head") != 0)
		return refuse(c, node, "slots are body, title and head, not", name);
	if (part == NULL)
		return 0;
	if (tmpl_is_html(part, "title"))
		return compile_inlined(c, part, node, c->page_file, false);
	c->file = c->page_file;
	rc = compile_head_slot(c, part);
	c->file = was;
	return rc;
}

static int
compile_t(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	if (compile_t_attrs(c, node, false) == -1)
		return -1;
	if (tmpl_is_t(node, "block"))
		return compile_children(c, node);
	if (node->children != NULL)
		return refuse(c, node, "must be empty: t:", node->name);
	if (tmpl_is_t(node, "slot"))
		return compile_slot(c, node);
	if (tmpl_is_t(node, "include"))
		return compile_include(c, node);
	return refuse(c, node, "unknown element t:", node->name);
}

/* An element, with the rest of its lines when it is repeated or left out with them. */
static int
compile_lines(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	const char *before;
	size_t indent;

	if (node->ns == TMPL_T)
		return compile_t(c, node);
	if (!tmpl_space_line(node, &indent))
		return compile_tag(c, node);
	before = node->prev->text;
	tmpl_literal(c->prog, before + strlen(before) - indent, indent);
	if (compile_tag(c, node) == -1)
		return -1;
	tmpl_literal(c->prog, "\n", 1);
	return 0;
}

/* t:each around t:if around t:unless around the element: a condition may look at the row.
 */
static int
compile_element(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	static const struct {
		const char *name;
		enum tmpl_kind kind;
	} control[] = {{"each", TMPL_EACH}, {"if", TMPL_IF}, {"unless", TMPL_UNLESS}};
	enum { CONTROLS = sizeof control / sizeof control[0] };
	size_t op[CONTROLS], end;
	const char *key[CONTROLS];

	for (size_t i = 0; i < CONTROLS; i++) {
		key[i] = tmpl_attr_value(node, true, control[i].name);
		if (key[i] != NULL &&
		    control_open(c, node, control[i].kind, key[i], &op[i]) == -1)
			return -1;
	}
	if (key[0] != NULL && ++c->rows >= TMPL_DEPTH)
		return refuse(c, node, "t:each nested too deeply", NULL);
	/* What is appended now is where rows begin again and where conditions go on. */
	c->prog->barrier = c->prog->n_ops;
	if (compile_lines(c, node) == -1)
		return -1;
	for (size_t i = CONTROLS; i-- > 1;)
		if (key[i] != NULL)
			tmpl_jump_here(c->prog, op[i]);
	if (key[0] != NULL) {
		end = tmpl_op_add(c->prog, TMPL_END, c->prog->ops[op[0]].path);
		c->prog->ops[end].next = (uint32_t)op[0];
		tmpl_jump_here(c->prog, op[0]);
		c->rows--;
	}
	return 0;
}

static int
compile_node(struct tmpl_compiler *c, const struct tmpl_node *node)
{
	int rc;

	if (node->type == TMPL_CHARS)
		return compile_text(c, node);
	if (node->type == TMPL_COMMENT) {
		if (strstr(node->text, "{{") != NULL)
			return refuse(c, node, "a hole in a comment", NULL);
		return 0; /* comments are for those who write templates */
	}
	if (++c->nest > TMPL_NEST)
		return refuse(c, node, "elements nested too deeply", NULL);
	rc = compile_element(c, node);
	c->nest--;
	return rc;
}

/* A page with a layout is filled in: what would not be written must not be there. */
static int
page_check(const struct tmpl_compiler *c, const struct tmpl_node *page)
{
	if (!tmpl_is_html(page, "html"))
		return 0;
	for (const struct tmpl_node *k = page->children; k != NULL; k = k->next) {
		if (k->type != TMPL_ELEMENT)
			continue;
		if (!tmpl_is_html(k, "head") && !tmpl_is_html(k, "body"))
			return refuse(c, k, "a page holds head and body, not", k->name);
		if (k->n_attrs > 0)
			return refuse(
			    c, k, "a page with a layout has no attributes on", k->name);
	}
	return tmpl_child(page, "body") == NULL
		   ? refuse(c, page, "a page without body", NULL)
		   : 0;
}

int
tmpl_compile(const struct tmpl_source *all, size_t n, size_t which, const char *lang,
    struct tmpl_prog *out, struct err *e)
{
	struct tmpl_compiler c = {
	    .prog = out, .all = all, .n = n, .lang = lang, .file = all[which].name, .e = e};
	const struct tmpl_node *root = all[which].root;
	const char *layout = tmpl_attr_value(root, true, "layout");
	int rc = -1;

	if (layout != NULL) {
		if (page_check(&c, root) == -1)
			goto out;
		c.page = root;
		c.page_file = c.file;
		root = tmpl_root(&c, layout, &c.file);
		if (root == NULL || root == c.page) {
			rc = refuse(&c, c.page, "no such layout:", layout);
			goto out;
		}
	}
	if (tmpl_is_html(root, "html"))
		tmpl_literal(out, "<!DOCTYPE html>\n", strlen("<!DOCTYPE html>\n"));
	if (compile_node(&c, root) == -1)
		goto out;
	tmpl_literal(out, "\n", 1);
	rc = buf_check(&out->markup, all[which].name, e);
out:
	if (rc == -1)
		tmpl_prog_clear(out);
	return rc;
}
