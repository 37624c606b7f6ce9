#include "config.h"

#include "seal_rig.h"

#include <dirent.h>
#include <inttypes.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/oauth_int.h"
#include "store/account.h"
#include "store/catalog.h"
#include "store/seal_rows.h"
#include "store/token.h"

/* Tests run without a network: nothing here may call. */
static void
make_conf(struct seal_rig *r)
{
	struct conf *c = &r->conf;

	c->database = xasprintf("%s/connectorweb.db", r->dir);
	c->seal_private_key_file = xasprintf("%s/seal.key", r->dir);
	c->seal_public_key_file = xasprintf("%s/seal.pub", r->dir);
	c->seal_writer_key_file = xasprintf("%s/writer.key", r->dir);
	c->spool_dir = xstrdup(r->dir);
	c->token_refresh_margin_minutes = 15;
	c->refresh_parallel = 2;
	c->retention_days = 400;
}

static void
note_key(struct seal_rig *r, const struct crypt_key *k, const char *use)
{
	struct buf hex = BUF_INIT(80);

	enc_hex(&hex, k->pub, sizeof k->pub);
	RIG_OK(token_key_put(r->admin, k->id, use, buf_str(&hex), &rig_err));
	buf_clear(&hex);
}

static void
make_keys(struct seal_rig *r)
{
	struct crypt_key k;

	crypt_key_new(&k);
	RIG_OK(crypt_key_save_secret(r->conf.seal_private_key_file, &k, &rig_err));
	RIG_OK(crypt_key_save_public(r->conf.seal_public_key_file, &k, &rig_err));
	note_key(r, &k, "reader");
	crypt_key_new(&k);
	RIG_OK(crypt_key_save_secret(r->conf.seal_writer_key_file, &k, &rig_err));
	note_key(r, &k, "writer");
	crypt_key_clear(&k);
	RIG_OK(keys_callback(&r->conf, &r->writer, &r->reader_pub, &rig_err));
}

static void
set_text(struct secret *s, const char *half, int64_t account_id, int64_t generation)
{
	char text[80];

	assert_int_equal(str_format(text, sizeof text, "%s-%" PRId64 "-%" PRId64, half,
			     account_id, generation),
	    0);
	secret_set(s, text, strlen(text));
}

void
seal_rig_store(struct seal_rig *r, struct oauth_ctx *as, int64_t account_id)
{
	struct oauth_pair pair = {.expires_in_s = 5400, .expires_at = clk_now() + 5400};
	struct account a = {0};

	RIG_OK(account_get(as->db, account_id, &a, &rig_err));
	set_text(&pair.access, "access", account_id, a.generation + 1);
	set_text(&pair.refresh, "refresh", account_id, a.generation + 1);
	RIG_OK(oauth_store(as, account_id, a.generation, &pair, NULL, &rig_err));
	oauth_pair_clear(&pair);
	account_clear(&a);
	(void)r;
}

static void
expect_half(struct seal_rig *r, const struct account *a, const char *half)
{
	struct secret want = {0};
	struct secret got = {0};

	set_text(&want, half, a->id, a->generation);
	RIG_OK(oauth_open(&r->worker, a->id, a->generation, half, &got, &rig_err));
	assert_true(secret_eq(&want, &got));
	secret_clear(&want);
	secret_clear(&got);
}

void
seal_rig_expect_opens(struct seal_rig *r, int64_t account_id)
{
	struct account a = {0};

	RIG_OK(account_get(r->sync, account_id, &a, &rig_err));
	expect_half(r, &a, "access");
	expect_half(r, &a, "refresh");
	account_clear(&a);
}

int64_t
seal_rig_left(struct seal_rig *r)
{
	char current[32] = "";
	bool known = false;
	int64_t n = -1;

	RIG_OK(token_key_current(r->admin, "reader", current, &known, &rig_err));
	RIG_OK(seal_rows_left(r->admin, current, &n, &rig_err));
	return n;
}

void
seal_rig_start_worker(struct seal_rig *r)
{
	keys_ring_clear(&r->ring);
	db_close(r->sync);
	RIG_OK(
	    db_open(r->conf.database, store_catalog(), DB_ROLE_SYNC, &r->sync, &rig_err));
	RIG_OK(keys_worker(r->sync, &r->conf, &r->ring, &rig_err));
	r->worker = (struct oauth_ctx){.db = r->sync,
	    .conf = &r->conf,
	    .writer = &r->ring.current,
	    .reader = &r->ring.current,
	    .ring = &r->ring,
	    .owner = "1.worker"};
}

void
seal_rig_open(struct seal_rig *r, int n)
{
	*r = (struct seal_rig){.sync = NULL};
	unit_mkdir(r->dir);
	make_conf(r);
	RIG_OK(crypt_init(&rig_err));
	RIG_OK(db_migrate(r->conf.database, store_catalog(), NULL, NULL, &rig_err));
	RIG_OK(
	    db_open(r->conf.database, store_catalog(), DB_ROLE_ADMIN, &r->admin, &rig_err));
	RIG_OK(
	    db_open(r->conf.database, store_catalog(), DB_ROLE_AUTH, &r->auth, &rig_err));
	make_keys(r);
	r->callback = (struct oauth_ctx){.db = r->auth,
	    .conf = &r->conf,
	    .writer = &r->writer,
	    .reader = &r->reader_pub,
	    .owner = "2.callback"};
	seal_rig_start_worker(r);
	for (int i = 1; i <= n; i++) {
		char login[64];
		int64_t id = 0;

		assert_int_equal(
		    str_format(login, sizeof login, "bic%d@example.com", i), 0);
		RIG_OK(account_ensure(r->auth, login, "", &id, &rig_err));
		assert_int_equal(id, i);
		seal_rig_store(r, &r->callback, id);
	}
}

static void
remove_all(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *f;

	assert_non_null(d);
	while ((f = readdir(d)) != NULL) {
		char path[UNIT_PATH_BYTES];

		if (str_eq(f->d_name, ".") || str_eq(f->d_name, ".."))
			continue;
		unit_path(path, dir, f->d_name);
		assert_int_equal(unlink(path), 0);
	}
	(void)closedir(d);
	assert_int_equal(rmdir(dir), 0);
}

void
seal_rig_close(struct seal_rig *r)
{
	keys_ring_clear(&r->ring);
	db_close(r->sync);
	db_close(r->auth);
	db_close(r->admin);
	free(r->conf.database);
	free(r->conf.seal_private_key_file);
	free(r->conf.seal_public_key_file);
	free(r->conf.seal_writer_key_file);
	free(r->conf.spool_dir);
	remove_all(r->dir);
}
