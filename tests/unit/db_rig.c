#include "config.h"

#include "tests/unit/db_rig.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

struct err rig_err;

int
rig_setup(void **state)
{
	struct scratch *t = xcalloc(1, sizeof *t);
	const char *tmp = getenv("TMPDIR");

	t->dir = xasprintf("%s/test_db.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(t->dir) == NULL)
		return -1;
	t->path = xasprintf("%s/x.db", t->dir);
	err_clear(&rig_err);
	*state = t;
	return 0;
}

int
rig_teardown(void **state)
{
	static const char *const names[] = {"x.db", "x.db-wal", "x.db-shm", "copy.db"};
	struct scratch *t = *state;
	size_t i;

	db_close(t->db);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = xasprintf("%s/%s", t->dir, names[i]);

		(void)unlink(path); /* most tests leave only some of them */
		free(path);
	}
	assert_int_equal(rmdir(t->dir), 0);
	free(t->path);
	free(t->dir);
	free(t);
	return 0;
}

struct db *
rig_fresh(struct scratch *t, enum db_role role)
{
	OK(db_migrate(t->path, &fx_catalog, NULL, NULL, &rig_err));
	OK(db_open(t->path, &fx_catalog, role, &t->db, &rig_err));
	return t->db;
}

int64_t
rig_number(struct db *db, int query)
{
	struct stmt *s = NULL;
	bool row = false;
	int64_t n;

	OK(db_query(db, query, &s, &rig_err));
	OK(db_step(s, &row, &rig_err));
	assert_true(row);
	n = db_col_i64(s, 0);
	db_done(s);
	return n;
}

int
rig_add_project(struct db *db, const char *name)
{
	struct stmt *s = NULL;

	OK(db_query(db, FX_PROJECT_ADD, &s, &rig_err));
	db_bind_text(s, 1, name);
	db_bind_bool(s, 4, false);
	return db_exec(s, &rig_err);
}

int64_t
rig_pragma(struct db *db, const char *sql)
{
	sqlite3_stmt *p = NULL;
	int64_t v;

	db->inner = true;
	assert_int_equal(sqlite3_prepare_v2(db->h, sql, -1, &p, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(p), SQLITE_ROW);
	v = sqlite3_column_int64(p, 0);
	sqlite3_finalize(p);
	db->inner = false;
	return v;
}

int
rig_wait(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
