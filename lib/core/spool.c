#include "config.h"

#include "core/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/crypt.h"

enum { CHUNK_BYTES = 256 * 1024 };

int
spool_temp(const char *dir, int *fd, struct err *e)
{
	char *path = xasprintf("%s/part-XXXXXX", dir);
	int f = mkostemp(path, O_CLOEXEC);

	if (f >= 0)
		(void)unlink(path);
	free(path);
	if (f < 0)
		return err_set_errno(e, ERR_IO, errno, "spool_dir %s", dir);
	*fd = f;
	return 0;
}

int
spool_write(int fd, const void *p, size_t n, struct err *e)
{
	const char *s = p;

	while (n > 0) {
		ssize_t k = write(fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_set_errno(e, ERR_IO, errno, "file in the spool");
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Read n bytes from offset at in chunks, each to the hash or to a descriptor. */
static int
walk(int from, int64_t at, int64_t n, int to, struct crypt_sha256 *h, struct err *e)
{
	char *chunk = xmalloc(CHUNK_BYTES);
	int rc = -1;

	while (n > 0) {
		size_t want = n < CHUNK_BYTES ? (size_t)n : CHUNK_BYTES;
		ssize_t k = pread(from, chunk, want, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			rc = err_set_errno(
			    e, ERR_IO, k < 0 ? errno : EIO, "file in the spool");
			goto out;
		}
		if (h != NULL)
			crypt_sha256_add(h, chunk, (size_t)k);
		else if (spool_write(to, chunk, (size_t)k, e) == -1)
			goto out;
		at += k;
		n -= k;
	}
	rc = 0;
out:
	free(chunk);
	return rc;
}

int
spool_copy(int from, int64_t at, int64_t n, int to, struct err *e)
{
	return walk(from, at, n, to, NULL, e);
}

int
spool_hash_part(int fd, int64_t at, int64_t n, char sha256[65], struct err *e)
{
	struct crypt_sha256 *h = crypt_sha256_new();
	int rc = walk(fd, at, n, -1, h, e);

	crypt_sha256_end(h, sha256);
	return rc;
}

int
spool_hash(int fd, int64_t *bytes, char sha256[65], struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_set_errno(e, ERR_IO, errno, "file in the spool");
	*bytes = (int64_t)st.st_size;
	return spool_hash_part(fd, 0, *bytes, sha256, e);
}
