/* A loop over libcurl that moves files and does nothing else: what tests/bench/files.py measures the worker against.
 *
 *   bare CA_FILE <JOBS
 *
 * A job is a line: "get URL FILE", or "put URL FILE AT BYTES [HEADER]" with AT the place in the file. Redirects are
 * followed; the bearer in TOKEN goes to the first host only. Prints the seconds that all of it took. */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

enum { FIELDS = 6, BUFFER_BYTES = 256 * 1024 };

struct job {
	int fd;
	off_t at;
};

static size_t
keep(char *p, size_t size, size_t n, void *arg)
{
	const struct job *j = arg;
	ssize_t k = write(j->fd, p, size * n);

	return k < 0 ? 0 : (size_t)k;
}

static size_t
drop(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static size_t
give(char *p, size_t size, size_t n, void *arg)
{
	struct job *j = arg;
	ssize_t k = pread(j->fd, p, size * n, j->at);

	if (k < 0)
		return CURL_READFUNC_ABORT;
	j->at += k;
	return (size_t)k;
}

static void
set_get(CURL *c)
{
	const char *token = getenv("TOKEN");

	curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
	if (token != NULL && *token != '\0') {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, token);
	}
}

/* NULL: not numbers. */
static struct curl_slist *
set_put(CURL *c, char **field, struct job *j)
{
	struct curl_slist *lines = NULL;
	int64_t at = 0, bytes = 0;

	if (field[4] == NULL || num_parse_i64(field[3], 0, INT64_MAX, &at) == -1 ||
	    num_parse_i64(field[4], 0, INT64_MAX, &bytes) == -1)
		return NULL;
	j->at = (off_t)at;
	lines = curl_slist_append(lines, "Content-Type: application/octet-stream");
	lines = curl_slist_append(lines, "Expect:");
	if (field[5] != NULL)
		lines = curl_slist_append(lines, field[5]);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, j);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines);
	return lines;
}

/* field: verb, URL, file, place, length, header. Returns whether it went well. */
static int
run(CURL *c, const char *ca, char **field)
{
	int put = strcmp(field[0], "put") == 0;
	struct job j = {.fd = open(field[2], put ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0600)};
	struct curl_slist *lines = NULL;
	CURLcode code;
	long status = 0;

	if (j.fd == -1) {
		(void)fprintf(stderr, "bare: %s: %s\n", field[2], strerrordesc_np(errno));
		return 0;
	}
	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, field[1]);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &j);
	if (put)
		lines = set_put(c, field, &j);
	else
		set_get(c);
	code = put && lines == NULL ? CURLE_BAD_FUNCTION_ARGUMENT : curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(lines);
	(void)close(j.fd);
	if (code == CURLE_OK && status >= 200 && status < 300)
		return 1;
	(void)fprintf(stderr, "bare: %s %.120s: %s, status %ld\n", field[0], field[1],
	    curl_easy_strerror(code), status);
	return 0;
}

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	CURL *c = curl_easy_init();
	char *line = NULL, *rest;
	size_t size = 0;
	double start = now_s();
	int good = 1;

	if (argc != 2 || c == NULL) {
		(void)fputs("usage: bare CA_FILE <JOBS\n", stderr);
		return 2;
	}
	while (good && getline(&line, &size, stdin) > 0) {
		char *field[FIELDS] = {NULL};
		int n = 0;

		line[strcspn(line, "\n")] = '\0';
		rest = line;
		while (n < FIELDS - 1 && rest != NULL)
			field[n++] = strsep(&rest, " ");
		field[n] = rest; /* the header may hold blanks */
		good = n >= 3 && run(c, argv[1], field);
	}
	(void)printf("%.6f\n", now_s() - start);
	free(line);
	curl_easy_cleanup(c);
	return good ? 0 : 1;
}
