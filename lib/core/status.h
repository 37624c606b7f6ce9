/* status.h: what a connection's state is, and what is wrong with it, worst first. Pure:
 * facts in, decision out; the sentences are in web/status_text. Layer: core. Source:
 * DESIGN.md 7 (table of causes, "Proof"). */
#ifndef CW_CORE_STATUS_H
#define CW_CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The four things a connection can be on screen. */
enum status_word { STATUS_CONNECTED, STATUS_WARNING, STATUS_LOST, STATUS_PAUSED };

enum status_sign_in { STATUS_IN_OK, STATUS_IN_NEEDED, STATUS_IN_LOST };
enum status_right {
	STATUS_RIGHT_UNCHECKED,
	STATUS_RIGHT_OK,
	STATUS_RIGHT_LOST,
	STATUS_RIGHT_NO_CONTACT
};

/* One ball-in-court seat, in failover order. Times are 0 where unknown. */
struct status_seat {
	enum status_sign_in
	    sign_in; /* a suspect account counts as OK: it works on its access token */
	enum status_right right;
	int64_t since_at;   /* when sign_in began */
	int64_t checked_at; /* when right was found */
	int64_t proved_at;  /* last call that worked */
	bool checking;      /* its rights are being asked for just now */
};

/* Outside services and local things that can be out of order. */
enum status_service {
	STATUS_PROCORE,
	STATUS_NPC,
	STATUS_SETTINGS,
	STATUS_CLOCK,
	STATUS_DISK,
	STATUS_KEY,
	STATUS_SERVICE_MAX
};

struct status_in {
	bool paused;
	bool app_missing; /* our app is not connected at the Procore company */
	int64_t app_since_at;
	const struct status_seat *seats;
	size_t seats_n;
	int64_t down_since_at[STATUS_SERVICE_MAX]; /* 0: works */
	int64_t poll_s;                            /* planned interval of passes */
	int64_t now;
};

/* What is wrong. Among problems of equal weight the order here is the order on the page. */
enum status_kind {
	STATUS_P_SETTINGS, /* Procore refuses the app's own credentials */
	STATUS_P_APP,      /* app not at that company */
	STATUS_P_NO_SEAT,  /* no ball-in-court user at all */
	STATUS_P_SIGN_IN_LOST,
	STATUS_P_SIGN_IN_NEEDED,
	STATUS_P_PERMISSION,
	STATUS_P_LOCAL, /* clock, disk, key */
	STATUS_P_PROCORE_DOWN,
	STATUS_P_NPC_DOWN,
	STATUS_P_NOT_VERIFIED, /* nothing is known to be wrong, but nothing has worked for
				  too long either */
	STATUS_P_NO_CONTACT,   /* the user is no contact of the Project Center project */
	STATUS_P_MAX
};
/* What mends it. */
enum status_remedy {
	STATUS_MEND_NONE,      /* retried by itself */
	STATUS_MEND_RECONNECT, /* the account of `seat` */
	STATUS_MEND_LETTER,    /* to the contractor's Procore administrator */
	STATUS_MEND_PERMISSION,
	STATUS_MEND_CONTACT,
	STATUS_MEND_SETTING,
	STATUS_MEND_DOCTOR,
	STATUS_MEND_ADD_SEAT
};
enum status_remedy status_remedy(enum status_kind k);

struct status_problem {
	enum status_kind kind;
	bool cuts_off;               /* because of it nothing is exchanged */
	int seat;                    /* index into in->seats; -1: not about one seat */
	enum status_service service; /* of a service's problem, else STATUS_SERVICE_MAX */
	int64_t since_at;            /* 0: not known */
};

/* Bounds what is listed, not what is counted: a project with more broken seats names the
 * first ones. */
enum { STATUS_PROBLEMS_MAX = 32 };

struct status {
	enum status_word word;
	struct status_problem problems[STATUS_PROBLEMS_MAX]; /* worst first */
	size_t problems_n;
	int reader;          /* seat that carries the project; -1: none */
	bool checking;       /* permissions are being checked */
	int64_t verified_at; /* last call that worked for this project; 0: never */
	bool stale;          /* that is too long ago to vouch for the status */
};
/* Decide. Cannot fail. */
void status_decide(const struct status_in *in, struct status *out);

/* May a call with this seat work? Signed in, and not known to lack permission. */
bool status_seat_usable(const struct status_seat *s);
/* Is the last proof of a seat too old? In use: max(3 planned intervals, 60 min); idle: 36
 * h. A seat that is not usable has no proof to be judged. */
bool
status_seat_stale(const struct status_seat *s, bool in_use, int64_t poll_s, int64_t now);

#endif
