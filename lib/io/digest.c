#include "config.h"

#include "io/digest.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct digest {
	EVP_MD_CTX *ctx;
};

struct digest *
digest_new(void)
{
	struct digest *d = xmalloc(sizeof *d);

	d->ctx = EVP_MD_CTX_new();
	BUG_IF(d->ctx == NULL || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1);
	return d;
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	BUG_IF(EVP_DigestUpdate(d->ctx, p, n) != 1);
}

void
digest_end(struct digest *d, char out[DIGEST_HEX_BYTES])
{
	struct buf hex = BUF_INIT(DIGEST_HEX_BYTES);
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	BUG_IF(EVP_DigestFinal_ex(d->ctx, raw, &n) != 1 || n != 32);
	enc_hex(&hex, raw, n);
	if (out != NULL)
		str_cut(out, DIGEST_HEX_BYTES, buf_str(&hex));
	buf_clear(&hex);
	EVP_MD_CTX_free(d->ctx);
	free(d);
}
