#include "config.h"

#include "html/tmpl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "html/esc.h"
#include "html/tmpl_int.h"

/* ---- opening a directory */

static int
read_source(const char *dir, struct tmpl_source *src, struct err *e)
{
	char *path = xasprintf("%s/%s", dir, src->name);
	char block[8192];
	ssize_t n;
	int fd, rc = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", path);
		goto out;
	}
	while ((n = read(fd, block, sizeof block)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_set_errno(e, ERR_IO, errno, "%s", path);
			goto out;
		}
		buf_add(&src->text, block, (size_t)n);
	}
	rc = buf_check(&src->text, path, e);
out:
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_sources(const char *dir, struct strv *names, struct err *e)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;

	if (d == NULL)
		return err_set_errno(e, ERR_IO, errno, "template directory %s", dir);
	while ((entry = readdir(d)) != NULL)
		if (str_ends(entry->d_name, ".xhtml") && entry->d_name[0] != '.')
			strv_add(names, entry->d_name);
	closedir(d);
	if (names->n == 0)
		return err_set(e, ERR_INPUT, "template directory %s holds no *.xhtml", dir);
	qsort(names->v, names->n, sizeof names->v[0], by_name);
	return 0;
}

static int
compile_all(
    struct tmpl_set *s, const struct strv *names, const struct tmpl_conf *c, struct err *e)
{
	struct tmpl_source *src = xcalloc(names->n, sizeof *src);
	int rc = -1;

	for (size_t i = 0; i < names->n; i++) {
		src[i].name = names->v[i];
		buf_init(&src[i].text, TMPL_FILE_BYTES);
		if (read_source(c->dir, &src[i], e) == -1 || tmpl_parse(&src[i], e) == -1)
			goto out;
	}
	s->progs = xcalloc(names->n, sizeof *s->progs);
	for (s->n = 0; s->n < names->n; s->n++) {
		struct tmpl_prog *p = &s->progs[s->n];

		buf_init(&p->markup, TMPL_MARKUP_BYTES);
		if (tmpl_compile(src, names->n, s->n, s->lang, p, e) == -1)
			goto out;
		p->name = xstrdup(names->v[s->n]);
	}
	rc = 0;
out:
	for (size_t i = 0; i < names->n; i++) {
		tmpl_node_free(src[i].root);
		buf_clear(&src[i].text);
	}
	free(src);
	return rc;
}

int
tmpl_set_open(const struct tmpl_conf *c, struct tmpl_set **out, struct err *e)
{
	struct tmpl_set *s = xcalloc(1, sizeof *s);
	struct strv names = {.v = NULL};
	size_t hosts = 0;
	int rc = -1;

	s->lang = xstrdup(c->lang);
	while (c->url_hosts != NULL && c->url_hosts[hosts] != NULL)
		hosts++;
	s->hosts = xcalloc(hosts + 1, sizeof *s->hosts);
	for (size_t i = 0; i < hosts; i++)
		s->hosts[i] = xstrdup(c->url_hosts[i]);
	if (list_sources(c->dir, &names, e) == -1)
		goto out;
	if (compile_all(s, &names, c, e) == -1) {
		err_wrap(e, "templates in %s", c->dir);
		goto out;
	}
	*out = s;
	s = NULL;
	rc = 0;
out:
	strv_clear(&names);
	tmpl_set_free(s);
	return rc;
}

void
tmpl_set_free(struct tmpl_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		tmpl_prog_clear(&s->progs[i]);
	free(s->progs);
	for (size_t i = 0; s->hosts[i] != NULL; i++)
		free(s->hosts[i]);
	free(s->hosts);
	free(s->lang);
	free(s);
}

/* ---- rendering */

struct frame {
	const struct json *row;
	size_t body; /* the operation after its TMPL_EACH */
};

/* A key's value as found in the rows that are open: `base` is asked for five times a row.
 */
struct found {
	const struct json *v;
	size_t rows; /* valid while render.rows is the same */
};

struct render {
	const struct tmpl_set *set;
	const struct tmpl_prog *prog;
	struct frame frame[TMPL_DEPTH]; /* [0] is the model */
	size_t depth;                   /* index of the innermost */
	size_t rows;                    /* counts every change of frame[] */
	struct found *found;            /* one a path of the program */
	struct buf *out;
	struct err *e;
};

static const char *
prog_name(const struct tmpl_prog *p)
{
	return p->name == NULL ? "text" : p->name;
}

/* The value of a key: its first word from the innermost row outwards, the rest within that
 * value. */
static int
look_up(const struct render *r, uint32_t index, const struct json **out)
{
	const struct tmpl_path *path = &r->prog->paths[index];
	struct found *known = &r->found[index];
	const struct json *v = NULL;

	if (known->v != NULL && known->rows == r->rows) {
		*out = known->v;
		return 0;
	}
	if (path->n == 0)
		v = r->frame[r->depth].row;
	/* json_get() finds nothing in what is no object. */
	for (size_t i = r->depth + 1; path->n > 0 && i-- > 0 && v == NULL;)
		v = json_get(r->frame[i].row, path->seg[0]);
	for (size_t i = 1; i < path->n && v != NULL; i++)
		v = json_get(v, path->seg[i]);
	if (v == NULL)
		return err_set(r->e, ERR_BUG, "%s: the model has no key %s",
		    prog_name(r->prog), path->name);
	*known = (struct found){v, r->rows};
	*out = v;
	return 0;
}

