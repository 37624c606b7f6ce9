#include "config.h"

#include "core/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/digest.h"

#define STATE_ENDING ".state"
#define UPLOAD_ENDING ".up"
#define PART_PREFIX "file-"

enum { CHUNK_BYTES = 256 * 1024, MB = 1024 * 1024 };

static int
hash_bytes(struct digest *h, int fd, int64_t at, int64_t n, struct err *e)
{
	char *chunk = xmalloc(CHUNK_BYTES);
	int rc = 0;

	while (rc == 0 && n > 0) {
		size_t want = n < CHUNK_BYTES ? (size_t)n : CHUNK_BYTES;
		ssize_t k = pread(fd, chunk, want, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			rc = err_set_errno(
			    e, ERR_IO, k < 0 ? errno : EIO, "file in the spool");
		} else {
			digest_add(h, chunk, (size_t)k);
			at += k;
			n -= k;
		}
	}
	free(chunk);
	return rc;
}

int
spool_hash_part(int fd, int64_t at, int64_t n, char sha256[65], struct err *e)
{
	struct digest *h = digest_new();
	int rc = hash_bytes(h, fd, at, n, e);

	digest_end(h, sha256);
	return rc;
}

static void
forget_hash(struct spool_part *p)
{
	if (p->hash != NULL)
		digest_end(p->hash, NULL);
	p->hash = NULL;
	p->hashed = 0;
}

int
spool_hash_on(struct spool_part *p, struct err *e)
{
	if (p->hash == NULL)
		p->hash = digest_new();
	if (hash_bytes(p->hash, p->fd, p->hashed, p->bytes - p->hashed, e) == -1)
		return -1;
	p->hashed = p->bytes;
	return 0;
}

/* ---- notes */

static char *
beside(const struct spool_part *p, const char *ending)
{
	return xasprintf("%s%s", p->path, ending);
}

/* A new name or a removed one is only safe when the folder is. */
static int
sync_dir(const struct spool_part *p, struct err *e)
{
	const char *slash = strrchr(p->path, '/');
	char *dir = slash == NULL ? xstrdup(".") : xstrndup(p->path, (size_t)(slash - p->path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1 || fsync(fd) == -1)
		rc = err_set_errno(e, ERR_IO, errno, "spool_dir %s", dir);
	if (fd != -1)
		(void)close(fd);
	free(dir);
	return rc;
}

static int
write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

int
spool_note_put(
    const struct spool_part *p, const char *ending, const struct json *j, struct err *e)
{
	struct buf text = BUF_INIT(LIMIT_API_BODY);
	char *path = beside(p, ending), *fresh = xasprintf("%s.new", path);
	int fd = -1, rc = -1;

	json_print(j, &text);
	if (buf_check(&text, "note in the spool", e) == -1)
		goto out;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write_all(fd, buf_str(&text), text.len) == -1 || fdatasync(fd) == -1 ||
	    rename(fresh, path) == -1) {
		err_set_errno(e, ERR_IO, errno, "%s", fresh);
		(void)unlink(fresh);
		goto out;
	}
	rc = 0;
out:
	if (fd != -1)
		(void)close(fd);
	free(fresh);
	free(path);
	buf_clear(&text);
	return rc;
}

struct json *
spool_note_get(const struct spool_part *p, const char *ending)
{
	struct buf text = BUF_INIT(LIMIT_API_BODY);
	char *path = beside(p, ending), chunk[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct json *j = NULL;
	struct err ignored = {0};
	ssize_t n;

	while (fd != -1 && ((n = read(fd, chunk, sizeof chunk)) > 0 || (n == -1 && errno == EINTR)))
		buf_add(&text, chunk, n > 0 ? (size_t)n : 0);
	if (fd != -1)
		(void)close(fd);
	if (text.len > 0 && !text.over &&
	    json_parse(buf_str(&text), text.len, LIMIT_API_BODY, &j, &ignored) == -1)
		j = NULL;
	buf_clear(&text);
	free(path);
	return j;
}

void
spool_note_drop(const struct spool_part *p, const char *ending)
{
	char *path = beside(p, ending);

	(void)unlink(path);
	free(path);
}

/* ---- one part */

/* Lock the file of that name as it is now: who had it before may have removed it meanwhile. */
static int
open_locked(struct spool_part *p, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		struct stat mine, there;
		int fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd == -1)
			return err_set_errno(e, ERR_IO, errno, "%s", p->path);
		if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
			(void)close(fd);
			return err_set(e, ERR_BUSY, "%s is in another process's hands", p->path);
		}
		if (fstat(fd, &mine) == 0 && stat(p->path, &there) == 0 &&
		    mine.st_ino == there.st_ino) {
			p->fd = fd;
			return 0;
		}
		(void)close(fd);
	}
	return err_set(e, ERR_BUSY, "%s is in another process's hands", p->path);
}

