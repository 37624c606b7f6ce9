/* doctor_int.h: what the files of connectorctl doctor share. Layer: ctl, private to ctl/doctor*.c. */
#ifndef CW_CTL_DOCTOR_INT_H
#define CW_CTL_DOCTOR_INT_H

#include "ctl/ctl_int.h"

struct doctor {
	struct ctl *c;
	int bad, warned;
};
enum finding { GOOD, WARN, BAD };

/* Print one finding and count it. what: at most 14 bytes, the column */
void doctor_say(struct doctor *d, enum finding f, const char *what, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* May each service user reach what its programs need, and no secret of others? By owner, group and mode; lists
 * (ACLs) are not looked at. */
void doctor_users(struct doctor *d);

#endif
