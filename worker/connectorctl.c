/* connectorctl: the administrator's command. Wiring only: see lib/ctl. Manual: docs/man/connectorctl.8. */
#include "config.h"

#include "ctl/ctl.h"

int
main(int argc, char **argv)
{
	return ctl_main(argc, argv);
}
