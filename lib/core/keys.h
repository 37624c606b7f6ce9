/* keys.h: the keys of a program, loaded and checked against what the database was sealed
 * for. Layer: core.
 *
 * The worker holds a ring: the key that the database names as its reader seals, all others
 * that lie beside it still open. Beside PATH = seal_private_key_file lie PATH.next while
 * the key is being changed and PATH.retired-ID afterwards (core/rotate.h). Which key seals
 * is decided by the database, but only among keys whose private halves are here: a
 * taken-over database cannot name a key of its own. For the same reason callback seals to
 * its file and never to a key that the database names. */
#ifndef CW_CORE_KEYS_H
#define CW_CORE_KEYS_H

#include "base/attr.h"
#include "base/err.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/db.h"

enum { KEYS_OLDER_MAX = 8 };
struct keys_ring {
	const struct conf *conf; /* borrowed */
	struct crypt_key
	    current; /* opens and seals: writer and reader of the worker's oauth_ctx */
	struct crypt_key older[KEYS_OLDER_MAX]; /* open only */
	int older_n;
};
void keys_ring_clear(struct keys_ring *r);

/* The worker's keys, at start. Reads only.
 * errors  ERR_INPUT a key is missing, readable by others, or not one that the stored tokens
 * were sealed for (names the key, the file and the remedy); ERR_IO; ERR_DB */
MUST_USE int
keys_worker(struct db *db, const struct conf *c, struct keys_ring *out, struct err *e);
/* Seal with the key that the database names now, when that changed since the ring was
 * loaded. The ring stays as it was on failure. errors  as keys_worker */
MUST_USE int keys_follow(struct db *db, struct keys_ring *r, struct err *e);
/* The key of that id, NULL when it is not in the ring. */
const struct crypt_key *keys_find(const struct keys_ring *r, const char *key_id);

/* callback's writing key and the worker's public half. */
MUST_USE int keys_callback(const struct conf *c, struct crypt_key *writer,
    struct crypt_key *reader, struct err *e);
/* Does the database know both, so that the worker will be able to open what callback seals?
 * errors  ERR_INPUT it does not (names the key and the remedy); ERR_DB */
MUST_USE int keys_callback_check(struct db *db, const struct crypt_key *writer,
    const struct crypt_key *reader, struct err *e);

#endif
