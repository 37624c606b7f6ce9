/* fail.h: pages for what went wrong: what happened, what to do. Layer: web. */
#ifndef CW_WEB_FAIL_H
#define CW_WEB_FAIL_H

#include "web/app.h"

/* error.xhtml with the words for the status. Never fails: without a template the answer is
 * one line of plain text. detail  what was wrong with the request, shown with 400 and 413;
 * NULL: nothing more to say */
void fail_page(struct web_req *r, int status, const char *detail);
/* The same for an error; logged here, where it stops. Messages of ERR_INPUT and ERR_LIMIT
 * are shown, others only logged. */
void fail_error(struct web_req *r, const struct err *e);
/* 405 with Allow for a path that knows other methods. Always 0. */
int fail_method(struct web_req *r, struct err *e);

/* The headers of every answer (STYLE.md 6). */
void web_security_headers(struct fcgi_resp *out);

#endif
