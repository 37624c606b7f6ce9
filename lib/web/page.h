/* page.h: the handlers of all pages and forms, named in web/routes.c. Layer: web.
 *
 * Each has its table of inputs beside it. A form's handler that finds r->stale shows the filled form again. */
#ifndef CW_WEB_PAGE_H
#define CW_WEB_PAGE_H

#include "web/app.h"

#define PAGE(name)                                     \
	int page_##name(struct web_req *r, struct err *e); \
	extern const struct fcgi_input page_##name##_inputs[]; \
	extern const size_t page_##name##_inputs_n

/* GET, without inputs of their own. */
int page_root(struct web_req *r, struct err *e);
int page_healthz(struct web_req *r, struct err *e);
int page_help(struct web_req *r, struct err *e);
int page_health(struct web_req *r, struct err *e);

/* GET */
PAGE(projects);
PAGE(edit);
PAGE(connect);
PAGE(reconnect);
PAGE(add_bic);
PAGE(issues);
PAGE(item);
PAGE(accounts);
PAGE(activity);
PAGE(people);

/* POST */
PAGE(start_reconnect);
PAGE(send_link);
PAGE(evidence);
PAGE(bic_check);
PAGE(bic_add);
PAGE(bic_move);
PAGE(bic_remove);
PAGE(settings);
PAGE(response_map);
PAGE(pause);
PAGE(resume);
PAGE(disconnect);
PAGE(sync);
PAGE(issue_retry);
PAGE(issue_retry_all);
PAGE(issue_dismiss);
PAGE(item_pull);
PAGE(item_retry);
PAGE(hand_over);
PAGE(hand_over_withdraw);
PAGE(hand_over_start);
PAGE(person_remove);
PAGE(digest);
PAGE(digest_set);
PAGE(connect_sign_in);
PAGE(connect_choose);
PAGE(connect_check);
PAGE(connect_save);

/* ---- forms that show a page again. status: of the answer; what is NULL shows as stored. */
struct page_typed {
	const char *poll_minutes;
	const char *webhooks;             /* "1", or "" for not ticked */
	const struct fcgi_inputs *map;    /* fields "map0", "map1", ... */
	int64_t issue;                    /* whose reason was typed */
	const char *reason;
};
/* Edit Project of r->project_id. */
MUST_USE int page_edit_show(struct web_req *r, int status, const struct page_typed *typed, struct err *e);
/* The reconnect page of an account. project_id: where one came from, 0 */
MUST_USE int page_reconnect_show(
    struct web_req *r, int status, const char *public_id, int64_t project_id, struct err *e);
/* Accounts, from the start. */
MUST_USE int page_accounts_show(struct web_req *r, int status, struct err *e);
/* Add ball in court, with the login as typed. */
MUST_USE int page_add_bic_show(struct web_req *r, int status, const char *login, const char *error, struct err *e);
/* Sync Issues; project_id 0: of all. */
MUST_USE int page_issues_show(
    struct web_req *r, int status, int64_t project_id, const struct page_typed *typed, struct err *e);
MUST_USE int page_item_show(struct web_req *r, int status, int64_t item_id, struct err *e);
/* Put the list `issues` of a project (0: all) into the model.
 * own_page  on the project's own page: the project is not named, forms come back there */
MUST_USE int page_put_issues(struct web_req *r, int64_t project_id, int64_t limit, int64_t offset, bool own_page,
    const struct page_typed *typed, struct err *e);
/* Put `map` and `map_note` of r->project_id. */
MUST_USE int page_put_map(struct web_req *r, const struct page_typed *typed, struct err *e);
/* Put the list `history` from audit rows. */
MUST_USE int page_put_history(struct web_req *r, int64_t project_id, struct err *e);

/* Connect a project: what was chosen so far, as it came; NULL or 0: not yet. */
struct page_chosen {
	const char *npc, *account; /* Project Center's id; public id */
	int64_t company;
	const char *search;
};
MUST_USE int page_connect_show(
    struct web_req *r, int status, const struct page_chosen *c, struct err *e);
/* Configure Project Connection: the last step, of a connection in preparation. */
MUST_USE int page_draft_show(struct web_req *r, int status, int64_t draft_id,
    const struct page_typed *typed, struct err *e);

#endif
