#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rnd.h"
#include "io/crypt.h"
#include "procore/sim.h"
#include "sandbox/bytes.h"

/* A new file beside its later place; *path is the caller's. */
static int
temp_open(struct sim *s, char **path, struct err *e)
{
	char name[33];
	int fd;

	rnd_hex(name, 16);
	*path = xasprintf("%s/.new-%s", s->files_dir, name);
	fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_set_errno(e, ERR_IO, errno, "store: %s", *path);
	return fd;
}

/* Give the finished file the name of its hash; an equal one already there is replaced by
 * equal bytes. */
static int
temp_keep(struct sim *s, const char *path, const char *sha, struct err *e)
{
	char *to = xasprintf("%s/%s", s->files_dir, sha);
	int rc = 0;

	if (rename(path, to) == -1)
		rc = err_set_errno(e, ERR_IO, errno, "store: %s", to);
	free(to);
	return rc;
}

int
store_put(struct sim *s, const void *p, size_t n, char sha[65], struct err *e)
{
	char *path = NULL;
	int fd, rc = -1;

	crypt_sha256_hex(p, n, sha);
	fd = temp_open(s, &path, e);
	if (fd == -1)
		goto out;
	if (bytes_write(fd, p, n, e) == -1 || bytes_end(fd, e) == -1)
		goto out;
	rc = temp_keep(s, path, sha, e);
out:
	if (fd != -1) {
		(void)close(fd);
		if (rc == -1)
			(void)unlink(path);
	}
	free(path);
	return rc;
}

int
store_make(struct sim *s, int64_t size, int64_t seed, char sha[65], struct err *e)
{
	char *path = NULL;
	int fd = temp_open(s, &path, e);
	int rc = fd == -1 ? -1 : bytes_make(fd, size, seed, sha, e);

	if (rc == 0)
		rc = temp_keep(s, path, sha, e);
	if (fd != -1) {
		(void)close(fd);
		if (rc == -1)
			(void)unlink(path);
	}
	free(path);
	return rc;
}

int
store_open(struct sim *s, const char *sha, int64_t *bytes, struct err *e)
{
	char *path = xasprintf("%s/%s", s->files_dir, sha);
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		err_set_errno(e, ERR_IO, errno, "store: %s", path);
	} else if (fstat(fd, &st) == -1) {
		err_set_errno(e, ERR_IO, errno, "store: %s", path);
		(void)close(fd);
		fd = -1;
	} else {
		*bytes = (int64_t)st.st_size;
	}
	free(path);
	return fd;
}

static int
append_part(struct sim *s, int to, struct crypt_sha256 *h, const char *sha, int64_t *bytes,
    struct err *e)
{
	static char block[64 * 1024];
	int64_t size = 0;
	int fd = store_open(s, sha, &size, e), rc = -1;
	ssize_t n;

	if (fd == -1)
		return -1;
	while ((n = read(fd, block, sizeof block)) > 0) {
		crypt_sha256_add(h, block, (size_t)n);
		if (bytes_write(to, block, (size_t)n, e) == -1)
			goto out;
		*bytes += n;
	}
	rc = n == 0 ? 0 : err_set_errno(e, ERR_IO, errno, "store: read");
out:
	(void)close(fd);
	return rc;
}

int
store_join(
    struct sim *s, const struct json *shas, char sha[65], int64_t *bytes, struct err *e)
{
	struct crypt_sha256 *h = crypt_sha256_new();
	const struct json *one;
	char *path = NULL;
	int fd, rc;

	*bytes = 0;
	fd = temp_open(s, &path, e);
	rc = fd == -1 ? -1 : 0;
	for (one = json_first(shas); rc == 0 && one != NULL; one = json_next(one))
		rc = append_part(s, fd, h, json_str(one), bytes, e);
	crypt_sha256_end(h, sha);
	if (rc == 0)
		rc = bytes_end(fd, e);
	if (rc == 0)
		rc = temp_keep(s, path, sha, e);
	if (fd != -1) {
		(void)close(fd);
		if (rc == -1)
			(void)unlink(path);
	}
	free(path);
	return rc;
}
