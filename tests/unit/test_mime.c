/* test_mime.c: one mail as text for the wire (RFC 5322, 2045 to 2047). */
#include "config.h"

#include "unit.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/str.h"
#include "core/mime.h"

static struct mime_mail
plain(void)
{
	return (struct mime_mail){.from = "connectorweb@example.com", .from_name = "connectorweb",
	    .to = "sam@example.com", .to_name = "Sam Person", .subject = "Please sign in", .message_id = "<1@example.com>",
	    .date_at = 1795467600, .text = "Hello\nworld\n", .html = "hello\n"};
}

static void
write_ok(const struct mime_mail *m, struct buf *out)
{
	struct err e = {0};

	if (mime_write(m, out, &e) != 0)
		fail_msg("%s", e.msg);
}

/* The value of a header with its folds; static storage. */
static const char *
header(const struct buf *b, const char *name)
{
	static char value[2000];
	char mark[64];
	const char *p, *end;

	assert_int_equal(str_format(mark, sizeof mark, "\r\n%s: ", name), 0);
	p = str_starts(buf_str(b), mark + 2) ? buf_str(b) - 2 : strstr(buf_str(b), mark);
	assert_non_null(p);
	p += strlen(mark);
	end = p;
	do {
		end = strstr(end, "\r\n");
		assert_non_null(end);
		end += 2;
	} while (*end == ' ');
	assert_in_range(end - p, 2, sizeof value);
	memcpy(value, p, (size_t)(end - p) - 2);
	value[end - p - 2] = '\0';
	return value;
}

/* Take the encoded words of a header apart again, as RFC 2047 6 says: blanks between words vanish. */
static void
decode_words(const char *s, char *out, size_t size)
{
	size_t n = 0;

	while (*s != '\0') {
		const char *end;
		size_t len = 0;

		s += strspn(s, " \r\n");
		if (!str_starts(s, "=?UTF-8?B?"))
			break;
		end = strstr(s + 10, "?=");
		assert_non_null(end);
		assert_in_range(end + 2 - s, 12, 75);
		assert_int_equal(dec_base64(s + 10, (size_t)(end - s - 10), (uint8_t *)out + n, size - n - 1, &len), 0);
		/* No character is cut: each word stands for itself. */
		assert_true(str_utf8_valid(out + n, len));
		n += len;
		s = end + 2;
	}
	assert_string_equal(s, "");
	out[n] = '\0';
}

static void
test_headers(void **state)
{
	struct mime_mail m = plain();
	struct buf b = BUF_INIT(65536);

	(void)state;
	write_ok(&m, &b);
	assert_string_equal(header(&b, "From"), "\"connectorweb\" <connectorweb@example.com>");
	assert_string_equal(header(&b, "To"), "\"Sam Person\" <sam@example.com>");
	assert_string_equal(header(&b, "Subject"), "Please sign in");
	assert_string_equal(header(&b, "Message-ID"), "<1@example.com>");
	assert_string_equal(header(&b, "Date"), "Mon, 23 Nov 2026 21:00:00 +0000");
	assert_string_equal(header(&b, "Auto-Submitted"), "auto-generated");
	assert_null(strstr(buf_str(&b), "List-Unsubscribe"));
	buf_clear(&b);
	m.unsubscribe_url = "mailto:x@example.com";
	m.to_name = "";
	write_ok(&m, &b);
	assert_string_equal(header(&b, "List-Unsubscribe"), "<mailto:x@example.com>");
	assert_string_equal(header(&b, "To"), "<sam@example.com>");
	buf_clear(&b);
}

/* All lines end in CRLF, none is longer than RFC 2045 allows, everything is ASCII. */
static void
test_lines(void **state)
{
	static char text[20000];
	struct mime_mail m = plain();
	struct buf b = BUF_INIT(1 << 20);
	size_t line = 0;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	m.text = text;
	m.subject = "\xc3\x84nderungen an der Baustelle, bitte melden Sie sich bei Procore wieder an, es warten "
	            "Antworten \xe2\x80\x93 Stra\xc3\x9f" "enbau";
	write_ok(&m, &b);
	for (size_t i = 0; i < b.len; i++) {
		assert_true((unsigned char)b.p[i] < 0x80);
		if (b.p[i] == '\n') {
			assert_int_equal(b.p[i - 1], '\r');
			assert_in_range(line, 1, 77); /* with its CR */
			line = 0;
		} else {
			line++;
		}
	}
	buf_clear(&b);
}

