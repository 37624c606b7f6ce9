/* test_sql.c: the product's schema, grants and statements against an empty database: every
 * table STRICT and named in the grants, every statement prepared under each of its roles,
 * no full scan of a table that is not marked `plan: scan`. Source: STYLE.md 7,
 * https://sqlite.org/eqp.html */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/db.h"
#include "sql/queries.gen.h"

static const enum db_role roles[] = {
    DB_ROLE_WEB, DB_ROLE_AUTH, DB_ROLE_SYNC, DB_ROLE_ADMIN, DB_ROLE_HOOK};
enum { ROLES = sizeof roles / sizeof roles[0] };

static char *dir, *path;
static sqlite3 *raw; /* a second connection, past io/db: plans and the schema table */

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct err err;

	(void)state;
	dir = xasprintf("%s/test_sql.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		return -1;
	path = xasprintf("%s/x.db", dir);
	if (db_migrate(path, &cw_catalog, NULL, NULL, &err) == -1) {
		(void)fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	return sqlite3_open(path, &raw) == SQLITE_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"x.db", "x.db-wal", "x.db-shm"};
	size_t i;

	(void)state;
	sqlite3_close(raw);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *file = xasprintf("%s/%s", dir, names[i]);

		(void)unlink(file); /* the last close has removed two of them */
		free(file);
	}
	(void)rmdir(dir);
	free(path);
	free(dir);
	return 0;
}

/* The number that a query with one text parameter gives. */
static int64_t
number(const char *sql, const char *text)
{
	sqlite3_stmt *p = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &p, NULL), SQLITE_OK);
	if (sqlite3_bind_parameter_count(p) > 0)
		assert_int_equal(
		    sqlite3_bind_text(p, 1, text, -1, SQLITE_TRANSIENT), SQLITE_OK);
	assert_int_equal(sqlite3_step(p), SQLITE_ROW);
	n = sqlite3_column_int64(p, 0);
	sqlite3_finalize(p);
	return n;
}

static bool
is_table(const char *name)
{
	return number(
		   "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view') AND "
		   "name = ?1 COLLATE NOCASE",
		   name) > 0;
}

/* ---- schema and grants */

static void
test_tables_are_strict(void **state)
{
	sqlite3_stmt *p = NULL;
	int loose = 0;

	(void)state;
	assert_true(
	    number("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", NULL) > 0);
	assert_int_equal(sqlite3_prepare_v2(raw,
			     "SELECT name FROM pragma_table_list WHERE type = 'table' AND "
			     "schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
			     -1, &p, NULL),
	    SQLITE_OK);
	while (sqlite3_step(p) == SQLITE_ROW) {
		print_error(
		    "table %s is not STRICT\n", (const char *)sqlite3_column_text(p, 0));
		loose++;
	}
	sqlite3_finalize(p);
	assert_int_equal(loose, 0);
}

static const struct db_grant *
grant_of(const char *table)
{
	int i;

	for (i = 0; i < cw_catalog.grants_n; i++) {
		if (str_eq_ci(cw_catalog.grants[i].table, table))
			return &cw_catalog.grants[i];
	}
	return NULL;
}

/* The authorizer lets a role count the rows of what the grants do not name (db_auth.c), so
 * they must name every table; and a name that is no table is a typing mistake. */
static void
test_grants_name_all_tables(void **state)
{
	sqlite3_stmt *p = NULL;
	int i, wrong = 0;

	(void)state;
	for (i = 0; i < cw_catalog.grants_n; i++) {
		if (!is_table(cw_catalog.grants[i].table)) {
			print_error(
			    "grants: %s is not a table\n", cw_catalog.grants[i].table);
			wrong++;
		}
	}
	assert_int_equal(
	    sqlite3_prepare_v2(raw,
		"SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
		"AND name NOT LIKE 'sqlite_%'",
		-1, &p, NULL),
	    SQLITE_OK);
	while (sqlite3_step(p) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(p, 0);

		if (grant_of(name) == NULL) {
			print_error("grants: table %s is missing\n", name);
			wrong++;
		}
	}
	sqlite3_finalize(p);
	assert_int_equal(wrong, 0);
}

/* DESIGN.md 7: pages can store a sealed token but not read one, and hold no key. */
static void
test_pages_read_no_token(void **state)
{
	const struct db_grant *g = grant_of("token");

	(void)state;
	if (g == NULL) {
		fail_msg("the grants do not name table token");
		return;
	}
	assert_int_equal(g->read, DB_ROLE_SYNC);
	assert_int_equal(g->write & (DB_ROLE_WEB | DB_ROLE_HOOK), 0);
}

/* ---- statements */

static void
test_statements_prepare(void **state)
{
	struct err err;
	int r, q, wrong = 0;

	(void)state;
	assert_true(cw_catalog.statements_n > 0);
	for (r = 0; r < ROLES; r++) {
		struct db *db = NULL;

		assert_int_equal(db_open(path, &cw_catalog, roles[r], &db, &err), 0);
		for (q = 0; q < cw_catalog.statements_n; q++) {
			struct stmt *s = NULL;

			if ((cw_catalog.statements[q].roles & (unsigned)roles[r]) == 0)
				continue;
			if (db_query(db, q, &s, &err) == -1) {
				print_error("%s\n", err.msg);
				wrong++;
			}
			db_done(s);
		}
		db_close(db);
	}
	assert_int_equal(wrong, 0);
}

