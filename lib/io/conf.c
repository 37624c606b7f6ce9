#include "config.h"

#include "io/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/url.h"

enum {
	KEYS_MAX = 128,
	SECRET_MAX = 4096, /* client secrets, passwords and keys are below 1 KB */
	NEAR_MAX = 3       /* slips of the keyboard that still point to a key */
};

struct load {
	const char *path;
	enum conf_program program;
	struct conf *c;
	struct buf *problems;
	struct err *e;
	int found;           /* problems so far */
	int line;            /* being read; after that, the line below the last */
	int lines[KEYS_MAX]; /* where each key was set; 0: not */
	bool bad[KEYS_MAX];  /* its value is a problem already */
};

/* ---- problems */

static void problem(struct load *l, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void
problem(struct load *l, int line, const char *fmt, ...)
{
	struct buf b = BUF_INIT(8192);
	va_list ap;

	if (line > 0)
		buf_printf(&b, "%s:%d: ", l->path, line);
	else
		buf_printf(&b, "%s: ", l->path);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (l->found++ == 0)
		err_set(l->e, ERR_INPUT, "%s", buf_str(&b));
	if (l->problems != NULL)
		buf_printf(l->problems, "%s\n", buf_str(&b));
	buf_clear(&b);
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, for names of at most 63 characters. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[64];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
			diagonal = above;
		}
	}
	return row[n];
}

const char *
conf_key_nearest(const char *name)
{
	int n;
	const struct conf_key *k = conf_keys(&n);
	const char *best = NULL;
	size_t least = NEAR_MAX + 1;

	if (strlen(name) > 63)
		return NULL;
	for (int i = 0; i < n; i++) {
		size_t d = distance(name, k[i].name);

		if (d < least && d < strlen(k[i].name) / 2) {
			least = d;
			best = k[i].name;
		}
	}
	return best;
}

/* ---- values */

static void
set_text(struct conf *c, const struct conf_key *k, const char *v)
{
	char **at = (char **)((char *)c + k->offset);
	size_t n = strlen(v);

	free(*at);
	if (k->kind == CONF_BASE_URL && n > 0 && v[n - 1] == '/')
		n--;
	*at = xstrndup(v, n);
}

static void
set_days(struct conf *c, const char *v)
{
	struct strv l = {0};

	strv_split(&l, v, ", \t");
	c->reminder_days_n = 0;
	for (size_t i = 0; i < l.n; i++)
		BUG_IF(num_parse_i64(l.v[i], 0, INT64_MAX,
			   &c->reminder_days[c->reminder_days_n++]) == -1);
	strv_clear(&l);
}

/* v has passed conf_check(). */
static void
set_value(struct conf *c, const struct conf_key *k, const char *v)
{
	char *at = (char *)c + k->offset;

	if (k->kind == CONF_FLAG) {
		*(bool *)at = str_eq(v, "on");
	} else if (k->kind == CONF_NUMBER) {
		BUG_IF(num_parse_i64(v, k->min, k->max, (int64_t *)(void *)at) == -1);
	} else if (k->kind == CONF_DAYS) {
		set_days(c, v);
	} else if (k->kind == CONF_WORDS || k->kind == CONF_HOSTS) {
		strv_clear((struct strv *)(void *)at);
		strv_split((struct strv *)(void *)at, v, ", \t");
	} else {
		set_text(c, k, v);
	}
}

static const char *
text_of(const struct conf *c, const struct conf_key *k)
{
	return *(char *const *)(const void *)((const char *)c + k->offset);
}

static void
set_defaults(struct conf *c)
{
	int n;
	const struct conf_key *k = conf_keys(&n);

	for (int i = 0; i < n; i++)
		set_value(c, &k[i], k[i].dflt != NULL ? k[i].dflt : "");
}

