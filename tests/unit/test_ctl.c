/* test_ctl.c: the administrator's command, as called from a shell: init, imports, keys, doctor, exit statuses. */
#include "config.h"

#include "unit.h"

#include <ftw.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "ctl/ctl.h"

static char dir[UNIT_PATH_BYTES];
static char out[65536]; /* what the last command wrote */

static const char *
at(const char *name)
{
	static char paths[4][UNIT_PATH_BYTES];
	static int i;

	i = (i + 1) % 4;
	unit_path(paths[i], dir, name);
	return paths[i];
}

static void
put(const char *name, const char *text)
{
	unit_write(at(name), text, strlen(text), 0600);
}

/* Who runs the tests. */
static const char *
me(void)
{
	const struct passwd *p = getpwuid(getuid());

	assert_non_null(p);
	return p->pw_name;
}

/* The pages run as that user, the rest as whoever runs the tests. */
static void
write_conf(const char *pages_user)
{
	struct buf b = BUF_INIT(16384);

	buf_printf(&b,
	    "public_url = https://portal.example.com/connectorweb\ndatabase = %s/state/x.db\nspool_dir = %s/state/spool\n"
	    "backup_dir = %s/state/backup\nwake_socket = %s/wake.sock\nprocore_client_id = x\n"
	    "procore_client_secret_file = %s/client_secret\nsession_key_file = %s/keys/session\n"
	    "seal_public_key_file = %s/keys/public\nseal_private_key_file = %s/keys/private\n"
	    "seal_writer_key_file = %s/keys/writer\naudit_key_file = %s/keys/audit\n"
	    "signin_user = %s\npages_user = %s\ncallback_user = %s\nworker_user = %s\n",
	    dir, dir, dir, dir, dir, dir, dir, dir, dir, dir, me(), pages_user, me(), me());
	put("c.conf", buf_str(&b));
	buf_clear(&b);
}

