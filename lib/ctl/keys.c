/* The key files: made once, never replaced, compared with what the database was sealed for. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/str.h"
#include "core/rotate.h"
#include "ctl/ctl_int.h"
#include "io/crypt.h"
#include "store/seal_rows.h"
#include "store/token.h"
#include "store/trail.h"

#define RECOVERY_SUFFIX ".recovery"

static bool
there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void
say_made(struct ctl_keys *k, const char *key, const char *path)
{
	k->made++;
	printf("made %s: %s\n", key, path);
}

static int
recovery_path(const struct ctl *c, char out[512], struct err *e)
{
	if (str_format(out, 512, "%s" RECOVERY_SUFFIX, c->conf.seal_private_key_file) == -1)
		return err_set(e, ERR_INPUT, "seal_private_key_file: the path is too long");
	return 0;
}

/* True when the copy of this very key was confirmed as kept elsewhere. */
static int
recovery_confirmed(struct ctl *c, const char *key_id, bool *yes, struct err *e)
{
	char *noted = NULL;

	if (meta_get(c->db, "recovery_confirmed_key", &noted, e) == -1)
		return -1;
	*yes = noted != NULL && str_eq(noted, key_id);
	free(noted);
	return 0;
}

static int
note_public(struct ctl *c, const struct crypt_key *k, const char *use, struct err *e)
{
	struct buf hex = BUF_INIT(80);
	int rc;

	enc_hex(&hex, k->pub, sizeof k->pub);
	rc = token_key_put(c->db, k->id, use, buf_str(&hex), e);
	buf_clear(&hex);
	return rc;
}

/* ---- the worker's pair */

/* The private key is not there: make one only if nothing was ever sealed for another. */
static int
make_reader(struct ctl *c, const char *known, struct crypt_key *k, struct ctl_keys *out, struct err *e)
{
	const char *path = c->conf.seal_private_key_file;

	if (*known != '\0')
		return err_set(e, ERR_INPUT,
		    "seal_private_key_file: %s is missing, and the database is sealed for the key %s; put it or its "
		    "recovery copy back. Nothing was changed",
		    path, known);
	if (there(c->conf.seal_public_key_file))
		return err_set(e, ERR_INPUT,
		    "seal_private_key_file: %s is missing, but its public half %s is there; put the private key back, or "
		    "remove the public half if this is a new installation",
		    path, c->conf.seal_public_key_file);
	crypt_key_new(k);
	if (crypt_key_save_secret(path, k, e) == -1)
		return -1;
	say_made(out, "seal_private_key_file", path);
	return 0;
}

static int
compare_public(const struct ctl *c, const struct crypt_key *k, struct err *e)
{
	struct crypt_key pub = {0};

	if (crypt_key_load_public(c->conf.seal_public_key_file, &pub, e) == -1)
		return err_wrap(e, "seal_public_key_file");
	if (!str_eq(pub.id, k->id))
		return err_set(e, ERR_INPUT,
		    "seal_public_key_file: %s holds the key %s, but the private key is %s; put the right one back", c->conf.seal_public_key_file,
		    pub.id, k->id);
	return 0;
}

static int
reader(struct ctl *c, struct crypt_key *k, struct ctl_keys *out, struct err *e)
{
	struct rotate_state change = {.files_wait = false};
	char known[32] = "";
	bool has = false;

	if (token_key_current(c->db, "reader", known, &has, e) == -1 ||
	    (has && rotate_look(c->db, &c->conf, &change, e) == -1))
		return -1;
	if (!there(c->conf.seal_private_key_file)) {
		if (make_reader(c, has ? known : "", k, out, e) == -1)
			return -1;
	} else if (crypt_key_load_secret(c->conf.seal_private_key_file, k, e) == -1) {
		return err_wrap(e, "seal_private_key_file");
	}
	/* While the key is being changed the database is ahead of the file. */
	if (has && !str_eq(known, k->id) && !change.files_wait)
		return err_set(e, ERR_INPUT,
		    "seal_private_key_file: %s holds the key %s, but the database is sealed for %s; put the right key or "
		    "its recovery copy back. Nothing was changed",
		    c->conf.seal_private_key_file, k->id, known);
	if (!there(c->conf.seal_public_key_file)) {
		if (crypt_key_save_public(c->conf.seal_public_key_file, k, e) == -1)
			return -1;
		say_made(out, "seal_public_key_file", c->conf.seal_public_key_file);
	}
	return compare_public(c, k, e);
}

