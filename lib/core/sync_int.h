/* sync_int.h: shared by the files of sync.h, for nobody else. Layer: core. */
#ifndef CW_CORE_SYNC_INT_H
#define CW_CORE_SYNC_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/npc.h"
#include "core/plan.h"
#include "core/procore.h"
#include "core/sync.h"
#include "io/crypt.h"
#include "store/effect.h"
#include "store/item.h"
#include "store/mark.h"
#include "store/response.h"

enum {
	/* Lists begin this long before the mark: clocks within Procore differ, and a change
	 * may be committed later than its updated_at says (failures.md F41). */
	SYNC_OVERLAP_S = 300,
	SYNC_NPC_OVERLAP_S = 60,
	/* An answer that was lost: after this long, looking in vain is a proof (DESIGN.md
	   8). */
	SYNC_LOOK_S = 120,
	/* A second reader, who may see what the first may not, reads this often. */
	SYNC_OTHER_READER_S = 3600,
	/* Recycle bins and missing contacts are looked at this often; the bin of a tool
	   with no item on its way or at work (what else is deleted changes nothing) daily. */
	SYNC_SELDOM_S = 3600,
	SYNC_BIN_IDLE_S = 86400,
	/* A pass that had to stop goes on where it was: lists this young are not read again
	   for it. */
	SYNC_FRESH_S = 60,
	/* updated_at has whole seconds: what changed within the second in which it was read
	   may change again. */
	SYNC_SAME_SECOND_S = 2
};

/* One pass. */
struct run {
	struct sync_ctx *x;
	struct db *db;
	const struct conf *conf;
	struct procore procore;
	int64_t connection_id, company_id, project_id, sync_from_at, poll_s, idle_passes;
	char npc_project[256];
	struct plan_bic *bics; /* owned, with their texts */
	size_t bics_n;
	int64_t *bics_checked_at; /* beside bics */
	struct pass pass;
	bool stopped;     /* a service does not answer: no more calls in this pass */
	bool no_reader;   /* nobody's sign-in can read */
	char error[256];  /* why the pass is not complete; "" so far it is */
	int64_t retry_at; /* not before; 0: as planned */
	bool
	    planned; /* it is time for a pass: neither a person nor an event asked for it */
	bool cut_short;    /* the pass before this one did not complete */
	int64_t hook_id;   /* the newest webhook that waited when the pass began; 0: none */
	bool unannounced;  /* a planned reading of Procore found changes, though no webhook
			      waited; */
	int64_t listed_at; /* ... the reading before ended then */
	bool own_poll;     /* an admin set this project's interval */
	bool rested;       /* Procore's lists were not read: nothing is known of them */
	int64_t lister;    /* account whose list is read, or was last; 0: none yet */
	int64_t read_at;   /* the oldest of the readings that stand; 0: one is new */
};

/* ---- sync_run.c */
MUST_USE int run_open(
    struct run *r, struct sync_ctx *x, int64_t connection_id, bool *active, struct err *e);
void run_close(struct run *r);
struct procore_at run_at(const struct run *r, int64_t account_id);
const struct plan_bic *run_reader(const struct run *r,
    enum plan_kind kind); /* the first seat that can read it; NULL none */
struct plan_bic *run_bic(struct run *r, int64_t account_id); /* NULL: no seat */
/* What a failed call means for the pass: *again true when another reader may be tried
 * (sign-in or permission of this account), else the pass stops where the cause is not the
 * item's. Writes service and seat states. */
MUST_USE int run_procore_failed(struct run *r, const struct procore_answer *a,
    enum plan_kind kind, int64_t account_id, bool *again, struct err *e);
MUST_USE int run_npc_failed(struct run *r, const struct npc_answer *a, struct err *e);

/* ---- sync_map.c: what the other sides say, as plan's facts */
/* From a list or a show. errors: ERR_REMOTE it has no id */
MUST_USE int map_procore(enum plan_kind kind, const struct json *j, const char *web_url,
    int64_t project_id, struct plan_remote *out, struct err *e);
void map_npc_fields(const struct json *item, struct plan_fields *out);
/* NPC's members of the fields that are set in `write` (NULL: all) put into obj. */
void map_to_npc(const struct plan_fields *f, const bool *write, struct json *obj);
char *map_fields_text(const struct plan_fields *f); /* JSON, owned */
void map_fields_parse(
    const char *text, struct plan_fields *out); /* what cannot be read is left out */
int64_t map_time(const struct json *j, const char *path); /* 0: absent */
/* An answer as Procore's HTML: marks escaped, line ends kept; and plain text out of HTML.
 */
void map_to_html(const char *text, struct buf *out);
void map_from_html(const char *html, struct buf *out);

/* ---- sync_list.c */
MUST_USE int list_procore(
    struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e);
MUST_USE int
list_bin(struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e);
MUST_USE int list_npc(struct run *r, struct err *e);
/* One thing of Procore's, as a row of a list is noted; inside the caller's transaction. */
MUST_USE int list_note(struct run *r, const struct plan_remote *p, struct err *e);
/* The same for the reader that reads in every pass, unless its list may rest because a
 * webhook would have told. */
MUST_USE int list_procore_due(
    struct run *r, enum plan_kind kind, const struct plan_bic *reader, struct err *e);

