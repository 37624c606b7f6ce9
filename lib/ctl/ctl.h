/* ctl.h: the administrator's command. Layer: ctl, on top like web. Manual: docs/man/connectorctl.8. */
#ifndef CW_CTL_CTL_H
#define CW_CTL_CTL_H

/* Exit statuses, as in the manual. */
enum {
	CTL_OK = 0,
	CTL_FAILED = 1, /* what was asked was not done, or a check found something */
	CTL_USAGE = 2,
	CTL_CONFIG = 78 /* connectorweb.conf has problems (EX_CONFIG of sysexits.h) */
};

/* Run one command line; the exit status. Everything is written to standard output and error. */
int ctl_main(int argc, char **argv);

#endif
