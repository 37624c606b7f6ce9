/* rotate.h: the change of the worker's sealing key, without a stop and without losing a
 * token. Layer: core. Source: DESIGN.md 7 "Seals".
 *
 *   prepare   PATH.next and PUBLIC.next are made (PATH = seal_private_key_file, PUBLIC =
 * seal_public_key_file) record    the database names the new key as the reader; a job is
 * wished run       the worker seals each token anew, a transaction each; the old key is
 * retired when none is left finish    PATH becomes PATH.retired-ID, PATH.next becomes PATH;
 * the same for PUBLIC
 *
 * Each may be repeated after a crash at any point. callback seals to PUBLIC all the time,
 * so to the old key until `finish`; those tokens are opened with the old key and sealed
 * anew like the others, also later, by a callback that still runs with the old file (the
 * worker looks every few minutes). */
#ifndef CW_CORE_ROTATE_H
#define CW_CORE_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/oauth_token.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/db.h"

struct rotate_state {
	char reader_id[32];  /* the key that the database names */
	int64_t done, total; /* tokens of the last change; 0, 0: there was none */
	int64_t left;        /* tokens that are still sealed for another key */
	bool files_wait; /* PATH.next or PUBLIC.next is that key: `finish` is still to come
			  */
};
/* How far it is. errors: ERR_DB; ERR_IO, ERR_INPUT a key file cannot be read */
MUST_USE int
rotate_look(struct db *db, const struct conf *c, struct rotate_state *out, struct err *e);

/* Make the next pair's files, with owner and mode of the present ones, and a recovery copy
 * PATH.recovery; files that an earlier call left are used. Administrator's command; no
 * transaction is open. *running   a change is recorded already: nothing was made, next is
 * its key errors     ERR_INPUT the present key is not the one in use, its recovery copy
 * still lies here, or stray files; ERR_IO */
MUST_USE int rotate_prepare(struct db *db, const struct conf *c, struct crypt_key *next,
    bool *running, struct err *e);
/* Name it in the database and wish the job. Inside the caller's transaction. Role admin. */
MUST_USE int rotate_record(struct db *db, const struct crypt_key *next, struct err *e);
/* Swap the files. errors: ERR_BUSY tokens are left under the old key (says how many);
 * ERR_INPUT nothing to finish, or files that do not belong to this change; ERR_IO */
MUST_USE int
rotate_finish(struct db *db, const struct conf *c, char old_id[32], struct err *e);

/* Seal up to max tokens anew. *more: call again. Worker; role sync.
 * errors  ERR_INPUT a token that no key here opens (the others were done; names the
 * account), or the new key's file cannot be read; ERR_DB, ERR_IO, ERR_BUSY */
MUST_USE int rotate_run(struct oauth_ctx *x, int max, bool *more, struct err *e);
/* Wish the job when a token is sealed for another key than the current: stored by a
 * callback with the old file. */
MUST_USE int rotate_wish(struct db *db, struct err *e);

#endif
