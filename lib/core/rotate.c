/* The administrator's part of a change of keys: files and the database's word. */
#include "config.h"

#include "core/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/job.h"
#include "store/seal_rows.h"

/* The administrator's files are the configuration's; credentials are copies of them. */
struct files {
	const char *secret, *pub;
	char *next, *pub_next, *recovery;
};

static void
files_init(struct files *f, const struct conf *c)
{
	f->secret = c->seal_private_key_file;
	f->pub = c->seal_public_key_file;
	f->next = xasprintf("%s.next", f->secret);
	f->pub_next = xasprintf("%s.next", f->pub);
	f->recovery = xasprintf("%s.recovery", f->secret);
}

static void
files_clear(struct files *f)
{
	free(f->next);
	free(f->pub_next);
	free(f->recovery);
}

static bool
there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The id of the key in a file; "" when there is none. */
static int
id_of(const char *path, bool secret, char id[32], struct err *e)
{
	struct crypt_key k = {0};

	id[0] = '\0';
	if (!there(path))
		return 0;
	if ((secret ? crypt_key_load_secret(path, &k, e)
		    : crypt_key_load_public(path, &k, e)) == -1)
		return -1;
	str_cut(id, 32, k.id);
	crypt_key_clear(&k);
	return 0;
}

static int
current_reader(struct db *db, char id[32], struct err *e)
{
	bool known = false;

	if (token_key_current(db, "reader", id, &known, e) == -1)
		return -1;
	return known ? 0
		     : err_set(e, ERR_INPUT,
			   "there is no sealing key yet; run `connectorctl init`");
}

int
rotate_look(struct db *db, const struct conf *c, struct rotate_state *out, struct err *e)
{
	struct rotate_state s = {.left = 0};
	struct files f;
	char next[32] = "";
	char pub_next[32] = "";
	int rc = -1;

	files_init(&f, c);
	if (current_reader(db, s.reader_id, e) == -1 ||
	    seal_rows_progress(db, &s.done, &s.total, e) == -1 ||
	    seal_rows_left(db, s.reader_id, &s.left, e) == -1 ||
	    id_of(f.next, true, next, e) == -1 ||
	    id_of(f.pub_next, false, pub_next, e) == -1)
		goto out;
	s.files_wait = str_eq(next, s.reader_id) || str_eq(pub_next, s.reader_id);
	*out = s;
	rc = 0;
out:
	files_clear(&f);
	return rc;
}

/* ---- prepare */

/* Whoever reads the present key reads the next one. */
static int
same_owner(const char *model, const char *path, struct err *e)
{
	struct stat st;

	if (stat(model, &st) == -1)
		return err_set_errno(e, ERR_IO, errno, "%s", model);
	/* chown() may take mode bits away, so it comes first. */
	if (chown(path, st.st_uid, st.st_gid) == -1 || chmod(path, st.st_mode & 0444) == -1)
		return err_set_errno(e, ERR_IO, errno, "owner and mode of %s", path);
	return 0;
}

static int
copy_is_here(const struct files *f, const char *id, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "%s, the copy of the key %s, is still on this machine; put it away and run "
	    "`connectorctl keys "
	    "confirm-recovery` first",
	    f->recovery, id);
}

static int
check_present(const struct files *f, const char *current, struct err *e)
{
	char id[32];

	if (id_of(f->secret, true, id, e) == -1)
		return -1;
	if (!str_eq(id, current))
		return err_set(e, ERR_INPUT,
		    "%s holds the key %s, the database is sealed for %s; put the right key "
		    "back first. Nothing was changed",
		    f->secret, *id == '\0' ? "(none)" : id, current);
	if (id_of(f->recovery, true, id, e) == -1)
		return -1;
	return str_eq(id, current) ? copy_is_here(f, id, e) : 0;
}

static int
make_next(const struct files *f, struct crypt_key *next, struct err *e)
{
	char id[32];

	if (there(f->next)) {
		if (crypt_key_load_secret(f->next, next, e) == -1)
			return -1;
	} else {
		crypt_key_new(next);
		if (crypt_key_save_secret(f->next, next, e) == -1)
			return -1;
	}
	if (same_owner(f->secret, f->next, e) == -1 ||
	    id_of(f->pub_next, false, id, e) == -1)
		return -1;
	if (*id != '\0' && !str_eq(id, next->id))
		return err_set(e, ERR_INPUT,
		    "%s does not belong to %s; remove it and try again", f->pub_next,
		    f->next);
	if (*id == '\0' && crypt_key_save_public(f->pub_next, next, e) == -1)
		return -1;
	return same_owner(f->pub, f->pub_next, e);
}

