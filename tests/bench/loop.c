/* The bare libcurl loop that sync is measured against: the requests on standard input, one
 * after the other over one easy handle, and nothing else. No database, no journal, no rules.
 *
 *	loop CA_FILE REGION
 *
 * A request is a line of five fields with a tab between:
 *	METHOD  URL  AUTH  BODY  TAKE
 * AUTH  "-", "bearer TOKEN COMPANY" ("bearer TOKEN 0": without the company's header), "sig":
 *       signed with what a login put into key_id, key and session
 * BODY  "-", the text itself, or "@FILE": its bytes
 * TAKE  "-", or NAME=PATH[,NAME=PATH]: members of the answer kept for later; the path
 *       "@redirect" is where the answer leads
 * {NAME} in URL and BODY stands for what was kept. A line "= WORD" prints the time since the
 * last one: "WORD SECONDS CALLS BYTES_UP BYTES_DOWN". An answer that is no 2xx or 3xx ends it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/json.h"

enum { VARS = 16, NAME_BYTES = 16, VALUE_BYTES = 4096, FIELDS = 5, BODY_BYTES = 64 << 20 };

struct var {
	char name[NAME_BYTES], value[VALUE_BYTES];
};

struct loop {
	CURL *curl;
	const char *ca_file, *region;
	struct var vars[VARS];
	struct buf body; /* of the answer */
	long calls;
	curl_off_t up, down;
	double begun;
};

static double
now_s(void)
{
	struct timespec t;

	BUG_IF(clock_gettime(CLOCK_MONOTONIC, &t) == -1);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *
value_of(const struct loop *l, const char *name, size_t n)
{
	for (size_t i = 0; i < VARS; i++)
		if (strlen(l->vars[i].name) == n && memcmp(l->vars[i].name, name, n) == 0)
			return l->vars[i].value;
	return NULL;
}

static int
keep(struct loop *l, const char *name, size_t n, const char *value)
{
	for (size_t i = 0; i < VARS && n < NAME_BYTES; i++) {
		struct var *v = &l->vars[i];

		if (v->name[0] != '\0' &&
		    (strlen(v->name) != n || memcmp(v->name, name, n) != 0))
			continue;
		memcpy(v->name, name, n);
		v->name[n] = '\0';
		return str_copy(v->value, sizeof v->value, value);
	}
	return -1;
}

/* Braces that hold no known name (JSON is full of them) stay. */
static void
fill(const struct loop *l, const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const char *v =
		    end == NULL ? NULL : value_of(l, text + 1, (size_t)(end - text - 1));

		if (v == NULL) {
			buf_putc(out, *text);
			continue;
		}
		buf_puts(out, v);
		text = end;
	}
}

static size_t
take_data(char *p, size_t size, size_t n, void *arg)
{
	struct loop *l = arg;

	buf_add(&l->body, p, size * n);
	return l->body.over ? 0 : size * n;
}

static int
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rbe");
	char part[65536];
	size_t n;

	if (f == NULL)
		return -1;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(out, part, n);
	return fclose(f) == 0 && !out->over ? 0 : -1;
}

static void
add_header(struct curl_slist **h, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	*h = curl_slist_append(*h, line);
	free(line);
}

