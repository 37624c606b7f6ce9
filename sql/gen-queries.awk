# gen-queries.awk: turn statement, migration and grant files into one C catalogue (struct db_catalog of
# lib/io/db.h). POSIX awk; run by sql/gen-catalog, which also sorts and lists the files.
#
#   awk -f gen-queries.awk mode=h sym=cw_catalog prefix=Q_ \
#       kind=query FILE... kind=migration FILE... kind=grant FILE
#
# mode   h: the enum and the declaration; c: the tables
# sym    name of the catalogue; prefix of the enum's values; include: how the .c names the .h
#
# Statement files. A header opens a statement, which lasts to the next header; other comment lines of
# the file are for readers and are left out:
#
#   -- PROJECT_GET roles: web sync
#   -- plan: scan the table holds at most ten rows
#   SELECT name FROM project WHERE id = ?1;
#
# Roles are web auth sync admin hook or all. `plan: scan REASON` allows a full scan of a table (checked by
# tests/unit/test_sql.c); it stands on a line of its own or ends the header.
#
# Grant file, one table a line: `project read:web,sync write:sync`; # opens a comment. A table that no
# role may touch is listed with its name alone. A foreign key needs read on the table it points at.

function fail(text)
{
	if (failed)
		return
	failed = 1
	print FILENAME ":" FNR ": " text > "/dev/stderr"
	exit 1
}

# Words of s, separated by blanks or commas, as an or of enum db_role.
function roles_mask(s,    n, i, w, m)
{
	m = ""
	n = split(s, w, /[ \t,]+/)
	for (i = 1; i <= n; i++) {
		if (w[i] == "")
			continue
		if (w[i] == "all")
			w[i] = "web auth sync admin hook"
		m = m (m == "" ? "" : " ") w[i]
	}
	n = split(m, w, " ")
	m = ""
	for (i = 1; i <= n; i++) {
		if (w[i] !~ /^(web|auth|sync|admin|hook)$/)
			fail("unknown role " w[i])
		m = m (i == 1 ? "" : " | ") "DB_ROLE_" toupper(w[i])
	}
	return m
}

function c_text(s)
{
	gsub(/["\\]/, "\\\\&", s)
	return "\"" s "\""
}

function c_line(s)
{
	gsub(/["\\]/, "\\\\&", s)
	return "\n\t    \"" s "\\n\""
}

function finish_query()
{
	if (queries > 0 && !ended) {
		if (text[queries] == "")
			fail("statement " name[queries] " has no text")
		ended = 1
	}
}

function add_query(head,    rest, at)
{
	finish_query()
	queries++
	ended = 0
	sub(/^-- /, "", head)
	at = index(head, " ")
	name[queries] = substr(head, 1, at - 1)
	if (name[queries] in known)
		fail("statement " name[queries] " is there twice")
	known[name[queries]] = 1
	text[queries] = ""
	scan[queries] = ""
	rest = substr(head, at + 1)
	at = index(rest, "plan:")
	if (at > 0) {
		add_plan(substr(rest, at))
		rest = substr(rest, 1, at - 1)
	}
	sub(/^roles:/, "", rest)
	mask[queries] = roles_mask(rest)
	if (mask[queries] == "")
		fail("statement " name[queries] " names no role")
}

function add_plan(s)
{
	if (queries == 0 || s !~ /^plan: scan [^ \t]/)
		fail("expected `plan: scan REASON` under a statement's header")
	sub(/^plan: scan /, "", s)
	scan[queries] = s
}

function add_migration(    base)
{
	base = FILENAME
	sub(/^.*\//, "", base)
	sub(/\.sql$/, "", base)
	migrations++
	step[migrations] = base
	body[migrations] = ""
	if (base ~ /^[0-9]/ && substr(base, 1, 4) + 0 != migrations)
		fail("migration " base " should have number " migrations)
}

function add_grant(    i, r, w)
{
	sub(/#.*/, "")
	if (NF == 0)
		return
	r = "0"
	w = "0"
	for (i = 2; i <= NF; i++) {
		if ($i ~ /^read:./)
			r = roles_mask(substr($i, 6))
		else if ($i ~ /^write:./)
			w = roles_mask(substr($i, 7))
		else
			fail("expected read:ROLES or write:ROLES, not " $i)
	}
	if ($1 in granted)
		fail("table " $1 " is there twice")
	granted[$1] = 1
	grant[++grants] = "\t{" c_text($1) ", " r ", " w "},"
}

{ sub(/\r$/, "") }
FNR == 1 { finish_query() }
FNR == 1 && kind == "migration" { add_migration() }
kind == "query" && /^-- [A-Z][A-Z0-9_]* roles:/ { add_query($0); next }
kind == "query" && /^-- plan:/ { add_plan(substr($0, 4)); next }
kind == "query" && /^-- [A-Z][A-Z0-9_]+[ \t]*$/ { fail("header without roles:") }
kind == "query" && /^[ \t]*(--.*)?$/ { next }
kind == "query" {
	if (queries == 0 || ended)
		fail("text before the first header of this file")
	text[queries] = text[queries] c_line($0)
	next
}
kind == "migration" { body[migrations] = body[migrations] c_line($0); next }
kind == "grant" { add_grant(); next }

function write_header(    i, guard)
{
	guard = toupper(sym) "_GEN_H"
	print "/* Made by sql/gen-queries.awk; do not edit. Layer: store. */"
	print "#ifndef " guard
	print "#define " guard
	print ""
	print "#include \"io/db.h\""
	print ""
	print "enum {"
	for (i = 1; i <= queries; i++)
		print "\t" prefix name[i] ","
	print "\t" prefix "MAX"
	print "};"
	print ""
	print "extern const struct db_catalog " sym ";"
	print ""
	print "#endif"
}

function write_source(    i)
{
	print "/* Made by sql/gen-queries.awk; do not edit. */"
	print "#include \"" include "\""
	if (queries > 0) {
		print "\nstatic const struct db_statement statements[] = {"
		for (i = 1; i <= queries; i++)
			print "\t{" c_text(name[i]) "," text[i] ",\n\t    " mask[i] ", " \
			    (scan[i] == "" ? "NULL" : c_text(scan[i])) "},"
		print "};"
	}
	if (migrations > 0) {
		print "\nstatic const struct db_migration migrations[] = {"
		for (i = 1; i <= migrations; i++)
			print "\t{" c_text(step[i]) "," body[i] "},"
		print "};"
	}
	if (grants > 0) {
		print "\nstatic const struct db_grant grants[] = {"
		for (i = 1; i <= grants; i++)
			print grant[i]
		print "};"
	}
	print "\nconst struct db_catalog " sym " = {"
	print "\t.statements = " (queries > 0 ? "statements" : "NULL") ","
	print "\t.statements_n = " queries + 0 ","
	print "\t.migrations = " (migrations > 0 ? "migrations" : "NULL") ","
	print "\t.migrations_n = " migrations + 0 ","
	print "\t.grants = " (grants > 0 ? "grants" : "NULL") ","
	print "\t.grants_n = " grants + 0 ","
	print "};"
}

END {
	if (failed)
		exit 1
	finish_query()
	if (failed)
		exit 1
	if (mode == "h")
		write_header()
	else
		write_source()
}
