#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "procore/sim.h"

enum { NAME_BYTES = 256, PART_HEAD_BYTES = 4096 };

/* The bytes of a body, from memory or from the file that FastCGI streamed them to. */
struct body {
	const char *p;
	size_t n;
	void *map; /* NULL: not mapped */
};

static int
body_open(struct sim_call *c, struct body *b, struct err *e)
{
	int64_t bytes = 0;
	int fd = fcgi_body_fd(c->req, &bytes);

	b->p = buf_str(&c->req->body);
	b->n = c->req->body.len;
	b->map = NULL;
	if (fd == -1 || bytes == 0)
		return 0;
	b->map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (b->map == MAP_FAILED) {
		b->map = NULL;
		return err_set(
		    e, ERR_IO, "request body: cannot map %lld bytes", (long long)bytes);
	}
	b->p = b->map;
	b->n = (size_t)bytes;
	return 0;
}

static void
body_close(struct body *b)
{
	if (b->map != NULL)
		(void)munmap(b->map, b->n);
}

/* Put value at the place that a bracketed name points to: a[b][c], a[b][]. value is taken
 * over. */
static void
put_nested(struct json *root, const char *name, struct json *value)
{
	char key[NAME_BYTES];
	const char *s = name, *end;
	struct json *at = root, *next;
	size_t n = strcspn(s, "[");

	str_cut(key, n + 1 < sizeof key ? n + 1 : sizeof key, s);
	s += n;
	while (*s == '[' && (end = strchr(s, ']')) != NULL) {
		n = (size_t)(end - s - 1);
		next = data_get(at, key);
		if (n == 0) { /* an array: the last step */
			if (next == NULL || json_type(next) != JSON_ARRAY)
				next = json_put_arr(at, key);
			json_add(next, value);
			return;
		}
		if (next == NULL || json_type(next) != JSON_OBJECT)
			next = json_put_obj(at, key);
		at = next;
		str_cut(key, n + 1 < sizeof key ? n + 1 : sizeof key, s + 1);
		s = end + 1;
	}
	json_put(at, key, value);
}

static int
one_pair(const char *s, size_t n, struct json *into)
{
	const char *eq = memchr(s, '=', n);
	struct buf name = BUF_INIT(LIMIT_URL), value = BUF_INIT(LIMIT_API_BODY);
	size_t name_n = eq != NULL ? (size_t)(eq - s) : n;
	int rc = dec_percent(&name, s, name_n, true);

	if (rc == 0 && eq != NULL)
		rc = dec_percent(&value, eq + 1, n - name_n - 1, true);
	if (rc == 0 && name.len > 0)
		put_nested(into, buf_str(&name), json_new_str(buf_str(&value)));
	buf_clear(&name);
	buf_clear(&value);
	return rc;
}

int
params_pairs(const char *text, size_t n, struct json *into)
{
	const char *end = text + n, *amp;

	while (text < end) {
		amp = memchr(text, '&', (size_t)(end - text));
		if (amp == NULL)
			amp = end;
		if (amp > text && one_pair(text, (size_t)(amp - text), into) == -1)
			return -1;
		text = amp + 1;
	}
	return 0;
}

/* A parameter of a header value: name="..." into dst, "" when absent. */
static bool
header_param(const char *head, const char *name, char *dst, size_t size)
{
	char *want = xasprintf("; %s=", name);
	const char *s = str_find_ci(head, want);
	size_t n;

	dst[0] = '\0';
	if (s == NULL) {
		free(want);
		return false;
	}
	s += strlen(want);
	free(want);
	if (*s == '"')
		n = strcspn(++s, "\"");
	else
		n = strcspn(s, "; \r\n");
	str_cut(dst, n + 1 < size ? n + 1 : size, s);
	return true;
}

static int
keep_file(struct sim_call *c, const char *name, const char *filename, const char *head,
    const char *p, size_t n, struct err *e)
{
	const char *type = str_find_ci(head, "content-type:");
	char sha[65], mime[128] = "application/octet-stream";
	struct json *file;
	size_t len;

	if (store_put(c->sim, p, n, sha, e) == -1)
		return -1;
	if (type != NULL) {
		type += strlen("content-type:");
		type += strspn(type, " ");
		len = strcspn(type, "\r\n;");
		str_cut(mime, len + 1 < sizeof mime ? len + 1 : sizeof mime, type);
	}
	file = json_obj();
	json_put_bool(file, "is_file", true);
	json_put_str(file, "name", filename);
	json_put_str(file, "content_type", mime);
	json_put_str(file, "sha256", sha);
	json_put_i64(file, "bytes", (int64_t)n);
	put_nested(c->body, name, file);
	return 0;
}