/* The headers that sync sends, too. */
static void
authorize(struct loop *l, const char *auth, struct curl_slist **h)
{
	char *copy = xstrdup(auth), *token, *company;

	if (str_starts(copy, "bearer ")) {
		token = copy + strlen("bearer ");
		company = strchr(token, ' ');
		BUG_IF(company == NULL);
		*company++ = '\0';
		curl_easy_setopt(l->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(l->curl, CURLOPT_XOAUTH2_BEARER, token);
		if (!str_eq(company, "0"))
			add_header(h, "Procore-Company-Id", company);
	} else if (str_eq(copy, "sig")) {
		char *how = xasprintf("aws:amz:%s:execute-api", l->region);

		curl_easy_setopt(l->curl, CURLOPT_AWS_SIGV4, how);
		curl_easy_setopt(l->curl, CURLOPT_USERNAME, value_of(l, "key_id", 6));
		curl_easy_setopt(l->curl, CURLOPT_PASSWORD, value_of(l, "key", 3));
		add_header(h, "X-Amz-Security-Token", value_of(l, "session", 7));
		free(how);
	}
	free(copy);
}

/* What later requests need of this answer. */
static int
take(struct loop *l, char *list)
{
	struct json *j = NULL;
	char *to = NULL, *rest = NULL;
	int rc = 0;

	if (str_eq(list, "-"))
		return 0;
	curl_easy_getinfo(l->curl, CURLINFO_REDIRECT_URL, &to);
	if (json_parse(buf_str(&l->body), l->body.len, BODY_BYTES, &j, NULL) == -1)
		j = NULL;
	for (char *one = list; rc == 0 && one != NULL; one = rest) {
		char *path = strchr(one, '=');
		const char *value;

		rest = strchr(one, ',');
		if (rest != NULL)
			*rest++ = '\0';
		BUG_IF(path == NULL);
		value = str_eq(path + 1, "@redirect") ? to : json_str_or(j, path + 1, NULL);
		rc = value == NULL ? -1 : keep(l, one, (size_t)(path - one), value);
	}
	json_free(j);
	return rc;
}

static int
perform(struct loop *l, char *f[FIELDS], struct curl_slist *h, const char *url,
    const struct buf *body)
{
	curl_off_t up = 0, down = 0;
	long status = 0;

	curl_easy_setopt(l->curl, CURLOPT_URL, url);
	curl_easy_setopt(l->curl, CURLOPT_CAINFO, l->ca_file);
	curl_easy_setopt(l->curl, CURLOPT_HTTPHEADER, h);
	curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, take_data);
	curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, l);
	curl_easy_setopt(l->curl, CURLOPT_CUSTOMREQUEST, f[0]);
	if (!str_eq(f[3], "-")) {
		curl_easy_setopt(
		    l->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDS, buf_str(body));
	}
	buf_reset(&l->body);
	if (curl_easy_perform(l->curl) != CURLE_OK)
		return -1;
	curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(l->curl, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(l->curl, CURLINFO_SIZE_DOWNLOAD_T, &down);
	l->calls++;
	l->up += up;
	l->down += down;
	if (status < 200 || status >= 400) {
		fprintf(stderr, "loop: %s %s: %ld %.300s\n", f[0], url, status,
		    buf_str(&l->body));
		return -1;
	}
	return take(l, f[4]);
}

static int
request(struct loop *l, char *f[FIELDS])
{
	struct buf url = BUF_INIT(VALUE_BYTES * 2), body = BUF_INIT(BODY_BYTES);
	struct curl_slist *h = NULL;
	int rc = 0;

	curl_easy_reset(l->curl); /* connections stay open */
	fill(l, f[1], &url);
	if (f[3][0] == '@')
		rc = read_file(f[3] + 1, &body);
	else
		fill(l, f[3], &body);
	add_header(&h, "Accept", "application/json");
	if (!str_eq(f[3], "-"))
		add_header(&h, "Content-Type",
		    f[3][0] == '@' ? "application/octet-stream" : "application/json");
	authorize(l, f[2], &h);
	if (rc == 0)
		rc = perform(l, f, h, buf_str(&url), &body);
	curl_slist_free_all(h);
	buf_clear(&url);
	buf_clear(&body);
	return rc;
}

static void
report(struct loop *l, const char *word)
{
	double now = now_s();

	printf("%s %.6f %ld %lld %lld\n", word, now - l->begun, l->calls, (long long)l->up,
	    (long long)l->down);
	l->calls = 0;
	l->up = l->down = 0;
	l->begun = now_s();
}

/* false: the line has not five fields. */
static bool
split(char *line, char *f[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		f[i] = line;
		line = strchr(line, i == FIELDS - 1 ? '\n' : '\t');
		if (line == NULL)
			return false;
		*line++ = '\0';
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct loop l = {.body = BUF_INIT(BODY_BYTES)};
	char *line = NULL, *f[FIELDS];
	size_t size = 0;
	int status = 0;

	if (argc != 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 2;
	l.curl = curl_easy_init();
	BUG_IF(l.curl == NULL);
	l.ca_file = argv[1];
	l.region = argv[2];
	l.begun = now_s();
	while (status == 0 && getline(&line, &size, stdin) != -1) {
		if (str_starts(line, "= ")) {
			line[strcspn(line, "\n")] = '\0';
			report(&l, line + 2);
		} else if (!split(line, f) || request(&l, f) == -1) {
			fprintf(stderr, "loop: failed at: %.200s\n", line);
			status = 1;
		}
	}
	free(line);
	buf_clear(&l.body);
	curl_easy_cleanup(l.curl);
	curl_global_cleanup();
	return status;
}