static void
test_encoded_words(void **state)
{
	static const char *const subjects[] = {"\xc3\x84", "caf\xc3\xa9 au lait",
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	    "\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97x"
	    "\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97\xf0\x9f\x8f\x97",
	    "plain but far longer than sixty characters, so that one line would not hold it without folding",
	    "=?UTF-8?B?aGFja2Vk?= looks encoded and is not"};

	(void)state;
	for (size_t i = 0; i < ROWS(subjects); i++) {
		struct mime_mail m = plain();
		struct buf b = BUF_INIT(65536);
		char back[1000];

		m.subject = subjects[i];
		m.to_name = subjects[i];
		write_ok(&m, &b);
		decode_words(header(&b, "Subject"), back, sizeof back);
		assert_string_equal(back, subjects[i]);
		assert_non_null(strstr(header(&b, "To"), "=?UTF-8?B?"));
		assert_true(str_ends(header(&b, "To"), " <sam@example.com>"));
		buf_clear(&b);
	}
}

/* A name with quotes could otherwise end the quoted string early. */
static void
test_quotes_in_names(void **state)
{
	struct mime_mail m = plain();
	struct buf b = BUF_INIT(65536);

	(void)state;
	m.to_name = "Sam \"<evil@example.com>, \\";
	write_ok(&m, &b);
	assert_null(strstr(header(&b, "To"), "evil@"));
	buf_clear(&b);
}

static void
test_injection_is_refused(void **state)
{
	static const char *const bad[] = {"x\r\nBcc: all@example.com", "x\nBcc: y", "x\ry", "x\x01y", "broken \xc3", "x\x7f"};

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		for (int field = 0; field < 5; field++) {
			struct mime_mail m = plain();
			struct buf b = BUF_INIT(65536);
			struct err e = {0};
			const char **at[] = {&m.from, &m.from_name, &m.to, &m.to_name, &m.subject};

			*at[field] = bad[i];
			assert_int_equal(mime_write(&m, &b, &e), -1);
			assert_int_equal(e.code, ERR_INPUT);
			assert_int_equal(b.len, 0);
			buf_clear(&b);
		}
}

/* Both parts come back as they went in, with CRLF line ends. */
static void
test_parts(void **state)
{
	struct mime_mail m = plain();
	struct buf b = BUF_INIT(65536);
	const char *boundary, *part;
	char mark[80], back[1000];
	size_t n = 0;

	(void)state;
	m.text = "Gr\xc3\xbc\xc3\x9f" "e\nline\r\nend";
	m.html = "\xe2\x9c\x93";
	write_ok(&m, &b);
	boundary = strstr(header(&b, "Content-Type"), "boundary=\"");
	assert_non_null(boundary);
	assert_int_equal(str_format(mark, sizeof mark, "--%.*s", 34, boundary + 10), 0);
	part = strstr(strstr(buf_str(&b), "\r\n\r\n"), mark);
	assert_non_null(part);
	part = strstr(part, "\r\n\r\n") + 4;
	assert_int_equal(dec_base64(part, strcspn(part, "\r"), (uint8_t *)back, sizeof back - 1, &n), 0);
	back[n] = '\0';
	assert_string_equal(back, "Gr\xc3\xbc\xc3\x9f" "e\r\nline\r\nend");
	part = strstr(part, mark);
	assert_non_null(part);
	assert_non_null(strstr(part, "text/html; charset=utf-8"));
	part = strstr(part, "\r\n\r\n") + 4;
	assert_int_equal(dec_base64(part, strcspn(part, "\r"), (uint8_t *)back, sizeof back - 1, &n), 0);
	assert_memory_equal(back, "\xe2\x9c\x93", 3);
	assert_true(str_ends(buf_str(&b), "--\r\n"));
	buf_clear(&b);
}

static void
test_too_big(void **state)
{
	struct mime_mail m = plain();
	struct buf b = BUF_INIT(300);
	struct err e = {0};

	(void)state;
	assert_int_equal(mime_write(&m, &b, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_encoded_words),
	    cmocka_unit_test(test_quotes_in_names),
	    cmocka_unit_test(test_injection_is_refused),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
