/* plan_choices.h: lists of response values, and which of Procore's means the same as one of
 * Project Center's. Layer: core. Pure. Source: newforma.md 5.1, procore.md 6.3 ("map by
 * considered, never by name or fixed id"). */
#ifndef CW_CORE_PLAN_CHOICES_H
#define CW_CORE_PLAN_CHOICES_H

#include <stddef.h>

struct plan_choice {
	char *key, *name, *meaning; /* owned */
};
struct plan_choices {
	struct plan_choice *v;
	size_t n;
};
void plan_choices_add(
    struct plan_choices *c, const char *key, const char *name, const char *meaning);
void plan_choices_clear(struct plan_choices *c); /* accepts an empty one */

/* Procore's value for an NPC action: the one whose considered is what the action's name
 * means. Of several, the one with the same name, or whose name begins so. NULL: no meaning
 * known, none offered, or not to be told apart; never a guess. Borrowed from procore. */
const struct plan_choice *
plan_choices_match(const struct plan_choices *procore, const char *npc_action);

#endif
