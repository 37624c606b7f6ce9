/* life.c: the parts of the benchmark of tokens (tests/bench/life.py) that need the
 * product's own code.
 *
 *   life fill CONFIG ACCOUNTS             rows and sealed tokens in a fresh installation's
 * database life commits CONFIG COMMITS ROUNDS    token commits a second, beside a bare
 * SQLite loop of the same bytes
 *
 * The bare loop is what anybody would write by hand: its own connection with the same
 * settings, three prepared statements with values of the same sizes, a transaction each.
 * Rounds alternate, so that a slow moment of the disk meets both. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/keys.h"
#include "core/oauth_token.h"
#include "store/catalog.h"
#include "store/token.h"

enum { TOKEN_CHARS = 900, EXPIRES_S = 5400, ROUNDS_MAX = 99 };

struct bench {
	struct conf conf;
	struct db *db;
	struct keys_ring ring;
	struct oauth_ctx oauth;
	int64_t accounts;
	int64_t *generations;
};

static int
bad(const char *what, const struct err *e)
{
	fprintf(stderr, "life: %s: %s\n", what, e->msg);
	return -1;
}

static int
open_bench(struct bench *b, const char *path)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	struct err e = {0};
	int rc = -1;

	if (crypt_init(&e) == -1 ||
	    conf_load(path, CONF_WORKER, &b->conf, &problems, &e) == -1 ||
	    db_open(b->conf.database, store_catalog(), DB_ROLE_SYNC, &b->db, &e) == -1 ||
	    keys_worker(b->db, &b->conf, &b->ring, &e) == -1)
		bad(path, &e);
	else
		rc = 0;
	b->oauth = (struct oauth_ctx){.db = b->db,
	    .conf = &b->conf,
	    .writer = &b->ring.current,
	    .reader = &b->ring.current,
	    .ring = &b->ring,
	    .owner = "1.bench"};
	buf_clear(&problems);
	return rc;
}

static void
close_bench(struct bench *b)
{
	free(b->generations);
	keys_ring_clear(&b->ring);
	db_close(b->db);
	conf_clear(&b->conf);
}

/* A handle past the product's own functions. */
static sqlite3 *
raw_open(const char *path)
{
	sqlite3 *h = NULL;

	if (sqlite3_open(path, &h) != SQLITE_OK ||
	    sqlite3_exec(h,
		"pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys "
		"= on;"
		"pragma wal_autocheckpoint = 0; pragma busy_timeout = 5000",
		NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "life: %s: %s\n", path, sqlite3_errmsg(h));
		sqlite3_close(h);
		return NULL;
	}
	sqlite3_db_config(h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return h;
}

static int
raw_run(sqlite3 *h, const char *sql)
{
	if (sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	fprintf(stderr, "life: %.60s...: %s\n", sql, sqlite3_errmsg(h));
	return -1;
}

/* ---- fill */

static const char rows[] =
    "begin;"
    "insert into company (procore_company_id, name, app_state, since_at) values "
    "(8000000000, 'Briarwood', 'ok', %1$lld);"
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < %2$lld)"
    " insert into account (id, public_id, login, login_folded, since_at, created_at)"
    " select i, lower(hex(randomblob(16))), 'bic' || i || '@example.com', 'bic' || i || "
    "'@example.com', %1$lld, %1$lld"
    " from n;"
    /* Five people a project, planned for later: what is measured is not the sync. */
    "with recursive n (i) as (select 1 union all select i + 1 from n where i <= %2$lld / 5)"
    " insert into connection (id, npc_project_id, npc_number, npc_name, "
    "procore_company_id, procore_project_id,"
    " procore_name, sync_from_at, next_sync_at, created_at, changed_at)"
    " select i, 'P-' || i, '26' || i, 'Riverside ' || i, 8000000000, 9000000000 + i, "
    "'Riverside ' || i, %1$lld,"
    " %1$lld + 86400, %1$lld, %1$lld from n;"
    "insert into bic (connection_id, account_id, position, state, npc_contact_id, "
    "checked_at, added_at)"
    " select 1 + id / 5, id, 1 + id %% 5, 'ok', 'c' || id, %1$lld, %1$lld from account;"
    "commit";

static int
store(struct bench *b, int64_t id, struct err *e)
{
	struct oauth_pair p = {
	    .expires_in_s = EXPIRES_S, .expires_at = clk_now() + EXPIRES_S};
	char text[TOKEN_CHARS + 1];
	int rc;

	memset(text, 'a' + (int)(id % 26), TOKEN_CHARS);
	secret_set(&p.access, text, TOKEN_CHARS);
	/* The refresh token names its account, for the scripted endpoint. */
	if (str_format(text, sizeof text, "refresh-%06" PRId64 "-%08" PRId64, id,
		b->generations[id]) == -1)
		return err_set(e, ERR_BUG, "token");
	secret_set(&p.refresh, text, strlen(text));
	rc = oauth_store(&b->oauth, id, b->generations[id], &p, NULL, e);
	if (rc == 0)
		b->generations[id]++;
	oauth_pair_clear(&p);
	return rc;
}

static int
fill(struct bench *b)
{
	struct buf sql = BUF_INIT(LIMIT_PAGE);
	struct err e = {0};
	sqlite3 *h = raw_open(b->conf.database);
	int rc = -1;

	buf_printf(&sql, rows, (long long)clk_now(), (long long)b->accounts);
	if (h == NULL || raw_run(h, buf_str(&sql)) == -1)
		goto out;
	if (db_begin(b->db, &e) == -1)
		goto fail;
	for (int64_t id = 1; id <= b->accounts; id++)
		if (store(b, id, &e) == -1)
			goto fail;
	if (db_commit(b->db, &e) == -1 || db_checkpoint(b->db, 1000, &e) == -1)
		goto fail;
	rc = 0;
	goto out;
fail:
	bad("fill", &e);
out:
	sqlite3_close(h);
	buf_clear(&sql);
	return rc;
}

/* ---- commits */

struct bare {
	sqlite3 *h;
	sqlite3_stmt *begin, *account, *token, *job, *commit;
	uint8_t sealed[2][TOKEN_CHARS * 2];
	int sealed_bytes[2];
	char path[512];
};

/* What the product writes when it stores a pair. */
static const char bare_account[] = "update account set state = 'ok', cause = 'none', "
				   "cause_text = '', generation = generation + 1,"
				   " access_expires_at = ?2, refresh_due_at = ?3, "
				   "last_refresh_at = ?4, proved_at = ?4 where id = ?1";
static const char bare_token[] = "insert or replace into token (account_id, generation, "
				 "writer_key_id, reader_key_id, access_sealed,"
				 " refresh_sealed, stored_at) values (?1, ?2, "
				 "'aaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaa', ?3, ?4, ?5)";
static const char bare_job[] =
    "insert into job (kind, ref, priority, due_at, created_at) values ('refresh', ?1, 30, "
    "?2, ?3)"
    " on conflict (kind, ref) do update set due_at = excluded.due_at";

static int
bare_open(struct bench *b, struct bare *r)
{
	struct token_row t = {0};
	struct err e = {0};

	if (str_format(r->path, sizeof r->path, "%s.bare", b->conf.database) == -1 ||
	    db_backup_into(b->db, r->path, &e) == -1 || token_get(b->db, 1, &t, &e) == -1)
		return bad("copy", &e);
	r->sealed_bytes[0] = (int)t.access.len;
	r->sealed_bytes[1] = (int)t.refresh.len;
	token_row_clear(&t);
	rnd_bytes(r->sealed, sizeof r->sealed);
	r->h = raw_open(r->path);
	if (r->h == NULL)
		return -1;
	if (sqlite3_prepare_v2(r->h, "begin immediate", -1, &r->begin, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(r->h, "commit", -1, &r->commit, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(r->h, bare_account, -1, &r->account, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(r->h, bare_token, -1, &r->token, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(r->h, bare_job, -1, &r->job, NULL) != SQLITE_OK) {
		fprintf(stderr, "life: %s\n", sqlite3_errmsg(r->h));
		return -1;
	}
	return 0;
}

static void
bare_close(struct bare *r)
{
	sqlite3_finalize(r->begin);
	sqlite3_finalize(r->commit);
	sqlite3_finalize(r->account);
	sqlite3_finalize(r->token);
	sqlite3_finalize(r->job);
	sqlite3_close(r->h);
}

static int
bare_step(struct bare *r, sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	sqlite3_reset(q);
	if (rc == SQLITE_DONE)
		return 0;
	fprintf(stderr, "life: %s\n", sqlite3_errmsg(r->h));
	return -1;
}

static int
bare_store(struct bare *r, int64_t id, int64_t generation)
{
	int64_t now = clk_now();

	sqlite3_bind_int64(r->account, 1, id);
	sqlite3_bind_int64(r->account, 2, now + EXPIRES_S);
	sqlite3_bind_int64(r->account, 3, now + EXPIRES_S - rnd_between(900, 1125));
	sqlite3_bind_int64(r->account, 4, now);
	sqlite3_bind_int64(r->token, 1, id);
	sqlite3_bind_int64(r->token, 2, generation);
	sqlite3_bind_blob(r->token, 3, r->sealed[0], r->sealed_bytes[0], SQLITE_STATIC);
	sqlite3_bind_blob(r->token, 4, r->sealed[1], r->sealed_bytes[1], SQLITE_STATIC);
	sqlite3_bind_int64(r->token, 5, now);
	sqlite3_bind_int64(r->job, 1, id);
	sqlite3_bind_int64(r->job, 2, now + EXPIRES_S - rnd_between(900, 1125));
	sqlite3_bind_int64(r->job, 3, now);
	if (bare_step(r, r->begin) == -1 || bare_step(r, r->account) == -1 ||
	    bare_step(r, r->token) == -1 || bare_step(r, r->job) == -1)
		return -1;
	return bare_step(r, r->commit);
}

static int64_t
wal_bytes(const char *path)
{
	char wal[520];
	struct stat st;

	if (str_format(wal, sizeof wal, "%s-wal", path) == -1 || stat(wal, &st) == -1)
		return 0;
	return (int64_t)st.st_size;
}

/* Spread over the accounts as their due times are. */
static int64_t
account_of(const struct bench *b, int64_t i)
{
	return 1 + i * 7919 % b->accounts;
}

struct rates {
	double product[ROUNDS_MAX], bare[ROUNDS_MAX], ratio[ROUNDS_MAX];
	int64_t product_bytes, bare_bytes;
};

static double
per_second(int64_t commits, int64_t from_us)
{
	return (double)commits * 1e6 / (double)(clk_now_ms() * 1000 - from_us + 1);
}

static int
run_round(struct bench *b, struct bare *r, int64_t commits, int round, struct rates *out)
{
	struct err e = {0};
	int64_t first = round * commits;
	int64_t from;

	if (db_checkpoint(b->db, 1000, &e) == -1 ||
	    raw_run(r->h, "pragma wal_checkpoint(truncate)") == -1)
		return bad("checkpoint", &e);
	from = clk_now_ms() * 1000;
	for (int64_t i = 0; i < commits; i++)
		if (store(b, account_of(b, first + i), &e) == -1)
			return bad("store", &e);
	out->product[round] = per_second(commits, from);
	from = clk_now_ms() * 1000;
	for (int64_t i = 0; i < commits; i++)
		if (bare_store(r, account_of(b, first + i), round + 2) == -1)
			return -1;
	out->bare[round] = per_second(commits, from);
	out->ratio[round] = out->product[round] / out->bare[round];
	out->product_bytes += wal_bytes(b->conf.database);
	out->bare_bytes += wal_bytes(r->path);
	return 0;
}

static int
by_value(const void *x, const void *y)
{
	double a = *(const double *)x;
	double b = *(const double *)y;

	return (a > b) - (a < b);
}

static void
say(const char *what, double *v, int n)
{
	qsort(v, (size_t)n, sizeof v[0], by_value);
	printf("%s %.3f %.3f %.3f\n", what, v[n / 2], v[0], v[n - 1]);
}

/* Lines "WORD MEDIAN LEAST MOST" for life.py. */
static int
commits(struct bench *b, int64_t n, int rounds)
{
	struct rates *out = xmalloc(sizeof *out);
	struct bare *r = xmalloc(sizeof *r);
	int rc = -1;

	*out = (struct rates){.product_bytes = 0};
	*r = (struct bare){.h = NULL};
	if (bare_open(b, r) == -1)
		goto out;
	for (int i = 0; i < rounds; i++)
		if (run_round(b, r, n, i, out) == -1)
			goto out;
	say("product", out->product, rounds);
	say("bare", out->bare, rounds);
	say("ratio", out->ratio, rounds);
	printf("bytes %.0f %.0f\n", (double)out->product_bytes / (double)(n * rounds),
	    (double)out->bare_bytes / (double)(n * rounds));
	rc = 0;
out:
	bare_close(r);
	free(r);
	free(out);
	return rc;
}

static int
load_generations(struct bench *b)
{
	sqlite3 *h = raw_open(b->conf.database);
	sqlite3_stmt *q = NULL;
	int rc = -1;

	if (h != NULL &&
	    sqlite3_prepare_v2(h, "select id, generation from account order by id", -1, &q,
		NULL) == SQLITE_OK) {
		while (sqlite3_step(q) == SQLITE_ROW) {
			b->accounts = sqlite3_column_int64(q, 0);
			b->generations = xreallocarray(b->generations,
			    (size_t)b->accounts + 1, sizeof b->generations[0]);
			b->generations[b->accounts] = sqlite3_column_int64(q, 1);
		}
		rc = b->accounts > 0 ? 0 : -1;
	}
	sqlite3_finalize(q);
	sqlite3_close(h);
	return rc;
}

int
main(int argc, char **argv)
{
	struct bench b = {.db = NULL};
	int64_t n = 0;
	int64_t rounds = 0;
	int rc = -1;

	log_init("life", LOG_WARN);
	if (argc < 4 || num_parse_i64(argv[3], 1, 1000000, &n) == -1 ||
	    open_bench(&b, argv[2]) == -1)
		goto out;
	if (str_eq(argv[1], "fill")) {
		b.accounts = n;
		b.generations = xreallocarray(NULL, (size_t)n + 1, sizeof b.generations[0]);
		memset(b.generations, 0, ((size_t)n + 1) * sizeof b.generations[0]);
		rc = fill(&b);
	} else if (str_eq(argv[1], "commits") && argc == 5 &&
		   num_parse_i64(argv[4], 1, ROUNDS_MAX, &rounds) == 0 &&
		   load_generations(&b) == 0) {
		rc = commits(&b, n, (int)rounds);
	}
out:
	if (rc == -1)
		fprintf(stderr, "usage: life fill CONFIG ACCOUNTS | life commits CONFIG "
				"COMMITS ROUNDS\n");
	close_bench(&b);
	return rc == 0 ? 0 : 1;
}
