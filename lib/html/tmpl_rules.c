#include "config.h"

#include "html/tmpl_int.h"

#include <string.h>

#include "base/str.h"

static bool
listed(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

bool
tmpl_void_element(const char *name)
{
	/* WHATWG HTML 13.1.2, "Void elements" */
	static const char *const list[] = {"area", "base", "br", "col", "embed", "hr",
	    "img", "input", "link", "meta", "source", "track", "wbr", NULL};

	return listed(list, name);
}

bool
tmpl_refused_element(const char *name)
{
	/* Those that run or load something else, those that the content security policy
	 * would stop, and those whose content HTML reads by rules of its own, so that
	 * escaping would not hold. */
	static const char *const list[] = {"animate", "animateMotion", "animateTransform",
	    "applet", "base", "embed", "foreignObject", "frame", "frameset", "iframe",
	    "noembed", "noframes", "noscript", "object", "plaintext", "set", "style", "xmp",
	    NULL};

	return listed(list, name);
}

bool
tmpl_bool_attr(const char *name)
{
	/* WHATWG HTML, index of attributes: those of type "boolean attribute" that forms
	 * and text use */
	static const char *const list[] = {"async", "autofocus", "checked", "defer",
	    "disabled", "formnovalidate", "hidden", "inert", "ismap", "multiple",
	    "nomodule", "novalidate", "open", "readonly", "required", "reversed",
	    "selected", NULL};

	return listed(list, name);
}

bool
tmpl_url_attr(const char *name)
{
	static const char *const list[] = {"action", "formaction", "href", "src", NULL};

	return listed(list, name);
}

bool
tmpl_refused_attr(const char *name)
{
	return str_starts_ci(name, "on") || str_eq_ci(name, "style") ||
	       str_eq_ci(name, "srcdoc");
}

bool
tmpl_fixed_attr(const char *name)
{
	static const char *const list[] = {"background", "charset", "cite", "data",
	    "http-equiv", "imagesrcset", "integrity", "is", "longdesc", "manifest", "ping",
	    "poster", "profile", "srcset", "target", "usemap", NULL};

	return listed(list, name);
}

/* The end of a tag that begins at s[i] == '<': the index of its '>', quoted values skipped;
 * n if open. */
static size_t
tag_end(const char *s, size_t n, size_t i)
{
	char quote = '\0';

	for (; i < n; i++) {
		if (quote != '\0') {
			if (s[i] == quote)
				quote = '\0';
		} else if (s[i] == '"' || s[i] == '\'') {
			quote = s[i];
		} else if (s[i] == '>') {
			return i;
		}
	}
	return n;
}

static size_t
skip_past(const char *s, size_t n, size_t i, const char *end)
{
	const char *p = memmem(s + i, n - i, end, strlen(end));

	return p == NULL ? n : (size_t)(p - s) + strlen(end);
}

static size_t
line_of(const char *s, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += s[i] == '\n';
	return line;
}

size_t
tmpl_self_closed(const char *s, size_t n, char *name, size_t name_size)
{
	size_t i = 0, end, len;

	while (i < n) {
		if (s[i] != '<') {
			i++;
			continue;
		}
		if (n - i > 3 && memcmp(s + i, "<!--", 4) == 0) {
			i = skip_past(s, n, i + 4, "-->");
			continue;
		}
		end = tag_end(s, n, i);
		len = strcspn(s + i + 1, " \t\r\n/>");
		if (end < n && s[end - 1] == '/' && len > 0 && len < name_size &&
		    s[i + 1] != '!') {
			memcpy(name, s + i + 1, len);
			name[len] = '\0';
			if (!str_starts(name, "t:") && !tmpl_void_element(name))
				return line_of(s, i);
		}
		i = end + 1;
	}
	return 0;
}