void
conf_clear(struct conf *c)
{
	int n;
	const struct conf_key *k = conf_keys(&n);

	for (int i = 0; i < n; i++) {
		char *at = (char *)c + k[i].offset;

		if (k[i].kind == CONF_WORDS || k[i].kind == CONF_HOSTS)
			strv_clear((struct strv *)(void *)at);
		else if (k[i].kind != CONF_FLAG && k[i].kind != CONF_NUMBER &&
			 k[i].kind != CONF_DAYS)
			free(*(char **)(void *)at);
	}
	free(c->path);
	free(c->public_path);
	free(c->public_host);
	free(c->redirect_uri);
	*c = (struct conf){0};
}

/* ---- lines */

static void
unknown(struct load *l, const char *name)
{
	const char *near = conf_key_nearest(name);

	if (near != NULL)
		problem(l, l->line, "%.64s: is not a key; did you mean %s?", name, near);
	else
		problem(l, l->line, "%.64s: is not a key; see connectorweb.conf(5)", name);
}

static void
take_pair(struct load *l, const char *name, const char *value)
{
	int n;
	const struct conf_key *keys = conf_keys(&n);
	const struct conf_key *k = conf_key_find(name);
	struct buf why = BUF_INIT(2048);
	int *set_at;

	if (k == NULL) {
		unknown(l, name);
		return;
	}
	set_at = &l->lines[k - keys];
	if (*set_at != 0) {
		problem(l, l->line, "%s: is set already in line %d; keep one of them", name,
		    *set_at);
		return;
	}
	*set_at = l->line;
	if (conf_check(k, value, &why) == -1) {
		problem(l, l->line, "%s: %s", name, buf_str(&why));
		l->bad[k - keys] = true;
	} else {
		set_value(l->c, k, value);
	}
	buf_clear(&why);
}

static void
take_line(struct load *l, const char *s, size_t n)
{
	char *line = xstrndup(s, n);
	char *text = str_trim_dup(line);
	char *eq = strchr(text, '=');
	char *name, *value;

	if (strlen(line) != n) {
		problem(l, l->line, "there is a NUL byte in this line; write it anew");
	} else if (text[0] == '\0' || text[0] == '#') {
		/* blank or comment */
	} else if (eq == NULL) {
		problem(l, l->line, "%.64s: there is no = in this line; write key = value",
		    text);
	} else {
		*eq = '\0';
		name = str_trim_dup(text);
		value = str_trim_dup(eq + 1);
		take_pair(l, name, value);
		free(name);
		free(value);
	}
	free(text);
	free(line);
}

static void
take_lines(struct load *l, const char *s, size_t n)
{
	const char *end = s + n;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3; /* byte order mark of some editors */
	for (l->line = 1; s < end; l->line++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl != NULL ? nl : end;
		size_t len = (size_t)(stop - s);

		take_line(l, s, len > 0 && s[len - 1] == '\r' ? len - 1 : len);
		s = nl != NULL ? nl + 1 : end;
	}
}

/* ---- what belongs together */

static ptrdiff_t
index_of(const char *name)
{
	int n;

	return conf_key_find(name) - conf_keys(&n);
}

/* Where to complain about a key: its line, or the end of the file. */
static int
line_of(const struct load *l, const char *name)
{
	int at = l->lines[index_of(name)];

	return at != 0 ? at : l->line;
}

static bool
reads(const struct load *l, const struct conf_key *k)
{
	return (k->readers & (unsigned)l->program) != 0;
}

/* The administrator's command checks files for the programs that will read them. */
static bool
answers_for(const struct load *l, const struct conf_key *k)
{
	return reads(l, k) || l->program == CONF_CTL;
}

static void
need(struct load *l, const char *name, const char *because)
{
	const struct conf_key *k = conf_key_find(name);

	if (answers_for(l, k) && text_of(l->c, k)[0] == '\0' && !l->bad[index_of(name)])
		problem(l, line_of(l, name), "%s: is missing; %s", name, because);
}

static void
check_required(struct load *l)
{
	int n;
	const struct conf_key *k = conf_keys(&n);

	for (int i = 0; i < n; i++) {
		if (k[i].required)
			need(l, k[i].name, k[i].text);
	}
}

