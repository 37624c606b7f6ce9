/* One step of the sync engine in a process of its own, for tests: with the real database,
 * client and keys of a configuration, and if wanted dead right after its Nth commit, or
 * right before it: then everything that it would have recorded has been done.
 *
 *   sync_step CONFIG grant ACCOUNT_ID    a token pair as JSON on standard input is stored
 *   sync_step CONFIG sync|check|choices|resume|webhook|browse ID [N|before:N]
 *   sync_step CONFIG upload ACCOUNT_ID   standard input is a file: sent to COMPANY/PROJECT
 * of the environment in segments of 5 MiB; prints "uuid=..."
 *
 * Prints "next=T commits=N". Exit status DB_STOPPED: stopped at the commit asked for. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "core/browse.h"
#include "core/keys.h"
#include "core/procore.h"
#include "core/spool.h"
#include "core/sync.h"
#include "core/webhook.h"
#include "io/json.h"
#include "store/account.h"
#include "store/catalog.h"

struct step {
	struct conf conf;
	struct secret client_secret, access_key, secret;
	struct keys_ring ring;
	struct sync_ctx sync;
	int64_t stop_at, stop_before, commits; /* 0: goes on */
};

static void
on_commit(void *arg, int64_t commit_no)
{
	struct step *s = arg;

	s->commits = commit_no;
	if (s->stop_at != 0 && commit_no == s->stop_at)
		_exit(DB_STOPPED);
}

static int
open_step(struct step *s, const char *config, struct err *e)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	struct http_conf h = {0};
	int rc = -1;

	if (crypt_init(e) == -1 ||
	    conf_load(config, CONF_WORKER, &s->conf, &problems, e) == -1)
		goto out;
	h = (struct http_conf){.ca_file = s->conf.ca_file,
	    .proxy = s->conf.https_proxy,
	    .user_agent = "connectorweb/test"};
	if (db_open(s->conf.database, store_catalog(), DB_ROLE_SYNC, &s->sync.oauth.db,
		e) == -1 ||
	    db_check_version(s->sync.oauth.db, e) == -1 ||
	    http_new(&h, &s->sync.oauth.http, e) == -1 ||
	    keys_worker(s->sync.oauth.db, &s->conf, &s->ring, e) == -1 ||
	    conf_secret(&s->conf, CONF_WORKER, "procore_client_secret_file",
		&s->client_secret, e) == -1 ||
	    conf_secret(&s->conf, CONF_WORKER, "npc_access_key_file", &s->access_key, e) ==
		-1 ||
	    conf_secret(&s->conf, CONF_WORKER, "npc_secret_file", &s->secret, e) == -1)
		goto out;
	s->sync.oauth.conf = &s->conf;
	s->sync.oauth.client_secret = &s->client_secret;
	s->sync.oauth.writer = &s->ring.current;
	s->sync.oauth.ring = &s->ring;
	s->sync.oauth.reader = &s->ring.current;
	s->sync.oauth.owner = "test.step";
	s->sync.npc = npc_new(&s->conf, s->sync.oauth.http, &s->access_key, &s->secret);
	s->sync.spool_dir = s->conf.spool_dir;
	db_set_commit_hook(s->sync.oauth.db, on_commit, s);
	if (s->stop_before != 0)
		db_stop_at_commit(s->sync.oauth.db, DB_STOP_BEFORE, s->stop_before);
	rc = 0;
out:
	buf_clear(&problems);
	return rc;
}

static void
close_step(struct step *s)
{
	npc_free(s->sync.npc);
	http_free(s->sync.oauth.http);
	db_close(s->sync.oauth.db);
	keys_ring_clear(&s->ring);
	secret_clear(&s->client_secret);
	secret_clear(&s->access_key);
	secret_clear(&s->secret);
	conf_clear(&s->conf);
}

static void
read_all(struct buf *in)
{
	char chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		buf_add(in, chunk, n);
}

static int
read_pair(struct oauth_pair *pair, struct oauth_me *me, struct err *e)
{
	struct buf in = BUF_INIT(LIMIT_TOKEN_BODY);
	const char *access = NULL, *refresh = NULL, *login = NULL;
	struct json *j = NULL;
	int rc = -1;

	read_all(&in);
	if (json_parse(buf_str(&in), in.len, LIMIT_TOKEN_BODY, &j, e) == -1 ||
	    json_need_str(j, "access_token", LIMIT_TOKEN, &access, e) == -1 ||
	    json_need_str(j, "refresh_token", LIMIT_TOKEN, &refresh, e) == -1 ||
	    json_need_str(j, "login", LIMIT_LOGIN, &login, e) == -1 ||
	    json_need_i64(j, "id", 1, JSON_INT_MAX, &me->id, e) == -1 ||
	    json_need_i64(j, "expires_in", 1, JSON_INT_MAX, &pair->expires_in_s, e) == -1)
		goto out;
	secret_set(&pair->access, access, strlen(access));
	secret_set(&pair->refresh, refresh, strlen(refresh));
	pair->expires_at = clk_now() + pair->expires_in_s;
	str_cut(me->login, sizeof me->login, login);
	rc = 0;
out:
	json_free(j);
	buf_clear(&in);
	return rc;
}