/* ---- sync_item.c */
/* One item at work. */
struct work {
	struct run *r;
	struct item it;
	enum plan_kind kind;
	struct plan_remote remote; /* Procore's side, when has_remote */
	bool has_remote;
	char remote_sha[CRYPT_HEX256_BYTES]; /* of its mapped fields as read; "" not read */
	struct json *npc;   /* the NPC item; NULL: not read or not there */
	int64_t reader;     /* account that reads */
	int64_t wait_until; /* the item is looked at again then; 0: no */
	bool failed;        /* this try failed; reason is in it */
	bool contacts_stale; /* NPC did not know a contact that a seat had; looked up again */
	bool changed;       /* something was done that history tells */
	bool was_new;       /* not in Project Center when the work began */
	bool answering;     /* an answer waited to go back */
	int64_t calls_before, start_ms; /* Procore's calls of the pass, clock: at the begin */
	char file_text[PLAN_TEXT_BYTES]; /* the first file that could not be carried in; "" none */
	bool file_too_big;  /* that one, because of max_file_mb */
	bool file_stop;     /* no more files in this pass: our disk */
};
MUST_USE int item_work(struct run *r, int64_t item_id, struct err *e);
/* Read Procore's side afresh into w->remote; has_remote false: the pass or the item cannot
 * go on now. */
MUST_USE int item_read_procore(struct work *w, int64_t account_id, struct err *e);
/* This try failed: an issue, one more try or parked. direction "to_npc", "to_procore". */
MUST_USE int item_fail(struct work *w, const char *direction, enum plan_reason reason,
    const char *message, struct err *e);
/* The effect happened: its result, and a row of the audit trail ("item.create", "item.update",
 * "item.reopen", "item.file", "item.answer"); inside a transaction. */
MUST_USE int item_carried(struct work *w, const struct effect *f, const char *action,
    const char *result, int64_t now, struct err *e);
enum npc_kind item_npc_kind(const struct work *w);
void item_external_id(const struct work *w, char out[64]);

/* ---- sync_in.c */
/* waits: an answer given in Project Center is still to be sent. */
MUST_USE int in_carry(struct work *w, bool waits, struct err *e);
/* An answer of the gateway that is no success: the item's failure or the pass's. */
MUST_USE int
in_npc_failed(struct work *w, const struct npc_answer *a, const char *what, struct err *e);
/* The effect and a call's answer, settled: *ok when it worked, and then the caller's rows
 * and the result are to be committed together. A clear no is the item's failure; an answer
 * that was lost is looked at next time. */
MUST_USE int in_settle(struct work *w, const struct effect *f, const struct npc_answer *a,
    const char *what, bool *ok, struct err *e);

/* ---- sync_create.c */
/* Look the contact of a seat up unless it is known. */
MUST_USE int create_contact(struct work *w, struct plan_bic *b, struct err *e);
/* The item in Project Center: created, or found there under our own name of it. */
MUST_USE int create_item(struct work *w, struct err *e);
/* Was its creation begun by a process that could not say how it ended? */
MUST_USE int create_begun(
    struct run *r, const char *kind, int64_t procore_id, bool *begun, struct err *e);
/* If so, look for it in Project Center although it is wanted no more. *linked: found, and
 * linked now. */
MUST_USE int create_adopt(struct work *w, bool *linked, struct err *e);

/* ---- sync_file.c */
MUST_USE int file_note_procore(struct work *w, struct err *e); /* inside a transaction */
MUST_USE int file_carry_in(struct work *w, struct err *e);
/* All else is done: a file that could not be carried in is this try's failure. */
MUST_USE int file_end(struct work *w, struct err *e);
/* Bring an answer's files to Procore; ids appended to upload_ids. *ready false: not now. */
MUST_USE int file_carry_out(struct work *w, const struct response *resp, int64_t account_id,
    struct json *upload_ids, bool *ready, struct err *e);

/* ---- sync_note.c */
/* Note responses and closes of the NPC item in w->npc. */
MUST_USE int answer_note(struct work *w, struct err *e);
/* Answers of ours that are no longer among Procore's replies: said once, never sent
 * again. */
MUST_USE int answer_note_deleted(struct work *w, struct err *e);

/* ---- sync_send.c */
/* The first failure among an item's answers. It is the item's only when all of them have
 * been tried: one that cannot go holds up nobody else's. */
struct failure {
	struct response *row; /* NULL: none */
	enum plan_reason reason;
	char text[PLAN_TEXT_BYTES];
};

/* One answer on its way. */
struct sending {
	struct work *w;
	struct response *row;
	struct failure *failure;
	const struct plan_bic *bic;
	struct plan_answer_out out;
	bool before;         /* an earlier answer of the same author was sent */
	char reference[128]; /* "" switched off */
	struct buf text;     /* as posted, plain */
};
/* Kept for later, or for good (state of the row); no issue. tell: in the history, too. */
MUST_USE int send_keep(struct sending *s, const char *state, enum plan_reason reason,
    const char *text, bool tell, struct err *e);
/* Procore or the plan said no: shown with the answer now, with the item at the end
 * (send_item_failed). */
MUST_USE int send_failed(
    struct sending *s, enum plan_reason reason, const char *text, struct err *e);
MUST_USE int send_item_failed(struct work *w, const struct failure *f, struct err *e);
/* Procore has it: sent by us although the confirmation was lost, or by a person by hand. */
MUST_USE int send_already(struct sending *s, struct err *e);
/* Its files, then the answer; row->state tells whether it is there. */
MUST_USE int send_row(struct sending *s, struct err *e);
/* The ball, where Procore left it with the author of a reply. */
MUST_USE int send_advance(struct sending *s, struct err *e);
/* The journal's key of sending this answer. */
void answer_effect_key(const struct work *w, const struct response *row, char key[64]);

/* ---- sync_answer.c */
MUST_USE int answer_send(struct work *w, struct err *e);
/* Any response that waits? */
MUST_USE int answer_waits(struct work *w, bool *waits, struct err *e);
/* Nobody can read Procore now: say of each answer whose sign-in it waits for. */
MUST_USE int answer_say_waiting(struct work *w, struct err *e);

#endif
