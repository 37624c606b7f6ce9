/* web_site.h: a seeded installation for tests of pages: two projects, a person of each
 * role, an item with an issue for each case. */
#ifndef CW_TESTS_WEB_SITE_H
#define CW_TESTS_WEB_SITE_H

#include "web_rig.h"

/* Below the host. */
#define P "/connectorweb/Projects"

/* `north` has the admin pa and the user bic, `south` the user other. ga is Global Admin,
 * `nobody` is known here without any role, any other name is a stranger. */
struct site {
	struct web_rig w;
	int64_t bic, other;   /* accounts */
	int64_t north, south; /* connections */
	int64_t mine, theirs,
	    far; /* items: of bic and of nobody in north, of other in south */
	int64_t mine_issue, theirs_issue, far_issue;
};

/* cmocka fixtures: *state is the site. */
int site_setup(void **state);
int site_teardown(void **state);
#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

/* A statement, and one number, past the product's own functions. */
void site_run(struct site *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
int64_t site_number(struct site *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A parked RFI "0<procore_id>", and an open issue of an item (0: of the project); their
 * ids. account 0: nobody's */
int64_t site_item(struct site *s, int64_t connection, int64_t procore_id, int64_t account,
    const char *subject);
int64_t site_issue(struct site *s, int64_t connection, int64_t item, const char *message);
/* A request of a person; the status. post: with a good token. */
int site_get(struct site *s, const char *user, const char *fmt, ...) PRINTF_LIKE(3, 4);
int site_post(struct site *s, const char *user, const char *path, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
