/* test_man.c: the manual says what the programs do: connectorweb.conf(5) against the key table, connectorctl(8)
 * against the command's own help.
 *
 *   test_man --print   the entries of connectorweb.conf(5) as they should be, to be put into the page */
#include "config.h"

#include "unit.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "io/conf.h"

enum { PAGE_MAX = 262144 };
static char page[PAGE_MAX];

static const char *
read_page(const char *name)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/docs/man/%s", top == NULL ? "." : top, name);

	unit_read(path, page, sizeof page);
	free(path);
	return page;
}

/* Words as they stand in a page: a hyphen is "\-" there. */
static void
put(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '-' || *s == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *s == '\\' ? 'e' : *s);
	}
}

static void
put_kind(const struct conf_key *k, struct buf *b)
{
	if (k->choices != NULL) {
		struct strv words = {0};

		strv_split(&words, k->choices, " ");
		for (size_t i = 0; i < words.n; i++) {
			buf_puts(b, i == 0 ? "One of " : i + 1 < words.n ? ", " : " and ");
			put(b, words.v[i]);
		}
		strv_clear(&words);
	} else {
		buf_puts(b, "Kind: ");
		put(b, conf_kind_name(k->kind));
	}
	if (k->kind == CONF_NUMBER || k->kind == CONF_DAYS)
		buf_printf(b, ", %" PRId64 " to %" PRId64, k->min, k->max);
	if (k->unit != NULL)
		buf_printf(b, " (%s)", k->unit);
	buf_puts(b, ".\n");
}

static void
put_readers(const struct conf_key *k, struct buf *b)
{
	static const struct {
		unsigned bit;
		const char *name;
	} rows[] = {{CONF_SIGNIN, "signin"}, {CONF_PAGES, "projects, edit"}, {CONF_CALLBACK, "callback"}, {CONF_HOOK, "hook"},
	    {CONF_WORKER, "connectord"}, {CONF_CTL, "connectorctl"}};
	const char *sep = "Read by ";

	for (size_t i = 0; i < ROWS(rows); i++)
		if ((k->readers & rows[i].bit) != 0) {
			buf_printf(b, "%s%s", sep, rows[i].name);
			sep = ", ";
		}
	buf_puts(b, ".\n");
}

static void
put_entry(const struct conf_key *k, struct buf *b)
{
	buf_printf(b, ".TP\n.B %s\n", k->name);
	put(b, k->text);
	buf_putc(b, '\n');
	put_kind(k, b);
	if (k->dflt != NULL) {
		buf_puts(b, "Default: ");
		/* The installed folder is this build's own. */
		if (str_starts(k->dflt, CW_DATADIR)) {
			buf_puts(b, "the installed");
			put(b, k->dflt + strlen(CW_DATADIR));
		} else {
			put(b, k->dflt);
		}
		buf_puts(b, ".\n");
	} else {
		buf_puts(b, k->required ? "Must be set.\n" : "No default.\n");
	}
	put_readers(k, b);
}

static void
test_every_key_is_described(void **state)
{
	int n;
	const struct conf_key *keys = conf_keys(&n);
	const char *text = read_page("connectorweb.conf.5");

	(void)state;
	for (int i = 0; i < n; i++) {
		struct buf b = BUF_INIT(8192);
		const char *at;

		put_entry(&keys[i], &b);
		/* In the table's order: each is looked for behind the one before. */
		at = strstr(text, buf_str(&b));
		if (at == NULL)
			fail_msg("connectorweb.conf.5 lacks, or has in another place (test_man --print shows all):\n%s", buf_str(&b));
		text = at + b.len;
		buf_clear(&b);
	}
}

static void
test_no_other_key_is_described(void **state)
{
	const char *p = strstr(read_page("connectorweb.conf.5"), ".SH KEYS");
	const char *end;

	(void)state;
	assert_non_null(p);
	end = strstr(p + 1, "\n.SH ");
	assert_non_null(end);
	while ((p = strstr(p, "\n.TP\n.B ")) != NULL && p < end) {
		char *name;

		p += 8;
		name = xstrndup(p, strcspn(p, "\n"));
		if (conf_key_find(name) == NULL)
			fail_msg("connectorweb.conf.5 describes %s, which is no key", name);
		free(name);
	}
}

/* The help as the command prints it. */
static void
read_help(char *dst, size_t size)
{
	char *argv[] = {xstrdup("connectorctl"), xstrdup("help"), NULL};
	char dir[UNIT_PATH_BYTES], path[UNIT_PATH_BYTES];
	int saved = dup(1);
	int fd;

	unit_mkdir(dir);
	unit_path(path, dir, "help");
	unit_write(path, "", 0, 0600);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	(void)fflush(NULL);
	assert_int_equal(dup2(fd, 1), 1);
	assert_int_equal(ctl_main(2, argv), CTL_OK);
	(void)fflush(NULL);
	assert_int_equal(dup2(saved, 1), 1);
	close(saved);
	close(fd);
	unit_read(path, dst, size);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	free(argv[0]);
	free(argv[1]);
}

/* Every command, and every option of it, stands in the page. */
static void
test_every_command_is_described(void **state)
{
	static char help[16384];
	const char *text = read_page("connectorctl.8");
	struct strv lines = {0};
	int commands = 0;

	(void)state;
	read_help(help, sizeof help);
	strv_split(&lines, help, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct strv words = {0};
		struct buf name = BUF_INIT(256);

		if (!str_starts(lines.v[i], "  ") || str_starts(lines.v[i], "   "))
			continue;
		commands++;
		strv_split(&words, lines.v[i], " []");
		for (size_t w = 0; w < words.n; w++) {
			/* The command's words in small letters, its options, not what they take. */
			if (words.v[w][0] == '-') {
				struct buf option = BUF_INIT(256);

				put(&option, words.v[w]);
				if (strstr(text, buf_str(&option)) == NULL)
					fail_msg("connectorctl.8 lacks %s", buf_str(&option));
				buf_clear(&option);
			} else if (words.v[w][0] >= 'a' && words.v[w][0] <= 'z') {
				if (name.len > 0)
					buf_putc(&name, ' ');
				put(&name, words.v[w]);
			}
		}
		if (strstr(text, buf_str(&name)) == NULL)
			fail_msg("connectorctl.8 lacks %s", buf_str(&name));
		strv_clear(&words);
		buf_clear(&name);
	}
	strv_clear(&lines);
	assert_in_range(commands, 10, 50);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_key_is_described),
	    cmocka_unit_test(test_no_other_key_is_described),
	    cmocka_unit_test(test_every_command_is_described),
	};
	struct buf b = BUF_INIT(PAGE_MAX);
	int n;
	const struct conf_key *keys = conf_keys(&n);

	if (argc != 2 || !str_eq(argv[1], "--print"))
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 0; i < n; i++)
		put_entry(&keys[i], &b);
	(void)fputs(buf_str(&b), stdout);
	buf_clear(&b);
	return 0;
}