/* A second copy to be put away: without it a lost disk costs every sign-in. */
static int
recovery(struct ctl *c, const struct crypt_key *k, struct ctl_keys *out, struct err *e)
{
	char path[512];
	bool confirmed = false;

	if (recovery_path(c, path, e) == -1 || recovery_confirmed(c, k->id, &confirmed, e) == -1)
		return -1;
	if (confirmed)
		return 0;
	if (!there(path)) {
		if (crypt_key_save_secret(path, k, e) == -1)
			return -1;
		say_made(out, "recovery copy of the private key", path);
	}
	str_cut(out->recovery, sizeof out->recovery, path);
	return 0;
}

/* ---- the others */

static int
writer(struct ctl *c, struct crypt_key *k, struct ctl_keys *out, struct err *e)
{
	const char *path = c->conf.seal_writer_key_file;
	char pub[512];

	if (there(path)) {
		if (crypt_key_load_secret(path, k, e) == -1)
			return err_wrap(e, "seal_writer_key_file");
	} else {
		crypt_key_new(k);
		if (crypt_key_save_secret(path, k, e) == -1)
			return -1;
		say_made(out, "seal_writer_key_file", path);
	}
	if (str_format(pub, sizeof pub, "%s.pub", path) == -1)
		return err_set(e, ERR_INPUT, "seal_writer_key_file: the path is too long");
	if (there(pub))
		return 0;
	if (crypt_key_save_public(pub, k, e) == -1)
		return -1;
	say_made(out, "its public half", pub);
	return 0;
}

/* 32 random bytes as a line of hex digits. */
static int
symmetric(const char *key, const char *path, struct ctl_keys *out, struct err *e)
{
	struct crypt_key k;
	int rc;

	if (there(path))
		return 0;
	crypt_key_new(&k);
	rc = crypt_key_save_secret(path, &k, e);
	crypt_key_clear(&k);
	if (rc == 0)
		say_made(out, key, path);
	return rc;
}

static int
audit_key(struct ctl *c, struct ctl_keys *out, struct err *e)
{
	char *head = NULL;
	int rc = -1;

	if (meta_get(c->db, "audit_head", &head, e) == -1)
		return -1;
	if (head != NULL && !there(c->conf.audit_key_file))
		err_set(e, ERR_INPUT,
		    "audit_key_file: %s is missing, and the audit trail is sealed with it; put it back. Nothing was "
		    "changed",
		    c->conf.audit_key_file);
	else
		rc = symmetric("audit_key_file", c->conf.audit_key_file, out, e);
	free(head);
	return rc;
}

int
ctl_keys_make(struct ctl *c, struct ctl_keys *out, struct err *e)
{
	struct crypt_key r = {0};
	struct crypt_key w = {0};
	int rc = -1;

	if (reader(c, &r, out, e) == -1 || audit_key(c, out, e) == -1 || writer(c, &w, out, e) == -1 ||
	    symmetric("session_key_file", c->conf.session_key_file, out, e) == -1 || recovery(c, &r, out, e) == -1 ||
	    note_public(c, &r, "reader", e) == -1 || note_public(c, &w, "writer", e) == -1)
		goto out;
	str_cut(out->reader_id, sizeof out->reader_id, r.id);
	str_cut(out->writer_id, sizeof out->writer_id, w.id);
	rc = 0;
out:
	crypt_key_clear(&r);
	crypt_key_clear(&w);
	return rc;
}

/* ---- looking */

/* What the database expects of this file: its current key; while that is being changed, also the one before. */
static int
expected(struct ctl *c, const char *use, const struct crypt_key *k, const char *known, bool changing, bool *yes,
    struct err *e)
{
	*yes = str_eq(known, k->id);
	if (*yes || !changing || !str_eq(use, "reader"))
		return 0;
	return seal_rows_known(c->db, k->id, use, yes, e);
}

static void
check_one(struct ctl *c, const char *key, const char *path, const char *use, bool secret, bool changing,
    struct buf *wrong)
{
	struct crypt_key k = {0};
	struct err e = {0};
	char known[32] = "";
	bool has = false;
	bool good = false;

	if ((secret ? crypt_key_load_secret(path, &k, &e) : crypt_key_load_public(path, &k, &e)) == -1 ||
	    token_key_current(c->db, use, known, &has, &e) == -1 ||
	    expected(c, use, &k, known, changing, &good, &e) == -1)
		buf_printf(wrong, "%s: %s\n", key, e.msg);
	else if (!has)
		buf_printf(wrong, "%s: the database does not know the key %s; run `connectorctl init`\n", key, k.id);
	else if (!good)
		buf_printf(wrong, "%s: %s holds the key %s, the database expects %s; put the right one back\n", key, path,
		    k.id, known);
	crypt_key_clear(&k);
}

