/* Templates: what is compiled, what is refused and where, how each place is escaped, white
 * space. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "html/tmpl.h"
#include "io/json.h"

#define HTML                                                                               \
	"<html xmlns=\"http://www.w3.org/1999/xhtml\" "                                    \
	"xmlns:t=\"urn:connectorweb:template\""
#define DIV                                                                                \
	"<div xmlns=\"http://www.w3.org/1999/xhtml\" "                                     \
	"xmlns:t=\"urn:connectorweb:template\">"
#define BLOCK                                                                              \
	"<t:block xmlns=\"http://www.w3.org/1999/xhtml\" "                                 \
	"xmlns:t=\"urn:connectorweb:template\">"

static const char *const hosts[] = {"https://login.procore.com", NULL};

struct dir {
	char path[64];
	char *files[8];
	size_t n;
};

static void
dir_make(struct dir *d)
{
	*d = (struct dir){.path = "/tmp/test_tmpl.XXXXXX"};
	assert_non_null(mkdtemp(d->path));
}

static void
dir_put(struct dir *d, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", d->path, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	d->files[d->n++] = path;
}

static void
dir_remove(struct dir *d)
{
	for (size_t i = 0; i < d->n; i++) {
		unlink(d->files[i]);
		free(d->files[i]);
	}
	assert_int_equal(rmdir(d->path), 0);
}

static int
dir_open(const struct dir *d, struct tmpl_set **set, struct err *e)
{
	const struct tmpl_conf c = {.dir = d->path, .lang = "en", .url_hosts = hosts};

	return tmpl_set_open(&c, set, e);
}

static struct json *
model_of(const char *text)
{
	struct json *j = NULL;
	struct err e = {.code = ERR_NONE};

	if (json_parse(text, strlen(text), 65536, &j, &e) == -1)
		fail_msg("%s", e.msg);
	return j;
}

static int
render_files(
    struct dir *d, const char *name, const char *model, struct buf *out, struct err *e)
{
	struct tmpl_set *set = NULL;
	struct json *m = model_of(model);
	int rc = dir_open(d, &set, e);

	if (rc == 0)
		rc = tmpl_render(set, name, m, out, e);
	json_free(m);
	tmpl_set_free(set);
	return rc;
}

/* The page that a single template makes of a model must be `want`. */
static void
check(const char *body, const char *model, const char *want)
{
	struct buf out = BUF_INIT(65536);
	struct err e = {.code = ERR_NONE};
	struct dir d;

	dir_make(&d);
	dir_put(&d, "x.xhtml", body);
	if (render_files(&d, "x.xhtml", model, &out, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_str(&out), want);
	buf_clear(&out);
	dir_remove(&d);
}

/* Compiling must fail with exactly this message behind the directory's name. */
static void
check_refused(const char *body, const char *message)
{
	struct tmpl_set *set = NULL;
	struct err e = {.code = ERR_NONE};
	struct dir d;
	const char *tail;

	dir_make(&d);
	dir_put(&d, "x.xhtml", body);
	if (dir_open(&d, &set, &e) == 0)
		fail_msg("compiled: %s", body);
	assert_int_equal(e.code, ERR_INPUT);
	tail = strstr(e.msg, "x.xhtml:");
	if (tail == NULL || strcmp(tail, message) != 0)
		fail_msg("%s: got \"%s\", want \"%s\"", body, e.msg, message);
	dir_remove(&d);
}

static void
check_bug(const char *body, const char *model, const char *message)
{
	struct buf out = BUF_INIT(65536);
	struct err e = {.code = ERR_NONE};
	struct dir d;

	dir_make(&d);
	dir_put(&d, "x.xhtml", body);
	assert_int_equal(render_files(&d, "x.xhtml", model, &out, &e), -1);
	assert_int_equal(e.code, ERR_BUG);
	assert_string_equal(e.msg, message);
	buf_clear(&out);
	dir_remove(&d);
}

static void
text_and_attributes(void **state)
{
	(void)state;
	check(DIV "<p title=\"{{a}}\">{{a}} and {{o.k}}</p></div>",
	    "{\"a\":\"<b>&\\\"'\",\"o\":{\"k\":7}}",
	    "<div><p title=\"&lt;b&gt;&amp;&quot;&#39;\">&lt;b&gt;&amp;&quot;&#39; and "
	    "7</p></div>\n");
	check(DIV "{{n}}{{z}}{{big}}{{d}}</div>",
	    "{\"n\":null,\"z\":-1,\"big\":562949953421312,\"d\":1.5}",
	    "<div>-15629499534213121.5</div>\n");
	check(DIV "a &amp; b &lt; c<br/><input type=\"text\" "
		  "disabled=\"disabled\"/>{{lang}}</div>",
	    "{}", "<div>a &amp; b &lt; c<br><input type=\"text\" disabled>en</div>\n");
	check(DIV "<i t:bool-hidden=\"y\">1</i><i t:bool-hidden=\"n\">2</i></div>",
	    "{\"y\":true,\"n\":false}", "<div><i hidden>1</i><i>2</i></div>\n");
	check(DIV "<textarea>{{v}}</textarea></div>", "{\"v\":\"\\nx</textarea>\"}",
	    "<div><textarea>\n\nx&lt;/textarea&gt;</textarea></div>\n");
}

static void
urls(void **state)
{
	(void)state;
	check(DIV "<a href=\"{{b}}/x?q={{q}}&amp;r=1\">a</a></div>",
	    "{\"b\":\"/cw\",\"q\":\"a b&c\"}",
	    "<div><a href=\"/cw/x?q=a%20b%26c&amp;r=1\">a</a></div>\n");
	check(DIV "<a href=\"{{b}}/x\" class=\"k\">a</a></div>",
	    "{\"b\":\"javascript:alert(1)\"}",
	    "<div><a href=\"about:invalid\" class=\"k\">a</a></div>\n");
	check(DIV "<a href=\"{{b}}/x\">a</a></div>", "{\"b\":\"/\"}",
	    "<div><a href=\"about:invalid\">a</a></div>\n");
	check(DIV "<a href=\"{{b}}/x\">a</a></div>", "{\"b\":\"\"}",
	    "<div><a href=\"/x\">a</a></div>\n");
	check(DIV "<a href=\"{{b}}\">a</a></div>", "{\"b\":\"\"}",
	    "<div><a href=\"about:invalid\">a</a></div>\n");
	check(DIV "<a href=\"{{b}}\">a</a></div>",
	    "{\"b\":\"https://login.procore.com/?a=1&b='\"}",
	    "<div><a href=\"https://login.procore.com/?a=1&amp;b=&#39;\">a</a></div>\n");
	check(DIV "<a href=\"mailto:{{m}}\">a</a></div>", "{\"m\":\"a+b@c.test\"}",
	    "<div><a href=\"mailto:a%2Bb@c.test\">a</a></div>\n");
	check(HTML
	    "><head><meta http-equiv=\"refresh\" content=\"0;url={{u}}\"/></head></html>",
	    "{\"u\":\"https://evil.test/\"}",
	    "<!DOCTYPE html>\n<html><head><meta http-equiv=\"refresh\" "
	    "content=\"0;url=about:invalid\"></head></html>\n");
}

static void
lists_and_conditions(void **state)
{
	const char *page =
	    DIV "\n"
		"  <ul>\n"
		"    <li t:each=\"rows\" t:if=\"show\">{{name}} of {{firm}}\n"
		"      <b t:each=\"tags\">{{.}}</b>\n"
		"    </li>\n"
		"  </ul>\n"
		"  <p t:unless=\"rows\">none</p>\n"
		"</div>";

	(void)state;
	check(page,
	    "{\"firm\":\"F\",\"rows\":[{\"name\":\"A\",\"show\":1,\"tags\":[]},"
	    "{\"name\":\"B\",\"show\":0,\"tags\":[]},{\"name\":\"C\",\"firm\":\"G\","
	    "\"show\":true,\"tags\":[\"x\",\"<\"]}]}",
	    "<div>\n  <ul>\n    <li>A of F\n    </li>\n    <li>C of G\n      <b>x</b>\n    "
	    "  <b>&lt;</b>\n    </li>\n"
	    "  </ul>\n</div>\n");
	check(page, "{\"rows\":[]}", "<div>\n  <ul>\n  </ul>\n  <p>none</p>\n</div>\n");
	check(page, "{\"rows\":null}", "<div>\n  <ul>\n  </ul>\n  <p>none</p>\n</div>\n");
	check(DIV "<i t:if=\"a\">a</i><i t:if=\"b\">b</i><i t:if=\"c\">c</i><i "
		  "t:if=\"d\">d</i><i t:if=\"e\">e</i>"
		  "<i t:if=\"f\">f</i></div>",
	    "{\"a\":0,\"b\":\"\",\"c\":\"0\",\"d\":{},\"e\":0.5,\"f\":null}",
	    "<div><i>c</i><i>d</i><i>e</i></div>\n");
}

static void
lines_of_t_elements_vanish(void **state)
{
	(void)state;
	check(BLOCK "\n<p>a</p>\n<!-- for us -->\n<t:block t:if=\"x\">\n  <t:block "
		    "t:each=\"r\">\n  <b>{{.}}</b>\n"
		    "  </t:block>\n</t:block>\n<p>z</p>\n</t:block>",
	    "{\"x\":1,\"r\":[1,2]}", "\n<p>a</p>\n  <b>1</b>\n  <b>2</b>\n<p>z</p>\n\n");
	check(DIV "a <t:block t:if=\"x\">b </t:block>c</div>", "{\"x\":1}",
	    "<div>a b c</div>\n");
	check(DIV "a <t:block t:if=\"x\">b </t:block>c</div>", "{\"x\":0}",
	    "<div>a c</div>\n");
	check(DIV "<pre>\n <t:block t:if=\"x\">\n b\n </t:block>\n</pre></div>",
	    "{\"x\":1}", "<div><pre>\n\n \n b\n \n</pre></div>\n");
}

static void
layouts_and_parts(void **state)
{
	struct buf out = BUF_INIT(65536);
	struct err e = {.code = ERR_NONE};
	struct dir d;

	(void)state;
	dir_make(&d);
	dir_put(&d, "layout.xhtml",
	    HTML
	    " lang=\"{{lang}}\">\n<head>\n  <title><t:slot name=\"title\"/> - cw</title>\n"
	    "  <t:slot name=\"head\"/>\n</head>\n<body>\n  <t:slot/>\n  "
	    "<hr/>\n</body>\n</html>");
	dir_put(&d, "page.xhtml",
	    HTML " t:layout=\"layout.xhtml\">\n<head>\n  <title>{{name}}</title>\n"
		 "  <meta name=\"robots\" content=\"none\"/>\n</head>\n<body>\n"
		 "  <t:include file=\"part.xhtml\"/>\n  <p>end</p>\n</body>\n</html>");
	dir_put(&d, "part.xhtml", BLOCK "\n  <p>{{name}}</p>\n</t:block>");
	if (render_files(&d, "page.xhtml", "{\"name\":\"<N>\"}", &out, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_str(&out),
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <title>&lt;N&gt; - cw</title>\n"
	    "<meta name=\"robots\" content=\"none\">\n</head>\n<body>\n  "
	    "<p>&lt;N&gt;</p>\n  <p>end</p>\n  <hr>\n"
	    "</body>\n</html>\n");
	assert_int_equal(render_files(&d, "none.xhtml", "{}", &out, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	buf_clear(&out);
	dir_remove(&d);
}

static void
refused_places(void **state)
{
	(void)state;
	check_refused(
	    DIV "\n<p onclick=\"x\">a</p></div>", "x.xhtml:2: refused attribute onclick");
	check_refused(
	    DIV "<p style=\"color:red\">a</p></div>", "x.xhtml:1: refused attribute style");
	check_refused(
	    DIV "<p srcdoc=\"{{x}}\">a</p></div>", "x.xhtml:1: refused attribute srcdoc");
	check_refused(
	    DIV "\n\n<style>p{}</style></div>", "x.xhtml:3: refused element style");
	check_refused(DIV "<script>1</script></div>", "x.xhtml:1: inline script");
	check_refused(
	    DIV "<script src=\"/a.js\">{{x}}</script></div>", "x.xhtml:1: inline script");
	check_refused(
	    DIV "<iframe src=\"/a\"></iframe></div>", "x.xhtml:1: refused element iframe");
	check_refused(DIV "<!-- {{x}} --></div>", "x.xhtml:1: a hole in a comment");
	check_refused(
	    DIV "<img srcset=\"{{x}}\"/></div>", "x.xhtml:1: a hole in attribute srcset");
	check_refused(DIV "<input disabled=\"{{x}}\"/></div>",
	    "x.xhtml:1: a hole in a boolean attribute, write t:bool- disabled");
	check_refused(DIV "<a href=\"javascript:x\">a</a></div>",
	    "x.xhtml:1: URL \"javascript:x\": only https: and mailto: may be written out");
	check_refused(DIV "<a href=\"//h/x\">a</a></div>",
	    "x.xhtml:1: URL \"//h/x\" leads to another host");
	check_refused(DIV "<a href=\"https://a{{x}}/\">a</a></div>",
	    "x.xhtml:1: URL \"https://a{{x}}/\": a hole in the host name");
	check_refused(HTML
	    "><head><meta http-equiv=\"Refresh\" content=\"5;url=/x\"/></head></html>",
	    "x.xhtml:1: a refresh must read \"0;url=...\"");
	check_refused(
	    DIV "<?php x ?></div>", "x.xhtml:1: neither element, text nor comment: php");
	check_refused(DIV "<![CDATA[x]]></div>",
	    "x.xhtml:1: neither element, text nor comment: CDATA");
}

static void
refused_forms(void **state)
{
	(void)state;
	check_refused(DIV "\n<p/></div>", "x.xhtml:2: <p/> must be written <p></p>");
	check_refused(DIV "<br>x</br></div>", "x.xhtml:1: content in void element br");
	check_refused(DIV "{{x</div>", "x.xhtml:1: \"{{\" without \"}}\"");
	check_refused(DIV "{{}}</div>", "x.xhtml:1: \"\" is not a key");
	check_refused(DIV "{{a b}}</div>", "x.xhtml:1: \"a b\" is not a key");
	check_refused(DIV "{{a..b}}</div>", "x.xhtml:1: \"a..b\" is not a key");
	check_refused(DIV "{{a.}}</div>", "x.xhtml:1: \"a.\" is not a key");
	check_refused(DIV "<p t:if=\"\">x</p></div>", "x.xhtml:1: \"\" is not a key");
	check_refused(
	    DIV "<p t:iff=\"a\">x</p></div>", "x.xhtml:1: unknown attribute t: iff");
	check_refused(DIV "<p t:bool-title=\"a\">x</p></div>",
	    "x.xhtml:1: unknown attribute t: bool-title");
	check_refused(DIV "<t:block t:bool-hidden=\"a\">x</t:block></div>",
	    "x.xhtml:1: unknown attribute t: bool-hidden");
	check_refused(DIV "<t:blok></t:blok></div>", "x.xhtml:1: unknown element t: blok");
	check_refused(DIV "<t:slot>x</t:slot></div>", "x.xhtml:1: must be empty: t: slot");
	check_refused(DIV "<t:include file=\"y.xhtml\"/></div>",
	    "x.xhtml:1: no such file to include: y.xhtml");
	check_refused(DIV "<t:include file=\"x.xhtml\"/></div>",
	    "x.xhtml:1: includes itself: x.xhtml");
	check_refused(DIV "<p t:layout=\"l\">x</p></div>",
	    "x.xhtml:1: t:layout below the root or in a layout");
	check_refused(HTML " t:layout=\"no.xhtml\"><body></body></html>",
	    "x.xhtml:1: no such layout: no.xhtml");
	check_refused(HTML " t:layout=\"x.xhtml\"><body class=\"a\"></body></html>",
	    "x.xhtml:1: a page with a layout has no attributes on body");
	check_refused("<div>x</div>", "x.xhtml:1: element outside XHTML and SVG: div");
	check_refused(DIV "<p xmlns:y=\"urn:y\" y:a=\"1\">x</p></div>",
	    "x.xhtml:1: attribute of another namespace: a");
}

static void
refused_xml(void **state)
{
	struct tmpl_set *set = NULL;
	struct err e = {.code = ERR_NONE};
	struct dir d;

	(void)state;
	check_refused("<!DOCTYPE html [<!ENTITY a \"b\">]>" DIV "&a;</div>",
	    "x.xhtml:1: a document type other than <!DOCTYPE html>");
	check_refused("<!DOCTYPE html SYSTEM \"x.dtd\">" DIV "</div>",
	    "x.xhtml:1: a document type other than <!DOCTYPE html>");
	check_refused("<?pi x?>\n" DIV "</div>", "x.xhtml:1: processing instruction pi");
	check_refused(DIV "\n&nbsp;</div>", "x.xhtml:2: Entity 'nbsp' not defined");
	check_refused(DIV "\n<p></div>",
	    "x.xhtml:2: Opening and ending tag mismatch: p line 2 and div");
	check_refused("", "x.xhtml:1: Document is empty");
	dir_make(&d);
	assert_int_equal(dir_open(&d, &set, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	dir_remove(&d);
	assert_int_equal(dir_open(&d, &set, &e), -1);
	assert_int_equal(e.code, ERR_IO);
}

static void
doctype_html_is_taken(void **state)
{
	(void)state;
	check("<!DOCTYPE html>\n" HTML "><body>&#160;&#x2013;</body></html>", "{}",
	    "<!DOCTYPE html>\n<html><body>\xC2\xA0\xE2\x80\x93</body></html>\n");
}

static void
missing_keys(void **state)
{
	(void)state;
	check_bug(DIV "{{gone}}</div>", "{}", "x.xhtml: the model has no key gone");
	check_bug(
	    DIV "<p t:if=\"gone\">x</p></div>", "{}", "x.xhtml: the model has no key gone");
	check_bug(DIV "<p t:each=\"gone\">x</p></div>", "{}",
	    "x.xhtml: the model has no key gone");
	check_bug(
	    DIV "{{a.b}}</div>", "{\"a\":{\"c\":1}}", "x.xhtml: the model has no key a.b");
	check_bug(DIV "{{a}}</div>", "{\"a\":[1]}", "x.xhtml: key a is no text");
	check_bug(DIV "{{a}}</div>", "{\"a\":true}", "x.xhtml: key a is no text");
	check_bug(DIV "<p t:each=\"a\">x</p></div>", "{\"a\":\"text\"}",
	    "x.xhtml: key a is no list");
}

static void
page_ceiling(void **state)
{
	struct buf out = BUF_INIT(16);
	struct err e = {.code = ERR_NONE};
	struct dir d;

	(void)state;
	dir_make(&d);
	dir_put(&d, "x.xhtml", DIV "0123456789</div>");
	assert_int_equal(render_files(&d, "x.xhtml", "{}", &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_clear(&out);
	dir_remove(&d);
}

static void
check_text(const char *text, const char *model, const char *want)
{
	struct buf out = BUF_INIT(4096);
	struct err e = {.code = ERR_NONE};
	struct json *m = model_of(model);

	if (tmpl_text(text, m, &out, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_str(&out), want);
	buf_clear(&out);
	json_free(m);
}

static void
texts(void **state)
{
	(void)state;
	check_text("plain", "{}", "plain");
	check_text("Dear {{name}} <{{mail}}>,",
	    "{\"name\":\"A & B\",\"mail\":\"a@b.test\"}", "Dear A & B <a@b.test>,");
	check_text("{{if more}}\nWaiting:\n{{each rows}}\n- {{no}} "
		   "{{each_of}}\n{{end}}\n{{end}}\nBye\n",
	    "{\"more\":1,\"each_of\":\"x\",\"rows\":[{\"no\":1},{\"no\":2}]}",
	    "Waiting:\n- 1 x\n- 2 x\nBye\n");
	check_text(
	    "{{unless more}}\nnothing\n{{end}}\nBye", "{\"more\":[]}", "nothing\nBye");
	check_text("", "{}", "");
}

static void
bad_texts(void **state)
{
	static const char *const bad[][2] = {
	    {"a {{b}}", "text: the model has no key b"},
	    {"x\na {{b", "text, line 2: \"{{\" without \"}}\""},
	    {"{{if a}}\nx", "text, line 2: {{end}} is missing"},
	    {"{{end}}", "text, line 1: {{end}} without a beginning"},
	    {"{{each }}\n{{end}}", "text, line 1: \"\" is not a key"},
	};
	struct json *m = model_of("{}");

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf out = BUF_INIT(4096);
		struct err e = {.code = ERR_NONE};

		assert_int_equal(tmpl_text(bad[i][0], m, &out, &e), -1);
		assert_int_equal(e.code, ERR_BUG);
		assert_string_equal(e.msg, bad[i][1]);
		buf_clear(&out);
	}
	json_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_and_attributes),
	    cmocka_unit_test(urls),
	    cmocka_unit_test(lists_and_conditions),
	    cmocka_unit_test(lines_of_t_elements_vanish),
	    cmocka_unit_test(layouts_and_parts),
	    cmocka_unit_test(refused_places),
	    cmocka_unit_test(refused_forms),
	    cmocka_unit_test(refused_xml),
	    cmocka_unit_test(doctype_html_is_taken),
	    cmocka_unit_test(missing_keys),
	    cmocka_unit_test(page_ceiling),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(bad_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
