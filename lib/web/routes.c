#include "config.h"

#include "web/routes.h"

#include "web/page.h"

#define GET(path, page, right, project)                                                    \
	{                                                                                  \
		FCGI_GET, path, page_##page, page_##page##_inputs,                         \
		    &page_##page##_inputs_n, right, project, false                         \
	}
#define POST(path, page, right, project)                                                   \
	{                                                                                  \
		FCGI_POST, path, page_##page, page_##page##_inputs,                        \
		    &page_##page##_inputs_n, right, project, false                         \
	}
/* Without inputs of its own. */
#define PLAIN(path, page, right, anyone)                                                   \
	{                                                                                  \
		FCGI_GET, path, page_##page, NULL, NULL, right, NULL, anyone               \
	}

const struct web_route projects_routes[] = {
    PLAIN("/healthz", healthz, ACCESS_SIGNED_IN, true),
    PLAIN("/", root, ACCESS_SIGNED_IN, false),
    PLAIN("/Projects/help", help, ACCESS_SIGNED_IN, false),
    PLAIN("/Projects/health", health, ACCESS_ADMINISTER, false),
    GET("/Projects", projects, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/issues", issues, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/items/*", item, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/accounts", accounts, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/activity", activity, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/people", people, ACCESS_ADMINISTER, NULL),
    GET("/Projects/digest", digest, ACCESS_SIGNED_IN, NULL),
};
const size_t projects_routes_n = sizeof projects_routes / sizeof projects_routes[0];

/* Where the right depends on something that only the handler knows (an issue's or an item's
 * project and owner, an account), ACCESS_SIGNED_IN stands here and the handler asks. */
const struct web_route edit_routes[] = {
    GET("/Projects/edit", edit, ACCESS_SEE, "project"),
    GET("/Projects/bic", add_bic, ACCESS_BIC, "project"),
    GET("/Projects/reconnect", reconnect, ACCESS_SIGNED_IN, NULL),
    GET("/Projects/connect", connect, ACCESS_CONNECT, NULL),
    POST("/Projects/reconnect", start_reconnect, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/send-link", send_link, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/evidence", evidence, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/bic/check", bic_check, ACCESS_BIC, "project"),
    POST("/Projects/bic/add", bic_add, ACCESS_BIC, "project"),
    POST("/Projects/bic/move", bic_move, ACCESS_BIC, "project"),
    POST("/Projects/bic/remove", bic_remove, ACCESS_BIC, "project"),
    POST("/Projects/hand-over", hand_over, ACCESS_SETTINGS, "project"),
    POST("/Projects/hand-over/withdraw", hand_over_withdraw, ACCESS_SETTINGS, "project"),
    POST("/Projects/hand-over/start", hand_over_start, ACCESS_BIC, "project"),
    POST("/Projects/digest", digest_set, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/people/remove", person_remove, ACCESS_ADMINISTER, NULL),
    POST("/Projects/connect/sign-in", connect_sign_in, ACCESS_CONNECT, NULL),
    POST("/Projects/connect/choose", connect_choose, ACCESS_CONNECT, NULL),
    POST("/Projects/connect/check", connect_check, ACCESS_CONNECT, NULL),
    POST("/Projects/connect/save", connect_save, ACCESS_CONNECT, NULL),
    POST("/Projects/settings", settings, ACCESS_SETTINGS, "project"),
    POST("/Projects/response-map", response_map, ACCESS_SETTINGS, "project"),
    POST("/Projects/pause", pause, ACCESS_SETTINGS, "project"),
    POST("/Projects/resume", resume, ACCESS_SETTINGS, "project"),
    POST("/Projects/disconnect", disconnect, ACCESS_SETTINGS, "project"),
    POST("/Projects/sync", sync, ACCESS_SYNC_NOW, "project"),
    POST("/Projects/issues/retry", issue_retry, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/issues/retry-all", issue_retry_all, ACCESS_RETRY, "project"),
    POST("/Projects/issues/dismiss", issue_dismiss, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/items/retry", item_retry, ACCESS_SIGNED_IN, NULL),
    POST("/Projects/items/pull", item_pull, ACCESS_RETRY, "project"),
};
const size_t edit_routes_n = sizeof edit_routes / sizeof edit_routes[0];
