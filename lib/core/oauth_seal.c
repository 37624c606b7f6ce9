/* Seals: what is bound into them, which key opens which (DESIGN.md 7 "Seals"). */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "core/oauth_int.h"
#include "store/seal_rows.h"

static void
seal_half(struct oauth_ctx *x, int64_t account_id, int64_t generation, const char *purpose,
    const struct secret *plain, struct buf *out)
{
	struct crypt_bind b = {.key_id = x->reader->id,
	    .account_id = account_id,
	    .generation = generation,
	    .purpose = purpose};

	buf_init(out, LIMIT_TOKEN * 2);
	crypt_seal(x->writer, x->reader, &b, plain, out);
}

int
oauth_seal(struct oauth_ctx *x, int64_t account_id, int64_t generation,
    const struct secret *access, const struct secret *refresh, struct token_row *out,
    struct err *e)
{
	struct err cannot = {0};

	/* A key that cannot be followed now is no reason to lose a pair: the older one
	 * still opens. */
	if (x->ring != NULL && keys_follow(x->db, x->ring, &cannot) == -1)
		log_err("seal_key_kept", &cannot);
	*out = (struct token_row){.generation = generation};
	str_cut(out->writer_key_id, sizeof out->writer_key_id, x->writer->id);
	str_cut(out->reader_key_id, sizeof out->reader_key_id, x->reader->id);
	seal_half(x, account_id, generation, "access", access, &out->access);
	seal_half(x, account_id, generation, "refresh", refresh, &out->refresh);
	return buf_check(&out->access, "the sealed token", e) == -1
		   ? -1
		   : buf_check(&out->refresh, "the sealed token", e);
}

/* Another process may have sealed for a key that this one has not loaded yet. */
static const struct crypt_key *
reader_of(struct oauth_ctx *x, const struct token_row *row)
{
	const struct crypt_key *k;
	struct err cannot = {0};

	if (x->ring == NULL)
		return str_eq(x->reader->id, row->reader_key_id) ? x->reader : NULL;
	k = keys_find(x->ring, row->reader_key_id);
	if (k != NULL)
		return k;
	if (keys_follow(x->db, x->ring, &cannot) == -1)
		log_err("seal_key_kept", &cannot);
	return keys_find(x->ring, row->reader_key_id);
}

static int
open_half(struct oauth_ctx *x, int64_t account_id, const struct token_row *row,
    const char *purpose, struct secret *out, struct err *e)
{
	const struct buf *sealed = str_eq(purpose, "access") ? &row->access : &row->refresh;
	const struct crypt_key *reader = reader_of(x, row);
	struct crypt_bind b = {
	    .account_id = account_id, .generation = row->generation, .purpose = purpose};
	struct crypt_key writer = {0};
	size_t n = 0;

	if (reader == NULL)
		return err_set(e, ERR_IO,
		    "the token of account %" PRId64
		    " is sealed for the key %s, which is not here",
		    account_id, row->reader_key_id);
	b.key_id = reader->id;
	if (dec_hex(row->writer_public_hex, strlen(row->writer_public_hex), writer.pub,
		sizeof writer.pub, &n) == -1 ||
	    n != sizeof writer.pub)
		return err_set(e, ERR_INPUT,
		    "the sealing key %s of account %" PRId64 " is not known here",
		    row->writer_key_id, account_id);
	if (crypt_open(&writer, reader, &b, sealed->p, sealed->len, out, e) == -1)
		return err_wrap(e, "account %" PRId64, account_id);
	return 0;
}

int
oauth_open(struct oauth_ctx *x, int64_t account_id, int64_t generation, const char *purpose,
    struct secret *out, struct err *e)
{
	struct token_row row = {0};
	int rc = -1;

	if (token_get(x->db, account_id, &row, e) == -1)
		goto out;
	if (row.generation != generation) {
		rc = err_set(e, ERR_BUSY,
		    "the token of account %" PRId64 " changed meanwhile", account_id);
		goto out;
	}
	rc = open_half(x, account_id, &row, purpose, out, e);
out:
	token_row_clear(&row);
	return rc;
}

int
oauth_reseal(struct oauth_ctx *x, int64_t account_id, struct err *e)
{
	struct token_row old = {0};
	struct token_row fresh = {0};
	struct secret access = {0};
	struct secret refresh = {0};
	bool changed = false;
	int rc = -1;

	if (token_get(x->db, account_id, &old, e) == -1) {
		rc = e->code == ERR_NOT_FOUND ? 0 : -1; /* given up meanwhile */
		goto out;
	}
	if (open_half(x, account_id, &old, "access", &access, e) == -1 ||
	    open_half(x, account_id, &old, "refresh", &refresh, e) == -1 ||
	    oauth_seal(x, account_id, old.generation, &access, &refresh, &fresh, e) == -1)
		goto out;
	if (db_begin(x->db, e) == -1)
		goto out;
	if (seal_rows_reseal(x->db, account_id, old.reader_key_id, &fresh, &changed, e) ==
	    -1) {
		db_rollback(x->db);
		goto out;
	}
	rc = db_commit(x->db, e);
out:
	secret_clear(&access);
	secret_clear(&refresh);
	token_row_clear(&old);
	token_row_clear(&fresh);
	return rc;
}
