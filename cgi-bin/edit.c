/* edit: forms and every change (DESIGN.md 2, 5); starts OAuth. Never talks to Procore or
 * Project Center. */
#include "config.h"

#include "web/routes.h"

int
main(int argc, char **argv)
{
	struct web_app app = {.routes = edit_routes, .routes_n = edit_routes_n};
	int rc;

	if (web_open(&app, "edit", CONF_PAGES, DB_ROLE_WEB, argc, argv) == -1)
		return 1;
	rc = web_serve(&app);
	web_close(&app);
	return rc;
}
