#include "config.h"

#include "core/keys.h"

#include <stdlib.h>

#include "base/str.h"
#include "store/token.h"

static int
load(const struct conf *c, const char *name, bool secret, struct crypt_key *out, struct err *e)
{
	char *path = conf_file_path(c, name);
	int rc = secret ? crypt_key_load_secret(path, out, e) : crypt_key_load_public(path, out, e);

	free(path);
	return rc == -1 ? err_wrap(e, "%s", name) : 0;
}

int
keys_worker(struct db *db, const struct conf *c, struct crypt_key *reader, struct err *e)
{
	char current[32] = "";
	bool known = false;

	if (load(c, "seal_private_key_file", true, reader, e) == -1)
		return -1;
	if (token_key_current(db, "reader", current, &known, e) == -1)
		goto fail;
	if (!known) {
		err_set(e, ERR_INPUT,
		    "the database knows no sealing key; run `connectorctl init` (or restore the database that belongs to "
		    "this key)");
		goto fail;
	}
	if (!str_eq(current, reader->id)) {
		err_set(e, ERR_INPUT,
		    "the private key %s is not the one that tokens are sealed for (%s); put the right "
		    "seal_private_key_file back, or the recovery copy. Nothing was changed",
		    reader->id, current);
		goto fail;
	}
	return 0;
fail:
	crypt_key_clear(reader);
	return -1;
}

int
keys_callback(const struct conf *c, struct crypt_key *writer, struct crypt_key *reader, struct err *e)
{
	if (load(c, "seal_writer_key_file", true, writer, e) == -1)
		return -1;
	if (load(c, "seal_public_key_file", false, reader, e) == -1) {
		crypt_key_clear(writer);
		return -1;
	}
	return 0;
}