static void
check_groups(struct load *l)
{
	const struct conf *c = l->c;

	if (str_eq(c->npc_adapter, "gateway")) {
		static const char *const keys[] = {"npc_login_url", "npc_api_url",
		    "npc_region", "npc_access_key_file", "npc_secret_file"};

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			need(l, keys[i], "npc_adapter = gateway needs it");
	}
	if (str_eq(c->signin_backend, "file"))
		need(l, "signin_password_file", "signin_backend = file needs it");
	if (str_eq(c->signin_backend, "ldap") && l->program == CONF_SIGNIN) {
		need(l, "ldap_url", "signin_backend = ldap needs it");
		need(l, "ldap_base", "signin_backend = ldap needs it");
	}
	if (c->ldap_bind_dn[0] != '\0')
		need(l, "ldap_bind_password_file", "ldap_bind_dn needs it");
	if (c->smtp_url[0] != '\0')
		need(l, "mail_from", "smtp_url needs it");
	if (c->smtp_user[0] != '\0')
		need(l, "smtp_password_file", "smtp_user needs it");
	if (c->webhook_public_url[0] != '\0')
		need(l, "webhook_secret_file", "webhook_public_url needs it");
}

static bool
is_loopback(const char *url)
{
	struct url u;

	return url_parse(url, &u) == 0 && url_host_is_loopback(u.host);
}

static void
check_clock(struct load *l)
{
	const struct conf *c = l->c;

	if (c->test_clock_file[0] != '\0' &&
	    (!is_loopback(c->procore_login_url) || !is_loopback(c->procore_api_url)))
		problem(l, line_of(l, "test_clock_file"),
		    "test_clock_file: is for rehearsals against stand-ins on loopback; "
		    "take it out");
}

/* ---- files of keys and secrets */

char *
conf_file_path(const struct conf *c, const char *key)
{
	const struct conf_key *k = conf_key_find(key);
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	BUG_IF(k == NULL || (k->kind != CONF_SECRET && k->kind != CONF_PUBLIC));
	if (!str_empty(dir)) {
		char *p = xasprintf("%s/%s", dir, key);

		if (access(p, F_OK) == 0)
			return p;
		free(p);
	}
	return xstrdup(text_of(c, k));
}

static void
check_mode(
    struct load *l, const struct conf_key *k, int line, const char *path, mode_t mode)
{
	bool bad = k->kind == CONF_SECRET ? (mode & 027) != 0 : (mode & 022) != 0;

	if (!S_ISREG(mode))
		problem(l, line, "%s: %s is no file; name a file", k->name, path);
	else if (bad)
		problem(l, line,
		    "%s: %s has mode %04o and others may %s it; run chmod %s %s", k->name,
		    path, (unsigned)(mode & 07777),
		    k->kind == CONF_SECRET ? "read or change" : "change",
		    k->kind == CONF_SECRET ? "o-rwx,g-w" : "go-w", path);
}

/* The command may come before the keys that init makes (those with a default path) exist.
 */
static void
check_file(struct load *l, const struct conf_key *k)
{
	char *path = conf_file_path(l->c, k->name);
	int line = line_of(l, k->name);
	struct stat st;

	if (path[0] == '\0') {
		/* absence is the business of check_required() and check_groups() */
	} else if (stat(path, &st) == 0) {
		check_mode(l, k, line, path, st.st_mode);
		if (reads(l, k) && access(path, R_OK) == -1)
			problem(l, line, "%s: %s cannot be read by this program: %s",
			    k->name, path, strerrordesc_np(errno));
	} else if (reads(l, k) || k->dflt == NULL) {
		problem(l, line, "%s: %s: %s", k->name, path, strerrordesc_np(errno));
	}
	free(path);
}

static void
check_files(struct load *l)
{
	int n;
	const struct conf_key *k = conf_keys(&n);

	for (int i = 0; i < n; i++) {
		if ((k[i].kind == CONF_SECRET || k[i].kind == CONF_PUBLIC) &&
		    answers_for(l, &k[i]))
			check_file(l, &k[i]);
	}
}