int
ctl_keys_check(struct ctl *c, struct buf *wrong, bool *recovery_waits, struct err *e)
{
	struct rotate_state change = {.files_wait = false};
	char id[32] = "";
	bool has = false;
	bool confirmed = false;

	if (token_key_current(c->db, "reader", id, &has, e) == -1 ||
	    (has && rotate_look(c->db, &c->conf, &change, e) == -1))
		return -1;
	check_one(c, "seal_writer_key_file", c->conf.seal_writer_key_file, "writer", true, false, wrong);
	check_one(c, "seal_public_key_file", c->conf.seal_public_key_file, "reader", false, change.files_wait, wrong);
	check_one(c, "seal_private_key_file", c->conf.seal_private_key_file, "reader", true, change.files_wait, wrong);
	if (!there(c->conf.session_key_file))
		buf_printf(wrong, "session_key_file: %s is missing; run `connectorctl init`\n", c->conf.session_key_file);
	if (!there(c->conf.audit_key_file))
		buf_printf(wrong, "audit_key_file: %s is missing; put it back\n", c->conf.audit_key_file);
	if (recovery_confirmed(c, id, &confirmed, e) == -1)
		return -1;
	*recovery_waits = !confirmed;
	return 0;
}

int
ctl_keys_show(struct ctl *c, struct err *e)
{
	static const char *const uses[] = {"reader", "writer"};
	struct buf wrong = BUF_INIT(8192);
	bool waits = false;
	int rc = -1;

	if (c->argc != 1)
		return ctl_usage(c, "takes no arguments");
	if (ctl_open_db(c, e) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		char id[32] = "";
		bool has = false;

		if (token_key_current(c->db, uses[i], id, &has, e) == -1)
			goto out;
		printf("%s  %s\n", uses[i], has ? id : "none");
		if (i == 0 && has && ctl_keys_show_change(c, e) == -1)
			goto out;
	}
	if (ctl_keys_check(c, &wrong, &waits, e) == -1)
		goto out;
	printf("recovery copy  %s\n", waits ? "not confirmed: connectorctl keys confirm-recovery" : "confirmed");
	fputs(buf_str(&wrong), stderr);
	rc = wrong.len > 0 ? CTL_FAILED : CTL_OK;
out:
	buf_clear(&wrong);
	return rc;
}

/* The copy given is compared; one that still lies here is not put away. */
static int
check_copy(struct ctl *c, const char *file, const char *key_id, struct err *e)
{
	struct crypt_key k = {0};
	char path[512];
	bool same;

	if (recovery_path(c, path, e) == -1)
		return -1;
	if (file == NULL || str_eq(file, path)) {
		if (!there(path))
			return 0;
		return err_set(e, ERR_INPUT,
		    "%s is still on this machine; move it to where a lost disk does not take it along, then confirm", path);
	}
	if (crypt_key_load_secret(file, &k, e) == -1)
		return -1;
	same = str_eq(k.id, key_id);
	if (!same)
		err_set(e, ERR_INPUT, "%s holds the key %s, not %s that is in use", file, k.id, key_id);
	crypt_key_clear(&k);
	if (!same)
		return -1;
	if (unlink(path) == -1 && errno != ENOENT)
		return err_set_errno(e, ERR_IO, errno, "cannot remove %s", path);
	return 0;
}

int
ctl_keys_confirm(struct ctl *c, struct err *e)
{
	char id[32] = "";
	char now[24];
	bool has = false;

	if (c->argc > 2)
		return ctl_usage(c, "takes at most the file of the copy");
	if (ctl_open_db(c, e) == -1 || token_key_current(c->db, "reader", id, &has, e) == -1)
		return -1;
	if (!has)
		return err_set(e, ERR_INPUT, "there is no private key yet; run `connectorctl init`");
	if (check_copy(c, c->argc == 2 ? c->argv[1] : NULL, id, e) == -1)
		return -1;
	if (str_format(now, sizeof now, "%" PRId64, clk_now()) == -1)
		return err_set(e, ERR_BUG, "time");
	if (db_begin(c->db, e) == -1 || meta_set(c->db, "recovery_confirmed_key", id, e) == -1 ||
	    meta_set(c->db, "recovery_confirmed_at", now, e) == -1 ||
	    ctl_audit(c, "keys.recovery_confirmed", id, NULL, e) == -1 || db_commit(c->db, e) == -1)
		return -1;
	printf("noted: the recovery copy of the key %s is kept elsewhere\n", id);
	return CTL_OK;
}