static bool
word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The word that ends before at, blanks skipped; copied to dst. Returns where it begins, or
 * NULL. */
static const char *
word_before(const char *sql, const char *at, char *dst, size_t size)
{
	const char *end = at;

	while (end > sql && isspace((unsigned char)end[-1]))
		end--;
	at = end;
	while (at > sql && word_char(at[-1]))
		at--;
	if (at == end || (size_t)(end - at) >= size)
		return NULL;
	memcpy(dst, at, (size_t)(end - at));
	dst[end - at] = '\0';
	return at;
}

/* Whether name, in this statement, is the alias of a table: `project p` or `project AS p`.
 */
static bool
is_alias_of_table(const char *sql, const char *name)
{
	size_t n = strlen(name);
	const char *at, *from;
	char word[128];

	for (at = strstr(sql, name); at != NULL; at = strstr(at + 1, name)) {
		if ((at > sql && word_char(at[-1])) || word_char(at[n]))
			continue;
		from = word_before(sql, at, word, sizeof word);
		if (from != NULL && str_eq_ci(word, "AS"))
			from = word_before(sql, from, word, sizeof word);
		if (from != NULL && is_table(word))
			return true;
	}
	return false;
}

/* How a statement reads. A partial index is made to be read in full: worth a word, not in
 * need of one. */
enum reads { READS_BY_KEY, READS_PARTIAL_INDEX, READS_TABLE };

/* The same for one line of its plan. */
static enum reads
line_reads(const char *sql, const char *detail)
{
	static const char *const by_index[] = {" USING COVERING INDEX ", " USING INDEX "};
	char name[128];
	const char *at;
	size_t n, i;

	if (!str_starts(detail, "SCAN ") || strstr(detail, "VIRTUAL TABLE") != NULL)
		return READS_BY_KEY;
	detail += strlen("SCAN ");
	n = strcspn(detail, " ");
	assert_true(n < sizeof name);
	memcpy(name, detail, n);
	name[n] = '\0';
	if (!is_table(name) && !is_alias_of_table(sql, name))
		return READS_BY_KEY;
	for (i = 0; i < sizeof by_index / sizeof by_index[0]; i++) {
		at = strstr(detail, by_index[i]);
		if (at != NULL &&
		    number("SELECT count(*) FROM sqlite_schema WHERE type = 'index' "
			   "AND name = ?1 AND sql LIKE '% WHERE %'",
			at + strlen(by_index[i])) > 0)
			return READS_PARTIAL_INDEX;
	}
	return READS_TABLE;
}

/* The worst line of a statement's plan; a scan's text goes to found. */
static enum reads
plan_reads(const char *sql, char *found, size_t size)
{
	char *explain = xasprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *p = NULL;
	enum reads worst = READS_BY_KEY;

	found[0] = '\0';
	if (sqlite3_prepare_v2(raw, explain, -1, &p, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(raw), sql);
	while (sqlite3_step(p) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(p, 3);
		enum reads r = line_reads(sql, detail);

		if (r > worst) {
			worst = r;
			str_cut(found, size, detail);
		}
	}
	sqlite3_finalize(p);
	free(explain);
	return worst;
}

static void
test_plans(void **state)
{
	char found[256];
	int q, wrong = 0;

	(void)state;
	for (q = 0; q < cw_catalog.statements_n; q++) {
		const struct db_statement *s = &cw_catalog.statements[q];
		enum reads r = plan_reads(s->sql, found, sizeof found);

		if (r == READS_TABLE && s->scan == NULL) {
			print_error("%s: %s; add an index or `-- plan: scan REASON`\n",
			    s->name, found);
			wrong++;
		} else if (r == READS_BY_KEY && s->scan != NULL) {
			print_error("%s: marked `plan: scan` but does not scan\n", s->name);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* The check itself, on statements whose answer is known. */
static void
test_scan_is_seen(void **state)
{
	static const struct {
		enum reads reads;
		const char *sql;
	} known[] = {
	    {READS_TABLE, "SELECT * FROM person"},
	    {READS_TABLE, "SELECT p.id FROM person AS p"},
	    {READS_TABLE, "SELECT p.id FROM person p WHERE name = ?1"},
	    {READS_TABLE,
		"SELECT npc_number, npc_name, id FROM connection ORDER BY 1, 2, 3"},
	    {READS_BY_KEY, "SELECT id FROM person WHERE id = ?1"},
	    {READS_BY_KEY, "SELECT value FROM json_each(?1)"},
	    {READS_BY_KEY, "WITH w AS MATERIALIZED (SELECT value AS id FROM json_each(?1)) "
			   "SELECT p.name FROM w x JOIN person p ON p.id = x.id"},
	    {READS_PARTIAL_INDEX, "SELECT id FROM audit WHERE mac IS NULL ORDER BY id"},
	};
	char found[256];

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (plan_reads(known[i].sql, found, sizeof found) != known[i].reads)
			fail_msg("%s: %s", known[i].sql, found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables_are_strict),
	    cmocka_unit_test(test_grants_name_all_tables),
	    cmocka_unit_test(test_pages_read_no_token),
	    cmocka_unit_test(test_statements_prepare),
	    cmocka_unit_test(test_scan_is_seen),
	    cmocka_unit_test(test_plans),
	};

	return cmocka_run_group_tests_name("sql", tests, setup, teardown);
}