/* The next key needs its recovery copy before the first token depends on it. */
static int
make_recovery(const struct files *f, const struct crypt_key *next, struct err *e)
{
	char id[32];

	if (id_of(f->recovery, true, id, e) == -1)
		return -1;
	if (str_eq(id, next->id))
		return 0;
	if (*id != '\0')
		return copy_is_here(f, id, e);
	return crypt_key_save_secret(f->recovery, next, e);
}

int
rotate_prepare(struct db *db, const struct conf *c, struct crypt_key *next, bool *running,
    struct err *e)
{
	struct files f;
	char current[32] = "";
	char made[32] = "";
	int rc = -1;

	files_init(&f, c);
	*running = false;
	if (current_reader(db, current, e) == -1 || id_of(f.next, true, made, e) == -1)
		goto out;
	if (str_eq(made, current)) {
		*running = true;
		rc = crypt_key_load_secret(f.next, next, e);
		goto out;
	}
	if (check_present(&f, current, e) == -1 || make_next(&f, next, e) == -1 ||
	    make_recovery(&f, next, e) == -1)
		goto out;
	rc = 0;
out:
	files_clear(&f);
	if (rc == -1)
		crypt_key_clear(next);
	return rc;
}

int
rotate_record(struct db *db, const struct crypt_key *next, struct err *e)
{
	struct buf hex = BUF_INIT(80);
	int64_t total = 0;
	int rc = -1;

	enc_hex(&hex, next->pub, sizeof next->pub);
	if (seal_rows_next(db, next->id, buf_str(&hex), e) == 0 &&
	    seal_rows_left(db, next->id, &total, e) == 0 &&
	    seal_rows_set_progress(db, 0, total, e) == 0)
		rc = job_wish(db, JOB_ROTATE_KEYS, 0, "", JOB_PRIO_TOKEN, clk_now(), e);
	buf_clear(&hex);
	return rc;
}

/* ---- finish */

static int
sync_dir_of(const char *path, struct err *e)
{
	char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	int fd;
	int rc = 0;

	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	fd = open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		rc = err_set_errno(e, ERR_IO, errno, "the folder of %s", path);
	if (fd != -1)
		(void)close(fd);
	free(dir);
	return rc;
}

/* path keeps the old key under another name, then becomes next. A hard link: at no moment
 * is path missing. */
static int
swap(const char *path, const char *next, const char *old_id, struct err *e)
{
	char *retired = xasprintf("%s.retired-%s", path, old_id);
	int rc = -1;

	if (link(path, retired) == -1 && errno != EEXIST) {
		err_set_errno(e, ERR_IO, errno, "cannot keep the old key as %s", retired);
		goto out;
	}
	if (sync_dir_of(path, e) == -1)
		goto out;
	if (rename(next, path) == -1) {
		err_set_errno(e, ERR_IO, errno, "cannot put %s in its place", next);
		goto out;
	}
	rc = sync_dir_of(path, e);
out:
	free(retired);
	return rc;
}

/* One of the two files: swap it unless an earlier call has. */
static int
finish_one(const char *path, const char *next, bool secret, const char *current,
    char old_id[32], struct err *e)
{
	char id[32];
	char next_id[32];

	if (id_of(path, secret, id, e) == -1 || id_of(next, secret, next_id, e) == -1)
		return -1;
	if (str_eq(id, current)) {
		old_id[0] = '\0';
		return 0;
	}
	if (*id == '\0' || !str_eq(next_id, current))
		return err_set(e, ERR_INPUT,
		    "neither %s nor %s holds the key %s that tokens are sealed for", path,
		    next, current);
	str_cut(old_id, 32, id);
	return swap(path, next, id, e);
}

int
rotate_finish(struct db *db, const struct conf *c, char old_id[32], struct err *e)
{
	struct rotate_state s;
	struct files f;
	char old_pub[32] = "";
	int rc = -1;

	old_id[0] = '\0';
	if (rotate_look(db, c, &s, e) == -1)
		return -1;
	if (s.left > 0)
		return err_set(e, ERR_BUSY,
		    "%" PRId64 " of %" PRId64 " tokens are still sealed for the old key; "
					      "the worker goes on with them: look "
		    "with `connectorctl keys show`",
		    s.left, s.total);
	files_init(&f, c);
	if (finish_one(f.secret, f.next, true, s.reader_id, old_id, e) == -1 ||
	    finish_one(f.pub, f.pub_next, false, s.reader_id, old_pub, e) == -1)
		goto out;
	if (*old_id == '\0' && *old_pub == '\0')
		err_set(e, ERR_INPUT, "nothing to finish: %s already holds the key in use",
		    f.secret);
	else
		rc = 0;
	if (rc == 0 && *old_id == '\0')
		str_cut(old_id, 32, old_pub);
out:
	files_clear(&f);
	return rc;
}
