/* plan.h: what is to be done about one item, decided from both sides' facts. Layer: core.
 * Pure: no I/O, no clock, own types. Source: DESIGN.md 8, research newforma.md 4 and 10,
 * procore.md 5.3, 6.5.
 *
 * core/sync fills the facts, asks, and acts through the journal. Every decision names its
 * reason, so that nothing is skipped in silence. */
#ifndef CW_CORE_PLAN_H
#define CW_CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

enum plan_kind { PLAN_RFI, PLAN_SUBMITTAL, PLAN_KIND_MAX };
const char *plan_kind_word(enum plan_kind k); /* "rfi" "submittal", as stored */
const char *plan_kind_name(enum plan_kind k); /* "RFI" "submittal", for sentences */

/* The fields that are carried. Texts are plain, dates "YYYY-MM-DD". */
enum plan_field {
	PLAN_NUMBER, /* with the revision where there is one */
	PLAN_SUBJECT,
	PLAN_BODY,
	PLAN_DUE_DATE,
	PLAN_SPEC_NUMBER,
	PLAN_SPEC_NAME,
	PLAN_FROM,
	PLAN_FROM_MAIL,
	PLAN_RECEIVED_DATE,
	PLAN_TYPE,
	PLAN_LINK,
	PLAN_STATUS, /* Procore's word for its state, for people */
	PLAN_FIELD_MAX
};
const char *
plan_field_word(enum plan_field f); /* "due_date": key in item.agreed and item.kept */
const char *plan_field_name(enum plan_field f); /* "Due date" */

struct plan_fields {
	char *v[PLAN_FIELD_MAX]; /* owned; NULL counts as "" */
};
void plan_fields_clear(struct plan_fields *f); /* accepts an empty one */
void plan_fields_set(struct plan_fields *f, enum plan_field k, const char *v); /* copies */
const char *
plan_fields_get(const struct plan_fields *f, enum plan_field k); /* "" when unset */

/* Equal for people: runs of white space count as one blank, none at the ends. Accept NULL
 * as "". */
bool plan_same_text(const char *a, const char *b);

/* ---- facts: Procore's side */
enum plan_status {
	PLAN_OPEN,
	PLAN_DRAFT,
	PLAN_CLOSED,
	PLAN_VOID,
	PLAN_DELETED, /* in the recycle bin, or 404 where it used to be */
	PLAN_UNKNOWN  /* a word that we do not know: kept as text, treated as not open */
};

struct plan_person {     /* assignee of an RFI, approver of a submittal */
	int64_t user_id; /* the login information id; 0 unknown */
	char *login;     /* folded; "" unknown */
	char *name;
	bool approver; /* false for a submittal's Submitter: never a match */
	bool in_court;
	bool answered;       /* submittal: response not pending */
	bool reached;        /* submittal: the step has been reached; RFI: always true */
	bool required;       /* Procore waits for this one's answer */
	int64_t approver_id; /* submittal: approvers[].id */
	int64_t response_id; /* submittal: response.id now */
	char *response_name;
	char *comment;
};

struct plan_reply { /* an answer that stands in Procore */
	int64_t id;
	int64_t user_id;
	int64_t at;
	char *text; /* plain */
};

struct plan_file {
	int64_t id;
	char *name;
	char *url;        /* "" while unavailable */
	char *version;    /* when it was marked up last; "" never */
	bool unavailable; /* still being processed: ask again later */
};

struct plan_remote {
	enum plan_kind kind;
	int64_t id;
	enum plan_status status;
	char *status_text;
	bool is_private;
	bool current_revision;
	int64_t created_at;
	int64_t updated_at;
	char *number;      /* without the revision */
	char *revision;    /* "" or "0": the first */
	int64_t source_id; /* previous revision's id; 0 none known */
	struct plan_fields fields;
	struct plan_person *people;
	size_t people_n;
	struct plan_file *files;
	size_t files_n;
	struct plan_reply *replies;
	size_t replies_n;
};
void plan_remote_clear(struct plan_remote *r); /* accepts an empty one */
struct plan_person *
plan_remote_add_person(struct plan_remote *r); /* zeroed, borrowed until the next add */
struct plan_file *plan_remote_add_file(struct plan_remote *r);
struct plan_reply *plan_remote_add_reply(struct plan_remote *r);

