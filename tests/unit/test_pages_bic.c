/* Add ball in court: nothing is added before the check is over and the person confirms. */
#include "config.h"

#include "web_site.h"

#include <inttypes.h>

#include "base/str.h"

#define LOGIN "dora@harlowfinch.example.com"

/* dora has no part in anything until she is asked for. */
static void
ask(struct site *s)
{
	char form[96];

	assert_int_equal(
	    str_format(form, sizeof form, "project=%" PRId64 "&login=" LOGIN, s->north), 0);
	assert_int_equal(site_post(s, "pa", P "/bic/check", "%s", form), 303);
}

static int
look(struct site *s)
{
	return site_get(s, "pa", P "/bic?project=%" PRId64 "&login=" LOGIN, s->north);
}

static int
add(struct site *s, const char *then)
{
	char *id = rig_text(
	    &s->w.core, "SELECT public_id FROM account WHERE login = '" LOGIN "'");
	int status = site_post(s, "pa", P "/bic/add",
	    "project=%" PRId64 "&account=%s&then=%s", s->north, id, then);

	free(id);
	return status;
}

static int64_t
seats(struct site *s)
{
	return site_number(s,
	    "SELECT count(*) FROM bic b JOIN account a ON a.id = b.account_id WHERE "
	    "a.login = '" LOGIN "'");
}

static void
asked_for(void **state)
{
	struct site *s = *state;

	ask(s);
	assert_int_equal(site_number(s,
			     "SELECT count(*) FROM job AS j JOIN bic_check AS k ON k.id = "
			     "j.ref WHERE j.kind = 'check_login' AND k.asked_by = 'pa'"),
	    1);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM audit WHERE action = 'bic.check'"), 1);
	assert_int_equal(look(s), 200);
	web_has(&s->w, "Being checked");
	web_has(&s->w, ">Refresh</a>");
	web_lacks(&s->w, "Sign in now");
	/* A form made by hand comes before the check is over. */
	assert_int_equal(add(s, "mail"), 303);
	assert_int_equal(seats(s), 0);
	assert_int_equal(site_number(s, "SELECT count(*) FROM mail"), 0);
	/* A service that does not answer is named. */
	site_run(s, "UPDATE bic_check SET waits = 'Procore: no answer'");
	assert_int_equal(look(s), 200);
	web_has(&s->w, "Procore: no answer");
	/* Of this project only: another one's page knows nothing of it. */
	assert_int_equal(
	    site_get(s, "ga", P "/bic?project=%" PRId64 "&login=" LOGIN, s->south), 200);
	web_lacks(&s->w, "Result of the check");
}

static void
found(void **state)
{
	static const struct {
		const char *set, *says;
		bool ready;
	} t[] = {
	    {"member = 'no'", "Ask the contractor to add " LOGIN, false},
	    {"rfi_level = 'Standard', submittal_level = 'Read Only'",
		"Standard on RFIs, Read Only on Submittals", false},
	    {"contact = 'no'", "Add " LOGIN " to the contacts", true},
	    {"member = 'unknown'", "cannot be seen before the sign-in", true},
	    {"rfi_level = 'Admin', submittal_level = 'Standard'",
		"Standard or Admin on RFIs and Submittals", true},
	    {"checked_at = strftime('%s') - 90000", "Not ready", false},
	};
	struct site *s = *state;

	for (size_t i = 0; i < ROWS(t); i++) {
		ask(s);
		site_run(s,
		    "UPDATE bic_check SET checked_at = strftime('%%s'), member = 'yes', "
		    "contact = 'yes'");
		site_run(s, "UPDATE bic_check SET %s", t[i].set);
		assert_int_equal(look(s), 200);
		web_has(&s->w, t[i].says);
		web_lacks(&s->w, "Being checked");
		assert_int_equal(web_count_in(&s->w, "Sign in now") > 0, t[i].ready);
		if (!t[i].ready)
			assert_int_equal(add(s, "mail"), 303);
		assert_int_equal(seats(s), 0);
	}
}

static void
confirmed(void **state)
{
	struct site *s = *state;

	ask(s);
	site_run(s,
	    "UPDATE bic_check SET checked_at = strftime('%%s'), member = 'yes', contact = "
	    "'yes'");
	assert_int_equal(add(s, "sign-in"), 200);
	web_has(&s->w, "Continue to Procore");
	assert_int_equal(seats(s), 1);
	/* Pressed twice. */
	assert_int_equal(add(s, "mail"), 303);
	assert_int_equal(seats(s), 1);
	assert_int_equal(
	    site_number(s, "SELECT count(*) FROM audit WHERE action = 'bic.add'"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE_TEST(asked_for),
	    SITE_TEST(found),
	    SITE_TEST(confirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
