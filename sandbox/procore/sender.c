#include "config.h"

#include "procore/sender.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/http.h"
#include "sandbox/procore.gen.h"

/* procore.md 8: 5 s for an answer, pauses from 1 s doubled up to 1 h, given up after 12 h.
 */
enum {
	ANSWER_MS = 5000,
	BACKOFF_FIRST_S = 1,
	BACKOFF_MAX_S = 3600,
	GIVE_UP_S = 12 * 3600,
	LOOK_MS = 200,
	CHECKPOINT_EVERY_MS = 5000,
	CHECKPOINT_BUSY_MS = 50
};

static volatile sig_atomic_t stopping;

static void
on_term(int sig UNUSED)
{
	stopping = 1;
}

static bool
deliver(struct http *h, const struct json *d, struct json *attempt)
{
	char *payload = json_text(json_get(d, "payload"));
	const char *secret = json_str_or(d, "authorization", "");
	const struct http_header headers[] = {
	    {"Content-Type", "application/json"}, {"Authorization", secret}};
	struct http_req req = HTTP_REQ_INIT;
	struct http_resp resp = {0};
	struct err e = {0};
	bool done = false;

	req.method = "POST";
	req.url = json_str_or(d, "url", "");
	req.headers = headers;
	req.headers_n = str_empty(secret) ? 1 : 2;
	req.body = payload;
	req.body_len = strlen(payload);
	req.total_ms = ANSWER_MS;
	req.allow_private = true;
	data_put_time(attempt, "started_at", clk_now());
	if (http_call(h, &req, &resp, &e) == -1)
		log_err("deliver", &e);
	else
		done = resp.stage == HTTP_DONE && resp.status >= 200 && resp.status < 300;
	json_put_bool(attempt, "success", done);
	json_put_i64(attempt, "response_status", resp.status);
	json_put_str(attempt, "response_body", done ? "" : resp.why);
	data_put_time(attempt, "completed_at", clk_now());
	http_resp_clear(&resp);
	free(payload);
	return done;
}

/* A failure pauses the whole hook; one success resets it. */
static int
record(struct sim *s, const struct json *d, struct json *attempt, bool done, struct err *e)
{
	struct json *attempts = json_dup(json_get(d, "attempts"));
	int64_t backoff = json_i64_or(d, "backoff_s", 0),
		hook = json_i64_or(d, "hook_id", 0);
	bool over = clk_now() - json_i64_or(d, "created_at", 0) > GIVE_UP_S;
	int rc;

	backoff = done ? 0 : backoff == 0 ? BACKOFF_FIRST_S : backoff * 2;
	if (backoff > BACKOFF_MAX_S)
		backoff = BACKOFF_MAX_S;
	json_put_i64(attempt, "id", (int64_t)json_len(attempts) + 1);
	json_add(attempts, json_dup(attempt));
	rc = db_begin(s->db, e);
	if (rc == 0)
		rc = data_run(s->db, PQ_DELIVERY_SET, e, "itd", json_i64_or(d, "id", 0),
		    done ? "delivered" : "retrying", attempts);
	if (rc == 0)
		rc = data_run(s->db, PQ_HOOK_PAUSE, e, "iii", hook,
		    done ? INT64_C(0) : clk_now_ms() + backoff * 1000, backoff);
	if (rc == 0 && !done && over)
		rc = data_run(s->db, PQ_DELIVERIES_DISCARD, e, "i", hook);
	if (rc == 0)
		rc = db_commit(s->db, e);
	else
		db_rollback(s->db);
	json_free(attempts);
	return rc;
}

static void
pause_a_little(void)
{
	struct timespec t = {.tv_nsec = LOOK_MS * 1000000L};

	(void)nanosleep(&t, NULL);
}

static int
step(struct sim *s, struct http *h, struct err *e)
{
	struct json *d = NULL, *attempt;
	bool done;
	int rc;

	if (data_doc(s->db, PQ_DELIVERY_NEXT, &d, e, "i", clk_now_ms()) == -1)
		return -1;
	if (d == NULL) {
		pause_a_little();
		return 0;
	}
	attempt = json_obj();
	done = deliver(h, d, attempt);
	log_event(LOG_INFO, "webhook", "hook", log_num(json_i64_or(d, "hook_id", 0)),
	    "delivered", done ? "yes" : "no", NULL);
	rc = record(s, d, attempt, done, e);
	json_free(attempt);
	json_free(d);
	return rc;
}

/* Only this one process checkpoints the shared database (DESIGN.md 9); otherwise its log
 * grows for ever. */
static void
checkpoint(struct sim *s)
{
	static int64_t last_ms;
	struct err e = {0};

	if (clk_mono_ms() - last_ms < CHECKPOINT_EVERY_MS)
		return;
	last_ms = clk_mono_ms();
	if (db_checkpoint(s->db, CHECKPOINT_BUSY_MS, &e) == -1)
		err_clear(&e); /* others are reading; next time */
}

int
sender_run(struct sim *s, const char *ca_file)
{
	const struct http_conf conf = {
	    .ca_file = ca_file, .user_agent = "Procore-Webhooks (stand-in)"};
	struct sigaction act = {.sa_handler = on_term};
	struct http *h = NULL;
	struct err e = {0};

	if (sigaction(SIGTERM, &act, NULL) == -1 || http_new(&conf, &h, &e) == -1) {
		log_err("sender", &e);
		return 1;
	}
	while (!stopping) {
		checkpoint(s);
		if (step(s, h, &e) == -1) {
			log_err("sender", &e);
			err_clear(&e);
			pause_a_little();
		}
	}
	http_free(h);
	return 0;
}