static int
setup(void **state)
{
	(void)state;
	unit_mkdir(dir);
	put("client_secret", "x\n");
	write_conf(me());
	return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Run with -c and up to five words; both streams go to out. */
static int
ctl(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	const char *words[] = {"connectorctl", "-c", at("c.conf"), a, b, c, d, e, NULL};
	char *argv[ROWS(words)] = {NULL};
	int argc = 0;
	int saved[2] = {dup(1), dup(2)};
	int fd = open(at("out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
	int rc;

	for (size_t i = 0; words[i] != NULL; i++)
		argv[argc++] = xstrdup(words[i]);
	assert_true(fd != -1);
	(void)fflush(NULL);
	assert_true(dup2(fd, 1) == 1 && dup2(fd, 2) == 2);
	optind = 0;
	rc = ctl_main(argc, argv);
	(void)fflush(NULL);
	assert_true(dup2(saved[0], 1) == 1 && dup2(saved[1], 2) == 2);
	close(saved[0]);
	close(saved[1]);
	close(fd);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	unit_read(at("out"), out, sizeof out);
	return rc;
}

#define RUN(want, ...) run_words(want, (const char *[]){__VA_ARGS__, NULL, NULL, NULL, NULL, NULL})

static void
run_words(int want, const char *const *w)
{
	int rc = ctl(w[0], w[0] ? w[1] : NULL, w[1] ? w[2] : NULL, w[2] ? w[3] : NULL, w[3] ? w[4] : NULL);

	if (rc != want)
		fail_msg("connectorctl %s %s: %d, not %d: %s", w[0], w[1] ? w[1] : "", rc, want, out);
}

static void
expect(const char *text)
{
	if (strstr(out, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, out);
}

static void
sql(const char *text)
{
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(at("state/x.db"), &h), SQLITE_OK);
	if (sqlite3_exec(h, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(h));
	sqlite3_close(h);
}

static int64_t
number(const char *query)
{
	sqlite3 *h = NULL;
	sqlite3_stmt *q = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(at("state/x.db"), &h), SQLITE_OK);
	if (sqlite3_prepare_v2(h, query, -1, &q, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(h));
	n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
	sqlite3_finalize(q);
	sqlite3_close(h);
	return n;
}

static void
init(void)
{
	RUN(CTL_OK, "init", "--global-admin", "Boss");
}

static void
test_init(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
	} made[] = {{"state/x.db", 0660}, {"keys/private", 0400}, {"keys/private.recovery", 0400}, {"keys/public", 0444},
	    {"keys/writer", 0400}, {"keys/writer.pub", 0444}, {"keys/session", 0400}, {"keys/audit", 0400}};
	char before[200], after[200];
	struct stat st;
	mode_t old = umask(077); /* the modes do not depend on it */

	(void)state;
	init();
	(void)umask(old);
	expect("recovery copy");
	for (size_t i = 0; i < ROWS(made); i++) {
		assert_int_equal(stat(at(made[i].name), &st), 0);
		if ((st.st_mode & 07777) != made[i].mode)
			fail_msg("%s has mode %o", made[i].name, (unsigned)(st.st_mode & 07777));
	}
	assert_int_equal(number("select count(*) from person where user_name = 'boss' and global_admin"), 1);
	assert_int_equal(number("select count(*) from seal_key where use in ('reader', 'writer')"), 2);
	assert_int_equal(number("select count(*) from audit where action = 'init'"), 1);
	/* Again: nothing is replaced, nothing is noted. */
	unit_read(at("keys/private"), before, sizeof before);
	init();
	unit_read(at("keys/private"), after, sizeof after);
	assert_string_equal(before, after);
	assert_null(strstr(out, "made"));
	assert_int_equal(number("select count(*) from audit"), 1);
	assert_int_equal(number("select count(*) from seal_key"), 2);
}

/* With a group the folder is setgid: then SQLite's own files get the group too, whoever opens first (platform notes:
 * no umask makes them group-writable otherwise). */
static void
test_init_for_a_group(void **state)
{
	struct group *g = getgrgid(getgid());
	char option[300];
	struct stat dir_st, db_st;

	(void)state;
	assert_non_null(g);
	assert_int_equal(str_format(option, sizeof option, "--group=%s", g->gr_name), 0);
	RUN(CTL_OK, "init", "--global-admin", "boss", option);
	assert_int_equal(stat(at("state"), &dir_st), 0);
	assert_int_equal(stat(at("state/x.db"), &db_st), 0);
	assert_int_equal(dir_st.st_mode & 07777, 02770);
	assert_int_equal(dir_st.st_gid, getgid());
	assert_int_equal(db_st.st_gid, getgid());
	assert_int_equal(stat(at("state/x.db-wal"), &db_st), 0);
	assert_int_equal(db_st.st_mode & 07777, 0660);
	/* Keys are nobody else's. */
	assert_int_equal(stat(at("keys"), &dir_st), 0);
	assert_int_equal(dir_st.st_mode & 07777, 0700);
}

static void
test_init_mistakes(void **state)
{
	(void)state;
	RUN(CTL_USAGE, "init");
	RUN(CTL_USAGE, "init", "--global-admin", "a", "b");
	RUN(CTL_FAILED, "init", "--global-admin", "FIRM\\boss");
	expect("without its domain");
	RUN(CTL_FAILED, "init", "--global-admin", "b", "--mail=nonsense");
	expect("not one address");
	RUN(CTL_FAILED, "init", "--global-admin", "b", "--group=no-such-group-here");
	expect("no group");
	assert_int_equal(access(at("state"), F_OK), -1);
}

/* F46: what the database was sealed for is never replaced by something new. */
static void
test_missing_keys(void **state)
{
	static const char *const keys[] = {"keys/private", "keys/audit"};

	(void)state;
	init();
	assert_int_equal(number("insert into meta values ('audit_head', 'x')"), -1);
	for (size_t i = 0; i < ROWS(keys); i++) {
		assert_int_equal(rename(at(keys[i]), at("away")), 0);
		RUN(CTL_FAILED, "init", "--global-admin", "boss");
		expect("Nothing was changed");
		assert_int_equal(access(at(keys[i]), F_OK), -1);
		assert_int_equal(rename(at("away"), at(keys[i])), 0);
	}
	assert_int_equal(rename(at("keys/private"), at("away")), 0);
	assert_int_equal(rename(at("keys/writer"), at("keys/private")), 0);
	RUN(CTL_FAILED, "init", "--global-admin", "boss");
	expect("is sealed for");
	RUN(CTL_FAILED, "keys", "show");
	RUN(CTL_FAILED, "doctor");
	expect("BAD  keys");
	assert_int_equal(rename(at("keys/private"), at("keys/writer")), 0);
	assert_int_equal(rename(at("away"), at("keys/private")), 0);
	RUN(CTL_OK, "keys", "show");
	/* A new writing key costs nothing: what was sealed with the old one can still be opened. */
	assert_int_equal(unlink(at("keys/writer")), 0);
	assert_int_equal(unlink(at("keys/writer.pub")), 0);
	init();
	assert_int_equal(number("select count(*) from seal_key where use = 'writer'"), 2);
}

static void
test_recovery_copy(void **state)
{
	(void)state;
	init();
	RUN(CTL_FAILED, "keys", "confirm-recovery");
	expect("still on this machine");
	RUN(CTL_FAILED, "keys", "confirm-recovery", at("keys/writer"));
	expect("not");
	assert_int_equal(rename(at("keys/private.recovery"), at("stick")), 0);
	RUN(CTL_OK, "keys", "confirm-recovery", at("stick"));
	RUN(CTL_OK, "keys", "show");
	expect("confirmed");
	init();
	assert_int_equal(access(at("keys/private.recovery"), F_OK), -1);
}

static void
test_import_people(void **state)
{
	(void)state;
	init();
	put("p.csv", "\xef\xbb\xbfuser,name,mail,role,procore_login\r\nSAM,\"Person, Sam\",sam@firm.example,member,Sam@x.example\r\n"
	             "kim,Kim,,global_admin,\r\n\r\nlee,Lee,,member,sam@X.example\r\n");
	RUN(CTL_OK, "import", "people", at("p.csv"));
	expect("3 people read: 3 new, 0 changed; 1 new Procore logins, 2 joined");
	assert_int_equal(number("select count(*) from person where user_name = 'sam' and name = 'Person, Sam'"), 1);
	assert_int_equal(number("select count(*) from account where login = 'Sam@x.example' and state = 'needed'"), 1);
	assert_int_equal(number("select count(*) from person_account where source = 'import'"), 2);
	assert_int_equal(number("select count(*) from person where global_admin"), 2);
	{
		int64_t rows = number("select count(*) from audit");

		RUN(CTL_OK, "import", "people", at("p.csv"));
		expect("0 new, 0 changed; 0 new Procore logins, 0 joined");
		assert_int_equal(number("select count(*) from audit"), rows);
	}
	/* An import gives roles and takes none. */
	put("p.csv", "role,user\nmember,boss\nmember,kim\n");
	RUN(CTL_OK, "import", "people", at("p.csv"));
	assert_int_equal(number("select count(*) from person where global_admin"), 2);
}

/* Every problem with its line, and then nothing is written. */
static void
test_import_people_problems(void **state)
{
	static const char *const want[] = {":2: user: user name A@b", ":2: mail: y is not", ":2: role: boss",
	    ":3: user: line ends", ":5: there are more cells", ":7: user: sam stands in line 6", ":8: role: is missing",
	    "7 problems, nothing was imported"};

	(void)state;
	init();
	put("p.csv", "user,name,mail,role,procore_login\nA@b,x,y,boss,\n\"q\nr\",n,,member,\nsix,a,a@b.example,member,,extra\n"
	             "sam,,,member,\nSAM,,,member,l\nlast\n");
	RUN(CTL_FAILED, "import", "people", at("p.csv"));
	for (size_t i = 0; i < ROWS(want); i++)
		expect(want[i]);
	assert_int_equal(number("select count(*) from person"), 1);
	assert_int_equal(number("select count(*) from account"), 0);
}

static void
test_import_broken_tables(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", "is empty"},
	    {"user,role\n\"x,member\n", ":2: the quote that opens here is never closed"},
	    {"user,role\nx\"y,member\n", ":2: a quote stands in the wrong place"},
	    {"user,role,user\nx,member,x\n", ":1: the column user comes twice"},
	    {"user,rolle\nx,member\n", ":1: there is no column rolle here"},
	    {"user\nx\n", ":1: the column role is missing"},
	    {"user,role\nJos\xe9,member\n", "is not UTF-8"},
	};

	(void)state;
	init();
	for (size_t i = 0; i < ROWS(rows); i++) {
		put("p.csv", rows[i].text);
		RUN(CTL_FAILED, "import", "people", at("p.csv"));
		expect(rows[i].want);
	}
	RUN(CTL_FAILED, "import", "people", at("no-such-file"));
	expect("No such file");
	RUN(CTL_USAGE, "import", "people");
	assert_int_equal(number("select count(*) from person"), 1);
}

#define PROJECT_COLUMNS                                                                    \
	"npc_project_id,npc_number,npc_name,npc_server,procore_company_id,procore_company_name,procore_project_id," \
	"procore_project_name,bic_logins,project_admins\n"

static void
test_import_projects(void **state)
{
	(void)state;
	init();
	put("p.csv", PROJECT_COLUMNS "a-1,2024-1,Riverside,EAST,562949953421312,\"Briarwood, Inc.\",562949955003417,River Side,"
	             " Kim@x.example ;sam@x.example,BOSS\n"
	             "b-1,,Quarry,,562949953421312,\"Briarwood, Inc.\",562949955003418,Quarry,kim@x.example,\n");
	RUN(CTL_OK, "import", "projects", at("p.csv"));
	expect("2 projects read: 2 connected, 0 renamed; 3 BIC users, 1 Project Admins");
	assert_int_equal(number("select count(*) from account"), 2);
	assert_int_equal(number("select count(*) from connection where sync_from_at between unixepoch() - 60 and unixepoch() and "
	                        "state = 'active' and created_by = 'import'"), 2);
	assert_int_equal(number("select position from bic b join account a on a.id = b.account_id where a.login_folded = "
	                        "'sam@x.example'"), 2);
	assert_int_equal(number("select count(*) from job where kind = 'plan'"), 1);
	{
		int64_t rows = number("select count(*) from audit");

		RUN(CTL_OK, "import", "projects", at("p.csv"));
		expect("0 connected, 0 renamed; 0 BIC users, 0 Project Admins");
		assert_int_equal(number("select count(*) from audit"), rows);
	}
	/* Another name, one more BIC user: behind the others; nobody is taken away. */
	put("p.csv", PROJECT_COLUMNS "a-1,2024-1,Riverside Clinic,EAST,562949953421312,\"Briarwood, Inc.\",562949955003417,River "
	             "Side,lee@x.example,\n");
	RUN(CTL_OK, "import", "projects", at("p.csv"));
	expect("0 connected, 1 renamed; 1 BIC users");
	assert_int_equal(number("select position from bic b join account a on a.id = b.account_id where a.login_folded = "
	                        "'lee@x.example'"), 3);
	RUN(CTL_OK, "status");
	expect("Riverside Clinic");
	expect("Connection Lost  last sync never");
	expect("- waits for Kim@x.example to sign in\n           - waits for sam@x.example to sign in");
	/* The same causes as on the page. */
	(void)number("update account set state = 'ok', proved_at = unixepoch() where login_folded = 'kim@x.example'");
	(void)number("update account set state = 'lost', cause_text = 'revoked there' where login_folded = 'sam@x.example'");
	(void)number("update bic set state = 'no_contact', state_text = 'No NPC contact information found for given login Kim'"
	    " where account_id = (select id from account where login_folded = 'kim@x.example')");
	(void)number("insert or replace into service (name, state, detail, since_at) values ('npc', 'down', 'x', 1700000000)");
	RUN(CTL_OK, "status");
	expect("Connected (!)");
	expect("- sign-in of sam@x.example lost: revoked there");
	expect("- No NPC contact information found for given login Kim");
	expect("- Project Center does not answer since 2023-11-14");
	(void)number("update company set app_state = 'not_connected'");
	RUN(CTL_OK, "status");
	expect("- the app is not connected at ");
	(void)number("update account set state = 'needed'");
	(void)number("delete from service");
	(void)number("update company set app_state = 'unknown'");
	RUN(CTL_OK, "evidence", "kim@X.example");
	expect("login              Kim@x.example");
	RUN(CTL_FAILED, "evidence", "nobody");
}

static void
test_import_projects_problems(void **state)
{
	static const char *const want[] = {":2: bic_logins: L@x.y comes twice", ":2: project_admins: nobody is not known here",
	    ":3: procore_project_id: stands in line 2", ":3: procore_company_name: the same company is called Co in line 2",
	    ":3: bic_logins: names nobody", ":4: procore_company_id: x is not an id", ":4: procore_project_id: -4 is not an id",
	    ":5: project_admins: user name FIRM\\sam", ":6: npc_project_id: Riverside is connected to project 7",
	    ":7: procore_project_id: 7 is connected to Riverside"};

	(void)state;
	init();
	put("p.csv", PROJECT_COLUMNS "there,,Riverside,,1,Co,7,P,l,\n");
	RUN(CTL_OK, "import", "projects", at("p.csv"));
	put("p.csv", PROJECT_COLUMNS "a,,A,,1,Co,5,P,l@x.y;L@x.y,nobody\nb,,B,,1,Cx,5,P,;,boss\nc,,C,,x,Co,-4,P,l,\n"
	             "d,,D,,1,Co,9,P,l,FIRM\\sam\nthere,,E,,1,Co,10,P,l,\ne,,E,,1,Co,7,P,l,\n");
	RUN(CTL_FAILED, "import", "projects", at("p.csv"));
	for (size_t i = 0; i < ROWS(want); i++)
		expect(want[i]);
	assert_int_equal(number("select count(*) from connection"), 1);
}

static void
test_people(void **state)
{
	(void)state;
	init();
	RUN(CTL_FAILED, "person", "remove", "boss");
	expect("last Global Admin");
	RUN(CTL_OK, "person", "add", "Kim", "--name=Kim", "--global-admin");
	expect("kim added");
	RUN(CTL_OK, "person", "add", "kim");
	expect("is there already");
	RUN(CTL_OK, "person", "remove", "boss");
	RUN(CTL_FAILED, "person", "remove", "boss");
	expect("there is no person boss");
	assert_int_equal(number("select count(*) from person where removed_at is null and global_admin"), 1);
	RUN(CTL_USAGE, "person", "add");
	RUN(CTL_USAGE, "person");
}

static void
test_migrate_and_config(void **state)
{
	(void)state;
	RUN(CTL_FAILED, "migrate");
	expect("connectorctl init");
	init();
	RUN(CTL_OK, "migrate");
	expect("nothing to do");
	assert_int_equal(number("pragma user_version = 99"), -1);
	RUN(CTL_FAILED, "migrate");
	expect("newer release");
	RUN(CTL_FAILED, "status");
	expect("version 99");
	RUN(CTL_FAILED, "init", "--global-admin", "boss");
	RUN(CTL_FAILED, "doctor");
	expect("BAD  schema");
	RUN(CTL_OK, "check-config");
	put("c.conf", "database = relative\nnonsense = 1\n");
	RUN(CTL_CONFIG, "check-config");
	expect("c.conf:1: database:");
	expect("c.conf:2: nonsense:");
	expect("public_url: is missing");
	RUN(CTL_CONFIG, "status");
	assert_int_equal(unlink(at("c.conf")), 0);
	RUN(CTL_CONFIG, "check-config");
}

/* An older database: a backup first, then the steps that are missing. */
static void
test_migrate_an_empty_database(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("state"), 0700), 0);
	unit_write(at("state/x.db"), "", 0, 0660);
	RUN(CTL_OK, "migrate");
	expect("before-migrate-");
	expect("from schema 0 to");
	assert_int_equal(number("select count(*) from audit where action = 'migrate'"), 1);
}

