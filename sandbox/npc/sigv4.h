/* sigv4.h: check and make AWS Signature Version 4, from the published rules and independent
 * of libcurl's signer, which it is there to judge. Layer: sandbox. Pure. Source: AWS
 * General Reference, "Create a signed AWS API request"; Amazon S3 API Reference,
 * "Authenticating requests: using query parameters". */
#ifndef CW_SANDBOX_NPC_SIGV4_H
#define CW_SANDBOX_NPC_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/crypt.h"

enum { SIGV4_HEADERS_MAX = 32 };

struct sigv4_header {
	const char *name;  /* lower case */
	const char *value; /* NULL: not sent */
};
/* One request as it arrived; all borrowed. */
struct sigv4_request {
	const char *method;
	const char *path;  /* as sent, without the query */
	const char *query; /* as sent, "" when none */
	const struct sigv4_header *headers;
	size_t headers_n;
	const char *payload; /* hex SHA-256 of the body, or "UNSIGNED-PAYLOAD" */
	bool s3; /* s3 takes the path as sent; every other service encodes it once more */
};
/* What the Authorization header, or a presigned query, claims. */
struct sigv4_auth {
	char key_id[129];
	char date[9]; /* YYYYMMDD */
	char region[65];
	char service[65];
	char signed_headers[1025];
	char signature[CRYPT_HEX256_BYTES];
};

/* Take an Authorization header apart.
 * errors  ERR_AUTH another scheme, a missing part, or one that is too long */
MUST_USE int sigv4_parse(const char *authorization, struct sigv4_auth *out, struct err *e);
/* Take the X-Amz-... parameters of a presigned query apart; amz_date has 17 bytes,
 * *expires_s is 1 to 604800. errors  ERR_AUTH one is missing, twice, or not acceptable */
MUST_USE int sigv4_parse_query(const char *query, struct sigv4_auth *out, char amz_date[17],
    int64_t *expires_s, struct err *e);

/* Append the canonical request. signed_headers is the list as claimed ("host;x-amz-date").
 * errors  ERR_AUTH a listed header was not sent, the list is not sorted or has one twice;
 * ERR_INPUT the query has a broken escape */
MUST_USE int sigv4_canonical(const struct sigv4_request *r, const char *signed_headers,
    struct buf *out, struct err *e);
/* The signature over a canonical request. amz_date is YYYYMMDDTHHMMSSZ. Cannot fail. */
void sigv4_sign(const char *secret, const char *amz_date, const char *region,
    const char *service, const char *canonical, char out[CRYPT_HEX256_BYTES]);
/* Compute the signature and compare it with the claim.
 * errors  ERR_AUTH it is another one, or as sigv4_canonical; ERR_INPUT as sigv4_canonical
 */
MUST_USE int sigv4_verify(const struct sigv4_request *r, const struct sigv4_auth *a,
    const char *amz_date, const char *secret, struct err *e);

/* "20150830T123600Z" to seconds since 1970. errors: -1 */
MUST_USE int sigv4_time(const char *amz_date, int64_t *at);
/* The other way; dst has 17 bytes. */
void sigv4_stamp(int64_t at, char dst[17]);

/* Append "URL?X-Amz-...": an address for one method and path that is good for expires_s
 * seconds from amz_date. */
struct sigv4_presign {
	const char *method;
	const char *origin; /* "https://npc.localhost:8443" */
	const char *path;
	const char *key_id;
	const char *secret;
	const char *region;
	const char *amz_date;
	int64_t expires_s;
};
void sigv4_presign(const struct sigv4_presign *p, struct buf *out);

#endif
