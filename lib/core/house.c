#include "config.h"

#include "core/house.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/incident.h"
#include "core/keys.h"
#include "core/spool.h"
#include "store/attempt.h"
#include "store/clean.h"
#include "store/outbox.h"
#include "store/trail.h"

enum {
	DAY_S = 86400,
	/* One piece: short enough that pages hardly wait for it. */
	PIECE_ROWS = 500,
	PIECE_CONNECTIONS = 100,
	PIECES = 40
};

/* ---- retention */

static int
meta_time(struct db *db, const char *key, int64_t *at, struct err *e)
{
	char *text = NULL;

	if (meta_get(db, key, &text, e) == -1)
		return -1;
	if (text == NULL || num_parse_i64(text, 0, INT64_MAX, at) == -1)
		*at = 0; /* never, or not ours: done again */
	free(text);
	return 0;
}

static int
meta_set_time(struct db *db, const char *key, int64_t at, struct err *e)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, at) == -1)
		return err_set(e, ERR_BUG, "time");
	return meta_set(db, key, text, e);
}

/* From when on rows of a kind stay. */
static int64_t
kept_since(enum clean_what what, const struct conf *c)
{
	int64_t days = c->retention_days;

	if (what == CLEAN_DRAFTS || what == CLEAN_LISTS)
		days = HOUSE_DRAFT_DAYS;
	return clk_now() - days * DAY_S;
}

/* Rows, table by table; *left: pieces that may still be done in this call. */
static int
clean_tables(struct db *db, const struct conf *c, int *left, struct err *e)
{
	int n = 0;

	for (int what = 0; what < CLEAN_WHAT_MAX; what++) {
		int64_t since_at = kept_since((enum clean_what)what, c);

		do {
			if (*left == 0)
				return 0;
			if (clean_rows(db, (enum clean_what)what, since_at, PIECE_ROWS, &n,
				e) == -1)
				return -1;
			if (n > 0)
				(*left)--;
		} while (n > 0);
	}
	return 0;
}

int
house_clean(struct db *db, const struct conf *c, bool *more, struct err *e)
{
	int64_t now = clk_now();
	int64_t before_at = now - c->retention_days * DAY_S;
	int64_t after_id = 0;
	int64_t last = 0;
	int left = PIECES;

	*more = false;
	/* Kept for a day after their end, so that a replayed callback can say what became
	 * of the first. */
	if (attempt_clean(db, now - DAY_S, e) == -1 ||
	    meta_time(db, "cleaned_at", &last, e) == -1)
		return -1;
	if (last > now - DAY_S && last <= now)
		return 0;
	if (clean_tables(db, c, &left, e) == -1)
		return -1;
	if (left == 0) {
		*more = true;
		return 0;
	}
	do {
		if (clean_hours(db, before_at, PIECE_CONNECTIONS, &after_id, e) == -1)
			return -1;
	} while (after_id != 0);
	return meta_set_time(db, "cleaned_at", now, e);
}

/* ---- spool */

int
house_spool(const char *dir, int *n, struct err *e)
{
	return spool_clean(dir, SPOOL_PARTS_BYTES, n, e);
}

/* ---- local faults */

static int
tell(struct db *db, const struct conf *c, const char *name, bool good, const char *detail,
    struct err *e)
{
	if (good)
		return incident_service_works(db, c, name, e);
	if (db_begin(db, e) == -1)
		return -1;
	if (incident_service(db, c, name, 0, detail, e) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

int
house_keys(struct db *db, const struct conf *c, struct err *e)
{
	struct keys_ring ring = {0};
	struct err bad = {0};
	int rc = keys_worker(db, c, &ring, &bad);

	keys_ring_clear(&ring);
	if (rc == -1 && (bad.code == ERR_BUSY || bad.code == ERR_DB)) {
		if (e != NULL)
			*e = bad;
		return -1;
	}
	return tell(db, c, "key", rc == 0, bad.msg, e);
}

static int
free_mb(const char *path, int64_t *mb, struct err *e)
{
	struct statvfs v;

	if (statvfs(path, &v) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	*mb = (int64_t)((uint64_t)v.f_bavail * v.f_frsize / (1024 * 1024));
	return 0;
}

int
house_disk(struct db *db, const struct conf *c, struct err *e)
{
	char *dir = xstrdup(c->database);
	char *slash = strrchr(dir, '/');
	const char *const places[] = {dir, c->spool_dir};
	struct err gone = {0};
	char detail[512] = "";
	int64_t mb = 0;
	int rc = -1;

	if (slash != NULL && slash != dir)
		*slash = '\0';
	for (size_t i = 0; i < 2 && *detail == '\0'; i++) {
		if (free_mb(places[i], &mb, &gone) == -1)
			str_cut(detail, sizeof detail, gone.msg);
		else if (mb < HOUSE_DISK_MIN_MB &&
			 str_format(detail, sizeof detail,
			     "%" PRId64
			     " MB are free at %.256s; below %d MB it is time to make room",
			     mb, places[i], (int)HOUSE_DISK_MIN_MB) == -1)
			goto out;
	}
	rc = tell(db, c, "disk", *detail == '\0', detail, e);
out:
	free(dir);
	return rc;
}

/* ---- audit trail */

int
house_audit_head(struct db *db, struct err *e)
{
	char *head = NULL;

	if (meta_get(db, "audit_head", &head, e) == -1)
		return -1;
	if (head != NULL)
		log_event(LOG_INFO, "audit_head", "head", head, NULL);
	free(head);
	return 0;
}

int
house_unsealed(struct db *db, const struct conf *c, struct err *e)
{
	char detail[128] = "";
	int64_t oldest = 0;
	int64_t n = 0;
	bool good;

	if (trail_oldest_unsealed(db, &oldest, &n, e) == -1)
		return -1;
	good = n == 0 || oldest >= clk_now() - HOUSE_UNSEALED_S;
	if (!good) {
		log_event(LOG_ERROR, "audit_unsealed", "rows", log_num(n), NULL);
		str_cut(detail, sizeof detail,
		    "rows of the audit trail were written and not sealed within a minute");
	}
	return tell(db, c, "audit", good, detail, e);
}
