#include "config.h"

#include "core/status.h"

#include "base/err.h"

enum {
	/* DESIGN.md 7 "Proof". */
	PROOF_INTERVALS = 3,
	PROOF_MIN_S = 3600,
	PROOF_IDLE_S = 36 * 3600
};

enum status_remedy
status_remedy(enum status_kind k)
{
	static const enum status_remedy table[STATUS_P_MAX] = {
	    [STATUS_P_SETTINGS] = STATUS_MEND_SETTING,
	    [STATUS_P_APP] = STATUS_MEND_LETTER,
	    [STATUS_P_NO_SEAT] = STATUS_MEND_ADD_SEAT,
	    [STATUS_P_SIGN_IN_LOST] = STATUS_MEND_RECONNECT,
	    [STATUS_P_SIGN_IN_NEEDED] = STATUS_MEND_RECONNECT,
	    [STATUS_P_PERMISSION] = STATUS_MEND_PERMISSION,
	    [STATUS_P_LOCAL] = STATUS_MEND_DOCTOR,
	    [STATUS_P_PROCORE_DOWN] = STATUS_MEND_NONE,
	    [STATUS_P_NPC_DOWN] = STATUS_MEND_NONE,
	    [STATUS_P_NOT_VERIFIED] = STATUS_MEND_NONE,
	    [STATUS_P_NO_CONTACT] = STATUS_MEND_CONTACT,
	};

	BUG_IF((unsigned)k >= STATUS_P_MAX);
	return table[k];
}

bool
status_seat_usable(const struct status_seat *s)
{
	return s->sign_in == STATUS_IN_OK && s->right != STATUS_RIGHT_LOST;
}

bool
status_seat_stale(const struct status_seat *s, bool in_use, int64_t poll_s, int64_t now)
{
	int64_t limit = PROOF_IDLE_S;

	if (!status_seat_usable(s))
		return false;
	if (in_use)
		limit = PROOF_INTERVALS * poll_s > PROOF_MIN_S ? PROOF_INTERVALS * poll_s
							       : PROOF_MIN_S;
	return s->proved_at < now - limit;
}

/* Insert where it belongs: what cuts the project off first, then by kind, then as found. */
static void
add(struct status *out, struct status_problem p)
{
	size_t at = out->problems_n;

	if (out->problems_n == STATUS_PROBLEMS_MAX)
		return;
	while (at > 0) {
		const struct status_problem *before = &out->problems[at - 1];

		if (before->cuts_off > p.cuts_off ||
		    (before->cuts_off == p.cuts_off && before->kind <= p.kind))
			break;
		out->problems[at] = *before;
		at--;
	}
	out->problems[at] = p;
	out->problems_n++;
}

static void
find_reader(const struct status_in *in, struct status *out)
{
	out->reader = -1;
	for (size_t i = 0; i < in->seats_n; i++) {
		const struct status_seat *s = &in->seats[i];

		out->checking = out->checking || (s->checking && !in->app_missing);
		if (s->proved_at > out->verified_at)
			out->verified_at = s->proved_at;
		if (out->reader == -1 && status_seat_usable(s))
			out->reader = (int)i;
	}
	if (out->reader >= 0) {
		out->verified_at = in->seats[out->reader].proved_at;
		out->stale = !in->paused && status_seat_stale(&in->seats[out->reader], true,
						in->poll_s, in->now);
	}
}

static void
add_seats(const struct status_in *in, struct status *out)
{
	bool alone = out->reader == -1;

	if (in->seats_n == 0)
		add(out, (struct status_problem){
			     STATUS_P_NO_SEAT, true, -1, STATUS_SERVICE_MAX, 0});
	for (size_t i = 0; i < in->seats_n; i++) {
		const struct status_seat *s = &in->seats[i];
		struct status_problem p = {
		    STATUS_P_MAX, alone, (int)i, STATUS_SERVICE_MAX, s->since_at};

		if (s->sign_in == STATUS_IN_LOST) {
			p.kind = STATUS_P_SIGN_IN_LOST;
		} else if (s->sign_in == STATUS_IN_NEEDED) {
			p.kind = STATUS_P_SIGN_IN_NEEDED;
		} else if (s->right == STATUS_RIGHT_LOST) {
			p.kind = STATUS_P_PERMISSION;
			p.since_at = s->checked_at;
		} else if (s->right == STATUS_RIGHT_NO_CONTACT) {
			p.kind = STATUS_P_NO_CONTACT;
			p.cuts_off = false;
			p.since_at = s->checked_at;
		}
		if (p.kind != STATUS_P_MAX)
			add(out, p);
	}
}

/* A service that is down costs nobody the connection by itself; our own faults do once
 * nothing works any more. */
static void
add_services(const struct status_in *in, struct status *out)
{
	static const enum status_kind kinds[STATUS_SERVICE_MAX] = {
	    [STATUS_PROCORE] = STATUS_P_PROCORE_DOWN,
	    [STATUS_NPC] = STATUS_P_NPC_DOWN,
	    [STATUS_SETTINGS] = STATUS_P_SETTINGS,
	    [STATUS_CLOCK] = STATUS_P_LOCAL,
	    [STATUS_DISK] = STATUS_P_LOCAL,
	    [STATUS_KEY] = STATUS_P_LOCAL,
	};
	bool explained = false;

	for (int i = 0; i < STATUS_SERVICE_MAX; i++) {
		bool ours = kinds[i] == STATUS_P_SETTINGS || kinds[i] == STATUS_P_LOCAL;

		if (in->down_since_at[i] == 0)
			continue;
		add(out, (struct status_problem){kinds[i], ours && out->stale, -1,
			     (enum status_service)i, in->down_since_at[i]});
		explained = explained || i != STATUS_NPC;
	}
	if (out->stale && !explained)
		add(out, (struct status_problem){STATUS_P_NOT_VERIFIED, false, out->reader,
			     STATUS_SERVICE_MAX, out->verified_at});
}

void
status_decide(const struct status_in *in, struct status *out)
{
	*out = (struct status){.word = STATUS_CONNECTED};
	find_reader(in, out);
	if (in->app_missing)
		add(out, (struct status_problem){
			     STATUS_P_APP, true, -1, STATUS_SERVICE_MAX, in->app_since_at});
	add_seats(in, out);
	add_services(in, out);
	if (in->paused)
		out->word = STATUS_PAUSED;
	else if (out->problems_n > 0)
		out->word = out->problems[0].cuts_off ? STATUS_LOST : STATUS_WARNING;
}
