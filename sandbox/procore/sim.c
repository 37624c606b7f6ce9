#include "config.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/num.h"
#include "base/str.h"
#include "procore/sim.h"
#include "sandbox/procore.gen.h"

int
sim_reply(struct sim_call *c, int status, struct json *body)
{
	json_free(c->answer);
	c->answer = body;
	c->resp->status = status;
	return 0;
}

int
sim_reply_empty(struct sim_call *c, int status)
{
	c->resp->status = status;
	return 0;
}

int
sim_reply_page(
    struct sim_call *c, int status, const char *name, struct json *model, struct err *e)
{
	int rc;

	if (json_get(model, "me") == NULL) {
		if (c->who != NULL)
			json_put(model, "me", json_dup(c->who));
		else
			json_put_null(model, "me");
	}
	rc = tmpl_render(c->sim->tmpl, name, model, &c->resp->body, e);
	json_free(model);
	if (rc == -1)
		return -1;
	c->resp->status = status;
	fcgi_header(c->resp, "Content-Type", "text/html; charset=utf-8");
	fcgi_header(c->resp, "Cache-Control", "no-store");
	return 0;
}

int
sim_reply_redirect(struct sim_call *c, int status, const char *url)
{
	c->resp->status = status;
	fcgi_header(c->resp, "Location", url);
	fcgi_header(c->resp, "Cache-Control", "no-store");
	return 0;
}

int
sim_refuse(struct sim_call *c, int status, const char *fmt, ...)
{
	struct buf b = BUF_INIT(1024);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	c->refused_status = status;
	str_cut(c->refused_text, sizeof c->refused_text, buf_str(&b));
	buf_clear(&b);
	return SIM_REFUSED;
}

void
sim_note(struct sim_call *c, const char *word)
{
	if (c->note.len > 0)
		buf_putc(&c->note, ' ');
	buf_puts(&c->note, word);
}

int
sim_new_id(struct sim *s, int64_t *out, struct err *e)
{
	bool found = false;

	if (data_i64(s->db, PQ_NEW_ID, out, &found, e, "") == -1)
		return -1;
	return found ? 0 : err_set(e, ERR_BUG, "the database is not seeded");
}

const char *
sim_path_text(const struct sim_call *c, const char *name)
{
	return json_str_or(c->path, name, "");
}

int64_t
sim_path_id(const struct sim_call *c, const char *name)
{
	return json_i64_or(c->path, name, 0);
}

int64_t
sim_who(const struct sim_call *c)
{
	return json_i64_or(c->who, "id", 0);
}

enum sim_level
sim_level(const struct sim_call *c, enum sim_tool tool)
{
	int64_t v =
	    json_i64_or(c->project, tool == TOOL_RFI ? "rfi" : "submittal", LEVEL_NONE);

	return v >= LEVEL_ADMIN      ? LEVEL_ADMIN
	       : v == LEVEL_STANDARD ? LEVEL_STANDARD
	       : v == LEVEL_READ     ? LEVEL_READ
				     : LEVEL_NONE;
}

const char *
sim_setting(const struct sim_call *c, const char *name, const char *dflt)
{
	return json_str_or(c->settings, name, dflt);
}

int64_t
sim_setting_i64(const struct sim_call *c, const char *name, int64_t dflt)
{
	int64_t v;

	return num_parse_i64(
		   json_str_or(c->settings, name, ""), INT64_MIN, INT64_MAX, &v) == 0
		   ? v
		   : dflt;
}

void
sim_call_clear(struct sim_call *c)
{
	json_free(c->path);
	json_free(c->query);
	json_free(c->body);
	json_free(c->settings);
	json_free(c->who);
	json_free(c->project);
	json_free(c->answer);
	json_free(c->faults);
	free(c->client_id);
	buf_clear(&c->note);
}