/* One part of multipart/form-data: its head and its bytes. */
static int
one_part(struct sim_call *c, const char *p, size_t n, struct err *e)
{
	const char *split = memmem(p, n, "\r\n\r\n", 4);
	char head[PART_HEAD_BYTES], name[NAME_BYTES], filename[LIMIT_NAME];
	size_t head_n;
	char *text;

	if (split == NULL || (head_n = (size_t)(split - p)) + 1 > sizeof head)
		return sim_refuse(c, 400, "multipart: a part without a head");
	memcpy(head, p, head_n);
	head[head_n] = '\0';
	p = split + 4;
	n -= head_n + 4;
	if (!header_param(head, "name", name, sizeof name))
		return sim_refuse(c, 400, "multipart: a part without a name");
	if (header_param(head, "filename", filename, sizeof filename)) {
		if (filename[0] == '\0' && n == 0)
			return 0; /* a browser's file field that was left empty */
		return keep_file(c, name, filename, head, p, n, e);
	}
	text = xstrndup(p, n);
	put_nested(c->body, name, json_new_str(text));
	free(text);
	return 0;
}

static int
read_multipart(struct sim_call *c, const struct body *b, struct err *e)
{
	char boundary[NAME_BYTES];
	const char *s, *next, *end = b->p + b->n;
	char *mark;
	size_t mark_n;
	int rc = 0;

	if (!header_param(c->req->p.content_type, "boundary", boundary, sizeof boundary))
		return sim_refuse(c, 400, "multipart: no boundary");
	mark = xasprintf("\r\n--%s", boundary);
	mark_n = strlen(mark);
	/* The first boundary has no line end before it. */
	s = b->n >= mark_n - 2 && memcmp(b->p, mark + 2, mark_n - 2) == 0
		? b->p + mark_n - 2
		: NULL;
	while (rc == 0) {
		if (s == NULL || end - s < 2) {
			rc = sim_refuse(c, 400, "multipart: no end");
		} else if (memcmp(s, "--", 2) == 0) {
			break;
		} else {
			next = memmem(s, (size_t)(end - s), mark, mark_n);
			if (next == NULL)
				rc = sim_refuse(c, 400, "multipart: no end");
			else if (next - s > 2)
				rc = one_part(c, s + 2, (size_t)(next - s) - 2, e);
			s = next != NULL ? next + mark_n : NULL;
		}
	}
	free(mark);
	return rc;
}

static int
read_body(struct sim_call *c, const struct body *b, struct err *e)
{
	const char *type = c->req->p.content_type != NULL ? c->req->p.content_type : "";
	struct json *tree = NULL;
	struct err ignored = {0};

	if (str_starts_ci(type, "multipart/form-data"))
		return read_multipart(c, b, e);
	if (str_starts_ci(type, "application/json")) {
		if (json_parse(b->p, b->n, LIMIT_API_BODY, &tree, &ignored) == -1)
			return sim_refuse(
			    c, 400, "There was a problem in the JSON you submitted");
		json_free(c->body);
		c->body = tree;
		return 0;
	}
	if (str_starts_ci(type, "application/x-www-form-urlencoded") &&
	    params_pairs(b->p, b->n, c->body) == -1)
		return sim_refuse(c, 400, "invalid %%-encoding");
	return 0;
}

int
params_read(struct sim_call *c, struct err *e)
{
	struct body b = {0};
	int rc;

	c->query = json_obj();
	c->body = json_obj();
	if (params_pairs(c->req->query, strlen(c->req->query), c->query) == -1)
		return sim_refuse(c, 400, "invalid %%-encoding");
	if (c->req->body_too_big)
		return sim_refuse(c, 413, "Request Entity Too Large");
	if (body_open(c, &b, e) == -1)
		return -1;
	if (c->raw) {
		rc = store_put(c->sim, b.p, b.n, c->raw_sha, e);
		c->raw_bytes = (int64_t)b.n;
	} else {
		rc = b.n > 0 ? read_body(c, &b, e) : 0;
	}
	body_close(&b);
	return rc;
}

const char *
params_str(const struct json *from, const char *path)
{
	return json_str_or(from, path, "");
}
