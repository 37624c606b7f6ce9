/* words.h: stored words as people read them: kinds, item states, what was done. Layer: web.
 */
#ifndef CW_WEB_WORDS_H
#define CW_WEB_WORDS_H

#include "store/view.h"
#include "web/app.h"

/* "rfi": "RFI". */
const char *words_kind(struct web_req *r, const char *kind);
/* "12 rev. 2": the revision only where there is one beyond the first. */
const char *words_number(struct web_req *r, const char *number, const char *revision);
/* Put the `status` of an item (linked: it is in Project Center), a file, a response. */
void words_put_item(struct web_req *r, const char *state, bool linked,
    const char *reason_text, struct json *obj);
void
words_put_file(struct web_req *r, const char *state, const char *detail, struct json *obj);
void words_put_response(
    struct web_req *r, const char *state, const char *reason, struct json *obj);
/* One row of the audit trail: who and what, as sentences; borrowed until the request is
 * answered. */
const char *words_actor(struct web_req *r, const struct view_act *a);
const char *words_act(struct web_req *r, const struct view_act *a);
/* "due_date": "Due date". */
const char *words_field(struct web_req *r, const char *word);
/* "4.2 MB"; "" for -1. */
const char *words_size(struct web_req *r, int64_t bytes);

#endif
