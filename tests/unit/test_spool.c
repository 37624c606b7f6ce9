/* core/spool: parts that outlive a cut and a process, and what each answer to a request for the rest means. */
#include "config.h"

#include "unit.h"

#include <dirent.h>
#include <sys/time.h>

#include "base/clk.h"
#include "base/str.h"
#include "core/spool.h"
#include "http_calls.h"
#include "io/crypt.h"

struct fx {
	char dir[UNIT_PATH_BYTES];
	struct spool_part part;
	struct call call;
	struct err e;
};

#define OK(f, what)                                                                        \
	do {                                                                               \
		if ((what) != 0)                                                           \
			fail_msg("%s: %s", #what, (f)->e.msg);                             \
	} while (0)

static int
setup(void **state)
{
	static struct fx fx;

	fx = (struct fx){.part = {.fd = -1}};
	assert_int_equal(crypt_init(&fx.e), 0);
	unit_mkdir(fx.dir);
	open_http(&fx.call, NULL);
	*state = &fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *f = *state;
	DIR *d = opendir(f->dir);
	struct dirent *entry;

	spool_drop(&f->part);
	close_http(&f->call);
	while ((entry = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), entry->d_name, 0);
	(void)closedir(d);
	return rmdir(f->dir);
}

static void
part_open(struct fx *f, const char *key)
{
	OK(f, spool_open(f->dir, "file-7", key, &f->part, &f->e));
}

static bool
there(struct fx *f, const char *name)
{
	char path[UNIT_PATH_BYTES];

	unit_path(path, f->dir, name);
	return access(path, F_OK) == 0;
}

static int
files_left(struct fx *f)
{
	DIR *d = opendir(f->dir);
	int n = -2; /* . and .. */

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Bytes that came with this ETag, and a note of them. */
static void
hold(struct fx *f, const char *etag, int64_t total, const char *bytes)
{
	OK(f, spool_begin(&f->part, total, etag, &f->e));
	assert_int_equal(write(f->part.fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	f->part.bytes = (int64_t)strlen(bytes);
	OK(f, spool_keep(&f->part, &f->e));
}

/* ---- what is kept */

static void
test_a_part_outlives_its_process(void **state)
{
	struct fx *f = *state;

	part_open(f, "procore:1");
	hold(f, "\"v1\"", 10, "hello");
	/* written after the note: not vouched for */
	assert_int_equal(write(f->part.fd, "??", 2), 2);
	spool_close(&f->part);
	part_open(f, "procore:1");
	assert_int_equal(f->part.bytes, 5);
	assert_int_equal(f->part.total, 10);
	assert_string_equal(f->part.etag, "\"v1\"");
	assert_false(f->part.whole);
	assert_int_equal(lseek(f->part.fd, 0, SEEK_END), 5);
	spool_close(&f->part);
	/* another file under the same number: nothing of the old one */
	part_open(f, "npc:1");
	assert_int_equal(f->part.bytes, 0);
	assert_string_equal(f->part.etag, "");
	assert_int_equal(lseek(f->part.fd, 0, SEEK_END), 0);
	spool_drop(&f->part);
	assert_int_equal(files_left(f), 0);
}

static void
test_what_has_no_note_goes(void **state)
{
	struct fx *f = *state;

	part_open(f, "procore:1");
	OK(f, spool_begin(&f->part, 10, "", &f->e));
	assert_int_equal(write(f->part.fd, "hello", 5), 5);
	f->part.bytes = 5;
	OK(f, spool_keep(&f->part, &f->e)); /* without an ETag there is nothing to go on with */
	spool_close(&f->part);
	assert_int_equal(files_left(f), 0);
}

static void
test_broken_notes_are_no_notes(void **state)
{
	static const char *const notes[] = {"", "{", "[]",
	    "{\"key\":\"procore:1\",\"bytes\":50,\"total\":60,\"etag\":\"\\\"v1\\\"\"}",
	    "{\"key\":\"procore:1\",\"bytes\":5,\"total\":4,\"etag\":\"\\\"v1\\\"\"}",
	    "{\"key\":\"procore:1\",\"bytes\":5,\"total\":60,\"etag\":\"W/\\\"v1\\\"\"}",
	    "{\"key\":\"procore:1\",\"bytes\":5,\"whole\":true,\"etag\":\"\\\"v1\\\"\"}",
	    "{\"key\":\"procore:1\",\"bytes\":-5,\"etag\":\"\\\"v1\\\"\"}"};
	struct fx *f = *state;
	char path[UNIT_PATH_BYTES];

	unit_path(path, f->dir, "file-7.state");
	for (size_t i = 0; i < ROWS(notes); i++) {
		part_open(f, "procore:1");
		hold(f, "\"v1\"", 10, "hello");
		spool_close(&f->part);
		unit_write(path, notes[i], strlen(notes[i]), 0600);
		part_open(f, "procore:1");
		if (f->part.bytes != 0 || f->part.whole)
			fail_msg("%s was believed", notes[i]);
		spool_drop(&f->part);
	}
}

static void
test_one_process_holds_it(void **state)
{
	struct fx *f = *state;
	struct spool_part other = {.fd = -1};

	part_open(f, "procore:1");
	assert_int_equal(spool_open(f->dir, "file-7", "procore:1", &other, &f->e), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	hold(f, "\"v1\"", 10, "hello");
	spool_close(&f->part);
	part_open(f, "procore:1");
	assert_int_equal(f->part.bytes, 5);
}

/* ---- cleaning */

static void
aged(struct fx *f, const char *name, int64_t age_s, off_t bytes)
{
	struct timeval t[2] = {{.tv_sec = (time_t)(clk_now() - age_s)},
	    {.tv_sec = (time_t)(clk_now() - age_s)}};
	char path[UNIT_PATH_BYTES];

	unit_path(path, f->dir, name);
	unit_write(path, "x", 1, 0600);
	assert_int_equal(truncate(path, bytes), 0);
	assert_int_equal(utimes(path, t), 0);
}

static void
test_old_parts_go_and_the_oldest_above_the_quota(void **state)
{
	struct fx *f = *state;
	int n = 0;

	aged(f, "file-1", SPOOL_PART_LIFE_S + 60, 10);
	aged(f, "file-1.state", 0, 10);
	aged(f, "file-1.up", 0, 10);
	aged(f, "file-2", 3000, 100);
	aged(f, "file-3", 2000, 100);
	aged(f, "file-4", 1000, 100);
	aged(f, "file-4.up", SPOOL_PART_LIFE_S + 60, 10);
	aged(f, "file-x", SPOOL_PART_LIFE_S + 60, 10);
	part_open(f, "procore:1"); /* held, so it stays whatever its age */
	aged(f, "file-7", SPOOL_PART_LIFE_S + 60, 0);
	OK(f, spool_clean(f->dir, 150, &n, &f->e));
	assert_int_equal(n, 3);
	assert_false(there(f, "file-1") || there(f, "file-1.state") || there(f, "file-1.up"));
	assert_false(there(f, "file-2") || there(f, "file-3"));
	assert_true(there(f, "file-4") && there(f, "file-4.up") && there(f, "file-7"));
	assert_true(there(f, "file-x"));
}

static void
test_room_is_made_or_refused(void **state)
{
	struct fx *f = *state;

	part_open(f, "procore:1");
	aged(f, "file-2", 10, 100);
	OK(f, spool_room(&f->part, 1, &f->e));
	assert_true(there(f, "file-2"));
	assert_int_equal(spool_room(&f->part, INT64_C(1) << 60, &f->e), -1);
	assert_int_equal(f->e.code, ERR_IO);
	assert_non_null(strstr(f->e.msg, "MB more are needed"));
	assert_non_null(strstr(f->e.msg, f->dir));
	assert_false(there(f, "file-2"));
	assert_true(there(f, "file-7"));
}

/* ---- asking for the rest */

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n"

/* One request for the part, answered so. */
static enum spool_got
ask(struct fx *f, struct spool_fetch *fetch, const char *answer)
{
	const struct step steps[] = {{answer, answer == NULL ? RESET : CLOSE}, {NULL, CLOSE}};
	struct http_req req = HTTP_REQ_INIT;
	enum spool_got got = SPOOL_GOT_NONE;

	fetch->part = &f->part;
	if (fetch->max_bytes == 0)
		fetch->max_bytes = 1000;
	spool_fetch_ask(fetch, &req);
	req.allow_private = true;
	buf_reset(&f->call.log);
	call_steps(&f->call, steps, &req);
	OK(f, spool_fetch_end(fetch, &f->call.resp, &got, &f->e));
	return got;
}

static void
expect_whole(struct fx *f, const char *text)
{
	char sha[65], have[64] = "";

	crypt_sha256_hex(text, strlen(text), sha);
	assert_true(f->part.whole);
	assert_int_equal(f->part.bytes, (int64_t)strlen(text));
	assert_string_equal(f->part.sha256, sha);
	assert_int_equal(pread(f->part.fd, have, sizeof have, 0), (ssize_t)strlen(text));
	assert_string_equal(have, text);
}

static bool
asked(struct fx *f, const char *line)
{
	return str_find_ci(buf_str(&f->call.log), line) != NULL;
}

static void
test_whole_at_once(void **state)
{
	struct spool_fetch fetch = {0};
	struct fx *f = *state;

	part_open(f, "procore:1");
	assert_int_equal(ask(f, &fetch, HEAD("200 OK") "ETag: \"v1\"\r\nContent-Length: 5\r\n\r\nhello"),
	    SPOOL_GOT_ALL);
	assert_false(asked(f, "\nRange:") || asked(f, "\nIf-"));
	expect_whole(f, "hello");
	/* nothing to fetch is a file too */
	assert_int_equal(
	    ask(f, &fetch, HEAD("200 OK") "ETag: \"v2\"\r\nContent-Length: 0\r\n\r\n"), SPOOL_GOT_ALL);
	expect_whole(f, "");
}

static void
test_a_cut_file_goes_on(void **state)
{
	struct spool_fetch fetch = {0};
	struct fx *f = *state;

	part_open(f, "procore:1");
	assert_int_equal(
	    ask(f, &fetch, HEAD("200 OK") "ETag: \"v1\"\r\nContent-Length: 10\r\n\r\nhello"),
	    SPOOL_GOT_PART);
	assert_int_equal(f->part.bytes, 5);
	assert_int_equal(
	    ask(f, &fetch,
		HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\n"
					    "Content-Length: 5\r\n\r\nwor"),
	    SPOOL_GOT_PART);
	assert_true(asked(f, "\nRange: bytes=5-\r\n") && asked(f, "\nIf-Range: \"v1\"\r\n"));
	assert_int_equal(ask(f, &fetch,
			     HEAD("206 Partial Content") "Content-Range: bytes 8-9/10\r\n"
							 "Content-Length: 2\r\n\r\nld"),
	    SPOOL_GOT_ALL);
	assert_true(asked(f, "\nRange: bytes=8-\r\n"));
	expect_whole(f, "helloworld");
	/* whole: only if it is another now */
	assert_int_equal(ask(f, &fetch, HEAD("304 Not Modified") "ETag: \"v1\"\r\n\r\n"), SPOOL_GOT_ALL);
	assert_true(asked(f, "\nIf-None-Match: \"v1\"\r\n"));
	assert_false(asked(f, "\nRange:"));
	expect_whole(f, "helloworld");
	assert_int_equal(ask(f, &fetch, HEAD("200 OK") "ETag: \"v2\"\r\nContent-Length: 3\r\n\r\nnew"),
	    SPOOL_GOT_ALL);
	expect_whole(f, "new");
}

/* Whatever is not the rest of just these bytes: they are forgotten. */
static void
test_what_does_not_fit_begins_anew(void **state)
{
	static const char *const answers[] = {
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Length: 6\r\n\r\nworld!", /* no range */
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 4-9/10\r\n"
					"Content-Length: 6\r\n\r\noworld",
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 6-9/10\r\n"
					"Content-Length: 4\r\n\r\norld",
	    HEAD("206 Partial Content") "ETag: \"v2\"\r\nContent-Range: bytes 5-9/10\r\n"
					"Content-Length: 5\r\n\r\nworld",
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 5-10/11\r\n"
					"Content-Length: 6\r\n\r\nworld!",
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 5-x/10\r\n"
					"Content-Length: 5\r\n\r\nworld",
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: pages 5-9/10\r\n"
					"Content-Length: 5\r\n\r\nworld",
	    /* less than the total, though complete by its own length */
	    HEAD("206 Partial Content") "ETag: \"v1\"\r\nContent-Range: bytes 5-7/10\r\n"
					"Content-Length: 3\r\n\r\nwor",
	    HEAD("416 Range Not Satisfiable") "Content-Range: bytes */4\r\nContent-Length: 0\r\n\r\n"};
	struct fx *f = *state;

	for (size_t i = 0; i < ROWS(answers); i++) {
		struct spool_fetch fetch = {0};

		part_open(f, "procore:1");
		hold(f, "\"v1\"", 10, "hello");
		if (ask(f, &fetch, answers[i]) != SPOOL_GOT_ANEW)
			fail_msg("answer %zu was taken", i);
		assert_int_equal(f->part.bytes, 0);
		assert_int_equal(lseek(f->part.fd, 0, SEEK_END), 0);
		assert_false(there(f, "file-7.state"));
		assert_int_equal(
		    ask(f, &fetch, HEAD("200 OK") "ETag: \"v2\"\r\nContent-Length: 3\r\n\r\nnew"),
		    SPOOL_GOT_ALL);
		assert_false(asked(f, "\nRange:"));
		expect_whole(f, "new");
		spool_drop(&f->part);
	}
}

static void
test_a_changed_file_is_taken_from_its_start(void **state)
{
	struct spool_fetch fetch = {0};
	struct fx *f = *state;

	part_open(f, "procore:1");
	hold(f, "\"v1\"", 10, "hello");
	/* as servers answer when If-Range does not fit, or without ranges at all */
	assert_int_equal(
	    ask(f, &fetch, HEAD("200 OK") "ETag: \"v2\"\r\nContent-Length: 8\r\n\r\nchanged!"),
	    SPOOL_GOT_ALL);
	assert_true(asked(f, "\nRange: bytes=5-\r\n"));
	expect_whole(f, "changed!");
	assert_false(there(f, "file-7.state"));
}

static void
test_weak_or_no_validator_is_never_gone_on_with(void **state)
{
	static const char *const heads[] = {
	    HEAD("200 OK") "ETag: W/\"v1\"\r\nContent-Length: 10\r\n\r\nhello",
	    HEAD("200 OK") "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nContent-Length: 10\r\n\r\nhello"};
	struct fx *f = *state;

	for (size_t i = 0; i < ROWS(heads); i++) {
		struct spool_fetch fetch = {0};

		part_open(f, "procore:1");
		assert_int_equal(ask(f, &fetch, heads[i]), SPOOL_GOT_PART);
		assert_int_equal(
		    ask(f, &fetch, HEAD("200 OK") "Content-Length: 10\r\n\r\nhelloworld"), SPOOL_GOT_ALL);
		assert_false(asked(f, "\nRange:") || asked(f, "\nIf-Range:"));
		expect_whole(f, "helloworld");
		spool_drop(&f->part);
	}
}

static void
test_the_ceiling(void **state)
{
	static const struct {
		const char *held, *answer;
	} rows[] = {
	    {NULL, HEAD("200 OK") "ETag: \"v1\"\r\nContent-Length: 9\r\n\r\n123456789"},
	    {NULL, HEAD("200 OK") "ETag: \"v1\"\r\n\r\n123456789"}, /* no length: until the end */
	    {"hello", HEAD("206 Partial Content") "Content-Range: bytes 5-8/9\r\n"
						  "Content-Length: 4\r\n\r\n1234"},
	};
	struct fx *f = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct spool_fetch fetch = {.max_bytes = 8};

		part_open(f, "procore:1");
		if (rows[i].held != NULL)
			hold(f, "\"v1\"", -1, rows[i].held);
		assert_int_equal(ask(f, &fetch, rows[i].answer), SPOOL_GOT_NONE);
		assert_true(fetch.too_big);
		spool_drop(&f->part);
	}
}

static void
test_other_answers_are_the_callers(void **state)
{
	struct spool_fetch fetch = {0};
	struct fx *f = *state;

	part_open(f, "procore:1");
	hold(f, "\"v1\"", 10, "hello");
	assert_int_equal(
	    ask(f, &fetch, HEAD("503 Service Unavailable") "Content-Length: 2\r\n\r\nno"), SPOOL_GOT_NONE);
	assert_int_equal(ask(f, &fetch, NULL), SPOOL_GOT_NONE);
	/* The script has no step, so the server may be gone before the connection. */
	assert_true(f->call.resp.stage == HTTP_LOST || f->call.resp.stage == HTTP_CONNECT);
	/* nothing was lost by that */
	assert_int_equal(f->part.bytes, 5);
	assert_int_equal(ask(f, &fetch,
			     HEAD("206 Partial Content") "Content-Range: bytes 5-9/10\r\n"
							 "Content-Length: 5\r\n\r\nworld"),
	    SPOOL_GOT_ALL);
	expect_whole(f, "helloworld");
}

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_a_part_outlives_its_process),
	    T(test_what_has_no_note_goes),
	    T(test_broken_notes_are_no_notes),
	    T(test_one_process_holds_it),
	    T(test_old_parts_go_and_the_oldest_above_the_quota),
	    T(test_room_is_made_or_refused),
	    T(test_whole_at_once),
	    T(test_a_cut_file_goes_on),
	    T(test_what_does_not_fit_begins_anew),
	    T(test_a_changed_file_is_taken_from_its_start),
	    T(test_weak_or_no_validator_is_never_gone_on_with),
	    T(test_the_ceiling),
	    T(test_other_answers_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
