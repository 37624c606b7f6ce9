/* db_rig.h: what the tests of io/db share: a scratch database with a catalogue of its own
 * (fixtures/db), made by the product's generator. Helpers end the test on an unexpected
 * failure. */
#ifndef TESTS_UNIT_DB_RIG_H
#define TESTS_UNIT_DB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/types.h>

#include "io/db.h"
#include "io/db_priv.h"
#include "tests/unit/fixtures/db.gen.h"

struct scratch {
	char *dir;
	char *path;
	struct db *db; /* opened by some tests, closed by the teardown */
};

extern struct err rig_err; /* of the last call under OK or FAILS */

#define OK(call)                                                                           \
	do {                                                                               \
		if ((call) != 0)                                                           \
			fail_msg("%s: %s", #call, rig_err.msg);                            \
	} while (0)
#define FAILS(call, with)                                                                  \
	do {                                                                               \
		assert_int_equal((call), -1);                                              \
		assert_int_equal(rig_err.code, (with));                                    \
	} while (0)
#define SAYS(part)                                                                         \
	do {                                                                               \
		if (strstr(rig_err.msg, (part)) == NULL)                                   \
			fail_msg("`%s` is not in: %s", (part), rig_err.msg);               \
	} while (0)

/* The state of every test is a struct scratch. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

/* A migrated database, opened with this role. */
struct db *rig_fresh(struct scratch *t, enum db_role role);
/* The first column of the first row of a statement without parameters. */
int64_t rig_number(struct db *db, int query);
/* PROJECT_ADD; its result. */
int rig_add_project(struct db *db, const char *name);
/* The number that a pragma or query gives, past the authorizer. */
int64_t rig_pragma(struct db *db, const char *sql);
/* The exit status of a child, -1 when a signal ended it. */
int rig_wait(pid_t pid);

#endif
