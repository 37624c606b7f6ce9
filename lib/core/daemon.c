#include "config.h"

#include "core/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/keys.h"
#include "core/work.h"
#include "io/pool.h"
#include "io/wake.h"
#include "store/catalog.h"
#include "store/mailbox.h"

enum {
	/* After an error of the table itself: the disk or the database needs a moment. */
	PAUSE_MS = 1000,
	/* What fell due this moment may be another process's: no hot loop around it. */
	NAP_MS = 20,
	OWNER_BYTES = 40
};

/* What the parent reads once and every child takes along. */
struct service {
	const struct daemon_opts *o;
	struct conf conf;
	struct secret client, audit, smtp, npc_access, npc_secret;
	struct keys_ring ring;
	int wake_fd, lock_fd;
};

/* One process's handles. */
struct worker {
	struct service *s;
	struct db *db;
	struct http *http;
	struct mail_ctx mail;
	bool has_mail;
	struct sync_ctx sync;
	struct work_ctx work;
	char owner[OWNER_BYTES];
};

/* ---- start */

static int
load_conf(struct service *s)
{
	struct buf problems = BUF_INIT(LIMIT_CONFIG);
	enum log_level level = LOG_INFO;
	struct err e = {0};
	int rc = conf_load(s->o->conf_path, CONF_WORKER, &s->conf, &problems, &e);

	if (rc == -1 && problems.len > 0)
		fprintf(stderr, "%s", buf_str(&problems));
	else if (rc == -1)
		fprintf(stderr, "connectord: %s\n", e.msg);
	else if (log_level_parse(s->conf.log_level, &level) == 0)
		log_init("connectord", level);
	buf_clear(&problems);
	return rc;
}

static int
load_secrets(struct service *s, struct err *e)
{
	const struct conf *c = &s->conf;

	if (conf_secret(c, CONF_WORKER, "procore_client_secret_file", &s->client, e) == -1 ||
	    conf_secret(c, CONF_WORKER, "audit_key_file", &s->audit, e) == -1)
		return -1;
	if (!str_empty(c->smtp_user) && conf_secret(c, CONF_WORKER, "smtp_password_file", &s->smtp, e) == -1)
		return -1;
	if (!str_eq(c->npc_adapter, "gateway"))
		return 0;
	if (conf_secret(c, CONF_WORKER, "npc_access_key_file", &s->npc_access, e) == -1)
		return -1;
	return conf_secret(c, CONF_WORKER, "npc_secret_file", &s->npc_secret, e);
}

static void
service_clear(struct service *s)
{
	secret_clear(&s->client);
	secret_clear(&s->audit);
	secret_clear(&s->smtp);
	secret_clear(&s->npc_access);
	secret_clear(&s->npc_secret);
	keys_ring_clear(&s->ring);
	if (s->wake_fd != -1) {
		close(s->wake_fd);
		(void)unlink(s->conf.wake_socket); /* doctor takes it for a sign of life */
	}
	if (s->lock_fd != -1)
		close(s->lock_fd);
	conf_clear(&s->conf);
}

/* One daemon a database: only so may it free leases that dead processes left behind. */
static int
take_lock(struct service *s, struct err *e)
{
	char *path = xasprintf("%s.lock", s->conf.wake_socket);
	int rc = -1;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd == -1)
		rc = err_set_errno(e, ERR_IO, errno, "wake_socket: cannot make %s", path);
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == -1)
		rc = err_set(e, ERR_IO, "another connectord holds %s; stop it first", path);
	else
		rc = 0;
	free(path);
	return rc;
}

/* ---- one process */

static void
worker_close(struct worker *w)
{
	if (w->has_mail)
		mail_close(&w->mail);
	npc_free(w->sync.npc);
	http_free(w->http);
	db_close(w->db);
}

static int
worker_open(struct service *s, struct worker *w, struct err *e)
{
	const struct conf *c = &s->conf;
	const struct http_conf h = {.ca_file = c->ca_file, .proxy = c->https_proxy,
	    .user_agent = "connectorweb/" PACKAGE_VERSION};
	char tag[9];

	rnd_hex(tag, 4);
	BUG_IF(str_format(w->owner, sizeof w->owner, "%ld.%s", (long)getpid(), tag) == -1);
	w->s = s;
	if (db_open(c->database, store_catalog(), DB_ROLE_SYNC, &w->db, e) == -1 ||
	    db_check_version(w->db, e) == -1 || http_new(&h, &w->http, e) == -1 ||
	    mail_open(w->db, c, &s->smtp, &w->mail, e) == -1)
		return -1;
	w->has_mail = true;
	/* The worker seals with the pair that opens: it alone holds the secret half. */
	w->sync.oauth = (struct oauth_ctx){.db = w->db, .conf = c, .http = w->http, .client_secret = &s->client,
	    .writer = &s->ring.current, .reader = &s->ring.current, .ring = &s->ring, .owner = w->owner};
	w->sync.npc = npc_new(c, w->http, &s->npc_access, &s->npc_secret);
	w->sync.spool_dir = c->spool_dir;
	w->work = (struct work_ctx){.sync = &w->sync, .mail = &w->mail, .audit_key = &s->audit};
	return 0;
}

