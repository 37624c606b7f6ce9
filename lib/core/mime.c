#include "config.h"

#include "core/mime.h"

#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/rnd.h"
#include "base/str.h"

enum {
	/* RFC 2047 2: an encoded word has at most 75 characters; 45 bytes become 60 of base64 plus 12 around. */
	WORD_BYTES = 45,
	/* The first one shares its line (76 at most) with the header's name. */
	FIRST_WORD_BYTES = 30,
	/* RFC 2045 6.8: lines of at most 76 characters; 57 bytes become 76. */
	LINE_BYTES = 57
};

static int
check(const char *what, const char *s, struct err *e)
{
	if (!str_no_controls(s, strlen(s)) || !str_utf8_valid(s, strlen(s)))
		return err_set(e, ERR_INPUT, "the mail's %s holds control characters or broken UTF-8", what);
	return 0;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* How many of the bytes at s fit into one encoded word without cutting a character. */
static size_t
word_len(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max)
		return n;
	n = max;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* May stand in a header as it is. */
static bool
is_plain(const char *s)
{
	return is_ascii(s) && strlen(s) <= 60 && strstr(s, "=?") == NULL;
}

/* Encoded words, joined by folds. */
static void
put_words(struct buf *out, const char *s)
{
	bool first = true;

	while (*s != '\0') {
		size_t n = word_len(s, first ? FIRST_WORD_BYTES : WORD_BYTES);

		buf_puts(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		enc_base64(out, s, n);
		buf_puts(out, "?=");
		first = false;
		s += n;
	}
}

/* A display name: quoted when plain and without what could end the quotes, encoded otherwise; then the address
 * has a line of its own, because RFC 2047 2 limits a line with an encoded word to 76 characters. */
static void
put_address(struct buf *out, const char *name, const char *address)
{
	if (name[0] != '\0' && is_plain(name) && strpbrk(name, "\"\\") == NULL) {
		buf_printf(out, "\"%s\" ", name);
	} else if (name[0] != '\0') {
		put_words(out, name);
		buf_puts(out, "\r\n ");
	}
	buf_printf(out, "<%s>\r\n", address);
}

static void
put_part(struct buf *out, const char *boundary, const char *type, const char *body)
{
	struct buf crlf = BUF_INIT(LIMIT_MAIL);

	for (const char *p = body; *p != '\0'; p++) {
		if (*p == '\n' && (p == body || p[-1] != '\r'))
			buf_putc(&crlf, '\r');
		buf_putc(&crlf, *p);
	}
	buf_printf(out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	    boundary, type);
	for (size_t i = 0; i < crlf.len; i += LINE_BYTES) {
		enc_base64(out, crlf.p + i, crlf.len - i < LINE_BYTES ? crlf.len - i : LINE_BYTES);
		buf_puts(out, "\r\n");
	}
	if (crlf.over)
		out->over = true;
	buf_clear(&crlf);
}

int
mime_write(const struct mime_mail *m, struct buf *out, struct err *e)
{
	char date[CLK_TEXT_BYTES];
	char random[33];
	char boundary[40];

	if (check("sender", m->from, e) == -1 || check("sender's name", m->from_name, e) == -1 ||
	    check("recipient", m->to, e) == -1 || check("recipient's name", m->to_name, e) == -1 ||
	    check("subject", m->subject, e) == -1)
		return -1;
	clk_rfc5322(m->date_at, date);
	rnd_hex(random, 16);
	if (str_format(boundary, sizeof boundary, "=_%s", random) == -1)
		return err_set(e, ERR_BUG, "boundary");
	buf_printf(out, "Date: %s\r\nFrom: ", date);
	put_address(out, m->from_name, m->from);
	buf_puts(out, "To: ");
	put_address(out, m->to_name, m->to);
	buf_puts(out, "Subject: ");
	if (is_plain(m->subject))
		buf_puts(out, m->subject);
	else
		put_words(out, m->subject);
	buf_printf(out, "\r\nMessage-ID: %s\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n",
	    m->message_id);
	if (m->unsubscribe_url != NULL)
		buf_printf(out, "List-Unsubscribe: <%s>\r\n", m->unsubscribe_url);
	buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary);
	put_part(out, boundary, "text/plain", m->text);
	put_part(out, boundary, "text/html", m->html);
	buf_printf(out, "--%s--\r\n", boundary);
	return buf_check(out, "the mail", e);
}
