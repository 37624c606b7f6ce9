/* spool.h: files on their way, in spool_dir: written once, hashed, removed when they have arrived. Layer: core.
 * Source: RFC 9110 13 and 14 (conditions, ranges), DESIGN.md 8.
 *
 * Memory stays flat whatever the size: bytes go through a small buffer. A part is a file that may outlive a cut
 * transfer and a process: beside its bytes lie notes of how far they are good and of which version they are. Notes
 * are written after the bytes have reached the disk, so what they promise is there even after a power failure. One
 * process at a time holds a part (flock). */
#ifndef CW_CORE_SPOOL_H
#define CW_CORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/digest.h"
#include "io/http.h"
#include "io/json.h"

enum {
	SPOOL_ETAG_BYTES = 160, /* S3's have 34 to 40; longer ones are not kept */
	/* How much a dead process may cost: bytes are made safe at every multiple. */
	SPOOL_KEEP_EVERY_BYTES = 32 * 1024 * 1024,
	/* A smaller cut file is as quickly fetched anew. */
	SPOOL_KEEP_MIN_BYTES = 1024 * 1024,
	/* Hashed in pieces of this size as they come: the wait for the line is used. */
	SPOOL_HASH_BYTES = 1024 * 1024,
	/* Parts and left-overs that nobody came back for. */
	SPOOL_PART_LIFE_S = 3 * 86400,
	SPOOL_LEFT_OVER_S = 86400,
	/* So much stays free on the disk of spool_dir: the same as house_disk warns at. */
	SPOOL_FREE_MB = 500,
	/* A file's transfer: given up when nothing moves, and in any case well before the lease of a pass ends. */
	SPOOL_STALL_S = 180,
	SPOOL_TOTAL_MS = 3 * 3600 * 1000
};
/* All parts together: two files of the largest size. */
#define SPOOL_PARTS_BYTES (INT64_C(8) * 1024 * 1024 * 1024)

struct spool_part {
	int fd;               /* read and write; -1: not open */
	char *path;           /* owned; notes are beside it, with another ending */
	char *key;            /* owned: what the bytes are of */
	int64_t bytes;        /* from the start, good */
	int64_t kept;         /* of these, so many are noted on disk; 0: no notes */
	int64_t total;        /* as announced; -1: not known */
	bool whole;           /* all are here */
	char etag[SPOOL_ETAG_BYTES]; /* of the version; strong; "": none, so nothing can be gone on with */
	char sha256[65];      /* hex, when whole; else "" */
	struct digest *hash; /* of the first `hashed` bytes; NULL: none yet */
	int64_t hashed;
};
/* Open the part dir/name, and go on with what is noted there of this key; anything else is forgotten.
 * out     owned by the caller: spool_close() or spool_drop()
 * errors  ERR_BUSY another process holds it; ERR_IO */
MUST_USE int spool_open(
    const char *dir, const char *name, const char *key, struct spool_part *out, struct err *e);
/* Forget all bytes and notes; total, etag: of what comes now (-1, ""). errors: ERR_IO */
MUST_USE int spool_begin(struct spool_part *p, int64_t total, const char *etag, struct err *e);
/* Make the bytes safe and note how many they are. Does nothing without an ETag. errors: ERR_IO */
MUST_USE int spool_keep(struct spool_part *p, struct err *e);
/* Hash what is there and call it whole. errors: ERR_IO */
MUST_USE int spool_whole(struct spool_part *p, struct err *e);
/* Hash what has come since the last time, while it is still in memory. errors: ERR_IO */
MUST_USE int spool_hash_on(struct spool_part *p, struct err *e);
/* Let go of it; what has notes stays for the next time, the rest is removed. Accept a zeroed one. */
void spool_close(struct spool_part *p);
void spool_drop(struct spool_part *p); /* remove bytes and all notes */

/* Notes beside a part: a small JSON object, replaced in one piece. ending: ".up"
 * errors: ERR_IO; ERR_LIMIT. *j NULL: none, or not readable */
MUST_USE int spool_note_put(
    const struct spool_part *p, const char *ending, const struct json *j, struct err *e);
struct json *spool_note_get(const struct spool_part *p, const char *ending);
void spool_note_drop(const struct spool_part *p, const char *ending);

/* Room for so many bytes more on the part's disk; other parts are given up for it, the oldest first.
 * errors: ERR_IO there is none: names folder, need and what is free */
MUST_USE int spool_room(const struct spool_part *p, int64_t bytes, struct err *e);
/* Remove parts that nobody came back for and those above the quota, the oldest first; *n files went. Those that
 * a process holds stay. errors: ERR_IO no such folder */
MUST_USE int spool_clean(const char *dir, int64_t quota_bytes, int *n, struct err *e);

/* ---- spool_fetch.c: bytes of one address into a part */
struct spool_fetch {
	struct spool_part *part;
	int64_t max_bytes; /* the largest file that is carried */
	/* own */
	struct http_header headers[2];
	char range[40];
	int64_t from;     /* this answer's first byte within the file */
	bool too_big;
	bool refused;     /* not an answer to what was asked: the part begins anew */
	bool taken;       /* bytes of a 2xx went into the part */
	char why[256];    /* our own reason to stop; "" none */
};
enum spool_got {
	SPOOL_GOT_NONE, /* look at the answer */
	SPOOL_GOT_ALL,  /* the part is whole and hashed */
	SPOOL_GOT_PART, /* cut after some bytes: ask for the rest */
	SPOOL_GOT_ANEW  /* what was here is of another version: ask again, from the start */
};
/* Fill the request's headers, ceiling, deadlines and hooks: the rest of the part, if it is still of the same
 * version; all of it otherwise. f and its part must outlive the call. */
void spool_fetch_ask(struct spool_fetch *f, struct http_req *req);
/* What came of it. errors: ERR_IO */
MUST_USE int spool_fetch_end(
    struct spool_fetch *f, const struct http_resp *resp, enum spool_got *got, struct err *e);

/* Length and SHA-256 (hex) of n bytes of a file from offset at. errors: ERR_IO, also when they are not there */
MUST_USE int spool_hash_part(int fd, int64_t at, int64_t n, char sha256[65], struct err *e);

#endif
