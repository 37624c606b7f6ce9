/* Procore's calls by name (procore.h): each fills one procore_req. */
#include "config.h"

#include "core/procore.h"

#include <inttypes.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/str.h"

/* Append key=value, both encoded; & between. */
static void
add(struct buf *q, const char *key, const char *value)
{
	if (q->len > 0)
		buf_putc(q, '&');
	enc_percent(q, key);
	buf_putc(q, '=');
	enc_percent(q, value);
}

static void
add_i64(struct buf *q, const char *key, int64_t v)
{
	char text[24];

	if (str_format(text, sizeof text, "%" PRId64, v) == 0)
		add(q, key, text);
}

static void
add_page(struct buf *q, int page, int per_page)
{
	add_i64(q, "page", page);
	add_i64(q, "per_page", per_page);
}

static int
call(struct procore *p, struct procore_req *r, struct buf *q, struct procore_answer *out,
    struct err *e)
{
	int rc = -1;

	*out = (struct procore_answer){0};
	if (buf_check(q, "query", e) == 0) {
		r->query = buf_str(q);
		rc = procore_call(p, r, out, e);
	}
	buf_clear(q);
	return rc;
}

int
procore_companies(struct procore *p, int64_t account_id, int page,
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_COMPANIES, .at = {.account_id = account_id}};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}

int
procore_projects(struct procore *p, const struct procore_at *at, int page,
    const char *search, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_PROJECTS, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_i64(&q, "company_id", at->company_id);
	add(&q, "filters[by_status]", "Active");
	if (!str_empty(search))
		add(&q, "filters[name]", search);
	add(&q, "sort", "name");
	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}

int
procore_project(struct procore *p, const struct procore_at *at, struct procore_answer *out,
    struct err *e)
{
	struct procore_req r = {.op = PROCORE_PROJECT, .at = *at, .id = at->project_id};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_i64(&q, "company_id", at->company_id);
	return call(p, &r, &q, out, e);
}

int
procore_project_users(struct procore *p, const struct procore_at *at, int page,
    const char *search, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_PROJECT_USERS, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);

	if (!str_empty(search))
		add(&q, "filters[search]", search);
	add(&q, "view", "normal");
	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}

int
procore_permissions(struct procore *p, const struct procore_at *at,
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_PERMISSIONS, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_i64(&q, "project_id", at->project_id);
	return call(p, &r, &q, out, e);
}

int
procore_changed(struct procore *p, enum procore_op op, const struct procore_at *at,
    int64_t since_at, int page, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = op, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);
	char from[CLK_ISO_BYTES], to[CLK_ISO_BYTES], range[2 * CLK_ISO_BYTES + 4];

	/* The range needs an end (procore.md 3.4): one that no clock difference reaches. */
	clk_iso(since_at, from);
	clk_iso(clk_now() + 7 * 86400, to);
	*out = (struct procore_answer){0};
	if (str_format(range, sizeof range, "%s...%s", from, to) == -1)
		return err_set(e, ERR_BUG, "range of times");
	if (since_at > 0)
		add(&q, "filters[updated_at]", range);
	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}

int
procore_by_number(struct procore *p, enum procore_op op, const struct procore_at *at,
    const char *number, int page, struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = op, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);

	add(&q, "filters[number]", number);
	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}

int
procore_one(struct procore *p, enum procore_op op, const struct procore_at *at, int64_t id,
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = op, .at = *at, .id = id};

	return procore_call(p, &r, out, e);
}

int
procore_rfi_reply(struct procore *p, const struct procore_at *at, int64_t rfi_id,
    const struct json *body, const char *idempotency, struct procore_answer *out,
    struct err *e)
{
	struct procore_req r = {.op = PROCORE_RFI_REPLY,
	    .at = *at,
	    .id = rfi_id,
	    .body = body,
	    .idempotency = idempotency};

	return procore_call(p, &r, out, e);
}

int
procore_approve(struct procore *p, const struct procore_at *at, int64_t submittal_id,
    int64_t approver_id, const struct json *body, const char *idempotency,
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_APPROVE,
	    .at = *at,
	    .id = approver_id,
	    .body = body,
	    .idempotency = idempotency};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_i64(&q, "project_id", at->project_id);
	add_i64(&q, "submittal_id", submittal_id);
	add(&q, "send_emails", "true");
	return call(p, &r, &q, out, e);
}

int
procore_submittal_responses(struct procore *p, const struct procore_at *at, int page,
    struct procore_answer *out, struct err *e)
{
	struct procore_req r = {.op = PROCORE_SUBMITTAL_RESPONSES, .at = *at};
	struct buf q = BUF_INIT(LIMIT_URL);

	add_i64(&q, "project_id", at->project_id);
	add_page(&q, page, PROCORE_PER_PAGE);
	return call(p, &r, &q, out, e);
}