/* ---- facts: ours */
struct plan_bic { /* a seat of the connection, in failover order */
	int64_t bic_id;
	int64_t account_id;
	int64_t user_id;               /* Procore's; 0 not known yet */
	char *login;                   /* folded */
	char *contact_id;              /* NPC contact; "" none found */
	bool signed_in;                /* a living sign-in */
	bool permitted[PLAN_KIND_MAX]; /* not known to lack permission on that tool */
};

enum plan_state {
	PLAN_NEW, /* no row yet */
	PLAN_SKIPPED,
	PLAN_WAITING,
	PLAN_LINKED,
	PLAN_ANSWERED,
	PLAN_CLOSED_ITEM,
	PLAN_PARKED,
	PLAN_STATE_MAX
};
const char *plan_state_word(enum plan_state s); /* "waiting": item.state; "" for PLAN_NEW */
MUST_USE int plan_state_from_word(const char *w, enum plan_state *out);

/* ---- reasons: why something is skipped, failed, or not sent */
enum plan_reason {
	PLAN_R_NONE,
	PLAN_R_DRAFT,
	PLAN_R_CLOSED,
	PLAN_R_VOID,
	PLAN_R_DELETED,
	PLAN_R_STATUS_UNKNOWN,
	PLAN_R_PRIVATE,
	PLAN_R_SUPERSEDED, /* an older revision */
	PLAN_R_BEFORE_CONNECTION,
	PLAN_R_NO_BIC,
	PLAN_R_STEP_NOT_REACHED,
	PLAN_R_ANSWERED_IN_PROCORE,
	PLAN_R_NO_CONTACT,
	PLAN_R_NOT_BIC, /* answered in NPC by somebody who is no BIC */
	PLAN_R_PLAIN_CLOSE,
	PLAN_R_SEND_AND_CLOSE,
	PLAN_R_RESPOND_ONLY,
	PLAN_R_SIGN_IN,           /* the author's sign-in is needed first */
	PLAN_R_CLOSED_IN_PROCORE, /* answered after the item was closed there */
	PLAN_R_NOT_APPROVER,
	PLAN_R_UNMAPPED,
	PLAN_R_MAP_STALE,    /* the mapped Procore response is no longer offered */
	PLAN_R_OTHER_ANSWER, /* Procore holds another answer of the same person */
	PLAN_R_EMPTY_ANSWER,
	PLAN_R_FILE_LIMIT,
	PLAN_R_FILE, /* a file could not be carried */
	PLAN_R_PROCORE_REFUSED,
	PLAN_R_NPC_REFUSED,
	PLAN_R_PERMISSION,
	PLAN_R_PULLED, /* pulled again by a person: earlier items count as eligible */
	PLAN_REASON_MAX
};
const char *
plan_reason_word(enum plan_reason r); /* "no_contact": item.reason, issue.code */
MUST_USE int plan_reason_from_word(const char *w, enum plan_reason *out);
const char *plan_reason_remedy(
    enum plan_reason r, enum plan_kind k); /* a sentence; "" when there is nothing to do */

enum { PLAN_TEXT_BYTES = 512 };

/* ---- decision 1: does an item come in? */
enum plan_verdict {
	PLAN_SKIP,   /* not eligible; reason and text say why */
	PLAN_CREATE, /* eligible and not in NPC yet */
	PLAN_KEEP,   /* linked and open: carry changes */
	PLAN_END,    /* linked, no longer open in Procore: stop carrying, keep in NPC */
	PLAN_REOPEN, /* linked, was ended or answered, open and in court again */
	PLAN_FAIL    /* an issue */
};
struct plan_in {
	const struct plan_remote *procore;
	enum plan_state state;
	bool linked;     /* has an NPC id */
	bool pulled;     /* asked for by a person by number */
	bool court_left; /* since the answer or the end, the ball was seen elsewhere */
	bool ended;      /* it was seen closed, void or deleted in Procore */
	bool waits;      /* an answer given in NPC has not arrived in Procore yet */
	const struct plan_bic *bics;
	size_t bics_n;
	int64_t sync_from_at;
};
struct plan_out {
	enum plan_verdict verdict;
	enum plan_reason reason;
	char text[PLAN_TEXT_BYTES]; /* for people */
	const struct plan_bic *bic; /* the match; NULL none */
	bool in_court;              /* that person has the ball now */
};
/* Decide about one item. Cannot fail. */
void plan_item(const struct plan_in *in, struct plan_out *out);
/* Whether Procore still waits for the answer of somebody else than b: a required assignee of
 * an RFI in court who has not replied. */
