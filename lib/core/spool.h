/* spool.h: files on their way, in spool_dir: written once, hashed, removed when they have
 * arrived. Layer: core. Memory stays flat whatever the size: bytes go through a small
 * buffer. */
#ifndef CW_CORE_SPOOL_H
#define CW_CORE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* A nameless file in dir, read and write; the caller closes *fd. errors: ERR_IO (no such
 * folder, disk full) */
MUST_USE int spool_temp(const char *dir, int *fd, struct err *e);
/* Write all of it. errors: ERR_IO */
MUST_USE int spool_write(int fd, const void *p, size_t n, struct err *e);
/* Append n bytes of `from`, beginning at offset at, to `to`; the offset of `from` does not
 * move. errors: ERR_IO */
MUST_USE int spool_copy(int from, int64_t at, int64_t n, int to, struct err *e);
/* Length and SHA-256 (hex) of the whole file, or of a part. errors: ERR_IO, also when the
 * part is not there */
MUST_USE int spool_hash(int fd, int64_t *bytes, char sha256[65], struct err *e);
MUST_USE int spool_hash_part(int fd, int64_t at, int64_t n, char sha256[65], struct err *e);

#endif