static int
grant(struct step *s, int64_t account_id, struct err *e)
{
	struct oauth_pair pair = {0};
	struct oauth_me me = {0};
	struct account a = {0};
	int rc = -1;

	if (read_pair(&pair, &me, e) == 0 &&
	    account_get(s->sync.oauth.db, account_id, &a, e) == 0)
		rc = oauth_store(&s->sync.oauth, account_id, a.generation, &pair, &me, e);
	account_clear(&a);
	oauth_pair_clear(&pair);
	return rc;
}

/* Direct upload in small segments, so that a file of some MiB has several. */
static int
upload(struct step *s, int64_t account_id, struct err *e)
{
	const char *company = getenv("COMPANY"), *project = getenv("PROJECT");
	struct procore p = {.oauth = &s->sync.oauth, .segment_bytes = 5 * 1024 * 1024};
	struct procore_at at = {.account_id = account_id};
	struct procore_answer a = {0};
	struct spool_part part = {.fd = -1};
	struct procore_file file = {.name = "set of drawings.pdf", .type = "application/pdf", .part = &part};
	char uuid[64] = "", chunk[65536];
	ssize_t n;
	int rc = -1;

	if (num_parse_i64(company, 1, JSON_INT_MAX, &at.company_id) == -1 ||
	    num_parse_i64(project, 1, JSON_INT_MAX, &at.project_id) == -1)
		return err_set(e, ERR_INPUT, "COMPANY and PROJECT are needed");
	if (spool_open(s->sync.spool_dir, "file-0", "test:0", &part, e) == -1)
		return -1;
	if (part.bytes == 0) {
		if (spool_begin(&part, -1, "\"test\"", e) == -1)
			goto out;
		while ((n = read(0, chunk, sizeof chunk)) > 0 && write(part.fd, chunk, (size_t)n) == n)
			part.bytes += n;
		if (spool_whole(&part, e) == -1 || spool_keep(&part, e) == -1)
			goto out;
	}
	if (procore_upload(&p, &at, &file, uuid, &a, e) == -1)
		goto out;
	if (a.cause != CAUSE_NONE)
		err_set(e, ERR_REMOTE, "%s: %s", cause_word(a.cause), a.text);
	else
		rc = printf("uuid=%s\n", uuid) < 0 ? -1 : 0;
	if (rc == 0)
		spool_drop(&part);
out:
	spool_close(&part);
	procore_answer_clear(&a);
	return rc;
}

/* As the job, but of the connection that is named: kind and number from the input. */
static int
pull(struct step *s, int64_t connection_id, int64_t *next_at, struct err *e)
{
	struct buf in = BUF_INIT(LIMIT_FIELD);
	struct json *arg = NULL;
	char *text = NULL;
	int rc = -1;

	read_all(&in);
	if (json_parse(buf_str(&in), in.len, LIMIT_FIELD, &arg, e) == 0) {
		json_put_i64(arg, "connection", connection_id);
		text = json_text(arg);
		rc = sync_pull(&s->sync, text, next_at, e);
	}
	free(text);
	json_free(arg);
	buf_clear(&in);
	return rc;
}

static int
run(struct step *s, const char *what, int64_t id, int64_t *next_at, struct err *e)
{
	if (str_eq(what, "grant"))
		return grant(s, id, e);
	if (str_eq(what, "upload"))
		return upload(s, id, e);
	if (str_eq(what, "sync"))
		return sync_run_connection(&s->sync, id, next_at, e);
	if (str_eq(what, "check"))
		return sync_check_bic(&s->sync, id, next_at, e);
	if (str_eq(what, "pull"))
		return pull(s, id, next_at, e);
	if (str_eq(what, "browse")) /* Project Center's projects, if a page asked for them */
		return browse_run(&s->sync, 0, e);
	if (str_eq(what, "choices"))
		return sync_choices(&s->sync, id, next_at, e);
	if (str_eq(what, "webhook"))
		return webhook_run(&s->sync.oauth, id, next_at, e);
	if (str_eq(what, "resume"))
		return sync_resume_account(&s->sync, id, e);
	return err_set(e, ERR_INPUT, "unknown step %s", what);
}

/* N or before:N. */
static int
read_stop(struct step *s, const char *text)
{
	if (str_starts(text, "before:"))
		return num_parse_i64(text + strlen("before:"), 1, INT64_MAX, &s->stop_before);
	return num_parse_i64(text, 0, INT64_MAX, &s->stop_at);
}

int
main(int argc, char **argv)
{
	struct step s = {0};
	struct err e = {0};
	int64_t id = 0, next_at = 0;
	int rc = -1;

	log_init("sync_step", LOG_INFO);
	if (argc < 4 || num_parse_i64(argv[3], 1, INT64_MAX, &id) == -1 ||
	    (argc > 4 && read_stop(&s, argv[4]) == -1)) {
		(void)fputs("usage: sync_step CONFIG STEP ID [[before:]COMMIT]\n", stderr);
		return 2;
	}
	if (open_step(&s, argv[1], &e) == 0)
		rc = run(&s, argv[2], id, &next_at, &e);
	if (rc == -1)
		log_err("step", &e);
	else
		(void)printf(
		    "next=%lld commits=%lld\n", (long long)next_at, (long long)s.commits);
	close_step(&s);
	return rc == -1 ? 1 : 0;
}
