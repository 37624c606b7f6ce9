/* projects: lists and everything else that is only read (DESIGN.md 2, 5). Changes nothing.
 */
#include "config.h"

#include "web/routes.h"

int
main(int argc, char **argv)
{
	struct web_app app = {.routes = projects_routes, .routes_n = projects_routes_n};
	int rc;

	if (web_open(&app, "projects", CONF_PAGES, DB_ROLE_WEB, argc, argv) == -1)
		return 1;
	rc = web_serve(&app);
	web_close(&app);
	return rc;
}
