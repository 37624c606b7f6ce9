/* test_access.c: core/access against the table of DESIGN.md 5, written down once more. */
#include "config.h"

#include "unit.h"

#include "core/access.h"

/* Columns: nobody in particular, BIC user, Project Admin, Global Admin. */
static const bool want[ACCESS_MAX][4] = {
    [ACCESS_SIGNED_IN] = {true, true, true, true},
    [ACCESS_SEE] = {false, true, true, true},
    [ACCESS_RECONNECT] = {false, true, true, true},
    [ACCESS_BIC] = {false, true, true, true},
    [ACCESS_SETTINGS] = {false, false, true, true},
    [ACCESS_CONNECT] = {false, false, false, true},
    [ACCESS_SYNC_NOW] = {false, true, true, true},
    [ACCESS_RETRY] = {false, false, true, true},
    [ACCESS_RETRY_OWN] = {false, true, true, true},
    [ACCESS_DISMISS] = {false, false, true, true},
    [ACCESS_ADMINISTER] = {false, false, false, true},
};

static void
test_single_roles(void **state)
{
	static const struct access_who who[4] = {{0}, {.bic = true}, {.project_admin = true}, {.global_admin = true}};

	(void)state;
	for (int right = 0; right < ACCESS_MAX; right++)
		for (int w = 0; w < 4; w++)
			if (access_may(&who[w], (enum access_right)right) != want[right][w])
				fail_msg("right %d, role %d", right, w);
}

/* Several roles may do what any one of them may. */
static void
test_roles_together(void **state)
{
	(void)state;
	for (int right = 0; right < ACCESS_MAX; right++)
		for (int bits = 0; bits < 8; bits++) {
			struct access_who who = {.bic = (bits & 1) != 0, .project_admin = (bits & 2) != 0,
			    .global_admin = (bits & 4) != 0};
			bool may = want[right][0] || (who.bic && want[right][1]) ||
			    (who.project_admin && want[right][2]) || (who.global_admin && want[right][3]);

			if (access_may(&who, (enum access_right)right) != may)
				fail_msg("right %d, roles %d", right, bits);
		}
}

static void
ask_unknown(void *arg)
{
	struct access_who who = {.global_admin = true};

	(void)access_may(&who, *(enum access_right *)arg);
}

static void
test_unknown_right(void **state)
{
	enum access_right right = ACCESS_MAX;

	(void)state;
	assert_true(unit_aborts(ask_unknown, &right));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_single_roles),
	    cmocka_unit_test(test_roles_together),
	    cmocka_unit_test(test_unknown_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
