/* db_auth.c: what each role may touch. It catches our own mistakes; it is no wall against a
 * process that was taken over (DESIGN.md 9). Source:
 * https://sqlite.org/c3ref/set_authorizer.html, platform.md 6. */
#include "config.h"

#include <string.h>

#include "base/str.h"
#include "io/db_priv.h"

const char *
db_role_name(enum db_role role)
{
	switch (role) {
	case DB_ROLE_WEB:
		return "web";
	case DB_ROLE_AUTH:
		return "auth";
	case DB_ROLE_SYNC:
		return "sync";
	case DB_ROLE_ADMIN:
		return "admin";
	case DB_ROLE_HOOK:
		return "hook";
	}
	return "?";
}

static const struct db_grant *
grant_of(const struct db *db, const char *table)
{
	int i;

	for (i = 0; i < db->cat.grants_n; i++) {
		if (str_eq_ci(db->cat.grants[i].table, table))
			return &db->cat.grants[i];
	}
	return NULL;
}

static int
deny(struct db *db, const char *verb, const char *thing, const char *column)
{
	/* A name too long for the note is cut; the note only helps to find the mistake. */
	if (str_format(db->denied, sizeof db->denied, "role %s may not %s %s%s%s",
		db_role_name(db->role), verb, thing == NULL ? "" : thing,
		str_empty(column) ? "" : ".", str_empty(column) ? "" : column) == -1)
		str_cut(db->denied, sizeof db->denied, "role may not do that");
	return SQLITE_DENY;
}

static int
may_read(struct db *db, const char *table, const char *column)
{
	/* What SQLite itself keeps or makes up, none of it data of ours. */
	static const char *const open_to_all[] = {
	    "json_each", "json_tree", "sqlite_master", "sqlite_schema", "sqlite_sequence"};
	const struct db_grant *g = grant_of(db, table);
	size_t i;

	if (g != NULL)
		return (g->read & (unsigned)db->role) != 0
			   ? SQLITE_OK
			   : deny(db, "read", table, column);
	for (i = 0; i < sizeof open_to_all / sizeof open_to_all[0]; i++) {
		if (str_eq_ci(table, open_to_all[i]))
			return SQLITE_OK;
	}
	/* A subquery of which no column is read is announced by its alias and an empty
	 * column. Real tables are all named in the grants (tests/unit/test_sql.c), so this
	 * opens none. */
	if (column != NULL && column[0] == '\0')
		return SQLITE_OK;
	return deny(db, "read", table, column);
}

static const char verb_update[] = "update";

static int
may_write(struct db *db, const char *verb, const char *table, const char *column)
{
	const struct db_grant *g = grant_of(db, table);

	if (g != NULL && (g->write & (unsigned)db->role) != 0)
		return SQLITE_OK;
	/* The first json_each of a connection declares its columns this way. A real update
	 * of the schema table is refused by defensive mode, real DDL by its own action
	 * codes. */
	if (str_eq(verb, verb_update) && str_eq(table, "sqlite_master"))
		return SQLITE_OK;
	return deny(db, verb, table, column);
}

static int
authorize(void *arg, int action, const char *a, const char *b, const char *schema,
    const char *trigger)
{
	struct db *db = arg;

	(void)schema;
	(void)trigger;
	if (db->inner)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return SQLITE_OK;
	case SQLITE_READ:
		return may_read(db, a, b);
	case SQLITE_INSERT:
		return may_write(db, "insert into", a, NULL);
	case SQLITE_UPDATE:
		return may_write(db, verb_update, a, b);
	case SQLITE_DELETE:
		return may_write(db, "delete from", a, NULL);
	default:
		return deny(db, "change the schema or a setting:", a, b);
	}
}

void
db_authorize(struct db *db)
{
	/* Set once, before anything is prepared: a statement keeps the decision of its
	 * preparation. */
	if (db->role != DB_ROLE_ADMIN && db->cat.grants != NULL)
		sqlite3_set_authorizer(db->h, authorize, db);
}
