/* npc_int.h: shared by the files of npc.h, for nobody else. Layer: core. */
#ifndef CW_CORE_NPC_INT_H
#define CW_CORE_NPC_INT_H

#include "core/npc.h"

struct npc {
	const struct conf *conf;
	struct http *http;
	const struct secret *access_key, *secret;
	struct secret key_id, key, token; /* of the session; empty: none */
	int64_t expires_at;               /* on our clock; 0: no session */
};

/* Make *a the answer of a call that came to nothing: its cause, and a text for people (copied). */
void npc_fail(struct npc_answer *a, enum cause c, const char *text);
/* Fill a from what came; write: a call that changes something; login: any refusal is a
 * matter of set-up. */
void npc_decide(const struct http_resp *r, bool write, bool login, struct npc_answer *a);

#endif
