/* data.c: the database in one line a statement; small helpers. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"
#include "base/str.h"
#include "sandbox/npc-queries.gen.h"
#include "sandbox/npc/npc.h"

static void
bind_all(struct stmt *s, const char *kinds, va_list ap)
{
	for (int i = 1; *kinds != '\0'; kinds++, i++) {
		if (*kinds == 's')
			db_bind_text(s, i, va_arg(ap, const char *));
		else
			db_bind_i64(s, i, va_arg(ap, int64_t));
	}
}

int
nq_exec(struct npc *n, int query, struct err *e, const char *kinds, ...)
{
	struct stmt *s = NULL;
	va_list ap;

	if (db_query(n->db, query, &s, e) == -1)
		return -1;
	va_start(ap, kinds);
	bind_all(s, kinds, ap);
	va_end(ap);
	n->writes++;
	return db_exec(s, e);
}

static int
row_v(struct npc *n, int query, char **out, size_t n_out, struct err *e, const char *kinds,
    va_list ap)
{
	struct stmt *s = NULL;
	bool row = false;
	int rc = -1;

	for (size_t i = 0; i < n_out; i++)
		out[i] = NULL;
	if (db_query(n->db, query, &s, e) == -1)
		goto out;
	bind_all(s, kinds, ap);
	if (db_step(s, &row, e) == -1)
		goto out;
	for (size_t i = 0; row && i < n_out; i++)
		out[i] = xstrdup(db_col_text(s, (int)i));
	rc = 0;
out:
	db_done(s);
	return rc;
}

int
nq_row(struct npc *n, int query, char **out, size_t n_out, struct err *e, const char *kinds,
    ...)
{
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = row_v(n, query, out, n_out, e, kinds, ap);
	va_end(ap);
	return rc;
}

int
nq_text(struct npc *n, int query, char **out, struct err *e, const char *kinds, ...)
{
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = row_v(n, query, out, 1, e, kinds, ap);
	va_end(ap);
	return rc;
}

int
nq_i64(struct npc *n, int query, int64_t dflt, int64_t *out, struct err *e,
    const char *kinds, ...)
{
	char *text = NULL;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = row_v(n, query, &text, 1, e, kinds, ap);
	va_end(ap);
	*out = dflt;
	if (rc == 0 && text != NULL && num_parse_i64(text, INT64_MIN, INT64_MAX, out) == -1)
		rc = err_set(e, ERR_DB, "not a number: %s", text);
	free(text);
	return rc;
}

static int
parse_col(const char *text, struct json **out, struct err *e)
{
	return json_parse(text, strlen(text), NPC_JSON_MAX, out, e);
}

int
nq_json(struct npc *n, int query, struct json **out, struct err *e, const char *kinds, ...)
{
	char *text = NULL;
	va_list ap;
	int rc;

	*out = NULL;
	va_start(ap, kinds);
	rc = row_v(n, query, &text, 1, e, kinds, ap);
	va_end(ap);
	if (rc == 0 && text != NULL)
		rc = parse_col(text, out, e);
	free(text);
	return rc;
}

int
nq_rows(struct npc *n, int query, struct json *arr, struct err *e, const char *kinds, ...)
{
	struct stmt *s = NULL;
	bool row = true;
	va_list ap;
	int rc = -1;

	if (db_query(n->db, query, &s, e) == -1)
		goto out;
	va_start(ap, kinds);
	bind_all(s, kinds, ap);
	va_end(ap);
	for (;;) {
		struct json *j = NULL;

		if (db_step(s, &row, e) == -1)
			goto out;
		if (!row)
			break;
		if (parse_col(db_col_text(s, 0), &j, e) == -1)
			goto out;
		json_add(arr, j);
	}
	rc = 0;
out:
	db_done(s);
	return rc;
}

int
npc_setting(struct npc *n, const char *name, int64_t *out, struct err *e)
{
	return nq_i64(n, NQ_SETTING_GET, 0, out, e, "s", name);
}

int64_t
npc_now_ms(struct npc *n)
{
	struct err e = {0};
	int64_t offset_s = 0;

	/* An unreadable database shows in the next statement; the clock alone cannot report
	 * it. */
	if (npc_setting(n, "clock_offset_s", &offset_s, &e) == -1)
		offset_s = 0;
	return clk_now_ms() + offset_s * 1000;
}

void
npc_new_id(const char *prefix, char dst[NPC_ID_BYTES])
{
	char hex[25];

	rnd_hex(hex, 12);
	BUG_IF(str_format(dst, NPC_ID_BYTES, "%s-%s", prefix, hex) == -1);
}

int
npc_parse_ms(const char *s, int64_t *out)
{
	const char *dot = strchr(s, '.');
	int64_t at, ms = 0;

	if (clk_parse_iso(s, &at) == -1)
		return -1;
	for (int i = 1, digit = 100;
	     dot != NULL && i <= 3 && dot[i] >= '0' && dot[i] <= '9'; i++, digit /= 10)
		ms += (dot[i] - '0') * digit;
	*out = at * 1000 + ms;
	return 0;
}

void
npc_iso_ms(int64_t ms, char dst[40])
{
	char iso[CLK_ISO_BYTES];

	clk_iso(ms / 1000, iso);
	BUG_IF(str_format(dst, 40, "%.19s.%03" PRId64 "Z", iso, ms % 1000) == -1);
}
