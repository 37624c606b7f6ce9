/* webhook_int.h: shared by the files of webhook.h, for nobody else. Layer: core. */
#ifndef CW_CORE_WEBHOOK_INT_H
#define CW_CORE_WEBHOOK_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/procore_hooks.h"

enum { KEEP_ID_BYTES = 65, KEEP_WHY_BYTES = 256 };

/* One try by one account with one version of the API. */
struct keep {
	struct procore *procore;
	struct procore_at at;
	enum procore_hooks_api api;
	struct procore_hook want;
	char hook_id[KEEP_ID_BYTES]; /* the one that we know; then the one that is; "" none
				      */
	struct json *triggers;       /* ids, owned by the caller; replaced on success */
	bool listed;                 /* this version of the API answers us */
	bool made, mended, removed;  /* what was done */
	enum cause cause;            /* CAUSE_NONE: it is as it should be */
	bool lost;        /* a write whose answer is not known: look again soon */
	int64_t retry_at; /* not before; 0: as the caller likes */
	char why[KEEP_WHY_BYTES];
};

/* One hook of ours with all its triggers, going where it should with our secret; k->cause
 * says whether. errors  ERR_DB, ERR_BUSY, ERR_IO, ERR_BUG: on our side */
MUST_USE int keep_ensure(struct keep *k, struct err *e);
/* None of ours. errors as above */
MUST_USE int keep_remove(struct keep *k, struct err *e);

#endif
