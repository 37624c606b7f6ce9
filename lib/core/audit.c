#include "config.h"

#include "core/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "io/crypt.h"
#include "sql/queries.gen.h"

/* Rows read at a time while verifying. */
enum { WALK_ROWS = 500 };

struct row {
	int64_t id;
	int64_t at;
	const char *actor, *action, *target, *detail;
};

int
audit_add(struct db *db, const char *actor, const char *action, const char *target,
    const struct json *detail, struct err *e)
{
	struct stmt *q = NULL;
	char *text = detail == NULL ? NULL : json_text(detail);
	int rc = -1;

	if (db_query(db, Q_AUDIT_ADD, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, clk_now());
	db_bind_text(q, 2, actor);
	db_bind_text(q, 3, action);
	db_bind_text(q, 4, target);
	db_bind_text(q, 5, text == NULL ? "{}" : text);
	rc = db_exec(q, e);
out:
	free(text);
	return rc;
}

/* Each text with its length in front, so that no two rows read the same. */
static void
put_text(struct buf *b, const char *s)
{
	buf_printf(b, "%zu:", strlen(s));
	buf_puts(b, s);
}

static void
row_mac(const struct secret *key, const uint8_t before[CRYPT_SHA256_BYTES], const struct row *r,
    uint8_t out[CRYPT_SHA256_BYTES])
{
	struct buf b = BUF_INIT(LIMIT_PAGE);

	buf_add(&b, before, CRYPT_SHA256_BYTES);
	buf_printf(&b, "%" PRId64 ":%" PRId64 ":", r->id, r->at);
	put_text(&b, r->actor);
	put_text(&b, r->action);
	put_text(&b, r->target);
	put_text(&b, r->detail);
	BUG_IF(b.over);
	crypt_hmac256(key->p, key->len, b.p, b.len, out);
	buf_clear(&b);
}

static void
row_read(struct stmt *q, struct row *r)
{
	r->id = db_col_i64(q, 0);
	r->at = db_col_i64(q, 1);
	r->actor = db_col_text(q, 2);
	r->action = db_col_text(q, 3);
	r->target = db_col_text(q, 4);
	r->detail = db_col_text(q, 5);
}

/* The MAC of the last row before id; zeros when there is none. */
static int
mac_before(struct db *db, int64_t id, uint8_t out[CRYPT_SHA256_BYTES], struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	size_t n = 0;
	const void *p;
	int rc = -1;

	if (db_query(db, Q_AUDIT_MAC_BEFORE, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, id);
	if (db_step(q, &row, e) == -1)
		goto out;
	memset(out, 0, CRYPT_SHA256_BYTES);
	if (row) {
		p = db_col_blob(q, 0, &n);
		if (n != CRYPT_SHA256_BYTES) {
			rc = err_set(e, ERR_DB, "audit row before %" PRId64 " has no seal", id);
			goto out;
		}
		memcpy(out, p, n);
	}
	rc = 0;
out:
	db_done(q);
	return rc;
}

static int
set_mac(struct db *db, int64_t id, const uint8_t mac[CRYPT_SHA256_BYTES], struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_AUDIT_SET_MAC, &q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_blob(q, 2, mac, CRYPT_SHA256_BYTES);
	return db_exec(q, e);
}

static int
set_head(struct db *db, const uint8_t mac[CRYPT_SHA256_BYTES], struct err *e)
{
	struct buf hex = BUF_INIT(CRYPT_HEX256_BYTES);
	struct stmt *q = NULL;
	int rc = -1;

	enc_hex(&hex, mac, CRYPT_SHA256_BYTES);
	if (db_query(db, Q_META_SET, &q, e) == 0) {
		db_bind_text(q, 1, "audit_head");
		db_bind_text(q, 2, buf_str(&hex));
		rc = db_exec(q, e);
	}
	buf_clear(&hex);
	return rc;
}

int
audit_seal(struct db *db, const struct secret *key, int max, int *sealed, struct err *e)
{
	uint8_t mac[CRYPT_SHA256_BYTES];
	struct stmt *q = NULL;
	bool row = false;
	int n = 0;
	int rc = -1;

	if (db_begin(db, e) == -1)
		return -1;
	if (db_query(db, Q_AUDIT_UNSEALED, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, max);
	while ((rc = db_step(q, &row, e)) == 0 && row) {
		struct row r;

		rc = -1;
		row_read(q, &r);
		if (n == 0 && mac_before(db, r.id, mac, e) == -1)
			goto out;
		row_mac(key, mac, &r, mac);
		if (set_mac(db, r.id, mac, e) == -1)
			goto out;
		n++;
	}
	if (rc == -1)
		goto out;
	rc = n == 0 ? 0 : set_head(db, mac, e);
out:
	db_done(q);
	if (rc == -1)
		db_rollback(db);
	else
		rc = db_commit(db, e);
	if (rc == 0)
		*sealed = n;
	return rc;
}

/* One batch of the walk; *last moves on, *n is the rows seen. */
static int
verify_batch(struct db *db, const struct secret *key, uint8_t mac[CRYPT_SHA256_BYTES], int64_t *last,
    int *n, struct audit_report *rep, struct err *e)
{
	struct stmt *q = NULL;
	bool row = false;
	int rc = -1;

	*n = 0;
	if (db_query(db, Q_AUDIT_WALK, &q, e) == -1)
		goto out;
	db_bind_i64(q, 1, *last);
	db_bind_i64(q, 2, WALK_ROWS);
	while ((rc = db_step(q, &row, e)) == 0 && row) {
		uint8_t want[CRYPT_SHA256_BYTES];
		size_t len = 0;
		const void *have = db_col_blob(q, 6, &len);
		struct row r;

		row_read(q, &r);
		(*n)++;
		rep->rows++;
		*last = r.id;
		if (have == NULL) {
			rep->unsealed++;
			continue;
		}
		row_mac(key, mac, &r, want);
		/* A sealed row after an unsealed one means that a seal was taken away. */
		if ((rep->unsealed > 0 || len != sizeof want || !crypt_eq(have, want, sizeof want)) &&
		    rep->first_bad_id == 0)
			rep->first_bad_id = r.id;
		if (len == sizeof want)
			memcpy(mac, have, sizeof want);
	}
out:
	db_done(q);
	return rc;
}

int
audit_verify(struct db *db, const struct secret *key, struct audit_report *out, struct err *e)
{
	struct audit_report rep = {0};
	uint8_t mac[CRYPT_SHA256_BYTES] = {0};
	struct buf hex = BUF_INIT(CRYPT_HEX256_BYTES);
	struct stmt *q = NULL;
	bool row = false;
	int64_t last = 0;
	int n = 0;
	int rc = -1;

	do {
		if (verify_batch(db, key, mac, &last, &n, &rep, e) == -1)
			goto out;
	} while (n == WALK_ROWS);
	enc_hex(&hex, mac, sizeof mac);
	memcpy(rep.head_hex, buf_str(&hex), sizeof rep.head_hex);
	/* Rows cut off at the end leave a whole chain behind, but not the head that was noted. */
	if (db_query(db, Q_META_GET, &q, e) == -1)
		goto out;
	db_bind_text(q, 1, "audit_head");
	if (db_step(q, &row, e) == -1)
		goto out;
	if (row && strcmp(db_col_text(q, 0), rep.head_hex) != 0 && rep.first_bad_id == 0)
		rep.first_bad_id = last + 1;
	*out = rep;
	rc = 0;
out:
	db_done(q);
	buf_clear(&hex);
	return rc;
}
