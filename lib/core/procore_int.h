/* procore_int.h: shared by the file transfers of procore.h, for nobody else. Layer: core. */
#ifndef CW_CORE_PROCORE_INT_H
#define CW_CORE_PROCORE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/procore.h"
#include "io/http.h"

/* Patterns of hosts that files may come from or go to, NULL at the end; to be freed, the texts are borrowed.
 * api: the API's own host. */
const char **procore_hosts(const struct conf *c, const char *api);
bool procore_private_ok(const struct procore *p);
void procore_fail(struct procore_answer *a, enum cause c, const char *text);
/* What an answer of storage, or of Procore's file host, means. */
void procore_file_decide(const struct http_resp *r, struct procore_answer *a);
void procore_too_big(int64_t max_bytes, struct procore_answer *a);

#endif
