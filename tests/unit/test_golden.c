/* Every template is compiled and rendered with each of its models; the result must be the
 * stored page byte for byte. tests/golden/NAME.CASE.json is a model of html/NAME.xhtml and
 * NAME.CASE.html its page; mail/ holds those of html/mail, with NAME.CASE.txt for the text
 * part. _common.json gives what every page has. With --only-render DIR the templates of DIR
 * (another language) only have to render. With --write the pages are written instead of
 * compared (make golden), to be read before they are kept. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "html/tmpl.h"
#include "io/json.h"

static const char *srcdir;
static bool writing;
static const char
    *other_html; /* --only-render: templates of another language, nothing to compare with */
static const char *const hosts[] = {
    "https://login.procore.com", "https://npcserver.harlowfinch.example.com", NULL};

/* The file's text, owned by the caller; NULL when there is none. */
static char *
slurp(const char *dir, const char *name, const char *ending)
{
	char *path = xasprintf("%s/%s%s", dir, name, ending);
	struct buf b = BUF_INIT(LIMIT_PAGE);
	FILE *f = fopen(path, "r");
	char block[4096];
	size_t n;

	free(path);
	if (f == NULL)
		return NULL;
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	assert_int_equal(fclose(f), 0);
	assert_false(b.over);
	return b.p == NULL ? xstrdup("") : buf_take(&b);
}

static void
spew(const char *dir, const char *name, const char *ending, const char *text)
{
	char *path = xasprintf("%s/%s%s", dir, name, ending);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static struct json *
load_json(const char *dir, const char *name)
{
	char *text = slurp(dir, name, ".json");
	struct err e = {.code = ERR_NONE};
	struct json *j = NULL;

	if (text == NULL)
		fail_msg("%s/%s.json cannot be read", dir, name);
	else if (json_parse(text, strlen(text), LIMIT_PAGE, &j, &e) == -1)
		fail_msg("%s/%s.json: %s", dir, name, e.msg);
	free(text);
	return j;
}

/* A model on top of what all have. */
static struct json *
load_model(const char *dir, const char *name)
{
	struct json *common = load_json(dir, "_common");
	struct json *own = load_json(dir, name);

	for (const struct json *m = json_first(own); m != NULL; m = json_next(m))
		json_put(common, json_key(m), json_dup(m));
	json_free(own);
	return common;
}

/* Compare or write, or nothing when only rendering is tried; the number of the line that
 * differs says where to look. */
static void
settle(const char *dir, const char *name, const char *ending, const char *got)
{
	char *want;
	size_t line = 1;

	if (other_html != NULL)
		return;
	if (writing) {
		spew(dir, name, ending, got);
		return;
	}
	want = slurp(dir, name, ending);
	if (want == NULL)
		fail_msg("%s/%s%s is missing; make golden writes it", dir, name, ending);
	else if (strcmp(want, got) != 0) {
		for (size_t i = 0; want[i] != '\0' && want[i] == got[i]; i++)
			line += want[i] == '\n';
		free(want);
		fail_msg("%s/%s%s differs in line %zu", dir, name, ending, line);
	}
	free(want);
}

static void
render_text(const char *html_dir, const char *dir, const char *name, const char *base,
    const struct json *model)
{
	char *text = slurp(html_dir, base, ".txt");
	struct buf out = BUF_INIT(LIMIT_PAGE);
	struct err e = {.code = ERR_NONE};

	if (text == NULL)
		fail_msg("%s/%s.txt cannot be read", html_dir, base);
	else if (tmpl_text(text, model, &out, &e) == -1)
		fail_msg("%s/%s.txt with %s: %s", html_dir, base, name, e.msg);
	assert_true(str_starts(buf_str(&out), "Subject: "));
	settle(dir, name, ".txt", buf_str(&out));
	buf_clear(&out);
	free(text);
}

static void
render_one(const struct tmpl_set *set, const char *html_dir, const char *dir,
    const char *name, bool mails, struct strv *done)
{
	struct json *model = load_model(dir, name);
	char *base = xstrndup(name, strcspn(name, "."));
	char *file = xasprintf("%s.xhtml", base);
	struct buf out = BUF_INIT(LIMIT_PAGE);
	struct err e = {.code = ERR_NONE};

	if (tmpl_render(set, file, model, &out, &e) == -1)
		fail_msg("%s with %s.json: %s", file, name, e.msg);
	settle(dir, name, ".html", buf_str(&out));
	if (mails)
		render_text(html_dir, dir, name, base, model);
	strv_add(done, file);
	buf_clear(&out);
	free(file);
	free(base);
	json_free(model);
}

/* Every template that stands for a page by itself has at least one model. */
static void
all_have_models(const char *html_dir, const struct strv *done)
{
	DIR *d = opendir(html_dir);
	const struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		char *text;

		if (!str_ends(entry->d_name, ".xhtml"))
			continue;
		text = slurp(html_dir, entry->d_name, "");
		assert_non_null(text);
		if (strstr(text, " t:layout=") != NULL && !strv_has_ci(done, entry->d_name))
			fail_msg(
			    "%s/%s has no model in tests/golden", html_dir, entry->d_name);
		free(text);
	}
	closedir(d);
}

static void
check_folder(const char *html_sub, const char *golden_sub, bool mails)
{
	char *html_dir = other_html != NULL ? xasprintf("%s%s", other_html, html_sub)
					    : xasprintf("%s/html%s", srcdir, html_sub);
	char *dir = xasprintf("%s/tests/golden%s", srcdir, golden_sub);
	const struct tmpl_conf c = {.dir = html_dir, .lang = "en", .url_hosts = hosts};
	struct tmpl_set *set = NULL;
	struct strv done = {.v = NULL};
	struct err e = {.code = ERR_NONE};
	const struct dirent *entry;
	DIR *d = opendir(dir);

	if (tmpl_set_open(&c, &set, &e) == -1)
		fail_msg("%s", e.msg);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		size_t n = strlen(entry->d_name);
		char *name;

		if (!str_ends(entry->d_name, ".json") || entry->d_name[0] == '_')
			continue;
		name = xstrndup(entry->d_name, n - strlen(".json"));
		render_one(set, html_dir, dir, name, mails, &done);
		free(name);
	}
	closedir(d);
	all_have_models(html_dir, &done);
	strv_clear(&done);
	tmpl_set_free(set);
	free(dir);
	free(html_dir);
}

static void
pages(void **state)
{
	(void)state;
	check_folder("", "", false);
}

static void
mails(void **state)
{
	(void)state;
	check_folder("/mail", "/mail", true);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages),
	    cmocka_unit_test(mails),
	};

	srcdir = getenv("srcdir");
	if (srcdir == NULL)
		srcdir = ".";
	writing = argc > 1 && strcmp(argv[1], "--write") == 0;
	if (argc > 2 && strcmp(argv[1], "--only-render") == 0)
		other_html = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
