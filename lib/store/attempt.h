/* attempt.h: one-time OAuth states. Layer: store. Table: attempt. */
#ifndef CW_STORE_ATTEMPT_H
#define CW_STORE_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/db.h"

enum { ATTEMPT_HASH_BYTES = 32 };

struct attempt {
	int64_t id;
	char purpose[16];
	int64_t account_id, connection_id; /* 0: none */
	char user_name[257];
	uint8_t cookie_sha256[ATTEMPT_HASH_BYTES];
	char return_to[513];
	int64_t created_at, expires_at;
	char outcome[33]; /* "" while open; attempt_get() only */
};
MUST_USE int attempt_add(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], const struct attempt *a,
    struct err *e);
/* Take it once and for all. *got false: unknown or taken before. Role auth. */
MUST_USE int attempt_consume(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], struct attempt *out,
    bool *got, struct err *e);
/* Look at one, taken or not. errors: ERR_NOT_FOUND */
MUST_USE int attempt_get(struct db *db, const uint8_t state_sha256[ATTEMPT_HASH_BYTES], struct attempt *out,
    struct err *e);
/* What became of it: a word for the audit trail and for a replayed callback. */
MUST_USE int attempt_outcome(struct db *db, int64_t id, const char *outcome, struct err *e);
/* Remove those that ended before `before_at`. */
MUST_USE int attempt_clean(struct db *db, int64_t before_at, struct err *e);

#endif
