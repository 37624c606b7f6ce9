/* Languages: which one a request gets, what a folder must hold, how texts are read and
 * filled. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/lang.h"

static const char *const FOLDERS[] = {"en", "fr_CA", "de"};
enum { FOLDERS_N = sizeof FOLDERS / sizeof FOLDERS[0] };

struct dir {
	char path[64];
};

static void
put(const struct dir *d, const char *folder, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s/%s", d->path, folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static int
setup(void **state)
{
	static struct dir d;

	d = (struct dir){.path = "/tmp/test_lang.XXXXXX"};
	assert_non_null(mkdtemp(d.path));
	for (size_t i = 0; i < FOLDERS_N; i++) {
		char *path = xasprintf("%s/%s", d.path, FOLDERS[i]);

		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
		put(&d, FOLDERS[i], "layout.xhtml",
		    "<p xmlns=\"http://www.w3.org/1999/xhtml\">{{lang}}</p>");
	}
	*state = &d;
	return 0;
}

static int
teardown(void **state)
{
	const struct dir *d = *state;

	for (size_t i = 0; i < FOLDERS_N; i++) {
		char *path = xasprintf("%s/%s", d->path, FOLDERS[i]);
		char *layout = xasprintf("%s/layout.xhtml", path);
		char *texts = xasprintf("%s/texts.txt", path);

		unlink(layout);
		unlink(texts);
		rmdir(path);
		free(texts);
		free(layout);
		free(path);
	}
	return rmdir(d->path);
}

static struct langs *
open_all(const struct dir *d)
{
	struct langs *l = NULL;
	struct err e = {.code = ERR_NONE};

	if (lang_open(d->path, NULL, "en", &l, &e) == -1)
		fail_msg("%s", e.msg);
	return l;
}

static void
chosen_by_header(void **state)
{
	static const char *const t[][2] = {
	    {NULL, "en"},
	    {"", "en"},
	    {"en", "en"},
	    {"de", "de"},
	    {"DE-at", "de"},
	    {"fr", "fr-CA"},
	    {"fr-CA,fr;q=0.9,en;q=0.8", "fr-CA"},
	    {"fr-FR", "fr-CA"},
	    {"it,de;q=0.5", "de"},
	    {"en;q=0.1, de;q=0.2", "de"},
	    {"de;q=0,fr", "fr-CA"},
	    {"de;q=0", "en"},
	    {"it", "en"},
	    {"*", "en"},
	    {"*;q=0.9,de;q=0.8", "en"},
	    {"de;q=0.8,*;q=0.5", "de"},
	    {"de;q=x", "en"},
	    {"de;q=0.1234", "en"},
	    {" de ; q=1.0 , en;q=0.9", "de"},
	    {",,;;=,de", "de"},
	    {"de;q=0.5,fr;q=0.55", "fr-CA"},
	    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,de", "de"},
	};
	struct langs *l = open_all(*state);

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *got = lang_tag(lang_choose(l, t[i][0]));

		if (strcmp(got, t[i][1]) != 0)
			fail_msg("\"%s\": %s, want %s",
			    t[i][0] == NULL ? "(null)" : t[i][0], got, t[i][1]);
	}
	lang_close(l);
}

static void
texts_of_each(void **state)
{
	struct langs *l;
	const struct lang *en, *de;
	struct json *model = json_obj();
	struct buf page = BUF_INIT(1000);
	struct err e = {.code = ERR_NONE};
	char *say;

	put(*state, "de", "texts.txt",
	    "NAV_HELP Hilfe\nAND_MORE {{count}} weitere\nFUTURE_NAME x\nLETTER_TO_ADMIN "
	    "{{company}}\\n{{version_key}}\\n{{support_email}}\n");
	l = open_all(*state);
	en = lang_choose(l, "en");
	de = lang_choose(l, "de");
	assert_string_equal(lang_text(en, TEXT_NAV_HELP), "Help");
	assert_string_equal(lang_text(de, TEXT_NAV_HELP), "Hilfe");
	assert_string_equal(
	    lang_text(de, TEXT_NAV_PEOPLE), "People"); /* not translated yet */
	say = lang_say(de, TEXT_AND_MORE, "other", "x", "count", "7", NULL);
	assert_string_equal(say, "7 weitere");
	free(say);
	say = lang_say(de, TEXT_LETTER_TO_ADMIN, "company", "C", "version_key", NULL,
	    "support_email", "s", NULL);
	assert_string_equal(say, "C\n\ns");
	free(say);
	say = lang_say(en, TEXT_AND_MORE, NULL);
	assert_string_equal(say, "and {{count}} more");
	free(say);
	lang_put(en, model, "k", TEXT_PAGE_OF, "page", "1", "pages", "{{page}}", NULL);
	assert_string_equal(json_str_or(model, "k", ""), "Page 1 of {{page}}");
	assert_int_equal(lang_render(de, "layout.xhtml", model, &page, &e), 0);
	assert_string_equal(buf_str(&page), "<p>de</p>\n");
	buf_clear(&page);
	json_free(model);
	lang_close(l);
}

static void
check_bad(const struct dir *d, const char *dflt, const char *message)
{
	struct langs *l = NULL;
	struct err e = {.code = ERR_NONE};

	assert_int_equal(lang_open(d->path, NULL, dflt, &l, &e), -1);
	if (strstr(e.msg, message) == NULL)
		fail_msg("got \"%s\", want \"%s\"", e.msg, message);
	assert_null(l);
}

static void
bad_folders(void **state)
{
	const struct dir none = {.path = "/nonexistent/templates"};

	check_bad(*state, "it", "language it: ");
	check_bad(&none, "en", "template_dir /nonexistent/templates");
	put(*state, "de", "texts.txt", "NAV_HELP Hilfe\nAND_MORE weitere\n");
	check_bad(*state, "en",
	    "de/texts.txt:2: AND_MORE must have the holes of \"and {{count}} more\"");
	put(*state, "de", "texts.txt", "NAV_HELP {{x}}\n");
	check_bad(*state, "en", "de/texts.txt:1: NAV_HELP must have the holes");
	put(*state, "de", "texts.txt", "NAV_HELP\n");
	check_bad(*state, "en", "de/texts.txt:1: no text for NAV_HELP");
	put(*state, "de", "layout.xhtml", "<p>");
	check_bad(*state, "en", "layout.xhtml:1: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(chosen_by_header, setup, teardown),
	    cmocka_unit_test_setup_teardown(texts_of_each, setup, teardown),
	    cmocka_unit_test_setup_teardown(bad_folders, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