/* A user that the pages run as: what it lacks, and what it should not have. */
static void
test_doctor_looks_at_service_users(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	char *text;

	(void)state;
	init();
	RUN(CTL_FAILED, "doctor"); /* no worker runs here */
	text = xasprintf("ok   %-14s reaches all that its programs need", me());
	expect(text);
	free(text);
	write_conf("nobody");
	RUN(CTL_FAILED, "doctor");
	expect("BAD  nobody         cannot enter ");
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(at("keys"), 0755), 0);
	assert_int_equal(chmod(at("state"), 0755), 0);
	assert_int_equal(chmod(at("c.conf"), 0644), 0);
	RUN(CTL_FAILED, "doctor");
	expect("BAD  nobody         cannot read and write ");
	/* Only root can give a file to a group that it is not in itself. */
	assert_non_null(nobody);
	if (geteuid() == 0) {
		assert_int_equal(chown(at("keys/private"), (uid_t)-1, nobody->pw_gid), 0);
		assert_int_equal(chmod(at("keys/private"), 0640), 0);
		RUN(CTL_FAILED, "doctor");
		expect("BAD  nobody         may read ");
		expect("keys/private (seal_private_key_file), which none of its programs needs");
	}
	write_conf("no-such-user");
	RUN(CTL_FAILED, "doctor");
	expect("there is no user no-such-user here");
}

