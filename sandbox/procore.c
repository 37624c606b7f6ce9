/* procore.c: the stand-in for Procore. Options in sandbox/README.md. */
#include "config.h"

#include "base/log.h"
#include "procore/sender.h"
#include "procore/sim.h"
#include "procore/start.h"

int
main(int argc, char **argv)
{
	struct start_options o = {0};
	struct sim s = {0};
	struct fcgi_app app = {.program = "procore-sandbox",
	    .max_body_bytes = (size_t)512 * 1024 * 1024, /* a form or a segment */
	    .handle = dispatch,
	    .arg = &s};
	struct err e = {0};
	int rc = 1;

	log_init("procore-sandbox", LOG_INFO);
	if (start_options(argc, argv, &s, &o) == -1)
		return 2;
	if (o.routes) {
		routes_print();
		return 0;
	}
	if (start(&s, &o, &e) == -1) {
		log_err("start", &e);
		goto out;
	}
	app.body_dir = s.files_dir;
	rc = o.sender ? sender_run(&s, o.ca_file) : fcgi_serve(&app);
out:
	start_end(&s);
	return rc;
}