/* What is noted of this key, as far as the bytes are there; *fits false: nothing of use. */
static bool
take_notes(struct spool_part *p)
{
	struct json *j = spool_note_get(p, STATE_ENDING);
	struct stat st;
	bool fits = false;

	if (str_eq(json_str_or(j, "key", ""), p->key) && fstat(p->fd, &st) == 0) {
		p->bytes = p->kept = json_i64_or(j, "bytes", 0);
		p->total = json_i64_or(j, "total", -1);
		p->whole = json_bool_or(j, "whole", false);
		fits = p->bytes > 0 && p->bytes <= (int64_t)st.st_size &&
		       (p->total == -1 || p->bytes <= p->total) &&
		       str_copy(p->etag, sizeof p->etag, json_str_or(j, "etag", "")) == 0 &&
		       str_copy(p->sha256, sizeof p->sha256, json_str_or(j, "sha256", "")) == 0 &&
		       p->etag[0] == '"' && (!p->whole || strlen(p->sha256) == 64) &&
		       ftruncate(p->fd, (off_t)p->bytes) == 0;
	}
	json_free(j);
	return fits;
}

int
spool_open(const char *dir, const char *name, const char *key, struct spool_part *out,
    struct err *e)
{
	struct spool_part p = {.fd = -1, .total = -1};

	p.path = xasprintf("%s/%s", dir, name);
	p.key = xstrdup(key);
	if (open_locked(&p, e) == -1)
		goto fail;
	if (!take_notes(&p)) {
		spool_note_drop(&p, UPLOAD_ENDING);
		if (spool_begin(&p, -1, "", e) == -1)
			goto fail;
	}
	*out = p;
	return 0;
fail:
	if (p.fd != -1)
		(void)close(p.fd);
	free(p.path);
	free(p.key);
	return -1;
}