bool plan_others_owe(const struct plan_remote *r, const struct plan_bic *b);
/* The list does not name logins, and a seat's user id is not known before its first
 * sign-in: then only the item itself can tell whether a BIC is on it. */
bool plan_unsure(const struct plan_remote *r, const struct plan_bic *bics, size_t n);
/* The BIC whose person is on the item: in court before others, usable before others, then
 * by order; NULL none. */
const struct plan_bic *
plan_match(const struct plan_remote *r, const struct plan_bic *bics, size_t n);

/* ---- decision 2: which fields are written to NPC, which values are kept? */
struct plan_merge {
	bool write[PLAN_FIELD_MAX];       /* Procore's value goes to NPC */
	const char *kept[PLAN_FIELD_MAX]; /* the value that lost; NULL none. Borrowed from
					     procore or npc */
	struct plan_fields agreed; /* the new agreement once the writes are done; owned */
	bool same[PLAN_FIELD_MAX];    /* both sides hold the same, without or after the writes */
	bool news[PLAN_FIELD_MAX];    /* Procore's value is another than last agreed */
	bool any_write;
	bool any_kept;
};
/* agreed: what both sides last agreed on. Nothing is ever written to Procore: fields that
 * only NPC changed stay as they are there. Owned texts (subject, question) stay NPC's once
 * people there rewrote them. */
void plan_merge(const struct plan_fields *agreed, const struct plan_fields *procore,
    const struct plan_fields *npc, struct plan_merge *out);
void plan_merge_clear(struct plan_merge *m);

/* ---- decision 3: where does an answer go? */
enum plan_close { PLAN_RESPOND_AND_CLOSE, PLAN_CLOSE, PLAN_SEND_AND_CLOSE, PLAN_RESPOND };
MUST_USE int plan_close_from_word(
    const char *w, enum plan_close *out); /* as stored in response.close_kind */

struct plan_mapped { /* the response map's word on the action */
	bool found;
	bool offered; /* still among Procore's choices */
	int64_t response_id;
	const char *name;
};
struct plan_answer_in {
	const struct plan_remote *procore;
	enum plan_close close;
	const char *author;         /* folded login */
	const struct plan_bic *bic; /* the author's seat; NULL: no BIC */
	const char *action;
	const char *body;
	bool has_files;
	const char *reference; /* "[Newforma RFI-0123/1]"; "" switched off */
	struct plan_mapped map;
	bool answered_before; /* an earlier answer of this author was ours: it may be
			         replaced */
	int64_t given_at;     /* when the answer was given in NPC */
};
enum plan_answer_verdict {
	PLAN_SEND,
	PLAN_NOT_SENT, /* for good; reason is shown, no issue */
	PLAN_WAIT,     /* for the author's sign-in */
	PLAN_ISSUE,
	PLAN_ALREADY /* Procore has it: both sides agree */
};
struct plan_answer_out {
	enum plan_answer_verdict verdict;
	enum plan_reason reason;
	char text[PLAN_TEXT_BYTES];
	int64_t approver_id; /* submittal */
	int64_t response_id; /* submittal */
	int64_t procore_id;  /* PLAN_ALREADY: reply or approver id */
};
void plan_answer(const struct plan_answer_in *in, struct plan_answer_out *out);

/* The sentence of PLAN_WAIT. b  the author's seat; NULL: nobody of the project can sign in */
void plan_say_waiting(const struct plan_bic *b, char out[PLAN_TEXT_BYTES]);

/* Look for an answer of ours on the other side: the reference decides; without one author,
 * text and time. Returns the reply's id, 0 when it is not there. since_at  0: any time;
 * else replies given before are others' source    DESIGN.md 8 "Effects are idempotent" */
int64_t plan_find_reply(const struct plan_remote *r, const char *reference, int64_t user_id,
    const char *text, int64_t since_at);
/* The same for a submittal's approver: 0 unless this approver already holds this response
 * and our comment. */
int64_t plan_find_approval(const struct plan_remote *r, int64_t approver_id,
    int64_t response_id, const char *reference, const char *text);

/* The text that is posted: the answer and, unless "" , the reference on a line of its own.
 */
void plan_answer_text(const char *body, const char *reference, struct buf *out);

#endif
