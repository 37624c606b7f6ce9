/* core_rig.h: a scratch installation for tests of store and core: configuration, keys, database, clock, and a
 * token endpoint in a child process that follows a script. */
#ifndef CW_TESTS_CORE_RIG_H
#define CW_TESTS_CORE_RIG_H

#include "unit.h"

#include "base/buf.h"
#include "core/oauth_token.h"
#include "io/conf.h"
#include "io/crypt.h"
#include "io/db.h"
#include "io/http.h"
#include "peer.h"

struct rig {
	char dir[UNIT_PATH_BYTES];
	char db_path[UNIT_PATH_BYTES];
	int port;            /* of Procore; nobody listens there until rig_endpoint() */
	int64_t clock;       /* offset in the clock file */
	struct conf conf;    /* as the worker reads it */
	struct db *db;       /* role sync */
	struct db *admin;    /* role admin */
	struct crypt_key reader, writer;
	struct secret client_secret;
	struct http *http;
	struct oauth_ctx oauth; /* as the worker's */
	struct peer peer;
	bool peer_runs;
	struct err err;
};

/* Fails the test with the message when a call is not 0. */
#define OK(r, call)                                                                        \
	do {                                                                               \
		if ((call) != 0)                                                           \
			fail_msg("%s: %s", #call, (r)->err.msg);                           \
	} while (0)

/* extra: further lines of the configuration, or NULL. */
void rig_open(struct rig *r, const char *extra);
void rig_close(struct rig *r);
/* cmocka fixtures around one rig: *state. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* A path below the rig's folder; static storage, good until the next call but one. */
const char *rig_path(const struct rig *r, const char *name);
/* Move the clock on by seconds. */
void rig_clock(struct rig *r, int64_t by_s);
/* One number from the database: a query over one table, written in the test. */
int64_t rig_number(struct rig *r, const char *sql);
/* One text; owned by the caller. */
char *rig_text(struct rig *r, const char *sql);
/* Run a statement that the product has no function for. */
void rig_sql(struct rig *r, const char *sql);

/* An account that needs its first sign-in; with a person of that user name and mail unless user is NULL. */
int64_t rig_account(struct rig *r, const char *login, const char *user, const char *mail);
/* An active connection with a seat for the account; its id. */
int64_t rig_connect(struct rig *r, const char *npc_id, int64_t account_id);
/* Store a pair as callback would: sealed with the writer's key. The token lives expires_in_s. */
void rig_sign_in(struct rig *r, int64_t account_id, const char *access, const char *refresh, int64_t expires_in_s);

/* ---- Procore, scripted. Each step answers one connection; further ones get 500. */
enum rig_how {
	RIG_ANSWER, /* the text as it is */
	RIG_LOST,   /* reads the request, then closes without a word */
	RIG_RESET,  /* the same with a reset */
	RIG_SILENT, /* the same, but waits until the caller has had enough */
	RIG_MEANWHILE /* run this SQL while the call waits; the next step answers it */
};
struct rig_step {
	enum rig_how how;
	const char *text; /* of RIG_ANSWER, RIG_MEANWHILE */
};
void rig_endpoint(struct rig *r, const struct rig_step *steps, int n);
/* End it; log (owned by the caller, buf_clear) holds "CALL <request line> <body>\n" for each request. */
void rig_endpoint_end(struct rig *r, struct buf *log);
/* How often a text occurs in the log. */
int rig_count(const struct buf *log, const char *text);

#endif
