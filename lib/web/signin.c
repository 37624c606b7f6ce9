#include "config.h"

#include "web/signin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "io/crypt.h"
#include "web/remote_user.h"

enum { SALT_BYTES = 32, BASIC_MAX = LIMIT_LOGIN + 1 + SIGNIN_PASSWORD_MAX };

/* One answer of the back end, under the salted hash of name and password. */
struct memory {
	uint8_t key[CRYPT_SHA256_BYTES];
	int64_t until_ms;
	bool good;
	struct signin_person person;
};

struct signin {
	struct signin_conf c;
	struct signin_count *count;
	uint8_t salt[SALT_BYTES]; /* of this process alone */
	struct memory memory[SIGNIN_REMEMBERED_MAX];
};

static void
real_pause(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

int
signin_new(const struct signin_conf *c, struct signin **out, struct err *e)
{
	struct signin *s = xcalloc(1, sizeof(*s));

	s->c = *c;
	if (s->c.now_ms == NULL)
		s->c.now_ms = clk_mono_ms;
	if (s->c.pause == NULL)
		s->c.pause = real_pause;
	if (signin_count_open(c->share_dir, &s->count, e) == -1) {
		free(s);
		return -1;
	}
	rnd_bytes(s->salt, sizeof(s->salt));
	*out = s;
	return 0;
}

void
signin_free(struct signin *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SIGNIN_REMEMBERED_MAX; i++)
		signin_person_clear(&s->memory[i].person);
	signin_count_close(s->count);
	explicit_bzero(s->salt, sizeof(s->salt));
	free(s);
}

void
signin_person_clear(struct signin_person *p)
{
	free(p->mail);
	free(p->display);
	strv_clear(&p->groups);
	*p = (struct signin_person){0};
}

static void
person_copy(struct signin_person *dst, const struct signin_person *src)
{
	*dst = (struct signin_person){
	    .mail = xstrdup(src->mail), .display = xstrdup(src->display)};
	memcpy(dst->name, src->name, sizeof(dst->name));
	for (size_t i = 0; i < src->groups.n; i++)
		strv_add(&dst->groups, src->groups.v[i]);
}

/* ---- the header */

int
signin_basic(const char *authorization, char *name, size_t size, struct secret *password)
{
	uint8_t raw[BASIC_MAX + 1];
	const char *s = authorization;
	const uint8_t *colon;
	size_t n = 0;
	int rc = -1;

	if (!str_starts_ci(s, "Basic "))
		return -1;
	s += strlen("Basic ");
	while (*s == ' ')
		s++;
	if (dec_base64(s, strlen(s), raw, sizeof(raw) - 1, &n) == -1)
		goto out;
	raw[n] = '\0';
	colon = memchr(raw, ':', n);
	if (colon == NULL || memchr(raw, '\0', n) != NULL ||
	    !str_utf8_valid((const char *)raw, n) || (size_t)(colon - raw) >= size)
		goto out;
	memcpy(name, raw, (size_t)(colon - raw));
	name[colon - raw] = '\0';
	secret_set(password, colon + 1, n - (size_t)(colon + 1 - raw));
	rc = 0;
out:
	explicit_bzero(raw, sizeof(raw));
	return rc;
}

/* ---- what is remembered */

static void
key_of(const struct signin *s, const char *name, const struct secret *password,
    uint8_t key[CRYPT_SHA256_BYTES])
{
	struct buf b = BUF_INIT(LIMIT_LOGIN + SIGNIN_PASSWORD_MAX + 2);

	buf_add(&b, name, strlen(name) + 1); /* its NUL separates */
	buf_add(&b, password->p, password->len);
	BUG_IF(b.over);
	crypt_hmac256(s->salt, sizeof(s->salt), b.p, b.len, key);
	buf_clear(&b);
}

static const struct memory *
recall(const struct signin *s, const uint8_t key[CRYPT_SHA256_BYTES])
{
	int64_t now = s->c.now_ms();

	for (size_t i = 0; i < SIGNIN_REMEMBERED_MAX; i++) {
		const struct memory *m = &s->memory[i];

		if (m->until_ms > now && crypt_eq(m->key, key, sizeof(m->key)))
			return m;
	}
	return NULL;
}

/* person is NULL for a wrong password: a browser repeats it, and must not be counted again
 * for that. */
static void
remember(struct signin *s, const uint8_t key[CRYPT_SHA256_BYTES],
    const struct signin_person *person)
{
	struct memory *m = &s->memory[0];

	for (size_t i = 1; i < SIGNIN_REMEMBERED_MAX; i++) {
		if (s->memory[i].until_ms < m->until_ms)
			m = &s->memory[i];
	}
	signin_person_clear(&m->person);
	memcpy(m->key, key, sizeof(m->key));
	m->until_ms = s->c.now_ms() + SIGNIN_REMEMBER_MS;
	m->good = person != NULL;
	if (person != NULL)
		person_copy(&m->person, person);
}

