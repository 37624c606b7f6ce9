#include "config.h"

#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/plan_int.h"

/* One row a word: stored word, name for people. The CHECKs of table item keep the stored
 * words in step. */
static const char *const kind_words[PLAN_KIND_MAX] = {"rfi", "submittal"};
static const char *const kind_names[PLAN_KIND_MAX] = {"RFI", "submittal"};

static const struct {
	const char *word, *name;
} fields[PLAN_FIELD_MAX] = {
    [PLAN_NUMBER] = {"number", "Number"},
    [PLAN_SUBJECT] = {"subject", "Subject"},
    [PLAN_BODY] = {"body", "Question or description"},
    [PLAN_DUE_DATE] = {"due_date", "Due date"},
    [PLAN_SPEC_NUMBER] = {"spec_number", "Spec section"},
    [PLAN_SPEC_NAME] = {"spec_name", "Spec section title"},
    [PLAN_FROM] = {"from", "From"},
    [PLAN_FROM_MAIL] = {"from_mail", "From (e-mail)"},
    [PLAN_RECEIVED_DATE] = {"received_date", "Received date"},
    [PLAN_TYPE] = {"type", "Type"},
    [PLAN_LINK] = {"link", "Link"},
    [PLAN_STATUS] = {"status", "Status"},
};

static const char *const state_words[PLAN_STATE_MAX] = {
    "", "skipped", "waiting", "linked", "answered", "closed", "parked"};

static const struct {
	const char *word, *remedy;
} reasons[PLAN_REASON_MAX] = {
    [PLAN_R_NONE] = {"", ""},
    [PLAN_R_DRAFT] = {"draft", "It comes in by itself when the contractor opens it."},
    [PLAN_R_CLOSED] = {"closed", "It comes in by itself if the contractor opens it again."},
    [PLAN_R_VOID] = {"void", ""},
    [PLAN_R_DELETED] = {"deleted", "It comes in by itself if it is restored in Procore."},
    [PLAN_R_STATUS_UNKNOWN] = {"status_unknown",
	"It comes in by itself when its status is Open."},
    [PLAN_R_PRIVATE] = {"private", "Private items stay in Procore. It comes in by itself "
				   "if the contractor makes it not private."},
    [PLAN_R_SUPERSEDED] = {"superseded", "The current revision is carried instead."},
    [PLAN_R_BEFORE_CONNECTION] = {"before_connection",
	"It was created before the projects were connected. Pull it by its number if it is "
	"wanted."},
    [PLAN_R_NO_BIC] = {"no_bic", "Ask the contractor to add a BIC user of this project to "
				 "the item, or add that person as a BIC user."},
    [PLAN_R_STEP_NOT_REACHED] = {"step_not_reached",
	"It comes in by itself when the workflow reaches the BIC user's step."},
    [PLAN_R_ANSWERED_IN_PROCORE] = {"answered_in_procore", ""},
    [PLAN_R_NO_CONTACT] = {"no_contact", "Add this person as a contact of the project in "
					 "Project Center, with this e-mail address."},
    [PLAN_R_NOT_BIC] = {"not_bic", "Let a BIC user of the project respond and close, or "
				   "add this person as a BIC user."},
    [PLAN_R_PLAIN_CLOSE] = {"plain_close", ""},
    [PLAN_R_SEND_AND_CLOSE] = {"send_and_close",
	"Only Respond and Close sends an answer to Procore."},
    [PLAN_R_RESPOND_ONLY] = {"respond_only",
	"Respond and Close sends the answer to Procore."},
    [PLAN_R_SIGN_IN] = {"sign_in",
	"It goes out by itself when this person has signed in to Procore again."},
    [PLAN_R_CLOSED_IN_PROCORE] = {"closed_in_procore",
	"Ask the contractor to open the item again; the answer then goes out by itself. Or "
	"dismiss this."},
    [PLAN_R_NOT_APPROVER] = {"not_approver",
	"Ask the contractor to add this person as an approver, or let an approver respond "
	"and close."},
    [PLAN_R_UNMAPPED] = {"unmapped",
	"Choose a Procore response for this value under Response map on the Edit page."},
    [PLAN_R_MAP_STALE] = {"map_stale", "Choose another Procore response for this value "
				       "under Response map on the Edit page."},
    [PLAN_R_OTHER_ANSWER] = {"other_answer",
	"Decide which answer stands. Change it in Procore by hand, or dismiss this."},
    [PLAN_R_EMPTY_ANSWER] = {"empty_answer", "Respond again with a text or a file."},
    [PLAN_R_FILE_LIMIT] = {"file_limit",
	"Hand the file over by other means, then dismiss this."},
    [PLAN_R_FILE] = {"file",
	"It is tried again by itself. If it stays, have the file added again."},
    [PLAN_R_PROCORE_REFUSED] = {"procore_refused",
	"Mend what Procore names, then press Retry."},
    [PLAN_R_NPC_REFUSED] = {"npc_refused",
	"Mend what Project Center names, then press Retry."},
    [PLAN_R_PERMISSION] = {"permission", "In Procore, give this person Standard or Admin "
					 "on RFIs and Submittals in the project."},
    [PLAN_R_PULLED] = {"pulled", ""},
};

