#include "config.h"

#include "web/lang.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

enum { TAG_BYTES = 36 }; /* RFC 5646 4.4.1: longer tags may be cut off */

struct lang {
	char tag[TAG_BYTES];
	struct tmpl_set *set;
	struct texts texts;
};

struct langs {
	struct lang *v;
	size_t n;
	const struct lang *dflt;
};

static int
open_one(const char *dir, const char *folder, const char *const *hosts, struct lang *l,
    struct err *e)
{
	char *path = xasprintf("%s/%s", dir, folder);
	char *file = xasprintf("%s/texts.txt", path);
	struct tmpl_conf c = {.dir = path, .lang = l->tag, .url_hosts = hosts};
	int rc = -1;

	texts_init(&l->texts);
	if (str_copy(l->tag, sizeof l->tag, folder) == -1) {
		err_set(e, ERR_INPUT, "%s: not the name of a language", path);
		goto out;
	}
	for (char *p = l->tag; *p != '\0'; p++)
		*p = *p == '_' ? '-' : *p;
	if (tmpl_set_open(&c, &l->set, e) == -1)
		goto out;
	/* English is compiled in and has no file. */
	if (access(file, F_OK) == 0 && texts_load(&l->texts, file, e) == -1)
		goto out;
	rc = 0;
out:
	free(file);
	free(path);
	return rc;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_folders(const char *dir, struct strv *out, struct err *e)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;

	if (d == NULL)
		return err_set_errno(e, ERR_IO, errno, "template_dir %s", dir);
	while ((entry = readdir(d)) != NULL) {
		char *layout = xasprintf("%s/%s/layout.xhtml", dir, entry->d_name);

		if (entry->d_name[0] != '.' && access(layout, F_OK) == 0)
			strv_add(out, entry->d_name);
		free(layout);
	}
	closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof out->v[0], by_text);
	return 0;
}

int
lang_open(const char *dir, const char *const *url_hosts, const char *dflt,
    struct langs **out, struct err *e)
{
	struct langs *l = xcalloc(1, sizeof *l);
	struct strv folders = {.v = NULL};
	int rc = -1;

	if (list_folders(dir, &folders, e) == -1)
		goto out;
	l->v = xcalloc(folders.n + 1, sizeof *l->v);
	for (size_t i = 0; i < folders.n; i++) {
		l->n = i + 1; /* what is half open is closed as well */
		if (open_one(dir, folders.v[i], url_hosts, &l->v[i], e) == -1)
			goto out;
		if (str_eq(folders.v[i], dflt))
			l->dflt = &l->v[i];
	}
	if (l->dflt == NULL) {
		rc = err_set(e, ERR_INPUT, "language %s: %s/%s/layout.xhtml is not there",
		    dflt, dir, dflt);
		goto out;
	}
	*out = l;
	l = NULL;
	rc = 0;
out:
	strv_clear(&folders);
	lang_close(l);
	return rc;
}

void
lang_close(struct langs *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		tmpl_set_free(l->v[i].set);
		texts_clear(&l->v[i].texts);
	}
	free(l->v);
	free(l);
}

/* ---- choosing */

/* ";q=0.8" as thousandths; 1000 when there is none, 0 when it is nonsense. */
static int64_t
quality(const char *s, size_t n)
{
	int64_t whole, part = 0;
	size_t digits;

	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	if (n == 0)
		return 1000;
	if (n < 3 || (s[0] != 'q' && s[0] != 'Q') || s[1] != '=' ||
	    num_parse_i64_n(s + 2, 1, 0, 1, &whole) == -1)
		return 0;
	if (n == 3)
		return whole * 1000;
	digits = n - 4;
	if (s[3] != '.' || digits > 3 ||
	    (digits > 0 && num_parse_i64_n(s + 4, digits, 0, 999, &part) == -1))
		return 0;
	for (; digits < 3; digits++)
		part *= 10;
	return whole == 1 ? 1000 : part;
}

/* Does the wanted range of n bytes name this language? 2 exactly, 1 in its first word, 0
 * no. */
static int
fit(const struct lang *l, const char *range, size_t n)
{
	size_t mine = strcspn(l->tag, "-"), wanted = 0;
	char word[TAG_BYTES], own[TAG_BYTES];

	if (n == 0 || n >= sizeof word)
		return 0;
	memcpy(word, range, n);
	word[n] = '\0';
	if (str_eq_ci(word, l->tag))
		return 2;
	wanted = strcspn(word, "-");
	word[wanted] = '\0';
	memcpy(own, l->tag, mine);
	own[mine] = '\0';
	return str_eq_ci(word, own) ? 1 : 0;
}

static const struct lang *
best_fit(const struct langs *l, const char *range, size_t n)
{
	const struct lang *best = NULL;
	int best_fit = 0;

	if (n == 1 && range[0] == '*')
		return l->dflt;
	for (size_t i = 0; i < l->n; i++) {
		int f = fit(&l->v[i], range, n);

		if (f > best_fit) {
			best = &l->v[i];
			best_fit = f;
		}
	}
	return best;
}

const struct lang *
lang_choose(const struct langs *l, const char *accept)
{
	const struct lang *best = l->dflt;
	int64_t best_quality = 0;

	while (accept != NULL && *accept != '\0') {
		size_t part = strcspn(accept, ","), from = strspn(accept, " \t");
		size_t name = from < part ? strcspn(accept + from, ",; \t") : 0;
		size_t param = strcspn(accept, ";,");
		int64_t q =
		    param < part ? quality(accept + param + 1, part - param - 1) : 1000;
		const struct lang *one =
		    q > best_quality ? best_fit(l, accept + from, name) : NULL;

		if (one != NULL) {
			best = one;
			best_quality = q;
		}
		accept += part + (accept[part] == ',');
	}
	return best;
}

/* ---- using */

const char *
lang_tag(const struct lang *l)
{
	return l->tag;
}

int
lang_render(const struct lang *l, const char *name, const struct json *model,
    struct buf *out, struct err *e)
{
	return tmpl_render(l->set, name, model, out, e);
}

const char *
lang_text(const struct lang *l, enum text id)
{
	return l->texts.v[id];
}

char *
lang_vsay(const struct lang *l, enum text id, va_list pairs)
{
	struct buf b = BUF_INIT(LIMIT_PAGE);

	texts_fill(&l->texts, id, &b, pairs);
	return b.p == NULL ? xstrdup("") : buf_take(&b);
}

char *
lang_say(const struct lang *l, enum text id, ...)
{
	va_list pairs;
	char *said;

	va_start(pairs, id);
	said = lang_vsay(l, id, pairs);
	va_end(pairs);
	return said;
}

void
lang_put(const struct lang *l, struct json *obj, const char *key, enum text id, ...)
{
	struct buf b = BUF_INIT(LIMIT_PAGE);
	va_list pairs;

	va_start(pairs, id);
	texts_fill(&l->texts, id, &b, pairs);
	va_end(pairs);
	json_put_str(obj, key, buf_str(&b));
	buf_clear(&b);
}
