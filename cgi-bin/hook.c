/* hook: takes Procore's webhooks: secret, dedupe, queue, answer in milliseconds (DESIGN.md
 * 2). */
#include "config.h"

#include <stdio.h>

#include "web/app.h"
#include "web/hook.h"

int
main(int argc, char **argv)
{
	struct web_app app = {0};
	struct hook k = {0};
	struct err e = {0};
	int rc = 1;

	if (web_open(&app, "hook", CONF_HOOK, DB_ROLE_HOOK, argc, argv) == -1)
		return 1;
	k.conf = &app.conf;
	k.db = app.db;
	/* Without a secret webhooks are not set up: the program runs and knows no address.
	 */
	if (app.conf.webhook_secret_file[0] != '\0' &&
	    conf_secret(&app.conf, CONF_HOOK, "webhook_secret_file", &k.secret, &e) == -1) {
		fprintf(stderr, "hook: cannot start: %s\n", e.msg);
	} else {
		struct fcgi_app f = {.program = "hook",
		    .max_body_bytes = LIMIT_HOOK_BODY,
		    .handle = hook_handle,
		    .arg = &k};

		rc = fcgi_serve(&f);
	}
	secret_clear(&k.secret);
	web_close(&app);
	return rc;
}