/* ---- reading */

static int
read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	char chunk[8192];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set_errno(e, ERR_IO, errno, "%s", path);
		buf_add(out, chunk, (size_t)n);
		if (out->over)
			return err_set(e, ERR_INPUT, "%s is larger than %zu bytes", path,
			    out->max_bytes);
	}
	return 0;
}

static int
read_conf(struct load *l, struct buf *text, struct err *e)
{
	int fd = open(l->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = -1;

	if (fd == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", l->path);
	if (fstat(fd, &st) == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "%s", l->path);
		goto out;
	}
	if ((st.st_mode & 022) != 0)
		problem(l, 0,
		    "mode is %04o and others may change the file; run chmod go-w %s",
		    (unsigned)(st.st_mode & 07777), l->path);
	rc = read_all(fd, l->path, text, e);
out:
	close(fd);
	return rc;
}

static void
derive(struct conf *c)
{
	char host[URL_HOST_BYTES + 16];
	struct url u;

	if (url_parse(c->public_url, &u) == -1)
		return; /* missing or bad: reported already */
	BUG_IF(url_authority(&u, host, sizeof(host)) == -1);
	c->public_host = xstrdup(host);
	c->public_path = xstrdup(u.path);
	c->redirect_uri = xasprintf("%s/oauth/callback", c->public_url);
}

int
conf_load(const char *path, enum conf_program program, struct conf *out,
    struct buf *problems, struct err *e)
{
	struct conf c = {0};
	struct load l = {
	    .path = path, .program = program, .c = &c, .problems = problems, .e = e};
	struct buf text = BUF_INIT(LIMIT_CONFIG);
	int n;
	int rc = -1;

	(void)conf_keys(&n);
	BUG_IF(n > KEYS_MAX);
	set_defaults(&c);
	if (read_conf(&l, &text, e) == -1)
		goto out;
	take_lines(&l, buf_str(&text), text.len);
	check_required(&l);
	check_groups(&l);
	check_clock(&l);
	check_files(&l);
	derive(&c);
	if (l.found > 0)
		goto out;
	BUG_IF(clk_set_zone(c.time_zone) == -1); /* checked with its line */
	clk_set_offset_file(c.test_clock_file[0] != '\0' ? c.test_clock_file : NULL);
	c.path = xstrdup(path);
	*out = c;
	c = (struct conf){0};
	rc = 0;
out:
	buf_clear(&text);
	conf_clear(&c);
	return rc;
}

int
conf_secret(const struct conf *c, enum conf_program program, const char *key,
    struct secret *out, struct err *e)
{
	const struct conf_key *k = conf_key_find(key);
	struct buf text = BUF_INIT(SECRET_MAX);
	struct stat st;
	char *path;
	int fd = -1;
	int rc = -1;

	if (k == NULL || k->kind != CONF_SECRET || (k->readers & (unsigned)program) == 0)
		return err_set(e, ERR_BUG, "%s is not for this program", key);
	path = conf_file_path(c, key);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "%s: %s", key, path);
		goto out;
	}
	if ((st.st_mode & 07) != 0) {
		rc = err_set(e, ERR_INPUT,
		    "%s: %s may be read by others; run chmod o-rwx %s", key, path, path);
		goto out;
	}
	if (read_all(fd, path, &text, e) == -1)
		goto out;
	while (
	    text.len > 0 && (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		buf_truncate(&text, text.len - 1);
	if (text.len == 0 || memchr(text.p, '\n', text.len) != NULL ||
	    memchr(text.p, '\0', text.len) != NULL) {
		rc = err_set(e, ERR_INPUT, "%s: %s does not hold one line", key, path);
		goto out;
	}
	secret_set(out, text.p, text.len);
	rc = 0;
out:
	if (fd != -1)
		close(fd);
	free(path);
	buf_clear(&text); /* zeroes */
	return rc;
}
