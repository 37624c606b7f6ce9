#include "config.h"

#include "core/plan_choices.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

void
plan_choices_add(
    struct plan_choices *c, const char *key, const char *name, const char *meaning)
{
	if (str_empty(key) || str_empty(name))
		return;
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->v[i].key, key))
			return;
	c->v = xreallocarray(c->v, c->n + 1, sizeof *c->v);
	c->v[c->n++] = (struct plan_choice){
	    .key = xstrdup(key), .name = xstrdup(name), .meaning = xstrdup(meaning)};
}

void
plan_choices_clear(struct plan_choices *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].key);
		free(c->v[i].name);
		free(c->v[i].meaning);
	}
	free(c->v);
	*c = (struct plan_choices){0};
}

/* Names as NPC is delivered with them (newforma.md 5.1) and as firms often write them. */
static const struct {
	const char *name, *considered;
} meanings[] = {
    {"Approved", "approved"},
    {"No Exceptions", "approved"},
    {"No Exceptions Taken", "approved"},
    {"Approved as Noted", "approved as noted"},
    {"Make Corrections Noted", "approved as noted"},
    {"Approved with Comments", "approved as noted"},
    {"Rejected", "rejected"},
    {"Not Approved", "rejected"},
    {"Revise and Resubmit", "revise and resubmit"},
    {"Amend and Resubmit", "revise and resubmit"},
    {"For Record Only", "for record only"},
    {"No Action Taken", "for record only"},
    {"No Action Required", "for record only"},
};

const struct plan_choice *
plan_choices_match(const struct plan_choices *procore, const char *npc_action)
{
	const struct plan_choice *same = NULL, *alike = NULL, *only = NULL;
	const char *meaning = NULL;
	size_t n = 0, n_alike = 0;

	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (str_eq_ci(meanings[i].name, npc_action))
			meaning = meanings[i].considered;
	for (size_t i = 0; meaning != NULL && i < procore->n; i++) {
		const struct plan_choice *c = &procore->v[i];

		if (!str_eq_ci(c->meaning, meaning))
			continue;
		n++;
		only = c;
		if (str_eq_ci(c->name, npc_action))
			same = c;
		if (str_starts_ci(c->name, npc_action) ||
		    str_starts_ci(npc_action, c->name)) {
			alike = c;
			n_alike++;
		}
	}
	if (same != NULL)
		return same;
	if (n == 1)
		return only;
	return n_alike == 1 ? alike : NULL;
}
