#include "config.h"

#include "sandbox/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "io/crypt.h"

enum { BLOCK = 4096, CHUNK = 256 * 1024, MARK_EVERY = 1024 * 1024 };

/* ---- writing */

static bool
all_zero(const char *p, size_t n)
{
	return n > 0 && p[0] == '\0' && memcmp(p, p + 1, n - 1) == 0;
}

int
bytes_write(int fd, const void *data, size_t n, struct err *e)
{
	const char *p = data;

	while (n > 0) {
		size_t part = n < BLOCK ? n : BLOCK;
		ssize_t k;

		if (all_zero(p, part)) {
			k = lseek(fd, (off_t)part, SEEK_CUR) == -1 ? -1 : (ssize_t)part;
		} else {
			/* as much as holds no whole block of zeros */
			while (part + BLOCK <= n && !all_zero(p + part, BLOCK))
				part += BLOCK;
			k = write(fd, p, part);
		}
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return err_set_errno(e, ERR_IO, errno, "stored file");
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
bytes_end(int fd, struct err *e)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	if (at == -1 || ftruncate(fd, at) == -1)
		return err_set_errno(e, ERR_IO, errno, "stored file");
	return 0;
}

int
bytes_make(int fd, int64_t size, int64_t seed, char sha256[65], struct err *e)
{
	struct crypt_sha256 *h = crypt_sha256_new();
	char *chunk = xcalloc(1, CHUNK);
	int rc = 0;

	for (int64_t at = 0; at < size && rc == 0; at += CHUNK) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		char mark[64] = "";

		if (at % MARK_EVERY == 0 &&
		    str_format(mark, sizeof mark, "file %" PRId64 " byte %" PRId64 "\n", seed, at) == -1)
			mark[0] = '\0';
		memset(chunk, 0, sizeof mark);
		memcpy(chunk, mark, strlen(mark));
		crypt_sha256_add(h, chunk, n);
		rc = bytes_write(fd, chunk, n, e);
	}
	crypt_sha256_end(h, sha256);
	free(chunk);
	return rc == 0 ? bytes_end(fd, e) : -1;
}

/* ---- answering */

/* "bytes=5-" and "bytes=5-9"; other forms are answered with the whole, as RFC 9110 14.2 allows. */
static bool
parse_range(const char *s, int64_t size, int64_t *first, int64_t *last)
{
	char from[24];
	size_t n;

	if (s == NULL || !str_starts(s, "bytes="))
		return false;
	s += strlen("bytes=");
	n = strcspn(s, "-");
	if (n == 0 || n >= sizeof from || s[n] != '-')
		return false;
	str_cut(from, n + 1, s);
	*last = size - 1;
	if (num_parse_i64(from, 0, INT64_MAX, first) == -1 ||
	    (s[n + 1] != '\0' && num_parse_i64(s + n + 1, *first, INT64_MAX, last) == -1))
		return false;
	if (*last >= size)
		*last = size - 1;
	return true;
}

static int
send_part(const struct fcgi_req *req, struct fcgi_resp *resp, int fd, int64_t size,
    const char *etag, struct err *e)
{
	const char *only_if = req->p.http_if_range;
	int64_t first = 0, last = size - 1;
	char text[96];
	bool part = (only_if == NULL || str_eq(only_if, etag)) &&
		    parse_range(req->p.http_range, size, &first, &last);

	if (part && first >= size) {
		resp->status = 416;
		BUG_IF(str_format(text, sizeof text, "bytes */%" PRId64, size) == -1);
		fcgi_header(resp, "Content-Range", text);
		(void)close(fd);
		return 0;
	}
	if (part) {
		BUG_IF(str_format(text, sizeof text, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
			   first, last, size) == -1);
		fcgi_header(resp, "Content-Range", text);
	} else {
		first = 0;
		last = size - 1;
	}
	if (lseek(fd, (off_t)first, SEEK_SET) == -1) {
		(void)close(fd);
		return err_set_errno(e, ERR_IO, errno, "stored file");
	}
	resp->status = part ? 206 : 200;
	resp->file_fd = fd;
	resp->file_bytes = last - first + 1;
	return 0;
}

int
bytes_answer(const struct fcgi_req *req, struct fcgi_resp *resp, int fd, const char *name,
    bool here, struct err *e)
{
	char etag[48], *path;
	struct stat st;

	if (fstat(fd, &st) == -1) {
		(void)close(fd);
		return err_set_errno(e, ERR_IO, errno, "stored file %s", name);
	}
	if (!here && st.st_size > BYTES_BY_FRONT) {
		path = xasprintf("/_stored/%s", name);
		fcgi_header(resp, "X-Accel-Redirect", path);
		free(path);
		(void)close(fd);
		resp->status = 200;
		return 0;
	}
	/* as nginx makes them, so that both ways of handing out agree */
	BUG_IF(str_format(etag, sizeof etag, "\"%" PRIx64 "-%" PRIx64 "\"",
		   (int64_t)st.st_mtime, (int64_t)st.st_size) == -1);
	fcgi_header(resp, "ETag", etag);
	fcgi_header(resp, "Accept-Ranges", "bytes");
	if (str_eq(req->p.http_if_none_match, etag)) {
		(void)close(fd);
		resp->status = 304;
		return 0;
	}
	return send_part(req, resp, fd, st.st_size, etag, e);
}
