/* The worker's part of a change of keys: tokens, one by one. */
#include "config.h"

#include <inttypes.h>

#include "base/log.h"
#include "core/audit.h"
#include "core/oauth_int.h"
#include "core/rotate.h"
#include "io/json.h"
#include "store/job.h"
#include "store/seal_rows.h"

/* No token is left: the old key has served. */
static int
retire(struct oauth_ctx *x, struct err *e)
{
	struct json *detail = json_obj();
	int64_t done = 0;
	int64_t total = 0;
	int64_t n = 0;
	int rc = -1;

	if (db_begin(x->db, e) == -1)
		goto out;
	if (seal_rows_retire(x->db, x->reader->id, &n, e) == -1 ||
	    seal_rows_progress(x->db, &done, &total, e) == -1)
		goto fail;
	json_put_i64(detail, "tokens", total);
	if (n > 0 &&
	    (seal_rows_set_progress(x->db, total, total, e) == -1 ||
		audit_add(x->db, "worker", "keys.rotated", x->reader->id, detail, e) == -1))
		goto fail;
	rc = db_commit(x->db, e);
	if (rc == 0 && n > 0)
		log_event(LOG_INFO, "keys_rotated", "key", x->reader->id, "tokens",
		    log_num(total), NULL);
	goto out;
fail:
	db_rollback(x->db);
out:
	json_free(detail);
	return rc;
}

int
rotate_run(struct oauth_ctx *x, int max, bool *more, struct err *e)
{
	struct err first = {0};
	int64_t after = 0;
	int bad = 0;

	*more = false;
	if (keys_follow(x->db, x->ring, e) == -1)
		return -1;
	for (int i = 0; i < max + bad; i++) {
		struct err one = {0};

		if (seal_rows_after(x->db, after, x->reader->id, &after, e) == -1)
			return -1;
		if (after == 0)
			break;
		if (oauth_reseal(x, after, &one) == 0)
			continue;
		if (one.code != ERR_INPUT) {
			*e = one;
			return -1;
		}
		/* Altered, or for a key that is gone: the others must not wait for it. */
		if (bad++ == 0)
			first = one;
	}
	*more = after != 0;
	if (*more || bad == 0)
		return *more ? 0 : retire(x, e);
	*e = first;
	return -1;
}

int
rotate_wish(struct db *db, struct err *e)
{
	char current[32] = "";
	bool known = false;
	int64_t left = 0;

	if (token_key_current(db, "reader", current, &known, e) == -1)
		return -1;
	if (!known)
		return 0;
	if (seal_rows_left(db, current, &left, e) == -1)
		return -1;
	return left == 0 ? 0 : job_wish(db, JOB_ROTATE_KEYS, 0, "", JOB_PRIO_HOUSE, 0, e);
}
