#include "config.h"

#include "html/tmpl_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "html/esc.h"

void
tmpl_prog_clear(struct tmpl_prog *p)
{
	for (size_t i = 0; i < p->n_paths; i++) {
		for (size_t k = 0; k < p->paths[i].n; k++)
			free(p->paths[i].seg[k]);
		free(p->paths[i].seg);
		free(p->paths[i].name);
	}
	free(p->paths);
	free(p->ops);
	buf_clear(&p->markup);
	free(p->name);
	*p = (struct tmpl_prog){.name = NULL};
}

size_t
tmpl_op_add(struct tmpl_prog *p, enum tmpl_kind kind, uint32_t path)
{
	/* Grown one power of two at a time: the list is built once and then only read. */
	if ((p->n_ops & (p->n_ops - 1)) == 0)
		p->ops =
		    xreallocarray(p->ops, p->n_ops == 0 ? 1 : 2 * p->n_ops, sizeof *p->ops);
	p->ops[p->n_ops] = (struct tmpl_op){.kind = kind, .path = path};
	return p->n_ops++;
}

/* The literal operation to which bytes may still be added. */
static struct tmpl_op *
open_literal(struct tmpl_prog *p)
{
	size_t i;

	if (p->n_ops > p->barrier && p->ops[p->n_ops - 1].kind == TMPL_LITERAL)
		return &p->ops[p->n_ops - 1];
	i = tmpl_op_add(p, TMPL_LITERAL, 0);
	p->ops[i].off = p->markup.len;
	return &p->ops[i];
}

void
tmpl_literal(struct tmpl_prog *p, const char *s, size_t n)
{
	struct tmpl_op *op;

	if (n == 0)
		return;
	op = open_literal(p);
	buf_add(&p->markup, s, n);
	op->len = p->markup.len - op->off;
}

void
tmpl_literal_escaped(struct tmpl_prog *p, const char *s, size_t n, bool attr)
{
	struct tmpl_op *op;

	if (n == 0)
		return;
	op = open_literal(p);
	esc_literal(&p->markup, s, n, attr);
	op->len = p->markup.len - op->off;
}

void
tmpl_jump_here(struct tmpl_prog *p, size_t op)
{
	p->ops[op].next = (uint32_t)p->n_ops;
	p->barrier = p->n_ops;
}

/* A key: words of letters, digits and _, joined by single dots; or "." alone. */
static bool
key_ok(const char *s, size_t n)
{
	bool start = true;

	if (n == 1 && s[0] == '.')
		return true;
	for (size_t i = 0; i < n; i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') ||
			      (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
		bool digit = s[i] >= '0' && s[i] <= '9';

		if (!letter && !(digit && !start) && !(s[i] == '.' && !start))
			return false;
		start = s[i] == '.';
	}
	return !start;
}

int
tmpl_path_add(struct tmpl_prog *p, const char *name, size_t n, uint32_t *out, struct err *e)
{
	struct tmpl_path path = {.name = NULL};
	struct strv words = {.v = NULL};

	if (!key_ok(name, n))
		return err_set(
		    e, ERR_INPUT, "\"%.*s\" is not a key", (int)(n < 80 ? n : 80), name);
	path.name = xstrndup(name, n);
	for (size_t i = 0; i < p->n_paths; i++) {
		if (strcmp(p->paths[i].name, path.name) == 0) {
			free(path.name);
			*out = (uint32_t)i;
			return 0;
		}
	}
	strv_split(&words, path.name, ".");
	path.seg = words.v; /* taken over */
	path.n = words.n;
	p->paths = xreallocarray(p->paths, p->n_paths + 1, sizeof *p->paths);
	p->paths[p->n_paths] = path;
	*out = (uint32_t)p->n_paths++;
	return 0;
}

/* What a template may write itself at the start of a URL. */
static int
literal_url_check(const char *s, struct err *e)
{
	size_t colon = strcspn(s, ":/?#{"); /* a scheme ends before any of the others */
	const char *hole = strstr(s, "{{");
	const char *path;

	if (s[colon] != ':') {
		if (str_starts(s, "//") || str_starts(s, "/\\"))
			return err_set(
			    e, ERR_INPUT, "URL \"%.80s\" leads to another host", s);
		return 0;
	}
	if (str_starts(s, "mailto:"))
		return 0;
	if (!str_starts(s, "https://"))
		return err_set(e, ERR_INPUT,
		    "URL \"%.80s\": only https: and mailto: may be written out", s);
	path = strpbrk(s + strlen("https://"), "/?#");
	if (hole != NULL && (path == NULL || hole < path))
		return err_set(e, ERR_INPUT, "URL \"%.80s\": a hole in the host name", s);
	return 0;
}

/* One hole in place; rest is what follows it, start says that nothing comes before it in
 * the value. */
static int
hole_add(struct tmpl_prog *p, const char *name, size_t n, enum tmpl_place place, bool start,
    const char *rest, size_t *url_start, struct err *e)
{
	uint32_t path;
	size_t op;

	if (tmpl_path_add(p, name, n, &path, e) == -1)
		return -1;
	if (place != TMPL_IN_URL) {
		tmpl_op_add(p, TMPL_TEXT, path);
	} else if (start) {
		*url_start = tmpl_op_add(p, TMPL_URL_START, path);
		p->ops[*url_start].len = rest[0] == '/';
	} else {
		op = tmpl_op_add(p, TMPL_URL_PART, path);
		p->ops[op].len = 0;
	}
	return 0;
}

int
tmpl_holes(struct tmpl_prog *p, const char *s, enum tmpl_place place, const char *lang,
    struct err *e)
{
	const char *begin = s;
	size_t url_start = SIZE_MAX, from = p->n_ops;
	const char *open;

	if (place == TMPL_IN_URL && literal_url_check(s, e) == -1)
		return -1;
	while ((open = strstr(s, "{{")) != NULL) {
		const char *close = strstr(open, "}}");

		if (close == NULL)
			return err_set(e, ERR_INPUT, "\"{{\" without \"}}\"");
		tmpl_literal_escaped(p, s, (size_t)(open - s), place != TMPL_IN_TEXT);
		if ((size_t)(close - open) == 6 && memcmp(open, "{{lang", 6) == 0)
			tmpl_literal_escaped(p, lang, strlen(lang), place != TMPL_IN_TEXT);
		else if (hole_add(p, open + 2, (size_t)(close - open) - 2, place,
			     open == begin, close + 2, &url_start, e) == -1)
			return -1;
		s = close + 2;
	}
	tmpl_literal_escaped(p, s, strlen(s), place != TMPL_IN_TEXT);
	if (place == TMPL_IN_URL && str_starts(begin, "mailto:"))
		for (; from < p->n_ops; from++)
			p->ops[from].len =
			    p->ops[from].kind == TMPL_URL_PART ? 1 : p->ops[from].len;
	if (url_start != SIZE_MAX)
		tmpl_jump_here(p, url_start);
	return 0;
}
