/* digest.h: SHA-256 of long streams, by libcrypto, which uses the processor's own instructions where it has them:
 * files of gigabytes are hashed, and libsodium (io/crypt) knows the plain way only. Layer: io. Source: FIPS 180-4;
 * OpenSSL 3.0, EVP_DigestInit(3). */
#ifndef CW_IO_DIGEST_H
#define CW_IO_DIGEST_H

#include <stddef.h>

enum { DIGEST_HEX_BYTES = 65 };

struct digest; /* one stream */
struct digest *digest_new(void); /* owned by the caller; cannot fail but for lack of memory, which aborts */
void digest_add(struct digest *d, const void *p, size_t n);
/* The hash in hex, or NULL to have it dropped; frees d. */
void digest_end(struct digest *d, char out[DIGEST_HEX_BYTES]);

#endif
