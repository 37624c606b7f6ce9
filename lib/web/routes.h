/* routes.h: every address below public_path, the right it needs, and the program that
 * answers it. Layer: web. Source: DESIGN.md 5, html/README.md "Forms". conf/nginx and
 * conf/apache send the same paths to the same programs. */
#ifndef CW_WEB_ROUTES_H
#define CW_WEB_ROUTES_H

#include "web/app.h"

/* Lists and whatever else is only read. */
extern const struct web_route projects_routes[];
extern const size_t projects_routes_n;
/* The pages that hold the forms of one project, and every change. */
extern const struct web_route edit_routes[];
extern const size_t edit_routes_n;

#endif
