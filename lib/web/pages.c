#include "config.h"

#include "web/pages.h"

#include <inttypes.h>

#include "base/str.h"

int64_t
pages_number(const struct web_req *r)
{
	return fcgi_input_i64(r->inputs, "page", 1);
}

int64_t
pages_offset(const struct web_req *r)
{
	int64_t page = pages_number(r);

	/* Far beyond any list: no overflow, and no rows. */
	return page > INT32_MAX ? INT32_MAX : (page - 1) * PAGES_ROWS;
}

static void
put_way(struct web_req *r, struct json *obj, const char *key, const char *path,
    int64_t page, bool there)
{
	struct buf b = BUF_INIT(LIMIT_URL);

	if (there)
		buf_printf(&b, "%s%spage=%" PRId64, r->app->conf.public_path, path, page);
	json_put_str(obj, key, buf_str(&b));
	buf_clear(&b);
}

void
pages_put(struct web_req *r, const char *path, int64_t total, enum text one, enum text many)
{
	int64_t pages = (total + PAGES_ROWS - 1) / PAGES_ROWS;
	int64_t page = pages_number(r);
	char now[24];
	char all[24];
	struct json *p;

	json_put_str(r->model, "total_text", web_count(r, total, one, many));
	if (pages <= 1 && page == 1) {
		json_put_null(r->model, "pages");
		return;
	}
	if (str_format(now, sizeof now, "%" PRId64, page) == -1 ||
	    str_format(all, sizeof all, "%" PRId64, pages) == -1)
		now[0] = all[0] = '\0';
	p = json_put_obj(r->model, "pages");
	json_put_str(p, "text", web_say(r, TEXT_PAGE_OF, "page", now, "pages", all, NULL));
	put_way(r, p, "prev", path, page - 1 > pages ? pages : page - 1, page > 1);
	put_way(r, p, "next", path, page + 1, page < pages);
}

void
pages_done(struct web_req *r)
{
	static const struct {
		const char *word;
		const char *icon;
		enum text title, text; /* text TEXT_MAX: none */
	} table[] = {
	    {"saved", "check", TEXT_NOTICE_SAVED_TITLE, TEXT_MAX},
	    {"sync", "sync", TEXT_NOTICE_SYNC_TITLE, TEXT_NOTICE_SYNC},
	    {"sync-soon", "warning", TEXT_E429_TITLE, TEXT_NOTICE_SYNC_SOON},
	    {"link", "mail", TEXT_NOTICE_LINK_TITLE, TEXT_NOTICE_LINK},
	    {"added", "mail", TEXT_NOTICE_ADDED_TITLE, TEXT_NOTICE_LINK},
	    {"removed", "check", TEXT_NOTICE_REMOVED_TITLE, TEXT_MAX},
	    {"retry", "sync", TEXT_NOTICE_RETRY_TITLE, TEXT_MAX},
	    {"dismissed", "check", TEXT_NOTICE_DISMISSED_TITLE, TEXT_MAX},
	    {"paused", "paused", TEXT_NOTICE_PAUSED_TITLE, TEXT_MAX},
	    {"resumed", "check", TEXT_NOTICE_RESUMED_TITLE, TEXT_MAX},
	    {"left", "check", TEXT_NOTICE_LEFT_TITLE, TEXT_MAX},
	    {"new", "connected", TEXT_NOTICE_NEW_TITLE, TEXT_NOTICE_NEW},
	    {"disconnected", "check", TEXT_NOTICE_DISCONNECTED_TITLE,
		TEXT_NOTICE_DISCONNECTED},
	};
	const char *done = fcgi_input(r->inputs, "done");

	for (size_t i = 0; done != NULL && i < sizeof table / sizeof table[0]; i++)
		if (str_eq(done, table[i].word))
			web_notice(r, table[i].icon, lang_text(r->lang, table[i].title),
			    table[i].text == TEXT_MAX ? ""
						      : lang_text(r->lang, table[i].text));
}

void
pages_stale(struct web_req *r)
{
	web_notice(r, "warning", lang_text(r->lang, TEXT_NOTICE_STALE_TITLE),
	    lang_text(r->lang, TEXT_NOTICE_STALE));
}
