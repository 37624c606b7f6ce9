/* pages.h: what the lists share: 50 rows a page, and how the forms find their way back.
 * Layer: web. */
#ifndef CW_WEB_PAGES_H
#define CW_WEB_PAGES_H

#include "web/app.h"

enum { PAGES_ROWS = 50 };

/* The page asked for by the input "page", from 1. */
int64_t pages_number(const struct web_req *r);
int64_t pages_offset(const struct web_req *r);
/* Put `pages` and `total_text` into the model.
 * path  below public_path with its other parameters, ending in "?" or "&"
 * one, many  "1 project", "{{count}} projects" */
void pages_put(
    struct web_req *r, const char *path, int64_t total, enum text one, enum text many);

/* A notice after a change, from the input "done": "saved", "sync", ... */
void pages_done(struct web_req *r);
/* The notice of a form whose token was stale, and the status to answer with. */
enum { PAGES_STALE_STATUS = 403 };
void pages_stale(struct web_req *r);

#endif
