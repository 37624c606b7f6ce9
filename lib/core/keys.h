/* keys.h: the keys of a program, loaded and checked against what the database was sealed for. Layer: core. */
#ifndef CW_CORE_KEYS_H
#define CW_CORE_KEYS_H

#include "base/attr.h"
#include "base/err.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/db.h"

/* The worker's pair: opens and seals. errors: ERR_INPUT missing, readable by others, or not the key that the
 * stored tokens were sealed for (names both ids and the remedy); ERR_IO; ERR_DB */
MUST_USE int keys_worker(struct db *db, const struct conf *c, struct crypt_key *reader, struct err *e);
/* callback's writing key and the worker's public half. */
MUST_USE int keys_callback(const struct conf *c, struct crypt_key *writer, struct crypt_key *reader, struct err *e);

#endif
