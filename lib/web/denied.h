/* denied.h: what was tried without the right. Layer: web. Source: DESIGN.md 5. */
#ifndef CW_WEB_DENIED_H
#define CW_WEB_DENIED_H

#include "web/app.h"

/* A denied GET goes to the log, a denied POST to the audit trail, at most one a minute per
 * person and target. Failing to note it does not change the answer; it is logged. */
void denied_note(struct web_req *r);

#endif
