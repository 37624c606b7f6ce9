/* core/names: what Windows and Project Center refuse, one row a case, and the way back. */
#include "config.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/names.h"

static const struct {
	const char *in, *out;
} cases[] = {
    /* as they are */
    {"a.pdf", "a.pdf"},
    {".htaccess", ".htaccess"},
    {"Console.txt", "Console.txt"},
    {"COM0", "COM0"},
    {"COM10.txt", "COM10.txt"},
    {"LPTX", "LPTX"},
    {"nulls.csv", "nulls.csv"},
    {"S-101 Foundation (rev B) [for review], final & signed.dwg",
	"S-101 Foundation (rev B) [for review], final & signed.dwg"},
    {"fa\u00e7ade.pdf", "fa\u00e7ade.pdf"},
    {"\u56fe\u7eb8.dwg", "\u56fe\u7eb8.dwg"},
    {"\u0645\u062e\u0637\u0637.pdf", "\u0645\u062e\u0637\u0637.pdf"},
    /* characters that Windows or Newforma refuse */
    {"a/b:c?.pdf", "a_b_c_.pdf"},
    {"<>:\"/\\|?*#%~.txt", "____________.txt"},
    {"..\\..\\windows\\win.ini", ".._.._windows_win.ini"},
    {"../../etc/passwd", ".._.._etc_passwd"},
    {"tab\there.dwg", "tab_here.dwg"},
    {"line\r\nend.txt", "line__end.txt"},
    {"del\x7f.txt", "del_.txt"},
    {"c1\xc2\x85.txt", "c1_.txt"},
    {"stream.txt:hidden", "stream.txt_hidden"},
    /* ends and beginnings */
    {"end. . ", "end"},
    {"dots...", "dots"},
    {"blank.pdf ", "blank.pdf"},
    {"  lead.pdf", "lead.pdf"},
    {"", "file"},
    {"...", "file"},
    {" . ", "file"},
    /* devices */
    {"con", "_con"},
    {"CON", "_CON"},
    {"con.txt", "_con.txt"},
    {"NUL.", "_NUL"},
    {"nul.tar.gz", "_nul.tar.gz"},
    {"Aux .pdf", "_Aux .pdf"},
    {"prn.pdf", "_prn.pdf"},
    {"COM1", "_COM1"},
    {"lpt9.dwg", "_lpt9.dwg"},
    {"COM\u00b9.txt", "_COM\u00b9.txt"},
    {"CONIN$", "_CONIN$"},
    {"conout$.log", "_conout$.log"},
    /* marks that nobody sees */
    {"invoice\u202efdp.exe", "invoice_fdp.exe"},
    {"a\u2066b\u2069.pdf", "a_b_.pdf"},
    {"\u200ea\u200f\u061c.pdf", "_a__.pdf"},
    {"zero\u200bwidth.pdf", "zero_width.pdf"},
    {"\ufeffbom.txt", "_bom.txt"},
    {"two\u2028lines.txt", "two_lines.txt"},
    {"join\u2060ed.txt", "join_ed.txt"},
    /* normal forms: what a Mac takes apart comes together */
    {"fac\u0327ade.pdf", "fa\u00e7ade.pdf"},
    {"A\u030angstro\u0308m.csv", "\u00c5ngstr\u00f6m.csv"},
    {"\u212b.csv", "\u00c5.csv"},
    {"\u1112\u1161\u11ab.pdf", "\ud55c.pdf"},
    /* no UTF-8 */
    {"caf\xe9.pdf", "caf_.pdf"},
};

static void
test_each_name(void **state)
{
	char out[NAMES_BYTES], twice[NAMES_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
		    names_carry(cases[i].in, out), !str_eq(cases[i].in, cases[i].out));
		assert_string_equal(out, cases[i].out);
		/* what is carried can be carried */
		assert_false(names_carry(out, twice));
		assert_string_equal(twice, out);
	}
}

static void
test_long_names_keep_their_ending(void **state)
{
	char out[NAMES_BYTES], in[1200];

	(void)state;
	memset(in, 'x', sizeof in);
	memcpy(in + 390, ".pdf", 5);
	assert_true(names_carry(in, out));
	assert_int_equal(strlen(out), 204);
	assert_string_equal(out + 200, ".pdf");
	/* no character is cut in two */
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(in + 1 + i, "\u00e9", 2);
	memcpy(in + 1001, ".dwg", 5);
	assert_true(names_carry(in, out));
	assert_true(str_utf8_valid(out, strlen(out)));
	assert_true(str_ends(out, "\u00e9.dwg"));
	/* an ending of hundreds of bytes is none */
	memset(in, 'y', sizeof in);
	in[1] = '.';
	in[300] = '\0';
	assert_true(names_carry(in, out));
	assert_int_equal(strlen(out), 200);
	memset(in, 'z', 199);
	memcpy(in + 199, ".pdf", 5);
	memcpy(in, "con.", 4);
	names_carry(in, out);
	names_number(out, 999, in);
	assert_true(str_ends(in, " (999).pdf"));
}

static void
test_same_to_windows(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {{"a.pdf", "A.PDF", true}, {"a.pdf", "b.pdf", false},
	    {"\u00c9t\u00e9.pdf", "e\u0301te\u0301.PDF", true},
	    {"stra\u00dfe", "STRASSE", true}, {"a.pdf", "a.pdf ", false},
	    {"x\xff", "X\xff", false}, {"x\xff", "x\xff", true}};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		assert_int_equal(names_same(pairs[i].a, pairs[i].b), pairs[i].same);
		assert_int_equal(names_same(pairs[i].b, pairs[i].a), pairs[i].same);
	}
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *in;
		int n;
		const char *out;
	} rows[] = {{"plan.pdf", 2, "plan (2).pdf"}, {"plan", 3, "plan (3)"},
	    {".cfg", 2, ".cfg (2)"}, {"a.tar.gz", 12, "a.tar (12).gz"}};
	char out[NAMES_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		names_number(rows[i].in, rows[i].n, out);
		assert_string_equal(out, rows[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_name),
	    cmocka_unit_test(test_long_names_keep_their_ending),
	    cmocka_unit_test(test_same_to_windows),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
