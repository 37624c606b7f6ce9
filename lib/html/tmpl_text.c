#include "config.h"

#include "html/tmpl.h"

#include <string.h>

#include "base/str.h"
#include "html/tmpl_int.h"

struct part {
	size_t op;
	bool each;
};

/* Append the pieces of one line (or of a text without lines), its line end included. */
static int
text_line(struct tmpl_prog *p, const char *s, size_t n, struct err *e)
{
	const char *end = s + n;
	const char *open, *close;
	uint32_t path;

	while ((open = memmem(s, (size_t)(end - s), "{{", 2)) != NULL) {
		close = memmem(open, (size_t)(end - open), "}}", 2);
		if (close == NULL)
			return err_set(e, ERR_BUG, "\"{{\" without \"}}\"");
		tmpl_literal(p, s, (size_t)(open - s));
		if (tmpl_path_add(p, open + 2, (size_t)(close - open) - 2, &path, e) == -1)
			return -1;
		tmpl_op_add(p, TMPL_TEXT, path);
		s = close + 2;
	}
	tmpl_literal(p, s, (size_t)(end - s));
	return 0;
}

/* The key of a line "{{word key}}"; NULL when the line is another. */
static const char *
control_key(const char *s, size_t n, const char *word, size_t *key_len)
{
	size_t len = strlen(word);

	if (n < len + 2 || memcmp(s, word, len) != 0 || memcmp(s + n - 2, "}}", 2) != 0)
		return NULL;
	*key_len = n - len - 2;
	return s + len;
}

static int
part_open(struct tmpl_prog *p, enum tmpl_kind kind, const char *key, size_t n,
    struct part *part, struct err *e)
{
	uint32_t path;

	if (tmpl_path_add(p, key, n, &path, e) == -1)
		return -1;
	*part = (struct part){tmpl_op_add(p, kind, path), kind == TMPL_EACH};
	p->barrier = p->n_ops;
	return 0;
}

static void
part_close(struct tmpl_prog *p, const struct part *part)
{
	if (part->each) {
		size_t end = tmpl_op_add(p, TMPL_END, p->ops[part->op].path);

		p->ops[end].next = (uint32_t)part->op;
	}
	tmpl_jump_here(p, part->op);
}

/* One line without its end at s; whole: with it. */
static int
compile_line(struct tmpl_prog *p, const char *s, size_t n, size_t whole, struct part *parts,
    size_t *depth, struct err *e)
{
	static const struct {
		const char *word;
		enum tmpl_kind kind;
	} control[] = {
	    {"{{each ", TMPL_EACH}, {"{{if ", TMPL_IF}, {"{{unless ", TMPL_UNLESS}};
	const char *key;
	size_t key_len;

	for (size_t i = 0; i < sizeof control / sizeof control[0]; i++) {
		key = control_key(s, n, control[i].word, &key_len);
		if (key == NULL)
			continue;
		/* One less than the rows that a render can hold: the model is the
		 * outermost. */
		if (*depth + 1 >= TMPL_DEPTH)
			return err_set(e, ERR_BUG, "parts nested too deeply");
		return part_open(p, control[i].kind, key, key_len, &parts[(*depth)++], e);
	}
	if (n == 7 && memcmp(s, "{{end}}", 7) == 0) {
		if (*depth == 0)
			return err_set(e, ERR_BUG, "{{end}} without a beginning");
		part_close(p, &parts[--*depth]);
		return 0;
	}
	return text_line(p, s, whole, e);
}

int
tmpl_text(const char *text, const struct json *model, struct buf *out, struct err *e)
{
	struct tmpl_prog p = {.name = NULL};
	struct part parts[TMPL_DEPTH];
	size_t depth = 0, line = 0;
	const char *s = text;
	int rc = -1;

	buf_init(&p.markup, TMPL_MARKUP_BYTES);
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");
		size_t whole = n + (s[n] == '\n');

		line++;
		if (compile_line(&p, s, n, whole, parts, &depth, e) == -1) {
			if (e != NULL)
				e->code = ERR_BUG; /* a text is ours, not from outside */
			err_wrap(e, "text, line %zu", line);
			goto out;
		}
		s += whole;
	}
	if (depth > 0) {
		err_set(e, ERR_BUG, "text, line %zu: {{end}} is missing", line);
		goto out;
	}
	if (buf_check(&p.markup, "text template", e) == -1)
		goto out;
	rc = tmpl_run(NULL, &p, model, out, e);
out:
	tmpl_prog_clear(&p);
	return rc;
}
