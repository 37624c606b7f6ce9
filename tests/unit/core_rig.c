#include "config.h"

#include "core_rig.h"

#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>

#include <sqlite3.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "store/account.h"
#include "store/catalog.h"
#include "store/enroll.h"
#include "store/person.h"
#include "store/token.h"

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

const char *
rig_path(const struct rig *r, const char *name)
{
	static char paths[2][UNIT_PATH_BYTES];
	static int at;

	at = !at;
	unit_path(paths[at], r->dir, name);
	return paths[at];
}

static void
write_text(const struct rig *r, const char *name, const char *text)
{
	unit_write(rig_path(r, name), text, strlen(text), 0600);
}

static void
write_conf(struct rig *r, const char *extra)
{
	struct buf b = BUF_INIT(16384);

	buf_printf(&b,
	    "public_url = https://portal.example.com/connectorweb\n"
	    "database = %s\nspool_dir = %s\nbackup_dir = %s\nwake_socket = %s/wake.sock\n"
	    "procore_login_url = http://127.0.0.1:%d\nprocore_api_url = http://127.0.0.1:%d\n"
	    "procore_client_id = client id\nprocore_client_secret_file = %s/client_secret\n"
	    "session_key_file = %s/session\nseal_public_key_file = %s/public\nseal_private_key_file = %s/private\n"
	    "seal_writer_key_file = %s/writer\naudit_key_file = %s/audit\n"
	    "mail_from = connectorweb@example.com\nsmtp_url = smtp://127.0.0.1:9\n"
	    "test_clock_file = %s/clock\ntime_zone = UTC\n%s",
	    r->db_path, r->dir, r->dir, r->dir, r->port, r->port, r->dir, r->dir, r->dir, r->dir, r->dir, r->dir, r->dir,
	    extra == NULL ? "" : extra);
	write_text(r, "connectorweb.conf", buf_str(&b));
	buf_clear(&b);
}

static void
note_key(struct rig *r, const struct crypt_key *k, const char *use)
{
	struct buf hex = BUF_INIT(80);

	enc_hex(&hex, k->pub, sizeof k->pub);
	OK(r, token_key_put(r->admin, k->id, use, buf_str(&hex), &r->err));
	buf_clear(&hex);
}

void
rig_open(struct rig *r, const char *extra)
{
	static const struct http_conf h = {.user_agent = "connectorweb/test"};
	struct buf problems = BUF_INIT(16384);

	*r = (struct rig){.peer_runs = false};
	OK(r, crypt_init(&r->err));
	unit_mkdir(r->dir);
	unit_path(r->db_path, r->dir, "x.db");
	r->port = peer_free_port();
	write_text(r, "client_secret", "a client secret\n");
	write_text(r, "session", "0123456789abcdef0123456789abcdef0123456789abcdef\n");
	write_text(r, "audit", "fedcba9876543210fedcba9876543210\n");
	write_text(r, "clock", "0\n");
	crypt_key_new(&r->reader);
	crypt_key_new(&r->writer);
	OK(r, crypt_key_save_secret(rig_path(r, "private"), &r->reader, &r->err));
	OK(r, crypt_key_save_public(rig_path(r, "public"), &r->reader, &r->err));
	OK(r, crypt_key_save_secret(rig_path(r, "writer"), &r->writer, &r->err));
	write_conf(r, extra);
	if (conf_load(rig_path(r, "connectorweb.conf"), CONF_WORKER, &r->conf, &problems, &r->err) == -1)
		fail_msg("%s", buf_str(&problems));
	buf_clear(&problems);
	OK(r, db_migrate(r->db_path, store_catalog(), NULL, NULL, &r->err));
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_SYNC, &r->db, &r->err));
	OK(r, db_open(r->db_path, store_catalog(), DB_ROLE_ADMIN, &r->admin, &r->err));
	note_key(r, &r->reader, "reader");
	note_key(r, &r->writer, "writer");
	OK(r, conf_secret(&r->conf, CONF_WORKER, "procore_client_secret_file", &r->client_secret, &r->err));
	OK(r, http_new(&h, &r->http, &r->err));
	r->oauth = (struct oauth_ctx){.db = r->db, .conf = &r->conf, .http = r->http,
	    .client_secret = &r->client_secret, .writer = &r->reader, .reader = &r->reader, .owner = "1.test"};
}

void
rig_close(struct rig *r)
{
	if (r->peer_runs)
		rig_endpoint_end(r, NULL);
	clk_set_offset_file(NULL);
	http_free(r->http);
	secret_clear(&r->client_secret);
	crypt_key_clear(&r->reader);
	crypt_key_clear(&r->writer);
	db_close(r->db);
	db_close(r->admin);
	conf_clear(&r->conf);
	assert_int_equal(nftw(r->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int
rig_setup(void **state)
{
	struct rig *r = xmalloc(sizeof *r);

	rig_open(r, NULL);
	*state = r;
	return 0;
}

int
rig_teardown(void **state)
{
	rig_close(*state);
	free(*state);
	return 0;
}

void
rig_clock(struct rig *r, int64_t by_s)
{
	char text[32];
	char next[UNIT_PATH_BYTES];

	r->clock += by_s;
	assert_int_equal(str_format(text, sizeof text, "%" PRId64 "\n", r->clock), 0);
	unit_path(next, r->dir, "clock.next");
	unit_write(next, text, strlen(text), 0600);
	assert_int_equal(rename(next, rig_path(r, "clock")), 0);
}

/* ---- a look into the database past the product's own functions */

static sqlite3 *
look(struct rig *r, const char *sql, sqlite3_stmt **out)
{
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(r->db_path, &h), SQLITE_OK);
	sqlite3_busy_timeout(h, 5000);
	/* The worker alone checkpoints; this handle must not when it closes. */
	sqlite3_db_config(h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sqlite3_prepare_v2(h, sql, -1, out, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(h));
	return h;
}

int64_t
rig_number(struct rig *r, const char *sql)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *h = look(r, sql, &q);
	int64_t n;

	if (sqlite3_step(q) != SQLITE_ROW)
		fail_msg("%s: no row", sql);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(h);
	return n;
}

char *
rig_text(struct rig *r, const char *sql)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *h = look(r, sql, &q);
	char *text;

	if (sqlite3_step(q) != SQLITE_ROW)
		fail_msg("%s: no row", sql);
	text = xstrdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	sqlite3_close(h);
	return text;
}

void
rig_sql(struct rig *r, const char *sql)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *h = look(r, sql, &q);

	if (sqlite3_step(q) != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(h));
	sqlite3_finalize(q);
	sqlite3_close(h);
}

