#include "config.h"

#include "core/keys.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/seal_rows.h"
#include "store/token.h"

static int
load(const struct conf *c, const char *name, bool secret, struct crypt_key *out,
    struct err *e)
{
	char *path = conf_file_path(c, name);
	int rc = secret ? crypt_key_load_secret(path, out, e)
			: crypt_key_load_public(path, out, e);

	free(path);
	return rc == -1 ? err_wrap(e, "%s", name) : 0;
}

/* ---- the worker's ring */

void
keys_ring_clear(struct keys_ring *r)
{
	crypt_key_clear(&r->current);
	for (int i = 0; i < r->older_n; i++)
		crypt_key_clear(&r->older[i]);
	r->older_n = 0;
}

const struct crypt_key *
keys_find(const struct keys_ring *r, const char *key_id)
{
	if (str_eq(r->current.id, key_id))
		return &r->current;
	for (int i = 0; i < r->older_n; i++)
		if (str_eq(r->older[i].id, key_id))
			return &r->older[i];
	return NULL;
}

static int
add_file(struct keys_ring *r, const char *path, struct err *e)
{
	if (r->older_n == KEYS_OLDER_MAX)
		return err_set(e, ERR_INPUT,
		    "more than %d private keys lie beside seal_private_key_file; remove "
		    "the oldest .retired- files",
		    (int)KEYS_OLDER_MAX);
	if (crypt_key_load_secret(path, &r->older[r->older_n], e) == -1)
		return err_wrap(e, "a key beside seal_private_key_file");
	r->older_n++;
	return 0;
}

/* The file itself as `current`, and what lies beside it. */
static int
load_files(struct keys_ring *r, struct err *e)
{
	char *path = conf_file_path(r->conf, "seal_private_key_file");
	char *next = xasprintf("%s.next", path);
	char *pattern = xasprintf("%s.retired-*", path);
	glob_t found = {0};
	int rc = load(r->conf, "seal_private_key_file", true, &r->current, e);

	if (rc == 0 && access(next, F_OK) == 0)
		rc = add_file(r, next, e);
	if (rc == 0 && glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
			rc = add_file(r, found.gl_pathv[i], e);
	globfree(&found);
	free(pattern);
	free(next);
	free(path);
	return rc;
}

/* Let the key of this id be the one that seals. */
static bool
make_current(struct keys_ring *r, const char *key_id)
{
	struct crypt_key k;

	for (int i = 0; i < r->older_n; i++) {
		if (str_eq(r->older[i].id, key_id)) {
			k = r->current;
			r->current = r->older[i];
			r->older[i] = k;
			crypt_key_clear(&k);
			return true;
		}
	}
	return str_eq(r->current.id, key_id);
}

static int
check_sealed_for(void *arg, const char *key_id, int64_t tokens, struct err *e)
{
	const struct keys_ring *r = arg;

	if (keys_find(r, key_id) != NULL)
		return 0;
	return err_set(e, ERR_INPUT,
	    "%" PRId64 " stored sign-ins are sealed for the key %s, which is not here; put "
		       "%s.retired-%s back, or its "
	    "recovery copy. Nothing was changed",
	    tokens, key_id, r->conf->seal_private_key_file, key_id);
}

static int
check_ring(struct db *db, struct keys_ring *r, struct err *e)
{
	char current[32] = "";
	bool known = false;

	if (token_key_current(db, "reader", current, &known, e) == -1)
		return -1;
	if (!known)
		return err_set(e, ERR_INPUT,
		    "the database knows no sealing key; run `connectorctl init` (or "
		    "restore the database that belongs to "
		    "this key)");
	if (!make_current(r, current))
		return err_set(e, ERR_INPUT,
		    "the private key %s is not the one that tokens are sealed for (%s); "
		    "put the right "
		    "seal_private_key_file back, or the recovery copy. Nothing was changed",
		    r->current.id, current);
	return seal_rows_readers(db, check_sealed_for, r, e);
}

int
keys_worker(struct db *db, const struct conf *c, struct keys_ring *out, struct err *e)
{
	struct keys_ring r = {.conf = c};

	if (load_files(&r, e) == -1 || check_ring(db, &r, e) == -1) {
		keys_ring_clear(&r);
		return -1;
	}
	*out = r;
	keys_ring_clear(&r);
	return 0;
}

int
keys_follow(struct db *db, struct keys_ring *r, struct err *e)
{
	struct keys_ring fresh = {.conf = r->conf};
	char current[32] = "";
	bool known = false;

	if (token_key_current(db, "reader", current, &known, e) == -1)
		return -1;
	if (known && str_eq(current, r->current.id))
		return 0;
	if (keys_worker(db, r->conf, &fresh, e) == -1)
		return -1;
	keys_ring_clear(r);
	*r = fresh;
	keys_ring_clear(&fresh);
	return 0;
}

/* ---- callback */

int
keys_callback(
    const struct conf *c, struct crypt_key *writer, struct crypt_key *reader, struct err *e)
{
	if (load(c, "seal_writer_key_file", true, writer, e) == -1)
		return -1;
	if (load(c, "seal_public_key_file", false, reader, e) == -1) {
		crypt_key_clear(writer);
		return -1;
	}
	return 0;
}

static int
check_known(struct db *db, const char *name, const char *use, const struct crypt_key *k,
    struct err *e)
{
	bool known = false;

	if (seal_rows_known(db, k->id, use, &known, e) == -1)
		return -1;
	if (!known)
		return err_set(e, ERR_INPUT,
		    "%s: the database does not know the key %s, so that nobody could open "
		    "what is sealed with it; put the "
		    "right file back. Nothing was changed",
		    name, k->id);
	return 0;
}

int
keys_callback_check(struct db *db, const struct crypt_key *writer,
    const struct crypt_key *reader, struct err *e)
{
	if (check_known(db, "seal_writer_key_file", "writer", writer, e) == -1)
		return -1;
	return check_known(db, "seal_public_key_file", "reader", reader, e);
}
