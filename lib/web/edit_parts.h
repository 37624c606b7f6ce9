/* edit_parts.h: parts of Edit Project. Private to web/page_edit.c. Layer: web. */
#ifndef CW_WEB_EDIT_PARTS_H
#define CW_WEB_EDIT_PARTS_H

#include "web/page.h"
#include "web/state.h"

/* sync, sync_rows, waits, next_sync, sync_asked, sync_busy */
MUST_USE int edit_put_sync(struct web_req *r, const struct standing *s, struct err *e);
/* items, items_text */
MUST_USE int edit_put_items(struct web_req *r, struct err *e);

#endif
