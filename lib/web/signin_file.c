/* Names and crypt(3) hashes in a file: the demo and small sites. */
#include "config.h"

#include "web/signin.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/crypt.h"

enum { FILE_MAX = 1024 * 1024, FIELDS = 5 };

/* Compared with when the name is unknown, so that this takes as long: SHA-512 as by openssl
 * passwd -6. */
static const char unknown_hash[] =
    "$6$unknownperson$"
    "unknownpersonunknownpersonunknownpersonunknownpersonunknownpersonunkno";

static int
read_file(const char *path, struct buf *out, struct err *e)
{
	char chunk[8192];
	struct stat st;
	ssize_t n = 0;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "signin_password_file %s", path);
		goto out;
	}
	if ((st.st_mode & 07) != 0) {
		rc = err_set(
		    e, ERR_IO, "signin_password_file %s may be read by others", path);
		goto out;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n == -1 && errno == EINTR))
		buf_add(out, chunk, n > 0 ? (size_t)n : 0);
	if (n == -1) {
		rc = err_set_errno(e, ERR_IO, errno, "signin_password_file %s", path);
		goto out;
	}
	explicit_bzero(chunk, sizeof(chunk));
	rc = buf_check(out, "signin_password_file", e);
out:
	if (fd != -1)
		close(fd);
	return rc;
}

/* Cut a line at its colons, in place; the last field takes the rest. */
static void
split(char *line, char *field[FIELDS])
{
	static char none[] = "";

	for (size_t i = 0; i < FIELDS; i++) {
		char *colon = i + 1 < FIELDS ? strchr(line, ':') : NULL;

		field[i] = line;
		if (colon != NULL) {
			*colon = '\0';
			line = colon + 1;
		} else {
			line = none;
		}
	}
}

/* The line of that name, cut up; false when there is none. */
static bool
find(char *text, const char *name, char *field[FIELDS])
{
	char *next = text;

	while (next != NULL) {
		char *line = next;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		split(line, field);
		if (str_eq_ci(field[0], name))
			return true;
	}
	return false;
}

static bool
matches(const char *hash, const struct secret *password)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	/* libxcrypt's own call: NULL for every hash that it does not know */
	const char *made = crypt_rn(password->p, hash, data, (int)sizeof(*data));
	size_t n = strlen(hash);
	/* nor is an empty hash a password */
	bool same = made != NULL && n > 0 && strlen(made) == n && crypt_eq(made, hash, n);

	explicit_bzero(data, sizeof(*data));
	free(data);
	return same;
}

int
signin_check_file(void *arg, const char *name, const struct secret *password,
    struct signin_person *out, struct err *e)
{
	struct signin_source *src = arg;
	char *path = conf_file_path(src->conf, "signin_password_file");
	struct buf text = BUF_INIT(FILE_MAX);
	char *field[FIELDS];
	int rc = -1;

	if (read_file(path, &text, e) == -1)
		goto out;
	if (text.len == 0 || !find(text.p, name, field)) {
		(void)matches(unknown_hash, password);
		rc = err_set(e, ERR_NOT_FOUND, "no such person");
		goto out;
	}
	if (!matches(field[1], password)) {
		rc = err_set(e, ERR_AUTH, "wrong password");
		goto out;
	}
	*out =
	    (struct signin_person){.mail = xstrdup(field[2]), .display = xstrdup(field[3])};
	strv_split(&out->groups, field[4], ",");
	rc = str_copy(out->name, sizeof(out->name), name);
out:
	buf_clear(&text);
	free(path);
	return rc;
}
