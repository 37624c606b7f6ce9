/* test_callback.c: who may take a seat that was waited for (DESIGN.md 7 "Reconnect" (3)).
 */
#include "config.h"

#include "unit.h"

#include "web/callback.h"

static const struct {
	const char *what;
	int64_t known_id;
	const char *login, *approved;
	int64_t got_id;
	const char *got_login;
	enum callback_verdict verdict;
} rows[] = {
    {"first sign-in, login fits", 0, "bea@example.com", NULL, 700, "bea@example.com",
	CALLBACK_SAME},
    {"first sign-in, another login", 0, "bea@example.com", NULL, 700, "carl@example.com",
	CALLBACK_OTHER},
    {"known id", 700, "bea@example.com", NULL, 700, "bea@example.com", CALLBACK_SAME},
    {"known id under a new login", 700, "bea@example.com", NULL, 700, "bea.new@example.com",
	CALLBACK_SAME},
    {"another id under the old login", 700, "bea@example.com", NULL, 701, "bea@example.com",
	CALLBACK_OTHER},
    {"approved successor", 700, "bea@example.com", "carl@example.com", 701,
	"carl@example.com", CALLBACK_APPROVED},
    {"neither of the two", 700, "bea@example.com", "carl@example.com", 702,
	"dora@example.com", CALLBACK_OTHER},
    {"the same although a successor is approved", 700, "bea@example.com",
	"carl@example.com", 700, "bea@example.com", CALLBACK_SAME},
};

static void
test_compare(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct callback_expected want = {
		    rows[i].known_id, rows[i].login, rows[i].approved};

		if (callback_compare(&want, rows[i].got_id, rows[i].got_login) !=
		    rows[i].verdict)
			fail_msg("%s", rows[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_compare)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
