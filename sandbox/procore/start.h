/* start.h: options and start of procore-sandbox. Layer: sandbox. */
#ifndef CW_SANDBOX_PROCORE_START_H
#define CW_SANDBOX_PROCORE_START_H

#include "procore/sim.h"

struct start_options {
	const char *db, *html, *ca_file;
	bool sender, routes;
};

/* Read the command line into s and o, which borrow from argv. errors: -1, usage written to
 * standard error */
MUST_USE int start_options(int argc, char **argv, struct sim *s, struct start_options *o);
/* Open and seed the database, compile the templates. errors: names the file */
MUST_USE int start(struct sim *s, const struct start_options *o, struct err *e);
void start_end(struct sim *s);

#endif