/* ---- rows */

int64_t
rig_account(struct rig *r, const char *login, const char *user, const char *mail)
{
	int64_t id = 0;
	int64_t person = 0;

	OK(r, account_ensure(r->admin, login, "", &id, &r->err));
	if (user != NULL) {
		OK(r, person_put(r->admin, user, user, mail, false, &person, &r->err));
		OK(r, account_join_person(r->admin, id, user, "import", &r->err));
	}
	return id;
}

int64_t
rig_connect(struct rig *r, const char *npc_id, int64_t account_id)
{
	static int64_t procore_id = 9000000000;
	struct enroll_project p = {.npc_id = npc_id, .npc_number = npc_id, .npc_name = "Riverside", .npc_server = "EAST",
	    .company_id = 8000000000, .procore_id = ++procore_id, .procore_name = "Riverside"};
	bool done = false;
	int64_t id = 0;

	OK(r, enroll_company(r->admin, p.company_id, "Briarwood", &done, &r->err));
	OK(r, enroll_connect(r->admin, &p, "import", &id, &r->err));
	OK(r, enroll_seat(r->admin, id, account_id, &done, &r->err));
	assert_true(done);
	return id;
}

void
rig_sign_in(struct rig *r, int64_t account_id, const char *access, const char *refresh, int64_t expires_in_s)
{
	struct oauth_ctx as_callback = r->oauth;
	struct oauth_pair p = {.expires_in_s = expires_in_s, .expires_at = clk_now() + expires_in_s};
	struct account a = {0};

	as_callback.writer = &r->writer;
	secret_set(&p.access, access, strlen(access));
	secret_set(&p.refresh, refresh, strlen(refresh));
	OK(r, account_get(r->db, account_id, &a, &r->err));
	OK(r, oauth_store(&as_callback, account_id, a.generation, &p, NULL, &r->err));
	account_clear(&a);
	oauth_pair_clear(&p);
}

/* ---- the endpoint */

struct script {
	struct rig *r;
	const struct rig_step *steps;
	int n;
};

static void
answer(int fd, const struct script *s, int i)
{
	if (i >= s->n) {
		peer_say(fd, "HTTP/1.1 500 Not In The Script\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	} else if (s->steps[i].how == RIG_ANSWER) {
		peer_say(fd, s->steps[i].text);
	} else if (s->steps[i].how == RIG_RESET) {
		peer_reset(fd);
		return;
	}
	if (i >= s->n || s->steps[i].how != RIG_SILENT)
		(void)shutdown(fd, SHUT_WR);
	peer_drain(fd);
	close(fd);
}

static void
play(int listen_fd, int log_fd, const void *arg)
{
	static char head[65536];
	const struct script *s = arg;

	for (int i = 0;; i++) {
		int fd = peer_accept(listen_fd);
		size_t n = peer_read_until(fd, "\r\n\r\n", head, sizeof head);
		const char *length = str_find_ci(head, "content-length: ");
		int64_t body = 0;

		if (str_starts(head, "END"))
			return;
		if (length != NULL)
			(void)!num_parse_i64_n(length + 16, strcspn(length + 16, "\r"), 0, 65536, &body);
		peer_note(log_fd, "CALL ", 5);
		peer_note(log_fd, head, strcspn(head, "\r"));
		peer_note(log_fd, " ", 1);
		if (body > 0 && n + (size_t)body < sizeof head) {
			peer_read_n(fd, head, (size_t)body);
			peer_note(log_fd, head, (size_t)body);
		}
		peer_note(log_fd, "\n", 1);
		if (i < s->n && s->steps[i].how == RIG_MEANWHILE)
			rig_sql(s->r, s->steps[i++].text);
		answer(fd, s, i);
	}
}

void
rig_endpoint(struct rig *r, const struct rig_step *steps, int n)
{
	struct script s = {.r = r, .steps = steps, .n = n};
	struct buf url = BUF_INIT(256);

	assert_false(r->peer_runs);
	peer_start(&r->peer, play, &s);
	r->peer_runs = true;
	r->port = r->peer.port;
	buf_printf(&url, "http://127.0.0.1:%d", r->port);
	free(r->conf.procore_login_url);
	free(r->conf.procore_api_url);
	r->conf.procore_login_url = xstrdup(buf_str(&url));
	r->conf.procore_api_url = buf_take(&url);
}

void
rig_endpoint_end(struct rig *r, struct buf *log)
{
	int fd = peer_connect_nowait(r->port);
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	assert_int_equal(poll(&p, 1, 10000), 1);
	peer_say(fd, "END\r\n\r\n");
	peer_join(&r->peer, log);
	close(fd);
	r->peer_runs = false;
}

int
rig_count(const struct buf *log, const char *text)
{
	int n = 0;

	for (const char *p = buf_str(log); (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}
