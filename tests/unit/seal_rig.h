/* seal_rig.h: an installation in a scratch directory: database, key files, accounts with
 * sealed tokens. For tests of what holds keys and tokens. */
#ifndef CW_TESTS_UNIT_SEAL_RIG_H
#define CW_TESTS_UNIT_SEAL_RIG_H

#include <stdint.h>

#include "core/keys.h"
#include "core/oauth_token.h"
#include "io/conf.h"
#include "unit.h"

struct seal_rig {
	char dir[UNIT_PATH_BYTES];
	struct conf conf;
	struct db *sync, *auth, *admin;
	struct crypt_key writer, reader_pub; /* callback's */
	struct keys_ring ring;               /* the worker's */
	struct oauth_ctx worker, callback;
};

/* Accounts 1 to n, each with the pair "access-ID-1", "refresh-ID-1" stored by callback. */
void seal_rig_open(struct seal_rig *r, int n);
void seal_rig_close(struct seal_rig *r);
/* The worker starts (again): ring and handle anew. Fails the test unless it starts. */
void seal_rig_start_worker(struct seal_rig *r);
/* Store a next pair for an account as this program, "access-ID-GENERATION" and so on. */
void seal_rig_store(struct seal_rig *r, struct oauth_ctx *as, int64_t account_id);
/* The worker opens both halves of the account's token: what was stored last. */
void seal_rig_expect_opens(struct seal_rig *r, int64_t account_id);
/* How many tokens are sealed for another key than the one the database names. */
int64_t seal_rig_left(struct seal_rig *r);

#define RIG_OK(call)                                                                       \
	do {                                                                               \
		struct err rig_err = {0};                                                  \
		if ((call) != 0)                                                           \
			fail_msg("%s: %s", #call, rig_err.msg);                            \
	} while (0)

#endif