/* ---- judging */

/* The back end's refusal. Names that nobody has are not logged: people type passwords
 * there. */
static void
refused(struct signin *s, const char *name, const uint8_t *key, int failures,
    const struct err *e)
{
	bool known = e->code == ERR_AUTH;

	remember(s, key, NULL);
	log_event(LOG_WARN, "signin-refused", "person", known ? name : NULL, "why",
	    known ? "password" : "name", "failures", log_num(failures), NULL);
	s->c.pause(failures * SIGNIN_DELAY_MS);
}

static enum signin_verdict
ask_back_end(struct signin *s, const char *name, const struct secret *password,
    const uint8_t *key, struct signin_person *out)
{
	struct err e = {0};
	int failures = signin_count_begin(s->count, name, s->c.now_ms());

	if (failures == 0) {
		log_event(LOG_WARN, "signin-stopped", NULL);
		return SIGNIN_STOPPED;
	}
	if (s->c.check(s->c.arg, name, password, out, &e) == 0) {
		signin_count_forget(s->count, name);
		remember(s, key, out);
		log_event(LOG_INFO, "signin", "person", out->name, NULL);
		return SIGNIN_YES;
	}
	if (e.code == ERR_AUTH || e.code == ERR_NOT_FOUND) {
		refused(s, name, key, failures, &e);
		return SIGNIN_NO;
	}
	signin_count_undo(s->count, name);
	log_err("signin-down", &e);
	return SIGNIN_DOWN;
}

enum signin_verdict
signin_ask(struct signin *s, const char *authorization, struct signin_person *out)
{
	char typed[BASIC_MAX + 1];
	char name[LIMIT_LOGIN + 1];
	uint8_t key[CRYPT_SHA256_BYTES];
	struct secret password = {0};
	struct err e = {0};
	const struct memory *m;
	enum signin_verdict v = SIGNIN_NO;

	if (str_empty(authorization) ||
	    signin_basic(authorization, typed, sizeof(typed), &password) == -1)
		goto out;
	/* a directory takes an empty password for an anonymous bind, and says yes */
	if (!secret_is_set(&password) || password.len == 0 ||
	    password.len > SIGNIN_PASSWORD_MAX)
		goto out;
	if (remote_user_canonical(typed, s->c.domains, name, sizeof(name), &e) == -1) {
		log_event(LOG_INFO, "signin-unusable-name", "why", e.msg, NULL);
		goto out;
	}
	key_of(s, name, &password, key);
	m = recall(s, key);
	if (m == NULL) {
		v = ask_back_end(s, name, &password, key, out);
	} else if (m->good) {
		person_copy(out, &m->person);
		v = SIGNIN_YES;
	}
out:
	secret_clear(&password);
	return v;
}

/* ---- the answer */

static void
encoded_header(struct fcgi_resp *resp, const char *name, const char *text)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);

	remote_text_encode(&b, text);
	fcgi_header(resp, name, b.over ? "" : buf_str(&b));
	buf_clear(&b);
}

static void
groups_header(struct fcgi_resp *resp, const struct strv *groups)
{
	struct buf b = BUF_INIT(SIGNIN_GROUPS_BYTES);

	for (size_t i = 0; i < groups->n; i++) {
		size_t before = b.len;

		if (b.len > 0)
			buf_putc(&b, ',');
		remote_text_encode(&b, groups->v[i]);
		if (b.over) { /* what does not fit is left out whole */
			b.over = false;
			buf_truncate(&b, before);
			log_event(LOG_WARN, "signin-groups-cut", "sent",
			    log_num((long long)i), NULL);
			break;
		}
	}
	fcgi_header(resp, "X-Remote-Groups", buf_str(&b));
	buf_clear(&b);
}

static void
answer_yes(struct fcgi_resp *resp, const struct signin_person *p)
{
	resp->status = 200;
	fcgi_header(resp, "X-Remote-User", p->name);
	encoded_header(resp, "X-Remote-Mail", p->mail);
	encoded_header(resp, "X-Remote-Name", p->display);
	groups_header(resp, &p->groups);
}

void
signin_handle(void *arg, struct fcgi_req *req, struct fcgi_resp *resp)
{
	struct signin_person p = {0};

	fcgi_header(resp, "Cache-Control", "no-store");
	switch (signin_ask(arg, req->p.http_authorization, &p)) {
	case SIGNIN_YES:
		answer_yes(resp, &p);
		break;
	case SIGNIN_NO:
		resp->status = 401;
		fcgi_header(resp, "WWW-Authenticate",
		    "Basic realm=\"connectorweb\", charset=\"UTF-8\"");
		break;
	case SIGNIN_STOPPED:
		resp->status = 403;
		break;
	case SIGNIN_DOWN:
		resp->status = 503;
		fcgi_header(resp, "Retry-After", "10");
		break;
	}
	signin_person_clear(&p);
}