const char *
plan_kind_word(enum plan_kind k)
{
	return kind_words[k];
}

const char *
plan_kind_name(enum plan_kind k)
{
	return kind_names[k];
}

const char *
plan_field_word(enum plan_field f)
{
	return fields[f].word;
}

const char *
plan_field_name(enum plan_field f)
{
	return fields[f].name;
}

const char *
plan_state_word(enum plan_state s)
{
	return state_words[s];
}

int
plan_state_from_word(const char *w, enum plan_state *out)
{
	for (int i = PLAN_SKIPPED; i < PLAN_STATE_MAX; i++) {
		if (str_eq(w, state_words[i])) {
			*out = (enum plan_state)i;
			return 0;
		}
	}
	return -1;
}

const char *
plan_reason_word(enum plan_reason r)
{
	return reasons[r].word;
}

int
plan_reason_from_word(const char *w, enum plan_reason *out)
{
	for (int i = 0; i < PLAN_REASON_MAX; i++) {
		if (str_eq(w, reasons[i].word)) {
			*out = (enum plan_reason)i;
			return 0;
		}
	}
	return -1;
}

const char *
plan_reason_remedy(enum plan_reason r, enum plan_kind k)
{
	if (r == PLAN_R_STEP_NOT_REACHED && k == PLAN_RFI)
		return "";
	return reasons[r].remedy;
}

int
plan_close_from_word(const char *w, enum plan_close *out)
{
	static const char *const words[] = {
	    "respond_and_close", "close", "send_and_close", "respond"};

	for (int i = 0; i < 4; i++) {
		if (str_eq(w, words[i])) {
			*out = (enum plan_close)i;
			return 0;
		}
	}
	return -1;
}

void
plan_fields_clear(struct plan_fields *f)
{
	for (int i = 0; i < PLAN_FIELD_MAX; i++) {
		free(f->v[i]);
		f->v[i] = NULL;
	}
}

void
plan_fields_set(struct plan_fields *f, enum plan_field k, const char *v)
{
	char *copy = xstrdup(v);

	free(f->v[k]);
	f->v[k] = copy;
}

const char *
plan_fields_get(const struct plan_fields *f, enum plan_field k)
{
	return f->v[k] == NULL ? "" : f->v[k];
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* The next character for comparison: blanks folded into one ' ', none before the end. */
static char
next_char(const char **s)
{
	const char *p = *s;

	if (!is_blank(*p)) {
		if (*p != '\0')
			*s = p + 1;
		return *p;
	}
	while (is_blank(*p))
		p++;
	*s = p;
	return *p == '\0' ? '\0' : ' ';
}

bool
plan_same_text(const char *a, const char *b)
{
	char x, y;

	a = a == NULL ? "" : a;
	b = b == NULL ? "" : b;
	while (is_blank(*a))
		a++;
	while (is_blank(*b))
		b++;
	do {
		x = next_char(&a);
		y = next_char(&b);
	} while (x == y && x != '\0');
	return x == y;
}

void
plan_remote_clear(struct plan_remote *r)
{
	for (size_t i = 0; i < r->people_n; i++) {
		free(r->people[i].login);
		free(r->people[i].name);
		free(r->people[i].response_name);
		free(r->people[i].comment);
	}
	for (size_t i = 0; i < r->files_n; i++) {
		free(r->files[i].name);
		free(r->files[i].url);
		free(r->files[i].version);
	}
	for (size_t i = 0; i < r->replies_n; i++)
		free(r->replies[i].text);
	free(r->people);
	free(r->files);
	free(r->replies);
	free(r->status_text);
	free(r->number);
	free(r->revision);
	plan_fields_clear(&r->fields);
	*r = (struct plan_remote){0};
}

struct plan_person *
plan_remote_add_person(struct plan_remote *r)
{
	r->people = xreallocarray(r->people, r->people_n + 1, sizeof *r->people);
	r->people[r->people_n] = (struct plan_person){0};
	return &r->people[r->people_n++];
}

struct plan_file *
plan_remote_add_file(struct plan_remote *r)
{
	r->files = xreallocarray(r->files, r->files_n + 1, sizeof *r->files);
	r->files[r->files_n] = (struct plan_file){0};
	return &r->files[r->files_n++];
}

struct plan_reply *
plan_remote_add_reply(struct plan_remote *r)
{
	r->replies = xreallocarray(r->replies, r->replies_n + 1, sizeof *r->replies);
	r->replies[r->replies_n] = (struct plan_reply){0};
	return &r->replies[r->replies_n++];
}

void
plan_say(char out[PLAN_TEXT_BYTES], const char *fmt, ...)
{
	struct buf b = BUF_INIT(4096);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	str_cut(out, PLAN_TEXT_BYTES, buf_str(&b));
	buf_clear(&b);
}
