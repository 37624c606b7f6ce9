/* Failures per person in memory that all instances map. */
#include "config.h"

#include "web/signin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/crypt.h"

enum { ID_BYTES = 16 };

/* Same layout in every instance; a name is kept as part of its hash. */
struct slot {
	uint8_t id[ID_BYTES];
	int64_t last_ms; /* monotonic, of the whole machine */
	int32_t failures;
	int32_t spare;
};

struct signin_count {
	int fd; /* -1: this process alone */
	struct slot *slots;
};

static const size_t map_bytes = sizeof(struct slot) * SIGNIN_COUNTED_MAX;

int
signin_count_open(const char *share_dir, struct signin_count **out, struct err *e)
{
	struct signin_count c = {.fd = -1};
	char *path = NULL;
	void *p;
	int rc = -1;

	if (!str_empty(share_dir)) {
		path = xasprintf("%s/signin-failures", share_dir);
		c.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (c.fd == -1 || ftruncate(c.fd, (off_t)map_bytes) == -1) {
			rc = err_set_errno(e, ERR_IO, errno, "%s", path);
			goto out;
		}
	}
	p = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE,
	    c.fd == -1 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, c.fd, 0);
	if (p == MAP_FAILED) {
		rc = err_set_errno(e, ERR_IO, errno, "counts of failed sign-ins");
		goto out;
	}
	c.slots = p;
	*out = xmalloc(sizeof(**out));
	**out = c;
	c.fd = -1;
	rc = 0;
out:
	if (c.fd != -1)
		close(c.fd);
	free(path);
	return rc;
}

void
signin_count_close(struct signin_count *c)
{
	if (c == NULL)
		return;
	munmap(c->slots, map_bytes);
	if (c->fd != -1)
		close(c->fd);
	free(c);
}

static void
lock(const struct signin_count *c, int how)
{
	if (c->fd == -1)
		return;
	while (flock(c->fd, how) == -1 && errno == EINTR)
		;
}

static void
id_of(const char *name, uint8_t id[ID_BYTES])
{
	uint8_t hash[CRYPT_SHA256_BYTES];

	crypt_sha256(name, strlen(name), hash);
	memcpy(id, hash, ID_BYTES);
}

static struct slot *
find(const struct signin_count *c, const char *name)
{
	uint8_t id[ID_BYTES];

	id_of(name, id);
	for (size_t i = 0; i < SIGNIN_COUNTED_MAX; i++) {
		struct slot *s = &c->slots[i];

		if (s->failures > 0 && memcmp(s->id, id, ID_BYTES) == 0)
			return s;
	}
	return NULL;
}

/* A free slot, else the one that has been quiet longest. */
static struct slot *
take(const struct signin_count *c, const char *name)
{
	struct slot *best = &c->slots[0];

	for (size_t i = 0; i < SIGNIN_COUNTED_MAX && best->failures > 0; i++) {
		struct slot *s = &c->slots[i];

		if (s->failures <= 0 || s->last_ms < best->last_ms)
			best = s;
	}
	best->failures = 0;
	id_of(name, best->id);
	return best;
}

int
signin_count_begin(struct signin_count *c, const char *name, int64_t now_ms)
{
	struct slot *s;
	int n = 0;

	lock(c, LOCK_EX);
	s = find(c, name);
	/* a time ahead of ours is from before a restart of the machine */
	if (s != NULL && (now_ms - s->last_ms >= SIGNIN_STOP_MS || s->last_ms > now_ms))
		s->failures = 0;
	else if (s == NULL)
		s = take(c, name);
	if (s->failures < SIGNIN_FAILURES_MAX) {
		n = ++s->failures;
		s->last_ms = now_ms;
	}
	lock(c, LOCK_UN);
	return n;
}

void
signin_count_forget(struct signin_count *c, const char *name)
{
	struct slot *s;

	lock(c, LOCK_EX);
	s = find(c, name);
	if (s != NULL)
		s->failures = 0;
	lock(c, LOCK_UN);
}

void
signin_count_undo(struct signin_count *c, const char *name)
{
	struct slot *s;

	lock(c, LOCK_EX);
	s = find(c, name);
	if (s != NULL)
		s->failures--;
	lock(c, LOCK_UN);
}