int
spool_begin(struct spool_part *p, int64_t total, const char *etag, struct err *e)
{
	/* The old notes go first, and for good: they must never speak of new bytes. */
	if (p->kept > 0) {
		spool_note_drop(p, STATE_ENDING);
		if (sync_dir(p, e) == -1)
			return -1;
	}
	forget_hash(p);
	p->bytes = p->kept = 0;
	p->total = total;
	p->whole = false;
	p->sha256[0] = '\0';
	if (str_copy(p->etag, sizeof p->etag, etag) == -1)
		p->etag[0] = '\0';
	if (ftruncate(p->fd, 0) == -1 || lseek(p->fd, 0, SEEK_SET) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", p->path);
	return 0;
}

int
spool_keep(struct spool_part *p, struct err *e)
{
	struct json *j;
	int rc;

	if (p->etag[0] == '\0' || p->bytes == 0)
		return 0;
	if (fdatasync(p->fd) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", p->path);
	j = json_obj();
	json_put_str(j, "key", p->key);
	json_put_i64(j, "bytes", p->bytes);
	json_put_i64(j, "total", p->total);
	json_put_bool(j, "whole", p->whole);
	json_put_str(j, "etag", p->etag);
	json_put_str(j, "sha256", p->sha256);
	rc = spool_note_put(p, STATE_ENDING, j, e);
	json_free(j);
	if (rc == 0)
		p->kept = p->bytes;
	return rc;
}

int
spool_whole(struct spool_part *p, struct err *e)
{
	if (spool_hash_on(p, e) == -1)
		return -1;
	digest_end(p->hash, p->sha256);
	p->hash = NULL;
	p->hashed = 0;
	p->whole = true;
	return 0;
}

static void
let_go(struct spool_part *p)
{
	forget_hash(p);
	if (p->fd != -1)
		(void)close(p->fd);
	free(p->path);
	free(p->key);
	*p = (struct spool_part){.fd = -1};
}

void
spool_close(struct spool_part *p)
{
	if (p->path == NULL)
		return;
	if (p->kept == 0)
		(void)unlink(p->path);
	let_go(p);
}

void
spool_drop(struct spool_part *p)
{
	if (p->path == NULL)
		return;
	spool_note_drop(p, UPLOAD_ENDING);
	spool_note_drop(p, STATE_ENDING);
	(void)unlink(p->path);
	let_go(p);
}

/* ---- all parts of a folder */

struct old {
	char *name;
	int64_t at, bytes;
};

struct olds {
	struct old *v; /* the oldest first */
	size_t n;
	int64_t bytes;
};

static int
by_age(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void
olds_clear(struct olds *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

static bool
is_part(const char *name)
{
	size_t digits = strspn(name + strlen(PART_PREFIX), "0123456789");

	return digits > 0 && name[strlen(PART_PREFIX) + digits] == '\0';
}

/* Parts with their ages; what else is ours and left over goes at once. */
static int
list(const char *dir, struct olds *l, int *n, struct err *e)
{
	int64_t before = clk_now() - SPOOL_LEFT_OVER_S;
	DIR *d = opendir(dir);
	struct dirent *f;
	struct stat st;

	if (d == NULL)
		return err_set_errno(e, ERR_IO, errno, "spool_dir %s", dir);
	while ((f = readdir(d)) != NULL) {
		bool ours = str_starts(f->d_name, PART_PREFIX) || str_starts(f->d_name, "part-");

		if (!ours || fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (str_starts(f->d_name, PART_PREFIX) && is_part(f->d_name)) {
			l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
			l->v[l->n++] = (struct old){xstrdup(f->d_name), st.st_mtime, st.st_size};
			l->bytes += st.st_size;
		} else if (str_starts(f->d_name, "part-") && st.st_mtime < before &&
			   unlinkat(dirfd(d), f->d_name, 0) == 0) {
			(*n)++;
		}
	}
	(void)closedir(d);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_age);
	return 0;
}

/* Give up one part unless somebody holds it. */
static bool
give_up(const char *dir, const struct old *o)
{
	struct spool_part p = {.fd = -1};
	struct err busy = {0};

	p.path = xasprintf("%s/%s", dir, o->name);
	if (open_locked(&p, &busy) == -1) {
		free(p.path);
		return false;
	}
	spool_drop(&p);
	return true;
}

int
spool_clean(const char *dir, int64_t quota_bytes, int *n, struct err *e)
{
	int64_t before = clk_now() - SPOOL_PART_LIFE_S;
	struct olds l = {0};
	int rc;

	*n = 0;
	rc = list(dir, &l, n, e);
	for (size_t i = 0; i < l.n; i++)
		if ((l.v[i].at < before || l.bytes > quota_bytes) && give_up(dir, &l.v[i])) {
			l.bytes -= l.v[i].bytes;
			(*n)++;
		}
	olds_clear(&l);
	return rc;
}

static int64_t
free_bytes(const char *dir)
{
	struct statvfs v;

	/* A folder that cannot be asked will say why when it is written to. */
	return statvfs(dir, &v) == -1 ? INT64_MAX : (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

int
spool_room(const struct spool_part *p, int64_t bytes, struct err *e)
{
	const char *slash = strrchr(p->path, '/');
	char *dir = slash == NULL ? xstrdup(".") : xstrndup(p->path, (size_t)(slash - p->path));
	int64_t need = bytes + (int64_t)SPOOL_FREE_MB * MB;
	struct olds l = {0};
	int n = 0, rc = 0;

	if (free_bytes(dir) >= need)
		goto out;
	/* its own part is locked, so it stays */
	rc = list(dir, &l, &n, e);
	for (size_t i = 0; rc == 0 && i < l.n && free_bytes(dir) < need; i++)
		(void)give_up(dir, &l.v[i]);
	if (rc == 0 && free_bytes(dir) < need)
		rc = err_set(e, ERR_IO,
		    "spool_dir %s: %" PRId64 " MB more are needed, %" PRId64
		    " MB are free, and %d MB must stay so",
		    dir, bytes / MB + 1, free_bytes(dir) / MB, (int)SPOOL_FREE_MB);
out:
	olds_clear(&l);
	free(dir);
	return rc;
}
