#include "config.h"

#include "core/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/str.h"
#include "io/crypt.h"
#include "store/trail.h"

/* Rows read at a time while verifying. */
enum { WALK_ROWS = 500 };

/* A walk along the chain: the seal so far, and what is done with the next row. */
struct chain {
	struct db *db;
	const struct secret *key;
	uint8_t mac[CRYPT_SHA256_BYTES];
	bool begun;
	int64_t last_id;
	struct audit_report rep;
};

int
audit_add(struct db *db, const char *actor, const char *action, const char *target,
    const struct json *detail, struct err *e)
{
	char *text = detail == NULL ? NULL : json_text(detail);
	int rc = trail_add(db, clk_now(), actor, action, target, text == NULL ? "{}" : text, e);

	free(text);
	return rc;
}

int
audit_worker(struct db *db, const char *action, const char *what, int64_t id, const struct json *detail, struct err *e)
{
	char target[48];

	if (str_format(target, sizeof target, "%s %" PRId64, what, id) == -1)
		return err_set(e, ERR_BUG, "target");
	return audit_add(db, "worker", action, target, detail, e);
}

/* Each text with its length in front, so that no two rows read the same. */
static void
put_text(struct buf *b, const char *s)
{
	buf_printf(b, "%zu:", strlen(s));
	buf_puts(b, s);
}

static void
row_mac(const struct chain *c, const struct trail_row *r, uint8_t out[CRYPT_SHA256_BYTES])
{
	struct buf b = BUF_INIT(LIMIT_PAGE);

	buf_add(&b, c->mac, CRYPT_SHA256_BYTES);
	buf_printf(&b, "%" PRId64 ":%" PRId64 ":", r->id, r->at);
	put_text(&b, r->actor);
	put_text(&b, r->action);
	put_text(&b, r->target);
	put_text(&b, r->detail);
	BUG_IF(b.over);
	crypt_hmac256(c->key->p, c->key->len, b.p, b.len, out);
	buf_clear(&b);
}

/* ---- sealing */

/* The first row of a batch follows the last sealed one; nothing sealed yet: zeros. */
static int
begin_chain(struct chain *c, int64_t id, struct err *e)
{
	bool exists = false;
	size_t n = 0;

	if (trail_mac_before(c->db, id, c->mac, sizeof c->mac, &n, &exists, e) == -1)
		return -1;
	if (exists && n != sizeof c->mac)
		return err_set(e, ERR_DB, "the audit row before %" PRId64 " has no seal", id);
	c->begun = true;
	return 0;
}

static int
seal_row(void *arg, const struct trail_row *r, struct err *e)
{
	struct chain *c = arg;

	if (!c->begun && begin_chain(c, r->id, e) == -1)
		return -1;
	row_mac(c, r, c->mac);
	return trail_set_mac(c->db, r->id, c->mac, sizeof c->mac, e);
}

static void
head_hex(const struct chain *c, char out[CRYPT_HEX256_BYTES])
{
	struct buf hex = BUF_INIT(CRYPT_HEX256_BYTES);

	enc_hex(&hex, c->mac, sizeof c->mac);
	str_cut(out, CRYPT_HEX256_BYTES, buf_str(&hex));
	buf_clear(&hex);
}

int
audit_seal(struct db *db, const struct secret *key, int max, int *sealed, struct err *e)
{
	struct chain c = {.db = db, .key = key};
	char head[CRYPT_HEX256_BYTES];
	int64_t n = 0;
	int64_t oldest = 0;

	/* Most looks find nothing: they must not cost a write. */
	if (trail_oldest_unsealed(db, &oldest, &n, e) == -1)
		return -1;
	*sealed = 0;
	if (n == 0)
		return 0;
	if (db_begin(db, e) == -1)
		return -1;
	if (trail_unsealed(db, max, seal_row, &c, &n, e) == -1)
		goto fail;
	head_hex(&c, head);
	if (n > 0 && meta_set(db, "audit_head", head, e) == -1)
		goto fail;
	if (db_commit(db, e) == -1)
		return -1;
	*sealed = (int)n;
	return 0;
fail:
	db_rollback(db);
	return -1;
}

/* ---- verifying */

static int
verify_row(void *arg, const struct trail_row *r, struct err *e)
{
	struct chain *c = arg;
	uint8_t want[CRYPT_SHA256_BYTES];
	bool good;

	(void)e;
	c->rep.rows++;
	c->last_id = r->id;
	if (r->mac == NULL) {
		c->rep.unsealed++;
		return 0;
	}
	row_mac(c, r, want);
	/* A sealed row after an unsealed one means that a seal was taken away. */
	good = c->rep.unsealed == 0 && r->mac_len == sizeof want && crypt_eq(r->mac, want, sizeof want);
	if (!good && c->rep.first_bad_id == 0)
		c->rep.first_bad_id = r->id;
	if (r->mac_len == sizeof c->mac)
		memcpy(c->mac, r->mac, sizeof c->mac);
	return 0;
}

int
audit_verify(struct db *db, const struct secret *key, struct audit_report *out, struct err *e)
{
	struct chain c = {.db = db, .key = key};
	char *noted = NULL;
	int64_t n = 0;

	do {
		if (trail_walk(db, c.last_id, WALK_ROWS, verify_row, &c, &n, e) == -1)
			return -1;
	} while (n == WALK_ROWS);
	head_hex(&c, c.rep.head_hex);
	/* Rows cut off at the end leave a whole chain behind, but not the head that was noted. */
	if (meta_get(db, "audit_head", &noted, e) == -1)
		return -1;
	if (noted != NULL && !str_eq(noted, c.rep.head_hex) && c.rep.first_bad_id == 0)
		c.rep.first_bad_id = c.last_id + 1;
	free(noted);
	*out = c.rep;
	return 0;
}
