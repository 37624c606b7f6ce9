/* connectorctl keys rotate: the change of the worker's sealing key (core/rotate.h says how
 * it goes). */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "core/rotate.h"
#include "ctl/ctl_int.h"
#include "io/wake.h"

static int
start(struct ctl *c, struct err *e)
{
	struct crypt_key next = {0};
	struct rotate_state s;
	bool running = false;
	int rc = -1;

	if (rotate_prepare(c->db, &c->conf, &next, &running, e) == -1)
		return -1;
	if (!running) {
		if (db_begin(c->db, e) == -1 || rotate_record(c->db, &next, e) == -1 ||
		    ctl_audit(c, "keys.rotate", next.id, NULL, e) == -1 ||
		    db_commit(c->db, e) == -1)
			goto out;
		wake_send(c->conf.wake_socket);
	}
	if (rotate_look(c->db, &c->conf, &s, e) == -1)
		goto out;
	printf("%s %s: %" PRId64 " of %" PRId64 " tokens are still to be sealed anew\n",
	    running ? "already changing to the key" : "changing to the key", s.reader_id,
	    s.left, s.total);
	if (!running)
		printf("\nThe recovery copy of the new key is %s.recovery\nPut it where a "
		       "lost disk does not take it along, then "
		       "run: connectorctl keys confirm-recovery\n",
		    c->conf.seal_private_key_file);
	printf("\nThe worker goes on by itself; connectorctl keys show says how far it is. "
	       "At the end run:\n"
	       "connectorctl keys rotate --finish\n");
	rc = CTL_OK;
out:
	crypt_key_clear(&next);
	return rc;
}

static int
finish(struct ctl *c, struct err *e)
{
	char old[32];

	if (rotate_finish(c->db, &c->conf, old, e) == -1 ||
	    ctl_audit(c, "keys.rotate_finished", old, NULL, e) == -1)
		return -1;
	printf("the key %s is retired and kept as %s.retired-%s\n"
	       "Restart the worker and callback. What a callback seals for the old key\n"
	       "until then is opened with the retired file: keep that until connectorctl\n"
	       "keys show has named no older key for a day.\n",
	    old, c->conf.seal_private_key_file, old);
	return CTL_OK;
}

int
ctl_keys_show_change(struct ctl *c, struct err *e)
{
	struct rotate_state s;

	if (rotate_look(c->db, &c->conf, &s, e) == -1)
		return -1;
	if (s.left > 0)
		printf("        %" PRId64
		       " tokens are still sealed for an older key (%" PRId64 " of %" PRId64
		       " done)\n",
		    s.left, s.done, s.total);
	else if (s.files_wait)
		printf("        all tokens are sealed for it: run connectorctl keys rotate "
		       "--finish\n");
	return 0;
}

int
ctl_keys_rotate(struct ctl *c, struct err *e)
{
	bool end = c->argc == 2 && str_eq(c->argv[1], "--finish");

	if (c->argc != 1 && !end)
		return ctl_usage(c, "takes nothing, or --finish");
	if (ctl_open_db(c, e) == -1)
		return -1;
	return end ? finish(c, e) : start(c, e);
}
