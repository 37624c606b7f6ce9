#include "config.h"

#include "web/remote_user.h"

#include <string.h>

#include "base/enc.h"
#include "base/limits.h"

static bool
has_domain(const struct strv *domains, const char *s, size_t n)
{
	for (size_t i = 0; i < domains->n; i++) {
		if (strlen(domains->v[i]) == n) {
			struct buf one = BUF_INIT(LIMIT_LOGIN);
			bool same;

			buf_add(&one, s, n);
			same = str_eq_ci(buf_str(&one), domains->v[i]);
			buf_clear(&one);
			if (same)
				return true;
		}
	}
	return false;
}

int
remote_user_canonical(
    const char *typed, const struct strv *domains, char *dst, size_t size, struct err *e)
{
	const char *s = typed;
	size_t n = strlen(typed);
	const char *sep;

	BUG_IF(size == 0);
	dst[0] = '\0';
	if (n > LIMIT_LOGIN)
		return err_set(
		    e, ERR_INPUT, "the name is longer than %d bytes", LIMIT_LOGIN);
	if (!str_utf8_valid(s, n) || !str_no_controls(s, n))
		return err_set(e, ERR_INPUT, "the name holds controls or is no UTF-8");
	for (; n > 0 && s[0] == ' '; n--)
		s++;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	sep = memchr(s, '\\', n);
	if (sep != NULL) {
		if (!has_domain(domains, s, (size_t)(sep - s)))
			return err_set(e, ERR_INPUT,
			    "the name is of a domain that is not in "
			    "remote_user_domains");
		n -= (size_t)(sep + 1 - s);
		s = sep + 1;
	} else if ((sep = memchr(s, '@', n)) != NULL) {
		if (!has_domain(domains, sep + 1, n - (size_t)(sep + 1 - s)))
			return err_set(e, ERR_INPUT,
			    "the name is of a domain that is not in "
			    "remote_user_domains");
		n = (size_t)(sep - s);
	}
	if (n == 0 || n >= size || memchr(s, '\\', n) != NULL || memchr(s, '@', n) != NULL)
		return err_set(e, ERR_INPUT, "the name is empty or has two domains");
	for (size_t i = 0; i < n; i++)
		dst[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	dst[n] = '\0';
	return 0;
}

void
remote_text_encode(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e || *text == '%' || *text == ',')
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
		else
			buf_putc(out, *text);
	}
}

static void
decode(const char *s, size_t n, struct buf *out)
{
	if (dec_percent(out, s, n, false) == -1) {
		/* from another provider, which does not encode */
		buf_reset(out);
		buf_add(out, s, n);
	}
	if (out->over || !str_utf8_valid(buf_str(out), out->len) ||
	    !str_no_controls(buf_str(out), out->len))
		buf_reset(out);
}

void
remote_text_decode(const char *sent, char *dst, size_t size)
{
	struct buf b = BUF_INIT(LIMIT_FIELD);

	if (sent != NULL)
		decode(sent, strlen(sent), &b);
	str_cut(dst, size, buf_str(&b));
	buf_clear(&b);
}

void
remote_groups_decode(const char *sent, struct strv *out)
{
	while (sent != NULL && *sent != '\0') {
		size_t n = strcspn(sent, ",");
		struct buf b = BUF_INIT(LIMIT_FIELD);

		decode(sent, n, &b);
		if (b.len > 0)
			strv_add(out, buf_str(&b));
		buf_clear(&b);
		sent += n;
		sent += *sent == ',' ? 1 : 0;
	}
}