/* How long to sleep: until the next due time, at most the look. */
static int
sleep_ms(int64_t next_at)
{
	int64_t ms = next_at == 0 ? WORK_LOOK_MS : next_at * 1000 - clk_now_ms();

	return ms < NAP_MS ? NAP_MS : ms > WORK_LOOK_MS ? WORK_LOOK_MS : (int)ms;
}

/* Steps until nothing is due, then sleep; again until told to stop. */
static int
child(void *arg, int stop_fd)
{
	struct worker w = {.s = arg};
	struct err e = {0};
	int64_t next_at = 0;
	bool ran = false;
	int wait_ms = 0;
	int status = DAEMON_OK;

	if (worker_open(arg, &w, &e) == -1) {
		log_err("worker_start", &e);
		worker_close(&w);
		return DAEMON_FAILED;
	}
	while (wake_wait(w.s->wake_fd, stop_fd, wait_ms) != -1) {
		/* Only a process that slept passes the word on. */
		if (wait_ms > 0)
			w.work.rouse = w.s->conf.wake_socket;
		err_clear(&e);
		if (db_check_version(w.db, &e) == -1 && e.code == ERR_DB) {
			log_err("schema_changed", &e);
			status = POOL_EXIT_RESTART;
			break;
		}
		if (e.code != ERR_NONE || work_step(&w.work, w.owner, &ran, &next_at, &e) == -1) {
			db_rollback(w.db);
			log_err("work_step", &e);
			wait_ms = PAUSE_MS;
		} else {
			wait_ms = ran ? 0 : sleep_ms(next_at);
		}
	}
	worker_close(&w);
	return status;
}

/* The parent keeps no handle open: SQLite's must not cross a fork. */
static void
died(void *arg, pid_t pid)
{
	struct service *s = arg;
	struct db *db = NULL;
	struct err e = {0};
	char prefix[24];

	if (str_format(prefix, sizeof prefix, "%ld.", (long)pid) == -1)
		return;
	if (db_open(s->conf.database, store_catalog(), DB_ROLE_SYNC, &db, &e) == -1 ||
	    job_release(db, prefix, &e) == -1)
		log_err("lease_release", &e); /* they end by themselves */
	db_close(db);
}

/* ---- all of it */

/* Everything that a start needs, looked at before the first child. *status: what to end with on failure. */
static int
prepare(struct service *s, int *status, struct err *e)
{
	struct worker w = {0};
	struct db *db = NULL;
	int rc = -1;

	*status = DAEMON_CONFIG;
	if (crypt_init(e) == -1 || load_secrets(s, e) == -1)
		return -1;
	*status = DAEMON_FAILED;
	if (db_open(s->conf.database, store_catalog(), DB_ROLE_SYNC, &db, e) == -1 || db_check_version(db, e) == -1)
		goto out;
	*status = DAEMON_CONFIG;
	if (keys_worker(db, &s->conf, &s->ring, e) == -1)
		goto out;
	*status = DAEMON_FAILED;
	if (s->o->check) {
		rc = worker_open(s, &w, e);
		worker_close(&w);
		goto out;
	}
	if (take_lock(s, e) == -1 || wake_listen(s->conf.wake_socket, &s->wake_fd, e) == -1 ||
	    job_release_all(db, e) == -1 || work_plan_house(db, e) == -1 ||
	    /* A restart may mean that a setting of the mail server was mended. */
	    mail_row_all_due(db, e) == -1)
		goto out;
	rc = 0;
out:
	db_close(db);
	return rc;
}

/* One process until nothing is due. */
static int
run_once(struct service *s, struct err *e)
{
	struct worker w = {.s = s};
	int64_t next_at = 0;
	bool ran = true;
	int rc = worker_open(s, &w, e);

	if (rc == 0 && s->o->stop_at_commit > 0)
		db_stop_at_commit(w.db, s->o->stop_when, s->o->stop_at_commit);
	while (rc == 0 && ran)
		rc = work_step(&w.work, w.owner, &ran, &next_at, e);
	worker_close(&w);
	return rc;
}

int
daemon_run(const struct daemon_opts *o)
{
	struct service s = {.o = o, .wake_fd = -1, .lock_fd = -1};
	struct pool pool = {.child = child, .died = died, .arg = &s};
	struct err e = {0};
	int status = DAEMON_CONFIG;
	int rc = -1;

	log_init("connectord", LOG_INFO);
	if (load_conf(&s) == -1)
		goto out;
	rc = prepare(&s, &status, &e);
	if (rc == -1) {
		fprintf(stderr, "connectord: cannot start: %s\n", e.msg);
		goto out;
	}
	status = DAEMON_OK;
	if (o->check) {
		printf("connectord %s, SQLite %s, key %s: ready to start\n", PACKAGE_VERSION, db_library_version(),
		    s.ring.current.id);
	} else if (o->once) {
		rc = run_once(&s, &e);
	} else {
		pool.n = (int)s.conf.worker_processes;
		log_event(LOG_INFO, "started", "version", PACKAGE_VERSION, "processes", log_num(pool.n), "npc",
		    s.conf.npc_adapter, NULL);
		rc = pool_run(&pool, &status, &e);
		log_event(LOG_INFO, "stopped", "status", log_num(status), NULL);
	}
	if (rc == -1) {
		log_err("connectord", &e);
		status = DAEMON_FAILED;
	}
out:
	service_clear(&s);
	return status;
}