static bool
is_true(const struct json *v)
{
	double d = 0;

	switch (json_type(v)) {
	case JSON_BOOL:
		return json_bool_or(v, "", false);
	case JSON_NUMBER:
		return json_as_double(v, &d) && d != 0;
	case JSON_STRING:
		return json_str(v)[0] != '\0';
	case JSON_ARRAY:
		return json_first(v) != NULL;
	case JSON_OBJECT:
		return true;
	case JSON_NULL:
	default:
		return false;
	}
}

/* The text of a value: null is empty; lists, objects and truth values are not text. num:
 * room for digits. */
static int
text_of(const struct render *r, uint32_t path, char *num, size_t num_size, const char **out)
{
	const struct json *v;
	int64_t i;
	double d;

	if (look_up(r, path, &v) == -1)
		return -1;
	*out = json_str(v);
	if (*out != NULL)
		return 0;
	*out = num;
	num[0] = '\0';
	if (json_type(v) == JSON_NULL)
		return 0;
	if (json_type(v) != JSON_NUMBER)
		return err_set(r->e, ERR_BUG, "%s: key %s is no text", prog_name(r->prog),
		    r->prog->paths[path].name);
	if (json_as_i64(v, &i))
		return str_format(num, num_size, "%lld", (long long)i);
	return json_as_double(v, &d) ? str_format(num, num_size, "%.6g", d) : 0;
}

static void
refused_url(const struct render *r, const struct tmpl_op *op)
{
	log_event(LOG_WARN, "template_url_refused", "template", r->prog->name, "key",
	    r->prog->paths[op->path].name, NULL);
	buf_puts(r->out, "about:invalid");
}

/* Append one value; *pc is moved to behind the attribute when its URL is refused. */
static int
append_value(struct render *r, const struct tmpl_op *op, size_t *pc)
{
	char num[32];
	const char *s;
	size_t n;

	if (text_of(r, op->path, num, sizeof num, &s) == -1)
		return -1;
	n = strlen(s);
	if (r->set == NULL) {
		buf_add(r->out, s, n);
	} else if (op->kind == TMPL_TEXT) {
		esc_html(r->out, s, n);
	} else if (op->kind == TMPL_URL_PART) {
		esc_url_part(r->out, s, n, op->len == 1 ? "@" : "");
	} else if ((op->len == 1 && n == 0) ||
		   (!(op->len == 1 && strcmp(s, "/") == 0) &&
		       esc_url_start_ok(s, n, (const char *const *)r->set->hosts))) {
		esc_html(r->out, s, n);
	} else {
		refused_url(r, op);
		*pc = op->next;
	}
	return 0;
}

static int
open_rows(struct render *r, const struct tmpl_op *op, size_t *pc)
{
	const struct json *list;

	if (look_up(r, op->path, &list) == -1)
		return -1;
	if (json_type(list) != JSON_ARRAY && json_type(list) != JSON_NULL)
		return err_set(r->e, ERR_BUG, "%s: key %s is no list", prog_name(r->prog),
		    r->prog->paths[op->path].name);
	if (json_first(list) == NULL) {
		*pc = op->next;
		return 0;
	}
	BUG_IF(r->depth + 1 >= TMPL_DEPTH); /* the compiler counted */
	r->frame[++r->depth] = (struct frame){json_first(list), *pc};
	r->rows++;
	return 0;
}

static void
next_row(struct render *r, size_t *pc)
{
	struct frame *f = &r->frame[r->depth];

	f->row = json_next(f->row);
	r->rows++;
	if (f->row != NULL)
		*pc = f->body;
	else
		r->depth--;
}

static int
condition(struct render *r, const struct tmpl_op *op, size_t *pc)
{
	const struct json *v;

	if (look_up(r, op->path, &v) == -1)
		return -1;
	if (is_true(v) != (op->kind == TMPL_IF))
		*pc = op->next;
	return 0;
}

static int
run(struct render *r)
{
	const struct tmpl_prog *p = r->prog;
	size_t pc = 0;

	while (pc < p->n_ops) {
		const struct tmpl_op *op = &p->ops[pc++];
		int rc = 0;

		switch (op->kind) {
		case TMPL_LITERAL:
			buf_add(r->out, p->markup.p + op->off, op->len);
			break;
		case TMPL_EACH:
			rc = open_rows(r, op, &pc);
			break;
		case TMPL_END:
			next_row(r, &pc);
			break;
		case TMPL_IF:
		case TMPL_UNLESS:
			rc = condition(r, op, &pc);
			break;
		case TMPL_TEXT:
		case TMPL_URL_START:
		case TMPL_URL_PART:
		case TMPL_KIND_MAX:
		default:
			rc = append_value(r, op, &pc);
		}
		if (rc == -1)
			return -1;
	}
	return buf_check(r->out, prog_name(p), r->e);
}

static int
prog_by_name(const void *key, const void *elem)
{
	return strcmp(key, ((const struct tmpl_prog *)elem)->name);
}

int
tmpl_run(const struct tmpl_set *set, const struct tmpl_prog *prog, const struct json *model,
    struct buf *out, struct err *e)
{
	struct render r = {.set = set, .prog = prog, .out = out, .e = e};
	int rc;

	r.frame[0].row = model;
	r.found = xcalloc(prog->n_paths + 1, sizeof *r.found);
	rc = run(&r);
	free(r.found);
	return rc;
}

int
tmpl_render(const struct tmpl_set *s, const char *name, const struct json *model,
    struct buf *out, struct err *e)
{
	const struct tmpl_prog *p =
	    bsearch(name, s->progs, s->n, sizeof *s->progs, prog_by_name);

	if (p == NULL)
		return err_set(e, ERR_NOT_FOUND, "template %s", name);
	return tmpl_run(s, p, model, out, e);
}
