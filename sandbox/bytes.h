/* bytes.h: files of both stand-ins as storage keeps and hands them out: parts of them, files made up on request, and
 * zeros that take no room. Layer: sandbox. Source: RFC 9110 13 and 14. */
#ifndef CW_SANDBOX_BYTES_H
#define CW_SANDBOX_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/fcgi.h"

/* Larger files leave by the front itself (X-Accel-Redirect: /_stored/NAME), which knows ranges and ETags alike. */
enum { BYTES_BY_FRONT = 8 * 1024 * 1024 };

/* Write n bytes; runs of zeros become holes. Before the file is used, bytes_end(). errors: ERR_IO */
MUST_USE int bytes_write(int fd, const void *p, size_t n, struct err *e);
MUST_USE int bytes_end(int fd, struct err *e);
/* Fill an empty file: size bytes, zeros but for a mark at every MiB that names seed and place. Its SHA-256 in hex.
 * errors: ERR_IO */
MUST_USE int bytes_make(int fd, int64_t size, int64_t seed, char sha256[65], struct err *e);

/* Answer with a stored file, or with the part that Range, If-Range and If-None-Match ask for. fd is taken over; name
 * is its name below /_stored/. here: never by the front, so that a fault can strike. errors: ERR_IO */
MUST_USE int bytes_answer(const struct fcgi_req *req, struct fcgi_resp *resp, int fd,
    const char *name, bool here, struct err *e);

#endif
