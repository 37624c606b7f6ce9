#include "config.h"

#include "core/access.h"

#include "base/err.h"

/* Columns of DESIGN.md 5: Global Admin, Project Admin (assigned), BIC user (where BIC), anyone signed in. */
enum { GLOBAL = 1, PROJECT = 2, BIC = 4, ANYONE = 8 };

static const unsigned table[ACCESS_MAX] = {
    [ACCESS_SIGNED_IN] = GLOBAL | PROJECT | BIC | ANYONE,
    [ACCESS_SEE] = GLOBAL | PROJECT | BIC,
    [ACCESS_RECONNECT] = GLOBAL | PROJECT | BIC,
    [ACCESS_BIC] = GLOBAL | PROJECT | BIC,
    [ACCESS_SETTINGS] = GLOBAL | PROJECT,
    [ACCESS_CONNECT] = GLOBAL,
    [ACCESS_SYNC_NOW] = GLOBAL | PROJECT | BIC,
    [ACCESS_RETRY] = GLOBAL | PROJECT,
    [ACCESS_RETRY_OWN] = GLOBAL | PROJECT | BIC,
    [ACCESS_DISMISS] = GLOBAL | PROJECT,
    [ACCESS_ADMINISTER] = GLOBAL,
};

bool
access_may(const struct access_who *who, enum access_right right)
{
	unsigned is = ANYONE;

	BUG_IF((unsigned)right >= ACCESS_MAX);
	if (who->global_admin)
		is |= GLOBAL;
	if (who->project_admin)
		is |= PROJECT;
	if (who->bic)
		is |= BIC;
	return (table[right] & is) != 0;
}