static void
test_doctor(void **state)
{
	(void)state;
	RUN(CTL_FAILED, "doctor");
	expect("connectorctl init");
	init();
	RUN(CTL_FAILED, "doctor");
	expect("start connectord");
	expect("warn recovery copy");
	expect("1 bad");
	assert_int_equal(chmod(at("state/x.db"), 0666), 0);
	RUN(CTL_FAILED, "doctor");
	expect("BAD  file modes");
	RUN(CTL_OK, "audit", "verify");
	expect("1 rows, 1 not sealed yet");
}

/* What did not go out, and what a mail says. */
static void
test_mail(void **state)
{
	const char *build = getenv("builddir");
	FILE *f;

	(void)state;
	assert_non_null(f = fopen(at("c.conf"), "ae"));
	fprintf(f, "template_dir = %s/share/html\n", build == NULL ? "/nowhere" : build);
	assert_int_equal(fclose(f), 0);
	RUN(CTL_OK, "init", "--global-admin", "boss", "--mail", "boss@firm.example");
	put("people.csv", "user,name,mail,role,procore_login\nsam,Sam,sam@firm.example,member,sam@procore.example\n");
	RUN(CTL_OK, "import", "people", at("people.csv"));
	RUN(CTL_OK, "mail", "list");
	expect("every mail went out");
	RUN(CTL_FAILED, "mail", "again");
	expect("no mail was refused");
	sql("insert into mail (kind, account_id, dedupe, to_address, message_id, next_at, queued_at, state, tries, answer, "
	    "subject, text_body, html_body) values ('lost', 1, 'a', 'sam@firm.example', '<a@b>', 1, 1, 'refused', 1, "
	    "'550 no such user', 'As sent', 'Text as sent', '<p>as sent</p>'), ('lost', 1, 'b', 'kim@firm.example', "
	    "'<c@d>', 1, 1, 'queued', 3, '451 greylisted', '', '', '')");
	RUN(CTL_OK, "mail", "list");
	expect("1  lost to sam@firm.example");
	expect("refused for good: 550 no such user");
	expect("2  lost to kim@firm.example");
	expect("451 greylisted");
	RUN(CTL_OK, "mail", "preview", "1");
	expect("To: sam@firm.example\nSubject: As sent\n\nText as sent");
	RUN(CTL_OK, "mail", "preview", "--html", "1");
	expect("<p>as sent</p>");
	RUN(CTL_OK, "mail", "preview", "2");
	expect("Subject: Procore sign-in needed: sam@procore.example");
	RUN(CTL_OK, "mail", "preview", "reminder", "sam@procore.example");
	expect("Subject: Reminder: Procore sign-in needed: sam@procore.example");
	expect("https://portal.example.com/connectorweb/Projects/reconnect?account=");
	RUN(CTL_OK, "mail", "preview", "--html", "link", "sam@procore.example");
	expect("<b>Reconnect</b>");
	RUN(CTL_OK, "mail", "preview", "digest", "boss@firm.example");
	expect("/Projects/digest");
	RUN(CTL_FAILED, "mail", "preview", "99");
	expect("there is no mail 99");
	RUN(CTL_FAILED, "mail", "preview", "nonsense", "sam@procore.example");
	expect("there is no mail nonsense");
	RUN(CTL_FAILED, "mail", "preview", "lost", "nobody@procore.example");
	RUN(CTL_USAGE, "mail", "preview");
	RUN(CTL_USAGE, "mail", "again", "x");
	assert_int_equal(number("select count(*) from mail where state = 'queued'"), 1);
	RUN(CTL_FAILED, "mail", "again", "2");
	RUN(CTL_OK, "mail", "again", "1");
	expect("1 queued again");
	assert_int_equal(number("select count(*) from mail where state = 'queued'"), 2);
	assert_int_equal(number("select count(*) from job where kind = 'mail'"), 1);
	assert_int_equal(number("select count(*) from audit where action = 'mail.again' and target = 'mail 1'"), 1);
}

static void
test_usage(void **state)
{
	(void)state;
	RUN(CTL_USAGE, "no-such-command");
	expect("usage:");
	RUN(CTL_OK, "help");
	expect("import projects FILE.csv");
	RUN(CTL_USAGE, "import");
	RUN(CTL_USAGE, "import", "nothing", "x");
	RUN(CTL_USAGE, "status", "x");
	RUN(CTL_USAGE, "audit", "verify", "x");
	RUN(CTL_USAGE, "evidence");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_init),
	    TEST(test_init_for_a_group),
	    TEST(test_init_mistakes),
	    TEST(test_missing_keys),
	    TEST(test_recovery_copy),
	    TEST(test_import_people),
	    TEST(test_import_people_problems),
	    TEST(test_import_broken_tables),
	    TEST(test_import_projects),
	    TEST(test_import_projects_problems),
	    TEST(test_people),
	    TEST(test_migrate_and_config),
	    TEST(test_migrate_an_empty_database),
	    TEST(test_doctor),
	    TEST(test_doctor_looks_at_service_users),
	    TEST(test_mail),
	    TEST(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
